# SPDX-License-Identifier: GPL-2.0-or-later
"""One node: a pid, mount, UTS, IPC and network namespace with a process 1 of its own."""

import fcntl
import os
import re
import signal
import subprocess
import time
import xml.etree.ElementTree as ET
from contextlib import contextmanager
from pathlib import Path
from typing import Callable, Iterator, List, Optional, Protocol, Sequence

from . import net
from .errors import LabError
from .shell import child_of, run, send, start_time, wait_until

INIT = Path(__file__).with_name("init.py")
ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root", "LC_ALL": "C.UTF-8",
               "LANG": "C.UTF-8"}

# Command lines, for find() and signal().
POSTMASTER = r"^\S*/postgres( |$)"
POSTGRES = r"^(postgres:|\S*/postgres( |$))"
PACEMAKERD = r"^(\S*/)?pacemakerd( |$)"


class Place(Protocol):
    """What a node knows of the laboratory that it is in."""

    name: str
    trace: bool
    wal_mb: int
    mounts: List[str]

    @property
    def root(self) -> Path:
        """Where the laboratory keeps its state."""


class Node:
    """A node of a laboratory. Its folder keeps what survives a power cut: data, CIB, logs."""

    def __init__(self, lab: Place, name: str, index: int) -> None:
        self.lab = lab
        self.name = name
        self.index = index
        self.dir = lab.root / name
        self.netns = net.namespace(lab.name, f"node.{name}")
        self.off_mark = lab.root / "fence" / f"off.{name}"

    # -- power ---------------------------------------------------------------

    def init_pid(self) -> Optional[int]:
        """The machine's pid of the node's process 1, or None when the node is off."""
        return self.read_init(self.dir / "init.pid")

    @staticmethod
    def read_init(pidfile: Path) -> Optional[int]:
        try:
            pid, began = pidfile.read_text().split()
        except (OSError, ValueError):
            return None
        return int(pid) if start_time(int(pid)) == began else None

    @staticmethod
    def kill_init(pidfile: Path) -> None:
        """Kill the namespace's process 1: the kernel kills all that is in it."""
        pid = Node.read_init(pidfile)
        if pid is not None:
            visitors = Node.visitors(pid)
            send(signal.SIGKILL, pid)
            for visitor in visitors:
                send(signal.SIGCONT, visitor)
            wait_until(f"process {pid} to be gone", lambda: start_time(pid) is None, 20, 0.01)
        pidfile.unlink(missing_ok=True)

    @staticmethod
    def visitors(init: int) -> List[int]:
        """The nsenter processes that entered from outside.

        Each stops with the command that it entered with, and then never takes in its dead:
        the node would not be gone before it does.
        """
        head = ["nsenter", "-t", str(init)]
        found = []
        for folder in Path("/proc").iterdir():
            try:
                words = (folder / "cmdline").read_text().split("\0")
            except (OSError, UnicodeDecodeError):
                continue
            if folder.name.isdigit() and words[:3] == head:
                found.append(int(folder.name))
        return found

    def alive(self) -> bool:
        return self.init_pid() is not None

    @contextmanager
    def power_switch(self) -> Iterator[None]:
        """One hand at a time: the fence device may switch off what is being switched on."""
        with open(self.lab.root / f"power.{self.name}", "w", encoding="ascii") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def boot(self, start_cluster: bool = True) -> None:
        with self.power_switch():
            self.switch_on()
        if start_cluster:
            self.start_cluster()

    def switch_on(self) -> None:
        if self.alive():
            raise LabError(f"could not boot '{self.name}': it is on already")
        net.unplug(self.lab.name, self.index)
        net.delete(self.netns)
        self.dir.mkdir(exist_ok=True)
        ready = self.dir / "ready"
        ready.unlink(missing_ok=True)
        net.make_host(self.lab.name, f"node.{self.name}", self.index, list(net.LANS.values()))
        with open(self.dir / "init.log", "ab") as log:
            outer = subprocess.Popen(
                ["ip", "netns", "exec", self.netns,
                 "unshare", "--fork", "--kill-child", "--pid", "--mount", "--uts", "--ipc", "--",
                 "/usr/bin/python3", "-E", "-s", str(INIT), str(self.lab.root), self.name],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
                env=ENVIRONMENT)
        wait_until(f"node '{self.name}' to boot",
                   lambda: ready.exists() or outer.poll() is not None, 30, 0.02,
                   f"read {self.dir}/init.log")
        pid = child_of(outer.pid)
        if outer.poll() is not None or pid is None:
            raise LabError(f"could not boot '{self.name}': its process 1 ended",
                           f"read {self.dir}/init.log")
        (self.dir / "init.pid").write_text(f"{pid} {start_time(pid)}\n")
        self.off_mark.unlink(missing_ok=True)

    def kill(self) -> None:
        """Power off: no goodbye on the network, no flush, nothing. The disk stays."""
        with self.power_switch():
            net.unplug(self.lab.name, self.index)
            self.kill_init(self.dir / "init.pid")
            self.off_mark.touch()
            net.delete(self.netns)

    def last_words(self) -> List[str]:
        try:
            return (self.dir / "init.log").read_text(errors="replace").splitlines()[-5:]
        except OSError:
            return []

    # -- commands in the node ------------------------------------------------

    def enter(self, cmd: Sequence[str], user: str = "") -> List[str]:
        """The command line that runs `cmd` inside the node."""
        pid = self.init_pid()
        if pid is None:
            raise LabError(f"node '{self.name}' is off",
                           f"boot it with: cts/lab --name {self.lab.name} boot {self.name}")
        inside = ["nsenter", "-t", str(pid), "-m", "-u", "-i", "-n", "-p", "--wd=/", "--"]
        if user:
            inside += ["runuser", "-u", user, "--"]
        return inside + list(cmd)

    def run(self, *cmd: str, check: bool = True, user: str = "", timeout: float = 60,
            stdin: Optional[str] = None) -> subprocess.CompletedProcess:
        return run(self.enter(cmd, user), check=check, timeout=timeout, stdin=stdin)

    def out(self, *cmd: str, **options) -> str:
        return self.run(*cmd, **options).stdout.strip()

    def start(self, log: str, *cmd: str, user: str = "") -> None:
        """Start a program that goes on when nobody looks, as a service does."""
        self.run("sh", "-c", f'exec setsid "$0" "$@" </dev/null >>{log} 2>&1 &', *cmd, user=user)

    def sql(self, query: str, check: bool = True, timeout: float = 20) -> str:
        """One query to the node's own server, as postgres through the local socket."""
        return self.out("psql", "-XAtq", "-h", "/run/postgresql", "-d", "postgres", "-c", query,
                        user="postgres", check=check, timeout=timeout)

    def syslog(self) -> str:
        """What the node has logged; it may be off."""
        return (self.dir / "var/log/syslog").read_text(errors="replace")

    # -- the cluster software ------------------------------------------------

    def start_cluster(self, wait: bool = True) -> None:
        """Start Corosync and Pacemaker, as their services would."""
        script = Path(__file__).with_name("start-cluster")
        trace = {"PGWARD_TRACE": "/tmp/pgward.trace"} if self.lab.trace else {}
        with open(self.dir / "start-cluster.log", "ab") as log:
            started = subprocess.Popen(self.enter(["/bin/sh", "-s"]), stdin=open(script, "rb"),
                                       stdout=log, stderr=log, start_new_session=True,
                                       env={**ENVIRONMENT, **trace})
        if wait and started.wait(30) != 0:
            raise LabError(f"could not start the cluster on '{self.name}'",
                           f"read {self.dir}/start-cluster.log and {self.dir}/var/log")

    def stop_cluster(self, timeout: float = 120) -> None:
        """Stop Pacemaker in good order (its resources with it), then Corosync."""
        self.stop_daemons(["pacemakerd", "corosync"], timeout)

    def stop_pacemaker(self, timeout: float = 120) -> None:
        """Stop Pacemaker in good order; Corosync goes on. A node that is off has stopped."""
        if self.alive():
            self.stop_daemons(["pacemakerd"], timeout)

    def stop_daemons(self, names: Sequence[str], timeout: float) -> None:
        for name in names:
            pids = self.find(rf"^(\S*/)?{name}( |$)")
            for pid in pids:
                send(signal.SIGTERM, pid)
            wait_until(f"{name} on '{self.name}' to stop",
                       lambda found=pids: not any(start_time(p) for p in found), timeout, 0.1,
                       f"read {self.dir}/var/log/syslog")

    def online(self) -> List[str]:
        """The nodes that this node's cluster sees online; empty while it has no answer."""
        done = self.run("crm_mon", "-1", "--output-as=xml", check=False)
        if done.returncode != 0:
            return []
        root = ET.fromstring(done.stdout)
        dc = root.find("./summary/current_dc")
        if dc is None or dc.get("present") != "true":
            return []
        return [n.get("name", "") for n in root.findall("./nodes/node")
                if n.get("online") == "true" and n.get("pending") != "true"]

    # -- processes -----------------------------------------------------------

    def find(self, pattern: str = "") -> List[int]:
        """The machine's pids of the node's processes whose command line matches."""
        init = self.init_pid()
        if init is None:
            raise LabError(f"node '{self.name}' is off")
        space = os.readlink(f"/proc/{init}/ns/pid")
        found = []
        for proc in Path("/proc").glob("[0-9]*"):
            try:
                if os.readlink(proc / "ns/pid") != space or not start_time(int(proc.name)):
                    continue
                line = (proc / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            except OSError:
                continue
            if re.search(pattern, line):
                found.append(int(proc.name))
        return found

    def signal(self, number: int, pattern: str = "") -> int:
        """Send a signal to the node's matching processes (all without a pattern); how many."""
        try:
            re.compile(pattern)
        except re.error as error:
            raise LabError(f"'{pattern}' is not a regular expression: {error}") from None
        pids = self.find(pattern)
        for pid in pids:
            send(number, pid)
        return len(pids)

    def unless_off(self, act: Callable[[], object]) -> None:
        """Do something to a node that may be switched off by the fence device meanwhile."""
        try:
            act()
        except (LabError, OSError):
            end = time.monotonic() + 2  # its processes die one after the other
            while self.alive():
                if time.monotonic() > end:
                    raise
                time.sleep(0.1)

    def kill_postgres(self) -> float:
        """`killall -9 postgres` inside the node; the moment at which it was done."""
        self.signal(signal.SIGKILL, POSTGRES)
        return time.time()
