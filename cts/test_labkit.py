# SPDX-License-Identifier: GPL-2.0-or-later
"""The pieces of the laboratory that need no cluster."""

import os
import signal
import subprocess
from pathlib import Path
from types import SimpleNamespace

import pytest

from labkit.lab import corosync, ledger, net, salvage, state
from labkit.lab.errors import LabError
from labkit.lab.lab import Lab
from labkit.lab.resources import AGENT, SHELL_AGENT, Wanted, script
from labkit.lab.shell import send
from labkit.measure import results, story, writers
from labkit.measure.monitor_cost import median
from labkit.measure.rig import Rig

CTS = Path(__file__).resolve().parent
CRM_MON = """<pacemaker-result api-version="2.25" request="crm_mon"><nodes>
<node name="a" online="true" pending="false"/><node name="b" online="false"/></nodes>
<resources><clone id="msPostgresql">
<resource id="pgsql" role="{role}" active="true"><node name="a"/></resource>
<resource id="pgsql" role="Stopped" active="false"/></clone>
<resource id="vip-master" role="Started" active="true"><node name="a"/></resource></resources>
<node_attributes><node name="a"><attribute name="master-pgsql" value="1000"/>
<attribute name="pgsql-status" value="PRI"/></node></node_attributes>
<node_history><node name="a"><resource_history id="pgsql" fail-count="2"/>
<resource_history id="vip-master" fail-count="0"/></node></node_history></pacemaker-result>"""


def test_signal_to_a_process_that_has_ended_is_no_error():
    with subprocess.Popen(["true"]) as gone:
        gone.wait()
    send(signal.SIGTERM, gone.pid)


def test_routers_are_beside_the_nodes():
    lab = Lab("x", ["a", "b"], router_names=["r", "s"])
    assert [node.name for node in lab.nodes] == ["a", "b"]
    assert [(router.name, router.index) for router in lab.routers] == [("r", 111), ("s", 112)]
    assert lab.node("s").netns == net.namespace("x", "node.s")


@pytest.mark.parametrize("role", ["Promoted", "Master"])
def test_state_is_read_with_old_and_new_words(role):
    found = state.parse(CRM_MON.format(role=role))
    assert found.primary == "a"
    assert found.online == ["a"]
    assert found.where == {"vip-master": "a"}
    assert found.attribute("a", "score") == "1000"
    assert found.attribute("a", "status") == "PRI"
    assert found.fail_counts == {"a": {"pgsql": "2"}}


def test_two_promoted_are_not_one_primary():
    found = state.parse(CRM_MON.format(role="Promoted"))
    found.promoted.append("b")
    assert found.primary is None


def test_ledger_finds_gap_and_loss(tmp_path):
    """P1 is counted here: what was acknowledged and is missing is lost."""
    book = tmp_path / "acked"
    book.write_text("1.0 11\n1.5 12\n# 2.0 server closed the connection\n4.5 13\n4.6 1")
    summary = ledger.read(book)
    assert summary.gap == 3.0
    assert (summary.gap_from, summary.gap_to) == (1.5, 4.5)
    assert len(summary.errors) == 1
    assert ledger.lost(summary, [11, 13, 1, 99]) == [12]


class Answer:
    """A connection whose insert comes back with notices."""

    def __init__(self, notices):
        self.notices = notices

    def cursor(self):
        return self

    def __enter__(self):
        return self

    def __exit__(self, *_unused):
        return None

    def execute(self, *_unused):
        return None

    def fetchone(self):
        return 700, "000000010000000000000003"

    def close(self):
        return None


def kept(folder, timeline, fork, rows, tail=""):
    """A folder of kept WAL with its list."""
    folder.mkdir()
    (folder / "README").write_text(f"WAL\n\nfork: {fork}/0000000003000060\n"
                                   f"timeline: {timeline}\n", encoding="ascii")
    (folder / "transactions").write_text(
        "# LSN\txid\n" + "".join(f"0/3000100\t{xid}\t2026-11-27 10:46:10 UTC\tmaybe\t-\n"
                                 for xid in rows) + tail, encoding="ascii")


