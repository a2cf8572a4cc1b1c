# SPDX-License-Identifier: GPL-2.0-or-later
"""What is in the way of a rejoin: cables, frozen processes, rights, a full disk (P9)."""

import signal
import time

import pytest

from conftest import open_lab
from labkit.faults.fault import power_on
from labkit.faults.networks import cut_lan, mend_lans
from labkit.lab import net
from labkit.lab.node import POSTGRES
from labkit.lab.resources import Wanted
from returning.test_rejoin_interrupted import part, phase, streams

pytestmark = pytest.mark.steps

GRANTS = """
GRANT EXECUTE ON FUNCTION pg_ls_dir(text, boolean, boolean), pg_stat_file(text, boolean),
    pg_read_binary_file(text), pg_read_binary_file(text, bigint, bigint, boolean) TO rewinder;
GRANT pg_checkpoint TO rewinder;
"""


@pytest.fixture(scope="module")
def cluster(request, agent):
    with open_lab(request.config, 3) as made:
        made.set_up(Wanted(agent=agent, options=["rejoin=rewind"]))
        made.settle()
        yield made


def is_back(cluster, old, other, client):
    """It streams, as another node sees it: the view of one that booted begins empty."""
    cluster.wait(f"{old.name} to stream", streams(old), 120, node=other)
    client.wait_for_commits(time.time())
    cluster.wait("the marker to go", lambda _: not phase(old), 20)
    cluster.cleanup()
    cluster.settle()


def write_alone(cluster, old):
    """WAL of its own: its replication LAN is cut from here on."""
    cut_lan(cluster, old, net.LANS["replication"], "both")
    old.sql("SELECT pg_logical_emit_message(false, 'tail', repeat('x', 1000000)); CHECKPOINT")


def another_leads(cluster, old):
    """As the others see it; one of them."""
    other = next(node for node in cluster.lab.nodes if node.name != old.name)
    state = cluster.wait(f"another than {old.name} to lead", lambda s: any(
        s.attribute(n.name, "status") == "PRI" for n in cluster.lab.nodes if n.name != old.name),
        120, node=other)
    assert state.primary != old.name
    return other


def is_fenced(cluster, old):
    """It has lost its power, and its cables are whole when it is switched on; another node."""
    other = another_leads(cluster, old)
    cluster.wait(f"{old.name} to be off", lambda _: not old.alive(), 60, node=other)
    mend_lans(cluster, old)
    power_on(old)
    return other


def test_primary_whose_lans_were_cut_comes_back(cluster):
    cluster.settle()
    with cluster.ledger() as client:
        client.wait_for_commits(time.time())
        old = cluster.primary()
        write_alone(cluster, old)
        for lan in net.LANS.values():
            cut_lan(cluster, old, lan, "both")
        is_back(cluster, old, is_fenced(cluster, old), client)
    assert client.lost() == []
    assert "this node is back" in old.syslog()


def test_frozen_node_that_was_fenced_comes_back(cluster):
    cluster.settle()
    with cluster.ledger() as client:
        client.wait_for_commits(time.time())
        old = cluster.primary()
        before = len(old.syslog())
        write_alone(cluster, old)
        old.signal(signal.SIGSTOP)
        is_back(cluster, old, is_fenced(cluster, old), client)
    assert client.lost() == []
    assert "this node is back" in old.syslog()[before:]


def test_frozen_server_that_is_thawed_comes_back(cluster):
    """Too late: another leads by then, and whoever was frozen may go on for a moment."""
    cluster.settle()
    with cluster.ledger() as client:
        client.wait_for_commits(time.time())
        old = cluster.primary()
        before = len(old.syslog())
        write_alone(cluster, old)
        assert old.signal(signal.SIGSTOP, POSTGRES) > 0
        other = another_leads(cluster, old)
        old.signal(signal.SIGCONT)
        mend_lans(cluster, old)
        is_back(cluster, old, other, client)
    assert client.lost() == []
    assert "this node is back" in old.syslog()[before:]


