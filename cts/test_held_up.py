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
STARTUP = r"^postgres: startup "


@pytest.fixture(scope="module")
def cluster(request, agent):
    with open_lab(request.config, 3) as made:
        made.set_up(Wanted(agent=agent))
        made.settle()
        yield made


def ranked_and_third(cluster):
    """The standby that takes over, and the one that does not."""
    found = cluster.settle()
    return sorted(cluster.standbys(),
                  key=lambda node: found.attribute(node.name, "score") != "100")


def lose_third_in_a_promotion(cluster):
    """Was it lost before its copy of the record was read? No commit is lost in either case."""
    ranked, third = ranked_and_third(cluster)
    old = cluster.primary()
    before = len(ranked.syslog())
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
    third.boot()
    cluster.wait("somebody to lead", lambda s: s.primary, 30)
    if cluster.primary().name != old.name:      # whoever holds as much may lead
        cluster.put_back(old)
    cluster.settle()
    cluster.cleanup()
    return f"wait for the fencing of '{third.name}'" in ranked.syslog()[before:]


def test_a_node_lost_during_a_promotion_is_fenced_and_somebody_leads(cluster):
    """P2: its copy of the record cannot be read; Pacemaker fences nobody while the action runs.

    A promotion takes less than 0.1 s: on a busy machine it is over before the node is lost.
    """
    assert any(lose_third_in_a_promotion(cluster) for _ in range(4)), "the promotion was faster"


def test_a_promotion_that_does_not_end_leaves_the_lead_to_another(cluster):
    """P2, P3: the record has moved to a node that is given up; the way back is proved."""
    ranked, third = ranked_and_third(cluster)
    old = cluster.primary()
    cluster.update("op", "promote", "interval=0s", "timeout=15s")
    cluster.pcs("resource", "meta", "pgsql", "migration-threshold=1")

    with cluster.ledger() as client:
        client.wait_for_commits(time.time())
        (replay,) = ranked.find(STARTUP)
        send(signal.SIGSTOP, replay)    # it is ranked by then, and found to stand still later
        moment = old.kill_postgres()
        state = cluster.wait("the third node to lead", lambda s: s.primary == third.name, 60)
        client.wait_for_commits(moment)
    assert client.lost() == []
    assert "it did not leave recovery in time" in state.reasons[ranked.name][0]
    assert "a node that holds as much may lead" in ranked.syslog()
    cluster.pcs("resource", "meta", "pgsql", "migration-threshold=")
    cluster.update("op", "promote", "interval=0s", "timeout=60s")
    for node in (old, ranked):
        cluster.put_back(node)


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


def postmasters(cluster):
    return {node.name: cluster.postmaster(node) for node in cluster.lab.running()}


def test_a_second_primary_is_refused_and_somebody_always_leads(cluster):
    """P3: promoted-max=2 is named, and no standby is restarted for it again and again."""
    ranked = ranked_and_third(cluster)[0]
    old = cluster.primary()
    with cluster.ledger() as client:
        cluster.pcs("resource", "meta", "msPostgresql", "promoted-max=2")
        cluster.wait(f"{old.name} to say so", lambda s: "promoted-max=1" in (
            s.attribute(old.name, "why") or ""), 30)
        cluster.wait(f"{ranked.name} to run", lambda s: ranked.name in s.unpromoted, 30)
        assert all("promoted-max=1" in reason
                   for reason in cluster.look().reasons.get(ranked.name, []))
        before = postmasters(cluster)
        time.sleep(10)
        assert postmasters(cluster) == before
        moment = old.kill_postgres()
        cluster.new_primary(old.name)
        client.wait_for_commits(moment)
        cluster.pcs("resource", "meta", "msPostgresql", "promoted-max=1")
    assert client.lost() == []
    cluster.put_back(old)
