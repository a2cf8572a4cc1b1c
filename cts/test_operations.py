# SPDX-License-Identifier: GPL-2.0-or-later
"""Faults and planned work with the recommended profile, three nodes, fencing on."""

import re
import signal
import subprocess
import time

import pytest

from conftest import open_lab
from labkit.lab import net
from labkit.lab.node import POSTGRES
from labkit.lab.resources import Wanted
from labkit.lab.shell import wait_until

pytestmark = pytest.mark.steps


@pytest.fixture(scope="module")
def cluster(request, agent):
    with open_lab(request.config, 3) as made:
        made.set_up(Wanted(agent=agent))
        made.settle()
        yield made


def no_gap_over(client, seconds):
    assert client.summary().gap < seconds, f"the client waited {client.summary().gap:.2f} s"


def test_killed_postgres_fails_over_and_the_old_primary_is_put_back(cluster):
    """P1, P3; recommended profile: the standby leads, the old primary may be a standby again."""
    old = cluster.primary()
    with cluster.ledger() as client:
        moment = old.kill_postgres()
        cluster.new_primary(old.name)
        client.wait_for_commits(moment)
    assert client.lost() == []
    no_gap_over(client, 10)
    cluster.put_back(old)


def elections(cluster):
    """How many elections of a coordinator the nodes have begun."""
    return sum((node.dir / "var/log/pacemaker/pacemaker.log").read_text(errors="replace")
               .count("-> S_ELECTION") for node in cluster.lab.nodes)


def record_writes(cluster):
    """How many changes of the record, in the nodes section of the CIB, the agent has told of."""
    return sum(len(re.findall(r"data-status of '[^']+': '", node.syslog()))
               for node in cluster.lab.nodes)


def test_records_are_written_without_an_election(cluster):
    """P2: Pacemaker from 2.1.7 on answers a stranger's write to the nodes with an election."""
    state = cluster.settle()
    assert elections(cluster) > 0, "the log has other words for an election"
    begun, written = elections(cluster), record_writes(cluster)
    for _ in range(2):
        member = next(n for n in state.online if state.attribute(n, "score") == "100")
        cluster.node(member).kill_postgres()
        state = cluster.wait(
            "the other standby to take its place, and it to follow again",
            lambda s, old=member: s.attribute(old, "data-status") == "STREAMING|ASYNC"
            and "100" in [s.attribute(n, "score") for n in s.online if n != old])
    assert record_writes(cluster) - written >= 6
    assert elections(cluster) == begun
    cluster.cleanup()
    cluster.settle()


