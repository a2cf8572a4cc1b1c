# SPDX-License-Identifier: GPL-2.0-or-later
"""README's two commands on every system that they are for, and a table of what came out."""

import argparse
import os
import re
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Iterable, List, Tuple

from ..lab.errors import LabError
from ..lab.progress import Progress, last_line
from ..lab.shell import held, interrupt
from .roots import Root, machine_mirror

INTRO = """\
Makes a fresh root of each Debian release with debootstrap, runs `cts/demo` and `cts/check` of
this checkout in it, and ends with a table. The roots are kept, with the packages that were
installed, for the next run. Needs root, debootstrap, about 4 GB for each root, and an hour for
each system (`cts/check -k` and `--only` take less).
"""
EXAMPLES = """\
examples:
  cts/matrix                                    Debian 11, 12 and 13, all of it
  cts/matrix 13 --only gcc                      one system; its unit tests and the demo
  cts/matrix 11 13 --only cts -k 'not scenario' the demo and some tests on clusters
  cts/matrix sid --fresh                        what is to come, with its newest packages
  cts/matrix 11 --run 'cts/demo --auto'         any command instead, in that root
"""
SYSTEMS = {"11": "bullseye", "12": "bookworm", "13": "trixie", "sid": "sid"}
USUAL = ("11", "12", "13")
# Not the parts that ask the sources alone, or this system's newest tools: one system is enough.
PARTS = ("packages", "gcc", "clang", "sanitizers", "distcheck", "rpm", "ocf-tester", "cts")
CACHE = Path("/var/tmp/pgward-matrix")
RESULTS = "var/tmp/pgward-results"
COUNTS = re.compile(r"(\d+) passed, (\d+) failed, (\d+) skipped")
QUIET = 60.0        # after so many seconds without a word one is said


@dataclass
class Row:
    """A system, and what came out on it."""

    system: str
    versions: Tuple[str, ...] = ("-", "-", "-")
    passed: int = 0
    failed: int = 0
    skipped: int = 0
    problem: str = ""

    def add(self, passed: int, failed: int, skipped: int) -> None:
        self.passed += passed
        self.failed += failed
        self.skipped += skipped

    @property
    def good(self) -> bool:
        return not self.problem and not self.failed and self.passed > 0

    def line(self) -> str:
        counts = [str(n) for n in (self.passed, self.failed, self.skipped)]
        return "| " + " | ".join([f"Debian {self.system}", *self.versions, *counts]) + " |"


def table(rows: Iterable[Row]) -> str:
    head = ["system", "PostgreSQL", "Pacemaker", "pcs", "passed", "failed", "skipped"]
    return "\n".join(["| " + " | ".join(head) + " |", "|---" * len(head) + "|",
                      *[row.line() for row in rows]])


def counts_of(text: str) -> Tuple[int, int, int]:
    """The last counts that a log has; a log without any is one failure."""
    found = COUNTS.findall(text)
    if not found:
        return (0, 1, 0)
    passed, failed, skipped = map(int, found[-1])
    return (passed, failed, skipped)


