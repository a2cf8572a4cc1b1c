# SPDX-License-Identifier: GPL-2.0-or-later
"""Measures agents against each other in the same run, on the same machine."""

import argparse
import os
import signal
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Callable, Dict, List, Tuple

from ..lab.build import build
from ..lab.cli import find_agents
from ..lab.errors import LabError
from ..lab.lab import check_machine, check_name
from ..lab.progress import Progress
from ..lab.shell import interrupt
from . import bench_return, bench_rows, bench_serve, bench_table, timeline
from .bench_rows import RUNS, Figures
from .bench_table import Measured
from .contenders import CONTENDERS, Contender

INTRO = """\
Measures how long a client waits at a failover, and what watching costs: for pgward, for the
packaged shell agent, for PAF, and for Pacemaker's own dummy (the floor), in turn, each on a
laboratory of three nodes of its own in the same run; Patroni stands beside pgward in the row serve.
"""
EXAMPLES = """\
examples:
  cts/bench                                     all of it (an hour), then cts/BENCH.md
  cts/bench --rows kill,switchover --agents pgward,floor --runs 2
  cts/bench --rows return --agents pgward       how a crashed primary comes back
  cts/bench --rows serve --agents pgward        health checks, beside Patroni's
  cts/bench --rows power                        a row that is not among the usual ones
  cts/bench --table                             make cts/BENCH.md from the stored runs
  cts/bench --timeline failover                 one failover of pgward, step by step
  cts/bench --timeline switchover --load        a planned move beside pgbench
  cts/bench --timeline failover --outline --drawing cts/failover.svg    the README's picture
"""
CTS = Path(__file__).resolve().parents[2]
PAGE = CTS / "BENCH.md"
# Rows that are not so many runs of one thing: what it is, and seconds.
OTHERS: Dict[str, Tuple[str, float]] = {
    "monitor": ("what a monitor costs", 20), "idle": ("an idle cluster", 85),
    "growth": ("the monitor's cost with more nodes", 110), "return": ("the way back", 900),
    "serve": ("a health check over HTTP", 140)}
ROWS = ("monitor", *RUNS, "idle", "growth", "return", "serve")
OWN_LABS = ("growth", "return", "serve")
USUAL = [row for row in ROWS if row != "power"]
# it does not look at the other nodes, and has no database; who never comes back by himself, and
# tells no load balancer who leads
UNFIT = {"floor": ("growth", "loaded-kill", "loaded-switchover", "return", "serve"),
         "shell": ("return", "serve"), "PAF": ("return", "serve")}
BRING_UP = 35.0


