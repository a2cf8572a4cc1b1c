/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The deadline, the alarm, the lock and the retries (P6). What is seen, decided
 * and done is scripted here: observe(), decide() and execute() are ours.
 */

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "cmocka_all.h"
#include "cycle.h"
#include "decide.h"
#include "execute.h"
#include "observe.h"

#define STEPS_MAX 8
#define SLACK_MS 3000       /* a busy machine */

/* What one turn of the cycle meets. */
struct turn {
    struct plan plan;
    bool hangs;                 /* the look does not come back */
    bool fails;                 /* a required step does */
};

static char folder[64];
static struct instance acting;
static struct snapshot world;
static struct turn turns[STEPS_MAX];
static size_t turn_count;
static size_t looks;
static size_t decisions;
static size_t executions;
static uint32_t seen_facts[STEPS_MAX];

static struct turn *
turn_now(size_t number)
{
    return &turns[number < turn_count ? number : turn_count - 1];
}

void
observe(struct instance *instance, uint32_t facts, uint32_t limit_ms,
        struct snapshot *snapshot)
{
    (void) instance;
    (void) limit_ms;
    snapshot->facts = facts;
    seen_facts[looks < STEPS_MAX ? looks : STEPS_MAX - 1] = facts;
    while (turn_now(looks)->hangs) {
        (void) pause();
    }
    looks++;
}

uint32_t
decide_first_facts(const struct snapshot *snapshot)
{
    (void) snapshot;
    return FACT_PROCESS;
}

void
decide(const struct snapshot *snapshot, struct plan *ret_plan)
{
    (void) snapshot;
    *ret_plan = turn_now(decisions++)->plan;
}

void
execute(struct instance *instance, const struct plan *plan,
        struct snapshot *snapshot)
{
    (void) instance;
    (void) plan;
    executions++;
    snapshot->failed = turn_now(decisions - 1)->fails ? OP_SET_SCORE : OP_NONE;
}

/* --- the script ----------------------------------------------------------- */

static int
begin(void **state)
{
    (void) state;
    (void) snprintf(folder, sizeof(folder), "/tmp/pgward-cycle.XXXXXX");
    if (mkdtemp(folder) == NULL) {
        return -1;
    }
    return setenv("HA_RSCTMP", folder, 1);
}

static int
end(void **state)
{
    char path[PATH_SIZE];

    (void) state;
    (void) unlink(instance_run_path(&acting, "lock", path));
    (void) unlink(instance_run_path(&acting, "said", path));
    return rmdir(folder);
}

static int
unlink_lock(void)
{
    char path[PATH_SIZE];

    (void) unlink(instance_run_path(&acting, "lock", path));
    return access(path, F_OK) == 0 ? -1 : 0;
}

/* An action that has so long; it sees and does what the turns say. */
static void
prepare(enum action action, int64_t ms)
{
    memset(&acting, 0, sizeof(acting));
    memset(&world, 0, sizeof(world));
    memset(turns, 0, sizeof(turns));
    (void) text_copy("db", acting.resource, sizeof(acting.resource));
    acting.params.trace_file = "";
    acting.lock_fd = -1;
    acting.begin_ms = clock_now_ms();
    acting.deadline_ms = acting.begin_ms + ms;
    world.action = action;
    turn_count = looks = decisions = executions = 0;
}

static struct plan *
next_turn(void)
{
    struct plan *plan = &turns[turn_count++].plan;

    plan_init(plan);
    plan_fallback(plan, OCF_ERR_PERM, "the fallback stands");
    return plan;
}

static enum ocf_code
run(void)
{
    enum ocf_code code = cycle_run(&acting, &world);

    (void) alarm(0);
    instance_unlock(&acting);
    return code;
}

/* In a process of its own; what it says is in `ret_said`. */
static int
run_in_child(char *ret_said, size_t size)
{
    int ends[2];
    int status = 0;
    size_t len = 0;
    ssize_t got;
    pid_t pid;

    assert_int_equal(pipe(ends), 0);
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        (void) dup2(ends[1], STDERR_FILENO);
        _exit((int) cycle_run(&acting, &world));
    }
    (void) close(ends[1]);
    while ((got = read(ends[0], ret_said + len, size - 1 - len)) > 0) {
        len += (size_t) got;
    }
    ret_said[len] = '\0';
    (void) close(ends[0]);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static int64_t
took_ms(void)
{
    return clock_now_ms() - acting.begin_ms;
}

/* --- tests ---------------------------------------------------------------- */

static void
ends_with_the_plans_code(void **state)
{
    (void) state;
    prepare(ACTION_MONITOR, 10000);
    plan_exit(next_turn(), OCF_RUNNING_PROMOTED);
    assert_int_equal(run(), OCF_RUNNING_PROMOTED);
    assert_int_equal(looks, 1);
    assert_int_equal(executions, 1);
}

static void
looks_again_at_what_the_plan_wants(void **state)
{
    (void) state;
    prepare(ACTION_MONITOR, 10000);
    plan_again(next_turn(), 200, FACT_SQL | FACT_ATTRS, 0);
    plan_exit(next_turn(), OCF_SUCCESS);
    assert_int_equal(run(), OCF_SUCCESS);
    assert_int_equal(looks, 2);
    assert_int_equal(seen_facts[0], FACT_PROCESS);
    assert_int_equal(seen_facts[1], FACT_SQL | FACT_ATTRS);
    assert_true(took_ms() >= 200);
}

static void
gives_the_fallback_when_the_time_is_over(void **state)
{
    (void) state;
    prepare(ACTION_START, 300);
    plan_again(next_turn(), 20, FACT_PROCESS, 0);
    assert_int_equal(run(), OCF_ERR_PERM);
    assert_true(looks > 0);
    assert_true(took_ms() >= 300 && took_ms() < 300 + SLACK_MS);
}

