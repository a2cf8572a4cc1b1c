# SPDX-License-Identifier: GPL-2.0-or-later
"""Replication slots of a cluster, physical and logical."""
