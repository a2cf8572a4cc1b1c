# SPDX-License-Identifier: GPL-2.0-or-later
"""A rejoin that is interrupted goes on, whatever it was interrupted at (P9)."""

import os
import re
import signal
import time
from pathlib import Path

import pytest

from conftest import open_lab
from labkit.lab import net
from labkit.lab.postgres import DATA, TMP, bindir
from labkit.lab.resources import Wanted
from labkit.lab.shell import send, start_time, wait_until

pytestmark = [pytest.mark.steps, pytest.mark.long]

WORKER = r"/pgsql rejoin $"
ROWS = 400_000          # of 500 bytes: what a rewind copies of WAL lasts a while
TRIES = 4
OWN = "# of this node alone"


@pytest.fixture(scope="module")
def cluster(request, agent):
    with open_lab(request.config, 3) as made:
        made.set_up(Wanted(agent=agent, options=["rejoin=rewind", "rejoin_attempts=100"]))
        made.settle()
        made.primary().sql("CREATE TABLE big AS SELECT i, repeat(md5(i::text), 15) AS words "
                           f"FROM generate_series(1, {ROWS}) i", timeout=300)
        for node in made.lab.nodes:
            with open(node.dir / "pg/data/postgresql.conf", "a", encoding="ascii") as conf:
                conf.write(f"{OWN}: {node.name}\n")
        yield made


# -- what a rejoin is at ----------------------------------------------------


def phase(node):
    """The marker's word, or '' without one."""
    try:
        lines = (node.dir / "pg/tmp/PGWARD.rejoin").read_text().splitlines()
    except OSError:
        return ""
    return next((line[6:] for line in lines if line.startswith("phase ")), "")


def command_lines(pids):
    found = []
    for pid in pids:
        try:
            found.append(Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode())
        except OSError:
            continue
    return found


def session(node):
    """The worker and all that it runs, by the machine's pids."""
    leaders = node.find(WORKER)
    members = []
    for pid in node.find() if leaders else []:
        try:
            if os.getsid(pid) in leaders:
                members.append(pid)
        except ProcessLookupError:
            continue
    return members


def runs(pids, *words):
    return any("/pg_rewind " in line and all(word in line for word in words)
               for line in command_lines(pids))


def copies(pids):
    """pg_rewind has begun to copy: it holds a file of the target open for writing."""
    for pid in pids:
        try:
            if "/pg_rewind " not in command_lines([pid])[0]:
                continue
            for fd in Path(f"/proc/{pid}/fd").iterdir():
                if os.readlink(fd).startswith(f"{DATA}/pg_wal/0"):
                    flags = Path(f"/proc/{pid}/fdinfo/{fd.name}").read_text().split()[3]
                    if int(flags, 8) & os.O_WRONLY:
                        return True
        except (OSError, IndexError):
            continue
    return False


STEPS = {
    "begun": lambda node, pids: phase(node) == "begun",
    "keeping": lambda node, pids: phase(node) == "begun"
    and any((node.dir / "pg").glob("data.pgward-diverged-*.part")),
    "kept": lambda node, pids: phase(node) == "kept",
    "checking": lambda node, pids: phase(node) == "kept" and runs(pids, "--dry-run"),
    "torn": lambda node, pids: phase(node) == "torn",
    "copying": lambda node, pids: phase(node) == "torn" and copies(pids),
    "whole": lambda node, pids: phase(node) == "whole",
    "follows": lambda node, pids: phase(node) == "follows",
}


def stop_at(node, step, begun=False, timeout=120):
    """Hold the worker's session where it is at a step; its processes, or [] if it is past it."""
    end = time.monotonic() + timeout
    while time.monotonic() < end:
        begun = begun or phase(node) != ""
        if begun and not phase(node):
            return []
        pids = session(node) if phase(node) else []
        if pids and STEPS[step](node, pids):
            for pid in pids:
                send(signal.SIGSTOP, pid)
            pids = session(node)
            for pid in pids:
                send(signal.SIGSTOP, pid)
            if STEPS[step](node, pids):
                return pids
            for pid in pids:
                send(signal.SIGCONT, pid)
        time.sleep(0.002)
    raise AssertionError(f"{node.name} was never at '{step}', it is at '{phase(node)}'")


