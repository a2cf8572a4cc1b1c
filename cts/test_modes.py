# SPDX-License-Identifier: GPL-2.0-or-later
"""The modes other than sync: async with three nodes, none, slave."""

import subprocess

from labkit.lab import net, postgres, resources
from labkit.lab.cluster import quiet
from labkit.lab.resources import Wanted
from labkit.lab.shell import wait_until


def test_async_with_three_nodes_fails_over(new_lab, agent):
    """Seed: rep_mode=async; the best of the standbys that stream may take over."""
    cluster = new_lab(3)
    cluster.set_up(Wanted(agent=agent, rep_mode="async"))
    state = cluster.settle()
    old = state.primary
    standbys = cluster.standbys()
    cluster.wait("both standbys HS:async and STREAMING|ASYNC, one with 100", lambda s: all(
        (s.attribute(n.name, "status"), s.attribute(n.name, "data-status"))
        == ("HS:async", "STREAMING|ASYNC") for n in standbys)
        and "100" in [s.attribute(n.name, "score") for n in standbys], 60)
    cluster.node(old).kill_postgres()
    cluster.new_primary(old)
    cluster.put_back(cluster.node(old))


def test_none_is_a_plain_server_that_is_restarted(new_lab, agent):
    """Seed: rep_mode=none, a primitive with its address; a killed server is started again."""
    cluster = new_lab(1)
    cluster.set_up(Wanted(agent=agent, rep_mode="none"))
    node = cluster.lab.nodes[0]

    def runs(state):
        return state.where.get("pgsql") == node.name and state.where.get("vip-master") == node.name

    cluster.wait("server and address to be up", runs)
    with cluster.ledger() as client:
        before = cluster.postmaster(node)
        moment = node.kill_postgres()
        client.wait_for_commits(moment)
        cluster.wait("server and address to be up again", runs)
    assert client.lost() == []
    assert cluster.postmaster(node) != before
    assert cluster.look().fail_counts == {node.name: {"pgsql": "1"}}


def outside_primary(lab) -> str:
    """A server on the client host, which the cluster does not manage; its socket's folder."""
    data = lab.root / "outside"
    data.mkdir()
    inside = ["ip", "netns", "exec", net.namespace(lab.name, "client"), "runuser", "-u", "postgres",
              "--"]
    subprocess.run(["chown", "postgres:", str(data)], check=True)
    tool = postgres.bindir()
    subprocess.run(inside + [f"{tool}/initdb", "-D", f"{data}/db", "-A", "trust", "-N"], check=True,
                   stdout=subprocess.DEVNULL)
    with open(data / "db/postgresql.conf", "a", encoding="ascii") as conf:
        conf.write(postgres.SETTINGS.replace("/run/postgresql", str(data))
                   .replace("archive_mode = on", "archive_mode = off"))
    with open(data / "db/pg_hba.conf", "a", encoding="ascii") as hba:
        hba.write(postgres.HBA)
    subprocess.run(inside + [f"{tool}/pg_ctl", "-D", f"{data}/db", "-w", "-l", f"{data}/log",
                             "start"], check=True, stdout=subprocess.DEVNULL)
    return str(data)


def test_slave_follows_a_primary_outside_the_cluster(new_lab, agent):
    """Seed: rep_mode=slave; the server streams from master_ip and is never promoted."""
    cluster = new_lab(1)
    node = cluster.lab.nodes[0]
    socket = outside_primary(cluster.lab)
    outside = f"192.168.2.{net.CLIENT_HOST}"
    postgres.base_backup(node, outside)
    node.run("sed", "-i", "s,^unix_socket_directories.*,unix_socket_directories='/run/postgresql',",
             f"{postgres.DATA}/postgresql.conf")
    wanted = Wanted(agent=agent, rep_mode="slave", master_ip=outside)
    resources.configure(cluster.lab, wanted, quiet)
    cluster.wait("the server to be started", lambda s: s.where.get("pgsql") == node.name)
    subprocess.run(["psql", "-qh", socket, "-U", "postgres", "-c",
                    "create table seen (n int); insert into seen values (42)"], check=True)
    wait_until("the row to arrive by streaming",
               lambda: node.sql("select n from seen", check=False) == "42", 60)
    assert node.sql("select pg_is_in_recovery()") == "t"
    assert not cluster.look().fail_counts
