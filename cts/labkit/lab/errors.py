# SPDX-License-Identifier: GPL-2.0-or-later
"""The one error that the laboratory's commands show to people."""


class LabError(Exception):
    """Something a person has to know: what failed, why, and what to do next."""

    def __init__(self, what: str, hint: str = "") -> None:
        super().__init__(what + (f"\n  {hint}" if hint else ""))
        self.what = what
        self.hint = hint
