/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files: bounded reads, writing whole or not at all. */

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmocka_all.h"
#include "files.h"

#define ROOM 4096

static char folder[64];
static char path[128];
static char bytes[ROOM];
static size_t len;

static void
in_folder(const char *name, char *ret_path)
{
    assert_true(snprintf(ret_path, 128, "%s/%s", folder, name) < 128);
}

static int
make_folder(void **state)
{
    (void) state;
    (void) snprintf(folder, sizeof(folder), "/tmp/pgward-files.XXXXXX");
    assert_non_null(mkdtemp(folder));
    in_folder("file", path);
    return 0;
}

static int
remove_folder(void **state)
{
    static const char *const names[] = {
        "file", "link", "other", "file.pgward.tmp", "new/deep", "new", "pipe",
    };

    (void) state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        char name[128];

        in_folder(names[i], name);
        (void) remove(name);
    }
    return rmdir(folder);
}

static void
write_text(const char *name, const char *content)
{
    assert_int_equal(files_write(name, content, strlen(content), 0640), 0);
}

static void
assert_content(const char *name, const char *content)
{
    assert_int_equal(files_read(name, bytes, sizeof(bytes), &len), 0);
    assert_string_equal(bytes, content);
    assert_int_equal(len, strlen(content));
}

static void
reads_a_whole_file_or_says_that_it_is_too_large(void **state)
{
    (void) state;
    write_text(path, "1234567");
    assert_int_equal(files_read(path, bytes, 8, &len), 0);
    assert_string_equal(bytes, "1234567");
    len = 99;
    assert_int_equal(files_read(path, bytes, 7, &len), -1);
    assert_int_equal(errno, EFBIG);
    assert_int_equal(len, 99);
    assert_int_equal(files_read_head(path, bytes, 4, &len), 0);
    assert_string_equal(bytes, "123");
    assert_int_equal(files_read_tail(path, bytes, 4, &len), 0);
    assert_string_equal(bytes, "567");
    assert_int_equal(files_read_tail(path, bytes, 99, &len), 0);
    assert_string_equal(bytes, "1234567");
}

static void
reads_files_whose_size_the_kernel_does_not_say(void **state)
{
    (void) state;
    assert_int_equal(files_read("/proc/self/stat", bytes, sizeof(bytes),
                                &len), 0);
    assert_true(len > 10);
}

static void
reads_regular_files_only(void **state)
{
    char pipe_path[128];

    (void) state;
    assert_int_equal(files_read(folder, bytes, sizeof(bytes), &len), -1);
    assert_int_equal(errno, EISDIR);
    assert_int_equal(files_read("/dev/null", bytes, sizeof(bytes), &len), -1);
    in_folder("pipe", pipe_path);
    assert_int_equal(mkfifo(pipe_path, 0600), 0);
    assert_int_equal(files_read(pipe_path, bytes, sizeof(bytes), &len), -1);
    assert_int_equal(files_read(path, bytes, sizeof(bytes), &len), -1);
    assert_int_equal(errno, ENOENT);
    assert_int_equal(files_read_head(path, bytes, sizeof(bytes), &len), -1);
    assert_int_equal(files_read_tail(path, bytes, sizeof(bytes), &len), -1);
}

static void
replaces_a_file_and_keeps_its_mode_and_owner(void **state)
{
    struct stat before;
    struct stat after;

    (void) state;
    write_text(path, "one");
    assert_int_equal(chmod(path, 0604), 0);
    if (geteuid() == 0) {
        assert_int_equal(chown(path, 1, 2), 0);
    }
    assert_int_equal(stat(path, &before), 0);
    write_text(path, "two");
    assert_content(path, "two");
    assert_int_equal(stat(path, &after), 0);
    assert_int_equal(after.st_mode & 07777, 0604);
    assert_int_equal(after.st_uid, before.st_uid);
    assert_int_equal(after.st_gid, before.st_gid);
    assert_int_not_equal(after.st_ino, before.st_ino);
}

