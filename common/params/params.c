/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading the resource's parameters, by the table in params_table.c. */

#include "params.h"

#include <ctype.h>
#include <limits.h>
#include <string.h>
#include <strings.h>

bool
rep_mode_is_replication(enum rep_mode mode)
{
    return mode == REP_MODE_ASYNC || mode == REP_MODE_SYNC;
}

static int
parse_word(const char *value, const char *const *words, unsigned *ret_value)
{
    for (unsigned i = 0; words[i] != NULL; i++) {
        if (strcmp(value, words[i]) == 0) {
            *ret_value = i;
            return 0;
        }
    }
    return -1;
}

static bool
is_one_of(const char *value, const char *const *words)
{
    for (; *words != NULL; words++) {
        if (strcasecmp(value, *words) == 0) {
            return true;
        }
    }
    return false;
}

int
params_parse_boolean(const char *value, bool *ret_value)
{
    /* The words of ocf_is_true and of Pacemaker, in any case. */
    static const char *const yes[] = {
        "true", "yes", "on", "1", "y", "ja", NULL,
    };
    static const char *const no[] = {
        "false", "no", "off", "0", "n", NULL,
    };

    if (is_one_of(value, yes)) {
        *ret_value = true;
        return 0;
    }
    if (is_one_of(value, no)) {
        *ret_value = false;
        return 0;
    }
    return -1;
}

/* Digits and nothing else, but `unit` may follow them. */
static int
parse_whole_number(const char *value, const char *unit,
                   const struct param_spec *spec, long *ret_number)
{
    const char *p = value;
    long number = 0;

    for (; isdigit((unsigned char) *p); p++) {
        long digit = *p - '0';

        if (number > spec->max / 10 || number * 10 > spec->max - digit) {
            return -1;
        }
        number = number * 10 + digit;
    }
    if (p == value || (*p != '\0' && strcmp(p, unit) != 0) ||
        number < spec->min) {
        return -1;
    }
    *ret_number = number;
    return 0;
}

/* Bytes, or as PostgreSQL has it: a number and kB, MB, GB or TB. */
static int
parse_size(const char *value, const struct param_spec *spec, long *ret_bytes)
{
    static const char *const units[] = { "", "kB", "MB", "GB", "TB" };
    long scale = 1;

    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        struct param_spec scaled = { .max = spec->max / scale };
        long number;

        if (parse_whole_number(value, units[i], &scaled, &number) == 0) {
            *ret_bytes = number * scale;
            return 0;
        }
        scale *= 1024;
    }
    return -1;
}

int
params_parse_size(const char *value, uint64_t *ret_bytes)
{
    const struct param_spec any = { .max = LONG_MAX };
    long bytes;

    if (parse_size(value, &any, &bytes) != 0) {
        return -1;
    }
    *ret_bytes = (uint64_t) bytes;
    return 0;
}

static int
parse_node_list(const char *value, struct name_list *ret_list)
{
    static const char space[] = " \t\r\n";
    struct name_list list = { 0 };
    const char *p = value + strspn(value, space);

    while (*p != '\0') {
        size_t len = strcspn(p, space);

        if (list.count == NODES_MAX || len >= NODE_NAME_SIZE) {
            return -1;
        }
        memcpy(list.name[list.count], p, len);
        list.count++;
        p += len;
        p += strspn(p, space);
    }
    *ret_list = list;
    return 0;
}

static int
parse_value(const struct param_spec *spec, const char *value, void *ret_field)
{
    long number;

    switch (spec->type) {
        case PARAM_STRING:
            *(const char **) ret_field = value;
            return 0;
        case PARAM_PORT:
            if (parse_whole_number(value, "", spec, &number) < 0) {
                return -1;
            }
            *(int *) ret_field = (int) number;
            return 0;
        case PARAM_INTEGER:
            return parse_whole_number(value, "", spec, ret_field);
        case PARAM_SECONDS:
            return parse_whole_number(value, "s", spec, ret_field);
        case PARAM_SIZE:
            return parse_size(value, spec, ret_field);
        case PARAM_BOOLEAN:
            return params_parse_boolean(value, ret_field);
        case PARAM_WORD:
            return parse_word(value, spec->words, ret_field);
        case PARAM_NODE_LIST:
            return parse_node_list(value, ret_field);
    }
    return -1; /* LCOV_EXCL_LINE: the switch names every type */
}

