/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `pgward failover`: a person decides with whose data the cluster goes on. */

#include "command.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "clock.h"
#include "failover_check.h"
#include "json.h"
#include "moving.h"
#include "peers.h"
#include "report.h"

#define TIMEOUT_MS 60000u
#define LOOK_AGAIN_MS 200

struct failover {
    struct moving_options options;
    struct look before;
    struct look now;
    struct moves moves;
    struct findings findings;
    size_t target;              /* NODES_MAX: none */
    bool give_up[NODES_MAX];
    char to[NODE_NAME_SIZE];
    char decision[ATTR_VALUE_SIZE];
    bool led;
};

static int
usage(FILE *where)
{
    (void) fputs("usage: pgward failover --accept-data-loss [OPTION]...\n"
                 "\n"
                 "Where no node may lead by proof: tells what each holds and "
                 "what may be lost, asks, and\n"
                 "records that the cluster is to go on with one node's data. "
                 "What can be proved stays so:\n"
                 "nobody else leads, and whom nobody sees is down.\n"
                 "\n"
                 "  -L, --accept-data-loss\n"
                 "                        commits that were acknowledged may "
                 "be lost by it\n"
                 MOVING_OPTION_HELP
                 COMMON_OPTION_HELP
                 "\n\n"
                 "The time-out is that of the election (60s).\n"
                 "Exit code: 0 done, or it could be (--dry-run); 1 it may not "
                 "be, or the answer was no;\n"
                 "2 usage; 3 it was not done: the message says what to do.\n",
                 where);
    return where == stdout ? COMMAND_OK : COMMAND_USAGE;
}

static int
judge(struct failover *failover)
{
    const struct snapshot *snapshot = &failover->before.snapshot;

    if (moving_look(&failover->options, FAILOVER_FACTS, &failover->before)
        != 0) {
        return -1;
    }
    moving_read_moves(&failover->before, &failover->moves);
    failover->target = failover->to[0] != '\0'
                       ? snapshot_find_node(snapshot, failover->to)
                       : failover_choose(snapshot);
    memset(&failover->findings, 0, sizeof(failover->findings));
    if (failover->to[0] != '\0'
        && failover->target >= snapshot->node_count) {
        findings_add(&failover->findings, FINDING_UNMET, "'%s' is not in "
                     "node_list", failover->to);
        return 0;
    }
    failover_check(snapshot, &failover->moves, failover->target,
                   failover->give_up, &failover->findings);
    if (failover->target < snapshot->node_count) {
        memcpy(failover->to, snapshot->node[failover->target].name,
               sizeof(failover->to));
    }
    return 0;
}

static void
tell_plan(const struct failover *failover)
{
    const struct moving_options *options = &failover->options;
    const struct snapshot *snapshot = &failover->before.snapshot;

    moving_tell_topology(options, &failover->before, "Topology before:");
    moving_tell_findings(options, &failover->findings);
    if (!findings_are_met(&failover->findings)) {
        moving_tell(options, "Prerequisites not met: nothing was done\n");
        return;
    }
    moving_tell(options, "Prerequisites met. What %s be recorded:\n"
                "  data-status of '%s': LATEST\n",
                options->dry_run ? "would" : "will", failover->to);
    for (size_t i = 0; i < snapshot_total(snapshot); i++) {
        if (failover->give_up[i]) {
            moving_tell(options, "  data-status of '%s': DISCONNECT\n",
                        snapshot->node[i].name);
        }
    }
}

/* Who decided, and when: first, so that it is never missing. */
static int
record_decision(struct failover *failover)
{
    const struct step step = { &failover->before, MOVING_STEP_MS };
    char why_text[SERVER_TEXT_SIZE];
    char who[2 * NODE_NAME_SIZE];
    char when[32] = "";
    time_t now = time(NULL);
    struct tm tm;
    struct text text;
    struct text why;

    moving_who(&failover->before, who, sizeof(who));
    if (gmtime_r(&now, &tm) != NULL) {
        (void) strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%SZ", &tm);
    }
    text_init(&text, failover->decision, sizeof(failover->decision));
    text_add(&text, "%s failover to %s", when, failover->to);
    text_add(&text, " by %s", who);
    moving_log(LOG_WARNING, "failover of '%s', data loss accepted: %s",
               failover->before.resource, failover->decision);
    text_init(&why, why_text, sizeof(why_text));
    if (step_record_decision(&step, failover->decision, &why) != 0) {
        report_log(LOG_ERR, "nothing was done: %s", why_text);
        return -1;
    }
    return 0;
}

static int
record_lead(struct failover *failover)
{
    const struct snapshot *snapshot = &failover->before.snapshot;
    const struct step step = { &failover->before, MOVING_STEP_MS };
    struct cluster_record record[NODES_MAX];
    char why_text[SERVER_TEXT_SIZE];
    struct text why;
    size_t count = 0;

    record[count++] = (struct cluster_record) { failover->to, DATA_LATEST,
                                                false };
    for (size_t i = 0; i < snapshot_total(snapshot); i++) {
        if (failover->give_up[i]) {
            record[count++] = (struct cluster_record) {
                snapshot->node[i].name, DATA_DISCONNECT, false };
        }
        moving_log(LOG_WARNING, "failover: data-status of '%s' was '%s'",
                   snapshot->node[i].name,
                   snapshot->node[i].record.data_status.value);
    }
    text_init(&why, why_text, sizeof(why_text));
    if (step_set_records(&step, record, count, &why) != 0) {
        report_log(LOG_ERR, "%s", why_text);
        return -1;
    }
    return 0;
}

