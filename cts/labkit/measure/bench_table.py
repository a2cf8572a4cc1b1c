# SPDX-License-Identifier: GPL-2.0-or-later
"""The benchmark's figures, kept as one JSON file a row and agent, and the page made of them."""

import json
import os
import platform
import re
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Collection, Dict, List, Optional, Sequence

from ..lab.errors import LabError
from ..lab.postgres import bindir
from ..lab.resources import PROFILES
from ..lab.shell import run
from . import bench_serve
from .bench_return import BUSY, METHODS, PLAIN, SIZES
from .bench_rows import KNOCKING, ORDINARY, RUNS, Figures
from .contenders import CONTENDERS
from .monitor_cost import median

MACHINE = "machine.json"
TIMELINES = ("failover", "switchover")
OURS = "pgward"
COUNTED = "commits lost"
HEAD = """\
# What a failover takes, and what watching costs

Made by `cts/bench` from stored runs, never by hand: pgward and the others in turn, on the same
laboratory in the same run. A cell is the median, and the least and the most in brackets. A
ratio is that agent's median by pgward's.

- **gap**: the longest wait of a client between two acknowledged commits through the service
  address, on three nodes; what was acknowledged is counted afterwards
- **ordinary client**: as most programs do it: libpq without options, which waits for as long as
  TCP does, and tries again 50 ms after it was refused. Where nobody answers its first packet,
  TCP repeats that after a second
- **knocking client**: gives a connection 20 ms and knocks again after 10 ms, so it adds nothing
- **pgward**: synchronous replication, the recommended profile
- **shell**: the packaged `ocf:heartbeat:pgsql`, synchronous replication, its guide's profile
  (migration-threshold=1), with the one-line work-around that it needs to start at all
- **PAF**: `ocf:heartbeat:pgsqlms`, asynchronous replication, which is what it comes with; its
  guide's migration-threshold=5; where it starts the server again in place, that is the gap
- **floor**: Pacemaker's own `ocf:pacemaker:Stateful`, which has no database: its failure is
  reported at once, and the gap ends when the address answers on another node
- all: the same addresses, fencing and three nodes; `load-threshold` is out of the way, because
  each node would take the load of the whole machine for its own
"""
FOOT = """\
## Where the rest of the time goes

- All nodes share one machine: in a failover its cores are busy to the end (Corosync and Pacemaker
  take two fifths, PostgreSQL, the agents and IPaddr2 the rest), so whatever runs on one node
  holds up the others. On machines of their own each step is shorter.
- The record of who may lead is written before the promotion, and each change of the CIB's
  configuration has Pacemaker decide anew once the promotion is over. Where the old node's
  vip-master has not begun to stop by then, its stop comes after that: some switchovers and
  failovers are 0.1 to 0.15 s longer for it.
- A planned switchover has the old server's shutdown in it: its last checkpoint, which the
  standbys have to confirm, and PostgreSQL's end of recovery on the other side, in which it runs
  restore_command several times.
- A killed node: Corosync's token and consensus, fencing, and a client's connection that nobody
  ends; the agent's share is that of a killed server.
- A cold start begins with a second in which Pacemaker's controller sleeps: updates of the CIB
  from its own election are still under way when it wants to decide.
- A rewind copies the primary's whole pg_wal with the segments that are recycled (seen with
  PostgreSQL 15): beside a gigabyte of data that is most of what it copies.
- Half of a primary's monitor is the loading of libpq and of Pacemaker's libraries.
"""
BACK = """\
A cluster of two nodes, the recommended profile, with pgbench's tables of that size and its eight
clients at work all the time. Just after a checkpoint the standby gets nothing for a moment, then
every process of the primary is killed with SIGKILL: it has WAL that nobody else has. Seconds count
from there, and no hand is moved. With rejoin=rebuild here nothing can be rewound (no hints, no
checksums), and the copy is verified and synced before it counts; plain pg_basebackup copies the
same data just after it, beside the same load, and syncs it.

Measured {when}, medians of {runs} runs; the machine's load average meanwhile: {busy}.

Patroni 3.0.2 streamed again 3.2 to 8.9 s after such a kill, pg_auto_failover 2.0 after 3 s: measured
earlier on this kind of machine with a small divergence, not in this run. The shell agent and PAF
never come back by themselves.
"""
CHECKS = """\
wrk, with two threads on the primary's node, asks `GET /primary` there for {seconds} seconds at a
time: of `pgward serve`, and in turn of Patroni's REST API, which runs beside it with raft and a
server of its own. A check follows another as soon as that is answered, which keeps all cores busy,
wrk's share with it; or with 4 ms between them, which asks for 25,000 a second at most. Patroni
closes each connection with its answer, pgward where the client wants it. CPU is that of a check in
their own processes; what it takes beyond is the kernel's network, and waiting for a core.

Measured {when}, medians of {runs} runs; the machine's load average meanwhile: {busy}.
"""
PARTS = (
    ("An ordinary client's longest wait, seconds",
     ("kill", "switchover", "loaded-kill", "loaded-switchover"), ORDINARY),
    ("A knocking client's longest wait, seconds",
     ("kill", "node", "switchover", "loaded-kill", "loaded-switchover"), KNOCKING),
    ("Cold start, from the election of the cluster's controller to the first commit, seconds",
     ("cold", "power"), "controller to first commit, s"),
    ("The same, from power on", ("cold", "power"), "power on to first commit, s"))


