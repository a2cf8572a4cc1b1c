# SPDX-License-Identifier: GPL-2.0-or-later
"""The command `pgward` on the nodes of a cluster."""

import json
import re
import signal
import time

import pytest

from conftest import need_command, open_lab
from labkit.lab.resources import Wanted
from labkit.lab.shell import wait_until

pytestmark = pytest.mark.steps

CLONE = "msPostgresql"
LEADS = "Now: it leads"
BY_RECORD = re.compile(r"By the record: May (not )?lead, by the rule '([^']+)'")
SLACK = 3       # a busy machine


@pytest.fixture(scope="module")
def cluster(request, agent):
    with open_lab(request.config, 3) as made:
        made.set_up(Wanted(agent=agent))
        made.settle()
        need_command(made)
        yield made


def explain(node, *options, code=0):
    """What it says, both to stdout and to stderr."""
    done = node.run("pgward", "explain", *options, check=False)
    said = done.stdout + done.stderr
    assert done.returncode == code, f"exit code {done.returncode}: {said}"
    return said


def rule_of(said):
    """May it lead by the record, and by which rule?"""
    found = BY_RECORD.search(said)
    assert found, said
    return not found[1], found[2]


def test_each_node_tells_of_itself(cluster):
    state = cluster.settle()
    told = {}
    for node in cluster.lab.nodes:
        said = explain(node)
        assert f"{node.name} (this node): online yes" in said
        assert "Cluster: quorum yes, fencing yes, maintenance no" in said
        assert "processes running, answer ok" in said
        assert (LEADS in said) == (node.name == state.primary), said
        told[node.name] = rule_of(said)
    assert told.pop(state.primary) == (True, "latest")
    assert sorted(told.values()) == [(False, "out-of-date"), (True, "synchronous")]


def test_each_node_tells_of_the_others(cluster):
    for node in cluster.lab.nodes:
        own = rule_of(explain(node))
        for teller in cluster.lab.nodes:
            said = explain(teller, node.name.upper())
            assert rule_of(said) == own
            assert ("Its server" in said) == (teller.name == node.name)
    assert "'not-in-node-list'" in explain(cluster.primary(), "elsewhere")


def test_the_resource_may_be_named_by_its_clone(cluster):
    node = cluster.primary()
    for name in ("pgsql", CLONE, "pgsql:1"):
        assert LEADS in explain(node, "--resource", name)
    assert "'pg' is no resource of ocf:pgward:pgsql. There is pgsql" in explain(
        node, "-r", "pg", code=3)


def test_it_is_told_as_json_too(cluster):
    for node in cluster.lab.nodes:
        told = json.loads(explain(node, "-o", "json"))
        assert (told["format"], told["version"], told["complete"]) == ("pgward-explain", 1, True)
        assert told["cluster"] == {"quorum": True, "fencing": True, "maintenance": False}
        own = told["node"]
        assert (own["name"], own["online"], own["looked"]) == (node.name, True, True)
        leads = node.name == cluster.primary().name
        assert (own["now"]["state"] == "leads") == leads
        assert told["server"]["in_recovery"] is not leads
        assert (own["by_record"]["may_lead"], own["by_record"]["rule"]) == rule_of(explain(node))
    told = json.loads(explain(cluster.primary(), "-o", "json", "elsewhere"))
    assert (told["listed"], told["node"], told["server"]) == (False, None, None)


def test_another_fact_is_told(cluster):
    assert "quorum yes, fencing no" in explain(cluster.primary(), "--what", "fencing=no")
    assert "no such fact: 'moon=full'" in explain(cluster.primary(), "-w", "moon=full", code=3)


def test_of_two_resources_one_has_to_be_named(cluster):
    """By a template, too."""
    node = cluster.primary()
    node.run("cibadmin", "-C", "-o", "resources", "-X",
             '<template id="tmpl" class="ocf" provider="pgward" type="pgsql"/>')
    node.run("cibadmin", "-C", "-o", "resources", "-X",
             '<primitive id="sales" template="tmpl"><meta_attributes id="sales-meta">'
             '<nvpair id="sales-role" name="target-role" value="Stopped"/></meta_attributes>'
             '<instance_attributes id="sales-set"><nvpair id="sales-data" name="pgdata" '
             'value="/srv/sales"/></instance_attributes></primitive>')
    said = explain(node, code=3)
    assert "name one with --resource" in said and "pgsql, sales" in said
    assert LEADS in explain(node, "-r", "pgsql")
    assert "nobody is promoted" in explain(node, "-r", "sales")
    for kind, name in (("primitive", "sales"), ("template", "tmpl")):
        node.run("cibadmin", "-D", "-o", "resources", "-X", f'<{kind} id="{name}"/>')
    node.run("crm_resource", "--cleanup", check=False)
    cluster.settle()


