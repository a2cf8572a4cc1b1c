# SPDX-License-Identifier: GPL-2.0-or-later
"""What failed comes back by itself, and what it had that nobody else has is kept (P9)."""

import time

import pytest

from conftest import open_lab
from labkit.lab import net
from labkit.lab.resources import Wanted

pytestmark = pytest.mark.steps


@pytest.fixture(scope="module")
def cluster(request, agent):
    with open_lab(request.config, 2) as made:
        made.set_up(Wanted(agent=agent, options=["rejoin=rewind"]))
        made.settle()
        yield made


def marker(node):
    return node.dir / "pg/tmp/PGWARD.rejoin"


def kept(node):
    """The folders of its own WAL, the oldest first."""
    return sorted((node.dir / "pg").glob("data.pgward-diverged-*"),
                  key=lambda path: int(path.name.rpartition("-")[2]))


def log_of(node):
    return (node.dir / "var/log/syslog").read_text(errors="replace")


def part(cluster):
    """A primary crashes with WAL that reached nobody; its node, and the moment."""
    old, standby = cluster.primary(), cluster.standbys()[0]
    net.cut(cluster.lab.name, standby.index, 2, "both")
    old.sql("SELECT pg_logical_emit_message(false, 'tail', 'of nobody else'); CHECKPOINT")
    moment = old.kill_postgres()
    # the kernel would still send what the dead server had handed over
    cluster.wait(f"{standby.name} to be promoted",
                 lambda s: s.attribute(standby.name, "status") == "PRI", 60)
    net.heal(cluster.lab.name, standby.index, 2)
    cluster.new_primary(old.name)
    return old, moment


def streams(node):
    return lambda s: s.attribute(node.name, "status") == "HS:sync"


def test_crashed_primary_with_wal_of_its_own_is_back_without_a_hand(cluster):
    cluster.settle()
    with cluster.ledger() as client:
        client.wait_for_commits(time.time())
        old, moment = part(cluster)
        client.wait_for_commits(moment)
        cluster.wait(f"{old.name} to be the synchronous standby", streams(old), 60)
    assert client.lost() == []
    assert not marker(old).exists()
    folders = kept(old)
    assert len(folders) == 1, folders
    assert (folders[0] / "transactions").exists()
    assert "is kept in" in log_of(old) and "this node is back" in log_of(old)
    cluster.pcs("resource", "cleanup")
    cluster.settle()


def test_it_leads_again_and_comes_back_once_more(cluster):
    """Both ways, so that each has been rewound from the other."""
    for _ in range(2):
        cluster.settle()
        with cluster.ledger() as client:
            client.wait_for_commits(time.time())
            old, moment = part(cluster)
            client.wait_for_commits(moment)
            cluster.wait(f"{old.name} to be the synchronous standby", streams(old), 60)
        assert client.lost() == []
        cluster.pcs("resource", "cleanup")
