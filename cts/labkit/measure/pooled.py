# SPDX-License-Identifier: GPL-2.0-or-later
"""Clients of a connection pool: each keeps its connection, and waits for as long as it takes.

Each commits a row at a time. `hold` on standard input lets them end their transactions and begin
no other until `go`; `since TIME` asks when all had committed after that. Each line is answered by
what they have seen so far, as JSON.

    python3 -m labkit.measure.pooled CONNINFO
"""

import json
import sys
import threading
import time
from typing import List

import psycopg2

CLIENTS = 4
PAUSE = 0.005
RETRY = 0.05
TABLE = "create table if not exists pooled (id bigint)"


class Client(threading.Thread):
    """One of them, until the process ends."""

    def __init__(self, conninfo: str) -> None:
        super().__init__(daemon=True)
        self.conninfo = conninfo
        self.may = threading.Lock()     # who holds it lets no transaction begin
        self.times: List[float] = []
        self.longest = 0.0
        self.errors: List[str] = []

    def session(self) -> None:
        connection = psycopg2.connect(self.conninfo)
        connection.autocommit = True
        cursor = connection.cursor()
        while True:
            with self.may:
                began = time.time()
                cursor.execute("insert into pooled values (1)")
                self.times.append(time.time())
                self.longest = max(self.longest, self.times[-1] - began)
            time.sleep(PAUSE)

    def run(self) -> None:
        while True:
            try:
                self.session()
            except psycopg2.Error as error:
                self.errors.append(f"{time.time():.3f} {str(error).strip()}")
                time.sleep(RETRY)


def tell(clients: List[Client], since: float) -> None:
    """All that has been seen so far, and when the last one had committed again."""
    firsts = [next((when for when in list(client.times) if when > since), 0.0)
              for client in clients]
    print(json.dumps({"back": max(firsts) if all(firsts) else 0.0,
                      "longest": max(client.longest for client in clients),
                      "errors": [error for client in clients for error in client.errors]}),
          flush=True)


def main(conninfo: str) -> None:
    with psycopg2.connect(conninfo) as connection:
        connection.cursor().execute(TABLE)
    clients = [Client(conninfo) for _ in range(CLIENTS)]
    for client in clients:
        client.start()
    since = 0.0
    for line in sys.stdin:
        word, _, value = line.strip().partition(" ")
        for client in clients:
            if word == "hold":
                client.may.acquire()    # pylint: disable=consider-using-with
            elif word == "go":
                client.may.release()
        since = float(value) if word == "since" else since
        tell(clients, since)


if __name__ == "__main__":
    main(sys.argv[1])
