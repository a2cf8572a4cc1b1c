/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which combinations of parameters cannot work, and what to do about it. */

#include "params.h"

#include <string.h>

#include "refusal.h"

/* PostgreSQL's NAMEDATALEN, with the NUL. */
#define SLOT_NAME_SIZE 64

/* Of longer options only the outer quotes are looked at. */
#define OPTIONS_SIZE 4096

static enum ocf_code
check_paths(const struct params *p, struct text *problem)
{
    const struct {
        const char *name;
        const char *value;
        bool may_be_empty;
    } paths[] = {
        { "pgdata", p->pgdata, false },
        { "pgctl", p->pgctl, false },
        { "config", p->config, false },
        { "logfile", p->logfile, false },
        { "tmpdir", p->tmpdir, false },
        { "socketdir", p->socketdir, true },
        { "trace_file", p->trace_file, true },
    };

    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        if (paths[i].value[0] == '/' ||
            (paths[i].may_be_empty && paths[i].value[0] == '\0')) {
            continue;
        }
        text_add(problem,
                 "parameter %s: '%.200s' is not an absolute path; write it "
                 "from '/' on",
                 paths[i].name, paths[i].value);
        return OCF_ERR_CONFIGURED;
    }
    return OCF_SUCCESS;
}

static enum ocf_code
check_monitor(const struct params *p, struct text *problem)
{
    if (p->monitor_password[0] != '\0' && p->monitor_user[0] == '\0') {
        text_add(problem,
                 "parameter monitor_user is missing: monitor_password is "
                 "set; set it, or unset monitor_password");
        return OCF_ERR_CONFIGURED;
    }
    if (params_sql_has_psql_command(p->monitor_sql)) {
        text_add(problem,
                 "parameter monitor_sql has a backslash command, which only "
                 "psql understands; write it in SQL, which goes to the "
                 "server as it is");
        return OCF_ERR_CONFIGURED;
    }
    return OCF_SUCCESS;
}

/*
 * Take a level of the shell's quoting off `from`, in front of which `quote` is
 * open. Returns the quote that is open at its end; NUL: none; a backslash: it
 * has nothing to stand before.
 */
static char
unquote(const char *from, char quote, struct text *to)
{
    for (; *from != '\0'; from++) {
        if (*from == '\\' && quote != '\'') {
            from++;
            if (*from == '\0') {
                return '\\';
            }
            if (quote == '"' && strchr("\"\\$`", *from) == NULL) {
                text_add(to, "\\");
            }
            text_add_bytes(to, from, 1);
        } else if (*from == quote) {
            quote = '\0';
        } else if (quote == '\0' && (*from == '\'' || *from == '"')) {
            quote = *from;
        } else {
            text_add_bytes(to, from, 1);
        }
    }
    return quote;
}

/* What breaks out of the quotes around it is read by two shells in turn. */
static bool
start_opt_is_whole(const char *start_opt)
{
    char inner[OPTIONS_SIZE];
    char rest[OPTIONS_SIZE];
    struct text text;

    text_init(&text, inner, sizeof(inner));
    if (!params_start_opt_breaks_out(start_opt)) {
        return unquote(start_opt, '\0', &text) == '\0';
    }
    if (unquote(start_opt, '\'', &text) != '\'') {
        return false;
    }
    text_init(&text, rest, sizeof(rest));
    return unquote(inner, '\0', &text) == '\0';
}

static enum ocf_code
check_quoting(const struct params *p, struct text *problem)
{
    char inner[OPTIONS_SIZE];
    struct text text;
    const char *wrong = NULL;

    text_init(&text, inner, sizeof(inner));
    if (!start_opt_is_whole(p->start_opt)) {
        wrong = "start_opt";
    } else if (unquote(p->ctl_opt, '\0', &text) != '\0') {
        wrong = "ctl_opt";
    }
    if (wrong == NULL) {
        return OCF_SUCCESS;
    }
    text_add(problem,
             "parameter %s: close its quotes, or write \\' for a quote that "
             "means itself: one is left open. The shell could not read it",
             wrong);
    return OCF_ERR_CONFIGURED;
}

static const char *
find_name(const struct name_list *list, size_t end, const char *name)
{
    for (size_t i = 0; i < end; i++) {
        if (text_same_name(list->name[i], name)) {
            return list->name[i];
        }
    }
    return NULL;
}

/* Names are compared without case, as PostgreSQL and Pacemaker do. */
static enum ocf_code
check_names(const struct params *p, struct text *problem)
{
    const struct name_list *nodes = &p->node_list;
    const struct name_list *external = &p->external_standby_node_list;
    const char *twice;

    for (size_t i = 0; i < nodes->count; i++) {
        twice = find_name(nodes, i, nodes->name[i]);
        if (twice != NULL) {
            text_add(problem,
                     "parameter node_list names '%s' twice; name each node "
                     "once",
                     twice);
            return OCF_ERR_CONFIGURED;
        }
    }
    for (size_t i = 0; i < external->count; i++) {
        twice = find_name(external, i, external->name[i]);
        if (twice == NULL) {
            twice = find_name(nodes, nodes->count, external->name[i]);
        }
        if (twice != NULL) {
            text_add(problem,
                     "parameter external_standby_node_list: '%s' is there "
                     "twice or is in node_list too; name each standby once",
                     twice);
            return OCF_ERR_CONFIGURED;
        }
    }
    return OCF_SUCCESS;
}