static void
tries_a_failed_step_again(void **state)
{
    (void) state;
    prepare(ACTION_START, 10000);
    plan_exit(next_turn(), OCF_SUCCESS);
    turns[0].fails = true;
    plan_exit(next_turn(), OCF_SUCCESS);
    assert_int_equal(run(), OCF_SUCCESS);
    assert_int_equal(executions, 2);
    assert_int_equal(seen_facts[1], FACT_PROCESS);
}

static void
carries_out_no_plan_that_was_too_long(void **state)
{
    struct plan *plan;

    (void) state;
    prepare(ACTION_MONITOR, 10000);
    plan = next_turn();
    plan_exit(plan, OCF_SUCCESS);
    plan->overflow = true;
    assert_int_equal(run(), OCF_ERR_PERM);
    assert_int_equal(executions, 0);
}

/* Decided without the lock: another action may have changed what was seen. */
static void
decides_anew_once_it_holds_the_lock(void **state)
{
    struct plan *plan;

    (void) state;
    prepare(ACTION_MONITOR, 10000);
    for (unsigned i = 0; i < 2; i++) {
        plan = next_turn();
        plan_add(plan, OP_SET_SCORE, OP_REQUIRED, 0, "100");
        plan_exit(plan, OCF_SUCCESS);
    }
    assert_int_equal(run(), OCF_SUCCESS);
    assert_int_equal(looks, 2);
    assert_int_equal(executions, 1);
}

static void
waits_for_the_lock_until_the_deadline(void **state)
{
    char path[PATH_SIZE];
    char said[4096];
    struct plan *plan;
    int fd;

    (void) state;
    prepare(ACTION_STOP, 300);
    plan_exit(next_turn(), OCF_SUCCESS);
    fd = open(instance_run_path(&acting, "lock", path),
              O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(flock(fd, LOCK_EX), 0);
    assert_int_equal(run_in_child(said, sizeof(said)), OCF_ERR_GENERIC);
    assert_non_null(strstr(said, "ocf-exit-reason:wait for the other action "
                           "of this resource: it holds the lock '/tmp/"));
    assert_true(took_ms() >= 300);
    prepare(ACTION_MONITOR, 300);       /* what has looked tells that */
    plan = next_turn();
    plan_add(plan, OP_SET_SCORE, OP_REQUIRED, 0, "100");
    plan_fallback(plan, OCF_RUNNING_PROMOTED, "%s", "");
    assert_int_equal(run(), OCF_RUNNING_PROMOTED);
    assert_int_equal(executions, 0);
    prepare(ACTION_MONITOR, 10000);     /* one that only looks needs none */
    plan_exit(next_turn(), OCF_SUCCESS);
    assert_int_equal(run(), OCF_SUCCESS);
    (void) close(fd);
}

/* Whoever may only look is told what was seen; nothing is done. */
static void
a_monitor_that_may_not_lock_tells_what_it_saw(void **state)
{
    struct plan *plan;

    (void) state;
    if (geteuid() != 0) {
        skip();
    }
    prepare(ACTION_MONITOR, 10000);
    plan = next_turn();
    plan_add(plan, OP_SET_SCORE, OP_REQUIRED, 0, "100");
    plan_exit(plan, OCF_RUNNING_PROMOTED);
    assert_int_equal(chmod(folder, 0755), 0);
    assert_int_equal(unlink_lock(), 0);
    assert_int_equal(seteuid(65534), 0);
    assert_int_equal(run(), OCF_RUNNING_PROMOTED);
    assert_int_equal(seteuid(0), 0);
    assert_int_equal(executions, 0);
    assert_true(took_ms() < SLACK_MS);
}

/* The cluster's IPC has no time-out of its own: the alarm ends the action. */
static void
a_look_that_hangs_ends_with_what_was_deposited(void **state)
{
    char said[4096];

    (void) state;
    prepare(ACTION_STOP, 600);
    plan_again(next_turn(), 0, FACT_ATTRS, 0);
    (void) next_turn();
    turns[1].hangs = true;
    assert_int_equal(run_in_child(said, sizeof(said)), OCF_ERR_PERM);
    assert_non_null(strstr(said, "ocf-exit-reason:the fallback stands\n"));
    assert_true(took_ms() >= 600 && took_ms() < 600 + SLACK_MS);
}

static void
a_look_that_is_limited_hangs_no_longer(void **state)
{
    char said[4096];

    (void) state;
    prepare(ACTION_MONITOR, 30000);
    plan_again(next_turn(), 0, FACT_ATTRS, 200);
    (void) next_turn();
    turns[1].hangs = true;
    assert_int_equal(run_in_child(said, sizeof(said)), OCF_ERR_PERM);
    assert_true(took_ms() < 200 + SLACK_MS);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ends_with_the_plans_code),
        cmocka_unit_test(looks_again_at_what_the_plan_wants),
        cmocka_unit_test(gives_the_fallback_when_the_time_is_over),
        cmocka_unit_test(tries_a_failed_step_again),
        cmocka_unit_test(carries_out_no_plan_that_was_too_long),
        cmocka_unit_test(decides_anew_once_it_holds_the_lock),
        cmocka_unit_test(waits_for_the_lock_until_the_deadline),
        cmocka_unit_test(a_monitor_that_may_not_lock_tells_what_it_saw),
        cmocka_unit_test(a_look_that_hangs_ends_with_what_was_deposited),
        cmocka_unit_test(a_look_that_is_limited_hangs_no_longer),
    };

    return cmocka_run_group_tests_name("cycle", tests, begin, end);
}
