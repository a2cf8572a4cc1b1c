/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Secrets do not get out. */

#include "cmocka_all.h"
#include "redact.h"

static void
hides_passwords_and_nothing_else(void **state)
{
    static const struct {
        const char *line;
        const char *safe;
    } cases[] = {
        { "nothing to hide", "nothing to hide" },
        { "host=a password=secret user=b", "host=a password=*** user=b" },
        { "PASSWORD = 'it''s a secret' x", "PASSWORD = *** x" },
        { "password='a\\'b c' x", "password=*** x" },
        { "ALTER ROLE a PASSWORD 'md5abc';", "ALTER ROLE a PASSWORD ***;" },
        { "password=\"two words\" x", "password=*** x" },
        { "c = 'host=a password=''x y'' user=b'",
          "c = 'host=a password=*** user=b'" },
        { "c = 'password=''x y", "c = 'password=***" },
        { "c = 'host=a password=x'", "c = 'host=a password=***'" },
        { "password authentication failed for user \"a\"",
          "password authentication failed for user \"a\"" },
        { "password='open ended", "password=***" },
        { "password='ends in \\", "password=***" },
        { "postgresql://u:secret@h/db?password=x&a=b",
          "postgresql://u:***@h/db?password=***&a=b" },
        { "http://host:80/path", "http://host:80/path" },
        { "http://host/path", "http://host/path" },
        { "password=", "password=***" },
        { "passwd=x login=b", "passwd=*** login=b" },
        { "password=a&b user=c", "password=*** user=c" },
        { "u://h/d?a=b&password=x&c=d", "u://h/d?a=b&password=***&c=d" },
        { "value=\"u://h/d?a=b&amp;password=x&amp;c=d\"",
          "value=\"u://h/d?a=b&amp;password=***&amp;c=d\"" },
        { "value=\"password=a&amp;b user=c\"",
          "value=\"password=*** user=c\"" },
        { "value=\"password=&apos;x y&apos; user=c\"",
          "value=\"password=*** user=c\"" },
        { "{\"b64password\": \"eA==\", \"a\": 1}",
          "{\"b64password\": ***, \"a\": 1}" },
        { "b64password: eA==", "b64password: ***" },
        { "radius radiussecrets=\"x,y\"", "radius radiussecrets=***" },
        { "wal-g --password x --verbose", "wal-g --password *** --verbose" },
        { "psql --no-password -l", "psql --no-password -l" },
        { "AWS_SECRET_ACCESS_KEY=x aws", "AWS_SECRET_ACCESS_KEY=*** aws" },
        { "ssl_passphrase_command = 'echo x'",
          "ssl_passphrase_command = ***" },
        { "<nvpair id=\"a\" name=\"monitor_password\" value=\"x y\"/>",
          "<nvpair id=\"a\" name=\"monitor_password\" value=\"***\"/>" },
        { "<nvpair value=\"x\" name=\"PASSWD\"/><b value=\"y\"/>",
          "<nvpair value=\"***\" name=\"PASSWD\"/><b value=\"y\"/>" },
        { "<nvpair name=\"community\" value=\"torn",
          "<nvpair name=\"community\" value=\"***" },
        { "<nvpair name=\"token\"/>", "<nvpair name=\"token\"/>" },
        { "<nvpair name=\"pgdata\" value=\"/pg/secret\"/>",
          "<nvpair name=\"pgdata\" value=\"/pg/secret\"/>" },
    };

    (void) state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char buf[128];
        struct text text;

        text_init(&text, buf, sizeof(buf));
        redact_add(&text, cases[i].line);
        assert_string_equal(buf, cases[i].safe);
        assert_false(text.overflow);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hides_passwords_and_nothing_else),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
