# SPDX-License-Identifier: GPL-2.0-or-later
"""Debian's Prometheus beside a cluster, with the configuration and the alerts that are shipped."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from conftest import open_lab
from labkit.lab.cluster import CTS
from labkit.lab.resources import Wanted
from labkit.lab.shell import run, wait_until
from roads.test_serve import client, start, unit_of

pytestmark = pytest.mark.steps

SHIPPED = CTS.parent / "agent/command/examples/prometheus"
PORT = 9090
PROMOTIONS = "sum(pgward_promotions_total)"


def test_rules_fire_and_clear_as_they_should(tmp_path):
    for file in (*SHIPPED.glob("*.yml"), Path(__file__).parent / "alerts_test.yml"):
        shutil.copy(file, tmp_path)
    for args in (["check", "config", "prometheus.yml"], ["test", "rules", "alerts_test.yml"]):
        done = subprocess.run(["promtool", *args], cwd=tmp_path, capture_output=True, text=True,
                              check=False)
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def cluster(request, agent):
    with open_lab(request.config, 3) as made:
        made.set_up(Wanted(agent=agent))
        made.settle()
        for node in made.lab.nodes:
            start(node, unit_of(request.config))
        log = open(made.lab.root / "prometheus.log", "ab")
        server = subprocess.Popen(
            client(made) + ["prometheus", f"--config.file={SHIPPED}/prometheus.yml",
                            f"--storage.tsdb.path={made.lab.root}/prometheus",
                            f"--web.listen-address=127.0.0.1:{PORT}"],
            stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        log.close()
        try:
            yield made
        finally:
            server.terminate()
            server.wait(30)


def ask(cluster, path):
    said = run(client(cluster) + ["curl", "-s", "-m", "5", f"http://127.0.0.1:{PORT}/api/v1/{path}"],
               check=False).stdout
    return json.loads(said)["data"] if said else {}


def firing(cluster):
    return {one["labels"]["alertname"] for one in ask(cluster, "alerts").get("alerts", [])
            if one["state"] == "firing"}


def value(cluster, query):
    found = ask(cluster, f"query?query={query}").get("result", [])
    return float(found[0]["value"][1]) if found else None


def test_each_node_is_scraped_and_nothing_fires(cluster):
    wait_until("three nodes to be scraped", lambda: value(cluster, "sum(up)") == 3, 60, 0.5)
    wait_until("one primary, and one standby that could take over",
               lambda: value(cluster, "max(pgward_spares)") == 1
               and value(cluster, "sum(max%20by%20(node)(pgward_role%7Brole=%22primary%22%7D))")
               == 1, 60, 0.5)
    assert firing(cluster) == set()


def test_a_failover_is_told_and_wakes_nobody(cluster):
    old = cluster.primary()
    seen = set()
    before = value(cluster, PROMOTIONS)
    assert before >= 1
    old.kill_postgres()
    cluster.new_primary(old.name)
    wait_until("one more to be counted", lambda: value(cluster, PROMOTIONS) == before + 1, 60, 0.5)
    wait_until("the promotion to be told",
               lambda: seen.update(firing(cluster)) or "PgwardPromoted" in seen, 90, 0.5)
    cluster.put_back(old)
    assert seen == {"PgwardPromoted"}


def test_nobody_leads_is_told_until_somebody_does(cluster):
    cluster.pcs("resource", "disable", "msPostgresql", "--wait=90")
    wait_until("it to be told", lambda: "PgwardNoPrimary" in firing(cluster), 90, 0.5)
    cluster.pcs("resource", "enable", "msPostgresql")
    cluster.settle()
    wait_until("it to be over", lambda: "PgwardNoPrimary" not in firing(cluster), 90, 0.5)
