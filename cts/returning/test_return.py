# SPDX-License-Identifier: GPL-2.0-or-later
"""A primary that crashed comes back: proved by the history, or down with the reason (P3, P7)."""

import time

import pytest

from conftest import open_lab
from labkit.lab import net, words
from labkit.lab.resources import Wanted
from returning.parted import part

pytestmark = pytest.mark.steps

COMMAND = "pg_rewind or pg_basebackup"


@pytest.fixture(scope="module")
def cluster(request, agent):
    with open_lab(request.config, 2) as made:
        made.set_up(Wanted(agent=agent, options=["rejoin=manual"]))
        made.settle()
        yield made


def lock(node):
    return node.dir / "pg/tmp/PGSQL.lock"


def test_idle_primary_that_crashed_follows_by_itself(cluster):
    """P3: all of its WAL is of the new primary's past, so it streams without a hand."""
    old = cluster.primary()
    old.kill_postgres()
    cluster.new_primary(old.name)
    state = cluster.wait(f"{old.name} to be the synchronous standby",
                         lambda s: s.attribute(old.name, "status") == "HS:sync", 60)
    assert state.fail_counts == {old.name: {"pgsql": "1"}}, state.describe()
    cluster.wait("the lock of its time as a primary to go", lambda _: not lock(old).exists(), 20)
    cluster.cleanup()
    assert cluster.settle().fail_counts == {}


def test_primary_with_wal_that_nobody_has_stays_down_and_says_so(cluster):
    """P3: what it wrote last reached no standby; the reason fits into what Pacemaker shows."""
    cluster.settle()
    with cluster.ledger() as client:
        client.wait_for_commits(client.summary().last)
        old, moment = part(cluster)
        client.wait_for_commits(moment)
    assert client.lost() == []
    state = cluster.wait(f"{old.name} to be given up", lambda s: s.given_up(old.name, 3), 60)
    shown = [reason for reason in state.reasons.get(old.name, []) if COMMAND in reason]
    assert shown, state.describe()
    assert "rm PGSQL.lock" in shown[0] and "WAL of its own" in shown[0], shown[0]
    cluster.rebuild(old)
    cluster.settle()


def promotions(node):
    log = (node.dir / "var/log/postgresql/postgresql.log").read_text(errors="replace")
    return log.count("selected new timeline ID")


def test_standby_without_the_last_wal_is_not_promoted_by_a_switchover(cluster):
    """P7: the old primary shut down cleanly and leads again as soon as it may; the reason tells."""
    cluster.settle()
    old, standby = cluster.primary(), cluster.standbys()[0]
    old.sql("alter system set wal_sender_timeout = '2s'")   # its shutdown waits for no longer
    old.sql("select pg_reload_conf()")
    before = promotions(standby)
    with cluster.ledger() as client:
        net.cut(cluster.lab.name, standby.index, 2, "both")
        old.run("crm_resource", "--move", "--resource", "msPostgresql", "--master")
        state = cluster.wait(f"{standby.name} to refuse", lambda s: s.reasons.get(standby.name))
        reason = state.reasons[standby.name][0]
        assert f"let '{old.name}' lead again" in reason, state.describe()
        assert "pcs resource clear" in reason and "lacks its last WAL" in reason, reason
        old.run("crm_resource", "--clear", "--resource", "msPostgresql")
        cluster.wait(f"{old.name} to lead again", lambda s: s.primary == old.name
                     and s.where.get("vip-master") == old.name)
        net.heal(cluster.lab.name, standby.index, 2)
        client.wait_for_commits(time.time())
    assert cluster.settle().primary == old.name
    assert client.lost() == []
    assert promotions(standby) == before
    old.sql("alter system reset wal_sender_timeout")
    old.sql("select pg_reload_conf()")
    cluster.cleanup()


def test_switchover_back_and_forth_under_load_loses_nothing(cluster):
    """P7: four planned moves; each time the old primary follows, with no manual step."""
    cluster.settle()
    with cluster.ledger() as client:
        for _ in range(4):
            old = cluster.primary().name
            cluster.move()
            cluster.new_primary(old)
            cluster.settle()
    assert client.lost() == []
    assert cluster.look().fail_counts == {}


def test_last_primary_leads_again_where_the_ranked_one_may_not(cluster):
    """P3: a ban that a move left behind; the node that led last comes back, rather than nobody."""
    old = cluster.primary()
    standby = cluster.standbys()[0]
    cluster.pcs("resource", "ban", "msPostgresql", standby.name, words.promoted_option())
    with cluster.ledger() as client:
        moment = old.kill_postgres()
        client.wait_for_commits(moment, 90)
    assert cluster.primary().name == old.name
    assert client.lost() == []
    cluster.pcs("resource", "clear", "msPostgresql")
    cluster.settle()
    cluster.cleanup()
