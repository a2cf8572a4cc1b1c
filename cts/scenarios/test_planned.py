# SPDX-License-Identifier: GPL-2.0-or-later
"""Planned work on a loaded cluster."""

import pytest

ROUNDS = 20


def servers(rig):
    return {node.name: rig.cluster.postmaster(node) for node in rig.lab.nodes}


@pytest.mark.place(nodes=2)
def test_switchover_20_times_back_and_forth(rig):
    """P7: each proved, no manual step between."""
    with rig.trial() as load:
        for _ in range(ROUNDS):
            rig.whole()
            rig.move()
            load.commits()


def test_crm_resource_move(rig):
    rig.eligible()
    with rig.trial() as load:
        rig.move()
        load.commits()
        seen = rig.whole()
        assert not rig.ours or not rig.steps, "a switchover needs no hand"
        assert seen.fail_counts == {}


@pytest.mark.worst
def test_primary_node_standby(rig):
    """P7: the old primary leaves, and streams when it is back."""
    rig.eligible()
    old = rig.primary()
    with rig.trial() as load:
        rig.cluster.pcs("node", "standby", old.name)
        rig.new_primary(old.name)
        load.commits()
        rig.cluster.pcs("node", "unstandby", old.name)
        rig.whole()
        assert not rig.ours or not rig.steps, "a switchover needs no hand"


@pytest.mark.alone
def test_standby_node_standby(rig):
    """P2: a standby that is stopped on purpose is released before its stop."""
    node = rig.eligible()
    with rig.trial() as load:
        rig.cluster.pcs("node", "standby", node.name)
        rig.wait("it to be stopped", lambda s: node.name not in s.unpromoted)
        load.commits()
        rig.cluster.pcs("node", "unstandby", node.name)
    assert not rig.ours or rig.last.gap < 5, f"commits stalled for {rig.last.gap} s"


def test_maintenance_mode(rig):
    """P2: nothing is started, stopped or released; leaving it mends what broke meanwhile."""
    node, first = rig.eligible(), rig.primary()
    before = servers(rig)
    with rig.trial() as load:
        rig.cluster.pcs("property", "set", "maintenance-mode=true")
        for _ in range(3):
            load.commits()
        assert servers(rig) == before
        node.kill_postgres()
        load.stalled(4)
        assert rig.cluster.record(node, first) == "STREAMING|SYNC"
        rig.cluster.pcs("property", "set", "maintenance-mode=false")
        load.commits()
        assert rig.whole().primary == first.name


def test_cleanup_and_refresh(rig):
    """A probe of what runs changes nothing."""
    rig.eligible()
    before, first = servers(rig), rig.primary().name
    with rig.trial() as load:
        for word in ("--cleanup", "--refresh"):
            rig.crm_resource(word, "--resource", "pgsql")
            load.commits()
            rig.wait("every score again", lambda s: not rig.wrong(s))
            rig.crm_resource(word)
            load.commits()
            rig.wait("every score again", lambda s: not rig.wrong(s))
        assert servers(rig) == before
        assert rig.primary().name == first


@pytest.mark.parametrize("role", ["primary", "standby"])
def test_cluster_stop_and_start(rig, role):
    eligible, first = rig.eligible(), rig.primary()
    node = first if role == "primary" else eligible
    with rig.trial() as load:
        node.stop_cluster()
        if role == "primary":
            rig.new_primary(first.name)
        load.commits()
        node.start_cluster()


def test_whole_cluster_stop_and_start(rig):
    rig.eligible()
    with rig.trial() as load:
        load.commits()
        rig.cluster.stop_all()
        for node in rig.lab.nodes:
            node.start_cluster(wait=False)
        load.commits(timeout=180)
