# SPDX-License-Identifier: GPL-2.0-or-later
"""`pgward serve` on the nodes of a cluster, and on a router beside it."""

import json
import re
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

from conftest import need_command, open_lab
from labkit.lab import net
from labkit.lab.cluster import CTS
from labkit.lab.node import POSTGRES
from labkit.lab.resources import Wanted
from labkit.lab.shell import run, wait_until
from labkit.measure import road
from roads.road import haproxy_of_movers

pytestmark = pytest.mark.steps

UNIT = "lib/systemd/system/pgward-serve.service"
BASED = r"^(\S*/)?pacemaker-based( |$)"
ATTRD = r"^(\S*/)?pacemaker-attrd( |$)"
SERVE = r"^\S*/pgward/serve "
OLD = 1.0       # what is older says nothing
SLACK = 2.0     # a busy machine
MEMORY_MB = 64


def unit_of(config):
    """The unit that is staged: its words by their keys."""
    found = list(Path(config.getoption("--ocf-dir")).rglob(UNIT))
    assert len(found) == 1, f"no {UNIT} is staged"
    return dict(re.findall(r"^(\w+)=(.*)$", found[0].read_text(), re.M))


def limited(unit):
    """As the unit runs it, with no more capabilities."""
    names = [name[len("CAP_"):].lower() for name in unit["CapabilityBoundingSet"].split()]
    return ["setpriv", "--bounding-set=" + ",".join(["-all"] + [f"+{name}" for name in names]),
            "--inh-caps=-all", "--no-new-privs"]


