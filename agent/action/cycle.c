/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The cycle: the only part that knows the deadline. */

#include "cycle.h"

#include <signal.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include "clock.h"
#include "decide.h"
#include "execute.h"
#include "flight.h"
#include "memory.h"
#include "observe.h"
#include "processes.h"
#include "reason.h"
#include "rejoin_files.h"
#include "report.h"
#include "trace.h"

/* The alarm comes this long after the deadline that every wait keeps. */
#define ALARM_GRACE_MS 100

/* A required step that failed is tried again after this. */
#define RETRY_MS 100


/*
 * What the alarm's handler says. The handler runs in the middle of anything,
 * so it only writes bytes that were put together before.
 */
static struct {
    volatile sig_atomic_t code;
    char line[PLAN_REASON_SIZE + 64];
    volatile sig_atomic_t len;
} last_word;

static void
end_by_alarm(int signal_number)
{
    ssize_t written;

    (void) signal_number;
    written = write(STDERR_FILENO, last_word.line, (size_t) last_word.len);
    (void) written;     /* nothing can be done about it */
    _exit(last_word.code);
}

static void
deposit(const struct plan *plan)
{
    struct text line;
    char shown[PLAN_REASON_SIZE];
    sigset_t alarm_set;
    sigset_t old_set;

    memcpy(shown, plan->fallback_reason, sizeof(shown));
    reason_shorten(shown);
    (void) sigemptyset(&alarm_set);
    (void) sigaddset(&alarm_set, SIGALRM);
    (void) sigprocmask(SIG_BLOCK, &alarm_set, &old_set);
    last_word.code = plan->fallback_code;
    text_init(&line, last_word.line, sizeof(last_word.line));
    if (plan->fallback_reason[0] != '\0') {
        text_add(&line, "ocf-exit-reason:%s\n", shown);
    }
    last_word.len = (sig_atomic_t) line.len;
    (void) sigprocmask(SIG_SETMASK, &old_set, NULL);
}

static void
catch_alarm(void)
{
    struct sigaction action;

    memset(&action, 0, sizeof(action));
    action.sa_handler = end_by_alarm;
    (void) sigaction(SIGALRM, &action, NULL);
}

static void
set_alarm(int64_t left_ms)
{
    struct itimerval timer = { { 0, 0 }, { 0, 0 } };

    left_ms += ALARM_GRACE_MS;
    timer.it_value.tv_sec = (time_t) (left_ms / 1000);
    timer.it_value.tv_usec = (suseconds_t) (left_ms % 1000) * 1000;
    (void) setitimer(ITIMER_REAL, &timer, NULL);
}

/*
 * Look, but not longer at the cluster than the plan allows: a connect to a
 * frozen daemon has no time-out of its own, so the deposited verdict stands
 * then. A server that takes longer is a fact, and observe() says so.
 */
static void
look(struct instance *instance, uint32_t facts, uint32_t limit_ms,
     struct snapshot *snapshot)
{
    const uint32_t cluster = FACT_ATTRS | FACT_RECORD | FACT_MEMBERS
                             | FACT_PROFILE;
    int64_t left_ms = clock_left_ms(instance->deadline_ms);

    if (limit_ms > 0 && (facts & cluster) != 0 && limit_ms < left_ms) {
        set_alarm(limit_ms);
    }
    observe(instance, facts, limit_ms, snapshot);
    set_alarm(clock_left_ms(instance->deadline_ms));
}

static void
update_clock(const struct instance *instance, struct snapshot *snapshot)
{
    snapshot->elapsed_ms = (uint32_t) (clock_now_ms() - instance->begin_ms);
    snapshot->left_ms = (uint32_t) clock_left_ms(instance->deadline_ms);
}

/* What is there to change the instance holds its lock from the beginning. */
static bool
is_writer(enum action action)
{
    return action == ACTION_START || action == ACTION_STOP
           || action == ACTION_PROMOTE || action == ACTION_DEMOTE
           || action == ACTION_REPORT || action == ACTION_RELOAD;
}

static bool
writes(const struct plan *plan)
{
    for (size_t i = 0; i < plan->count; i++) {
        if (plan->op[i].kind != OP_LOG && plan->op[i].kind != OP_LOG_ONCE
            && plan->op[i].kind != OP_NOTE_CALM) {
            return true;
        }
    }
    return false;
}

/*
 * What writes from its beginning ends here, without the lock. P4: a worker that
 * is stuck with it does not outlive a stop, which looks again later.
 */
static enum ocf_code
lock_first(struct instance *instance, enum action action)
{
    char words[PLAN_REASON_SIZE];
    struct text why;
    enum ocf_code code;

    text_init(&why, words, sizeof(words));
    if (action == ACTION_STOP && rejoin_end_process(instance, &why) != 0) {
        report_log(LOG_WARNING, "%s", words);
        text_init(&why, words, sizeof(words));
    }
    code = instance_lock(instance, &why);
    if (code != OCF_SUCCESS) {
        report_reason("%s", words);
    }
    return code;
}

static enum ocf_code
out_of_time(const struct plan *plan)
{
    if (plan->fallback_reason[0] != '\0') {
        report_reason("%s", plan->fallback_reason);
    }
    return plan->fallback_code;
}