def kill(pids):
    for pid in pids:
        send(signal.SIGKILL, pid)


# -- how it begins and ends -------------------------------------------------


def part(cluster):
    """A primary crashes with WAL that reached nobody; its node."""
    old = cluster.primary()
    others = cluster.standbys()
    for node in others:
        net.cut(cluster.lab.name, node.index, 2, "both")
    old.sql("SELECT pg_logical_emit_message(false, 'tail', repeat('x', 20000000)); CHECKPOINT",
            timeout=60)
    old.kill_postgres()
    cluster.wait("another to be promoted",
                 lambda s: any(s.attribute(n.name, "status") == "PRI" for n in others), 90)
    for node in others:
        net.heal(cluster.lab.name, node.index, 2)
    return old


def streams(node):
    return lambda s: s.attribute(node.name, "status") in ("HS:sync", "HS:potential", "HS:async")


def is_back(cluster, old, timeout=180):
    """Without a hand: it streams, and has what the primary has and its own files."""
    cluster.wait(f"{old.name} to stream", streams(old), timeout)
    assert phase(old) == ""
    cluster.cleanup()
    cluster.settle()
    query = "SELECT count(*), sum(hashtext(big::text)) FROM big"
    assert old.sql(query, timeout=120) == cluster.primary().sql(query, timeout=120)
    lines = (old.dir / "pg/data/postgresql.conf").read_text().splitlines()
    assert [line for line in lines if line.startswith(OWN)] == [f"{OWN}: {old.name}"]
    assert not (old.dir / "pg/tmp/rejoin-own").exists()


def test_worker_killed_at_every_step_is_followed_by_one_that_goes_on(cluster):
    """All in one rejoin: each worker goes one step further and is killed there."""
    cluster.settle()
    killed = []
    with cluster.ledger() as client:
        client.wait_for_commits(time.time())
        old = part(cluster)
        for step in STEPS:
            pids = stop_at(old, step, begun=step != "begun")
            if pids:
                kill(pids)
                killed.append(step)
                wait_until(f"the worker at '{step}' to be gone",
                           lambda found=pids: not any(start_time(pid) for pid in found), 20)
        is_back(cluster, old)
        client.wait_for_commits(time.time())
    assert client.lost() == []
    missed = set(STEPS) - set(killed)
    assert not missed & {"keeping", "checking", "copying", "follows"}, (missed, killed)
    assert "is run again" in old.syslog()


def test_what_somebody_writes_between_two_workers_is_kept_too(cluster):
    cluster.settle()
    with cluster.ledger() as client:
        client.wait_for_commits(time.time())
        old = part(cluster)
        assert stop_at(old, "checking")
        cluster.pcs("node", "standby", old.name)
        wait_until("the worker to be ended", lambda: not old.find(WORKER), 90)
        assert phase(old) == "kept"
        old.run("rm", f"{DATA}/standby.signal")
        old.run(f"{bindir()}/pg_ctl", "-D", DATA, "-w", "-l", "/tmp/by-hand.log", "start",
                user="postgres", timeout=90)
        old.sql("SELECT pg_logical_emit_message(false, 'tail', 'written by hand')")
        old.run(f"{bindir()}/pg_ctl", "-D", DATA, "-w", "-m", "fast", "stop", user="postgres",
                timeout=90)
        cluster.pcs("node", "unstandby", old.name)
        is_back(cluster, old)
        client.wait_for_commits(time.time())
    assert client.lost() == []
    kept = old.out("sh", "-c", f"grep -l 'written by hand' {DATA}.pgward-diverged-*/0*")
    assert len(kept.splitlines()) == 1, kept


