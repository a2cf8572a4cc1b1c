# SPDX-License-Identifier: GPL-2.0-or-later
"""Processes that are killed, frozen or asked to end."""

import random
import signal

from ..lab import net
from ..lab.cluster import Cluster
from ..lab.node import PACEMAKERD, POSTGRES, POSTMASTER
from ..lab.state import State
from .fault import Signal

BACKEND = rf"^postgres: postgres postgres 192\.168\.0\.{net.CLIENT_HOST}"
WALSENDER = r"^postgres: walsender "
WALRECEIVER = r"^postgres: walreceiver"
ATTRD = r"^\S*/pacemaker-attrd( |$)"
BASED = r"^\S*/pacemaker-based( |$)"


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


class ReplayStill(Signal):
    """The startup process stands still; the receiver goes on, and it loses its rank in time."""

    name = "replay stands still"
    holds = (2.0, 20.0)
    primary = 0.0
    pattern = r"^postgres: startup "
    number = signal.SIGSTOP
