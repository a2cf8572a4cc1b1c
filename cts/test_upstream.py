# SPDX-License-Identifier: GPL-2.0-or-later
"""How a standby finds its primary: by a name, and through a LAN that was cut."""

import signal
import time

import pytest

from conftest import open_lab
from labkit import faults
from labkit.lab import net
from labkit.lab.node import Node
from labkit.lab.resources import VIP_REP, Wanted
from labkit.lab.shell import wait_until

pytestmark = pytest.mark.steps

NAME = "replication.pgward.invalid"     # never by DNS (RFC 2606)


@pytest.fixture(scope="module")
def cluster(request, agent):
    with open_lab(request.config, 3) as made:
        names(made, VIP_REP)
        made.set_up(Wanted(agent=agent, master_ip=NAME))
        made.settle()
        yield made


def names(cluster, address: str = "") -> None:
    """The name's address on every node; without one nobody knows it."""
    hosts = cluster.lab.root / "hosts"      # mounted: written in place
    lines = [line for line in hosts.read_text().splitlines() if NAME not in line]
    hosts.write_text("\n".join(lines + ([f"{address} {NAME}"] if address else [])) + "\n")


def test_planned_move_keeps_the_old_primary_off_itself(cluster):
    """P7: the name leads to the replication address, which is still on the old primary."""
    old = cluster.primary()
    before = len(old.syslog())
    with cluster.ledger() as client:
        cluster.move()
        cluster.new_primary(old.name)
        cluster.settle()
    assert client.lost() == []
    words = old.syslog()[before:]
    assert "following the primary at master_ip again" in words
    assert "could not look up" not in words
    assert cluster.look().fail_counts == {}


def test_name_that_fails_holds_a_standby_back_until_it_is_back(cluster):
    """P7: no upstream while it is not known whose the address is; then it follows by itself."""
    standby = cluster.standbys()[0]
    with cluster.ledger() as client:
        names(cluster)
        standby.kill_postgres()
        wait_until("the log to say so",
                   lambda: f"could not look up '{NAME}'" in standby.syslog(), 60)
        cluster.wait(f"{standby.name} to run alone",
                     lambda s: s.attribute(standby.name, "status") == "HS:alone")
        assert standby.sql("show primary_conninfo") == ""
        names(cluster, VIP_REP)
        cluster.settle()
        assert f"host={NAME}" in standby.sql("show primary_conninfo")
    assert client.lost() == []


def test_validate_names_it(cluster):
    node = cluster.primary()
    done = node.run("crm_resource", "--validate", "-r", "pgsql", check=False)
    words = done.stdout + done.stderr + node.syslog()
    assert f"has master_ip={NAME}, a name" in words


def test_standby_that_dialled_into_a_cut_connects_soon_after_it(cluster):
    """P6: TCP's pauses grow with the cut; without a limit the next try is at 63 s."""
    standby = cluster.standbys()[0]
    lan = net.LANS["replication"]
    with cluster.ledger() as client:
        net.cut(cluster.lab.name, standby.index, lan, "both")
        standby.signal(signal.SIGTERM, faults.WALRECEIVER)
        time.sleep(33)
        net.heal(cluster.lab.name, standby.index, lan)
        cluster.wait(f"{standby.name} to stream again", lambda s: (s.attribute(
            standby.name, "data-status") or "").startswith("STREAMING|"), 15)
    assert client.lost() == []
    cluster.settle()
