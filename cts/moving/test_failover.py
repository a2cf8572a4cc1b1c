# SPDX-License-Identifier: GPL-2.0-or-later
"""`pgward failover`: a person decides where nobody may lead by proof, and is told what that costs."""

import json
import os
import subprocess
import time

import pytest

from conftest import open_lab
from labkit.lab.node import Node
from labkit.lab.postgres import DATA
from labkit.lab.resources import Wanted
from labkit.lab.shell import wait_until

pytestmark = pytest.mark.steps

ACCEPT = "--accept-data-loss"


@pytest.fixture(scope="module")
def cluster(request, agent):
    with open_lab(request.config, 3) as made:
        made.set_up(Wanted(agent=agent))
        made.settle()
        yield made


def failover(node: Node, *options: str, code: int = 0) -> str:
    done = node.run("pgward", "failover", *options, check=False, timeout=150)
    said = done.stdout + done.stderr
    assert done.returncode == code, f"exit code {done.returncode}: {said}"
    return said


def answer_late(node: Node, meanwhile) -> str:
    """Asked on a terminal; before the yes something else is done. It is refused."""
    terminal, end = os.openpty()
    said = node.dir / "asked.log"
    try:
        with open(said, "wb") as log:
            asked = subprocess.Popen(node.enter(["pgward", "failover", ACCEPT]), stdin=end,
                                     stdout=log, stderr=log)
        wait_until("the question", lambda: "[y/N]" in said.read_text(), 60)
        meanwhile()
        os.write(terminal, b"yes\n")
        assert asked.wait(60) == 1, said.read_text()
    finally:
        os.close(terminal)
        os.close(end)
    return said.read_text()


def decision(node: Node) -> str:
    return node.out("crm_attribute", "-t", "crm_config", "-n", "pgsql-decision", "-G", "-q",
                    check=False)


def cib(node: Node) -> str:
    return node.out("cibadmin", "--query", "--scope", "configuration")


def roles(cluster):
    """The primary, the synchronous standby and the other one."""
    found = cluster.settle()
    ranked = next(node for node in cluster.standbys()
                  if found.attribute(node.name, "score") == "100")
    last = next(node for node in cluster.standbys() if node.name != ranked.name)
    return cluster.primary(), ranked, last


def test_refused_while_a_primary_is_there(cluster):
    primary, ranked, last = roles(cluster)
    before = cib(primary)
    for asked in (primary, last):
        said = failover(asked, ACCEPT, "--yes", "--to", last.name, code=1)
        assert f"'{primary.name}' is promoted: pgward switchover" in said, said
    assert f"'{ranked.name}'" in failover(primary, "--dry-run", "--to", ranked.name, code=1)
    assert "add --accept-data-loss" in failover(primary, "--yes", code=2)
    assert cib(primary) == before and decision(primary) == ""


def test_refused_while_the_lost_one_may_run(cluster):
    """P2: no word of a person's takes the place of fencing, where fencing is on."""
    primary, ranked, _ = roles(cluster)
    cluster.pcs("stonith", "disable", "fencing")
    with cluster.ledger() as client:
        primary.kill()
        wait_until("the cluster to miss it", lambda: primary.name not in cluster.look().online, 60)
        said = failover(ranked, ACCEPT, "--yes", "--to", ranked.name, code=1)
        assert f"nothing proves that '{primary.name}' is down" in said, said
        assert f"pcs stonith confirm {primary.name}" in said and decision(ranked) == ""
        cluster.pcs("stonith", "enable", "fencing")
        cluster.new_primary(primary.name)
        client.wait_for_commits(time.time())
    assert client.lost() == []
    if not primary.alive():
        primary.boot()
    else:
        primary.start_cluster()
    cluster.settle(180)


def test_nobody_may_lead_and_a_person_decides(cluster):
    """The latest node is gone, and the synchronous one's data: the third has what it has."""
    primary, ranked, last = roles(cluster)
    cluster.pcs("property", "set", "stonith-action=off")
    ranked.run("mv", f"{DATA}/global/pg_control", f"{DATA}/global/gone")
    primary.kill()
    ranked.kill_postgres()
    cluster.wait("nobody to lead", lambda s: not s.promoted and primary.name not in s.online
                 and s.attribute(last.name, "status") == "HS:alone", 120, node=last)
    wait_until("it to be proved", lambda: "'%s' is proved to be down" % primary.name
               in last.run("pgward", "failover", "--dry-run", check=False).stdout, 90, 1)
    before = cib(last)
    said = failover(last, "--dry-run")
    assert "Prerequisites met" in said and f"data-status of '{last.name}': LATEST" in said, said
    assert f"what '{primary.name}' alone holds: its record 'LATEST' becomes DISCONNECT" in said
    assert "every commit past timeline" in said, said
    assert cib(last) == before
    assert "add --yes" in failover(last, ACCEPT, code=2)
    assert cib(last) == before
    given_up = ["crm_attribute", "-l", "forever", "-N", primary.name, "-n", "pgsql-data-status",
                "-v"]
    told = answer_late(last, lambda: last.run(*given_up, "DISCONNECT"))
    assert "no longer what you were shown" in told and decision(last) == "", told
    last.run(*given_up, "LATEST")
    assert "does not run a standby" in failover(last, ACCEPT, "-y", "--to", ranked.name, code=1)
    answer = json.loads(last.run("pgward", "failover", ACCEPT, "-y", "-o", "json").stdout)
    assert answer["to"] == last.name and answer["leads"] is True, answer
    assert f"failover to {last.name} by root on {last.name}" in decision(last)
    assert answer["decision"] == decision(last)
    assert "data loss accepted" in last.syslog()
    assert cluster.record(primary, last) == "DISCONNECT"
    with cluster.ledger() as client:
        client.wait_for_commits(time.time())
    assert client.lost() == []


def test_without_fencing_what_the_record_proves_is_not_lost(new_lab, agent):
    """The election waits for the lost node, which nobody can prove down: a person can.

    The standby's server died with it, or it would lead by its rank.
    """
    cluster = new_lab(2)
    cluster.set_up(Wanted(agent=agent, fencing=False))
    found = cluster.settle()
    primary, standby = cluster.primary(), cluster.standbys()[0]
    assert found.attribute(standby.name, "data-status") == "STREAMING|SYNC"
    wait_until("it to trust the record, from its first look on", lambda: standby.run(
        "attrd_updater", "-Q", "-N", standby.name, "-n", "pgsql-trusted",
        check=False).returncode == 0, 20)
    with cluster.ledger() as client:
        primary.kill()
        standby.kill_postgres()
        wait_until("the election to wait", lambda: "If '%s' never comes back" % primary.name
                   in standby.syslog(), 120)
        cluster.cleanup()
        wait_until("it to be probed", lambda: standby.run(
            "pgward", "failover", "--dry-run", check=False).returncode == 0, 90, 1)
        said = failover(standby, ACCEPT, "--yes")
        assert "holds all that was acknowledged, by the rule 'synchronous'" in said, said
        assert "fencing is off, so nothing proves that it is down" in said, said
        assert f"'{standby.name}' leads" in said
        client.wait_for_commits(time.time())
    assert client.lost() == []
