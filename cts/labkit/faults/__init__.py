# SPDX-License-Identifier: GPL-2.0-or-later
"""What can go wrong in a cluster, as things that can be done to it and undone again.

A fault takes every choice it has from the random numbers that it is given, in a fixed
order: the same seed chooses the same, whatever the cluster looks like. Only the mapping
of `the primary` and `the second standby` to nodes is read from the cluster.
"""

import random
import signal
import subprocess
import tempfile
import time
from dataclasses import dataclass
from typing import Callable, Dict, List, Tuple

from ..lab import net
from ..lab.cluster import Cluster
from ..lab.errors import LabError
from ..lab.node import PACEMAKERD, POSTGRES, POSTMASTER, Node
from ..lab.postgres import ARCHIVE, DATA, WAL_DISK, bindir, initdb, server
from ..lab.resources import VIP_MASTER, VIP_REP
from ..lab.shell import send, wait_until
from ..lab.state import State
from ..lab.words import move as planned_move

BACKEND = rf"^postgres: postgres postgres 192\.168\.0\.{net.CLIENT_HOST}"
WALSENDER = r"^postgres: walsender "
WALRECEIVER = r"^postgres: walreceiver"
ATTRD = r"^\S*/pacemaker-attrd( |$)"
BASED = r"^\S*/pacemaker-based( |$)"
HANG = "pg/hang"        # in the node's folder
RESTORE = f"cp {ARCHIVE}/%f %p"
RESTORE_HANGS = f"while test -e /srv/{HANG}; do sleep 1; done; {RESTORE}"
CLOCK = ("clock stepped: a Linux time namespace moves the monotonic and the boot-time clock only; "
         "the wall clock is the whole machine's")


def command(cluster: Cluster, *words: str, patience: float = 20) -> str:
    """Run an administrator's command on the first node that carries it out."""
    reason = LabError("no node is up")
    end = time.monotonic() + patience
    while True:
        for node in cluster.lab.running():
            try:
                return node.out(*words, timeout=30)
            except LabError as error:
                reason = error
        if time.monotonic() > end:
            raise reason
        time.sleep(1)


@dataclass(frozen=True)
class Aim:
    """Which node is meant, by its role; drawn before the cluster is looked at."""

    role: str
    turn: int

    def node(self, cluster: Cluster, state: State) -> Node:
        """The standbys are counted in the order of the nodes' numbers."""
        if self.role == "primary":
            return cluster.node(state.primary)
        others = [n for n in cluster.lab.running() if n.name != state.primary]
        if not others:
            raise LabError("there is no standby to aim at")
        return others[self.turn % len(others)]


def draw(rng: random.Random, primary: float) -> Aim:
    """The primary with this probability, else one of the standbys."""
    role = "primary" if rng.random() < primary else "standby"
    return Aim(role, rng.randrange(1000))


class Fault:
    """One thing that goes wrong."""

    name = ""
    holds: Tuple[float, float] = (1.0, 8.0)     # how long it may last, in seconds
    primary = 0.65                              # how often the primary is meant

    def __init__(self) -> None:
        self.hold = 0.0
        self.what = self.name
        self.cluster: Cluster
        self.node: Node

    def draw(self, rng: random.Random) -> None:
        """Every choice, in a fixed order."""
        self.hold = round(rng.uniform(*self.holds), 2)
        self.aimed = draw(rng, self.primary)

    def take_aim(self, cluster: Cluster, state: State) -> None:
        self.cluster = cluster
        self.node = self.aimed.node(cluster, state)
        self.what = f"{self.name} on {self.node.name} ({self.aimed.role})"

    def strike(self) -> None:
        raise NotImplementedError

    def inject(self, cluster: Cluster, rng: random.Random) -> None:
        self.draw(rng)
        self.take_aim(cluster, cluster.look())
        self.strike()

    def heal(self) -> None:
        """What was done is undone; a node may have been fenced meanwhile."""


class Signal(Fault):
    """Processes of a node get a signal; those that were frozen are thawed at the end."""

    pattern = ""
    number = signal.SIGKILL
    one = False                 # only the first of those that match

    def strike(self) -> None:
        pids: List[int] = wait_until(  # type: ignore[assignment]
            f"a process on '{self.node.name}' that matches '{self.pattern}'",
                          lambda: self.node.find(self.pattern), 10)
        for pid in sorted(pids)[:1] if self.one else pids:
            send(self.number, pid)

    def heal(self) -> None:
        if self.number == signal.SIGSTOP and self.node.alive():
            self.node.signal(signal.SIGCONT)


