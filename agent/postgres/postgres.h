/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_AGENT_POSTGRES_H
#define PGWARD_AGENT_POSTGRES_H

#include <stdint.h>

#include "controldata.h"
#include "identity.h"
#include "params.h"
#include "processes.h"
#include "snapshot.h"

/*
 * The server process: is any of it alive, start, signal.
 *
 * A process belongs to the instance when its executable is a postgres binary
 * and its working directory is the data directory (device and inode; by path
 * where the directory cannot be looked at), or when the postmaster is its
 * parent. A process id alone proves nothing, nor does a missing pid file (P4).
 */

/*!
 * Look at /proc and postmaster.pid.
 *
 * With `quick`, a postmaster found alive by its pid file (process id, its
 * start time and its working directory all agree) is enough and the other
 * processes are not counted; anything else leads to the full look.
 *
 * \return 0; -1: /proc could not be read, `ret_process->state` is UNKNOWN.
 */
int
postgres_examine(const struct params *params, bool quick,
                 struct process *ret_process);

/*!
 * Which parameter was changed since the server was started, by its own
 * postmaster.opts?
 *
 * \param[out] ret_name  OPTION_NAME_SIZE bytes; "": none, or it is not known
 */
void
postgres_read_old_option(const struct params *params, char *ret_name);

/*! Read version, lock, signal files, backup_label. */
int
postgres_read_files(const struct params *params,
                    const struct identity *identity,
                    struct instance_files *ret_files);

/*!
 * Run pg_controldata (LC_ALL=C), again where it read while a server wrote.
 *
 * \return 0, or -1 with the output untouched: it could not be read.
 */
int
postgres_read_controldata(const struct params *params,
                          const struct identity *identity,
                          int64_t deadline_ms,
                          struct controldata *ret_controldata);

/*! Run pg_controldata (LC_ALL=C). */
int
postgres_read_control(const struct params *params,
                      const struct identity *identity, int64_t deadline_ms,
                      struct control *ret_control);

/*!
 * Read where a timeline comes from, out of its history file in pg_wal, and
 * write it as history_summary() does. The first timeline has no such file.
 *
 * \return 0; -1 with `ret_summary` untouched: not there, or no such file.
 */
int
postgres_read_history(const struct params *params,
                      const struct identity *identity, uint32_t timeline,
                      char *ret_summary, size_t size);

/*!
 * The newest timeline of which pg_wal has a history file, 1 where there is
 * none; 0: it could not be looked at.
 */
uint32_t
postgres_newest_timeline(const struct params *params,
                         const struct identity *identity);

/*!
 * Make folders, log file and socket folder; remove a stale postmaster.pid and
 * the lock file of its socket when the processes have been proved gone; make
 * stats_temp_directory anew.
 *
 * \return 0, or -1 with `ret_why` filled (object, cause, next step).
 */
int
postgres_prepare(const struct params *params, const struct identity *identity,
                 struct text *ret_why);

/*!
 * Run `pg_ctl -W start` as the owner, in a session of its own.
 *
 * start_opt and ctl_opt keep the shell quoting that users gave them.
 *
 * Comes back when the server process can be seen, or has ended again: from
 * then on PROCESS_GONE means that the start failed.
 *
 * \return 0: sent; -1 with `ret_why` filled (pg_ctl's own words).
 */
int
postgres_start(const struct params *params, const struct identity *identity,
               int64_t deadline_ms, struct text *ret_why);

enum postgres_signal {
    POSTGRES_STOP_FAST,         /*!< SIGINT to the postmaster */
    POSTGRES_STOP_IMMEDIATE,    /*!< SIGQUIT to postmaster and orphans */
    POSTGRES_KILL,              /*!< SIGKILL to every process, postmaster
                                     first */
    POSTGRES_RELOAD,            /*!< SIGHUP to the postmaster */
    POSTGRES_END_NEWCOMERS,     /*!< SIGTERM to children that do not know yet
                                     whom they serve */
    POSTGRES_END_RECEIVER,      /*!< SIGTERM to the WAL receiver */
    POSTGRES_PROMOTE,           /*!< SIGUSR1 to the postmaster */
};

/*!
 * Send a signal to the instance's processes, found anew and verified just
 * before (a pidfd where the kernel has it, so that a reused id is never hit).
 *
 * \return 0; -1 with `ret_why`. Nobody there is a success.
 */
int
postgres_signal(const struct params *params, enum postgres_signal what,
                struct text *ret_why);

/*!
 * The last lines of the server's log that say FATAL, PANIC, ERROR or HINT
 * (or else the last lines), for a reason a person reads; passwords hidden.
 * Where logfile is /dev/null it says so, and asks `postgres -C` for what is
 * wrong with the configuration.
 */
int
postgres_tail_log(const struct params *params,
                  const struct identity *identity, struct text *ret_lines);

/*!
 * The last line of the server's log about its upstream, without its prefix;
 * nothing where that line says that it streams. Passwords hidden.
 */
int
postgres_tail_upstream(const struct params *params,
                       const struct identity *identity,
                       struct text *ret_line);

/*! Can a file in pgdata be written and synced? TRI_UNKNOWN: not tried. */
enum tri
postgres_check_disk(const struct params *params,
                    const struct identity *identity, struct text *ret_why);

/*!
 * Find the processes of the instance, its postmaster with the help of the pid
 * file.
 *
 * \param[in,out] table  as of processes_find()
 * \return 0, or -1 with `ret_why`: nothing may be concluded.
 */
int
postgres_find(const struct params *params, const struct instance_id *id,
              struct process_table *table, struct text *ret_why);

#endif
