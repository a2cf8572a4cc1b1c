/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The sizes of tables' files before a rewind. pg_rewind copies of a file that
 * is shorter than the primary's the rest only, and of one that it finds in
 * both, what this node's WAL says that it changed. What an interrupted run has
 * added is in no WAL of this node: another primary's, or after a power cut
 * nobody's. So it goes before the next run.
 */

#include "salvage.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cleanup.h"
#include "files.h"
#include "line.h"
#include "salvage_parts.h"

#define DEPTH_MAX 5             /* pg_tblspc/OID/PG_15_…/DATABASE/FILE */
#define SHORT_PATH 256          /* of a table's file, in PGDATA */
#define LAST_LINE "end"
#define LIST_MAX (UINT64_C(1024) * 1024 * 1024)

/* A look at each table's file. */
struct walk {
    char path[SHORT_PATH];
    int (*see)(struct walk *walk, int folder, const char *name,
               const struct stat *info);
    FILE *list;                 /* noting */
    char *bytes;                /* cutting: the list */
    const char **line;          /* its lines, sorted by path */
    size_t lines;
    size_t count;
};

static int
walk_folder(struct walk *walk, int parent, const char *name, int depth);

/* Of tables the files begin with a digit; the rest is copied as a whole. */
static int
look_at(struct walk *walk, int folder, const char *name, int depth)
{
    size_t len = strlen(walk->path);
    struct stat info;
    struct text text;
    int rc = 0;

    if (fstatat(folder, name, &info, AT_SYMLINK_NOFOLLOW) != 0) {
        return errno == ENOENT ? 0 : -1;
    }
    text_init(&text, walk->path + len, sizeof(walk->path) - len);
    text_add(&text, "%s%s", len > 0 ? "/" : "", name);
    if (text.overflow) {
        errno = ENAMETOOLONG;
        rc = -1;
    } else if (S_ISDIR(info.st_mode)
               || (S_ISLNK(info.st_mode)
                   && strncmp(walk->path, "pg_tblspc/", 10) == 0)) {
        rc = walk_folder(walk, folder, name, depth + 1);
    } else if (S_ISREG(info.st_mode) && isdigit((unsigned char) name[0])) {
        rc = walk->see(walk, folder, name, &info);
    }
    walk->path[len] = '\0';
    return rc;
}

static int
walk_folder(struct walk *walk, int parent, const char *name, int depth)
{
    CLEANUP(close_folder)
    DIR *folder = files_open_folder(parent, name, 0);
    const struct dirent *entry;

    if (folder == NULL) {
        return errno == ENOENT && depth > 1 ? 0 : -1;   /* a link to nothing */
    }
    while ((entry = readdir(folder)) != NULL) {
        if (entry->d_name[0] != '.' && depth <= DEPTH_MAX
            && look_at(walk, dirfd(folder), entry->d_name, depth) != 0) {
            return -1;
        }
    }
    return walk->list == NULL ? fsync(dirfd(folder)) : 0;
}

static int
walk_tables(struct walk *walk, const char *pgdata)
{
    static const char *const roots[] = { "base", "global", "pg_tblspc" };
    CLEANUP(close_fd)
    int fd = open(pgdata, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0) {
        return -1;
    }
    for (size_t i = 0; i < sizeof(roots) / sizeof(roots[0]); i++) {
        memcpy(walk->path, roots[i], strlen(roots[i]) + 1);
        if (walk_folder(walk, fd, roots[i], 1) != 0) {
            return -1;
        }
    }
    return 0;
}

/* --- noting --------------------------------------------------------------- */

static int
note_one(struct walk *walk, int folder, const char *name,
         const struct stat *info)
{
    (void) folder;
    (void) name;
    return fprintf(walk->list, "%s %" PRIu64 "\n", walk->path,
                   (uint64_t) info->st_size) < 0 ? -1 : 0;
}

/* Its last line says that it is whole. */
static int
write_list(struct walk *walk, const char *pgdata, int kept)
{
    int fd = openat(kept, SALVAGE_FILES,
                    O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC,
                    0600);
    int rc;

    walk->list = fd < 0 ? NULL : fdopen(fd, "w");
    if (walk->list == NULL) {
        close_fd(&fd);
        return -1;
    }
    rc = walk_tables(walk, pgdata);
    if (rc == 0
        && (fputs(LAST_LINE "\n", walk->list) < 0 || fflush(walk->list) != 0
            || fsync(fd) != 0 || fsync(kept) != 0)) {
        rc = -1;
    }
    if (fclose(walk->list) != 0) {
        rc = -1;
    }
    return rc;
}

