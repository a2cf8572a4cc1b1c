/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which transactions committed, out of what pg_waldump prints. */

#include <stdlib.h>
#include <string.h>

#include "cmocka_all.h"
#include "text.h"
#include "waldump.h"

#define OPEN_COUNT 64

static struct waldump_open places[OPEN_COUNT];
static struct waldump dump;
static char told_buf[8192];
static struct text told;

/* One line for each commit: xid, LSN, what is special, relations. */
static void
tell(void *context, const struct waldump_commit *commit)
{
    char position[LSN_TEXT_SIZE];

    (void) context;
    lsn_format_sql(commit->lsn, position);
    text_add(&told, "%u %s", commit->xid, position);
    if (commit->prepared) {
        text_add(&told, " prepared");
    }
    if (commit->subtransactions > 0) {
        text_add(&told, " +%d", (int) commit->subtransactions);
    }
    for (size_t i = 0; i < commit->relations.count; i++) {
        const struct waldump_relation *one = &commit->relations.relation[i];

        text_add(&told, " %u/%u/%u", one->space, one->database, one->file);
    }
    text_add(&told, "%s%s\n", commit->relations.more ? " more" : "",
             commit->incomplete ? " incomplete" : "");
}

static void
begin(size_t open_count, lsn from)
{
    memset(places, 0, sizeof(places));
    memset(&dump, 0, sizeof(dump));
    text_init(&told, told_buf, sizeof(told_buf));
    dump.from = from;
    dump.commit = tell;
    dump.open = places;
    dump.open_count = open_count;
}

static const char *
read_text(const char *text)
{
    begin(OPEN_COUNT, 0);
    waldump_feed(&dump, text, strlen(text));
    return told_buf;
}

/* What a real server of version 15 printed, with other records between. */
static const char version_15[] =
    "rmgr: Heap        len (rec/tot):     59/    59, tx:        725, lsn: "
    "0/01528E48, prev 0/01528E10, desc: INSERT+INIT off 1 flags 0x00, blkref "
    "#0: rel 1663/5/16384 blk 0\n"
    "rmgr: Heap        len (rec/tot):     59/    59, tx:        726, lsn: "
    "0/01528E88, prev 0/01528E48, desc: INSERT off 2 flags 0x00, blkref #0: "
    "rel 1663/5/16384 blk 0\n"
    "rmgr: Btree       len (rec/tot):     64/    64, tx:        726, lsn: "
    "0/01528EC8, prev 0/01528E88, desc: INSERT_LEAF off 2, blkref #0: rel "
    "1663/5/16389 blk 1\n"
    "rmgr: Heap        len (rec/tot):     59/    59, tx:        727, lsn: "
    "0/01528F58, prev 0/01528EC8, desc: INSERT off 3 flags 0x00, blkref #0: "
    "rel 1663/5/16399 blk 0\n"
    "rmgr: Transaction len (rec/tot):     34/    34, tx:        727, lsn: "
    "0/01528F98, prev 0/01528F58, desc: ABORT 2026-11-27 10:46:10.159370 "
    "UTC\n"
    "rmgr: Transaction len (rec/tot):     46/    46, tx:        725, lsn: "
    "0/01528FC0, prev 0/01528F98, desc: COMMIT 2026-11-27 10:46:10.159421 "
    "UTC; subxacts: 726\n"
    "rmgr: Heap        len (rec/tot):     54/  7890, tx:        728, lsn: "
    "0/01529030, prev 0/01528FC0, desc: INSERT off 4 flags 0x00, blkref #0: "
    "rel 1663/5/16384 fork init blk 0 FPW\n"
    "rmgr: Transaction len (rec/tot):    250/   250, tx:        728, lsn: "
    "0/01529070, prev 0/01529030, desc: PREPARE gid gid one; x: y: "
    "2026-11-27 10:46:10.159686 UTC\n"
    "rmgr: Transaction len (rec/tot):     34/    34, tx:        729, lsn: "
    "0/015291F0, prev 0/01529070, desc: ABORT 2026-11-27 10:46:10.159940 "
    "UTC\n"
    "rmgr: Transaction len (rec/tot):     42/    42, tx:          0, lsn: "
    "0/01529218, prev 0/015291F0, desc: COMMIT_PREPARED 728: 2026-11-27 "
    "10:46:10.160035 UTC\n"
    "rmgr: Transaction len (rec/tot):    242/   242, tx:        730, lsn: "
    "0/015292C8, prev 0/01529218, desc: PREPARE gid g2: 2026-11-27 "
    "10:46:10.160374 UTC\n"
    "rmgr: Transaction len (rec/tot):     42/    42, tx:          0, lsn: "
    "0/015293C0, prev 0/015292C8, desc: ABORT_PREPARED 730: 2026-11-27 "
    "10:46:10.160547 UTC\n"
    "rmgr: Transaction len (rec/tot):    361/   361, tx:        734, lsn: "
    "0/0152F338, prev 0/015293C0, desc: COMMIT 2026-11-27 10:46:10.163987 "
    "UTC; rels: base/5/16388 global/1262 "
    "pg_tblspc/16385/PG_15_202209061/5/16384; dropped stats: 2/5/16391; "
    "subxacts: 735 736; inval msgs: catcache 55 relcache 16384; sync; origin: "
    "node 1, lsn 0/1, at 2026-11-27 10:46:10.163987 UTC\n"
    "rmgr: XLOG        len (rec/tot):     24/    24, tx:          0, lsn: "
    "0/015312D0, prev 0/0152F338, desc: SWITCH \n"
    "pg_waldump: error: error in WAL record at 0/2000108: invalid record "
    "length at 0/2000130: wanted 24, got 0\n";

