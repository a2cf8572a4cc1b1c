# SPDX-License-Identifier: GPL-2.0-or-later
"""What administrators do, on purpose and rightly."""

import random
import time

from ..lab.cluster import Cluster
from ..lab.resources import VIP_MASTER
from ..lab.state import State
from ..lab.words import move as planned_move
from .archive import set_archive_command
from .clients import ReplicationClient
from .fault import Fault, command


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


class SwitchoverWithClient(Switchover):
    name = "switchover with a logical client"

    def strike(self) -> None:
        self.client = ReplicationClient(self.cluster.lab.name, VIP_MASTER)
        super().strike()

    def heal(self) -> None:
        super().heal()
        self.client.leave(self.cluster)


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
    before = ""         # nothing to undo: no node answered

    def strike(self) -> None:
        self.before = command(self.cluster, "crm_resource", "--resource", "pgsql",
                              "--get-parameter", "node_list").strip()
        rest = [name for name in self.before.split() if name != self.node.name]
        command(self.cluster, "pcs", "resource", "update", "pgsql", f"node_list={' '.join(rest)}")

    def heal(self) -> None:
        if not self.before:
            return
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
