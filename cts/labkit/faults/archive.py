# SPDX-License-Identifier: GPL-2.0-or-later
"""Archive commands that hang."""

from ..lab.cluster import Cluster
from ..lab.postgres import ARCHIVE
from .fault import command
from .processes import PostgresKilled

HANG = "pg/hang"        # in the node's folder
RESTORE = f"cp {ARCHIVE}/%f %p"
RESTORE_HANGS = f"while test -e /srv/{HANG}; do sleep 1; done; {RESTORE}"


def set_archive_command(cluster: Cluster, words: str = "") -> None:
    """On every node; without words what the configuration file says."""
    change = f"set archive_command = '{words}'" if words else "reset archive_command"
    for node in cluster.lab.running():
        node.sql(f"alter system {change}", check=False)
        node.sql("select pg_reload_conf()", check=False)


def hang_archive(cluster: Cluster) -> None:
    """From now on each node's restore_command waits until release_archive()."""
    command(cluster, "pcs", "resource", "update", "pgsql", f"restore_command={RESTORE_HANGS}",
            "--wait=20")
    for node in cluster.lab.nodes:
        (node.dir / HANG).touch()


def release_archive(cluster: Cluster) -> None:
    for node in cluster.lab.nodes:
        (node.dir / HANG).unlink(missing_ok=True)
    command(cluster, "pcs", "resource", "update", "pgsql", f"restore_command={RESTORE}")


class ArchiveHangs(PostgresKilled):
    """Its promotion may not wait for the archive, nor may the others for ever."""

    name = "all postgres killed while restore_command hangs"
    holds = (2.0, 20.0)

    def strike(self) -> None:
        hang_archive(self.cluster)
        super().strike()

    def heal(self) -> None:
        release_archive(self.cluster)
