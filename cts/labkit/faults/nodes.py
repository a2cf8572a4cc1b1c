# SPDX-License-Identifier: GPL-2.0-or-later
"""Nodes without power, or without their cluster software."""

import random
import time

from ..lab.cluster import Cluster
from ..lab.state import State
from .fault import Aim, Fault, power_on


class NodeKilled(Fault):
    name = "node killed"

    def strike(self) -> None:
        self.node.kill()

    def heal(self) -> None:
        power_on(self.node)


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
