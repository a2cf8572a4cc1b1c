/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Every reason there is, with long values: do the bytes that Pacemaker shows
 * hold what to do and why?
 *
 * The reasons are looked for in the sources, so that a new one cannot be
 * forgotten: all calls of the functions below, each with its format and its
 * arguments. An argument that this test has no value for fails it.
 */

#include <ctype.h>
#include <fts.h>
#include <stdarg.h>
#include <stdlib.h>

#include "may_lead.h"
#include "plan.h"
#include "reason_rules.h"
#include "text.h"

#define FILE_SIZE (128 * 1024)
#define ARGS_MAX 16

#define LONG_PATH "/var/lib/postgresql/clusters/production/15/main_data"
#define LONG_NAME "database-server-1.department-7.example.com"

/* The first words of the server's and libpq's own: so much has to be shown. */
#define LONG_WORDS \
    "no pg_hba.conf entry for host 192.0.2.101, user watcher, dat"
#define FAILED_QUERY "permission denied for function pg_promote"

/* One call: what its arguments are in the source. */
struct call {
    size_t count;
    char arg[ARGS_MAX][2048];
};

/* A function that writes reasons, or what stands in one. */
struct writer {
    const char *folder;
    const char *file;           /* the beginning of its name */
    const char *name;
    size_t format;              /* which argument that is */
    const char *first;          /* what the first argument ends with */
};

static const struct writer writers[] = {
    { "common", "", "plan_exit_reason", 2, "" },
    { "common", "", "plan_fallback", 2, "" },
    { "common", "params_check", "text_add", 1, "problem" },
    { "common", "refusal", "text_add", 1, "problem" },
    { "agent", "instance", "set_problem", 2, "" },
    { "agent", "", "text_add", 1, "why" },
};

/* By the end of an argument's text: what may stand there. */
static const struct {
    const char *argument;
    const char *value;
} values[] = {
    { "pgdata", LONG_PATH },
    { "tmpdir", LONG_PATH },
    { "path", LONG_PATH },
    { "folder", LONG_PATH },
    { "logfile", LONG_PATH },
    { "params->config", LONG_PATH },
    { "pgctl", LONG_PATH },
    { "WATCHER_PATH", LONG_PATH },
    { "argv[0]", LONG_PATH },
    { "paths[i].value", LONG_PATH },
    { "run->name", "pg_ctl" },
    { "identity->name", "postgres" },
    { "pgdba", "postgres" },
    { "monitor_user", "monitoring_of_databases" },
    { "name", LONG_NAME },
    { "seat", LONG_NAME },
    { "node", LONG_NAME },
    { "slot_node(p, i)", LONG_NAME },
    { "slot_node(p, j)", LONG_NAME },
    { "twice", LONG_NAME },
    { "slots", LONG_NAME ", " LONG_NAME },
    { "slot", "pgward_database_server_1_department_7_example_com" },
    { "other", "pgward_database_server_1_department_7_example_com" },
    { "prefix", "pgward_of_the_production_cluster" },
    { "resource", "production-database-of-department-7" },
    { "object", "production-database-of-department-7-data-status" },
    { "word", "database-server-1.department-7.example.com:5432" },
    { "position", "FFFFFFFF/FFFFFFFF" },
    { "gai_strerror(rc)", "Temporary failure in name resolution" },
    { "address", "2001:db8:1234:5678:9abc:def0:1234:5678" },
    { "names", LONG_NAME " " LONG_NAME },
    { "server.text", LONG_WORDS },
    { "server->text", LONG_WORDS },
    { "words_of_server(snapshot)", LONG_WORDS },
    { "failure.text", FAILED_QUERY },
    { "pgsql->refused", LONG_WORDS },
    { "pgsql->params->master_ip", "192.0.2.253" },
    { "source_role(pgsql->params)", "rejoin_of_databases" },
    { "system_id", "7305814423480165811" },
    { "what", "put back" },
    { "fresh", LONG_PATH ".pgward-new" },
    { "parent", "/var/lib/postgresql/clusters/production/15" },
    { "rebuild.c:id", "7305814423480165811" },
    { "running->tool", "pg_verifybackup" },
    { "postgres_tools.c:program", "pg_basebackup" },
    { "collect->full", "includes" },
    { "words", LONG_WORDS },
    { "decide.c:buf", "look at the server's log: " LONG_WORDS },
    { "snapshot->process.unseen", LONG_WORDS },
    { "snapshot->disk.unwritable", LONG_WORDS },
    { "snapshot->log_tail", LONG_WORDS },
    { "instance_run_folder()", "/run/resource-agents" },
    { "replay.c:why", "raise max_prepared_transactions and restart "
      "this standby: it is 1234 here, 1234 on the primary" },
    { "returning.c:why", "requested timeline 12 is not a child of "
      "this server's history" },
    { "returning.c:buf", "it has WAL of its own. It goes on" },
    { "cluster_observe.c:verb", "read the record of" },
    { "rejoin.c:buf", "look at the primary: pg_rewind says: " LONG_WORDS },
    { "rejoin->why", LONG_WORDS },
    { "sqlstate", "28P01" },
    { "sqlstate[0] == '\\0' ? \"\" : \" \"", " " },
    { "snapshot->failure", LONG_WORDS },
    { "cause", "Transport endpoint is not connected" },
    { "daemon", "pacemaker-attrd" },
    { "verb", "change the include line in" },
    { "strerror(errno)", "Too many levels of symbolic links" },
    { "strerror(error)", "Too many levels of symbolic links" },
    { "? \"it did not end in time\" : strerror(errno)",
      "Too many levels of symbolic links" },
    { "? \"does not exist; create it, or set pgdba\" : \"could not be looked "
      "up; see getent passwd\"", "does not exist; create it, or set pgdba" },
    { "output", LONG_WORDS },
    { "line", LONG_WORDS },
    { "who_is_silent(snapshot)",
      "the server's log" },
    { "step_after(snapshot->failed)", "look at the server's log" },
    { "op_name(snapshot->failed)", "write-config" },
    { "process_state_name(snapshot->process.state)", "running" },
    { "process_state_name(process->state)", "running" },
    { "answer_name(snapshot->server.answer)", "starting" },
    { "action_name(snapshot->action)", "promote" },
    { "what_of(shared)", "the cluster's members, record and attributes" },
    { "identifier_of(snapshot, snapshot->self)", "7123456789012345678" },
    { "system_id.value", "7123456789012345679" },
    { "DATA_DISCONNECT", "DISCONNECT" },
    { "end", "12/16/B374D848" },
    { "mine", "12/16/B374D848" },
    { "mode", "async" },
    { "wrong", "start_opt" },
    { "text", LONG_PATH },
    { "target", LONG_PATH },
    { "? \". It says: \" : \"\"", ". It says: " },
    { "\"without it\"",
      "Too few nodes of node_list are online to do without it" },
};

