# SPDX-License-Identifier: GPL-2.0-or-later
"""Who is measured: each agent's cluster, how it is struck, and how it is put back."""

import signal
import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Dict, List, Tuple, Type

from ..lab import lab as labs, postgres, resources
from ..lab.cluster import Cluster, LedgerClient
from ..lab.errors import LabError
from ..lab.node import Node
from ..lab.resources import VIP_REP, Wanted
from ..lab.shell import wait_until
from ..lab.state import State
from . import knock

CTS = Path(__file__).resolve().parents[2]
AGENTS = Path("/usr/lib/ocf/resource.d")
SENDERS = "max_wal_senders = 20\n"     # six copies at once in the largest laboratory, two each


class Contender:
    """pgward. The others say what is different with them."""

    name = "pgward"
    wanted = Wanted()
    settings = ""       # lines of postgresql.conf
    hba = ""            # lines of pg_hba.conf that come first
    # (on a primary, on a standby) in which it is usually watched; two of one length
    # cannot be two operations, hence the millisecond
    intervals: Tuple[Tuple[str, str], ...] = (("1s", "1001ms"),)
    database = True

    def __init__(self, name: str, ocf_dir: str, nodes: int = 3) -> None:
        names = [f"node{i + 1}" for i in range(nodes)]
        mine = ocf_dir if self.wanted.agent == resources.AGENT else ""
        self.lab = labs.Lab(name, names, mine, throttled=False)
        self.cluster = Cluster(self.lab)

    def up(self, log) -> None:
        _ocf, provider, kind = self.wanted.agent.split(":")
        if provider in ("heartbeat", "pacemaker") and not (AGENTS / provider / kind).exists():
            raise LabError(f"{self.wanted.agent} is not installed",
                           "install the laboratory's packages: cts/lib/install-packages")
        labs.up(self.lab, lambda *_: None)
        log("  nodes are online; making the database and the resources")
        self.set_up()

    def set_up(self) -> None:
        """The database and the resources, on nodes that are online."""
        if self.database:
            postgres.setup(self.lab, lambda *_: None, SENDERS + self.settings, self.hba)
        for node in self.lab.nodes:
            self.prepare(node)
        resources.configure(self.lab, self.wanted, lambda *_: None)
        self.settle(150)

    def down(self) -> None:
        labs.down(self.lab.name)

    def prepare(self, node: Node) -> None:
        """What a node needs after each boot, before its cluster software starts."""

    # -- looking ---------------------------------------------------------------

    def settle(self, timeout: float = 120) -> State:
        return self.cluster.settle(timeout)

    def primary(self) -> Node:
        return self.cluster.node(self.settle().primary)

    def standby(self) -> Node:
        """The one that takes over."""
        found = self.cluster.look()
        return self.lab.node(max((n for n in found.online if n != found.primary),
                                 key=lambda n: self.score(found, n)))

    @staticmethod
    def score(found: State, node: str) -> int:
        return int((found.attribute(node, "score") or "0").replace("INFINITY", "1000000"))

    @staticmethod
    def has_addresses(found: State) -> bool:
        return all(found.where.get(vip) == found.primary for vip in ("vip-master", "vip-rep"))

    def client(self) -> LedgerClient:
        return self.cluster.ledger()

    def ordinary(self) -> LedgerClient:
        return OrdinaryClient(self.lab)

    def lost(self, client: LedgerClient) -> int:
        return len(client.lost())

    # -- striking --------------------------------------------------------------

    def strike(self, node: Node) -> float:
        """All postgres processes are killed; the moment."""
        return node.kill_postgres()

    def move(self, old: Node) -> float:
        """A planned switchover to wherever the cluster likes; when it was over."""
        self.crm_resource("--move", "--resource", "msPostgresql", "--master")
        self.cluster.wait(
            f"another node than {old.name} to be primary with both addresses",
            lambda s: s.primary not in (None, old.name) and self.has_addresses(s), 120)
        return time.time()

    def crm_resource(self, *words: str) -> None:
        self.lab.any_node().run("crm_resource", *words, timeout=120)

    # -- putting back ----------------------------------------------------------

    def put_back(self, node: Node) -> None:
        """After the processes were killed."""
        self.cluster.put_back(node, resources.PROFILES[self.wanted.profile].threshold)

    def after_move(self, old: Node) -> None:
        self.crm_resource("--clear", "--resource", "msPostgresql")
        self.settle()
        del old

    def rejoin(self, node: Node) -> None:
        """After its power was cut: with a fresh copy, so that every run begins with the same."""
        wait_until(f"{node.name} to be fenced", lambda: self.fenced(node), 90, 0.2)
        if not node.alive():
            node.boot(start_cluster=False)
        if self.database:
            self.copy(node)
        self.prepare(node)
        node.start_cluster()
        labs.wait_online(self.lab)
        self.settle(150)
        self.forget()

    def fenced(self, node: Node) -> bool:
        """Off, and known to be: until then the fence device would cut a boot short."""
        done = self.lab.any_node().run("crm_mon", "-1", "--output-as=xml", check=False)
        if done.returncode != 0:
            return False
        seen = ET.fromstring(done.stdout).find(f"./nodes/node[@name='{node.name}']")
        return seen is not None and seen.get("online") == seen.get("unclean") == "false"

    def forget(self) -> None:
        """Failures of the past; what is cleaned is looked at anew, so it is away for a moment."""
        self.crm_resource("--cleanup")
        time.sleep(1)
        self.settle()

    def copy(self, node: Node) -> None:
        postgres.base_backup(node, VIP_REP)
        node.run("rm", "-f", f"{postgres.TMP}/PGSQL.lock")

    def restart(self, cut: bool) -> float:
        """All nodes off (in good order, or by a power cut) and on again; when they came on."""
        if not cut:
            self.cluster.stop_all()
        for node in self.lab.running():
            node.kill()
        time.sleep(1)
        moment = time.time()
        for node in self.lab.nodes:
            node.boot(start_cluster=False)
            self.prepare(node)
        for node in self.lab.nodes:
            node.start_cluster(wait=False)
        return moment

    def after_restart(self) -> None:
        self.settle(150)


