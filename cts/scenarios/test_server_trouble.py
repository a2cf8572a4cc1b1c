# SPDX-License-Identifier: GPL-2.0-or-later
"""Disks, files, users, load and time: what happens to a server rather than to its node."""

import signal
import subprocess
import threading
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

from labkit.faults import CLOCK, Crowd, fill_disk
from labkit.lab import net
from labkit.lab.errors import LabError
from labkit.lab.node import POSTGRES, POSTMASTER
from labkit.lab.postgres import DATA, TMP, WAL_DISK
from labkit.lab.resources import VIP_MASTER
from labkit.lab.shell import wait_until

LOGS = "/var/log/postgresql"
CONF = f"{DATA}/postgresql.conf"
STARTUP = r"^postgres: startup"
FILL = "fill"
MONITORS = 6.0      # seconds in which every monitor has run twice


class Small:
    """A small file system laid over a folder of a node, with what the folder holds."""

    def __init__(self, node, path: str, size: str = "2m") -> None:
        self.node, self.path = node, path
        self.under = f"/run/under{path.replace('/', '-')}"
        node.run("sh", "-ec", f"mkdir -p {self.under}; mount --bind {path} {self.under}; "
                 f"mount -t tmpfs -o size={size},mode=$(stat -c %a {self.under}) tmpfs {path}; "
                 f"chown --reference={self.under} {path}; "
                 f"find {self.under} -mindepth 1 -maxdepth 1 -size -64k -exec cp -a -t {path} {{}} +")

    def fill(self) -> None:
        fill_disk(self.node, f"{self.path}/{FILL}")

    def free(self) -> None:
        self.node.run("rm", "-f", f"{self.path}/{FILL}")

    def take_away(self) -> None:
        """What was written since stays."""
        self.node.run("sh", "-ec", f"rm -f {self.path}/{FILL}; cp -a {self.path}/. {self.under}; "
                      f"cd {self.under}; for f in *; do [ -e {self.path}/$f ] || rm -f ./$f; done; "
                      f"cd /; umount -l {self.path}; umount {self.under}")


@contextmanager
def small(node, path: str):
    made = Small(node, path)
    try:
        yield made
    finally:
        if node.alive():
            made.take_away()


def unmoved(rig, load, node, before: str) -> None:
    """Clients are served, and nobody has touched the server."""
    load.commits()
    assert rig.cluster.postmaster(node) == before, "the server was restarted"
    assert not rig.view().fail_counts, rig.view().describe()


def administer(rig, *words: str) -> None:
    rig.lab.any_node().run(*words, timeout=90)


def stopped_by_standby(rig, node) -> None:
    """P4: the cluster is told to stop the server, and no process of it is left."""
    administer(rig, "pcs", "node", "standby", node.name)
    rig.wait(f"the server on {node.name} to be stopped",
             lambda s: s.primary and node.name not in s.promoted + s.unpromoted, 90)
    assert not node.find(POSTGRES), "the cluster takes a server for stopped that runs"


def failed_start(rig, node) -> str:
    """Out of standby; the exit reason of the start that cannot work."""
    administer(rig, "pcs", "node", "unstandby", node.name)
    found = rig.wait(f"the start on {node.name} to fail", lambda s: any(
        r.startswith("pgsql_start") for r in s.reasons.get(node.name, [])), 90)
    return " ".join(found.reasons[node.name])


# -- disks ---------------------------------------------------------------------

@pytest.mark.worst
@pytest.mark.place(wal_mb=1600)
def test_disk_full_on_pg_wal_of_the_primary(rig):
    """The server gives up when it has no room for the next segment; a standby leads on."""
    old = rig.primary()
    rig.eligible()
    fill = f"{WAL_DISK}/{FILL}"
    with rig.trial() as load:
        fill_disk(old, fill)
        try:
            wait_until("the server to run out of WAL", lambda: "ok" not in old.sql(
                "select 'ok', pg_switch_wal()", check=False), 60, 0.05)
            rig.new_primary(old.name)
            load.commits()
        finally:
            old.run("rm", "-f", fill)


