/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What this node's server is, by its files and by its answers. */

#include "own_server.h"

#include "peers.h"

const char *
words_of_server(const struct snapshot *snapshot)
{
    return snapshot->server.text[0] != '\0' ? snapshot->server.text
                                            : "no word of why";
}

const char *
who_is_silent(const struct snapshot *snapshot)
{
    bool listens = snapshot->process.pidfile == PIDFILE_READY
                   || snapshot->process.pidfile == PIDFILE_STANDBY;

    if (snapshot->process.state == PROCESS_FROZEN) {
        return "its stopped (SIGSTOP) postmaster";
    }
    return snapshot->server.answer == ANSWER_REFUSED && listens
           ? "pgport and socketdir"
           : "the server's log";
}

enum server_role
server_role_by_files(const struct snapshot *snapshot)
{
    if (snapshot->process.pidfile == PIDFILE_STANDBY) {
        return SERVER_STANDBY;
    }
    if (snapshot->process.pidfile != PIDFILE_READY) {
        return SERVER_UNKNOWN;
    }
    switch (snapshot->control.state) {
        case CONTROL_IN_ARCHIVE_RECOVERY:
            return SERVER_STANDBY;
        case CONTROL_IN_PRODUCTION:
        case CONTROL_IN_CRASH_RECOVERY:     /* a standby's is in archive */
            return SERVER_PRIMARY;
        case CONTROL_UNKNOWN:
        case CONTROL_STARTING_UP:
        case CONTROL_SHUT_DOWN:
        case CONTROL_SHUT_DOWN_IN_RECOVERY:
        case CONTROL_SHUTTING_DOWN:
            break;
    }
    return SERVER_UNKNOWN;
}

enum standby
standby_by_address(const struct snapshot *snapshot)
{
    return snapshot->settings.rep_mode == REP_MODE_SLAVE
           || snapshot->address_here == TRI_NO ? STANDBY_FOLLOWS
                                               : STANDBY_WAITS;
}

void
plan_standby_start(struct plan *plan, enum standby kind)
{
    /* The files come before the lines that include them. */
    plan_add(plan, OP_WRITE_SYNC_NAMES, OP_REQUIRED, 0, "");
    plan_add_number(plan, OP_WRITE_STANDBY, OP_REQUIRED,
                    (int32_t) kind);
    plan_add(plan, OP_WRITE_CONFIG, OP_REQUIRED, 0, NULL);
    plan_add(plan, OP_START_SERVER, OP_REQUIRED, 0, NULL);
    plan_again(plan, 0, FACT_PROCESS, 0);       /* who waits asks for SQL */
}

enum tri
upstream_is_named(const struct snapshot *snapshot)
{
    const struct server *server = &snapshot->server;

    if (server->upstream_set != TRI_UNKNOWN) {
        return server->upstream_set;
    }
    return server->receiver_running == TRI_YES ? TRI_YES
                                               : snapshot->files.upstream;
}

void
plan_restart(struct plan *plan)
{
    plan_add(plan, OP_BEGIN_RESTART, OP_REQUIRED, 0, NULL);
    plan_add(plan, OP_STOP_FAST, OP_REQUIRED, 0, NULL);
}

/* The attribute is gone after a reboot, and where no other node kept it. */
bool
is_quarantined(const struct snapshot *snapshot)
{
    return is_unproved(snapshot, snapshot->self)
           || (snapshot->files.lock == TRI_YES
               && upstream_is_named(snapshot) == TRI_NO);
}
