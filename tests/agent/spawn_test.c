/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Commands end in time, say no more than fits, and learn no secrets. */

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "cmocka_all.h"
#include "files.h"
#include "spawn.h"

/* Only a machine that stands still takes as long as this. */
#define LIMIT_MS 30000

static char output[4096];

static int
run_sh(const char *script, const struct identity *user, int64_t limit_ms,
       int *ret_status)
{
    const char *argv[] = { "/bin/sh", "-c", script, NULL };
    const char *env[] = { "EXTRA=more", NULL };
    struct spawn_request request = {
        .argv = argv,
        .user = user,
        .extra_env = env,
        .deadline_ms = clock_now_ms() + limit_ms,
        .ret_output = output,
        .output_size = sizeof(output),
    };

    return spawn_run(&request, ret_status);
}

static void
gives_output_and_status(void **state)
{
    int status = 0;

    (void) state;
    assert_int_equal(run_sh("echo out; echo err >&2; exit 3", NULL, LIMIT_MS,
                            &status), 0);
    assert_string_equal(output, "out\nerr\n");
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 3);
    assert_int_equal(run_sh("kill -TERM $$", NULL, LIMIT_MS, &status), 0);
    assert_true(WIFSIGNALED(status));
}

static void
says_why_a_command_could_not_start(void **state)
{
    const char *argv[] = { "/nonexistent", NULL };
    struct spawn_request request = {
        .argv = argv, .deadline_ms = clock_now_ms() + LIMIT_MS,
    };
    int status = 7;

    (void) state;
    assert_int_equal(spawn_run(&request, &status), -1);
    assert_int_equal(errno, ENOENT);
    argv[0] = "/bin/true";
    request.folder = "/nonexistent";
    assert_int_equal(spawn_run(&request, &status), -1);
    assert_int_equal(errno, ENOENT);
    assert_int_equal(status, 7);
}

static void
kills_a_command_and_its_children_at_the_deadline(void **state)
{
    int64_t start_ms = clock_now_ms();
    int status = 7;
    long child = 0;

    (void) state;
    assert_int_equal(run_sh("sleep 600 & echo $!; sleep 600", NULL, 2000,
                            &status), -1);
    assert_int_equal(errno, ETIMEDOUT);
    assert_true(clock_now_ms() - start_ms < LIMIT_MS);
    child = strtol(output, NULL, 10);
    assert_true(child > 0);
    for (int tries = 0; tries < 1000; tries++) {
        char path[64];
        char stat[512];
        size_t len;

        /* gone, or a zombie that process 1 has not reaped yet */
        assert_true(snprintf(path, sizeof(path), "/proc/%ld/stat", child) > 0);
        if (files_read(path, stat, sizeof(stat), &len) != 0
            || strstr(stat, ") Z ") != NULL) {
            return;
        }
        clock_sleep_ms(20, clock_now_ms() + 20);
    }
    fail_msg("process %ld lives on", child);
}

static void
bounds_the_output_and_goes_on_reading(void **state)
{
    int status = 7;

    (void) state;
    assert_int_equal(run_sh("head -c 300000 /dev/zero | tr '\\0' x", NULL,
                            LIMIT_MS, &status), 0);
    assert_int_equal(status, 0);
    assert_int_equal(strlen(output), sizeof(output) - 1);
}

static void
does_not_wait_for_an_heir_of_the_output(void **state)
{
    int64_t start_ms = clock_now_ms();
    int status = 7;

    (void) state;
    assert_int_equal(run_sh("echo first; sleep 60 &", NULL, 2 * LIMIT_MS,
                            &status), 0);
    assert_string_equal(output, "first\n");
    assert_true(clock_now_ms() - start_ms < LIMIT_MS);
}

static void
scrubs_the_environment(void **state)
{
    int status = 7;

    (void) state;
    assert_int_equal(setenv("PGPASSWORD", "secret", 1), 0);
    assert_int_equal(setenv("OCF_RESKEY_monitor_password", "secret", 1), 0);
    assert_int_equal(setenv("PCMK_logfile", "x", 1), 0);
    assert_int_equal(setenv("CRM_meta_x", "x", 1), 0);
    assert_int_equal(setenv("KEPT", "kept", 1), 0);
    /* the rest of the environment may be longer than there is room for */
    assert_int_equal(run_sh("env | grep -E '^(OCF_|PG|CRM_|PCMK_|KEPT|EXTRA)'"
                            "; echo PATH=$PATH; umask; pwd", NULL, LIMIT_MS,
                            &status), 0);
    assert_null(strstr(output, "secret"));
    assert_null(strstr(output, "PCMK_"));
    assert_null(strstr(output, "CRM_"));
    assert_non_null(strstr(output, "KEPT=kept"));
    assert_non_null(strstr(output, "EXTRA=more"));
    assert_non_null(strstr(output, "PATH=/"));
    assert_non_null(strstr(output, "\n0022\n/\n"));
}

