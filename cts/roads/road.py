# SPDX-License-Identifier: GPL-2.0-or-later
"""The real programs on routers and nodes, with the shipped configurations as they stand."""

import csv
import io
import shutil
import signal
import threading
from pathlib import Path
from typing import Dict, List, TypeVar

from labkit.lab.cluster import Cluster
from labkit.lab.node import POSTGRES, Node
from labkit.lab.shell import wait_until

Self = TypeVar("Self", bound="Looking")
EXAMPLES = Path(__file__).resolve().parents[2] / "agent/command/examples"
WRITES, READS = "PostgresReadWrite-backend", "PostgresReadOnly-backend"
ROLE = "pgward_check"
STATS = "/run/haproxy/admin.sock"


def lay(node: Node, example: str, folder: str) -> None:
    """Copy a folder of examples to where the program looks, for this node alone."""
    own = node.dir / "tmp" / folder.strip("/").replace("/", "-")
    shutil.copytree(EXAMPLES / example, own, dirs_exist_ok=True)
    node.run("sh", "-c", f"mkdir -p {folder} && mount --bind /tmp/{own.name} {folder}")


def start(node: Node, *command: str) -> None:
    """As a service that goes on when nobody looks."""
    node.run("sh", "-c", 'exec setsid "$0" "$@" </dev/null >>/var/log/roads.log 2>&1 &', *command)


class Looking(threading.Thread):
    """Looks all the time while a test does something; used as a context."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.looks = 0
        self.over = threading.Event()
        self.error: List[Exception] = []

    def look(self) -> None:
        raise NotImplementedError

    def run(self) -> None:
        try:
            while not self.over.is_set():
                self.look()
                self.looks += 1
        except Exception as error:  # pylint: disable=broad-except
            self.error.append(error)

    def __enter__(self: Self) -> Self:
        self.start()
        return self

    def __exit__(self, kind, *_unused) -> None:
        self.over.set()
        self.join(30)
        if self.error and kind is None:
            raise self.error[0]


def thaw(cluster: Cluster, node: Node) -> None:
    """Its server goes on; the cluster may have moved meanwhile, or not."""
    node.unless_off(lambda: node.signal(signal.SIGCONT, POSTGRES))
    if not node.alive():
        node.boot()
    state = cluster.wait("a primary", lambda s: s.primary and s.attribute(s.primary, "status")
                         == "PRI", 90)
    if state.primary != node.name:
        cluster.put_back(node)
    cluster.settle()


# --- HAProxy ---------------------------------------------------------------------


def start_haproxy(router: Node) -> None:
    """As the service does; it drops root by itself."""
    router.run("install", "-d", "-o", "haproxy", "-g", "haproxy", "/run/haproxy")
    start(router, "haproxy", "-W", "-db", "-f", "/etc/haproxy/haproxy.cfg")
    wait_until(f"HAProxy on {router.name}", lambda: router.run(
        "test", "-S", STATS, check=False).returncode == 0, 20, 0.1,
        f"read {router.dir}/var/log/roads.log")


def up(router: Node) -> Dict[str, List[str]]:
    """`show stat`: the servers that are UP, backend by backend."""
    text = router.out("/usr/bin/python3", "-c", ASK, STATS, "show stat")
    found: Dict[str, List[str]] = {WRITES: [], READS: []}
    for row in csv.DictReader(io.StringIO(text.lstrip("# "))):
        if row["svname"] not in ("FRONTEND", "BACKEND") and row["status"].startswith("UP"):
            found[row["pxname"]].append(row["svname"])
    return found


ASK = """
import socket, sys
talk = socket.socket(socket.AF_UNIX)
talk.connect(sys.argv[1])
talk.sendall(sys.argv[2].encode() + b"\\n")
while True:
    got = talk.recv(65536)
    if not got:
        break
    sys.stdout.write(got.decode())
"""


# --- Keepalived ------------------------------------------------------------------


def start_keepalived(node: Node) -> None:
    start(node, "keepalived", "--dont-fork", "--log-console", "--use-file",
          "/etc/keepalived/keepalived.conf")


def stop(node: Node, pattern: str, number: int = signal.SIGTERM) -> None:
    """End a program of the node, and wait for that."""
    node.signal(number, pattern)
    wait_until(f"'{pattern}' on {node.name} to end", lambda: not node.find(pattern), 20, 0.1)


def holds(node: Node, address: str) -> bool:
    return node.alive() and f" {address}/" in node.out("ip", "-o", "-4", "addr")


def holders(nodes: List[Node], address: str) -> List[str]:
    return [node.name for node in nodes if holds(node, address)]
