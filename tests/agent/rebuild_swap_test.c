/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A copy takes the data's place, torn apart before each of its steps, in one
 * run after the other: what is there at that moment starts no server, and the
 * next call brings it to the same end. The folders hold a word in place of
 * data: `old` or `new`.
 */

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cmocka_all.h"
#include "files.h"
#include "own_put.h"
#include "paths.h"
#include "rebuild_folder.h"
#include "rebuild_kept.h"
#include "rebuild_swap.h"
#include "salvage_parts.h"

#define STEPS_MAX 200
#define KILLED 9

static char top[] = "/tmp/pgward-swap-XXXXXX";
static char why_buf[2048];
static struct text why;

/* --- what the code calls, counted ----------------------------------------- */

static int steps_left;          /* 0: as many as it wants */

static void
step(void)
{
    if (steps_left > 0 && --steps_left == 0) {
        _exit(KILLED);
    }
}

int
rename(const char *old, const char *new)
{
    step();
    return renameat(AT_FDCWD, old, AT_FDCWD, new);
}

int
renameat2(int oldfd, const char *old, int newfd, const char *new,
          unsigned flags)
{
    static int (*real)(int, const char *, int, const char *, unsigned);

    if (real == NULL) {
        *(void **) &real = dlsym(RTLD_NEXT, "renameat2");
    }
    step();
    return real(oldfd, old, newfd, new, flags);
}

int
mkdir(const char *path, mode_t mode)
{
    step();
    return mkdirat(AT_FDCWD, path, mode);
}

int
symlink(const char *from, const char *to)
{
    step();
    return symlinkat(from, AT_FDCWD, to);
}

int
unlinkat(int fd, const char *name, int flag)
{
    static int (*real)(int, const char *, int);

    if (real == NULL) {
        *(void **) &real = dlsym(RTLD_NEXT, "unlinkat");
    }
    step();
    return real(fd, name, flag);
}

int
chmod(const char *file, mode_t mode)
{
    step();
    return fchmodat(AT_FDCWD, file, mode, 0);
}

/* --- folders -------------------------------------------------------------- */

static const char *
at(const char *below)
{
    static char paths[8][PATH_SIZE];
    static unsigned next;

    next = (next + 1) % 8;
    assert_int_equal(path_join(top, below, paths[next]), 0);
    return paths[next];
}

static void
put(const char *folder, const char *name, const char *word)
{
    char path[PATH_SIZE];

    assert_int_equal(path_join(folder, name, path), 0);
    for (char *slash = strchr(path + 1, '/'); slash != NULL;
         slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        (void) mkdir(path, 0700);
        *slash = '/';
    }
    assert_int_equal(files_write(path, word, strlen(word), 0600), 0);
}

static bool
holds(const char *folder, const char *name, const char *word)
{
    char path[PATH_SIZE];
    char bytes[16];
    size_t len;

    return path_join(folder, name, path) == 0
           && files_read(path, bytes, sizeof(bytes), &len) == 0
           && strcmp(bytes, word) == 0;
}

static void
assert_link(const char *folder, const char *name, const char *target)
{
    char path[PATH_SIZE];
    char found[PATH_SIZE];

    assert_int_equal(path_join(folder, name, path), 0);
    assert_int_equal(path_read_link(path, found, sizeof(found)), 0);
    assert_string_equal(found, target);
}

/* A tablespace that both have, one that the primary alone has, and pg_wal. */
static void
fill(const char *data, const char *wal, const char *space, const char *added,
     const char *word)
{
    char link[PATH_SIZE];

    put(data, "PG_VERSION", "15\n");
    put(data, "global/pg_control", word);
    put(data, "base/1/1", word);
    put(data, "postgresql.conf", word);
    put(data, "pg_tblspc/x", word);
    put(wal, "000000010000000000000001", word);
    put(space, "PG_15_2022/1/1", word);
    assert_int_equal(path_join(data, "pg_wal", link), 0);
    assert_int_equal(symlink(wal, link), 0);
    assert_int_equal(path_join(data, "pg_tblspc/16384", link), 0);
    assert_int_equal(symlink(space, link), 0);
    if (added != NULL) {
        put(added, "PG_15_2022/1/1", word);
        assert_int_equal(path_join(data, "pg_tblspc/16999", link), 0);
        assert_int_equal(symlink(added, link), 0);
    }
}

struct places {
    struct rebuild_folder data;
    struct rebuild_folder wal;
    struct rebuild_folder space;
    struct rebuild_folder added;
    uint64_t inode;
};

