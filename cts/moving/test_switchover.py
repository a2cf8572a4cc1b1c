# SPDX-License-Identifier: GPL-2.0-or-later
"""`pgward switchover`: a planned move, proved before it begins, that leaves nothing behind."""

import json
import os
import re
import signal
import subprocess
import time
from datetime import datetime
from pathlib import Path

import pytest

from conftest import open_lab
from labkit.lab.node import Node
from labkit.lab.resources import Wanted
from labkit.lab.shell import wait_until

pytestmark = pytest.mark.steps

OURS = "pgward-switchover-pgsql"
SLACK = 0.1     # seconds: two that look at the same thing


@pytest.fixture(scope="module", params=[2, 3], ids=["two", "three"])
def cluster(request, agent):
    with open_lab(request.config, request.param) as made:
        made.set_up(Wanted(agent=agent))
        made.settle()
        yield made


def switchover(node: Node, *options: str, code: int = 0):
    """What it says: on stdout, and both together."""
    done = node.run("pgward", "switchover", *options, check=False, timeout=150)
    said = done.stdout + done.stderr
    assert done.returncode == code, f"exit code {done.returncode}: {said}"
    return done.stdout, said


def cib(node: Node) -> str:
    """The configuration, without the numbers that count its changes."""
    return node.out("cibadmin", "--query", "--scope", "configuration")


def constraint(node: Node) -> str:
    return node.out("cibadmin", "--query", "--xpath", f"//rsc_location[@id='{OURS}']", check=False)


def ranked(cluster) -> Node:
    """The standby that may take over."""
    found = cluster.settle()
    return next(node for node in cluster.standbys()
                if found.attribute(node.name, "score") == "100")


def moment(node: Node, words: str) -> float:
    """When a node's log has had these words last, by the clock that all nodes share."""
    line = [line for line in node.syslog().splitlines() if words in line][-1]
    return datetime.fromisoformat(line.split()[0]).timestamp()


