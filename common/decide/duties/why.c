/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What people are told where nothing fails: RSC-why, beside RSC-status.
 *
 * No decision rests on it. It is written late, as RSC-status is, and its words
 * stay the same while what they tell does: a change of an attribute makes
 * Pacemaker think again, and has it do nothing.
 */

#include "why.h"

#include <string.h>
#include <syslog.h>

#include "own_server.h"
#include "peers.h"
#include "reason.h"
#include "replay.h"
#include "slot_duty.h"
#include "want.h"

/* A standby may be without a WAL receiver for so long: it starts, say. */
#define ALONE_MS 10000u

/* Storage that takes no WAL for so long does not only have much to do. */
#define UNFLUSHED_MS 10000u

#define WAL_IS_GONE "has already been removed"

#define MAKE_ANEW "pg_basebackup this node, pcs resource cleanup: "
#define REWIND "pg_rewind or pg_basebackup this node, pcs resource cleanup: "

#define SAYINGS_MAX 4

/* What PostgreSQL says, in one way or another, and what to do then. */
static const struct {
    const char *sayings[SAYINGS_MAX];
    const char *why;
} upstream[] = {
    { { WAL_IS_GONE },
      MAKE_ANEW "the primary does not have the WAL that it needs any more" },
    { { "identifier differs" },
      MAKE_ANEW "its database is another one than the primary's" },
    { { "forked off current database system timeline", "is not a child of",
        "highest timeline", "is not in this server's history" },
      REWIND "its WAL is not all of the primary's past" },
    { { "pg_hba.conf" },
      "add this node to pg_hba.conf of the primary: it refuses the "
      "replication connection" },
    { { "authentication failed" },
      "look at repuser, its password and primary_conninfo_opt: the primary "
      "refuses the log-in" },
    { { "no password supplied" },
      "look at repuser, its password and primary_conninfo_opt: the primary "
      "asks for a password" },
    { { "replication slot" },
      "look at the primary's replication slots: that of this standby is "
      "missing, or another uses it" },
    { { "No space left on device" },
      "make room on the disk of pg_wal: there is none left for the WAL that "
      "this standby is sent" },
    { { "could not connect to the primary" },
      "look at master_ip and the replication LAN: the primary does not "
      "answer there" },
};

/* It has had no WAL receiver for long. */
static bool
is_long_alone(const struct snapshot *snapshot)
{
    return snapshot->action == ACTION_MONITOR
           && snapshot->server.receiver_running == TRI_NO
           && snapshot->server.alone_ms >= ALONE_MS;
}

/* It streams, and the primary has never seen it under its name. */
static bool
is_overlooked(const struct snapshot *snapshot)
{
    return snapshot->action == ACTION_MONITOR
           && snapshot->server.receiver_running == TRI_YES
           && attr_is(&self_node(snapshot)->attrs.status, "HS:alone");
}

bool
why_is_seen(const struct snapshot *snapshot, struct plan *plan)
{
    uint32_t facts = 0;

    if (is_long_alone(snapshot)) {
        facts |= FACT_UPSTREAM;
    }
    if (is_overlooked(snapshot)) {
        facts |= FACT_SETTINGS;
    }
    return have_facts(snapshot, facts, plan);
}

bool
lacks_wal(const struct snapshot *snapshot)
{
    return is_long_alone(snapshot)
           && strstr(snapshot->upstream_words, WAL_IS_GONE) != NULL;
}

static bool
says_one_of(const char *words, const char *const *sayings)
{
    for (size_t i = 0; i < SAYINGS_MAX && sayings[i] != NULL; i++) {
        if (strstr(words, sayings[i]) != NULL) {
            return true;
        }
    }
    return false;
}

static void
explain_upstream(const struct snapshot *snapshot, struct text *why)
{
    const char *words = snapshot->upstream_words;

    for (size_t i = 0; i < sizeof(upstream) / sizeof(upstream[0]); i++) {
        if (says_one_of(words, upstream[i].sayings)) {
            text_add(why, "%s", upstream[i].why);
            return;
        }
    }
    if (words[0] == '\0') {
        text_add(why, "look at the server's log, or set logfile to a file: "
                 "nothing streams to this standby");
        return;
    }
    text_add(why, "look at the server's log: nothing streams: ");
    text_add_words(why, reason_cause(words));
}

