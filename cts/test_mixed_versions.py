# SPDX-License-Identifier: GPL-2.0-or-later
"""Nodes are updated one after the other: an older release of the agent on one of three.

    cd cts && pytest test_mixed_versions.py --ocf-dir=STAGE --old-ocf-dir=OLD

where OLD holds an older release (make install DESTDIR=OLD in its checkout). Without it nothing
is tried, and the skip says so.
"""

from pathlib import Path

import pytest

from conftest import open_lab
from labkit.lab.cli import find_agents
from labkit.lab.resources import Wanted

pytestmark = pytest.mark.steps


@pytest.fixture(scope="module")
def cluster(request, agent):
    stage = request.config.getoption("--old-ocf-dir")
    if not stage:
        pytest.skip("no --old-ocf-dir: an older release is not there to be tried")
    with open_lab(request.config, 3) as made:
        lay_over(made.lab.nodes[2], find_agents(stage))
        made.set_up(Wanted(agent=agent))
        made.settle()
        yield made


def lay_over(node, folder):
    """The older release where the node has this one: its agent, and what that one loads."""
    for source, target in ((Path(folder), "/usr/lib/ocf/resource.d/pgward"),
                           (Path(folder).parent.parent / "lib/pgward", "/usr/lib/ocf/lib/pgward")):
        node.run("mount", "--bind", str(source), target)


def lead(cluster, name):
    """A planned move to that node; the third is away meanwhile, so this one is ranked."""
    old = cluster.primary().name
    if old == name:
        return
    third = next(node for node in cluster.standbys() if node.name != name)
    cluster.pcs("node", "standby", third.name, "--wait=60")
    cluster.wait(f"{name} to be ranked", lambda s: s.attribute(name, "score") == "100", 60)
    cluster.move()
    cluster.new_primary(old)
    assert cluster.primary().name == name
    cluster.pcs("node", "unstandby", third.name, "--wait=60")
    cluster.settle(120)


def test_the_old_one_is_another(cluster):
    programs = [node.out("sha256sum", "/usr/lib/ocf/resource.d/pgward/pgsql").split()[0]
                for node in cluster.lab.nodes]
    assert programs[0] == programs[1] != programs[2]


@pytest.mark.parametrize("leader", ["node1", "node3"])
def test_failover(cluster, leader):
    """P1: the newer or the older one leads and is killed; everybody streams in the end."""
    with cluster.ledger() as client:
        lead(cluster, leader)
        old = cluster.primary()
        moment = old.kill_postgres()
        cluster.new_primary(old.name)
        client.wait_for_commits(moment)
    assert client.lost() == []
    cluster.put_back(old)


@pytest.mark.parametrize("leader", ["node3", "node1"])
def test_switchover(cluster, leader):
    """P7: to the older one, and back to a newer one."""
    with cluster.ledger() as client:
        lead(cluster, leader)
    assert client.lost() == []
    assert cluster.settle().fail_counts == {}
