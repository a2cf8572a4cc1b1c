/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_AGENT_EXECUTE_PARTS_H
#define PGWARD_AGENT_EXECUTE_PARTS_H

#include "instance.h"
#include "plan.h"
#include "snapshot.h"
#include "text.h"

/* What the handlers of the operations share, agent/execute*.c and no other. */

/*! One operation with what it works on; of records, a row of them. */
struct job {
    struct instance *instance;
    struct snapshot *snapshot;
    const struct op *op;
    size_t count;
    bool final;                 /*!< and will, until a person acts */
    bool no_way;                /*!< and will, but another way may do */
    struct text why;            /*!< why it failed */
    char why_text[SERVER_TEXT_SIZE];
};

/*! The name of the node that the operation is about. */
static inline const char *
job_node(const struct job *job)
{
    return job->snapshot->node[job->op->node].name;
}

/* One for each handler that plan.h names: 0, or -1 with job->why. */
#define HANDLER_ROW(symbol, word, handler, ...) \
    int do_##handler(struct job *job);
OP_LIST(HANDLER_ROW)
#undef HANDLER_ROW

#endif
