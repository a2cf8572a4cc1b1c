/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_AGENT_PGSQL_H
#define PGWARD_AGENT_PGSQL_H

#include <stdbool.h>
#include <stdint.h>

#include "identity.h"
#include "params.h"
#include "snapshot.h"

/*
 * The only user of libpq: one session with the local server, never blocking
 * past a deadline.
 *
 * Log-in: pgdba by peer authentication (effective user id while connecting),
 * or monitor_user with its password, else with what the owner's .pgpass has;
 * host is pghost, else socketdir, else libpq's default; port is pgport;
 * database is pgdb; application_name is pgward. PG* variables of the
 * environment have no say. The session has statement_timeout and lock_timeout
 * from what is left when it is opened; what is asked runs read-only with
 * search_path emptied.
 *
 * A host that is a name, not an address or a socket folder, is looked up by
 * libpq without a deadline: there the caller's alarm ends the action.
 *
 * In the executable the first call but pgsql_new(), pgsql_close() and
 * pgsql_listener_pid() loads the module (module.h). Where it cannot be had
 * nothing was asked: `answer` is ANSWER_UNKNOWN, and `text` tells why.
 */

struct pgsql;

/*!
 * Make a handle; nothing is connected yet. Static storage, one per process.
 * Takes the PG* variables out of this process's environment.
 */
struct pgsql *
pgsql_new(const struct params *params, const struct identity *identity);

/*!
 * Ask another node's server from now on, over the network: as monitor_user,
 * else rejoin_user, else pgdba, and never as the owner by the local socket.
 * For looks alone.
 *
 * \return 0, or -1: the name is too long.
 */
int
pgsql_turn_to(struct pgsql *pgsql, const char *host);

/*! Close the session, if there is one. */
void
pgsql_close(struct pgsql *pgsql);

/*!
 * Ask for the server's role and position, in one round trip and as cheaply as
 * can be: answer, text, version, in_recovery, position, receiver_running,
 * progress, upstream_set, sync_names, sync_names_known. alone_ms stays as it
 * is.
 *
 * A kept session that broke is opened anew once. The answer tells why there
 * is none; then the fields named above are UNKNOWN and nothing is guessed.
 *
 * position on a standby: the larger of received and replayed, with the WAL
 * receiver's timeline; without a receiver the timeline is 0, and an election
 * asks pgsql_observe_position(). receiver_running: YES from when the receiver
 * has reached its primary, not while it tries to (`connecting` from version
 * 19 on). UNKNOWN where the log-in may not see it: upstream_set
 * (pg_read_all_settings; always before version 12).
 *
 * ANSWER_STOPPING is told from ANSWER_STARTING by the server's words, since
 * both are 57P03; in another language than English it says STARTING: look at
 * process.pidfile, which has `stopping` then.
 *
 * \return 0 when `answer` is ANSWER_OK, else -1.
 */
int
pgsql_observe(struct pgsql *pgsql, int64_t deadline_ms,
              struct server *ret_server);

/*!
 * The process that listens at the server's socket: the postmaster, as the
 * kernel knows it. 0: no session, or not a Unix socket.
 */
int32_t
pgsql_listener_pid(const struct pgsql *pgsql);

/*!
 * Ask where the managed settings come from: sync_names_ours and override.
 *
 * Costs the server about half a millisecond (it has to list every setting), so
 * a plain monitor does not ask: start and role changes do, and a monitor that
 * finds sync_names other than what it wants.
 *
 * sync_names_ours: UNKNOWN where the log-in may not see it (no
 * pg_read_all_settings); NO when no file sets it. override: `FILE:LINE NAME`,
 * or `SOURCE NAME` when it is no file (`command line NAME`).
 *
 * \return 0, or -1 with only `answer` and `text` set.
 */
int
pgsql_observe_settings(struct pgsql *pgsql, int64_t deadline_ms,
                       struct server *ret_server,
                       struct sources *ret_sources);

/*!
 * Ask what keeps a standby's replay back: place, waits and limits.
 *
 * Costs as much as pgsql_observe_settings(): asked only where replay is held
 * up. place: "" where the log-in may not see it. waits: UNKNOWN where it may
 * not see the startup process (pg_read_all_stats), whose id is 0 then.
 *
 * \return 0, or -1 with the output untouched.
 */
int
pgsql_observe_replay(struct pgsql *pgsql, int64_t deadline_ms,
                     struct replay *replay, int32_t *ret_startup_pid);

/*!
 * Ask for the settings that weaken a promise: the server's part of profile.
 * What is set for the agent's own log-in alone is UNKNOWN for all others.
 *
 * \return 0, or -1 with `ret_profile` untouched.
 */
int
pgsql_observe_profile(struct pgsql *pgsql, int64_t deadline_ms,
                      struct profile *ret_profile);

/*!
 * Ask for (timeline, position) as an election needs it: the server's own
 * flushed-or-replayed position with its timeline, by IDENTIFY_SYSTEM in a
 * session of its own (`replication=database`, so the entry of pg_hba.conf for
 * pgdb counts; the log-in needs REPLICATION). Where that is refused: what
 * pgsql_observe() says, if it knows a timeline.
 *
 * pg_control's timeline is not used: it is the last restartpoint's.
 *
 * \return 0, or -1 with `ret_why`.
 * Source: design section 4; PostgreSQL documentation 55.4.
 */
int
pgsql_observe_position(struct pgsql *pgsql, int64_t deadline_ms,
                       struct wal_position *ret_position,
                       struct text *ret_why);

/*!
 * Ask pg_stat_replication and pg_replication_slots about the nodes: fills
 * `senders` of each node but `self`. Whole names without case; of several
 * connections of one name the best one (streaming, then synchronous, then
 * furthest) counts. Where columns are NULL (a log-in without pg_monitor),
 * visible is NO and state UNKNOWN. All physical slots go to senders.slot_row,
 * whoever they are of.
 *
 * \return 0, or -1 with only `snapshot->server.answer` and `text` set.
 */