static unsigned number;
static unsigned failures;

static void
check(bool ok, const char *where, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void
check(bool ok, const char *where, const char *format, ...)
{
    va_list args;

    failures += !ok;
    printf("%s %u - %s: ", ok ? "ok" : "not ok", ++number, where);
    va_start(args, format);
    (void) vprintf(format, args);
    va_end(args);
    printf("\n");
}

static bool
ends_with(const char *text, const char *end)
{
    size_t len = strlen(text);
    size_t end_len = strlen(end);

    return len >= end_len && strcmp(text + len - end_len, end) == 0;
}

/* Why a node may not lead: the longest of those. */
static const char *
longest_rule(void)
{
    const char *longest = "";

    for (unsigned rule = 0; rule < LEAD_RULES; rule++) {
        const char *why = lead_rule_why((enum lead_rule) rule);

        if (why != NULL && strlen(why) > strlen(longest)) {
            longest = why;
        }
    }
    return longest;
}

/* The longest end wins: `run->name` before `name`, a file's own before both. */
static const char *
value_of(const char *file, const char *argument_text)
{
    char argument[3072];
    const char *value = NULL;
    size_t best = 0;

    (void) snprintf(argument, sizeof(argument), "%s:%s", file, argument_text);
    if (ends_with(argument, ":lead_rule_why(rule)")) {
        return longest_rule();
    }
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        if (ends_with(argument, values[i].argument)
            && strlen(values[i].argument) > best) {
            best = strlen(values[i].argument);
            value = values[i].value;
        }
    }
    return value;
}

/* Skip a literal or a character in quotes. */
static const char *
skip_quoted(const char *at)
{
    char quote = *at++;

    while (*at != '\0' && *at != quote) {
        at += at[0] == '\\' && at[1] != '\0' ? 2 : 1;
    }
    return *at != '\0' ? at + 1 : at;
}

/* Make blanks of the comments. */
static void
strip_comments(char *source)
{
    for (char *at = source; *at != '\0';) {
        if (*at == '"' || *at == '\'') {
            at = source + (skip_quoted(at) - source);
        } else if (at[0] == '/' && at[1] == '*') {
            while (at[0] != '\0' && !(at[0] == '*' && at[1] == '/')) {
                *at++ = ' ';
            }
            if (*at != '\0') {
                *at++ = ' ';
                *at++ = ' ';
            }
        } else {
            at++;
        }
    }
}

