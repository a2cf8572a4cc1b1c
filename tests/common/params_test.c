/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Parameters: drop-in defaults, forgiving words, exact complaints. */

#include <stdlib.h>
#include <string.h>

#include "cmocka_all.h"
#include "params.h"
#include "reason_rules.h"

/* A scripted environment: NAME, VALUE, ..., NULL. */
static const char *
get_from_list(void *context, const char *name)
{
    const char **pair = context;

    for (; *pair != NULL; pair += 2) {
        if (strcmp(pair[0], name) == 0) {
            return pair[1];
        }
    }
    return NULL;
}

struct parsed {
    struct params params;
    enum ocf_code code;
    char problem[512];
};

static struct parsed *
parse(const char **pairs)
{
    static struct parsed result;
    struct text problem;

    text_init(&problem, result.problem, sizeof(result.problem));
    result.code = params_parse(get_from_list, (void *) pairs, &result.params,
                               &problem);
    assert_false(problem.overflow);
    return &result;
}

#define PARSE(...) parse((const char *[]){ __VA_ARGS__, NULL })

static void
unset_parameters_have_the_shell_agents_defaults(void **state)
{
    const struct params *p = &PARSE(NULL)->params;

    (void) state;
    assert_string_equal(p->pgctl, "/usr/bin/pg_ctl");
    assert_string_equal(p->psql, "/usr/bin/psql");
    assert_string_equal(p->pgdata, "/var/lib/pgsql/data");
    assert_string_equal(p->pgdba, "postgres");
    assert_string_equal(p->pghost, "");
    assert_int_equal(p->pgport, 5432);
    assert_string_equal(p->pglibs, "/usr/lib");
    assert_string_equal(p->start_opt, "");
    assert_string_equal(p->ctl_opt, "");
    assert_string_equal(p->config, "/var/lib/pgsql/data/postgresql.conf");
    assert_string_equal(p->pgdb, "template1");
    assert_string_equal(p->logfile, "/dev/null");
    assert_string_equal(p->socketdir, "");
    assert_int_equal(p->stop_escalate_s, 90);
    assert_string_equal(p->monitor_user, "");
    assert_string_equal(p->monitor_password, "");
    assert_string_equal(p->monitor_sql, "select now();");
    assert_false(p->check_wal_receiver);
    assert_int_equal(p->rep_mode, REP_MODE_NONE);
    assert_int_equal(p->node_list.count, 0);
    assert_string_equal(p->restore_command, "");
    assert_string_equal(p->archive_cleanup_command, "");
    assert_string_equal(p->recovery_end_command, "");
    assert_string_equal(p->master_ip, "");
    assert_string_equal(p->repuser, "postgres");
    assert_string_equal(p->primary_conninfo_opt, "");
    assert_false(p->restart_on_promote);
    assert_string_equal(p->replication_slot_name, "");
    assert_string_equal(p->tmpdir, "/var/lib/pgsql/tmp");
    assert_int_equal(p->xlog_check_count, 3);
    assert_int_equal(p->crm_attr_timeout_s, 5);
    assert_int_equal(p->stop_escalate_in_slave_s, 90);
    assert_int_equal(p->external_standby_node_list.count, 0);
    assert_string_equal(p->trace_file, "");
}

static void
every_default_in_the_table_can_be_parsed(void **state)
{
    (void) state;
    for (const struct param_spec *spec = params_table; spec->name != NULL;
         spec++) {
        const struct parsed *parsed = PARSE(spec->name, spec->default_text);

        if (parsed->code != OCF_SUCCESS) {
            fail_msg("%s", parsed->problem);
        }
    }
}

