# SPDX-License-Identifier: GPL-2.0-or-later
"""The rig itself: what it counts as zero must be able to be more."""

import pytest

from labkit.lab import postgres


@pytest.mark.worst
def test_two_writers_are_seen(rig, ground):
    """The proof of the proof: a standby is promoted behind the cluster's back."""
    ground.spoilt = True
    rig.eligible()
    seen = rig.view()
    other = next(n for n in rig.standbys() if seen.attribute(n.name, "score") != "100")
    rig.cluster.pcs("property", "set", "maintenance-mode=true")
    with rig.load() as load:
        other.run(f"{postgres.bindir()}/pg_ctl", "-D", postgres.DATA, "-w", "promote",
                  user="postgres")
        rig.until("two writers to be seen", load.double_writers, 30)
    found = rig.verdict(load)
    names = sorted([seen.primary, other.name])
    assert sorted(found.double_writers[0].split(" both")[0].split(" and ")) == names
    with pytest.raises(AssertionError, match="both took writes"):
        found.check()
