# SPDX-License-Identifier: GPL-2.0-or-later
"""What a fault is measured with: two clients during it, a verdict on the cluster after it.

    rig = Rig(cluster, wanted)
    with rig.trial() as load:       # a ledger client, and one that writes on every node
        ... inject, wait for what is expected ...

which then does, whatever happened:

    rig.heal()                      # networks, frozen processes, power, cluster software
    rig.whole()                     # waits; takes the manual steps that the exit reasons name
    rig.last = rig.verdict(load)    # gap, acknowledged, lost, double writers, manual steps
    rig.last.check()                # raises when something was lost or two nodes wrote
"""

import os
import re
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Callable, Dict, Iterator, List, Optional, Tuple

from ..lab import net, postgres, resources, state
from ..lab.cluster import Cluster, LedgerClient
from ..lab.errors import LabError
from ..lab.node import PACEMAKERD, POSTMASTER, Node
from ..lab.resources import VIP_MASTER, VIP_REP, Wanted
from ..lab.shell import start_time, wait_until
from ..lab.state import State
from . import writers

CTS = Path(__file__).resolve().parents[2]
ADDRESSES = {"vip-master": VIP_MASTER, "vip-rep": VIP_REP}
COMMAND = re.compile(r"\b(pg_rewind|pg_basebackup|pcs |crm_|rm )")
PATIENCE = 8.0      # how long one look at a stalled node may take
HANDS = 8           # so many manual steps in one trial, and it is not coming back
STUCK = 20.0        # a cluster that is not whole and does nothing for so long needs a hand
COROSYNC = r"^(\S*/)?corosync( |$)"
DAEMONS = r"^(\S*/)?(pacemakerd|pacemaker-\w+)( |$)"


@dataclass
class Verdict:
    """One fault's figures."""

    gap: float = 0.0
    gaps: List[float] = field(default_factory=list)
    acknowledged: int = 0
    lost: List[int] = field(default_factory=list)
    double_writers: List[str] = field(default_factory=list)
    steps: List[str] = field(default_factory=list)
    problem: str = ""   # why it could not be counted what is lost

    def check(self) -> None:
        assert not self.problem, self.problem
        assert not self.lost, f"{len(self.lost)} acknowledged commits are lost: {self.lost[:10]}"
        assert not self.double_writers, "; ".join(self.double_writers)
        assert self.acknowledged, "no commit was acknowledged: nothing has been tested"

    def brief(self) -> str:
        return self.problem or (
            f"gap {self.gap:.2f} s, {self.acknowledged} acknowledged, {len(self.lost)} lost, "
            f"{len(self.double_writers)} double writers, {len(self.steps)} manual steps")

    def as_dict(self) -> Dict[str, object]:
        return asdict(self)


