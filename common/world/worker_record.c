/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A worker beside the cluster's actions, as the text of a file. */

#include "worker_record.h"

#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

#include "line.h"

#define FORMAT "pgward-worker 1 "

enum number {
    NUMBER_PID = 0,
    NUMBER_START,
    NUMBER_SUBJECT_PID,
    NUMBER_SUBJECT_START,
    NUMBER_PHASE,
    NUMBER_SINCE,
    NUMBER_DONE,
    NUMBER_TOTAL,
    NUMBER_COUNT,
};

const char *
worker_kind_name(enum worker_kind kind)
{
#define NAME_ROW(symbol, name) [symbol] = (name),
    static const char *const names[WORKER_KINDS] = { WORKER_LIST(NAME_ROW) };
#undef NAME_ROW

    return names[kind];
}

void
worker_record_format(const struct worker_record *record, struct text *text)
{
    text_add(text, FORMAT "%s %" PRId32 " %" PRIu64 " %" PRId32 " %" PRIu64
             " %" PRIu32 " %" PRIu64 " %" PRIu64 " %" PRIu64 "\n",
             worker_kind_name(record->kind), record->pid, record->start,
             record->subject_pid, record->subject_start, record->phase,
             record->since_ms, record->done, record->total);
}

static uint64_t
largest(enum number number)
{
    return number == NUMBER_PID || number == NUMBER_SUBJECT_PID ? INT32_MAX
           : number == NUMBER_PHASE ? UINT32_MAX : UINT64_MAX;
}

int
worker_record_parse(const char *text, enum worker_kind kind,
                    struct worker_record *ret_record)
{
    uint64_t number[NUMBER_COUNT];

    text = line_after(text, FORMAT);
    text = text == NULL ? NULL : line_after(text, worker_kind_name(kind));
    if (text == NULL) {
        return -1;
    }
    for (unsigned i = 0; i < NUMBER_COUNT; i++) {
        if (*text != ' ') {
            return -1;
        }
        text = line_read_number(text + 1, largest((enum number) i),
                                &number[i]);
        if (text == NULL) {
            return -1;
        }
    }
    if (strcmp(text, "\n") != 0) {
        return -1;
    }
    *ret_record = (struct worker_record) {
        .kind = kind,
        .pid = (int32_t) number[NUMBER_PID],
        .start = number[NUMBER_START],
        .subject_pid = (int32_t) number[NUMBER_SUBJECT_PID],
        .subject_start = number[NUMBER_SUBJECT_START],
        .phase = (uint32_t) number[NUMBER_PHASE],
        .since_ms = number[NUMBER_SINCE],
        .done = number[NUMBER_DONE],
        .total = number[NUMBER_TOTAL],
    };
    return 0;
}
