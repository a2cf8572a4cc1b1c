/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the primary proves over the network, against a scripted stand-in for
 * libpq: what real servers do not do on demand, and other versions. The rest
 * is in rewind_test.
 */

#include <string.h>

#include "clock.h"
#include "cmocka_all.h"
#include "libpq_standin.h"
#include "pgsql_source.h"

#define ID "7305814423480165811"
#define LONG_MS 30000
#define SHORT_MS 200
#define COLUMNS 4

static const char *const behind[COLUMNS] = {
    "f", ID, "2", "00000003000000000000000C",
};
static const char *const ready[COLUMNS] = {
    "f", ID, "3", "00000003000000000000000C",
};

static struct params params;
static struct identity identity;
static struct pgsql *pgsql;
static char why_buf[1024];
static struct text why;
static char missing_buf[1024];
static struct text missing;

static int
set_up(void **state)
{
    (void) state;
    memset(&params, 0, sizeof(params));
    memset(&identity, 0, sizeof(identity));
    params.pgdba = "postgres";
    params.pgport = 5432;
    params.pgdb = "template1";
    params.master_ip = "192.0.2.1";
    params.repuser = "rep";
    params.rejoin_user = "re\"join";
    params.primary_conninfo_opt = "sslmode=require";
    standin_reset();
    text_init(&why, why_buf, sizeof(why_buf));
    text_init(&missing, missing_buf, sizeof(missing_buf));
    pgsql = pgsql_new(&params, &identity);
    return 0;
}

static int
tear_down(void **state)
{
    (void) state;
    assert_int_equal(standin_open(), 0);
    assert_int_equal(standin_left(), 0);
    return 0;
}

static void
script_look(const char *const *row)
{
    standin_command();
    standin_command();
    standin_rows(COLUMNS, 1, row);
    standin_end();
}

static enum source_proof
prove(int64_t ms)
{
    const struct source_claim claim = { .system_id = ID, .timeline = 3 };
    enum source_proof proof = SOURCE_PROVED;
    int rc = pgsql_prove_source(pgsql, &claim, clock_now_ms() + ms, &proof,
                                &why);

    assert_int_equal(rc == 0, proof == SOURCE_PROVED);
    return proof;
}

static void
looks_again_after_a_checkpoint(void **state)
{
    (void) state;
    standin_connect_ok();
    script_look(behind);
    standin_command();
    standin_end();
    script_look(ready);
    assert_int_equal(prove(LONG_MS), SOURCE_PROVED);
    assert_string_equal(why_buf, "");
    assert_string_equal(standin_sql(1), "CHECKPOINT");
    assert_int_equal(standin_connects(), 1);
    assert_non_null(strstr(standin_keyword("dbname"), "sslmode=require"));
    assert_non_null(strstr(standin_keyword("dbname"), "dbname=postgres"));
    assert_null(standin_keyword("password"));
}

static void
is_not_content_with_a_checkpoint_that_changed_nothing(void **state)
{
    (void) state;
    standin_connect_ok();
    script_look(behind);
    standin_command();
    standin_end();
    script_look(behind);
    assert_int_equal(prove(LONG_MS), SOURCE_NO_CHECKPOINT_YET);
    assert_string_equal(why_buf, "wait for a checkpoint of the primary: its "
                        "last one is on timeline 2, not on 3");
}

static void
says_who_has_to_ask_for_the_checkpoint(void **state)
{
    (void) state;
    for (int version = 140000; version <= 150000; version += 10000) {
        standin_reset();
        text_init(&why, why_buf, sizeof(why_buf));
        standin_server(version, "off");
        standin_connect_ok();
        script_look(behind);
        standin_error("42501", "must be superuser");
        standin_end();
        assert_int_equal(prove(LONG_MS), SOURCE_NO_CHECKPOINT_YET);
        assert_non_null(strstr(why_buf, version < 150000
                                        ? "run CHECKPOINT on the primary: "
                                        : "run GRANT pg_checkpoint TO "));
        assert_int_equal(standin_left(), 0);
    }
    text_init(&why, why_buf, sizeof(why_buf));
    standin_connect_ok();
    script_look(behind);
    standin_error("57014", "canceling statement due to statement timeout");
    standin_end();
    assert_int_equal(prove(LONG_MS), SOURCE_NO_CHECKPOINT_YET);
    assert_non_null(strstr(why_buf, "CHECKPOINT did not end"));
}

