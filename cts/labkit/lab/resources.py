# SPDX-License-Identifier: GPL-2.0-or-later
"""The cluster's resources: the recommended ones by `pgward setup`, the others with pcs here."""

import shlex
from dataclasses import dataclass, field
from pathlib import Path
from typing import List

from .errors import LabError
from .lab import Lab
from .postgres import ARCHIVE, DATA, TMP, bindir
from .shell import run
from .words import promoted

SCRIPT = Path(__file__).resolve().parents[3] / "agent/command/scripts/setup-cluster"
CIB = "/tmp/pgsql_cfg"
VIP_MASTER = "192.168.0.103"
VIP_REP = "192.168.2.103"
AGENT = "ocf:pgward:pgsql"
SHELL_AGENT = "ocf:rival:shell-pgsql"
PAF = "ocf:heartbeat:pgsqlms"
STATEFUL = "ocf:pacemaker:Stateful"     # has no database: what Pacemaker itself takes
MODES = ("sync", "async", "none", "slave")


@dataclass(frozen=True)
class Profile:
    """What differs between the seed guide's configuration and the others.

    The recommended one is `pgward setup`'s; a test holds its figures to that script's.
    """

    threshold: int
    failure_timeout: str
    monitor: str
    monitor_promoted: str
    monitor_timeout: str
    end_timeout: str  # of demote and stop: longer than stop_escalate
    restart_on_promote: str
    demote_on_fail: str  # stop: one failed demote stops the whole clone
    load_threshold: str = ""  # above it, Pacemaker runs one action at a time

    def defaults(self) -> str:
        text = f"resource-stickiness=INFINITY migration-threshold={self.threshold}"
        return text + (f" failure-timeout={self.failure_timeout}" if self.failure_timeout else "")


PROFILES = {
    "seed": Profile(1, "", "4s", "3s", "60s", "60s", "true", "stop"),
    "recommended": Profile(3, "60s", "2s", "1s", "20s", "120s", "false", "restart", "1000%"),
    "paf": Profile(5, "", "4s", "3s", "10s", "120s", "false", "restart"),
    "stateful": Profile(1, "", "4s", "3s", "20s", "60s", "false", "restart"),
}


@dataclass
class Wanted:
    """What `configure` was asked for."""

    agent: str = AGENT
    rep_mode: str = "sync"
    profile: str = "recommended"
    fencing: bool = True
    master_ip: str = VIP_REP
    options: List[str] = field(default_factory=list)


def parameters(lab: Lab, wanted: Wanted) -> str:
    """The primitive's instance attributes."""
    if wanted.agent == STATEFUL:
        return ""
    if wanted.agent == PAF:
        return f"bindir={bindir()} pgdata={DATA} pghost=/run/postgresql"
    values = {
        "pgctl": f"{bindir()}/pg_ctl", "psql": "/usr/bin/psql", "pgdata": DATA, "tmpdir": TMP,
        "socketdir": "/run/postgresql", "logfile": "/var/log/postgresql/postgresql.log"}
    if wanted.rep_mode != "none":
        values.update({
            "rep_mode": wanted.rep_mode, "node_list": " ".join(lab.node_names),
            "restore_command": f"cp {ARCHIVE}/%f %p", "master_ip": wanted.master_ip,
            "primary_conninfo_opt": "keepalives_idle=60 keepalives_interval=5 keepalives_count=5"})
    if wanted.rep_mode in ("sync", "async"):
        values["restart_on_promote"] = PROFILES[wanted.profile].restart_on_promote
    for option in wanted.options:
        name, equals, value = option.partition("=")
        if not equals:
            raise LabError(f"'{option}' is not NAME=VALUE", "example: --set monitor_user=watcher")
        values[name] = value
    return " ".join(shlex.quote(f"{name}={value}") for name, value in values.items())


def cluster_lines(lab: Lab, wanted: Wanted) -> List[str]:
    switch = "true" if wanted.fencing else "false"
    policy = "stop" if wanted.fencing else "ignore"
    throttle = PROFILES[wanted.profile].load_threshold
    lines = [f"property set no-quorum-policy={policy} stonith-enabled={switch}"
             + (f" load-threshold={throttle}" if throttle else ""),
             f"resource defaults update {PROFILES[wanted.profile].defaults()}"]
    if wanted.fencing:
        nodes = shlex.quote(" ".join(lab.node_names))
        lines.append(f"stonith create fencing fence_pgward_lab pcmk_host_list={nodes} "
                     "pcmk_host_check=static-list --force")
    return lines


