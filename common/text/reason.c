/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How much of a reason is shown, and what has to stand in that. */

#include "reason.h"

#include <ctype.h>
#include <string.h>

#define ELLIPSIS "..."
#define ELLIPSIS_LEN (sizeof(ELLIPSIS) - 1)

/* So much of a quoted word tells one from another. */
#define QUOTED_MIN 20

/* What stands between two quotes. */
struct quoted {
    size_t begin;
    size_t len;
};

size_t
reason_head(const char *reason)
{
    const char *end = strstr(reason, ". ");

    return end != NULL ? (size_t) (end - reason) : strlen(reason);
}

/* No apostrophe: that stands behind a letter, or before one. */
static bool
is_opening(const char *reason, size_t at)
{
    return (reason[at] == '\'' || reason[at] == '"')
           && (at == 0 || !isalnum((unsigned char) reason[at - 1]));
}

static bool
is_closing(const char *reason, size_t at, char quote)
{
    return reason[at] == quote
           && !isalnum((unsigned char) reason[at + 1]);
}

static struct quoted
longest_quoted(const char *reason, size_t end)
{
    struct quoted longest = { 0, 0 };

    for (size_t at = 0; at < end; at++) {
        size_t close = at + 1;

        if (!is_opening(reason, at)) {
            continue;
        }
        while (close < end && !is_closing(reason, close, reason[at])) {
            close++;
        }
        if (close < end && close - at - 1 > longest.len) {
            longest.begin = at + 1;
            longest.len = close - at - 1;
        }
        at = close < end ? close : at;
    }
    return longest;
}

/* Is the byte in the middle of a character (UTF-8)? */
static bool
is_inside(char byte)
{
    return ((unsigned char) byte & 0xC0) == 0x80;
}

static void
cut(char *reason, struct quoted quoted, size_t keep)
{
    char *word = reason + quoted.begin;
    char *rest = word + quoted.len;
    char *from = rest - keep;

    if (memchr(word, '/', quoted.len) != NULL) {
        while (is_inside(*from)) {
            from++;
        }
        memcpy(word, ELLIPSIS, ELLIPSIS_LEN);
        memmove(word + ELLIPSIS_LEN, from, strlen(from) + 1);
        return;
    }
    from = word + keep;
    while (is_inside(*from)) {
        from--;
    }
    memcpy(from, ELLIPSIS, ELLIPSIS_LEN);
    memmove(from + ELLIPSIS_LEN, rest, strlen(rest) + 1);
}

void
reason_shorten(char *reason)
{
    size_t head;

    while ((head = reason_head(reason)) > REASON_SHOWN) {
        struct quoted quoted = longest_quoted(reason, head);
        size_t too_long = head - REASON_SHOWN + ELLIPSIS_LEN;
        size_t keep = QUOTED_MIN;

        if (quoted.len <= QUOTED_MIN + ELLIPSIS_LEN) {
            return;
        }
        if (quoted.len > QUOTED_MIN + too_long) {
            keep = quoted.len - too_long;
        }
        cut(reason, quoted, keep);
    }
}

bool
reason_names_step(const char *words)
{
    static const char *const verbs[] = {
        "SELECT ", "add ", "chown ", "clean up ", "choose ", "close ",
        "install ", "let ", "look at ", "look for ", "make ", "mount ",
        "name ", "pcs ", "pg_basebackup ", "pg_rewind or pg_basebackup ",
        "raise ", "remove ", "rename ", "rm ", "run ", "set ", "start ",
        "stop ", "unset ", "use ", "wait for ", "write ",
    };

    for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
        if (strncmp(words, verbs[i], strlen(verbs[i])) == 0) {
            return true;
        }
    }
    return false;
}

void
reason_add(struct text *text, const char *step, const char *words)
{
    if (!reason_names_step(words)) {
        text_add(text, "%s: ", step);
    }
    text_add_words(text, words);
}

const char *
reason_cause(const char *message)
{
    static const char *const connecting[] = {
        "connection to server ", "could not connect to server: ",
    };
    const char *at = message;
    const char *found;

    if (strncmp(at, connecting[0], strlen(connecting[0])) == 0
        && (found = strstr(at, " failed: ")) != NULL) {
        at = found + strlen(" failed: ");
    } else if (strncmp(at, connecting[1], strlen(connecting[1])) == 0) {
        at += strlen(connecting[1]);
    }
    /* the severity is translated; two spaces follow it */
    found = at + strcspn(at, ": ");
    if (strncmp(found, ":  ", 3) == 0) {
        at = found + 3;
        if (strspn(at, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ") == 5
            && strncmp(at + 5, ": ", 2) == 0) {
            at += 7;
        }
    }
    return at;
}