static void
takes_no_odd_answer_for_a_proof(void **state)
{
    static const char *const rows[][COLUMNS] = {
        { NULL, ID, "3", "00000003000000000000000C" },
        { "t", ID, "3", NULL },
        { "f", ID, "3", NULL },
        { "f", ID, "3", "00000003" },
        { "f", ID, "3", "0000000X0000000000000000" },
        { "f", ID, "3", "000000030000000C00000000" },
        { "f", ID, NULL, "00000003000000000000000C" },
        { "f", NULL, "3", "00000003000000000000000C" },
        { "f", "1", "3", "00000003000000000000000C" },
    };
    static const enum source_proof proofs[] = {
        SOURCE_IN_RECOVERY, SOURCE_IN_RECOVERY, SOURCE_OTHER_TIMELINE,
        SOURCE_OTHER_TIMELINE, SOURCE_OTHER_TIMELINE, SOURCE_PROVED,
        SOURCE_NO_CHECKPOINT_YET, SOURCE_OTHER_SYSTEM, SOURCE_OTHER_SYSTEM,
    };

    (void) state;
    for (size_t i = 0; i < sizeof(proofs) / sizeof(proofs[0]); i++) {
        standin_reset();
        text_init(&why, why_buf, sizeof(why_buf));
        standin_connect_ok();
        script_look(rows[i]);
        if (proofs[i] == SOURCE_NO_CHECKPOINT_YET) {
            standin_error("42501", "must be superuser");
            standin_end();
        }
        assert_int_equal(prove(LONG_MS), proofs[i]);
    }
}

static void
tells_no_answer_from_a_refusal(void **state)
{
    (void) state;
    standin_connect_silent();
    assert_int_equal(prove(SHORT_MS), SOURCE_UNKNOWN);
    standin_connect_fails("connection to server at \"192.0.2.1\", port 5432 "
                          "failed: Connection refused\n");
    assert_int_equal(prove(LONG_MS), SOURCE_UNKNOWN);
    standin_connect_fails("FATAL:  28P01: password authentication failed\n");
    assert_int_equal(prove(LONG_MS), SOURCE_DENIED);
    standin_connect_ok();
    standin_error("42501", "permission denied for function");
    standin_end();
    assert_int_equal(prove(LONG_MS), SOURCE_DENIED);
    standin_connect_ok();
    standin_silent();
    assert_int_equal(prove(SHORT_MS), SOURCE_UNKNOWN);
    standin_reset();
    params.primary_conninfo_opt = "sslmode";
    assert_int_equal(prove(LONG_MS), SOURCE_DENIED);
}

static void
script_grants(bool have)
{
    standin_connect_ok();
    for (int i = 0; i < 4; i++) {
        if (have) {
            standin_rows(1, 1, (const char *const[]) { "x" });
        } else {
            standin_error("42501", "permission denied for function");
        }
        standin_end();
    }
}

static enum tri
check(void)
{
    text_init(&missing, missing_buf, sizeof(missing_buf));
    return pgsql_check_grants(pgsql, clock_now_ms() + LONG_MS, &missing,
                              &why);
}