/* One argument, its white space outside of literals made one blank. */
static void
add_argument(const char *begin, const char *end, struct call *call)
{
    char *to = call->arg[call->count];
    size_t len = 0;

    while (begin < end) {
        const char *next = begin + 1;

        if (*begin == '"' || *begin == '\'') {
            next = skip_quoted(begin);
        } else if (isspace((unsigned char) *begin)) {
            while (next < end && isspace((unsigned char) *next)) {
                next++;
            }
            if (len > 0 && next < end) {
                to[len++] = ' ';
            }
            begin = next;
            continue;
        }
        while (begin < next && len + 2 < sizeof(call->arg[0])) {
            to[len++] = *begin++;
        }
        begin = next;
    }
    to[len] = '\0';
    call->count++;
}

/* Read the arguments behind an opening bracket. */
static void
read_call(const char *at, struct call *ret_call)
{
    const char *begin = at;
    int depth = 0;

    ret_call->count = 0;
    while (*at != '\0' && ret_call->count < ARGS_MAX) {
        if (*at == '"' || *at == '\'') {
            at = skip_quoted(at);
            continue;
        }
        if ((*at == ',' || *at == ')') && depth == 0) {
            add_argument(begin, at, ret_call);
            begin = at + 1;
            if (*at == ')') {
                return;
            }
        } else {
            depth += *at == '(' || *at == '[';
            depth -= *at == ')' || *at == ']';
        }
        at++;
    }
}

/* The bytes of literals that follow one another; false: it is more. */
static bool
join_literals(const char *argument, struct text *text)
{
    while (*argument != '\0') {
        const char *end;

        if (*argument == ' ') {
            argument++;
            continue;
        }
        if (strncmp(argument, "NFT", 3) == 0) {
            text_add(text, "/usr/sbin/nft");
            argument += 3;
            continue;
        }
        if (*argument != '"') {
            return false;
        }
        end = skip_quoted(argument) - 1;
        for (argument++; argument < end; argument++) {
            argument += *argument == '\\';
            text_add_bytes(text, argument, 1);
        }
        argument = end + 1;
    }
    return true;
}

/* Write a format with values; NULL, or the argument that has none. */
static const char *
render(const char *file, const char *format, const struct call *call,
       size_t next, struct text *text)
{
    static char missing[256];

    while (*format != '\0') {
        const char *value;

        if (format[0] != '%' || format[1] == '%') {
            format += format[0] == '%';
            text_add_bytes(text, format++, 1);
            continue;
        }
        format++;
        if (strncmp(format, ".*", 2) == 0) {
            next++;
        }
        format += strspn(format, "0123456789.*lz");
        if (next >= call->count) {
            return "too few arguments";
        }
        value = *format == 's' ? value_of(file, call->arg[next])
                : *format == 'd' ? "1234567" : "1234";
        if (value == NULL) {
            (void) snprintf(missing, sizeof(missing),
                            "values[] has none for `%.200s`",
                            call->arg[next]);
            return missing;
        }
        text_add(text, "%s", value);
        format++;
        next++;
    }
    return NULL;
}

/*
 * What goes before the words of a step that failed, unless they name one; "":
 * the words are the reason. NULL: nobody is told of it.
 */
static const char *
step_before(const struct writer *writer, const char *file)
{
    if (strcmp(writer->folder, "agent") != 0 || writer->format != 1) {
        return "";
    }
    if (strncmp(file, "nftables", strlen("nftables")) == 0
        || strncmp(file, "address", strlen("address")) == 0) {
        return NULL;        /* no action fails for it */
    }
    return strncmp(file, "pgsql", strlen("pgsql")) == 0
           ? op_step(OP_START_SERVER)
           : strncmp(file, "cluster", strlen("cluster")) == 0
             || strncmp(file, "watch", strlen("watch")) == 0
           ? op_step(OP_SET_STATUS) : op_step(OP_PREPARE);
}

