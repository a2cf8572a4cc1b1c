/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Modules: what is loaded only when it is needed. */

#include "module.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "paths.h"

#define SYMBOL_SIZE 32
#define FILE_SIZE 32

/* Initialises gnutls as soon as it is loaded, unless this says not to. */
#define NO_INIT "GNUTLS_NO_IMPLICIT_INIT"

/* The folder of the running program, with its slash. */
static int
own_folder(char *ret_folder, struct text *ret_why)
{
    char *slash;

    if (path_of_program(ret_folder) != 0) {
        text_add(ret_why, "could not read '/proc/self/exe': %s",
                 strerror(errno));
        return -1;
    }
    slash = strrchr(ret_folder, '/');
    if (slash != NULL) {
        slash[1] = '\0';
    }
    return 0;
}

int
module_find(const char *name, char *ret_path, struct text *ret_why)
{
    char folder[PATH_SIZE];
    char beside[PATH_SIZE];
    char installed[PATH_SIZE];
    struct text text;
    struct text other;

    if (own_folder(folder, ret_why) != 0) {
        return -1;
    }
    text_init(&text, beside, sizeof(beside));
    text_add(&text, "%s%s", folder, name);
    text_init(&other, installed, sizeof(installed));
    text_add(&other, "%s/%s", HELPER_FOLDER, name);
    if (text.overflow || other.overflow) {
        text_add(ret_why, "could not find '%s': the path of the program's "
                 "folder is too long", name);
        return -1;
    }
    memcpy(ret_path, access(beside, F_OK) == 0 ? beside : installed,
           PATH_SIZE);
    return 0;
}

/*
 * Both libraries have gnutls somewhere behind them, for connections that the
 * agent never makes; that it initialises itself is a tenth of what loading
 * them costs. No child may inherit the variable.
 *
 * LAZY is for the libraries behind the module; the module itself is linked
 * `now`, so that what is missing shows here and not in the middle of a call.
 */
static void *
open_module(const char *path)
{
    bool ours = getenv(NO_INIT) == NULL && setenv(NO_INIT, "1", 0) == 0;
    void *handle = dlopen(path, RTLD_LAZY | RTLD_LOCAL);

    if (ours) {
        (void) unsetenv(NO_INIT);   /* fails for no name of this form */
    }
    return handle;
}

static const void *
find_table(void *handle, const char *name)
{
    char symbol[SYMBOL_SIZE];
    struct text text;

    text_init(&text, symbol, sizeof(symbol));
    text_add(&text, "%s_module", name);
    return dlsym(handle, symbol);
}

static bool
is_same(const struct module_stamp *a, const struct module_stamp *b)
{
    return strcmp(a->version, b->version) == 0
           && a->table_size == b->table_size
           && a->snapshot_size == b->snapshot_size
           && a->params_size == b->params_size;
}

static const void *
reject(void *handle, const char *path, const char *cause,
       struct text *ret_why)
{
    size_t len = strlen(path);

    if (strncmp(cause, path, len) == 0 && strncmp(cause + len, ": ", 2) == 0) {
        cause += len + 2;
    }
    text_add(ret_why, "could not load '%s': %s. Install the package pgward "
             "anew, or the library that is missing", path, cause);
    if (handle != NULL) {
        (void) dlclose(handle);     /* it is not used either way */
    }
    return NULL;
}

const void *
module_load(const char *name, const struct module_stamp *expected,
            struct text *ret_why)
{
    char file[FILE_SIZE];
    char path[PATH_SIZE];
    struct text text;
    void *handle;
    const void *table;

    text_init(&text, file, sizeof(file));
    text_add(&text, "%s.so", name);
    if (module_find(file, path, ret_why) != 0) {
        return NULL;
    }
    handle = open_module(path);
    if (handle == NULL) {
        return reject(NULL, path, dlerror(), ret_why);
    }
    table = find_table(handle, name);
    if (table == NULL) {
        return reject(handle, path, dlerror(), ret_why);
    }
    if (!is_same(table, expected)) {
        return reject(handle, path, "it is of another version than the agent",
                      ret_why);
    }
    return table;
}