def begin(cluster, *options: str):
    """A switchover that runs, on the primary's node."""
    old = cluster.primary()
    process = subprocess.Popen(         # pylint: disable=consider-using-with
        old.enter(["pgward", "switchover", "--yes", *options]), stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return old, process


def test_dry_run_changes_nothing(cluster):
    for node in cluster.lab.nodes:
        before = cib(node)
        told, _ = switchover(node, "--dry-run")
        assert "Prerequisites met" in told and "NO " not in told, told
        assert f"'{cluster.primary().name}' leads" in told
        assert cib(node) == before
    assert f"'{ranked(cluster).name}' is promoted once it holds the last WAL" in told


def test_nobody_answers_where_there_is_no_terminal(cluster):
    before = cib(cluster.primary())
    _, said = switchover(cluster.primary(), code=2)
    assert "add --yes" in said
    assert cib(cluster.primary()) == before


def answer(node: Node, words: str):
    """A switchover on a terminal, on which this is typed; its exit code and what it says."""
    terminal, end = os.openpty()
    try:
        os.write(terminal, words.encode())
        done = subprocess.run(node.enter(["pgward", "switchover"]), stdin=end, timeout=150,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              check=False)
    finally:
        os.close(terminal)
        os.close(end)
    return done.returncode, done.stdout


def test_asks_once(cluster):
    """And only a yes is one."""
    old, new = cluster.primary(), ranked(cluster)
    before = cib(old)
    for words in ("n\n", "\n", "yep\n"):
        code, said = answer(old, words)
        assert code == 1 and "nothing was done" in said, said
        assert said.count(f"Move the lead from '{old.name}' to '{new.name}'? [y/N]") == 1, said
    assert cib(old) == before
    code, said = answer(old, "yes\n")
    assert code == 0 and f"'{new.name}' leads." in said, said
    cluster.settle()


@pytest.mark.parametrize("where", ["old", "new"])
def test_moves_and_tells_the_gap(cluster, where):
    """P1, P7: nothing is lost, from whichever node it is asked for."""
    new = ranked(cluster)
    old = cluster.primary()
    asked = old if where == "old" else new
    with cluster.ledger() as client:
        told, _ = switchover(asked, "--to", new.name.upper(), "--yes")
        moved = time.time()
        cluster.new_primary(old.name, 30)
        client.wait_for_commits(moved)
        cluster.settle()
    assert client.lost() == []
    assert cluster.primary().name == new.name
    assert constraint(new) == ""
    found = re.search(r"Nobody took writes for ([0-9.]+) s", told)
    assert found, told
    least = (moment(new, "promoting the server")
             - moment(old, "Result of demote operation for pgsql"))
    assert least - SLACK <= float(found[1]) <= client.summary().gap + SLACK, told
    assert told.index("Topology before:") < told.index("Topology after:")
    assert f"failover of 'pgsql' from '{old.name}'" not in asked.syslog()
    assert f"switchover of 'pgsql' from '{old.name}' to '{new.name}', by root" in asked.syslog()
    assert cluster.look().fail_counts == {}


def test_tells_json(cluster):
    new = ranked(cluster)
    old = cluster.primary()
    told, _ = switchover(old, "--yes", "--output-as=json")
    answer = json.loads(told)
    assert answer["format"] == "pgward-switchover" and answer["version"] == 1
    assert (answer["from"], answer["to"], answer["outcome"]) == (old.name, new.name, "moved")
    assert answer["gap_ms"] > 0 and answer["prerequisites_met"] is True
    assert {row["node"]: row["role"] for row in answer["after"]}[new.name] == "primary"
    cluster.settle()


def test_refuses_who_may_not_lead(cluster):
    old = cluster.primary()
    before = cib(old)
    assert f"'{old.name}' leads already" in switchover(old, "--to", old.name, "-y", code=1)[1]
    assert "--to names no node" in switchover(old, "--to", "", "-y", code=2)[1]
    assert "'elsewhere' is not in node_list" in switchover(old, "--to", "elsewhere", "-y",
                                                           code=1)[1]
    others = [node for node in cluster.standbys() if node.name != ranked(cluster).name]
    for other in others:
        said = switchover(old, "--to", other.name, "-y", code=1)[1]
        assert f"'{other.name}' may not lead" in said, said
        assert f"--to {ranked(cluster).name}" in said, said
    assert cib(old) == before


def test_refuses_while_something_is_in_the_way(cluster):
    """Each state by its reason, and the words that mend it do."""
    old, new = cluster.primary(), ranked(cluster)
    cluster.pcs("property", "set", "maintenance-mode=true")
    assert "maintenance-mode=false" in switchover(old, "-y", code=1)[1]
    cluster.pcs("property", "set", "maintenance-mode=false")
    old.run("crm_attribute", "-t", "nodes", "-N", new.name, "-n", "maintenance", "-v", "true")
    assert f"'{new.name}' is in maintenance" in switchover(old, "-y", code=1)[1]
    old.run("crm_attribute", "-t", "nodes", "-N", new.name, "-n", "maintenance", "-D")
    cluster.pcs("constraint", "location", "msPostgresql", "avoids", f"{new.name}=INFINITY")
    wait_until("the standby to be gone", lambda: new.name not in cluster.look().unpromoted, 60)
    said = switchover(old, "-y", "--to", new.name, code=1)[1]
    found = re.search(r"bans '[^']+': pcs constraint delete (\S+)", said)
    assert found and "does not run a standby" in said, said
    cluster.pcs("constraint", "delete", found[1])
    cluster.settle()
    old.run("crm_failcount", "--query", "-r", "pgsql", "-N", new.name)
    new.run("crm_resource", "--fail", "-r", "pgsql", "-N", new.name)
    cluster.wait("a failure that counts", lambda s: s.fail_counts.get(new.name))
    assert "failures of the resource" in switchover(old, "-y", "--to", new.name, code=1)[1]
    cluster.cleanup()
    cluster.settle()
    cluster.wait("it to be forgotten", lambda s: not s.fail_counts)
    switchover(old, "--dry-run")


def test_refuses_a_standby_that_does_not_stream(cluster):
    old, new = cluster.primary(), ranked(cluster)
    new.sql("alter system set primary_conninfo = 'host=192.168.2.99 connect_timeout=1'")
    new.sql("select pg_reload_conf()")
    try:
        wait_until("the stream to end", lambda: new.name not in old.sql(
            "select application_name from pg_stat_replication where state = 'streaming'"), 60)
        said = switchover(old, "-y", "--to", new.name, code=1)[1]
        assert f"'{new.name}' does not stream" in said, said
    finally:
        new.sql("alter system reset primary_conninfo")
        new.sql("select pg_reload_conf()")
    cluster.settle()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_cut_off_it_leaves_nothing_behind(cluster, number):
    """P7: Ctrl-C at any moment: the constraint is gone, and the cluster has one primary."""
    for moment in (0.0, 0.3, 0.8):
        new = ranked(cluster)
        with cluster.ledger() as client:
            old, process = begin(cluster, "--to", new.name)
            wait_until("the constraint", lambda: constraint(old), 30, 0.02)
            time.sleep(moment)
            old.signal(number, r"^pgward switchover")
            said, _ = process.communicate(timeout=60)
            assert process.returncode in (0, 3), said
            assert "cut off" in said or "leads. Nobody took" in said, said
            assert constraint(old) == ""
            cluster.settle()
            client.wait_for_commits(time.time())
        assert client.lost() == []


@pytest.mark.parametrize("after", [0.0, 1.0])
def test_who_was_to_lead_fails_and_somebody_leads_at_once(cluster, after):
    """P7: the constraint does not keep the old primary from its work until the time is over."""
    new = ranked(cluster)
    with cluster.ledger() as client:
        old, process = begin(cluster, "--to", new.name, "--timeout", "120s")
        wait_until("the constraint", lambda: constraint(old), 30, 0.02)
        time.sleep(after)
        new.kill_postgres()
        said, _ = process.communicate(timeout=100)
        assert constraint(old) == "", said
        if process.returncode != 0:
            assert process.returncode == 3 and "the lead did not move" in said, said
        client.wait_for_commits(time.time())
    assert client.lost() == []
    cluster.cleanup()
    cluster.settle(120)


def test_who_was_to_lead_dies_and_the_old_primary_leads_at_once(cluster):
    """P7: of a node that is gone nothing fails, and nobody else may lead by the constraint."""
    new = ranked(cluster)
    with cluster.ledger() as client:
        old, process = begin(cluster, "--to", new.name, "--timeout", "120s")
        wait_until("the constraint", lambda: constraint(old), 30, 0.02)
        new.kill()
        said, _ = process.communicate(timeout=60)
        assert constraint(old) == "", said
        assert process.returncode == 3 and "the lead did not move" in said, said
        client.wait_for_commits(time.time())
    assert client.lost() == []
    new.boot()
    cluster.put_back(new)


def test_a_rule_that_keeps_who_is_to_lead_from_it_costs_seconds(cluster):
    """P7: only Pacemaker evaluates it, so it shows when nobody is promoted; then it ends at once."""
    old, new = cluster.primary(), ranked(cluster)
    cluster.pcs("constraint", "location", "msPostgresql", "rule", "role=Promoted",
                "score=-INFINITY", "#uname", "ne", old.name)
    with cluster.ledger() as client:
        said = switchover(old, "--yes", "--to", new.name, "--timeout", "120s", code=3)[1]
        assert "the lead did not move" in said and "only Pacemaker evaluates" in said, said
        assert constraint(old) == ""
        client.wait_for_commits(time.time())
        assert client.summary().gap < 40
    assert client.lost() == []
    found = re.search(r"the constraint '(\S+)' has a rule", said)
    cluster.pcs("constraint", "delete", found[1])
    cluster.pcs("constraint", "location", "msPostgresql", "rule", "role=Promoted",
                "score=-INFINITY", "#uname", "eq", new.name)
    said = switchover(old, "--yes", "--to", new.name, code=1)[1]
    found = re.search(r"bans '[^']+': pcs constraint delete (\S+)", said)
    assert found, said
    cluster.pcs("constraint", "delete", found[1])
    cluster.settle()


def kill_it_alone(node: Node):
    """As `kill -9 PID` does: its children, which may outlive it, are not meant."""
    pids = node.find(r"^pgward switchover")
    parents = [pid for pid in pids
               if int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
               not in pids]
    assert len(parents) == 1, parents
    os.kill(parents[0], signal.SIGKILL)


def test_killed_it_is_named_and_taken_away_by_the_next(cluster):
    """Nothing runs when a program is killed: the next one finds what it left."""
    for moment in (0.0, 0.5):
        new = ranked(cluster)
        with cluster.ledger() as client:
            old, process = begin(cluster, "--to", new.name)
            wait_until("the constraint", lambda: constraint(old), 30, 0.02)
            time.sleep(moment)
            kill_it_alone(old)
            process.communicate(timeout=10)     # no child of it has the pipe any more
            cluster.finish()
            cluster.settle()
            client.wait_for_commits(time.time())
            if not constraint(old):
                continue        # it was just over
            assert "end=" in constraint(old), "it ends by itself"
            other = next(n for n in cluster.lab.nodes if n.name != old.name)
            said = switchover(other, "--dry-run", code=1)[1]
            assert f"goes on, or was cut off, on node '{old.name}'" in said, said
            said = switchover(old, "--dry-run")[1]
            assert "was cut off" in said and constraint(old), said
            said = switchover(old, "--clear")[1]
            assert f"'{OURS}' is taken away" in said
            assert constraint(old) == ""
        assert client.lost() == []


def test_one_at_a_time(cluster):
    new = ranked(cluster)
    old, process = begin(cluster, "--to", new.name)
    wait_until("the constraint", lambda: constraint(old), 30, 0.02)
    assert "runs on this node" in switchover(old, "--yes", code=3)[1]
    process.communicate(timeout=90)
    assert process.returncode == 0
    cluster.settle()


def test_time_out_takes_the_constraint_away(cluster):
    """A standby whose server is frozen is not promoted in time, and nothing is lost by it."""
    old, new = cluster.primary(), ranked(cluster)
    with cluster.ledger() as client:
        _, process = begin(cluster, "--to", new.name, "--timeout", "3s")
        wait_until("the constraint", lambda: constraint(old), 30, 0.02)
        assert new.signal(signal.SIGSTOP, "pacemaker-execd") == 1
        said, _ = process.communicate(timeout=60)
        new.signal(signal.SIGCONT, "pacemaker-execd")
        assert process.returncode == 3, said
        assert "did not move in 3 s" in said, said
        assert constraint(old) == ""
        cluster.settle(120)
        client.wait_for_commits(time.time())
    assert client.lost() == []


def test_in_async_mode_and_without_quorum(new_lab, agent):
    """One standby is ranked; what a minority knows is not enough."""
    cluster = new_lab(3)
    cluster.set_up(Wanted(agent=agent, rep_mode="async"))
    cluster.settle()
    old, new = cluster.primary(), ranked(cluster)
    third = next(node for node in cluster.standbys() if node.name != new.name)
    said = switchover(third, "--yes", "--to", third.name, code=1)[1]
    assert f"'{third.name}' is not ranked to take over. '{new.name}' may" in said, said
    with cluster.ledger() as client:
        told, _ = switchover(third, "--yes")
        client.wait_for_commits(time.time())
        cluster.settle(sync=False)
    assert client.lost() == []
    assert f"'{new.name}' leads. Nobody took writes for" in told
    for node in (new, third):
        node.kill()
    wait_until("quorum to be lost", lambda: not cluster.look(old).quorum, 60)
    assert "not known to have quorum" in switchover(old, "--yes", code=1)[1]
