# SPDX-License-Identifier: GPL-2.0-or-later
"""`pgward check` on a real cluster, on its nodes and from outside."""

import json
import re
import signal
import time

import pytest

from conftest import need_command, open_lab
from labkit.lab.node import POSTGRES
from labkit.lab.resources import Wanted
from labkit.lab.shell import wait_until

pytestmark = pytest.mark.steps

KINDS = ("primary", "standby", "sync", "alive")
ROLE = "watcher"    # may log in, and nothing else
SLACK = 3           # a busy machine
LIMIT = 1.0         # the command's own
CPU_MS = 15
RUNS = 21
RUNNER = """
import json, resource, subprocess, sys
def used():
    now = resource.getrusage(resource.RUSAGE_CHILDREN)
    return now.ru_utime + now.ru_stime
costs = []
for _ in range(int(sys.argv[1])):
    before = used()
    done = subprocess.run(sys.argv[2:], stdout=subprocess.DEVNULL)
    assert done.returncode == 0, done
    costs.append((used() - before) * 1000)
print(json.dumps(costs))
"""


@pytest.fixture(scope="module")
def cluster(request, agent):
    with open_lab(request.config, 3) as made:
        made.set_up(Wanted(agent=agent))
        first = made.settle().primary
        need_command(made)
        made.node(first).sql(f"create role {ROLE} login")
        yield made


def inside(node, kind, *options, user=""):
    """Yes or no, and the one line of why."""
    done = node.run("pgward", "check", kind, *options, check=False, user=user)
    assert done.stdout.count("\n") == 1 and done.stderr == "", done
    return done.returncode == 0, done.stdout


def address(node):
    return f"192.168.0.{node.index}"


def outside(cluster, node, kind, *options):
    """The same from another node, over the network and as a user who may nothing."""
    asker = next(other for other in cluster.lab.running() if other.name != node.name)
    return inside(asker, kind, "--host", address(node), "--conninfo", f"user={ROLE}", *options,
                  user="nobody")


def among(cluster):
    return "--among", ",".join(address(node) for node in cluster.lab.nodes)


def everybody(cluster):
    """What each running node says of itself, kind by kind: the nodes that say yes."""
    return {kind: {node.name for node in cluster.lab.running() if inside(node, kind)[0]}
            for kind in KINDS}


def expected(state, cluster):
    sync = {name for name in state.online
            if state.attribute(name, "data-status") == "STREAMING|SYNC"}
    running = {node.name for node in cluster.lab.running()}
    return {"primary": {state.primary}, "standby": running - {state.primary}, "sync": sync,
            "alive": running}


def test_each_node_tells_of_itself(cluster):
    state = cluster.settle()
    assert everybody(cluster) == expected(state, cluster)
    assert len(expected(state, cluster)["sync"]) == 1


def test_from_outside_each_server_tells_the_same(cluster):
    """By a role that may nothing but log in, and a user who may nothing at all."""
    first = cluster.settle().primary
    for node in cluster.lab.nodes:
        for kind in ("primary", "standby", "alive"):
            yes = kind == "alive" or (kind == "primary") == (node.name == first)
            for options in ((), among(cluster), ("--max-lag", "64MB")):
                assert outside(cluster, node, kind, *options)[0] == yes, (node.name, kind, options)


def test_who_may_not_ask_the_cluster_is_told_what_to_do(cluster):
    answer, said = inside(cluster.primary(), "primary", user="nobody")
    assert not answer and "Run it as root, or name the server with --host" in said


def test_nagios_reads_it(cluster):
    node = cluster.standbys()[0]
    done = node.run("pgward", "check", "standby", "--nagios", "--max-lag", "16MB", check=False)
    assert done.returncode == 0
    assert re.fullmatch(r"PGWARD STANDBY OK - .* \| timeline=\d+ lag=\d+B;16777216\n", done.stdout)
    done = node.run("pgward", "check", "primary", "--nagios", check=False)
    assert done.returncode == 2 and done.stdout.startswith("PGWARD PRIMARY CRITICAL - "), done


def test_a_standby_that_does_not_replay_lags(cluster):
    first, node = cluster.primary(), cluster.standbys()[0]
    node.sql("select pg_wal_replay_pause()")
    first.sql("create table lag as select generate_series(1, 100000)")
    try:
        wait_until("the standby to lag", lambda: "it lags by" in inside(
            node, "standby", "--max-lag", "1MB")[1], 30, 0.2)
        assert "it lags by" in outside(cluster, node, "standby", "--max-lag", "1MB")[1]
        assert inside(node, "standby")[0], "nobody asked for how far it is behind"
    finally:
        node.sql("select pg_wal_replay_resume()")
        first.sql("drop table lag")
    wait_until("the standby to catch up",
               lambda: inside(node, "standby", "--max-lag", "1MB")[0], 30, 0.2)


