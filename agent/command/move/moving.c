/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What `switchover` and `failover` have in common. */

#include "moving.h"

#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "command.h"
#include "looking.h"
#include "report.h"
#include "takeover.h"
#include "topology.h"

#define TEXT_SIZE (16 * 1024)
#define ANSWER_SIZE 16

int
moving_option_take(int option, const char *value,
                   struct moving_options *options)
{
    switch (option) {
        case 'T':
            /* a script's variable that is not set */
            if (value[0] == '\0') {
                report_log(LOG_ERR, "--to names no node: leave it out where "
                           "whoever holds most is to lead");
                return -1;
            }
            options->to = value;
            return 0;
        case 'n':
            options->dry_run = true;
            return 0;
        case 'y':
            options->yes = true;
            return 0;
        default:
            return common_option_take(option, value, &options->common);
    }
}

int
moving_look(const struct moving_options *options, uint32_t facts,
            struct look *ret_look)
{
    struct look_request request = {
        .resource = options->common.resource,
        .facts = facts & MOVING_FACTS,
        .limit_ms = MOVING_STEP_MS,
    };
    const struct snapshot *snapshot = &ret_look->snapshot;
    char seat[NODE_NAME_SIZE];
    size_t source;
    bool whole;

    if (looking_look(&request, ret_look, &whole) != 0) {
        return -1;
    }
    source = takeover_leader(snapshot);
    if (!whole) {
        return -1;      /* it was said */
    }
    if (request.facts == facts || source >= snapshot->node_count) {
        return 0;
    }
    memcpy(seat, snapshot->node[source].name, sizeof(seat));
    request.facts = facts;
    request.seat = source == snapshot->self ? NULL : seat;
    return looking_look(&request, ret_look, &whole);
}

void
moving_read_moves(const struct look *seen, struct moves *ret_moves)
{
    const struct step step = { seen, MOVING_STEP_MS };
    char why_text[SERVER_TEXT_SIZE];
    struct text why;

    memset(ret_moves, 0, sizeof(*ret_moves));
    text_init(&why, why_text, sizeof(why_text));
    if (step_read_moves(&step, ret_moves, &why) != 0) {
        looking_say_missing(why_text);
    }
}

void
moving_tell(const struct moving_options *options, const char *format, ...)
{
    va_list args;

    if (options->common.output != OUTPUT_TEXT) {
        return;
    }
    va_start(args, format);
    (void) vprintf(format, args);
    va_end(args);
    (void) fflush(stdout);      /* it is read while the next step takes time */
}

void
moving_tell_topology(const struct moving_options *options,
                     const struct look *seen, const char *title)
{
    static char buf[TEXT_SIZE];
    struct text text;

    text_init(&text, buf, sizeof(buf));
    topology_tell(&seen->snapshot, title, &text);
    moving_tell(options, "%s", buf);
}

static const char *
word_of(enum finding_kind kind)
{
    switch (kind) {
        case FINDING_NONE:
            break;
        case FINDING_MET:
            return "ok";
        case FINDING_UNMET:
            return "NO";
        case FINDING_NOTE:
            return "note";
        case FINDING_LOSS:
            return "LOSS";
    }
    return "?";
}

void
moving_tell_findings(const struct moving_options *options,
                     const struct findings *findings)
{
    moving_tell(options, "Prerequisites:\n");
    for (size_t i = 0; i < findings->count; i++) {
        const struct finding *finding = &findings->finding[i];

        if (finding->kind != FINDING_LOSS) {
            moving_tell(options, "  %-4s  %s\n", word_of(finding->kind),
                        finding->text);
        }
    }
    if (findings_count(findings, FINDING_LOSS) > 0) {
        moving_tell(options, "May be lost:\n");
    }
    for (size_t i = 0; i < findings->count; i++) {
        const struct finding *finding = &findings->finding[i];

        if (finding->kind == FINDING_LOSS) {
            moving_tell(options, "  %-4s  %s\n", word_of(finding->kind),
                        finding->text);
        }
    }
}

