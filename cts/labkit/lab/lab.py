# SPDX-License-Identifier: GPL-2.0-or-later
"""A laboratory: its name, its nodes, and where its state lives."""

import json
import os
import re
import shutil
import signal
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import ContextManager, List

from . import corosync, fencing, net
from .errors import LabError
from .node import Node
from .shell import held, run, send, wait_until

STATE = Path(os.environ.get("PGWARD_LAB_STATE", "/var/tmp/pgward-lab"))
NAME = re.compile(r"[A-Za-z0-9_-]{1,24}")
NODE_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,61}[A-Za-z0-9])?")
MAX_NODES = 9


@dataclass
class Lab:
    """What is written to lab.json, so that every command finds the same laboratory."""

    name: str
    node_names: List[str] = field(default_factory=list)
    ocf_dir: str = ""
    fence_boots: bool = False
    trace: bool = False
    wal_mb: int = 0     # size of the disk that each node has for WAL alone; 0: none
    mounts: List[str] = field(default_factory=list)     # folders that are mount points
    throttled: bool = True  # as Pacemaker comes: on a busy machine one action at a time
    router_names: List[str] = field(default_factory=list)   # in the networks, not in the cluster

    @property
    def root(self) -> Path:
        return STATE / self.name

    @property
    def nodes(self) -> List[Node]:
        return [Node(self, name, i + 1) for i, name in enumerate(self.node_names)]

    @property
    def routers(self) -> List[Node]:
        return [Node(self, name, net.ROUTER_HOST + i) for i, name in enumerate(self.router_names)]

    def node(self, name: str) -> Node:
        for node in self.nodes + self.routers:
            if node.name == name:
                return node
        raise LabError(f"there is no node '{name}' in laboratory '{self.name}'",
                       f"its nodes are: {' '.join(self.node_names)}")

    def running(self) -> List[Node]:
        return [node for node in self.nodes if node.alive()]

    def any_node(self) -> Node:
        """A node that is up, to ask it about the cluster."""
        for node in self.running():
            return node
        raise LabError(f"no node of laboratory '{self.name}' is up",
                       f"start one with: cts/lab --name {self.name} boot {self.node_names[0]}")

    def save(self) -> None:
        new = self.root / "lab.json.new"
        new.write_text(json.dumps(asdict(self), indent=1) + "\n")
        new.rename(self.root / "lab.json")


def check_name(name: str) -> str:
    if not NAME.fullmatch(name):
        raise LabError(f"'{name}' cannot be a laboratory's name",
                       "use up to 24 letters, digits, '_' and '-'")
    return name


def load(name: str) -> Lab:
    """The laboratory of that name, which must be up."""
    check_name(name)
    try:
        return Lab(**json.loads((STATE / name / "lab.json").read_text()))
    except FileNotFoundError:
        known = ", ".join(names()) or "none"
        raise LabError(f"there is no laboratory '{name}' (those that exist: {known})",
                       f"bring one up with: cts/lab --name {name} up 3") from None


def names() -> List[str]:
    return sorted(p.parent.name for p in STATE.glob("*/lab.json"))


def locked(name: str) -> ContextManager[None]:
    """`up` and `down` of one name never run at the same time."""
    STATE.mkdir(parents=True, exist_ok=True)
    return held(STATE / f"{name}.lock",
                f"laboratory '{name}' is being brought up or taken down right now",
                "wait for that command to end, or choose another --name")


def check_machine() -> None:
    if os.geteuid() != 0:
        raise LabError("a laboratory needs root: it makes network namespaces and mounts",
                       "run the command with sudo, or as root in a container with --privileged")
    for tool in ("ip", "unshare", "nsenter", "corosync", "pacemakerd", "crm_mon"):
        if not shutil.which(tool):
            raise LabError(f"'{tool}' is not installed",
                           "install the laboratory's packages: cts/lib/install-packages")


def up(lab: Lab, log) -> None:
    """Make the network, the nodes, fencing and the cluster; wait until every node is online."""
    check_machine()
    names_of_all = lab.node_names + lab.router_names
    for name in names_of_all:
        if not NODE_NAME.fullmatch(name):
            raise LabError(f"'{name}' cannot be a node's name",
                           "a host's name has letters, digits, '.' and '-'")
    if len(set(names_of_all)) != len(names_of_all):
        raise LabError("two nodes have the same name", "give each node a name of its own")
    if not 1 <= len(lab.node_names) <= MAX_NODES:
        raise LabError(f"a laboratory has 1 to {MAX_NODES} nodes, not {len(lab.node_names)}")
    if (lab.root / "lab.json").exists():
        raise LabError(f"laboratory '{lab.name}' is up already",
                       f"take it down first: cts/lab --name {lab.name} down")
    with locked(lab.name):
        try:
            _up(lab, log)
        except BaseException:
            log("something went wrong: taking the laboratory down again")
            for node in lab.nodes + lab.routers:
                for line in node.last_words():
                    log(f"  {node.name}: {line}")
            _down(lab.name)
            raise


def _up(lab: Lab, log) -> None:
    _down(lab.name)
    lab.root.mkdir(parents=True)
    os.chmod(lab.root, 0o755)
    lab.save()
    (lab.root / "corosync.conf").write_text(corosync.conf(lab.node_names))
    (lab.root / "cib.xml").write_text(corosync.first_cib(lab.throttled))
    (lab.root / "hosts").write_text(
        corosync.hosts(lab.node_names) + "".join(f"192.168.0.{router.index} {router.name}\n"
                                                 for router in lab.routers))
    log("three networks: service 192.168.0.x, cluster 192.168.1.x, replication 192.168.2.x")
    net.make_switch(lab.name)
    net.make_client(lab.name)
    fencing.start(lab.root, lab.node_names)
    for node in lab.nodes + lab.routers:
        log(f"{node.name}: booting")
        node.boot(start_cluster=False)
    for node in lab.nodes:
        node.start_cluster(wait=False)
    log("Corosync and Pacemaker are starting")
    wait_online(lab)


def wait_online(lab: Lab, timeout: float = 60) -> None:
    """Wait until the cluster has a controller and every node is a member."""
    wait_until(f"the nodes {' '.join(lab.node_names)} to be online in the cluster",
               lambda: set(lab.node_names) <= set(lab.any_node().online()), timeout, 0.3,
               f"look at the logs under {lab.root}/*/var/log")


def down(name: str) -> None:
    """Take everything down; works on a half-made laboratory and on none at all."""
    check_name(name)
    with locked(name):
        _down(name)
    (STATE / f"{name}.lock").unlink(missing_ok=True)


def _down(name: str) -> None:
    """Not to be torn apart: signals wait until it is done."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGINT, signal.SIGTERM))
    try:
        remove_all(name)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def remove_all(name: str) -> None:
    """Processes first, then networks, then files."""
    root = STATE / name
    fencing.stop(root)
    for pidfile in root.glob("*/init.pid"):
        Node.kill_init(pidfile)
    for netns in net.namespaces(name):
        for pid in run(["ip", "netns", "pids", netns], check=False).stdout.split():
            send(signal.SIGKILL, int(pid))
    end = time.monotonic() + 10
    for netns in net.namespaces(name):
        while run(["ip", "netns", "pids", netns], check=False).stdout.split() and time.monotonic() < end:
            time.sleep(0.05)
        net.delete(netns)
    for _ in range(20):
        shutil.rmtree(root, ignore_errors=True)
        if not root.exists():
            return
        time.sleep(0.1)
    raise LabError(f"could not remove '{root}'", "something still writes there: look with lsof +D")
