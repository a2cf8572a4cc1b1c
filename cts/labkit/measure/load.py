# SPDX-License-Identifier: GPL-2.0-or-later
"""pgbench beside the ledger: eight clients that commit as fast as they can, through the address.

Whatever ends their connections, they are there again as soon as the port answers.

    python3 -m labkit.measure.load HOST     until SIGTERM
"""

import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import List

from ..lab import ledger, net, resources
from ..lab.errors import LabError
from ..lab.lab import Lab
from ..lab.postgres import bindir

CTS = Path(__file__).resolve().parents[2]
CLIENTS, SCALE = 8, 20
WARM = 6.0      # so that the server is dirty and busy when it is struck
PORT = 5432


def command(host: str, *args: str) -> List[str]:
    return [str(bindir() / "pgbench"), *args, f"host={host} user=postgres dbname=postgres "
            + ledger.OPTIONS]


class Load:
    """The clients, on the client host; used as a context."""

    def __init__(self, lab: Lab, host: str = resources.VIP_MASTER, scale: int = SCALE) -> None:
        self.inside = ["ip", "netns", "exec", net.namespace(lab.name, "client")]
        self.host, self.scale = host, scale

    def prepare(self) -> None:
        """Its tables, which stay for the next time."""
        there = subprocess.run(
            self.inside + ["psql", "-qAtX", "-h", self.host, "-U", "postgres", "-c",
                           "select count(*) from pgbench_branches"],
            capture_output=True, text=True, check=False, timeout=60)
        if there.stdout.strip() == str(self.scale):
            return
        done = subprocess.run(self.inside + command(self.host, "-i", "-q", "-s", str(self.scale)),
                              capture_output=True, text=True, check=False, timeout=300)
        if done.returncode != 0:
            raise LabError(f"pgbench could not make its tables: {done.stderr.strip()}",
                           "look at the server's log on the primary")

    def __enter__(self) -> "Load":
        self.prepare()
        # pylint: disable=consider-using-with
        self.process = subprocess.Popen(
            self.inside + [sys.executable, "-B", "-m", "labkit.measure.load", self.host], cwd=CTS,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(WARM)
        return self

    def __exit__(self, *_unused) -> None:
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(20)


def reached(host: str) -> bool:
    try:
        socket.create_connection((host, PORT), timeout=ledger.REACH).close()
        return True
    except OSError:
        return False


def main(words: List[str]) -> None:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    while True:
        if not reached(words[0]):
            time.sleep(ledger.RETRY)
            continue
        with subprocess.Popen(command(words[0], "-n", "-c", str(CLIENTS), "-j", "2", "-T",
                                      "3600")) as bench:
            try:
                bench.wait()
            finally:
                bench.kill()
        time.sleep(ledger.ASKED)


if __name__ == "__main__":
    main(sys.argv[1:])