int
salvage_note_files(const struct params *params,
                   const struct identity *identity, const char *folder,
                   struct text *ret_why)
{
    struct walk walk = { .see = note_one };
    CLEANUP(close_fd) int kept = -1;
    int rc;

    if (salvage_become(params, identity, ret_why) != 0) {
        return -1;
    }
    kept = open(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    rc = kept < 0 ? -1 : write_list(&walk, params->pgdata, kept);
    if (rc != 0) {
        text_add(ret_why, "look at pgdata: the sizes of its files could not "
                 "be noted: %s. They go into '%s'", strerror(errno), folder);
    }
    identity_return();
    return rc;
}

/* --- cutting -------------------------------------------------------------- */

static int
compare_lines(const void *a, const void *b)
{
    return strcmp(*(const char *const *) a, *(const char *const *) b);
}

/* `PATH SIZE` becomes `PATH`, and its size after the NUL. */
static int
split_list(struct walk *walk)
{
    char *line = walk->bytes;
    char *end;

    while ((end = strchr(line, '\n')) != NULL) {
        char *space = strchr(line, ' ');
        uint64_t size;
        const char *rest;

        *end = '\0';
        if (strcmp(line, LAST_LINE) == 0 && end[1] == '\0') {
            return 0;
        }
        rest = space == NULL || space > end
               ? NULL : line_read_number(space + 1, INT64_MAX, &size);
        if (rest == NULL || *rest != '\0') {
            break;
        }
        *space = '\0';
        walk->line[walk->lines++] = line;
        line = end + 1;
    }
    errno = EINVAL;
    return -1;
}

/* The caller frees `bytes` and `line`. */
static int
read_list(struct walk *walk, int kept)
{
    CLEANUP(close_fd)
    int fd = openat(kept, SALVAGE_FILES, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    struct stat info;
    size_t size;
    size_t lines = 1;

    if (fd < 0 || fstat(fd, &info) != 0) {
        return -1;
    }
    size = (size_t) info.st_size;
    if (!S_ISREG(info.st_mode) || size > LIST_MAX) {
        errno = EINVAL;
        return -1;
    }
    walk->bytes = calloc(1, size + 1);
    if (walk->bytes == NULL) {
        return -1;
    }
    for (size_t at = 0; at < size;) {
        ssize_t got = read(fd, walk->bytes + at, size - at);

        if (got <= 0) {
            errno = got < 0 ? errno : EINVAL;
            return -1;
        }
        at += (size_t) got;
    }
    for (const char *c = walk->bytes; *c != '\0'; c++) {
        lines += *c == '\n';
    }
    walk->line = calloc(lines, sizeof(*walk->line));
    if (walk->line == NULL || split_list(walk) != 0) {
        return -1;
    }
    qsort(walk->line, walk->lines, sizeof(*walk->line), compare_lines);
    return 0;
}

static int
cut_one(struct walk *walk, int folder, const char *name,
        const struct stat *info)
{
    const char *path = walk->path;
    const char *const *found = bsearch(&path, walk->line, walk->lines,
                                       sizeof(*walk->line), compare_lines);
    CLEANUP(close_fd) int fd = -1;
    uint64_t size = 0;

    if (found == NULL) {
        walk->count++;
        return unlinkat(folder, name, 0);
    }
    (void) line_read_number(*found + strlen(*found) + 1, INT64_MAX, &size);
    if ((uint64_t) info->st_size <= size) {
        return 0;
    }
    walk->count++;
    fd = openat(folder, name, O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
    return fd >= 0 && ftruncate(fd, (off_t) size) == 0 ? fsync(fd) : -1;
}

int
salvage_files_cut(const char *pgdata, int kept, size_t *ret_count)
{
    struct walk walk = { .see = cut_one };
    int rc = read_list(&walk, kept);

    rc = rc == 0 ? walk_tables(&walk, pgdata) : rc;
    free(walk.line);
    free(walk.bytes);
    if (rc == 0) {
        *ret_count = walk.count;
    }
    return rc;
}
