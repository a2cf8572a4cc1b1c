# SPDX-License-Identifier: GPL-2.0-or-later
"""What the agent recorded of its promotions, releases and failures, decided once more."""

import re
from pathlib import Path
from typing import List

from .lab import Lab
from .node import Node
from .shell import run

FOLDER = "var/pgward"   # of the node's disk; on the node it is /var/lib/pgward
OTHERWISE = "is decided, other than it was then"


def records(node: Node) -> List[Path]:
    """Oldest first in each ring."""
    return sorted((node.dir / FOLDER).glob("*/*.trace"))


def command(lab: Lab) -> str:
    """The command that was staged with the agent; empty: none was."""
    if not lab.ocf_dir:
        return ""
    staged = Path(lab.ocf_dir).parents[3]
    found = [path for path in (staged / "sbin/pgward", staged / "local/sbin/pgward")
             if path.is_file()]
    return str(found[0]) if found else ""


def differing(said: str) -> str:
    """Of what explain says the looks that are decided otherwise; each begins with its file."""
    looks = re.split(r"^(?=\S)", said, flags=re.M)
    return "".join(look for look in looks if OTHERWISE in look)


def replay(lab: Lab, node: Node) -> str:
    """What is wrong with the node's records; empty: each replays to an equal plan."""
    explain, found = command(lab), records(node)
    if not explain or not found:
        return ""
    done = run([explain, "explain", *map(str, found)], check=False)
    if done.returncode == 0:
        return ""
    return f"{node.name}, exit code {done.returncode}: {done.stderr}" + differing(done.stdout)


def replay_all(lab: Lab) -> str:
    return "\n".join(filter(None, (replay(lab, node) for node in lab.nodes)))
