# SPDX-License-Identifier: GPL-2.0-or-later
"""The laboratory keeps its own promises."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from conftest import open_lab
from labkit.lab import lab as labs, net
from labkit.lab.errors import LabError
from labkit.lab.shell import run, wait_until

LAB = str(Path(__file__).with_name("lab"))


@pytest.fixture(scope="module")
def lab(request):
    """Two nodes with odd names: one name is the beginning of the other, and there is a dot."""
    with open_lab(request.config, ["srv1", "srv10.Example"]) as made:
        yield made.lab


def reaches(node, lan, host) -> bool:
    return node.run("ping", "-c1", "-W1", f"192.168.{lan}.{host}", check=False).returncode == 0


def assert_reaches(node, lan, host) -> None:
    """An answer may take longer than a second on a busy machine."""
    wait_until(f"{node.name} to reach 192.168.{lan}.{host}", lambda: reaches(node, lan, host), 30)


def test_odd_names_are_online(lab):
    """Node names are compared whole: srv1 is not srv10."""
    assert sorted(lab.nodes[0].online()) == ["srv1", "srv10.Example"]


def test_a_cut_is_one_lan_and_one_direction(lab):
    one, two = lab.nodes
    net.cut(lab.name, one.index, 2, "in")
    assert not reaches(two, 2, 1)
    assert_reaches(two, 0, 1)
    net.heal(lab.name, one.index, 2)
    assert_reaches(two, 2, 1)
    net.cut(lab.name, one.index, 2, "both")
    assert not reaches(two, 2, 1)
    net.heal(lab.name, one.index, 2)
    assert_reaches(two, 2, 1)


@pytest.fixture
def sleepers(lab):
    """Nothing that a test left asleep on the first node is found by the next one."""
    node = lab.nodes[0]
    yield node
    node.signal(signal.SIGCONT, "^sleep 600")
    node.signal(signal.SIGKILL, "^sleep 600")
    wait_until("sleep to be gone", lambda: not node.find("^sleep 600"), 30)


def stopped(pid) -> bool:
    """A signal is on its way when kill() returns: ask for the state until it has arrived."""
    return "State:\tT" in Path(f"/proc/{pid}/status").read_text()


def test_frozen_processes_go_on_after_thaw(sleepers):
    sleepers.run("sh", "-c", "setsid sleep 600 >/dev/null 2>&1 &")
    wait_until("sleep to run", lambda: sleepers.find("^sleep 600"), 30)
    pid = sleepers.find("^sleep 600")[0]
    assert sleepers.signal(signal.SIGSTOP, "^sleep 600") == 1
    wait_until("sleep to stop", lambda: stopped(pid), 30)
    sleepers.signal(signal.SIGCONT)
    wait_until("sleep to go on", lambda: not stopped(pid), 30)


def test_a_visitor_that_was_frozen_does_not_keep_a_dead_node(sleepers):
    with subprocess.Popen(sleepers.enter(["sleep", "600"])) as visitor:
        try:
            wait_until("sleep to run", lambda: sleepers.find("^sleep 600"), 30)
            sleepers.signal(signal.SIGSTOP, "^sleep 600")
            wait_until("nsenter to stop with it", lambda: stopped(visitor.pid), 30)
            sleepers.kill()
            assert not sleepers.alive()
        finally:
            visitor.kill()
    sleepers.boot()


def test_syslog_and_disk_survive_a_power_cut(lab):
    node = lab.nodes[1]
    node.run("logger", "-t", "before", "the power goes")
    node.run("touch", "/srv/pg/kept")
    node.kill()
    assert not node.alive()
    node.boot(start_cluster=False)
    assert "the power goes" in node.out("cat", "/var/log/syslog")
    assert node.run("test", "-e", "/srv/pg/kept", check=False).returncode == 0
    node.start_cluster()


def test_the_dead_are_reaped(lab):
    node = lab.nodes[0]
    node.run("sh", "-c", "sh -c 'sleep 0.1 & exec true' & wait; sleep 0.4")
    assert "defunct" not in node.out("ps", "ax")


def test_down_leaves_nothing_and_may_be_repeated(request):
    with open_lab(request.config, 1) as made:
        lab = made.lab
        init = lab.nodes[0].init_pid()
        labs.down(lab.name)
        assert not Path(f"/proc/{init}").exists()
        assert not lab.root.exists()
        assert net.namespaces(lab.name) == []
        assert lab.name not in Path("/proc/self/mounts").read_text()
        labs.down(lab.name)


def test_interrupted_up_cleans_up_after_itself():
    name = "interrupted"
    child = subprocess.Popen([sys.executable, LAB, "--name", name, "up", "2"],
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    wait_until("it to be under way", lambda: net.namespaces(name), 20, 0.02)
    child.send_signal(signal.SIGINT)
    out, _ = child.communicate(timeout=60)
    assert child.returncode == 130, out
    assert net.namespaces(name) == []
    assert name not in labs.names()


@pytest.mark.parametrize("words, said", [
    (["kill", "node1"], "there is no laboratory 'nothere'"),
    (["up", "40"], "1 to 9 nodes, not 40"),
    (["up", "2", "--nodes", "a b"], "cannot be a node's name"),
    (["up", "2", "--ocf-dir", "/nonexistent"], "there is no agent under '/nonexistent'"),
])
def test_bad_input_names_the_object_and_the_next_step(words, said):
    done = run([LAB, "--name", "nothere", *words], check=False)
    assert done.returncode == 1
    assert said in done.stderr


def test_unknown_node_is_named_with_those_that_exist(lab):
    with pytest.raises(LabError) as error:
        lab.node("srv2")
    assert "srv1 srv10.Example" in str(error.value)