static void
name(struct rebuild_folder *folder, const char *below, bool inside)
{
    (void) text_copy(at(below), folder->path, PATH_SIZE);
    assert_int_equal(rebuild_folder_name(folder, inside, 3), 0);
}

static void
make_places(bool inside, struct places *places)
{
    struct stat info;

    assert_true(salvage_remove_folder(top, 0) == 0 || errno == ENOENT);
    name(&places->data, "data", inside);
    name(&places->wal, "disk/wal", !inside);
    name(&places->space, "space", inside);
    name(&places->added, "added", true);
    fill(places->data.path, places->wal.path, places->space.path, NULL, "old");
    put(places->data.path, "of-old", "old");
    put(places->data.path, REBUILD_GIVES_WAY, "");
    put(places->space.path, "PG_14_2021/1/1", "other");
    put(places->data.path, "lost+found/x", "other");
    put(places->data.path, "pgward/pgsql_tmp.pgward-old-2/x", "other");
    put(places->added.path, "x", "other");
    fill(places->data.fresh, places->wal.fresh, places->space.fresh,
         places->added.fresh, "new");
    put(places->data.fresh, "of-new", "new");
    assert_int_equal(stat(places->data.path, &info), 0);
    places->inode = (uint64_t) info.st_ino;
    assert_int_equal(chmod(places->data.path, 0702), 0);
}

static int
swap(const struct places *places, char *ret_old)
{
    text_init(&why, why_buf, sizeof(why_buf));
    return rebuild_swap_run(places->data.path, places->inode, ret_old, &why);
}

/* --- what holds ----------------------------------------------------------- */

static bool
is_whole(const char *data, const char *word)
{
    return holds(data, "base/1/1", word)
           && holds(data, "pg_wal/000000010000000000000001", word)
           && holds(data, "pg_tblspc/16384/PG_15_2022/1/1", word)
           && holds(data, "postgresql.conf", word);
}

/* What lies in it, of one and nothing of the other. */
static bool
is_only(const char *data, const char *word)
{
    bool is_new = strcmp(word, "new") == 0;

    return holds(data, "PG_VERSION", "15\n") && holds(data, "base/1/1", word)
           && holds(data, "postgresql.conf", word)
           && holds(data, "of-new", "new") == is_new
           && holds(data, "of-old", "old") == !is_new;
}

/* Without pg_control, or writable for all, no server starts. */
static void
assert_safe(const struct places *places, int at_step)
{
    const char *data = places->data.path;
    struct stat info;

    assert_int_equal(stat(data, &info), 0);
    if ((holds(data, "global/pg_control", "old") && !is_only(data, "old"))
        || (holds(data, "global/pg_control", "new")
            && !is_only(data, "new"))) {
        fail_msg("before step %d pg_control is there, and half of it is not",
                 at_step);
    }
    if ((info.st_mode & S_IWOTH) != 0
        || (!holds(data, "global/pg_control", "old")
            && !holds(data, "global/pg_control", "new"))) {
        return;
    }
    if (!is_whole(data, "old") && !is_whole(data, "new")) {
        fail_msg("what is there before step %d could be started", at_step);
    }
}

