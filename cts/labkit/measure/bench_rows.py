# SPDX-License-Identifier: GPL-2.0-or-later
"""The rows of the benchmark: what is done to a cluster, and what is read off."""

import random
import time
from contextlib import ExitStack
from typing import Callable, Dict, List, Tuple

from ..lab.node import Node
from ..lab.resources import PROFILES
from . import idle_cost, monitor_cost
from .contenders import Contender
from .load import Load
from .story import seconds_of

Figures = Dict[str, List[float]]
ORDINARY, KNOCKING = "ordinary client, longest gap, s", "longest gap, s"
LIMIT = 180.0       # a client that waits longer has lost its patience
ELECTED = "S_ELECTION -> S_INTEGRATION"
GROWTH = (2, 7)     # nodes of the other laboratories; the usual one has three


def monitor(found: Contender, count: int) -> Figures:
    """CPU and wall time in ms, processes made, programs started."""
    figures: Figures = {}
    for role, node in (("primary", found.primary()), ("standby", found.standby())):
        cost = monitor_cost.measure(found.lab, node, found.wanted, role == "primary", count)
        figures[f"{role}: CPU, ms"] = cost.cpu_ms
        figures[f"{role}: wall, ms"] = cost.wall_ms
        figures[f"{role}: processes made"] = [cost.processes]
        figures[f"{role}: programs started"] = [cost.programs]
    return figures


def growth(found: Contender, count: int) -> Figures:
    """The same in a cluster of another size: CPU time only."""
    return {f"{len(found.lab.nodes)} nodes, {name}": values
            for name, values in monitor(found, count).items() if "CPU" in name}


def idle(found: Contender, seconds: float) -> Figures:
    """CPU seconds a minute at each interval at which the agent is usually watched.

    The intervals stay changed: no row after this one may rest on them.
    """
    profile = PROFILES[found.wanted.profile]
    ids = idle_cost.operations(profile.monitor_promoted, profile.monitor)
    figures: Figures = {}
    for pair in found.intervals:
        found.settle()
        idle_cost.set_intervals(found.lab.any_node(), dict(zip(ids, pair)))
        time.sleep(3)
        figures["/".join(pair)] = [idle_cost.measure(found.lab, seconds)]
    return figures


def trial(found: Contender, act: Callable[[Node], float], mend: Callable[[Node], object],
          ordinary: bool = True, loaded: bool = False) -> Figures:
    """One disturbance: the clients' longest wait for an acknowledgement; all is whole after it."""
    old = found.primary()
    # at no particular time between two monitors
    time.sleep(random.uniform(1, 1 + interval(found)))
    with ExitStack() as running:
        if loaded:
            running.enter_context(Load(found.lab))
        client = running.enter_context(found.client())
        clients = {KNOCKING: client}
        if ordinary:
            clients[ORDINARY] = running.enter_context(found.ordinary())
        moment = act(old)
        for one in clients.values():
            one.wait_for_commits(moment, LIMIT)
    figures: Figures = {name: [one.summary().gap] for name, one in clients.items()}
    figures["commits lost"] = [found.lost(client)]
    mend(old)
    return figures


def interval(found: Contender) -> float:
    return float(PROFILES[found.wanted.profile].monitor_promoted.rstrip("s"))


def kill(found: Contender) -> Figures:
    return trial(found, found.strike, found.put_back)


def power_off(node: Node) -> float:
    moment = time.time()
    node.kill()
    return moment


def node(found: Contender) -> Figures:
    """Without an ordinary client: nobody ends its connection to a machine that is gone."""
    return trial(found, power_off, found.rejoin, ordinary=False)


def switchover(found: Contender) -> Figures:
    return trial(found, found.move, found.after_move)


def loaded_kill(found: Contender) -> Figures:
    """A fresh copy after it: under load the killed server has WAL that nobody else has."""
    def renew(old: Node) -> None:
        if old.alive():
            old.kill()
        found.rejoin(old)
    return trial(found, found.strike, renew, loaded=True)


def loaded_switchover(found: Contender) -> Figures:
    return trial(found, found.move, found.after_move, loaded=True)


def elected(found: Contender, since: float, until: float) -> float:
    """When the nodes had the controller with which they went on."""
    times = [since]
    for one in found.lab.nodes:
        for line in one.syslog().splitlines():
            if ELECTED in line and since < seconds_of(line) < until:
                times.append(seconds_of(line))
    return max(times)


def start(found: Contender, cut: bool) -> Figures:
    """From the controller's election, and from power on, to the first commit."""
    found.settle()
    with found.client() as client:
        on = found.restart(cut)
        client.wait_for_commits(on, LIMIT)
    first = min(t for t in client.summary().times if t > on)
    figures = {"controller to first commit, s": [first - elected(found, on, first)],
               "power on to first commit, s": [first - on],
               "commits lost": [found.lost(client)]}
    found.after_restart()
    return figures


def cold(found: Contender) -> Figures:
    return start(found, False)


def power(found: Contender) -> Figures:
    return start(found, True)


# name: (what it is, about how long one takes in seconds, the measurement of one run)
RUNS: Dict[str, Tuple[str, float, Callable[[Contender], Figures]]] = {
    "kill": ("all postgres processes killed", 14, kill),
    "node": ("node killed, fencing at once", 24, node),
    "switchover": ("planned switchover", 10, switchover),
    "loaded-kill": ("killed beside pgbench: 8 clients, scale 20", 40, loaded_kill),
    "loaded-switchover": ("switchover beside pgbench", 40, loaded_switchover),
    "cold": ("cold start, after a stop in good order", 26, cold),
    "power": ("cold start, after a power cut of all nodes", 30, power),
}
