# SPDX-License-Identifier: GPL-2.0-or-later
"""Faults on loaded clusters: cts/suite runs them, cts/check takes the worst."""
