/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_AGENT_PROCESSES_H
#define PGWARD_AGENT_PROCESSES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "params.h"
#include "pidfile.h"

/*
 * The processes of one instance, as /proc shows them (P4).
 *
 * The working directory tells whose a postgres process is: postgres never
 * leaves its data directory, and the link outlives a killed postmaster, a
 * removed postmaster.pid and a package upgrade that deleted the executable.
 */

/*! One process of the instance. */
struct process_entry {
    pid_t pid;
    pid_t parent;
    char state;                 /*!< the letter of proc(5) */
    bool titled;                /*!< `postgres: ...`: a child's title */
    bool receiver;              /*!< the WAL receiver */
    bool sender;                /*!< a WAL sender */
    bool archiver;
    bool startup;               /*!< the startup process: it replays */
    bool stays;                 /*!< it ends after a shutdown's checkpoint, by
                                     itself: the checkpointer, the logger */
    bool standalone;            /*!< --single, --boot, --check */
};

/*! All of them. Begin with zeroes, end with processes_forget(). */
struct process_table {
    size_t count;
    size_t size;                /*!< room in `entry` */
    struct process_entry *entry;        /*!< the table's own memory */
    size_t postmaster;          /*!< index; `count`: there is none */
};

/*! Which data directory, looked at once. */
struct instance_id {
    const char *pgdata;
    bool known;                 /*!< dev, ino and owner could be had */
    dev_t dev;
    ino_t ino;
    uid_t owner;
};

/*!
 * When a process started, in clock ticks since boot; 0: it is gone, a zombie,
 * or cannot be looked at. With the process id it names one process.
 */
uint64_t
process_start(pid_t pid);

/*!
 * Send a signal to a process, if it is the one that started then.
 *
 * \return 0 (also when it is gone), or -1 with errno.
 */
int
process_send(pid_t pid, uint64_t start, int number);
/*! Was it stopped (SIGSTOP, a debugger)? */
bool
process_is_stopped(pid_t pid);

/*!
 * How much a process has done: the clock ticks of its CPU time and the bytes
 * that it read from and wrote to storage, in one sum. Any work makes it larger.
 *
 * \param[out] ret_start  as of process_start()
 * \return false: it is gone, or cannot be looked at; nothing is set.
 */
bool
process_work(pid_t pid, uint64_t *ret_start, uint64_t *ret_work);

/*! Does it handle this signal itself (SigCgt of proc(5))? */
bool
process_catches(pid_t pid, int number);

/*! SIGKILL a process, if it is the one that started then. */
void
process_kill(pid_t pid, uint64_t start);

/*! How long ago a process began; 0: it is gone. */
uint32_t
process_age_ms(pid_t pid);

/*! Its command line, its arguments apart by spaces; "": none. */
void
process_title(pid_t pid, char *ret_title, size_t size);

/*! Its program's name, without arguments; "": it is gone. */
void
process_name(pid_t pid, char *ret_name, size_t size);

/*!
 * Find a process's children, theirs, and so on.
 *
 * \return how many of them are in `ret_heir`, at most `max`.
 */
size_t
processes_find_heirs(pid_t ancestor, struct process_entry *ret_heir,
                     size_t max);

/*! Sleep until a process has ended, or for so long. */
void
process_await_end(pid_t pid, int64_t wait_ms);

/*! Look at the data directory; a missing one is no failure. */
void
instance_id_init(struct instance_id *id, const char *pgdata);

/*!
 * Is this process a server of the instance, by executable and working
 * directory?
 *
 * \return 1 yes, 0 no (or gone), -1 cannot say (errno)
 */
int
process_belongs(const struct instance_id *id, pid_t pid);

/*!
 * Is the process of postmaster.pid the live postmaster: belongs, started when
 * the file says, is not a zombie? A handful of system calls; false means only
 * that a full look is needed.
 *
 * \param[out] ret_entry  set when true
 */
bool
processes_check_postmaster(const struct instance_id *id,
                           const struct pidfile *pidfile,
                           struct process_entry *ret_entry);

/*!
 * Find every process of the instance.
 *
 * \param[in]     pidfile_pid  of postmaster.pid, or 0; only a hint
 * \param[in,out] table        zeroes, or of an earlier look; replaced
 * \return 0, or -1 with errno: something could not be looked at, and nothing
 *         may be concluded.
 */
int
processes_find(const struct instance_id *id, pid_t pidfile_pid,
               struct process_table *table);

/*! Give the table's memory back; it is empty then. */
void
processes_forget(struct process_table *table);

/*!
 * Send a signal to a process after making sure that it is still one of the
 * instance; through a pidfd where the kernel has them, so that a reused id is
 * never hit.
 *
 * \return 0 (also when it is gone), or -1 with errno.
 */
int
process_signal(const struct instance_id *id, const struct process_entry *entry,
               int number);

/*!
 * End every process of a session with SIGKILL, its leader among them, and wait
 * until none is left.
 *
 * \param[in] session  the process that began it
 * \param[in] start    of that, as process_start() said; where another process
 *                     has the number now, nothing of the session is left
 * \return 0: not one is left; -1 with errno (ETIMEDOUT: they do not end).
 */
int
processes_end_session(pid_t session, uint64_t start, int64_t deadline_ms);

#endif
