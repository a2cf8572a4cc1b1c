/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Log lines in the OCF form, reasons on stderr, data never a format. */

#include <fcntl.h>
#include <string.h>
#include <syslog.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cmocka_all.h"
#include "files.h"
#include "report.h"

static char log_path[] = "/tmp/pgward-report.XXXXXX";
static char err_path[] = "/tmp/pgward-report-err.XXXXXX";
static char bytes[16384];

/* The logs belong to a process: each case has one of its own. */
static void
in_a_child_of(const char *action, const char *debug,
              void (*write_lines)(void))
{
    pid_t pid;
    int status;
    int fd;

    fd = open(log_path, O_WRONLY | O_TRUNC | O_CREAT | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    (void) close(fd);
    assert_int_equal(setenv("HA_logfile", log_path, 1), 0);
    assert_int_equal(setenv("HA_logfacility", "none", 1), 0);
    assert_int_equal(setenv("HA_debug", debug, 1), 0);
    pid = fork();
    if (pid == 0) {
        fd = open(err_path, O_WRONLY | O_TRUNC | O_CREAT | O_CLOEXEC, 0600);
        (void) dup2(fd, STDERR_FILENO);
        report_init("pg%sql", action);
        write_lines();
        _exit(0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

static void
in_a_child(const char *debug, void (*write_lines)(void))
{
    in_a_child_of("monitor", debug, write_lines);
}

static const char *
content(const char *path)
{
    size_t len;

    assert_int_equal(files_read(path, bytes, sizeof(bytes), &len), 0);
    return bytes;
}

static void
some_lines(void)
{
    report_log(LOG_ERR, "%s", "100%s of %d\nsecond line");
    report_log(LOG_WARNING, "warned");
    report_log(LOG_INFO, "told");
    report_log(LOG_DEBUG, "muttered");
    report_log(LOG_CRIT, "cried");
    report_log(LOG_NOTICE, "noted");
    report_reason("could not start '%s': %s", "x", "50%n\nsee log");
}

static void
writes_lines_in_the_usual_form(void **state)
{
    const char *text;

    (void) state;
    in_a_child("0", some_lines);
    text = content(log_path);
    assert_non_null(strstr(text, " pgsql(pg_sql)["));
    assert_non_null(strstr(text, "]:    ERROR: 100%s of %d second line\n"));
    assert_non_null(strstr(text, "WARNING: warned\n"));
    assert_non_null(strstr(text, "INFO: told\n"));
    assert_non_null(strstr(text, "CRIT: cried\n"));
    assert_non_null(strstr(text, "NOTICE: noted\n"));
    assert_non_null(strstr(text,
                           "ERROR: could not start 'x': 50%n see log\n"));
    assert_null(strstr(text, "muttered"));
}

static void
sends_nothing_but_reasons_to_stderr(void **state)
{
    (void) state;
    in_a_child("0", some_lines);
    assert_string_equal(content(err_path),
                        "ocf-exit-reason:could not start 'x': 50%n see log\n");
}

static void
validation_warns_on_stderr_too(void **state)
{
    (void) state;
    in_a_child_of("validate-all", "0", some_lines);
    assert_string_equal(content(err_path),
                        "ERROR: 100%s of %d second line\n"
                        "WARNING: warned\n"
                        "CRIT: cried\n"
                        "ocf-exit-reason:could not start 'x': 50%n see log\n");
    assert_non_null(strstr(content(log_path), "WARNING: warned\n"));
}

static void
as_a_command(int lowest)
{
    pid_t pid = fork();
    int status;

    if (pid == 0) {
        int out = open(log_path, O_WRONLY | O_TRUNC | O_CLOEXEC);
        int err = open(err_path, O_WRONLY | O_TRUNC | O_CLOEXEC);

        (void) dup2(out, STDOUT_FILENO);
        (void) dup2(err, STDERR_FILENO);
        report_init_command("pgward", lowest);
        some_lines();
        (void) fflush(stdout);
        _exit(0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

static void
a_command_has_no_log(void **state)
{
    (void) state;
    as_a_command(LOG_INFO);
    assert_string_equal(content(err_path),
                        "pgward: 100%s of %d second line\n"
                        "pgward: warned\n"
                        "pgward: cried\n"
                        "pgward: could not start 'x': 50%n see log\n");
    assert_string_equal(content(log_path), "told\nnoted\n");
    as_a_command(LOG_WARNING);
    assert_string_equal(content(log_path), "");
    assert_non_null(strstr(content(err_path), "pgward: warned\n"));
}

static void
mutters_only_when_asked(void **state)
{
    (void) state;
    in_a_child("1", some_lines);
    assert_non_null(strstr(content(log_path), "DEBUG: muttered\n"));
}

static void
a_long_line(void)
{
    static char line[4096];

    memset(line, 'x', sizeof(line) - 1);
    report_log(LOG_INFO, "%s", line);
}

static void
marks_a_line_that_was_cut(void **state)
{
    (void) state;
    in_a_child("0", a_long_line);
    assert_non_null(strstr(content(log_path), "xxx...\n"));
}

static int
make_files(void **state)
{
    (void) state;
    return mkstemp(log_path) >= 0 && mkstemp(err_path) >= 0 ? 0 : -1;
}

static int
remove_files(void **state)
{
    (void) state;
    return unlink(log_path) == 0 && unlink(err_path) == 0 ? 0 : -1;
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_lines_in_the_usual_form),
        cmocka_unit_test(sends_nothing_but_reasons_to_stderr),
        cmocka_unit_test(validation_warns_on_stderr_too),
        cmocka_unit_test(a_command_has_no_log),
        cmocka_unit_test(mutters_only_when_asked),
        cmocka_unit_test(marks_a_line_that_was_cut),
    };

    return cmocka_run_group_tests(tests, make_files, remove_files);
}
