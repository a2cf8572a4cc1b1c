# SPDX-License-Identifier: GPL-2.0-or-later
"""Synchronous standbys: who commits wait for, with which proof, and who is released (P1, P2)."""

import re
import subprocess
import time

from labkit.lab import lab as labs, net
from labkit.lab.resources import Wanted


def names(cluster):
    return names_of(cluster.primary())


def names_of(primary):
    """Nodes' names alone: what stands behind them makes them the cluster's own."""
    return re.sub(r"~[0-9a-f]+", "", primary.sql("show synchronous_standby_names"))


def listed(cluster):
    """The standbys in the list of the primary."""
    return [node for node in cluster.standbys() if f'"{node.name}"' in names(cluster)]


def set_up(new_lab, agent, *options, nodes=3, fencing=True):
    made = new_lab(nodes)
    made.set_up(Wanted(agent=agent, options=list(options), fencing=fencing))
    made.settle()
    return made


def begin_write(node):
    """A commit on the node itself; the process ends when it is acknowledged."""
    # pylint: disable=consider-using-with
    return subprocess.Popen(
        node.enter(["psql", "-XAtq", "-h", "/run/postgresql", "-d", "postgres", "-c",
                    "insert into wrote values (1)"], user="postgres"),
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)


def end_soon(primary):
    """Dead connections of standbys are given up after some seconds, not a minute.

    Later than the agent warns of them, which it does after three.
    """
    primary.sql("alter system set wal_sender_timeout = '7s'")
    primary.sql("select pg_reload_conf()")


def test_standby_is_eligible_soon_and_only_with_proof(new_lab, agent):
    """P1: on an idle server within about a second of streaming, by a checkpoint; under load a
    commit that is seen to wait is the proof, or the same."""
    cluster = set_up(new_lab, agent)
    primary = cluster.primary()
    lines = primary.syslog().splitlines()
    first = next(n for n in lines if "commits are to wait for" in n)
    ready = next(n for n in lines if "-> 'STREAMING|SYNC'" in n)
    proof = next(n for n in lines if "a checkpoint will prove" in n)
    assert first.split()[0] < proof.split()[0] < ready.split()[0]
    with cluster.ledger() as client:
        lost = listed(cluster)[0]
        lost.kill()
        moment = time.time()
        cluster.wait("the other standby to be synchronous", lambda s: [
            n for n in s.online if n != lost.name and s.attribute(n, "status") == "HS:sync"], 40)
        client.wait_for_commits(moment)
        old = primary.name
        moment = primary.kill_postgres()
        cluster.new_primary(old)
        client.wait_for_commits(moment)
    assert client.lost() == []


def test_live_standby_that_streams_no_more_is_released_by_its_own_copy(new_lab, agent):
    """P2: its replication LAN is cut, its node is a member: the record is read back from it."""
    cluster = set_up(new_lab, agent)
    lost = listed(cluster)[0]
    end_soon(cluster.primary())
    with cluster.ledger() as client:
        moment = time.time()
        net.cut(cluster.lab.name, lost.index, 2, "both")
        cluster.wait("the other standby to take its place",
                     lambda s: s.attribute(lost.name, "data-status") == "DISCONNECT"
                     and [n for n in s.online if s.attribute(n, "status") == "HS:sync"
                          and n != lost.name], 30)
        client.wait_for_commits(moment + 5)
    assert client.lost() == []
    assert cluster.look().fail_counts == {}
    text = cluster.primary().syslog()
    assert text.count("has not answered for a while") == 1, "said once, while it lasts"


def test_lost_standby_that_cannot_be_fenced_is_waited_for(new_lab, agent):
    """P2: UNCLEAN: it may be winning elsewhere. Fencing it at last lets commits go on."""
    cluster = set_up(new_lab, agent)
    cluster.pcs("stonith", "disable", "fencing")
    cluster.pcs("property", "set", "stonith-timeout=600s")
    lost = listed(cluster)[0]
    end_soon(cluster.primary())
    net.cut(cluster.lab.name, lost.index, 1, "both")
    net.cut(cluster.lab.name, lost.index, 2, "both")
    cluster.wait("the node to be gone", lambda s: lost.name not in s.online, 40,
                 node=cluster.lab.node("node1" if lost.name != "node1" else "node2"))
    primary = next(n for n in cluster.lab.running() if n.name != lost.name
                   and "f" in n.sql("select pg_is_in_recovery()", check=False))
    labs.wait_until("the primary to say that it waits", lambda:
                    "which is lost: it may still take over" in primary.syslog(), 20, 0.5)
    for _ in range(4):
        time.sleep(1)
        assert f'"{lost.name}"' in names_of(primary)
    assert primary.syslog().count("which is lost: it may still take over") == 1
    lost.kill()
    primary.run("stonith_admin", "--confirm", lost.name)
    cluster.wait("commits to go on without it",
                 lambda s: f'"{lost.name}"' not in names_of(primary),
                 30, node=primary)
    assert cluster.record(lost, primary) == "DISCONNECT"


