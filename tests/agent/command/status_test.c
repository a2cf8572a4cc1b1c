/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The status as people and programs read it. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cmocka_all.h"
#include "status_json.h"
#include "status_text.h"

static struct survey survey;
static char *said;

/* Two nodes: srv1 leads, srv2 is 1.2 MB behind; a note has odd words. */
static void
fill(void)
{
    struct overview *overview = &survey.overview;

    memset(&survey, 0, sizeof(survey));
    survey.whole = true;
    survey.last_gap_ms = -1;
    (void) text_copy("pgsql", survey.here.resource, NODE_NAME_SIZE);
    (void) text_copy("msPostgresql", survey.here.clone, NODE_NAME_SIZE);
    (void) text_copy("srv2", survey.here.self_name, NODE_NAME_SIZE);
    (void) text_copy("192.0.2.3", survey.here.master_ip, NODE_NAME_SIZE);
    overview->mode = REP_MODE_ASYNC;
    overview->have_quorum = TRI_YES;
    overview->fencing = TRI_NO;
    overview->confirmed = TRI_YES;
    overview->rpo = OVERVIEW_RPO_BYTES;
    overview->rpo_bytes = 1258291;
    overview->rpo_why = "commits wait for no standby";
    overview->sync_standbys = (struct amount) { true, 0 };
    overview->spares = (struct amount) { true, 1 };
    overview->node_count = 2;
    overview->node[0] = (struct overview_node) {
        .name = "srv1", .listed = true, .role = OVERVIEW_PRIMARY,
        .state = OVERVIEW_RUNNING, .timeline = 3, .flushed = 0x16B374D848,
        .takeover = LEAD_LATEST,
    };
    overview->node[1] = (struct overview_node) {
        .name = "srv2", .self = true, .listed = true,
        .role = OVERVIEW_STANDBY, .state = OVERVIEW_CATCHUP,
        .flushed = 0x1000000, .behind_bytes = { true, 1258291 },
        .behind_ms = { true, 1250 }, .sync = SYNC_ASYNC,
        .takeover = LEAD_STREAMED, .spare = true,
        .slot = { TRI_YES, TRI_YES, SLOT_RESERVED, { true, 1024 },
                  { false, 0 } },
        .connected_ms = { true, 3723000 },
    };
    overview_note(overview, OVERVIEW_WARNING, NOTE_WHY, 1,
                  "'srv2': \x1b[2J says \xff");
}

static const char *
text(bool colour)
{
    size_t size = 0;
    FILE *out;

    free(said);
    said = NULL;
    out = open_memstream(&said, &size);
    assert_non_null(out);
    assert_int_equal(status_text(&survey, colour, out), 0);
    assert_int_equal(fclose(out), 0);
    return said;
}

static void
assert_says(const char *words)
{
    if (strstr(said, words) == NULL) {
        fail_msg("'%s' is not in:\n%s", words, said);
    }
}

static void
a_screen_has_all_of_it(void **state)
{
    (void) state;
    fill();
    assert_string_equal(
        text(false),
        "Resource:  pgsql (msPostgresql), seen from srv2\n"
        "Cluster:   quorum yes, fencing no, maintenance unknown, mode async\n"
        "Loss:      up to 1.2 MB now: commits wait for no standby\n"
        "Commits:   wait for no standby; 1 could take over\n"
        "Addresses: standbys follow 192.0.2.3\n"
        "\n"
        "NODE  ROLE    STATE   TL     FLUSHED        BEHIND SYNC  TAKEOVER "
        "SLOT            SINCE\n"
        "srv1  primary running  3 16/B374D848             - -     -        "
        "-                   -\n"
        "srv2* standby catchup  -   0/1000000 1.2 MB, 1.2 s async yes      "
        "1.0 kB/no limit 1h 2m\n"
        "\n"
        "warning: 'srv2':  [2J says ?\n");
}

