# SPDX-License-Identifier: GPL-2.0-or-later
"""Changed parameters: most are no outage, and none is a failure."""

import pytest

from conftest import open_lab
from labkit.lab import words
from labkit.lab.resources import Wanted
from labkit.lab.shell import wait_until

pytestmark = pytest.mark.steps

HARMLESS = ["xlog_check_count=4", "crm_attr_timeout=6", "stop_escalate=80",
            "monitor_sql=select 1", "primary_conninfo_opt=keepalives_idle=30",
            "restore_command=false", "watch=false", "watch=true"]


@pytest.fixture(scope="module")
def cluster(request, agent):
    if not words.reloads():
        pytest.skip("Pacemaker before 2.1 makes a restart of each change")
    with open_lab(request.config, 3) as made:
        made.set_up(Wanted(agent=agent))
        made.settle()
        yield made


def update(cluster, setting):
    """Change a parameter; returns when Pacemaker has done all that follows from it."""
    cluster.update(setting)


def postmasters(cluster):
    return {node.name: cluster.postmaster(node) for node in cluster.lab.nodes}


def test_harmless_parameters_restart_nothing(cluster):
    """Pacemaker runs reload-agent; the same servers go on, with the new values."""
    before = postmasters(cluster)
    primary = cluster.settle().primary
    with cluster.ledger() as client:
        for setting in HARMLESS:
            update(cluster, setting)
        cluster.settle()
    assert client.lost() == []
    assert postmasters(cluster) == before
    state = cluster.look()
    assert (state.primary, state.fail_counts) == (primary, {})
    for node in cluster.standbys():
        assert "keepalives_idle=30" in node.sql("show primary_conninfo")
        assert node.sql("show restore_command").endswith("; false")


def test_a_node_leaves_the_list_and_is_ranked_again_without_a_restart(cluster):
    """node_list steers the synchronous list, at the next monitor."""
    state = cluster.settle()
    before = postmasters(cluster)
    synchronous = next(n for n in state.online if state.attribute(n, "score") == "100")
    stay = " ".join(n for n in state.online if n != synchronous)
    update(cluster, f"node_list={stay}")
    cluster.wait("the other standby to be ranked",
                 lambda s: any(s.attribute(n, "score") == "100" for n in stay.split()), 60)
    update(cluster, f"node_list={stay} {synchronous}")
    cluster.settle()
    assert postmasters(cluster) == before
    assert cluster.look().fail_counts == {}


def test_a_typo_stops_no_server(cluster):
    """P5: an invalid value is told of in the log, and the servers go on."""
    before = postmasters(cluster)
    with cluster.ledger() as client:
        update(cluster, "sync_num=many")
        wait_until("each node's log to say so", lambda: all(
            "changed parameters were not acted on" in node.syslog()
            for node in cluster.lab.nodes), 30)
        update(cluster, "sync_num=1")
    assert client.lost() == []
    cluster.settle()
    assert postmasters(cluster) == before
    assert cluster.look().fail_counts == {}


def test_a_restart_counts_no_failure(cluster):
    """A parameter of the server's start restarts every server, and nothing has failed then."""
    before = postmasters(cluster)
    with cluster.ledger() as client:
        update(cluster, "start_opt=-c work_mem=5MB")
        cluster.settle()
    assert client.lost() == []
    after = postmasters(cluster)
    assert all(before[name] != after[name] for name in before)
    assert cluster.look().fail_counts == {}


def test_an_old_primary_takes_new_parameters_as_well(cluster):
    """Pacemaker asks no reload of an instance whose last operation was a demotion."""
    old = cluster.primary()
    cluster.move()
    cluster.new_primary(old.name)
    cluster.settle()
    before = postmasters(cluster)
    with cluster.ledger() as client:
        update(cluster, "primary_conninfo_opt=keepalives_idle=40")
        wait_until(f"{old.name} to take it",
                   lambda: "keepalives_idle=40" in old.sql("show primary_conninfo"), 30)
        cluster.settle()
    assert client.lost() == []
    assert postmasters(cluster) == before
    assert cluster.look().fail_counts == {}


def test_an_old_primary_says_that_its_restart_is_due(cluster):
    """For start_opt Pacemaker (2.1.5) restarts the others, and not who was demoted last."""
    old = cluster.primary()
    cluster.move()
    cluster.new_primary(old.name)
    cluster.settle()
    before = cluster.postmaster(old)
    update(cluster, "start_opt=-c work_mem=6MB")
    cluster.settle(120)
    if cluster.postmaster(old) == before:
        cluster.wait(f"{old.name} to say so", lambda s: "before start_opt was changed" in (
            s.attribute(old.name, "why") or ""), 30)
        cluster.pcs("node", "standby", old.name, "--wait=60")
        cluster.pcs("node", "unstandby", old.name, "--wait=60")
    cluster.settle()
    cluster.wait(f"{old.name} to have nothing to say",
                 lambda s: s.attribute(old.name, "why") is None, 30)
    assert all(node.sql("show work_mem") == "6MB" for node in cluster.lab.nodes)
    assert cluster.look().fail_counts == {}
