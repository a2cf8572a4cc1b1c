# SPDX-License-Identifier: GPL-2.0-or-later
"""The way back: a primary is killed beside pgbench, and comes back by a rewind or by a new copy.

The data is pgbench's own tables. What nobody else has is a moment's WAL. A new copy is held
against plain pg_basebackup of the same data beside the same load, in turn.
"""

import os
import signal
import time
from dataclasses import replace
from typing import Callable, Dict, Tuple

from .. import faults
from ..lab.errors import LabError
from ..lab.node import Node
from ..lab.postgres import bindir
from ..lab.resources import VIP_REP
from . import monitor_cost, way_back
from .bench_rows import Figures
from .contenders import Contender
from .load import Load

SIZES = {"100 MB": 7, "1 GB": 67}       # pgbench's scales
# without hints nothing can be rewound
METHODS: Dict[str, str] = {"rewind": "", "rebuild": "wal_log_hints = off\n"}
PLAIN = "pg_basebackup"
BUSY = "load average"       # of the whole machine: others may be at work there, too
LEAD = 0.05         # seconds for which the standby gets nothing before the kill
LIMIT = 300.0
COPY = "/srv/pg/plain"
SLOW = "rejoin_rate=2MB"


def prepared(found: Contender, method: str) -> Contender:
    """With two nodes the one that comes back is the one that commits wait for."""
    found.wanted = replace(found.wanted, options=[*found.wanted.options, f"rejoin={method}"])
    found.settings = METHODS[method]
    return found


def rejoined(found: Contender, node: Node, since: float) -> Tuple[float, float]:
    """Wait until it may take over; seconds until it streamed, and until then."""
    found.cluster.wait(f"{node.name} to be the synchronous standby", lambda s: (
        s.attribute(node.name, "status"), s.attribute(node.name, "score")) == ("HS:sync", "100"),
        LIMIT)
    times = way_back.streams_at(node, since), way_back.eligible_at(node, since)
    if not all(times):
        raise LabError(f"'{node.name}' is back, and its logs do not say since when")
    return times[0] - since, times[1] - since


def copied(node: Node, since: float) -> float:
    """How long its new copy took, with all that makes one safe."""
    when = way_back.phases(node, since)
    if not {"copying", "copied"} <= set(when):
        raise LabError(f"'{node.name}' did not come back by a new copy", "read its syslog")
    return when["copied"] - when["copying"]


def plain_copy(node: Node) -> float:
    node.run("rm", "-rf", COPY)
    began = time.monotonic()
    node.run(f"{bindir()}/pg_basebackup", "-h", VIP_REP, "-U", "postgres", "-D", COPY, "-X",
             "stream", "-c", "fast", user="postgres", timeout=LIMIT)
    took = time.monotonic() - began
    node.run("rm", "-rf", COPY)
    return took


def one(found: Contender, size: str, method: str) -> Figures:
    """A kill and the way back."""
    old = found.primary()
    with Load(found.lab, scale=SIZES[size]), found.client() as client:
        old.sql("checkpoint", timeout=LIMIT)
        moment = faults.part(old, LEAD)
        streams, eligible = rejoined(found, old, moment)
        figures = {f"{size}, {method}: streams, s": [streams],
                   f"{size}, {method}: eligible, s": [eligible]}
        if method == "rebuild":
            figures[f"{size}, {method}: copy, s"] = [copied(old, moment)]
            figures[f"{size}, {PLAIN}: copy, s"] = [plain_copy(old)]
        client.wait_for_commits(time.time())
    figures["commits lost"] = [found.lost(client)]
    figures[BUSY] = [os.getloadavg()[0]]
    found.forget()
    return figures


def parameter(found: Contender, pair: str) -> None:
    found.cluster.pcs("resource", "update", "pgsql", pair)


def monitor(found: Contender, count: int) -> Figures:
    """A monitor of a node that is on its way, and of the same one when it is back."""
    parameter(found, SLOW)
    node = found.primary()
    faults.part(node, LEAD)
    found.cluster.wait(f"{node.name} to copy", lambda s: node.find("pg_basebackup ")
                       and s.attribute(node.name, "status") == "HS:rejoin")
    figures: Figures = {}

    def measure(name: str) -> None:
        cost = monitor_cost.measure(found.lab, node, found.wanted, False, count)
        figures[f"{name}: CPU, ms"] = cost.cpu_ms
        figures[f"{name}: wall, ms"] = cost.wall_ms

    measure("HS:rejoin")
    parameter(found, "rejoin_rate=0")
    for pattern in (r"pgsql rejoin", r"pg_basebackup "):    # the next one has no limit
        node.signal(signal.SIGKILL, pattern)
    found.settle(LIMIT)
    measure("standby")
    return figures


def measured(found: Contender, method: str, runs: int, monitors: int,
             tell: Callable[[str, Figures], None]) -> None:
    """All sizes, the smaller one first."""
    for size, scale in SIZES.items():
        Load(found.lab, scale=scale).prepare()
        for i in range(runs):
            tell(f"{size}, rejoin={method}: {i + 1} of {runs}", one(found, size, method))
    if method == "rebuild":
        tell("what a monitor costs meanwhile", monitor(found, monitors))
