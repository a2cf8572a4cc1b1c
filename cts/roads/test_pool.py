# SPDX-License-Identifier: GPL-2.0-or-later
"""PgBouncer as a resource of the cluster, as it is shipped: its clients wait, and see no error."""

import json
import signal
import subprocess
import time

import pytest

from conftest import need_command, open_lab
from labkit.lab import net
from labkit.lab.cluster import CTS
from labkit.lab.resources import VIP_MASTER, Wanted
from labkit.lab.shell import wait_until
from roads import road

pytestmark = [pytest.mark.steps, pytest.mark.alone]

ADDRESS = "192.168.0.104"
CONNINFO = road.through_pool(ADDRESS)
ONCE = CONNINFO + " connect_timeout=5"
SWITCHOVER = "/etc/pgbouncer/pool-switchover"
BEYOND = 1.0        # s that the pool may add: half of it, on a machine with twice the load


@pytest.fixture(scope="module")
def cluster(request, agent):
    with open_lab(request.config, 3) as made:
        made.set_up(Wanted(agent=agent))
        first = made.node(made.settle().primary)
        need_command(made)
        first.sql(f"create role app login superuser; create role {road.ROLE} login; "
                  f"grant pg_checkpoint to {road.ROLE}")
        for node in made.lab.nodes:
            road.lay(node, "pool", "/etc/pgbouncer")
            road.add_user(node)
        first.run("/etc/pgbouncer/pool-setup", timeout=120)
        made.finish()
        yield made


