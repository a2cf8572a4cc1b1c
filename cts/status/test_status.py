# SPDX-License-Identifier: GPL-2.0-or-later
"""`pgward status`: what each node tells, in good days and bad."""

import signal
import threading
import time

import pytest

from conftest import need_command, open_lab
from labkit.lab.node import POSTGRES
from labkit.lab.resources import Wanted
from status.telling import ERRORS, FAILED, OK, about, ask, row, wait_for

pytestmark = pytest.mark.steps

SLACK = 3       # a busy machine
NONE = "none: 2 nodes hold every acknowledged commit"


@pytest.fixture(scope="module")
def cluster(request, agent):
    with open_lab(request.config, 3) as made:
        need_command(made)
        made.set_up(Wanted(agent=agent))
        made.settle()
        yield made


def is_healthy(told):
    return (told["whole"] and told["rpo"]["text"] == NONE and told["spares"] == 1
            and [n["state"] for n in told["nodes"]].count("streaming") == 2
            and not [n for n in told["notes"] if n["about"] != "profile"])


def healthy(node):
    return wait_for(node, f"{node.name} to tell of a healthy cluster", is_healthy)


def test_each_node_tells_the_same_of_a_healthy_cluster(cluster):
    primary = cluster.settle().primary
    for node in cluster.lab.nodes:
        code, told = healthy(node)
        assert code == OK
        assert told["primary"] == primary and told["primary_confirmed"]
        assert (told["quorum"], told["fencing"], told["mode"]) == (True, True, "sync")
        assert (told["sync_standbys"], told["sync_required"]) == (1, 1)
        assert told["addresses"]["replication"] == "192.168.2.103"
        assert row(told, primary)["state"] == "running"
        assert 0 <= time.time() - row(told, primary)["role_since"] < 600
        standbys = [n for n in told["nodes"] if n["name"] != primary]
        assert sorted(n["sync"] for n in standbys) == ["async", "sync"]
        assert sorted(n["takeover"]["rule"] for n in standbys) == ["out-of-date", "synchronous"]
        assert len({n["timeline"] for n in told["nodes"]}) == 1
        for one in standbys:
            assert one["behind_bytes"] is not None and one["connected_ms"] > 0
            assert one["slot"]["active"] and one["slot"]["held_bytes"] is not None
        assert [n["name"] for n in told["nodes"] if n["self"]] == [node.name]


def test_the_screen_has_a_line_a_node_and_no_colour_for_a_pipe(cluster):
    for node in cluster.lab.nodes:
        said = node.out("pgward", "status")
        assert "Loss:      " + NONE in said
        assert "\033" not in said
        lines = [line for line in said.splitlines() if line.startswith("node")]
        assert len(lines) == 3 and f"{node.name}*" in said


def test_a_terminal_gets_colours_unless_it_wants_none(cluster):
    node = cluster.primary()
    said = node.out("script", "-qec", "pgward status", "/dev/null")
    assert "\033[32mrunning" in said
    said = node.out("script", "-qec", "env NO_COLOR=1 pgward status", "/dev/null")
    assert "\033[3" not in said


def test_it_is_drawn_again_and_again(cluster):
    done = cluster.primary().run("timeout", "--signal=INT", "8", "pgward", "status", "--watch=500ms",
                                 check=False)
    assert done.stdout.count("Resource:  pgsql") >= 2, done.stdout + done.stderr


def test_a_paused_standby_is_told_of(cluster):
    _, told = healthy(cluster.primary())
    name = next(n["name"] for n in told["nodes"] if n["sync"] == "async")
    node = cluster.node(name)
    node.sql("select pg_wal_replay_pause()")
    for teller in cluster.lab.nodes:
        code, told = wait_for(teller, "the pause to be told of", lambda t: about(t, "why"))
        assert code == OK
        assert f"'{name}': SELECT pg_wal_replay_resume()" in about(told, "why")[0]
    node.sql("select pg_wal_replay_resume()")
    healthy(cluster.primary())


def test_a_standby_that_is_down_is_told_of(cluster):
    _, told = healthy(cluster.primary())
    name = next(n["name"] for n in told["nodes"] if n["sync"] == "sync")
    cluster.pcs("node", "standby", name, "--wait=60")
    code, told = wait_for(cluster.primary(), "commits to wait for the other one",
                          lambda t: t["rpo"]["text"] == NONE)
    assert code == OK
    gone = row(told, name)
    assert (gone["role"], gone["state"]) == ("stopped", "stopped")
    assert gone["takeover"] == {"allowed": False, "rule": "not-live", "spare": False,
                                "why_not": "it is not known to run a server"}
    assert about(told, "node") == [f"warning: '{name}' runs no server"]
    _, own = ask(cluster.node(name))
    assert row(own, name)["state"] == "stopped" and row(own, name)["self"]
    cluster.pcs("node", "unstandby", name, "--wait=60")
    cluster.settle()
    healthy(cluster.primary())


