# SPDX-License-Identifier: GPL-2.0-or-later
"""Processes that are killed, frozen or hung."""

import signal

import pytest

from labkit.lab.node import PACEMAKERD, POSTGRES, POSTMASTER
from labkit.measure.rig import COROSYNC

ATTRD = r"^(\S*/)?pacemaker-attrd( |$)"
BASED = r"^(\S*/)?pacemaker-based( |$)"
LOCAL_SESSION = r"^postgres: postgres postgres \[local\]"


def choose(rig, role):
    """The primary, or the standby that takes over."""
    eligible = rig.eligible()
    return rig.primary() if role == "primary" else eligible


@pytest.mark.worst
@pytest.mark.parametrize("role", ["primary", "standby"])
def test_postmaster_killed(rig, role):
    """P4: its orphans can still commit until they are ended."""
    node = choose(rig, role)
    with rig.trial() as load:
        assert node.signal(signal.SIGKILL, POSTMASTER)
        load.commits()


@pytest.mark.parametrize("role", ["primary", "standby"])
def test_all_postgres_killed(rig, role):
    node = choose(rig, role)
    with rig.trial() as load:
        moment = node.kill_postgres()
        if role == "primary":
            rig.new_primary(node.name)
        load.commits(moment)


@pytest.mark.worst
def test_postmaster_frozen(rig):
    """P4, P6: its sessions go on, nobody new comes in; stop escalates inside its time."""
    old = choose(rig, "primary")
    with rig.trial() as load:
        assert old.signal(signal.SIGSTOP, POSTMASTER)
        rig.new_primary(old.name, 180)
        load.commits()


def test_standbys_postmaster_frozen(rig):
    node = choose(rig, "standby")
    first = rig.primary()
    with rig.trial() as load:
        assert node.signal(signal.SIGSTOP, POSTGRES)
        load.commits(timeout=120)
        assert rig.primary().name == first.name


@pytest.mark.place(options=("stop_escalate=10",))
def test_one_backend_hung(rig):
    """P6: a session that hangs fails no server, and does not keep it from being stopped."""
    old = choose(rig, "primary")
    server = rig.cluster.postmaster(old)
    with rig.trial() as load:
        hung = old.find(LOCAL_SESSION)
        assert old.signal(signal.SIGSTOP, LOCAL_SESSION)
        for _ in range(10):
            load.commits()
        assert rig.cluster.postmaster(old) == server
        assert rig.wait("a view", rig.leads).fail_counts == {}
        assert set(hung) & set(old.find(LOCAL_SESSION)), "the hung session is gone already"
        rig.cluster.pcs("node", "standby", old.name)
        rig.new_primary(old.name, 180)
        rig.cluster.pcs("node", "unstandby", old.name)


def test_attrd_killed(rig):
    """P6: a stall of the cluster's own daemons does not fail a healthy server.

    With its attrd the primary's score goes. Mostly the next monitor sets it in time; where
    Pacemaker was quicker, it moves the service, without a failure and without a hand.
    """
    first = choose(rig, "primary")
    server = rig.cluster.postmaster(first)
    with rig.trial() as load:
        assert first.signal(signal.SIGKILL, ATTRD)
        for _ in range(5):
            load.commits()
        state = rig.whole(hands=False)
        assert state.fail_counts == {}
        assert state.primary != first.name or rig.cluster.postmaster(first) == server


@pytest.mark.parametrize("role", ["primary", "standby"])
def test_pacemaker_based_frozen(rig, role):
    """Pacemaker's own answer is to restart it, or to fence the node."""
    node = choose(rig, role)
    with rig.trial() as load:
        assert node.signal(signal.SIGSTOP, BASED)
        for _ in range(10):
            load.commits(timeout=180)


@pytest.mark.parametrize("role", ["primary", "standby"])
def test_pacemakerd_killed(rig, role):
    """Its daemons live on, and systemd starts it again."""
    node = choose(rig, role)
    first = rig.primary()
    server = rig.cluster.postmaster(first)
    with rig.trial() as load:
        assert node.signal(signal.SIGKILL, PACEMAKERD)
        load.commits()
        rig.start(node)
        for _ in range(5):
            load.commits()
        assert rig.whole().primary == first.name
    assert rig.cluster.postmaster(first) == server


def test_corosync_killed(rig):
    """A node that lost the cluster is fenced, whatever still runs there."""
    old = choose(rig, "primary")
    with rig.trial() as load:
        assert old.signal(signal.SIGKILL, COROSYNC)
        rig.new_primary(old.name)
        load.commits()
