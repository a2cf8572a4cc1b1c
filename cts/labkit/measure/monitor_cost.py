# SPDX-License-Identifier: GPL-2.0-or-later
"""What one monitor of an agent costs, run by hand in a node as Pacemaker would run it."""

import json
import shlex
from dataclasses import dataclass
from typing import Dict, List

from ..lab.errors import LabError
from ..lab.lab import Lab
from ..lab.node import Node
from ..lab.resources import PROFILES, Wanted, parameters

# Runs inside the node: the command N times; wall, user and system time of each, in ms.
RUNNER = """
import json, os, resource, subprocess, sys, time
cmd, count, want = sys.argv[1:3], int(sys.argv[3]), int(sys.argv[4])
rows = []
for _ in range(count):
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    code = subprocess.call(cmd, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wall, after = time.monotonic() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    if code != want:
        sys.exit(f"exit {code}, not {want}")
    rows.append([1000 * wall, 1000 * (after.ru_utime - before.ru_utime),
                 1000 * (after.ru_stime - before.ru_stime)])
print(json.dumps(rows))
"""
NEW_PROCESS = ("clone(", "clone3(", "fork(", "vfork(")


@dataclass
class Cost:
    """Monitors in milliseconds, and how many processes and programs one makes."""

    wall_ms: List[float]
    cpu_ms: List[float]
    processes: int
    programs: int


def environment(lab: Lab, node: Node, wanted: Wanted, promoted: bool) -> Dict[str, str]:
    """What Pacemaker's executor gives a recurring monitor of this resource."""
    profile = PROFILES[wanted.profile]
    every = profile.monitor_promoted if promoted else profile.monitor
    meta = {
        "timeout": str(int(profile.monitor_timeout.rstrip("s")) * 1000),
        "interval": str(int(every.rstrip("s")) * 1000), "name": "monitor",
        "role": "Promoted" if promoted else "Unpromoted", "on_node": node.name,
        "on_node_uuid": str(node.index), "clone": "0", "clone_max": str(len(lab.node_names)),
        "clone_node_max": "1", "notify": "true", "globally_unique": "false", "promoted_max": "1",
        "promoted_node_max": "1", "master_max": "1", "master_node_max": "1",
        "promotable": "true", "on_fail": "restart"}
    env = {"OCF_ROOT": "/usr/lib/ocf", "OCF_RA_VERSION_MAJOR": "1", "OCF_RA_VERSION_MINOR": "1",
           "OCF_RESOURCE_INSTANCE": "pgsql", "OCF_RESOURCE_PROVIDER": wanted.agent.split(":")[1],
           "OCF_RESOURCE_TYPE": wanted.agent.split(":")[2], "PCMK_service": "pacemaker-execd",
           "HA_logfacility": "daemon", "HA_LOGFACILITY": "daemon",
           "OCF_RESKEY_crm_feature_set": "3.16.2"}
    env.update({f"OCF_RESKEY_CRM_meta_{name}": value for name, value in meta.items()})
    for pair in shlex.split(parameters(lab, wanted)):
        name, _, value = pair.partition("=")
        env[f"OCF_RESKEY_{name}"] = value
    return env


def command(env: Dict[str, str], cmd: List[str]) -> List[str]:
    return ["env", *[f"{name}={value}" for name, value in env.items()], *cmd]


def median(values: List[float]) -> float:
    ordered = sorted(values)
    middle = len(ordered) // 2
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2


def processes(node: Node, env: Dict[str, str], agent: str) -> List[int]:
    """Processes made and programs started by one monitor (its own exec not counted)."""
    node.run(*command(env, ["strace", "-f", "-qq", "-o", "/tmp/bench.strace", "-e",
                            "trace=fork,vfork,clone,clone3,execve", agent, "monitor"]),
             check=False)
    lines = node.out("cat", "/tmp/bench.strace").splitlines()
    made = [line for line in lines if any(word in line for word in NEW_PROCESS)
            and "CLONE_THREAD" not in line and "resumed" not in line]
    execs = [line for line in lines if "execve(" in line and "ENOENT" not in line]
    return [len(made), len(execs) - 1]


def measure(lab: Lab, node: Node, wanted: Wanted, promoted: bool, count: int) -> Cost:
    _ocf, provider, kind = wanted.agent.split(":")
    agent = f"/usr/lib/ocf/resource.d/{provider}/{kind}"
    env = environment(lab, node, wanted, promoted)
    done = node.run(*command(env, ["/usr/bin/python3", "-c", RUNNER, agent, "monitor",
                                   str(count), "8" if promoted else "0"]),
                    check=False, timeout=300)
    if done.returncode != 0:
        raise LabError(f"could not measure '{agent} monitor' on {node.name}: {done.stderr.strip()}")
    rows = json.loads(done.stdout)
    made = processes(node, env, agent)
    return Cost([r[0] for r in rows], [r[1] + r[2] for r in rows], *made)
