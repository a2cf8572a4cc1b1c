# SPDX-License-Identifier: GPL-2.0-or-later
"""From ocf:heartbeat:pgsql to pgward without a restart."""

import pytest

from labkit.lab.resources import SHELL_AGENT, Wanted


@pytest.mark.alone
def test_change_of_provider_in_maintenance_mode_restarts_nothing(new_lab, agent):
    """Design, 'Moving over': maintenance mode, change the provider, refresh, leave it again."""
    cluster = new_lab(3)
    cluster.set_up(Wanted(agent=SHELL_AGENT, profile="seed"))
    before = cluster.settle(150)
    servers = {node.name: cluster.postmaster(node) for node in cluster.lab.nodes}
    _ocf, provider, kind = agent.split(":")
    with cluster.ledger() as client:
        cluster.pcs("property", "set", "maintenance-mode=true")
        cluster.lab.any_node().run(
            "cibadmin", "--modify", "--xml-text",
            f'<primitive id="pgsql" class="ocf" provider="{provider}" type="{kind}"/>')
        cluster.pcs("resource", "refresh", "msPostgresql")
        cluster.wait("the probes to find the primary where it was",
                     lambda s: s.promoted == before.promoted and len(s.unpromoted) == 2)
        cluster.pcs("property", "set", "maintenance-mode=false")
        cluster.settle()
        client.wait_for_commits(client.summary().last + 8)
    assert client.lost() == []
    after = cluster.settle()
    assert after.promoted == before.promoted
    assert {n.name: cluster.postmaster(n) for n in cluster.lab.nodes} == servers
    assert not after.fail_counts
    assert client.summary().gap < 2
