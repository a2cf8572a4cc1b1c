/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Out of pg_waldump's lines: who committed, and what it touched. */

#include "waldump.h"

#include <string.h>

#include "line.h"
#include "text.h"

#define SPACE_DEFAULT 1663      /* pg_default */
#define SPACE_GLOBAL 1664       /* pg_global */
#define PROBE 32                /* places of the table that an xid may have */

/* What the next word of the line should be. */
enum want {
    WANT_LINE = 0,              /* `rmgr:` */
    WANT_MANAGER,
    WANT_KEY,                   /* `tx:`, `lsn:`, `prev`, `desc:` */
    WANT_XID,
    WANT_LSN,
    WANT_PREV,
    WANT_KIND,
    WANT_PREPARED,              /* `728:` */
    WANT_TIME,
    WANT_SECTION,               /* `rels:`, `subxacts:` and others */
    WANT_FILE,
    WANT_CHILD,
    WANT_BLOCK,                 /* `blkref` */
    WANT_BLOCK_NUMBER,
    WANT_REL,
    WANT_RELATION,
    WANT_NOTHING,               /* the rest of the line does not matter */
};

enum kind {
    KIND_OTHER = 0,
    KIND_COMMIT,
    KIND_ABORT,
};

/* --- sets of relations ---------------------------------------------------- */

static bool
is_system(const struct waldump_relation *relation)
{
    return relation->file < WALDUMP_FIRST_USER;
}

/* The place for a relation that is new in a full set, or NULL. */
static struct waldump_relation *
find_system(struct waldump_set *set)
{
    for (size_t i = 0; i < set->count; i++) {
        if (is_system(&set->relation[i])) {
            return &set->relation[i];
        }
    }
    return NULL;
}

static void
set_add(struct waldump_set *set, const struct waldump_relation *relation)
{
    struct waldump_relation *place;

    for (size_t i = 0; i < set->count; i++) {
        if (set->relation[i].file == relation->file
            && set->relation[i].database == relation->database
            && set->relation[i].space == relation->space) {
            return;
        }
    }
    if (set->count < WALDUMP_RELATIONS) {
        set->relation[set->count++] = *relation;
        return;
    }
    set->more = true;
    place = is_system(relation) ? NULL : find_system(set);
    if (place != NULL) {
        *place = *relation;
    }
}

static void
set_add_all(struct waldump_set *set, const struct waldump_set *other)
{
    for (size_t i = 0; i < other->count; i++) {
        set_add(set, &other->relation[i]);
    }
    set->more = set->more || other->more;
}

/* --- transactions under way ----------------------------------------------- */

static struct waldump_open *
probe(const struct waldump *dump, uint32_t xid, size_t step)
{
    return &dump->open[(xid + step) % dump->open_count];
}

static struct waldump_open *
find_open(const struct waldump *dump, uint32_t xid)
{
    for (size_t i = 0; i < PROBE && i < dump->open_count; i++) {
        struct waldump_open *open = probe(dump, xid, i);

        if (open->xid == xid) {
            return open;
        }
    }
    return NULL;
}

/* A place for it: a free one, or that of the one that was silent longest. */
static struct waldump_open *
make_open(struct waldump *dump, uint32_t xid)
{
    struct waldump_open *place = probe(dump, xid, 0);

    for (size_t i = 0; i < PROBE && i < dump->open_count; i++) {
        struct waldump_open *open = probe(dump, xid, i);

        if (open->xid == 0) {
            place = open;
            break;
        }
        if (open->touched < place->touched) {
            place = open;
        }
    }
    dump->forgotten += place->xid != 0;
    memset(place, 0, sizeof(*place));
    place->xid = xid;
    return place;
}

static void
touch(struct waldump *dump, const struct waldump_relation *relation)
{
    struct waldump_open *open = find_open(dump, dump->xid);

    if (open == NULL) {
        open = make_open(dump, dump->xid);
    }
    open->touched = dump->lsn;
    set_add(&open->relations, relation);
}

/* It, or a part of it, has ended: what it touched is the commit's. */
static void
close_open(struct waldump *dump, uint32_t xid)
{
    struct waldump_open *open = xid == 0 ? NULL : find_open(dump, xid);

    if (open != NULL) {
        set_add_all(&dump->now.relations, &open->relations);
        open->xid = 0;
    } else if (dump->forgotten > 0) {
        dump->now.incomplete = true;
    }
}

/* --- words ---------------------------------------------------------------- */

/* A number alone in a word, but for one `end` behind it. */
static bool
read_number(const char *word, const char *ends, uint32_t *ret_value)
{
    uint64_t value;
    const char *rest = line_read_number(word, UINT32_MAX, &value);

    if (rest == NULL
        || (rest[0] != '\0'
            && (strchr(ends, rest[0]) == NULL || rest[1] != '\0'))) {
        return false;
    }
    *ret_value = (uint32_t) value;
    return true;
}

