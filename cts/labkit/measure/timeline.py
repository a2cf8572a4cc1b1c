# SPDX-License-Identifier: GPL-2.0-or-later
"""One failover or planned move, step by step: from logs, the agent's trace and the ledger."""

import re
import time
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Dict, List, Tuple

from ..lab.errors import LabError
from . import bench_table, timeline_draw
from .contenders import CONTENDERS
from .load import Load
from .outage import Outage, Step
from .story import lines_of, seconds_of

INITIATE = re.compile(r"Initiating \w+ operation (\S+) (?:locally )?on (\S+) \| action (\d+)")
REQUEST = re.compile(r"Requesting local execution of (\w+) operation for (\S+) on \S+ \| "
                     r"transition_key=(\d+):")
EXECUTE = re.compile(r"executing - rsc:(\S+) action:(\w+) call_id:(\d+)")
FINISH = re.compile(r"\b(\S+) (\w+) \(call (\d+), PID \d+\) (.+?)(?: \(execution time.*)?$")
RESULT = re.compile(r"Result of (\w+) operation for (\S+) on (\S+): (.+?) \| ")
RANK = re.compile(r"Setting master-pgsql\[(\S+)\]: 1000 -> -INFINITY")
NOTIFY = re.compile(r"_(pre|post)_notify_(\w+)_0$")
DECIDES, DECIDED = "-> S_POLICY_ENGINE", "S_POLICY_ENGINE -> S_TRANSITION_ENGINE"
ADDRESS = re.compile(r"IPaddr2\((\S+)\)\[\d+\]: INFO: Adding inet address (\S+?)/")
GOOD = ("ok", "promoted", "master", "Cancelled")
SLACK = 0.05        # two daemons may log one moment in either order


@dataclass
class Run:
    """One run of the agent, as its trace has it: (milliseconds since its start, plan) each."""

    action: str
    looks: List[Tuple[int, List[str]]] = field(default_factory=list)
    over: bool = False


# -- pacemaker.log ---------------------------------------------------------------


def initiated(logs: Dict[str, str], year: int) -> List[Tuple[float, str, str, str]]:
    """(when, node, action's number, key): which of the notifies it is only the controller says."""
    found = []
    for text in logs.values():
        for when, line in lines_of(text, year):
            match = INITIATE.search(line)
            if match:
                found.append((when, match[2], match[3], match[1]))
    return sorted(found)


def name_of(operation: str, key: str) -> str:
    match = NOTIFY.search(key)
    return f"{match[1]}-{match[2]}" if operation == "notify" and match else operation


def kind_of(resource: str, operation: str) -> str:
    if operation == "notify":
        return "notify"
    if not resource.startswith("pgsql"):
        return "address"
    return "promote" if operation == "promote" else "server"


def operations(node: str, text: str, keys: List[Tuple[float, str, str, str]], year: int
               ) -> List[Step]:
    """What a node's executor ran. The resource goes before a colon in the words."""
    asked: Dict[Tuple[str, str], str] = {}
    running: Dict[str, Tuple[float, str, str]] = {}
    found = []
    for when, line in lines_of(text, year):
        match = REQUEST.search(line)
        if match:
            mine = [key for t, n, action, key in keys
                    if n == node and action == match[3] and t <= when + SLACK]
            asked[(match[2], match[1])] = mine[-1] if mine else ""
        match = EXECUTE.search(line)
        if match:
            key = asked.get((match[1], match[2]), "")
            running[match[3]] = (when, match[1], name_of(match[2], key))
        match = FINISH.search(line)
        if match and match[3] in running:
            begin, resource, name = running.pop(match[3])
            result = "ok" if match[4].endswith("status 0") else match[4]
            found.append(Step(begin, when, node, kind_of(resource, match[2]),
                              f"{resource}: {name}", result=result))
    return found


def detections(text: str, since: float, year: int) -> List[Step]:
    """Results that say that the server is gone, and the rank that its node gives up for it."""
    found = []
    for when, line in lines_of(text, year):
        match = RESULT.search(line)
        if match and when >= since and match[1] in ("monitor", "asyncmon") \
                and match[2].startswith("pgsql") and match[4] not in GOOD:
            found.append(Step(since, when, match[3], "detect", f"{match[1]} says '{match[4]}'"))
        match = RANK.search(line)
        if match and when >= since:
            found.append(Step(since, when, match[1], "detect", "the watcher gives up the rank"))
    return found