def test_power_cut_in_the_copy_nothing_starts_what_is_half_way(cluster):
    cluster.settle()
    with cluster.ledger() as client:
        client.wait_for_commits(time.time())
        old = part(cluster)
        assert stop_at(old, "copying")
        old.kill()
        old.boot(start_cluster=False)
        done = old.run(f"{bindir()}/pg_ctl", "-D", DATA, "-w", "-t", "20", "-l", "/tmp/by-hand.log",
                       "start", user="postgres", check=False, timeout=40)
        said = old.out("cat", "/tmp/by-hand.log")
        # pg_rewind may have emptied postgresql.conf: then pgdata's mode alone is in the way
        assert done.returncode != 0, said
        assert re.search("PGWARD.rejoin: half-way|has invalid permissions", said), said
        assert "redo" not in said and "checkpoint" not in said, said
        assert phase(old) == "torn"
        before = len(old.syslog())
        old.start_cluster()
        is_back(cluster, old)
        said = old.syslog()[before:]
        assert re.search(r"Result of probe operation for pgsql on \S+: not running", said)
        client.wait_for_commits(time.time())
    assert client.lost() == []


def test_stop_in_a_phase_ends_all_of_the_worker_and_the_next_start_goes_on(cluster):
    """Frozen, too: whoever stops the instance proves it gone (P4)."""
    cluster.settle()
    with cluster.ledger() as client:
        client.wait_for_commits(time.time())
        old = part(cluster)
        for step in ("keeping", "checking", "copying", "follows"):
            pids = stop_at(old, step)
            assert pids, step
            cluster.pcs("node", "standby", old.name)
            cluster.wait(f"{old.name} to be stopped at '{step}'",
                         lambda s: not any(start_time(pid) for pid in pids)
                         and not old.find(r"pgsql rejoin|pg_rewind|bin/postgres"), 90)
            assert phase(old)
            cluster.pcs("node", "unstandby", old.name)
        is_back(cluster, old)
        client.wait_for_commits(time.time())
    assert client.lost() == []


def test_manual_in_the_middle_ends_the_worker_and_rewind_goes_on(cluster):
    cluster.settle()
    old = part(cluster)
    pids = stop_at(old, "copying")
    assert pids
    cluster.pcs("resource", "update", "pgsql", "rejoin=manual")
    wait_until("the worker to be ended",
               lambda: not any(start_time(pid) for pid in pids) and not old.find(WORKER), 60)
    assert phase(old) == "torn"
    cluster.pcs("resource", "update", "pgsql", "rejoin=rewind")
    cluster.cleanup()
    is_back(cluster, old)


def test_primary_changes_in_the_copy(cluster):
    """What is half copied from one goes on from the other, to which it does not fit."""
    cluster.settle()
    with cluster.ledger() as client:
        client.wait_for_commits(time.time())
        old = part(cluster)
        pids = stop_at(old, "copying")
        assert pids
        second = cluster.primary()
        second.sql("CREATE TABLE IF NOT EXISTS other AS SELECT generate_series(1, 1000) AS i")
        second.kill_postgres()
        cluster.wait("the third to be promoted",
                     lambda s: s.primary not in (None, old.name, second.name), 90)
        for pid in pids:
            send(signal.SIGCONT, pid)
        is_back(cluster, old)
        client.wait_for_commits(time.time())
    assert client.lost() == []


def test_power_of_the_source_is_cut_in_the_copy(cluster):
    """Nobody closes the connection: the worker notices, and goes on from the next primary."""
    cluster.settle()
    with cluster.ledger() as client:
        client.wait_for_commits(time.time())
        old = part(cluster)
        pids = stop_at(old, "copying")
        assert pids
        second = cluster.primary()
        second.kill()
        for pid in pids:
            send(signal.SIGCONT, pid)
        cluster.wait("the third to be promoted",
                     lambda s: s.primary not in (None, old.name, second.name), 120)
        cluster.wait(f"{old.name} to stream", streams(old), 180)
        cluster.wait(f"{second.name} to be fenced", lambda s: second.name not in s.online, 60)
        if not second.alive():
            second.boot()
        is_back(cluster, old)
        client.wait_for_commits(time.time())
    assert client.lost() == []
