"""Measures agents against each other in the same run, on the same machine."""

import argparse
import os
import signal
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import List, Optional

from cluster import Cluster

from . import lab as labs, resources
from .cli import find_agents
from .demo import interrupt
from .errors import LabError
from .monitor_cost import Cost, measure, median
from .progress import Progress
from .resources import Wanted

INTRO = """\
Measures what a monitor costs on a primary and on a standby, and how long a client
waits when all postgres processes of the primary are killed: for pgward and for the
packaged shell agent, in laboratories of three nodes, one after the other.
"""


@dataclass
class Result:
    """One agent's figures."""

    wanted: Wanted
    primary: Cost
    standby: Cost
    gaps: List[float] = field(default_factory=list)


def warm_standby(cluster: Cluster) -> str:
    state = cluster.look()
    return next(n for n in state.online if state.attribute(n, "score") == "100")


def gap(cluster: Cluster, say: Progress) -> float:
    """Kill the primary's postgres once; the client's longest wait. All nodes are back after it."""
    old = cluster.primary()
    with cluster.ledger() as client:
        moment = old.kill_postgres()
        cluster.new_primary(old.name, 120)
        client.wait_for_commits(moment)
    lost = client.lost()
    if lost:
        raise LabError(f"{len(lost)} acknowledged commits are lost")
    found = client.summary().gap
    say(f"  the client waited {found:.2f} s")
    try:
        cluster.settle(20)
    except LabError:
        say(f"  {old.name} stays out: rebuilding it as the seed guide says")
        cluster.rebuild(old)
        cluster.settle(90)
    return found


def bench(name: str, wanted: Wanted, args, say: Progress) -> Result:
    say.title(f"{wanted.agent}, profile {wanted.profile}")
    lab = labs.Lab(name, ["node1", "node2", "node3"])
    if wanted.agent == resources.AGENT:
        lab.ocf_dir = find_agents(args.ocf_dir)
    try:
        labs.up(lab, say)
        cluster = Cluster(lab)
        cluster.set_up(wanted)
        say("waiting for the primary and its standbys")
        cluster.settle(150)
        time.sleep(3)
        primary, standby = cluster.primary(), lab.node(warm_standby(cluster))
        say(f"{args.monitors} monitors on the primary, and on a standby")
        result = Result(wanted, measure(lab, primary, wanted, True, args.monitors),
                        measure(lab, standby, wanted, False, args.monitors))
        for i in range(args.kills):
            say(f"kill {i + 1} of {args.kills}")
            result.gaps.append(gap(cluster, say))
        return result
    finally:
        labs.down(name)


def ratio(rival: float, ours: float) -> str:
    return f"{rival / ours:.1f}" if ours > 0 else "-"


def table(rival: Result, ours: Result) -> List[List[str]]:
    rows = [["", f"{rival.wanted.agent} ({rival.wanted.profile})",
             f"{ours.wanted.agent} ({ours.wanted.profile})", "ratio"]]
    for role in ("primary", "standby"):
        theirs, mine = getattr(rival, role), getattr(ours, role)
        for what, attribute, form in (("CPU ms", "cpu_ms", "{:.1f}"), ("wall ms", "wall_ms", "{:.1f}"),
                                      ("processes made", "processes", "{}"),
                                      ("programs started", "programs", "{}")):
            a, b = getattr(theirs, attribute), getattr(mine, attribute)
            rows.append([f"monitor, {role}: {what}", form.format(a), form.format(b), ratio(a, b)])
    if rival.gaps and ours.gaps:
        a, b = median(rival.gaps), median(ours.gaps)
        rows.append(["postgres killed: longest client gap, s", f"{a:.2f}", f"{b:.2f}", ratio(a, b)])
        rows.append(["  each", " ".join(f"{g:.2f}" for g in rival.gaps),
                     " ".join(f"{g:.2f}" for g in ours.gaps), ""])
    return rows


def as_text(rows: List[List[str]]) -> str:
    widths = [max(len(row[i]) for row in rows) for i in range(4)]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip()
                     for row in rows)


def as_markdown(rows: List[List[str]]) -> str:
    lines = ["| " + " | ".join(rows[0]) + " |", "|---|---|---|---|"]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows[1:]]) + "\n"


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="cts/bench", description=INTRO, formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="example:\n  cts/bench --ocf-dir /tmp/stage --output figures.md")
    parser.add_argument("--ocf-dir", default=os.environ.get("PGWARD_OCF_DIR", ""), metavar="DIR",
                        help="pgward staged in DIR instead of the installed one")
    parser.add_argument("--agent", default=resources.AGENT)
    parser.add_argument("--profile", choices=sorted(resources.PROFILES), default="recommended",
                        help="pgward's profile (default recommended)")
    parser.add_argument("--rival", default=resources.SHELL_AGENT)
    parser.add_argument("--rival-profile", choices=sorted(resources.PROFILES), default="seed",
                        help="the rival's profile (default seed)")
    parser.add_argument("--monitors", type=int, default=20, help="monitors a median is made of")
    parser.add_argument("--kills", type=int, default=5, help="kills a median is made of (0: none)")
    parser.add_argument("--output", metavar="FILE", help="write the table as markdown too")
    parser.add_argument("--name", default="bench", help="the laboratories' name")
    return parser.parse_args()


def main() -> int:
    args = parse()
    signal.signal(signal.SIGTERM, interrupt)
    say = Progress()
    try:
        labs.check_machine()
        rival = bench(args.name, Wanted(args.rival, profile=args.rival_profile), args, say)
        ours = bench(args.name, Wanted(args.agent, profile=args.profile), args, say)
    except LabError as error:
        print(f"cts/bench: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("cts/bench: interrupted", file=sys.stderr)
        return 130
    rows = table(rival, ours)
    say.title("Medians")
    print(as_text(rows), flush=True)
    output: Optional[str] = args.output
    if output:
        Path(output).write_text(as_markdown(rows), encoding="utf-8")
    return 0