/*
 * What has looked and may not write. The verdict of a user who may only look
 * is what was seen; where another action held the lock, that is old by now.
 */
static enum ocf_code
end_without_lock(const struct plan *plan, enum ocf_code code,
                 const char *why)
{
    bool stands = code == OCF_ERR_PERM && plan->verdict == VERDICT_EXIT;
    const char *reason = stands ? plan->reason : plan->fallback_reason;

    report_log(LOG_ERR, "%s", why);
    if (reason[0] != '\0') {
        report_reason("%s", stands ? reason : why);
    }
    return stands ? plan->code : plan->fallback_code;
}

/* A monitor that looked at all, and has nothing to say that lasts. */
static bool
ends_in_silence(const struct snapshot *snapshot)
{
    return snapshot->action == ACTION_MONITOR
           && (server_role(snapshot) == SERVER_PRIMARY
               || snapshot->done[OP_NOTE_CALM].times > 0)
           && snapshot->done[OP_LOG_ONCE].times == 0;
}

static enum ocf_code
end_as_planned(const struct instance *instance,
               const struct snapshot *snapshot, const struct plan *plan)
{
    if (ends_in_silence(snapshot)) {
        memory_forget_said(instance);
    }
    if (plan->reason[0] != '\0') {
        report_reason("%s", plan->reason);
    }
    return plan->code;
}

/* Once for each that comes of the same action's looks. */
static void
tell_rule(const char *rule, const char **told)
{
    if (rule != NULL && rule != *told) {
        report_log(LOG_NOTICE, "who may lead: by the rule '%s'", rule);
        *told = rule;
    }
}

/* Until the plan wants to look again; for a server's end, until it is there. */
static void
wait_for(const struct instance *instance, const struct snapshot *snapshot,
         const struct plan *plan)
{
    int64_t left_ms = clock_left_ms(instance->deadline_ms);
    int64_t wait_ms = plan->wait_ms < left_ms ? plan->wait_ms : left_ms;

    const uint32_t of_its_end = FACT_PROCESS | FACT_CONTROL | FACT_HOLDERS;

    if ((plan->facts == FACT_PROCESS || plan->facts == of_its_end)
        && postmaster_lives(snapshot)) {
        process_await_end(snapshot->process.postmaster_pid, wait_ms);
    } else {
        clock_sleep_ms(wait_ms, instance->deadline_ms);
    }
}

/* Look, decide and act, until a plan ends the action or its time is over. */
/* What works beside the cluster's actions holds none of them up. */
static void
release(struct instance *instance, const struct snapshot *snapshot,
        const struct plan *plan)
{
    if (snapshot->action == ACTION_REJOIN
        || (snapshot->action == ACTION_REPORT && snapshot->failed == OP_NONE
            && plan->wait_ms > 0)) {
        instance_unlock(instance);
    }
}

static enum ocf_code
go_round(struct instance *instance, struct snapshot *snapshot,
         struct plan *plan)
{
    uint32_t facts = decide_first_facts(snapshot);
    uint32_t limit_ms = 0;
    const char *told = NULL;
    char words[PLAN_REASON_SIZE];
    struct text why;
    enum ocf_code code;

    text_init(&why, words, sizeof(words));
    while (clock_left_ms(instance->deadline_ms) > 0) {
        look(instance, facts, limit_ms, snapshot);
        update_clock(instance, snapshot);
        decide(snapshot, plan);
        trace_add(instance, snapshot, plan);
        deposit(plan);
        if (plan->overflow) {   /* a part of it may be worse than nothing */
            report_log(LOG_ERR, "a plan was too long: this is a defect");
            return out_of_time(plan);
        }
        tell_rule(plan->rule, &told);
        if (writes(plan) && instance->lock_fd < 0) {
            /* decided without the lock: look again at what it rests on */
            code = instance_lock(instance, &why);
            if (code != OCF_SUCCESS) {
                return end_without_lock(plan, code, words);
            }
            continue;
        }
        flight_note(instance, snapshot, plan);
        execute(instance, plan, snapshot);
        if (snapshot->failed != OP_NONE) {
            release(instance, snapshot, plan);
            clock_sleep_ms(RETRY_MS, instance->deadline_ms);
            continue;       /* the same facts, anew */
        }
        if (plan->verdict == VERDICT_EXIT) {
            return end_as_planned(instance, snapshot, plan);
        }
        release(instance, snapshot, plan);
        wait_for(instance, snapshot, plan);
        facts = plan->facts;
        limit_ms = plan->limit_ms;
    }
    return out_of_time(plan);
}

enum ocf_code
cycle_run(struct instance *instance, struct snapshot *snapshot)
{
    static struct plan plan;
    enum ocf_code code = OCF_SUCCESS;

    plan_init(&plan);
    deposit(&plan);
    catch_alarm();
    set_alarm(clock_left_ms(instance->deadline_ms));
    if (is_writer(snapshot->action)) {
        code = lock_first(instance, snapshot->action);
    }
    return code == OCF_SUCCESS ? go_round(instance, snapshot, &plan) : code;
}
