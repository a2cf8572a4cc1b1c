# SPDX-License-Identifier: GPL-2.0-or-later
"""The real programs on routers and nodes, with the shipped configurations as they stand."""

import csv
import io
import shutil
import signal
import subprocess
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import Callable, Dict, Iterator, List, TypeVar

from labkit.lab import net
from labkit.lab.cluster import Cluster
from labkit.lab.lab import Lab
from labkit.lab.node import POSTGRES, Node
from labkit.lab.shell import run, wait_until

Self = TypeVar("Self", bound="Looking")
EXAMPLES = Path(__file__).resolve().parents[2] / "agent/command/examples"
WRITES, READS = "PostgresReadWrite-backend", "PostgresReadOnly-backend"
ROLE = "pgward_check"
PASSWORD = "not so secret"
STATS = "/run/haproxy/admin.sock"


def lay(node: Node, example: str, folder: str) -> None:
    """Copy a folder of examples to where the program looks, for this node alone."""
    own = node.dir / "tmp" / folder.strip("/").replace("/", "-")
    shutil.copytree(EXAMPLES / example, own, dirs_exist_ok=True)
    node.run("sh", "-c", f"mkdir -p {folder} && mount --bind /tmp/{own.name} {folder}")


def add_user(node: Node) -> None:
    """Whom PgBouncer knows there."""
    node.run("sh", "-c", "cat >/etc/pgbouncer/userlist.txt", stdin=f'"app" "{PASSWORD}"\n')


def through_pool(address: str) -> str:
    """How that user gets to the database through PgBouncer."""
    return f"host={address} port=6432 user=app password='{PASSWORD}' dbname=postgres"


def ask(cluster: Cluster, conninfo: str, query: str) -> str:
    """A client that comes now, on the client host: what it is told, or nothing."""
    inside = ["ip", "netns", "exec", net.namespace(cluster.lab.name, "client"), "psql", "-XAtq",
              conninfo, "-c", query]
    done = run(inside, check=False, timeout=20)
    return done.stdout.strip() if done.returncode == 0 else ""


def start(node: Node, *command: str) -> None:
    node.start("/var/log/roads.log", *command)


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


def read_up(stat: str) -> Dict[str, List[str]]:
    """Of `show stat`, the servers that are UP, backend by backend."""
    found: Dict[str, List[str]] = {}
    for row in csv.DictReader(io.StringIO(stat.lstrip("# "))):
        if row["svname"] not in ("FRONTEND", "BACKEND"):
            servers = found.setdefault(row["pxname"], [])
            if row["status"].startswith("UP"):
                servers.append(row["svname"])
    return found


def up(router: Node) -> Dict[str, List[str]]:
    return read_up(router.out("/usr/bin/python3", "-c", ASK, STATS, "show stat"))


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


# pgward(8), FROM PATRONI and FROM PGROUTE66: the lines and the script of those who move over.
HAPROXY = """
global
    stats socket {root}/haproxy.sock
    external-check
    insecure-fork-wanted
defaults
    mode tcp
    timeout connect 1s
    timeout check 1s
    timeout client 1h
    timeout server 1h
    default-server inter 1s fastinter 200ms downinter 300ms rise 1 fall 2
    default-server on-marked-down shutdown-sessions
listen primary
    bind 127.0.0.1:5000
    option httpchk OPTIONS /primary
    http-check expect status 200
{servers}
listen replicas
    bind 127.0.0.1:5001
    option httpchk GET /replica?lag=16MB
{servers}
listen PostgresReadWrite-backend
    bind 127.0.0.1:5002
    option external-check
    external-check path /usr/bin:/bin
    external-check command {root}/checkpgprimary.sh
{servers}
"""
CHECK = """#!/bin/sh
test "$(curl -s "http://127.0.0.1:8080/v1/primary?group=${HAPROXY_PROXY_NAME%%-*}")" \\
    = "\\"$HAPROXY_SERVER_NAME\\""
"""


@contextmanager
def haproxy_of_movers(lab: Lab, inside: List[str]) -> Iterator[Callable[[], Dict[str, List[str]]]]:
    """Where the words before a command lead to; as up()."""
    servers = "\n".join(f"    server {node.name} 192.168.0.{node.index}:5432 check port 8008"
                        for node in lab.nodes)
    (lab.root / "haproxy.cfg").write_text(HAPROXY.format(root=lab.root, servers=servers))
    (lab.root / "checkpgprimary.sh").write_text(CHECK)
    (lab.root / "checkpgprimary.sh").chmod(0o755)
    with open(lab.root / "haproxy.log", "ab") as log:
        running = subprocess.Popen([*inside, "haproxy", "-db", "-f", str(lab.root / "haproxy.cfg")],
                                   stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    try:
        yield lambda: read_up(run(["/usr/bin/python3", "-c", ASK, str(lab.root / "haproxy.sock"),
                                   "show stat"], check=False).stdout)
    finally:
        running.terminate()
        running.wait(20)