def test_salvaged_lists_are_held_against_what_was_lost(tmp_path):
    """P9: an xid is of a timeline; both sides of a fork have 701."""
    book = tmp_path / "acked"
    book.write_text("1.0 11 1/700\n1.1 12 1/701\n1.2 13 2/701\n1.3 14 2/702\n"
                    "= 1.4 /tmp\n1.5 15 3/702\n", encoding="ascii")
    kept(tmp_path / "data.pgward-diverged-1", 1, 1, [701, 799])
    kept(tmp_path / "data.pgward-diverged-2", 2, 1, [702])
    (tmp_path / "data.pgward-diverged-2" / "00000002.history").write_text("1\t0/3000060\tx\n")
    (tmp_path / "data.pgward-diverged-3.part").mkdir()
    summary, folders = ledger.read(book), salvage.folders(tmp_path)
    assert len(folders) == 2 and summary.times == [1.0, 1.1, 1.2, 1.3, 1.5]
    found = salvage.compare(summary, [11, 13, 15], folders)
    assert found.exact and found.lost == [12, 14]
    found = salvage.compare(summary, [11, 13, 15], folders[:1])
    assert not found.exact and found.unnamed == [14]
    found = salvage.compare(summary, [11, 12, 13, 15], folders)
    assert not found.exact and found.present == [12]
    assert salvage.timelines(folders[1]) == {1, 2}


def test_a_list_that_is_not_whole_proves_nothing(tmp_path):
    kept(tmp_path / "a", 1, 1, [5], "# 3 of them, the newest, are left out: there is room for 1\n")
    with pytest.raises(LookupError):
        salvage.listed(tmp_path / "a")


def test_commit_with_a_replication_warning_is_not_acknowledged(tmp_path):
    """P1: the wait for the standby was cancelled, so nobody promised anything."""
    book = tmp_path / "acked"
    with open(book, "w", encoding="ascii") as out:
        client = ledger.Client(["nowhere"], 1, out)
        client.connection = Answer(["WARNING:  canceling wait for synchronous replication\n"])
        assert client.step() is False
        client.connection = Answer([])
        assert client.step() is True
    assert list(ledger.read(book).commits.values()) == [ledger.Commit(1, 700)]


@pytest.mark.parametrize("result, read", [
    ("ok", "ok"), ("OK", "ok"), ("Not running", "not running"),
    ("Error occurred ('/A' is gone)", "error occurred ('/A' is gone)")])
def test_story_reads_a_result_with_its_milliseconds(result, read):
    line = ("2026-01-02T03:04:05.678 node2 pacemaker-controld[56]:  notice: Result of promote "
            f"operation for pgsql on node2: {result} ")
    (event,) = story.parse_line(line)
    assert (event.operation, event.resource, event.node, event.result) == (
        "promote", "pgsql", "node2", read)
    assert round(event.when % 1, 3) == 0.678
    assert ("primary" if read == "ok" else f"'{read}'") in event.words()
    assert story.parse_line("something else") == []


def test_two_nodes_keep_wait_for_all():
    text = corosync.conf(["a", "b"])
    assert "two_node: 1" in text
    assert "wait_for_all" not in text
    assert "two_node" not in corosync.conf(["a", "b", "c"])


def test_profiles_differ_where_the_guide_and_we_differ():
    lab = Lab("x", ["node1", "node2"])
    seed = "\n".join(script(lab, Wanted(profile="seed")))
    ours = "\n".join(script(lab, Wanted()))
    assert "migration-threshold=1\n" in seed and "restart_on_promote=true" in seed
    assert "migration-threshold=3" in ours and "failure-timeout=60s" in ours
    assert "stonith-enabled=true" in seed and "stonith-enabled=true" in ours


def test_unknown_words_are_refused_with_the_ones_that_exist():
    with pytest.raises(LabError, match="seed"):
        script(Lab("x", ["a"]), Wanted(profile="fast"))
    with pytest.raises(LabError, match="NAME=VALUE"):
        script(Lab("x", ["a"]), Wanted(options=["oops"]))
    with pytest.raises(LabError, match="replication"):
        net.lan_number("eth7")


def test_median_of_even_and_odd():
    assert median([3.0, 1.0, 2.0]) == 2.0
    assert median([4.0, 1.0, 2.0, 3.0]) == 2.5


def one_session(node, *times):
    return writers.Session(node, [writers.Write(a, b) for a, b in times])


