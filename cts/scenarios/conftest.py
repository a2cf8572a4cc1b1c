# SPDX-License-Identifier: GPL-2.0-or-later
"""The scenarios' cluster: made when it is wanted, used again while it is whole.

A scenario has a fixture `rig` (labkit/measure/rig.py) on a cluster that is whole:

    @pytest.mark.place(nodes=2)             # default: three nodes, sync, fencing on
    def test_the_sun_goes_out(rig):
        with rig.trial() as load:           # load; heals, waits until whole and counts at the end
            moment = rig.primary().kill_postgres()
            load.commits(moment)
"""

import dataclasses
from pathlib import Path
from typing import Dict, List, Optional, Tuple, Union

import pytest
from _pytest.reports import TestReport     # pytest 6 has no name of its own for it

from conftest import drop_lab, make_lab
from labkit.lab import resources
from labkit.lab.errors import LabError
from labkit.lab.resources import Wanted
from labkit.measure import results
from labkit.measure.rig import Rig, Verdict

HERE = Path(__file__).resolve().parent
VERDICTS: Dict[str, Verdict] = {}
REPORTS: Dict[str, Dict[str, TestReport]] = {}


@dataclasses.dataclass(frozen=True)
class Place:
    """The cluster that a scenario wants."""

    nodes: Union[int, Tuple[str, ...]] = 3
    fencing: bool = True
    rep_mode: str = "sync"
    options: Tuple[str, ...] = ()
    wal_mb: int = 0     # size of a disk for WAL alone

    def wanted(self, agent: str) -> Wanted:
        """The shell agent has its own guide's profile, pgward the one that it recommends."""
        profile = "seed" if agent == resources.SHELL_AGENT else "recommended"
        return Wanted(agent, self.rep_mode, profile, self.fencing, options=list(self.options))


def place_of(item) -> Place:
    mark = item.get_closest_marker("place")
    return Place(**mark.kwargs) if mark else Place()


class Ground:
    """At most one cluster, which the next scenario uses again if it is whole and fits."""

    def __init__(self, config) -> None:
        self.config = config
        self.place: Optional[Place] = None
        self.rig: Optional[Rig] = None
        self.spoilt = False

    def take(self, place: Place, agent: str) -> Rig:
        if self.rig is not None and (
                self.spoilt or place != self.place or not self.good()):
            self.drop()
        if self.rig is None:
            nodes = place.nodes if isinstance(place.nodes, int) else list(place.nodes)
            cluster = make_lab(self.config, nodes, wal_mb=place.wal_mb)
            self.place, self.rig = place, Rig(cluster, place.wanted(agent))
            cluster.set_up(self.rig.wanted)
            self.rig.whole()
        return self.rig

    def good(self) -> bool:
        assert self.rig is not None
        try:
            self.rig.whole(30, hands=False)
            return True
        except (LabError, AssertionError):
            return False

    def drop(self) -> None:
        if self.rig is not None:
            drop_lab(self.rig.cluster)
        self.rig, self.spoilt = None, False

    def leave(self) -> None:
        if self.rig is not None:
            name = self.rig.lab.name
            print(f"\nthe cluster is left up:\n  cts/lab --name {name} status\n"
                  f"  cts/lab --name {name} sh {self.rig.lab.node_names[0]}\n"
                  f"  logs: {self.rig.lab.root}/NODE/var/log/syslog\n"
                  f"  cts/lab --name {name} down")


GROUNDS: List[Ground] = []


@pytest.fixture(scope="session")
def ground(request):
    made = Ground(request.config)
    GROUNDS.append(made)
    yield made
    if request.config.getoption("--keep"):
        made.leave()
    else:
        made.drop()


@pytest.fixture
def rig(request, ground, agent):
    found = ground.take(place_of(request.node), agent)
    found.last = Verdict(problem="nothing was counted")
    yield found
    VERDICTS[request.node.nodeid] = found.last


def title(item) -> str:
    """The scenario's name in words, its parameters behind."""
    name, _, parameter = item.name.removeprefix("test_").partition("[")
    return name.replace("_", " ") + (f" ({parameter[:-1]})" if parameter else "")


def file_of(item) -> Path:
    """pytest 6 has no item.path."""
    return Path(item.module.__file__)


def mine(item) -> bool:
    return HERE in file_of(item).parents


def pytest_collection_modifyitems(items) -> None:
    """Scenarios come last, those that want the same cluster one after the other."""
    scenarios = [item for item in items if mine(item)]
    for item in scenarios:
        item.add_marker("scenario")
    places = [place_of(item) for item in scenarios]
    scenarios.sort(key=lambda item: places.index(place_of(item)))
    items[:] = [item for item in items if not mine(item)] + scenarios


def keep_result(item, reports) -> None:
    """What a scenario showed, as JSON for labkit/measure/results.py."""
    bad = next((r for r in reports.values() if r.failed), None)
    skipped = next((r for r in reports.values() if r.skipped), None)
    outcome, why = "ok", ""
    if bad is not None:
        outcome, why = "failed", reason(bad)
    elif skipped is not None:
        outcome, why = "skipped", str(skipped.longrepr[2])
    found = VERDICTS.get(item.nodeid, Verdict(problem="nothing was counted"))
    reports["teardown"].user_properties.append(("verdict", found.brief()))
    folder = item.config.getoption("--results")
    if folder:
        agent = item.config.getoption("--agent")
        results.store(Path(folder), results.Result(
            title(item), file_of(item).stem.removeprefix("test_"), agent, outcome, why,
            round(sum(r.duration for r in reports.values()), 1), found.as_dict()))


def reason(report) -> str:
    """The first line that says what went wrong."""
    crash = getattr(report.longrepr, "reprcrash", None)
    text = crash.message if crash else str(report.longrepr).partition(": ")[2]
    return text.removeprefix("AssertionError: ").strip().splitlines()[0]


@pytest.hookimpl(hookwrapper=True, tryfirst=True)
def pytest_runtest_makereport(item, call):
    report = (yield).get_result()
    if not mine(item):
        return
    reports = REPORTS.setdefault(item.nodeid, {})
    reports[report.when] = report
    if report.failed:
        for one in GROUNDS:
            one.spoilt = True
        if item.config.getoption("--keep"):
            item.session.shouldstop = "a scenario failed, and its cluster is kept"
    if report.when == "teardown":
        keep_result(item, reports)
