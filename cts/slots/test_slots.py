# SPDX-License-Identifier: GPL-2.0-or-later
"""Replication slots: the right ones and no others on every node, after each kind of move."""

import time

import pytest

from conftest import open_lab
from labkit.lab.postgres import TMP
from labkit.lab.resources import Wanted
from labkit.lab.shell import wait_until

pytestmark = pytest.mark.steps

FAR = "far1"            # an external standby, which never comes
STRANGER = "pg_backup"  # not ours, though it begins as ours do
SEGMENT = 16 << 20
QUERY = ("select string_agg(slot_name || case when active then '*' else '' end, ' ' "
         "order by slot_name) from pg_replication_slots")


@pytest.fixture(scope="module")
def cluster(request, agent):
    with open_lab(request.config, 3) as made:
        made.set_up(Wanted(agent=agent, options=[
            "replication_slot_name=pg", f"external_standby_node_list={FAR}"]),
            "max_wal_size = 64MB\nmin_wal_size = 32MB\n")
        made.settle()
        for node in made.lab.running():     # until here their first WAL was kept
            node.sql("alter system set wal_keep_size = 0")
            node.sql("select pg_reload_conf()")
            add_stranger(node)
        yield made


def add_stranger(node):
    node.sql(f"select pg_create_physical_replication_slot('{STRANGER}_{node.name}')")


def slots(node):
    """The names of a node's slots; of those in use with a `*`."""
    return node.sql(QUERY).split()


def wanted(cluster, node, prefix="pg", names=None, far=True, unused=()):
    """What a node is to have: each other node's, in use where this one leads."""
    leads = cluster.look().primary == node.name
    found = [f"{prefix}_{name}" + ("*" if leads and name not in unused else "")
             for name in names or cluster.lab.node_names if name != node.name]
    if far:
        found.append(f"{prefix}_{FAR}")
    return sorted(found + [f"{STRANGER}_{node.name}"], key=lambda name: name.rstrip("*"))


def right(cluster, **how):
    """Wait until each node that runs has the right slots and no others."""
    running = cluster.lab.running()
    wait_until("the right slots everywhere: " + " | ".join(
        f"{node.name} {wanted(cluster, node, **how)}" for node in running),
        lambda: all(slots(node) == wanted(cluster, node, **how) for node in running), 60)


