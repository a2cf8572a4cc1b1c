# SPDX-License-Identifier: GPL-2.0-or-later
"""What a fault costs: clients and verdicts, the benchmark and its pages."""
