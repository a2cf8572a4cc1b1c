# SPDX-License-Identifier: GPL-2.0-or-later
"""The benchmark: its figures, its timeline, and that it runs."""

import json
import subprocess
import sys
import types
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from labkit.lab.errors import LabError
from labkit.lab.resources import PROFILES, script
from labkit.measure import (
    bench, bench_return, bench_rows, bench_serve, bench_table, idle_cost, outage, timeline,
    timeline_draw, way_back)
from labkit.measure.bench_table import Measured, Page, cell, form, ratio
from labkit.measure.contenders import CONTENDERS

CTS = Path(__file__).resolve().parent


@pytest.mark.parametrize("value, said", [
    (0.5, "0.50"), (0, "0"), (3.0, "3"), (1.234, "1.23"), (12.34, "12.3"), (123.4, "123")])
def test_figures_have_the_digits_that_were_measured(value, said):
    assert form(value) == said


def test_cell_is_the_median_with_the_least_and_the_most():
    assert cell([3.0, 1.0, 2.5]) == "2.50 (1 to 3)"
    assert cell([2.0, 2.0]) == "2"
    assert cell([]) == cell(None) == "-"


def test_ratio_is_theirs_by_ours():
    assert ratio([4.0, 6.0, 5.0], [2.0, 1.0, 3.0]) == "2.50"
    assert ratio([1.0], None) == ratio([], [1.0]) == ratio([1.0], [0.0]) == "-"


def some_rows():
    found = []
    for agent, factor in (("pgward", 1), ("shell", 4), ("floor", 0.5)):
        found.append(Measured("kill", agent, {"longest gap, s": [2.0 * factor, 1.0 * factor],
                                              "commits lost": [0, 0]}))
        found.append(Measured("monitor", agent, {"primary: CPU, ms": [6.0 * factor]}))
    found.append(Measured("idle", "pgward", {"1s/1001ms": [3.0]}))
    found.append(Measured("idle", "shell", {"3s/4s": [30.0], "9s/10s": [12.0]}))
    found.append(Measured("growth", "pgward", {"2 nodes, primary: CPU, ms": [5.0],
                                               "7 nodes, primary: CPU, ms": [8.0]}))
    found.append(Measured("cold", "PAF", {}, "it did not start", "2026-01-02 03:04"))
    found.append(Measured("node", "PAF", {"longest gap, s": [9.0], "commits lost": [3]}))
    return found


def test_page_has_each_row_with_ratios_and_what_went_wrong(tmp_path):
    for one in some_rows():
        bench_table.store(tmp_path, one)
    bench_table.keep_machine(tmp_path, {"cores": "2", "kernel": ""})
    found = bench_table.load(tmp_path)
    assert len(found) == len(some_rows())
    text = bench_table.page(found, bench_table.load_machine(tmp_path),
                            {"failover": "0  SIGKILL\n", "switchover": ""})
    assert ("| all postgres processes killed | 1.50 (1 to 2) | 6 (4 to 8) | 4 "
            "| - | - | 0.75 (0.50 to 1) | 0.50 |") in text
    assert "| shell | 9s/10s | 12 | 4 |" in text
    assert "| pgward, primary | 5 | 6 | 8 | 1.60 |" in text
    assert "- PAF, cold: it did not start" in text
    assert "- PAF, node killed, fencing at once: 3 acknowledged commits lost" in text
    assert "- cores: 2\n" in text and "kernel" not in text
    assert "Medians of 1 to 2 runs" in text
    assert "Cold start" not in text     # nobody has a figure there
    assert "## One failover of pgward, step by step\n\n```\n0  SIGKILL\n```" in text
    assert "One switchover" not in text     # no timeline was taken


def test_a_later_run_replaces_only_its_own(tmp_path):
    bench_table.store(tmp_path, Measured("kill", "PAF", {"x": [1.0]}))
    bench_table.store(tmp_path, Measured("kill", "pgward", {"x": [2.0]}))
    bench_table.store(tmp_path, Measured("kill", "PAF", {"x": [3.0]}))
    page = Page(bench_table.load(tmp_path))
    assert page.values("kill", "PAF", "x") == [3.0]
    assert page.values("kill", "pgward", "x") == [2.0]