static void
leaves_a_file_alone_that_holds_these_bytes(void **state)
{
    struct stat before;
    struct stat after;

    (void) state;
    write_text(path, "same");
    assert_int_equal(stat(path, &before), 0);
    write_text(path, "same");
    assert_int_equal(stat(path, &after), 0);
    assert_int_equal(after.st_ino, before.st_ino);
}

static void
is_not_stopped_by_what_a_killed_action_left(void **state)
{
    char left[128];

    (void) state;
    in_folder("file.pgward.tmp", left);
    write_text(left, "half");
    write_text(path, "whole");
    assert_content(path, "whole");
    assert_int_equal(files_exists(left), 0);
}

static void
never_writes_through_a_link(void **state)
{
    char link[128];
    char other[128];

    (void) state;
    in_folder("link", link);
    in_folder("other", other);
    write_text(other, "safe");
    assert_int_equal(symlink(other, link), 0);
    assert_int_equal(files_write(link, "x", 1, 0600), -1);
    assert_int_equal(errno, ELOOP);
    assert_int_equal(files_touch(link, 0600), -1);
    assert_content(other, "safe");
}

static void
fails_without_a_folder(void **state)
{
    (void) state;
    assert_int_equal(files_write("/nonexistent/file", "x", 1, 0600), -1);
    assert_int_equal(files_touch("/nonexistent/file", 0600), -1);
    assert_int_equal(files_remove("/nonexistent/file"), 0);
}

/* A link is what it leads to. */
static void
knows_a_file_by_any_name(void **state)
{
    char other[512];
    struct stat info;

    (void) state;
    (void) snprintf(other, sizeof(other), "%s/other", folder);
    assert_false(files_are_same(path, path));
    assert_false(files_has_inode(path, 0));
    assert_int_equal(files_touch(path, 0600), 0);
    assert_int_equal(symlink(path, other), 0);
    assert_int_equal(stat(path, &info), 0);
    assert_true(files_are_same(path, other));
    assert_false(files_are_same(path, folder));
    assert_true(files_has_inode(other, info.st_ino));
    assert_false(files_has_inode(folder, info.st_ino));
    assert_int_equal(unlink(other), 0);
    assert_int_equal(files_remove(path), 0);
}

static void
touches_and_removes_any_number_of_times(void **state)
{
    (void) state;
    assert_int_equal(files_exists(path), 0);
    assert_int_equal(files_touch(path, 0600), 0);
    assert_int_equal(files_touch(path, 0600), 0);
    assert_int_equal(files_exists(path), 1);
    assert_content(path, "");
    assert_int_equal(files_remove(path), 0);
    assert_int_equal(files_remove(path), 0);
    assert_int_equal(files_exists(path), 0);
    assert_int_equal(files_remove(folder), -1);
}

static void
makes_folders_with_their_parents(void **state)
{
    char deep[128];
    struct stat info;

    (void) state;
    in_folder("new/deep//", deep);
    assert_int_equal(files_make_folder(deep, geteuid(), getegid(), 02775,
                                       false), 0);
    assert_int_equal(stat(deep, &info), 0);
    assert_int_equal(info.st_mode & 07777, 02775);
    assert_int_equal(files_make_folder(deep, geteuid(), getegid(), 0700,
                                       false), 0);
    assert_int_equal(stat(deep, &info), 0);
    assert_int_equal(info.st_mode & 07777, 02775);
    assert_int_equal(files_make_folder(deep, geteuid(), getegid(), 0700,
                                       true), 0);
    assert_int_equal(stat(deep, &info), 0);
    assert_int_equal(info.st_mode & 07777, 0700);
}

static void
opens_folders_and_nothing_else(void **state)
{
    DIR *open_folder;
    char target[128];

    (void) state;
    in_folder("new", target);
    in_folder("link", path);
    assert_int_equal(mkdir(target, 0700), 0);
    assert_int_equal(symlink("new", path), 0);
    open_folder = files_open_folder(AT_FDCWD, path, 0);
    assert_non_null(open_folder);
    assert_int_equal(closedir(open_folder), 0);
    assert_null(files_open_folder(AT_FDCWD, path, O_NOFOLLOW));
    in_folder("file", path);
    write_text(path, "");
    assert_null(files_open_folder(AT_FDCWD, path, 0));
    assert_int_equal(errno, ENOTDIR);
    in_folder("other", path);
    assert_null(files_open_folder(AT_FDCWD, path, 0));
    assert_int_equal(errno, ENOENT);
}

