/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Two looks at the cluster, judged together. */

#include "survey.h"

#include "clock.h"
#include "looking.h"
#include "overview_make.h"

/* What ending a look that hangs, and writing the answer, may take. */
#define ROOM_MS 300

static bool
take_seat(const struct survey *survey, int64_t end_ms, struct look *ret_seat,
          bool *ret_whole)
{
    size_t node = overview_seat(&survey->here.snapshot);
    int64_t left_ms = clock_left_ms(end_ms) - ROOM_MS;
    struct look_request request = {
        .resource = survey->here.resource,
        .facts = OVERVIEW_SEAT_FACTS,
    };

    *ret_whole = node == NODES_MAX;
    if (node == NODES_MAX || left_ms <= 0) {
        return false;
    }
    request.seat = survey->here.snapshot.node[node].name;
    request.limit_ms = (uint32_t) left_ms;
    return looking_look(&request, ret_seat, ret_whole) == 0;
}

/* What the notes call unseen was not looked at either. */
static bool
saw_all(const struct overview *overview)
{
    for (size_t i = 0; i < overview->note_count; i++) {
        if (overview->note[i].kind == NOTE_UNSEEN) {
            return false;
        }
    }
    return true;
}

int
survey_take(const char *resource, uint32_t timeout_ms,
            struct survey *ret_survey)
{
    int64_t end_ms = clock_now_ms() + timeout_ms;
    const struct look_request request = {
        .resource = resource,
        .facts = OVERVIEW_FACTS,
        .limit_ms = timeout_ms / 2 + 1,
    };
    bool here_whole;
    bool seat_whole;
    bool seated;

    if (looking_look(&request, &ret_survey->here, &here_whole) != 0) {
        return -1;
    }
    seated = take_seat(ret_survey, end_ms, &ret_survey->seat, &seat_whole);
    overview_make(&ret_survey->here.snapshot,
                  seated ? &ret_survey->seat.snapshot : NULL,
                  &ret_survey->overview);
    ret_survey->whole = here_whole && seat_whole
                        && saw_all(&ret_survey->overview);
    return 0;
}