class Load:
    """Both clients at work; used as a context."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self.client = LedgerClient(cluster.lab)
        self.file = cluster.lab.root / f"writers-{time.time_ns()}"
        self.log = cluster.lab.root / "writers.log"

    def __enter__(self) -> "Load":
        with open(self.log, "ab") as log:
            # pylint: disable=consider-using-with
            self.asker = subprocess.Popen(
                [sys.executable, "-B", "-m", "labkit.measure.writers", self.cluster.lab.name,
                 str(self.file)], cwd=CTS, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                env={**os.environ, "PGWARD_LAB_STATE": str(self.cluster.lab.root.parent)})
        try:
            self.client.__enter__()
            wait_until("the second client's first write", lambda: self.sessions(), 30, 0.2,
                       f"read {self.log} and {self.file}")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_unused) -> None:
        self.asker.send_signal(signal.SIGTERM)
        try:
            self.client.__exit__()
        finally:
            self.asker.wait(20)

    def sessions(self) -> List[writers.Session]:
        return writers.read(self.file) if self.file.exists() else []

    def double_writers(self) -> List[writers.Overlap]:
        return writers.double_writers(self.sessions())

    def commits(self, after: Optional[float] = None, timeout: float = 90) -> None:
        """Wait until the client has gone on for a second after a moment (default: now)."""
        self.client.wait_for_commits(time.time() if after is None else after, timeout)

    def wrote(self, node: Node, after: float) -> bool:
        """Whether a write that was sent after a moment was confirmed by that node itself."""
        return any(w.start > after for s in self.sessions() if s.node == node.name
                   for w in s.writes)

    def stalled(self, seconds: float, timeout: float = 60) -> None:
        """Wait until no commit has been acknowledged for so long."""
        wait_until(f"a stall of {seconds} s",
                   lambda: time.time() - self.client.summary().last > seconds, timeout, 0.2)


class Rig:
    """A cluster under test, with what was done to it by hand so far."""

    def __init__(self, cluster: Cluster, wanted: Wanted) -> None:
        self.cluster = cluster
        self.lab = cluster.lab
        self.wanted = wanted
        self.sync = wanted.rep_mode == "sync"
        self.threshold = resources.PROFILES[wanted.profile].threshold
        self.steps: List[str] = []
        self.last = Verdict()

    def load(self) -> Load:
        self.steps.clear()
        return Load(self.cluster)

    @contextmanager
    def trial(self, timeout: float = 180) -> Iterator[Load]:
        """One fault under load; heals, waits and counts, also when an expectation failed."""
        self.last, failed = Verdict(problem="nothing was counted"), None
        with self.load() as load:
            try:
                yield load
            except (AssertionError, LabError) as error:
                failed = error
            try:
                self.heal()
                self.whole(timeout)
                load.commits()
            except (AssertionError, LabError) as error:
                failed = failed or error
        self.last = self.verdict(load)
        if failed and not self.last.lost and not self.last.double_writers:
            raise failed
        self.last.check()

    # -- looking ---------------------------------------------------------------

    def look(self, node: Node) -> State:
        """A node's own view; empty when the node is off, stalled or has no answer."""
        try:
            if self.frozen(node):
                return State()
            done = node.run("crm_mon", "-Afr1", "--output-as=xml", check=False, timeout=PATIENCE)
            return state.parse(done.stdout) if done.returncode == 0 else State()
        except (LabError, OSError, state.ET.ParseError):
            return State()

    @staticmethod
    def frozen(node: Node) -> bool:
        return "State:\tT" in Path(f"/proc/{node.init_pid()}/status").read_text()

    def view(self) -> State:
        """The view of the nodes that have quorum; an empty state where none has."""
        return self.told()[1]

    def teller(self) -> Optional[Node]:
        return self.told()[0]

    def told(self) -> Tuple[Optional[Node], State]:
        for node in self.lab.running():
            found = self.look(node)
            if found.quorum and found.online:
                return node, found
        return None, State()

    def wait(self, what: str, test, timeout: float = 90, every: float = 0.3) -> State:
        """Wait until test(view) is true; the failure says what was there."""
        end = time.monotonic() + timeout
        while True:
            found = self.view()
            if test(found):
                return found
            if time.monotonic() > end:
                raise LabError(f"waited {timeout:g} s in vain for: {what}\n  what is there:\n"
                               + found.describe())
            time.sleep(every)

    def primary(self) -> Node:
        return self.cluster.node(self.view().primary)

    def standbys(self) -> List[Node]:
        first = self.primary().name
        return [node for node in self.lab.running() if node.name != first]

    def eligible(self) -> Node:
        """The standby that takes over when the primary dies now."""
        found = self.wait("a standby with score 100", lambda s: any(
            s.attribute(n, "score") == "100" for n in s.unpromoted), 60)
        return self.lab.node(next(n for n in found.unpromoted
                                  if found.attribute(n, "score") == "100"))

    def new_primary(self, old: str, timeout: float = 120) -> State:
        """Wait until another node than the old one leads and has both addresses."""
        return self.wait(f"another node than {old} to be primary with both addresses",
                         lambda s: s.primary not in (None, old) and self.leads(s), timeout)

    until = staticmethod(wait_until)

    def nobody_leads(self, load: Load, seconds: float = 15) -> None:
        """Watch for so long that no node is promoted or takes a write."""
        began = time.time()
        while time.time() < began + seconds:
            for node in self.lab.running():
                seen = self.look(node)
                leaders = [n for n in seen.promoted if self.lab.node(n).alive()]
                assert not leaders, f"{leaders} leads:\n{seen.describe()}"
                assert not load.wrote(node, began), f"{node.name} takes writes"
            time.sleep(0.5)

    @staticmethod
    def leads(seen: State) -> bool:
        return bool(seen.primary) and seen.attribute(seen.primary, "status") == "PRI" and all(
            seen.where.get(vip) == seen.primary for vip in ADDRESSES)

    def wrong(self, seen: State) -> str:
        """What keeps the cluster from being whole; empty when it is."""
        first = seen.primary
        if not first:
            return f"{len(seen.promoted)} nodes are promoted"
        if not self.leads(seen):
            return f"{first} is promoted, and is not PRI with both addresses"
        values = [seen.attribute(first, name) for name in ("score", "data-status")]
        if values != ["1000", "LATEST"]:
            return f"{first} is the primary with {values}"
        others = [name for name in self.lab.node_names if name != first]
        for name in others:
            problem = self.wrong_standby(seen, name)
            if problem:
                return f"{name} {problem}"
        ready = [n for n in others if seen.attribute(n, "score") == "100"]
        if others and not ready:
            return "no standby may take over"
        synced = ("STREAMING|SYNC", "STREAMING|QUORUM")
        odd = [n for n in ready if seen.attribute(n, "data-status") not in synced]
        if self.sync and odd:
            return f"{odd[0]} may take over as {seen.attribute(odd[0], 'data-status')}"
        return ""

    @staticmethod
    def wrong_standby(seen: State, name: str) -> str:
        if name not in seen.online:
            return "is not online"
        if name not in seen.unpromoted:
            return "has no standby running"
        status, record = (seen.attribute(name, word) or "" for word in ("status", "data-status"))
        kind = record.partition("|")[2].lower()
        if not record.startswith("STREAMING|") or status != f"HS:{kind}":
            return f"is '{status}' with '{record}'"
        return ""

    def misplaced(self, seen: State) -> str:
        """An address that is not where it should be, as the nodes' kernels have it."""
        for node in self.lab.running():
            has = node.out("ip", "-4", "-br", "addr")
            for name, address in ADDRESSES.items():
                if (f" {address}/" in has) != (node.name == seen.primary):
                    return f"{name}: {node.name} has {has}"
        return ""

    # -- planned work ----------------------------------------------------------

    def crm_resource(self, *words: str) -> None:
        """Asked on a node that has quorum, so that it lasts."""
        teller = wait_until("a node with quorum", self.teller, 90, 0.3)
        assert isinstance(teller, Node)
        teller.run("crm_resource", *words, timeout=120)

    def move(self) -> State:
        """A switchover: the primary's role leaves its node, which may be primary again later."""
        old = self.primary().name
        self.crm_resource("--move", "--resource", "msPostgresql", "--master")
        found = self.new_primary(old)
        self.crm_resource("--clear", "--resource", "msPostgresql")
        return found

    # -- mending ---------------------------------------------------------------

    def heal(self) -> None:
        """Undo what a fault does to networks, processes, power and cluster software."""
        for node in self.lab.nodes:
            for lan in net.LANS.values():
                node.unless_off(lambda n=node, l=lan: net.heal(self.lab.name, n.index, l))
            node.unless_off(lambda n=node: n.signal(signal.SIGCONT))
        self.power_on()

    def power_on(self) -> None:
        """Switch on what is off; start the cluster's software where it is not running."""
        for node in self.lab.nodes:
            node.unless_off(lambda n=node: self.start(n))

    def boot(self, node: Node, timeout: float = 120) -> None:
        """Power on until the node sees itself in the cluster: the others may fence it first."""
        def there() -> bool:
            node.unless_off(lambda: self.start(node))
            return node.name in self.look(node).online
        wait_until(f"{node.name} to see itself in the cluster", there, timeout, 0.3)

    @staticmethod
    def start(node: Node) -> None:
        if not node.alive():
            node.boot()
        elif not node.find(COROSYNC):
            wait_until(f"the daemons on {node.name} to end without Corosync",
                       lambda: not node.find(DAEMONS), 60, 0.1)
            node.start_cluster()
        elif not node.find(PACEMAKERD):
            subprocess.Popen(node.enter(["setsid", "pacemakerd"]), stdin=subprocess.DEVNULL,
                             stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                             env={**os.environ, "PCMK_logfacility": "daemon",
                                  "PCMK_logfile": "/var/log/pacemaker/pacemaker.log"})

    def whole(self, timeout: float = 180, hands: bool = True) -> State:
        """Wait until the cluster is whole: roles, attributes, scores, addresses on the primary.

        A node that is fenced while we wait is switched on again. Where nothing moves any more
        and a node is out, its exit reason has to name a command: the step is taken, and noted.
        """
        end, quiet_since, before = time.monotonic() + timeout, time.monotonic(), ""
        while True:
            self.power_on()
            seen = self.view()
            problem = self.wrong(seen)
            if not problem:
                problem = self.misplaced(seen)
                if not problem:
                    self.clean()
                    return seen
            now = seen.describe()
            if now != before:
                quiet_since, before = time.monotonic(), now
            may_help = hands and len(self.steps) < HANDS
            if may_help and self.by_hand(seen, time.monotonic() - quiet_since > STUCK):
                quiet_since, end = time.monotonic(), max(end, time.monotonic() + 120)
            if time.monotonic() > end:
                raise LabError(f"waited {timeout:g} s in vain for the whole cluster: {problem}\n"
                               "  what is there:\n" + now)
            time.sleep(0.3)

    def by_hand(self, seen: State, stuck: bool) -> bool:
        """Do what an operator is told to do; False when there is nothing to do yet."""
        if not self.leads(seen):
            return stuck and bool(seen.online) and self.lead_by_hand(seen)
        for node in self.lab.running():
            out = node.name not in seen.promoted + seen.unpromoted
            follows = (seen.attribute(node.name, "status") or "").startswith("HS:") and (
                seen.attribute(node.name, "data-status") or "").startswith("STREAMING|")
            if node.name == seen.primary or node.name not in seen.online or follows:
                continue
            if not (stuck or (out and seen.given_up(node.name, self.threshold))):
                continue
            self.step(seen, [node.name], f"{node.name}: pg_basebackup, rm PGSQL.lock, cleanup")
            self.rebuild(node)
            return True
        return False

    def lead_by_hand(self, seen: State) -> bool:
        """Nobody leads and nothing moves: the lock files away, and forget the failures."""
        self.step(seen, seen.online, "no primary: rm PGSQL.lock on the LATEST node, cleanup")
        for node in self.lab.running():
            if seen.attribute(node.name, "data-status") == "LATEST":
                node.run("rm", "-f", f"{postgres.TMP}/PGSQL.lock")
        self.crm_resource("--cleanup")
        return True

    def step(self, seen: State, names: List[str], what: str) -> None:
        """Note a manual step; pgward has to have named a command for it."""
        reasons = [r for name in names for r in seen.reasons.get(name, [])
                   if r.startswith("pgsql_")]
        told = [r for r in reasons if COMMAND.search(r)]
        self.steps.append(f"{what} ({'; '.join(told or reasons) or 'nothing says so'})")
        assert told or not self.ours, (
            "the cluster is not whole and no exit reason names a command:\n" + seen.describe())

    @property
    def ours(self) -> bool:
        """Whether the agent promises exit reasons."""
        return self.wanted.agent != resources.SHELL_AGENT

    def rebuild(self, node: Node) -> None:
        """The seed guide's recovery, also where a server runs and does not follow."""
        self.crm_resource("--ban", "-r", "msPostgresql", "-N", node.name)
        wait_until(f"the server on {node.name} to be stopped",
                   lambda: not node.find(POSTMASTER), 90, 0.2)
        try:
            self.cluster.rebuild(node)
        finally:
            self.crm_resource("--clear", "-r", "msPostgresql", "-N", node.name)

    def clean(self) -> None:
        """Forget failures and bans, so that the next fault begins from nothing."""
        for name in self.lab.node_names:
            self.crm_resource("--clear", "-r", "msPostgresql", "-N", name)
        for last in (False, False, True):
            self.crm_resource("--cleanup")
            try:
                self.wait("the failures to be forgotten", lambda s: not s.fail_counts, 10)
                return
            except LabError:        # one more came just after: told late, it counts none the less
                if last:
                    raise

    # -- judging ---------------------------------------------------------------

    def verdict(self, load: Load) -> Verdict:
        """Count; both clients must have ended and the cluster must have a primary."""
        book = load.client.summary()
        gaps = sorted((round(b - a, 2) for a, b in zip(book.times, book.times[1:]) if b - a > 0.5),
                      reverse=True)
        found = Verdict(round(book.gap, 2), gaps, len(book.acked), steps=list(self.steps),
                        double_writers=[str(one) for one in load.double_writers()])
        try:
            found.lost = load.client.lost()
        except AssertionError as error:
            found.problem = str(error)
        return found


