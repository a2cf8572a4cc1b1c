/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_AGENT_MOVING_H
#define PGWARD_AGENT_MOVING_H

#include <jansson.h>
#include <signal.h>

#include "common_options.h"
#include "findings.h"
#include "steps.h"

/* What `switchover` and `failover` have in common. */

/*! One step in the cluster takes no longer. */
#define MOVING_STEP_MS 10000u

/*! What the cluster knows, without a look at a server. */
#define MOVING_FACTS ((uint32_t) (FACT_ATTRS | FACT_RECORD | FACT_MEMBERS))

/*! What the command line says. */
struct moving_options {
    struct common_options common;   /*!< timeout_ms: of the wait */
    const char *to;                 /*!< node; NULL: whoever has most */
    bool dry_run;
    bool yes;
    bool accept_data_loss;          /*!< failover's alone */
    bool clear;                     /*!< switchover's alone */
};

/*! Rows and letters for getopt_long() that both have. */
#define MOVING_OPTION_ROWS \
    COMMON_OPTION_ROWS, \
    { "to", required_argument, NULL, 'T' }, \
    { "dry-run", no_argument, NULL, 'n' }, \
    { "yes", no_argument, NULL, 'y' }
#define MOVING_OPTION_LETTERS COMMON_OPTION_LETTERS "T:ny"

/*! What --help says of them. */
#define MOVING_OPTION_HELP \
    "  -T, --to NODE         who is to lead\n" \
    "  -n, --dry-run         tell what would be done, and change nothing\n" \
    "  -y, --yes             do not ask\n"

/*! As common_option_take(). */
int
moving_option_take(int option, const char *value,
                   struct moving_options *options);

/*!
 * Look at the cluster from the primary's seat, where there is one and it is
 * another node's, else from this node.
 *
 * \param[out] ret_look  in static storage
 * \return 0, or -1: it was said why.
 */
int
moving_look(const struct moving_options *options, uint32_t facts,
            struct look *ret_look);

/*! Read what stands in the way; what could not be read is said. */
void
moving_read_moves(const struct look *seen, struct moves *ret_moves);

/*! Tell a person who leads; nothing where JSON was asked for. */
void
moving_tell_topology(const struct moving_options *options,
                     const struct look *seen, const char *title);

/*! Tell a person what was found; nothing where JSON was asked for. */
void
moving_tell_findings(const struct moving_options *options,
                     const struct findings *findings);

/*! Tell a person, as printf does; nothing where JSON was asked for. */
void
moving_tell(const struct moving_options *options, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/*!
 * Ask, unless --yes was given.
 *
 * \return COMMAND_OK: yes; COMMAND_NO; COMMAND_USAGE: nobody is there to ask.
 */
int
moving_ask(const struct moving_options *options, const char *question);

/*! Who runs this: as whom one logged in, and where, into `ret_who`. */
void
moving_who(const struct look *seen, char *ret_who, size_t size);

/*! Write into the system log of this node. */
void
moving_log(int priority, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/*!
 * Wait for the next look, or for a signal that ends this program, which is
 * blocked.
 *
 * \return 0, or the signal.
 */
int
moving_pause(const sigset_t *signals, int wait_ms);

/*! From here on what would end this program comes by moving_pause() alone. */
void
moving_block(sigset_t *ret_signals);

/*! Does a node lead, by Pacemaker and by its agent? */
bool
moving_leads(const struct snapshot *snapshot, const char *node);

/*! Of JSON. */
json_t *
moving_json_topology(const struct look *seen);
json_t *
moving_json_findings(const struct findings *findings);

#endif
