/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The trace is whole, hides what is secret, and does not grow for ever. */

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmocka_all.h"
#include "trace.h"

static char folder[] = "/tmp/pgward-trace.XXXXXX";
static char path[64];
static char old[64];
static char content[128 * 1024];
static struct instance instance;
static struct snapshot snapshot;
static struct plan plan;

static int
begin(void **state)
{
    (void) state;
    if (mkdtemp(folder) == NULL) {
        return -1;
    }
    (void) snprintf(path, sizeof(path), "%s/trace", folder);
    (void) snprintf(old, sizeof(old), "%s/trace.old", folder);
    instance.params.trace_file = path;
    snapshot.action = ACTION_STATUS;
    plan_init(&plan);
    plan_exit(&plan, OCF_SUCCESS);
    return unsetenv("PGWARD_TRACE");
}

static int
end(void **state)
{
    (void) state;
    (void) unlink(path);
    (void) unlink(old);
    return rmdir(folder);
}

static const char *
traced(void)
{
    FILE *file = fopen(path, "re");
    size_t len;

    assert_non_null(file);
    len = fread(content, 1, sizeof(content) - 1, file);
    content[len] = '\0';
    (void) fclose(file);
    return content;
}

static void
has_the_look_and_the_plan(void **state)
{
    struct stat info;

    (void) state;
    (void) text_copy("FATAL: password=secret", snapshot.server.text,
                     sizeof(snapshot.server.text));
    trace_add(&instance, &snapshot, &plan);
    assert_non_null(strstr(traced(), "# --- snapshot\naction = status\n"));
    assert_non_null(strstr(content, "# --- plan\nexit 0 \n"));
    assert_null(strstr(content, "secret"));
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
}

static void
makes_room_when_it_is_large(void **state)
{
    struct stat info;

    (void) state;
    assert_int_equal(truncate(path, TRACE_FILE_MAX), 0);
    trace_add(&instance, &snapshot, &plan);
    assert_int_equal(stat(old, &info), 0);
    assert_int_equal(info.st_size, TRACE_FILE_MAX);
    assert_ptr_equal(strstr(traced(), "# --- snapshot"), content);
}

static void
follows_no_link_and_needs_no_trace(void **state)
{
    struct stat info;

    (void) state;
    assert_int_equal(unlink(path), 0);
    assert_int_equal(symlink(old, path), 0);
    assert_int_equal(unlink(old), 0);
    trace_add(&instance, &snapshot, &plan);
    assert_int_equal(stat(old, &info), -1);
    assert_int_equal(unlink(path), 0);
    instance.params.trace_file = "";
    trace_add(&instance, &snapshot, &plan);
    assert_int_equal(stat(path, &info), -1);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(has_the_look_and_the_plan),
        cmocka_unit_test(makes_room_when_it_is_large),
        cmocka_unit_test(follows_no_link_and_needs_no_trace),
    };

    return cmocka_run_group_tests_name("trace", tests, begin, end);
}