static void
what_is_not_known_is_no_number(void **state)
{
    struct overview_node *node = &survey.overview.node[1];

    (void) state;
    fill();
    survey.whole = false;
    survey.overview.primary = NODES_MAX;
    survey.overview.rpo = OVERVIEW_RPO_UNKNOWN;
    survey.overview.rpo_why = "nobody is known to lead";
    survey.overview.sync_standbys.known = false;
    survey.overview.spares.known = false;
    survey.overview.notes_left_out = 3;
    node->behind_bytes.known = false;
    node->behind_ms.known = false;
    node->connected_ms.known = false;
    node->takeover = LEAD_NO_POSITION;
    node->slot.status = SLOT_LOST;
    (void) text(false);
    assert_says("Loss:      not known: nobody is known to lead\n");
    assert_says("not known how many standbys they wait for");
    assert_null(strstr(said, "could take over"));
    assert_says(" - async no-position lost     -\n");
    assert_says("... and 3 more\n");
    assert_says("Not all could be looked at");
    node->slot.there = TRI_NO;
    (void) text(false);
    assert_says("no-position none");
}

static void
since_is_told_of_a_role_by_its_nodes_clock(void **state)
{
    struct overview_node *node = &survey.overview.node[0];

    (void) state;
    fill();
    node->changed_s = (uint32_t) time(NULL) - 2 * 86400 - 5;
    (void) text(false);
    assert_says("  2d 0h\n");
    assert_says("Last move: srv1 leads since 2");
    assert_says(", on timeline 3\n");
    survey.last_gap_ms = 654;
    (void) text(false);
    assert_says(", on timeline 3, after 0.65 s without a primary\n");
    node->changed_s = (uint32_t) time(NULL) + 3600;     /* it is ahead */
    (void) text(false);
    assert_says("       -\nsrv2*");
}

static void
colours_are_for_whom_asks(void **state)
{
    (void) state;
    fill();
    assert_null(strchr(text(false), '\033'));
    (void) text(true);
    assert_says("\033[32mrunning");
    assert_says("\033[33mcatchup");
    assert_says("\033[33mwarning\033[0m: ");
}

static void
modes_without_replication_have_a_short_screen(void **state)
{
    (void) state;
    fill();
    survey.overview.mode = REP_MODE_NONE;
    survey.overview.primary = NODES_MAX;
    survey.overview.node_count = 0;
    survey.overview.note_count = 0;
    assert_string_equal(
        text(false),
        "Resource:  pgsql (msPostgresql), seen from srv2\n"
        "Cluster:   quorum yes, fencing no, maintenance unknown, mode none\n");
}

static void
json_has_null_for_what_is_not_known(void **state)
{
    json_t *answer;
    json_t *node;
    json_t *note;
    char *dump;

    (void) state;
    fill();
    answer = status_json(&survey);
    assert_non_null(answer);
    assert_true(json_is_true(json_object_get(answer, "quorum")));
    assert_true(json_is_false(json_object_get(answer, "fencing")));
    assert_true(json_is_null(json_object_get(answer, "maintenance")));
    assert_string_equal(json_string_value(json_object_get(answer, "primary")),
                        "srv1");
    node = json_array_get(json_object_get(answer, "nodes"), 1);
    assert_int_equal(json_integer_value(json_object_get(node,
                                                        "behind_bytes")),
                     1258291);
    assert_true(json_is_null(json_object_get(node, "timeline")));
    assert_true(json_is_null(json_object_get(node, "role_since")));
    assert_string_equal(json_string_value(json_object_get(node, "flushed")),
                        "0/1000000");
    note = json_array_get(json_object_get(answer, "notes"), 0);
    assert_string_equal(json_string_value(json_object_get(note, "node")),
                        "srv2");
    assert_string_equal(json_string_value(json_object_get(note, "text")),
                        "'srv2':  [2J says ?");
    dump = json_dumps(answer, 0);
    assert_non_null(dump);
    free(dump);
    json_decref(answer);
}

static int
forget(void **state)
{
    (void) state;
    free(said);
    said = NULL;
    return 0;
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_screen_has_all_of_it),
        cmocka_unit_test(what_is_not_known_is_no_number),
        cmocka_unit_test(since_is_told_of_a_role_by_its_nodes_clock),
        cmocka_unit_test(colours_are_for_whom_asks),
        cmocka_unit_test(modes_without_replication_have_a_short_screen),
        cmocka_unit_test(json_has_null_for_what_is_not_known),
    };

    return cmocka_run_group_tests_name("status", tests, NULL, forget);
}
