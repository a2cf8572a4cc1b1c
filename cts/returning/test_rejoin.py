# SPDX-License-Identifier: GPL-2.0-or-later
"""What failed comes back by itself, and what it had that nobody else has is kept (P9)."""

import re
import signal
import time

import pytest

from conftest import open_lab
from labkit.lab.postgres import bindir
from labkit.lab.resources import Wanted
from labkit.lab.shell import wait_until
from returning.parted import kept, leave, part, part_and_return, streams
from roads.test_serve import SERVE, start, unit_of

pytestmark = pytest.mark.steps

# without hints and checksums nothing can be rewound; WAL goes at each checkpoint
SETTINGS = """
wal_log_hints = off
wal_keep_size = 0
include_if_exists = 'own.conf'
"""
SEGMENT = re.compile(r"[0-9A-F]{24}$")
HOOK = """#!/bin/sh
echo "from $PGWARD_PRIMARY to $PGWARD_FOLDER, $PGWARD_SYSTEM_ID on $PGWARD_TIMELINE"
exec %s/pg_basebackup -h "$PGWARD_PRIMARY" -p "$PGWARD_PORT" -U postgres -w -X stream \\
    -c fast -D "$PGWARD_FOLDER"
"""


@pytest.fixture(scope="module")
def cluster(request, agent):
    with open_lab(request.config, 2) as made:
        made.set_up(Wanted(agent=agent, options=["rejoin=rewind"]))
        made.settle()
        yield made


def marker(node):
    return node.dir / "pg/tmp/PGWARD.rejoin"


def test_crashed_primary_with_wal_of_its_own_is_back_without_a_hand(cluster):
    cluster.settle()
    old = part_and_return(cluster, 60)
    assert not marker(old).exists()
    folders = kept(old)
    assert len(folders) == 1, folders
    assert (folders[0] / "transactions").exists()
    assert "is kept in" in old.syslog() and "this node is back" in old.syslog()
    cluster.cleanup()
    cluster.settle()


def test_it_leads_again_and_comes_back_once_more(cluster):
    """Both ways, so that each has been rewound from the other."""
    for _ in range(2):
        cluster.settle()
        part_and_return(cluster, 60)
        cluster.cleanup()


def test_crashed_soon_after_it_took_the_lead(new_lab, agent):
    """Its pg_control is of the timeline before: no checkpoint was made since then.

    In async mode, and with rejoin=manual until then, nobody asks it for one. The one that is
    made before the rewind would take WAL away that is to be kept, and that the rewind reads.
    """
    cluster = new_lab(2)
    cluster.set_up(Wanted(agent=agent, rep_mode="async", options=["rejoin=manual"]),
                   "checkpoint_timeout = 1h\nwal_keep_size = 0")
    cluster.settle(sync=False)
    cluster.update("replication_slot_name=")
    first = cluster.node(cluster.settle(sync=False).primary)
    first.sql("CREATE TABLE pages AS SELECT generate_series(1, 200000) AS page")
    cluster.move()
    cluster.new_primary(first.name)
    cluster.settle(sync=False)
    old = part(cluster, checkpoint=False)[0]
    cluster.wait(f"{old.name} to be given up", lambda s: s.given_up(old.name, 3), 60)
    cluster.update("rejoin=rewind")
    cluster.pcs("resource", "cleanup")
    cluster.wait(f"{old.name} to be a standby",
                 lambda s: s.attribute(old.name, "status") == "HS:async", 60)
    assert "its recovery is ended first" in old.syslog()
    assert len([path for path in kept(old)[0].rglob("*") if SEGMENT.match(path.name)]) > 3
    assert old.sql("SELECT count(*) FROM pages") == "200000"


# --- a new copy: rejoin=rebuild -----------------------------------------------


@pytest.fixture(scope="module")
def rebuilding(request, agent):
    with open_lab(request.config, 2) as made:
        made.set_up(Wanted(agent=agent, options=["rejoin=rebuild"]), SETTINGS)
        made.settle()
        for node in made.lab.running():
            node.run("sh", "-c", f"echo '# {node.name}' > /srv/pg/data/own.conf", user="postgres")
        yield made


def olds(node):
    """The data directories that copies took the place of, the oldest first."""
    return sorted((node.dir / "pg").glob("data.pgward-old-*"),
                  key=lambda path: int(path.name.rpartition("-")[2]))


def own(node):
    return (node.dir / "pg/data/own.conf").read_text()


def test_data_that_cannot_be_rewound_is_made_anew(rebuilding):
    rebuilding.settle()
    old = part_and_return(rebuilding, 120)
    assert not marker(old).exists()
    assert len(kept(old)) == 1 and len(olds(old)) == 1
    assert not (olds(old)[0] / "pgward-torn").exists()
    assert not list((old.dir / "pg").glob("data.pgward-new-*"))
    assert own(old) == f"# {old.name}\n"
    assert "wal_log_hints=on" in old.syslog() and "this node is back" in old.syslog()
    leave(rebuilding)


