/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_AGENT_NFTABLES_H
#define PGWARD_AGENT_NFTABLES_H

#include "instance.h"

/*
 * The resource's table of nftables (refusal.h). No other table of the host's
 * is ever touched.
 */

/*!
 * Look for it: a question or two to the kernel, no process. Where
 * client_address is not set and no table was made since the boot, not even
 * that.
 */
void
nftables_observe(const struct instance *instance,
                 struct refusal *ret_refusal);

/*! Could it be made here? Has nft and the kernel check, and change nothing. */
void
nftables_try(const struct instance *instance, struct refusal *refusal);

/*!
 * Make it anew, in one step.
 *
 * \param[in] expire_s  after so many seconds it refuses nothing; 0: it lasts
 *
 * \return 0, or -1 with `why`; when that was is remembered (failed_ms).
 */
int
nftables_create(const struct instance *instance, unsigned expire_s,
                struct text *why);

/*! Take it away. Returns 0, or -1 with `why`, remembered as well. */
int
nftables_drop(const struct instance *instance, struct text *why);

#endif
