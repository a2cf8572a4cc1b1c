# SPDX-License-Identifier: GPL-2.0-or-later
"""From ocf:heartbeat:pgsql and from PAF to pgward without a restart."""

import pytest

from labkit.lab import resources
from labkit.lab.cluster import CTS
from labkit.lab.postgres import DATA, TMP, bindir
from labkit.lab.resources import SHELL_AGENT, VIP_REP, Wanted
from labkit.lab.shell import wait_until
from labkit.measure.contenders import Paf

FROM_PAF = CTS.parent / "agent/command/examples/moving/from-paf"


def change_agent(cluster, agent):
    """The provider's word alone, or the type's as well."""
    _ocf, provider, kind = agent.split(":")
    cluster.lab.any_node().run(
        "cibadmin", "--modify", "--xml-text",
        f'<primitive id="pgsql" class="ocf" provider="{provider}" type="{kind}"/>')


def refresh(cluster, before):
    """In maintenance mode: each server is found where it was, and nothing is done to it."""
    cluster.pcs("resource", "refresh", "msPostgresql")
    cluster.wait("the probes to find the primary where it was",
                 lambda s: s.promoted == before.promoted and len(s.unpromoted) == 2)
    cluster.pcs("property", "set", "maintenance-mode=false")


def servers(cluster):
    return {node.name: cluster.postmaster(node) for node in cluster.lab.nodes}


@pytest.mark.alone
def test_change_of_provider_in_maintenance_mode_restarts_nothing(new_lab, agent):
    """Design, 'Moving over': maintenance mode, change the provider, refresh, leave it again."""
    cluster = new_lab(3)
    cluster.set_up(Wanted(agent=SHELL_AGENT, profile="seed"))
    before = cluster.settle(150)
    running = servers(cluster)
    with cluster.ledger() as client:
        cluster.pcs("property", "set", "maintenance-mode=true")
        change_agent(cluster, agent)
        refresh(cluster, before)
        cluster.settle()
        client.wait_for_commits(client.summary().last + 8)
    assert client.lost() == []
    after = cluster.settle()
    assert after.promoted == before.promoted
    assert servers(cluster) == running
    assert not after.fail_counts
    assert client.summary().gap < 2


class Moving(Paf):
    """PAF in a laboratory that has pgward, too."""

    def __init__(self, cluster, names):     # pylint: disable=super-init-not-called
        self.lab, self.cluster = cluster.lab, cluster
        self.settings = Paf.settings + f"synchronous_standby_names = '{names}'\n"


def from_paf(node, resource="pgsql", check=True):
    return node.run("sh", "-s", "--", resource, TMP, f"{DATA}/postgresql.conf",
                    stdin=FROM_PAF.read_text(encoding="utf-8"), check=check)


def follow_paf(cluster, rep_mode):
    """ocf_pgward_pgsql(7), MOVING OVER FROM PAF: its steps, in order."""
    cluster.pcs("property", "set", "maintenance-mode=true")
    for node in cluster.lab.nodes * 2:
        from_paf(node)
    change_agent(cluster, resources.AGENT)
    cluster.pcs("resource", "update", "pgsql", "bindir=", "pghost=", f"pgctl={bindir()}/pg_ctl",
                f"tmpdir={TMP}", "socketdir=/run/postgresql", f"rep_mode={rep_mode}",
                f"node_list={' '.join(cluster.lab.node_names)}", f"master_ip={VIP_REP}")


def names_of_standbys(cluster):
    rows = cluster.primary().sql("select application_name from pg_stat_replication").split()
    return sorted(name.partition("~")[0] for name in rows if "~" in name)


@pytest.mark.parametrize("rep_mode, names", [
    ("async", ""), ("sync", "ANY 1 (node1, node2, node3)")])
def test_paf_is_left_without_a_restart(new_lab, rep_mode, names):
    """And what it leaves stands in nobody's way when the primary dies."""
    cluster = new_lab(3)
    paf = Moving(cluster, names)
    paf.set_up()
    before = paf.settle(150)
    for node in cluster.standbys():     # as pg_basebackup -R leaves it
        node.sql(f"alter system set primary_conninfo = 'host={VIP_REP} user=postgres "
                 f"application_name={node.name}'")
    running = servers(cluster)
    for resource, word in (("pgsql", "maintenance-mode=true"), ("vip-rep", "no resource of PAF")):
        assert word in from_paf(cluster.primary(), resource, check=False).stderr
    with cluster.ledger() as client:
        follow_paf(cluster, rep_mode)
        refresh(cluster, before)
        after = cluster.settle()
        client.wait_for_commits(client.summary().last + 8)
        wait_until("the standbys to stream under pgward's names", lambda: names_of_standbys(
            cluster) == sorted(after.unpromoted), 30)
        after = cluster.settle()
        assert (after.promoted, servers(cluster)) == (before.promoted, running)
        assert not after.fail_counts
        assert client.summary().gap < 5
    assert client.lost() == []
    for node in cluster.lab.nodes:
        assert node.run("crm_attribute", "--lifetime", "forever", "--node", node.name, "--name",
                        "master-pgsql", "--query", check=False).returncode != 0
    with cluster.ledger() as client:
        old = cluster.primary()
        client.wait_for_commits(old.kill_postgres())
        cluster.new_primary(old.name)
        cluster.put_back(old)
    assert rep_mode == "async" or client.lost() == []
