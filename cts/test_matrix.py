# SPDX-License-Identifier: GPL-2.0-or-later
"""Other systems: where a root is from, how it is entered, and what the table says."""

import shutil
import subprocess
from argparse import Namespace

import pytest

from labkit.demo import matrix, roots

OVERLAY = """\
mount -t overlay -o lowerdir=/,upperdir="$1/upper",workdir="$1/work" overlay "$1/root" &&
shift && exec "$@"
"""


@pytest.mark.parametrize("text, found", [
    ("deb http://a.example/debian bookworm main", ["http://a.example/debian"]),
    ("deb [signed-by=/k arch=amd64] http://a.example/debian/ sid main", ["http://a.example/debian"]),
    ("Types: deb\nURIs: http://a.example/debian http://b.example/debian\n",
     ["http://a.example/debian", "http://b.example/debian"]),
    ("# deb http://a.example/debian bookworm main\ndeb-src http://b.example/debian x main", [])])
def test_mirror_is_read_from_the_lists_of_apt(text, found):
    assert roots.mirrors(text) == found


@pytest.mark.parametrize("version, said", [
    ("15.18-0+deb12u1", "15.18"), ("2.0.5-2", "2.0.5"), ("0.12.0.2-1", "0.12.0.2"),
    ("1:1.3.dfsg+really1.3.1-1+b1", "1.3"), ("19~rc1-1", "19~rc1"), ("", "-")])
def test_version_is_the_upstream_one(version, said):
    assert roots.upstream(version) == said


def test_last_counts_of_a_log_are_its_counts():
    log = "       gcc  7 passed, 0 failed, 1 skipped\n\n1500 passed, 2 failed, 3 skipped\n"
    assert matrix.counts_of(log) == (1500, 2, 3)
    assert matrix.counts_of("it ended before it counted") == (0, 1, 0)


def test_system_that_ran_nothing_is_not_good():
    row = matrix.Row("12")
    assert not row.good
    row.add(3, 0, 1)
    assert row.good
    row.add(0, 1, 0)
    assert not row.good
    assert matrix.table([row]).splitlines()[-1] == "| Debian 12 | - | - | - | 3 | 1 | 1 |"


def test_root_that_cannot_be_made_does_not_stop_the_others(tmp_path, capsys):
    if not shutil.which("debootstrap"):
        pytest.skip("debootstrap is not installed")
    args = Namespace(cache=str(tmp_path), mirror="file:///nonexistent", systems=["11", "13"],
                     only=None, k="", run="true", fresh=False)
    assert matrix.Matrix(args).run() == 1
    said = capsys.readouterr().out
    assert said.count("could not debootstrap") == 2
    assert [line.split("|")[1].strip() for line in said.splitlines()[-2:]] == [
        "Debian 11", "Debian 13"]


def inside(tmp_path, *command):
    """Run it with an overlay of this machine's root as its root."""
    for name in ("upper", "work", "root"):
        (tmp_path / name).mkdir()
    (tmp_path / "upper/mark").write_text("inside\n")
    return subprocess.run(
        ["unshare", "--fork", "--kill-child", "--pid", "--mount", "--ipc", "sh", "-c", OVERLAY,
         "sh", str(tmp_path), str(roots.ENTER), str(tmp_path / "root"), *command],
        capture_output=True, text=True, check=False, timeout=60)


def test_who_enters_a_process_of_the_root_is_in_the_root(tmp_path):
    """A laboratory's nodes are entered by nsenter, which leaves a chroot for the machine's root."""
    done = inside(tmp_path, "sh", "-c", "nsenter -t 1 -m -p cat /mark; ls -d /.machine; exit 3")
    assert (done.returncode, done.stdout) == (3, "inside\n"), done.stderr
    assert "/.machine" in done.stderr, "the machine's root was left there"


def test_what_is_left_behind_ends_with_the_root(tmp_path):
    done = inside(tmp_path, "sh", "-c", "setsid sleep 98765 >/dev/null 2>&1 & echo $$")
    assert done.returncode == 0 and done.stdout.strip().isdigit()
    found = subprocess.run(["pgrep", "-f", "^sleep 98765"], capture_output=True, check=False)
    assert found.returncode == 1, "it is still there"
