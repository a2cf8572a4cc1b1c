# SPDX-License-Identifier: GPL-2.0-or-later
"""Run commands of the machine, and look at its processes."""

import fcntl
import os
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path
from typing import Callable, Iterator, Optional, Sequence

from .errors import LabError


@contextmanager
def held(path: Path, problem: str, step: str) -> Iterator[None]:
    """A lock file, while another command does not hold it: the problem, and the next step."""
    with open(path, "w", encoding="ascii") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise LabError(problem, step) from None
        yield


def run(cmd: Sequence[str], check: bool = True, timeout: float = 60,
        stdin: Optional[str] = None) -> subprocess.CompletedProcess:
    """Run a command, keep its output; a failure names the command and its reason."""
    try:
        done = subprocess.run(list(cmd), input=stdin, capture_output=True, text=True,
                              errors="replace", timeout=timeout,
                              stdin=subprocess.DEVNULL if stdin is None else None)
    except FileNotFoundError:
        raise LabError(f"could not run '{cmd[0]}': it is not installed",
                       "install the laboratory's packages: cts/lib/install-packages") from None
    except subprocess.TimeoutExpired:
        raise LabError(f"could not finish '{' '.join(cmd)}': no answer within {timeout:g} s") from None
    if check and done.returncode != 0:
        reason = (done.stderr or done.stdout).strip() or "it said nothing"
        raise LabError(f"could not run '{' '.join(cmd)}': exit {done.returncode}: {reason}")
    return done


def interrupt(*_unused) -> None:
    """A handler of signals: the command ends as it does with Ctrl-C."""
    raise KeyboardInterrupt


def send(number: int, pid: int) -> None:
    """Signal a process, which may have ended meanwhile."""
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        pass


def wait_until(what: str, test: Callable[[], object], timeout: float, every: float = 0.05,
               hint: str = "") -> object:
    """Poll until test() is true and return its value; the failure says what was waited for."""
    end = time.monotonic() + timeout
    while True:
        value = test()
        if value:
            return value
        if time.monotonic() > end:
            raise LabError(f"waited {timeout:g} s in vain for {what}", hint)
        time.sleep(every)


def start_time(pid: int) -> Optional[str]:
    """When the process began (in clock ticks), or None: a pid alone may have been used again."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] in "ZX" else fields[19]


def child_of(pid: int) -> Optional[int]:
    """The first child of a process."""
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == pid:
            return int(stat.parent.name)
    return None