class Pooled:
    """Clients of the pool on the client host; used as a context."""

    def __init__(self, cluster, address=ADDRESS):
        self.inside = ["ip", "netns", "exec", net.namespace(cluster.lab.name, "client"),
                       "/usr/bin/python3", "-m", "labkit.measure.pooled", road.through_pool(address)]

    def __enter__(self):
        self.process = subprocess.Popen(    # pylint: disable=consider-using-with
            self.inside, cwd=CTS, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.go_on()
        return self

    def __exit__(self, *_unused):
        self.process.kill()
        self.process.communicate(timeout=20)

    def say(self, word):
        """What they have seen so far, once they have done it."""
        self.process.stdin.write(f"{word}\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def go_on(self, since=0.0, timeout=60):
        """Until each of them has committed after that moment, or after now; what they have seen."""
        since = since or time.time()
        wait_until("each client of the pool to commit",
                   lambda: self.say(f"since {since}")["back"], timeout, 0.1)
        return self.say("look")


def pool(cluster):
    """The node where PgBouncer and its address are."""
    where = cluster.look().where
    assert where["pgbouncer"] == where["vip-pool"]
    return cluster.node(where["pgbouncer"])


def test_the_pool_leads_to_the_primary(cluster):
    assert road.ask(cluster, ONCE, "select pg_is_in_recovery()") == "f"
    pool(cluster)


def console(node, command):
    return node.out("psql", "-XAtq", "-h", "/run/pgbouncer", "-p", "6432", "-U", "pgbouncer", "-d",
                    "pgbouncer", "-c", command, user="postgres")


def test_a_failover(cluster):
    """No error for who is between two transactions; of one under way nobody knows how it ended."""
    old, where = cluster.primary(), pool(cluster)
    with cluster.ledger() as direct, Pooled(cluster) as clients:
        clients.say("hold")
        killed = old.kill_postgres()
        wait_until("PgBouncer to see it", lambda: console(where, "show servers") == "", 10, 0.02)
        clients.say("go")
        cluster.new_primary(old.name)
        seen = clients.go_on(killed)
        direct.wait_for_commits(time.time())
    added = seen["back"] - next(when for when in direct.times() if when > killed)
    print(f"primary's servers killed: the pool's clients are back after {seen['back'] - killed:.2f} "
          f"s, {added:.2f} s after one at vip-master")
    assert seen["errors"] == []
    assert added < BEYOND
    assert pool(cluster).name == where.name, "it is not the primary's"
    cluster.put_back(old)


def test_a_planned_switchover(cluster):
    """All are at work, and none sees more than a wait."""
    old = cluster.primary()
    with cluster.ledger() as direct, Pooled(cluster) as clients:
        said = pool(cluster).out(SWITCHOVER, timeout=150)
        cluster.new_primary(old.name)
        direct.wait_for_commits(time.time())
        gap = direct.summary()
        seen = clients.go_on(gap.gap_from)
    added = seen["back"] - gap.gap_to
    print(f"planned switchover: the pool's clients waited {seen['longest']:.2f} s at most, one at "
          f"vip-master {gap.gap:.2f} s; they are back {added:.2f} s after that\n{said}")
    assert "leads. Nobody took writes" in said
    assert seen["errors"] == []
    assert added < BEYOND
    cluster.settle()


def begin(node):
    """A switchover that has paused the pool."""
    process = subprocess.Popen(     # pylint: disable=consider-using-with
        node.enter(["setsid", SWITCHOVER]), stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    wait_until("the pool to be paused", lambda: node.find("^pgward switchover --yes"), 30, 0.02)
    return process


SCRIPT = rf"^/bin/bash {SWITCHOVER} $"     # not what it leaves in a session of its own


def test_a_script_that_is_killed_leaves_no_pause(cluster):
    """It alone: the move goes on, and the pause ends when the new primary answers."""
    node, old = pool(cluster), cluster.primary()
    with Pooled(cluster) as clients:
        process = begin(node)
        assert node.signal(signal.SIGKILL, SCRIPT) == 1
        cluster.new_primary(old.name)
        assert clients.go_on()["errors"] == []
    process.communicate(timeout=60)
    cluster.settle()


def test_nor_does_one_that_is_killed_with_what_it_runs(cluster):
    node = pool(cluster)
    with Pooled(cluster) as clients:
        process = begin(node)
        assert node.signal(signal.SIGKILL, rf"{SCRIPT}|^pgward switchover") > 1
        clients.go_on()
    process.communicate(timeout=60)
    node.run("pgward", "switchover", "--clear")
    cluster.finish()
    cluster.settle()


def test_nor_does_a_move_that_failed(cluster):
    """No time was left for it; the cluster makes an end of what was begun."""
    with Pooled(cluster) as clients:
        done = pool(cluster).run(SWITCHOVER, "--timeout", "10ms", check=False, timeout=90)
        clients.go_on()
    assert done.returncode == 3 and "the lead did not move" in done.stderr, done
    cluster.finish()
    cluster.settle()


def test_a_transaction_that_does_not_end_is_not_waited_for(cluster):
    old = cluster.primary()
    with Pooled(cluster) as clients, subprocess.Popen(
            clients.inside[:4] + ["psql", "-Xq", CONNINFO, "-c", "select pg_sleep(60)"],
            stdout=subprocess.DEVNULL) as busy:
        wait_until("it to run", lambda: old.sql(
            "select 1 from pg_stat_activity where query ~ '^select pg_sleep'") == "1", 20, 0.1)
        done = pool(cluster).run(SWITCHOVER, check=False, timeout=90)
        seen = clients.go_on()
        busy.kill()
    assert done.returncode == 1 and "nothing was moved" in done.stderr, done
    assert seen["errors"] == []
    assert cluster.primary().name == old.name


def test_a_pause_of_somebody_elses_stays(cluster):
    old, node = cluster.primary(), pool(cluster)
    console(node, "pause")
    try:
        done = node.run(SWITCHOVER, check=False, timeout=90)
        assert done.returncode == 1 and "somebody has paused PgBouncer" in done.stderr, done
    finally:
        console(node, "resume")     # an error if it had been resumed
    assert cluster.primary().name == old.name


@pytest.mark.parametrize("program", ["pgbouncer", "haproxy"])
def test_a_program_that_dies_comes_back(cluster, program):
    node = pool(cluster)
    assert node.signal(signal.SIGKILL, f"^/usr/sbin/{program} ") == 1
    wait_until(f"{program} to run again", lambda: node.find(f"^/usr/sbin/{program} "), 30, 0.2)
    cluster.finish()
    assert road.ask(cluster, ONCE, "select pg_is_in_recovery()") == "f"
    assert pool(cluster).name == node.name
    cluster.cleanup()


def test_in_the_master_group_it_is_where_the_primary_is(cluster):
    """For who takes a lost connection as nothing."""
    cluster.pcs("resource", "group", "add", "master-group", "pool-proxy", "pgbouncer")
    cluster.finish()
    old = cluster.primary()
    with cluster.ledger() as direct, Pooled(cluster, VIP_MASTER) as clients:
        old.kill_postgres()
        new = cluster.new_primary(old.name).primary
        seen = clients.go_on()
        direct.wait_for_commits(time.time())
    print(f"in the master group: {len(seen['errors'])} errors; one at vip-master "
          f"{direct.summary().gap:.2f} s")
    assert cluster.look().where["pgbouncer"] == new
    assert seen["errors"], "their connections were to the old primary's"
    cluster.put_back(old)
