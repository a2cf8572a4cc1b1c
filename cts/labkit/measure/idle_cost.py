# SPDX-License-Identifier: GPL-2.0-or-later
"""What a cluster costs that nobody uses: the CPU time of all its nodes' processes."""

import os
import time
from pathlib import Path
from typing import Dict, List, Tuple

from ..lab.lab import Lab
from ..lab.node import Node

TICKS = os.sysconf("SC_CLK_TCK")


def ticks(stat: str) -> int:
    """A process's own time and that of its dead children, from /proc/PID/stat.

    What ends is taken in by its parent or by the node's process 1, so the sum over the
    processes that live loses nothing.
    """
    return sum(int(word) for word in stat.rpartition(")")[2].split()[11:15])


def used(nodes: List[Node]) -> float:
    """Seconds of CPU that the nodes have used since they came on."""
    spaces = {os.readlink(f"/proc/{node.init_pid()}/ns/pid") for node in nodes}
    total = 0
    for proc in Path("/proc").glob("[0-9]*"):
        try:
            if os.readlink(proc / "ns/pid") in spaces:
                total += ticks((proc / "stat").read_text())
        except OSError:
            continue
    return total / TICKS


def measure(lab: Lab, seconds: float) -> float:
    """Seconds of CPU a minute, all nodes together."""
    before, began = used(lab.nodes), time.monotonic()
    time.sleep(seconds)
    return (used(lab.nodes) - before) * 60 / (time.monotonic() - began)


def set_intervals(node: Node, new: Dict[str, str]) -> None:
    """Give the monitors other intervals: their operations' names to what they shall be."""
    for name, interval in new.items():
        node.run("cibadmin", "--modify", "--xml-text", f'<op id="{name}" interval="{interval}"/>')
    node.run("crm_resource", "--wait", "--timeout=60s", timeout=90)     # the old ones are ended


def operations(promoted: str, standby: str) -> Tuple[str, str]:
    """How pcs names the database's two monitors."""
    return f"pgsql-monitor-interval-{promoted}", f"pgsql-monitor-interval-{standby}"
