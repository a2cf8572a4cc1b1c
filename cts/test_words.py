# SPDX-License-Identifier: GPL-2.0-or-later
"""What people are told of a node that is not what it could be although nothing fails."""

import time

import pytest

from conftest import open_lab
from labkit.lab.resources import Wanted

pytestmark = pytest.mark.steps

# no archive, and little WAL
SETTINGS = "wal_sender_timeout = 5s\nmax_wal_size = 48MB\nmin_wal_size = 32MB\n"


@pytest.fixture(scope="module")
def cluster(request, agent):
    with open_lab(request.config, 3) as made:
        made.set_up(Wanted(agent=agent, options=["restore_command=/bin/false"]), SETTINGS)
        made.settle()
        yield made


def third(cluster):
    """A standby that is not ranked."""
    state = cluster.settle()
    return cluster.node(next(n for n in state.online if n != state.primary
                             and state.attribute(n, "score") != "100"))


def wait_for_words(cluster, node, *words, timeout=60):
    """The attribute says so, the log says so once, and nothing failed or moved for it."""
    primary = cluster.look().primary
    state = cluster.wait(f"{node.name} to say {words}", lambda s: all(
        w in (s.attribute(node.name, "why") or "") for w in words), timeout)
    told = state.attribute(node.name, "why")
    assert len(told) <= 127, told
    time.sleep(5)
    state = cluster.look()
    assert state.primary == primary and state.fail_counts == {}, state.describe()
    assert state.attribute(node.name, "why") == told, "it stays the same"
    log = node.syslog()
    assert len([n for n in log.splitlines() if f"WARNING: {told}" in n
                or f"ERROR: {told}" in n]) == 1, "said once"
    return log


def wait_for_silence(cluster, node):
    cluster.wait(f"{node.name} to have nothing to say",
                 lambda s: s.attribute(node.name, "why") is None, 60)


def reload(node):
    node.sql("select pg_reload_conf()")


def test_a_pause_by_hand(cluster):
    node = third(cluster)
    node.sql("select pg_wal_replay_pause()")
    wait_for_words(cluster, node, "SELECT pg_wal_replay_resume()", "paused")
    node.sql("select pg_wal_replay_resume()")
    wait_for_silence(cluster, node)


def test_a_list_that_is_set_elsewhere(cluster):
    node = cluster.primary()
    node.sql("alter system set synchronous_standby_names = ''")
    reload(node)
    log = wait_for_words(cluster, node, "remove synchronous_standby_names")
    assert "postgresql.auto.conf" in log
    for line in log.splitlines()[-20:]:
        assert "commits now wait" not in line
    assert log.count("commits are to wait for") <= 4, "not at each monitor"
    node.sql("alter system reset synchronous_standby_names")
    reload(node)
    wait_for_silence(cluster, node)
    cluster.settle()


def test_a_name_that_is_set_elsewhere(cluster):
    """The standby was made by pg_basebackup -R."""
    node = third(cluster)
    node.sql("alter system set primary_conninfo = "
             "'host=192.168.2.103 user=postgres application_name=walreceiver'")
    reload(node)
    cluster.wait(f"{node.name} to be overlooked",
                 lambda s: s.attribute(node.name, "data-status") == "DISCONNECT", 30)
    cluster.pcs("node", "standby", node.name, "--wait=60")
    cluster.pcs("node", "unstandby", node.name, "--wait=60")
    log = wait_for_words(cluster, node, "remove primary_conninfo", "another name")
    assert "postgresql.auto.conf" in log
    node.sql("alter system reset primary_conninfo")
    reload(node)
    cluster.settle()
    wait_for_silence(cluster, node)


def test_a_primary_that_refuses_the_log_in(cluster):
    node, primary = third(cluster), cluster.primary()
    rules = primary.dir / "pg/data/pg_hba.conf"
    before = rules.read_text(encoding="utf-8")
    rules.write_text("host replication all all reject\n" + before, encoding="utf-8")
    reload(primary)
    primary.sql("select pg_terminate_backend(pid) from pg_stat_replication "
                f"where application_name ~ '^{node.name}'")
    log = wait_for_words(cluster, node, "pg_hba.conf")
    assert "rejects replication connection" in log, "in the server's own words"
    rules.write_text(before, encoding="utf-8")
    reload(primary)
    cluster.settle()
    wait_for_silence(cluster, node)


def test_wal_that_is_gone(cluster):
    node, primary = third(cluster), cluster.primary()
    cluster.pcs("node", "standby", node.name, "--wait=60")
    primary.sql("alter system set wal_keep_size = 0")
    primary.sql("alter system set max_slot_wal_keep_size = '16MB'")
    reload(primary)
    primary.sql("create table big as select generate_series(1, 400000) x")
    for _ in range(6):
        primary.sql("insert into big select generate_series(1, 200000)")
        primary.sql("select pg_switch_wal()")
        primary.sql("checkpoint")
    cluster.pcs("node", "unstandby", node.name, "--wait=60")
    log = wait_for_words(cluster, node, "pg_basebackup this node", "does not have the WAL")
    assert "has already been removed" in log, "in the server's own words"
    primary.sql("alter system reset wal_keep_size")
    primary.sql("alter system reset max_slot_wal_keep_size")
    reload(primary)
    cluster.rebuild(node)
    cluster.settle()
    wait_for_silence(cluster, node)
