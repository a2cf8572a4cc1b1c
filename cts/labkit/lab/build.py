# SPDX-License-Identifier: GPL-2.0-or-later
"""Builds pgward from its source outside the source tree, into a staged tree."""

import os
import shutil
from pathlib import Path
from typing import List, Set

from .progress import Progress

SOURCE = Path(__file__).resolve().parents[3]
MADE = {".git", "autom4te.cache", "config.status", "config.h", "config.log", "stamp-h1", "Makefile"}
LEFT = shutil.ignore_patterns("*.o", "*.a", "*.trs", ".deps", ".dirstamp", "__pycache__")


def leave(folder: str, names: List[str]) -> Set[str]:
    """What a build in the source tree may have made; at the top other names than below."""
    made = MADE & set(names) if Path(folder) == SOURCE else set()
    return made | LEFT(folder, names)


def build(work: Path, progress: Progress) -> Path:
    """autoreconf, configure and make beside a copy of the source; returns the staged tree."""
    shutil.rmtree(work, ignore_errors=True)
    source, objects, stage = work / "source", work / "build", work / "stage"
    shutil.copytree(SOURCE, source, ignore=leave, symlinks=True)
    objects.mkdir()
    progress.run("autoreconf -fi", ["autoreconf", "-fi"], work / "autoreconf.log", source)
    progress.run("configure", [str(source / "configure")], work / "configure.log", objects)
    progress.run("make", ["make", f"-j{os.cpu_count() or 1}"], work / "make.log", objects)
    progress.run("make install", ["make", "install", f"DESTDIR={stage}"], work / "install.log",
                 objects)
    return stage