@pytest.mark.place(wal_mb=1600)
def test_disk_full_on_pg_wal_of_the_standby_that_commits_wait_for(rig):
    """It can confirm nothing more: the other one takes its place, or it comes back by itself."""
    standby, first = rig.eligible(), rig.primary()
    before = rig.cluster.postmaster(first)
    fill = f"{WAL_DISK}/{FILL}"
    with rig.trial() as load:
        fill_disk(standby, fill)
        try:
            for _ in range(20):         # less than wal_keep_size: it finds them again
                first.sql("select pg_switch_wal()", check=False)
                time.sleep(0.1)
            load.commits()
            rig.wait(f"{standby.name} to say so", lambda s: "make room on the disk of pg_wal" in (
                s.attribute(standby.name, "why") or ""), 60)
            assert rig.view().primary == first.name
            assert rig.cluster.postmaster(first) == before
        finally:
            standby.run("rm", "-f", fill)


@pytest.mark.worst
@pytest.mark.place(wal_mb=1600)
@pytest.mark.parametrize("role", ["primary", "standby"])
def test_disk_of_pg_wal_hangs(rig, role):
    """P6: slow is not dead, so nobody is failed for it; what commits wait for is said."""
    first, ranked = rig.primary(), rig.eligible()
    node = first if role == "primary" else ranked
    before = rig.cluster.postmaster(node)
    with rig.trial() as load:
        node.run("fsfreeze", "-f", WAL_DISK)
        try:
            if role == "primary":
                rig.wait(f"{node.name} to say so", lambda s: "look at the storage of pg_wal" in (
                    s.attribute(node.name, "why") or ""), 40)
            else:
                load.commits()      # the other standby is waited for instead
                time.sleep(MONITORS)
        finally:
            node.run("fsfreeze", "-u", WAL_DISK)
        unmoved(rig, load, node, before)
        assert rig.view().primary == first.name


def test_disk_full_on_tmpdir(rig):
    """The server does not need it; who has to write the record there waits for room."""
    first = rig.primary()
    before = rig.cluster.postmaster(first)
    with small(first, TMP) as disk:
        with rig.trial() as load:
            disk.fill()
            time.sleep(MONITORS)
            unmoved(rig, load, first, before)
            rig.eligible().kill_postgres()
            time.sleep(MONITORS)
            assert rig.view().primary == first.name
            assert rig.cluster.postmaster(first) == before
            disk.free()
            load.commits()


@pytest.mark.parametrize("role", ["primary", "standby"])
def test_disk_full_on_the_log(rig, role):
    """A server that cannot write its log still starts and serves."""
    first = rig.primary()
    node = first if role == "primary" else rig.eligible()
    with small(node, LOGS) as disk:
        with rig.trial() as load:
            disk.fill()
            moment = node.kill_postgres()
            if role == "primary":
                rig.new_primary(first.name)
            else:
                rig.wait(f"{node.name} to stream again", lambda s: (
                    s.attribute(node.name, "data-status") or "").startswith("STREAMING|")
                    and node.find(POSTMASTER) and not rig.wrong(s))
            load.commits(moment)


# -- files and users -----------------------------------------------------------

def test_pgdata_unreadable(rig):
    """The server fails at what it opens next; where it leads nobody is left without service."""
    old = rig.primary()
    rig.eligible()
    with rig.trial() as load:
        old.run("chmod", "000", DATA)
        try:
            rig.new_primary(old.name)
            load.commits()
        finally:
            old.run("chmod", "700", DATA)


def test_pgdata_hidden_under_another_mount(rig):
    """P4: the running server holds its folder open and works; monitor and stop must not lose it."""
    first = rig.primary()
    rig.eligible()
    before = rig.cluster.postmaster(first)
    with rig.trial() as load:
        first.run("mount", "-t", "tmpfs", "-o", "mode=700", "tmpfs", DATA)
        try:
            time.sleep(MONITORS)
            unmoved(rig, load, first, before)
            stopped_by_standby(rig, first)
            load.commits()
        finally:
            first.run("umount", "-l", DATA)
            administer(rig, "pcs", "node", "unstandby", first.name)


