# SPDX-License-Identifier: GPL-2.0-or-later
"""client_address: who sends to the address where it is not is refused, and nothing else is."""

import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest

from conftest import open_lab
from labkit.lab import net
from labkit.lab.resources import VIP_MASTER, Wanted
from labkit.lab.shell import wait_until

pytestmark = pytest.mark.steps

TABLE = "table inet pgward-pgsql"
VIP6 = "fd00::103"
# exit code 0: connected; 111: refused; 1: no answer
CONNECT = """
import socket, sys
try:
    socket.create_connection((sys.argv[1], int(sys.argv[2])), timeout=0.7).close()
except OSError as error:
    sys.exit(error.errno or 1)
"""


# A network behind the node, reached through it.
ROUTE = """
sysctl -qw net.ipv4.ip_forward=1
ip netns add box
ip link add behind type veth peer name eth0 netns box
ip addr add 10.9.0.1/24 dev behind
ip link set behind up
ip -n box addr add 10.9.0.2/24 dev eth0
ip -n box link set eth0 up
ip -n box route add default via 10.9.0.1
"""
BRIDGE = f"""
ip link add br9 type bridge
for name in near far; do
    ip netns add $name
    ip link add $name type veth peer name eth0 netns $name
    ip link set $name master br9 up
    ip -n $name link set eth0 up
done
ip -n near addr add 192.168.0.9/24 dev eth0
ip -n far addr add {VIP_MASTER}/24 dev eth0
ip link set br9 up
ip route add {VIP_MASTER}/32 dev br9
sysctl -qw net.bridge.bridge-nf-call-iptables=1
ip netns exec far /usr/bin/python3 -c '
import socket
socket.create_server(("", 5432)).accept()' >/dev/null 2>&1 &
"""


@pytest.fixture(scope="module")
def cluster(request, agent):
    with open_lab(request.config, 3) as made:
        made.set_up(Wanted(agent=agent))
        made.settle()
        for node in made.lab.nodes:
            node.run("nft", "add", "table", "inet", "theirs")
            node.run("ip", "addr", "add", f"fd00::{node.index}/64", "dev", "eth0", "nodad")
        client(made, "ip", "addr", "add", f"fd00::{net.CLIENT_HOST}/64", "dev", "eth0", "nodad")
        yield made


def client(cluster, *words):
    """Run on the client's host; the exit code."""
    inside = ["ip", "netns", "exec", net.namespace(cluster.lab.name, "client")]
    return subprocess.run([*inside, *words], check=False, capture_output=True).returncode


def connect(cluster, address, port=5432):
    return client(cluster, sys.executable, "-c", CONNECT, address, str(port))


@contextmanager
def old_neighbour(cluster, address, node):
    """The client still takes the node for the one that has the address."""
    mac = node.out("cat", "/sys/class/net/eth0/address").strip()
    entry = [address, "dev", "eth0"]
    assert client(cluster, "ip", "neigh", "replace", *entry, "lladdr", mac, "nud",
                  "permanent") == 0
    try:
        yield
    finally:
        client(cluster, "ip", "neigh", "del", *entry)


def table(node):
    return node.out("nft", "list", *TABLE.split(), check=False)


def update(cluster, setting):
    cluster.update(setting)


def wait_for_tables(what, nodes, test):
    wait_until(f"{what} on {' '.join(node.name for node in nodes)}",
               lambda: all(test(table(node)) for node in nodes), 60)


def test_packets_that_go_astray_are_refused_and_no_others(cluster):
    cluster.settle()
    assert all(VIP_MASTER in table(node) for node in cluster.lab.nodes)
    with old_neighbour(cluster, VIP_MASTER, cluster.standbys()[0]):
        assert connect(cluster, VIP_MASTER) == 111
        assert connect(cluster, VIP_MASTER, 5433) == 1
    with old_neighbour(cluster, VIP_MASTER, cluster.primary()):
        assert connect(cluster, VIP_MASTER) == 0


def test_what_the_machine_routes_for_others_passes(cluster):
    """A packet from a network behind the node goes on to the primary."""
    node = cluster.standbys()[0]
    node.run("sh", "-ec", ROUTE)
    cluster.primary().run("ip", "route", "add", "10.9.0.0/24", "via", f"192.168.0.{node.index}")
    node.run("ip", "netns", "exec", "box", "/usr/bin/python3", "-c", CONNECT, VIP_MASTER, "5432")


@pytest.mark.skipif(not Path("/proc/sys/net/bridge").exists(), reason="no br_netfilter here")
def test_what_a_bridge_carries_for_others_passes(cluster):
    """Two machines on a bridge of the node, one with the address; the node's route leads there."""
    node = cluster.standbys()[1]
    node.run("sh", "-ec", BRIDGE)
    wait_until("a connection through the bridge",
               lambda: node.run("ip", "netns", "exec", "near", "/usr/bin/python3", "-c", CONNECT,
                                VIP_MASTER, "5432", check=False).returncode == 0, 20)
    node.run("ip", "link", "del", "br9")


def test_table_comes_back_after_a_firewalls_reload(cluster):
    for node in cluster.lab.nodes:
        node.run("nft", "flush ruleset; add table inet theirs")
    wait_for_tables("the table again", cluster.lab.nodes, lambda text: VIP_MASTER in text)


def test_changed_parameter_changes_the_table(cluster):
    before = {node.name: cluster.postmaster(node) for node in cluster.lab.nodes}
    update(cluster, f"client_address={VIP_MASTER}:5433 {VIP6}")
    wait_for_tables("the new addresses", cluster.lab.nodes,
                    lambda text: f"{VIP_MASTER} . 5433" in text and VIP6 in text)
    with old_neighbour(cluster, VIP6, cluster.standbys()[0]):
        assert connect(cluster, VIP6) == 111
    update(cluster, "client_address=db.example.com")    # a typo: all stays as it is
    update(cluster, "client_address=")
    wait_for_tables("no table", cluster.lab.nodes, lambda text: not text)
    update(cluster, f"client_address={VIP_MASTER}")
    wait_for_tables("the first table", cluster.lab.nodes, lambda text: VIP_MASTER in text)
    assert before == {node.name: cluster.postmaster(node) for node in cluster.lab.nodes}
    assert cluster.look().fail_counts == {}


def test_stop_takes_the_table_away(cluster):
    cluster.settle()
    node = cluster.standbys()[0]
    cluster.pcs("node", "standby", node.name, "--wait=60")
    assert not table(node)
    cluster.pcs("node", "unstandby", node.name)
    cluster.settle()
    assert VIP_MASTER in table(node)


def test_node_that_hands_over_refuses_until_the_move_is_over(cluster):
    old = cluster.primary()
    cluster.pcs("node", "standby", old.name, "--wait=60")
    assert f"{VIP_MASTER} . 5432 timeout 1m" in table(old)
    cluster.pcs("node", "unstandby", old.name)
    cluster.settle()
    assert VIP_MASTER in table(old) and "timeout 1m" not in table(old)


def test_other_tables_stay_when_all_is_stopped(cluster):
    cluster.pcs("resource", "disable", "msPostgresql", "--wait=90")
    for node in cluster.lab.nodes:
        assert node.out("nft", "list", "tables").split("\n")[0] == "table inet theirs"
        assert not table(node)
