# SPDX-License-Identifier: GPL-2.0-or-later
"""The ways clients take to the database: programs between them and it, as they are shipped."""