def decisions(node: str, text: str, year: int) -> List[Step]:
    found, began = [], 0.0
    for when, line in lines_of(text, year):
        if DECIDED in line and began:
            found.append(Step(began, when, node, "decide", "Pacemaker decides what to do"))
            began = 0.0
        elif DECIDES in line:
            began = when
    return found


# -- the agent's trace -----------------------------------------------------------


def runs(text: str) -> List[Run]:
    """The runs of the agent in a trace; two that go on at once are told apart by their action."""
    found: List[Run] = []
    for part in text.split("# --- snapshot\n")[1:]:
        snapshot, _, plan = part.partition("# --- plan\n")
        facts = dict(re.findall(r"^(action|notify|elapsed_ms) = (.+)$", snapshot, re.M))
        action = facts.get("notify", facts.get("action", ""))
        elapsed = int(facts.get("elapsed_ms", 0))
        todo = [line for line in plan.splitlines() if not line.startswith("fallback ")]
        mine = [r for r in found if r.action == action and not r.over
                and r.looks[-1][0] <= elapsed]
        if not mine:
            mine = [Run(action)]
            found += mine
        mine[-1].looks.append((elapsed, todo))
        mine[-1].over = any(line.startswith("exit ") for line in todo)
    return found


def words_of(plan: List[str]) -> str:
    """A plan in one line: its operations, or what it looks at next."""
    acts = [re.sub(r" node\.\d+", "", line.split(" ", 1)[1]) for line in plan
            if line.startswith(("required ", "try "))]
    names = list(dict.fromkeys(act.split()[0] for act in acts))
    if names:
        return ", ".join(names)
    again = [line for line in plan if line.startswith("again ")]
    return "looks: " + again[0].partition(": ")[2] if again else "done"


def inner_steps(step: Step, run: Run) -> List[Step]:
    """What the agent did within an operation; the same look again and again is one wait."""
    found: List[Step] = []
    begin = step.begin
    ends = [elapsed for elapsed, _ in run.looks[1:]]
    for (elapsed, plan), until in zip(run.looks, ends + [None]):
        end = step.end if until is None else min(begin + until / 1000, step.end)
        words = words_of(plan)
        if found and found[-1].words.partition(" (")[0] == words:
            times = int((re.search(r"\((\d+) times", found[-1].words) or [0, 1])[1]) + 1
            found[-1] = replace(found[-1], end=end, words=f"{words} ({times} times)")
        else:
            found.append(Step(min(begin + elapsed / 1000, end), end, step.where, step.kind,
                              words, inner=True))
    return found


def with_inner(steps: List[Step], traced: List[Run]) -> List[Step]:
    """The n-th run of an action is the n-th operation of that name on the node."""
    left: Dict[str, List[Run]] = {}
    for run in traced:
        left.setdefault(run.action, []).append(run)
    found = []
    for step in steps:
        found.append(step)
        resource, _, name = step.words.partition(": ")
        if resource.startswith("pgsql") and left.get(name):
            run = left[name].pop(0)
            if step.kind in ("promote", "server"):
                found += inner_steps(step, run)
    return found


# -- all of it -------------------------------------------------------------------


def addresses(node: str, text: str, since: float) -> List[Step]:
    return [Step(seconds_of(line), seconds_of(line), node, "address",
                 f"{match[2]} is there", inner=True)
            for line in text.splitlines() for match in [ADDRESS.search(line)]
            if match and seconds_of(line) >= since]


def client_steps(text: str, begin: float, commit: float) -> List[Step]:
    """Its first error and the connection through which it could commit again."""
    found = []
    lines = [line.split(" ", 2) for line in text.splitlines() if line.startswith(("#", "= "))]
    times = [(mark, float(when), words) for mark, when, words in lines]
    errors = [(when, words) for mark, when, words in times if mark == "#" and when >= begin]
    if errors:
        found.append(Step(errors[0][0], errors[0][0], "client", "client", errors[0][1][:60]))
    opened = [when for mark, when, _ in times if mark == "=" and begin < when <= commit]
    if opened:
        found.append(Step(opened[-1], opened[-1], "client", "client", "connected"))
    found.append(Step(commit, commit, "client", "client", "first commit acknowledged"))
    return found


