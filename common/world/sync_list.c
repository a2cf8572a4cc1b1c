/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The list of standbys that commits wait for, as text and back. */

#include "sync_list.h"

#include <string.h>

#include "line.h"
#include "sender_name.h"

/* `"name"`, quotes doubled inside. Returns what follows, or NULL. */
static const char *
read_name(const char *at, char *ret_name, size_t size)
{
    size_t len = 0;

    if (*at++ != '"') {
        return NULL;
    }
    while (*at != '\0' && (*at != '"' || at[1] == '"')) {
        at += *at == '"';
        if (len + 1 == size) {
            return NULL;
        }
        ret_name[len++] = *at++;
    }
    ret_name[len] = '\0';
    return *at == '"' && len > 0 ? at + 1 : NULL;
}

/* By its own name first: another's may look like one with a key. */
static size_t
find_node(const struct snapshot *snapshot, const char *name)
{
    size_t node = snapshot_find_node(snapshot, name);

    for (size_t i = 0; node == NODES_MAX
                       && i < snapshot_total(snapshot); i++) {
        if (sender_name_is_of(name, snapshot->node[i].name)) {
            node = i;
        }
    }
    return node;
}

static const char *
read_names(const struct snapshot *snapshot, const char *at,
           struct sync_list *list)
{
    char name[NODE_NAME_SIZE];

    do {
        size_t node;

        at = read_name(at, name, sizeof(name));
        if (at == NULL) {
            return NULL;
        }
        node = find_node(snapshot, name);
        if (node == NODES_MAX) {
            list->strangers++;
        } else if (list->count < NODES_MAX) {
            memcpy(list->name[list->count], name, sizeof(name));
            list->node[list->count++] = node;
        } else {
            return NULL;    /* one of them stands there twice */
        }
    } while (*at++ == ',');
    return at - 1;
}

static const char *
read_count(const char *at, struct sync_list *list)
{
    uint64_t n = 0;

    list->any = strncmp(at, "ANY ", 4) == 0;
    if (!list->any && strncmp(at, "FIRST ", 6) != 0) {
        return NULL;
    }
    at += list->any ? 4 : 6;
    at = line_read_number(at, NODES_MAX, &n);
    list->n = (uint32_t) n;
    return at != NULL && n > 0 && strncmp(at, " (", 2) == 0 ? at + 2 : NULL;
}

int
sync_list_parse(const struct snapshot *snapshot, const char *text,
                struct sync_list *ret_list)
{
    struct sync_list list = { .n = 0 };

    if (text[0] == '"') {
        list.n = 1;
        text = read_names(snapshot, text, &list);
        if (text == NULL || *text != '\0' || list.count + list.strangers != 1) {
            return -1;
        }
    } else if (text[0] != '\0') {
        text = read_count(text, &list);
        text = text == NULL ? NULL : read_names(snapshot, text, &list);
        if (text == NULL || strcmp(text, ")") != 0) {
            return -1;
        }
    }
    *ret_list = list;
    return 0;
}

void
sync_list_add(const struct snapshot *snapshot, struct sync_list *list,
              size_t node)
{
    char *name = list->name[list->count];
    const char *own = snapshot->node[node].name;

    sender_name(snapshot, own, name);
    if (text_same_name(name, own)) {
        memcpy(name, own, NODE_NAME_SIZE);      /* in Pacemaker's spelling */
    }
    list->node[list->count++] = node;
}

bool
sync_list_misnames(const struct snapshot *snapshot,
                   const struct sync_list *list, size_t node)
{
    uint32_t place = sync_list_place(list, node);
    char wanted[NODE_NAME_SIZE];

    if (place == 0) {
        return false;
    }
    sender_name(snapshot, snapshot->node[node].name, wanted);
    return !text_same_name(list->name[place - 1], wanted);
}

void
sync_list_format(const struct sync_list *list, struct text *text)
{
    if (list->count > 1) {
        text_add(text, "%s %u (", list->any ? "ANY" : "FIRST", list->n);
    }
    for (size_t i = 0; i < list->count; i++) {
        text_add(text, "%s\"", i > 0 ? "," : "");
        for (const char *c = list->name[i]; *c != '\0'; c++) {
            text_add(text, "%s%c", *c == '"' ? "\"" : "", *c);
        }
        text_add(text, "\"");
    }
    if (list->count > 1) {
        text_add(text, ")");
    }
}

uint32_t
sync_list_place(const struct sync_list *list, size_t node)
{
    for (size_t i = 0; i < list->count; i++) {
        if (list->node[i] == node) {
            return (uint32_t) i + 1;
        }
    }
    return 0;
}

uint32_t
sync_list_priority(const struct sync_list *list, size_t node)
{
    uint32_t place = sync_list_place(list, node);

    return list->any && place > 1 ? 1 : place;
}