static bool
read_position(const char *word, lsn *ret_lsn)
{
    char text[LSN_TEXT_SIZE];
    size_t len = strcspn(word, ",");

    if (len >= sizeof(text) || (word[len] == ',' && word[len + 1] != '\0')) {
        return false;
    }
    memcpy(text, word, len);
    text[len] = '\0';
    return lsn_parse_sql(text, ret_lsn) == 0;
}

/* Numbers with a slash between two, as many as asked for. */
static bool
read_path(const char *word, uint32_t *ret_number, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        uint64_t value;

        word = line_read_number(word, UINT32_MAX, &value);
        if (word == NULL || (i + 1 < count && *word++ != '/')) {
            return false;
        }
        ret_number[i] = (uint32_t) value;
    }
    return word[0] == '\0'
           || (strchr(";,", word[0]) != NULL && word[1] == '\0');
}

static bool
read_relation(const char *word, struct waldump_relation *ret_relation)
{
    uint32_t number[3];

    if (!read_path(word, number, 3)) {
        return false;
    }
    *ret_relation = (struct waldump_relation){ number[0], number[1],
                                               number[2] };
    return true;
}

/* `base/5/16391`, `global/1262`, `pg_tblspc/16385/PG_15_202209061/5/16391` */
static bool
read_file(const char *word, struct waldump_relation *ret_relation)
{
    struct waldump_relation relation = { 0 };
    uint32_t number[2];
    uint64_t space;
    const char *rest;

    rest = line_after(word, "global/");
    if (rest != NULL && read_path(rest, number, 1)) {
        relation.space = SPACE_GLOBAL;
        relation.file = number[0];
        *ret_relation = relation;
        return true;
    }
    relation.space = SPACE_DEFAULT;
    rest = line_after(word, "base/");
    if (rest == NULL) {
        rest = line_after(word, "pg_tblspc/");
        rest = rest == NULL ? NULL : line_read_number(rest, UINT32_MAX,
                                                      &space);
        rest = rest == NULL ? NULL : strchr(rest + (*rest == '/'), '/');
        if (rest == NULL) {
            return false;
        }
        relation.space = (uint32_t) space;
        rest++;
    }
    if (!read_path(rest, number, 2)) {
        return false;
    }
    relation.database = number[0];
    relation.file = number[1];
    *ret_relation = relation;
    return true;
}

/* --- a line --------------------------------------------------------------- */

/* Does this record follow the last one, or one that did not? */
static bool
follows(struct waldump *dump)
{
    if (dump->lsn == 0) {
        return false;
    }
    if (dump->last == 0 || dump->prev == dump->last
        || (dump->strayed != 0 && dump->prev == dump->strayed)) {
        dump->last = dump->lsn;
        dump->strayed = 0;
        dump->records++;
        return true;
    }
    dump->strayed = dump->lsn;
    return false;
}

static enum want
begin_kind(struct waldump *dump)
{
    static const struct {
        const char *word;
        enum kind kind;
        bool prepared;
    } kinds[] = {
        { "COMMIT", KIND_COMMIT, false },
        { "COMMIT_PREPARED", KIND_COMMIT, true },
        { "ABORT", KIND_ABORT, false },
        { "ABORT_PREPARED", KIND_ABORT, true },
    };

    if (!follows(dump)) {
        return WANT_NOTHING;
    }
    if (!dump->transaction) {
        return dump->xid == 0 ? WANT_NOTHING : WANT_BLOCK;
    }
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (strcmp(dump->word, kinds[i].word) == 0) {
            memset(&dump->now, 0, sizeof(dump->now));
            dump->kind = kinds[i].kind;
            dump->now.xid = dump->xid;
            dump->now.lsn = dump->lsn;
            dump->now.prepared = kinds[i].prepared;
            return kinds[i].prepared ? WANT_PREPARED : WANT_TIME;
        }
    }
    return WANT_NOTHING;
}

static enum want
take_time(struct waldump *dump)
{
    struct text time = {
        .buf = dump->now.time,
        .size = sizeof(dump->now.time),
        .len = strlen(dump->now.time),
    };
    bool last = dump->word[dump->word_len - 1] == ';';

    text_add(&time, "%s%.*s", time.len > 0 ? " " : "",
             (int) (dump->word_len - last), dump->word);
    return last ? WANT_SECTION : WANT_TIME;
}

static enum want
take_section(const char *word)
{
    if (strcmp(word, "rels:") == 0) {
        return WANT_FILE;
    }
    return strcmp(word, "subxacts:") == 0 ? WANT_CHILD : WANT_SECTION;
}