static void
describe_allowed(const struct param_spec *spec, struct text *problem)
{
    switch (spec->type) {
        case PARAM_STRING: /* LCOV_EXCL_LINE: every string is allowed */
            break;         /* LCOV_EXCL_LINE */
        case PARAM_PORT:
        case PARAM_INTEGER:
            text_add(problem, "a whole number from %ld to %ld", spec->min,
                     spec->max);
            break;
        case PARAM_SECONDS:
            text_add(problem, "whole seconds from %ld to %ld", spec->min,
                     spec->max);
            break;
        case PARAM_SIZE:
            text_add(problem, "bytes, or a number with kB, MB, GB or TB");
            break;
        case PARAM_BOOLEAN:
            text_add(problem, "true or false");
            break;
        case PARAM_WORD:
            for (size_t i = 0; spec->words[i] != NULL; i++) {
                text_add(problem, "%s%s", i == 0 ? "" :
                         spec->words[i + 1] == NULL ? " or " : ", ",
                         spec->words[i]);
            }
            break;
        case PARAM_NODE_LIST:
            text_add(problem,
                     "%d names at most, below %d bytes. Between "
                     "them stand spaces",
                     NODES_MAX, NODE_NAME_SIZE);
            break;
    }
}

static void
describe_bad_value(const struct param_spec *spec, const char *value,
                   struct text *problem)
{
    text_add(problem, "parameter %s: could not use '%.200s': it has to be ",
             spec->name, value);
    describe_allowed(spec, problem);
}

/* Where the user names no file, it lies in the data directory. */
static enum ocf_code
default_config(struct params *params, struct text *problem)
{
    struct text path;

    if (params->config[0] != '\0') {
        return OCF_SUCCESS;
    }
    text_init(&path, params->config_default, sizeof(params->config_default));
    text_add(&path, "%s/postgresql.conf", params->pgdata);
    params->config = params->config_default;
    if (!path.overflow) {
        return OCF_SUCCESS;
    }
    text_add(problem,
             "parameter pgdata: could not use a path of %zu bytes: it has to "
             "be shorter than %d",
             strlen(params->pgdata),
             PATH_SIZE - (int) sizeof("/postgresql.conf"));
    return OCF_ERR_CONFIGURED;
}

enum ocf_code
params_parse(params_get_fn get, void *context, struct params *ret_params,
             struct text *problem)
{
    enum ocf_code code = OCF_SUCCESS;
    struct text later;
    char none[1];

    memset(ret_params, 0, sizeof(*ret_params));
    for (const struct param_spec *spec = params_table; spec->name != NULL;
         spec++) {
        void *field = (char *) ret_params + spec->offset;
        const char *value = get(context, spec->name);

        /* A test holds that every default can be parsed. */
        (void) parse_value(spec, spec->default_text, field);
        if (value == NULL || value[0] == '\0') {
            continue;
        }
        if (parse_value(spec, value, field) < 0 && code == OCF_SUCCESS) {
            describe_bad_value(spec, value, problem);
            code = OCF_ERR_CONFIGURED;
        }
    }
    if (code != OCF_SUCCESS) {
        text_init(&later, none, sizeof(none));
        problem = &later;   /* the first problem is the one named */
    }
    if (default_config(ret_params, problem) != OCF_SUCCESS) {
        code = OCF_ERR_CONFIGURED;
    }
    return code;
}

bool
params_is_socket(const char *host)
{
    return host[0] == '\0' || host[0] == '/' || host[0] == '@';
}

int
params_slot_name(const char *prefix, const char *node, char *ret_name,
                 size_t size)
{
    enum { POSTGRES_NAME_MAX = 63 };
    size_t prefix_len = strlen(prefix);
    size_t len = prefix_len + 1 + strlen(node);

    if (len > POSTGRES_NAME_MAX || len >= size) {
        return -1;
    }
    memcpy(ret_name, prefix, prefix_len);
    ret_name[prefix_len] = '_';
    for (size_t i = prefix_len + 1; i < len; i++) {
        char c = node[i - prefix_len - 1];

        ret_name[i] = c == '-' || c == '.'
                          ? '_'
                          : (char) tolower((unsigned char) c);
    }
    ret_name[len] = '\0';
    return 0;
}
