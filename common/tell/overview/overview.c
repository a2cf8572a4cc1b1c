/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The words of the overview, and its notes. */

#include "overview.h"

#include <stdarg.h>

#include "text.h"

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

void
overview_note(struct overview *overview, enum overview_level level,
              enum overview_note_kind kind, size_t node, const char *format,
              ...)
{
    struct overview_note *next = &overview->note[overview->note_count];
    struct text text;
    va_list args;

    if (overview->note_count == OVERVIEW_NOTES_MAX) {
        overview->notes_left_out++;
        return;
    }
    text_init(&text, next->text, sizeof(next->text));
    va_start(args, format);
    text_add_v(&text, format, args);
    va_end(args);
    if (text.overflow) {
        overview->notes_left_out++;
        return;
    }
    text_clean(next->text);     /* a server's words may be anything */
    next->level = level;
    next->kind = kind;
    next->node = node;
    overview->note_count++;
}
