# SPDX-License-Identifier: GPL-2.0-or-later
"""From ocf:heartbeat:pgsql and from PAF to pgward without a restart, and back to PAF."""

from contextlib import contextmanager

import pytest

from labkit.lab import resources
from labkit.lab.cluster import CTS
from labkit.lab.postgres import DATA, TMP, bindir
from labkit.lab.resources import SHELL_AGENT, VIP_REP, Wanted
from labkit.lab.shell import wait_until
from labkit.measure.contenders import Paf

FROM_PAF = CTS.parent / "agent/command/examples/moving/from-paf"


@contextmanager
def unbroken(cluster, gap):
    """No server restarts, no role moves, and a client waits for so many seconds at most."""
    def running():
        return cluster.look().promoted, {n.name: cluster.postmaster(n) for n in cluster.lab.nodes}

    before = running()
    with cluster.ledger() as client:
        yield before[0]
        client.wait_for_commits(client.summary().last + 8)
    assert client.lost() == []
    assert running() == before
    assert not cluster.look().fail_counts
    assert client.summary().gap < gap


def change_agent(cluster, agent):
    _ocf, provider, kind = agent.split(":")
    cluster.lab.any_node().run(
        "cibadmin", "--modify", "--xml-text",
        f'<primitive id="pgsql" class="ocf" provider="{provider}" type="{kind}"/>')


def end_maintenance(cluster, promoted):
    """Once each server was found where it is."""
    cluster.pcs("resource", "refresh", "msPostgresql")
    cluster.wait("the probes to find the primary where it was",
                 lambda s: s.promoted == promoted and len(s.unpromoted) == 2)
    cluster.pcs("property", "set", "maintenance-mode=false")


@pytest.mark.alone
def test_change_of_provider_in_maintenance_mode_restarts_nothing(new_lab, agent):
    """Design, 'Moving over': maintenance mode, change the provider, refresh, leave it again."""
    cluster = new_lab(3)
    cluster.set_up(Wanted(agent=SHELL_AGENT, profile="seed"))
    cluster.settle(150)
    with unbroken(cluster, 2) as promoted:
        cluster.pcs("property", "set", "maintenance-mode=true")
        change_agent(cluster, agent)
        end_maintenance(cluster, promoted)
        cluster.settle()


# -- PAF: ocf_pgward_pgsql(7), MOVING OVER FROM PAF, has these steps in this order -----------


class Moving(Paf):
    """PAF in a laboratory that has pgward, too."""

    def __init__(self, cluster, names):     # pylint: disable=super-init-not-called
        self.lab, self.cluster = cluster.lab, cluster
        self.settings = Paf.settings + f"synchronous_standby_names = '{names}'\n"


def from_paf(node, resource="pgsql", check=True):
    return node.run("sh", "-s", "--", resource, TMP, f"{DATA}/postgresql.conf",
                    stdin=FROM_PAF.read_text(encoding="utf-8"), check=check)


def leave_paf(cluster, rep_mode):
    cluster.pcs("property", "set", "maintenance-mode=true")
    for node in cluster.lab.nodes * 2:      # it may be run again
        from_paf(node)
    change_agent(cluster, resources.AGENT)
    cluster.pcs("resource", "update", "pgsql", "bindir=", "pghost=", f"pgctl={bindir()}/pg_ctl",
                f"tmpdir={TMP}", "socketdir=/run/postgresql", f"rep_mode={rep_mode}",
                f"node_list={' '.join(cluster.lab.node_names)}", f"master_ip={VIP_REP}")


def go_back(cluster):
    cluster.update("watch=false")
    cluster.lab.any_node().run("crm_attribute", "--type", "crm_config", "--name",
                               "pgsql-name-key", "--update", "plain")
    wait_for_names(cluster)
    cluster.settle()
    cluster.pcs("property", "set", "maintenance-mode=true")
    for node in cluster.lab.nodes:
        node.run("sed", "-i", "/# added by pgsql RA$/d", f"{DATA}/postgresql.conf")
        node.sql("select pg_reload_conf()")
        node.run("crm_attribute", "--lifetime", "reboot", "--node", node.name, "--name",
                 "master-pgsql", "--delete")
    change_agent(cluster, resources.PAF)
    cluster.pcs("resource", "update", "pgsql", "pgctl=", "tmpdir=", "socketdir=", "rep_mode=",
                "node_list=", "master_ip=", "watch=", f"bindir={bindir()}",
                "pghost=/run/postgresql")


def wait_for_names(cluster):
    """Until each standby streams under the name that the cluster's key gives it."""
    def all_have():
        key = cluster.lab.any_node().out("crm_attribute", "--type", "crm_config", "--name",
                                         "pgsql-name-key", "--query", "--quiet", check=False)
        rows = cluster.primary().sql("select application_name from pg_stat_replication").split()
        return key and sorted(rows) == sorted(
            node.name if key == "plain" else f"{node.name}~{key}" for node in cluster.standbys())
    wait_until("the standbys to stream under their names", all_have, 60)


def keeps_a_score(node):
    return node.run("crm_attribute", "--lifetime", "forever", "--node", node.name, "--name",
                    "master-pgsql", "--query", check=False).returncode == 0


@pytest.mark.parametrize("rep_mode, names", [
    ("async", ""), ("sync", "ANY 1 (node1, node2, node3)")], ids=["async", "sync"])
def test_paf_is_left_and_taken_up_again_without_a_restart(new_lab, rep_mode, names):
    """And what each of the two leaves stands in the other's way at no failover."""
    cluster = new_lab(3)
    paf = Moving(cluster, names)
    paf.set_up()
    paf.settle(150)
    for node in cluster.standbys():     # as pg_basebackup -R leaves it
        node.sql(f"alter system set primary_conninfo = 'host={VIP_REP} user=postgres "
                 f"application_name={node.name}'")
    for resource, word in (("pgsql", "maintenance-mode=true"), ("vip-rep", "no resource of PAF")):
        assert word in from_paf(cluster.primary(), resource, check=False).stderr
    with unbroken(cluster, 5) as promoted:
        leave_paf(cluster, rep_mode)
        end_maintenance(cluster, promoted)
        cluster.settle()
        wait_for_names(cluster)
        cluster.settle()
    assert not any(keeps_a_score(node) for node in cluster.lab.nodes)
    with cluster.ledger() as client:
        old = cluster.primary()
        client.wait_for_commits(old.kill_postgres())
        cluster.new_primary(old.name)
        cluster.put_back(old)
    assert rep_mode == "async" or client.lost() == []
    with unbroken(cluster, 5) as promoted:
        go_back(cluster)
        end_maintenance(cluster, promoted)
        paf.settle()
    with cluster.ledger() as client:
        client.wait_for_commits(cluster.primary().kill_postgres(), 120)