def start(node, unit):
    log = open(node.dir / "serve.log", "ab")
    subprocess.Popen(node.enter(limited(unit) + ["pgward", "serve", "--user", "nobody", "--bind",
                                                 "0.0.0.0", "--agent-port", "8009"]),
                     stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
    log.close()


@pytest.fixture(scope="module")
def cluster(request, agent):
    with open_lab(request.config, 3) as made:
        made.set_up(Wanted(agent=agent))
        made.settle()
        need_command(made)
        unit = unit_of(request.config)
        for node in made.lab.nodes:
            start(node, unit)
        made.unit = unit
        yield made


def address(node):
    return f"192.168.{net.LANS['service']}.{node.index}"


def client(cluster):
    return ["ip", "netns", "exec", net.namespace(cluster.lab.name, "client")]


def ask(cluster, host, path, port=8008):
    """Status, age in ms, body."""
    said = run(client(cluster) + ["curl", "-s", "-m", "5", "-w",
                                  "\n%{http_code} %header{x-pgward-age-ms}",
                                  f"http://{host}:{port}{path}"], check=False).stdout
    body, _, tail = said.rpartition("\n")
    words = tail.split()
    return int(words[0]), int(words[1]) if len(words) > 1 else None, body


def status(cluster, node, path):
    return ask(cluster, address(node), path)[0]


def wait_status(cluster, node, path, wanted, timeout=20):
    wait_until(f"{path} on {node.name} to be {wanted}",
               lambda: status(cluster, node, path) == wanted, timeout, 0.05,
               f"read {node.dir}/serve.log")


@contextmanager
def watched(cluster, path):
    """Each change of an answer on the nodes that run; the file of them."""
    out = cluster.lab.root / f"road-{time.time_ns()}"
    hosts = [address(node) for node in cluster.lab.running()]
    asking = subprocess.Popen(
        client(cluster) + [sys.executable, "-B", "-m", "labkit.measure.road", path, str(out)]
        + hosts, cwd=CTS)
    try:
        wait_until("each node to answer",
                   lambda: {a.host for a in road.read(out)} == set(hosts), 20)
        yield out
    finally:
        asking.send_signal(signal.SIGTERM)
        asking.wait(20)


def settle(cluster):
    """Every node says what it is."""
    found = cluster.settle()
    for node in cluster.lab.running():
        wait_status(cluster, node, "/primary" if node.name == found.primary else "/readiness", 200)
    return found


def test_each_node_says_what_it_is(cluster):
    found = settle(cluster)
    for node in cluster.lab.nodes:
        leads = node.name == found.primary
        waited = found.attribute(node.name, "data-status") == "STREAMING|SYNC"
        for path, wanted in (("/", leads), ("/read-write", leads), ("/replica", not leads),
                             ("/replica?lag=16MB", not leads), ("/sync", waited),
                             ("/async", not leads and not waited), ("/read-only", True),
                             ("/read-only-sync", leads or waited), ("/health", True),
                             ("/liveness", True), ("/standby-leader", False)):
            code, age, body = ask(cluster, address(node), path)
            assert code == (200 if wanted else 503), (node.name, path, body)
            assert age is not None and age <= 1000
            assert json.loads(body)["state"] == "running"


def test_each_node_says_it_of_all_as_pgroute66_does(cluster):
    found = settle(cluster)
    others = sorted(node.name for node in cluster.standbys())
    for node in cluster.lab.nodes:
        host = address(node)
        assert ask(cluster, host, "/v1/primary?group=x")[::2] == (200, f'"{found.primary}"')
        assert ask(cluster, host, "/v1/standbys")[::2] == (
            200, "[\n" + ",\n".join(f'    "{name}"' for name in others) + "\n]")
        assert ask(cluster, host, f"/v1/{others[0]}/status")[::2] == (200, '"standby"')
        assert ask(cluster, host, "/v1/nobody/status")[::2] == (404, '"invalid"')


def test_metrics_say_what_status_says(cluster):
    """And Prometheus' own tool has no word against them."""
    found = settle(cluster)
    lines = []

    def whole(node):
        lines[:] = node.out("curl", "-s", "http://127.0.0.1:8008/metrics").splitlines()
        return "pgward_up 1" in lines

    for node in cluster.lab.nodes:
        status(cluster, node, "/primary")       # so that there is one to be counted
        wait_until(f"{node.name} to have an overview", lambda seen=node: whole(seen), 60, 0.5,
                   f"read {node.dir}/serve.log")
        roles = {line for line in lines if line.startswith("pgward_role{") and line.endswith(" 1")}
        assert roles == {f'pgward_role{{node="{n.name}",role="'
                         + ("primary" if n.name == found.primary else "standby") + '"} 1'
                         for n in cluster.lab.nodes}
        for line in ("pgward_quorate 1", "pgward_fencing_enabled 1", "pgward_rpo_proved 1",
                     'pgward_http_requests_total{path="/primary",code="'
                     + ("200" if node.name == found.primary else "503") + '"}'):
            assert any(one.startswith(line) for one in lines), (line, lines)
        promoted = [line for line in lines if line.startswith("pgward_promotions_total{")]
        told = sum(one["event"] == "promoted" for one in json.loads(
            node.out("pgward", "history", "--output-as=json"))["events"])
        assert promoted == [f'pgward_promotions_total{{node="{node.name}"}} {told}']
        assert node.name != found.primary or told > 0
        checked = run(["promtool", "check", "metrics"], check=False,
                      stdin="\n".join(lines) + "\n")
        assert (checked.returncode, checked.stdout + checked.stderr) == (0, "")


def test_haproxys_agent_check_is_answered(cluster):
    settle(cluster)
    for node, words in ((cluster.primary(), "up\n"),
                        (cluster.standbys()[0], "down #it is not the primary\n")):
        code = ("import socket; s = socket.create_connection(('127.0.0.1', 8009), 5); "
                "s.sendall(b'/primary\\n'); print(s.recv(99).decode(), end='')")
        assert node.run("/usr/bin/python3", "-c", code).stdout == words


def facts_of(node):
    """What the kernel says of each process of serve; one may end while it is read."""
    for pid in node.find(SERVE):
        try:
            text = Path(f"/proc/{pid}/status").read_text()
        except (FileNotFoundError, ProcessLookupError):
            continue
        yield dict(re.findall(r"^(\w+):\s*(.*)$", text, re.M))


def test_whoever_answers_has_no_rights(cluster):
    """And what looks has those of the unit."""
    node = cluster.primary()
    users = {}
    for facts in facts_of(node):
        users.setdefault(facts["Uid"].split()[0], []).append(facts)
    nobody = node.out("id", "-u", "nobody")
    assert set(users) == {"0", nobody}, users
    for facts in users[nobody]:
        assert int(facts["CapEff"], 16) == 0 and int(facts["CapPrm"], 16) == 0
    for facts in users["0"]:
        assert bin(int(facts["CapEff"], 16)).count("1") == len(
            cluster.unit["CapabilityBoundingSet"].split())


def test_it_listens_on_loopback_alone_if_nothing_is_said(cluster):
    node = cluster.primary()
    other = subprocess.Popen(node.enter(["pgward", "serve", "-u", "nobody", "-p", "8099"]),
                             stdin=subprocess.DEVNULL)
    try:
        wait_until("it to answer on loopback", lambda: node.run(
            "curl", "-sf", "http://127.0.0.1:8099/primary", check=False).returncode == 0, 20)
        assert ask(cluster, address(node), "/primary", 8099)[0] == 0
    finally:
        node.signal(signal.SIGTERM, SERVE + ".*8099")
        assert other.wait(20) == 0


def test_a_failover_is_seen_and_never_do_two_lead(cluster, record_property):
    settle(cluster)
    old = cluster.primary()
    with cluster.ledger() as ledger, watched(cluster, "/primary") as out:
        began = time.time()     # it may be closed before the last process is told
        moment = old.kill_postgres()
        ledger.wait_for_commits(moment)
        first = min(t for t in ledger.times() if t > moment + 0.05)
        wait_until("a node to say that it leads", lambda: any(
            a.status == 200 and a.moment > moment for a in road.read(out)), 30)
        time.sleep(1)
    assert ledger.lost() == []
    answers = road.read(out)
    assert road.most_at_once(answers, 200) == 1, answers
    closed = min(a.moment for a in answers
                 if a.host == address(old) and a.moment > began and a.status == 503)
    opened = min(a.moment for a in answers if a.status == 200 and a.moment > moment)
    record_property("closed_ms", round((closed - began) * 1000))
    record_property("opened_after_first_commit_ms", round((opened - first) * 1000))
    print(f"closed after {(closed - began) * 1000:.0f} ms, open "
          f"{(opened - first) * 1000:.0f} ms after the first commit")
    assert closed - began < OLD + SLACK
    assert opened - first < OLD + SLACK
    cluster.put_back(old)


def test_a_planned_move_is_seen_and_never_do_two_lead(cluster):
    settle(cluster)
    old = cluster.primary()
    with watched(cluster, "/primary") as out:
        cluster.move()
        new = cluster.new_primary(old.name)
        wait_status(cluster, cluster.node(new.primary), "/primary", 200)
    assert road.most_at_once(road.read(out), 200) == 1
    settle(cluster)


def test_a_frozen_server_is_closed(cluster):
    settle(cluster)
    node = cluster.standbys()[0]
    assert node.signal(signal.SIGSTOP, POSTGRES) > 0
    try:
        wait_status(cluster, node, "/replica", 503, OLD + SLACK)
        assert status(cluster, node, "/health") == 503
        assert status(cluster, node, "/liveness") == 200
    finally:
        node.signal(signal.SIGCONT, POSTGRES)
    wait_status(cluster, node, "/replica", 200)
    settle(cluster)


def test_a_frozen_cluster_daemon_closes_and_is_left(cluster):
    """Its connection has no time-out: the look is begun anew until it answers."""
    settle(cluster)
    node = cluster.standbys()[0]
    assert node.signal(signal.SIGSTOP, BASED) == 1
    try:
        wait_status(cluster, node, "/replica", 503, OLD + SLACK)
        time.sleep(4)
        assert status(cluster, node, "/replica") == 503
    finally:
        node.signal(signal.SIGCONT, BASED)
    wait_status(cluster, node, "/replica", 200)
    settle(cluster)


def test_a_frozen_attribute_daemon_closes_nothing(cluster):
    """The record is not its."""
    settle(cluster)
    node = cluster.standbys()[0]
    with watched(cluster, "/replica") as out:
        began = time.time()
        assert node.signal(signal.SIGSTOP, ATTRD) == 1
        try:
            time.sleep(3)
        finally:
            node.signal(signal.SIGCONT, ATTRD)
    assert [a for a in road.read(out) if a.moment > began and a.status == 0] == []
    wait_status(cluster, node, "/replica", 200)
    settle(cluster)


@pytest.mark.parametrize("word", ["cleanup", "refresh"])
def test_a_clean_up_closes_nothing(cluster, word):
    """It takes the history of roles away, for two seconds and a probe."""
    found = settle(cluster)
    leads, follows = cluster.node(found.primary), cluster.standbys()[0]
    follows.kill_postgres()         # so that there is something to clean up
    settle(cluster)
    for path, node in (("/primary", leads), ("/replica", follows)):
        with watched(cluster, path) as out:
            cluster.pcs("resource", word)
            cluster.finish()
        answers = [a for a in road.read(out) if a.host == address(node)]
        assert {a.status for a in answers} == {200}, answers
    settle(cluster)


def test_a_stopped_cluster_is_closed(cluster):
    settle(cluster)
    first, node = cluster.primary(), cluster.standbys()[0]
    node.stop_cluster()
    wait_status(cluster, node, "/replica", 503)
    assert status(cluster, node, "/liveness") == 200
    wait_until("the others to know", lambda: node.name not in ask(
        cluster, address(first), "/v1/standbys")[2], 20)
    assert ask(cluster, address(first), f"/v1/{node.name}/status")[0] == 422
    node.start_cluster()
    settle(cluster)


# Runs in the client's namespace: half requests, slow readers, headers without an end.
ABUSE = """
import resource, socket, sys, time
resource.setrlimit(resource.RLIMIT_NOFILE, (4096, 4096))
host, held = sys.argv[1], []
for i in range(2000):
    try:
        door = socket.create_connection((host, 8008), 5)
        door.settimeout(0.2)
        door.sendall((b"GET /pri", b"GET /metrics HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n" * 50,
                      b"GET / HTTP/1.1\\r\\nX: " + b"x" * 60000, b"")[i % 4])
        held.append(door)
    except OSError:
        pass
print(len(held), flush=True)
time.sleep(float(sys.argv[2]))
"""


def memory_mb(node):
    """Of the process that answers."""
    return max((int(facts["VmRSS"].split()[0]) // 1024 for facts in facts_of(node)
                if facts["Uid"].split()[0] != "0" and "VmRSS" in facts), default=0)


def test_two_thousand_bad_callers_change_nothing(cluster):
    settle(cluster)
    node = cluster.primary()
    host = address(node)
    bad = subprocess.Popen(client(cluster) + ["/usr/bin/python3", "-c", ABUSE, host, "8"],
                           stdout=subprocess.PIPE, text=True)
    try:
        while bad.poll() is None:
            inside = node.run("curl", "-s", "-m", "5", "-o", "/dev/null", "-w", "%{http_code}",
                              "http://127.0.0.1:8008/primary", check=False).stdout
            assert inside == "200"
            assert memory_mb(node) < MEMORY_MB
        assert int(bad.stdout.read()) > 1000
    finally:
        bad.kill()
        bad.wait(20)
    wait_status(cluster, node, "/primary", 200)


def program(config):
    return next(Path(config.getoption("--ocf-dir")).rglob("lib/pgward/serve"))


@contextmanager
def router(cluster, config, lines=""):
    """On the client's host, which is no node."""
    path = cluster.lab.root / "config.yaml"
    hosts = "".join(f"  {node.name}: {{host: {address(node)}, user: postgres, dbname: postgres}}\n"
                    for node in cluster.lab.nodes)
    path.write_text(f"hosts:\n{hosts}groups:\n  PostgresReadWrite: [node1, node2, node3]\n{lines}")
    path.chmod(0o644)
    with open(cluster.lab.root / "router.log", "ab") as log:
        running = subprocess.Popen(client(cluster) + [str(program(config)), "-c", str(path), "-u",
                                                      "nobody"],
                                   stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    try:
        wait_until("the router to answer", lambda: routed(cluster, "/v1/standbys")[0] == 200, 20)
        yield
    finally:
        running.send_signal(signal.SIGTERM)
        assert running.wait(20) == 0


def routed(cluster, path):
    return ask(cluster, "127.0.0.1", path, 8080)[::2]


def test_a_router_says_who_leads(cluster, request):
    found = settle(cluster)
    with router(cluster, request.config):
        wait_until("it to have seen all", lambda: routed(
            cluster, "/v1/primary?group=PostgresReadWrite") == (200, f'"{found.primary}"')
            and routed(cluster, "/v1/standbys")[1].count("node") == 2, 20)
        standby = cluster.standbys()[0].name
        assert routed(cluster, f"/v1/{standby}/status") == (200, '"standby"')
        assert routed(cluster, f"/v1/{standby}/availability?limit=600") == (200, '"ok"')
        assert routed(cluster, "/v1/primary?group=none") == (404, '""')
        assert routed(cluster, "/primary")[0] == 404


def test_haproxy_asks_as_it_asked_patroni_and_pgroute66(cluster, request):
    settle(cluster)

    def follows(up):
        first, others = cluster.primary().name, sorted(n.name for n in cluster.standbys())
        wait_until(f"HAProxy to have {first} for writes and {others} for reads", lambda: up() == {
            "primary": [first], "replicas": others, "PostgresReadWrite-backend": [first]},
            30, 0.2, f"read {cluster.lab.root}/haproxy.log")

    with router(cluster, request.config), haproxy_of_movers(cluster.lab, client(cluster)) as up:
        follows(up)
        old = cluster.primary()
        cluster.move()
        cluster.new_primary(old.name)
        settle(cluster)
        follows(up)


def test_a_router_follows_a_failover_past_a_dead_host(cluster, request):
    settle(cluster)
    old = cluster.primary()
    with router(cluster, request.config):
        wait_until("it to have seen the primary",
                   lambda: routed(cluster, "/v1/primary") == (200, f'"{old.name}"'), 20)
        old.kill()
        wait_until("it to have forgotten it",
                   lambda: routed(cluster, f"/v1/{old.name}/status")[0] == 422, OLD + SLACK)
        new = cluster.wait("another to lead", lambda s: s.primary and s.primary != old.name)
        wait_until("the router to know",
                   lambda: routed(cluster, "/v1/primary") == (200, f'"{new.primary}"'), 20)
        began = time.monotonic()
        for _ in range(20):
            assert routed(cluster, "/v1/primary")[0] == 200
        assert time.monotonic() - began < 20, "a dead host holds up nobody"
    old.boot()
    cluster.put_back(old)
    start(old, cluster.unit)
    settle(cluster)
