/* SPDX-License-Identifier: GPL-2.0-or-later */
/* PgRoute66's file, as it is. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmocka_all.h"
#include "report.h"
#include "serve_config.h"

static struct serve_config config;
static char why_buf[512];

static int
parse(const char *words)
{
    struct text why;

    text_init(&why, why_buf, sizeof(why_buf));
    return serve_config_parse(words, strlen(words), &config, &why);
}

static const char *
value_of(size_t host, const char *keyword)
{
    for (size_t i = 0; i < config.host[host].count; i++) {
        if (strcmp(config.host[host].keyword[i], keyword) == 0) {
            return config.host[host].value[i];
        }
    }
    return NULL;
}

static const char pgroute66s[] =
    "---\n"
    "bind: 0.0.0.0\n"
    "port: 8443\n"
    "loglevel: Debug\n"
    "logfile: /var/log/pgroute66.log\n"
    "groups:\n"
    "  PostgresReadWrite:\n"
    "    - host1\n"
    "    - host2\n"
    "    - host9\n"
    "  empty:\n"
    "hosts: &h\n"
    "  host1:\n"
    "    host: 1.2.3.4\n"
    "    port: 5432\n"
    "    user: user1\n"
    "    b64password: cGFzc3dvcmQx\n"
    "    dbname: postgres\n"
    "    pool_max_conns: 3\n"
    "  host2: { host: \"a\\tb\", password: plain }\n"
    "ssl:\n"
    "  b64cert: Y2Vy\n"
    "    dA==\n"
    "  b64key: a2V5\n"
    "  b64ca: eA==\n"
    "unknown: [1, 2]\n";

static void
reads_pgroute66s_file(void **state)
{
    (void) state;
    assert_int_equal(parse(pgroute66s), -1);    /* a folded base64 has spaces */
    assert_string_equal(why_buf, "line 22: this is no base64 of a text");
    serve_config_free(&config);
}

static void
reads_a_whole_file(void **state)
{
    char words[2048];
    char *folded;

    (void) state;
    (void) snprintf(words, sizeof(words), "%s", pgroute66s);
    folded = strstr(words, "\n    dA==");
    assert_non_null(folded);
    memmove(folded, folded + 5, strlen(folded + 5) + 1);
    assert_int_equal(parse(words), 0);
    assert_string_equal(config.bind, "0.0.0.0");
    assert_int_equal(config.port, 8443);
    assert_string_equal(config.cert, "cert");
    assert_string_equal(config.key, "key");
    assert_int_equal(config.host_count, 2);
    assert_string_equal(config.host[0].name, "host1");
    assert_string_equal(value_of(0, "host"), "1.2.3.4");
    assert_string_equal(value_of(0, "port"), "5432");
    assert_string_equal(value_of(0, "password"), "password1");
    assert_null(value_of(0, "b64password"));
    assert_null(value_of(0, "pool_max_conns"));
    assert_string_equal(value_of(1, "host"), "a\tb");
    assert_string_equal(value_of(1, "password"), "plain");
    assert_int_equal(config.groups.count, 2);
    assert_string_equal(config.groups.group[0].name, "PostgresReadWrite");
    assert_int_equal(config.groups.group[0].hosts, 3);
    assert_int_equal(config.groups.group[1].hosts, 0);
    assert_false(config.groups.on_node);
    serve_config_free(&config);
}

static void
has_defaults(void **state)
{
    (void) state;
    assert_int_equal(parse(""), 0);
    assert_null(config.bind);
    assert_int_equal(parse("bind: ''\nport: ~\nhosts:\nssl:\n"
                           "  b64cert: eA==\n"), 0);
    assert_null(config.bind);
    assert_null(config.cert);
    assert_int_equal(config.port, 0);
    assert_int_equal(config.host_count, 0);
    serve_config_free(&config);
}