static void
every_row_has_a_name_of_its_own_and_texts(void **state)
{
    (void) state;
    for (const struct param_spec *spec = params_table; spec->name != NULL;
         spec++) {
        assert_true(strlen(spec->shortdesc) > 0);
        assert_true(strlen(spec->longdesc) > strlen(spec->shortdesc));
        for (const struct param_spec *other = params_table; other != spec;
             other++) {
            assert_string_not_equal(spec->name, other->name);
            assert_int_not_equal(spec->offset, other->offset);
        }
    }
}

static void
an_empty_value_is_an_unset_one(void **state)
{
    const struct parsed *parsed = PARSE("pgport", "", "rep_mode", "");

    (void) state;
    assert_int_equal(parsed->code, OCF_SUCCESS);
    assert_int_equal(parsed->params.pgport, 5432);
}

static void
takes_values_of_every_type(void **state)
{
    const struct parsed *parsed =
        PARSE("pgdata", "/data", "pgport", "5433", "xlog_check_count", "0",
              "stop_escalate", "5", "rep_mode", "sync", "node_list", "a b");

    (void) state;
    assert_int_equal(parsed->code, OCF_SUCCESS);
    assert_string_equal(parsed->params.pgdata, "/data");
    assert_string_equal(parsed->params.config, "/data/postgresql.conf");
    assert_int_equal(parsed->params.pgport, 5433);
    assert_int_equal(parsed->params.xlog_check_count, 0);
    assert_int_equal(parsed->params.stop_escalate_s, 5);
    assert_int_equal(parsed->params.rep_mode, REP_MODE_SYNC);
    assert_int_equal(parsed->params.node_list.count, 2);
}

static void
a_configuration_file_of_the_users_is_kept(void **state)
{
    (void) state;
    assert_string_equal(PARSE("config", "/etc/pg.conf")->params.config,
                        "/etc/pg.conf");
}

static void
knows_every_word_for_true_and_false(void **state)
{
    const char *yes[] = { "true", "TRUE", "yes", "On", "1", "y", "ja" };
    const char *no[] = { "false", "False", "NO", "off", "0", "n" };

    (void) state;
    for (size_t i = 0; i < sizeof(yes) / sizeof(yes[0]); i++) {
        const struct parsed *parsed = PARSE("restart_on_promote", yes[i]);

        assert_int_equal(parsed->code, OCF_SUCCESS);
        assert_true(parsed->params.restart_on_promote);
    }
    for (size_t i = 0; i < sizeof(no) / sizeof(no[0]); i++) {
        const struct parsed *parsed = PARSE("restart_on_promote", no[i]);

        assert_int_equal(parsed->code, OCF_SUCCESS);
        assert_false(parsed->params.restart_on_promote);
    }
}

static void
knows_every_replication_mode(void **state)
{
    (void) state;
    for (int mode = REP_MODE_NONE; mode <= REP_MODE_SLAVE; mode++) {
        const char *word = rep_mode_words[mode];

        assert_int_equal(PARSE("rep_mode", word)->params.rep_mode, mode);
    }
    assert_true(rep_mode_is_replication(REP_MODE_ASYNC));
    assert_true(rep_mode_is_replication(REP_MODE_SYNC));
    assert_false(rep_mode_is_replication(REP_MODE_SLAVE));
    assert_false(rep_mode_is_replication(REP_MODE_NONE));
}

static void
seconds_may_carry_their_unit(void **state)
{
    const struct parsed *parsed = PARSE("stop_escalate", "90s");

    (void) state;
    assert_int_equal(parsed->code, OCF_SUCCESS);
    assert_int_equal(parsed->params.stop_escalate_s, 90);
}

