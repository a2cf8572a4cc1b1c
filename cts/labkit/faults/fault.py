# SPDX-License-Identifier: GPL-2.0-or-later
"""What can go wrong in a cluster, as things that can be done to it and undone again.

A fault takes every choice it has from the random numbers that it is given, in a fixed
order: the same seed chooses the same, whatever the cluster looks like. Only the mapping
of `the primary` and `the second standby` to nodes is read from the cluster.
"""

import random
import signal
import time
from dataclasses import dataclass
from typing import List, Tuple

from ..lab.cluster import Cluster
from ..lab.errors import LabError
from ..lab.node import Node
from ..lab.shell import send, wait_until
from ..lab.state import State


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
    moment = 0.0                                # of the crash, where its node comes back by itself

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


def power_on(node: Node) -> None:
    """The others may fence the node while it boots: then it is off again, for the rig to boot."""
    if not node.alive():
        node.unless_off(node.boot)
