# SPDX-License-Identifier: GPL-2.0-or-later
"""A failover or a planned move: its steps, and where the client's time went."""

from dataclasses import dataclass, field
from typing import Dict, List

# The kinds of steps, in the order in which they are counted where two of them go on at once
KINDS = {"detect": "until Pacemaker knows", "promote": "promote", "server": "demote, stop, start",
         "address": "addresses", "notify": "notifies", "decide": "Pacemaker decides",
         "between": "Pacemaker between two steps", "client": "until the client is through"}


@dataclass
class Step:
    """What went on, where, from when to when."""

    begin: float
    end: float
    where: str
    kind: str
    words: str
    inner: bool = False     # what the agent did within the step above
    result: str = "ok"


@dataclass
class Outage:
    """The moments that the client and the one who acts know, and the steps between.

    It begins with the SIGKILL; of a planned move, which is ordered before, with the client's
    last commit on the old primary.
    """

    begin: float
    commit: float
    old: str
    ordered: float = 0.0    # 0: not planned
    steps: List[Step] = field(default_factory=list)

    def shares(self) -> Dict[str, float]:
        """Where the time went: each moment belongs to one kind, so the sum is the whole."""
        spans = [s for s in self.steps if not s.inner and s.kind in KINDS]
        last = max([s.end for s in spans if s.kind == "address"], default=self.commit)
        edges = sorted({self.begin, self.commit, min(last, self.commit),
                        *(min(max(t, self.begin), self.commit)
                          for s in spans for t in (s.begin, s.end))})
        found = dict.fromkeys(KINDS, 0.0)
        for a, b in zip(edges, edges[1:]):
            now = {s.kind for s in spans if s.begin <= a and s.end >= b}
            kind = next((k for k in KINDS if k in now), "client" if a >= last else "between")
            found[kind] += b - a
        return found
