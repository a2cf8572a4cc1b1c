# SPDX-License-Identifier: GPL-2.0-or-later
"""Two databases on the same nodes, both made by `pgward setup`."""

import signal

import pytest

from conftest import open_lab
from labkit.lab import postgres, resources
from labkit.lab.resources import Wanted
from labkit.lab.shell import send, wait_until

pytestmark = pytest.mark.steps

DATA = "/srv/pg/crm"
TMP = "/srv/pg/crm-tmp"
LOG = "/var/log/postgresql/crm.log"
PORT = "5433"


def make_data(first, others):
    """The second one's data, the same on every node, no server running."""
    tool = str(postgres.bindir())
    first.run(f"{tool}/initdb", "-D", DATA, "-A", "trust", "-N", user="postgres", timeout=120)
    first.run("sh", "-c", f"cat >> {DATA}/postgresql.conf", user="postgres",
              stdin=postgres.SETTINGS + f"port = {PORT}\n")
    first.run("sh", "-c", f"cat >> {DATA}/pg_hba.conf", user="postgres", stdin=postgres.HBA)
    start = [f"{tool}/pg_ctl", "-D", DATA, "-w"]
    first.run(*start, "-l", LOG, "start", user="postgres", timeout=90)
    for node in others:
        node.run(f"{tool}/pg_basebackup", "-h", "192.168.2.1", "-p", PORT, "-U", "postgres",
                 "-D", DATA, "-c", "fast", user="postgres", timeout=120)
    first.run(*start, "-m", "fast", "stop", user="postgres", timeout=90)
    for node in (first, *others):
        node.run("install", "-d", "-m", "700", TMP, user="postgres")


def set_up(made, agent):
    first, *others = made.lab.nodes
    make_data(first, others)
    first.run("bash", "-s", "--", "--run", "--name", "crm", "--agent", agent,
              "--nodes", " ".join(made.lab.node_names), "--vip-master", "192.168.0.104",
              "--vip-rep", "192.168.2.104", "--pgdata", DATA, f"pgport={PORT}",
              f"tmpdir={TMP}", f"pgctl={postgres.bindir()}/pg_ctl", "psql=/usr/bin/psql",
              "socketdir=/run/postgresql", f"logfile={LOG}", timeout=120,
              stdin=resources.SCRIPT.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def cluster(request, agent):
    with open_lab(request.config, 2) as made:
        made.set_up(Wanted(agent=agent))
        made.settle()
        set_up(made, agent)
        yield made


def crm(node, name):
    """An attribute of the second database."""
    return node.out("crm_attribute", "-t", "status", "-N", node.name, "-n", name, "-G", "-q",
                    check=False)


def primary_of_crm(cluster):
    led = [node for node in cluster.lab.running() if crm(node, "crm-status") == "PRI"]
    return led[0] if len(led) == 1 else None


def settled(cluster):
    led = primary_of_crm(cluster)
    return led and all(crm(node, "crm-status") == "HS:sync" for node in cluster.lab.running()
                       if node.name != led.name) and "192.168.0.104" in led.out("ip", "-o", "a")


def test_both_lead_and_both_have_their_standby(cluster):
    wait_until("the second database to have a primary, its address and a standby",
               lambda: settled(cluster), 90)
    assert cluster.settle().fail_counts == {}
    node = cluster.lab.any_node()
    said = node.run("pgward", "validate", check=False)
    assert said.returncode == 3 and "crm" in said.stderr and "pgsql" in said.stderr
    for name in ("crm", "pgsql"):
        done = node.run("pgward", "validate", "-r", name, check=False)
        assert (done.returncode, done.stdout) == (0, ""), done.stderr


def test_one_fails_over_and_the_other_stays(cluster):
    """P1: what ends one server's processes is none of the other's business."""
    stays = cluster.primary().name
    old = primary_of_crm(cluster)
    (postmaster,) = old.find(rf"postgres -D {DATA}( |$)")
    send(signal.SIGKILL, postmaster)
    wait_until("the other node to lead the second database",
               lambda: primary_of_crm(cluster) not in (None, old) and settled(cluster), 90)
    state = cluster.settle()
    assert state.primary == stays
    assert {name for counts in state.fail_counts.values() for name in counts} <= {"crm"}
    cluster.cleanup()
