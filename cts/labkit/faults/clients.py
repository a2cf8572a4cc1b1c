# SPDX-License-Identifier: GPL-2.0-or-later
"""Clients of the database that nobody asked for."""

import subprocess
import tempfile

from ..lab import net
from ..lab.cluster import Cluster
from ..lab.postgres import bindir
from ..lab.resources import VIP_MASTER, VIP_REP
from .fault import Fault


class ReplicationClient:
    """A client of logical decoding on the client host that confirms once and never again.

    One that never did is believed by what it has received.
    """

    SCRIPT = """
import select, sys, psycopg2
from psycopg2.extras import LogicalReplicationConnection
host, slot = sys.argv[1:]
words = f"host={host} user=postgres dbname=postgres application_name={slot}"
cursor = psycopg2.connect(words, connection_factory=LogicalReplicationConnection).cursor()
cursor.create_replication_slot(slot, output_plugin="test_decoding")
cursor.start_replication(slot_name=slot, decode=True)
psycopg2.connect(words).cursor().execute("select pg_logical_emit_message(false, 'a', 'message')")
message = None
while message is None:
    select.select([cursor], [], [], 0.05)
    message = cursor.read_message()
cursor.send_feedback(flush_lsn=message.data_start, reply=True)
print("streams", flush=True)
while True:
    cursor.read_message()
    select.select([cursor], [], [], 0.05)
"""

    def __init__(self, lab_name: str, host: str, slot: str = "stranger") -> None:
        self.slot = slot
        # pylint: disable=consider-using-with
        self.process = subprocess.Popen(
            ["ip", "netns", "exec", net.namespace(lab_name, "client"), "/usr/bin/python3", "-c",
             self.SCRIPT, host, slot], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        assert self.process.stdout
        self.words = self.process.stdout.readline().strip()

    def leave(self, cluster: Cluster) -> None:
        """Its slot would keep WAL on whoever led when it came."""
        self.process.kill()
        self.process.wait(10)
        if self.process.stdout:
            self.process.stdout.close()
        for node in cluster.lab.running():
            node.sql("select pg_drop_replication_slot(slot_name) from pg_replication_slots "
                     f"where slot_name = '{self.slot}' and not active", check=False)


class Crowd:
    """Sessions of clients that take every connection a server has, until they are let go."""

    SCRIPT = """
import sys, psycopg2
held, end = [], "all are in"
try:
    while len(held) < 500:
        held.append(psycopg2.connect(f"host={sys.argv[1]} user=postgres dbname=postgres "
                                     "connect_timeout=2"))
except psycopg2.Error as error:
    end = str(error).strip().splitlines()[0]
print(len(held), end, flush=True)
sys.stdin.read()
"""

    def __init__(self, lab_name: str, host: str) -> None:
        # pylint: disable=consider-using-with
        self.process = subprocess.Popen(
            ["ip", "netns", "exec", net.namespace(lab_name, "client"), "/usr/bin/python3", "-c",
             self.SCRIPT, host], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout
        self.words = self.process.stdout.readline().strip()

    def leave(self) -> None:
        self.process.kill()
        self.process.wait(10)
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe:
                pipe.close()


class ConnectionsExhausted(Fault):
    """Also those kept for superusers, which the agent would use."""

    name = "connections exhausted"
    primary = 1.0
    holds = (3.0, 20.0)

    def strike(self) -> None:
        self.crowd = Crowd(self.cluster.lab.name, VIP_MASTER)

    def heal(self) -> None:
        self.crowd.leave()


class Stranger(Fault):
    """A WAL receiver on the client host streams under the name of a standby."""

    name = "stranger with a standby's name"
    primary = 0.0
    holds = (2.0, 15.0)

    class Receiver:
        """pg_receivewal, until it is told to leave."""

        def __init__(self, lab_name: str, host: str, name: str) -> None:
            # pylint: disable=consider-using-with
            self.folder = tempfile.TemporaryDirectory()
            self.process = subprocess.Popen(
                ["ip", "netns", "exec", net.namespace(lab_name, "client"),
                 f"{bindir()}/pg_receivewal", "-D", self.folder.name, "--synchronous", "-d",
                 f"host={host} user=postgres application_name={name}"],
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

        def leave(self) -> None:
            self.process.kill()
            self.process.wait(10)
            self.folder.cleanup()

    def strike(self) -> None:
        self.receiver = self.Receiver(self.cluster.lab.name, VIP_REP, self.node.name)

    def heal(self) -> None:
        self.receiver.leave()
