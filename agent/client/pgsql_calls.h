/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_AGENT_PGSQL_CALLS_H
#define PGWARD_AGENT_PGSQL_CALLS_H

/*
 * The functions of pgsql.h, pgsql_probe.h and pgsql_source.h that are in the
 * module. A new one: its name here and its function in pgsql_calls.c.
 */

#include "pgsql.h"
#include "pgsql_probe.h"
#include "pgsql_source.h"
#include "module.h"

#define PGSQL_CALLS(X) \
    X(close) \
    X(observe) \
    X(listener_pid) \
    X(observe_settings) \
    X(observe_replay) \
    X(observe_profile) \
    X(observe_position) \
    X(observe_senders) \
    X(observe_sync) \
    X(ask_checkpoint) \
    X(checkpoint) \
    X(end_sessions) \
    X(switch_wal) \
    X(run_monitor_sql) \
    X(promote) \
    X(create_slot) \
    X(drop_slot) \
    X(advance_slots) \
    X(drop_unsynced_slots) \
    X(end_senders) \
    X(prove_source) \
    X(check_grants) \
    X(list_tablespaces) \
    X(probe)

/*! The module's table; the types are those that these declare. */
struct pgsql_calls {
    struct module_stamp stamp;
#define PGSQL_CALLS_ROW(name) __typeof__(&pgsql_##name) (name);
    PGSQL_CALLS(PGSQL_CALLS_ROW)
#undef PGSQL_CALLS_ROW
};

extern const struct pgsql_calls pgsql_module;

#endif