class Shell(Contender):
    """The packaged shell agent, configured by its guide."""

    name = "shell"
    wanted = Wanted(resources.SHELL_AGENT, profile="seed")
    intervals = (("3s", "4s"), ("9s", "10s"))

    def after_move(self, old: Node) -> None:
        """The lock file has to go by hand after each one."""
        self.crm_resource("--clear", "--resource", "msPostgresql")
        old.run("rm", "-f", f"{postgres.TMP}/PGSQL.lock")
        self.crm_resource("--cleanup")
        self.put_back(old)

    def after_restart(self) -> None:
        """A primary that was not alone at its end leaves its lock file."""
        first = self.cluster.wait("a primary", lambda s: s.primary, 120).primary
        others = [node for node in self.lab.nodes if node.name != first]
        for node in others:
            node.run("rm", "-f", f"{postgres.TMP}/PGSQL.lock")
        for node in others:
            self.put_back(node)


class Plain(Contender):
    """An agent without the attributes that the shell agent and pgward have."""

    def ready(self, found: State) -> bool:
        """One primary with both addresses, and every other node that is on follows it."""
        first = found.primary
        others = [node.name for node in self.lab.running() if node.name != first]
        return bool(first) and self.has_addresses(found) and all(
            n in found.unpromoted and self.score(found, n) > 0 for n in others)

    def settle(self, timeout: float = 120) -> State:
        return self.cluster.wait("one primary with both addresses, standbys at every other node",
                                 self.ready, timeout)

    def put_back(self, node: Node) -> None:
        del node
        self.forget()

    def after_restart(self) -> None:
        self.settle(150)
        self.forget()


class Paf(Plain):
    """PAF, with asynchronous replication, which is what it comes with."""

    name = "PAF"
    wanted = Wanted(resources.PAF, profile="paf")
    settings = ("include_if_exists = '/srv/pg/paf.conf'\nlogging_collector = on\n"
                "log_directory = '/var/log/postgresql'\n")
    hba = f"host replication all {VIP_REP}/32 reject\n"     # nobody streams from himself
    intervals = (("15s", "16s"),)

    def prepare(self, node: Node) -> None:
        """The application's name is the node's, so it cannot come with the data."""
        node.run("sh", "-c", "cat > /srv/pg/paf.conf", stdin=(
            f"primary_conninfo = 'host={VIP_REP} user=postgres application_name={node.name}'\n"))

    def put_back(self, node: Node) -> None:
        """It fences the node where it cannot start the server again."""
        if node.alive():
            super().put_back(node)
        else:
            self.rejoin(node)


class Floor(Plain):
    """Pacemaker's own dummy with the same addresses: the floor under every agent."""

    name = "floor"
    wanted = Wanted(resources.STATEFUL, profile="stateful")
    intervals = (("9s", "10s"),)
    database = False

    def prepare(self, node: Node) -> None:
        if not node.find(knock.PATTERN):
            subprocess.Popen(node.enter(["/usr/bin/python3", "-c", knock.SERVER]),
                             stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                             stderr=subprocess.DEVNULL, start_new_session=True)

    def client(self) -> LedgerClient:
        return KnockClient(self.lab)

    def ordinary(self) -> LedgerClient:
        return OrdinaryKnockClient(self.lab)

    def lost(self, client: LedgerClient) -> int:
        return 0

    def strike(self, node: Node) -> float:
        """It does not answer any more, and Pacemaker is told so at once."""
        node.signal(signal.SIGKILL, knock.PATTERN)
        moment = time.time()
        self.crm_resource("--fail", "--resource", "pgsql", "--node", node.name)
        return moment

    def put_back(self, node: Node) -> None:
        self.prepare(node)
        super().put_back(node)


class OrdinaryClient(LedgerClient):
    """Commits as most programs do it: it just connects, and waits for as long as that takes."""

    def command(self) -> List[str]:
        return [sys.executable, "-B", "-m", "labkit.measure.ordinary", self.host, str(self.out)]


class KnockClient(LedgerClient):
    """The client of a cluster without a database."""

    def command(self) -> List[str]:
        return [sys.executable, "-B", "-m", "labkit.measure.knock", self.host, str(self.out)]


class OrdinaryKnockClient(LedgerClient):
    """The same, as an ordinary client does it."""

    def command(self) -> List[str]:
        return [sys.executable, "-B", "-m", "labkit.measure.ordinary", "--knock", self.host,
                str(self.out)]


CONTENDERS: Dict[str, Type[Contender]] = {
    kind.name: kind for kind in (Contender, Shell, Paf, Floor)}