class Bench:
    """The run: agents one after the other, and how much is left."""

    def __init__(self, args, ocf_dir: str, say: Progress) -> None:
        self.args, self.ocf_dir, self.say = args, ocf_dir, say
        self.measured: List[Measured] = []
        self.began = time.monotonic()
        self.done = 0.0
        self.all = sum(BRING_UP + sum(map(self.guess, self.rows(name))) for name in args.agents)

    def rows(self, agent: str) -> List[str]:
        return [row for row in self.args.rows if row not in UNFIT.get(agent, ())]

    def guess(self, row: str) -> float:
        return RUNS[row][1] * self.args.runs if row in RUNS else OTHERS[row][1]

    def left(self, seconds: float) -> str:
        """A guess is behind us; how much is ahead, at the speed until now."""
        self.done += seconds
        pace = (time.monotonic() - self.began) / self.done
        minutes = (self.all - self.done) * pace / 60
        return f"about {minutes:.0f} min left" if minutes >= 1 else "almost done"

    def lab(self, kind: type, nodes: int = 3) -> Contender:
        found = kind(self.args.name, self.ocf_dir, nodes)
        if found.name == bench_table.OURS:
            found.wanted = replace(found.wanted, options=self.args.set)
        return found

    def agent(self, name: str) -> None:
        kind = CONTENDERS[name]
        self.say.title(f"{name}: {kind.wanted.agent}, profile {kind.wanted.profile}")
        rows = self.rows(name)
        shared = [row for row in rows if row not in OWN_LABS]
        if shared:
            self.on_one_lab(kind, shared)
        for row, measure in (("growth", self.growth), ("return", self.returning),
                             ("serve", self.serving)):
            if row in rows:
                self.keep(row, name, measure, kind)
                self.say(f"  {self.left(self.guess(row))}")

    def on_one_lab(self, kind: type, rows: List[str]) -> None:
        """After a row that failed the next one begins on a fresh laboratory."""
        found = self.lab(kind)
        try:
            self.say("bringing its laboratory up")
            found.up(self.say)
            self.say(f"  {self.left(BRING_UP)}")
            for i, row in enumerate(rows):
                if not self.keep(row, found.name, self.row, found) and rows[i + 1:]:
                    found.down()
                    found.up(self.say)
        finally:
            found.down()

    def keep(self, row: str, agent: str, measure: Callable, *about) -> bool:
        """Measure and store; a row that cannot be measured is said, and the others go on."""
        one = Measured(row, agent)
        self.measured.append(one)
        try:
            measure(one, *about)
        except (LabError, AssertionError) as error:
            one.problem = str(error).splitlines()[0] if str(error) else type(error).__name__
            self.say(f"  NOT measured: {error}")
        bench_table.store(self.args.results, one)
        return not one.problem

    def row(self, one: Measured, found: Contender) -> None:
        if one.row not in RUNS:
            self.say(OTHERS[one.row][0])
            one.add(bench_rows.monitor(found, self.args.monitors) if one.row == "monitor" else
                    bench_rows.idle(found, self.args.seconds))
            self.tell(one, self.guess(one.row))
            return
        what, seconds, measure = RUNS[one.row]
        for i in range(self.args.runs):
            self.say(f"{what}: {i + 1} of {self.args.runs}")
            new = measure(found)
            one.add(new)
            self.tell(Measured(one.row, one.agent, new), seconds)

    def tell(self, new: Measured, seconds: float) -> None:
        self.say(f"  {words_of(new.figures)}; {self.left(seconds)}")

    def growth(self, one: Measured, kind: type) -> None:
        for nodes in bench_rows.GROWTH:
            found = self.lab(kind, nodes)
            self.say(f"{OTHERS['growth'][0]}: {nodes}")
            try:
                found.up(self.say)
                one.add(bench_rows.growth(found, self.args.monitors))
            finally:
                found.down()

    def teller(self, one: Measured) -> Callable[[str, Figures], None]:
        def tell(what: str, figures: Figures) -> None:
            one.add(figures)
            self.say(what)
            self.say("  " + words_of(figures))

        return tell

    def serving(self, one: Measured, kind: type) -> None:
        found = self.lab(kind)
        try:
            found.up(self.say)
            bench_serve.measured(found, self.args.runs, self.teller(one))
        finally:
            found.down()

    def returning(self, one: Measured, kind: type) -> None:
        for method in bench_return.METHODS:
            found = bench_return.prepared(self.lab(kind, 2), method)
            try:
                found.up(self.say)
                bench_return.measured(found, method, self.args.runs, self.args.monitors,
                                      self.teller(one))
            finally:
                found.down()

    def run(self) -> None:
        bench_table.keep_machine(self.args.results, bench_table.machine(
            f"{self.ocf_dir}/pgsql" if self.ocf_dir else ""))
        for name in self.args.agents:
            self.agent(name)


def words_of(figures: Figures) -> str:
    return ", ".join(f"{name} {bench_table.cell(values)}" for name, values in figures.items())


