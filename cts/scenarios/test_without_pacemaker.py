# SPDX-License-Identifier: GPL-2.0-or-later
"""A node on which Corosync runs and Pacemaker does not."""

import pytest


def bystander(rig):
    """Neither the primary nor the standby that takes over."""
    others = {rig.primary().name, rig.eligible().name}
    return next(node for node in rig.lab.nodes if node.name not in others)


@pytest.mark.worst
def test_primary_dies_while_pacemaker_is_stopped_on_a_bystander(rig):
    """P2: that node is a member of Corosync, runs no resource and can win nothing."""
    node = bystander(rig)
    first = rig.primary()
    with rig.trial() as load:
        node.stop_pacemaker()
        load.commits()
        first.kill()
        rig.boot(first)     # half of node_list has to be there
        rig.new_primary(first.name, 180)
        load.commits()