@dataclass
class Measured:
    """One row of one agent: the values of each figure."""

    row: str
    agent: str
    figures: Figures = field(default_factory=dict)
    problem: str = ""
    when: str = field(default_factory=lambda: time.strftime("%Y-%m-%d %H:%M"))

    def add(self, figures: Figures) -> None:
        for name, values in figures.items():
            self.figures.setdefault(name, []).extend(values)


def store(folder: Path, found: Measured) -> None:
    """Keep a row; that of the same agent from before is replaced."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{found.row}-{found.agent}.json").write_text(
        json.dumps(asdict(found), indent=1) + "\n")


def load(folder: Path) -> List[Measured]:
    return [Measured(**json.loads(path.read_text())) for path in sorted(folder.glob("*-*.json"))]


# -- the machine -----------------------------------------------------------------


def first_line(*cmd: str) -> str:
    try:
        return (run(cmd, check=False).stdout.strip().splitlines() or [""])[0]
    except LabError:
        return ""


def package(name: str) -> str:
    return first_line("dpkg-query", "-W", "-f", "${Version}", name)


def machine(agent: str) -> Dict[str, str]:
    """What it ran on, and which versions; nothing that tells whose machine it is."""
    cpu = re.search(r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text(), re.M)
    system = re.search(r'^PRETTY_NAME="?([^"\n]+)', Path("/etc/os-release").read_text(), re.M)
    ours = re.search(r'<resource-agent [^>]*version="([^"]+)"',
                     run([agent, "meta-data"], check=False).stdout) if agent else None
    server = first_line(f"{bindir()}/postgres", "--version").rpartition("(PostgreSQL) ")[2]
    return {"processor": cpu[1] if cpu else platform.machine(), "cores": str(os.cpu_count()),
            "kernel": platform.release().partition("-")[0], "system": system[1] if system else "",
            "Pacemaker": first_line("pacemakerd", "--version").replace("Pacemaker ", ""),
            "Corosync": package("corosync"), "PostgreSQL": server,
            "pgward": ours[1] if ours else "",
            "shell agent (resource-agents)": package("resource-agents"),
            "PAF (resource-agents-paf)": package("resource-agents-paf"),
            "Patroni": package("patroni")}


# -- cells -----------------------------------------------------------------------


def form(value: float) -> str:
    """Three digits are as much as these measurements say."""
    if value >= 100 or value == int(value):
        return f"{value:.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def cell(values: Optional[Sequence[float]]) -> str:
    if not values:
        return "-"
    middle = form(median(list(values)))
    if min(values) == max(values):
        return middle
    return f"{middle} ({form(min(values))} to {form(max(values))})"


def ratio(theirs: Optional[Sequence[float]], ours: Optional[Sequence[float]]) -> str:
    if not theirs or not ours or not median(list(ours)):
        return "-"
    return form(median(list(theirs)) / median(list(ours)))


def span(counts: Collection[int]) -> str:
    few, many = min(counts), max(counts)
    return str(few) if few == many else f"{few} to {many}"


def lines_of(rows: List[List[str]]) -> List[str]:
    return ["| " + " | ".join(row) + " |" for row in
            [rows[0], ["---"] * len(rows[0]), *rows[1:]]]


class Page:
    """The tables of what was measured."""

    def __init__(self, found: List[Measured]) -> None:
        self.found = {(one.row, one.agent): one for one in found}
        self.agents = [name for name in CONTENDERS if any(one.agent == name for one in found)]

    def values(self, row: str, agent: str, figure: str) -> Optional[List[float]]:
        one = self.found.get((row, agent))
        return one.figures.get(figure) if one else None

    def head(self, what: str) -> List[str]:
        words = [what]
        for name in self.agents:
            words += [name] if name == OURS else [name, "ratio"]
        return words

    def line(self, words: str, row: str, figure: str) -> List[str]:
        cells = [words]
        for name in self.agents:
            values = self.values(row, name, figure)
            cells.append(cell(values))
            if name != OURS:
                cells.append(ratio(values, self.values(row, OURS, figure)))
        return cells

    def part(self, title: str, lines: List[List[str]]) -> List[str]:
        told = [line for line in lines if set(line[1:]) != {"-"}]
        return [f"## {title}", "", *lines_of([self.head(""), *told]), ""] if told else []

    def lost(self) -> List[str]:
        lines = []
        for (row, agent), one in self.found.items():
            lost = sum(one.figures.get(COUNTED, []))
            if lost:
                what = RUNS[row][0] if row in RUNS else row
                lines.append(f"- {agent}, {what}: {lost:.0f} acknowledged commits lost")
        return ["## Lost", "", *lines, ""] if lines else []

    def problems(self) -> List[str]:
        lines = [f"- {agent}, {row}: {one.problem}" for (row, agent), one in self.found.items()
                 if one.problem]
        return ["## Not measured", "", *lines, ""] if lines else []

    def idle(self) -> List[str]:
        rows = []
        ours = next(iter(self.figures("idle", OURS).values()), None)
        for agent in self.agents:
            for pair, values in self.figures("idle", agent).items():
                rows.append([agent, pair, cell(values), ratio(values, ours)])
        title = "An idle cluster of three nodes: CPU seconds a minute, all processes of all nodes"
        head = ["", "monitored every (primary/standby)", "CPU, s/min", "ratio"]
        return [f"## {title}", "", *lines_of([head, *rows]), ""] if rows else []

    def figures(self, row: str, agent: str) -> Figures:
        one = self.found.get((row, agent))
        return one.figures if one else {}

    def growth(self) -> List[str]:
        """The same figure by the size of the cluster; that of three nodes is the monitor's row."""
        rows, sizes = [], sorted({int(name.split()[0]) for agent in self.agents
                                  for name in self.figures("growth", agent)} | {3})
        for role in ("primary", "standby"):
            for agent in self.agents:
                grown = self.figures("growth", agent)
                if not grown:
                    continue
                values = [self.values("monitor", agent, f"{role}: CPU, ms") if size == 3 else
                          grown.get(f"{size} nodes, {role}: CPU, ms") for size in sizes]
                rows.append([f"{agent}, {role}", *map(cell, values),
                             ratio(values[-1], values[0])])
        head = ["", *(f"{size} nodes" for size in sizes), "growth"]
        return ["## A monitor's CPU by the size of the cluster, ms", "",
                *lines_of([head, *rows]), ""] if rows else []

    def monitors(self) -> List[str]:
        names = list(dict.fromkeys(name for agent in self.agents
                                   for name in self.figures("monitor", agent)))
        return self.part("One monitor", [self.line(name, "monitor", name) for name in names])

    def returns(self) -> List[str]:
        """The way back by each method; a new copy's speed by that of plain pg_basebackup."""
        one = self.found.get(("return", OURS))
        if not one or not one.figures:
            return []
        rows = [["", "streams again, s", "may take over again, s", "the copy, s",
                 f"speed by plain {PLAIN}'s"]]
        for size in SIZES:
            plain = one.figures.get(f"{size}, {PLAIN}: copy, s")
            for method in METHODS:
                streams, eligible, copy = (one.figures.get(f"{size}, {method}: {what}, s")
                                           for what in ("streams", "eligible", "copy"))
                rows.append([f"{size}, rejoin={method}", cell(streams), cell(eligible),
                             cell(copy), ratio(plain, copy)])
            rows.append([f"{size}, plain {PLAIN}", "-", "-", cell(plain), "1"])
        return ["## The way back of a killed primary", "", BACK.format(when=one.when, runs=span({
                    len(values) for name, values in one.figures.items() if "streams" in name}),
                            busy=cell(one.figures.get(BUSY))),
                *lines_of(rows), "", *self.monitors_meanwhile(one.figures)]

    @staticmethod
    def monitors_meanwhile(figures: Figures) -> List[str]:
        rows = [["one monitor", "on its way (HS:rejoin)", "as a standby", "ratio"]]
        for what in ("CPU, ms", "wall, ms"):
            meanwhile, after = (figures.get(f"{name}: {what}") for name in ("HS:rejoin", "standby"))
            rows.append([what, cell(meanwhile), cell(after), ratio(meanwhile, after)])
        return [*lines_of(rows), ""]

    def checks(self) -> List[str]:
        """Health checks a second, and how long one takes, beside Patroni's."""
        one = self.found.get(("serve", OURS))
        if not one or not one.figures:
            return []
        rows = [["", bench_serve.OURS, bench_serve.THEIRS, "ratio"]]
        for shape in bench_serve.SHAPES:
            for name in bench_serve.FIGURES:
                ours, theirs = (one.figures.get(f"{who}, {shape.words}: {name}")
                                for who in (bench_serve.OURS, bench_serve.THEIRS))
                rows.append([f"{shape.words}: {name}", cell(ours), cell(theirs),
                             ratio(theirs, ours)])
        return ["## A health check over HTTP", "", CHECKS.format(
            seconds=bench_serve.SECONDS, when=one.when, busy=cell(one.figures.get(BUSY)),
            runs=span({len(values) for values in one.figures.values()})), *lines_of(rows), ""]

    def runs(self) -> str:
        counts = {len(values) for (row, _), one in self.found.items() if row in RUNS
                  for values in one.figures.values()}
        whens = sorted(one.when for one in self.found.values())
        text = f"Measured {whens[0]} to {whens[-1][-5:]}."
        return f"{text} Medians of {span(counts)} runs." if counts else text

    def tables(self) -> List[str]:
        lines: List[str] = []
        for title, rows, figure in PARTS:
            lines += self.part(title, [self.line(RUNS[row][0], row, figure) for row in rows])
        return (lines + self.lost() + self.monitors() + self.idle() + self.growth()
                + self.returns() + self.checks() + self.problems())


