/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is remembered of replication slots between two actions. */

#include "slot_memory.h"

#include <inttypes.h>
#include <string.h>

#include "line.h"

#define FORMAT "pgward-slots 1"
#define LINE_SIZE (NODE_NAME_SIZE + 64)
/* A look may come so long after the action's time was taken. */
#define LOOK_MS 200u

#define NOTES_MAX (NODES_MAX + SLOT_ROWS_MAX)

static const struct slot_note *
find(const struct slot_memory *memory, const char *name)
{
    for (size_t i = 0; i < memory->count; i++) {
        if (strcmp(memory->note[i].name, name) == 0) {
            return &memory->note[i];
        }
    }
    return NULL;
}

/* So long ago, and no longer; at least 1, since 0 is never. */
static uint32_t
since(uint64_t then_ms, uint64_t now_ms)
{
    uint64_t ms = now_ms > then_ms ? now_ms - then_ms : 1;

    return ms < UINT32_MAX ? (uint32_t) ms : UINT32_MAX;
}

static void
add_note(struct slot_memory *next, const char *name, uint64_t since_ms,
         bool given_up)
{
    struct slot_note *note = &next->note[next->count];

    if (next->count < NOTES_MAX
        && text_copy(name, note->name, sizeof(note->name)) == 0) {
        note->since_ms = since_ms;
        note->given_up = given_up;
        next->count++;
    }
}

/* One that is in use, or made anew, is no longer given up nor idle. */
static void
update(const struct slot_memory *memory, const char *name, uint64_t now_ms,
       struct slot *slot, struct slot_memory *next)
{
    const struct slot_note *old = find(memory, name);
    bool given_up = old != NULL && old->given_up;
    uint64_t since_ms = old != NULL && !given_up ? old->since_ms : now_ms;

    if (slot->there == TRI_YES && slot->active == TRI_NO) {
        add_note(next, name, since_ms, false);
        slot->idle_ms = since(since_ms, now_ms);
    } else if (slot->there == TRI_NO && given_up) {
        add_note(next, name, old->since_ms, true);
        slot->given_up = TRI_YES;
    }
}

static bool
is_same(const struct slot_memory *a, const struct slot_memory *b)
{
    bool same = a->due_ms == b->due_ms && a->count == b->count;

    for (size_t i = 0; same && i < a->count; i++) {
        same = strcmp(a->note[i].name, b->note[i].name) == 0
               && a->note[i].since_ms == b->note[i].since_ms
               && a->note[i].given_up == b->note[i].given_up;
    }
    return same;
}

bool
slot_memory_update(struct slot_memory *memory, struct snapshot *snapshot,
                   uint64_t now_ms)
{
    struct senders *senders = &snapshot->senders;
    struct slot_memory next;

    memset(&next, 0, sizeof(next));
    for (size_t i = 0; i < snapshot->node_count; i++) {
        struct node *node = &snapshot->node[i];

        update(memory, node->name, now_ms, &node->senders.slot, &next);
    }
    for (size_t i = 0; i < senders->slot_row_count; i++) {
        update(memory, senders->slot_row[i].name, now_ms,
               &senders->slot_row[i].slot, &next);
    }
    next.due_ms = memory->due_ms;
    if (memory->due_ms == 0 || now_ms < memory->due_ms
        || now_ms - memory->due_ms >= SLOTS_DUE_MS) {
        next.due_ms = now_ms;
    }
    /* the last look of an action decides */
    if (now_ms - next.due_ms <= snapshot->elapsed_ms + LOOK_MS) {
        senders->slots_due = TRI_YES;
    }
    if (is_same(memory, &next)) {
        return false;
    }
    *memory = next;
    return true;
}

void
slot_memory_give_up(struct slot_memory *memory, const char *node,
                    uint64_t now_ms)
{
    struct slot_memory next;

    memset(&next, 0, sizeof(next));
    next.due_ms = memory->due_ms;
    for (size_t i = 0; i < memory->count; i++) {
        const struct slot_note *note = &memory->note[i];

        if (strcmp(note->name, node) != 0) {
            add_note(&next, note->name, note->since_ms, note->given_up);
        }
    }
    add_note(&next, node, now_ms, true);
    *memory = next;
}

void
slot_memory_format(const struct slot_memory *memory, struct text *text)
{
    text_add(text, FORMAT "\n%" PRIu64 "\n", memory->due_ms);
    for (size_t i = 0; i < memory->count; i++) {
        const struct slot_note *note = &memory->note[i];

        text_add(text, "%" PRIu64 " %d %s\n", note->since_ms,
                 note->given_up ? 1 : 0, note->name);
    }
}

/* `SINCE GIVEN_UP NAME` */
static int
read_note(const char *at, struct slot_note *ret_note)
{
    uint64_t given_up;

    at = line_read_number(at, UINT64_MAX, &ret_note->since_ms);
    if (at == NULL || *at != ' ') {
        return -1;
    }
    at = line_read_number(at + 1, 1, &given_up);
    if (at == NULL || *at != ' ' || at[1] == '\0') {
        return -1;
    }
    ret_note->given_up = given_up == 1;
    return text_copy(at + 1, ret_note->name, sizeof(ret_note->name));
}

int
slot_memory_parse(const char *text, struct slot_memory *ret_memory)
{
    struct slot_memory memory;
    char line[LINE_SIZE];
    const char *end;

    memset(&memory, 0, sizeof(memory));
    if (line_next(&text, line, sizeof(line)) != 0
        || strcmp(line, FORMAT) != 0
        || line_next(&text, line, sizeof(line)) != 0) {
        return -1;
    }
    end = line_read_number(line, UINT64_MAX, &memory.due_ms);
    if (end == NULL || *end != '\0') {
        return -1;
    }
    while (*text != '\0') {
        if (memory.count == NOTES_MAX
            || line_next(&text, line, sizeof(line)) != 0
            || read_note(line, &memory.note[memory.count]) != 0) {
            return -1;
        }
        memory.count++;
    }
    *ret_memory = memory;
    return 0;
}