def first_steps(moments: Outage, logs: Dict[str, str], year: int) -> List[Step]:
    """What began it, and how Pacemaker came to know."""
    if moments.ordered:
        return [Step(moments.ordered, moments.ordered, moments.old, "decide", "a move is ordered"),
                Step(moments.begin, moments.begin, "client", "client", "last commit acknowledged")]
    noticed = sorted((s for text in logs.values()
                      for s in detections(text, moments.begin, year)), key=lambda s: s.end)
    return [Step(moments.begin, moments.begin, moments.old, "detect",
                 "SIGKILL to all postgres processes"), *noticed[:1]]


def assemble(moments: Outage, logs: Dict[str, str], syslogs: Dict[str, str],
             traces: Dict[str, str], ledger: str) -> Outage:
    """All steps between the kill, or the order, and the first commit, in order."""
    year = time.localtime(moments.begin).tm_year
    since = moments.ordered or moments.begin
    keys = initiated(logs, year)
    groups = [[s] for s in first_steps(moments, logs, year)]
    for node, text in logs.items():
        mine = [s for s in operations(node, text, keys, year) if s.end >= since]
        mine.sort(key=lambda s: s.begin)
        grouped: List[List[Step]] = []
        for step in with_inner(mine, runs(traces.get(node, ""))):
            if step.inner:
                grouped[-1].append(step)
            else:
                grouped.append([step])
        for mark in addresses(node, syslogs.get(node, ""), since):
            home = [g for g in grouped if g[0].kind == "address"
                    and g[0].begin <= mark.begin <= g[0].end + SLACK]
            if home:
                home[-1].append(mark)
        groups += grouped
        groups += [[s] for s in decisions(node, text, year) if s.begin >= since]
    groups += [[s] for s in client_steps(ledger, moments.begin, moments.commit)]
    groups.sort(key=lambda g: (g[0].begin, g[0].end))
    moments.steps = [s for group in groups for s in group if s.begin <= moments.commit]
    return moments


def take(found, what: str, say) -> Outage:
    """Kill the primary's server, or move its role, on a running laboratory; read all of it."""
    old = found.primary()
    sizes = {node.name: size_of(node.dir / "tmp/pgward.trace") for node in found.lab.nodes}
    moves = what == "switchover"
    say(f"the role moves away from {old.name}" if moves else
        f"all postgres processes on {old.name} are killed")
    with found.client() as client:
        time.sleep(1)
        began = time.time()
        done = found.move(old) if moves else found.strike(old)
        client.wait_for_commits(done, 120)
        time.sleep(1)
    summary = client.summary()
    if not summary.gap_to > began > summary.gap_from - (60 if moves else 1):
        raise LabError("the client's longest wait was not the one that was made",
                       "the machine may be too busy: try again")
    logs = {n.name: (n.dir / "var/log/pacemaker/pacemaker.log").read_text(errors="replace")
            for n in found.lab.nodes}
    syslogs = {n.name: n.syslog() for n in found.lab.nodes}
    traces = {n.name: tail(n.dir / "tmp/pgward.trace", sizes[n.name]) for n in found.lab.nodes}
    moments = Outage(summary.gap_from if moves else done, summary.gap_to, old.name,
                     began if moves else 0.0)
    return assemble(moments, logs, syslogs, traces, client.out.read_text(encoding="utf-8"))


def size_of(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def tail(path: Path, offset: int) -> str:
    if not path.exists():
        return ""
    with open(path, "rb") as trace:
        trace.seek(offset)
        return trace.read().decode(errors="replace")


def run(args, ocf_dir: str, say) -> None:
    found = CONTENDERS["pgward"](args.name, ocf_dir)
    found.wanted = replace(found.wanted, options=args.set)
    found.lab.trace = True
    try:
        say("bringing a laboratory up")
        found.up(say)
        time.sleep(3)
        with Load(found.lab) if args.load else nullcontext():
            moments = take(found, args.timeline, say)
    finally:
        found.down()
    text = timeline_draw.text(moments)
    print("\n" + text, flush=True)
    if not args.load:
        bench_table.keep(args.results, bench_table.timeline_file(args.timeline), text)
    if args.outline:
        moments.steps = [step for step in moments.steps if not step.inner]
    drawing = args.drawing or Path(f"{args.timeline}.svg")
    drawing.write_text(timeline_draw.svg(moments), encoding="utf-8")
    say(f"drawn in {drawing}")