@pytest.mark.parametrize("limit", [2, 4])
def test_a_primary_that_does_not_answer_proves_nothing(cluster, limit):
    """From its own node, and from others: within the limit."""
    primary = cluster.primary()
    cluster.pcs("property", "set", "maintenance-mode=true")
    time.sleep(1)
    assert primary.signal(signal.SIGSTOP, POSTGRES) > 0
    try:
        for node in cluster.lab.nodes:
            began = time.monotonic()
            code, told = ask(node, f"--timeout={limit}s")
            assert time.monotonic() - began < limit + SLACK
            assert told["rpo"]["state"] == "unknown", told
            assert told["spares"] is None and told["sync_standbys"] is None
            assert row(told, primary.name)["state"] == "unknown"
            if node.name == primary.name:
                assert code == ERRORS and "does not answer" in about(told, "primary")[0]
            else:
                assert code == FAILED and not told["whole"]
                assert "did not tell of its standbys" in about(told, "unseen")[0]
            assert node.find("pgward status") == [], "nothing of it is left"
    finally:
        primary.signal(signal.SIGCONT, POSTGRES)
        cluster.pcs("property", "set", "maintenance-mode=false")
    cluster.settle()


def test_a_daemon_that_hangs_is_named_and_left(cluster):
    """Connecting to a daemon of the cluster has no time-out of its own."""
    node = cluster.standbys()[0]
    began = time.monotonic()
    assert node.signal(signal.SIGSTOP, "pacemaker-attrd") == 1
    try:
        code, told = ask(node, "--timeout=2s")
    finally:
        node.signal(signal.SIGCONT, "pacemaker-attrd")
    assert time.monotonic() - began < 2 + SLACK
    assert code == FAILED and not told["whole"]
    assert told["rpo"]["state"] != "none", told
    cluster.settle()


def test_what_a_move_left_is_named(cluster):
    node = cluster.primary()
    healthy(node)
    node.run("cibadmin", "-C", "-o", "constraints", "-X",
             '<rsc_location id="cli-prefer-msPostgresql" rsc="msPostgresql" '
             f'node="{node.name}" score="0"/>')
    for teller in cluster.lab.nodes:
        code, told = wait_for(teller, "the constraint", lambda t: about(t, "constraint"))
        assert code == OK
        assert "pcs constraint delete cli-prefer-msPostgresql" in about(told, "constraint")[0]
    cluster.pcs("constraint", "delete", "cli-prefer-msPostgresql")
    healthy(node)


def test_a_primary_that_lets_nobody_in_is_named(cluster):
    primary = cluster.primary()
    rules = primary.dir / "pg/data/pg_hba.conf"
    before = rules.read_text(encoding="utf-8")
    rules.write_text("host all all 192.168.1.0/24 reject\n" + before, encoding="utf-8")
    primary.sql("select pg_reload_conf()")
    try:
        for node in cluster.standbys():
            code, told = wait_for(node, "the refusal", lambda t: about(t, "unseen"))
            assert code == FAILED
            assert "pg_hba.conf" in about(told, "unseen")[0]
            assert [n["state"] for n in told["nodes"]].count("streaming") == 2, "by attributes"
            assert told["rpo"]["state"] == "unknown"
        code, told = ask(primary)
        assert code == OK and told["rpo"]["text"] == NONE
    finally:
        rules.write_text(before, encoding="utf-8")
        primary.sql("select pg_reload_conf()")
    for node in cluster.lab.nodes:
        healthy(node)


def test_what_is_told_in_a_failover(cluster):
    """The primary's server is killed; one of the others tells of it all the way."""
    old = cluster.settle().primary
    teller = cluster.standbys()[0]
    told, ended = [], threading.Event()

    def listen():
        while not ended.is_set():
            told.append((time.monotonic(), *ask(teller, "--timeout=5s")))

    listener = threading.Thread(target=listen)
    listener.start()
    try:
        cluster.node(old).kill_postgres()
        new = cluster.new_primary(old).primary
        cluster.put_back(cluster.node(old))
        wait_for(teller, "the cluster to be healthy again", is_healthy)
    finally:
        ended.set()
        listener.join()
    for _, code, one in told:
        if one["primary"] is None or not one["primary_confirmed"]:
            assert one["rpo"]["state"] == "unknown" and code != OK, one
        if one["rpo"]["state"] == "none":
            assert one["spares"] and one["rpo"]["holders"] >= 2, one
        if one["primary"] == new:
            assert row(one, new)["timeline"] in (None, 0) or row(one, old)["state"] != "running"
    assert any(code != OK for _, code, _ in told), "nobody saw it"
    assert told[-1][2]["primary"] == new
    assert told[0][2]["last_gap_ms"] != told[-1][2]["last_gap_ms"] > 0
    assert row(told[-1][2], new)["timeline"] > row(told[0][2], old)["timeline"]


def test_a_node_without_power_is_lost_and_then_down(cluster):
    healthy(cluster.primary())
    node = cluster.standbys()[0]
    node.kill()
    code, told = wait_for(cluster.primary(), f"{node.name} to be down",
                          lambda t: row(t, node.name)["state"] == "down")
    assert row(told, node.name)["role"] == "away"
    assert about(told, "node") == [f"warning: '{node.name}' is down: start the cluster there"]
    code, told = wait_for(cluster.primary(), "commits to wait for the other one",
                          lambda t: t["rpo"]["text"] == NONE)
    assert code == OK and told["spares"] == 1
    node.boot()
    cluster.settle()
    healthy(cluster.primary())


def test_with_the_cluster_stopped_on_the_node(cluster):
    node = cluster.standbys()[0]
    node.stop_cluster()
    done = node.run("pgward", "status", check=False)
    assert done.returncode == FAILED and "pcs cluster start" in done.stderr
