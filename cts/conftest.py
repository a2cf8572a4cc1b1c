# SPDX-License-Identifier: GPL-2.0-or-later
"""pytest's fixtures: laboratories, and evidence when a test fails."""

import itertools
import os
import re
import signal
import sys
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Callable, Dict, Iterator, List, Sequence, Union

import pytest
from _pytest.runner import runtestprotocol

sys.path.insert(0, str(Path(__file__).resolve().parent))

from labkit.lab import evidence, flights, lab as labs, resources  # noqa: E402
from labkit.lab.cli import find_agents  # noqa: E402
from labkit.lab.cluster import Cluster, quiet  # noqa: E402
from labkit.lab.errors import LabError  # noqa: E402

OPEN: Dict[str, labs.Lab] = {}
BROKEN: Dict[str, str] = {}
NUMBER = itertools.count(1)
FIRST_TRY = "failed at first, run once more"
TRIED: List[str] = []           # what was run once more in this process
UNSAFE = re.compile(r"\blost\b|double_writers|took? writes|wrote")


def pytest_addoption(parser) -> None:
    group = parser.getgroup("pgward")
    group.addoption("--agent", default=os.environ.get("PGWARD_AGENT", resources.AGENT),
                    help="the agent under test")
    group.addoption("--ocf-dir", default=os.environ.get("PGWARD_OCF_DIR", ""),
                    help="a staged tree with the agent (make install DESTDIR=..)")
    group.addoption("--old-ocf-dir", default=os.environ.get("PGWARD_OLD_OCF_DIR", ""),
                    help="a staged tree with an older release: for test_mixed_versions.py")
    group.addoption("--evidence", default="/var/tmp/pgward-evidence",
                    help="where logs of failed tests are kept")
    group.addoption("--keep", action="store_true",
                    help="scenarios: end with the first failure and leave its cluster up")
    group.addoption("--second-tries", type=int, default=0, metavar="N",
                    help="run up to N tests that failed once more, on a cluster of their own; "
                    "never one that lost a commit or saw two writers (side by side: N of each "
                    "worker)")
    group.addoption("--results", default="",
                    help="scenarios: a folder for what each one measured, as JSON")


@pytest.fixture(scope="session")
def agent(request) -> str:
    return request.config.getoption("--agent")


def make_lab(config, nodes: Union[int, List[str]], *, wal_mb: int = 0,
             mounts: Sequence[str] = (), routers: Sequence[str] = ()) -> Cluster:
    """A laboratory of so many nodes (or of these names), and of routers beside them."""
    name = f"test{os.getpid()}-{next(NUMBER)}"
    names = [f"node{i + 1}" for i in range(nodes)] if isinstance(nodes, int) else nodes
    lab = labs.Lab(name, names,
                   find_agents(config.getoption("--ocf-dir")), trace=True, wal_mb=wal_mb,
                   mounts=list(mounts), router_names=list(routers))
    labs.up(lab, quiet)
    OPEN[name] = lab
    return Cluster(lab)


def drop_lab(cluster: Cluster) -> None:
    """Every laboratory's records are a test of their own: each look is decided as it was."""
    OPEN.pop(cluster.lab.name, None)
    try:
        otherwise = flights.replay_all(cluster.lab)
    finally:
        labs.down(cluster.lab.name)
    assert not otherwise, otherwise


@contextmanager
def open_lab(config, nodes: Union[int, List[str]], *, wal_mb: int = 0,
             mounts: Sequence[str] = (), routers: Sequence[str] = ()) -> Iterator[Cluster]:
    """A laboratory, gone at the end whatever happened."""
    cluster = make_lab(config, nodes, wal_mb=wal_mb, mounts=mounts, routers=routers)
    try:
        yield cluster
    finally:
        drop_lab(cluster)


def need_command(cluster: Cluster) -> None:
    """An agent alone may be staged, such as another one's."""
    if cluster.lab.any_node().run("pgward", "--version", check=False).returncode != 0:
        pytest.skip("no command is staged")


