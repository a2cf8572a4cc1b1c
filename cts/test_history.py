# SPDX-License-Identifier: GPL-2.0-or-later
"""What a node is, not what it is called: histories, positions and the record (P1, P2, P3)."""

import time

import pytest

from conftest import open_lab
from labkit.lab import net
from labkit.lab.resources import Wanted

pytestmark = pytest.mark.steps

COMMAND = "pg_rewind or pg_basebackup"
# a shutdown waits for no longer; an archive of its own would bring parted WAL back
SETTINGS = "wal_sender_timeout = 8s\narchive_mode = off\n"


@pytest.fixture(scope="module")
def cluster(request, agent):
    with open_lab(request.config, 3) as made:
        made.set_up(Wanted(agent=agent, options=["rejoin=manual"]), SETTINGS)
        made.settle()
        yield made


def data_status(cluster, name):
    return cluster.look().attribute(name, "data-status")


def told(state, name):
    """The exit reason that names the way back."""
    return next((r for r in state.reasons.get(name, []) if COMMAND in r), "")


def wait_until_out(cluster, node, test=told):
    """Wait until the node is down for good and says why; it must not be ranked meanwhile."""
    def out(state):
        assert state.attribute(node.name, "score") != "100", state.describe()
        assert state.attribute(node.name, "data-status") != "STREAMING|SYNC", state.describe()
        return state.given_up(node.name, 3) and test(state, node.name)
    return cluster.wait(f"{node.name} to be out, with the reason", out, 90)


def bring_back(cluster, node):
    cluster.rebuild(node)
    cluster.settle()


def replace_without_its_last_wal(cluster):
    """The primary writes what no standby gets, is stopped, replaced, and comes back."""
    old, others = cluster.primary(), cluster.standbys()
    for node in others:
        net.cut(cluster.lab.name, node.index, 2, "both")
    old.sql("SELECT pg_logical_emit_message(false, 'tail', repeat('of nobody else', 9999))")
    cluster.pcs("node", "standby", old.name)
    cluster.new_primary(old.name)
    for node in others:
        net.heal(cluster.lab.name, node.index, 2)
    cluster.pcs("node", "unstandby", old.name)
    return old


def test_timelines_of_one_number_are_told_apart(cluster):
    """P3: promoted by hand once, then a switchover gives the others a timeline of that number."""
    first = cluster.settle().primary
    stray = next(n for n in cluster.standbys() if data_status(cluster, n.name) != "STREAMING|SYNC")
    with cluster.ledger() as client:
        stray.sql("SELECT pg_promote()")
        cluster.wait(f"{stray.name} to be stopped or to fail",
                     lambda s: stray.name in s.fail_counts, 60)
        cluster.move()
        cluster.new_primary(first)
        cluster.cleanup()
        wait_until_out(cluster, stray)
        client.wait_for_commits(time.time())
    assert client.lost() == []
    bring_back(cluster, stray)


def test_record_covers_who_left_node_list(cluster):
    """P2: commits go on without the synchronous standby; put back, it does not lead by its past."""
    state = cluster.settle()
    primary = cluster.primary()
    gone = next(n for n in cluster.standbys()
                if state.attribute(n.name, "data-status") == "STREAMING|SYNC")
    names = cluster.lab.node_names
    with cluster.ledger() as client:
        rest = " ".join(name for name in names if name != gone.name)
        cluster.update(f"node_list={rest}")
        cluster.wait(f"{gone.name} to be released",
                     lambda s: s.attribute(gone.name, "data-status") == "DISCONNECT")
        client.wait_for_commits(time.time())
        net.cut(cluster.lab.name, gone.index, 2, "both")
        client.wait_for_commits(time.time())
        cluster.update(f"node_list={' '.join(names)}")
        moment = primary.kill_postgres()
        cluster.new_primary(primary.name)
        net.heal(cluster.lab.name, gone.index, 2)
        client.wait_for_commits(moment)
        assert cluster.look().primary != gone.name
    cluster.put_back(primary)
    assert client.lost() == []


def test_clean_primary_that_was_replaced_stays_out(cluster):
    """P3: no lock tells, so its own history does, while it tries to follow or before."""
    with cluster.ledger() as client:
        old = replace_without_its_last_wal(cluster)
        wait_until_out(cluster, old)
        client.wait_for_commits(time.time())
    assert client.lost() == []
    bring_back(cluster, old)


def test_clean_primary_that_was_replaced_stays_out_on_one_timeline(cluster):
    """P3: restart_on_promote keeps the timeline: who led and is started again is not believed."""
    # while it reloads crm_mon does not know its role
    cluster.update("restart_on_promote=true")
    cluster.settle()
    with cluster.ledger() as client:
        old = replace_without_its_last_wal(cluster)
        state = wait_until_out(cluster, old)
        assert "PGSQL.lock" in told(state, old.name)
        client.wait_for_commits(time.time())
    assert client.lost() == []
    cluster.rebuild(old)
    cluster.update("restart_on_promote=false")
    cluster.settle()
