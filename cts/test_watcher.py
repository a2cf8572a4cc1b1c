# SPDX-License-Identifier: GPL-2.0-or-later
"""The watcher: who reports a server's death, how often, and when it keeps silent.

Each operation has a fail count of its own, which says who found a death: that of `asyncmon` is
the watcher's, that of a monitor the monitor's. So nothing here depends on how fast the machine
is, nor on what comes of the server afterwards.
"""

import os
import re
import signal
import time
from pathlib import Path

import pytest

from conftest import open_lab
from labkit.lab.node import POSTGRES, start_time
from labkit.lab.postgres import DATA, bindir
from labkit.lab.resources import Wanted
from labkit.lab.shell import wait_until

pytestmark = pytest.mark.steps

WATCHER = r"/lib/pgward/watcher \d+ \d+ "
ASYNC = "asyncmon_0"
PRIMARY = "monitor_1000"
STANDBY = "monitor_2000"
QUIET = "the resource is not managed now"


@pytest.fixture(scope="module")
def cluster(request, agent):
    with open_lab(request.config, 2) as made:
        made.set_up(Wanted(agent=agent))
        made.settle()
        yield made


def watched(node):
    """The postmasters that have a watcher on this node, as the node numbers its processes."""
    lines = []
    for pid in node.find(WATCHER):
        try:
            lines.append(Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")[1].decode())
        except (OSError, IndexError):
            pass  # it has ended just now
    return lines


def postmaster(node):
    """The process id in its pid file; none while it has no such file."""
    try:
        return (node.dir / "pg/data/postmaster.pid").read_text().splitlines()[0]
    except (OSError, IndexError):
        return ""


def await_restart(cluster, node, before):
    """The server was killed, so its old pid file stays until a new one takes its place."""
    wait_until(f"the server of {node.name} to start again",
               lambda: postmaster(node) and cluster.postmaster(node) != before, 60, 0.2)


def all_watched(cluster):
    """Every server has one watcher, and every watcher a server."""
    def test():
        return all(watched(node) == [postmaster(node)] for node in cluster.lab.running())
    wait_until("one watcher for each server", test, 30, 0.2)


def counted(node, operation, resource="pgsql"):
    """How often an operation has failed on a node, by the fail count of its own."""
    told = node.out("attrd_updater", "-Q", "-N", node.name, "-n",
                    f"fail-count-{resource}#{operation}", check=False)
    found = re.search(r'value="(\w+)"', told)
    return found[1] if found else "0"


def forget(cluster):
    cluster.cleanup()
    cluster.wait("no failure", lambda s: not s.fail_counts and not s.reasons, 30)
    cluster.settle(120)
    all_watched(cluster)


def log_of(node):
    return node.out("cat", "/var/log/pacemaker/pacemaker.log")


def await_words(node, words, before):
    wait_until(f"the log of {node.name} to say '{words}'",
               lambda: log_of(node).count(words) > before, 30, 0.3)


def between_monitors(node):
    """Wait for a moment at which no monitor runs: the next one is most of a second away."""
    trace = node.dir / "tmp/pgward.trace"
    before = trace.stat().st_size
    wait_until("a monitor", lambda: trace.stat().st_size > before, 30, 0.02)
    while trace.stat().st_size > before:
        before = trace.stat().st_size
        time.sleep(0.1)


def kill_postmaster(node):
    """The postmaster alone: its children live on for a while."""
    node.signal(signal.SIGKILL, r"^\S*/postgres -D ")


def pg_ctl(node, *words):
    node.run(f"{bindir()}/pg_ctl", "-D", DATA, "-l", "/var/log/postgresql/postgresql.log", "-w",
             *words, user="postgres")


def used_ticks(pid):
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return int(fields[11]) + int(fields[12])


def test_every_server_has_one_watcher_that_costs_nothing(cluster):
    """Under 3 MB of its own, no CPU time, in a session of its own, with nobody's pipes open."""
    all_watched(cluster)
    for node in cluster.lab.nodes:
        pid = node.find(WATCHER)[0]
        used = used_ticks(pid)
        rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
        assert int(re.search(r"^Pss: +(\d+) kB", rollup, re.M)[1]) < 3000
        assert os.getsid(pid) == pid
        opened = {os.readlink(fd) for fd in Path(f"/proc/{pid}/fd").iterdir()}
        assert opened <= {"/dev/null", "anon_inode:[pidfd]"}
        assert os.readlink(f"/proc/{pid}/cwd") == "/"
        time.sleep(3)
        assert used_ticks(pid) == used


@pytest.mark.parametrize("moment", ["between two monitors", "any"])
@pytest.mark.parametrize("kill", ["all", "postmaster"])
def test_killed_primary_is_reported_and_counted_once(cluster, kill, moment):
    """P1; one death is one failure, whoever is the first to see it."""
    old = cluster.primary()
    with cluster.ledger() as client:
        if moment != "any":
            between_monitors(old)
        began = time.time()
        if kill == "all":
            old.kill_postgres()
        else:
            kill_postmaster(old)
        cluster.new_primary(old.name)
        client.wait_for_commits(began)
        cluster.wait("the death to be counted", lambda s: old.name in s.fail_counts, 30)
        told = counted(old, ASYNC), counted(old, PRIMARY)
    lost = client.lost()
    cluster.put_back(old)
    forget(cluster)
    assert lost == []
    assert told in [("1", "0")] + ([("0", "1")] if moment == "any" else [])


def test_killed_standby_is_reported_and_starts_again(cluster):
    """A standby has a watcher as well; the primary is left alone."""
    first = cluster.primary()
    standby = cluster.standbys()[0]
    before = cluster.postmaster(standby)
    between_monitors(standby)
    standby.kill_postgres()
    cluster.wait("the standby's failure", lambda s: standby.name in s.fail_counts, 30)
    await_restart(cluster, standby, before)
    assert cluster.settle().primary == first.name
    assert (counted(standby, ASYNC), counted(standby, STANDBY)) == ("1", "0")
    forget(cluster)


def test_planned_work_is_no_failure(cluster):
    """Demote, stop, start and promote end servers on purpose; each is watched anew."""
    old = cluster.primary()
    cluster.pcs("node", "standby", old.name)
    cluster.new_primary(old.name)
    wait_until("no watcher on a node in standby", lambda: not old.find(WATCHER), 30, 0.1)
    cluster.pcs("node", "unstandby", old.name)
    cluster.settle(120)
    all_watched(cluster)
    target = cluster.standbys()[0].name
    cluster.move()
    cluster.wait("the other primary", lambda s: s.primary == target, 60)
    cluster.settle(120)
    all_watched(cluster)
    state = cluster.look()
    assert not state.fail_counts and not state.reasons, state.describe()


def test_stopped_resource_leaves_no_watcher(cluster):
    """It does not survive stop, nor does the record of it."""
    cluster.pcs("resource", "disable", "msPostgresql")
    cluster.wait("all to be stopped", lambda s: not s.promoted and not s.unpromoted, 60)
    for node in cluster.lab.nodes:
        wait_until("the watcher to be gone", lambda n=node: not n.find(WATCHER), 10, 0.1)
        assert node.out("find", "/run", "-name", "pgward-pgsql.watch") == ""
    cluster.pcs("resource", "enable", "msPostgresql")
    state = cluster.settle(120)
    assert not state.fail_counts and not state.reasons, state.describe()
    all_watched(cluster)


def test_killed_watcher_is_replaced_by_the_monitor(cluster):
    for node in cluster.lab.nodes:
        old = node.find(WATCHER)
        began = [start_time(pid) for pid in old]
        node.signal(signal.SIGKILL, WATCHER)
        wait_until("another watcher", lambda n=node, o=old, b=began: n.find(WATCHER) and (
            n.find(WATCHER) != o or [start_time(p) for p in n.find(WATCHER)] != b), 30, 0.2)
    all_watched(cluster)
    assert not cluster.look().reasons


def test_without_a_watcher_the_monitor_finds_the_death(cluster):
    """With the watcher killed all is as safe, only slower."""
    old = cluster.primary()
    with cluster.ledger() as client:
        old.signal(signal.SIGKILL, WATCHER)
        old.signal(signal.SIGKILL, POSTGRES)
        moment = time.time()
        cluster.new_primary(old.name)
        assert counted(old, ASYNC) == "0" != counted(old, PRIMARY)
        client.wait_for_commits(moment)
    assert client.lost() == []
    cluster.put_back(old)
    forget(cluster)


def test_maintenance_mode_stores_no_failure(cluster):
    """A report that is stored would punish a healthy server later."""
    first = cluster.primary()
    standby = cluster.standbys()[0]
    before = log_of(standby).count(QUIET)
    cluster.pcs("property", "set", "maintenance-mode=true")
    time.sleep(3)       # the last monitor is over, and there is no next one
    standby.kill_postgres()
    await_words(standby, QUIET, before)
    pg_ctl(standby, "start")
    cluster.pcs("property", "set", "maintenance-mode=false")
    state = cluster.settle(120)
    assert state.primary == first.name
    assert not state.fail_counts and not state.reasons, state.describe()
    all_watched(cluster)


@pytest.mark.parametrize("how", ["resource", "node", "default"])
def test_unmanaged_server_is_left_to_the_monitor(cluster, how):
    """However it came to be unmanaged; monitors go on there, and tell what they see."""
    standby = cluster.standbys()[0]
    words = {"resource": (["resource", "unmanage", "msPostgresql"],
                          ["resource", "manage", "msPostgresql"]),
             "node": (["node", "maintenance", standby.name],
                      ["node", "unmaintenance", standby.name]),
             "default": (["resource", "defaults", "update", "is-managed=false"],
                         ["resource", "defaults", "update", "is-managed="])}[how]
    before = log_of(standby).count(QUIET)
    cluster.pcs(*words[0])
    # hold the monitors back, so that it is the watcher that speaks, or is silent
    standby.signal(signal.SIGSTOP, r"pacemaker-execd")
    try:
        standby.kill_postgres()
        await_words(standby, QUIET, before)
    finally:
        standby.signal(signal.SIGCONT, r"pacemaker-execd")
    assert counted(standby, ASYNC) == "0"
    cluster.pcs(*words[1])
    cluster.wait("the standby to be cared for", lambda s: standby.name in s.fail_counts
                 or standby.name in s.unpromoted, 60)
    cluster.pcs("resource", "cleanup")
    forget(cluster)


def test_server_restarted_by_hand_is_watched_anew(cluster):
    """A clean shutdown is no crash; who restarts the server at once is not punished by us."""
    first = cluster.primary()
    standby = cluster.standbys()[0]
    pg_ctl(standby, "-m", "fast", "restart")
    all_watched(cluster)
    assert counted(standby, ASYNC) == "0"
    forget(cluster)
    assert cluster.look().primary == first.name


def test_on_fail_of_the_report_is_that_of_asyncmon(cluster):
    """Ignored there, it changes nothing; then the monitor's own failure counts."""
    cluster.pcs("resource", "op", "add", "pgsql", "asyncmon", "interval=0s", "on-fail=ignore",
                "--force")
    standby = cluster.standbys()[0]
    before = cluster.postmaster(standby)
    standby.kill_postgres()
    await_restart(cluster, standby, before)
    cluster.settle(120)
    assert counted(standby, STANDBY) != "0"
    cluster.pcs("resource", "op", "remove", "pgsql-asyncmon-interval-0s")
    forget(cluster)


def test_cleanup_at_that_moment_hides_no_death(cluster):
    """Cleanup wipes the history that a report has just been written to; the server comes back."""
    for _ in range(2):
        standby = cluster.standbys()[0]
        before = cluster.postmaster(standby)
        standby.kill_postgres()
        cluster.pcs("resource", "cleanup", "pgsql")
        await_restart(cluster, standby, before)
        cluster.settle(120)
        assert counted(standby, ASYNC) in ("0", "1")
        forget(cluster)


def test_two_instances_on_a_node_have_a_watcher_each(cluster):
    """The death of one is no failure of the other."""
    node = cluster.standbys()[0]
    data = "/srv/pg/second"
    node.run(f"{bindir()}/initdb", "-D", data, "-A", "trust", "-N", user="postgres")
    node.run("tee", "-a", f"{data}/postgresql.conf", stdin="port = 5433\n")
    cluster.pcs("resource", "create", "second", "ocf:pgward:pgsql", f"pgctl={bindir()}/pg_ctl",
                f"pgdata={data}", "pgport=5433", "socketdir=/run/postgresql", "op", "monitor",
                "interval=2s", "timeout=20s", "meta", "resource-stickiness=0", "--disabled")
    cluster.pcs("constraint", "location", "second", "prefers", node.name)
    for other in cluster.lab.nodes:
        if other.name != node.name:
            cluster.pcs("constraint", "location", "second", "avoids", other.name)
    cluster.pcs("resource", "enable", "second")
    wait_until("two watchers", lambda: len(watched(node)) == 2, 60, 0.2)
    mine = postmaster(node)
    between_monitors(node)
    node.signal(signal.SIGKILL, rf"^\S*/postgres -D {data}")
    cluster.wait("its failure", lambda s: "second" in s.fail_counts.get(node.name, {}), 30)
    wait_until("two watchers again",
               lambda: len(watched(node)) == 2 and mine in watched(node), 60, 0.2)
    assert counted(node, ASYNC, "second") == "1"
    assert cluster.look().fail_counts == {node.name: {"second": "1"}}
    cluster.pcs("resource", "delete", "second")
    wait_until("one watcher again", lambda: watched(node) == [mine], 60, 0.2)
    forget(cluster)


def test_watch_false_leaves_all_to_the_monitor(cluster):
    """The parameter: a restart of the resource, and no watcher any more."""
    cluster.pcs("resource", "update", "pgsql", "watch=false")
    wait_until("no watcher", lambda: not any(n.find(WATCHER) for n in cluster.lab.nodes), 60, 0.2)
    cluster.settle(120)
    assert not any(n.find(WATCHER) for n in cluster.lab.nodes)
    old = cluster.primary()
    old.kill_postgres()
    cluster.new_primary(old.name)
    assert counted(old, ASYNC) == "0" != counted(old, PRIMARY)
