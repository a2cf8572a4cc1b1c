# SPDX-License-Identifier: GPL-2.0-or-later
"""Killed in the middle of something."""

import signal
import subprocess
import threading

import pytest

from labkit.lab import postgres
from labkit.lab.resources import VIP_REP
from labkit.lab.shell import wait_until
from labkit.measure.rig import Catch

VICTIMS = ["node", "postgres", "agent"]


def kill(node, action, victim):
    if victim == "node":
        node.kill()
    elif victim == "postgres":
        node.kill_postgres()
    else:
        node.signal(signal.SIGKILL, rf"resource\.d/\S* {action} ?$")


def during(rig, node, action, victim, begin):
    """Begin something, and kill in the middle of an action that follows from it."""
    with Catch(node, action, lambda: kill(node, action, victim)) as catch:
        begin()
        if not catch.caught.wait(90):
            pytest.skip(f"no {action} ran on {node.name}")
    rig.crm_resource("--clear", "--resource", "msPostgresql")


@pytest.mark.parametrize("victim", [pytest.param(v, marks=[pytest.mark.worst] if v == "node" else [])
                                    for v in VICTIMS])
def test_killed_during_promote(rig, victim):
    """P1: whatever of a promotion was done is done again, or by another."""
    candidate, old = rig.eligible(), rig.primary()
    with rig.trial():
        during(rig, candidate, "promote", victim, old.kill_postgres)


@pytest.mark.parametrize("victim", VICTIMS)
def test_killed_during_demote(rig, victim):
    """P7: a planned switchover becomes a crash."""
    rig.eligible()
    old = rig.primary()
    with rig.trial():
        during(rig, old, "demote", victim,
               lambda: rig.crm_resource("--move", "--resource", "msPostgresql", "--master"))


class Backup(threading.Thread):
    """The guide's rebuild of a node, slow enough to be killed in."""

    def __init__(self, node) -> None:
        super().__init__(daemon=True)
        self.node = node

    def run(self) -> None:
        subprocess.run(self.node.enter(
            [f"{postgres.bindir()}/pg_basebackup", "-h", VIP_REP, "-U", "postgres", "-D",
             postgres.DATA, "-X", "stream", "-c", "fast", "--max-rate=2M"], user="postgres"),
            stdin=subprocess.DEVNULL, capture_output=True, check=False)


@pytest.mark.parametrize("victim", ["source", "receiver"])
def test_killed_during_pg_basebackup(rig, victim):
    """Half a copy never starts, and says what to do."""
    rig.eligible()
    old = rig.primary()
    with rig.trial() as load:
        rig.crm_resource("--ban", "--resource", "msPostgresql", "--node", old.name)
        first = rig.lab.node(rig.new_primary(old.name).primary)
        rig.eligible()
        old.run("sh", "-c", f"rm -rf {postgres.DATA}", user="postgres")
        backup = Backup(old)
        backup.start()
        wait_until("the copy to be under way",
                   lambda: (old.dir / "pg/data/base/1").exists(), 60, 0.05)
        (first if victim == "source" else old).kill()
        backup.join(60)
        load.commits(timeout=120)
        rig.crm_resource("--clear", "--resource", "msPostgresql", "--node", old.name)
