/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `pgward switchover`: a planned move of the lead, proved before it begins. */

#include "command.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"
#include "instance.h"
#include "json.h"
#include "report.h"
#include "switchover_check.h"
#include "switchover_parts.h"
#include "takeover.h"

#define TIMEOUT_MS 60000u

static int
usage(FILE *where)
{
    (void) fputs("usage: pgward switchover [OPTION]...\n"
                 "\n"
                 "Moves the lead to another node, when it is proved that "
                 "nothing can be lost by it: tells\n"
                 "what is there and what it will do, asks once, makes a "
                 "checkpoint, lets Pacemaker move,\n"
                 "waits, and tells for how long nobody took writes.\n"
                 "\n"
                 MOVING_OPTION_HELP
                 "  -c, --clear           take away what a switchover that "
                 "was killed has left\n"
                 COMMON_OPTION_HELP
                 "\n\n"
                 "The time-out is that of the move itself (60s).\n"
                 "Exit code: 0 done, or it could be (--dry-run); 1 it may not "
                 "be, or the answer was no;\n"
                 "2 usage; 3 it was not done: the message says what to do.\n",
                 where);
    return where == stdout ? COMMAND_OK : COMMAND_USAGE;
}

/*
 * One command at a time on this node, for as long as it lives: a constraint
 * that was set here is a dead one's then. The lock is this process's alone:
 * its children, which may outlive it, do not hold it. -1: another runs, or it
 * was said.
 */
static int
lock_node(const struct switchover *move)
{
    struct flock wanted = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
    char path[PATH_SIZE];
    struct text text;
    int fd;

    text_init(&text, path, sizeof(path));
    text_add(&text, "%s/pgward-%s.switchover", instance_run_folder(),
             move->before.resource);
    fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) {
        report_log(LOG_ERR, "could not open '%s': %s. Run pgward as root",
                   path, strerror(errno));
        return -1;
    }
    if (fcntl(fd, F_SETLK, &wanted) != 0) {
        report_log(LOG_ERR, "another pgward switchover of '%s' runs on this "
                   "node: wait for its end", move->before.resource);
        (void) close(fd);
        return -1;
    }
    return fd;
}

static struct move *
find_ours(struct moves *moves)
{
    for (size_t i = 0; i < moves->count; i++) {
        if (moves->move[i].kind == MOVE_OURS) {
            return &moves->move[i];
        }
    }
    return NULL;
}

/* Is whoever set it dead for sure? This node's lock is ours. */
static bool
is_left_over(const struct switchover *move, const struct move *ours)
{
    const struct snapshot *snapshot = &move->before.snapshot;
    size_t node = snapshot_find_node(snapshot, ours->from);

    return text_same_name(ours->from, move->before.self_name)
           || (node != NODES_MAX
               && snapshot->node[node].member.online == TRI_NO);
}

/* Named, and taken away, unless nothing is to be changed. */
static int
clear_left_over(struct switchover *move)
{
    struct move *ours = find_ours(&move->moves);

    if (ours == NULL && move->options.clear) {
        moving_tell(&move->options, "no switchover has left anything\n");
    }
    if (ours == NULL || !(move->options.clear || is_left_over(move, ours))) {
        return 0;
    }
    report_log(LOG_WARNING, "a switchover of '%s' to '%s' was cut off on "
               "'%s': its constraint '%s' %s", move->before.resource,
               ours->node, ours->from, ours->id,
               move->options.dry_run ? "will be taken away"
                                     : "is taken away");
    if (!move->options.dry_run) {
        moving_log(LOG_NOTICE, "'%s', left by a switchover that was cut off, "
                   "is taken away", ours->id);
        if (switchover_end(move) != 0) {
            return -1;
        }
    }
    ours->kind = MOVE_NONE;
    return 0;
}