int
pgsql_observe_senders(struct pgsql *pgsql, int64_t deadline_ms,
                      struct snapshot *snapshot);

/*!
 * Ask whether commits wait for a standby: all but `memory`; wait_ms is an upper
 * bound. Wait events are shown to a log-in with pg_monitor.
 *
 * \return 0, or -1 with those UNKNOWN, `answer` and `text` set.
 */
int
pgsql_observe_sync(struct pgsql *pgsql, int64_t deadline_ms,
                   struct server *ret_server, struct sync *ret_sync);

/*!
 * Have a checkpoint made, as pgdba where monitor_user may not, and wait for
 * its end. One that is not over at the deadline goes on in the server.
 *
 * \return 0, or -1 with the reason in `ret_why`.
 */
int
pgsql_checkpoint(struct pgsql *pgsql, int64_t deadline_ms,
                 struct text *ret_why);

/*! Nobody may: see pgsql_ask_checkpoint(). */
#define PGSQL_CHECKPOINT_DENIED 1

/*!
 * Ask for a checkpoint, as pgdba where monitor_user may not, and do not wait
 * for it.
 *
 * \param[out] ret_asked  a checkpoint whose redo_lsn is past this one began
 *                        after all that had been seen before the call
 * \return 0; PGSQL_CHECKPOINT_DENIED with `ret_asked`: no log-in has the
 *         right, and the server's own next checkpoint has to do; -1 with
 *         `ret_why`.
 */
int
pgsql_ask_checkpoint(struct pgsql *pgsql, int64_t deadline_ms,
                     lsn *ret_asked, struct text *ret_why);

/*!
 * End the clients' transactions on a standby while its replay waits for one
 * of them (before version 13 only where it waits for a lock or a buffer), as
 * pgdba: monitor_user may not end those of a superuser.
 *
 * \return 0, also where nothing is in the way; -1 with `ret_why`.
 */
int
pgsql_end_sessions(struct pgsql *pgsql, int64_t deadline_ms,
                   struct text *ret_why);

/*!
 * Begin a new WAL segment on a primary that archives, as pgdba: monitor_user
 * seldom has the right.
 *
 * \return 0, also where nothing is archived; -1 with `ret_why`.
 */
int
pgsql_switch_wal(struct pgsql *pgsql, int64_t deadline_ms,
                 struct text *ret_why);

/*!
 * Run monitor_sql as the user wrote it: several statements are one implicit
 * transaction, as with psql -c; not read-only, search_path as the log-in has
 * it; output is read and dropped. It runs in the kept session, which is closed
 * afterwards because nobody knows what it left behind.
 *
 * \return TRI_YES it ran, TRI_NO it failed (`ret_why`; no end by the deadline
 *         is a failure too), TRI_UNKNOWN could not be tried (no connection to
 *         be had; `ret_why`).
 */
enum tri
pgsql_run_monitor_sql(struct pgsql *pgsql, int64_t deadline_ms,
                      struct text *ret_why);

/*! The order cannot be given over SQL: see pgsql_promote(). */
#define PGSQL_PROMOTE_BY_SIGNAL 1

/*!
 * Send pg_promote(false). A server that is no standby is a success.
 *
 * \return 0; PGSQL_PROMOTE_BY_SIGNAL with `ret_why`: this server (before
 *         version 12) or this log-in (may not execute pg_promote) cannot take
 *         the order over SQL, so the caller makes `pgdata/promote` as the
 *         owner and sends the postmaster SIGUSR1, which is what pg_ctl does;
 *         -1 with `ret_why`: not sent, or no answer.
 */
int
pgsql_promote(struct pgsql *pgsql, int64_t deadline_ms, struct text *ret_why);

/*!
 * Make a physical replication slot that reserves WAL at once; one that is
 * there already is a success.
 */
int
pgsql_create_slot(struct pgsql *pgsql, const char *slot, int64_t deadline_ms,
                  struct text *ret_why);

/*!
 * Have a standby's slots go on to `position`, those of them that nobody uses
 * and that are behind; but never past its own last restartpoint. WAL from
 * there on it keeps for itself, and it is what pg_rewind needs here of a
 * primary that has parted: that one's last common checkpoint is no older.
 *
 * \param[in] names  of the slots, with commas between
 *
 * \return 0, also where nothing is behind; -1 with `ret_why`.
 */
int
pgsql_advance_slots(struct pgsql *pgsql, const char *names,
                    const char *position, int64_t deadline_ms,
                    struct text *ret_why);

/*!
 * Drop the logical slots of a standby's time as a primary, those that nobody
 * uses: failover slots that were not synchronised, whose names keep the
 * primary's from being (17).
 *
 * \return 0, also where there is none; -1 with `ret_why`.
 */
int
pgsql_drop_unsynced_slots(struct pgsql *pgsql, int64_t deadline_ms,
                          struct text *ret_why);

/*! Drop a slot that nobody uses; a missing one is a success. */
int
pgsql_drop_slot(struct pgsql *pgsql, const char *slot, int64_t deadline_ms,
                struct text *ret_why);

/*!
 * End a WAL sender, or all of them; one that is gone is a success.
 *
 * \param[in] pid    its process; 0: all of them
 * \param[in] began  when that began, as sender.began has it: one that came
 *                   later under the same number is left alone
 *
 * \return 0: they are told; -1 with `ret_why`.
 */
int
pgsql_end_senders(struct pgsql *pgsql, int32_t pid, const char *began,
                  int64_t deadline_ms, struct text *ret_why);

#endif