@pytest.mark.parametrize("daemon, what", [
    ("pacemaker-attrd", "the cluster's members, record and attributes"),
    ("pacemaker-controld", "the resource and this node's name")])
def test_what_hangs_is_left_and_named(cluster, daemon, what):
    """Connecting to a daemon of the cluster has no time-out of its own."""
    node = cluster.standbys()[0]
    began = time.monotonic()
    assert node.signal(signal.SIGSTOP, daemon) == 1
    try:
        said = explain(node, "--timeout=1500ms", code=3)
    finally:
        node.signal(signal.SIGCONT, daemon)
    assert time.monotonic() - began < 1.5 + SLACK
    assert "could not look in time" in said or "no answer in time" in said, said
    assert what in said or daemon in said, said
    assert node.find("pgward explain") == [], "nothing of it is left"
    cluster.settle()


SECRET = "hunter2&of-the-test"
SHOWN = "of-the-test"   # what would show it, whatever stands for the ampersand
IN_THE_ARCHIVE = ["cib.xml", "controldata", "corosync.conf", "crm_mon.txt", "pacemaker.log",
                  "pgdata-postgresql.conf", "pgward-explain", "pgward-validate", "processes",
                  "tmpdir-recovery.conf", "versions"]


def test_report_has_what_is_needed_and_no_password(cluster):
    node = cluster.standbys()[0]
    cluster.update(f"monitor_password={SECRET}")
    node.run("crm_resource", "-r", "fencing", "-p", "passwd", "-v", SECRET)
    node.run("sh", "-c", f"echo \"# x 'host=a password={SECRET}'\" >> /srv/pg/data/postgresql.conf",
             user="postgres")
    cluster.settle()
    assert SHOWN in node.out("cibadmin", "-Q")
    node.run("pgward", "report", "--output", "/tmp/report.tar.gz", timeout=180)
    node.run("sh", "-c", "mkdir /tmp/report && tar -C /tmp/report --strip-components=1 "
             "-xzf /tmp/report.tar.gz")
    found = node.out("sh", "-c", "cd /tmp/report && find . -type f -size +0 -printf '%P\n'").split()
    assert set(IN_THE_ARCHIVE) <= set(found)
    assert "recorded-events" in found
    said = node.run("grep", "-rl", SHOWN, "/tmp/report", check=False).stdout
    assert said == "", f"the password is in: {said}"
    for name in ("cib.xml", "pgdata-postgresql.conf"):
        assert "***" in node.out("cat", f"/tmp/report/{name}")
    assert re.search("cluster state: +in archive recovery",
                     node.out("cat", "/tmp/report/controldata"))
    node.run("rm", "-r", "/tmp/report", "/tmp/report.tar.gz")
    cluster.update("monitor_password=")
    cluster.settle()


def test_another_user_is_told_what_to_do(cluster):
    done = cluster.primary().run("pgward", "explain", check=False, user="nobody")
    assert done.returncode == 3 and "run it as root" in done.stderr, done.stderr


def test_without_quorum(cluster):
    """The others' power is cut, and nobody is left to fence for."""
    node = cluster.primary()
    for other in cluster.standbys():
        other.kill()
    wait_until("the node to see that quorum is lost",
               lambda: "quorum no" in node.run("pgward", "explain", check=False).stdout, 60, 0.5)
    said = explain(node)
    assert f"{node.name} (this node): online yes" in said and "fencing yes" in said


def test_with_the_cluster_stopped_on_the_node(cluster):
    node = cluster.lab.running()[0]
    node.stop_cluster()
    said = explain(node, code=3)
    assert "pcs cluster start, or ask on a node where it runs" in said
