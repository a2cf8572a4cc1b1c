/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The clients' address: what is one, and the table that is made of it. */

#include <string.h>

#include "cmocka_all.h"
#include "refusal.h"

static char script[REFUSAL_SCRIPT_SIZE];
static struct refusal_table table;

static void
accepts(const char *addresses)
{
    struct text problem;
    char buf[1024];

    text_init(&problem, buf, sizeof(buf));
    assert_int_equal(refusal_check(addresses, &problem), 0);
    assert_string_equal(buf, "");
}

static void
refuses(const char *addresses, const char *complaint)
{
    struct text problem;
    char buf[1024];

    text_init(&problem, buf, sizeof(buf));
    assert_int_equal(refusal_check(addresses, &problem), -1);
    assert_false(problem.overflow);
    if (strstr(buf, complaint) == NULL) {
        fail_msg("'%s' of '%s'", buf, addresses);
    }
}

static void
write_for(const char *addresses, unsigned expire_s)
{
    struct text text;

    text_init(&text, script, sizeof(script));
    refusal_write("pgsql", addresses, 5432, expire_s, &text, &table);
    assert_false(text.overflow);
}

static void
has(const char *part)
{
    if (strstr(script, part) == NULL) {
        fail_msg("no '%s' in:\n%s", part, script);
    }
}

static void
lacks(const char *part)
{
    if (strstr(script, part) != NULL) {
        fail_msg("'%s' in:\n%s", part, script);
    }
}

static void
addresses_of_both_families_are_accepted_with_and_without_port(void **state)
{
    (void) state;
    accepts("");
    accepts(" ");
    accepts("192.0.2.1");
    accepts("192.0.2.1:6432");
    accepts("fd00::1");
    accepts("[fd00::1]");
    accepts("[fd00::1]:65535");
    accepts(" 192.0.2.1  fd00::1\t192.0.2.2:1 ");
}

static void
what_is_no_address_is_named(void **state)
{
    (void) state;
    refuses("db.example.com", "'db.example.com' is no address");
    refuses("192.0.2.1 192.0.2", "'192.0.2' is no address");
    refuses("192.0.2.1033", "'192.0.2.1033' is no address");
    refuses("192.0.2.1/24", "no address");
    refuses("192.0.2.1:", "no address");
    refuses("192.0.2.1:0", "no address");
    refuses("192.0.2.1:65536", "no address");
    refuses("192.0.2.1:543210", "no address");
    refuses("192.0.2.1:54x", "no address");
    refuses("[fd00::1", "no address");
    refuses("[fd00::1]5432", "no address");
    refuses("[fd00::1]:x", "no address");
    refuses("fe80::1%eth0", "no address");
    refuses("192.0.2.1,192.0.2.2", "no address");
    refuses("0123456789012345678901234567890123456789012345678901234567890123"
            "456789", "no address");
}

static void
no_value_gets_a_command_into_the_script(void **state)
{
    (void) state;
    refuses("192.0.2.1;flush ruleset", "no address");
    refuses("}", "no address");
    refuses("192.0.2.1:5}", "no address");
}

static void
more_addresses_than_fit_are_a_problem(void **state)
{
    char many[1024] = "";
    struct text text;

    (void) state;
    text_init(&text, many, sizeof(many));
    for (int i = 0; i < REFUSAL_ADDRESSES_MAX; i++) {
        text_add(&text, "[1111:2222:3333:4444:5555:6666:7777:%04x]:65535 ",
                 i);
    }
    accepts(many);
    write_for(many, 86400);
    text_add(&text, "192.0.2.1");
    refuses(many, "more than 16");
}

static void
script_makes_the_table_anew_in_one_step(void **state)
{
    (void) state;
    write_for("192.0.2.1", 0);
    assert_ptr_equal(strstr(script, "add table inet pgward-pgsql\n"
                            "delete table inet pgward-pgsql\n"
                            "table inet pgward-pgsql {\n"), script);
    has("elements = { 192.0.2.1 . 5432 }");
    has("ip daddr . tcp dport @ipv4 fib daddr type != local");
    has("reject with tcp reset");
    has(table.chain);
    lacks("ipv6");
    lacks("timeout 60");
    assert_int_equal(table.rules, 1);
    assert_string_equal(table.name, "pgward-pgsql");
}

static void
each_family_has_its_own_set_and_rule(void **state)
{
    (void) state;
    write_for("fd00::1 192.0.2.1:6432 [fd00::2]:1", 0);
    has("elements = { 192.0.2.1 . 6432 }");
    has("elements = { fd00::1 . 5432, fd00::2 . 1 }");
    has("  ip daddr . tcp dport @ipv4 ");
    has("  ip6 daddr . tcp dport @ipv6 ");
    assert_int_equal(table.rules, 2);
    write_for("fd00::1", 0);
    lacks("ipv4");
    assert_int_equal(table.rules, 1);
}

static void
table_of_a_node_that_leaves_empties_itself(void **state)
{
    (void) state;
    write_for("192.0.2.1 192.0.2.2", 60);
    has("192.0.2.1 . 5432 timeout 60s, 192.0.2.2 . 5432 timeout 60s");
}

static void
chain_is_named_after_what_it_is_made_of(void **state)
{
    char before[REFUSAL_CHAIN_SIZE];

    (void) state;
    write_for("192.0.2.1", 0);
    memcpy(before, table.chain, sizeof(before));
    write_for("192.0.2.1:5432", 0);
    assert_string_equal(table.chain, before);
    write_for("192.0.2.2", 0);
    assert_string_not_equal(table.chain, before);
    write_for("192.0.2.1", 60);
    assert_string_not_equal(table.chain, before);
}

static void
table_has_the_name_of_the_resource(void **state)
{
    char name[REFUSAL_TABLE_SIZE];
    char other[REFUSAL_TABLE_SIZE];

    (void) state;
    refusal_table_name("pg-1.Main_x", name);
    assert_string_equal(name, "pgward-pg-1.Main_x");
    refusal_table_name("p\303\244g {", name);
    assert_ptr_equal(strstr(name, "pgward-p__g__-"), name);
    assert_int_equal(strlen(name), strlen("pgward-p__g__-") + 16);
    refusal_table_name("p\303\244g }", other);
    assert_string_not_equal(other, name);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            addresses_of_both_families_are_accepted_with_and_without_port),
        cmocka_unit_test(what_is_no_address_is_named),
        cmocka_unit_test(no_value_gets_a_command_into_the_script),
        cmocka_unit_test(more_addresses_than_fit_are_a_problem),
        cmocka_unit_test(script_makes_the_table_anew_in_one_step),
        cmocka_unit_test(each_family_has_its_own_set_and_rule),
        cmocka_unit_test(table_of_a_node_that_leaves_empties_itself),
        cmocka_unit_test(chain_is_named_after_what_it_is_made_of),
        cmocka_unit_test(table_has_the_name_of_the_resource),
    };

    return cmocka_run_group_tests_name("refusal", tests, NULL, NULL);
}
