# SPDX-License-Identifier: GPL-2.0-or-later
"""PostgreSQL in the nodes: data on the first one, copies on the others, as the seed guide does it."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import List

from .errors import LabError
from .lab import Lab
from .node import Node

DATA = "/srv/pg/data"
ARCHIVE = "/srv/pg/archive"
TMP = "/srv/pg/tmp"
WAL_DISK = "/srv/wal"
SETTINGS = """
listen_addresses = '*'
wal_level = replica
synchronous_commit = on
archive_mode = on
archive_command = 'cp %p /srv/pg/archive/%f'
max_wal_senders = 10
wal_keep_size = 512MB
max_slot_wal_keep_size = 512MB
hot_standby = on
restart_after_crash = off
wal_receiver_status_interval = 2
wal_sender_timeout = 5s
max_standby_streaming_delay = -1
max_standby_archive_delay = -1
hot_standby_feedback = on
wal_retrieve_retry_interval = 500ms
wal_log_hints = on
shared_buffers = 32MB
unix_socket_directories = '/run/postgresql'
"""
HBA = """
host    all             all     192.168.0.0/16      trust
host    replication     all     192.168.0.0/16      trust
"""


def bindir() -> Path:
    """The newest server on this machine."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/pg_ctl"),
                   key=lambda path: int(path.parent.parent.name))
    if not found:
        raise LabError("no PostgreSQL server is installed under /usr/lib/postgresql",
                       "install the laboratory's packages: cts/lib/install-packages")
    return found[-1].parent


def wal_folder(node: Node) -> List[str]:
    """The option that puts pg_wal on the node's disk for WAL, where it has one."""
    if WAL_DISK in node.lab.mounts:
        return ["--waldir", WAL_DISK]
    return ["--waldir", f"{WAL_DISK}/pg_wal"] if node.lab.wal_mb else []


def initdb(node: Node, settings: str = "", hba: str = "") -> None:
    tool = str(bindir())
    node.run(f"{tool}/initdb", "-D", DATA, "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "-N",
             *wal_folder(node), user="postgres", timeout=120)
    node.run("sh", "-c", f"cat >> {DATA}/postgresql.conf", user="postgres",
             stdin=SETTINGS + settings)
    node.run("sh", "-c", f"cat >> {DATA}/pg_hba.conf", user="postgres", stdin=hba + HBA)
    make_folders(node)


def make_folders(node: Node) -> None:
    node.run("install", "-d", "-m", "700", ARCHIVE, TMP, user="postgres")


def server(node: Node, *args: str) -> None:
    node.run(f"{bindir()}/pg_ctl", "-D", DATA, "-w", "-t", "60", *args, user="postgres", timeout=90)


def base_backup(node: Node, host: str) -> None:
    """Copy all data from a server, into a folder made empty, as the guide's recovery does."""
    node.run("sh", "-c", f"find {DATA} {WAL_DISK} -mindepth 1 ! -name lost+found -delete "
             "2>/dev/null; true", user="postgres")      # a mount point stays
    make_folders(node)
    node.run(f"{bindir()}/pg_basebackup", "-h", host, "-U", "postgres", "-D", DATA, "-X", "stream",
             "-c", "fast", *wal_folder(node), user="postgres", timeout=120)


def setup(lab: Lab, log, settings: str = "", hba: str = "") -> None:
    """The same data on every node, all servers stopped.

    The settings are lines of postgresql.conf; those of hba stand before the lab's own.
    """
    first, others = lab.nodes[0], lab.nodes[1:]
    if (first.dir / "pg/data/PG_VERSION").exists():
        raise LabError(f"'{first.name}' has a database already",
                       "begin with a fresh laboratory: cts/lab down, then cts/lab up 3")
    log(f"{first.name}: making a database")
    initdb(first, settings, hba)
    server(first, "-l", "/var/log/postgresql/setup.log", "start")
    try:
        with ThreadPoolExecutor() as pool:
            for node in others:
                log(f"{node.name}: copying it with pg_basebackup")
            list(pool.map(lambda node: base_backup(node, "192.168.2.1"), others))
    finally:
        server(first, "-m", "fast", "stop")