static const char version_15_told[] =
    "725 0/1528FC0 +1 1663/5/16384 1663/5/16389\n"
    "728 0/1529218 prepared 1663/5/16384\n"
    "734 0/152F338 +2 1663/5/16388 1664/0/1262 16385/5/16384\n";

static void
tells_what_committed_of_version_15(void **state)
{
    (void) state;
    assert_string_equal(read_text(version_15), version_15_told);
    assert_int_equal(dump.commits, 3);
    assert_int_equal(dump.records, 14);
    assert_true(dump.last == 0x15312D0);
    for (size_t i = 0; i < OPEN_COUNT; i++) {
        assert_int_equal(places[i].xid, 0);
    }
}

static void
keeps_the_time_as_printed(void **state)
{
    (void) state;
    (void) read_text(version_15);
    assert_string_equal(dump.now.time, "2026-11-27 10:46:10.163987 UTC");
}

static void
takes_the_text_in_any_pieces(void **state)
{
    (void) state;
    for (size_t piece = 1; piece < 100; piece++) {
        const char *rest = version_15;

        begin(OPEN_COUNT, 0);
        while (*rest != '\0') {
            size_t len = strnlen(rest, piece);

            waldump_feed(&dump, rest, len);
            rest += len;
        }
        assert_string_equal(told_buf, version_15_told);
    }
}

static void
tells_nothing_from_before_the_fork(void **state)
{
    (void) state;
    begin(OPEN_COUNT, 0x1528FC1);
    waldump_feed(&dump, version_15, strlen(version_15));
    assert_string_equal(told_buf, strchr(version_15_told, '\n') + 1);
    begin(OPEN_COUNT, 0x1528FC0);
    waldump_feed(&dump, version_15, strlen(version_15));
    assert_string_equal(told_buf, version_15_told);
}

/* Version 10 has no `flags`, 16 has colons and commas, 17 lists of tuples. */
static void
reads_older_and_newer_versions(void **state)
{
    (void) state;
    assert_string_equal(read_text(
        "rmgr: Heap        len (rec/tot):      3/   751, tx: 1592894815, lsn: "
        "421/7BFF9B60, prev 421/7BFF9A98, desc: INSERT off 1, blkref #0: rel "
        "1663/16385/18650 blk 8455231\n"
        "rmgr: Transaction len (rec/tot):     34/    34, tx: 1592894815, lsn: "
        "421/7BFFA1F8, prev 421/7BFF9B60, desc: COMMIT 2024-01-31 "
        "15:30:00.123456 KST\n"), "1592894815 421/7BFFA1F8 1663/16385/18650\n");
    assert_string_equal(read_text(
        "rmgr: Heap        len (rec/tot):     72/    72, tx:        784, lsn: "
        "0/1584F1C0, prev 0/1584F198, desc: INSERT off: 2, flags: 0x00, blkref "
        "#0: rel 1663/16386/16420 blk 0\n"
        "rmgr: Heap2       len (rec/tot):     66/  8200, tx:        784, lsn: "
        "0/1584F208, prev 0/1584F1C0, desc: PRUNE_ON_ACCESS "
        "snapshotConflictHorizon: 0, isCatalogRel: F, nplans: 0, nredirected: "
        "1, ndead: 1, nunused: 0, redirected: [1->2], dead: [3], blkref #0: "
        "rel 1663/16386/16425, blk 1 FPW\n"
        "rmgr: Transaction len (rec/tot):     34/    34, tx:        784, lsn: "
        "0/1584F248, prev 0/1584F208, desc: COMMIT 2026-01-29 14:32:15.855243 "
        "UTC; relcache init file inval dbid 5 tsid 1663; inval msgs: catcache "
        "80\n"), "784 0/1584F248 1663/16386/16420 1663/16386/16425\n");
}