def step_by_step(what: str, timeline: str) -> List[str]:
    """What `cts/bench --timeline` printed, if it ran."""
    return [f"## One {what} of pgward, step by step", "", "```", timeline.strip("\n"), "```",
            ""] if timeline else []


def timeline_file(what: str) -> str:
    return f"timeline-{what}.txt"


def page(found: List[Measured], about: Dict[str, str], timelines: Dict[str, str]) -> str:
    made = Page(found)
    watched = [f"- {name}, at the faults: monitored every {profile.monitor_promoted} as primary "
               f"and {profile.monitor} as standby" for name, profile in (
                   (name, PROFILES[CONTENDERS[name].wanted.profile]) for name in made.agents)]
    return "\n".join([HEAD + "\n".join(watched), "", made.runs(), "",
                      *[f"- {name}: {value}" for name, value in about.items() if value], "",
                      *made.tables(),
                      *[line for what, text in timelines.items()
                        for line in step_by_step(what, text)], FOOT]).rstrip() + "\n"


def keep(folder: Path, name: str, text: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text, encoding="utf-8")


def keep_machine(folder: Path, about: Dict[str, str]) -> None:
    keep(folder, MACHINE, json.dumps(about, indent=1) + "\n")


def kept(folder: Path, name: str) -> str:
    try:
        return (folder / name).read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""


def load_machine(folder: Path) -> Dict[str, str]:
    return json.loads(kept(folder, MACHINE) or "{}")
