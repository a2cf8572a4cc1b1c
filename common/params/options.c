/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The server's command line, as it is and as it would be. */

#include "options.h"

#include <string.h>

#define WORD_SIZE 1024
#define CONFIG_FILE "config_file="

/* What a shell makes more of than a part of a word. */
#define SPECIAL "$`;&|<>(){}*?[]~#!\n"

enum found {
    FOUND_WORD = 0,
    FOUND_END,
    FOUND_UNKNOWN,
};

struct word {
    char text[WORD_SIZE];
    size_t len;
};

static enum found
add(struct word *word, char letter)
{
    if (word->len + 1 >= sizeof(word->text)) {
        return FOUND_UNKNOWN;
    }
    word->text[word->len++] = letter;
    word->text[word->len] = '\0';
    return FOUND_WORD;
}

/* postmaster.opts has each between double quotes, and escapes none. */
static enum found
next_written(const char **at, struct word *ret_word)
{
    const char *in = *at;
    enum found found = FOUND_WORD;

    *ret_word = (struct word) { "", 0 };
    if (*in == '\0' || *in == '\n') {
        return FOUND_END;
    }
    if (strncmp(in, " \"", 2) != 0) {
        return FOUND_UNKNOWN;
    }
    for (in += 2; found == FOUND_WORD && *in != '\0'; in++) {
        if (*in == '"' && (in[1] == ' ' || in[1] == '\n' || in[1] == '\0')) {
            *at = in + 1;
            return FOUND_WORD;
        }
        found = add(ret_word, *in);
    }
    return FOUND_UNKNOWN;
}

/* One letter of a shell's word, which may stand between quotes. */
static enum found
take_letter(const char **at, char *quote, struct word *word)
{
    char letter = *(*at)++;

    if (letter == *quote) {
        *quote = '\0';
        return FOUND_WORD;
    }
    if (*quote == '\0' && (letter == '\'' || letter == '"')) {
        *quote = letter;
        return FOUND_WORD;
    }
    if (*quote == '\0' ? strchr(SPECIAL, letter) != NULL
                       : *quote == '"' && strchr("$`", letter) != NULL) {
        return FOUND_UNKNOWN;
    }
    if (letter == '\\' && *quote != '\'') {
        letter = **at;
        if (letter == '\0'
            || (*quote == '"' && strchr("\"\\", letter) == NULL)) {
            return FOUND_UNKNOWN;
        }
        (*at)++;
    }
    return add(word, letter);
}

static enum found
next_of_shell(const char **at, struct word *ret_word)
{
    enum found found = FOUND_WORD;
    char quote = '\0';

    *ret_word = (struct word) { "", 0 };
    *at += strspn(*at, " \t");
    if (**at == '\0') {
        return FOUND_END;
    }
    while (found == FOUND_WORD && **at != '\0'
           && (quote != '\0' || strchr(" \t", **at) == NULL)) {
        found = take_letter(at, &quote, ret_word);
    }
    return quote != '\0' ? FOUND_UNKNOWN : found;
}

static bool
is_next(const char **at, const char *text)
{
    struct word word;

    return next_written(at, &word) == FOUND_WORD
           && strcmp(word.text, text) == 0;
}

/* start_opt is all that follows. */
static bool
start_opt_changed(const char *at, const char *start_opt)
{
    struct word written;
    struct word wanted;
    enum found found = FOUND_WORD;

    while (found == FOUND_WORD) {
        enum found wants = next_of_shell(&start_opt, &wanted);

        found = next_written(&at, &written);
        if (found == FOUND_UNKNOWN || wants == FOUND_UNKNOWN) {
            return false;
        }
        if (found != wants || strcmp(written.text, wanted.text) != 0) {
            return true;
        }
    }
    return false;
}

const char *
options_changed(const char *opts, const struct params *params)
{
    const char *at = strstr(opts, " \"");       /* behind the program */
    const char *rest;
    struct word word;

    if (at == NULL || params_start_opt_breaks_out(params->start_opt)
        || !is_next(&at, "-D") || next_written(&at, &word) != FOUND_WORD
        || !is_next(&at, "-c") || next_written(&at, &word) != FOUND_WORD
        || strncmp(word.text, CONFIG_FILE, strlen(CONFIG_FILE)) != 0) {
        return NULL;
    }
    if (strcmp(word.text + strlen(CONFIG_FILE), params->config) != 0) {
        return "config";
    }
    rest = at;
    if (strncmp(params->start_opt, "-h", 2) != 0 && is_next(&rest, "-h")
        && next_written(&rest, &word) == FOUND_WORD) {
        at = rest;              /* pghost, of which a change is no restart */
    }
    return start_opt_changed(at, params->start_opt) ? "start_opt" : NULL;
}
