# SPDX-License-Identifier: GPL-2.0-or-later
"""A primary of two whose history parts from the other's, and its way back."""

import time

from labkit.lab import net


def kept(node):
    """The folders of its own WAL, the oldest first."""
    return sorted((node.dir / "pg").glob("data.pgward-diverged-*"),
                  key=lambda path: int(path.name.rpartition("-")[2]))


def part(cluster, checkpoint=True):
    """A primary crashes with WAL that reached nobody; its node, and the moment.

    Without a checkpoint its pg_control may be of before it took the lead.
    """
    old, standby = cluster.primary(), cluster.standbys()[0]
    net.cut(cluster.lab.name, standby.index, 2, "both")
    tail = "SELECT pg_logical_emit_message(false, 'tail', 'of nobody else'); "
    old.sql(tail + "CHECKPOINT" if checkpoint else (tail + "SELECT pg_switch_wal(); ") * 4)
    moment = old.kill_postgres()
    # the kernel would still send what the dead server had handed over
    cluster.wait(f"{standby.name} to be promoted",
                 lambda s: s.attribute(standby.name, "status") == "PRI", 60)
    net.heal(cluster.lab.name, standby.index, 2)
    cluster.new_primary(old.name)
    return old, moment


def streams(node):
    return lambda s: s.attribute(node.name, "status") == "HS:sync"


def part_and_return(cluster, limit):
    """It crashes and is back within so many seconds, and no commit is lost; its node."""
    with cluster.ledger() as client:
        client.wait_for_commits(time.time())
        old, moment = part(cluster)
        client.wait_for_commits(moment)
        cluster.wait(f"{old.name} to be the synchronous standby", streams(old), limit)
    assert client.lost() == []
    return old


def leave(cluster):
    cluster.cleanup()
    cluster.settle()
