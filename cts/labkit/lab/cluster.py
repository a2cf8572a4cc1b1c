# SPDX-License-Identifier: GPL-2.0-or-later
"""What the tests do to a cluster and ask of it."""

import signal
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path
from typing import Callable, Iterator, List, Optional, Sequence

from . import lab as labs, ledger, net, postgres, resources, state, words
from .node import Node
from .resources import VIP_MASTER
from .state import State

CTS = Path(__file__).resolve().parents[2]


def quiet(_text: str = "") -> None:
    """The tests say nothing while all is well."""


class LedgerClient:
    """A ledger client on the client host; used as a context."""

    def __init__(self, lab: labs.Lab, host: str = VIP_MASTER) -> None:
        self.lab = lab
        self.host = host
        self.out = lab.root / f"ledger-{time.time_ns()}"
        self.inside = ["ip", "netns", "exec", net.namespace(lab.name, "client")]

    def command(self) -> List[str]:
        return [str(CTS / "ledger"), "run", "--host", self.host, "--out", str(self.out)]

    def __enter__(self) -> "LedgerClient":
        # pylint: disable=consider-using-with
        self.process = subprocess.Popen(self.inside + self.command(), cwd=CTS,
                                        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        self.wait_for_commits(time.time(), 30)
        return self

    def __exit__(self, *_unused) -> None:
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(20)

    def summary(self) -> ledger.Summary:
        return ledger.read(self.out) if self.out.exists() else ledger.Summary()

    def times(self) -> List[float]:
        """When each acknowledgement came."""
        lines = self.out.read_text(encoding="utf-8").splitlines() if self.out.exists() else []
        return [float(line.split()[0]) for line in lines
                if " " in line and not line.startswith(("#", "="))]

    def wait_for_commits(self, after: float, timeout: float = 60) -> None:
        """Wait until a good number of commits has been acknowledged after a moment."""
        labs.wait_until(f"commits through {self.host}",
                        lambda: self.summary().last > after + 1, timeout, 0.2)

    def lost(self) -> List[int]:
        """Acknowledged commits that the primary does not have; the client must have ended.

        Some agents end their server once more after a failover: it is waited for.
        """
        end = time.monotonic() + 60
        done = self.check()
        while done.returncode == 2 and time.monotonic() < end:
            time.sleep(1)
            done = self.check()
        assert done.returncode in (0, 1), f"could not count what is lost: {done.stderr}"
        return [int(line.split()[1]) for line in done.stdout.splitlines()
                if line.startswith("lost:")]

    def check(self, *options: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            self.inside + [str(CTS / "ledger"), "check", "--all", "--host", self.host, "--out",
                           str(self.out), *options], capture_output=True, text=True, check=False)

    def salvaged(self, folders: Sequence[Path]) -> str:
        """Why what was lost is not exactly what the lists in these folders name; or nothing."""
        done = self.check("--salvaged", *map(str, folders))
        return "" if done.returncode == 0 else (done.stdout + done.stderr).strip()


class Cluster:
    """A laboratory with its resources, as a test sees it."""

    def __init__(self, lab: labs.Lab) -> None:
        self.lab = lab

    def node(self, name: Optional[str]) -> Node:
        assert name, "there is no primary"
        return self.lab.node(name)

    def look(self, node: Optional[Node] = None) -> State:
        return state.look(self.lab, node)

    def wait(self, what: str, test: Callable[[State], object], timeout: float = 60,
             node: Optional[Node] = None) -> State:
        return state.wait_for(self.lab, what, test, timeout, node=node)

    def settle(self, timeout: float = 90, sync: bool = True) -> State:
        return self.wait("one primary with both addresses, every other node streaming",
                         state.settled(self.lab, sync), timeout)

    def primary(self) -> Node:
        return self.node(self.look().primary)

    def standbys(self) -> List[Node]:
        first = self.primary().name
        return [node for node in self.lab.running() if node.name != first]

    def set_up(self, wanted: resources.Wanted, settings: str = "") -> None:
        postgres.setup(self.lab, quiet, settings)
        resources.configure(self.lab, wanted, quiet)

    def record(self, node: Node, teller: Node) -> str:
        """The permanent pgsql-data-status of a node, which may be off, as another has it."""
        return teller.out("crm_attribute", "-t", "nodes", "-N", node.name, "-n",
                          "pgsql-data-status", "-G", "-q", check=False)

    def quorum(self, name: str) -> str:
        """The permanent pgsql-data-quorum of a node, n/N."""
        return self.lab.any_node().out("crm_attribute", "-t", "nodes", "-N", name, "-n",
                                       "pgsql-data-quorum", "-G", "-q", check=False)

    def ledger(self) -> LedgerClient:
        return LedgerClient(self.lab)

    def pcs(self, *args: str) -> str:
        return self.lab.any_node().out("pcs", *args, timeout=120)

    def finish(self, timeout: float = 60) -> None:
        """Wait until Pacemaker has done all that its configuration and its history ask for.

        It may begin two seconds late: until then the cluster looks as if nothing were to come.
        """
        self.lab.any_node().out("crm_resource", "--wait", f"--timeout={timeout:.0f}",
                                timeout=timeout + 30)

    def cleanup(self, *what: str) -> None:
        """Failures are forgotten; what was forgotten with them has been found out again."""
        self.pcs("resource", "cleanup", *what)
        self.finish()

    def update(self, *parameters: str) -> None:
        """Change parameters of the database; whatever follows from it has been done."""
        self.pcs("resource", "update", "pgsql", *parameters)
        self.finish()

    def move(self) -> None:
        """A planned move of the promoted role, off the node where it is."""
        for command in words.move():
            self.pcs(*command)

    def new_primary(self, old: str, timeout: float = 90) -> State:
        """Wait until another node is primary and holds both addresses."""
        return self.wait(
            f"another node than {old} to be primary with both addresses",
            lambda s: s.primary and s.primary != old
            and s.attribute(s.primary, "status") == "PRI"
            and all(s.where.get(v) == s.primary for v in ("vip-master", "vip-rep")), timeout)

    def postmaster(self, node: Node) -> str:
        """The server's process id and when it began: changes with any restart."""
        lines = (node.dir / "pg/data/postmaster.pid").read_text().splitlines()
        return f"{lines[0]} {lines[2]}"

    def rebuild(self, node: Node) -> None:
        """The seed guide's recovery: a fresh copy, the lock file gone, cleanup."""
        postgres.base_backup(node, resources.VIP_REP)
        node.run("rm", "-f", f"{postgres.TMP}/PGSQL.lock", f"{postgres.TMP}/PGWARD.rejoin")
        self.cleanup("msPostgresql")

    def put_back(self, node: Node, threshold: int = 3) -> None:
        """Wait until the node is a standby again; rebuild it where its data is not proved.

        Its failure is forgotten, as a person would make Pacemaker forget it. A standby streams:
        a server that is started alone to be judged by its WAL is HS:alone, and may be given up.
        """
        found = self.wait(f"{node.name} to be a standby, or to be given up",
                          lambda s: s.given_up(node.name, threshold)
                          or ((s.attribute(node.name, "status") or "").startswith("HS:")
                              and (s.attribute(node.name, "data-status") or "").startswith(
                                  "STREAMING|")), 120)
        if found.given_up(node.name, threshold):
            self.rebuild(node)
        self.settle()
        self.cleanup()

    @contextmanager
    def second_primary(self, stray: Node) -> Iterator[None]:
        """Somebody promotes a standby by hand, where the cluster does not look."""
        self.pcs("property", "set", "maintenance-mode=true")
        stray.sql("select pg_promote()")
        try:
            yield
        finally:
            postgres.server(stray, "-m", "immediate", "stop")
            stray.run("sh", "-c", f"rm -f {postgres.ARCHIVE}/*")   # it has that promotion
            postgres.base_backup(stray, resources.VIP_REP)
            self.pcs("property", "set", "maintenance-mode=false")
            self.cleanup("msPostgresql")
        self.settle()

    def stop_all(self) -> None:
        """The whole cluster is stopped in good order, all nodes at once."""
        for node in self.lab.running():
            node.signal(signal.SIGTERM, r"^(\S*/)?pacemakerd( |$)")
        for node in self.lab.running():
            node.stop_cluster()
