# SPDX-License-Identifier: GPL-2.0-or-later
"""The row of a health check: `pgward serve` and Patroni's REST API, asked by wrk in turn.

Both answer on the primary's node whether it leads. So does wrk ask there: under load the
laboratory's networks take longer than the answers.
"""

import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Callable, Dict

from ..lab.errors import LabError
from ..lab.node import Node
from ..lab.postgres import bindir
from ..lab.shell import wait_until
from . import idle_cost
from .bench_return import BUSY
from .bench_rows import Figures
from .contenders import Contender

OURS, THEIRS = "pgward", "Patroni"
PORTS: Dict[str, int] = {OURS: 8008, THEIRS: 8010}
SECONDS = 3
PROCESSES = {OURS: r"^\S*/pgward/serve ", THEIRS: r"/patroni "}
CPU = "CPU, microseconds"
FIGURES = ("checks/s", "p50, ms", "p99, ms", CPU)
PATIENCE = 60.0


@dataclass
class Shape:
    """How it is asked: so many connections, and what each of them does."""

    words: str
    connections: int
    lines: str = ""         # of wrk's script


SHAPES = (
    Shape("64 connections", 64),
    Shape("64 at once, a connection each", 64, 'wrk.headers["Connection"] = "close"\n'),
    Shape("100 connections, 4 ms between checks", 100,
          "function delay() return 4 end\n"))
# microseconds; what is no answer of 200 to 399 is an error of the status
REPORT = """
function done(summary, latency, requests)
    io.write(string.format('\\n= {"requests": %d, "us": %d, "errors": %d, "late": %d, '
        .. '"p50": %d, "p99": %d}\\n', summary.requests, summary.duration, summary.errors.status,
        summary.errors.timeout, latency:percentile(50), latency:percentile(99)))
end
"""
# Its cluster is itself alone: raft's only member, beside a server of its own.
FOLDER = "/tmp/patroni"
PATRONI = """\
scope: bench
name: one
restapi: {{listen: "127.0.0.1:{port}", connect_address: "127.0.0.1:{port}"}}
raft: {{data_dir: {folder}/raft, self_addr: "127.0.0.1:2222", partner_addrs: []}}
bootstrap:
  dcs: {{ttl: 30, loop_wait: 10}}
  initdb: [{{encoding: UTF8}}]
  pg_hba: ["local all all trust", "host all all 127.0.0.1/32 trust"]
postgresql:
  listen: "127.0.0.1:5433"
  connect_address: "127.0.0.1:5433"
  data_dir: {folder}/data
  bin_dir: {bindir}
  pgpass: {folder}/pgpass
  authentication: {{superuser: {{username: postgres}}, replication: {{username: postgres}}}}
  parameters: {{unix_socket_directories: {folder}}}
"""


def start_patroni(node: Node) -> None:
    node.run("sh", "-c", f"mkdir {FOLDER}; cat > {FOLDER}/patroni.yml", user="postgres",
             stdin=PATRONI.format(port=PORTS[THEIRS], folder=FOLDER, bindir=bindir()))
    node.start(f"{FOLDER}/log", "patroni", f"{FOLDER}/patroni.yml", user="postgres")


def url(who: str) -> str:
    return f"http://127.0.0.1:{PORTS[who]}/primary"


def leads(node: Node, who: str) -> bool:
    return node.run("curl", "-s", "-m", "5", "-o", "/dev/null", "-w", "%{http_code}", url(who),
                    check=False).stdout == "200"


def read(text: str, words: str) -> Dict[str, float]:
    """What the script wrote at its end; a check that had another answer counts for nothing."""
    told = [line[2:] for line in text.splitlines() if line.startswith("= ")]
    if not told:
        raise LabError(f"wrk told nothing of {words}: {text.strip()[-200:]}")
    said = json.loads(told[0])
    if said["errors"] or not said["requests"]:
        raise LabError(f"{words}: {said['errors']} of {said['requests']} checks had another "
                       "answer than 200")
    if said["late"]:
        raise LabError(f"{words}: {said['late']} checks had no answer for {PATIENCE:.0f} s")
    return {"checks/s": said["requests"] / said["us"] * 1e6,
            "p50, ms": said["p50"] / 1000, "p99, ms": said["p99"] / 1000}


def used(node: Node, who: str) -> float:
    """Seconds of CPU of all its processes since they began."""
    total = 0
    for pid in node.find(PROCESSES[who]):
        try:
            total += idle_cost.ticks(Path(f"/proc/{pid}/stat").read_text())
        except OSError:         # it has ended: its parent has its time
            continue
    return total / idle_cost.TICKS


def asked(node: Node, who: str, shape: Shape) -> Figures:
    script, words = "/tmp/check.lua", f"{who}, {shape.words}"
    node.run("sh", "-c", f"cat > {script}", stdin=shape.lines + REPORT)
    before = used(node, who)
    said = node.out("wrk", "-t", "2", "-c", str(shape.connections), "-d", f"{SECONDS}s",
                    "--timeout", f"{PATIENCE:.0f}s", "-s", script, url(who),
                    timeout=PATIENCE + SECONDS)
    figures = read(said, words)
    figures[CPU] = (used(node, who) - before) / figures["checks/s"] / SECONDS * 1e6
    return {f"{words}: {name}": [value] for name, value in figures.items()}


def measured(found: Contender, runs: int, tell: Callable[[str, Figures], None]) -> None:
    """Where there is no Patroni, the others' figures stand, and that is said in the end."""
    if shutil.which("wrk") is None:
        raise LabError("wrk is not installed",
                       "install the laboratory's packages: cts/lib/install-packages")
    node = found.primary()
    names = [OURS]
    node.start("/var/log/serve.log", "pgward", "serve", "--user", "nobody")
    if shutil.which("patroni") is not None:
        names.append(THEIRS)
        start_patroni(node)
    for who in names:
        wait_until(f"{who} on {node.name} to say that it leads",
                   lambda one=who: leads(node, one), PATIENCE, 0.2,
                   f"read {node.dir}/var/log/serve.log and {node.dir}{FOLDER}/log")
    for i in range(runs):
        for shape in SHAPES:
            for who in names:
                tell(f"{shape.words}, {who}: {i + 1} of {runs}", asked(node, who, shape))
        tell("the machine", {BUSY: [os.getloadavg()[0]]})
    if THEIRS not in names:
        raise LabError("Patroni is not installed, so nothing stands beside pgward",
                       "apt-get install patroni python3-pysyncobj")