def choice(known) -> Callable[[str], List[str]]:
    def parse_words(text: str) -> List[str]:
        words = text.split(",")
        odd = [word for word in words if word not in known]
        if odd:
            raise argparse.ArgumentTypeError(f"there is no '{odd[0]}'; use: {','.join(known)}")
        return [word for word in known if word in words]
    return parse_words


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="cts/bench", description=INTRO, epilog=EXAMPLES,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=choice(ROWS), default=USUAL, metavar="A,B,..",
                        help=f"some of: {' '.join(ROWS)} (default: all but power)")
    parser.add_argument("--agents", type=choice(CONTENDERS), default=list(CONTENDERS),
                        metavar="A,B,..", help=f"some of: {' '.join(CONTENDERS)}")
    parser.add_argument("--runs", type=int, default=5, help="runs a median is made of (default 5)")
    parser.add_argument("--monitors", type=int, default=20, help="monitors a median is made of")
    parser.add_argument("--seconds", type=float, default=60, help="how long an idle cluster is "
                        "watched at each interval (default 60)")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE",
                        help="another parameter of pgward (may be given again)")
    parser.add_argument("--ocf-dir", default=os.environ.get("PGWARD_OCF_DIR", ""), metavar="DIR",
                        help="pgward staged in DIR (default: build it)")
    parser.add_argument("--results", type=Path, default=Path("/var/tmp/pgward-bench"),
                        metavar="DIR", help="the figures as JSON; the next run replaces only its "
                        "own (default %(default)s)")
    parser.add_argument("--output", type=Path, metavar="FILE",
                        help="the page made of all stored figures (default: cts/BENCH.md after a "
                        "run of all rows and agents, or with --table)")
    parser.add_argument("--table", action="store_true", help="only make that page")
    parser.add_argument("--timeline", choices=bench_table.TIMELINES,
                        help="one failover or planned switchover of pgward: each step as text, "
                        "and drawn in a file")
    parser.add_argument("--drawing", type=Path, metavar="FILE.svg",
                        help="that file (default: failover.svg or switchover.svg)")
    parser.add_argument("--outline", action="store_true",
                        help="drawn without what the agent does within its actions")
    parser.add_argument("--load", action="store_true", help="the timeline is taken beside "
                        "pgbench (8 clients, scale 20)")
    parser.add_argument("--name", default="bench", help="the laboratories' name")
    args = parser.parse_args()
    if min(args.runs, args.monitors) < 1 or args.seconds <= 0:
        parser.error("at least one run, one monitor and a moment are needed")
    return args


def make_page(args) -> None:
    found = bench_table.load(args.results)
    if not found:
        raise LabError(f"there are no figures in '{args.results}'", "run cts/bench first")
    output = args.output or PAGE
    output.write_text(bench_table.page(found, bench_table.load_machine(args.results),
                                       {what: bench_table.kept(
                                           args.results, bench_table.timeline_file(what))
                                        for what in bench_table.TIMELINES}),
                      encoding="utf-8")
    print(f"{output}: {len(found)} rows of agents", flush=True)


def staged(args, work: Path, say: Progress) -> str:
    if args.ocf_dir or bench_table.OURS not in args.agents:
        return find_agents(args.ocf_dir)
    return find_agents(str(build(work / "build", say)))


def bench(args, say: Progress) -> None:
    check_machine()
    check_name(args.name)
    with tempfile.TemporaryDirectory(prefix="pgward-bench-") as work:
        os.chmod(work, 0o755)
        ocf_dir = staged(args, Path(work), say)
        if args.timeline:
            timeline.run(args, ocf_dir, say)
            return
        found = Bench(args, ocf_dir, say)
        found.run()
    say.title("Medians (least to most)")
    print("\n".join(bench_table.Page(found.measured).tables()), flush=True)
    if args.output or (args.rows == USUAL and args.agents == list(CONTENDERS)):
        make_page(args)


def main() -> int:
    args = parse()
    signal.signal(signal.SIGTERM, interrupt)
    began = time.monotonic()
    try:
        if args.table:
            make_page(args)
            return 0
        say = Progress()
        bench(args, say)
        say(f"done after {(time.monotonic() - began) / 60:.0f} min")
        return 0
    except LabError as error:
        print(f"cts/bench: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("cts/bench: interrupted", file=sys.stderr)
        return 130
