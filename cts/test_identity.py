# SPDX-License-Identifier: GPL-2.0-or-later
"""A node is what it is, not what it is called: its database, and the name it streams under."""

import re
import time

import pytest

from conftest import open_lab
from labkit.faults import Stranger
from labkit.lab import net, postgres
from labkit.lab.resources import VIP_REP, Wanted

pytestmark = pytest.mark.steps


@pytest.fixture(scope="module")
def cluster(request, agent):
    with open_lab(request.config, 3) as made:
        made.set_up(Wanted(agent=agent))
        made.settle()
        yield made


def option(node, name: str) -> str:
    return node.out("crm_attribute", "-t", "crm_config", "-n", f"pgsql-{name}", "-G", "-q",
                    check=False).strip()


def recorded(node) -> str:
    return option(node, "system-id")


def identifier(node) -> str:
    told = node.out(f"{postgres.bindir()}/pg_controldata", "-D", postgres.DATA, user="postgres")
    return re.search(r"system identifier: *(\d+)", told).group(1)


def test_another_database_neither_leads_nor_follows(cluster):
    """P3: the node that led last has a new database; the standby with the commits leads."""
    old = cluster.primary()
    right = identifier(old)
    cluster.wait("the primary to record its identifier", lambda _: recorded(old) == right, 20)
    with cluster.ledger() as client:
        client.wait_for_commits(client.summary().last + 1)
    cluster.stop_all()
    old.run("sh", "-c", f"rm -rf {postgres.DATA}/* {postgres.WAL_DISK}/pg_wal", user="postgres")
    postgres.initdb(old)
    wrong = identifier(old)
    for node in cluster.lab.nodes:
        node.start_cluster()
    cluster.new_primary(old.name)
    state = cluster.wait(f"{old.name} to be given up", lambda s: s.given_up(old.name, 3), 60)
    assert client.lost() == []
    shown = [r for r in state.reasons.get(old.name, []) if right in r and wrong in r]
    assert shown and "pg_basebackup" in shown[0], state.describe()
    assert recorded(cluster.primary()) == right
    cluster.rebuild(old)
    cluster.settle()


def test_stranger_with_a_standbys_name_answers_for_no_commit(cluster):
    """P1: with the standbys cut off, nothing is acknowledged that only the stranger has."""
    state = cluster.settle()
    first = cluster.primary()
    assert re.fullmatch("[0-9a-f]{8}", option(first, "name-key"))
    ranked = next(n for n in cluster.standbys() if state.attribute(n.name, "score") == "100")
    other = next(n for n in cluster.standbys() if n.name != ranked.name)
    stranger = Stranger.Receiver(cluster.lab.name, VIP_REP, ranked.name)
    try:
        cluster.wait("the stranger to stream", lambda _: first.sql(
            "select 1 from pg_stat_replication where state = 'streaming' and sync_state = 'async'"
            f" and application_name = '{ranked.name}'") == "1", 30)
        with cluster.ledger() as client:
            client.wait_for_commits(client.summary().last)
            for node in (ranked, other):
                net.cut(cluster.lab.name, node.index, 2, "both")
            first.kill()
            moment = time.time()
            for node in (ranked, other):
                net.heal(cluster.lab.name, node.index, 2)
            cluster.new_primary(first.name)
            client.wait_for_commits(moment)
        assert client.lost() == []
    finally:
        stranger.leave()
    first.boot()
    cluster.put_back(first)


def test_plain_names_come_back_by_one_command(cluster):
    """The way back: no server restarts, and nothing acknowledged is lost."""
    cluster.settle()
    servers = {node.name: cluster.postmaster(node) for node in cluster.lab.nodes}
    with cluster.ledger() as client:
        cluster.pcs("property", "set", "--force", "pgsql-name-key=plain")
        cluster.wait("the standbys to have plain names", lambda _: cluster.primary().sql(
            "select count(*) from pg_stat_replication where application_name !~ '~'") == "2", 60)
        cluster.settle()
        client.wait_for_commits(client.summary().last + 1)
    assert client.lost() == []
    assert {n.name: cluster.postmaster(n) for n in cluster.lab.nodes} == servers