/* A user names prepared transactions, with line ends where he likes. */
static void
is_not_fooled_by_names_that_look_like_records(void **state)
{
    (void) state;
    assert_string_equal(read_text(
        "rmgr: Transaction len (rec/tot):    250/   250, tx:        728, lsn: "
        "0/100, prev 0/50, desc: PREPARE gid x\n"
        "rmgr: Transaction len (rec/tot):     34/    34, tx:        999, lsn: "
        "0/60, prev 0/40, desc: COMMIT 2026-11-27 10:46:10.1 UTC\n"
        ": 2026-11-27 10:46:10.2 UTC\n"
        "rmgr: Transaction len (rec/tot):     34/    34, tx:        729, lsn: "
        "0/200, prev 0/100, desc: COMMIT 2026-11-27 10:46:10.3 UTC\n"),
        "729 0/200\n");
}

static void
finds_its_way_back_behind_a_record_that_is_missing(void **state)
{
    (void) state;
    assert_string_equal(read_text(
        "rmgr: Transaction len (rec/tot): 34/ 34, tx: 1, lsn: 0/100, prev "
        "0/50, desc: COMMIT 2026-11-27 10:46:10.1 UTC\n"
        "rmgr: Transaction len (rec/tot): 34/ 34, tx: 2, lsn: 0/300, prev "
        "0/200, desc: COMMIT 2026-11-27 10:46:10.2 UTC\n"
        "rmgr: Transaction len (rec/tot): 34/ 34, tx: 3, lsn: 0/400, prev "
        "0/300, desc: COMMIT 2026-11-27 10:46:10.3 UTC\n"
        "rmgr: Transaction len (rec/tot): 34/ 34, tx: 4, lsn: 0/500, prev "
        "0/400, desc: COMMIT 2026-11-27 10:46:10.4 UTC\n"),
        "1 0/100\n3 0/400\n4 0/500\n");
}

static void
passes_over_what_is_no_record(void **state)
{
    static const char *const lines[] = {
        "\n\n \n", "first record is after 0/3000000, at 0/3000028\n",
        "rmgr:\n", "rmgr: Transaction\n",
        "rmgr: Transaction tx: x, lsn: 0/1, prev 0/0, desc: COMMIT now\n",
        "rmgr: Transaction tx: 5,, lsn: 0/1, prev 0/0, desc: COMMIT now\n",
        "rmgr: Transaction tx: 4294967296, lsn: 0/1, desc: COMMIT now\n",
        "rmgr: Transaction tx: 5, lsn: 0-1, prev 0/0, desc: COMMIT now\n",
        "rmgr: Transaction tx: 5, lsn: 0/1,x prev 0/0, desc: COMMIT now\n",
        "rmgr: Transaction tx: 5, lsn: 0/1234567890123456789012, desc: "
            "COMMIT now\n",
        "rmgr: Transaction tx: 5, prev 0/0, desc: COMMIT now\n",
        "rmgr: Transaction tx: 5, lsn: 0/1, prev 0/0, desc: COMMIT\n",
        "rmgr: Transaction tx: 5, lsn: 0/1, prev 0/0, desc: COMMIT_PREPARED "
            "x: now\n",
        "rmgr: Transaction tx: 5, lsn: 0/1, prev 0/0, desc: COMMIT now",
        "rmgr: Transaction tx: 5, lsn: 0/1, prev 0/0, desc: COMMITS now\n",
        "rmgr: Transaction tx: 5, lsn: 0/1, prev 0/0, desc: ABORT now\n",
    };

    (void) state;
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        if (read_text(lines[i])[0] != '\0') {
            fail_msg("%s: %s", lines[i], told_buf);
        }
    }
}

static void
passes_over_what_is_no_relation(void **state)
{
    (void) state;
    assert_string_equal(read_text(
        "rmgr: Heap tx: 5, lsn: 0/1, prev 0/0, desc: X blkref x blkref #0: x "
        "blkref #0: rel 1663/5 blkref #0: rel 1663/5/6x blkref #0: rel "
        "a/b/c\n"
        "rmgr: Heap tx: 0, lsn: 0/2, prev 0/1, desc: X, blkref #0: rel "
        "1663/5/6\n"
        "rmgr: Transaction tx: 5, lsn: 0/3, prev 0/2, desc: COMMIT now; rels: "
        "x base/5 base/5/6/7 global/x pg_tblspc/x pg_tblspc/7 pg_tblspc/7/ "
        "pg_tblspc/7/8 pg_tblspc/7/8/9; subxacts: x 6;\n"),
        "5 0/3 +1\n");
}