def test_page_tells_the_way_back_by_method_and_the_copys_speed():
    figures = {"100 MB, rewind: streams, s": [4.0, 3.0, 5.0],
               "100 MB, rewind: eligible, s": [6.0, 5.0, 7.0],
               "100 MB, rebuild: streams, s": [8.0], "100 MB, rebuild: eligible, s": [9.0],
               "100 MB, rebuild: copy, s": [2.5], "100 MB, pg_basebackup: copy, s": [2.0],
               "load average": [3.0], "HS:rejoin: CPU, ms": [6.0], "standby: CPU, ms": [5.0], "commits lost": [2]}
    text = "\n".join(Page([Measured("return", "pgward", figures, when="2026-11-27")]).tables())
    assert "| 100 MB, rejoin=rewind | 4 (3 to 5) | 6 (5 to 7) | - | - |" in text
    assert "| 100 MB, rejoin=rebuild | 8 | 9 | 2.50 | 0.80 |" in text
    assert "| 100 MB, plain pg_basebackup | - | - | 2 | 1 |" in text
    assert "| CPU, ms | 6 | 5 | 1.20 |" in text
    assert "medians of 1 to 3 runs; the machine's load average meanwhile: 3." in text
    assert "- pgward, return: 2 acknowledged commits lost" in text
    assert "The way back" not in "\n".join(Page(some_rows()).tables())


def test_page_tells_of_health_checks_beside_patronis():
    shape = bench_serve.SHAPES[0].words
    figures = {f"pgward, {shape}: checks/s": [50000.0, 60000.0, 40000.0],
               f"Patroni, {shape}: checks/s": [500.0, 400.0, 600.0],
               f"pgward, {shape}: p99, ms": [2.0], "load average": [1.0]}
    text = "\n".join(Page([Measured("serve", "pgward", figures, when="2026-11-27")]).tables())
    assert (f"| {shape}: checks/s | 50000 (40000 to 60000) | 500 (400 to 600) | 0.01 |") in text
    assert f"| {shape}: p99, ms | 2 | - | - |" in text
    assert "Measured 2026-11-27, medians of 1 to 3 runs" in text
    assert "health check" not in "\n".join(Page(some_rows()).tables())


def test_checks_that_had_another_answer_are_no_figures():
    told = ('Running 3s test\n\n= {"requests": 60000, "us": 3000000, "errors": %d, "late": %d, '
            '"p50": 90, "p99": 1500}\n')
    assert bench_serve.read(told % (0, 0), "x") == {
        "checks/s": 20000.0, "p50, ms": 0.09, "p99, ms": 1.5}
    for text, words in ((told % (7, 0), "7 of 60000 checks"), (told % (0, 2), "2 checks"),
                        ("unable to connect\n", "told nothing of x: unable")):
        with pytest.raises(LabError, match=words):
            bench_serve.read(text, "x")


def test_way_back_is_read_from_the_logs_of_its_node(tmp_path):
    node = types.SimpleNamespace(name="b", dir=tmp_path, syslog=lambda: (
        "2026-11-27T13:09:01.000 b pgsql(pgsql)[1]: INFO: this node comes back: PGWARD.rejoin says "
        "'copying'\n2026-11-27T13:09:02.500 b pgsql(pgsql)[1]: INFO: this node comes back: "
        "PGWARD.rejoin says 'copied'\n"))
    for path, text in (
            ("postgresql/postgresql.log",
             "2026-11-27 13:08:59.000 UTC [1] LOG:  started streaming WAL from primary at 0/1\n"
             "2026-11-27 13:09:04.250 UTC [1] LOG:  started streaming WAL from primary at 0/2\n"),
            ("pacemaker/pacemaker.log", "".join(
                f"Nov 27 13:09:0{second}.000 b pacemaker-attrd [64] (update_attr_on_host) \tnotice: "
                f"Setting master-pgsql[{name}]: -INFINITY -> {score} | from a with no write delay\n"
                for second, name, score in ((4, "a", 100), (5, "b", 1000), (6, "b", 100))))):
        log = tmp_path / "var/log" / path
        log.parent.mkdir(parents=True)
        log.write_text(text)
    since = timeline.seconds_of("2026-11-27T13:09:00.000")
    assert way_back.streams_at(node, since) - since == 4.25
    assert way_back.eligible_at(node, since) - since == 6
    assert way_back.streams_at(node, since + 5) == way_back.eligible_at(node, since + 6) == 0
    assert bench_return.copied(node, since) == 1.5
    with pytest.raises(LabError, match="by a new copy"):
        bench_return.copied(node, since + 2)


def test_machine_tells_versions_and_no_names():
    about = bench_table.machine("")
    assert about["cores"] and about["kernel"] and about["PostgreSQL"]
    assert not any(Path.cwd().name in value or "/" in value.replace("GNU/Linux", "")
                   for name, value in about.items() if name not in ("processor", "Pacemaker"))