def address_lines(replication: bool) -> List[str]:
    lines = [f"resource create vip-master ocf:heartbeat:IPaddr2 ip={VIP_MASTER} nic=eth0 "
             "cidr_netmask=24 op start timeout=60s interval=0s on-fail=restart "
             "monitor timeout=60s interval=10s on-fail=restart "
             "stop timeout=60s interval=0s on-fail=block"]
    if replication:
        lines.append(
            f"resource create vip-rep ocf:heartbeat:IPaddr2 ip={VIP_REP} nic=eth2 "
            "cidr_netmask=24 meta migration-threshold=0 "
            "op start timeout=60s interval=0s on-fail=stop "
            "monitor timeout=60s interval=10s on-fail=restart "
            "stop timeout=60s interval=0s on-fail=ignore")
    return lines


def database_line(lab: Lab, wanted: Wanted) -> str:
    profile = PROFILES[wanted.profile]
    line = (f"resource create pgsql {wanted.agent} {parameters(lab, wanted)} "
            "op start timeout=60s interval=0s on-fail=restart "
            f"monitor timeout={profile.monitor_timeout} interval={profile.monitor} on-fail=restart ")
    if wanted.rep_mode in ("none", "slave"):
        return line + f"stop timeout={profile.end_timeout} interval=0s on-fail=block"
    return line + (
        f"monitor timeout={profile.monitor_timeout} interval={profile.monitor_promoted} "
        f"on-fail=restart role={promoted()} "
        "promote timeout=60s interval=0s on-fail=restart "
        f"demote timeout={profile.end_timeout} interval=0s on-fail={profile.demote_on_fail} "
        f"stop timeout={profile.end_timeout} interval=0s on-fail=block notify timeout=60s interval=0s")


def promotable_lines(lab: Lab) -> List[str]:
    return [
        "resource promotable pgsql msPostgresql meta promoted-max=1 promoted-node-max=1 "
        f"clone-max={len(lab.node_names)} clone-node-max=1 notify=true",
        "resource group add master-group vip-master vip-rep",
        f"constraint colocation add master-group with {promoted()} msPostgresql",
        "constraint order promote msPostgresql then start master-group "
        "symmetrical=false kind=Mandatory",
        "constraint order demote msPostgresql then stop master-group symmetrical=false kind=Optional"]


def plain_lines(wanted: Wanted) -> List[str]:
    """rep_mode none: the address after the database; slave: no address at all."""
    if wanted.rep_mode == "slave":
        return []
    return ["constraint colocation add vip-master with pgsql",
            "constraint order start pgsql then start vip-master"]


def by_script(wanted: Wanted) -> bool:
    """Whether `pgward setup` makes it: it knows our parameters and replication."""
    return (wanted.profile == "recommended" and wanted.rep_mode in ("sync", "async")
            and wanted.agent not in (PAF, STATEFUL))


def arguments(lab: Lab, wanted: Wanted) -> List[str]:
    """The laboratory's arguments of `pgward setup`."""
    device = (f"fence_pgward_lab pcmk_host_list={','.join(lab.node_names)} "
              "pcmk_host_check=static-list --force")
    return ["--agent", wanted.agent, "--vip-master", VIP_MASTER, "--vip-rep", VIP_REP,
            *(["--fence-device", device] if wanted.fencing else ["--fencing", "off"]),
            *shlex.split(parameters(lab, wanted))]


def by_hand(lab: Lab, wanted: Wanted) -> List[str]:
    lines = cluster_lines(lab, wanted)
    replicated = wanted.rep_mode in ("sync", "async")
    if wanted.rep_mode != "slave":
        lines += address_lines(replicated)
    lines.append(database_line(lab, wanted))
    lines += promotable_lines(lab) if replicated else plain_lines(wanted)
    return [f"pcs cluster cib {CIB}", *[f"pcs -f {CIB} {line}" for line in lines],
            f"pcs cluster cib-push {CIB}"]


def script(lab: Lab, wanted: Wanted) -> List[str]:
    """The pcs commands, as a person would type them."""
    if wanted.profile not in PROFILES:
        raise LabError(f"there is no profile '{wanted.profile}'", f"use: {' or '.join(PROFILES)}")
    if wanted.rep_mode not in MODES:
        raise LabError(f"there is no rep_mode '{wanted.rep_mode}'", f"use: {', '.join(MODES)}")
    if not by_script(wanted):
        return by_hand(lab, wanted)
    return run(["bash", str(SCRIPT), *arguments(lab, wanted)]).stdout.splitlines()


def configure(lab: Lab, wanted: Wanted, log) -> None:
    """Make all of it in a copy of the CIB, then push that at once."""
    lines = script(lab, wanted)
    for line in lines:
        log(line)
    node = lab.any_node()
    if by_script(wanted):   # its text: a node does not see the machine's /tmp
        node.run("bash", "-s", "--", "--run", *arguments(lab, wanted), timeout=120,
                 stdin=SCRIPT.read_text(encoding="utf-8"))
        return
    node.run("rm", "-f", CIB)
    for line in lines:
        node.run(*shlex.split(line))
