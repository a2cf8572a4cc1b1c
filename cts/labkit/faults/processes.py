# SPDX-License-Identifier: GPL-2.0-or-later
"""Processes that are killed, frozen or asked to end."""

import random
import signal
import time

from ..lab import net
from ..lab.cluster import Cluster
from ..lab.node import PACEMAKERD, POSTGRES, POSTMASTER, Node
from ..lab.state import State
from .fault import Fault, Signal

BACKEND = rf"^postgres: postgres postgres 192\.168\.0\.{net.CLIENT_HOST}"
WALSENDER = r"^postgres: walsender "
WALRECEIVER = r"^postgres: walreceiver"
ATTRD = r"^\S*/pacemaker-attrd( |$)"
BASED = r"^\S*/pacemaker-based( |$)"


def part(node: Node, lead: float) -> float:
    """A primary's last WAL reaches nobody, one commit at least; the moment of the crash."""
    node.signal(signal.SIGSTOP, WALSENDER)
    node.sql("set synchronous_commit = local; "
             "select pg_logical_emit_message(true, 'tail', 'of nobody else')")
    time.sleep(lead)
    return node.kill_postgres()


class PostmasterKilled(Signal):
    name = "postmaster killed"
    pattern = POSTMASTER


class PostgresKilled(Signal):
    name = "all postgres killed"
    pattern = POSTGRES


class Parted(Fault):
    """A primary crashes with WAL of its own: its senders have stood still for a moment.

    Where commits do not wait for a standby, those of that moment are acknowledged and lost.
    """

    name = "crash with WAL of its own"
    holds = (0.0, 0.0)
    primary = 1.0

    def draw(self, rng: random.Random) -> None:
        super().draw(rng)
        self.lead = round(rng.uniform(0.05, 1.0), 2)

    def take_aim(self, cluster: Cluster, state: State) -> None:
        super().take_aim(cluster, state)
        self.what = f"{self.node.name} crashes with WAL of its own, of {self.lead:g} s"

    def strike(self) -> None:
        self.moment = part(self.node, self.lead)

    def heal(self) -> None:
        """It comes back by itself."""


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


class ReplayStill(Signal):
    """The startup process stands still; the receiver goes on, and it loses its rank in time."""

    name = "replay stands still"
    holds = (2.0, 20.0)
    primary = 0.0
    pattern = r"^postgres: startup "
    number = signal.SIGSTOP
