# SPDX-License-Identifier: GPL-2.0-or-later
"""`pgward status` on the nodes of a cluster."""
