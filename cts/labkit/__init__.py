# SPDX-License-Identifier: GPL-2.0-or-later
"""The laboratory: real Pacemaker clusters in namespaces of one machine."""
