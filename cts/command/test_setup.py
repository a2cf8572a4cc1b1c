# SPDX-License-Identifier: GPL-2.0-or-later
"""`pgward setup`, by which the laboratory is made: what it would tell pcs."""

import os
import re
import shlex
import subprocess

import pytest

from labkit.lab.lab import Lab
from labkit.lab.resources import PROFILES, SCRIPT, SHELL_AGENT, Wanted, arguments, script
from labkit.lab.words import promoted

SITE = ["--nodes", "a b c", "--vip-master", "10.0.0.9", "--vip-rep", "10.0.1.9"]


def call(*args, path=""):
    return subprocess.run(["/bin/bash", str(SCRIPT), *args], capture_output=True, text=True,
                          check=False, env={"PATH": path or os.environ["PATH"]})


def printed(*args, path=""):
    """The words of each command but the first three, `pcs -f CIB`."""
    done = call(*args, path=path)
    assert (done.returncode, done.stderr) == (0, "")
    lines = [shlex.split(line) for line in done.stdout.splitlines()]
    assert lines[0] == ["pcs", "cluster", "cib", "pgsql_cfg"]
    assert lines[1] == ["cp", "pgsql_cfg", "pgsql_cfg.was"]
    assert lines[-1] == ["pcs", "cluster", "cib-push", "pgsql_cfg", "diff-against=pgsql_cfg.was"]
    assert all(line[:3] == ["pcs", "-f", "pgsql_cfg"] for line in lines[2:-1])
    return [line[3:] for line in lines[2:-1]]


def the(lines, *begin):
    (found,) = [line for line in lines if line[:len(begin)] == list(begin)]
    return found


def test_recommended_profile_is_made_in_this_order():
    lines = printed(*SITE, "pgctl=/opt/pg/pg_ctl")
    assert [line[:3] for line in lines] == [
        ["property", "set", "no-quorum-policy=stop"],
        ["resource", "defaults", "update"],
        ["resource", "create", "vip-master"],
        ["resource", "create", "vip-rep"],
        ["resource", "create", "pgsql"],
        ["resource", "promotable", "pgsql"],
        ["resource", "group", "add"],
        ["constraint", "colocation", "add"],
        ["constraint", "order", "promote"],
        ["constraint", "order", "demote"]]
    database = the(lines, "resource", "create", "pgsql")
    assert database[3:8] == ["ocf:pgward:pgsql", "rep_mode=sync", "node_list=a b c",
                             "master_ip=10.0.1.9",
                             "primary_conninfo_opt=keepalives_idle=60 keepalives_interval=5 "
                             "keepalives_count=5"]
    assert {"client_address=10.0.0.9", "pgctl=/opt/pg/pg_ctl", "rejoin=rewind",
            "replication_slot_name=pgward"} <= set(database)
    assert "clone-max=3" in the(lines, "resource", "promotable")
    assert {"ip=10.0.0.9", "nic=eth0", "cidr_netmask=24"} <= set(
        the(lines, "resource", "create", "vip-master"))
    assert the(lines, "resource", "group")[3:] == ["master-group", "vip-master", "vip-rep"]
    assert {"stonith-enabled=true", "load-threshold=1000%"} <= set(the(lines, "property", "set"))


def test_figures_are_those_that_the_measurements_go_by():
    ours = PROFILES["recommended"]
    lines = printed(*SITE)
    assert set(the(lines, "resource", "defaults")[3:]) == {
        "resource-stickiness=INFINITY", *ours.defaults().split()}
    database = " ".join(the(lines, "resource", "create", "pgsql"))
    assert f"monitor timeout={ours.monitor_timeout} interval={ours.monitor} " in database
    assert re.search(f"monitor timeout={ours.monitor_timeout} interval={ours.monitor_promoted} "
                     f"on-fail=restart role={promoted()}", database)
    for operation in ("demote", "stop"):
        assert f" {operation} timeout={ours.end_timeout} " in database
    assert f"load-threshold={ours.load_threshold}" in the(lines, "property", "set")


@pytest.mark.parametrize("word", ["true", "on", "1"])
def test_strict_address_for_clients_comes_last_and_by_leave(word):
    lines = printed(*SITE, f"sync_strict={word}")
    assert the(lines, "resource", "group")[3:] == ["master-group", "vip-rep", "vip-master"]
    assert "not_defined pgsql-admit or pgsql-admit ne yes" in " ".join(
        the(lines, "constraint", "location", "vip-master", "rule"))
    assert not [line for line in printed(*SITE, "sync_strict=false")
                if line[:2] == ["constraint", "location"]]


def test_without_fencing_no_quorum_stops_nothing():
    words = the(printed(*SITE, "--fencing", "off"), "property", "set")
    assert {"no-quorum-policy=ignore", "stonith-enabled=false"} <= set(words)


def test_fence_device_is_made_with_the_words_given():
    lines = printed(*SITE, "--fence-device", "fence_x ip=10.0.0.1 pcmk_host_list=a,b")
    assert the(lines, "stonith")[1:] == ["create", "fencing", "fence_x", "ip=10.0.0.1",
                                         "pcmk_host_list=a,b"]


def test_options_reach_where_they_belong():
    lines = printed("--nodes", "a b", "--vip-master", "10.0.0.8", "--vip-rep", "10.0.1.8",
                    "--nic-rep", "bond1", "--restore-command", "cp /x/%f '%p'")
    database = the(lines, "resource", "create", "pgsql")
    assert "restore_command=cp /x/%f '%p'" in database
    assert "master_ip=10.0.1.8" in database
    assert {"ip=10.0.1.8", "nic=bond1"} <= set(the(lines, "resource", "create", "vip-rep"))
    assert "clone-max=2" in the(lines, "resource", "promotable")