class Matrix:
    """One run over some systems."""

    def __init__(self, args) -> None:
        self.args = args
        self.say = Progress()
        self.cache = Path(args.cache).resolve()
        self.mirror = args.mirror or machine_mirror()

    def call(self, root: Root, words: List[str], log: Path) -> int:
        """A command in the root with its output in a log; a word now and then that it goes on."""
        self.say(f"{' '.join(words)}  (its output: {log})")
        with open(log, "wb") as out:
            child = subprocess.Popen(root.command(words), env=root.environment(),
                                     stdin=subprocess.DEVNULL, stdout=out,
                                     stderr=subprocess.STDOUT, start_new_session=True)
            try:
                while child.poll() is None:
                    time.sleep(0.2)
                    if time.monotonic() - self.say.spoke > QUIET:
                        self.say(f"   {last_line(log)}")
            finally:
                if child.poll() is None:
                    child.kill()        # and with it all that is in its namespaces
                    child.wait()
        return child.returncode

    def check_words(self) -> List[str]:
        words = ["cts/check", "--results", f"/{RESULTS}"]
        for part in self.args.only or PARTS:
            words += ["--only", part]
        return words + (["-k", self.args.k] if self.args.k else [])

    def demo(self, root: Root, row: Row) -> None:
        log = root.dir / "demo.log"
        code = self.call(root, ["cts/demo", "--auto"], log)
        row.add(int(code == 0), int(code != 0), 0)
        if code != 0:
            self.tail(log)

    def check(self, root: Root, row: Row) -> None:
        log = root.dir / "check.log"
        code = self.call(root, self.check_words(), log)
        passed, failed, skipped = counts_of(log.read_text(errors="replace"))
        row.add(passed, failed or int(code != 0), skipped)
        for line in log.read_text(errors="replace").splitlines():
            if line.startswith(("ok ", "not ok ", "FAILED ", "ERROR ")):
                self.say(f"   {line}")
        if code != 0:
            self.tail(log)
            self.say(f"   its logs: {root.path / RESULTS}")

    def tail(self, log: Path) -> None:
        for line in log.read_text(errors="replace").splitlines()[-25:]:
            self.say(f"   | {line}")

    def system(self, name: str) -> Row:
        """All of it in one root; what goes wrong there is told, and does not stop the others."""
        row = Row(name)
        root = Root(self.cache, SYSTEMS[name], self.mirror)
        self.say.title(f"Debian {name}")
        try:
            with held(self.cache / f"{root.suite}.lock",
                      f"another cts/matrix is at work in '{self.cache / root.suite}'",
                      "wait for it, or give another --cache"):
                if self.args.fresh:
                    root.remove()
                root.make(self.say)
                root.bring_project()
                if self.args.run:
                    code = self.call(root, ["/bin/sh", "-c", self.args.run], root.dir / "run.log")
                    row.add(int(code == 0), int(code != 0), 0)
                    self.tail(root.dir / "run.log")
                else:
                    self.demo(root, row)
                    self.check(root, row)
                row.versions = tuple(root.versions())
        except (LabError, OSError) as error:
            row.problem = str(error)
            row.add(0, 1, 0)
            self.say(f"Debian {name}: {error}")
        return row

    def run(self) -> int:
        self.cache.mkdir(parents=True, exist_ok=True)
        rows = [self.system(name) for name in self.args.systems or USUAL]
        print(f"\n{table(rows)}", flush=True)
        return 0 if all(row.good for row in rows) else 1


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="cts/matrix", description=INTRO, epilog=EXAMPLES,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("systems", nargs="*", metavar="SYSTEM",
                        help=f"{', '.join(SYSTEMS)} (default: {' '.join(USUAL)})")
    parser.add_argument("--only", action="append", metavar="PART",
                        help=f"this part of cts/check (again for more; default: {' '.join(PARTS)})")
    parser.add_argument("-k", metavar="EXPRESSION", default="",
                        help="of the tests on clusters only those whose names match")
    parser.add_argument("--run", metavar="COMMAND", default="",
                        help="run this in the checkout there, instead of the demo and the check")
    parser.add_argument("--fresh", action="store_true", help="make the roots anew")
    parser.add_argument("--cache", metavar="DIR", default=str(CACHE),
                        help="where the roots are kept (default %(default)s)")
    parser.add_argument("--mirror", metavar="URL", default="",
                        help="where the packages are from (default: as this machine's apt has it)")
    args = parser.parse_args()
    for name in args.systems:
        if name not in SYSTEMS:
            parser.error(f"'{name}' is none of: {', '.join(SYSTEMS)}")
    return args


def main() -> int:
    args = parse()
    if os.geteuid() != 0:
        print("cts/matrix: it needs root: it makes namespaces and mounts; use sudo", file=sys.stderr)
        return 2
    for number in (signal.SIGINT, signal.SIGTERM):  # not ignored, as in the background: the
        signal.signal(number, interrupt)            # tests in the roots interrupt what they test
    try:
        return Matrix(args).run()
    except LabError as error:
        print(f"cts/matrix: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("cts/matrix: interrupted", file=sys.stderr)
        return 130
