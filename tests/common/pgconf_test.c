/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Settings keep their value, whatever it is (P8). */

#include <string.h>

#include "cmocka_all.h"
#include "pgconf.h"

static char buf[8192];
static struct text text;
static struct params params;

static int
reset(void **state)
{
    (void) state;
    text_init(&text, buf, sizeof(buf));
    memset(&params, 0, sizeof(params));
    params.master_ip = "192.168.2.3";
    params.pgport = 5432;
    params.repuser = "postgres";
    params.primary_conninfo_opt = "";
    params.restore_command = "cp /arc/%f %p";
    params.archive_cleanup_command = "";
    params.recovery_end_command = "";
    params.replication_slot_name = "";
    return 0;
}

static void
reads_back_what_it_writes(void **state)
{
    static const char *const values[] = {
        "", "plain", "it's", "back\\slash", "'", "\\", "''\\'", "a # b",
        "cp \"/a b/%f\" '%p' 2>/dev/null || echo \\\\ 'x'", "tab\there",
    };
    char value[256];

    (void) state;
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        text_init(&text, buf, sizeof(buf));
        assert_int_equal(pgconf_add_setting(&text, "restore_command",
                                            values[i]), 0);
        assert_int_equal(pgconf_find(buf, "restore_command", value,
                                     sizeof(value)), 1);
        assert_string_equal(value, values[i]);
    }
    text_init(&text, buf, sizeof(buf));
    assert_int_equal(pgconf_add_setting(&text, "a", "b'\\"), 0);
    assert_string_equal(buf, "a = 'b''\\\\'\n");
}

static void
refuses_a_line_break_and_says_when_there_is_no_room(void **state)
{
    char small[8];

    (void) state;
    assert_int_equal(pgconf_add_setting(&text, "a", "b\nport = 1"), -1);
    assert_int_equal(pgconf_add_setting(&text, "a", "b\x7f"), -1);
    assert_string_equal(buf, "");
    text_init(&text, small, sizeof(small));
    assert_int_equal(pgconf_add_setting(&text, "name", "value"), -1);
}

static void
writes_a_standby_of_version_12_and_later(void **state)
{
    const struct pgconf_standby standby = { &params, "PM01", "pm01~5f3a91c4",
                                            15, STANDBY_FOLLOWS };

    (void) state;
    assert_int_equal(pgconf_recovery(&standby, &text), 0);
    assert_string_equal(buf,
        "primary_conninfo = 'host=192.168.2.3 port=5432 user=postgres "
        "application_name=pm01~5f3a91c4 dbname=postgres "
        "tcp_user_timeout=10000'\n"
        "restore_command = 'trap \"exit 1\" USR1; cp /arc/%f %p'\n"
        "recovery_target_timeline = 'latest'\n");
}

static void
writes_a_standby_of_earlier_versions(void **state)
{
    const struct pgconf_standby standby = { &params, "pm-01.x", "pm-01.x", 11,
                                              STANDBY_FOLLOWS };

    (void) state;
    params.restore_command = "";
    params.archive_cleanup_command = "clean %r";
    params.recovery_end_command = "echo 'end'";
    params.replication_slot_name = "slot";
    params.primary_conninfo_opt = "keepalives_idle=60";
    assert_int_equal(pgconf_recovery(&standby, &text), 0);
    assert_string_equal(buf,
        "primary_conninfo = 'host=192.168.2.3 port=5432 user=postgres "
        "application_name=pm-01.x dbname=postgres keepalives_idle=60'\n"
        "recovery_target_timeline = 'latest'\n"
        "standby_mode = 'on'\n"
        "archive_cleanup_command = 'clean %r'\n"
        "recovery_end_command = 'echo ''end'''\n"
        "primary_slot_name = 'slot_pm_01_x'\n");
}

static void
names_no_upstream_when_there_is_none(void **state)
{
    struct pgconf_standby standby = { &params, "pm01", "pm01", 15,
                                      STANDBY_WAITS };

    (void) state;
    assert_int_equal(pgconf_recovery(&standby, &text), 0);
    assert_non_null(strstr(buf, "primary_conninfo = ''\n"));
    standby.major_version = 11;     /* an empty one would be itself */
    text_init(&text, buf, sizeof(buf));
    assert_int_equal(pgconf_recovery(&standby, &text), 0);
    assert_null(strstr(buf, "primary_conninfo"));
}

/* Another timeline's copy of a segment would hide the end of its own WAL. */
static void
keeps_a_standby_in_quarantine_on_its_own_wal(void **state)
{
    struct pgconf_standby standby = { &params, "pm01", "pm01", 15,
                                      STANDBY_QUARANTINED };

    (void) state;
    params.restore_command = "cp /arc/%f %p";
    params.archive_cleanup_command = "clean %r";
    assert_int_equal(pgconf_recovery(&standby, &text), 0);
    assert_string_equal(buf, "primary_conninfo = ''\n"
                             "restore_command = ''\n"
                             "recovery_target_timeline = 'current'\n");
    standby.major_version = 11;
    text_init(&text, buf, sizeof(buf));
    assert_int_equal(pgconf_recovery(&standby, &text), 0);
    assert_string_equal(buf, "standby_mode = 'on'\n");
}