static void
assert_done(const struct places *places)
{
    const char *data = places->data.path;
    const char *old = places->data.old;
    struct stat info;

    assert_true(is_whole(data, "new"));
    assert_true(holds(data, "global/pg_control", "new"));
    assert_true(holds(data, "pg_tblspc/16999/PG_15_2022/1/1", "new"));
    assert_true(holds(data, "of-new", "new"));
    assert_false(holds(data, "of-old", "old"));
    assert_link(data, "pg_wal", places->wal.path);
    assert_link(data, "pg_tblspc/16384", places->space.path);
    assert_link(data, "pg_tblspc/16999", places->added.path);
    assert_true(is_whole(old, "old"));
    assert_true(holds(old, "global/pg_control", "old"));
    assert_true(holds(old, "of-old", "old"));
    assert_link(old, "pg_wal", places->wal.old);
    assert_link(old, "pg_tblspc/16384", places->space.old);
    assert_int_equal(stat(old, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0700);
    assert_true(holds(places->space.path, "PG_14_2021/1/1", "other"));
    assert_true(holds(places->added.path, "x", "other"));
    assert_int_equal(files_exists(places->data.fresh), 0);
    assert_int_equal(files_exists(places->wal.fresh), 0);
    assert_int_equal(files_exists(places->space.fresh), 0);
    assert_int_equal(files_exists(places->added.fresh), 0);
    if (rebuild_folder_is_inside(&places->data)) {
        assert_true(holds(data, "lost+found/x", "other"));
        assert_true(holds(data, "pgward/pgsql_tmp.pgward-old-2/x", "other"));
    }
}

/* In a process of its own; true: it was killed before its last step. */
static bool
swap_until(const struct places *places, int steps)
{
    char old[PATH_SIZE] = "";
    int status;
    pid_t pid = fork();

    if (pid == 0) {
        steps_left = steps;
        _exit(swap(places, old) == 0 ? 0 : 1);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_int_not_equal(WEXITSTATUS(status), 1);
    return WEXITSTATUS(status) == KILLED;
}

static void
tear_everywhere(bool inside)
{
    struct places places = { .inode = 0 };
    char old[PATH_SIZE] = "";
    int steps = 0;
    bool killed = true;

    while (killed) {
        make_places(inside, &places);
        killed = swap_until(&places, ++steps);
        assert_safe(&places, steps);
        /* and the next one, too, a step on */
        if (swap_until(&places, 2)) {
            assert_safe(&places, steps);
        }
        if (swap(&places, old) != 0) {
            fail_msg("step %d: %s", steps, why_buf);
        }
        assert_done(&places);
        assert_int_equal(swap(&places, old), 0);
        assert_string_equal(old, "");
        assert_done(&places);
        assert_true(steps < STEPS_MAX);
    }
    assert_true(steps > 10);
}

static void
ends_the_same_wherever_an_exchange_is_torn(void **state)
{
    (void) state;
    tear_everywhere(false);
}

static void
ends_the_same_wherever_a_swap_inside_is_torn(void **state)
{
    (void) state;
    tear_everywhere(true);
}

static void
puts_nothing_aside_that_was_not_marked(void **state)
{
    struct places places = { .inode = 0 };
    char old[PATH_SIZE] = "";

    (void) state;
    for (int inside = 0; inside < 2; inside++) {
        make_places(inside == 1, &places);
        places.inode = 1;
        assert_int_equal(swap(&places, old), -1);
        assert_non_null(strstr(why_buf, "marked"));
        assert_true(is_whole(places.data.path, "old"));
        assert_true(is_whole(places.data.fresh, "new"));
    }
}

static void
takes_an_empty_folder_for_no_data(void **state)
{
    struct places places = { .inode = 0 };
    char old[PATH_SIZE] = "";

    (void) state;
    make_places(true, &places);
    assert_int_equal(rename(places.data.path, at("elsewhere")), 0);
    assert_int_equal(mkdir(places.data.path, 0700), 0);
    assert_int_equal(swap(&places, old), -1);
    assert_non_null(strstr(why_buf, "neither data nor a copy"));
}

/* Somebody needed room: the data that it was made for is not the copy. */
static void
takes_no_data_for_a_copy_that_is_gone(void **state)
{
    struct places places = { .inode = 0 };
    char old[PATH_SIZE] = "";

    (void) state;
    for (int inside = 0; inside < 2; inside++) {
        make_places(inside == 1, &places);
        assert_int_equal(salvage_remove_folder(places.data.fresh, 0), 0);
        assert_int_equal(swap(&places, old), -1);
        assert_non_null(strstr(why_buf, "is gone"));
        assert_true(is_whole(places.data.path, "old"));
    }
}

static void
writes_nothing_over(void **state)
{
    struct places places = { .inode = 0 };
    char old[PATH_SIZE] = "";

    (void) state;
    make_places(true, &places);
    put(places.wal.old, "x", "mine");
    put(places.wal.path, "000000010000000000000001", "mine");
    put(places.wal.fresh, "000000010000000000000001", "new");
    assert_int_equal(swap(&places, old), -1);
    assert_non_null(strstr(why_buf, "could not write over"));
    assert_true(holds(places.wal.path, "000000010000000000000001", "mine"));
}

/* --- what is kept --------------------------------------------------------- */

static void
removes_the_oldest_with_all_that_it_leads_to(void **state)
{
    const struct salvage_limits one = { .keep = 1 };
    const struct salvage_limits none = { .keep = 0 };
    struct places places = { .inode = 0 };
    char old[PATH_SIZE] = "";

    (void) state;
    for (int inside = 0; inside < 2; inside++) {
        make_places(inside == 1, &places);
        assert_int_equal(swap(&places, old), 0);
        assert_int_equal(rebuild_kept_prune(places.data.path, &one, &why), 0);
        assert_int_equal(files_exists(places.data.old), 1);
        assert_int_equal(files_exists(
            at("data/pgward/pgsql_tmp.pgward-old-2")), 0);
        assert_int_equal(rebuild_kept_prune(places.data.path, &none, &why), 0);
        assert_int_equal(files_exists(places.data.old), 0);
        assert_int_equal(files_exists(places.wal.old), 0);
        assert_int_equal(files_exists(places.space.old), 0);
        assert_true(is_whole(places.data.path, "new"));
    }
}

/* Who took a kept folder for data of today, by `cp -a`, shares its links. */
static void
removes_nothing_that_todays_data_leads_to(void **state)
{
    const struct salvage_limits none = { .keep = 0 };
    struct places places = { .inode = 0 };
    char old[PATH_SIZE] = "";
    char link[PATH_SIZE];

    (void) state;
    for (int inside = 0; inside < 2; inside++) {
        make_places(inside == 1, &places);
        assert_int_equal(swap(&places, old), 0);
        (void) path_join(places.data.path, "pg_wal", link);
        assert_int_equal(own_put_link(link, places.wal.old), 0);
        (void) path_join(places.data.path, "pg_tblspc/16384", link);
        assert_int_equal(own_put_link(link, places.space.old), 0);
        assert_int_equal(rebuild_kept_prune(places.data.path, &none, &why), 0);
        assert_int_equal(files_exists(places.data.old), 0);
        assert_true(holds(places.data.path,
                          "pg_wal/000000010000000000000001", "old"));
        assert_true(holds(places.data.path,
                          "pg_tblspc/16384/PG_15_2022/1/1", "old"));
    }
}

/* This process stands in for the server: it works in its data. */
static void
leaves_what_a_server_runs_in_and_what_a_link_leads_to(void **state)
{
    const struct salvage_limits none = { .keep = 0 };
    struct places places = { .inode = 0 };
    char old[PATH_SIZE] = "";
    char pid[16];

    (void) state;
    make_places(false, &places);
    assert_int_equal(swap(&places, old), 0);
    put(at("elsewhere"), "PG_VERSION", "15\n");
    assert_int_equal(symlink(at("elsewhere"), at("data.pgward-old-1")), 0);
    (void) snprintf(pid, sizeof(pid), "%d\n", (int) getpid());
    put(old, "postmaster.pid", pid);
    assert_int_equal(chdir(old), 0);
    assert_int_equal(rebuild_kept_prune(places.data.path, &none, &why), 0);
    assert_true(is_whole(old, "old"));
    assert_int_equal(chdir("/"), 0);
    assert_int_equal(rebuild_kept_prune(places.data.path, &none, &why), 0);
    assert_int_equal(files_exists(old), 0);
    assert_true(holds(at("data.pgward-old-1"), "PG_VERSION", "15\n"));
}

static void
make_older(const char *path, time_t seconds)
{
    const struct timespec times[] = {
        { .tv_nsec = UTIME_OMIT }, { .tv_sec = time(NULL) - seconds },
    };

    assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
}

static void
removes_what_was_kept_long_enough(void **state)
{
    const struct salvage_limits limits = { .keep = 9, .age_s = 1000 };
    struct places places = { .inode = 0 };
    char old[PATH_SIZE] = "";

    (void) state;
    make_places(true, &places);
    assert_int_equal(swap(&places, old), 0);
    make_older(at("data/pgward/pgsql_tmp.pgward-old-2"), 900);
    assert_int_equal(rebuild_kept_prune(places.data.path, &limits, &why), 0);
    assert_int_equal(files_exists(
        at("data/pgward/pgsql_tmp.pgward-old-2")), 1);
    make_older(at("data/pgward/pgsql_tmp.pgward-old-2"), 1100);
    assert_int_equal(rebuild_kept_prune(places.data.path, &limits, &why), 0);
    assert_int_equal(files_exists(
        at("data/pgward/pgsql_tmp.pgward-old-2")), 0);
    assert_int_equal(files_exists(places.data.old), 1);
    make_older(places.data.old, 1100);
    assert_int_equal(rebuild_kept_prune(places.data.path, &limits, &why), 0);
    assert_int_equal(files_exists(places.data.old), 0);
    assert_int_equal(files_exists(places.space.old), 0);
}

/* Of what is half removed the name says so, and the next call goes on. */
static void
removes_a_little_at_a_time(void **state)
{
    struct salvage_limits limits = { .keep = 0, .deadline_ms = 1 };
    struct places places = { .inode = 0 };
    char old[PATH_SIZE] = "";

    (void) state;
    make_places(false, &places);
    assert_int_equal(swap(&places, old), 0);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(rebuild_kept_prune(places.data.path, &limits, &why),
                         -1);
        assert_int_equal(errno, ETIME);
        assert_string_equal(why_buf, "");
        assert_int_equal(files_exists(old), 0);
        assert_int_equal(files_exists(at("data.pgward-old-3.gone")), 1);
    }
    limits.deadline_ms = 0;
    limits.keep = 9;
    assert_int_equal(rebuild_kept_prune(places.data.path, &limits, &why), 0);
    assert_int_equal(files_exists(places.wal.old), 0);
    assert_int_equal(files_exists(at("data.pgward-old-3.gone")), 0);
    assert_true(is_whole(places.data.path, "new"));
}

static void
removes_inside_what_a_rewind_would_take(void **state)
{
    struct places places = { .inode = 0 };
    char old[PATH_SIZE] = "";

    (void) state;
    for (int inside = 0; inside < 2; inside++) {
        make_places(inside == 1, &places);
        assert_int_equal(swap(&places, old), 0);
        assert_int_equal(rebuild_kept_clear_inside(places.data.path, &why),
                         0);
        assert_int_equal(files_exists(places.data.old), inside == 0);
        assert_int_equal(files_exists(places.space.old), inside == 0);
        assert_int_equal(files_exists(places.wal.old), 0);
        assert_true(is_whole(places.data.path, "new"));
    }
}

static void
knows_its_own_names(void **state)
{
    static const struct {
        const char *path;
        enum rebuild_kind kind;
    } names[] = {
        { "/srv/data.pgward-new-1", REBUILD_FRESH },
        { "/srv/data.pgward-old-12", REBUILD_OLD },
        { "/srv/data.pgward-old-12.part", REBUILD_PART },
        { "/srv/data.pgward-old-12.gone", REBUILD_GONE },
        { "/srv/data/pgward/pgsql_tmp.pgward-old-1", REBUILD_OLD },
        { "/wal.pgward-old-3.pgward-new-4", REBUILD_FRESH },
        { "/srv/data.pgward-new-1.part", REBUILD_OTHER },
        { "/srv/data.pgward-new-", REBUILD_OTHER },
        { "/srv/data.pgward-new-0", REBUILD_OTHER },
        { "/srv/data.pgward-new-1x", REBUILD_OTHER },
        { "/srv/data.pgward-diverged-1", REBUILD_OTHER },
        { "/srv/data.pgward-new-1/x", REBUILD_OTHER },
        { "pgward-old-1", REBUILD_OTHER },
        { "/srv/data", REBUILD_OTHER },
        { "", REBUILD_OTHER },
    };
    struct rebuild_folder folder;

    (void) state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        assert_int_equal(rebuild_folder_kind(names[i].path), names[i].kind);
        assert_int_equal(rebuild_folder_of_fresh(names[i].path, &folder),
                         names[i].kind == REBUILD_FRESH ? 0 : -1);
    }
    assert_int_equal(rebuild_folder_of_fresh(
        "/srv/data/pgward/pgsql_tmp.pgward-new-7", &folder), 0);
    assert_string_equal(folder.path, "/srv/data");
    assert_string_equal(folder.old,
                        "/srv/data/pgward/pgsql_tmp.pgward-old-7");
    assert_true(rebuild_folder_is_inside(&folder));
    (void) text_copy("/", folder.path, PATH_SIZE);
    assert_int_equal(rebuild_folder_name(&folder, true, 1), -1);
}

