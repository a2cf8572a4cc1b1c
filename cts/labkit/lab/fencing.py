# SPDX-License-Identifier: GPL-2.0-or-later
"""The fence device is started and stopped; what it does is in fence_device.py."""

import os
import signal
import subprocess
from pathlib import Path
from typing import List

from .node import Node
from .shell import send, start_time, wait_until


def start(root: Path, node_names: List[str]) -> None:
    """Start the device of the laboratory that keeps its state in this folder."""
    fence = root / "fence"
    fence.mkdir()
    os.mkfifo(fence / "requests", 0o600)
    (fence / "nodes").write_text("".join(f"{name}\n" for name in node_names))
    with open(root / "fence.log", "ab") as log:
        server = subprocess.Popen(
            ["/usr/bin/python3", "-E", "-s", "-m", "labkit.lab.fence_device", root.name],
            cwd=Path(__file__).parents[2], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            start_new_session=True, env={**os.environ, "PGWARD_LAB_STATE": str(root.parent)})
    (root / "fence.pid").write_text(f"{server.pid} {start_time(server.pid)}\n")


def stop(root: Path) -> None:
    pid = Node.read_init(root / "fence.pid")
    if pid is not None:
        send(signal.SIGKILL, pid)
        wait_until(f"process {pid} to be gone", lambda: start_time(pid) is None, 10, 0.01)
