# SPDX-License-Identifier: GPL-2.0-or-later
"""The endurance run's sequence and its sums; no cluster is needed."""

import random
import time
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
    assert faults.Parted.name not in {step.kind for step in soak.plan(7, 200)}


def test_every_kind_comes_up_in_every_round():
    one_round = [step.kind for step in soak.plan(3, len(faults.KINDS) + 3)]
    assert set(one_round) == set(faults.KINDS)


@pytest.mark.parametrize("kind", sorted(faults.EVERY))
def test_choices_come_from_the_random_numbers_alone(kind):
    first, second, other = (faults.EVERY[kind]() for _ in range(3))
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


def test_table_tells_of_those_that_came_back_by_themselves():
    steps = soak.plan(1, 2, faults.Parted.name)
    text = soak.table([soak.Outcome(steps[0], back_s=3.0, kept=1, lost=[7, 8]),
                       soak.Outcome(steps[1], back_s=5.0, kept=1),
                       soak.Outcome(steps[1], back_s=9.0, kept=1, trouble="a hand was needed")])
    assert "came back by themselves 2, streaming 3.00 to 5.00 s after the crash (median 4.00)" in text
    assert "folders of their own WAL 2" in text and "lost 2 " in text
    assert "by themselves" not in soak.table([soak.Outcome(soak.plan(1, 1)[0])])


@pytest.mark.parametrize("by_hand, new, salvaged, trouble", [
    ([], 1, "", ""), (["node1: pg_basebackup"], 1, "", "a hand was needed: node1: pg_basebackup"),
    ([], 0, "", "it kept no WAL of its own"), ([], 1, "lost=1 unnamed=1", "lost=1 unnamed=1")])
def test_a_way_back_is_without_a_hand_and_names_what_was_lost(tmp_path, by_hand, new, salvaged,
                                                              trouble):
    run = soak.Soak(soak.parse(["--results", str(tmp_path)]), lambda _text: None)
    before, after = [tmp_path / "1"], [tmp_path / str(i + 1) for i in range(1 + new)]
    run.folders = lambda: after
    log = tmp_path / "var/log/postgresql/postgresql.log"
    log.parent.mkdir(parents=True)
    log.write_text("2026-11-27 14:31:40.500 UTC [3] LOG:  started streaming WAL from primary at\n")
    fault = types.SimpleNamespace(node=types.SimpleNamespace(dir=tmp_path), moment=time.mktime(
        time.strptime("2026-11-27 14:31:38", "%Y-%m-%d %H:%M:%S")))
    load = types.SimpleNamespace(client=types.SimpleNamespace(
        salvaged=lambda folders: salvaged if folders == after[1:] else "other folders"))
    outcome = soak.Outcome(soak.plan(1, 1)[0], by_hand=by_hand)
    run.judge_return(fault, load, before, outcome)
    assert outcome.trouble == trouble
    assert (outcome.back_s, outcome.kept) == (2.5, new)


def test_replay_names_the_seed_and_the_fault(tmp_path):
    args = soak.parse(["--seed", "9", "--faults", "40", "--nodes", "2", "--ocf-dir", "",
                       "--results", str(tmp_path)])
    run = soak.Soak(args, lambda _text: None)
    assert run.again(soak.plan(9, 12)[-1], 12) \
        == "cts/soak --seed 9 --faults 12 --first 12 --nodes 2"