def test_typo_in_postgresql_conf(rig):
    """P5: monitor and stop tell the truth; the start names the line."""
    first = rig.primary()
    rig.eligible()
    before = rig.cluster.postmaster(first)
    with rig.trial() as load:
        first.run("sh", "-c", f"cp -p {CONF} /run/conf; echo 'max_conections = 10' >> {CONF}")
        try:
            time.sleep(MONITORS)
            unmoved(rig, load, first, before)
            stopped_by_standby(rig, first)
            load.commits()
            assert "max_conections" in failed_start(rig, first)
        finally:
            first.run("sh", "-c", f"sed -i /max_conections/d {CONF}; chown postgres: {CONF}")
            administer(rig, "pcs", "node", "unstandby", first.name)
            administer(rig, "pcs", "resource", "cleanup", "pgsql")


@pytest.mark.worst
def test_user_look_up_fails(rig):
    """P5: the shell agent says 'stopped' of a server that runs; then two of them do."""
    first = rig.primary()
    rig.eligible()
    before = rig.cluster.postmaster(first)
    with rig.trial() as load:
        first.run("sh", "-ec", "grep -v ^postgres: /etc/passwd >/run/passwd; "
                  "mount --bind /run/passwd /etc/passwd")
        try:
            assert first.run("id", "postgres", check=False).returncode != 0
            time.sleep(MONITORS)
            unmoved(rig, load, first, before)
            stopped_by_standby(rig, first)
            load.commits()
            assert "postgres" in failed_start(rig, first)
        finally:
            first.run("umount", "/etc/passwd")
            administer(rig, "pcs", "node", "unstandby", first.name)
            administer(rig, "pcs", "resource", "cleanup", "pgsql")


def test_monitor_role_without_pg_monitor(rig):
    """pg_stat_replication is empty for it: that is not known, which is not that nobody streams."""
    rig.primary().sql("drop role if exists watcher")
    rig.primary().sql("create role watcher login")
    rig.eligible()
    with rig.trial() as load:
        try:
            administer(rig, "pcs", "resource", "update", "pgsql", "monitor_user=watcher",
                       "monitor_password=seen")
            rig.wait("a primary again", rig.leads)
            time.sleep(MONITORS)
            assert "pg_monitor" in rig.primary().syslog()
            rig.primary().sql("grant pg_monitor to watcher")
            load.commits()
            rig.whole(hands=False)
        finally:
            administer(rig, "pcs", "resource", "update", "pgsql", "monitor_user=",
                       "monitor_password=")


# -- load and time -------------------------------------------------------------

@pytest.mark.parametrize("role", ["primary", "standby"])
def test_connections_exhausted(rig, role):
    """P6: slow is not dead. Also the connections that are kept for superusers are taken."""
    node = rig.primary() if role == "primary" else rig.eligible()
    before = rig.cluster.postmaster(node)
    with rig.trial() as load:
        crowd = Crowd(rig.lab.name,
                      VIP_MASTER if role == "primary" else f"192.168.0.{node.index}")
        try:
            assert "too many clients" in crowd.words, crowd.words
            time.sleep(2 * MONITORS)
            unmoved(rig, load, node, before)
        finally:
            crowd.leave()


class Slow:
    """Processes of a node that may run for a moment only, now and then."""

    def __init__(self, node, pattern: str, rest: float, run: float) -> None:
        self.node, self.pattern, self.rest, self.run = node, pattern, rest, run
        self.over = threading.Event()
        self.seen = 0
        self.thread = threading.Thread(target=self.work, daemon=True)

    def __enter__(self) -> "Slow":
        self.thread.start()
        return self

    def work(self) -> None:
        while not self.over.is_set() and self.node.alive():
            try:
                self.seen += bool(self.node.signal(signal.SIGSTOP, self.pattern))
                self.over.wait(self.rest if self.seen else 0.01)
                self.node.signal(signal.SIGCONT, self.pattern)
                self.over.wait(self.run)
            except (LabError, OSError):
                return      # the node was switched off

    def __exit__(self, *_unused) -> None:
        self.over.set()
        self.thread.join(30)
        if self.node.alive():
            self.node.signal(signal.SIGCONT)


