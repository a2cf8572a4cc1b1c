# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs the scenarios with pytest, and says how far it is."""

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Dict, List

import pytest

from ..lab import resources
from ..lab.build import build
from ..lab.errors import LabError
from ..lab.lab import check_machine
from ..lab.progress import Progress
from ..measure import results

INTRO = """\
Runs a load on real clusters, breaks them in every way that we know, heals them, and counts:
acknowledged commits that are lost, nodes that take writes at the same time, manual steps.
"""
EXAMPLES = """\
examples:
  cts/suite                                 all of it (about an hour)
  cts/suite --list                          the scenarios
  cts/suite -k 'frozen or hung'             those whose names match
  cts/suite -k five_nodes --keep            leave the cluster up at the end or at a failure
  cts/suite --agent shell                   the packaged shell agent, for comparison
  cts/suite --table                         make cts/RESULTS.md from the stored runs
"""
AGENTS = {name: agent for agent, name in results.NAMES.items()}
CTS = Path(__file__).resolve().parents[2]
TABLE = CTS / "RESULTS.md"


class Reporter:
    """pytest's plugin: one line when a scenario begins, one when it ends."""

    def __init__(self, say: Progress) -> None:
        self.say = say
        self.total = 0
        self.counts: Dict[str, int] = {"ok": 0, "FAILED": 0, "skipped": 0}
        self.spent = 0.0
        self.failed: List[str] = []
        self.skipped: List[str] = []

    @staticmethod
    def pytest_configure(config) -> None:
        config.option.tbstyle = "short"
        config.option.verbose = 0   # asked for by the words of a failed comparison

    def pytest_collection_finish(self, session) -> None:
        self.total = len(session.items)

    @property
    def done(self) -> int:
        return sum(self.counts.values())

    def left(self) -> str:
        ran = self.done - self.counts["skipped"]
        if not ran:
            return ""
        minutes = self.spent / ran * (self.total - self.done) / 60
        return f", about {minutes:.0f} min left" if minutes >= 1 else ", almost done"

    def pytest_runtest_logstart(self, nodeid) -> None:
        name = nodeid.rpartition("/")[2].replace("test_", "")
        self.say(f"{self.done + 1:3d} of {self.total}{self.left()}: {name}")

    def pytest_runtest_logreport(self, report) -> None:
        self.spent += report.duration
        if report.failed:
            self.failed.append(report.nodeid)
            self.say(f"    {report.when}: " + str(report.longreprtext).replace("\n", "\n      "))
            for name, text in report.sections:
                if name == "evidence":
                    self.say(f"    {text}")
        if report.when == "teardown":
            bad, skip = report.nodeid in self.failed, report.nodeid in self.skipped
            word = "FAILED" if bad else "skipped" if skip else "ok"
            self.counts[word] += 1
            self.say(f"    {word}: " + dict(report.user_properties).get("verdict", ""))
        elif report.skipped:
            self.skipped.append(report.nodeid)

    def pytest_sessionfinish(self) -> None:
        self.say(", ".join(f"{n} {word}" for word, n in self.counts.items()))
        for name in dict.fromkeys(self.failed):
            self.say(f"  failed: {name}")


class Lister:
    """pytest's plugin: only the names."""

    @staticmethod
    def pytest_collection_finish(session) -> None:
        for item in session.items:
            mark = "worst " if item.get_closest_marker("worst") else "      "
            print(f"{mark}{item.module.__name__.rpartition('.')[2].removeprefix('test_'):16} "
                  f"{item.name.removeprefix('test_')}")
        print(f"{len(session.items)} scenarios; cts/check takes those marked 'worst' too")


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="cts/suite", description=INTRO, epilog=EXAMPLES,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-k", metavar="EXPRESSION", default="",
                        help="only the scenarios whose names match (words with and, or, not)")
    parser.add_argument("-m", metavar="MARKER", default="", help="only those marked, e.g. worst")
    parser.add_argument("--list", action="store_true", help="show the scenarios and end")
    parser.add_argument("--keep", action="store_true",
                        help="end with the first failure; leave the last cluster up")
    parser.add_argument("--agent", choices=sorted(AGENTS), default="pgward")
    parser.add_argument("--ocf-dir", metavar="DIR", default=os.environ.get("PGWARD_OCF_DIR", ""),
                        help="pgward staged in DIR (default: build it)")
    parser.add_argument("--results", metavar="DIR", default="/var/tmp/pgward-suite",
                        help="what each scenario showed, as JSON; the next run replaces only its "
                             "own (default %(default)s)")
    parser.add_argument("--junit", metavar="FILE", default="",
                        help="the JUnit file (default: junit-AGENT.xml in the results' folder)")
    parser.add_argument("--evidence", metavar="DIR", default="/var/tmp/pgward-evidence",
                        help="logs of the clusters whose scenario failed (default %(default)s)")
    parser.add_argument("--table", action="store_true",
                        help="make cts/RESULTS.md of the stored results and end")
    return parser.parse_args()


def run(args, plugin, extra: List[str]) -> int:
    words = ["-p", "no:terminal", "-p", "no:cacheprovider", "--rootdir", str(CTS),
             *extra, str(CTS / "scenarios")]
    words += ["-k", args.k] if args.k else []
    words += ["-m", args.m] if args.m else []
    return int(pytest.main(words, plugins=[plugin]))


def suite(args, say: Progress) -> int:
    check_machine()
    folder = Path(args.results)
    folder.mkdir(parents=True, exist_ok=True)
    junit = args.junit or str(folder / f"junit-{args.agent}.xml")
    with tempfile.TemporaryDirectory(prefix="pgward-suite-") as work:
        os.chmod(work, 0o755)
        ocf_dir = args.ocf_dir
        if not ocf_dir and AGENTS[args.agent] == resources.AGENT:
            ocf_dir = str(build(Path(work) / "build", say))
        return run(args, Reporter(say), [
            f"--agent={AGENTS[args.agent]}", f"--ocf-dir={ocf_dir}", f"--results={folder}",
            f"--junitxml={junit}", f"--evidence={args.evidence}"]
            + (["--keep"] if args.keep else []))


def make_table(folder: Path) -> int:
    found = results.load(folder)
    if not found:
        raise LabError(f"there are no results in '{folder}'", "run cts/suite first")
    TABLE.write_text(results.table(found))
    print(f"{TABLE}: {len(found)} results; the newest of {max(r.when for r in found)}")
    return 0


def main() -> int:
    args = parse()
    began = time.monotonic()
    try:
        if args.table:
            return make_table(Path(args.results))
        if args.list:
            return run(args, Lister(), ["--collect-only"])
        say = Progress()
        code = suite(args, say)
        say(f"done after {(time.monotonic() - began) / 60:.0f} min; results: {args.results}")
        return code
    except LabError as error:
        print(f"cts/suite: {error}", file=sys.stderr)
        return 1
