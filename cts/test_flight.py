# SPDX-License-Identifier: GPL-2.0-or-later
"""The flight recorder: what each node saw and decided, and the history that it tells."""

import pytest

from conftest import open_lab
from labkit.lab import flights
from labkit.lab.resources import Wanted
from labkit.lab.shell import wait_until

pytestmark = pytest.mark.steps

SECRET = "s3cret-of-nobody"


@pytest.fixture(scope="module")
def cluster(request, agent):
    with open_lab(request.config, 3) as made:
        made.set_up(Wanted(agent=agent, options=[
            f"primary_conninfo_opt=password={SECRET}"]))
        made.settle()
        if not flights.command(made.lab):
            pytest.skip("no command is staged")
        yield made


def rings(node):
    return {path.name.rpartition("-")[0] for path in flights.records(node)}


def written(cluster):
    """When each file of the recorder was written last."""
    return {path: path.stat().st_mtime_ns for node in cluster.lab.nodes
            for path in (node.dir / flights.FOLDER).rglob("*")}


def monitors(node):
    return (node.dir / "tmp/pgward.trace").read_text(errors="replace").count("action = monitor\n")


def test_healthy_monitors_write_nothing(cluster):
    cluster.settle()
    before, count = written(cluster), {n.name: monitors(n) for n in cluster.lab.nodes}
    wait_until("three monitors more on each node", lambda: all(
        monitors(node) >= count[node.name] + 3 for node in cluster.lab.nodes), 60, 0.5)
    assert written(cluster) == before


def test_a_switchover_is_recorded_where_it_was_done(cluster):
    old = cluster.primary()
    cluster.move()
    new = cluster.node(cluster.new_primary(old.name).primary)
    cluster.put_back(old)
    assert "demote" in rings(old)
    assert "promote" in rings(new)
