/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which role an instance has, by the cluster's operation history. */

#include "roles.h"

#include <stddef.h>
#include <string.h>

#include "ocf.h"

/* op-status, Pacemaker's enum pcmk_exec_status. */
#define STATUS_PENDING (-1)
#define STATUS_DONE 0
#define STATUS_CANCELLED 1
#define STATUS_TIMEOUT 2

enum operation {
    OPERATION_OTHER = 0,
    OPERATION_START,
    OPERATION_STOP,
    OPERATION_PROMOTE,
    OPERATION_DEMOTE,
    OPERATION_PROBE,
    OPERATION_RECURRING,
};

static enum operation
operation_of(const struct roles_entry *entry)
{
    static const struct {
        const char *word;
        enum operation operation;
    } words[] = {
        { "start", OPERATION_START },
        { "stop", OPERATION_STOP },
        { "promote", OPERATION_PROMOTE },
        { "demote", OPERATION_DEMOTE },
    };

    if (strcmp(entry->operation, "monitor") == 0) {
        return entry->interval_ms == 0 ? OPERATION_PROBE
                                       : OPERATION_RECURRING;
    }
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (strcmp(entry->operation, words[i].word) == 0) {
            return words[i].operation;
        }
    }
    return OPERATION_OTHER;
}

static void
add_pending(struct roles *roles, enum operation operation)
{
    enum roles_pending pending = ROLES_PENDING_NONE;

    switch (operation) {
    case OPERATION_START:
        pending = ROLES_PENDING_START;
        break;
    case OPERATION_STOP:
        pending = ROLES_PENDING_STOP;
        break;
    case OPERATION_PROMOTE:
        pending = ROLES_PENDING_PROMOTE;
        break;
    case OPERATION_DEMOTE:
        pending = ROLES_PENDING_DEMOTE;
        break;
    case OPERATION_PROBE:
    case OPERATION_RECURRING:
    case OPERATION_OTHER:
        break;
    }
    if (pending > roles->pending) {
        roles->pending = pending;
    }
}

/* The result of an operation that Pacemaker ended is no result. */
static int32_t
effective_rc(const struct roles_entry *entry)
{
    if (entry->status == STATUS_TIMEOUT
        || (entry->status != STATUS_DONE && entry->rc == OCF_SUCCESS)) {
        return OCF_ERR_GENERIC;
    }
    return entry->rc;
}

/* After success: where the operation leads. */
static const enum role role_after[] = {
    [OPERATION_START] = ROLE_STARTED,
    [OPERATION_STOP] = ROLE_STOPPED,
    [OPERATION_PROMOTE] = ROLE_PROMOTED,
    [OPERATION_DEMOTE] = ROLE_STARTED,
    [OPERATION_PROBE] = ROLE_STARTED,
    [OPERATION_RECURRING] = ROLE_STARTED,
};

/* What a finished operation tells; false when it tells nothing. */
static bool
role_told(enum operation operation, int32_t rc, enum role *ret_role)
{
    switch (rc) {
    case OCF_SUCCESS:
        *ret_role = role_after[operation];
        return true;
    case OCF_NOT_RUNNING:
        *ret_role = ROLE_STOPPED;
        return true;
    case OCF_RUNNING_PROMOTED:
    case OCF_FAILED_PROMOTED:
        *ret_role = ROLE_PROMOTED;
        return true;
    case OCF_ERR_INSTALLED:
        if (operation == OPERATION_PROBE) {
            *ret_role = ROLE_STOPPED;
            return true;
        }
        break;
    default:
        break;
    }
    *ret_role = operation == OPERATION_START ? ROLE_STARTED : ROLE_UNKNOWN;
    return operation != OPERATION_RECURRING;
}

/* Later is the larger call-id, then the later change. */
static int
order(const struct roles *roles, const struct roles_entry *entry)
{
    if (entry->call_id != roles->call_id) {
        return entry->call_id > roles->call_id ? 1 : -1;
    }
    if (entry->changed_s != roles->changed_s) {
        return entry->changed_s > roles->changed_s ? 1 : -1;
    }
    return 0;
}

void
roles_add(struct roles *roles, const struct roles_entry *entry)
{
    enum operation operation = operation_of(entry);
    enum role role;
    int later;

    if (operation == OPERATION_OTHER || entry->status == STATUS_CANCELLED) {
        return;
    }
    if (entry->status == STATUS_PENDING) {
        add_pending(roles, operation);
        return;
    }
    if (!role_told(operation, effective_rc(entry), &role)) {
        return;
    }
    later = roles->told ? order(roles, entry) : 1;
    if (later > 0) {
        roles->told = true;
        roles->role = role;
        roles->call_id = entry->call_id;
        roles->changed_s = entry->changed_s;
    } else if (later == 0 && role != roles->role) {
        /* two results of one call in one second: nobody can tell */
        roles->role = ROLE_UNKNOWN;
    }
}

void
roles_result(const struct roles *roles, enum role *ret_role,
             enum tri *ret_starting)
{
    enum role role = roles->role;
    enum tri starting = TRI_NO;

    switch (roles->pending) {
    case ROLES_PENDING_NONE:
        break;
    case ROLES_PENDING_START:
        role = ROLE_STOPPED;
        starting = TRI_YES;
        break;
    case ROLES_PENDING_STOP:
        if (!roles->told || role == ROLE_STOPPED) {
            role = ROLE_STARTED;
        }
        starting = TRI_YES;
        break;
    case ROLES_PENDING_DEMOTE:
        role = ROLE_PROMOTED;
        break;
    case ROLES_PENDING_PROMOTE:
        role = ROLE_UNKNOWN;
        break;
    }
    *ret_role = role;
    *ret_starting = starting;
}
