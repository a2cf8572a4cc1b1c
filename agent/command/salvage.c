/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `pgward salvage`: look at what a node had and the cluster has not. */

#include "command.h"

#include <errno.h>
#include <getopt.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clock.h"
#include "files.h"
#include "helper.h"
#include "identity.h"
#include "salvage.h"

#define LIMIT_MS (INT64_C(24) * 60 * 60 * 1000)
#define README_SIZE 32768

/* What was asked of `list`. */
struct asked {
    const char *folder;
    const char *bindir;         /* NULL: as the README says */
    bool anew;
};

static int
usage(FILE *where)
{
    (void) fputs("usage: pgward salvage list [--bindir DIR] [--anew] FOLDER\n"
                 "       pgward salvage open [OPTION]... FOLDER\n"
                 "\n"
                 "list prints the transactions of kept WAL "
                 "(….pgward-diverged-N) that committed after\n"
                 "the fork: LSN, xid, time, whether the client can have been "
                 "told of it, relations.\n"
                 "open starts a throw-away server on a copy of an old state; "
                 "'pgward salvage open\n"
                 "--help' has its options.\n"
                 "\n"
                 "  -b, --bindir DIR  PostgreSQL's programs\n"
                 "  -a, --anew        read the WAL again, for a list that was "
                 "made before\n"
                 "  -h, --help        this text\n"
                 "\n"
                 "Exit code: 0; 1 nothing committed there; 2 usage; 3 it "
                 "could not be done.\n", where);
    return where == stdout ? COMMAND_OK : COMMAND_USAGE;
}

/* Programs run elsewhere: they need the whole path. */
static int
find_folder(const char *given, char ret_folder[PATH_SIZE])
{
    char *real = realpath(given, NULL);
    int rc = real == NULL ? -1 : text_copy(real, ret_folder, PATH_SIZE);

    if (rc != 0) {
        (void) fprintf(stderr, "pgward: could not look at '%s': %s\n", given,
                       real == NULL ? strerror(errno) : "its path is long");
    }
    free(real);
    return rc;
}

/* Whose folder is it? Root acts as the owner; all others have to be that. */
static int
find_owner(const char *folder, struct identity *ret_owner)
{
    const struct passwd *owner;
    struct stat info;

    if (stat(folder, &info) != 0) {
        (void) fprintf(stderr, "pgward: could not look at '%s': %s\n", folder,
                       strerror(errno));
        return -1;
    }
    owner = info.st_uid == 0 ? NULL : getpwuid(info.st_uid);
    if (owner == NULL || identity_find(owner->pw_name, ret_owner) != 0
        || (geteuid() != 0 && geteuid() != info.st_uid)) {
        (void) fprintf(stderr, "pgward: run this as the owner of '%s', the "
                       "database's user, or as root\n", folder);
        return -1;
    }
    return 0;
}

/* --- list -------------------------------------------------------------- */

static int
print_table(const struct asked *asked)
{
    char path[PATH_SIZE + 16];
    char part[4096];
    struct text text;
    FILE *table;
    size_t got;
    bool any = false;

    text_init(&text, path, sizeof(path));
    text_add(&text, "%s/transactions", asked->folder);
    table = fopen(path, "re");
    if (table == NULL) {
        (void) fprintf(stderr, "pgward: could not read '%s': %s\n", path,
                       strerror(errno));
        return COMMAND_FAILED;
    }
    for (bool begins = true; fgets(part, sizeof(part), table) != NULL;
         begins = part[strlen(part) - 1] == '\n') {
        any = any || (begins && part[0] != '#');
        (void) fputs(part, stdout);
    }
    got = (size_t) ferror(table);
    (void) fclose(table);       /* nothing was written */
    if (got != 0 || fflush(stdout) != 0) {
        return COMMAND_FAILED;
    }
    return any ? COMMAND_OK : COMMAND_NO;
}

