# SPDX-License-Identifier: GPL-2.0-or-later
"""A logical subscriber goes on over a failover and a switchover: nothing lost, nothing twice.

It needs PostgreSQL 17: cts/failover-slots runs it where there is one.
"""

import subprocess
from typing import List

import pytest

from conftest import open_lab
from labkit.lab import net
from labkit.lab.postgres import bindir
from labkit.lab.resources import VIP_MASTER, Wanted
from labkit.lab.shell import wait_until

pytestmark = pytest.mark.steps

VERSION = 17
SLOT = "sub"
SETTINGS = "wal_level = logical\nsync_replication_slots = on\n"
SYNCED = f"select synced and not temporary from pg_replication_slots where slot_name = '{SLOT}'"


class Subscriber:
    """A server of its own on the client host, subscribed to the ledger by the clients' address."""

    def __init__(self, cluster) -> None:
        self.dir = cluster.lab.root / "subscriber"
        self.dir.mkdir()
        self.inside = ["ip", "netns", "exec", net.namespace(cluster.lab.name, "client"),
                       "runuser", "-u", "postgres", "--"]
        subprocess.run(["chown", "postgres:", str(self.dir)], check=True)
        self.run(f"{bindir()}/initdb", "-D", f"{self.dir}/data", "-A", "trust", "-N")
        with open(self.dir / "data/postgresql.conf", "a", encoding="utf-8") as out:
            out.write(f"listen_addresses = ''\nunix_socket_directories = '{self.dir}'\n"
                      "wal_retrieve_retry_interval = 500ms\nmax_replication_slots = 10\n")
        self.server("start", "-l", f"{self.dir}/log")

    def run(self, *words: str) -> str:
        done = subprocess.run([*self.inside, *words], stdin=subprocess.DEVNULL, timeout=120,
                              cwd="/", capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{words}: {done.stdout}{done.stderr}"
        return done.stdout.strip()

    def server(self, *words: str) -> None:
        subprocess.run([*self.inside, f"{bindir()}/pg_ctl", "-D", f"{self.dir}/data", "-w", *words],
                       stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, timeout=120, cwd="/",
                       check=True)

    def sql(self, query: str) -> str:
        return self.run("psql", "-h", str(self.dir), "-d", "postgres", "-X", "-At", "-v",
                        "ON_ERROR_STOP=1", "-c", query)

    def ids(self) -> List[int]:
        return [int(line) for line in self.sql("select id from ledger order by id").split()]


@pytest.fixture(scope="module")
def cluster(request, agent):
    if int(bindir().parent.name) < VERSION:
        pytest.skip(f"PostgreSQL {VERSION} is not here: run cts/failover-slots")
    with open_lab(request.config, 3) as made:
        made.set_up(Wanted(agent=agent, options=["replication_slot_name=pg"]), SETTINGS)
        made.settle()
        yield made


@pytest.fixture(scope="module")
def subscriber(cluster):
    with cluster.ledger():
        pass                # the table is there
    cluster.primary().sql("create publication ledger for table ledger")
    made = Subscriber(cluster)
    try:
        # no key here: what came twice would be there twice
        made.sql("create table ledger (id bigint)")
        made.sql(f"create subscription {SLOT} connection 'host={VIP_MASTER} user=postgres "
                 "dbname=postgres connect_timeout=2' publication ledger with (failover = true)")
        yield made
    finally:
        made.server("stop", "-m", "immediate")


def all_synced(cluster) -> None:
    """A new slot of that name is on each standby, ready for a failover."""
    for node in cluster.standbys():
        wait_until(f"the subscriber's slot on {node.name}", lambda n=node: n.sql(SYNCED) == "t", 120)


def waited_slots(cluster) -> None:
    """Logical clients wait for the slots of those that commits wait for."""
    primary = cluster.primary()
    names = [f"pg_{node.name}" for node in cluster.standbys()
             if cluster.look().attribute(node.name, "data-status") == "STREAMING|SYNC"]
    assert names
    wait_until(f"synchronized_standby_slots to be {names}", lambda: primary.sql(
        "show synchronized_standby_slots") == ", ".join(names), 30)


def nothing_lost_nothing_twice(cluster, subscriber) -> None:
    want = [int(line) for line in cluster.primary().sql(
        "select id from ledger order by id", timeout=60).split()]
    wait_until("the subscriber to have all", lambda: len(subscriber.ids()) >= len(want), 60)
    assert subscriber.ids() == want


def test_slot_is_on_every_standby(cluster, subscriber):
    with cluster.ledger() as client:
        all_synced(cluster)
        waited_slots(cluster)
    assert client.lost() == []
    nothing_lost_nothing_twice(cluster, subscriber)


def test_subscriber_goes_on_after_a_switchover(cluster, subscriber):
    """P7: the old primary follows without rewind, and the slot that was made on it goes.

    (One that was copied to it, and led with it, keeps its mark and is in nobody's way.)
    """
    old = cluster.primary()
    with cluster.ledger() as client:
        cluster.move()
        cluster.new_primary(old.name)
        cluster.settle()
    assert client.lost() == []
    nothing_lost_nothing_twice(cluster, subscriber)
    all_synced(cluster)
    waited_slots(cluster)
    assert "logical slots of this node's time as a primary go" in old.syslog()


def test_subscriber_goes_on_after_a_failover(cluster, subscriber):
    """P1: the new primary has the slot, and all that the subscriber was given."""
    old = cluster.primary()
    with cluster.ledger() as client:
        moment = old.kill_postgres()
        cluster.new_primary(old.name)
        client.wait_for_commits(moment)
    assert client.lost() == []
    nothing_lost_nothing_twice(cluster, subscriber)
    cluster.put_back(old)
    cluster.settle()
    all_synced(cluster)
    waited_slots(cluster)


def test_released_standby_holds_up_no_subscriber(cluster, subscriber):
    """The list narrows by the same reload: one that is away would stop every logical client."""
    sync = next(node for node in cluster.standbys() if cluster.look().attribute(
        node.name, "data-status") == "STREAMING|SYNC")
    with cluster.ledger() as client:
        sync.stop_cluster()
        cluster.wait(f"{sync.name} to be out", lambda s: sync.name not in s.online, 60)
        waited_slots(cluster)
    assert client.lost() == []
    nothing_lost_nothing_twice(cluster, subscriber)
    sync.start_cluster()
    cluster.settle()
    all_synced(cluster)
