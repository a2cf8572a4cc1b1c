# SPDX-License-Identifier: GPL-2.0-or-later
"""The command `pgward`, where it needs no folder of its own."""