class PostmasterKilled(Signal):
    name = "postmaster killed"
    pattern = POSTMASTER


class PostgresKilled(Signal):
    name = "all postgres killed"
    pattern = POSTGRES


class PostmasterFrozen(Signal):
    name = "postmaster frozen"
    pattern = POSTMASTER
    number = signal.SIGSTOP
    holds = (0.5, 30.0)


class PostgresFrozen(Signal):
    name = "all postgres frozen"
    pattern = POSTGRES
    number = signal.SIGSTOP
    holds = (0.5, 30.0)


class BackendKilled(Signal):
    name = "backend killed"
    pattern = BACKEND
    one = True
    primary = 1.0


class BackendFrozen(Signal):
    name = "backend frozen"
    pattern = BACKEND
    number = signal.SIGSTOP
    one = True
    primary = 1.0
    holds = (1.0, 15.0)


class EitherSignal(Signal):
    """Asked to end, or killed, which takes the whole server with it."""

    one = True

    def draw(self, rng: random.Random) -> None:
        super().draw(rng)
        self.number = rng.choice((signal.SIGTERM, signal.SIGKILL))

    def take_aim(self, cluster: Cluster, state: State) -> None:
        super().take_aim(cluster, state)
        self.what += f" with {self.number.name}"


class WalsenderKilled(EitherSignal):
    name = "walsender killed"
    pattern = WALSENDER
    primary = 1.0


class WalreceiverKilled(EitherSignal):
    name = "walreceiver killed"
    pattern = WALRECEIVER
    primary = 0.0


class AttrdKilled(Signal):
    name = "attrd killed"
    pattern = ATTRD


class BasedFrozen(Signal):
    name = "based frozen"
    pattern = BASED
    number = signal.SIGSTOP
    holds = (0.5, 20.0)


class PacemakerdKilled(Signal):
    name = "pacemakerd killed"
    pattern = PACEMAKERD

    def heal(self) -> None:
        """As systemd would: started again, where the node is still on."""
        if self.node.alive():
            self.node.start_cluster()


class NodeFrozen(Signal):
    name = "node frozen"
    number = signal.SIGSTOP
    holds = (0.3, 20.0)


class NodeKilled(Fault):
    name = "node killed"

    def strike(self) -> None:
        self.node.kill()

    def heal(self) -> None:
        power_on(self.node)


def power_on(node: Node) -> None:
    """The others may fence the node while it boots: then it is off again, for the rig to boot."""
    if not node.alive():
        node.unless_off(node.boot)


class FencedAndBack(Fault):
    """Fenced and on again within two seconds: the standby that may take over, then the primary.

    The WAL sender of the first one looks alive; the second is not probed while it is awaited.
    """

    name = "fenced and back"
    holds = (5.0, 15.0)
    primary = 0.0

    def draw(self, rng: random.Random) -> None:
        super().draw(rng)
        self.both = rng.random() < 0.7
        self.pause = round(rng.uniform(0.0, 6.0), 2)

    def take_aim(self, cluster: Cluster, state: State) -> None:
        super().take_aim(cluster, state)
        ranked = [n for n in state.online if n != state.primary
                  and state.attribute(n, "score") == "100"]
        self.node = cluster.node(ranked[0]) if ranked else self.node
        self.targets = [self.node] + ([cluster.node(state.primary)] if self.both else [])
        self.what = f"{self.name}: " + ", then ".join(node.name for node in self.targets)

    def strike(self) -> None:
        for node in self.targets:
            if node is not self.node:
                time.sleep(self.pause)
            others = [n for n in self.cluster.lab.running() if n.name != node.name]
            if others and node.alive():
                others[0].run("stonith_admin", "--fence", node.name, check=False, timeout=60)
            power_on(node)

    def heal(self) -> None:
        for node in self.targets:
            power_on(node)