static enum ocf_code
check_replication(const struct params *p, struct text *problem)
{
    const char *mode = rep_mode_words[p->rep_mode];

    if (rep_mode_is_replication(p->rep_mode) && p->node_list.count == 0) {
        text_add(problem,
                 "parameter node_list is missing: rep_mode=%s needs it; name "
                 "every node that may run the database",
                 mode);
        return OCF_ERR_CONFIGURED;
    }
    if (p->rep_mode != REP_MODE_NONE && p->master_ip[0] == '\0') {
        text_add(problem,
                 "parameter master_ip is missing: rep_mode=%s needs it; set "
                 "the address at which a standby finds the primary",
                 mode);
        return OCF_ERR_CONFIGURED;
    }
    return OCF_SUCCESS;
}

static enum ocf_code
check_meta(const struct params *p, bool promotable, struct text *problem)
{
    const char *mode = rep_mode_words[p->rep_mode];

    if (rep_mode_is_replication(p->rep_mode) && !promotable) {
        text_add(problem,
                 "pcs resource promotable RESOURCE notify=true: rep_mode=%s "
                 "needs a promotable clone",
                 mode);
        return OCF_ERR_CONFIGURED;
    }
    if (p->rep_mode == REP_MODE_SLAVE && promotable) {
        text_add(problem,
                 "use a plain resource or a plain clone: rep_mode=slave "
                 "cannot be a promotable clone. Its primary is outside of the "
                 "cluster");
        return OCF_ERR_CONFIGURED;
    }
    return OCF_SUCCESS;
}

static const char *
slot_node(const struct params *p, size_t i)
{
    return i < p->node_list.count
               ? p->node_list.name[i]
               : p->external_standby_node_list.name[i - p->node_list.count];
}

static bool
can_be_slot(const char *name)
{
    return name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_")]
           == '\0';
}

/* Two names may become one slot: `a-b` and `a.b`. */
static enum ocf_code
check_slot_of(const struct params *p, size_t i, struct text *problem)
{
    const char *prefix = p->replication_slot_name;
    char slot[SLOT_NAME_SIZE];
    char other[SLOT_NAME_SIZE];

    if (params_slot_name(prefix, slot_node(p, i), slot, sizeof(slot)) < 0) {
        text_add(problem,
                 "parameter replication_slot_name: '%.200s_%s' is longer "
                 "than PostgreSQL's 63 bytes; choose a shorter one",
                 prefix, slot_node(p, i));
        return OCF_ERR_CONFIGURED;
    }
    if (!can_be_slot(slot)) {
        text_add(problem,
                 "parameter replication_slot_name: unset it or rename the "
                 "node: '%s' cannot be a slot. A slot has only lower-case "
                 "letters, digits and underscores",
                 slot);
        return OCF_ERR_CONFIGURED;
    }
    for (size_t j = 0; j < i; j++) {
        (void) params_slot_name(prefix, slot_node(p, j), other,
                                sizeof(other));     /* it went well before */
        if (strcmp(slot, other) == 0) {
            text_add(problem,
                     "parameter replication_slot_name: unset it: '%s' and "
                     "'%s' would share a slot. That is '%s'; or rename a node",
                     slot_node(p, j), slot_node(p, i), slot);
            return OCF_ERR_CONFIGURED;
        }
    }
    return OCF_SUCCESS;
}

static enum ocf_code
check_slots(const struct params *p, struct text *problem)
{
    const char *prefix = p->replication_slot_name;
    enum ocf_code code = OCF_SUCCESS;

    if (prefix[0] == '\0') {
        return OCF_SUCCESS;
    }
    if (!can_be_slot(prefix)) {
        text_add(problem,
                 "parameter replication_slot_name: could not use '%.200s': "
                 "it has to be of a-z, 0-9 and _",
                 prefix);
        return OCF_ERR_CONFIGURED;
    }
    for (size_t i = 0; code == OCF_SUCCESS &&
                       i < p->node_list.count +
                               p->external_standby_node_list.count;
         i++) {
        code = check_slot_of(p, i, problem);
    }
    return code;
}

bool
params_start_opt_breaks_out(const char *start_opt)
{
    return strstr(start_opt, "'\\''") != NULL
           || strstr(start_opt, "'\"'\"'") != NULL;
}

enum ocf_code
params_check(const struct params *params, bool promotable, bool has_meta,
             struct text *problem)
{
    enum ocf_code code = check_paths(params, problem);

    if (code == OCF_SUCCESS) {
        code = check_monitor(params, problem);
    }
    if (code == OCF_SUCCESS) {
        code = check_quoting(params, problem);
    }
    if (code == OCF_SUCCESS) {
        code = check_names(params, problem);
    }
    if (code == OCF_SUCCESS) {
        code = check_replication(params, problem);
    }
    if (code == OCF_SUCCESS && has_meta) {
        code = check_meta(params, promotable, problem);
    }
    if (code == OCF_SUCCESS) {
        code = check_slots(params, problem);
    }
    if (code == OCF_SUCCESS
        && refusal_check(params->client_address, problem) != 0) {
        code = OCF_ERR_CONFIGURED;
    }
    return code;
}