def fill(node, mb):
    """So much WAL, and no checkpoint of its own doing."""
    for _ in range(mb // 16):
        node.sql("select pg_logical_emit_message(false, 'fill', repeat('x', 1000000)); "
                 "select pg_switch_wal()", timeout=60)


def position(node, slot):
    return int(node.sql(f"select restart_lsn - '0/0' from pg_replication_slots "
                        f"where slot_name = '{slot}'") or 0)


def test_every_node_has_the_slots_of_the_others(cluster):
    right(cluster)


def test_slots_of_the_standbys_follow(cluster):
    """What a standby's slots hold is what the primary's hold: the one that never comes."""
    primary = cluster.primary()
    primary.sql(f"select pg_drop_replication_slot('pg_{FAR}')")
    right(cluster)
    fill(primary, 64)
    primary.sql("checkpoint")
    primary.sql(f"select pg_drop_replication_slot('pg_{FAR}')")
    right(cluster)
    held = position(primary, f"pg_{FAR}")
    for node in cluster.standbys():
        node.sql("checkpoint")
        for other in cluster.lab.node_names:
            if other != node.name:
                wait_until(f"the slot of {other} on {node.name} to follow", lambda n=node, o=other:
                           held - SEGMENT <= position(n, f"pg_{o}") <= held, 60)
        for _ in range(3):      # never further than what is held for one
            assert all(position(node, name.rstrip("*")) <= position(primary, f"pg_{FAR}")
                       for name in slots(node) if not name.startswith(STRANGER))
            time.sleep(1)


def test_a_planned_move_leaves_the_right_slots(cluster):
    old = cluster.primary()
    cluster.move()
    cluster.new_primary(old.name)
    cluster.settle()
    right(cluster)


def test_a_failover_and_a_return_leave_the_right_slots(cluster):
    """The old primary finds its slot on the new one, which was a standby until then."""
    old = cluster.primary()
    told = len(old.syslog())
    with cluster.ledger() as client:
        moment = old.kill_postgres()
        cluster.new_primary(old.name)
        client.wait_for_commits(moment)
    assert client.lost() == []
    cluster.put_back(old)
    cluster.settle()
    if "PGWARD.rejoin says 'whole'" in old.syslog()[told:]:     # pg_rewind leaves no slot there
        add_stranger(old)
    right(cluster)


def test_a_node_out_of_node_list_and_in_again(cluster):
    standby = cluster.standbys()[0]
    stay = [name for name in cluster.lab.node_names if name != standby.name]
    cluster.update(f"node_list={' '.join(stay)}")
    primary = cluster.primary()
    # in use it stays, and where it is not, it goes
    wait_until("the others to have no slot of it", lambda: all(
        f"pg_{standby.name}" not in slots(node) for node in cluster.standbys()
        if node.name != standby.name), 60)
    assert f"pg_{standby.name}*" in slots(primary)
    cluster.update(f"node_list={' '.join(cluster.lab.node_names)}")
    cluster.settle()
    right(cluster)


def test_a_renamed_prefix_takes_the_old_slots_away(cluster):
    before = {node.name: cluster.postmaster(node) for node in cluster.lab.nodes}
    with cluster.ledger() as client:
        cluster.update("replication_slot_name=ward")
        cluster.settle()
        right(cluster, prefix="ward")
    assert client.lost() == []
    wait_until("each node's file to name what is there", lambda: all(
        set(node.out("cat", f"{TMP}/slots").split()) == {
            name.rstrip("*") for name in slots(node) if not name.startswith(STRANGER)}
        for node in cluster.lab.running()), 30)
    cluster.update("replication_slot_name=")
    cluster.settle()
    wait_until("the strangers' slots alone", lambda: all(
        slots(node) == [f"{STRANGER}_{node.name}"] for node in cluster.lab.running()), 60)
    cluster.update("replication_slot_name=pg")
    cluster.settle()
    right(cluster)
    assert {node.name: cluster.postmaster(node) for node in cluster.lab.nodes} == before


def test_a_slot_that_holds_too_much_is_dropped_and_its_node_named(cluster):
    """Not made again while its node is away, nor where a stranger's slot holds as much."""
    cluster.update("slot_max_wal=48MB")
    cluster.settle()
    away, primary = cluster.standbys()[0], cluster.primary()
    away.stop_cluster()
    cluster.wait(f"{away.name} to be out", lambda s: away.name not in s.online, 60)
    assert f"pg_{away.name}" in slots(primary)
    fill(primary, 80)
    wait_until("its slot to go", lambda: f"pg_{away.name}" not in slots(primary), 30)
    assert f"'{away.name}' has to come back by rejoin" in primary.syslog()
    time.sleep(5)
    assert f"pg_{away.name}" not in slots(primary)
    assert f"pg_{FAR}" in slots(primary)
    away.start_cluster()
    wait_until("it to be made for its return", lambda: any(
        name.startswith(f"pg_{away.name}") for name in slots(primary)), 60)
    cluster.settle()
    right(cluster)


def test_a_slot_unused_for_too_long_is_dropped(cluster):
    cluster.update("slot_max_wal=0", "slot_keep=20s")
    cluster.settle()
    away, primary = cluster.standbys()[0], cluster.primary()
    away.stop_cluster()
    cluster.wait(f"{away.name} to be out", lambda s: away.name not in s.online, 60)
    began = time.monotonic()
    wait_until("its slot to go", lambda: f"pg_{away.name}" not in slots(primary), 60)
    assert time.monotonic() - began > 10
    away.start_cluster()
    cluster.settle()
    cluster.update("slot_keep=0")
    right(cluster)


def test_a_lost_slot_is_made_anew(cluster):
    """By max_slot_wal_keep_size; its node comes back, out of the archive."""
    primary = cluster.primary()
    primary.sql("alter system set max_slot_wal_keep_size = '32MB'")
    primary.sql("select pg_reload_conf()")
    before = position(primary, f"pg_{FAR}")
    fill(primary, 128)
    primary.sql("checkpoint")
    wait_until("it to be made anew", lambda: position(primary, f"pg_{FAR}") > before, 60)
    assert f"slot of 'pg_{FAR}' is made anew: it is lost" in primary.syslog()
    primary.sql("alter system reset max_slot_wal_keep_size")
    primary.sql("select pg_reload_conf()")
    cluster.settle()
    right(cluster)


def test_too_few_slots_are_named_and_not_tried_each_second(cluster):
    primary = cluster.primary()
    used = int(primary.sql("select count(*) from pg_replication_slots"))
    room = int(primary.sql("show max_replication_slots")) - used
    for number in range(room):
        primary.sql(f"select pg_create_physical_replication_slot('full_{number}')")
    before = primary.syslog().count("create-external-slots failed")
    cluster.update(f"external_standby_node_list={FAR} far2")
    state = cluster.wait("the primary to say so", lambda s: "max_replication_slots" in (
        s.attribute(primary.name, "why") or ""), 60)
    assert state.fail_counts == {}
    assert primary.syslog().count("create-external-slots failed") == before
    for number in range(room):
        primary.sql(f"select pg_drop_replication_slot('full_{number}')")
    wait_until("the slot to be made", lambda: "pg_far2" in slots(primary), 30)
    cluster.wait("nothing to be said", lambda s: not s.attribute(primary.name, "why"), 60)
    cluster.update(f"external_standby_node_list={FAR}")
    right(cluster)
