# SPDX-License-Identifier: GPL-2.0-or-later
"""Random faults on a loaded cluster, healed between, and what they cost."""

import argparse
import os
import random
import shlex
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Dict, List, Optional

from .. import faults
from ..lab import evidence, lab as labs, resources, salvage
from ..lab.cli import find_agents
from ..lab.cluster import Cluster
from ..lab.errors import LabError
from ..lab.progress import Progress
from ..lab.resources import Wanted
from ..lab.shell import interrupt
from ..measure.monitor_cost import median
from ..measure.rig import Load, Rig
from ..measure.story import events
from ..measure.way_back import streams_at

INTRO = """\
Makes a cluster, keeps a client committing through vip-master and another one trying a
write on every node all the time, and does random things to it: one after the other,
each undone again, until so many have been done. The same seed gives the same sequence.
After each the cluster must be whole again, by itself or by what an exit reason says,
which is counted as a manual step. Ends with a table; stops at the first commit that was
acknowledged and is lost, at the first moment with two writers, and where the cluster
cannot be made whole, keeps the evidence and says how to replay it.
"""
SETTINGS = "wal_level = logical\n"        # a fault decodes
# Each failover begins a segment and leaves three files of it, and a rewind copies all of them.
SERIES = "wal_keep_size = 128MB\n"
WAL_MB = 1600       # wal_keep_size and a gigabyte
MONITORS = 3.0      # seconds in which every node's monitor has run
OLD_WAL = 300       # seconds for which an archived segment is kept


@dataclass(frozen=True)
class Step:
    """One fault to come; what it does is drawn from its own seed."""

    number: int
    kind: str
    seed: int
    pause: float


def plan(seed: int, count: int, series: str = "") -> List[Step]:
    """Every kind in each round, in a random order; a longer plan begins as a shorter one does."""
    rng = random.Random(seed)
    steps: List[Step] = []
    while len(steps) < count:
        deck = [series] if series else list(faults.KINDS) + [faults.TwoAtOnce.name] * 3
        rng.shuffle(deck)
        for kind in deck:
            steps.append(Step(len(steps) + 1, kind, rng.randrange(1 << 32),
                              round(rng.uniform(0.5, 4.0), 2)))
    return steps[:count]


@dataclass
class Outcome:
    """What one fault cost."""

    step: Step
    what: str = ""
    gap: float = 0.0
    failovers: int = 0
    whole_s: float = 0.0
    back_s: float = 0.0     # until the server that crashed streamed; 0: it has no way back
    kept: int = 0           # folders of WAL that nobody else had
    acknowledged: int = 0
    lost: List[int] = field(default_factory=list)
    doubles: List[str] = field(default_factory=list)
    by_hand: List[str] = field(default_factory=list)
    trouble: str = ""


def table(outcomes: List[Outcome]) -> str:
    """Faults by kind, and the sums."""
    rows = [["fault", "times", "failovers", "gap min", "median", "max s", "by hand"]]
    for kind in faults.EVERY:
        those = [o for o in outcomes if o.step.kind == kind]
        if those:
            rows.append([kind] + line(those))
    rows.append(["all"] + line(outcomes))
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    text = "\n".join(
        "  ".join([row[0].ljust(widths[0])] + [c.rjust(w) for c, w in zip(row[1:], widths[1:])])
        for row in rows)
    sums = (f"acknowledged {sum(o.acknowledged for o in outcomes)}   "
            f"lost {sum(len(o.lost) for o in outcomes)}   "
            f"double writers {sum(len(o.doubles) for o in outcomes)}   "
            f"manual steps {sum(len(o.by_hand) for o in outcomes)}")
    return "\n".join([text, "", sums, *way_back(outcomes), f"never drawn: {faults.CLOCK}"]
                     + reasons(outcomes))


def spread(values: List[float]) -> List[str]:
    return [f"{value:.2f}" for value in (min(values, default=0), median(values) if values else 0,
                                         max(values, default=0))]


def line(those: List[Outcome]) -> List[str]:
    return [str(len(those)), str(sum(o.failovers for o in those)),
            *spread([o.gap for o in those]), str(sum(len(o.by_hand) for o in those))]


