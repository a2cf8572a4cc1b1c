"""A node is what it is, not what it is called: its database, and the name it streams under."""

import re

import pytest

from conftest import open_lab
from labkit import postgres
from labkit.resources import Wanted

pytestmark = pytest.mark.steps


@pytest.fixture(scope="module")
def cluster(request, agent):
    with open_lab(request.config, 3) as made:
        made.set_up(Wanted(agent=agent))
        made.settle()
        yield made


def recorded(node) -> str:
    return node.out("crm_attribute", "-t", "crm_config", "-n", "pgsql-system-id", "-G", "-q",
                    check=False).strip()


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