static void
changes_no_folder_through_a_link(void **state)
{
    char link[128];
    char target[128];
    struct stat info;

    (void) state;
    in_folder("new", target);
    in_folder("link", link);
    assert_int_equal(mkdir(target, 0711), 0);
    assert_int_equal(symlink(target, link), 0);
    assert_int_equal(files_make_folder(link, geteuid(), getegid(), 0700,
                                       true), 0);
    assert_int_equal(stat(target, &info), 0);
    assert_int_equal(info.st_mode & 07777, 0711);
    write_text(path, "a file");
    assert_int_equal(files_make_folder(path, geteuid(), getegid(), 0700,
                                       true), -1);
    assert_int_equal(files_make_folder("", 0, 0, 0700, true), -1);
}

static void
adds_a_line_once_and_takes_it_out_again(void **state)
{
    static const char line[] = "include '/t/rep_mode.conf' # added";

    (void) state;
    write_text(path, "a = 1\r\n\n# no end");
    assert_int_equal(files_line_present(path, line, true), 0);
    assert_content(path, "a = 1\r\n\n# no end\n"
                         "include '/t/rep_mode.conf' # added\n");
    assert_int_equal(files_line_present(path, line, true), 0);
    assert_content(path, "a = 1\r\n\n# no end\n"
                         "include '/t/rep_mode.conf' # added\n");
    write_text(path, "x\n  include '/t/rep_mode.conf' # added \ny\n"
                     "include '/t/rep_mode.conf' # added\n"
                     "# include '/t/rep_mode.conf' # added");
    assert_int_equal(files_line_present(path, line, false), 0);
    assert_content(path, "x\ny\n# include '/t/rep_mode.conf' # added");
    assert_int_equal(files_line_present(path, line, false), 0);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(files_line_present(path, line, true), -1);
}

static void
edits_the_file_behind_a_link_of_our_own_only(void **state)
{
    char link[128];
    struct stat info;

    (void) state;
    in_folder("link", link);
    write_text(path, "a\n");
    assert_int_equal(symlink(path, link), 0);
    assert_int_equal(files_line_present(link, "b", true), 0);
    assert_int_equal(lstat(link, &info), 0);
    assert_true(S_ISLNK(info.st_mode));
    assert_content(path, "a\nb\n");
    if (geteuid() == 0) {
        assert_int_equal(lchown(link, 1, 1), 0);
        assert_int_equal(files_line_present(link, "c", true), -1);
        assert_int_equal(errno, ELOOP);
    }
}

static void
refuses_a_configuration_with_a_nul(void **state)
{
    (void) state;
    assert_int_equal(files_write(path, "a\0b", 3, 0600), 0);
    assert_int_equal(files_line_present(path, "c", true), -1);
}

#define TEST(name) \
    cmocka_unit_test_setup_teardown(name, make_folder, remove_folder)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(reads_a_whole_file_or_says_that_it_is_too_large),
        TEST(reads_files_whose_size_the_kernel_does_not_say),
        TEST(reads_regular_files_only),
        TEST(replaces_a_file_and_keeps_its_mode_and_owner),
        TEST(leaves_a_file_alone_that_holds_these_bytes),
        TEST(is_not_stopped_by_what_a_killed_action_left),
        TEST(never_writes_through_a_link),
        TEST(fails_without_a_folder),
        TEST(knows_a_file_by_any_name),
        TEST(touches_and_removes_any_number_of_times),
        TEST(makes_folders_with_their_parents),
        TEST(opens_folders_and_nothing_else),
        TEST(changes_no_folder_through_a_link),
        TEST(adds_a_line_once_and_takes_it_out_again),
        TEST(edits_the_file_behind_a_link_of_our_own_only),
        TEST(refuses_a_configuration_with_a_nul),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
