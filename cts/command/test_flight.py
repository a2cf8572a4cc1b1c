# SPDX-License-Identifier: GPL-2.0-or-later
"""The flight recorder: what each node saw and decided, and the history that it tells."""

import json

import pytest

from conftest import open_lab
from labkit.lab import flights
from labkit.lab.resources import Wanted
from labkit.lab.shell import wait_until

pytestmark = pytest.mark.steps

SECRET = "s3cret-of-nobody"
LED = ("promoted", "leads")
STORY: list = []    # who led, in order, as the test had it done


@pytest.fixture(scope="module")
def cluster(request, agent):
    with open_lab(request.config, 3) as made:
        made.set_up(Wanted(agent=agent, options=[f"primary_conninfo_opt=password={SECRET}"]))
        STORY.append(made.settle().primary)
        if not flights.command(made.lab):
            pytest.skip("no command is staged")
        yield made


def history(node, *options, code=0):
    done = node.run("pgward", "history", "--output-as=json", *options, check=False)
    assert done.returncode == code, f"exit code {done.returncode}: {done.stdout}{done.stderr}"
    told = json.loads(done.stdout)
    assert (told["format"], told["version"]) == ("pgward-history", 1)
    assert [e["time_ms"] for e in told["events"]] == sorted(e["time_ms"] for e in told["events"])
    return told["events"]


def leads(node):
    """Who led, in order, as the node has it."""
    return [event["node"] for event in history(node) if event["event"] in LED]


def last(node, *kinds):
    return [event for event in history(node) if event["event"] in kinds][-1]


def rings(node):
    return {path.name.rpartition("-")[0] for path in flights.records(node)}


def explain(node, *options, code=0):
    done = node.run("pgward", "explain", *options, check=False)
    assert done.returncode == code, f"exit code {done.returncode}: {done.stdout}{done.stderr}"
    return done.stdout


def newest(node, ring):
    """The newest record of a ring, as the node has its path."""
    path = [p for p in flights.records(node) if p.name.startswith(f"{ring}-")][-1]
    return f"/var/lib/pgward/{path.parent.name}/{path.name}"


def written(cluster):
    """When each file of the recorder was written last."""
    return {path: path.stat().st_mtime_ns for node in cluster.lab.nodes
            for path in (node.dir / flights.FOLDER).rglob("*")}


def monitors(node):
    return (node.dir / "tmp/pgward.trace").read_text(errors="replace").count("action = monitor\n")


def test_healthy_monitors_write_nothing(cluster):
    cluster.settle()
    before, count = written(cluster), {n.name: monitors(n) for n in cluster.lab.nodes}
    wait_until("three monitors more on each node", lambda: all(
        monitors(node) >= count[node.name] + 3 for node in cluster.lab.nodes), 60, 0.5)
    assert written(cluster) == before


def test_a_switchover_is_told_with_its_gap(cluster):
    old = cluster.primary()
    cluster.move()
    new = cluster.node(cluster.new_primary(old.name).primary)
    STORY.append(new.name)
    cluster.put_back(old)
    assert "demote" in rings(old) and "promote" in rings(new)
    assert last(new, "switchover")["why"] == f"from {old.name}, which shut down cleanly"
    assert last(new, "switchover")["rule"] == "synchronous"
    assert last(old, "demoted")["node"] == old.name
    for node in cluster.lab.nodes:
        assert 0 < last(node, *LED)["gap_ms"] < 60000


def test_a_failover_is_told_with_its_gap(cluster):
    old = cluster.primary()
    old.kill_postgres()
    new = cluster.node(cluster.new_primary(old.name).primary)
    STORY.append(new.name)
    cluster.put_back(old)
    assert last(old, "died")["node"] == old.name and "failure" in rings(old)
    assert f"from {old.name}" in last(new, "failover")["why"]
    promoted, began = last(new, "promoted"), last(new, "timeline")
    assert 0 < promoted["gap_ms"] < 60000
    assert (promoted["timeline"], promoted["from"]) == (began["timeline"], "events")
    assert began["from"] == "pg_wal" and began["why"] == (
        f"it left timeline {began['timeline'] - 1} here")


def test_a_refused_promotion_is_told_with_its_rule(cluster):
    """P3: a second primary is asked for by hand."""
    node, first = cluster.standbys()[0], cluster.primary().name
    done = node.run("crm_resource", "--resource", "pgsql", "--force-promote", "--force",
                    check=False)
    refused = last(node, "refused")
    assert refused["rule"] == "second" and f"'{first}'" in refused["why"], done.stdout
    assert "let another" not in refused["why"]
    record = newest(node, "promote")
    assert "second" in explain(node, record)


def test_a_record_answers_what_would_have_been(cluster):
    """With the other primary gone the same look promotes, or waits for another fact."""
    node, first = cluster.standbys()[0], cluster.primary()
    index = cluster.lab.node_names.index(first.name)
    said = explain(node, "--what", f"node.{index}.role=started", newest(node, "promote"), code=1)
    assert flights.OTHERWISE in said


def test_a_record_is_told_as_json(cluster):
    node = cluster.standbys()[0]
    looks = json.loads(explain(node, "--output-as=json", newest(node, "promote")))["looks"]
    assert all(look["action"] == "promote" and look["same"] for look in looks)
    assert "rule second" in looks[-1]["plan"] and looks[-1]["plan"] == looks[-1]["recorded"]


def test_a_record_that_is_decided_otherwise_is_found(cluster):
    """What every laboratory is asked at its end can say no."""
    node = cluster.standbys()[0]
    assert flights.replay_all(cluster.lab) == ""
    record = [path for path in flights.records(node) if path.name.startswith("promote-")][-1]
    forged = record.with_name("promote-999999.trace")
    forged.write_text(record.read_text().replace("rule second", "rule first"))
    try:
        assert forged.name in flights.replay_all(cluster.lab)
    finally:
        forged.unlink()


def test_history_is_the_same_on_every_node(cluster):
    for node in cluster.lab.nodes:
        assert leads(node)[-len(STORY):] == STORY, history(node)


def test_history_outlives_a_restart_of_everything(cluster):
    before = {node.name: leads(node) for node in cluster.lab.nodes}
    cluster.stop_all()
    node = cluster.lab.node(STORY[-1])
    assert any(e["event"] == "promoted" for e in history(node, "-r", "pgsql", code=3))
    for each in cluster.lab.nodes:
        each.kill()
    for each in cluster.lab.nodes:
        each.boot()
    cluster.settle()
    for each in cluster.lab.nodes:
        assert leads(each)[:len(before[each.name])] == before[each.name]
        table = each.out("pgward", "history")
        assert all(word in table for word in ("EVENT", "GAP", "timeline", "pg_wal", "leads"))


def test_no_secret_is_kept(cluster):
    files = [path for node in cluster.lab.nodes
             for path in (node.dir / flights.FOLDER).rglob("*") if path.is_file()]
    assert len(files) > 6
    assert [path for path in files if SECRET in path.read_text()] == []
    assert all(path.stat().st_mode & 0o77 == 0 for path in files)
