/* SPDX-License-Identifier: GPL-2.0-or-later */
/* limits.conf and limits.d, as pam_limits reads them. */

#include "userlimits.h"

#include <errno.h>
#include <fnmatch.h>
#include <grp.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "cleanup.h"
#include "files.h"
#include "line.h"
#include "text.h"

#define LIMITS_FILE_SIZE 65536
#define LINE_SIZE 1024
#define WORD_SIZE 256
#define GROUP_BUF_SIZE 65536

/* What a line's items are called, and their unit. */
static const struct item {
    const char *name;
    __rlimit_resource_t resource;
    rlim_t unit;
} items[] = {
    { "as", RLIMIT_AS, 1024 },
    { "core", RLIMIT_CORE, 1024 },
    { "cpu", RLIMIT_CPU, 60 },
    { "data", RLIMIT_DATA, 1024 },
    { "fsize", RLIMIT_FSIZE, 1024 },
    { "locks", RLIMIT_LOCKS, 1 },
    { "memlock", RLIMIT_MEMLOCK, 1024 },
    { "msgqueue", RLIMIT_MSGQUEUE, 1 },
    { "nofile", RLIMIT_NOFILE, 1 },
    { "nproc", RLIMIT_NPROC, 1 },
    { "rss", RLIMIT_RSS, 1024 },
    { "rtprio", RLIMIT_RTPRIO, 1 },
    { "sigpending", RLIMIT_SIGPENDING, 1 },
    { "stack", RLIMIT_STACK, 1024 },
};

struct rule {
    char domain[WORD_SIZE];
    char type[WORD_SIZE];
    char item[WORD_SIZE];
    char value[WORD_SIZE];
};

static bool
in_group(const struct identity *user, const char *name)
{
    CLEANUP(free_text) char *buf = malloc(GROUP_BUF_SIZE);
    struct group entry;
    struct group *found = NULL;

    if (buf == NULL
        || getgrnam_r(name, &entry, buf, GROUP_BUF_SIZE, &found) != 0
        || found == NULL) {
        return false;
    }
    for (int i = 0; i < user->group_count; i++) {
        if (user->groups[i] == found->gr_gid) {
            return true;
        }
    }
    return user->gid == found->gr_gid;
}

/* Root is bound only by rules that name it. */
static enum userlimits_source
rule_source(const struct rule *rule, const struct identity *user)
{
    if (strcmp(rule->domain, user->name) == 0) {
        return USERLIMITS_USER;
    }
    if (user->uid == 0) {
        return USERLIMITS_NONE;
    }
    if (rule->domain[0] == '@' && in_group(user, rule->domain + 1)) {
        return USERLIMITS_GROUP;
    }
    return strcmp(rule->domain, "*") == 0 ? USERLIMITS_DEFAULT
                                          : USERLIMITS_NONE;
}

static int
parse_value(const char *text, rlim_t unit, rlim_t *ret_value)
{
    uint64_t number;
    const char *rest;

    if (strcmp(text, "-1") == 0 || strcmp(text, "-") == 0
        || strcasecmp(text, "unlimited") == 0
        || strcasecmp(text, "infinity") == 0) {
        *ret_value = RLIM_INFINITY;
        return 0;
    }
    rest = line_read_number(text, UINT64_MAX / 1024 - 1, &number);
    if (rest == NULL || *rest != '\0') {
        return -1;
    }
    *ret_value = number * unit;
    return 0;
}

static void
apply_rule(const struct rule *rule, enum userlimits_source source,
           struct userlimits *limits)
{
    const struct item *item = NULL;
    bool both = strcmp(rule->type, "-") == 0;
    rlim_t value;

    for (size_t i = 0; i < sizeof(items) / sizeof(items[0]); i++) {
        if (strcasecmp(rule->item, items[i].name) == 0) {
            item = &items[i];
        }
    }
    if (item == NULL || parse_value(rule->value, item->unit, &value) != 0) {
        return;
    }
    if ((both || strcasecmp(rule->type, "soft") == 0)
        && limits->soft_source[item->resource] <= source) {
        limits->soft_source[item->resource] = source;
        limits->soft[item->resource] = value;
    }
    if ((both || strcasecmp(rule->type, "hard") == 0)
        && limits->hard_source[item->resource] <= source) {
        limits->hard_source[item->resource] = source;
        limits->hard[item->resource] = value;
    }
}

