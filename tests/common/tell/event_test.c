/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An event as a line, and back. */

#include <string.h>

#include "cmocka_all.h"
#include "event.h"

#define GOOD "1764255600123 promoted srv1 0 3/0000000006000098 latest why not"

static struct event
event_of(const char *node, const char *reason)
{
    struct event event = {
        .time_ms = 1764255600123, .kind = EVENT_FAILOVER, .since_ms = 7,
        .position = { 3, 0x6000098 }, .rule = "synchronous",
    };

    assert_int_equal(text_copy(node, event.node, sizeof(event.node)), 0);
    assert_int_equal(text_copy(reason, event.reason, sizeof(event.reason)), 0);
    return event;
}

static const char *
line_of(const struct event *event)
{
    static char buf[EVENT_LINE_SIZE];
    struct text text;

    text_init(&text, buf, sizeof(buf));
    event_format(event, &text);
    assert_false(text.overflow);
    assert_int_equal(buf[text.len - 1], '\n');
    buf[text.len - 1] = '\0';
    return buf;
}

static void
reads_back_what_it_writes(void **state)
{
    (void) state;
    for (int kind = EVENT_NONE + 1; kind < EVENT_TIMELINE; kind++) {
        struct event event = event_of("srv1", "from srv2, which is gone");
        struct event back;

        event.kind = (enum event_kind) kind;
        assert_int_equal(event_parse(line_of(&event), &back), 0);
        assert_true(back.time_ms == event.time_ms);
        assert_int_equal(back.kind, event.kind);
        assert_string_equal(back.node, event.node);
        assert_int_equal(back.since_ms, 7);
        assert_true(wal_position_compare(back.position, event.position) == 0);
        assert_string_equal(back.rule, event.rule);
        assert_string_equal(back.reason, event.reason);
    }
}

static void
has_a_place_for_what_is_not_known(void **state)
{
    struct event event;
    struct event back;

    (void) state;
    memset(&event, 0, sizeof(event));
    event.kind = EVENT_DIED;
    assert_int_equal(event_parse(line_of(&event), &back), 0);
    assert_string_equal(back.node, "-");
    assert_string_equal(back.rule, "");
    assert_string_equal(back.reason, "");
    assert_false(wal_position_is_known(back.position));
}

static void
stays_one_line_without_secrets(void **state)
{
    struct event event = event_of("srv 1", "password=secret\nand\tmore");
    struct event back;

    (void) state;
    assert_int_equal(event_parse(line_of(&event), &back), 0);
    assert_string_equal(back.node, "srv_1");
    assert_string_equal(back.reason, "password=*** and more");
}

/* One line in another encoding must not cost the whole answer as JSON. */
static void
is_text_whatever_the_server_said(void **state)
{
    struct event event = event_of("srv1", "d\xe9sol\xe9 \x7f \x1b[2J");
    struct event back;
    char old[EVENT_LINE_SIZE];
    struct text text;

    (void) state;
    assert_int_equal(event_parse(line_of(&event), &back), 0);
    assert_string_equal(back.reason, "d?sol?    [2J");
    event = event_of("srv1", "was x");
    text_init(&text, old, sizeof(old));
    text_add(&text, "%s", line_of(&event));
    old[text.len - 1] = '\xe9';
    assert_int_equal(event_parse(old, &back), 0);
    assert_string_equal(back.reason, "was ?");
}

/* Hidden secrets may be longer than they were. */
static void
the_longest_one_fits_and_is_read_back(void **state)
{
    struct event event = event_of("srv1", "");
    struct event back;

    (void) state;
    memset(event.node, 'n', sizeof(event.node) - 1);
    memset(event.rule, 'r', sizeof(event.rule) - 1);
    for (size_t i = 0; i + 7 < sizeof(event.reason); i += 6) {
        memcpy(event.reason + i, "://u:@", 7);
    }
    event.time_ms = 253402300799999;
    event.since_ms = UINT32_MAX;
    event.position = (struct wal_position) { UINT32_MAX, UINT64_MAX };
    assert_int_equal(event_parse(line_of(&event), &back), 0);
    assert_string_equal(back.node, event.node);
}

static void
refuses_what_is_torn_or_garbled(void **state)
{
    static const char *const bad[] = {
        "", "-", "1764255600123", "x" GOOD, " " GOOD, GOOD "\n",
        GOOD "\033[2J", "1764255600123 promoted s\r1 0 "
        "3/0000000006000098 latest ",
        "1764255600123 promoted srv1 0 3/0000000006000098 latest",
        "1764255600123 promoted srv1 0 3/0000000006000098",
        "1764255600123 promoted srv1 0 3/6000098 latest ",
        "1764255600123 promoted srv1 -1 3/0000000006000098 latest ",
        "1764255600123 promoted  0 3/0000000006000098 latest ",
        "1764255600123 none srv1 0 3/0000000006000098 latest ",
        "1764255600123 timeline srv1 0 3/0000000006000098 latest ",
        "1764255600123 wished-for srv1 0 3/0000000006000098 latest ",
        "999999999999999999 promoted srv1 0 3/0000000006000098 latest ",
    };
    char line[EVENT_REASON_SIZE + sizeof(GOOD)];
    struct event event;

    (void) state;
    memset(&event, 0x5a, sizeof(event));
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(event_parse(bad[i], &event), -1);
    }
    memcpy(line, GOOD, sizeof(GOOD));
    memset(line + sizeof(GOOD) - 1, 'x', EVENT_REASON_SIZE);
    line[sizeof(line) - 1] = '\0';
    assert_int_equal(event_parse(line, &event), -1);
    assert_int_equal(event.since_ms, 0x5a5a5a5a);
    assert_int_equal(event_parse(GOOD, &event), 0);
}

static void
reads_a_file_past_what_is_no_line(void **state)
{
    static const char file[] =
        "\n" GOOD "\ngarbage\n\0\0\0\n\n" GOOD "\n" GOOD;
    const char *at = file;
    size_t left = sizeof(file) - 1;
    struct event event;

    (void) state;
    assert_int_equal(event_next(&at, &left, &event), 1);
    assert_int_equal(event.kind, EVENT_PROMOTED);
    assert_int_equal(event_next(&at, &left, &event), -1);
    assert_int_equal(event_next(&at, &left, &event), -1);
    assert_int_equal(event_next(&at, &left, &event), 1);
    assert_int_equal(event_next(&at, &left, &event), -1);
    assert_int_equal(event_next(&at, &left, &event), 0);
    assert_int_equal(left, 0);
}

static void
passes_over_a_line_of_any_length(void **state)
{
    static char file[3 * EVENT_LINE_SIZE];
    const char *at = file;
    size_t left = sizeof(file);
    struct event event;

    (void) state;
    memset(file, 'x', sizeof(file));
    file[2 * EVENT_LINE_SIZE] = '\n';
    assert_int_equal(event_next(&at, &left, &event), -1);
    assert_int_equal(event_next(&at, &left, &event), -1);
    assert_int_equal(event_next(&at, &left, &event), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_back_what_it_writes),
        cmocka_unit_test(has_a_place_for_what_is_not_known),
        cmocka_unit_test(stays_one_line_without_secrets),
        cmocka_unit_test(is_text_whatever_the_server_said),
        cmocka_unit_test(the_longest_one_fits_and_is_read_back),
        cmocka_unit_test(refuses_what_is_torn_or_garbled),
        cmocka_unit_test(reads_a_file_past_what_is_no_line),
        cmocka_unit_test(passes_over_a_line_of_any_length),
    };

    return cmocka_run_group_tests_name("event", tests, NULL, NULL);
}