@pytest.mark.parametrize("name", CONTENDERS)
def test_contenders_monitors_are_named_as_pcs_names_them(name):
    """The idle row changes their intervals by these names."""
    found = CONTENDERS[name]("x", "")
    text = "\n".join(script(found.lab, found.wanted))
    profile = PROFILES[found.wanted.profile]
    for operation in idle_cost.operations(profile.monitor_promoted, profile.monitor):
        assert f" interval={operation.rpartition('-')[2]} on-fail=restart" in text
    assert found.wanted.agent in text


def test_cpu_time_has_that_of_the_dead_children():
    stat = "7 (a) b) S 1 7 7 0 -1 4 0 0 0 0 10 20 300 4000 20 0 1 0 5 6 7"
    assert idle_cost.ticks(stat) == 4330


def test_rows_and_agents_are_refused_with_the_ones_that_exist(tmp_path):
    done = subprocess.run([sys.executable, str(CTS / "bench"), "--rows", "kill,speed"],
                          capture_output=True, text=True, check=False)
    assert done.returncode == 2 and "monitor,kill,node" in done.stderr
    done = subprocess.run([sys.executable, str(CTS / "bench"), "--table", "--results",
                           str(tmp_path)], capture_output=True, text=True, check=False)
    assert done.returncode == 1 and "run cts/bench first" in done.stderr


# -- the timeline ----------------------------------------------------------------

# 2 nodes; a was the primary; b is the controller and takes over.
YEAR = 2026
LOG_A = """\
Nov 21 13:08:57.900 a pacemaker-controld  [7] (log_executor_event) 	notice: Result of monitor operation for pgsql on a: promoted | CIB update 41, graph action unconfirmed; call=26 key=pgsql_monitor_1000 rc=8
Nov 21 13:08:58.200 a pacemaker-controld  [7] (log_executor_event) 	notice: Result of monitor operation for pgsql on a: not running | CIB update 41, graph action unconfirmed; call=26 key=pgsql_monitor_1000 rc=7
Nov 21 13:08:58.304 a pacemaker-controld  [7] (do_lrm_rsc_op) 	notice: Requesting local execution of demote operation for pgsql on a | transition_key=14:9:0:548ab0b2 op_key=pgsql_demote_0
Nov 21 13:08:58.308 a pacemaker-execd     [6] (log_execute) 	info: executing - rsc:pgsql action:demote call_id:33
Nov 21 13:08:58.408 a pacemaker-execd     [6] (log_finished) 	info: pgsql demote (call 33, PID 1082) exited with status 0 (execution time 100ms)
"""
LOG_B = """\
Nov 21 13:08:58.204 b pacemaker-controld  [7] (do_state_transition) 	notice: State transition S_IDLE -> S_POLICY_ENGINE | input=I_PE_CALC
Nov 21 13:08:58.284 b pacemaker-controld  [7] (do_state_transition) 	info: State transition S_POLICY_ENGINE -> S_TRANSITION_ENGINE | input=I_PE_SUCCESS
Nov 21 13:08:58.300 b pacemaker-controld  [7] (execute_rsc_action) 	notice: Initiating demote operation pgsql_demote_0 on a | action 14
Nov 21 13:08:58.420 b pacemaker-controld  [7] (execute_rsc_action) 	notice: Initiating notify operation pgsql_pre_notify_promote_0 locally on b | action 66
Nov 21 13:08:58.420 b pacemaker-controld  [7] (do_lrm_rsc_op) 	notice: Requesting local execution of notify operation for pgsql on b | transition_key=66:9:0:548ab0b2 op_key=pgsql_notify_0
Nov 21 13:08:58.424 b pacemaker-execd     [6] (log_execute) 	info: executing - rsc:pgsql action:notify call_id:24
Nov 21 13:08:58.444 b pacemaker-execd     [6] (log_finished) 	info: pgsql notify (call 24, PID 331) exited with status 0 (execution time 20ms)
Nov 21 13:08:58.450 b pacemaker-controld  [7] (do_lrm_rsc_op) 	notice: Requesting local execution of promote operation for pgsql on b | transition_key=11:9:0:548ab0b2 op_key=pgsql_promote_0
Nov 21 13:08:58.450 b pacemaker-execd     [6] (log_execute) 	info: executing - rsc:pgsql action:promote call_id:25
Nov 21 13:08:58.650 b pacemaker-execd     [6] (log_finished) 	info: pgsql promote (call 25, PID 332) exited with status 0 (execution time 200ms)
Nov 21 13:08:58.660 b pacemaker-execd     [6] (log_execute) 	info: executing - rsc:vip-master action:start call_id:26
Nov 21 13:08:58.760 b pacemaker-execd     [6] (log_finished) 	info: vip-master start (call 26, PID 333) exited with status 1 (execution time 100ms)
Nov 21 13:08:58.990 b pacemaker-execd     [6] (log_execute) 	info: executing - rsc:vip-rep action:start call_id:27
"""
SYSLOG_B = ("2026-11-21T13:08:58.740 b IPaddr2(vip-master)[333]: INFO: Adding inet address "
            "192.168.0.103/24 to device eth0\n")
