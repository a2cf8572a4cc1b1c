# SPDX-License-Identifier: GPL-2.0-or-later
"""Nodes that lose power or stand still."""

import signal
import threading
import time

import pytest

from labkit.lab import net
from labkit.lab.shell import wait_until

WALRECEIVER = r"^postgres: walreceiver"


def test_primary_node_killed(rig):
    rig.eligible()
    old = rig.primary()
    with rig.trial() as load:
        old.kill()
        rig.new_primary(old.name)
        load.commits()


@pytest.mark.place(nodes=2)
@pytest.mark.parametrize("role", ["primary", "standby"])
def test_node_of_two_killed(rig, role):
    """P2: the other waits until it is fenced, then goes on alone."""
    standby, first = rig.eligible(), rig.primary()
    with rig.trial() as load:
        (first if role == "primary" else standby).kill()
        load.commits()
        assert rig.wait("a primary", rig.leads).primary == (
            standby if role == "primary" else first).name


@pytest.mark.worst
def test_primary_node_frozen(rig):
    """The others fence it: it never comes to itself again with an old mind."""
    rig.eligible()
    old = rig.primary()
    with rig.trial() as load:
        old.signal(signal.SIGSTOP)
        rig.new_primary(old.name)
        load.commits()


def frozen_and_thawed(rig, at_once):
    """The old primary wakes up beside the new one, and with an old view of the cluster."""
    rig.eligible()
    old = rig.primary()
    with rig.trial() as load:
        old.signal(signal.SIGSTOP)
        if at_once:
            rig.wait("another to be promoted", lambda s: s.primary not in (None, old.name)
                     and s.attribute(s.primary, "status") == "PRI", every=0.1)
        else:
            rig.new_primary(old.name)
            load.commits()
        old.signal(signal.SIGCONT)
        seen = rig.wait("the old primary to give way",
                        lambda s: old.name in s.online and rig.leads(s) and s.primary != old.name)
        assert seen.attribute(seen.primary, "data-status") == "LATEST", seen.describe()
        load.commits()


@pytest.mark.place(fencing=False)
def test_primary_node_frozen_and_thawed_after_the_failover(rig):
    """P1, P3: without fencing nothing but the record tells it that another leads."""
    frozen_and_thawed(rig, at_once=False)


@pytest.mark.place(nodes=2, fencing=False)
@pytest.mark.parametrize("at_once", [True, False], ids=["at-once", "later"])
def test_primary_node_of_two_frozen_and_thawed_after_the_failover(rig, at_once):
    frozen_and_thawed(rig, at_once)


@pytest.mark.worst
def test_standby_killed_then_primary(rig):
    """P2: the second standby is proved before it counts; without quorum nobody leads."""
    first, second = rig.primary(), rig.eligible()
    third = next(n for n in rig.standbys() if n.name != second.name)
    with rig.trial() as load:
        second.kill()
        rig.wait(f"{third.name} to be eligible",
                 lambda s: s.attribute(third.name, "score") == "100", 120)
        load.commits()
        first.kill()
        rig.nobody_leads(load)
        rig.boot(second)
        rig.boot(first)
        assert rig.wait("a leader", rig.leads, 120).primary != second.name


class Freezer(threading.Thread):
    """Stops a standby's WAL receivers as soon as they appear: it connects and gets nothing."""

    def __init__(self, node) -> None:
        super().__init__(daemon=True)
        self.node = node
        self.over = threading.Event()
        self.count = 0

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_unused) -> None:
        self.over.set()
        self.join()
        self.node.signal(signal.SIGCONT, WALRECEIVER)

    def run(self) -> None:
        while not self.over.wait(0.002):
            self.count += self.node.signal(signal.SIGSTOP, WALRECEIVER)


@pytest.mark.worst
@pytest.mark.place(nodes=2)
def test_primary_killed_while_the_standby_catches_up(rig):
    """P1: the standby streams again and does not hold every commit: it must not lead."""
    standby, first = rig.eligible(), rig.primary()
    with rig.trial() as load:
        net.cut(rig.lab.name, standby.index, 2, "both")
        rig.wait("the standby to be released",
                 lambda s: s.attribute(standby.name, "data-status") == "DISCONNECT", 120)
        load.commits()
        with Freezer(standby) as freezer:
            net.heal(rig.lab.name, standby.index, 2)
            wait_until("the standby to connect again", lambda: freezer.count, 60)
            load.commits()
            first.kill()
        rig.nobody_leads(load)
        log = standby.syslog()
        if rig.ours:
            assert "DISCONNECT" in log.rpartition("Lost")[2]
        rig.boot(first)
        rig.wait("the old primary to lead again", lambda s: s.primary == first.name)


@pytest.mark.place(nodes=2)
def test_standby_killed_and_back_and_primary_killed_at_once(rig):
    """P1: the standby was away while commits went on without it, and has just come back."""
    standby, first = rig.eligible(), rig.primary()
    with rig.trial() as load:
        standby.kill()
        load.commits()
        rig.boot(standby)
        rig.wait("the standby to be started", lambda s: standby.name in s.unpromoted)
        first.kill()
        time.sleep(1)   # whoever is to lead has begun, or waits for the other


def test_all_standbys_killed_then_primary(rig):
    first, standbys = rig.primary(), rig.standbys()
    with rig.trial() as load:
        for node in standbys:
            node.kill()
        load.stalled(2)
        first.kill()
        for node in [*standbys, first]:
            rig.boot(node)
        load.commits(timeout=180)
