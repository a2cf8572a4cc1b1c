# SPDX-License-Identifier: GPL-2.0-or-later
"""A client that commits one row at a time and writes down what was acknowledged.

A ledger file has a line `TIME ID TIMELINE/XID` for each acknowledged commit and a line
`# TIME WHAT` for each thing that went wrong, and `= TIME HOST` for each connection.
What was acknowledged and is not in the database afterwards is lost.
"""

import socket
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Dict, List, NamedTuple, Optional, TextIO, Tuple

import psycopg2

PAUSE = 0.005
RETRY = 0.01
ASKED = 0.05  # after a server's own no: each log-in costs it, on the machine that all nodes share
REACH = 0.02  # longest wait for the server's port, so that the client adds little to a gap
OPTIONS = ("connect_timeout=2 tcp_user_timeout=1000 keepalives_idle=1 keepalives_interval=1 "
           "keepalives_count=2")
SESSION = "set statement_timeout = '1500ms'"
TABLE = "create table if not exists ledger (id bigint primary key)"
INSERT = ("insert into ledger values (%s) returning txid_current(), "
          "pg_walfile_name(pg_current_wal_insert_lsn())")


class Commit(NamedTuple):
    """Where and as what a row was committed: both sides of a fork have the same xids."""

    timeline: int
    xid: int


@dataclass
class Summary:
    """What a ledger file says."""

    acked: List[int] = field(default_factory=list)
    times: List[float] = field(default_factory=list)    # of each acknowledgement
    commits: Dict[int, Commit] = field(default_factory=dict)
    first: float = 0.0
    last: float = 0.0
    gap: float = 0.0
    gap_from: float = 0.0
    gap_to: float = 0.0
    errors: List[str] = field(default_factory=list)

    def add(self, when: float, number: int) -> None:
        if not self.acked:
            self.first = when
        elif when - self.last > self.gap:
            self.gap, self.gap_from, self.gap_to = when - self.last, self.last, when
        self.acked.append(number)
        self.times.append(when)
        self.last = when

    def text(self) -> str:
        return (f"acknowledged={len(self.acked)} longest_gap={self.gap:.2f}s "
                f"errors={len(self.errors)}")


def read(path: Path) -> Summary:
    summary = Summary()
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            summary.errors.append(line[2:])
        elif line.count(" ") in (1, 2) and not line.startswith("="):
            when, number, *commit = line.split()
            summary.add(float(when), int(number))
            if commit:
                summary.commits[int(number)] = Commit(*map(int, commit[0].split("/")))
    return summary


def lost(summary: Summary, present: List[int]) -> List[int]:
    """The acknowledged ids that are not there."""
    return sorted(set(summary.acked) - set(present))


class Client:
    """Commits through the first host that takes writes."""

    def __init__(self, hosts: List[str], port: int, out: TextIO) -> None:
        self.hosts = hosts
        self.port = port
        self.out = out
        self.connection: Optional[psycopg2.extensions.connection] = None
        self.number = time.time_ns() // 1000
        self.turn = 0
        self.made = False       # the table
        self.patience = RETRY   # before the next try

    def note(self, what: str) -> None:
        self.out.write(f"# {time.time():.4f} {what}\n")

    def connect(self) -> None:
        host = self.hosts[self.turn % len(self.hosts)]
        self.turn += 1
        self.patience = RETRY
        if not host.startswith("/"):
            socket.create_connection((host, self.port), timeout=REACH).close()
        self.patience = ASKED
        connection = psycopg2.connect(f"host={host} port={self.port} user=postgres dbname=postgres "
                                      + OPTIONS)
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(SESSION)
            cursor.execute("select pg_is_in_recovery()")
            if cursor.fetchone()[0]:
                connection.close()
                raise psycopg2.OperationalError(f"{host} is a standby")
            if not self.made:
                cursor.execute(TABLE)
        connection.notices.clear()
        self.made, self.patience = True, RETRY
        self.out.write(f"= {time.time():.4f} {host}\n")
        self.connection = connection

    def commit(self) -> Tuple[float, int, Commit]:
        """One row; raises when it was not acknowledged, or only with a warning."""
        assert self.connection is not None
        self.number += 1
        with self.connection.cursor() as cursor:
            cursor.execute(INSERT, (self.number,))
            xid, segment = cursor.fetchone()
        warnings = [n for n in self.connection.notices if "synchronous replication" in n]
        if warnings:
            self.connection.notices.clear()
            raise psycopg2.OperationalError(f"{self.number} not acknowledged: {warnings[0]}")
        return time.time(), self.number, Commit(int(segment[:8], 16), xid % 2**32)

    def step(self) -> bool:
        """One commit; False when it did not work, and the next one begins with a connection."""
        try:
            if self.connection is None:
                self.connect()
            when, number, commit = self.commit()
        except (psycopg2.Error, OSError) as error:
            self.note((str(error).strip() or type(error).__name__).splitlines()[0])
            if self.connection is not None:
                self.connection.close()
            self.connection = None
            return False
        self.out.write(f"{when:.4f} {number} {commit.timeline}/{commit.xid}\n")
        return True


def present(hosts: List[str], port: int) -> List[int]:
    """The ids in the database, read from the first host that is a primary."""
    reason = "no host was given"
    for host in hosts:
        try:
            connection = psycopg2.connect(f"host={host} port={port} user=postgres "
                                          "dbname=postgres connect_timeout=5")
            with connection.cursor() as cursor:
                cursor.execute("select pg_is_in_recovery()")
                if cursor.fetchone()[0]:
                    reason = f"{host} is a standby"
                    continue
                cursor.execute("select id from ledger")
                return [row[0] for row in cursor.fetchall()]
        except psycopg2.Error as error:
            reason = str(error).strip().splitlines()[0]
    raise LookupError(reason)