def test_it_costs_little(cluster):
    """The figures are printed, for what it may cost is a matter of the machine."""
    node = cluster.primary()
    ways = {"on its node": [], "one server": ["--host", address(node), "-c", f"user={ROLE}"]}
    ways["with its peers"] = ways["one server"] + list(among(cluster))
    for way, options in ways.items():
        costs = sorted(json.loads(node.out("python3", "-c", RUNNER, str(RUNS), "pgward", "check",
                                           "primary", *options)))
        print(f"pgward check primary, {way}: CPU {costs[RUNS // 2]:.1f} ms of {CPU_MS}")


def test_a_second_primary_is_a_no_for_everyone(cluster):
    first, stray = cluster.primary(), cluster.standbys()[0]
    with cluster.second_primary(stray):
        for node in (first, stray):
            assert outside(cluster, node, "primary")[0], "alone each looks like a primary"
            answer, said = outside(cluster, node, "primary", *among(cluster))
            assert not answer and "two say that they are primary" in said, said
        assert inside(first, "primary")[0], "the cluster knows which one it is"
        assert not inside(stray, "primary")[0] and not inside(stray, "standby")[0]


def test_a_frozen_server_is_a_no_within_the_limit(cluster):
    """A connection is taken in by the kernel, and nobody ever answers."""
    node = cluster.standbys()[0]
    assert node.signal(signal.SIGSTOP, POSTGRES) > 0
    try:
        for ask in (lambda: inside(node, "alive"),
                    lambda: outside(cluster, node, "alive"),
                    lambda: outside(cluster, node, "standby", *among(cluster))):
            began = time.monotonic()
            answer, said = ask()
            assert not answer and "in time" in said, said
            assert time.monotonic() - began < LIMIT + SLACK
        answer, said = outside(cluster, cluster.primary(), "primary", *among(cluster))
        assert answer, f"a silent peer is no reason: {said}"
    finally:
        node.signal(signal.SIGCONT, POSTGRES)
    cluster.settle()


def test_a_host_that_is_not_there_is_a_no_within_the_limit(cluster):
    node = cluster.primary()
    began = time.monotonic()
    answer, said = inside(node, "alive", "--host", "192.168.0.99")
    assert not answer and ("in time" in said or "No route" in said), said
    assert time.monotonic() - began < LIMIT + SLACK


def test_a_daemon_of_the_cluster_that_hangs_is_a_no_within_the_limit(cluster):
    node = cluster.standbys()[0]
    assert node.signal(signal.SIGSTOP, "pacemaker-based") == 1
    try:
        began = time.monotonic()
        answer, said = inside(node, "standby")
        assert not answer and "in time" in said, said
        assert time.monotonic() - began < LIMIT + SLACK
    finally:
        node.signal(signal.SIGCONT, "pacemaker-based")
    assert node.find("pgward check") == [], "nothing of it is left"
    cluster.settle()


def test_at_no_moment_of_a_failover_do_two_say_yes(cluster):
    old = cluster.settle()
    node = cluster.node(old.primary)
    killed = node.kill_postgres()
    seen = []
    while time.time() < killed + 60:
        leaders = everybody(cluster)["primary"]
        seen.append(leaders)
        assert len(leaders) < 2, leaders
        if leaders and leaders != {old.primary}:
            break
        time.sleep(0.1)
    assert seen[-1] and seen[-1] != {old.primary}, seen
    cluster.put_back(node)
    state = cluster.settle()
    # a clean-up takes the roles' history away until the next probe
    wait_until("each node to know its role again",
               lambda: everybody(cluster) == expected(state, cluster), 30, 0.2)


def test_of_a_node_whose_power_is_cut(cluster):
    node = cluster.primary()
    node.kill()
    try:
        began = time.monotonic()
        assert not outside(cluster, node, "alive")[0]
        assert time.monotonic() - began < LIMIT + SLACK
        state = cluster.new_primary(node.name)
        leader = cluster.node(state.primary)
        assert inside(leader, "primary")[0]
        assert outside(cluster, leader, "primary", *among(cluster))[0], "a dead peer is no reason"
    finally:
        node.boot()
    cluster.put_back(node)


def test_without_quorum_nobody_is_anything(cluster):
    node = cluster.primary()
    for other in cluster.standbys():
        other.kill()
    wait_until("the node to see that quorum is lost",
               lambda: not inside(node, "primary")[0], 60, 0.5)
    for _ in range(10):     # whatever is the reason while Pacemaker stops it: it stays a no
        assert not inside(node, "primary")[0]
        time.sleep(0.2)
