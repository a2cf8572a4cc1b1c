# SPDX-License-Identifier: GPL-2.0-or-later
"""The laboratory: nodes, networks, fencing, PostgreSQL and the resources in them."""
