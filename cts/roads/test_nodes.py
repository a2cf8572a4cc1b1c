# SPDX-License-Identifier: GPL-2.0-or-later
"""Keepalived and PgBouncer on the database nodes: the address is on the primary or nowhere."""

import signal
import time

import pytest

from conftest import need_command, open_lab
from labkit.lab.node import POSTGRES
from labkit.lab.resources import Wanted
from labkit.lab.shell import wait_until
from roads import road

pytestmark = pytest.mark.steps

ADDRESS = "192.168.0.120"
CONNINFO = road.through_pool(ADDRESS) + " connect_timeout=2"
FOUND = 30                  # s, on a busy machine


@pytest.fixture(scope="module")
def cluster(request, agent):
    with open_lab(request.config, 3) as made:
        made.set_up(Wanted(agent=agent))
        first = made.node(made.settle().primary)
        need_command(made)
        first.sql("create role app login superuser")
        for node in made.lab.nodes:
            begin(node)
        yield made


def begin(node):
    """What its services do at a boot."""
    road.lay(node, "nodes", "/etc/keepalived")
    road.lay(node, "nodes", "/etc/pgbouncer")
    road.add_user(node)
    node.run("install", "-d", "-o", "postgres", "-g", "postgres", "/run/pgbouncer")
    road.start(node, "runuser", "-u", "postgres", "--", "pgbouncer",
               "/etc/pgbouncer/pgbouncer.ini")
    road.start_keepalived(node)


def follows(cluster):
    """Until the address is where the primary is, and leads there."""
    def right():
        first = cluster.look().primary
        return (first and road.holders(cluster.lab.running(), ADDRESS) == [first]
                and road.ask(cluster, CONNINFO, "select pg_is_in_recovery()") == "f")
    wait_until("the address to be on the primary, and to lead there", right, FOUND, 0.2)


class Watch(road.Looking):
    """Looks all the time whether who has the address can be the primary."""

    def __init__(self, cluster):
        super().__init__()
        self.cluster = cluster
        self.wrong = []

    def look(self):
        for node in self.cluster.lab.running():
            node.unless_off(lambda one=node: self.look_at(one))

    def look_at(self, node):
        """An address on a server that was a standby before and after the look at it."""
        def standby():
            return node.sql("select pg_is_in_recovery()", check=False) == "t"
        began = time.monotonic()
        if standby() and road.holds(node, ADDRESS):
            time.sleep(2)       # its Keepalived asks every second
            if standby() and road.holds(node, ADDRESS):
                self.wrong.append((node.name, began))


def test_the_address_is_on_the_primary(cluster):
    follows(cluster)
    assert road.ask(cluster, CONNINFO, "create table if not exists road (id int); "
                    "insert into road values (1) returning id") == "1"


def test_the_check_goes_through_pgbouncer_too(cluster):
    first = cluster.primary()
    for node in cluster.lab.nodes:
        done = first.run("env", f"PGPASSWORD={road.PASSWORD}", "pgward", "check", "primary", "--host",
                         f"192.168.0.{node.index}", "--port", "6432", "--conninfo", "user=app",
                         check=False)
        assert (done.returncode == 0) == (node.name == first.name), done


def test_a_failover(cluster):
    old = cluster.primary()
    with Watch(cluster) as watch:
        old.kill_postgres()
        began = time.monotonic()
        cluster.new_primary(old.name)
        follows(cluster)
        took = time.monotonic() - began
    print(f"primary's servers killed: {took:.1f} s to an answer of the new one at the address")
    assert watch.looks > 3 and not watch.wrong
    cluster.put_back(old)
    follows(cluster)


def test_a_planned_move(cluster):
    old = cluster.primary()
    with Watch(cluster) as watch:
        cluster.move()
        cluster.new_primary(old.name)
        cluster.settle()
        follows(cluster)
    assert not watch.wrong


def test_without_a_primary_it_is_nowhere(cluster):
    cluster.pcs("resource", "disable", "msPostgresql")
    wait_until("the address to be nowhere",
               lambda: not road.holders(cluster.lab.running(), ADDRESS), FOUND + 30, 0.2)
    cluster.pcs("resource", "enable", "msPostgresql")
    cluster.settle()
    follows(cluster)


def test_a_primary_that_hangs_has_it_no_more(cluster):
    """Its check gets no answer: that counts as a no."""
    old = cluster.primary()
    old.signal(signal.SIGSTOP, POSTGRES)
    wait_until("the address to leave", lambda: not road.holds(old, ADDRESS), FOUND, 0.1)
    road.thaw(cluster, old)
    if not old.find(r"^keepalived "):   # it was fenced
        begin(old)
    follows(cluster)


def test_a_node_without_power(cluster):
    old = cluster.primary()
    old.kill()
    cluster.new_primary(old.name)
    follows(cluster)
    old.boot()
    begin(old)
    cluster.put_back(old)
    follows(cluster)
