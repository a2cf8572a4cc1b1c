/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An event as a line: TIME KIND NODE SINCE POSITION RULE REASON. */

#include "event.h"

#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

#include "line.h"
#include "names.h"
#include "redact.h"

/* In the place of a word that there is not. */
#define NOTHING "-"

/* The end of the year 9999, which a date can still show. */
#define TIME_MAX_MS 253402300799999u

#define NAME_ROW(symbol, word) word,
static const char *const names_event[] = { EVENT_LIST(NAME_ROW) NULL };
#undef NAME_ROW

const char *
event_name(enum event_kind kind)
{
    return names_name(names_event, kind);
}

/* A word of the line has no space, or the next one would begin in it. */
static void
add_word(struct text *text, const char *word)
{
    text_add(text, " ");
    if (word[0] == '\0') {
        text_add(text, NOTHING);
    }
    for (; *word != '\0'; word++) {
        char one = (unsigned char) *word <= ' ' ? '_' : *word;

        text_add_bytes(text, &one, 1);
    }
}

static void
add_reason(struct text *text, const char *reason)
{
    char line[EVENT_REASON_SIZE];
    struct text safe;

    /* what is hidden may be longer then: it ends where the line would */
    text_init(&safe, line, sizeof(line));
    redact_add(&safe, reason);
    text_clean(line);           /* a server's words may be anything */
    text_add(text, " %s\n", line);
}

void
event_format(const struct event *event, struct text *text)
{
    char position[WAL_POSITION_TEXT_SIZE];

    wal_position_format(event->position, position);
    text_add(text, "%" PRId64 " %s", event->time_ms, event_name(event->kind));
    add_word(text, event->node);
    text_add(text, " %" PRIu32 " %s", event->since_ms, position);
    add_word(text, event->rule);
    add_reason(text, event->reason);
}

/* The word that follows, and what follows that; NULL: none, or too long. */
static const char *
read_word(const char *text, char *ret_word, size_t size)
{
    size_t len = strcspn(text, " ");

    if (len == 0 || len >= size || text[len] != ' ') {
        return NULL;
    }
    memcpy(ret_word, text, len);
    ret_word[len] = '\0';
    return text + len + 1;
}

static const char *
read_number(const char *text, uint64_t max, uint64_t *ret_number)
{
    text = line_read_number(text, max, ret_number);
    return text != NULL && *text == ' ' ? text + 1 : NULL;
}

static const char *
read_kind(const char *text, enum event_kind *ret_kind)
{
    char word[32];
    unsigned kind;

    text = read_word(text, word, sizeof(word));
    if (text == NULL || names_value(names_event, word, &kind) != 0
        || kind == EVENT_NONE || kind == EVENT_TIMELINE) {
        return NULL;
    }
    *ret_kind = (enum event_kind) kind;
    return text;
}

/* It is written for none, too, as timeline 0. */
static const char *
read_position(const char *text, struct wal_position *ret_position)
{
    char word[WAL_POSITION_TEXT_SIZE];

    text = read_word(text, word, sizeof(word));
    return text != NULL && wal_position_parse(word, ret_position) == 0
           ? text : NULL;
}

/* What moves a terminal's cursor was never written. */
static bool
has_controls(const char *line)
{
    for (; *line != '\0'; line++) {
        if ((unsigned char) *line < ' ') {
            return true;
        }
    }
    return false;
}

int
event_parse(const char *line, struct event *ret_event)
{
    struct event event;
    uint64_t time_ms;
    uint64_t since_ms;

    memset(&event, 0, sizeof(event));
    if (has_controls(line)) {
        return -1;
    }
    if ((line = read_number(line, TIME_MAX_MS, &time_ms)) == NULL
        || (line = read_kind(line, &event.kind)) == NULL
        || (line = read_word(line, event.node, sizeof(event.node))) == NULL
        || (line = read_number(line, UINT32_MAX, &since_ms)) == NULL
        || (line = read_position(line, &event.position)) == NULL
        || (line = read_word(line, event.rule, sizeof(event.rule))) == NULL
        || text_copy(line, event.reason, sizeof(event.reason)) != 0) {
        return -1;
    }
    text_clean(event.reason);   /* as JSON has to have it */
    event.time_ms = (int64_t) time_ms;
    event.since_ms = (uint32_t) since_ms;
    if (strcmp(event.rule, NOTHING) == 0) {
        event.rule[0] = '\0';
    }
    *ret_event = event;
    return 0;
}

int
event_next(const char **bytes, size_t *left, struct event *ret_event)
{
    char line[EVENT_LINE_SIZE];

    while (*left > 0) {
        const char *begin = *bytes;
        const char *end = memchr(begin, '\n', *left);
        size_t len = end != NULL ? (size_t) (end - begin) : *left;
        size_t taken = end != NULL ? len + 1 : len;

        *bytes += taken;
        *left -= taken;
        if (len == 0) {
            continue;
        }
        /* a line without its end was torn off, and may have lost more */
        if (end == NULL || len >= sizeof(line)
            || memchr(begin, '\0', len) != NULL) {
            return -1;
        }
        memcpy(line, begin, len);
        line[len] = '\0';
        return event_parse(line, ret_event) == 0 ? 1 : -1;
    }
    return 0;
}
