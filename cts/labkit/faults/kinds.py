# SPDX-License-Identifier: GPL-2.0-or-later
"""All kinds of faults, for what draws them at random."""

import random
import time
from typing import Callable, Dict, List

from ..lab.cluster import Cluster
from ..lab.errors import LabError
from ..lab.state import State
from .archive import ArchiveHangs
from .clients import ConnectionsExhausted, Stranger
from .data import LowerSetting, RestoredDatabase, WalDiskFull
from .fault import Fault
from .networks import AllLansCut, LanCut, LanFlapping
from .nodes import (
    ClusterStopped, CorosyncAlone, FencedAndBack, NodeKilled, PacemakerStopped, StandbyThenPrimary)
from .planned import (
    Cleanup, KillInMaintenance, NodeStandby, OutOfNodeList, ParameterChanged, Switchover,
    SwitchoverWithArchive, SwitchoverWithClient)
from .processes import (
    AttrdKilled, BackendFrozen, BackendKilled, BasedFrozen, NodeFrozen, PacemakerdKilled, Parted,
    PostgresFrozen, PostgresKilled, PostmasterFrozen, PostmasterKilled, ReplayStill,
    WalreceiverKilled, WalsenderKilled)

CLOCK = ("clock stepped: a Linux time namespace moves the monotonic and the boot-time clock only; "
         "the wall clock is the whole machine's")

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

# those as well that no random sequence has
EVERY: Dict[str, Callable[[], Fault]] = {**KINDS, Parted.name: Parted}
