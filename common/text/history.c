/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Timeline history files: which point of a timeline belongs to whose past. */

#include "history.h"

#include <string.h>

#include "line.h"

#define LINE_SIZE 1024
#define HEX_DIGITS "0123456789ABCDEF"
#define TIMELINE_DIGITS 8

/* `TIMELINE <space> X/X <space> reason` */
static int
read_switch_point(const char *line, struct wal_position *ret_left)
{
    char text[LSN_TEXT_SIZE];
    uint64_t timeline;
    size_t len;
    lsn position;

    line = line_read_number(line, UINT32_MAX, &timeline);
    if (line == NULL || timeline == 0 || strspn(line, " \t") == 0) {
        return -1;
    }
    line += strspn(line, " \t");
    len = strcspn(line, " \t");
    if (len >= sizeof(text)) {
        return -1;
    }
    memcpy(text, line, len);
    text[len] = '\0';
    if (lsn_parse_sql(text, &position) != 0) {
        return -1;
    }
    ret_left->timeline = (uint32_t) timeline;
    ret_left->lsn = position;
    return 0;
}

int
history_parse(uint32_t timeline, const char *text,
              struct history *ret_history)
{
    struct history history = { .timeline = timeline };
    uint32_t newest = 0;
    char line[LINE_SIZE];

    while (*text != '\0') {
        struct wal_position left;

        if (line_next(&text, line, sizeof(line)) != 0) {
            return -1;
        }
        if (line[0] == '\0' || line[0] == '#') {
            continue;
        }
        if (history.count == HISTORY_MAX
            || read_switch_point(line, &left) != 0
            || left.timeline <= newest || left.timeline >= timeline) {
            return -1;
        }
        newest = left.timeline;
        history.left[history.count++] = left;
    }
    *ret_history = history;
    return 0;
}

uint32_t
history_timeline_of(const char *name)
{
    uint32_t timeline = 0;

    if (strspn(name, HEX_DIGITS) != TIMELINE_DIGITS
        || strcmp(name + TIMELINE_DIGITS, ".history") != 0) {
        return 0;
    }
    for (size_t i = 0; i < TIMELINE_DIGITS; i++) {
        timeline = timeline * 16
                   + (uint32_t) (strchr(HEX_DIGITS, name[i]) - HEX_DIGITS);
    }
    return timeline;
}

void
history_summary(const struct history *history, struct text *text)
{
    char left[WAL_POSITION_TEXT_SIZE];

    text_add(text, "%u", history->timeline);
    for (size_t i = history->count; i-- > 0;) {
        wal_position_format(history->left[i], left);
        if (text->len + strlen(left) + 2 > text->size) {
            return;
        }
        text_add(text, " %s", left);
    }
}

/* The newest comes first there and last here. */
static void
turn_round(struct history *history)
{
    for (size_t i = 0; i < history->count / 2; i++) {
        struct wal_position one = history->left[i];
        size_t other = history->count - 1 - i;

        history->left[i] = history->left[other];
        history->left[other] = one;
    }
}

int
history_read_summary(const char *text, struct history *ret_history)
{
    struct history history = { .count = 0 };
    uint64_t timeline;
    uint32_t younger;

    text = line_read_number(text, UINT32_MAX, &timeline);
    if (text == NULL || timeline == 0) {
        return -1;
    }
    history.timeline = (uint32_t) timeline;
    younger = history.timeline;
    while (*text != '\0') {
        char word[WAL_POSITION_TEXT_SIZE];
        struct wal_position left;
        size_t len = strcspn(text + 1, " ");

        if (*text != ' ' || len >= sizeof(word)
            || history.count == HISTORY_MAX) {
            return -1;
        }
        memcpy(word, text + 1, len);
        word[len] = '\0';
        if (wal_position_parse(word, &left) != 0
            || !wal_position_is_known(left) || left.timeline >= younger) {
            return -1;
        }
        younger = left.timeline;
        history.left[history.count++] = left;
        text += 1 + len;
    }
    turn_round(&history);
    *ret_history = history;
    return 0;
}

/* Where the history left a timeline; 0: it does not say. */
static lsn
left_at(const struct history *history, uint32_t timeline)
{
    for (size_t i = 0; i < history->count; i++) {
        if (history->left[i].timeline == timeline) {
            return history->left[i].lsn;
        }
    }
    return 0;
}

/* Of the timelines before `timeline`, those that both tell of. */
static bool
came_the_same_way(const struct history *own, const struct history *primary,
                  uint32_t timeline)
{
    uint32_t oldest = primary->left[0].timeline;

    for (size_t i = 0; i < own->count; i++) {
        uint32_t before = own->left[i].timeline;

        if (before >= oldest
            && left_at(primary, before) != own->left[i].lsn) {
            return false;
        }
    }
    for (size_t i = 0; i < primary->count; i++) {
        uint32_t before = primary->left[i].timeline;

        if (before < timeline && before > own->left[0].timeline
            && left_at(own, before) == 0) {
            return false;
        }
    }
    return true;
}

/* One number: one timeline only where it began at the same point. */
static enum history_match
same_number(const struct history *own, const struct history *primary)
{
    if (primary->timeline == 1) {
        return HISTORY_SAME_TIMELINE;
    }
    if (primary->count == 0) {
        return HISTORY_UNKNOWN;
    }
    return came_the_same_way(own, primary, primary->timeline)
           ? HISTORY_SAME_TIMELINE : HISTORY_OTHER;
}

enum history_match
history_compare(const struct history *own, struct wal_position end,
                const struct history *primary, lsn *ret_left)
{
    lsn left;

    if (!wal_position_is_known(end) || own->timeline != end.timeline
        || (own->count == 0 && own->timeline > 1)
        || primary->timeline == 0) {
        return HISTORY_UNKNOWN;
    }
    if (end.timeline == primary->timeline) {
        return same_number(own, primary);
    }
    left = left_at(primary, end.timeline);
    if (left == 0 && primary->count > 0
        && end.timeline < primary->left[0].timeline) {
        return HISTORY_OLDER;
    }
    if (left == 0 || !came_the_same_way(own, primary, end.timeline)) {
        return HISTORY_OTHER;
    }
    *ret_left = left;
    return end.lsn <= left ? HISTORY_SHARED : HISTORY_BEYOND;
}

/* The past of one of its timelines. */
static struct history
past_of_timeline(const struct history *history, size_t index)
{
    struct history past = { .count = index };

    past.timeline = index < history->count ? history->left[index].timeline
                                           : history->timeline;
    for (size_t i = 0; i < index; i++) {
        past.left[i] = history->left[i];
    }
    return past;
}

struct wal_position
history_fork(const struct history *own, struct wal_position end,
             const struct history *primary)
{
    struct wal_position fork = { 0, 0 };

    if (!wal_position_is_known(end) || own->timeline != end.timeline
        || (own->count == 0 && own->timeline > 1)) {
        return fork;
    }
    for (size_t i = own->count + 1; i-- > 0;) {
        const struct history past = past_of_timeline(own, i);
        lsn here = i < own->count ? own->left[i].lsn : end.lsn;
        lsn there = past.timeline == primary->timeline
                    ? UINT64_MAX : left_at(primary, past.timeline);

        if (there != 0
            && came_the_same_way(&past, primary, past.timeline)) {
            fork.timeline = past.timeline;
            fork.lsn = here < there ? here : there;
            return fork;
        }
    }
    return fork;
}
