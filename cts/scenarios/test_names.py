# SPDX-License-Identifier: GPL-2.0-or-later
"""More nodes, and names of nodes that are easily taken for one another."""

import pytest

ODD = ("srv1", "srv10", "SRV2.Example")


@pytest.mark.place(nodes=ODD)
@pytest.mark.parametrize("fault", ["postgres", "node", "move"])
def test_odd_names(rig, fault):
    """Names are compared whole, without case, and a dot is a dot."""
    rig.eligible()
    old = rig.primary()
    with rig.trial() as load:
        if fault == "move":
            rig.move()
        else:
            old.kill_postgres() if fault == "postgres" else old.kill()
            rig.new_primary(old.name)
        load.commits()


@pytest.mark.place(nodes=5)
@pytest.mark.parametrize("fault", ["postgres", "node", "move"])
def test_five_nodes(rig, fault):
    rig.eligible()
    old = rig.primary()
    with rig.trial() as load:
        if fault == "move":
            rig.move()
        else:
            old.kill_postgres() if fault == "postgres" else old.kill()
            rig.new_primary(old.name)
        load.commits()


@pytest.mark.place(nodes=5)
def test_five_nodes_primary_and_its_standby_killed(rig):
    """P1: three of five have quorum and none of them a proof: they wait for one that has it."""
    eligible, old = rig.eligible(), rig.primary()
    with rig.trial() as load:
        old.kill()
        eligible.kill()
        rig.nobody_leads(load)
        rig.boot(eligible)
        rig.wait(f"{eligible.name} to lead", lambda s: s.primary == eligible.name)
        load.commits()