TRACE_B = """\
# --- snapshot
action = monitor
elapsed_ms = 3
# --- plan
exit 0
# --- snapshot
action = notify
notify = pre-promote
elapsed_ms = 2
# --- plan
exit 0
fallback 0
# --- snapshot
action = promote
elapsed_ms = 10
# --- plan
again after 0 ms: process sql
fallback 1 it did not answer
# --- snapshot
action = promote
elapsed_ms = 20
# --- plan
required set-data-status node.1 LATEST
required set-data-status node.0 DISCONNECT
try promote-server node.1
# --- snapshot
action = promote
elapsed_ms = 60
# --- plan
again after 10 ms: process sql
# --- snapshot
action = promote
elapsed_ms = 70
# --- plan
again after 10 ms: process sql
# --- snapshot
action = promote
elapsed_ms = 180
# --- plan
exit 0
"""


def moment(text):
    return timeline.seconds_of(f"2026-11-21T{text}")


@pytest.fixture(name="failover")
def assembled():
    killed, commit = moment("13:08:58.000"), moment("13:08:58.800")
    ledger = (f"{killed - 5} 1\n= {killed - 9:.4f} early\n# {killed + 0.003:.4f} server closed the "
              f"connection\n= {killed + 0.790:.4f} 192.168.0.103\n{commit:.4f} 2\n")
    return timeline.assemble(outage.Outage(killed, commit, "a"), {"a": LOG_A, "b": LOG_B},
                             {"b": SYSLOG_B}, {"b": TRACE_B}, ledger)


def test_timeline_has_each_step_with_its_milliseconds(failover):
    told = [(round(1000 * (s.begin - failover.begin)), round(1000 * (s.end - s.begin)), s.where,
             s.words) for s in failover.steps if not s.inner]
    assert told == [
        (0, 0, "a", "SIGKILL to all postgres processes"), (0, 200, "a", "monitor says 'not running'"),
        (3, 0, "client", "server closed the connection"),
        (204, 80, "b", "Pacemaker decides what to do"), (308, 100, "a", "pgsql: demote"),
        (424, 20, "b", "pgsql: pre-promote"), (450, 200, "b", "pgsql: promote"),
        (660, 100, "b", "vip-master: start"), (790, 0, "client", "connected"),
        (800, 0, "client", "first commit acknowledged")]


def test_timeline_tells_what_the_agent_did_in_its_promotion(failover):
    told = [(round(1000 * (s.begin - failover.begin)), round(1000 * (s.end - s.begin)), s.words)
            for s in failover.steps if s.inner]
    assert told == [(460, 10, "looks: process sql"), (470, 40, "set-data-status, promote-server"),
                    (510, 120, "looks: process sql (2 times)"), (630, 20, "done"),
                    (740, 0, "192.168.0.103 is there")]


def test_shares_of_the_time_are_the_whole_of_it(failover):
    shares = {kind: round(1000 * took) for kind, took in failover.shares().items()}
    assert shares == {"detect": 200, "promote": 200, "server": 100, "address": 100, "notify": 20,
                      "decide": 80, "between": 60, "client": 40}


def test_a_rank_that_is_given_up_tells_of_the_death():
    line = ("Nov 21 13:09:00.100 a pacemaker-attrd [64] (update_attr_on_host) \tnotice: "
            "Setting master-pgsql[a]: 1000 -> -INFINITY | from a with no write delay")
    found = timeline.detections(line, moment("13:08:58.000"), YEAR)
    assert [(s.where, s.words) for s in found] == [("a", "the watcher gives up the rank")]


@pytest.mark.parametrize("operation, said, detected", [
    ("monitor", "not running", True), ("asyncmon", "error (Simulated failure)", True),
    ("monitor", "promoted", False), ("monitor", "Cancelled", False), ("demote", "error", False)])
def test_failure_is_detected_by_a_monitor_or_by_a_report(operation, said, detected):
    line = LOG_A.splitlines()[1].replace("not running", said).replace(
        "of monitor", f"of {operation}")
    found = timeline.detections(line, moment("13:08:58.000"), YEAR)
    assert [s.words for s in found] == ([f"{operation} says '{said}'"] if detected else [])


