/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Naming the transactions of a kept folder. */

#include "salvage.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cleanup.h"
#include "files.h"
#include "line.h"
#include "postgres_tools.h"
#include "salvage_parts.h"
#include "waldump.h"

#define OPEN_COUNT 8192             /* 2 MB */
#define OUTPUT_SIZE 4096
#define TICK_BYTES (4 * 1024 * 1024)
#define VALUE_SIZE 64

/* What the README says of the WAL. */
struct about {
    struct wal_position fork;
    uint32_t timeline;
    uint64_t segment_size;
    lsn first;
    lsn last;
};

/* A call of salvage_list(). */
struct list {
    const struct salvage_listing *listing;
    struct about about;
    int folder;
    FILE *table;
    struct waldump dump;
    struct salvage_counts counts;
    uint64_t lines_max;
    lsn told;                       /* to `tick` */
    bool failed;                    /* to write; errno is `cause` */
    int cause;
    struct text *why;
};

/* --- the README ----------------------------------------------------------- */

static int
find_value(const char *readme, const char *key, char *ret_value)
{
    const char *line = strstr(readme, key);
    struct text text;

    if (line == NULL) {
        return -1;
    }
    line += strlen(key);
    text_init(&text, ret_value, VALUE_SIZE);
    text_add_bytes(&text, line, strcspn(line, "\n"));
    return text.overflow ? -1 : 0;
}

static int
find_number(const char *readme, const char *key, uint64_t max,
            uint64_t *ret_number)
{
    char value[VALUE_SIZE];
    const char *rest;

    if (find_value(readme, key, value) != 0) {
        return -1;
    }
    rest = line_read_number(value, max, ret_number);
    return rest != NULL && *rest == '\0' ? 0 : -1;
}

static int
read_about(const char *readme, struct about *ret_about)
{
    struct about about = { 0 };
    char value[VALUE_SIZE];
    uint64_t timeline;

    if (find_value(readme, "\nfork: ", value) != 0
        || wal_position_parse(value, &about.fork) != 0
        || find_value(readme, "\nWAL from: ", value) != 0
        || lsn_parse_sql(value, &about.first) != 0
        || find_value(readme, "\nWAL to: ", value) != 0
        || lsn_parse_sql(value, &about.last) != 0
        || find_number(readme, "\ntimeline: ", UINT32_MAX, &timeline) != 0
        || find_number(readme, "\nsegment size: ", UINT32_MAX,
                       &about.segment_size) != 0
        || timeline == 0 || about.segment_size < 1024
        || about.last <= about.first) {
        return -1;
    }
    about.timeline = (uint32_t) timeline;
    *ret_about = about;
    return 0;
}

static int
open_kept(struct list *list)
{
    const char *folder = list->listing->folder;
    char path[PATH_SIZE + 16];
    CLEANUP(free_text) char *readme = malloc(SALVAGE_README_SIZE);
    struct text text;
    size_t len;

    if (readme == NULL) {
        return -1;
    }
    text_init(&text, path, sizeof(path));
    text_add(&text, "%s/" SALVAGE_README, folder);
    list->folder = open(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW
                        | O_CLOEXEC);
    if (list->folder < 0
        || files_read(path, readme, SALVAGE_README_SIZE, &len) != 0) {
        text_add(list->why, "could not read '%s': %s. Name a folder of kept "
                 "WAL", folder, strerror(errno));
        return -1;
    }
    if (read_about(readme, &list->about) != 0) {
        errno = EINVAL;
        text_add(list->why, "name another folder: the README of '%s' is not "
                 "one of kept WAL", folder);
        return -1;
    }
    return 0;
}

/* --- links that pg_waldump can follow from end to end --------------------- */

/*
 * It reads one timeline. A node's past may have several, so each segment gets
 * a name of the newest one; page headers may carry older ones.
 */
static int
link_segment(const struct list *list, int links, const char *name)
{
    const struct about *about = &list->about;
    uint64_t each = (UINT64_C(1) << 32) / about->segment_size;
    char number[9] = "";
    char from[NAME_MAX + 4];
    char to[SEGMENT_NAME_SIZE];
    struct text text;
    uint64_t segment;

    memcpy(number, name + 8, 8);
    segment = strtoull(number, NULL, 16) * each;
    memcpy(number, name + 16, 8);
    segment += strtoull(number, NULL, 16);
    salvage_wal_name(about->timeline, segment, about->segment_size, to);
    text_init(&text, from, sizeof(from));
    text_add(&text, "../%s", name);
    return symlinkat(from, links, to);
}