class Catch(threading.Thread):
    """Does something at the moment when an action of the agent runs on a node.

    A process that has been there for a second is none that has just begun: looking at the
    others alone takes a millisecond.
    """

    def __init__(self, node: Node, action: str, act: Callable[[], object]) -> None:
        super().__init__(daemon=True)
        self.node, self.act = node, act
        self.pattern = re.compile(rb"resource\.d/[^\0]*\0" + action.encode() + rb"\0$")
        self.caught = threading.Event()
        self.over = threading.Event()
        self.since: Dict[str, float] = {}

    def __enter__(self) -> "Catch":
        self.start()
        return self

    def __exit__(self, *_unused) -> None:
        self.over.set()
        self.join(60)

    def runs(self, space: str) -> bool:
        now = time.monotonic()
        there = [name for name in os.listdir("/proc") if name.isdigit()]
        self.since = {name: self.since.get(name, now) for name in there}
        for name in there:
            try:
                if now - self.since[name] < 1 and self.pattern.search(
                        Path(f"/proc/{name}/cmdline").read_bytes()):
                    if os.readlink(f"/proc/{name}/ns/pid") == space and start_time(int(name)):
                        return True
            except OSError:
                continue
        return False

    def run(self) -> None:
        space = os.readlink(f"/proc/{self.node.init_pid()}/ns/pid")
        while not self.over.is_set() and self.node.alive():
            if self.runs(space):
                self.act()
                self.caught.set()
                return
            time.sleep(0.002)
