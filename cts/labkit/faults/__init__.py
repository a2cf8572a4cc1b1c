# SPDX-License-Identifier: GPL-2.0-or-later
"""What can go wrong in a cluster: the kinds of faults, and what tests do a part of by hand."""

from .archive import hang_archive, release_archive, set_archive_command
from .clients import Crowd, ReplicationClient, Stranger
from .data import fill_disk, follow_setting, higher_setting, raise_setting
from .fault import Aim, Fault
from .kinds import CLOCK, EVERY, KINDS, TwoAtOnce
from .processes import WALRECEIVER, Parted, part

__all__ = ["Aim", "CLOCK", "Crowd", "EVERY", "Fault", "KINDS", "Parted", "ReplicationClient",
           "Stranger", "TwoAtOnce", "WALRECEIVER", "fill_disk", "follow_setting", "hang_archive",
           "higher_setting", "part", "raise_setting", "release_archive", "set_archive_command"]