static bool
is_segment(const char *name)
{
    return strspn(name, "0123456789ABCDEF") == 24
           && (name[24] == '\0' || strcmp(name + 24, ".partial") == 0);
}

static int
make_links(const struct list *list)
{
    CLEANUP(close_fd) int links = -1;
    CLEANUP(close_folder)
    DIR *folder = files_open_folder(list->folder, ".", 0);
    const struct dirent *entry;

    if (folder == NULL || mkdirat(list->folder, SALVAGE_READ, 0700) != 0) {
        return -1;
    }
    links = openat(list->folder, SALVAGE_READ,
                   O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    while (links >= 0 && (entry = readdir(folder)) != NULL) {
        if (is_segment(entry->d_name)
            && link_segment(list, links, entry->d_name) != 0) {
            return -1;
        }
    }
    return links < 0 ? -1 : 0;
}

static void
remove_links(const struct list *list)
{
    char path[PATH_SIZE + 16];
    struct text text;

    text_init(&text, path, sizeof(path));
    text_add(&text, "%s/" SALVAGE_READ, list->listing->folder);
    (void) salvage_remove_folder(path, 0);  /* mostly it is not there */
}

/* --- the table ------------------------------------------------------------ */

static void
write_line(void *context, const struct waldump_commit *commit)
{
    struct list *list = context;
    char position[LSN_TEXT_SIZE];

    list->counts.transactions++;
    list->counts.last_xid = commit->xid;
    if (list->counts.first_xid == 0) {
        list->counts.first_xid = commit->xid;
    }
    if (list->counts.transactions > list->lines_max) {
        list->counts.left_out++;
        return;
    }
    lsn_format_sql(commit->lsn, position);
    (void) fprintf(list->table, "%s\t%" PRIu32 "\t%s\t%s\t", position,
                   commit->xid, commit->time, list->listing->acknowledged);
    for (size_t i = 0; i < commit->relations.count; i++) {
        const struct waldump_relation *one = &commit->relations.relation[i];

        (void) fprintf(list->table, "%s%" PRIu32 "/%" PRIu32 "/%" PRIu32,
                       i > 0 ? " " : "", one->space, one->database,
                       one->file);
    }
    /* errors are remembered by the stream */
    (void) fprintf(list->table, "%s%s\n",
                   commit->relations.count == 0 ? "-" : "",
                   commit->relations.more ? " +"
                   : commit->incomplete ? " ?" : "");
}

static bool
take(void *context, const char *bytes, size_t len)
{
    struct list *list = context;
    const struct salvage_listing *listing = list->listing;

    waldump_feed(&list->dump, bytes, len);
    if (ferror(list->table)) {
        return false;
    }
    if (listing->tick == NULL || list->dump.last < list->told + TICK_BYTES) {
        return true;
    }
    list->told = list->dump.last;
    return listing->tick(listing->context, list->told - list->about.first,
                         list->about.last - list->about.first);
}

/* WAL ends where a record is not right any more: never quite in peace. */
static int
run_waldump(struct list *list)
{
    const struct salvage_listing *listing = list->listing;
    char program[PATH_MAX];
    char folder[PATH_SIZE + 16];
    char timeline[16];
    char start[LSN_TEXT_SIZE];
    char output[OUTPUT_SIZE];
    struct text text;
    const char *argv[] = {
        program, "-p", folder, "-t", timeline, "-s", start, NULL,
    };
    const struct postgres_tools_run run = {
        .params = listing->params, .user = listing->identity,
        .name = program, .argv = argv, .plain_language = true,
        .deadline_ms = listing->deadline_ms, .take = take, .context = list,
    };
    char said[OUTPUT_SIZE];
    struct text words;

    if (postgres_tools_path(listing->params, "pg_waldump", program) != 0) {
        errno = ENOENT;
        text_add(list->why, "install pg_waldump beside '%s': it is not there",
                 listing->params->pgctl);
        return -1;
    }
    text_init(&text, folder, sizeof(folder));
    text_add(&text, "%s/" SALVAGE_READ, listing->folder);
    text_init(&text, timeline, sizeof(timeline));
    text_add(&text, "%" PRIu32, list->about.timeline);
    lsn_format_sql(list->about.first, start);
    text_init(&words, said, sizeof(said));
    if (postgres_tools_run(&run, output, sizeof(output), &words) == 0
        || (errno == 0 && list->dump.records > 0)) {
        return 0;
    }
    list->cause = errno;
    text_add(list->why, "%s", said);
    errno = list->cause;
    return -1;
}

static void
end_table(struct list *list)
{
    const struct about *about = &list->about;
    char position[LSN_TEXT_SIZE];

    list->counts.end = list->dump.last;
    lsn_format_sql(list->dump.last, position);
    /* a record that was cut may begin in the last segment but one */
    list->counts.broken = list->dump.last / about->segment_size + 2
                          < about->last / about->segment_size;
    (void) fprintf(list->table, "# %" PRIu64 " transactions; the last record "
                   "begins at %s\n", list->counts.transactions, position);
    if (list->counts.left_out > 0) {
        (void) fprintf(list->table, "# %" PRIu64 " of them, the newest, are "
                       "left out: there is room for %" PRIu64 "\n",
                       list->counts.left_out, list->lines_max);
    }
    if (list->counts.broken) {
        (void) fprintf(list->table, "# pg_waldump could not read on, and "
                       "segments go on: there may be more transactions\n");
    }
}

static int
open_table(struct list *list)
{
    int fd;

    if (unlinkat(list->folder, SALVAGE_TABLE SALVAGE_PART, 0) != 0
        && errno != ENOENT) {
        return -1;
    }
    fd = openat(list->folder, SALVAGE_TABLE SALVAGE_PART,
                O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    list->table = fd < 0 ? NULL : fdopen(fd, "w");
    if (list->table == NULL) {
        close_fd(&fd);
        return -1;
    }
    (void) fprintf(list->table, "# LSN\txid\tcommitted\tacknowledged\t"
                   "relations: tablespace/database/file; + and others, ? "
                   "perhaps others\n");
    return 0;
}

static int
close_table(struct list *list)
{
    bool failed = fflush(list->table) != 0 || ferror(list->table) != 0
                  || fsync(fileno(list->table)) != 0;
    int cause = errno;

    if (fclose(list->table) != 0 && !failed) {
        failed = true;
        cause = errno;
    }
    list->table = NULL;
    errno = cause;
    return failed ? -1 : 0;
}

static int
make_table(struct list *list, struct waldump_open *open)
{
    int rc;

    list->dump.from = list->about.fork.lsn;
    list->dump.commit = write_line;
    list->dump.context = list;
    list->dump.open = open;
    list->dump.open_count = OPEN_COUNT;
    list->told = list->about.first;
    rc = run_waldump(list);
    if (rc == 0) {
        end_table(list);
    }
    if (close_table(list) != 0
        || (rc == 0
            && renameat(list->folder, SALVAGE_TABLE SALVAGE_PART,
                        list->folder, SALVAGE_TABLE) != 0)
        || fsync(list->folder) != 0) {
        list->cause = errno;
        text_add(list->why, "could not write in '%s': %s",
                 list->listing->folder, strerror(errno));
        rc = -1;
    }
    if (rc != 0) {
        (void) unlinkat(list->folder, SALVAGE_TABLE SALVAGE_PART, 0);
        errno = list->cause;
    }
    return rc;
}

static int
list_kept(struct list *list)
{
    struct waldump_open *open;
    int rc = -1;

    if (open_kept(list) != 0) {
        return -1;
    }
    open = calloc(OPEN_COUNT, sizeof(*open));
    remove_links(list);
    if (open == NULL || make_links(list) != 0 || open_table(list) != 0) {
        list->cause = errno;
        text_add(list->why, "could not write in '%s': %s",
                 list->listing->folder, strerror(errno));
    } else {
        rc = make_table(list, open);
    }
    remove_links(list);
    free(open);
    errno = list->cause;
    return rc;
}

int
salvage_list(const struct salvage_listing *listing,
             struct salvage_counts *ret_counts, struct text *ret_why)
{
    struct list list = {
        .listing = listing, .folder = -1, .why = ret_why,
        .lines_max = listing->lines_max != 0 ? listing->lines_max
                                             : SALVAGE_LINES_MAX,
    };
    int rc;
    int cause;

    if (salvage_become(listing->params, listing->identity, ret_why) != 0) {
        return -1;
    }
    rc = list_kept(&list);
    cause = errno;
    close_fd(&list.folder);
    identity_return();
    if (rc == 0) {
        *ret_counts = list.counts;
    }
    errno = cause;
    return rc;
}