static void
sizes_may_carry_postgresqls_units(void **state)
{
    static const struct {
        const char *value;
        long bytes;
    } sizes[] = {
        { "0", 0 }, { "1000", 1000 }, { "64kB", 65536 },
        { "16MB", 16777216 }, { "2GB", 2147483648 },
        { "1TB", 1099511627776 }, { "1024TB", 1125899906842624 },
    };
    uint64_t bytes;

    (void) state;
    assert_int_equal(PARSE("pgport", "5432")->params.max_lag_on_promote, 0);
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        const struct parsed *parsed = PARSE("max_lag_on_promote",
                                            sizes[i].value);

        assert_int_equal(parsed->code, OCF_SUCCESS);
        assert_true(parsed->params.max_lag_on_promote == sizes[i].bytes);
        assert_int_equal(params_parse_size(sizes[i].value, &bytes), 0);
        assert_int_equal(bytes, sizes[i].bytes);
    }
    assert_int_equal(params_parse_size("16M", &bytes), -1);
}

static void
refuses(const char *name, const char *value, const char *complaint)
{
    const struct parsed *parsed = PARSE(name, value);

    assert_int_equal(parsed->code, OCF_ERR_CONFIGURED);
    if (strstr(parsed->problem, complaint) == NULL) {
        fail_msg("'%s' is not in '%s'", complaint, parsed->problem);
    }
}

static void
refuses_what_is_no_whole_number_in_range(void **state)
{
    const char *wrong[] = {
        "0", "65536", "-1", "+1", "5432s", "54 32", " 5432", "0x10", "1e3",
        "99999999999999999999999", "s",
    };

    (void) state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        refuses("pgport", wrong[i], "a whole number from 1 to 65535");
        assert_int_equal(PARSE("pgport", wrong[i])->params.pgport, 5432);
    }
    refuses("stop_escalate", "90m", "whole seconds from 0 to 86400");
    refuses("stop_escalate", "90 s", "whole seconds");
    refuses("max_lag_on_promote", "16M", "kB, MB, GB or TB");
    refuses("max_lag_on_promote", "16 MB", "bytes");
    refuses("max_lag_on_promote", "-1", "bytes");
    refuses("max_lag_on_promote", "1000000TB", "bytes");
    refuses("xlog_check_count", "3s", "a whole number from 0 to 1000");
}

/* Every parameter that does not take any text, with a long one. */
static void
names_what_it_wants_of_every_parameter(void **state)
{
    static const char wrong[] =
        "no-value-at-all-of-any-kind-that-there-is-in-this-table-of-them";
    char names[NODE_NAME_SIZE + 1];
    char shown[REASON_TEXT_SIZE];

    (void) state;
    memset(names, 'n', sizeof(names) - 1);
    names[sizeof(names) - 1] = '\0';
    for (const struct param_spec *spec = params_table; spec->name != NULL;
         spec++) {
        const char *fault;

        if (spec->type == PARAM_STRING) {
            continue;
        }
        fault = reason_fault(
            PARSE(spec->name,
                  spec->type == PARAM_NODE_LIST ? names : wrong)->problem,
            shown);
        if (fault != NULL) {
            fail_msg("%s: %s", fault, shown);
        }
    }
}

static void
names_the_parameter_and_the_value_it_refuses(void **state)
{
    (void) state;
    refuses("rep_mode", "Sync",
            "parameter rep_mode: could not use 'Sync': it has to be "
            "none, async, sync or slave");
    refuses("check_wal_receiver", "maybe", "true or false");
    refuses("sync_mode", "any", "priority or quorum");
    assert_int_equal(PARSE("sync_mode", "quorum")->params.sync_mode,
                     SYNC_MODE_QUORUM);
    assert_int_equal(PARSE("sync_mode", "priority")->params.sync_mode,
                     SYNC_MODE_PRIORITY);
}

static void
names_the_first_problem_and_goes_on_with_defaults(void **state)
{
    const struct parsed *parsed =
        PARSE("rep_mode", "both", "pgport", "many", "pgdata", "/data");

    (void) state;
    assert_int_equal(parsed->code, OCF_ERR_CONFIGURED);
    assert_non_null(strstr(parsed->problem, "pgport"));
    assert_null(strstr(parsed->problem, "rep_mode"));
    assert_int_equal(parsed->params.pgport, 5432);
    assert_int_equal(parsed->params.rep_mode, REP_MODE_NONE);
    assert_string_equal(parsed->params.config, "/data/postgresql.conf");
}

