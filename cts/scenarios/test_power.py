# SPDX-License-Identifier: GPL-2.0-or-later
"""Everything without power, and power back in every order: only the newest leads."""

from itertools import permutations

import pytest


def roles(rig):
    eligible, first = rig.eligible(), rig.primary()
    third = [n for n in rig.standbys() if n.name != eligible.name]
    return {"primary": first, "sync": eligible, "async": third[0] if third else None}


@pytest.mark.parametrize("order", [
    pytest.param(order, id="-".join(order),
                 marks=[pytest.mark.worst] if order == ("async", "sync", "primary") else [])
    for order in permutations(("primary", "sync", "async"))])
def test_all_killed_and_powered_on(rig, order):
    """P1, P2: two of three are a majority, and lead if the last primary is one of them."""
    who = roles(rig)
    with rig.trial() as load:
        for node in who.values():
            node.kill()
        first, second, third = (who[word] for word in order)
        rig.boot(first)
        rig.nobody_leads(load, 6)
        rig.boot(second)
        if third is not who["primary"]:
            assert rig.wait("a leader of two", rig.leads, 120).primary != who["async"].name
        rig.boot(third)
        assert rig.wait("a leader", rig.leads, 120).primary != who["async"].name


@pytest.mark.place(nodes=2)
@pytest.mark.parametrize("order", [("primary", "sync"), ("sync", "primary")], ids="-".join)
def test_both_killed_and_powered_on(rig, order):
    """P2: of two nodes both have to be there."""
    who = roles(rig)
    with rig.trial() as load:
        for word in ("primary", "sync"):
            who[word].kill()
        rig.boot(who[order[0]])
        rig.nobody_leads(load, 8)
        rig.boot(who[order[1]])
        rig.wait("a leader", rig.leads, 120)


@pytest.mark.place(nodes=2)
def test_stale_standby_powered_on_first(rig):
    """P1: commits went on without it."""
    who = roles(rig)
    with rig.trial() as load:
        who["sync"].kill()
        load.commits()
        who["primary"].kill()
        rig.boot(who["sync"])
        rig.nobody_leads(load, 10)
        rig.boot(who["primary"])
        assert rig.wait("a leader", rig.leads, 120).primary == who["primary"].name


@pytest.mark.worst
def test_stale_standby_of_three_powered_on_first(rig):
    """P1: it is the first that is there, and never the one that leads."""
    who = roles(rig)
    with rig.trial() as load:
        who["async"].kill()
        rig.wait("its record to say so", lambda s: rig.cluster.record(
            who["async"], who["primary"]) == "DISCONNECT")
        load.commits()
        for word in ("sync", "primary"):
            who[word].kill()
        rig.boot(who["async"])
        rig.nobody_leads(load, 6)
        rig.boot(who["sync"])
        rig.boot(who["primary"])
        assert rig.wait("a leader", rig.leads, 120).primary != who["async"].name
