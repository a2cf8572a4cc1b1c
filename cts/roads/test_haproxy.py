# SPDX-License-Identifier: GPL-2.0-or-later
"""HAProxy with `pgward check` as its external check: writes to the primary and to nobody else."""

import signal
import threading
import time

import pytest

from conftest import need_command, open_lab
from labkit.lab.cluster import LedgerClient
from labkit.lab.node import POSTGRES
from labkit.lab.resources import Wanted
from labkit.lab.shell import run, wait_until
from roads import road

pytestmark = [pytest.mark.steps, pytest.mark.alone]

FOUND = 15      # s in which HAProxy has found what the cluster has done, on a busy machine
NOTICED = 5     # the same for one that is gone: inter, fastinter, two checks of 0.9 s, and slack


@pytest.fixture(scope="module")
def cluster(request, agent):
    with open_lab(request.config, 3, routers=["router1"]) as made:
        made.set_up(Wanted(agent=agent))
        made.node(made.settle().primary).sql(f"create role {road.ROLE} login")
        router = made.lab.routers[0]
        need_command(made)
        road.lay(router, "haproxy", "/etc/haproxy")
        road.start_haproxy(router)
        yield made


@pytest.fixture
def router(cluster):
    return cluster.lab.routers[0]


def wait_for(router, writes, reads, timeout=FOUND):
    """Until each backend has these servers UP and no others."""
    def right():
        found = road.up(router)
        return (sorted(found[road.WRITES]), sorted(found[road.READS])) == (
            sorted(writes), sorted(reads))
    wait_until(f"{writes} UP for writes, {reads} for reads; now {road.up(router)}", right,
               timeout, 0.1)


def follows(cluster, router, timeout=FOUND):
    """Until HAProxy shows what the cluster is."""
    first = cluster.primary().name
    others = [node.name for node in cluster.standbys()]
    wait_for(router, [first], others, timeout)


class Watch(road.Looking):
    """Looks at `show stat` all the time: for how long were two servers UP for writes?

    An old primary whose server has gone is UP until HAProxy has asked it again, and refuses.
    """

    def __init__(self, router):
        super().__init__()
        self.router = router
        self.began = None
        self.longest = 0.0

    def look(self):
        two = len(road.up(self.router)[road.WRITES]) > 1
        now = time.monotonic()
        self.began = (self.began or now) if two else None
        self.longest = max(self.longest, now - self.began if two else 0.0)


def test_writes_go_to_the_primary_and_reads_to_the_others(cluster, router):
    follows(cluster, router)
    assert router.find(r"^haproxy ")
    users = router.out("ps", "-o", "user=", "-C", "haproxy").split()
    assert "haproxy" in users, users


def test_a_failover(cluster, router):
    """A client through HAProxy beside one at the service address, in the same failover."""
    old = cluster.primary()
    through = LedgerClient(cluster.lab, f"192.168.0.{router.index}")
    with cluster.ledger() as direct, through, Watch(router) as watch:
        killed = old.kill_postgres()
        state = cluster.new_primary(old.name)
        for client in (direct, through):
            client.wait_for_commits(time.time())
        follows(cluster, router)
    assert watch.looks > 10 and watch.longest < NOTICED, (watch.looks, watch.longest)
    print(f"primary's servers killed at {killed:.1f}; longest gap: vip-master "
          f"{direct.summary().gap:.2f} s, HAProxy {through.summary().gap:.2f} s; two UP for "
          f"{watch.longest:.1f} s")
    assert not direct.lost() and not through.lost()
    assert state.primary != old.name
    cluster.put_back(old)
    follows(cluster, router)


def test_a_planned_move(cluster, router):
    old = cluster.primary()
    with Watch(router) as watch:
        cluster.move()
        cluster.new_primary(old.name)
        cluster.settle()
        follows(cluster, router)
    assert watch.longest < NOTICED


def test_the_sessions_to_an_old_primary_are_cut(cluster, router):
    """Its server is frozen, so it does not end them itself."""
    old = cluster.primary()
    inside = ["ip", "netns", "exec", f"pgward.{cluster.lab.name}.client", "/usr/bin/python3", "-c",
              SESSION, f"192.168.0.{router.index}"]
    session = threading.Thread(target=lambda: done.append(run(inside, check=False, timeout=90)))
    done = []
    session.start()
    wait_until("a session through HAProxy", lambda: old.sql(
        "select count(*) from pg_stat_activity where application_name = 'idler'") == "1", 20, 0.1)
    old.signal(signal.SIGSTOP, POSTGRES)
    session.join(60)
    assert done and "cut after" in done[0].stdout, done
    print(done[0].stdout.strip())
    road.thaw(cluster, old)
    follows(cluster, router)


SESSION = """
import select, sys, time, psycopg2
talk = psycopg2.connect(host=sys.argv[1], user="postgres", dbname="postgres",
                        application_name="idler")
began = time.monotonic()
select.select([talk.fileno()], [], [], 60)
try:
    talk.cursor().execute("select 1")
    print("still there")
except psycopg2.Error:
    print(f"cut after {time.monotonic() - began:.1f} s")
"""


def test_of_two_primaries_none_is_up(cluster, router):
    """A standby that somebody promotes by hand takes writes from nobody."""
    first, stray = cluster.primary(), cluster.standbys()[0]
    with cluster.second_primary(stray):
        wait_for(router, [], [])
    assert cluster.primary().name == first.name
    follows(cluster, router)


def test_without_a_primary_none_is_up_for_writes(cluster, router):
    cluster.pcs("resource", "disable", "msPostgresql")
    wait_for(router, [], [], 60)
    cluster.pcs("resource", "enable", "msPostgresql")
    cluster.settle()
    follows(cluster, router)