OTHER = ["--name", "crm", "--pgdata", "/srv/crm", "pgport=5433", "tmpdir=/srv/crm-tmp"]


def test_further_database_shares_no_name_with_the_first():
    def made(*args):
        lines = printed(*SITE, *args)
        return {line[2] for line in lines if line[:2] == ["resource", "create"]} | {
            the(lines, "resource", "promotable")[3], the(lines, "resource", "group")[3]}
    assert made() == {"pgsql", "msPostgresql", "master-group", "vip-master", "vip-rep"}
    assert made(*OTHER) == {"crm", "msPostgresql-crm", "master-group-crm", "vip-master-crm",
                            "vip-rep-crm"}
    lines = printed(*SITE, *OTHER, "sync_strict=yes")
    named = [word for line in lines if line[0] == "constraint" for word in line]
    assert not {"msPostgresql", "master-group", "vip-master", "pgsql-admit"} & set(named)
    assert {"vip-master-crm", "crm-admit"} <= set(named)


def test_only_our_agent_is_told_the_clients_address():
    told = str(printed(*SITE, "--agent", SHELL_AGENT))
    assert not [name for name in ("client_address", "rejoin", "replication_slot_name")
                if name in told]


def test_parameter_that_is_given_is_there_once():
    database = the(printed(*SITE, "master_ip=10.9.9.9", "primary_conninfo_opt=sslmode=require",
                           "rep_mode=async", "pgdata=/srv/pg", "client_address=10.0.0.9:6432"),
                   "resource", "create", "pgsql")
    for name, value in (("master_ip", "10.9.9.9"), ("rep_mode", "async"), ("pgdata", "/srv/pg"),
                        ("primary_conninfo_opt", "sslmode=require"),
                        ("client_address", "10.0.0.9:6432")):
        assert [word for word in database if word.startswith(f"{name}=")] == [f"{name}={value}"]


@pytest.mark.parametrize("known, word", [
    ("A role can be: 'Master', 'Slave', 'Started'", "Master"),
    ("A role can be: 'Promoted', 'Unpromoted', 'Started'", "Promoted"), ("", "Promoted")])
def test_role_has_the_name_that_pcs_knows(tmp_path, known, word):
    pcs = tmp_path / "pcs"
    pcs.write_text(f'#!/bin/sh\n[ "$*" = "constraint help" ] || exit 1\necho "{known}"\n')
    pcs.chmod(0o755)
    lines = printed(*SITE, path=f"{tmp_path}:{os.environ['PATH']}")
    assert f"role={word}" in the(lines, "resource", "create", "pgsql")
    assert the(lines, "constraint", "colocation")[2:] == [
        "add", "master-group", "with", word, "msPostgresql"]


def test_orders_are_of_a_kind_and_have_no_score():
    """Since Pacemaker 3 an order's score makes the whole configuration invalid."""
    kinds = {"promote": "kind=Mandatory", "demote": "kind=Optional"}
    for first, kind in kinds.items():
        words = the(printed(*SITE), "constraint", "order", first)
        assert kind in words and not [word for word in words if word.startswith("score=")]


@pytest.mark.parametrize("args, said", [
    (SITE[2:], "--nodes is missing"),
    (SITE[:4], "--vip-rep is missing"),
    ([*SITE, "--rep-mode", "slave"], "neither sync nor async"),
    ([*SITE, "--fencing", "maybe"], "neither on nor off"),
    ([*SITE, "--name", "a b"], "is no resource's name"),
    ([*SITE, *OTHER[:2], *OTHER[4:]], "--pgdata of its own"),
    ([*SITE, *OTHER[:4], OTHER[5]], "pgport= of its own"),
    ([*SITE, *OTHER[:5]], "tmpdir= of its own"),
    ([*SITE, "oops"], "neither an option nor NAME=VALUE"),
    (["--vip-rep"], "lacks its value")])
def test_wrong_arguments_are_refused(args, said):
    done = call(*args)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr


def test_first_command_that_fails_ends_it(tmp_path):
    """Nothing is pushed of what could be made only in part."""
    pcs = tmp_path / "pcs"
    pcs.write_text(f'#!/bin/sh\necho "$*" >>{tmp_path}/calls\n'
                   '[ "$2" != cib ] || echo "<cib/>" >"$3"\n'
                   'case $* in *"create vip-rep"*) echo no >&2; exit 1;; esac\n')
    pcs.chmod(0o755)
    done = call("--run", *SITE, "--fence-device", "fence_x",
                path=f"{tmp_path}:{os.environ['PATH']}")
    assert done.returncode == 1
    assert "could not run 'pcs -f " in done.stderr
    calls = (tmp_path / "calls").read_text()
    assert "create vip-rep" in calls and "cib-push" not in calls


def test_fencing_without_a_device_is_refused(tmp_path):
    pcs = tmp_path / "pcs"
    pcs.write_text('#!/bin/sh\n[ "$2" != cib ] || echo "<cib/>" >"$3"\n')
    pcs.chmod(0o755)
    done = call("--run", *SITE, path=f"{tmp_path}:{os.environ['PATH']}")
    assert done.returncode == 1
    assert "there is no fence device" in done.stderr


def test_laboratory_uses_the_script():
    lab = Lab("x", ["a", "b", "c"])
    for wanted in (Wanted(), Wanted(rep_mode="async", fencing=False), Wanted(agent=SHELL_AGENT)):
        done = call(*arguments(lab, wanted))
        assert script(lab, wanted) == done.stdout.splitlines()
        assert wanted.agent in done.stdout
    assert "vip-rep" not in str(script(lab, Wanted(rep_mode="none")))


def test_help_tells_an_example():
    done = call("--help")
    assert done.returncode == 0 and "example" in done.stdout