static int
make_top(void **state)
{
    (void) state;
    text_init(&why, why_buf, sizeof(why_buf));
    return mkdtemp(top) != NULL ? 0 : -1;
}

static int
remove_top(void **state)
{
    (void) state;
    return salvage_remove_folder(top, 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ends_the_same_wherever_an_exchange_is_torn),
        cmocka_unit_test(ends_the_same_wherever_a_swap_inside_is_torn),
        cmocka_unit_test(puts_nothing_aside_that_was_not_marked),
        cmocka_unit_test(takes_an_empty_folder_for_no_data),
        cmocka_unit_test(takes_no_data_for_a_copy_that_is_gone),
        cmocka_unit_test(writes_nothing_over),
        cmocka_unit_test(removes_the_oldest_with_all_that_it_leads_to),
        cmocka_unit_test(removes_nothing_that_todays_data_leads_to),
        cmocka_unit_test(leaves_what_a_server_runs_in_and_what_a_link_leads_to),
        cmocka_unit_test(removes_what_was_kept_long_enough),
        cmocka_unit_test(removes_a_little_at_a_time),
        cmocka_unit_test(removes_inside_what_a_rewind_would_take),
        cmocka_unit_test(knows_its_own_names),
    };

    return cmocka_run_group_tests(tests, make_top, remove_top);
}
