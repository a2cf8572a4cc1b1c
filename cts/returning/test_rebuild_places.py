# SPDX-License-Identifier: GPL-2.0-or-later
"""A new copy takes the data's place wherever that lies: on mount points, with tablespaces (P9)."""

import signal
import time

import pytest

from conftest import open_lab
from labkit.lab.postgres import DATA, WAL_DISK, bindir
from labkit.lab.resources import Wanted
from labkit.lab.shell import send, start_time, wait_until
from returning.parted import leave, part, part_and_return, streams

pytestmark = pytest.mark.steps

# without hints and checksums nothing can be rewound
SETTINGS = """
wal_log_hints = off
"""
INSIDE = "pgward/pgsql_tmp.pgward-old-"


class Place:
    """Where the server's folders are, and where what they held is kept."""

    def __init__(self, name, space, wal, **lab):
        self.name = name
        self.space = space
        self.wal = wal
        self.lab = lab

    def kept(self, path, number):
        return f"{path}/{INSIDE}{number}" if self.name == "inside" \
            else f"{path}.pgward-old-{number}"


PLACES = [
    Place("inside", "/srv/space", WAL_DISK, mounts=[DATA, WAL_DISK, "/srv/space"]),
    Place("beside", "/srv/pg/space", f"{WAL_DISK}/pg_wal", wal_mb=1600),
]


@pytest.fixture(scope="module", params=PLACES, ids=lambda place: place.name)
def placed(request, agent):
    place = request.param
    with open_lab(request.config, 2, **place.lab) as made:
        made.set_up(Wanted(agent=agent, options=["rejoin=rebuild"]), SETTINGS)
        made.settle()
        for node in made.lab.running():
            node.run("mkdir", "-p", place.space, user="postgres")
        first = made.primary()
        first.sql(f"CREATE TABLESPACE space LOCATION '{place.space}'")
        first.sql("CREATE TABLE big TABLESPACE space AS SELECT i, repeat(md5(i::text), 15) AS words "
                  "FROM generate_series(1, 40000) i", timeout=60)
        yield made, place


def links(node):
    found = node.out("find", f"{DATA}/pg_wal", f"{DATA}/pg_tblspc", "-type", "l", "-printf", "%l\\n")
    return sorted(found.splitlines())


def left(node):
    """What a copy may leave behind nowhere."""
    return node.out("sh", "-c", "find /srv -name '*pgward-new-*' -o -name '*pgward-old-*.part'")


def is_whole(cluster, place, node, number):
    """All of it is where it was, and all that it held is kept."""
    assert links(node) == sorted([place.space, place.wal]), links(node)
    assert left(node) == ""
    old = place.kept(DATA, number)
    assert node.out("cat", f"{old}/PG_VERSION") == bindir().parent.name
    assert node.out("readlink", f"{old}/pg_wal") == place.kept(place.wal, number)
    space = node.out("sh", "-c", f"readlink {old}/pg_tblspc/*")
    assert space == place.kept(place.space, number)
    assert node.out("sh", "-c", f"ls {space}").startswith("PG_")
    query = "SELECT count(*), sum(hashtext(big::text)) FROM big"
    assert node.sql(query, timeout=60) == cluster.primary().sql(query, timeout=60)


def numbers(node, place):
    found = node.out("sh", "-c", f"ls -d {place.kept(DATA, '')}* 2>/dev/null || true")
    return [int(path.rpartition("-")[2]) for path in found.split()]


def test_it_is_made_anew_where_it_lies(placed):
    cluster, place = placed
    cluster.settle()
    old = part_and_return(cluster, 120)
    assert numbers(old, place) == [1]
    is_whole(cluster, place, old, 1)
    leave(cluster)


def test_it_is_copied_without_what_the_other_keeps(placed):
    """The one that was made anew leads, and the other is made anew from it."""
    cluster, place = placed
    cluster.settle()
    source = cluster.standbys()[0]
    old = part_and_return(cluster, 120)
    assert cluster.primary().name == source.name != old.name
    assert numbers(old, place) == [1]
    is_whole(cluster, place, old, 1)
    leave(cluster)


# --- torn -------------------------------------------------------------------------

WORKER = r"/pgsql rejoin $"
MANY = 30_000       # entries of PGDATA, so that it is seen on the way


def stop_in_swap(node, name):
    """Hold the worker while its old data goes out (`.part`), or the copy comes in; its pids."""
    data = node.dir / "mount-srv-pg-data"
    end = time.monotonic() + 120
    while time.monotonic() < end:
        if not (data / "global").exists() and any((data / "pgward").glob(name)):
            pids = node.find(WORKER)
            for pid in pids:
                send(signal.SIGSTOP, pid)
            if pids and not (data / "global").exists() and any((data / "pgward").glob(name)):
                return pids
            for pid in pids:
                send(signal.SIGCONT, pid)
        time.sleep(0.002)
    raise AssertionError(f"{node.name} was never seen with '{name}' and without pg_control")


def starts_nothing(node):
    done = node.run(f"{bindir()}/pg_ctl", "-D", DATA, "-w", "-t", "10", "-l", "/tmp/by-hand.log",
                    "start", user="postgres", check=False, timeout=40)
    assert done.returncode != 0
    assert "has invalid permissions" in node.out("cat", "/tmp/by-hand.log")


@pytest.mark.long
@pytest.mark.parametrize("placed", PLACES[:1], indirect=True, ids=["inside"])
def test_torn_in_the_swap_it_goes_on_and_nothing_starts_in_between(placed):
    cluster, place = placed
    cluster.settle()
    for node in cluster.lab.running():
        node.run("sh", "-c", f"cd {DATA} && seq -f many-%g {MANY} | xargs touch", user="postgres")
    with cluster.ledger() as client:
        client.wait_for_commits(time.time())
        old, moment = part(cluster)
        pids = stop_in_swap(old, "pgsql_tmp.pgward-old-*.part")
        starts_nothing(old)
        for pid in pids:
            send(signal.SIGKILL, pid)
        wait_until("the worker to be gone", lambda: not any(map(start_time, pids)), 20)
        stop_in_swap(old, "pgsql_tmp.pgward-new-*")
        old.kill()
        old.boot(start_cluster=False)
        starts_nothing(old)
        old.start_cluster()
        client.wait_for_commits(moment)
        cluster.wait(f"{old.name} to be the synchronous standby", streams(old), 180)
    assert client.lost() == []
    last = numbers(old, place)[-1]
    is_whole(cluster, place, old, last)
    for folder in (DATA, place.kept(DATA, last)):
        assert old.out("sh", "-c", f"ls {folder} | grep -c ^many-") == str(MANY)
    leave(cluster)