static void
names_each_grant_that_is_missing(void **state)
{
    (void) state;
    standin_server(140000, "off");
    script_grants(false);
    assert_int_equal(check(), TRI_NO);
    assert_string_equal(missing_buf,
        "GRANT EXECUTE ON FUNCTION pg_catalog.pg_ls_dir(text, boolean,"
        " boolean) TO \"re\"\"join\";"
        " GRANT EXECUTE ON FUNCTION pg_catalog.pg_stat_file(text, boolean)"
        " TO \"re\"\"join\";"
        " GRANT EXECUTE ON FUNCTION pg_catalog.pg_read_binary_file(text)"
        " TO \"re\"\"join\";"
        " GRANT EXECUTE ON FUNCTION pg_catalog.pg_read_binary_file(text,"
        " bigint, bigint, boolean) TO \"re\"\"join\";");
    standin_server(140000, "off");
    script_grants(true);
    assert_int_equal(check(), TRI_YES);
    standin_server(150000, "off");
    script_grants(true);
    standin_rows(1, 1, (const char *const[]) { "f" });
    standin_end();
    assert_int_equal(check(), TRI_NO);
    assert_string_equal(missing_buf,
                        "GRANT pg_checkpoint TO \"re\"\"join\";");
}

static struct tablespaces spaces;

static int
list(void)
{
    text_init(&why, why_buf, sizeof(why_buf));
    return pgsql_list_tablespaces(pgsql, clock_now_ms() + LONG_MS, &spaces,
                                  &why);
}

static void
script_list(int rows, const char *const *values)
{
    standin_connect_ok();
    standin_command();
    standin_command();
    standin_rows(2, rows, values);
    standin_end();
}

static void
lists_as_many_tablespaces_as_there_is_room_for(void **state)
{
    static const char *many[2 * (TABLESPACES_MAX + 1)];
    static char long_path[PATH_SIZE + 2];

    (void) state;
    for (size_t i = 0; i <= TABLESPACES_MAX; i++) {
        many[2 * i] = "16384";
        many[2 * i + 1] = "/srv/a";
    }
    script_list(0, many);
    assert_int_equal(list(), 0);
    assert_int_equal(spaces.count, 0);
    script_list(TABLESPACES_MAX, many);
    assert_int_equal(list(), 0);
    assert_int_equal(spaces.count, TABLESPACES_MAX);
    assert_int_equal(spaces.at[TABLESPACES_MAX - 1].oid, 16384);
    assert_string_equal(spaces.at[TABLESPACES_MAX - 1].path, "/srv/a");
    script_list(TABLESPACES_MAX + 1, many);
    assert_int_equal(list(), -1);
    assert_non_null(strstr(why_buf, "has 65 tablespaces"));
    memset(long_path, 'x', sizeof(long_path) - 1);
    many[1] = long_path;
    script_list(1, many);
    assert_int_equal(list(), -1);
    assert_non_null(strstr(why_buf, "tablespace 16384 is too long"));
    standin_connect_ok();
    standin_error("53200", "out of memory");
    standin_end();
    assert_int_equal(list(), -1);
    assert_non_null(strstr(why_buf, "out of memory"));
}

static void
concludes_nothing_from_a_look_that_failed(void **state)
{
    (void) state;
    standin_connect_ok();
    standin_error("53200", "out of memory");
    standin_end();
    assert_int_equal(check(), TRI_UNKNOWN);
    standin_server(150000, "off");
    script_grants(true);
    standin_lost("server closed the connection unexpectedly\n");
    assert_int_equal(check(), TRI_UNKNOWN);
    assert_non_null(strstr(why_buf, "what pg_rewind needs"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(looks_again_after_a_checkpoint,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            is_not_content_with_a_checkpoint_that_changed_nothing, set_up,
            tear_down),
        cmocka_unit_test_setup_teardown(says_who_has_to_ask_for_the_checkpoint,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(takes_no_odd_answer_for_a_proof,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(tells_no_answer_from_a_refusal,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(names_each_grant_that_is_missing,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            concludes_nothing_from_a_look_that_failed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            lists_as_many_tablespaces_as_there_is_room_for, set_up,
            tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
