# SPDX-License-Identifier: GPL-2.0-or-later
"""The seed guide's path, step by step, on two nodes and on three."""

import time

import pytest

from conftest import open_lab
from labkit.lab.resources import Wanted
from labkit.lab.shell import wait_until

pytestmark = pytest.mark.steps


@pytest.fixture(scope="module", params=[2, 3], ids=["two_nodes", "three_nodes"])
def cluster(request, agent):
    with open_lab(request.config, request.param) as made:
        made.set_up(Wanted(agent=agent, profile="seed"))
        yield made


def shows_sync(state):
    """Some standby is eligible, and all that the guide shows for it is there."""
    return any(state.attribute(name, "score") == "100"
               and state.attribute(name, "status") == "HS:sync"
               and state.attribute(name, "data-status") == "STREAMING|SYNC"
               for name in state.online)


def test_configuration_starts_one_primary_with_both_addresses(cluster):
    """Seed: 'Check status again' after the configuration: scores, states, baseline, addresses."""
    state = cluster.settle()
    first = state.primary
    assert state.attribute(first, "score") == "1000"
    assert state.attribute(first, "data-status") == "LATEST"
    assert len(state.attribute(first, "master-baseline") or "") == 16
    cluster.wait("a standby with 100, HS:sync and STREAMING|SYNC", shows_sync, 60)
    assert not state.fail_counts, state.describe()


def test_killed_postgres_moves_everything_to_a_standby(cluster):
    """Seed: 'killall -9 postgres'; P1: nothing acknowledged is lost."""
    old = cluster.primary()
    with cluster.ledger() as client:
        moment = old.kill_postgres()
        cluster.new_primary(old.name)
        client.wait_for_commits(moment)
    assert client.lost() == []
    state = cluster.wait(
        f"{old.name} to be stopped, -INFINITY and DISCONNECT",
        lambda s: old.name not in s.promoted + s.unpromoted and (
            s.attribute(old.name, "status"), s.attribute(old.name, "score"),
            s.attribute(old.name, "data-status")) == ("STOP", "-INFINITY", "DISCONNECT"))
    assert state.fail_counts == {old.name: {"pgsql": "1"}}


def test_old_primary_recovers_as_the_guide_says(cluster):
    """Seed: 'Recovery node1 as replica': pg_basebackup from vip-rep, PGSQL.lock, cleanup."""
    stopped = [n for n in cluster.lab.nodes
               if cluster.look().attribute(n.name, "status") == "STOP"]
    assert len(stopped) == 1
    cluster.rebuild(stopped[0])
    state = cluster.settle()
    name = stopped[0].name
    assert (state.attribute(name, "data-status") or "").startswith("STREAMING|")
    cluster.wait("a standby with 100, HS:sync and STREAMING|SYNC", shows_sync, 60)
    assert not state.fail_counts


def test_only_the_latest_node_is_promoted_after_a_full_stop(cluster):
    """Seed: pgsql-data-status says after a restart who may lead; P3: even if others start first."""
    latest = cluster.primary()
    others = cluster.standbys()
    for node in others:
        node.stop_cluster()
    wait_until("the primary to mark all others DISCONNECT", lambda: all(
        cluster.record(n, latest) == "DISCONNECT" for n in others), 60, 0.3)
    assert cluster.record(latest, latest) == "LATEST"
    latest.stop_cluster()
    for node in others:
        node.start_cluster()
    end = time.monotonic() + 12
    while time.monotonic() < end:
        assert cluster.look(others[0]).promoted == []
        time.sleep(0.5)
    if latest.alive():
        latest.start_cluster()
    else:
        latest.boot()  # a quorate start fences a node that it has not seen (startup-fencing)
    assert cluster.settle(120).primary == latest.name