static void
leaves_no_descriptor_open(void **state)
{
    int status = 7;
    int fd = open("/dev/null", O_RDONLY);   /* not close-on-exec on purpose */

    (void) state;
    assert_true(fd > 2);
    assert_int_equal(run_sh("for f in /proc/$$/fd/*; do "
                            "[ ${f##*/} -lt 3 ] || readlink $f; done", NULL,
                            LIMIT_MS, &status), 0);
    assert_null(strstr(output, "/dev/null"));
    (void) close(fd);
}

static void
runs_in_a_group_or_a_session_of_its_own(void **state)
{
    /* fields 5 and 6 of proc(5): process group and session */
    const char *argv[] = {
        "/bin/sh", "-c",
        "read a b c d group session rest </proc/$$/stat;"
        "[ $group != $$ ] || echo group; [ $session != $$ ] || echo session",
        NULL,
    };
    struct spawn_request request = {
        .argv = argv,
        .new_session = true,
        .deadline_ms = clock_now_ms() + LIMIT_MS,
        .ret_output = output,
        .output_size = sizeof(output),
    };
    int status;

    (void) state;
    assert_int_equal(spawn_run(&request, &status), 0);
    assert_string_equal(output, "group\nsession\n");
    request.new_session = false;
    assert_int_equal(spawn_run(&request, &status), 0);
    assert_string_equal(output, "group\n");
}

static void
becomes_another_user_for_good(void **state)
{
    struct identity user;
    int status = 7;

    (void) state;
    if (geteuid() != 0 || identity_find("nobody", &user) != 0) {
        print_message("# not root, or no user nobody\n");
        skip();
    }
    assert_int_equal(run_sh("id -un; id -run; echo $HOME $USER $LOGNAME; "
                            "grep ^Groups: /proc/self/status", &user, LIMIT_MS,
                            &status), 0);
    assert_memory_equal(output, "nobody\nnobody\n", 14);
    assert_non_null(strstr(output, " nobody nobody\n"));
    /* also between identity_become() and identity_return() */
    assert_int_equal(identity_become(&user), 0);
    assert_int_equal(run_sh("id -run", &user, LIMIT_MS, &status), 0);
    identity_return();
    assert_string_equal(output, "nobody\n");
}

static void
refuses_a_user_that_is_not_known(void **state)
{
    const struct identity user = { .uid = 12345, .known = 0 };
    int status = 7;

    (void) state;
    assert_int_equal(run_sh("echo never", &user, LIMIT_MS, &status), -1);
    assert_int_equal(errno, EINVAL);
    assert_string_equal(output, "");
}

struct heard {
    char text[256];
    const char *stop;           /* the line that ends the command */
    size_t longest;
};

static bool
hear(void *context, const char *line)
{
    struct heard *heard = context;
    struct text text = {
        heard->text, sizeof(heard->text), strlen(heard->text), false,
    };

    text_add(&text, "[%s]", line);
    heard->longest = strlen(line) > heard->longest ? strlen(line)
                                                   : heard->longest;
    return heard->stop == NULL || strcmp(line, heard->stop) != 0;
}

static int
run_heard(const char *script, int64_t idle_ms, int64_t limit_ms,
          struct heard *heard)
{
    const char *argv[] = { "/bin/sh", "-c", script, NULL };
    struct spawn_request request = {
        .argv = argv,
        .deadline_ms = clock_now_ms() + limit_ms,
        .line = hear,
        .context = heard,
        .idle_ms = idle_ms,
    };
    int status = 7;

    return spawn_run(&request, &status) == 0 ? status : -1;
}

static void
gives_each_line_when_it_comes(void **state)
{
    struct heard heard = { .stop = NULL };

    (void) state;
    assert_int_equal(run_heard("printf 'one\\ntwo\\r\\n\\nthr'; sleep 0.1;"
                               " printf 'ee' >&2", 0, LIMIT_MS, &heard), 0);
    assert_string_equal(heard.text, "[one][two][three]");
    heard.text[0] = '\0';
    assert_int_equal(run_heard("head -c 5000 /dev/zero | tr '\\0' x; echo;"
                               " echo end", 0, LIMIT_MS, &heard), 0);
    assert_int_equal(heard.longest, SPAWN_LINE_SIZE - 1);
    assert_string_equal(heard.text, "[end]");
}

