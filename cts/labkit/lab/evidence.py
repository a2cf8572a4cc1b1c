# SPDX-License-Identifier: GPL-2.0-or-later
"""Everything about a laboratory in one folder, for finding out what went wrong."""

import shutil
from pathlib import Path
from typing import Dict, Sequence

from . import flights
from .errors import LabError
from .lab import Lab
from .node import Node

QUESTIONS: Dict[str, Sequence[str]] = {
    "crm_mon.txt": ("crm_mon", "-Afr1"),
    "crm_mon.xml": ("crm_mon", "-Afr1", "--output-as=xml"),
    "cib.xml": ("cibadmin", "--query"),
    "processes.txt": ("ps", "axfo", "pid,ppid,stat,etimes,user,args"),
    "addresses.txt": ("ip", "-br", "addr"),
}


def ask(node: Node, cmd: Sequence[str], into: Path) -> None:
    try:
        done = node.run(*cmd, check=False, timeout=20)
        into.write_text(done.stdout + done.stderr)
    except LabError as error:
        into.write_text(f"{error}\n")


def keep_node(node: Node, into: Path) -> None:
    into.mkdir(parents=True)
    for name in ("init.log", "start-cluster.log"):
        if (node.dir / name).exists():
            shutil.copy(node.dir / name, into / name)
    shutil.copytree(node.dir / "var/log", into / "log", dirs_exist_ok=True,
                    ignore_dangling_symlinks=True, copy_function=shutil.copyfile)
    for pattern in ("tmp/*.trace*", "pg/tmp/*"):
        for path in node.dir.glob(pattern):
            if path.is_file():
                shutil.copyfile(path, into / path.name)
    if (node.dir / flights.FOLDER).exists():
        shutil.copytree(node.dir / flights.FOLDER, into / "flights")
    if node.alive():
        for name, cmd in QUESTIONS.items():
            ask(node, cmd, into / name)


def collect(lab: Lab, folder: Path) -> Path:
    """Copy logs, ask every node; never fails half-way for one missing thing."""
    folder.mkdir(parents=True, exist_ok=True)
    for node in lab.nodes + lab.routers:
        try:
            keep_node(node, folder / node.name)
        except (OSError, shutil.Error, LabError) as error:
            (folder / f"{node.name}.problem").write_text(f"{error}\n")
    if (lab.root / "fence.log").exists():
        shutil.copy(lab.root / "fence.log", folder / "fence.log")
    running = lab.running()
    if running:
        ask(running[0], ("pcs", "config"), folder / "pcs-config.txt")
    return folder