int
moving_ask(const struct moving_options *options, const char *question)
{
    char answer[ANSWER_SIZE];

    if (options->yes) {
        return COMMAND_OK;
    }
    if (isatty(STDIN_FILENO) == 0) {
        report_log(LOG_ERR, "there is no terminal to ask on: add --yes (or "
                   "--dry-run, which changes nothing)");
        return COMMAND_USAGE;
    }
    (void) fprintf(stderr, "%s [y/N] ", question);
    (void) fflush(stderr);
    if (fgets(answer, sizeof(answer), stdin) != NULL
        && (strcmp(answer, "y\n") == 0 || strcmp(answer, "yes\n") == 0)) {
        return COMMAND_OK;
    }
    report_log(LOG_WARNING, "nothing was done");
    return COMMAND_NO;
}

void
moving_who(const struct look *seen, char *ret_who, size_t size)
{
    const char *name = getenv("SUDO_USER");
    const struct passwd *user = name != NULL ? NULL : getpwuid(getuid());
    struct text text;

    if (name == NULL) {
        name = user != NULL ? user->pw_name : "?";
    }
    text_init(&text, ret_who, size);
    /* %.32s: a value of the configuration ends somewhere */
    text_add(&text, "%.32s on %s", name, seen->self_name);
}

void
moving_log(int priority, const char *format, ...)
{
    va_list args;

    openlog("pgward", LOG_PID, LOG_DAEMON);
    va_start(args, format);
    vsyslog(priority, format, args);
    va_end(args);
}

void
moving_block(sigset_t *ret_signals)
{
    static const int ends[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };

    (void) sigemptyset(ret_signals);
    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
        (void) sigaddset(ret_signals, ends[i]);
    }
    (void) sigprocmask(SIG_BLOCK, ret_signals, NULL);
    /* who reads along may go: what was begun is ended in good order */
    (void) signal(SIGPIPE, SIG_IGN);
}

int
moving_pause(const sigset_t *signals, int wait_ms)
{
    const struct timespec wait = {
        .tv_sec = wait_ms / 1000, .tv_nsec = (wait_ms % 1000) * 1000000L,
    };
    int caught = sigtimedwait(signals, NULL, &wait);

    return caught > 0 ? caught : 0;
}

bool
moving_leads(const struct snapshot *snapshot, const char *node)
{
    size_t leader = takeover_leader(snapshot);

    return leader < snapshot->node_count
           && text_same_name(snapshot->node[leader].name, node)
           && attr_is(&snapshot->node[leader].attrs.status, "PRI");
}

static json_t *
json_attr(const struct attr *attr)
{
    return attr->known == ATTR_SET ? json_string(attr->value) : json_null();
}

json_t *
moving_json_topology(const struct look *seen)
{
    json_t *nodes = json_array();

    for (size_t i = 0; i < seen->snapshot.node_count; i++) {
        const struct node *node = &seen->snapshot.node[i];

        (void) json_array_append_new(nodes, json_pack(
            "{s:s, s:s, s:o, s:o}", "node", node->name, "role",
            topology_role(node), "status", json_attr(&node->attrs.status),
            "data_status", json_attr(&node->record.data_status)));
    }
    return nodes;
}

json_t *
moving_json_findings(const struct findings *findings)
{
    static const char *const kinds[] = {
        [FINDING_NONE] = "?", [FINDING_MET] = "met",
        [FINDING_UNMET] = "unmet", [FINDING_NOTE] = "note",
        [FINDING_LOSS] = "loss",
    };
    json_t *list = json_array();

    for (size_t i = 0; i < findings->count; i++) {
        const struct finding *finding = &findings->finding[i];

        (void) json_array_append_new(list, json_pack(
            "{s:s, s:s}", "kind", kinds[finding->kind], "text",
            finding->text));
    }
    return list;
}
