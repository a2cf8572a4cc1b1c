# SPDX-License-Identifier: GPL-2.0-or-later
"""What the scenarios showed, kept as one JSON file each, and the table made of them."""

import json
import re
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Dict, List, Tuple

from ..lab.resources import AGENT, SHELL_AGENT

NAMES = {AGENT: "pgward", SHELL_AGENT: "shell"}
FOLDER = re.compile(r"/\S*/pgward-lab/[^/]+/")     # a path on the machine that ran it
HEAD = """\
# What the failover suite showed

Made by `cts/suite --table` from stored runs, never by hand. Each scenario runs a ledger client
through the service address and a second one that tries a write on every node all the time, injects
a fault, heals, and waits until the cluster is whole.

- **outcome**: `ok`: every expectation held; `failed`: one did not, its words are below the table;
  `skipped`: it does not fit that agent
- **gap**: the client's longest wait between two acknowledged commits, in seconds; a fault
  that takes the service away until it is healed counts in full
- **lost**: acknowledged commits that the primary did not have at the end
- **double**: moments at which two nodes provably took writes at once
- **hands**: manual steps without which the cluster was not whole again (each a rebuild with
  pg_basebackup, or lock file and cleanup)

`pgward` is this project's agent with the recommended profile; `shell` is the packaged
`ocf:heartbeat:pgsql` with the profile of its guide and the one-line work-around that it needs to
start at all in replication modes. Both run on the same laboratory with the same settings.
"""


@dataclass
class Result:
    """One scenario with one agent."""

    scenario: str
    subject: str
    agent: str
    outcome: str
    why: str
    seconds: float
    verdict: Dict[str, object]
    when: str = field(default_factory=lambda: time.strftime("%Y-%m-%d %H:%M"))


def store(folder: Path, result: Result) -> None:
    """Keep a result; one of the same scenario and agent from before is replaced."""
    folder.mkdir(parents=True, exist_ok=True)
    name = re.sub(r"[^\w.-]+", "-", f"{result.agent}-{result.subject}-{result.scenario}")
    (folder / f"{name}.json").write_text(json.dumps(asdict(result), indent=1) + "\n")


def load(folder: Path) -> List[Result]:
    return [Result(**json.loads(path.read_text())) for path in sorted(folder.glob("*.json"))]


def cells(result: Result) -> List[str]:
    found = result.verdict
    if result.outcome == "skipped":
        return ["skipped", "-", "-", "-", "-"]
    if not found["acknowledged"]:
        return [result.outcome, "-", "-", "-", "-"]
    lost, steps, double = (found[name] for name in ("lost", "steps", "double_writers"))
    assert isinstance(lost, list) and isinstance(steps, list) and isinstance(double, list)
    return [result.outcome, f"{found['gap']:.2f}", "?" if found["problem"] else str(len(lost)),
            str(len(double)), str(len(steps))]


def table(results: List[Result]) -> str:
    """The page: a row for each scenario, ours and theirs side by side."""
    agents = [a for a in NAMES if any(r.agent == a for r in results)]
    rows: Dict[Tuple[str, str], Dict[str, Result]] = {}
    for result in results:
        rows.setdefault((result.subject, result.scenario), {})[result.agent] = result
    words = ("outcome", "gap", "lost", "double", "hands")
    lines = ["| scenario | " + " | ".join(f"{NAMES[a]}: {w}" for a in agents for w in words) + " |",
             "|---|" + "---|" * (len(agents) * len(words))]
    for (subject, scenario), found in sorted(rows.items()):
        both = [cells(found[a]) if a in found else ["not run"] + ["-"] * 4 for a in agents]
        lines.append(f"| {subject.replace('_', ' ')}: {scenario} | "
                     + " | ".join(cell for one in both for cell in one) + " |")
    return "\n".join([HEAD, *sums(agents, results), "", *lines, "", *reasons(agents, results)])


def sums(agents: List[str], results: List[Result]) -> List[str]:
    lines = ["| agent | scenarios | ok | failed | skipped | commits lost | double writers "
             "| manual steps | run |", "|---|---|---|---|---|---|---|---|---|"]
    for agent in agents:
        mine = [r for r in results if r.agent == agent]
        count = [sum(r.outcome == word for r in mine) for word in ("ok", "failed", "skipped")]
        total = [sum(len(r.verdict[name]) for r in mine)     # type: ignore[arg-type]
                 for name in ("lost", "double_writers", "steps")]
        lines.append(f"| {NAMES[agent]} | {len(mine)} | " + " | ".join(map(str, count + total))
                     + f" | {min(r.when for r in mine)} to {max(r.when for r in mine)} |")
    return lines


def reasons(agents: List[str], results: List[Result]) -> List[str]:
    lines = []
    for agent in agents:
        said = [r for r in results if r.agent == agent and r.why]
        if said:
            lines += [f"## {NAMES[agent]}: what the others say", ""]
            lines += [f"- {r.scenario}: {r.outcome}: {FOLDER.sub('', r.why)}" for r in said] + [""]
    return lines
