# SPDX-License-Identifier: GPL-2.0-or-later
"""Are the commits that a failover lost exactly those that pgward named?

A ledger line of an acknowledged commit says on which timeline and as which transaction it was
made; a kept folder (`….pgward-diverged-N`) lists the transactions that committed there after
the fork. An xid alone proves nothing: both sides of a fork give the same ones.

    folders = salvage.folders(Path("/srv/pg"))          # of all nodes, one call each
    found = salvage.compare(ledger.read(out), ledger.present(hosts, port), folders)
    assert found.exact, found.text()

`cts/ledger check --salvaged FOLDER...` does the same by hand.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Dict, List, Sequence, Set

from labkit.lab.ledger import Commit, Summary, lost

TABLE = "transactions"


@dataclass
class Comparison:
    """What was lost, and how the lists have it."""

    lost: List[int]         # acknowledged, and not in the database
    unnamed: List[int]      # of these, in no list
    present: List[int]      # in a list, acknowledged, and in the database all the same

    @property
    def exact(self) -> bool:
        return not self.unnamed and not self.present

    def text(self) -> str:
        return (f"lost={len(self.lost)} unnamed={len(self.unnamed)} "
                f"named_but_present={len(self.present)}")


def folders(*parents: Path) -> List[Path]:
    """The kept folders in these folders: beside each node's data directory, or in its tmpdir."""
    return sorted(path for parent in parents for path in parent.glob("*.pgward-diverged-*")
                  if (path / "README").exists())


def facts(folder: Path) -> Dict[str, str]:
    """What a README says, by its keys."""
    lines = (folder / "README").read_text(encoding="utf-8").splitlines()
    return dict(line.split(": ", 1) for line in lines if ": " in line)


def timelines(folder: Path) -> Set[int]:
    """Those of the WAL behind the fork: the newest, and what it came from since."""
    known = facts(folder)
    newest, first = int(known["timeline"]), int(known["fork"].split("/", maxsplit=1)[0])
    history = folder / f"{newest:08X}.history"
    past = history.read_text(encoding="utf-8").splitlines() if history.exists() else []
    left = {int(line.split()[0]) for line in past if line[:1].isdigit()}
    return {newest} | {one for one in left if one >= first}


def listed(folder: Path) -> Set[Commit]:
    """The transactions of a list; one that is not whole is no proof."""
    xids = set()
    for line in (folder / TABLE).read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            xids.add(int(line.split("\t")[1]))
        elif "left out" in line or "there may be more" in line:
            raise LookupError(f"{folder / TABLE} is not whole: {line}")
    return {Commit(timeline, xid) for timeline in timelines(folder) for xid in xids}


def compare(summary: Summary, present: List[int], kept: Sequence[Path]) -> Comparison:
    named = {commit for folder in kept for commit in listed(folder)}
    missing = lost(summary, present)
    ids = {number for number, commit in summary.commits.items() if commit in named}
    return Comparison(lost=missing, unnamed=sorted(set(missing) - ids),
                      present=sorted(ids & set(present)))
