# SPDX-License-Identifier: GPL-2.0-or-later
"""A second client that tries a write on every node, all the time: are there ever two writers?

Each node is asked through its own server's socket, seen in the node's file system: no cut LAN
and no address that moved hides a server that still takes writes. A node that is frozen or off
gives no answer and is asked again.

Run as: python3 -m labkit.measure.writers LAB FILE. The file has a line `NODE SESSION START END` for
each write whose COMMIT returned, and `# TIME NODE WHAT` whenever a node's answer is another one.
"""

import select
import signal
import sys
import threading
import time
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Dict, List, TextIO, Tuple

import psycopg2
import psycopg2.extensions

from ..lab import lab as labs
from ..lab.node import Node

PAUSE = 0.05
PATIENCE = 1.5
SESSION = "set statement_timeout = '1000ms'; set lock_timeout = '500ms'"
TABLE = "create table if not exists writers (node text, at timestamptz default now())"
STEP = time.time() - time.monotonic()   # a stepped clock must not move one write behind another


def now() -> float:
    return time.monotonic() + STEP


@dataclass(frozen=True)
class Write:
    """A write that was confirmed; it was done at some moment between the two."""

    start: float
    end: float


@dataclass(frozen=True)
class Overlap:
    """Two nodes that both took writes at the same moment."""

    first: str
    second: str
    start: float
    end: float

    def __str__(self) -> str:
        stamp = time.strftime("%H:%M:%S", time.localtime(self.start))
        return (f"{self.first} and {self.second} both took writes at {stamp}"
                f".{int(self.start % 1 * 1000):03d}, for {self.end - self.start:.3f} s")


@dataclass(frozen=True)
class Session:
    """One connection's confirmed writes, in order.

    A server becomes a standby only by a restart, which ends every session. So between two
    writes of one session the server was one that takes writes, all the time.
    """

    node: str
    writes: List[Write]

    @property
    def surely(self) -> Tuple[float, float]:
        """From and until when the server took writes whenever the writes were really done."""
        return self.writes[0].end, self.writes[-1].start


def overlap(one: Session, two: Session) -> List[Overlap]:
    """Proof that both took writes at one moment; nothing where the order of events is open."""
    (a, b), (c, d) = one.surely, two.surely
    found = []
    if a <= b and c <= d and max(a, c) < min(b, d):
        found.append(Overlap(one.node, two.node, max(a, c), min(b, d)))
    for writer, other in ((one, two), (two, one)):
        start, end = other.surely
        inside = [w for w in writer.writes if start < w.start and w.end < end]
        if inside and not found:
            found.append(Overlap(writer.node, other.node, inside[0].start, inside[-1].end))
    return found


def double_writers(sessions: List[Session]) -> List[Overlap]:
    found: List[Overlap] = []
    for i, one in enumerate(sessions):
        for two in sessions[i + 1:]:
            if one.node != two.node:
                found += overlap(one, two)
    return sorted(found, key=lambda o: o.start)


def read(path: Path) -> List[Session]:
    """The sessions in a file; its last line may be half written."""
    found: Dict[Tuple[str, str], List[Write]] = defaultdict(list)
    for line in path.read_text(encoding="utf-8").rpartition("\n")[0].splitlines():
        if not line.startswith("#"):
            node, session, start, end = line.split()
            found[node, session].append(Write(float(start), float(end)))
    return [Session(node, writes) for (node, _), writes in found.items()]


PATIENT = threading.local()


def wait(connection) -> None:
    """psycopg2's wait, but never longer than the thread's patience: a frozen server is silent."""
    while True:
        state = connection.poll()
        if state == psycopg2.extensions.POLL_OK:
            return
        left = PATIENT.until - time.monotonic()
        fds = [connection.fileno()]
        reading, writing = ((fds, []) if state == psycopg2.extensions.POLL_READ else ([], fds))
        if left <= 0 or not any(select.select(reading, writing, [], left)):
            raise TimeoutError("no answer")


class Asker(threading.Thread):
    """Writes on one node as often as it can."""

    def __init__(self, node: Node, out: TextIO, lock: threading.Lock) -> None:
        super().__init__(daemon=True)
        self.node, self.out, self.lock = node, out, lock
        self.connection = None
        self.ready = False
        self.session = 0
        self.last = ""

    def line(self, text: str) -> None:
        with self.lock:
            self.out.write(text + "\n")

    def note(self, what: str) -> None:
        if what != self.last:
            self.line(f"# {now():.4f} {self.node.name} {what}")
        self.last = what

    def drop(self) -> None:
        if self.connection is not None:
            self.connection.close()
        self.connection, self.ready = None, False

    def connect(self) -> None:
        pid = self.node.init_pid()
        if pid is None:
            raise OSError("off")
        self.connection = psycopg2.connect(
            f"host=/proc/{pid}/root/run/postgresql user=postgres dbname=postgres "
            "application_name=writers")
        self.connection.autocommit = True
        self.session += 1

    def step(self) -> None:
        PATIENT.until = time.monotonic() + PATIENCE
        if self.connection is None:
            self.connect()
        with self.connection.cursor() as cursor:
            cursor.execute("select pg_is_in_recovery()")
            if cursor.fetchone()[0]:
                self.note("is a standby")
                return
            if not self.ready:
                cursor.execute(SESSION)
                cursor.execute(TABLE)
                self.ready = True
            self.connection.notices.clear()
            start = now()
            cursor.execute("insert into writers values (%s)", (self.node.name,))
            end = now()
        if self.connection.notices:    # the wait for the standby was cancelled
            self.note(self.connection.notices[0].strip().splitlines()[0])
            return
        self.line(f"{self.node.name} {self.session} {start:.4f} {end:.4f}")
        self.note("takes writes")

    def run(self) -> None:
        while True:
            try:
                self.step()
            except (psycopg2.Error, OSError) as error:
                self.note((str(error).strip() or type(error).__name__).splitlines()[0])
                self.drop()
                time.sleep(PAUSE)
            time.sleep(PAUSE)


def main() -> None:
    lab = labs.load(sys.argv[1])
    psycopg2.extensions.set_wait_callback(wait)
    lock = threading.Lock()
    with open(sys.argv[2], "w", buffering=1, encoding="utf-8") as out:
        for node in lab.nodes:
            Asker(node, out, lock).start()
        signal.sigwait({signal.SIGTERM, signal.SIGINT})
        with lock:
            out.flush()


if __name__ == "__main__":
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT})
    main()