/* A line `tx` touches a relation, made with the position behind the last. */
static void
feed_touch(uint32_t xid, uint32_t relation)
{
    char line[256];
    struct text text;

    text_init(&text, line, sizeof(line));
    text_add(&text, "rmgr: Heap tx: %u, lsn: 0/%X, prev 0/%X, desc: INSERT, "
             "blkref #0: rel 1663/5/%u blk 0\n", xid,
             (unsigned) dump.last + 16, (unsigned) dump.last, relation);
    assert_false(text.overflow);
    waldump_feed(&dump, line, text.len);
}

static void
feed_commit(uint32_t xid)
{
    char line[256];
    struct text text;

    text_init(&text, line, sizeof(line));
    text_add(&text, "rmgr: Transaction tx: %u, lsn: 0/%X, prev 0/%X, desc: "
             "COMMIT 2026-11-27 10:46:10.1 UTC\n", xid,
             (unsigned) dump.last + 16, (unsigned) dump.last);
    waldump_feed(&dump, line, text.len);
}

static void
a_full_set_prefers_the_users_relations(void **state)
{
    (void) state;
    begin(OPEN_COUNT, 0);
    for (uint32_t i = 0; i < WALDUMP_RELATIONS; i++) {
        feed_touch(7, i == 0 ? 20000 : 1200 + i);
    }
    feed_touch(7, 1300);
    feed_touch(7, 20001);
    feed_touch(7, 20001);
    feed_commit(7);
    assert_string_equal(told_buf,
        "7 0/140 1663/5/20000 1663/5/20001 1663/5/1202 1663/5/1203 "
        "1663/5/1204 1663/5/1205 1663/5/1206 1663/5/1207 1663/5/1208 "
        "1663/5/1209 1663/5/1210 1663/5/1211 1663/5/1212 1663/5/1213 "
        "1663/5/1214 1663/5/1215 more\n");
    begin(OPEN_COUNT, 0);
    for (uint32_t i = 0; i <= WALDUMP_RELATIONS; i++) {
        feed_touch(7, 20000 + i);
    }
    feed_commit(7);
    assert_null(strstr(told_buf, "20016"));
    assert_non_null(strstr(told_buf, "20015 more\n"));
}

/* The one that was silent longest goes, and what is told is marked. */
static void
forgets_when_there_is_no_more_room_and_says_so(void **state)
{
    (void) state;
    begin(2, 0);
    feed_touch(1, 20001);
    feed_touch(2, 20002);
    feed_touch(1, 20001);
    feed_touch(3, 20003);
    assert_int_equal(dump.forgotten, 1);
    feed_commit(1);
    feed_commit(2);
    feed_commit(3);
    assert_string_equal(told_buf, "1 0/50 1663/5/20001\n"
                                  "2 0/60 incomplete\n"
                                  "3 0/70 1663/5/20003\n");
}

static void
reads_a_line_of_any_length(void **state)
{
    static const char begins[] =
        "rmgr: Transaction tx: 10, lsn: 0/100, prev 0/20, desc: COMMIT "
        "2026-11-27 10:46:10.1 UTC; subxacts:";
    char number[16];
    struct text text;

    (void) state;
    begin(OPEN_COUNT, 0);
    feed_touch(10, 20000);
    feed_touch(900010, 20001);
    waldump_feed(&dump, begins, strlen(begins));
    for (uint32_t i = 11; i <= 1000010; i++) {
        text_init(&text, number, sizeof(number));
        text_add(&text, " %u", i);
        waldump_feed(&dump, number, text.len);
    }
    waldump_feed(&dump, "; sync\n", 7);
    assert_string_equal(told_buf,
                        "10 0/100 +1000000 1663/5/20001 1663/5/20000\n");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tells_what_committed_of_version_15),
        cmocka_unit_test(keeps_the_time_as_printed),
        cmocka_unit_test(takes_the_text_in_any_pieces),
        cmocka_unit_test(tells_nothing_from_before_the_fork),
        cmocka_unit_test(reads_older_and_newer_versions),
        cmocka_unit_test(is_not_fooled_by_names_that_look_like_records),
        cmocka_unit_test(finds_its_way_back_behind_a_record_that_is_missing),
        cmocka_unit_test(passes_over_what_is_no_record),
        cmocka_unit_test(passes_over_what_is_no_relation),
        cmocka_unit_test(a_full_set_prefers_the_users_relations),
        cmocka_unit_test(forgets_when_there_is_no_more_room_and_says_so),
        cmocka_unit_test(reads_a_line_of_any_length),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
