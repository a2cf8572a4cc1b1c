# SPDX-License-Identifier: GPL-2.0-or-later
"""How a failed node comes back, or stays out and says why."""