def way_back(outcomes: List[Outcome]) -> List[str]:
    """Of the nodes that crashed and came back by themselves."""
    those = [o for o in outcomes if o.back_s and not o.trouble]
    if not those:
        return []
    least, middle, most = spread([o.back_s for o in those])
    return [f"came back by themselves {len(those)}, streaming {least} to {most} s after the crash "
            f"(median {middle})", f"folders of their own WAL {sum(o.kept for o in those)}; what was "
            "lost is exactly what they name"]


def reasons(outcomes: List[Outcome]) -> List[str]:
    counts: Dict[str, int] = {}
    for outcome in outcomes:
        for step in outcome.by_hand:
            words = step.partition(": ")[2]         # without the node
            counts[words] = counts.get(words, 0) + 1
    if not counts:
        return []
    return ["", "manual steps, with the exit reasons that asked for them:"] + [
        f"  {count:4} x {words}" for words, count in sorted(counts.items())]


class Soak:
    """One run."""

    def __init__(self, args, say: Progress) -> None:
        self.args = args
        self.say = say
        self.outcomes: List[Outcome] = []
        self.results = Path(args.results)
        names = [f"node{i + 1}" for i in range(args.nodes)]
        self.lab = labs.Lab(args.name, names, find_agents(args.ocf_dir), trace=True, wal_mb=WAL_MB)
        self.wanted = Wanted(agent=args.agent, rep_mode=args.rep_mode, profile=args.profile)
        self.cluster = Cluster(self.lab)
        self.rig = Rig(self.cluster, self.wanted)

    def bring_up(self) -> None:
        self.say(f"a cluster of {self.args.nodes} nodes, rep_mode {self.args.rep_mode}")
        labs.up(self.lab, lambda _text: None)
        self.cluster.set_up(self.wanted, SETTINGS + (SERIES if self.args.series else ""))
        self.rig.whole()

    def run(self, steps: List[Step]) -> bool:
        """All steps; whether all went well. What went wrong has been said."""
        for step in steps:
            outcome = Outcome(step)
            self.outcomes.append(outcome)
            try:
                self.one(step, outcome)
            except (LabError, AssertionError, OSError, subprocess.SubprocessError) as error:
                first = error.__context__       # what was undone in vain had failed before
                outcome.trouble = "\n".join(str(e) or type(e).__name__ for e in (first, error) if e)
            if outcome.lost and self.rig.sync:
                outcome.trouble = f"acknowledged and lost: {outcome.lost}\n{outcome.trouble}"
            if outcome.doubles:
                outcome.trouble = "two writers: " + "; ".join(outcome.doubles[:5]) \
                    + f"\n{outcome.trouble}"
            if outcome.trouble:
                self.failed(outcome)
                return False
        return True

    def one(self, step: Step, outcome: Outcome) -> None:
        fault = faults.EVERY[step.kind]()
        fault.draw(random.Random(step.seed))
        time.sleep(step.pause)
        before, folders = self.rig.primary().name, self.folders()
        moment = time.time()
        load = self.rig.load()
        try:
            with load:
                self.strike(fault, outcome)
                self.stay_whole(load)
        finally:
            self.count(load, outcome)
        outcome.whole_s = time.time() - moment - fault.hold
        verdict = self.rig.verdict(load)
        outcome.lost, outcome.trouble = verdict.lost, verdict.problem
        outcome.failovers = sum(e.operation == "promote" and e.result == "ok"
                                for e in events(self.lab, moment))
        after = self.rig.primary().name
        self.say(f"   whole after {outcome.whole_s:.1f} s, gap {outcome.gap:.2f} s, "
                 + (f"{before} -> {after}, " if after != before else "")
                 + f"{outcome.failovers} promoted, {outcome.acknowledged} acknowledged, "
                 f"{len(outcome.lost)} lost")
        for hand in outcome.by_hand:
            self.say(f"   by hand: {hand}")
        if fault.moment and not outcome.trouble:
            self.judge_return(fault, load, folders, outcome)
        self.forget_old_wal()

    def folders(self) -> List[Path]:
        return salvage.folders(*(node.dir / place for node in self.lab.nodes
                                 for place in ("pg", "pg/tmp")))

    def judge_return(self, fault: faults.Fault, load: Load, before: List[Path],
                     outcome: Outcome) -> None:
        """No hand was needed, and the commits that are lost are those that the node has named."""
        new = [folder for folder in self.folders() if folder not in before]
        outcome.kept = len(new)
        outcome.back_s = streams_at(fault.node, fault.moment) - fault.moment
        outcome.trouble = "; ".join(
            [f"a hand was needed: {step}" for step in outcome.by_hand]
            + ([] if new else ["it kept no WAL of its own"])) or load.client.salvaged(new)
        self.say(f"   streamed {outcome.back_s:.2f} s after the crash, kept {len(new)}")

    def stay_whole(self, load: Load) -> None:
        """Whole, and still so when every monitor has had its turn: a dead server is seen by it."""
        while True:
            self.rig.whole()
            load.commits()
            time.sleep(MONITORS)
            if not self.rig.wrong(self.rig.view()):
                return

    def strike(self, fault: faults.Fault, outcome: Outcome) -> None:
        fault.take_aim(self.cluster, self.rig.view())
        outcome.what = fault.what
        self.say(f"{outcome.step.number}/{self.args.faults} {fault.name}: {fault.what}, "
                 f"for {fault.hold:g} s")
        try:
            fault.strike()
            time.sleep(fault.hold)
        finally:
            fault.heal()
        if fault.what != outcome.what:
            outcome.what = fault.what
            self.say(f"   {fault.what}")

    def count(self, load: Load, outcome: Outcome) -> None:
        """What is known also where the cluster could not be made whole."""
        summary = load.client.summary()
        outcome.gap, outcome.acknowledged = summary.gap, len(summary.acked)
        outcome.doubles = [str(found) for found in load.double_writers()]
        outcome.by_hand = list(self.rig.steps)

    def forget_old_wal(self) -> None:
        """The archive of a long run would fill the machine's disk."""
        for node in self.lab.nodes:
            for segment in (node.dir / "pg/archive").glob("[0-9A-F]" * 24):
                if time.time() - segment.stat().st_mtime > OLD_WAL:
                    segment.unlink()

    def failed(self, outcome: Outcome) -> None:
        step = outcome.step
        folder = self.results / f"fault-{step.number}-{time.strftime('%Y%m%d-%H%M%S')}"
        self.say(f"FAILED at fault {step.number}, {step.kind}: {outcome.what}")
        self.say(outcome.trouble.rstrip())
        evidence.collect(self.lab, folder)
        for book in [*self.lab.root.glob("ledger-*"), *self.lab.root.glob("writers*")]:
            (folder / book.name).write_bytes(book.read_bytes())
        self.say(f"evidence: {folder}")
        self.say(f"all of it again: {self.again(step, 1)}")
        self.say(f"this fault alone: {self.again(step, step.number)}")

    def again(self, step: Step, first: int) -> str:
        words = ["cts/soak", "--seed", str(self.args.seed), "--faults", str(step.number)]
        if first > 1:
            words += ["--first", str(first)]
        for name in ("series", "nodes", "rep_mode", "profile", "agent", "ocf_dir"):
            if getattr(self.args, name) != DEFAULTS[name]:
                words += ["--" + name.replace("_", "-"), str(getattr(self.args, name))]
        return " ".join(shlex.quote(word) for word in words)


