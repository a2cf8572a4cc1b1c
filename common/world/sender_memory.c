/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is remembered of WAL senders between two actions. */

#include "sender_memory.h"

#include <inttypes.h>
#include <string.h>

#include "line.h"

#define FORMAT "pgward-senders 1"

#define LINE_SIZE (NODE_NAME_SIZE + 2 * STARTED_SIZE + 64)

/* So long ago, and no longer; at least 1, since 0 is never. */
static uint32_t
since(uint64_t then_ms, uint64_t now_ms)
{
    uint64_t ms = now_ms > then_ms ? now_ms - then_ms : 1;

    return ms < UINT32_MAX ? (uint32_t) ms : UINT32_MAX;
}

static const struct sender_note *
find(const struct sender_memory *memory, const struct node *node)
{
    for (size_t i = 0; i < memory->count; i++) {
        if (strcmp(memory->note[i].name, node->name) == 0
            && strcmp(memory->note[i].began, node->senders.own.began) == 0) {
            return &memory->note[i];
        }
    }
    return NULL;
}

static struct sender_note
note_of(const struct node *node, const struct sender_note *old,
        uint64_t now_ms)
{
    struct sender_note note = { .heard_ms = now_ms };

    if (old != NULL) {
        note.left_ms = old->left_ms;
        if (strcmp(old->reply, node->senders.own.reply) == 0) {
            note.heard_ms = old->heard_ms;
        }
    }
    memcpy(note.name, node->name, sizeof(note.name));
    memcpy(note.began, node->senders.own.began, sizeof(note.began));
    memcpy(note.reply, node->senders.own.reply, sizeof(note.reply));
    return note;
}

bool
sender_memory_update(struct sender_memory *memory, struct snapshot *snapshot,
                     uint64_t now_ms)
{
    struct sender_memory next;

    memset(&next, 0, sizeof(next));
    for (size_t i = 0; i < snapshot->node_count; i++) {
        struct node *node = &snapshot->node[i];
        struct sender *sender = &node->senders.own;
        struct sender_note *note = &next.note[next.count];

        if (sender->began[0] == '\0') {
            continue;
        }
        *note = note_of(node, find(memory, node), now_ms);
        next.count++;
        sender->leaving_ms = note->left_ms == 0
                             ? 0 : since(note->left_ms, now_ms);
        sender->silent_ms = sender->reply[0] == '\0'
                            ? 0 : since(note->heard_ms, now_ms);
    }
    if (memcmp(memory, &next, sizeof(next)) == 0) {
        return false;
    }
    *memory = next;
    return true;
}

void
sender_memory_leave(struct sender_memory *memory, const char *name,
                    uint64_t now_ms)
{
    for (size_t i = 0; i < memory->count; i++) {
        if (strcmp(memory->note[i].name, name) == 0) {
            memory->note[i].left_ms = now_ms;
        }
    }
}

void
sender_memory_format(const struct sender_memory *memory, struct text *text)
{
    text_add(text, FORMAT "\n");
    for (size_t i = 0; i < memory->count; i++) {
        const struct sender_note *note = &memory->note[i];

        text_add(text, "%" PRIu64 " %" PRIu64 " %s %s %s\n", note->heard_ms,
                 note->left_ms, note->name, note->began, note->reply);
    }
}

/* The next word, which a space ends; the last one may be empty. */
static int
take_word(const char **at, char *ret_word, size_t size)
{
    size_t len = strcspn(*at, " ");

    if (len >= size) {
        return -1;
    }
    memcpy(ret_word, *at, len);
    ret_word[len] = '\0';
    *at += len + ((*at)[len] == ' ');
    return 0;
}

static int
read_note(const char *at, struct sender_note *ret_note)
{
    at = line_read_number(at, UINT64_MAX, &ret_note->heard_ms);
    if (at == NULL || *at != ' ') {
        return -1;
    }
    at = line_read_number(at + 1, UINT64_MAX, &ret_note->left_ms);
    if (at == NULL || *at != ' ') {
        return -1;
    }
    at++;
    return take_word(&at, ret_note->name, sizeof(ret_note->name)) != 0
           || take_word(&at, ret_note->began, sizeof(ret_note->began)) != 0
           || take_word(&at, ret_note->reply, sizeof(ret_note->reply)) != 0
           || *at != '\0' || ret_note->began[0] == '\0' ? -1 : 0;
}

int
sender_memory_parse(const char *text, struct sender_memory *ret_memory)
{
    struct sender_memory memory;
    char line[LINE_SIZE];

    memset(&memory, 0, sizeof(memory));
    if (line_next(&text, line, sizeof(line)) != 0
        || strcmp(line, FORMAT) != 0) {
        return -1;
    }
    while (*text != '\0') {
        if (memory.count == NODES_MAX
            || line_next(&text, line, sizeof(line)) != 0
            || read_note(line, &memory.note[memory.count]) != 0) {
            return -1;
        }
        memory.count++;
    }
    *ret_memory = memory;
    return 0;
}