static void
node_lists_take_any_white_space(void **state)
{
    const struct name_list *list =
        &PARSE("node_list", "  srv1\tsrv2.example.com \n Srv-3 ")
             ->params.node_list;

    (void) state;
    assert_int_equal(list->count, 3);
    assert_string_equal(list->name[0], "srv1");
    assert_string_equal(list->name[1], "srv2.example.com");
    assert_string_equal(list->name[2], "Srv-3");
}

static void
refuses_a_node_list_that_does_not_fit(void **state)
{
    char name[NODE_NAME_SIZE + 1];

    (void) state;
    refuses("node_list", "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17",
            "16 names at most");
    assert_int_equal(
        PARSE("node_list", "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16")
            ->params.node_list.count,
        16);
    memset(name, 'n', NODE_NAME_SIZE);
    name[NODE_NAME_SIZE] = '\0';
    refuses("node_list", name, "16 names at most");
    name[NODE_NAME_SIZE - 1] = '\0';
    assert_int_equal(PARSE("node_list", name)->code, OCF_SUCCESS);
}

static void
refuses_a_data_directory_that_is_too_long(void **state)
{
    char path[PATH_SIZE];

    (void) state;
    memset(path, '/', sizeof(path) - 1);
    path[sizeof(path) - 1] = '\0';
    refuses("pgdata", path, "parameter pgdata: could not use a path of 1023");
}

static void
slot_names_are_lower_case_with_underscores(void **state)
{
    char slot[64];

    (void) state;
    assert_int_equal(
        params_slot_name("sample", "Node-1.Example.com", slot, sizeof(slot)),
        0);
    assert_string_equal(slot, "sample_node_1_example_com");
}

static void
refuses_a_slot_name_that_is_too_long(void **state)
{
    static const char prefix[] =
        "p234567890123456789012345678901234567890123456789012345678901";
    char slot[80] = "as it was";

    (void) state;
    assert_int_equal(params_slot_name(prefix, "ab", slot, sizeof(slot)), -1);
    assert_string_equal(slot, "as it was");
    assert_int_equal(params_slot_name(prefix, "a", slot, 63), -1);
    assert_int_equal(params_slot_name(prefix, "a", slot, 64), 0);
    assert_int_equal(strlen(slot), 63);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(unset_parameters_have_the_shell_agents_defaults),
        cmocka_unit_test(every_default_in_the_table_can_be_parsed),
        cmocka_unit_test(every_row_has_a_name_of_its_own_and_texts),
        cmocka_unit_test(an_empty_value_is_an_unset_one),
        cmocka_unit_test(takes_values_of_every_type),
        cmocka_unit_test(a_configuration_file_of_the_users_is_kept),
        cmocka_unit_test(knows_every_word_for_true_and_false),
        cmocka_unit_test(knows_every_replication_mode),
        cmocka_unit_test(seconds_may_carry_their_unit),
        cmocka_unit_test(sizes_may_carry_postgresqls_units),
        cmocka_unit_test(refuses_what_is_no_whole_number_in_range),
        cmocka_unit_test(names_what_it_wants_of_every_parameter),
        cmocka_unit_test(names_the_parameter_and_the_value_it_refuses),
        cmocka_unit_test(names_the_first_problem_and_goes_on_with_defaults),
        cmocka_unit_test(node_lists_take_any_white_space),
        cmocka_unit_test(refuses_a_node_list_that_does_not_fit),
        cmocka_unit_test(refuses_a_data_directory_that_is_too_long),
        cmocka_unit_test(slot_names_are_lower_case_with_underscores),
        cmocka_unit_test(refuses_a_slot_name_that_is_too_long),
    };

    return cmocka_run_group_tests_name("params", tests, NULL, NULL);
}