@pytest.mark.parametrize("later", [0, 0.2, 0.4])
def test_a_death_amid_a_refresh_is_recovered_once(cluster, later):
    """P5: a failure told without a history stands above each later start: they never ended."""
    node = cluster.standbys()[0]
    told = node.syslog()
    refresh = subprocess.Popen(
        node.enter(["crm_resource", "--refresh", "-r", "pgsql", "-N", node.name]),
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(later)
    node.kill_postgres()
    refresh.wait(30)
    cluster.wait("the standby to be back", lambda s: node.find(POSTGRES)
                 and s.attribute(node.name, "status") in ("HS:sync", "HS:async"), 30)
    time.sleep(3)
    cluster.settle()
    assert node.syslog()[len(told):].count("starting the server of") == 1
    cluster.cleanup()
    cluster.settle()


def test_node_standby_switches_over_and_the_old_primary_follows(cluster):
    """P7: a planned switchover; back from standby, the old primary streams, with no manual step."""
    old = cluster.primary()
    with cluster.ledger() as client:
        cluster.pcs("node", "standby", old.name)
        cluster.new_primary(old.name)
        cluster.pcs("node", "unstandby", old.name)
        cluster.settle(120)
    assert client.lost() == []
    assert cluster.look().fail_counts == {}


def test_resource_move_switches_over_and_the_old_primary_follows(cluster):
    """P7: `pcs resource move` of the primary role; the old primary comes back as a standby.

    Without a target: the guide's resource-stickiness=INFINITY outweighs a wish for a node.
    What the shutdown would have to write is written while clients are still served.
    """
    state = cluster.settle()
    old = state.primary
    target = next(n for n in state.online if state.attribute(n, "score") == "100")
    cluster.node(old).sql("create table dirt as select generate_series(1, 200000)")
    told = cluster.node(old).syslog()
    with cluster.ledger() as client:
        cluster.move()
        state = cluster.new_primary(old)
        cluster.settle(120)
    assert state.primary == target
    assert "a checkpoint before the shutdown took" in cluster.node(old).syslog()[len(told):]
    assert client.lost() == []
    assert cluster.look().fail_counts == {}


def test_standby_that_holds_more_is_promoted_and_the_other_follows(cluster):
    """P1, P3: WAL reaches only the standby that nobody waits for; promoting the other would
    leave that one behind for ever."""
    state = cluster.settle()
    old = cluster.primary()
    waited_for = next(n for n in cluster.standbys() if state.attribute(n.name, "score") == "100")
    ahead = next(n for n in cluster.standbys() if n.name != waited_for.name)
    with cluster.ledger() as client:
        client.wait_for_commits(client.summary().last)
        net.cut(cluster.lab.name, waited_for.index, 2, "both")
        more = old.sql("select pg_switch_wal()")
        wait_until(f"{ahead.name} to hold more", lambda: old.sql(
            f"select flush_lsn >= '{more}' from pg_stat_replication"
            f" where application_name like '{ahead.name}~%'") == "t", 20, 0.05)
        moment = old.kill_postgres()
        state = cluster.new_primary(old.name)
        net.heal(cluster.lab.name, waited_for.index, 2)
        client.wait_for_commits(moment)
    assert client.lost() == []
    assert state.primary == ahead.name
    cluster.wait(f"{waited_for.name} to follow",
                 lambda s: s.attribute(waited_for.name, "status") in ("HS:sync", "HS:async"), 60)
    cluster.put_back(old)


def test_lone_primary_leads_again_after_a_crash(cluster):
    """P3: with the standbys gone, a killed primary starts again and leads, without a hand."""
    cluster.settle()
    alone = cluster.primary()
    for standby in cluster.standbys():
        cluster.pcs("node", "standby", standby.name)
    cluster.wait("the primary to be alone", lambda s: s.unpromoted == [], 60)
    with cluster.ledger() as client:
        moment = alone.kill_postgres()
        cluster.wait("the primary to lead again",
                     lambda s: s.primary == alone.name
                     and s.attribute(alone.name, "status") == "PRI", 60)
        client.wait_for_commits(moment)
    assert client.lost() == []
    for node in cluster.lab.nodes:
        cluster.pcs("node", "unstandby", node.name)
    cluster.cleanup("pgsql")
    assert cluster.settle(120).primary == alone.name


def segment(position):
    return int(position, 16) >> 24


def has_new_segment(node):
    """Whether WAL has left the segment in which the promotion was."""
    high, _, low = node.sql("select pg_current_wal_lsn()").partition("/")
    began = node.out("crm_attribute", "-l", "reboot", "-N", node.name, "-n",
                     "pgsql-master-baseline", "-G", "-q")
    return segment(f"{high}{low:0>8}") > segment(began)


def test_standby_that_missed_two_promotions_follows(cluster):
    """P3: they were not in one WAL segment: an archiving server could not send what is between."""
    cluster.settle()
    away = next(n for n in cluster.standbys() if cluster.look().attribute(n.name, "score") != "100")
    cluster.pcs("node", "standby", away.name)
    cluster.wait(f"{away.name} to be stopped", lambda s: away.name not in s.unpromoted)
    for number in range(2):
        old = cluster.primary()
        old.sql(f"create table missed{number} as select generate_series(1, 100)")
        old.kill_postgres()
        new = cluster.node(cluster.new_primary(old.name).primary)
        wait_until("a new WAL segment", lambda n=new: has_new_segment(n), 30, 0.2)
        state = cluster.wait(f"{old.name} to be eligible", lambda s, n=old.name: (
            s.attribute(n, "score") == "100" or s.given_up(n, 3)))
        assert not state.given_up(old.name, 3), state.describe()
    cluster.pcs("node", "unstandby", away.name)
    cluster.cleanup()
    cluster.settle()


def test_frozen_postmaster_is_failed_over_within_the_monitor_timeout(cluster):
    """P6: a server that does not answer at all is given up before Pacemaker's own timeout."""
    cluster.settle()
    old = cluster.primary()
    with cluster.ledger() as client:
        frozen = old.signal(signal.SIGSTOP, POSTGRES)
        assert frozen > 0
        cluster.new_primary(old.name, 120)
    assert client.lost() == []
    cluster.put_back(old)


def test_node_without_power_is_fenced_and_failed_over(cluster):
    """P1, P3: power off; the node is fenced and a standby leads, nothing is lost."""
    cluster.settle()
    old = cluster.primary()
    with cluster.ledger() as client:
        old.kill()
        state = cluster.new_primary(old.name)
        client.wait_for_commits(client.summary().last)
    assert client.lost() == []
    assert old.name not in state.online


def test_fenced_node_boots_and_joins_as_a_standby(cluster):
    """P3: a returning node never outranks a running primary and starts as a standby."""
    first = cluster.primary()
    off = next(node for node in cluster.lab.nodes if not node.alive())
    off.boot()
    state = cluster.wait(f"{off.name} to be in the cluster", lambda s: off.name in s.online,
                         node=first)    # the booted node's own view begins empty
    assert state.promoted == [first.name]
    cluster.put_back(off)
    assert cluster.settle().primary == first.name


def test_primary_that_crashed_and_streams_again_may_be_switched_off(cluster):
    """P3: the lock of a crash is answered once the node streams again; it refuses no later start."""
    cluster.settle()
    for node in cluster.lab.nodes:
        node.kill()
    for node in cluster.lab.nodes:
        node.boot()
    cluster.settle(150)
    for standby in cluster.standbys():
        cluster.pcs("node", "standby", standby.name)
        cluster.pcs("node", "unstandby", standby.name)
    state = cluster.settle()
    assert not state.fail_counts
    for standby in cluster.standbys():
        assert not (standby.dir / "pg/tmp/PGSQL.lock").exists()


def test_whole_cluster_stopped_at_once_comes_back_without_loss(cluster):
    """P1, P3: all nodes stop at the same moment and start again; one primary, nothing lost."""
    cluster.settle()
    with cluster.ledger() as client:
        client.wait_for_commits(client.summary().last)
        cluster.stop_all()
    for node in cluster.lab.nodes:
        node.start_cluster(wait=False)
    state = cluster.settle(150)
    assert client.lost() == []
    assert not state.fail_counts
