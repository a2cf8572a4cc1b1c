/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How the primary is reached for its files, and no password on the way. */

#include <string.h>

#include "cmocka_all.h"
#include "source_conninfo.h"

static struct params params;
static char conninfo_buf[512];
static char password_buf[64];
static char why_buf[256];

static int
set_up(void **state)
{
    (void) state;
    memset(&params, 0, sizeof(params));
    params.master_ip = "192.0.2.1";
    params.pgport = 5433;
    params.pgdb = "template1";
    params.repuser = "rep";
    params.rejoin_user = "";
    params.primary_conninfo_opt = "";
    return 0;
}

static int
make_with(int (*how)(const struct params *params, struct text *ret_conninfo,
                     struct text *ret_password, struct text *ret_why))
{
    struct text conninfo;
    struct text password;
    struct text why;

    text_init(&conninfo, conninfo_buf, sizeof(conninfo_buf));
    text_init(&password, password_buf, sizeof(password_buf));
    text_init(&why, why_buf, sizeof(why_buf));
    return how(&params, &conninfo, &password, &why);
}

static int
make(void)
{
    return make_with(source_conninfo);
}

#define LAST \
    "application_name=pgward-rejoin keepalives_idle=5 keepalives_interval=3 " \
    "keepalives_count=3"
#define HOST "host=192.0.2.1 port=5433 connect_timeout=10 "

static void
is_a_standbys_with_a_role_and_a_database_of_its_own(void **state)
{
    (void) state;
    assert_int_equal(make(), 0);
    assert_string_equal(conninfo_buf, HOST "user=rep dbname=postgres " LAST);
    params.rejoin_user = "re join's";
    params.pgdb = "admin";
    params.primary_conninfo_opt =
        " sslmode = verify-full user=other\tsslrootcert='/a b/\\'c' ";
    assert_int_equal(make(), 0);
    assert_string_equal(conninfo_buf, HOST "sslmode=verify-full user=other "
                        "sslrootcert='/a b/\\'c' user='re join\\'s' "
                        "dbname=admin " LAST);
    assert_string_equal(password_buf, "");
}

static void
keeps_the_password_apart(void **state)
{
    (void) state;
    params.primary_conninfo_opt = "password=first password='a \\'b\\\\' "
                                  "sslmode=require";
    assert_int_equal(make(), 0);
    assert_string_equal(password_buf, "a 'b\\");
    assert_null(strstr(conninfo_buf, "password"));
    assert_non_null(strstr(conninfo_buf, "sslmode=require"));
    /* it is repuser's, nobody else's */
    params.rejoin_user = "other";
    assert_int_equal(make(), 0);
    assert_string_equal(password_buf, "");
    params.rejoin_user = "rep";
    assert_int_equal(make(), 0);
    assert_string_equal(password_buf, "a 'b\\");
}

static void
refuses_what_libpq_would_not_take(void **state)
{
    static const char *const wrong[] = {
        "sslmode", "=x", "a-b=c", "sslmode='x", "sslmode=x y",
    };

    (void) state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        params.primary_conninfo_opt = wrong[i];
        assert_int_equal(make(), -1);
        assert_non_null(strstr(why_buf, "as keyword=value"));
    }
    params.primary_conninfo_opt = "sslkey=k sslpassword=secret";
    assert_int_equal(make(), -1);
    assert_non_null(strstr(why_buf, "list of processes"));
    assert_null(strstr(why_buf, "secret"));
    params.primary_conninfo_opt =
        "password=123456789012345678901234567890123456789012345678901234567890"
        "12345";
    assert_int_equal(make(), -1);
    assert_non_null(strstr(why_buf, "too long"));
}

/* A copy needs the right to replicate, and no database. */
static void
of_a_copy_is_repusers(void **state)
{
    (void) state;
    params.rejoin_user = "other";
    params.primary_conninfo_opt = "password=secret sslmode=require";
    assert_int_equal(make_with(source_conninfo_of_copy), 0);
    assert_string_equal(conninfo_buf, HOST "sslmode=require user=rep " LAST);
    assert_string_equal(password_buf, "secret");
    params.primary_conninfo_opt = "sslmode";
    assert_int_equal(make_with(source_conninfo_of_copy), -1);
    assert_non_null(strstr(why_buf, "as keyword=value"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(
            is_a_standbys_with_a_role_and_a_database_of_its_own, set_up),
        cmocka_unit_test_setup(keeps_the_password_apart, set_up),
        cmocka_unit_test_setup(refuses_what_libpq_would_not_take, set_up),
        cmocka_unit_test_setup(of_a_copy_is_repusers, set_up),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
