/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_COMMON_CHECK_H
#define PGWARD_COMMON_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "snapshot.h"
#include "text.h"

/*
 * A yes or a no for a program that sends clients somewhere. Any doubt is a no:
 * a server that is left out for a moment costs less than a wrong one.
 */

/*! What is asked. */
enum check_kind {
    CHECK_PRIMARY,      /*!< may clients write here? */
    CHECK_STANDBY,      /*!< may they read here? It streams. */
    CHECK_SYNC,         /*!< a standby that commits wait for */
    CHECK_ALIVE,        /*!< does the server answer? */
};

#define CHECK_KINDS (CHECK_ALIVE + 1)

extern const char *const check_kind_names[CHECK_KINDS];

/*! The answer. */
enum check_answer {
    CHECK_UNKNOWN = 0,  /*!< could not look */
    CHECK_NO,
    CHECK_LAGS,         /*!< no: it is what it should be, but too far behind */
    CHECK_YES,
};

struct check_question {
    enum check_kind kind;
    bool lag_limited;
    uint64_t max_lag_bytes;
};

/*! What servers said that were asked without a cluster. */
struct check_servers {
    size_t count;               /*!< the first is the one in question, the
                                     others are its peers */
    const char *name[NODES_MAX];
    struct server server[NODES_MAX];
};

/*! What was measured, for a graph. */
struct check_figures {
    uint32_t timeline;          /*!< 0: not known */
    bool lag_known;
    uint64_t lag_bytes;         /*!< WAL that is not replayed */
};

/*! The facts that check_by_cluster() needs. */
#define CHECK_FACTS \
    ((uint32_t) (FACT_SQL | FACT_RECORD | FACT_MEMBERS))

/*!
 * Judge this node as the cluster has it (its role, its record, quorum), and
 * by what its server says.
 *
 * \param[out] ret_figures  of the server
 * \param[out] why          one line
 *
 * Units:  lag in bytes of WAL received and not replayed.
 * Errors: UNKNOWN facts give a no.
 */
enum check_answer
check_by_cluster(const struct snapshot *snapshot,
                 const struct check_question *question,
                 struct check_figures *ret_figures, struct text *why);

/*!
 * Judge a server by what it and its peers say. A second primary among them is
 * a no for everyone, and so is a peer on a newer timeline, which follows one
 * that does not answer; a peer that is silent says nothing. A standby has to be
 * on the timeline of the primary that answers, and its lag is measured from
 * there.
 *
 * Whether commits wait for it no standby knows: CHECK_SYNC is UNKNOWN here.
 */
enum check_answer
check_by_servers(const struct check_servers *servers,
                 const struct check_question *question,
                 struct check_figures *ret_figures, struct text *why);

/*! An answer's line for a person: `primary: no: WHY`. */
void
check_line(const struct check_question *question, enum check_answer answer,
           const char *why, struct text *line);

/*! The same for Nagios: one line, with performance data. */
void
check_nagios_line(const struct check_question *question,
                  enum check_answer answer, const char *why,
                  const struct check_figures *figures, struct text *line);

/*! Nagios' exit code: 0 OK, 1 WARNING (it lags), 2 CRITICAL, 3 UNKNOWN. */
int
check_nagios_code(enum check_answer answer);

#endif