class LanCut(Fault):
    name = "LAN cut"
    holds = (0.5, 25.0)

    def draw(self, rng: random.Random) -> None:
        super().draw(rng)
        self.lan = rng.choice(sorted(net.LANS))
        self.direction = rng.choice(("in", "out", "both"))

    def take_aim(self, cluster: Cluster, state: State) -> None:
        super().take_aim(cluster, state)
        self.what = (f"{self.lan} LAN cut ({self.direction}) on {self.node.name} "
                     f"({self.aimed.role})")

    def strike(self) -> None:
        if self.node.alive():
            cut_lan(self.cluster, self.node, net.LANS[self.lan], self.direction)

    def heal(self) -> None:
        mend_lans(self.cluster, self.node)


class AllLansCut(Fault):
    name = "all LANs cut"
    holds = (0.5, 20.0)

    def strike(self) -> None:
        for lan in net.LANS.values():
            cut_lan(self.cluster, self.node, lan, "both")

    def heal(self) -> None:
        mend_lans(self.cluster, self.node)


class LanFlapping(LanCut):
    """Down and up every second; a fenced node has no cable that could be pulled."""

    name = "LAN flapping"
    holds = (0.1, 1.0)

    def draw(self, rng: random.Random) -> None:
        super().draw(rng)
        self.times = rng.randrange(3, 12)
        self.direction = "both"

    def take_aim(self, cluster: Cluster, state: State) -> None:
        super().take_aim(cluster, state)
        self.what = f"{self.lan} LAN flapping {self.times} times on {self.node.name} " \
                    f"({self.aimed.role})"

    def strike(self) -> None:
        for _ in range(self.times):
            super().strike()
            time.sleep(1)
            mend_lans(self.cluster, self.node)
            time.sleep(1)


def cut_lan(cluster: Cluster, node: Node, lan: int, direction: str) -> None:
    """Its cable may go with its power at this very moment."""
    node.unless_off(lambda: net.cut(cluster.lab.name, node.index, lan, direction))


def mend_lans(cluster: Cluster, node: Node) -> None:
    for lan in net.LANS.values():
        if node.alive():
            node.unless_off(lambda one=lan: net.heal(cluster.lab.name, node.index, one))
        else:
            net.heal_rules(cluster.lab.name, node.index, lan)


class StandbyThenPrimary(Fault):
    """The standby that might take over goes first, and what is left has to know it."""

    name = "standby killed, then primary"

    def draw(self, rng: random.Random) -> None:
        super().draw(rng)
        self.pause = round(rng.uniform(0.0, 4.0), 2)
        self.power = rng.random() < 0.4
        self.aimed = Aim("standby", rng.randrange(1000))

    def take_aim(self, cluster: Cluster, state: State) -> None:
        super().take_aim(cluster, state)
        self.first = cluster.node(state.primary)
        how = "power of " if self.power else "postgres on "
        self.what = (f"{how}{self.node.name} (standby) killed, {self.pause:g} s later "
                     f"{how}{self.first.name} (primary)")

    def strike(self) -> None:
        for pause, node in ((self.pause, self.node), (0, self.first)):
            if self.power:
                node.kill()
            else:
                node.kill_postgres()
            time.sleep(pause)

    def heal(self) -> None:
        power_on(self.first)
        power_on(self.node)


class Switchover(Fault):
    """`pcs resource move`, or the constraint that crm_resource leaves until it is cleared."""

    name = "switchover"
    primary = 1.0
    holds = (3.0, 10.0)

    def draw(self, rng: random.Random) -> None:
        super().draw(rng)
        self.pcs = rng.random() < 0.5

    def take_aim(self, cluster: Cluster, state: State) -> None:
        super().take_aim(cluster, state)
        self.tool = "pcs" if self.pcs else "crm_resource"
        self.what = f"switchover away from {self.node.name} with {self.tool}"

    def strike(self) -> None:
        if self.pcs:
            for words in planned_move():
                command(self.cluster, "pcs", *words)
        else:
            command(self.cluster, "crm_resource", "--ban", "--resource", "msPostgresql",
                    "--node", self.node.name, "--master")

    def heal(self) -> None:
        """pcs removes its own constraint unless it was interrupted."""
        command(self.cluster, "crm_resource", "--clear", "--resource", "msPostgresql")


