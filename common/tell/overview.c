/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The words of the overview. */

#include "overview.h"

#define NAME_ROW(symbol, name) name,
const char *const overview_role_names[] = { OVERVIEW_ROLE_LIST(NAME_ROW)
                                            NULL };
const char *const overview_state_names[] = { OVERVIEW_STATE_LIST(NAME_ROW)
                                             NULL };
const char *const overview_rpo_names[] = { OVERVIEW_RPO_LIST(NAME_ROW) NULL };
const char *const overview_level_names[] = { OVERVIEW_LEVEL_LIST(NAME_ROW)
                                             NULL };
const char *const overview_note_names[] = { OVERVIEW_NOTE_LIST(NAME_ROW)
                                            NULL };
#undef NAME_ROW

size_t
overview_count(const struct overview *overview, enum overview_level level)
{
    size_t count = 0;

    for (size_t i = 0; i < overview->note_count; i++) {
        count += overview->note[i].level >= level;
    }
    return count;
}
