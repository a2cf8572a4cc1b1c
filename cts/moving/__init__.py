# SPDX-License-Identifier: GPL-2.0-or-later
"""How a person moves the lead, and decides who has it."""