static void
ends_a_command_where_a_line_says_so(void **state)
{
    struct heard heard = { .stop = "enough" };

    (void) state;
    assert_int_equal(run_heard("echo some; echo enough; echo more; sleep 600",
                               0, LIMIT_MS, &heard), -1);
    assert_int_equal(errno, ECANCELED);
    assert_string_equal(heard.text, "[some][enough]");
}

static void
ends_a_command_that_shows_no_sign_of_life(void **state)
{
    int64_t start_ms = clock_now_ms();
    struct heard heard = { .stop = NULL };

    (void) state;
    assert_int_equal(run_heard("sleep 600", 300, LIMIT_MS, &heard), -1);
    assert_int_equal(errno, ETIME);
    assert_true(clock_now_ms() - start_ms < LIMIT_MS);
    /* words are a sign, and so is work without a word, of a child as well */
    assert_int_equal(run_heard("for i in 1 2 3 4 5; do echo $i; sleep 0.3;"
                               " done", 1000, LIMIT_MS, &heard), 0);
    assert_int_equal(run_heard("(while :; do :; done) & wait", 500, 2000,
                               &heard), -1);
    assert_int_equal(errno, ETIMEDOUT);
}

/* What was taken, and when it is enough. */
struct taken {
    size_t len;
    size_t lines;
    size_t enough;
};

static bool
count_lines(void *context, const char *bytes, size_t len)
{
    struct taken *taken = context;

    taken->len += len;
    for (size_t i = 0; i < len; i++) {
        taken->lines += bytes[i] == '\n';
    }
    return taken->lines < taken->enough;
}

static int
take_from_sh(const char *script, int64_t limit_ms, struct taken *taken)
{
    const char *argv[] = { "/bin/sh", "-c", script, NULL };
    const struct spawn_request request = {
        .argv = argv,
        .deadline_ms = clock_now_ms() + limit_ms,
        .take = count_lines,
        .context = taken,
        .ret_output = output,
        .output_size = sizeof(output),
    };
    int status;

    return spawn_run(&request, &status);
}

static void
hands_on_all_of_the_output_and_keeps_the_errors(void **state)
{
    struct taken taken = { .enough = SIZE_MAX };

    (void) state;
    assert_int_equal(take_from_sh("seq 1000000; echo wrong >&2; printf x; "
                                  "exit 1", LIMIT_MS, &taken), 0);
    assert_int_equal(taken.lines, 1000000);
    assert_int_equal(taken.len, 6888896 + 1);
    assert_string_equal(output, "wrong\n");
}

static void
ends_a_command_whose_taker_has_enough(void **state)
{
    struct taken taken = { .enough = 100 };

    (void) state;
    assert_int_equal(take_from_sh("yes", LIMIT_MS, &taken), -1);
    assert_int_equal(errno, ECANCELED);
    taken = (struct taken){ .enough = 1 };
    assert_int_equal(take_from_sh("echo", LIMIT_MS, &taken), -1);
    assert_int_equal(errno, ECANCELED);
}

static void
ends_a_command_that_talks_past_its_deadline(void **state)
{
    struct taken taken = { .enough = SIZE_MAX };

    (void) state;
    assert_int_equal(take_from_sh("yes", 300, &taken), -1);
    assert_int_equal(errno, ETIMEDOUT);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_output_and_status),
        cmocka_unit_test(says_why_a_command_could_not_start),
        cmocka_unit_test(kills_a_command_and_its_children_at_the_deadline),
        cmocka_unit_test(bounds_the_output_and_goes_on_reading),
        cmocka_unit_test(does_not_wait_for_an_heir_of_the_output),
        cmocka_unit_test(scrubs_the_environment),
        cmocka_unit_test(leaves_no_descriptor_open),
        cmocka_unit_test(runs_in_a_group_or_a_session_of_its_own),
        cmocka_unit_test(becomes_another_user_for_good),
        cmocka_unit_test(refuses_a_user_that_is_not_known),
        cmocka_unit_test(gives_each_line_when_it_comes),
        cmocka_unit_test(ends_a_command_where_a_line_says_so),
        cmocka_unit_test(ends_a_command_that_shows_no_sign_of_life),
        cmocka_unit_test(hands_on_all_of_the_output_and_keeps_the_errors),
        cmocka_unit_test(ends_a_command_whose_taker_has_enough),
        cmocka_unit_test(ends_a_command_that_talks_past_its_deadline),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