/* Look, and judge by what is seen. */
static int
judge(struct switchover *move)
{
    const struct snapshot *snapshot = &move->before.snapshot;
    size_t source;
    size_t target;

    if (moving_look(&move->options, SWITCHOVER_FACTS, &move->before) != 0) {
        return -1;
    }
    moving_read_moves(&move->before, &move->moves);
    if (clear_left_over(move) != 0) {
        return -1;
    }
    source = takeover_leader(snapshot);
    target = move->to[0] != '\0' ? snapshot_find_node(snapshot, move->to)
                                 : switchover_choose(snapshot);
    memset(&move->findings, 0, sizeof(move->findings));
    if (move->to[0] != '\0' && target >= snapshot->node_count) {
        findings_add(&move->findings, FINDING_UNMET, "'%s' is not in "
                     "node_list", move->to);
    } else {
        switchover_check(snapshot, &move->moves, target, &move->findings);
    }
    if (source < snapshot->node_count) {
        memcpy(move->from, snapshot->node[source].name, sizeof(move->from));
    }
    if (target < snapshot->node_count) {
        memcpy(move->to, snapshot->node[target].name, sizeof(move->to));
    }
    return 0;
}

static void
tell_plan(const struct switchover *move)
{
    const struct moving_options *options = &move->options;
    const uint32_t wait_s = options->common.timeout_ms / 1000;

    moving_tell_topology(options, &move->before, "Topology before:");
    moving_tell_findings(options, &move->findings);
    if (!findings_are_met(&move->findings)) {
        moving_tell(options, "Prerequisites not met: nothing was done\n");
        return;
    }
    moving_tell(options, "Prerequisites met. What %s be done:\n"
                "  1  checkpoint on '%s', so that its shutdown is short\n"
                "  2  constraint 'pgward-switchover-%s', which ends by itself "
                "after %u s: nobody but '%s' may be promoted\n"
                "  3  wait for Pacemaker, at most %u s: '%s' shuts down "
                "cleanly, '%s' is promoted once it holds the last WAL\n"
                "  4  the constraint is taken away\n",
                options->dry_run ? "would" : "will", move->from,
                move->before.resource, wait_s + SWITCHOVER_GRACE_S, move->to,
                wait_s, move->from, move->to);
}

static int
tell_end(const struct switchover *move)
{
    const struct moving_options *options = &move->options;

    switch (move->outcome) {
        case OUTCOME_MOVED:
            if (move->gap_ms >= 0) {
                moving_tell(options, "'%s' leads. Nobody took writes for "
                            "%.2f s\n", move->to,
                            (double) move->gap_ms / 1000);
            } else {
                moving_tell(options, "'%s' leads. Nobody took writes for at "
                            "most %.2f s (the servers could not be asked "
                            "from here)\n", move->to,
                            (double) move->took_ms / 1000);
            }
            return move->constraint_left ? COMMAND_FAILED : COMMAND_OK;
        case OUTCOME_BACK:
            report_log(LOG_ERR, "the lead did not move: '%s' failed, or was "
                       "not promoted, so '%s' may lead again. pcs status, "
                       "and the log of '%s', say why", move->to, move->from,
                       move->to);
            break;
        case OUTCOME_LATE:
            report_log(LOG_ERR, "the lead did not move in %u s, and is left "
                       "to the cluster: look at pcs status, and whether the "
                       "nodes' clocks agree",
                       options->common.timeout_ms / 1000);
            break;
        case OUTCOME_CUT:
            report_log(LOG_ERR, "cut off: what was begun is left to the "
                       "cluster, which ends it with one primary. Look at pcs "
                       "status");
            break;
        case OUTCOME_NONE:
        case OUTCOME_FAILED:
            break;
    }
    return COMMAND_FAILED;
}

