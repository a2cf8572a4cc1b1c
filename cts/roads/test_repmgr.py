# SPDX-License-Identifier: GPL-2.0-or-later
"""Debian's repmgr promotes and Keepalived follows: the address is on the primary or nowhere."""

import time

import pytest

from conftest import need_command, open_lab
from labkit.lab import net, postgres
from labkit.lab.shell import wait_until
from roads import road

pytestmark = pytest.mark.steps

ADDRESS = "192.168.0.130"
CONNINFO = road.through_pool(ADDRESS) + " connect_timeout=2"
FOUND = 60          # s, on a busy machine; repmgr waits for 6 of them
CONFIG = "/srv/pg/repmgr.conf"
REPMGR = """
node_id={node.index}
node_name='{node.name}'
conninfo='host=192.168.0.{node.index} user=repmgr dbname=repmgr connect_timeout=2'
data_directory='{data}'
pg_bindir='{bindir}'
failover=automatic
monitor_interval_secs=1
reconnect_attempts=3
reconnect_interval=2
promote_command='repmgr -f {config} standby promote'
follow_command='repmgr -f {config} standby follow --upstream-node-id=%n'
service_start_command='{bindir}/pg_ctl -D {data} -w -l /var/log/postgresql/postgresql.log start'
"""
# The nodes have no systemd.
SYSTEMCTL = """#!/bin/sh
case $1 in
start) pidof pgbouncer || exec runuser -u postgres -- pgbouncer -d /etc/pgbouncer/pgbouncer.ini ;;
stop) killall -w pgbouncer || true ;;
esac
"""


def repmgr(node, *command):
    return node.out("repmgr", "-f", CONFIG, *command, user="postgres", timeout=120)


@pytest.fixture(scope="module")
def cluster(request):
    with open_lab(request.config, 3) as made:
        need_command(made)
        for node in made.lab.nodes:
            node.stop_cluster()
            node.run("sh", "-c", f"cat >{CONFIG}", stdin=REPMGR.format(
                node=node, data=postgres.DATA, bindir=postgres.bindir(), config=CONFIG))
        first, others = made.lab.nodes[0], made.lab.nodes[1:]
        postgres.initdb(first, "shared_preload_libraries = 'repmgr'\n")
        start(first)
        first.sql(f"create role repmgr superuser login; create role {road.ROLE} login; "
                  "create role app login superuser")
        first.sql("create database repmgr owner repmgr")
        repmgr(first, "primary", "register")
        for node in others:
            postgres.make_folders(node)
            repmgr(node, "-h", address(first), "-U", "repmgr", "-d", "repmgr", "standby", "clone",
                   "--fast-checkpoint")
            start(node)
            repmgr(node, "standby", "register")
        for node in made.lab.nodes:
            begin(node)
        yield made


def address(node):
    return f"192.168.0.{node.index}"


def start(node):
    postgres.server(node, "-l", "/var/log/postgresql/postgresql.log", "start")


def begin(node):
    """What its services do at a boot."""
    road.lay(node, "repmgr", "/etc/keepalived")
    road.lay(node, "nodes", "/etc/pgbouncer")
    road.add_user(node)
    node.run("install", "-d", "-o", "postgres", "-g", "postgres", "/run/pgbouncer")
    node.run("sh", "-c", "cat >/tmp/systemctl && chmod 755 /tmp/systemctl && "
             "mount --bind /tmp/systemctl /usr/bin/systemctl", stdin=SYSTEMCTL)
    road.start(node, "runuser", "-u", "postgres", "--", "repmgrd", "-f", CONFIG,
               "--no-pid-file", "--daemonize=false")
    road.start_keepalived(node)


def leads(node):
    return node.sql("select pg_is_in_recovery()", check=False) == "f"


def leader(cluster):
    """The one node whose server leads."""
    found = [node for node in cluster.lab.nodes if leads(node)]
    assert len(found) == 1, found
    return found[0]


def follows(cluster, node):
    """Until the address and PgBouncer are there and nowhere else, and lead to the primary."""
    def right():
        running = [one.name for one in cluster.lab.nodes if one.find("^pgbouncer ")]
        return (road.holders(cluster.lab.nodes, ADDRESS) == running == [node.name]
                and road.ask(cluster, CONNINFO, "select pg_is_in_recovery()") == "f")
    wait_until(f"the address and PgBouncer to be on {node.name}, and to lead to the primary",
               right, FOUND, 0.2)


def promoted(cluster, old):
    """Wait until repmgr has promoted another node; which."""
    others = [node for node in cluster.lab.nodes if node.name != old.name]
    wait_until("repmgr to promote another node", lambda: any(map(leads, others)), FOUND, 0.2)
    return next(node for node in others if leads(node))


def rejoin(node, new):
    """Until repmgr's daemon there knows whom it follows: before that it promotes nobody."""
    repmgr(node, "node", "rejoin", "--force-rewind", "-d",
           f"host={address(new)} user=repmgr dbname=repmgr")
    wait_until(f"repmgrd on {node.name} to follow {new.name}", lambda: node.out(
        "psql", "-XAtq", "-d", "repmgr", "-c", "select repmgr.get_upstream_node_id()",
        user="postgres") == str(new.index), FOUND, 0.5)


class Watch(road.Looking):
    """Looks all the time who has the address, and where it is that cannot be the primary."""

    def __init__(self, cluster):
        super().__init__()
        self.nodes = cluster.lab.nodes
        self.wrong = []

    def look(self):
        now = road.holders(self.nodes, ADDRESS)
        if len(now) > 1:
            self.wrong.append(now)
        for name in now:
            node = next(node for node in self.nodes if node.name == name)
            if node.sql("select pg_is_in_recovery()", check=False) == "t":
                self.wrong.append(name)
        time.sleep(0.1)


def test_the_address_is_on_the_primary(cluster):
    first = leader(cluster)
    follows(cluster, first)
    for node in cluster.lab.nodes:
        yes = node.run("/etc/keepalived/is-primary", check=False).returncode == 0
        assert yes == (node.name == first.name)


def test_a_failover(cluster):
    old = leader(cluster)
    with Watch(cluster) as watch:
        killed = old.kill_postgres()
        new = promoted(cluster, old)
        follows(cluster, new)
        took = time.time() - killed
        rejoin(old, new)
        follows(cluster, new)
    print(f"primary's servers killed: {took:.1f} s to an answer of the new one at the address")
    assert watch.looks > 10 and not watch.wrong


def test_a_primary_that_is_cut_off_has_it_no_more(cluster):
    """And after that two lead: nobody has it until one of them is rejoined."""
    old = leader(cluster)
    with Watch(cluster) as watch:
        for direction in ("in", "out"):     # the cable stays: Keepalived would see that
            net.cut(cluster.lab.name, old.index, net.LANS["service"], direction)
        new = promoted(cluster, old)
        assert leads(old) and not road.holds(old, ADDRESS)
        follows(cluster, new)
        net.heal(cluster.lab.name, old.index, net.LANS["service"])
        wait_until("the address to be nowhere, since two lead",
                   lambda: not road.holders(cluster.lab.nodes, ADDRESS), FOUND, 0.1)
        postgres.server(old, "-m", "fast", "stop")
        rejoin(old, new)
        follows(cluster, new)
    assert watch.looks > 10 and not watch.wrong