/* Pacemaker restarts no server for it whose last operation was a demotion. */
static void
explain_restart(const struct snapshot *snapshot, struct text *why)
{
    if (snapshot->process.old_option[0] != '\0') {
        text_add(why, "restart this server (pcs node standby, unstandby): it "
                 "has run since before %s was changed",
                 snapshot->process.old_option);
    }
}

static void
explain(const struct snapshot *snapshot, struct text *why)
{
    const char *replay = replay_obstacle(snapshot, snapshot->self);
    const char *pause = replay_pause(snapshot);

    if (replay != NULL && replay_is_held_up(snapshot, snapshot->self)) {
        text_add_words(why, replay);
    } else if (pause != NULL) {
        text_add(why, "%s", pause);
    } else if (is_overlooked(snapshot)
               && strstr(snapshot->sources.override, "primary_conninfo")
                  != NULL) {
        text_add(why, "remove primary_conninfo from where it is set, and "
                 "reload: this standby streams under another name and does "
                 "not count");
    } else if (is_long_alone(snapshot) && is_quarantined(snapshot)) {
        text_add(why, "wait for the primary's word on its timelines: this "
                 "node led last, and nothing proves its data yet");
    } else if (is_long_alone(snapshot)) {
        explain_upstream(snapshot, why);
    } else {
        explain_restart(snapshot, why);
    }
}

/* The log has the server's own words, and the line, as well. */
static void
log_why(const struct snapshot *snapshot, struct plan *plan, const char *why)
{
    if (is_long_alone(snapshot)
        && snapshot->upstream_words[0] != '\0') {
        plan_log_once(plan, LOG_WARNING, "%s. The server's log: %.200s", why,
                      snapshot->upstream_words);
    } else if (is_overlooked(snapshot)) {
        plan_log_once(plan, LOG_WARNING, "%s. It is set at %.200s", why,
                      snapshot->sources.override);
    } else {
        plan_log_once(plan, LOG_WARNING, "%s", why);
    }
}

void
tell_why(const struct snapshot *snapshot, struct plan *plan)
{
    char buf[ATTR_VALUE_SIZE];
    struct text why;

    if (snapshot->self >= snapshot->node_count) {
        return;
    }
    text_init(&why, buf, sizeof(buf));
    explain(snapshot, &why);
    /* a receiver that comes and goes is no end of it */
    if (buf[0] == '\0'
        && attr_is(&self_node(snapshot)->attrs.status, "HS:alone")
        && snapshot->server.alone_ms < ALONE_MS
        && snapshot->server.progress.paused == TRI_NO) {
        return;
    }
    if (buf[0] != '\0' && replay_obstacle(snapshot, snapshot->self) == NULL) {
        log_why(snapshot, plan, buf);
    }
    want_why(snapshot, plan, buf);
}

void
tell_why_of_primary(const struct snapshot *snapshot, struct plan *plan)
{
    char buf[ATTR_VALUE_SIZE];
    struct text why;

    if ((snapshot->facts & FACT_SETTINGS) != 0) {
        return;         /* who asks where the list is set has told of that */
    }
    text_init(&why, buf, sizeof(buf));
    if (snapshot->server.unflushed_ms >= UNFLUSHED_MS) {
        text_add(&why, "look at the storage of pg_wal: no WAL gets onto it, "
                 "and commits wait for that");
    } else if (slots_lacking(snapshot) > 0) {
        text_add(&why, "raise max_replication_slots to %u and restart this "
                 "server: all are taken, and of the standbys' slots %u are "
                 "missing",
                 snapshot->senders.slot_max + slots_lacking(snapshot),
                 slots_lacking(snapshot));
    } else if (snapshot->settings.promoted_max > 1) {
        text_add(&why, "pcs resource meta CLONE promoted-max=1: no standby is "
                 "ranked while %u primaries are asked for",
                 snapshot->settings.promoted_max);
    } else {
        explain_restart(snapshot, &why);
    }
    if (buf[0] != '\0') {
        plan_log_once(plan, LOG_WARNING, "%s", buf);
    }
    want_why(snapshot, plan, buf);
}
