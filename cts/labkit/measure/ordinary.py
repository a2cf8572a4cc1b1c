# SPDX-License-Identifier: GPL-2.0-or-later
"""A client as most programs are: it just connects, and waits for as long as that takes.

No limit of its own, no option: one packet that nobody answers costs it TCP's whole second. It
commits a row at a time and writes what the ledger's client writes.

    python3 -m labkit.measure.ordinary HOST FILE            commit until SIGTERM
    python3 -m labkit.measure.ordinary --knock HOST FILE    the same where there is no database
"""

import signal
import socket
import sys
import time
from typing import Callable, List

import psycopg2

from . import knock

PAUSE = 0.005
RETRY = 0.05
TABLE = "create table if not exists ordinary (id bigint)"

Commit = Callable[[int], None]


def database(host: str) -> Commit:
    connection = psycopg2.connect(f"host={host} user=postgres dbname=postgres")
    connection.autocommit = True
    cursor = connection.cursor()
    cursor.execute(TABLE)

    def commit(number: int) -> None:
        cursor.execute("insert into ordinary values (%s)", (number,))
    return commit


def door(host: str) -> Commit:
    connection = socket.create_connection((host, knock.PORT))
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def commit(number: int) -> None:
        word = str(number).encode()
        connection.sendall(word)
        if connection.recv(64) != word:
            raise ConnectionError("the connection was ended")
    return commit


def session(connect: Callable[[str], Commit], host: str, out) -> None:
    """From a connection to its end."""
    commit = connect(host)
    number = 0
    while True:
        number += 1
        commit(number)
        out.write(f"{time.time():.4f} {number}\n")
        time.sleep(PAUSE)


def main(words: List[str]) -> None:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    connect = door if words[0] == "--knock" else database
    host, path = words[-2:]
    with open(path, "w", buffering=1, encoding="utf-8") as out:
        while True:
            try:
                session(connect, host, out)
            except (psycopg2.Error, OSError) as error:
                what = (str(error).strip() or type(error).__name__).splitlines()[0]
                out.write(f"# {time.time():.4f} {what}\n")
                time.sleep(RETRY)


if __name__ == "__main__":
    main(sys.argv[1:])