@pytest.fixture
def new_lab(request) -> Iterator[Callable[[int], Cluster]]:
    """Makes laboratories that live as long as the test."""
    with ExitStack() as stack:
        yield lambda nodes: stack.enter_context(open_lab(request.config, nodes))


def chain(item) -> str:
    """Tests of one module and one parameter are steps on the same cluster."""
    found = re.search(r"\[(.*)\]", item.name)
    return f"{item.module.__name__}[{found[1] if found else ''}]"


def pytest_runtest_setup(item) -> None:
    if item.get_closest_marker("steps") and chain(item) in BROKEN:
        pytest.skip(f"an earlier step on this cluster failed: {BROKEN[chain(item)]}")


def words_of(report) -> str:
    """Why it failed, without the source around it."""
    crash = getattr(report.longrepr, "reprcrash", None)
    return crash.message if crash else report.longreprtext


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item, nextitem):
    """These tests run against the clock, on whatever machine: one may fail by it alone.

    Such a one is run again, and counted; what bears on safety, or on steps that share a
    cluster, is not.
    """
    if (len(TRIED) >= item.config.getoption("--second-tries")
            or item.get_closest_marker("steps")):
        return None
    item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
    reports = runtestprotocol(item, log=False, nextitem=nextitem)
    failed = [report for report in reports if report.failed]
    if failed and not any(UNSAFE.search(words_of(report)) for report in failed):
        TRIED.append(item.nodeid)
        words = "\n".join([item.nodeid] + [
            f"{report.longreprtext}\n{dict(report.sections).get('evidence', '')}"
            for report in failed])
        reports = runtestprotocol(item, log=False, nextitem=nextitem)
        reports[-1].user_properties.append((FIRST_TRY, words))
    for report in reports:
        item.ihook.pytest_runtest_logreport(report=report)
    item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
    return True


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    report = outcome.get_result()
    if not report.failed:
        return
    BROKEN.setdefault(chain(item), item.name)
    top = Path(item.config.getoption("--evidence"))
    folder = top / (re.sub(r"[^\w.-]+", "_", item.name) + time.strftime("-%Y%m%d-%H%M%S"))
    for name, lab in OPEN.items():
        evidence.collect(lab, folder / name)
    if OPEN:
        report.sections.append(
            ("evidence", f"logs, crm_mon, the CIB, pcs config and traces are in {folder}"))
    if call.excinfo and isinstance(call.excinfo.value, LabError):
        report.longrepr = f"{item.nodeid}: {call.excinfo.value}"


def interrupt(*_unused) -> None:
    raise KeyboardInterrupt


def pytest_configure(config) -> None:
    signal.signal(signal.SIGTERM, interrupt)  # so that laboratories are taken down then, too
    for line in ("steps: tests that are steps on one cluster, in order",
                 "scenario: a fault on a loaded cluster; cts/suite runs them all",
                 "worst: a scenario that cts/check takes too",
                 "long: takes minutes; cts/check --long takes it",
                 "alone: against the clock; not side by side with others",
                 "place(nodes, fencing, rep_mode, options): the cluster that a scenario wants"):
        config.addinivalue_line("markers", line)


def pytest_terminal_summary(terminalreporter) -> None:
    stats = terminalreporter.stats
    counts = [len(stats.get(word, [])) for word in ("passed", "failed", "skipped")]
    counts[1] += len(stats.get("error", []))
    tried = [words for reports in stats.values() for report in reports
             for name, words in getattr(report, "user_properties", []) if name == FIRST_TRY]
    for words in tried:
        terminalreporter.section(FIRST_TRY)
        terminalreporter.write_line(words)
    if tried:
        terminalreporter.write_line(f"{len(tried)} {FIRST_TRY}")
    terminalreporter.write_line(
        f"{counts[0]} passed, {counts[1]} failed, {counts[2]} skipped")