def test_two_synchronous_standbys_and_either_takes_over(new_lab, agent):
    """sync_num=2: commits wait for both, both are eligible, one is enough when the other is lost."""
    cluster = set_up(new_lab, agent, "sync_num=2")
    cluster.wait("both standbys to be synchronous",
                 lambda s: [s.attribute(n.name, "data-status") for n in cluster.lab.running()]
                 .count("STREAMING|SYNC") == 2, 20)
    assert names(cluster).startswith("FIRST 2 (")
    old = cluster.primary()
    with cluster.ledger() as client:
        cluster.standbys()[0].kill()
        moment = time.time()
        cluster.wait("one name to be left", lambda s: len(listed(cluster)) == 1, 40)
        client.wait_for_commits(moment + 5)
        moment = old.kill_postgres()
        cluster.new_primary(old.name)
        client.wait_for_commits(moment)
    assert client.lost() == []


def test_strict_mode_waits_for_a_standby_and_admits_clients_late(new_lab, agent):
    """sync_strict: no commit without a standby; the clients' address comes up once there is one."""
    cluster = set_up(new_lab, agent, "sync_strict=true", nodes=2)
    old = cluster.primary()
    assert cluster.look().where.get("vip-master") == old.name
    standby = cluster.standbys()[0]
    old.sql("create table wrote (i int)")
    standby.kill()
    cluster.wait("the standby to be gone", lambda s: standby.name not in s.online, 30, node=old)
    labs.wait_until("the primary to say that it waits", lambda:
                    "sync_strict is set" in old.syslog(), 20, 0.5)
    with begin_write(old) as write:
        time.sleep(3)
        assert standby.name in names(cluster)
        assert write.poll() is None, "a commit did not wait for a standby"
        standby.boot()
        assert write.wait(60) == 0
    cluster.settle()
    old.kill_postgres()
    cluster.wait("the standby to lead", lambda s: s.primary == standby.name
                 and s.where.get("vip-rep") == standby.name, 60)
    assert "vip-master" not in cluster.look().where, "clients were let in too early"
    cluster.put_back(old)
    lines = standby.syslog().splitlines()

    def last(words):
        return [n for n in lines if all(word in n.lower() for word in words)][-1].split()[0]
    assert last(["set-admit on", "'no'"]) < last(["promoting the server"])
    assert last(["set-admit on", "'yes'"]) < last(["vip-master", "start", "ok"])


def quorum_of(cluster, *wanted):
    """The members' records, once they are these."""
    def read(state):
        return sorted(f"{state.attribute(n, 'data-status')} {cluster.quorum(n)}"
                      for n in state.online if n != state.primary)
    return cluster.wait(f"the quorum's record to be {wanted}",
                        lambda s: read(s) == sorted(wanted), 40)


def test_quorum_of_three_loses_nothing_in_failovers(new_lab, agent):
    """sync_mode=quorum: any one of two has a commit, the newest of both leads; with one left,
    that one leads alone."""
    cluster = set_up(new_lab, agent, "sync_mode=quorum", "sync_num=1")
    quorum_of(cluster, "STREAMING|QUORUM 1/2", "STREAMING|QUORUM 1/2")
    assert names(cluster).startswith("ANY 1 (")
    assert "quorum" in cluster.primary().sql("select sync_state from pg_stat_replication")
    old = cluster.primary()
    with cluster.ledger() as client:
        moment = old.kill_postgres()
        cluster.new_primary(old.name)
        client.wait_for_commits(moment)
        cluster.put_back(old)
        quorum_of(cluster, "STREAMING|QUORUM 1/2", "STREAMING|QUORUM 1/2")
        old = cluster.primary()
        cluster.standbys()[0].kill()
        quorum_of(cluster, "STREAMING|QUORUM 1/1")
        moment = old.kill_postgres()
        cluster.new_primary(old.name)
        client.wait_for_commits(moment)
    assert client.lost() == []