static void
check_call(const char *where, const char *file, const struct writer *writer,
           const struct call *call)
{
    const char *step = step_before(writer, file);
    char format[REASON_TEXT_SIZE];
    char words[REASON_TEXT_SIZE];
    char reason[REASON_TEXT_SIZE];
    char shown[REASON_TEXT_SIZE];
    const char *fault;
    struct text text;

    if (call->count <= writer->format || step == NULL
        || !ends_with(call->arg[0], writer->first)
        || strcmp(call->arg[1], "OCF_SUCCESS") == 0
        || (writer->format == 2 && strcmp(call->arg[1], "code") == 0
            && strcmp(call->arg[2], "\"%s\"") == 0
            && strcmp(call->arg[3], "\"\"") == 0)) {
        return;     /* what succeeds needs no reason */
    }
    if (writer->format == 2 && strcmp(call->arg[2], "\"%s\"") == 0
        && (strcmp(call->arg[3], "\"\"") == 0
            || ends_with(call->arg[3], "problem_text"))) {
        return;     /* none, or what params_check() and set_problem() wrote */
    }
    text_init(&text, format, sizeof(format));
    if (!join_literals(call->arg[writer->format], &text)) {
        check(false, where, "the format has to be a literal: %s",
              call->arg[writer->format]);
        return;
    }
    if (writer->format == 1 && (format[0] == ':' || format[0] == '.'
                                || strcmp(format, "%s") == 0)) {
        return;     /* it goes on with what another began */
    }
    text_init(&text, words, sizeof(words));
    fault = render(file, format, call, writer->format + 1, &text);
    text_init(&text, reason, sizeof(reason));
    if (step[0] != '\0') {
        reason_add(&text, step, words);
    } else {
        text_add(&text, "%s", words);
    }
    if (fault == NULL) {
        fault = reason_fault(reason, shown);
    }
    check(fault == NULL, where, "%s", fault != NULL ? fault : shown);
    if (fault != NULL) {
        printf("# %s\n", reason);
    }
}

/* A call, not a prototype: it is indented, and the name is a whole one. */
static bool
is_call(const char *source, const char *at, size_t len)
{
    return at > source && at[len] == '(' && at[-1] != '\n'
           && !isalnum((unsigned char) at[-1]) && at[-1] != '_';
}

static void
check_source(const char *name, const char *source, const struct writer *writer)
{
    size_t len = strlen(writer->name);
    static struct call call;

    for (const char *at = source; (at = strstr(at, writer->name)) != NULL;
         at += len) {
        char where[512];
        unsigned line = 1;

        for (const char *c = source; c < at; c++) {
            line += *c == '\n';
        }
        if (is_call(source, at, len)) {
            (void) snprintf(where, sizeof(where), "%s:%u", name, line);
            read_call(at + len + 1, &call);
            check_call(where, name, writer, &call);
        }
    }
}

static bool
read_source(const char *path, char *ret_source)
{
    FILE *file;
    size_t len;

    file = fopen(path, "re");
    if (file == NULL) {
        return false;
    }
    len = fread(ret_source, 1, FILE_SIZE - 1, file);
    ret_source[len] = '\0';
    (void) fclose(file);
    strip_comments(ret_source);
    return len < FILE_SIZE - 1;
}

static int
compare_entries(const FTSENT **a, const FTSENT **b)
{
    return strcmp((*a)->fts_name, (*b)->fts_name);
}

/* Each source beneath a folder is read; returns how many there were. */
static unsigned
visit_sources(const char *folder, const struct writer *writer)
{
    static char source[FILE_SIZE];
    const char *srcdir = getenv("srcdir");
    char path[2048];
    char *const paths[] = { path, NULL };
    const FTSENT *entry;
    unsigned count = 0;
    FTS *tree;

    (void) snprintf(path, sizeof(path), "%s/%s", srcdir != NULL ? srcdir : ".",
                    folder);
    tree = fts_open(paths, FTS_PHYSICAL | FTS_NOCHDIR, compare_entries);
    while (tree != NULL && (entry = fts_read(tree)) != NULL) {
        if (entry->fts_info == FTS_F && ends_with(entry->fts_name, ".c")
            && strncmp(entry->fts_name, writer->file,
                       strlen(writer->file)) == 0
            && read_source(entry->fts_path, source)) {
            count++;
            check_source(entry->fts_name, source, writer);
        }
    }
    if (tree != NULL) {
        (void) fts_close(tree);
    }
    return count;
}

int
main(void)
{
    for (size_t i = 0; i < sizeof(writers) / sizeof(writers[0]); i++) {
        unsigned before = number;
        unsigned files = visit_sources(writers[i].folder, &writers[i]);

        check(files > 0 && number > before, writers[i].name,
              "%u in %u sources of %s/%s*", number - before, files,
              writers[i].folder, writers[i].file);
    }
    printf("1..%u\n", number);
    return failures > 0;
}