static int
tell_json(const struct switchover *move, int code)
{
    static const char *const outcomes[] = {
        [OUTCOME_NONE] = "none", [OUTCOME_MOVED] = "moved",
        [OUTCOME_BACK] = "back", [OUTCOME_LATE] = "late",
        [OUTCOME_CUT] = "cut", [OUTCOME_FAILED] = "failed",
    };
    json_t *answer;

    if (move->options.common.output != OUTPUT_JSON) {
        return code;
    }
    answer = json_pack("{s:s, s:s, s:s, s:b, s:b, s:o, s:o, s:s, s:b}",
                       "resource", move->before.resource, "from", move->from,
                       "to", move->to, "dry_run", move->options.dry_run,
                       "prerequisites_met",
                       findings_are_met(&move->findings), "findings",
                       moving_json_findings(&move->findings), "before",
                       moving_json_topology(&move->before), "outcome",
                       outcomes[move->outcome], "constraint_left",
                       move->constraint_left);
    if (move->outcome == OUTCOME_MOVED) {
        (void) json_object_set_new(answer, "after",
                                   moving_json_topology(&move->now));
        (void) json_object_set_new(answer, "gap_ms", move->gap_ms >= 0
                                   ? json_integer(move->gap_ms)
                                   : json_null());
        (void) json_object_set_new(answer, "took_ms",
                                   json_integer(move->took_ms));
    }
    return json_print("switchover", 1, answer) == 0 ? code : COMMAND_FAILED;
}

/* After the answer the world may be another: it is judged once more. */
static int
go_on(struct switchover *move)
{
    char question[2 * NODE_NAME_SIZE + 64];
    struct text text;
    int code;

    text_init(&text, question, sizeof(question));
    text_add(&text, "Move the lead from '%s' to '%s'?", move->from, move->to);
    code = moving_ask(&move->options, question);
    if (code != COMMAND_OK) {
        return code;
    }
    switchover_checkpoint(move);
    if (judge(move) != 0) {
        return COMMAND_FAILED;
    }
    if (!findings_are_met(&move->findings)) {
        moving_tell_findings(&move->options, &move->findings);
        report_log(LOG_ERR, "nothing was moved: the prerequisites are not "
                   "met any more");
        return COMMAND_NO;
    }
    switchover_run(move);
    code = tell_end(move);
    if (move->outcome == OUTCOME_MOVED) {
        switchover_follow(move);
        moving_tell_topology(&move->options, &move->now, "Topology after:");
    }
    return code;
}

static int
run(struct switchover *move)
{
    CLEANUP(close_fd) int lock = -1;
    int code;

    /* the resource's name, for the lock, comes of a look */
    if (moving_look(&move->options, MOVING_FACTS, &move->before) != 0) {
        return COMMAND_FAILED;
    }
    lock = lock_node(move);
    if (lock < 0 || judge(move) != 0) {
        return COMMAND_FAILED;
    }
    if (move->options.clear) {
        return COMMAND_OK;
    }
    tell_plan(move);
    code = !findings_are_met(&move->findings) ? COMMAND_NO
           : move->options.dry_run ? COMMAND_OK : go_on(move);
    return tell_json(move, code);
}

int
verb_switchover(int argc, char **argv)
{
    static const struct option options[] = {
        MOVING_OPTION_ROWS,
        { "clear", no_argument, NULL, 'c' },
        { NULL, 0, NULL, 0 },
    };
    static struct switchover move = {
        .options.common.timeout_ms = TIMEOUT_MS, .gap_ms = -1,
    };
    int option;

    while ((option = getopt_long(argc, argv, MOVING_OPTION_LETTERS "c",
                                 options, NULL)) != -1) {
        if (option == 'h') {
            return usage(stdout);
        }
        if (option == 'c') {
            move.options.clear = true;
        } else if (moving_option_take(option, optarg, &move.options) != 0) {
            return usage(stderr);
        }
    }
    if (optind != argc) {
        return usage(stderr);
    }
    if (move.options.to != NULL
        && text_copy(move.options.to, move.to, sizeof(move.to)) != 0) {
        report_log(LOG_ERR, "'%s' is no node's name", move.options.to);
        return COMMAND_USAGE;
    }
    return run(&move);
}