static void
quotes_connection_values_as_libpq_reads_them(void **state)
{
    struct pgconf_standby standby = { &params, "n", "n", 15, STANDBY_FOLLOWS };

    (void) state;
    params.repuser = "rep user's \\";
    params.master_ip = "";
    assert_int_equal(pgconf_conninfo(&standby, &text), 0);
    assert_string_equal(buf, "host='' port=5432 user='rep user\\'s \\\\' "
                             "application_name=n dbname=postgres "
                             "tcp_user_timeout=10000");
}

static void
finds_the_name_that_a_standby_streams_under(void **state)
{
    char name[NODE_NAME_SIZE];
    char value[PATH_SIZE];
    static const struct {
        const char *conninfo;
        const char *name;
    } rows[] = {
        { "host=h application_name=pm01~5f3a91c4", "pm01~5f3a91c4" },
        { "host=h application_name=pm01 sslmode=require", "pm01" },
        { "host=h application_name='a \\'b' application_name=c", "a 'b" },
        { "host=h user=x", "" },
        { "", "" },
    };

    (void) state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        pgconf_sender_name(rows[i].conninfo, name);
        assert_string_equal(name, rows[i].name);
    }
    memset(value, 'n', sizeof(value));
    memcpy(value, " application_name=", 18);
    value[sizeof(value) - 1] = '\0';
    pgconf_sender_name(value, name);
    assert_string_equal(name, "");
}

static void
refuses_what_cannot_be_a_standby(void **state)
{
    struct pgconf_standby standby = { &params, "n", "n", 15,
                                      STANDBY_FOLLOWS };
    char tiny[32];

    (void) state;
    params.restore_command = "a\nb";
    assert_int_equal(pgconf_recovery(&standby, &text), -1);
    params.restore_command = "";
    params.replication_slot_name = "a_name_as_long_as_the_name_of_a_slot_may_"
                                   "be_at_the_most_and_more";
    assert_int_equal(pgconf_recovery(&standby, &text), -1);
    text_init(&text, tiny, sizeof(tiny));
    assert_int_equal(pgconf_conninfo(&standby, &text), -1);
}

static void
writes_the_shell_agents_include_line(void **state)
{
    (void) state;
    assert_int_equal(pgconf_include("/var/lib/pgsql/tmp", PGCONF_REP_MODE,
                                    &text), 0);
    assert_string_equal(buf, "include '/var/lib/pgsql/tmp/rep_mode.conf' "
                             "# added by pgsql RA");
    assert_int_equal(pgconf_include("/tmp\n", PGCONF_RECOVERY, &text), -1);
}

static void
finds_the_last_setting_of_a_name(void **state)
{
    static const char config[] =
        "# port = 1\n"
        "port = 5432     # comment\n"
        "portal = 9\n"
        "\tPORT '5433' # x\n"
        "quoted='it''s a \\'path\\' ' # y\n"
        "empty = ''\n"
        "bare value#comment\n"
        "open = 'no end\n"
        "trailing\n"
        "last = 1";
    static char long_config[PATH_SIZE + 64] = "name = '";
    char value[64] = "old";

    (void) state;
    assert_int_equal(pgconf_find(config, "port", value, sizeof(value)), 1);
    assert_string_equal(value, "5433");
    assert_int_equal(pgconf_find(config, "quoted", value, sizeof(value)), 1);
    assert_string_equal(value, "it's a 'path' ");
    assert_int_equal(pgconf_find(config, "empty", value, sizeof(value)), 1);
    assert_string_equal(value, "");
    assert_int_equal(pgconf_find(config, "bare", value, sizeof(value)), 1);
    assert_string_equal(value, "value");
    assert_int_equal(pgconf_find(config, "open", value, sizeof(value)), 1);
    assert_string_equal(value, "no end");
    assert_int_equal(pgconf_find(config, "last", value, sizeof(value)), 1);
    assert_string_equal(value, "1");
    assert_int_equal(pgconf_find(config, "trailing", value, sizeof(value)),
                     0);
    assert_int_equal(pgconf_find(config, "absent", value, sizeof(value)), 0);
    assert_int_equal(pgconf_find("name = '123456'", "name", value, 4), -1);
    memset(long_config + 8, 'x', PATH_SIZE);
    assert_int_equal(pgconf_find(long_config, "name", value, sizeof(value)),
                     -1);
    assert_string_equal(value, "1");
}

#define TEST(name) cmocka_unit_test_setup(name, reset)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(reads_back_what_it_writes),
        TEST(refuses_a_line_break_and_says_when_there_is_no_room),
        TEST(writes_a_standby_of_version_12_and_later),
        TEST(writes_a_standby_of_earlier_versions),
        TEST(names_no_upstream_when_there_is_none),
        TEST(keeps_a_standby_in_quarantine_on_its_own_wal),
        TEST(quotes_connection_values_as_libpq_reads_them),
        TEST(finds_the_name_that_a_standby_streams_under),
        TEST(refuses_what_cannot_be_a_standby),
        TEST(writes_the_shell_agents_include_line),
        TEST(finds_the_last_setting_of_a_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