/* Take a word off the front of a line; 0, or -1: none, or too long. */
static int
take_word(const char **line, char *ret_word)
{
    const char *start = *line + strspn(*line, " \t");
    size_t len = strcspn(start, " \t");

    if (len == 0 || len >= WORD_SIZE) {
        return -1;
    }
    memcpy(ret_word, start, len);
    ret_word[len] = '\0';
    *line = start + len;
    return 0;
}

int
userlimits_parse(const char *text, const struct identity *user,
             struct userlimits *limits)
{
    char line[LINE_SIZE];

    while (*text != '\0') {
        struct rule rule = { 0 };
        enum userlimits_source source;
        const char *rest = line;

        if (line_next(&text, line, sizeof(line)) != 0) {
            continue;
        }
        line[strcspn(line, "#")] = '\0';
        if (take_word(&rest, rule.domain) != 0
            || take_word(&rest, rule.type) != 0) {
            continue;
        }
        source = rule_source(&rule, user);
        if (source == USERLIMITS_NONE) {
            continue;
        }
        if (take_word(&rest, rule.item) != 0) {
            if (strcmp(rule.type, "-") == 0) {
                *limits = (struct userlimits){ 0 };
                return 1;
            }
        } else if (take_word(&rest, rule.value) == 0) {
            apply_rule(&rule, source, limits);
        }
    }
    return 0;
}

static int
read_file(const char *path, const struct identity *user,
          struct userlimits *limits)
{
    CLEANUP(free_text) char *text = malloc(LIMITS_FILE_SIZE);
    size_t len;

    if (text == NULL
        || files_read(path, text, LIMITS_FILE_SIZE, &len) != 0) {
        return 0;
    }
    return userlimits_parse(text, user, limits);
}

static int
is_conf(const struct dirent *entry)
{
    return fnmatch("*.conf", entry->d_name, FNM_PERIOD) == 0;
}

static int
by_bytes(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

void
userlimits_read(const char *folder, const struct identity *user,
            struct userlimits *ret_limits)
{
    char path[PATH_MAX];
    char sub[PATH_MAX];
    struct text text;
    struct dirent **names = NULL;
    int count;
    int stop;

    *ret_limits = (struct userlimits){ 0 };
    text_init(&text, path, sizeof(path));
    text_add(&text, "%s/limits.conf", folder);
    stop = text.overflow ? 1 : read_file(path, user, ret_limits);
    text_init(&text, sub, sizeof(sub));
    text_add(&text, "%s/limits.d", folder);
    count = scandir(sub, &names, is_conf, by_bytes);
    for (int i = 0; i < count; i++) {
        text_init(&text, path, sizeof(path));
        text_add(&text, "%s/%s", sub, names[i]->d_name);
        if (stop == 0 && !text.overflow) {
            stop = read_file(path, user, ret_limits);
        }
        free(names[i]);
    }
    free(names);
}

void
userlimits_apply(const struct userlimits *limits)
{
    for (size_t i = 0; i < RLIM_NLIMITS; i++) {
        __rlimit_resource_t resource = (__rlimit_resource_t) i;
        struct rlimit limit;

        if ((limits->soft_source[i] == USERLIMITS_NONE
             && limits->hard_source[i] == USERLIMITS_NONE)
            || getrlimit(resource, &limit) != 0) {
            continue;
        }
        if (limits->soft_source[i] != USERLIMITS_NONE) {
            limit.rlim_cur = limits->soft[i];
        }
        if (limits->hard_source[i] != USERLIMITS_NONE) {
            limit.rlim_max = limits->hard[i];
        }
        if (limit.rlim_cur > limit.rlim_max) {
            limit.rlim_cur = limit.rlim_max;
        }
        /* refused: left as it was, as the header says */
        (void) setrlimit(resource, &limit);
    }
}