/* The next section begins behind a word that ends in a semicolon. */
static enum want
in_section(const struct waldump *dump, enum want same)
{
    return dump->word[dump->word_len - 1] == ';' ? WANT_SECTION : same;
}

static enum want
take_key(struct waldump *dump)
{
    static const struct {
        const char *word;
        enum want want;
    } keys[] = {
        { "tx:", WANT_XID }, { "lsn:", WANT_LSN }, { "prev", WANT_PREV },
        { "desc:", WANT_KIND },
    };

    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        if (strcmp(dump->word, keys[i].word) == 0) {
            return keys[i].want;
        }
    }
    return WANT_KEY;
}

/* The words of every record. */
static enum want
take_head(struct waldump *dump, enum want want)
{
    const char *word = dump->word;

    if (want == WANT_LINE) {
        dump->xid = 0;
        dump->lsn = 0;
        dump->prev = 0;
        dump->kind = KIND_OTHER;
        return strcmp(word, "rmgr:") == 0 ? WANT_MANAGER : WANT_NOTHING;
    }
    if (want == WANT_MANAGER) {
        dump->transaction = strcmp(word, "Transaction") == 0;
        return WANT_KEY;
    }
    if (want == WANT_KEY) {
        return take_key(dump);
    }
    if (want == WANT_XID) {
        return read_number(word, ",", &dump->xid) ? WANT_KEY : WANT_NOTHING;
    }
    return read_position(word, want == WANT_LSN ? &dump->lsn : &dump->prev)
           ? WANT_KEY : WANT_NOTHING;
}

/* The words of a record that ends a transaction. */
static enum want
take_end(struct waldump *dump, enum want want)
{
    struct waldump_relation relation;
    uint32_t xid;

    if (want == WANT_PREPARED) {
        return read_number(dump->word, ":", &dump->now.xid) ? WANT_TIME
                                                            : WANT_NOTHING;
    }
    if (want == WANT_TIME) {
        return take_time(dump);
    }
    if (want == WANT_FILE) {
        if (read_file(dump->word, &relation)) {
            set_add(&dump->now.relations, &relation);
        }
        return in_section(dump, WANT_FILE);
    }
    if (want == WANT_CHILD) {
        if (read_number(dump->word, ";", &xid)) {
            dump->now.subtransactions++;
            close_open(dump, xid);
        }
        return in_section(dump, WANT_CHILD);
    }
    return take_section(dump->word);
}

/* The words of a record that changes pages. */
static enum want
take_block(struct waldump *dump, enum want want)
{
    struct waldump_relation relation;

    if (want == WANT_BLOCK) {
        return strcmp(dump->word, "blkref") == 0 ? WANT_BLOCK_NUMBER
                                                 : WANT_BLOCK;
    }
    if (want == WANT_BLOCK_NUMBER) {
        return dump->word[0] == '#' ? WANT_REL : WANT_BLOCK;
    }
    if (want == WANT_REL) {
        return strcmp(dump->word, "rel") == 0 ? WANT_RELATION : WANT_BLOCK;
    }
    if (read_relation(dump->word, &relation)) {
        touch(dump, &relation);
    }
    return WANT_BLOCK;
}

static void
end_word(struct waldump *dump)
{
    enum want want = (enum want) dump->state;

    if (dump->word_len == 0) {
        return;
    }
    dump->word[dump->word_len] = '\0';
    if (want == WANT_KIND) {
        dump->state = (int) begin_kind(dump);
    } else if (want <= WANT_PREV) {
        dump->state = (int) take_head(dump, want);
    } else if (want <= WANT_CHILD) {
        dump->state = (int) take_end(dump, want);
    } else if (want <= WANT_RELATION) {
        dump->state = (int) take_block(dump, want);
    }
    dump->word_len = 0;
}

static void
end_line(struct waldump *dump)
{
    enum kind kind;
    bool whole;

    end_word(dump);
    kind = (enum kind) dump->kind;
    whole = (enum want) dump->state != WANT_NOTHING
            && dump->now.time[0] != '\0';
    dump->state = WANT_LINE;
    dump->kind = KIND_OTHER;
    if (kind == KIND_OTHER || !whole) {
        return;
    }
    close_open(dump, dump->now.xid);
    if (kind == KIND_COMMIT && dump->now.lsn >= dump->from) {
        dump->commits++;
        dump->commit(dump->context, &dump->now);
    }
}

void
waldump_feed(struct waldump *dump, const char *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (bytes[i] == '\n') {
            end_line(dump);
        } else if (bytes[i] == ' ') {
            end_word(dump);
        } else if (dump->word_len < sizeof(dump->word) - 1) {
            dump->word[dump->word_len++] = bytes[i];
        }
    }
}
