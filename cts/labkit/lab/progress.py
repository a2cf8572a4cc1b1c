# SPDX-License-Identifier: GPL-2.0-or-later
"""Saying what goes on, so that nothing is silent for long."""

import subprocess
import time
from pathlib import Path
from typing import Dict, Optional, Sequence

from .errors import LabError

EVERY = 4.0


class Progress:
    """Lines with the seconds since the start in front."""

    def __init__(self) -> None:
        self.began = time.monotonic()
        self.spoke = self.began

    def __call__(self, text: str = "") -> None:
        self.spoke = time.monotonic()
        print(f"[{self.spoke - self.began:6.1f} s] {text}" if text else "", flush=True)

    def title(self, text: str) -> None:
        print(flush=True)
        self(f"== {text}")

    def alive(self, text: str) -> None:
        """Say something when nothing has been said for a while."""
        if time.monotonic() - self.spoke > EVERY:
            self(f"   {text}")

    def run(self, what: str, cmd: Sequence[str], log: Path, cwd: Optional[Path] = None,
            env: Optional[Dict[str, str]] = None) -> None:
        """A long command with its output in a file; its last line shows that it goes on."""
        self(what)
        with open(log, "wb") as out:
            child = subprocess.Popen(list(cmd), cwd=cwd, env=env, stdin=subprocess.DEVNULL,
                                     stdout=out, stderr=subprocess.STDOUT)
            try:
                while child.poll() is None:
                    time.sleep(0.1)
                    self.alive(f"still at it: {last_line(log)}")
            finally:
                if child.poll() is None:
                    child.terminate()
                    child.wait()
        if child.returncode != 0:
            tail = "\n".join("  " + line for line in lines(log)[-25:])
            raise LabError(f"could not {what}: '{' '.join(cmd)}' ended with "
                           f"{child.returncode}; its last lines:\n{tail}", f"the whole of it: {log}")


def lines(path: Path):
    return path.read_text(errors="replace").splitlines()


def last_line(path: Path) -> str:
    found = [line for line in lines(path) if line.strip()]
    return found[-1][:100] if found else "no output yet"
