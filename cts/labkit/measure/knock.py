# SPDX-License-Identifier: GPL-2.0-or-later
"""Stands in for a database where there is none: who holds the address answers knocks.

A client that knocks as often as the ledger's client commits tells how long an
address that Pacemaker moves was away: the least that any agent can reach. It
writes the same kind of file. Datagrams, because there is no server that would
end its connections in good order.

    python3 -m labkit.measure.knock HOST FILE     knock until SIGTERM
"""

import signal
import socket
import sys
import time
from typing import List

PORT = 5432
PAUSE = 0.005
RETRY = 0.01
# Runs inside a node, where this file may not be seen.
SERVER = f"""
import socket, threading

def talk(connection):
    while True:
        word = connection.recv(64)
        if not word:
            return
        connection.sendall(word)

def listen():
    gate = socket.create_server(("", {PORT}))
    while True:
        threading.Thread(target=talk, args=(gate.accept()[0],), daemon=True).start()

threading.Thread(target=listen, daemon=True).start()
door = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
door.bind(("", {PORT}))
while True:
    door.sendto(*door.recvfrom(64))
"""
PATTERN = r"(?s)^/usr/bin/python3 -c .*recvfrom"


def answered(door: socket.socket, host: str, number: int) -> bool:
    """One knock; late answers to earlier ones do not count."""
    word = str(number).encode()
    try:
        door.sendto(word, (host, PORT))
        return door.recv(64) == word
    except OSError:
        return False


def main(words: List[str]) -> None:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    door = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    door.settimeout(RETRY)
    number = time.time_ns() // 1000
    with open(words[1], "w", buffering=1, encoding="utf-8") as out:
        while True:
            number += 1
            if answered(door, words[0], number):
                out.write(f"{time.time():.4f} {number}\n")
                time.sleep(PAUSE)


if __name__ == "__main__":
    main(sys.argv[1:])