static void
names_the_line_that_is_wrong(void **state)
{
    static const char *const wrong[][2] = {
        { "hosts: [a]", "line 1: here belongs `key: value`" },
        { "- a", "line 1: here belongs `key: value`" },
        { "\nhosts:\n  a: b", "line 3: here belongs `key: value`" },
        { "hosts:\n  a:\n    host: [b]",
          "line 3: here belongs one text or number" },
        { "hosts:\n  a: {}\n  a: {}", "line 3: this host is there twice" },
        { "port: 70000", "line 1: a port is a number up to 65535" },
        { "port: 1x", "line 1: a port is a number up to 65535" },
        { "port: [1]", "line 1: a port is a number up to 65535" },
        { "groups:\n  g: a", "line 2: here belongs a list of hosts" },
        { "groups:\n  g: [[a]]", "line 2: here belongs the name of a host" },
        { "hosts:\n  a: { b64password: '=' }",
          "line 2: this is no base64 of a text" },
        { "hosts:\n  a: { b64password: 'AAAA' }",
          "line 2: this is no base64 of a text" },
        { "? [a]\n: b", "line 1: a key is no text" },
        { "a: \"x\\0y\"\n\"b\\0\": c", "line 1: a key is no text" },
        { "bind: \"x\\0y\"", "line 1: here belongs one text or number" },
        { "a: b: c", NULL }, { "a: [", NULL }, { "\t", NULL },
        { "a: *nowhere", NULL }, { "\xff", NULL },
    };

    (void) state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        assert_int_equal(parse(wrong[i][0]), -1);
        if (wrong[i][1] != NULL) {
            assert_string_equal(why_buf, wrong[i][1]);
        } else {
            assert_memory_equal(why_buf, "line ", 5);
        }
        serve_config_free(&config);
    }
}

/* Several of a kind, told apart by a number of so many digits. */
struct kind {
    const char *head;
    const char *before;
    int digits;
    const char *behind;
    int fits;
    const char *why;            /* of one more; NULL: it fits, too */
};

static int
parse_many(const struct kind *kind, int count)
{
    char words[4096];
    int len = snprintf(words, sizeof(words), "%s", kind->head);

    for (int i = 0; i < count; i++) {
        len += snprintf(words + len, sizeof(words) - (size_t) len,
                        "%s%0*d%s", kind->before, kind->digits, i,
                        kind->behind);
        assert_true(len < (int) sizeof(words));
    }
    return parse(words);
}

static void
refuses_more_than_fits(void **state)
{
    static const struct kind kinds[] = {
        { "hosts:\n", "  h", 1, ": {}\n", 64, "these are more than 64 hosts" },
        { "groups:\n", "  g", 1, ": []\n", 32,
          "these are more than 32 groups" },
        { "hosts:\n  a:\n", "    k", 1, ": v\n", 32,
          "a host has more settings than fit" },
        { "hosts:\n", "  h", 126, ": {}\n", 2, NULL },
        { "hosts:\n", "  h", 127, ": {}\n", 0,
          "the name of this host is too long" },
        { "groups:\n", "  g", 127, ": []\n", 0,
          "the name of this group is too long" },
    };

    (void) state;
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        const struct kind *kind = &kinds[i];

        assert_int_equal(parse_many(kind, kind->fits), 0);
        serve_config_free(&config);
        assert_int_equal(parse_many(kind, kind->fits + 1),
                         kind->why == NULL ? 0 : -1);
        assert_non_null(strstr(why_buf, kind->why == NULL ? "" : kind->why));
        serve_config_free(&config);
    }
}

static void
says_which_file_cannot_be_read(void **state)
{
    struct text why;

    (void) state;
    text_init(&why, why_buf, sizeof(why_buf));
    assert_int_equal(serve_config_read("/nowhere", &config, &why), -1);
    assert_string_equal(why_buf, "could not read '/nowhere': No such file or "
                        "directory");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_pgroute66s_file),
        cmocka_unit_test(reads_a_whole_file),
        cmocka_unit_test(has_defaults),
        cmocka_unit_test(names_the_line_that_is_wrong),
        cmocka_unit_test(refuses_more_than_fits),
        cmocka_unit_test(says_which_file_cannot_be_read),
    };

    report_init_command("test", LOG_EMERG);
    return cmocka_run_group_tests_name("serve's file", tests, NULL, NULL);
}