class ReplicationClient:
    """A client of logical decoding on the client host that confirms once and never again.

    One that never did is believed by what it has received.
    """

    SCRIPT = """
import select, sys, psycopg2
from psycopg2.extras import LogicalReplicationConnection
host, slot = sys.argv[1:]
words = f"host={host} user=postgres dbname=postgres application_name={slot}"
cursor = psycopg2.connect(words, connection_factory=LogicalReplicationConnection).cursor()
cursor.create_replication_slot(slot, output_plugin="test_decoding")
cursor.start_replication(slot_name=slot, decode=True)
psycopg2.connect(words).cursor().execute("select pg_logical_emit_message(false, 'a', 'message')")
message = None
while message is None:
    select.select([cursor], [], [], 0.05)
    message = cursor.read_message()
cursor.send_feedback(flush_lsn=message.data_start, reply=True)
print("streams", flush=True)
while True:
    cursor.read_message()
    select.select([cursor], [], [], 0.05)
"""

    def __init__(self, lab_name: str, host: str, slot: str = "stranger") -> None:
        self.slot = slot
        # pylint: disable=consider-using-with
        self.process = subprocess.Popen(
            ["ip", "netns", "exec", net.namespace(lab_name, "client"), "/usr/bin/python3", "-c",
             self.SCRIPT, host, slot], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        assert self.process.stdout
        self.words = self.process.stdout.readline().strip()

    def leave(self, cluster: Cluster) -> None:
        """Its slot would keep WAL on whoever led when it came."""
        self.process.kill()
        self.process.wait(10)
        if self.process.stdout:
            self.process.stdout.close()
        for node in cluster.lab.running():
            node.sql("select pg_drop_replication_slot(slot_name) from pg_replication_slots "
                     f"where slot_name = '{self.slot}' and not active", check=False)


class SwitchoverWithClient(Switchover):
    name = "switchover with a logical client"

    def strike(self) -> None:
        self.client = ReplicationClient(self.cluster.lab.name, VIP_MASTER)
        super().strike()

    def heal(self) -> None:
        super().heal()
        self.client.leave(self.cluster)


def set_archive_command(cluster: Cluster, words: str = "") -> None:
    """On every node; without words what the configuration file says."""
    change = f"set archive_command = '{words}'" if words else "reset archive_command"
    for node in cluster.lab.running():
        node.sql(f"alter system {change}", check=False)
        node.sql("select pg_reload_conf()", check=False)


class SwitchoverWithArchive(Switchover):
    name = "switchover with a hanging archive_command"

    def strike(self) -> None:
        set_archive_command(self.cluster, "sleep 600")
        self.node.sql("select pg_switch_wal()", check=False)
        super().strike()

    def heal(self) -> None:
        super().heal()
        set_archive_command(self.cluster)


class NodeStandby(Fault):
    name = "node standby"

    def strike(self) -> None:
        command(self.cluster, "pcs", "node", "standby", self.node.name)

    def heal(self) -> None:
        command(self.cluster, "pcs", "node", "unstandby", self.node.name)


class KillInMaintenance(Fault):
    """The cluster looks away, the server dies, the cluster looks again."""

    name = "killed in maintenance mode"

    def strike(self) -> None:
        command(self.cluster, "pcs", "property", "set", "maintenance-mode=true")
        time.sleep(1)
        if self.node.alive():
            self.node.kill_postgres()

    def heal(self) -> None:
        command(self.cluster, "pcs", "property", "set", "maintenance-mode=false")


class OutOfNodeList(Fault):
    """A standby is taken out of node_list, commits go on without it, and it is put back."""

    name = "out of node_list"
    holds = (2.0, 10.0)
    primary = 0.0

    def strike(self) -> None:
        self.before = command(self.cluster, "crm_resource", "--resource", "pgsql",
                              "--get-parameter", "node_list").strip()
        rest = [name for name in self.before.split() if name != self.node.name]
        command(self.cluster, "pcs", "resource", "update", "pgsql", f"node_list={' '.join(rest)}")

    def heal(self) -> None:
        command(self.cluster, "pcs", "resource", "update", "pgsql", f"node_list={self.before}")
        command(self.cluster, "pcs", "resource", "cleanup", "pgsql")


class Cleanup(Fault):
    """Forget the history of a healthy resource: everything is probed again."""

    name = "cleanup or refresh"
    holds = (0.1, 3.0)

    def draw(self, rng: random.Random) -> None:
        super().draw(rng)
        self.word = rng.choice(("cleanup", "refresh"))
        self.everywhere = rng.random() < 0.5

    def take_aim(self, cluster: Cluster, state: State) -> None:
        super().take_aim(cluster, state)
        self.what = f"pcs resource {self.word} " + (
            "everywhere" if self.everywhere else f"for {self.node.name} ({self.aimed.role})")

    def strike(self) -> None:
        where = [] if self.everywhere else [f"node={self.node.name}"]
        command(self.cluster, "pcs", "resource", self.word, "pgsql", *where)


class ReplayStill(Signal):
    """The startup process stands still; the receiver goes on, and it loses its rank in time."""

    name = "replay stands still"
    holds = (2.0, 20.0)
    primary = 0.0
    pattern = r"^postgres: startup "
    number = signal.SIGSTOP


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


def raise_setting(cluster: Cluster, node: Node) -> int:
    """A primary gets more connections, by a restart that the cluster does not look at."""
    value = int(node.sql("show max_connections")) + 10
    node.sql(f"alter system set max_connections = {value}")
    command(cluster, "pcs", "property", "set", "maintenance-mode=true")
    try:
        command(cluster, "crm_resource", "--wait", "--timeout=20s")
        server(node, "-m", "fast", "-l", "/var/log/postgresql/postgresql.log", "restart")
    finally:
        command(cluster, "pcs", "property", "set", "maintenance-mode=false")
    return value


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

    def strike(self) -> None:
        self.value = raise_setting(self.cluster, self.node)

    def heal(self) -> None:
        follow_setting(self.cluster, self.value)


class ParameterChanged(Fault):
    """A harmless parameter gets another value, and its first one back: nothing restarts."""

    name = "parameter changed"
    holds = (0.1, 3.0)
    values = {"xlog_check_count": ("4", "3"), "crm_attr_timeout": ("6", "5"),
              "stop_escalate_in_slave": ("80", "90"), "watch": ("false", "true"),
              "primary_conninfo_opt": ("keepalives_idle=30", "")}

    def draw(self, rng: random.Random) -> None:
        super().draw(rng)
        self.parameter = rng.choice(sorted(self.values))

    def take_aim(self, cluster: Cluster, state: State) -> None:
        self.cluster = cluster
        self.what = f"pcs resource update of {self.parameter}"

    def change(self, value: str) -> None:
        command(self.cluster, "pcs", "resource", "update", "pgsql", f"{self.parameter}={value}")

    def strike(self) -> None:
        self.change(self.values[self.parameter][0])

    def heal(self) -> None:
        self.change(self.values[self.parameter][1])


class ClusterStopped(Fault):
    name = "cluster stopped on a node"

    def strike(self) -> None:
        if self.node.alive():
            self.node.stop_cluster()

    def heal(self) -> None:
        if self.node.alive():
            self.node.start_cluster()


class PacemakerStopped(Fault):
    """In good order, as 'systemctl stop pacemaker' does; Corosync goes on and votes."""

    name = "Pacemaker alone stopped on a node"
    primary = 0.35

    def strike(self) -> None:
        self.node.stop_pacemaker()

    def heal(self) -> None:
        if self.node.alive():
            self.node.start_cluster()


class CorosyncAlone(Fault):
    """A node is killed and fenced, and comes back without Pacemaker: it votes and does nothing."""

    name = "node back with Corosync alone"
    holds = (5.0, 20.0)

    def draw(self, rng: random.Random) -> None:
        super().draw(rng)
        self.pause = round(rng.uniform(0.0, 6.0), 2)

    def strike(self) -> None:
        self.node.kill()
        time.sleep(self.pause)
        self.node.unless_off(self.boot)

    def boot(self) -> None:
        if not self.node.alive():
            self.node.boot(start_cluster=False)
        self.node.run("sh", "-c", "pidof corosync || nice -n -5 setsid corosync")

    def heal(self) -> None:
        power_on(self.node)


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


class Crowd:
    """Sessions of clients that take every connection a server has, until they are let go."""

    SCRIPT = """
import sys, psycopg2
held, end = [], "all are in"
try:
    while len(held) < 500:
        held.append(psycopg2.connect(f"host={sys.argv[1]} user=postgres dbname=postgres "
                                     "connect_timeout=2"))
except psycopg2.Error as error:
    end = str(error).strip().splitlines()[0]
print(len(held), end, flush=True)
sys.stdin.read()
"""

    def __init__(self, lab_name: str, host: str) -> None:
        # pylint: disable=consider-using-with
        self.process = subprocess.Popen(
            ["ip", "netns", "exec", net.namespace(lab_name, "client"), "/usr/bin/python3", "-c",
             self.SCRIPT, host], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout
        self.words = self.process.stdout.readline().strip()

    def leave(self) -> None:
        self.process.kill()
        self.process.wait(10)
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe:
                pipe.close()


class ConnectionsExhausted(Fault):
    """Also those kept for superusers, which the agent would use."""

    name = "connections exhausted"
    primary = 1.0
    holds = (3.0, 20.0)

    def strike(self) -> None:
        self.crowd = Crowd(self.cluster.lab.name, VIP_MASTER)

    def heal(self) -> None:
        self.crowd.leave()


class Stranger(Fault):
    """A WAL receiver on the client host streams under the name of a standby."""

    name = "stranger with a standby's name"
    primary = 0.0
    holds = (2.0, 15.0)

    class Receiver:
        """pg_receivewal, until it is told to leave."""

        def __init__(self, lab_name: str, host: str, name: str) -> None:
            # pylint: disable=consider-using-with
            self.folder = tempfile.TemporaryDirectory()
            self.process = subprocess.Popen(
                ["ip", "netns", "exec", net.namespace(lab_name, "client"),
                 f"{bindir()}/pg_receivewal", "-D", self.folder.name, "--synchronous", "-d",
                 f"host={host} user=postgres application_name={name}"],
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

        def leave(self) -> None:
            self.process.kill()
            self.process.wait(10)
            self.folder.cleanup()

    def strike(self) -> None:
        self.receiver = self.Receiver(self.cluster.lab.name, VIP_REP, self.node.name)

    def heal(self) -> None:
        self.receiver.leave()


SINGLE: List[Callable[[], Fault]] = [
    PostmasterKilled, PostgresKilled, PostmasterFrozen, PostgresFrozen, BackendKilled,
    BackendFrozen, WalsenderKilled, WalreceiverKilled, AttrdKilled, BasedFrozen, PacemakerdKilled,
    NodeKilled, NodeFrozen, FencedAndBack, LanCut, AllLansCut, LanFlapping, StandbyThenPrimary,
    Switchover, SwitchoverWithClient, SwitchoverWithArchive, NodeStandby, KillInMaintenance,
    Cleanup, ParameterChanged, OutOfNodeList, ReplayStill, ArchiveHangs, LowerSetting,
    ClusterStopped, PacemakerStopped, CorosyncAlone, RestoredDatabase, WalDiskFull, ConnectionsExhausted, Stranger]


class TwoAtOnce(Fault):
    """Two of the others, aimed before either strikes."""

    name = "two at once"

    def draw(self, rng: random.Random) -> None:
        self.parts = [make() for make in rng.sample(SINGLE, 2)]
        self.pause = round(rng.uniform(0.0, 3.0), 2)
        for part in self.parts:
            part.draw(rng)
        self.hold = max(part.hold for part in self.parts)

    def take_aim(self, cluster: Cluster, state: State) -> None:
        for part in self.parts:
            part.take_aim(cluster, state)
        self.what = f"{self.parts[0].what}, {self.pause:g} s later {self.parts[1].what}"

    def strike(self) -> None:
        self.parts[0].strike()
        time.sleep(self.pause)
        try:
            self.parts[1].strike()
        except LabError as error:       # the first may have left nothing to strike
            self.what += f" (which could not be: {error.what.splitlines()[0]})"

    def heal(self) -> None:
        """One may be in the way of the other's undoing: as often as it takes."""
        left = list(self.parts)
        end = time.monotonic() + 120
        while left:
            part = left.pop(0)
            try:
                part.heal()
            except LabError:
                if time.monotonic() > end:
                    raise
                left.append(part)


KINDS: Dict[str, Callable[[], Fault]] = {
    make.name: make for make in SINGLE + [TwoAtOnce]}   # type: ignore[attr-defined]
