# SPDX-License-Identifier: GPL-2.0-or-later
"""A load balancer's health check, quick as none: what does each node answer, and when?

Asks `pgward serve` on each host over a kept connection, and writes a line for each answer that
differs from the one before: TIME HOST STATUS; 0 is no answer.

    python3 -m labkit.measure.road PATH FILE HOST...     ask until SIGTERM
"""

import http.client
import signal
import sys
import threading
import time
from pathlib import Path
from typing import Dict, List, NamedTuple

PORT = 8008
PAUSE = 0.005
PATIENCE = 1


class Answer(NamedTuple):
    """From this moment on the host has answered so."""

    moment: float
    host: str
    status: int


def ask(connection: http.client.HTTPConnection, path: str) -> int:
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        answer.read()
        return answer.status
    except (OSError, http.client.HTTPException):
        connection.close()
        return 0


def watch(path: str, host: str, out) -> None:
    connection = http.client.HTTPConnection(host, PORT, timeout=PATIENCE)
    before = -1
    while True:
        now = ask(connection, path)
        if now != before:
            out.write(f"{time.time():.4f} {host} {now}\n")
            before = now
        time.sleep(PAUSE)


def read(path: Path) -> List[Answer]:
    """What was written, whole lines of it."""
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    rows = [line.split() for line in lines]
    return [Answer(float(row[0]), row[1], int(row[2])) for row in rows if len(row) == 3]


def most_at_once(answers: List[Answer], status: int) -> int:
    """How many hosts at most answered so at one time?"""
    last: Dict[str, int] = {}
    most = 0
    for answer in sorted(answers):
        last[answer.host] = answer.status
        most = max(most, list(last.values()).count(status))
    return most


def main(words: List[str]) -> None:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with open(words[1], "w", buffering=1, encoding="utf-8") as out:
        for host in words[2:]:
            threading.Thread(target=watch, args=(words[0], host, out), daemon=True).start()
        while True:
            signal.pause()


if __name__ == "__main__":
    main(sys.argv[1:])