def test_worker_killed_while_it_copies_is_followed_by_another(rebuilding):
    rebuilding.settle()
    rebuilding.update("rejoin_rate=4MB")
    with rebuilding.ledger() as client:
        client.wait_for_commits(time.time())
        old, moment = part(rebuilding)
        rebuilding.wait(f"{old.name} to copy", lambda _: old.find(r"pg_basebackup "), 60)
        rebuilding.pcs("resource", "update", "pgsql", "rejoin_rate=0")
        for pattern in (r"pgsql rejoin", r"pg_basebackup "):
            old.signal(signal.SIGKILL, pattern)
        client.wait_for_commits(moment)
        rebuilding.wait(f"{old.name} to be the synchronous standby", streams(old), 120)
    assert client.lost() == []
    assert "attempt 2" in old.syslog()
    assert own(old) == f"# {old.name}\n"
    leave(rebuilding)


def metric(node, name):
    """A value that `pgward serve` on a node tells; None: it does not."""
    lines = node.out("curl", "-s", "-m", "5", "http://127.0.0.1:8008/metrics",
                     check=False).splitlines()
    return next((float(line.split()[-1]) for line in lines if line.startswith(name)), None)


def test_way_back_is_told_to_prometheus(rebuilding, request):
    rebuilding.settle()
    nodes = rebuilding.lab.running()
    for node in nodes:
        start(node, unit_of(request.config))
    old = rebuilding.primary()
    done = f'pgward_rejoins_total{{node="{old.name}",result="done"}} '
    wait_until("what came back to be counted", lambda: metric(old, done) is not None, 60, 0.5)
    before = metric(old, done)
    rebuilding.update("rejoin_rate=1MB")    # a word of its progress comes every ten seconds
    part(rebuilding)
    wait_until("the copy to be told of while it grows", lambda: 0 < (metric(
        rebuilding.primary(), f'pgward_rejoin_progress_ratio{{node="{old.name}"}} ') or 0) < 1,
        60, 0.5)
    rebuilding.pcs("resource", "update", "pgsql", "rejoin_rate=0")
    for pattern in (r"pgsql rejoin", r"pg_basebackup "):
        old.signal(signal.SIGKILL, pattern)
    rebuilding.wait(f"{old.name} to be the synchronous standby", streams(old), 120)
    wait_until("it to be counted", lambda: metric(old, done) == before + 1, 60, 0.5)
    for node in nodes:
        node.signal(signal.SIGTERM, SERVE)
    leave(rebuilding)


def test_command_makes_the_copy(rebuilding):
    rebuilding.settle()
    for node in rebuilding.lab.running():
        node.run("sh", "-c", "cat > /srv/pg/hook; chmod 755 /srv/pg/hook",
                 stdin=HOOK % bindir())
    rebuilding.update("rebuild_command=/srv/pg/hook")
    old = part_and_return(rebuilding, 120)
    assert re.search(r"from 192\.168\.2\.103 to /srv/pg/data\.pgward-new-\d+, ", old.syslog())
    rebuilding.update("rebuild_command=")
    leave(rebuilding)


def test_node_away_until_its_wal_is_gone_is_made_anew(rebuilding):
    rebuilding.settle()
    away, primary = rebuilding.standbys()[0], rebuilding.primary()
    before = len(olds(away))
    away.stop_cluster()
    needed = primary.sql("SELECT pg_walfile_name(pg_current_wal_lsn())").strip()
    for _ in range(60):     # it is archived first
        primary.sql("SELECT pg_logical_emit_message(false, 'x', 'y'); SELECT pg_switch_wal()")
        primary.sql("CHECKPOINT")
        if not (primary.dir / "pg/data/pg_wal" / needed).exists():
            break
        time.sleep(0.5)
    assert not (primary.dir / "pg/data/pg_wal" / needed).exists()
    away.start_cluster()
    rebuilding.wait(f"{away.name} to be the synchronous standby", streams(away), 180)
    assert len(olds(away)) == before + 1
    assert "the WAL that this node needs is gone" in away.syslog()
    leave(rebuilding)


def test_rejoin_keep_is_how_many_are_left(rebuilding):
    assert all(len(olds(node)) <= 3 for node in rebuilding.lab.running())


def test_rejoin_keep_age_is_for_how_long(rebuilding):
    rebuilding.settle()
    had = {node.name: olds(node) + kept(node) for node in rebuilding.lab.running()}
    assert any(had.values())
    rebuilding.update("rejoin_keep_age=1")
    rebuilding.wait("what was kept to go", lambda _: not any(
        path for node in rebuilding.lab.running()
        for path in (node.dir / "pg").glob("data.pgward-*")), 60)
    for node in rebuilding.lab.running():
        said = node.syslog()
        for folder in had[node.name]:
            assert re.search(f"/srv/pg/{folder.name}'.* rejoin_keep_age 1 s", said)
    rebuilding.update("rejoin_keep_age=0")
    leave(rebuilding)


def test_data_that_no_timeline_proves_is_made_anew(rebuilding):
    """restart_on_promote: both go on, on one timeline."""
    rebuilding.update("restart_on_promote=true")
    rebuilding.settle()
    old = part_and_return(rebuilding, 120)
    assert "no history proves this node's data" in old.syslog()
    leave(rebuilding)
