/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Under which names standbys stream, and which WAL sender is whose. */

#include "sender_name.h"

#include <ctype.h>
#include <stdint.h>
#include <string.h>

#define SEPARATOR '~'
#define SUM_DIGITS 8

/* What is left of 63 bytes beside `~` and a key. */
#define BASE_MAX (SENDER_NAME_SIZE - 1 - 1 - NAME_KEY_LENGTH)

bool
name_key_is_valid(const char *word)
{
    return strlen(word) == NAME_KEY_LENGTH
           && strspn(word, "0123456789abcdef") == NAME_KEY_LENGTH;
}

static void
copy_lower(const char *name, char *ret_name)
{
    size_t i;

    for (i = 0; name[i] != '\0' && i + 1 < NODE_NAME_SIZE; i++) {
        ret_name[i] = (char) tolower((unsigned char) name[i]);
    }
    ret_name[i] = '\0';
}

/* FNV-1a: two long names that begin alike are two names. */
static uint32_t
sum_of(const char *name)
{
    uint32_t sum = 2166136261u;

    for (; *name != '\0'; name++) {
        sum = (sum ^ (unsigned char) *name) * 16777619u;
    }
    return sum;
}

/* The part before the key. */
static void
base_of(const char *node, char *ret_base)
{
    struct text text;
    uint32_t sum;

    copy_lower(node, ret_base);
    if (strlen(ret_base) > BASE_MAX) {
        sum = sum_of(ret_base);
        text_init(&text, ret_base + BASE_MAX - SUM_DIGITS - 1,
                  SUM_DIGITS + 2);
        text_add(&text, ".%08x", sum);
    }
}

void
sender_name(const struct snapshot *snapshot, const char *node,
            char *ret_name)
{
    struct text text;
    char base[NODE_NAME_SIZE];

    if (snapshot->record.name_key.known != ATTR_SET
        || !name_key_is_valid(snapshot->record.name_key.value)) {
        copy_lower(node, ret_name);
        return;
    }
    base_of(node, base);
    text_init(&text, ret_name, NODE_NAME_SIZE);
    text_add(&text, "%s%c%s", base, SEPARATOR, snapshot->record.name_key.value);
}

const char *
sender_name_key(const char *name, const char *node)
{
    char base[NODE_NAME_SIZE];
    char start[NODE_NAME_SIZE];
    const char *at = strrchr(name, SEPARATOR);

    base_of(node, base);
    if (at == NULL || !name_key_is_valid(at + 1)
        || (size_t) (at - name) != strlen(base)) {
        return "";
    }
    copy_lower(name, start);
    return strncmp(start, base, strlen(base)) == 0 ? at + 1 : "";
}

bool
sender_name_is_of(const char *name, const char *node)
{
    return text_same_name(name, node)
           || sender_name_key(name, node)[0] != '\0';
}

/* Further down the list is better. */
static int
sender_rank(const struct sender *sender)
{
    int streaming = sender->state == SENDER_STREAMING ? 2 : 0;
    int sync = sender->sync_state == SYNC_SYNC
               || sender->sync_state == SYNC_QUORUM;

    return streaming + sync;
}

static bool
is_better(const struct sender *a, const struct sender *b)
{
    if (b->state == SENDER_NONE) {
        return true;
    }
    if (sender_rank(a) != sender_rank(b)) {
        return sender_rank(a) > sender_rank(b);
    }
    return a->flush_lsn > b->flush_lsn;
}

/*
 * Of several connections from one address the best one counts; where they do
 * not follow the same list yet, no place is right.
 */
static void
add_sender(const struct sender *sender, struct sender *best)
{
    bool differ = best->state != SENDER_NONE
                  && sender->sync_priority != best->sync_priority;
    enum tri beyond = sender->beyond == TRI_YES ? TRI_YES : best->beyond;

    if (is_better(sender, best)) {
        *best = *sender;
    }
    if (beyond == TRI_YES) {
        best->beyond = TRI_YES;
    }
    if (differ) {
        best->sync_priority = UINT32_MAX;
    }
}

static void
take_own(const struct sender_row *row, const struct sender_row **first,
         struct node *node)
{
    if (*first != NULL && strcmp((*first)->address, row->address) != 0) {
        memcpy(node->senders.stranger, (*first)->address, ADDRESS_SIZE);
        memcpy(node->senders.twin, row->address, ADDRESS_SIZE);
    }
    *first = row;
    add_sender(&row->sender, &node->senders.own);
}

static void
assign_to(const struct snapshot *snapshot, struct node *node)
{
    const struct sender none = { .state = SENDER_NONE, .visible = TRI_YES };
    const struct sender_row *first = NULL;
    char wanted[NODE_NAME_SIZE];

    sender_name(snapshot, node->name, wanted);
    node->senders.own = none;
    node->senders.stranger[0] = '\0';
    node->senders.twin[0] = '\0';
    for (size_t i = 0; i < snapshot->senders.row_count; i++) {
        const struct sender_row *row = &snapshot->senders.row[i];

        /* which key is right is not known before it was looked for */
        if (text_same_name(row->name, wanted)
            || (snapshot->record.name_key.known == ATTR_UNKNOWN
                && sender_name_is_of(row->name, node->name))) {
            take_own(row, &first, node);
        } else if (node->senders.twin[0] == '\0'
                   && sender_name_is_of(row->name, node->name)) {
            memcpy(node->senders.stranger, row->address, ADDRESS_SIZE);
        }
    }
    if (node->senders.twin[0] != '\0') {
        node->senders.own = none;
    }
}

void
senders_assign(struct snapshot *snapshot)
{
    for (size_t i = 0; i < snapshot_total(snapshot); i++) {
        if (i != snapshot->self) {
            assign_to(snapshot, &snapshot->node[i]);
        }
    }
}
