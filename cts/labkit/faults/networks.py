# SPDX-License-Identifier: GPL-2.0-or-later
"""Cables that are pulled."""

import random
import time

from ..lab import net
from ..lab.cluster import Cluster
from ..lab.node import Node
from ..lab.state import State
from .fault import Fault


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