def is_given_up(cluster, old, words):
    state = cluster.wait(f"{old.name} to be given up", lambda s: s.given_up(old.name, 3), 180)
    reasons = state.reasons.get(old.name, [])
    assert any(words in reason for reason in reasons), state.describe()


def test_rewind_without_its_rights_says_which_and_goes_on_with_them(cluster):
    """Nothing is touched before they are tried."""
    cluster.settle()
    cluster.primary().sql("CREATE ROLE rewinder LOGIN")
    cluster.update("rejoin_user=rewinder")
    cluster.settle()
    with cluster.ledger() as client:
        client.wait_for_commits(time.time())
        old = part(cluster)
        is_given_up(cluster, old, "rejoin_user")
        assert phase(old) == "kept"
        cluster.primary().sql(GRANTS)
        cluster.cleanup()
        is_back(cluster, old, cluster.primary(), client)
    assert client.lost() == []
    cluster.update("rejoin_user=")


# --- a full disk -----------------------------------------------------------

# nobody releases the standby while what nobody else has is written, however long it takes
PATIENT = "wal_sender_timeout = 10min\n"

DISK = """
owner=$(stat -c %u:%g /srv/pg) && mode=$(stat -c %a /srv/pg) &&
mount -t tmpfs -o "size=2g,mode=$mode" tmpfs /srv/pg && chown "$owner" /srv/pg
"""
FILL = "fallocate -l $(($(df --output=avail -B1M /srv/pg | tail -1) - %d))M /srv/pg/filler"


@pytest.fixture(scope="module")
def small(request, agent):
    """Two nodes whose disks can be filled; what is on them goes with their power."""
    with open_lab(request.config, 2) as made:
        for node in made.lab.nodes:
            node.run("sh", "-c", DISK)
        made.set_up(Wanted(agent=agent, options=["rejoin=rewind"]), PATIENT)
        made.settle()
        made.primary().sql("CREATE TABLE big AS SELECT i, repeat(md5(i::text), 15) AS words "
                           "FROM generate_series(1, 150000) i", timeout=120)
        yield made


def step(node):
    """The marker's word; the disk is seen inside the node only."""
    return node.out("sh", "-c", "sed -n 's/^phase //p' /srv/pg/tmp/PGWARD.rejoin", check=False)


def crash_with_less_than(cluster, free_mb, query):
    """It has written what nobody else has, and has so little room left."""
    old, standby = cluster.primary(), cluster.standbys()[0]
    net.cut(cluster.lab.name, standby.index, 2, "both")
    old.sql("CHECKPOINT", timeout=60)
    old.sql(f"SET synchronous_commit = local; {query}", timeout=120)
    old.run("sh", "-c", FILL % free_mb)
    old.kill_postgres()
    cluster.wait(f"{standby.name} to be promoted",
                 lambda s: s.attribute(standby.name, "status") == "PRI", 90)
    net.heal(cluster.lab.name, standby.index, 2)
    return old


@pytest.mark.parametrize("free_mb, query, words, reached", [
    (40, "SELECT pg_logical_emit_message(false, 'tail', repeat('x', 60000000))",
     "the WAL that only this node has", "begun"),
    (300, "UPDATE big SET words = words || 'x'", "the rewind may take", "kept"),
], ids=["keep", "rewind"])
def test_full_disk_is_told_and_with_room_it_goes_on(small, free_mb, query, words, reached):
    small.settle()
    with small.ledger() as client:
        client.wait_for_commits(time.time())
        old = crash_with_less_than(small, free_mb, query)
        is_given_up(small, old, words)
        assert step(old).strip() == reached
        old.run("rm", "/srv/pg/filler")
        small.cleanup()
        small.wait(f"{old.name} to stream", streams(old), 180)
        client.wait_for_commits(time.time())
    assert client.lost() == []
    small.cleanup()
    small.settle()
