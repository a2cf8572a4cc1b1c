# SPDX-License-Identifier: GPL-2.0-or-later
"""P1: a standby that cannot replay what it flushes is neither ranked nor promoted."""

import re

import pytest

from conftest import open_lab
from labkit import faults
from labkit.lab.resources import Wanted

pytestmark = pytest.mark.steps


@pytest.fixture(scope="module")
def cluster(request, agent):
    with open_lab(request.config, 3) as made:
        made.set_up(Wanted(agent=agent))
        made.settle()
        yield made


def ranked(state):
    """The standby that may take over; None: none may."""
    return next((n for n in state.online if n != state.primary
                 and state.attribute(n, "score") == "100"), None)


def restart(cluster, node):
    """The cluster stops the node's server and starts it again."""
    before = cluster.postmaster(node)
    cluster.pcs("node", "standby", node.name, "--wait=60")
    cluster.pcs("node", "unstandby", node.name, "--wait=60")
    cluster.wait(f"{node.name} to be a standby", lambda s: (
        s.attribute(node.name, "status") or "").startswith("HS:"), 60)
    assert cluster.postmaster(node) != before


def is_out(name):
    """Neither ranked nor recorded as complete, although it streams."""
    return lambda s: (s.attribute(name, "score") == "-INFINITY"
                      and s.attribute(name, "data-status") == "CATCHUP|ASYNC"
                      and ranked(s) not in (None, name))


def fail_over(cluster):
    """The primary's server is killed; who led, and who leads now."""
    old = cluster.primary()
    old.kill_postgres()
    return old, cluster.new_primary(old.name).primary


def test_a_recovery_target_takes_the_rank(cluster):
    node = cluster.node(ranked(cluster.settle()))
    with cluster.ledger() as client:
        target = node.sql("select now() + interval '30 s'")
        node.sql(f"alter system set recovery_target_time = '{target}'")
        restart(cluster, node)
        cluster.wait(f"{node.name} to lose its rank", is_out(node.name), 60)
        old, led = fail_over(cluster)
        assert led != node.name
    assert client.lost() == []
    log = node.syslog()
    assert "remove recovery_target_time" in log and "postgresql.auto.conf:" in log
    node.sql("alter system reset recovery_target_time")
    restart(cluster, node)
    cluster.put_back(old)


def test_an_archive_that_hangs_holds_no_promotion_up(cluster):
    """restore_command is ended, some five times, and the server goes on to lead."""
    cluster.settle()
    with cluster.ledger() as client:
        faults.hang_archive(cluster)
        old = cluster.primary()
        old.kill_postgres()
        led = cluster.node(cluster.new_primary(old.name, 30).primary)
        faults.release_archive(cluster)
        cluster.put_back(old)
    assert client.lost() == []
    log = led.syslog()
    # Between two of its sleeps the shell is alone, or has a child that is a shell yet.
    assert re.search(r"ending restore_command \(sh(, (sh|sleep))?\), which has run for", log)


def test_a_setting_lower_than_the_primarys_takes_the_rank_until_it_is_raised(cluster):
    """Of the three only the primary can lead: killed, it comes back and leads."""
    primary = cluster.node(cluster.settle().primary)
    others = [node.name for node in cluster.standbys()]
    with cluster.ledger() as client:
        value = faults.higher_setting(primary)
        faults.raise_setting(cluster, primary, value)
        cluster.wait("both standbys to lose their rank", lambda s: all(
            s.attribute(name, "score") == "-INFINITY" for name in others), 60)
        killed = primary.kill_postgres()
        client.wait_for_commits(killed, 60)
        assert cluster.primary().name == primary.name
        faults.follow_setting(cluster, value)
        cluster.settle()
        cluster.cleanup()
    assert client.lost() == []
    log = cluster.node(others[0]).syslog()
    assert (f"raise max_connections and restart this standby: it is {value - 10} here, {value} on "
            "the primary") in log
