/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Modules: where they are looked for, and what is no module of ours. */

#include <dlfcn.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"
#include "cmocka_all.h"
#include "module.h"

#define NO_INIT "GNUTLS_NO_IMPLICIT_INIT"

struct table {
    struct module_stamp stamp;
    int answer;
};

static const struct module_stamp stamp = MODULE_STAMP(struct table);

/* The loader: what it was asked and what it answers. */
static struct {
    const struct table *table;  /* NULL: no such symbol */
    const char *error;          /* NULL: the file can be loaded */
    char path[PATH_SIZE];
    char symbol[64];
    char no_init[8];            /* the variable during the load */
    int open;
} loader;

/* The linker puts these in place of the loader's own (--wrap). */
void *__wrap_dlopen(const char *path, int flags);
void *__wrap_dlsym(void *handle, const char *symbol);
int __wrap_dlclose(void *handle);
char *__wrap_dlerror(void);

void *
__wrap_dlopen(const char *path, int flags)
{
    const char *value = getenv(NO_INIT);

    assert_true((flags & RTLD_GLOBAL) == 0);
    assert_int_equal(text_copy(path, loader.path, sizeof(loader.path)), 0);
    assert_int_equal(text_copy(value != NULL ? value : "unset",
                               loader.no_init, sizeof(loader.no_init)), 0);
    if (loader.error != NULL) {
        return NULL;
    }
    loader.open++;
    return &loader;
}

void *
__wrap_dlsym(void *handle, const char *symbol)
{
    static struct table found;

    assert_ptr_equal(handle, &loader);
    assert_int_equal(text_copy(symbol, loader.symbol, sizeof(loader.symbol)),
                     0);
    if (loader.table == NULL) {
        loader.error = "undefined symbol";
        return NULL;
    }
    found = *loader.table;
    return &found;
}

int
__wrap_dlclose(void *handle)
{
    assert_ptr_equal(handle, &loader);
    loader.open--;
    return 0;
}

char *
__wrap_dlerror(void)
{
    static char error[PATH_SIZE];

    assert_non_null(loader.error);
    assert_int_equal(text_copy(loader.error, error, sizeof(error)), 0);
    return error;
}

static char why_text[SERVER_TEXT_SIZE];

static const struct table *
load(const char *name)
{
    struct text why;
    const struct table *table;

    text_init(&why, why_text, sizeof(why_text));
    table = module_load(name, &stamp, &why);
    assert_int_equal(table == NULL, why.len > 0);
    assert_false(why.overflow);
    return table;
}

static int
start(void **state)
{
    (void) state;
    memset(&loader, 0, sizeof(loader));
    (void) unsetenv(NO_INIT);
    return 0;
}

static void
gives_the_table_of_a_module_that_fits(void **state)
{
    const struct table good = { MODULE_STAMP(struct table), 42 };
    const struct table *table;

    (void) state;
    loader.table = &good;
    table = load("cluster");
    assert_non_null(table);
    assert_int_equal(table->answer, 42);
    assert_string_equal(loader.symbol, "cluster_module");
    assert_int_equal(loader.open, 1);
}

/* In a build tree the modules lie beside the programs. */
static void
looks_beside_the_program_and_else_where_it_is_installed(void **state)
{
    const struct table good = { MODULE_STAMP(struct table), 0 };
    char self[PATH_SIZE];
    char expected[PATH_SIZE + 32];
    ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);
    CLEANUP(close_fd) int fd = -1;

    (void) state;
    assert_true(len > 0);
    self[len] = '\0';
    *strrchr(self, '/') = '\0';
    loader.table = &good;
    (void) snprintf(expected, sizeof(expected), "%s/nothing.so", self);
    fd = open(expected, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_non_null(load("nothing"));
    assert_int_equal(unlink(expected), 0);
    assert_string_equal(loader.path, expected);
    assert_non_null(load("nothing"));
    assert_string_equal(loader.path, HELPER_FOLDER "/nothing.so");
}

static void
finds_a_helper_program_too(void **state)
{
    char path[PATH_SIZE];
    struct text why;

    (void) state;
    text_init(&why, why_text, sizeof(why_text));
    assert_int_equal(module_find("module_test", path, &why), 0);
    assert_int_equal(access(path, X_OK), 0);
    assert_int_equal(module_find("no-helper", path, &why), 0);
    assert_string_equal(path, HELPER_FOLDER "/no-helper");
    assert_int_equal(why.len, 0);
}

static void
names_the_file_the_cause_and_the_next_step(void **state)
{
    char error[2 * PATH_SIZE];

    (void) state;
    loader.error = "libpq.so.5: cannot open shared object file";
    assert_null(load("pgsql"));
    assert_non_null(strstr(why_text, "/lib/pgward/pgsql.so': libpq.so.5: "));
    assert_non_null(strstr(why_text, "Install the package pgward anew"));
    /* dlopen() names the file when it is the file itself */
    (void) snprintf(error, sizeof(error), "%s: invalid ELF header",
                    loader.path);
    loader.error = error;
    assert_null(load("pgsql"));
    assert_non_null(strstr(why_text, "/lib/pgward/pgsql.so': invalid ELF "));
    assert_int_equal(loader.open, 0);
}

static void
refuses_what_is_no_module(void **state)
{
    (void) state;
    assert_null(load("pgsql"));
    assert_non_null(strstr(why_text, "pgsql.so': undefined symbol. Install"));
    assert_int_equal(loader.open, 0);
}

/* In the middle of an upgrade. */
static void
refuses_a_module_of_another_version(void **state)
{
    struct table other[] = {
        { MODULE_STAMP(struct table), 0 },
        { MODULE_STAMP(struct table), 0 },
        { MODULE_STAMP(struct table), 0 },
        { MODULE_STAMP(struct table), 0 },
    };

    (void) state;
    other[0].stamp.version = "0";
    other[1].stamp.table_size++;
    other[2].stamp.snapshot_size++;
    other[3].stamp.params_size++;
    for (size_t i = 0; i < sizeof(other) / sizeof(other[0]); i++) {
        loader.table = &other[i];
        assert_null(load("cluster"));
        assert_non_null(strstr(why_text, "of another version"));
        assert_int_equal(loader.open, 0);
    }
}

/* What the agent starts must not inherit what it tells gnutls. */
static void
leaves_the_environment_as_it_was(void **state)
{
    const struct table good = { MODULE_STAMP(struct table), 0 };

    (void) state;
    loader.table = &good;
    assert_non_null(load("cluster"));
    assert_string_equal(loader.no_init, "1");
    assert_null(getenv(NO_INIT));
    assert_int_equal(setenv(NO_INIT, "0", 1), 0);
    assert_non_null(load("cluster"));
    assert_string_equal(loader.no_init, "0");
    assert_string_equal(getenv(NO_INIT), "0");
}

#define TEST(name) cmocka_unit_test_setup(name, start)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(gives_the_table_of_a_module_that_fits),
        TEST(looks_beside_the_program_and_else_where_it_is_installed),
        TEST(finds_a_helper_program_too),
        TEST(names_the_file_the_cause_and_the_next_step),
        TEST(refuses_what_is_no_module),
        TEST(refuses_a_module_of_another_version),
        TEST(leaves_the_environment_as_it_was),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
