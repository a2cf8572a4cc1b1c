# SPDX-License-Identifier: GPL-2.0-or-later
"""What a person runs: the demonstration, the suite, the soak, the matrix of systems."""