@pytest.mark.parametrize("first, second, proved", [
    (((1, 2), (5, 6)), ((4, 4.5), (8, 9)), True),       # 4.5 to 5: both, for sure
    (((1, 2), (9, 10)), ((4, 5),), True),               # one write while the other went on
    (((4, 5),), ((1, 2), (9, 10)), True),
    (((1, 2), (5, 6)), ((5.5, 7), (8, 9)), False),      # the last of one may be before the first
    (((1, 2), (3, 9)), ((5, 6), (8, 8.5)), False),      # sent, frozen, confirmed late: open
    (((1, 9),), ((2, 3),), False),
])
def test_two_writers_are_proved_or_not_said(first, second, proved):
    """P3 is counted here: an order of events that is open accuses nobody."""
    sessions = [one_session("a", *first), one_session("b", *second)]
    assert bool(writers.double_writers(sessions)) is proved
    assert writers.double_writers([one_session("a", *first), one_session("a", *second)]) == []


def test_writers_file_may_end_in_half_a_line(tmp_path):
    book = tmp_path / "writers"
    book.write_text("# 1.0 a takes writes\na 1 1.0 1.1\na 2 2.0 2.1\nb 1 3.0 3.1\nb 1 4.0")
    found = writers.read(book)
    assert [(s.node, s.surely) for s in found] == [
        ("a", (1.1, 1.0)), ("a", (2.1, 2.0)), ("b", (3.1, 3.0))]


def test_results_stand_side_by_side(tmp_path):
    measured = {"gap": 1.234, "gaps": [1.23], "acknowledged": 9, "lost": [7, 8], "problem": "",
                "double_writers": [], "steps": ["by hand"]}
    for agent, outcome, why in ((AGENT, "ok", ""), (SHELL_AGENT, "failed", "nobody led")):
        for seconds in (1.0, 2.0):      # the later run replaces the one before
            results.store(tmp_path, results.Result("a (b/c)", "d", agent, outcome, why, seconds,
                                                   measured))
    found = results.load(tmp_path)
    assert [r.seconds for r in found] == [2.0, 2.0]
    text = results.table(found)
    assert "| d: a (b/c) | ok | 1.23 | 2 | 0 | 1 | failed | 1.23 | 2 | 0 | 1 |" in text
    assert "- a (b/c): failed: nobody led" in text
    assert "not run" in results.table(found[:1] + [results.Result(
        "e", "d", SHELL_AGENT, "skipped", "", 0, measured)])


def whole_state():
    found = state.State(["a", "b", "c"], ["a"], ["b", "c"], {"vip-master": "a", "vip-rep": "a"})
    for name, score, status, record in (("a", "1000", "PRI", "LATEST"),
                                        ("b", "100", "HS:sync", "STREAMING|SYNC"),
                                        ("c", "-INFINITY", "HS:async", "STREAMING|ASYNC")):
        found.attributes[name] = {"master-pgsql": score, "pgsql-status": status,
                                  "pgsql-data-status": record}
    return found


@pytest.mark.parametrize("break_it, said", [
    (lambda s: None, ""),
    (lambda s: s.promoted.append("b"), "2 nodes are promoted"),
    (lambda s: s.where.update({"vip-rep": "b"}), "not PRI with both addresses"),
    (lambda s: s.attributes["a"].update({"pgsql-data-status": "DISCONNECT"}), "DISCONNECT"),
    (lambda s: s.online.remove("c"), "c is not online"),
    (lambda s: s.unpromoted.remove("c"), "c has no standby running"),
    (lambda s: s.attributes["c"].update({"pgsql-status": "HS:alone"}), "HS:alone"),
    (lambda s: s.attributes["b"].update({"master-pgsql": "-INFINITY"}), "no standby may take over"),
    (lambda s: s.attributes["c"].update({"master-pgsql": "100"}), "c may take over as"),
])
def test_whole_cluster_is_whole_and_a_broken_one_is_not(break_it, said):
    found = whole_state()
    break_it(found)
    problem = Rig(SimpleNamespace(lab=Lab("x", ["a", "b", "c"])), Wanted()).wrong(found)
    assert (said in problem) if said else (problem == "")


@pytest.mark.parametrize("tool", ["lab", "ledger", "demo", "bench", "suite"])
def test_help_needs_neither_root_nor_a_laboratory(tool):
    done = subprocess.run([str(CTS / tool), "--help"], capture_output=True, text=True, check=False,
                          env={**os.environ, "PGWARD_LAB": "nothere"})
    assert done.returncode == 0
    assert "example" in done.stdout or "first walk" in done.stdout