class Spoken(Progress):
    """What is shown is kept, too."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path

    def __call__(self, text: str = "") -> None:
        super().__call__(text)
        with open(self.path, "a", encoding="utf-8") as out:
            out.write(f"{time.strftime('%H:%M:%S')} {text}\n")


DEFAULTS = {"series": "", "nodes": 3, "rep_mode": "sync", "profile": "recommended",
            "agent": resources.AGENT, "ocf_dir": os.environ.get("PGWARD_OCF_DIR", "")}


def parse(words: Optional[List[str]] = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="cts/soak", description=INTRO, formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="example:\n  cts/soak --faults 50 --seed 7 --ocf-dir /tmp/stage\n"
               "  cts/soak --faults 50 --seed 7 --list      # what would be done\n"
               f"  cts/soak --faults 50 --series '{faults.Parted.name}'\n"
               f"  cts/soak --faults 100 --series '{faults.Parted.name}' --rep-mode async")
    parser.add_argument("--faults", type=int, default=50, metavar="N", help="how many (default 50)")
    parser.add_argument("--first", type=int, default=1, metavar="K",
                        help="begin the sequence with its fault K")
    parser.add_argument("--seed", type=int, metavar="S", help="default: from the clock; it is shown")
    parser.add_argument("--nodes", type=int, help="default 3")
    parser.add_argument("--rep-mode", choices=("sync", "async"), help="default sync")
    parser.add_argument("--profile", choices=sorted(resources.PROFILES), help="default recommended")
    parser.add_argument("--agent", help=f"default {resources.AGENT}")
    parser.add_argument("--ocf-dir", metavar="DIR",
                        help="the agent staged in DIR instead of the installed one")
    parser.add_argument("--only", action="append", metavar="KIND", choices=sorted(faults.KINDS),
                        help="leave out other kinds of the sequence (may be given again)")
    parser.add_argument("--series", metavar="KIND", choices=sorted(faults.EVERY),
                        help="all of this one kind instead of a random sequence; "
                        f"'{faults.Parted.name}' is in no other, and there a node that does not "
                        "come back by itself is a failure")
    parser.add_argument("--list", action="store_true", help="show the sequence, do nothing")
    parser.add_argument("--keep", action="store_true", help="leave the cluster as it is at the end")
    parser.add_argument("--results", metavar="DIR", help="where the log, the table and the evidence "
                        "of a failure go (default: a new folder under /var/tmp)")
    parser.add_argument("--name", default="soak", help="the laboratory's name")
    parser.set_defaults(**DEFAULTS)
    args = parser.parse_args(words)
    if args.nodes < 2:
        parser.error("a soak needs two nodes or more")
    if args.seed is None:
        args.seed = int(time.time())
    if args.results is None:
        args.results = time.strftime(f"/var/tmp/pgward-{args.name}-%Y%m%d-%H%M%S")
    return args


def steps_of(args) -> List[Step]:
    return [step for step in plan(args.seed, args.faults, args.series)
            if step.number >= args.first and (not args.only or step.kind in args.only)]


def finish(soak: Soak, say: Progress) -> None:
    """The table, whatever happened; the cluster goes unless it is to be kept."""
    done = [outcome for outcome in soak.outcomes if outcome.what]      # an interrupted one may not be
    text = f"seed {soak.args.seed}, {len(done)} faults, {soak.args.nodes} nodes, " \
           f"{soak.args.rep_mode}\n{table(done)}"
    (soak.results / "table.txt").write_text(text + "\n", encoding="utf-8")
    print(f"\n{text}\n", flush=True)
    if soak.args.keep:
        say(f"kept: cts/lab --name {soak.args.name} status; take it down with: "
            f"cts/lab --name {soak.args.name} down")
    else:
        labs.down(soak.args.name)
    say(f"log and table: {soak.results}")


def main() -> int:
    args = parse()
    steps = steps_of(args)
    if args.list:
        for step in steps:
            print(f"{step.number:4} {step.kind}")
        return 0
    signal.signal(signal.SIGTERM, interrupt)
    Path(args.results).mkdir(parents=True, exist_ok=True)
    say = Spoken(Path(args.results) / "soak.log")
    say(f"seed {args.seed}, {len(steps)} faults")
    code = 1
    try:
        labs.check_machine()
        soak = Soak(args, say)
    except LabError as error:
        print(f"cts/soak: {error}", file=sys.stderr)
        return 1
    try:
        soak.bring_up()
        code = 0 if soak.run(steps) else 1
    except LabError as error:
        print(f"cts/soak: {error}", file=sys.stderr)
    except KeyboardInterrupt:
        say("interrupted")
        code = 130
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)    # a second Ctrl-C tears nothing apart
        finish(soak, say)
    return code