/* Where pg_ctl is: what `list` runs lies beside it. */
static int
find_pgctl(const struct asked *asked, char ret_pgctl[PATH_SIZE])
{
    static char readme[README_SIZE];
    char path[PATH_SIZE + 16];
    const char *folder = asked->bindir;
    size_t folder_len = folder != NULL ? strlen(folder) : 0;
    struct text text;
    size_t len;

    text_init(&text, path, sizeof(path));
    text_add(&text, "%s/README", asked->folder);
    if (folder == NULL
        && files_read(path, readme, sizeof(readme), &len) == 0) {
        folder = strstr(readme, "\nprograms: ");
        folder = folder != NULL ? folder + strlen("\nprograms: ") : NULL;
        folder_len = folder != NULL ? strcspn(folder, "\n") : 0;
    }
    if (folder == NULL) {
        (void) fprintf(stderr, "pgward: name PostgreSQL's programs with "
                       "--bindir: '%s' does not\n", path);
        return -1;
    }
    text_init(&text, ret_pgctl, PATH_SIZE);
    text_add(&text, "%.*s/pg_ctl", (int) folder_len, folder);
    return text.overflow ? -1 : 0;
}

static int
make_table(const struct asked *asked, const struct identity *owner)
{
    static struct params params;
    static char pgctl[PATH_SIZE];
    const struct salvage_listing listing = {
        .params = &params, .identity = owner, .folder = asked->folder,
        .acknowledged = "unknown",
        .deadline_ms = clock_now_ms() + LIMIT_MS,
    };
    struct salvage_counts counts;
    char buf[2048];
    struct text why;

    if (find_pgctl(asked, pgctl) != 0) {
        return -1;
    }
    params.pgctl = pgctl;
    params.pglibs = "";
    params.pgdba = owner->name;
    text_init(&why, buf, sizeof(buf));
    if (salvage_list(&listing, &counts, &why) != 0) {
        (void) fprintf(stderr, "pgward: %s\n", buf);
        return -1;
    }
    return 0;
}

static int
list(int argc, char **argv)
{
    static const struct option options[] = {
        { "bindir", required_argument, NULL, 'b' },
        { "anew", no_argument, NULL, 'a' },
        { "help", no_argument, NULL, 'h' },
        { NULL, 0, NULL, 0 },
    };
    struct asked asked = { 0 };
    struct identity owner = { 0 };
    char folder[PATH_SIZE];
    char path[PATH_SIZE + 16];
    struct text text;
    int option;

    while ((option = getopt_long(argc, argv, "b:ah", options, NULL)) != -1) {
        if (option == 'h') {
            return usage(stdout);
        }
        if (option == 'b') {
            asked.bindir = optarg;
        } else if (option == 'a') {
            asked.anew = true;
        } else {
            return usage(stderr);
        }
    }
    if (optind + 1 != argc) {
        return usage(stderr);
    }
    asked.folder = folder;
    if (find_folder(argv[optind], folder) != 0
        || find_owner(folder, &owner) != 0) {
        return COMMAND_FAILED;
    }
    text_init(&text, path, sizeof(path));
    text_add(&text, "%s/transactions", asked.folder);
    if ((asked.anew || files_exists(path) == 0)
        && make_table(&asked, &owner) != 0) {
        return COMMAND_FAILED;
    }
    return print_table(&asked);
}

/* --- open -------------------------------------------------------------- */

/* For good: what is run from here on trusts nothing that root owns. */
static int
become_owner(const struct identity *owner)
{
    if (geteuid() != 0) {
        return 0;
    }
    if (identity_become_for_good(owner) != 0
        || (access(".", X_OK) != 0 && chdir("/") != 0)) {
        (void) fprintf(stderr, "pgward: could not become user '%s': %s\n",
                       owner->name, strerror(errno));
        return -1;
    }
    return 0;
}

static int
open_old(int argc, char **argv)
{
    char folder[PATH_SIZE];
    struct identity owner = { 0 };

    /* the folder is the last word; of the others the script knows */
    if (argc > 1 && argv[argc - 1][0] != '-') {
        if (find_folder(argv[argc - 1], folder) != 0
            || find_owner(folder, &owner) != 0 || become_owner(&owner) != 0) {
            return COMMAND_FAILED;
        }
        argv[argc - 1] = folder;
    }
    return helper_exec("salvage-open", argv);
}

int
verb_salvage(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "list") == 0) {
        return list(argc - 1, argv + 1);
    }
    if (argc > 1 && strcmp(argv[1], "open") == 0) {
        return open_old(argc - 1, argv + 1);
    }
    if (argc > 1 && (strcmp(argv[1], "--help") == 0
                     || strcmp(argv[1], "-h") == 0)) {
        return usage(stdout);
    }
    return usage(stderr);
}
