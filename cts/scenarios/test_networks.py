# SPDX-License-Identifier: GPL-2.0-or-later
"""LANs that are cut, in both directions and in one, and LANs that flap."""

import time

import pytest

from labkit.lab import net
from labkit.lab.shell import wait_until

LANS = ("service", "cluster", "replication")


def apart(rig, load, node, lans, direction="both"):
    """The cut lasts until the cluster has acted on it; then the client goes on, still cut.

    A primary without its service LAN is not seen by the cluster: the client waits for the cable.
    """
    first = rig.primary()
    others = [n.name for n in rig.lab.nodes if n.name != first.name]
    for lan in lans:
        net.cut(rig.lab.name, node.index, net.LANS[lan], direction)
    if "cluster" in lans:
        wait_until("a node to be fenced", lambda: len(rig.lab.running()) < len(rig.lab.nodes), 60)
        if "service" in lans and node.alive():
            rig.heal()
    elif "replication" in lans:
        cut_off = others if node.name == first.name else [node.name]
        rig.wait("the record to say who is cut off", lambda s: all(
            s.attribute(name, "data-status") == "DISCONNECT" for name in cut_off), 120)
    elif node.name == first.name:
        load.stalled(3)
        rig.heal()
    else:
        for _ in range(3):
            load.commits()
    load.commits(timeout=120)


def worst(*values):
    return pytest.param(*values, marks=pytest.mark.worst)


@pytest.mark.parametrize("role, lan, direction", [
    worst(role, lan, direction)
    if (role, lan, direction) in (("primary", "cluster", "both"), ("primary", "replication", "both"),
                                  ("standby", "replication", "in"))
    else (role, lan, direction)
    for role in ("primary", "standby") for lan in LANS for direction in ("both", "in", "out")])
def test_lan_cut(rig, role, lan, direction):
    """P1, P2, P3: the record covers everyone who may have acknowledged."""
    eligible = rig.eligible()
    node = rig.primary() if role == "primary" else eligible
    with rig.trial() as load:
        apart(rig, load, node, (lan,), direction)


@pytest.mark.worst
@pytest.mark.parametrize("role", ["primary", "standby"])
def test_all_lans_cut(rig, role):
    eligible = rig.eligible()
    node = rig.primary() if role == "primary" else eligible
    with rig.trial() as load:
        apart(rig, load, node, LANS)


@pytest.mark.place(nodes=2)
@pytest.mark.parametrize("lans", [("cluster",), ("replication",), ("cluster", "replication"), LANS],
                         ids="-".join)
def test_two_nodes_apart(rig, lans):
    """P2: both have quorum and both shoot; one survives, maybe the one that is cut off."""
    node = rig.eligible()
    with rig.trial() as load:
        apart(rig, load, node, lans)


@pytest.mark.worst
@pytest.mark.place(nodes=2)
def test_two_nodes_apart_on_replication_then_power_cut(rig):
    """P2: the standby is released on record first; switched on alone it must not lead."""
    standby, first = rig.eligible(), rig.primary()
    with rig.trial() as load:
        apart(rig, load, standby, ("replication",))
        first.kill()
        rig.nobody_leads(load)
        rig.boot(first)
        rig.wait("the old primary to lead again", lambda s: s.primary == first.name)


@pytest.mark.parametrize("role, lan", [("primary", "cluster"), ("standby", "cluster"),
                                       ("standby", "replication"), ("primary", "service")])
def test_lan_flapping_every_second_for_a_minute(rig, role, lan):
    eligible = rig.eligible()
    node = rig.primary() if role == "primary" else eligible
    number = net.LANS[lan]
    with rig.trial() as load:
        end = time.monotonic() + 60
        while time.monotonic() < end:
            node.unless_off(lambda: net.cut(rig.lab.name, node.index, number, "both"))
            time.sleep(1)
            node.unless_off(lambda: net.heal(rig.lab.name, node.index, number))
            time.sleep(1)
        rig.heal()
        load.commits(timeout=120)
