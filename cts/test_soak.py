# SPDX-License-Identifier: GPL-2.0-or-later
"""The endurance run's sequence and its sums; no cluster is needed."""

import random
import types

import pytest

from labkit import faults
from labkit.demo import soak
from labkit.faults import data
from labkit.lab.errors import LabError
from labkit.lab.state import State


def choices(fault) -> dict:
    """All that a fault has drawn, that of its parts too."""
    drawn = dict(vars(fault))
    drawn["parts"] = [choices(part) for part in drawn.get("parts", [])]
    return drawn


def test_same_seed_gives_the_same_sequence_and_a_longer_one_begins_with_it():
    assert soak.plan(7, 60)[:25] == soak.plan(7, 25)
    assert soak.plan(7, 25) != soak.plan(8, 25)


def test_every_kind_comes_up_in_every_round():
    one_round = [step.kind for step in soak.plan(3, len(faults.KINDS) + 3)]
    assert set(one_round) == set(faults.KINDS)


@pytest.mark.parametrize("kind", sorted(faults.KINDS))
def test_choices_come_from_the_random_numbers_alone(kind):
    first, second, other = (faults.KINDS[kind]() for _ in range(3))
    for fault, seed in ((first, 5), (second, 5), (other, 6)):
        fault.draw(random.Random(seed))
    assert choices(first) == choices(second)
    assert choices(first) != choices(other)


def test_aim_counts_standbys_in_the_order_of_the_nodes():
    nodes = [types.SimpleNamespace(name=name) for name in ("node1", "node2", "node3")]
    cluster = types.SimpleNamespace(
        lab=types.SimpleNamespace(running=lambda: nodes),
        node=lambda name: next(node for node in nodes if node.name == name))
    state = State(promoted=["node2"], unpromoted=["node3", "node1"])
    assert faults.Aim("primary", 5).node(cluster, state).name == "node2"
    assert [faults.Aim("standby", turn).node(cluster, state).name for turn in (0, 1, 2)] \
        == ["node1", "node3", "node1"]


def test_two_at_once_are_both_undone_though_one_is_in_the_way_of_the_other():
    done = []

    class Waits(faults.Fault):
        def heal(self):
            if "other" not in done:
                raise LabError("the other one is in the way")
            done.append("this")

    class Other(faults.Fault):
        def heal(self):
            done.append("other")

    both = faults.TwoAtOnce()
    both.parts = [Waits(), Other()]
    both.heal()
    assert done == ["other", "this"]


def test_a_setting_is_undone_where_the_server_could_be_asked(monkeypatch):
    """The other of two faults may have ended the server before."""
    undone = []
    monkeypatch.setattr(data, "raise_setting", lambda *_: None)
    monkeypatch.setattr(data, "follow_setting", lambda _cluster, value: undone.append(value))

    def refuse(_query):
        raise LabError("no server")

    for answer in (refuse, lambda _query: "100"):
        fault = data.LowerSetting()
        fault.cluster, fault.node = None, types.SimpleNamespace(sql=answer)
        try:
            fault.strike()
        except LabError:
            pass
        fault.heal()
    assert undone == [110]


def test_table_has_the_sums_and_the_reasons_of_manual_steps():
    steps = soak.plan(1, 3)
    hand = "node1: pg_basebackup (its exit reason)"
    outcomes = [soak.Outcome(steps[0], gap=1.0, failovers=1, acknowledged=10),
                soak.Outcome(steps[1], gap=3.0, acknowledged=20, lost=[4, 5]),
                soak.Outcome(steps[2], gap=2.0, failovers=1, doubles=["two"], by_hand=[hand])]
    text = soak.table(outcomes)
    assert next(li for li in text.splitlines() if li.startswith("all")).split() \
        == ["all", "3", "2", "1.00", "2.00", "3.00", "1"]
    assert "acknowledged 30   lost 2   double writers 1   manual steps 1" in text
    assert "   1 x pg_basebackup (its exit reason)" in text


def test_replay_names_the_seed_and_the_fault(tmp_path):
    args = soak.parse(["--seed", "9", "--faults", "40", "--nodes", "2", "--ocf-dir", "",
                       "--results", str(tmp_path)])
    run = soak.Soak(args, lambda _text: None)
    assert run.again(soak.plan(9, 12)[-1], 12) \
        == "cts/soak --seed 9 --faults 12 --first 12 --nodes 2"
