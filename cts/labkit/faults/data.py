# SPDX-License-Identifier: GPL-2.0-or-later
"""What is on a node's disks: another database, another setting, no room."""

import time
from typing import Dict

from ..lab.cluster import Cluster
from ..lab.node import Node
from ..lab.postgres import DATA, WAL_DISK, initdb, server
from .fault import Fault, command


def higher_setting(node: Node) -> int:
    return int(node.sql("show max_connections")) + 10


def raise_setting(cluster: Cluster, node: Node, value: int) -> None:
    """A primary gets more connections, by a restart that the cluster does not look at."""
    node.sql(f"alter system set max_connections = {value}")
    command(cluster, "pcs", "property", "set", "maintenance-mode=true")
    try:
        command(cluster, "crm_resource", "--wait", "--timeout=20s")
        server(node, "-m", "fast", "-l", "/var/log/postgresql/postgresql.log", "restart")
    finally:
        command(cluster, "pcs", "property", "set", "maintenance-mode=false")


def follow_setting(cluster: Cluster, value: int) -> None:
    """The same on every node, those that are off too; who has less is restarted."""
    for node in cluster.lab.nodes:
        with open(node.dir / "pg/data/postgresql.auto.conf", "a", encoding="ascii") as settings:
            settings.write(f"max_connections = {value}\n")
    for node in cluster.lab.running():
        if node.sql("show max_connections", check=False) not in ("", str(value)):
            node.kill_postgres()


class LowerSetting(Fault):
    """The standbys' replay is paused: none is ranked until it has as much as the primary."""

    name = "a setting lower than the primary's"
    holds = (2.0, 15.0)
    primary = 1.0
    value = 0           # nothing to undo: the server could not be asked

    def strike(self) -> None:
        self.value = higher_setting(self.node)
        raise_setting(self.cluster, self.node, self.value)

    def heal(self) -> None:
        if self.value:
            follow_setting(self.cluster, self.value)


class RestoredDatabase(Fault):
    """Another database where a node's own was, as a backup of something else leaves it.

    It never leads, follows or votes. The node's own comes back after it.
    """

    name = "another database on a node"
    holds = (5.0, 20.0)
    primary = 0.35
    kept: Dict[str, str] = {DATA: f"{DATA}.kept", f"{WAL_DISK}/pg_wal": f"{WAL_DISK}/kept"}

    def strike(self) -> None:
        self.node.unless_off(self.exchange)

    def exchange(self) -> None:
        self.node.stop_cluster()
        for path, kept in self.kept.items():
            self.node.run("mv", path, kept)
        initdb(self.node)
        self.node.start_cluster()

    def heal(self) -> None:
        self.node.unless_off(self.put_back)

    def put_back(self) -> None:
        if not self.node.alive():
            self.node.boot(start_cluster=False)
        self.node.stop_cluster()
        for path, kept in self.kept.items():
            self.node.run("sh", "-c", f"[ ! -e {kept} ] || {{ rm -rf {path}; mv {kept} {path}; }}")
        self.node.start_cluster()
        command(self.cluster, "pcs", "resource", "cleanup", "pgsql")


class WalDiskFull(Fault):
    """No room for the next WAL segment; needs a laboratory whose nodes have a disk for WAL."""

    name = "pg_wal disk full"
    holds = (2.0, 15.0)
    switches = 30       # of 16 MB: less than wal_keep_size
    fill = f"{WAL_DISK}/fill"

    def strike(self) -> None:
        if not self.node.alive():
            return
        fill_disk(self.node, self.fill)
        for _ in range(self.switches if self.aimed.role == "primary" else 0):
            if not self.node.alive() or "ok" not in self.node.sql(
                    "select 'ok', pg_switch_wal()", check=False):
                return          # segments made in advance are used up
            time.sleep(0.05)

    def heal(self) -> None:
        if self.node.alive():
            self.node.run("rm", "-f", self.fill)


def fill_disk(node: Node, path: str) -> None:
    """Take what is left of the disk under a file, the last block too."""
    node.run("sh", "-c", f"free=$(($(stat -fc '%a * %S' {path.rpartition('/')[0]}))); "
             f"fallocate -l $((free > 65536 ? free - 65536 : 1)) {path}; "
             f"dd if=/dev/zero bs=4096 of={path} oflag=append conv=notrunc 2>/dev/null; true")
