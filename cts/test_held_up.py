# SPDX-License-Identifier: GPL-2.0-or-later
"""Something stands in the way of a start, a promotion or a stop, and then goes, or does not."""

import signal
import time

import pytest

from conftest import open_lab
from labkit.faults.processes import ATTRD
from labkit.lab.node import POSTGRES
from labkit.lab.postgres import DATA
from labkit.lab.resources import Wanted
from labkit.measure.rig import Catch
from labkit.lab.shell import send, wait_until

pytestmark = pytest.mark.steps

DAEMONS = r"^(\S*/)?(corosync|pacemakerd|pacemaker-\w+)( |$)"
START = r"resource\.d/pgward/pgsql start "


@pytest.fixture(scope="module")
def cluster(request, agent):
    with open_lab(request.config, 3) as made:
        made.set_up(Wanted(agent=agent))
        made.settle()
        yield made


def said(node):
    return (node.dir / "var/log/syslog").read_text(errors="replace")


def ranked_and_third(cluster):
    """The standby that takes over, and the one that does not."""
    found = cluster.settle()
    return sorted(cluster.standbys(),
                  key=lambda node: found.attribute(node.name, "score") != "100")


def test_a_node_lost_during_a_promotion_is_fenced_and_somebody_leads(cluster):
    """P2: its copy of the record cannot be read; Pacemaker fences nobody while the action runs."""
    ranked, third = ranked_and_third(cluster)
    old = cluster.primary()
    before = len(said(ranked))
    frozen = third.find(DAEMONS)

    def lose_third():
        for pid in frozen:
            send(signal.SIGSTOP, pid)

    with cluster.ledger() as client:
        with Catch(ranked, "promote", lose_third) as catch:
            moment = old.kill_postgres()
            assert catch.caught.wait(20)
        wait_until(f"{third.name} to be fenced", lambda: not third.alive(), 40)
        client.wait_for_commits(moment)
    assert client.lost() == []
    assert f"wait for the fencing of '{third.name}'" in said(ranked)[before:]
    third.boot()
    cluster.settle()
    cluster.pcs("resource", "cleanup")


def test_a_start_waits_for_the_attribute_daemon(cluster):
    """P6: it is away for some seconds; nothing has failed then, and nobody is banned."""
    node = ranked_and_third(cluster)[1]
    cluster.pcs("node", "standby", node.name, "--wait=60")
    node.signal(signal.SIGSTOP, ATTRD)
    try:
        cluster.pcs("node", "unstandby", node.name)
        wait_until("the start to be under way", lambda: node.find(START), 30)
        time.sleep(8)
        assert node.find(START) and not node.find(POSTGRES)
    finally:
        node.signal(signal.SIGCONT, ATTRD)
    assert cluster.settle().fail_counts == {}


# Each has the program, the title and the folder of a server's process, and waits for ever.
CROWD = f"""cp "$(command -v dash)" /tmp/postgres && mkfifo /tmp/never && cd {DATA} &&
exec -a "postgres: one of many" /tmp/postgres -c "$0" >/dev/null 2>&1"""
FORKS = "i=0; while [ $i -lt %d ]; do read x <>/tmp/never & i=$((i + 1)); done"
MANY = 4200


def test_any_number_of_processes_is_seen_and_ended(cluster):
    """P4: more than 4,096 of them once could be neither counted nor stopped."""
    node = ranked_and_third(cluster)[1]
    power = node.init_pid()
    node.run("bash", "-c", CROWD, FORKS % MANY, user="postgres")
    assert len(node.find("^postgres: one of many")) == MANY
    time.sleep(5)
    assert cluster.settle().fail_counts == {}
    cluster.pcs("node", "standby", node.name, "--wait=60")
    assert not node.find(POSTGRES)
    assert cluster.look().fail_counts == {} and node.init_pid() == power
    cluster.pcs("node", "unstandby", node.name, "--wait=60")
    cluster.settle()
