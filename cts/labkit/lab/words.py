# SPDX-License-Identifier: GPL-2.0-or-later
"""What this machine's pcs and Pacemaker call things: words that changed with their versions.

crm_resource needs none: every one of them knows --master, which pcs 0.10 has as well.
"""

import re
from functools import lru_cache
from typing import List

from .shell import run

CLONE = "msPostgresql"


@lru_cache(maxsize=None)
def promoted() -> str:
    """The promoted role: pcs before 0.11 knows its old name only, and later ones the new one."""
    return "Master" if "Master" in run(["pcs", "constraint", "help"]).stdout else "Promoted"


def promoted_option() -> str:
    """Of `pcs resource move`, `ban` and `clear`: only this role."""
    return f"--{promoted().lower()}"


@lru_cache(maxsize=None)
def reloads() -> bool:
    """Whether Pacemaker knows reload-agent: before 2.1 each change of a parameter is a restart."""
    found = re.search(r"Pacemaker (\d+)\.(\d+)", run(["pacemakerd", "--version"]).stdout)
    return found is not None and (int(found[1]), int(found[2])) >= (2, 1)


def move() -> List[List[str]]:
    """The pcs commands of a planned move of the promoted role, for a person who reads README.

    From 0.11 on pcs waits, and takes its constraint away itself.
    """
    words = ["resource", "move", CLONE, promoted_option()]
    if promoted() == "Promoted":
        return [words]
    return [words + ["--wait=100"], ["resource", "clear", CLONE]]
