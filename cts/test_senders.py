# SPDX-License-Identifier: GPL-2.0-or-later
"""WAL senders that only look alive, and standbys that leave (P1, P2).

wal_sender_timeout is a minute here: what is not seen as dead by other means stays until then.
"""

import signal
import subprocess
import time

import pytest

from conftest import open_lab
from labkit.lab import postgres
from labkit.lab.node import POSTMASTER
from labkit.lab.resources import Wanted
from labkit.lab.shell import wait_until

pytestmark = pytest.mark.steps

SETTINGS = "wal_sender_timeout = 60s\n"


@pytest.fixture(scope="module")
def cluster(request, agent):
    with open_lab(request.config, 3) as made:
        made.set_up(Wanted(agent=agent), SETTINGS)
        made.settle()
        yield made


def synchronous(cluster):
    """The standby that commits wait for, and the other one."""
    found = cluster.settle()
    first, second = cluster.standbys()
    if found.attribute(first.name, "data-status") != "STREAMING|SYNC":
        first, second = second, first
    return first, second


def senders(primary, node):
    """The processes of the WAL senders that have the node's name."""
    return primary.sql("select pid from pg_stat_replication where "
                       f"split_part(application_name, '~', 1) = '{node.name}'").split()


def taken_back(text, node):
    """Whether a record says that the node streams again after it was released."""
    return f"data-status of '{node.name}': 'DISCONNECT' -> 'STREAMING|" in text


def test_fenced_standby_that_is_back_at_once_holds_up_no_commit(cluster):
    """Its old WAL sender looks alive: another standby takes its place, and it ends."""
    lost, other = synchronous(cluster)
    primary = cluster.primary()
    old = senders(primary, lost)
    with cluster.ledger() as client:
        primary.run("stonith_admin", "--fence", lost.name, timeout=60)
        lost.boot()
        cluster.wait(f"commits to wait for {other.name}", lambda s: s.attribute(
            other.name, "data-status") == "STREAMING|SYNC", 40)
        cluster.wait(f"{lost.name} to stream again",
                     lambda s: s.attribute(lost.name, "status") == "HS:async", 50)
        assert not set(old) & set(senders(primary, lost)), "the dead WAL sender is still there"
    assert client.lost() == []


def test_standby_that_leaves_is_not_taken_back_before_it_has_stopped(cluster):
    """Its release makes Pacemaker plan anew; monitors in between leave it released."""
    for _ in range(3):
        leaving, _other = synchronous(cluster)
        primary = cluster.primary()
        before = len(primary.syslog())
        with cluster.ledger() as client:
            cluster.pcs("node", "standby", leaving.name)
            wait_until(f"the server on {leaving.name} to be stopped",
                       lambda n=leaving: not n.find(POSTMASTER), 60, 0.05)
            text = primary.syslog()[before:]
        assert client.lost() == []
        assert f"data-status of '{leaving.name}': 'STREAMING|SYNC' -> 'DISCONNECT'" in text
        assert not taken_back(text, leaving), text
        cluster.pcs("node", "unstandby", leaving.name)


def test_refresh_of_a_standby_that_runs_ends_nothing(cluster):
    """Its history goes, and a start is planned: the probe finds what runs."""
    standby, _other = synchronous(cluster)
    primary = cluster.primary()
    before = len(primary.syslog())
    with cluster.ledger() as client:
        for words in (["refresh", "pgsql", f"node={standby.name}"], ["refresh", "pgsql"]):
            moment = time.time()
            cluster.pcs("resource", *words)
            cluster.settle()
            client.wait_for_commits(moment)
    assert client.lost() == []
    assert "runs no server" not in primary.syslog()[before:]


def test_promotion_ends_the_wal_senders_of_before(cluster):
    """A client that a standby served, frozen: its WAL sender would outlive the promotion."""
    ranked, other = synchronous(cluster)
    old = cluster.primary()
    other.run("mkdir", "-p", "/tmp/received")
    command = [str(postgres.bindir() / "pg_receivewal"), "-D", "/tmp/received", "-d",
               f"host=192.168.2.{ranked.index} user=postgres application_name={old.name}"]
    with subprocess.Popen(other.enter(command), stdin=subprocess.DEVNULL,
                          stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as receiver:
        pids = wait_until(f"{ranked.name} to serve it", lambda: senders(ranked, old), 20, 0.1)
        other.signal(signal.SIGSTOP, "pg_receivewal")
        try:
            with cluster.ledger() as client:
                old.kill_postgres()
                cluster.new_primary(old.name)
            left = ranked.sql("select pid from pg_stat_replication").split()
        finally:
            other.signal(signal.SIGKILL, "pg_receivewal")
            receiver.kill()    # nsenter stopped with it
    assert client.lost() == []
    assert not set(pids) & set(left), "a WAL sender of before the promotion is left"
    cluster.put_back(old)
