/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_COMMON_ROLES_H
#define PGWARD_COMMON_ROLES_H

#include <stdbool.h>
#include <stdint.h>

#include "snapshot.h"

/*
 * An instance's role on a node, from the cluster's operation history.
 *
 * The history keeps the last operation, the last failed one and one entry per
 * recurring monitor. Start from zeroes, add the entries in any order.
 */

/*! One lrm_rsc_op. */
struct roles_entry {
    const char *operation;      /*!< start, promote, monitor, ... */
    uint32_t interval_ms;       /*!< 0: a probe, if it is a monitor */
    int32_t rc;                 /*!< rc-code: an enum ocf_code or another */
    int32_t status;             /*!< op-status: 0 done, -1 under way, ... */
    int32_t call_id;            /*!< grows with each operation of a node */
    int64_t changed_s;          /*!< last-rc-change; decides a tie */
};

/*! The operation that is under way, the more dangerous the larger. */
enum roles_pending {
    ROLES_PENDING_NONE = 0,
    ROLES_PENDING_START,
    ROLES_PENDING_STOP,
    ROLES_PENDING_DEMOTE,
    ROLES_PENDING_PROMOTE,
};

/*! What the entries said so far. */
struct roles {
    bool told;                  /*!< an entry told a role, or that it failed */
    enum role role;             /*!< by the latest one that did */
    int32_t call_id;
    int64_t changed_s;
    enum roles_pending pending;
};

/*!
 * Add one entry.
 *
 * What tells a role: a successful operation; a monitor's 0, 7, 8 and 9; a
 * failed start (STARTED: something may be left running). A failed promote,
 * demote, stop or probe may have left anything: UNKNOWN. A recurring monitor
 * that failed otherwise says nothing of the role. Notify, reload and the
 * like, and what was cancelled, are ignored.
 */
void
roles_add(struct roles *roles, const struct roles_entry *entry);

/*!
 * The role, and whether a start or stop is under way.
 *
 * Under way counts by what may be true meanwhile: start is STOPPED, promote
 * is UNKNOWN (any moment now it may write), demote is still PROMOTED, stop is
 * at least STARTED. No entry at all is UNKNOWN: not even probed.
 *
 * Units:  none.
 * Errors: none.
 * Source: Pacemaker's unpack_rsc_op() and sort_op_by_callid(); promise P3.
 */
void
roles_result(const struct roles *roles, enum role *ret_role,
             enum tri *ret_starting);

#endif
