# SPDX-License-Identifier: GPL-2.0-or-later
"""A planned move, and an election, that something outside of the cluster stands in the way of."""

import time

import pytest

from conftest import open_lab
from labkit import faults
from labkit.lab.node import Node
from labkit.lab.postgres import DATA, bindir
from labkit.lab.resources import VIP_MASTER, Wanted
from labkit.lab.shell import wait_until

pytestmark = pytest.mark.steps

SETTINGS = "wal_level = logical\n"
MOVE = 45       # seconds; stop_escalate has 90


@pytest.fixture(scope="module")
def cluster(request, agent):
    with open_lab(request.config, 3) as made:
        made.set_up(Wanted(agent=agent), SETTINGS)
        made.settle()
        yield made


def move(cluster, old: Node) -> str:
    """The role leaves its node; what the old primary's agent said meanwhile."""
    before = len(old.syslog())
    with cluster.ledger() as client:
        cluster.move()
        cluster.new_primary(old.name, 120)
        cluster.settle(120)
    assert client.lost() == []
    assert client.summary().gap < MOVE
    words = old.syslog()[before:]
    assert "immediate shutdown" not in words
    assert cluster.look().fail_counts == {}
    return words


def test_logical_client_that_never_confirms_holds_no_move_up(cluster):
    """P7: its WAL sender is ended, by name, and the old primary ends clean and follows."""
    old = cluster.primary()
    client = faults.ReplicationClient(cluster.lab.name, VIP_MASTER)
    assert client.words == "streams"
    words = move(cluster, old)
    client.leave(cluster)
    assert "walsender" in words and "does not confirm and is not needed" in words
    assert words.count("ending process") == 1      # no standby's


def test_archive_command_that_hangs_holds_no_move_up(cluster):
    """P7: it is ended, the gap in the archive is named, and the old primary follows."""
    old = cluster.primary()
    faults.set_archive_command(cluster, "sleep 600")
    old.sql("create table archived (); select pg_switch_wal()")
    wait_until("a segment that waits for the archive",
               lambda: old.out("sh", "-c", f"ls {DATA}/pg_wal/archive_status").count(".ready"), 30)
    words = move(cluster, old)
    faults.set_archive_command(cluster)
    assert "the archive has a gap now, WAL 0000000" in words
    assert "of archive_command (sleep)" in words


def test_expired_password_of_monitor_user_costs_no_failover(cluster):
    """P3: the owner asks in its place, and the log says what is wrong."""
    primary = cluster.primary()
    roles = "pg_monitor, pg_checkpoint" if int(bindir().parent.name) >= 15 else "pg_monitor"
    primary.sql("set password_encryption = 'scram-sha-256'; create role watcher login "
                f"password 'se cret' in role {roles}")
    for node in cluster.lab.running():
        node.run("sed", "-i", "1i local all watcher scram-sha-256", f"{DATA}/pg_hba.conf")
        node.sql("select pg_reload_conf()")
    cluster.update("monitor_user=watcher", "monitor_password=se cret")
    cluster.settle(120)
    old = cluster.primary()
    old.sql("alter role watcher valid until '2020-01-01'")
    wait_until("the log to say so", lambda: all(
        "does not let monitor_user in" in node.syslog() for node in cluster.lab.running()), 60)
    with cluster.ledger() as client:
        moment = old.kill_postgres()
        cluster.new_primary(old.name)
        client.wait_for_commits(moment)
    assert client.lost() == []
    cluster.put_back(old)


def test_two_bans_leave_the_lead_to_who_holds_as_much(cluster):
    """P3: whom the record allows may not lead, and the third node has all that they have."""
    found = cluster.settle()
    old = cluster.primary()
    ranked, third = sorted(cluster.standbys(), key=lambda node: found.attribute(
        node.name, "data-status") != "STREAMING|SYNC")
    cluster.pcs("resource", "ban", "msPostgresql", ranked.name, "--promoted")
    with cluster.ledger() as client:
        cluster.pcs("resource", "ban", "msPostgresql", old.name, "--promoted")
        cluster.new_primary(old.name, MOVE)
        client.wait_for_commits(time.time())
    assert cluster.primary().name == third.name
    assert client.lost() == []
    assert "holds as much and leads instead" in third.syslog()
    cluster.pcs("resource", "clear", "msPostgresql")
    cluster.settle()