static int
await_lead(struct failover *failover)
{
    const uint32_t timeout_ms = failover->options.common.timeout_ms;
    int64_t end_ms = clock_now_ms() + timeout_ms;

    while (clock_left_ms(end_ms) > 0) {
        if (moving_look(&failover->options, FAILOVER_FACTS, &failover->now)
            == 0
            && moving_leads(&failover->now.snapshot, failover->to)) {
            failover->led = true;
            moving_tell(&failover->options, "'%s' leads\n", failover->to);
            moving_tell_topology(&failover->options, &failover->now,
                                 "Topology after:");
            return COMMAND_OK;
        }
        clock_sleep_ms(LOOK_AGAIN_MS, end_ms);
    }
    report_log(LOG_ERR, "'%s' does not lead after %u s, although it may by "
               "the record: its log, or pcs status, says why",
               failover->to, timeout_ms / 1000);
    return COMMAND_FAILED;
}

static int
go_on(struct failover *failover)
{
    char question[NODE_NAME_SIZE + 64];
    struct findings shown = failover->findings;
    struct text text;
    int code;

    text_init(&text, question, sizeof(question));
    text_add(&text, "Go on with the data of '%s'%s?", failover->to,
             findings_count(&failover->findings, FINDING_LOSS) > 0
             ? ", and lose the above" : "");
    code = moving_ask(&failover->options, question);
    if (code != COMMAND_OK) {
        return code;
    }
    /* after the answer the world may be another */
    if (judge(failover) != 0) {
        return COMMAND_FAILED;
    }
    if (!findings_are_met(&failover->findings)) {
        moving_tell_findings(&failover->options, &failover->findings);
        report_log(LOG_ERR, "nothing was done: the prerequisites are not met "
                   "any more");
        return COMMAND_NO;
    }
    if (!findings_agree(&shown, &failover->findings, FINDING_LOSS)) {
        moving_tell_findings(&failover->options, &failover->findings);
        report_log(LOG_ERR, "nothing was done: what may be lost is no longer "
                   "what you were shown. Look again");
        return COMMAND_NO;
    }
    if (record_decision(failover) != 0 || record_lead(failover) != 0) {
        return COMMAND_FAILED;
    }
    return await_lead(failover);
}

static int
tell_json(const struct failover *failover, int code)
{
    json_t *answer;

    if (failover->options.common.output != OUTPUT_JSON) {
        return code;
    }
    answer = json_pack("{s:s, s:s, s:b, s:b, s:o, s:o, s:b}", "resource",
                       failover->before.resource, "to", failover->to,
                       "dry_run", failover->options.dry_run,
                       "prerequisites_met",
                       findings_are_met(&failover->findings), "findings",
                       moving_json_findings(&failover->findings), "before",
                       moving_json_topology(&failover->before), "leads",
                       failover->led);
    if (failover->decision[0] != '\0') {
        (void) json_object_set_new(answer, "decision",
                                   json_string(failover->decision));
    }
    if (failover->led) {
        (void) json_object_set_new(answer, "after",
                                   moving_json_topology(&failover->now));
    }
    return json_print("failover", 1, answer) == 0 ? code : COMMAND_FAILED;
}

static int
run(struct failover *failover)
{
    int code;

    if (judge(failover) != 0) {
        return COMMAND_FAILED;
    }
    tell_plan(failover);
    code = !findings_are_met(&failover->findings) ? COMMAND_NO
           : failover->options.dry_run ? COMMAND_OK : go_on(failover);
    return tell_json(failover, code);
}

int
verb_failover(int argc, char **argv)
{
    static const struct option options[] = {
        MOVING_OPTION_ROWS,
        { "accept-data-loss", no_argument, NULL, 'L' },
        { NULL, 0, NULL, 0 },
    };
    static struct failover failover = {
        .options.common.timeout_ms = TIMEOUT_MS,
    };
    struct moving_options *asked = &failover.options;
    int option;

    while ((option = getopt_long(argc, argv, MOVING_OPTION_LETTERS "L",
                                 options, NULL)) != -1) {
        if (option == 'h') {
            return usage(stdout);
        }
        if (option == 'L') {
            asked->accept_data_loss = true;
        } else if (moving_option_take(option, optarg, asked) != 0) {
            return usage(stderr);
        }
    }
    if (optind != argc) {
        return usage(stderr);
    }
    if (!asked->accept_data_loss && !asked->dry_run) {
        report_log(LOG_ERR, "a failover by hand may lose what clients were "
                   "told is committed: add --accept-data-loss, or --dry-run "
                   "to see what");
        return COMMAND_USAGE;
    }
    if (asked->to != NULL
        && text_copy(asked->to, failover.to, sizeof(failover.to)) != 0) {
        report_log(LOG_ERR, "'%s' is no node's name", asked->to);
        return COMMAND_USAGE;
    }
    return run(&failover);
}
