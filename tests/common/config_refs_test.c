/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The files that a configuration names. */

#include <stdio.h>
#include <string.h>

#include "cmocka_all.h"
#include "config_refs.h"
#include "text.h"

static char found_buf[2048];
static struct text found;

static void
note(void *context, enum config_ref kind, const char *name)
{
    assert_ptr_equal(context, &found);
    text_add(&found, "%d:%s|", (int) kind, name);
}

static const char *
settings(const char *text)
{
    text_init(&found, found_buf, sizeof(found_buf));
    config_refs_of_settings(text, note, &found);
    return found_buf;
}

static const char *
auth(const char *text)
{
    text_init(&found, found_buf, sizeof(found_buf));
    config_refs_of_auth(text, note, &found);
    return found_buf;
}

static void
finds_what_settings_name(void **state)
{
    (void) state;
    assert_string_equal(settings(
        "port = 5432\n"
        "#ssl_key_file = 'server.key'\n"
        "  SSL_Key_File = '/keys/node''s.key' # ours\r\n"
        "ssl_cert_file server.crt\n"
        "ssl_ca_file=''\n"
        "ssl_key_files = 'none'\nincluded = 'x'\n"
        "include 'extra.conf'\n"
        "include_if_exists='maybe.conf'\n"
        "include_dir 'conf.d'\n"
        "hba_file = '/etc/pg/hba'\nident_file = ident\n"
        "ssl_crl_dir = 'crl'"),
        "5:/keys/node's.key|5:server.crt|1:extra.conf|1:maybe.conf|"
        "2:conf.d|4:/etc/pg/hba|4:ident|6:crl|");
    assert_string_equal(settings(""), "");
    assert_string_equal(settings("include"), "");
    assert_string_equal(settings("include = "), "");
    assert_string_equal(settings("\n\n=\n'"), "");
}

static void
finds_what_rules_of_log_in_name(void **state)
{
    (void) state;
    assert_string_equal(auth(
        "# include none\n"
        "local all all peer\n"
        "host @dbs,other \"@no file\" @users,\"@quoted\" scram-sha-256\n"
        "include \"a file.conf\"\n"
        " include_if_exists b.conf # @not\n"
        "include_dir\tdir\n"
        "host include all 192.0.2.1/32 trust\n"
        "include"),
        "3:dbs|3:users|1:a file.conf|1:b.conf|2:dir|");
    assert_string_equal(auth("@"), "");
    assert_string_equal(auth("include \"\""), "");
    assert_string_equal(auth("@more\n@\"and more\""), "3:more|3:and more|");
}

/* Without an end: the text goes on. */
static void
put(const char *what, char *ret_to)
{
    while (*what != '\0') {
        *ret_to++ = *what++;
    }
}

static void
passes_over_a_name_longer_than_any_path(void **state)
{
    char text[3000];

    (void) state;
    memset(text, 'x', sizeof(text));
    put("include '", text);
    (void) snprintf(text + sizeof(text) - 12, 12, "'\ninclude y");
    assert_string_equal(settings(text), "1:y|");
    put("@xxxxxxxx", text);
    (void) snprintf(text + sizeof(text) - 12, 12, "z\ninclude y");
    assert_string_equal(auth(text), "1:y|");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_what_settings_name),
        cmocka_unit_test(finds_what_rules_of_log_in_name),
        cmocka_unit_test(passes_over_a_name_longer_than_any_path),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
