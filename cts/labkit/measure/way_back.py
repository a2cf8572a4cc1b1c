# SPDX-License-Identifier: GPL-2.0-or-later
"""When a node that crashed streams again, and when it may take over again.

Both are read from its logs: to ask it on its way would cost what is measured.
"""

import re
import time
from typing import Dict

from ..lab.node import Node
from .story import lines_of, seconds_of

STREAMS = "started streaming WAL from primary"
ELIGIBLE = re.compile(r"Setting master-pgsql\[(\S+)\]: \S+ -> 100 ")
PHASE = re.compile(r"this node comes back: PGWARD\.rejoin says '([^']+)'")


def streams_at(node: Node, since: float) -> float:
    """When its server began to stream after a moment; 0: it did not."""
    log = node.dir / "var/log/postgresql/postgresql.log"
    times = (seconds_of(line.replace(" ", "T", 1))
             for line in log.read_text(errors="replace").splitlines() if STREAMS in line)
    return min((when for when in times if when > since), default=0.0)


def eligible_at(node: Node, since: float) -> float:
    """When it got the score of a node that may take over; 0: it did not."""
    log = node.dir / "var/log/pacemaker/pacemaker.log"
    year = time.localtime(since).tm_year
    return min((when for when, line in lines_of(log.read_text(errors="replace"), year)
                for found in [ELIGIBLE.search(line)]
                if found and found[1] == node.name and when > since), default=0.0)


def phases(node: Node, since: float) -> Dict[str, float]:
    """When each step of its way began, by the agent's own word for it."""
    found: Dict[str, float] = {}
    for line in node.syslog().splitlines():
        match, when = PHASE.search(line), seconds_of(line)
        if match and when > since:
            found.setdefault(match[1], when)
    return found
