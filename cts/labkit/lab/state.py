# SPDX-License-Identifier: GPL-2.0-or-later
"""What the cluster says about itself, read from crm_mon, and waiting for it to say something."""

import html
import time
import xml.etree.ElementTree as ET
from dataclasses import dataclass, field
from typing import Callable, Dict, List, Optional

from .errors import LabError
from .lab import Lab
from .node import Node

RESOURCE = "pgsql"
PROMOTED = ("Promoted", "Master")
UNPROMOTED = ("Unpromoted", "Slave")


@dataclass
class State:
    """One look at the cluster."""

    online: List[str] = field(default_factory=list)
    promoted: List[str] = field(default_factory=list)
    unpromoted: List[str] = field(default_factory=list)
    where: Dict[str, str] = field(default_factory=dict)
    attributes: Dict[str, Dict[str, str]] = field(default_factory=dict)
    fail_counts: Dict[str, Dict[str, str]] = field(default_factory=dict)
    reasons: Dict[str, List[str]] = field(default_factory=dict)
    quorum: bool = False

    @property
    def primary(self) -> Optional[str]:
        return self.promoted[0] if len(self.promoted) == 1 else None

    def attribute(self, node: str, name: str) -> Optional[str]:
        """An attribute of a node: `status` means pgsql-status, `score` means master-pgsql."""
        full = f"master-{RESOURCE}" if name == "score" else f"{RESOURCE}-{name}"
        return self.attributes.get(node, {}).get(full)

    def given_up(self, node: str, threshold: int) -> bool:
        """Whether Pacemaker starts the server there no more: it failed too often."""
        count = self.fail_counts.get(node, {}).get(RESOURCE, "0").replace("INFINITY", "1000000")
        return node not in self.promoted + self.unpromoted and int(count) >= threshold

    def describe(self) -> str:
        lines = [f"online: {' '.join(self.online) or '-'}",
                 f"promoted: {' '.join(self.promoted) or '-'}   "
                 f"unpromoted: {' '.join(self.unpromoted) or '-'}",
                 "addresses and others: " + " ".join(f"{k}@{v}" for k, v in self.where.items())]
        for node, values in self.attributes.items():
            lines.append(f"{node}: " + " ".join(f"{k}={v}" for k, v in sorted(values.items())))
        for node, counts in self.fail_counts.items():
            lines.append(f"{node} failures: " + " ".join(f"{k}={v}" for k, v in counts.items()))
        for node, reasons in self.reasons.items():
            lines += [f"{node} says: {reason}" for reason in reasons]
        return "\n".join("    " + line for line in lines)


def parse(text: str) -> State:
    root = ET.fromstring(text)
    state = State()
    state.online = [n.get("name", "") for n in root.findall("./nodes/node")
                    if n.get("online") == "true"]
    for resource in root.iter("resource"):
        nodes = [n.get("name", "") for n in resource.findall("node")]
        if resource.get("id", "").split(":")[0] == RESOURCE and resource.get("active") == "true":
            if resource.get("role") in PROMOTED:
                state.promoted += nodes
            elif resource.get("role") in UNPROMOTED:
                state.unpromoted += nodes
        if resource.get("role") == "Started" and nodes:
            state.where[resource.get("id", "")] = nodes[0]
    for node in root.findall("./node_attributes/node"):
        state.attributes[node.get("name", "")] = {
            a.get("name", ""): a.get("value", "") for a in node.findall("attribute")}
    for node in root.findall("./node_history/node"):
        counts = {h.get("id", ""): h.get("fail-count", "") for h in node.findall("resource_history")
                  if h.get("fail-count", "0") != "0"}
        if counts:
            state.fail_counts[node.get("name", "")] = counts
    for failure in root.findall("./failures/failure"):
        state.reasons.setdefault(failure.get("node", ""), []).append(
            f"{failure.get('op_key', '')}: "
            + html.unescape(failure.get("exitreason") or "no reason given"))
    dc = root.find("./summary/current_dc")
    state.quorum = dc is not None and dc.get("with_quorum") == "true"
    return state


def look(lab: Lab, node: Optional[Node] = None) -> State:
    """One look, through a node that is on; an empty state while it has no answer."""
    done = (node or lab.any_node()).run("crm_mon", "-Afr1", "--output-as=xml", check=False)
    try:
        return parse(done.stdout) if done.returncode == 0 else State()
    except ET.ParseError:
        return State()


def wait_for(lab: Lab, what: str, test: Callable[[State], object], timeout: float = 60,
             every: float = 0.25, node: Optional[Node] = None,
             watch: Optional[Callable[[State], None]] = None) -> State:
    """Look until test(state) is true; the failure says what was waited for and what was there."""
    end = time.monotonic() + timeout
    while True:
        state = look(lab, node)
        if watch:
            watch(state)
        if test(state):
            return state
        if time.monotonic() > end:
            raise LabError(f"waited {timeout:g} s in vain for: {what}\n  what is there:\n"
                           + state.describe())
        time.sleep(every)


FOLLOWS = ("HS:sync", "HS:potential", "HS:async", "HS:quorum")     # pgsql-status


def settled(lab: Lab, sync: bool = True) -> Callable[[State], bool]:
    """A test: one primary with both addresses, and every other node that is on follows it."""
    def test(state: State) -> bool:
        first = state.primary
        if not first or state.attribute(first, "status") != "PRI":
            return False
        if any(state.where.get(vip) != first for vip in ("vip-master", "vip-rep")):
            return False
        others = [node.name for node in lab.running() if node.name != first]
        ready = [n for n in others if state.attribute(n, "score") == "100"]
        follow = [n for n in others
                  if (state.attribute(n, "data-status") or "").startswith("STREAMING|")
                  and state.attribute(n, "status") in FOLLOWS]
        return len(follow) == len(others) and (bool(ready) or not others or not sync)
    return test
