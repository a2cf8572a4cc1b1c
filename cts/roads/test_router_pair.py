# SPDX-License-Identifier: GPL-2.0-or-later
"""Two routers with HAProxy and Keepalived: one address, which moves when it must and only then."""

import signal
import time

import pytest

from conftest import need_command, open_lab
from labkit.lab import net
from labkit.lab.cluster import LedgerClient
from labkit.lab.resources import Wanted
from labkit.lab.shell import wait_until
from roads import road

pytestmark = [pytest.mark.steps, pytest.mark.alone]

ADDRESS = "192.168.0.110"
TAKEN = 4.0     # s in which the other router has it when its holder is gone
MOVED = 12.0    # s for what has to be noticed by checks first, on a busy machine


@pytest.fixture(scope="module")
def cluster(request, agent):
    with open_lab(request.config, 3, routers=["router1", "router2"]) as made:
        made.set_up(Wanted(agent=agent))
        made.node(made.settle().primary).sql(f"create role {road.ROLE} login")
        need_command(made)
        for router in made.lab.routers:
            begin(router)
        yield made


def begin(router):
    """What its services do at a boot."""
    road.lay(router, "haproxy", "/etc/haproxy")
    road.lay(router, "routers", "/etc/keepalived")
    road.start_haproxy(router)
    road.start_keepalived(router)


def holder(cluster):
    """The one router that has the address, once it is one and leads to the primary."""
    routers = cluster.lab.routers
    wait_until("one router to have the address",
               lambda: len(road.holders(routers, ADDRESS)) == 1, 20, 0.1)
    return cluster.lab.node(road.holders(routers, ADDRESS)[0])


def other(cluster, router):
    return next(one for one in cluster.lab.routers if one.name != router.name)


def healthy(cluster):
    """Until both are equal again: each one's checks say yes."""
    for router in cluster.lab.routers:
        wait_until(f"{router.name} to lead to the primary", lambda one=router: one.run(
            "pgward", "check", "primary", "--host", "127.0.0.1", "--conninfo",
            f"user={road.ROLE}", check=False).returncode == 0, 60, 0.2)
    time.sleep(4)   # what Keepalived takes to see that: rise 2, an advert


class Watch(road.Looking):
    """Looks all the time who has the address."""

    def __init__(self, cluster):
        super().__init__()
        self.routers = cluster.lab.routers
        self.seen = []

    def look(self):
        now = road.holders(self.routers, ADDRESS)
        if not self.seen or self.seen[-1] != now:
            self.seen.append(now)
        time.sleep(0.1)


def test_one_router_has_the_address_and_clients_write_through_it(cluster):
    router = holder(cluster)
    healthy(cluster)
    assert holder(cluster).name == router.name
    with LedgerClient(cluster.lab, ADDRESS) as client:
        client.wait_for_commits(time.time())


def test_a_holder_dies_and_comes_back(cluster):
    """The other one has the address within 4 s, and keeps it."""
    old = holder(cluster)
    new = other(cluster, old)
    with LedgerClient(cluster.lab, ADDRESS) as client:
        old.kill()
        began = time.monotonic()
        wait_until(f"{new.name} to have the address", lambda: road.holds(new, ADDRESS), 30, 0.02)
        took = time.monotonic() - began
        client.wait_for_commits(time.time())
    print(f"the holder's power is cut: {took:.1f} s to the other router; longest gap of a client "
          f"{client.summary().gap:.1f} s")
    assert took < TAKEN
    old.boot(start_cluster=False)
    begin(old)
    healthy(cluster)
    with Watch(cluster) as watch:
        time.sleep(8)
    assert watch.seen == [[new.name]]


def fail_on_holder(cluster, what, number):
    """A signal to HAProxy where the address is: it moves, and stays there."""
    old = holder(cluster)
    new = other(cluster, old)
    assert old.signal(number, r"^haproxy ") > 0
    began = time.monotonic()
    wait_until(f"{new.name} to have the address", lambda: road.holders(
        cluster.lab.routers, ADDRESS) == [new.name], MOVED, 0.05)
    print(f"HAProxy {what}: {time.monotonic() - began:.1f} s")
    road.stop(old, r"^haproxy ", signal.SIGKILL)
    old.run("rm", "-f", road.STATS)
    road.start_haproxy(old)
    with Watch(cluster) as watch:
        healthy(cluster)
    assert watch.seen == [[new.name]]


def test_haproxy_is_killed_on_the_holder(cluster):
    fail_on_holder(cluster, "is killed", signal.SIGKILL)


def test_haproxy_hangs_on_the_holder(cluster):
    """And with it the check, which counts as failed."""
    fail_on_holder(cluster, "hangs", signal.SIGSTOP)


def test_the_way_to_the_database_fails_on_the_holder_alone(cluster):
    """HAProxy lives, and no server answers it."""
    old = holder(cluster)
    new = other(cluster, old)
    servers = ", ".join(f"192.168.0.{node.index}" for node in cluster.lab.nodes)
    old.run("nft", "-f", "-", stdin="add table ip away\nadd chain ip away out "
            "{ type filter hook output priority 0; }\n"
            f"add rule ip away out ip daddr {{ {servers} }} drop\n")
    wait_until(f"{new.name} to have the address", lambda: road.holders(
        cluster.lab.routers, ADDRESS) == [new.name], MOVED, 0.05)
    old.run("nft", "delete", "table", "ip", "away")
    with Watch(cluster) as watch:
        healthy(cluster)
    assert watch.seen == [[new.name]]


def test_what_fails_everywhere_does_not_move_it(cluster):
    """No primary for a while, and then one again."""
    router = holder(cluster)
    with Watch(cluster) as watch:
        cluster.pcs("resource", "disable", "msPostgresql")
        for one in cluster.lab.routers:
            wait_until(f"{one.name} to see no primary", lambda at=one: not road.up(at)[
                road.WRITES], 60, 0.1)
        time.sleep(10)
        cluster.pcs("resource", "enable", "msPostgresql")
        cluster.settle()
        healthy(cluster)
    assert watch.seen == [[router.name]]


def test_a_failover_of_the_database_does_not_move_it(cluster):
    router = holder(cluster)
    old = cluster.primary()
    with Watch(cluster) as watch, LedgerClient(cluster.lab, ADDRESS) as client:
        old.kill_postgres()
        cluster.new_primary(old.name)
        client.wait_for_commits(time.time())
        healthy(cluster)
    print(f"primary's servers killed: longest gap of a client {client.summary().gap:.2f} s")
    assert watch.seen == [[router.name]]
    assert not client.lost()


def test_the_holder_is_cut_off(cluster):
    """It keeps the address for itself, where nobody sees it, and gives it up when it is back."""
    old = holder(cluster)
    new = other(cluster, old)
    net.cut(cluster.lab.name, old.index, net.LANS["service"], "both")
    try:
        with LedgerClient(cluster.lab, ADDRESS) as client:
            client.wait_for_commits(time.time())
        assert road.holds(new, ADDRESS)
    finally:
        net.heal(cluster.lab.name, old.index, net.LANS["service"])
    wait_until("one router to have the address",
               lambda: len(road.holders(cluster.lab.routers, ADDRESS)) == 1, 20, 0.1)