def test_every_query_takes_seconds(rig):
    """P6: a load spike fails no healthy server, where the monitor's timeout leaves room."""
    first = rig.primary()
    before = rig.cluster.postmaster(first)
    with rig.trial() as load:
        with Slow(first, POSTGRES, 2.5, 0.3) as slow:
            time.sleep(30)
        assert slow.seen > 5
        unmoved(rig, load, first, before)


@pytest.mark.parametrize("everywhere", [False, True], ids=["standby", "every server"])
def test_long_crash_recovery_at_start(rig, everywhere):
    """P6: longer than a start may last. The server is not killed again for it, the node stays."""
    rig.eligible()
    nodes = rig.lab.nodes if everywhere else [rig.eligible()]
    with rig.trial(240) as load:
        rig.primary().sql("create table if not exists much (t text); "
                          "insert into much select repeat('x', 200) from generate_series(1, 99999)")
        for node in nodes:
            node.signal(signal.SIGKILL, POSTGRES)
        slow = [Slow(node, STARTUP, 2.0, 0.02) for node in nodes]
        try:
            for one in slow:
                one.__enter__()
            time.sleep(75)
            assert max(one.seen for one in slow) > 20, "recovery was over too soon"
            assert everywhere or nodes[0].find(POSTMASTER), "a recovering server was stopped"
        finally:
            for one in slow:
                one.__exit__()
        load.commits()
        assert all(node.name in rig.view().online for node in rig.lab.nodes)


class Session:
    """A client that does something and then holds its transaction open."""

    def __init__(self, rig, host: str, words: str) -> None:
        # pylint: disable=consider-using-with
        self.process = subprocess.Popen(
            ["ip", "netns", "exec", net.namespace(rig.lab.name, "client"), "psql", "-XAtq",
             "-h", host, "-U", "postgres", "-d", "postgres"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        assert self.process.stdin and self.process.stdout
        self.process.stdin.write(words + "\n\\echo begun\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        while line and line.strip() != "begun":
            line = self.process.stdout.readline()

    def end(self) -> None:
        self.process.kill()
        self.process.wait(10)


def test_long_transaction_at_switchover(rig):
    """P7: it is ended by the shutdown; the switchover does not wait for it."""
    old = rig.primary()
    rig.eligible()
    old.sql("create table if not exists held (n int)")
    with rig.trial() as load:
        session = Session(rig, VIP_MASTER, "begin; insert into held select generate_series(1, 99);")
        try:
            moment = time.time()
            administer(rig, "crm_resource", "--ban", "-r", "msPostgresql", "-N", old.name,
                       "--master")
            rig.new_primary(old.name)
            load.commits(moment)
        finally:
            session.end()
    assert rig.last.gap < 10
    assert not rig.last.steps
    assert rig.primary().sql("select count(*) from held") == "0"


def test_long_query_on_the_standby_that_is_promoted(rig):
    """Replay waits for it (max_standby_streaming_delay = -1); the promotion cannot wait for ever."""
    old, chosen = rig.primary(), rig.eligible()
    old.sql("create table if not exists wanted as select 1")
    rig.wait("the table to arrive", lambda _s: chosen.sql(
        "select count(*) from pg_class where relname = 'wanted'", check=False) == "1")
    with rig.trial() as load:
        session = Session(rig, f"192.168.0.{chosen.index}", "begin; select * from wanted;")
        try:
            old.sql("drop table wanted")
            load.commits()
            moment = time.time()
            old.kill_postgres()
            rig.new_primary(old.name)
            load.commits(moment)
        finally:
            session.end()
    assert rig.last.gap < 20


def test_clock_stepped_by_an_hour():
    """Nothing here may be decided by the wall clock; it cannot be stepped for one node alone."""
    clocks = Path("/proc/self/timens_offsets").read_text(encoding="ascii").split()[::2]
    pytest.skip(f"{CLOCK} (this kernel offers: {' '.join(clocks)})")