def test_two_actions_at_once_are_two_runs():
    """A monitor that was on its way writes into the same trace."""
    parts = TRACE_B.split("# --- snapshot\n")
    mixed = "# --- snapshot\n".join([*parts[:4], parts[1], *parts[4:]])
    assert [(r.action, len(r.looks)) for r in timeline.runs(mixed)] == [
        ("monitor", 1), ("pre-promote", 1), ("promote", 5), ("monitor", 1)]


def words_in(picture):
    return [one.text for one in picture.iter("{http://www.w3.org/2000/svg}text")]


def test_timeline_is_drawn_as_text_and_as_svg(failover):
    text = timeline_draw.text(failover)
    assert "   450    200  b " in text and "vip-master: start (exited with status 1)" in text
    assert "where the 800 ms went:" in text and max(map(len, text.splitlines())) < 130
    picture = ET.fromstring(timeline_draw.svg(failover))
    words = words_in(picture)
    assert "pgsql: promote" in words and "450 + 200 ms" in words and "800 ms" in words
    width, height = float(picture.get("width")), float(picture.get("height"))
    for box in picture.iter("{http://www.w3.org/2000/svg}rect"):
        assert float(box.get("x")) + float(box.get("width")) <= width
        assert float(box.get("y")) + float(box.get("height")) <= height


def test_picture_of_a_failover_is_what_is_drawn_from_its_data():
    """cts/bench --timeline failover --outline --drawing cts/failover.svg"""
    picture = (CTS / "failover.svg").read_text(encoding="utf-8")
    found = timeline_draw.read(picture)
    assert timeline_draw.svg(found) == picture
    assert {"detect", "promote", "address", "client"} <= {step.kind for step in found.steps}
    assert sum(found.shares().values()) == pytest.approx(found.commit)


def test_timeline_of_a_planned_move_begins_with_the_last_commit():
    """What went on while the client was served has no bar and no share."""
    last, commit = moment("13:08:58.310"), moment("13:08:58.800")
    ledger = f"{last:.4f} 1\n# {last + 0.003:.4f} the server ended it\n{commit:.4f} 2\n"
    found = timeline.assemble(
        outage.Outage(last, commit, "a", ordered=moment("13:08:58.100")),
        {"a": LOG_A, "b": LOG_B}, {}, {}, ledger)
    told = [(round(1000 * (s.begin - last)), s.words) for s in found.steps]
    assert told[:4] == [(-210, "a move is ordered"), (-106, "Pacemaker decides what to do"),
                        (-2, "pgsql: demote"), (0, "last commit acknowledged")]
    text = timeline_draw.text(found)
    assert "-106     80  b " in text and "where the 490 ms went:" in text
    assert round(1000 * sum(found.shares().values())) == 490
    drawn = words_in(ET.fromstring(timeline_draw.svg(found)))
    assert "pgsql: promote" in drawn and "Pacemaker decides what to do" not in drawn


# -- a run -----------------------------------------------------------------------


# cts/check has no time for it: pytest cts/test_bench.py
@pytest.mark.scenario
def test_bench_measures_one_row_of_two_agents(request, tmp_path):
    """Both laboratories are gone afterwards, and the page has the ratio."""
    results, output = tmp_path / "results", tmp_path / "page.md"
    done = subprocess.run(
        [sys.executable, str(CTS / "bench"), "--rows", "switchover", "--agents", "pgward,floor",
         "--runs", "1", "--ocf-dir", request.config.getoption("--ocf-dir"),
         "--name", f"bench-{tmp_path.parent.name[-12:]}", "--results", str(results),
         "--output", str(output)], capture_output=True, text=True, check=False, timeout=900)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "min left" in done.stdout or "almost done" in done.stdout
    for agent in ("pgward", "floor"):
        stored = json.loads((results / f"switchover-{agent}.json").read_text())
        assert stored["problem"] == "" and stored["figures"]["commits lost"] == [0], done.stdout
        for figure in (bench_rows.ORDINARY, bench_rows.KNOCKING):
            assert 0 < stored["figures"][figure][0] < 60
    assert "| planned switchover | " in output.read_text()
    left = subprocess.run([sys.executable, str(CTS / "lab"), "list"], capture_output=True,
                          text=True, check=False).stdout
    assert f"bench-{tmp_path.parent.name[-12:]}" not in left


def test_all_rows_are_known_to_the_command():
    assert set(bench.OTHERS) | set(bench.RUNS) == set(bench.ROWS)
    assert all(row in bench.ROWS for rows in bench.UNFIT.values() for row in rows)
