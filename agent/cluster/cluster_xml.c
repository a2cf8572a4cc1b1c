/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What attrd and the CIB answer, read into plain structs. */

#include "cluster_xml.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "cluster_element.h"

/* Part of the CIB that an element of the flat answer belongs to. */
enum section {
    SECTION_NONE = 0,
    SECTION_OPTIONS,            /* crm_config */
    SECTION_NODES,
    SECTION_RESOURCES,
    SECTION_STATUS,
};

struct reader {
    const char *record;
    struct cluster_view *view;
    enum section section;
    struct cluster_node *node;  /* whose elements follow; NULL: not wanted */
    const xmlNode *other;       /* the element of one that was not named */
    struct cluster_fencing fencing;
    bool too_many;
    bool found_cib;
};

/* A number of an attribute; `other` when it is missing or garbled. */
static int64_t
element_number(const xmlNode *element, const char *name, int64_t other)
{
    const char *text = element_get_or(element, name, "");
    char *end = NULL;
    long long value = strtoll(text, &end, 10);

    return end != text && *end == '\0' ? value : other;
}

static int32_t
element_int32(const xmlNode *element, const char *name, int32_t other)
{
    int64_t value = element_number(element, name, other);

    return value < INT32_MIN || value > INT32_MAX ? other : (int32_t) value;
}

enum tri
cluster_xml_boolean(const char *text)
{
    static const char *const words[] = { "1", "true", "yes", "on", "y" };

    if (text == NULL || text[0] == '\0') {
        return TRI_UNKNOWN;
    }
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (strcasecmp(text, words[i]) == 0) {
            return TRI_YES;
        }
    }
    return TRI_NO;
}

/* Pacemaker takes anything but its words for no for its default. */
static bool
is_no(const char *value)
{
    static const char *const words[] = { "0", "false", "no", "off", "n" };

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (strcasecmp(value, words[i]) == 0) {
            return true;
        }
    }
    return false;
}

bool
cluster_xml_read_fencing(const char *name, const char *value,
                         struct cluster_fencing *fencing)
{
    bool new_name = strcmp(name, "fencing-enabled") == 0;

    if (!new_name && strcmp(name, "stonith-enabled") != 0) {
        return false;
    }
    if (new_name || !fencing->new_name) {
        fencing->on = is_no(value) ? TRI_NO : TRI_YES;
        fencing->new_name = new_name;
    }
    return true;
}

static void
attr_set(struct attr *attr, const char *value)
{
    attr->known = text_copy(value, attr->value, sizeof(attr->value)) == 0
                  ? ATTR_SET : ATTR_UNKNOWN;
}

int
cluster_xml_read_attr(const xmlNode *reply, const char *name,
                      const char *node, struct attr *ret_attr)
{
    const char *answered;
    bool exact = false;

    if (reply == NULL || strcmp(element_get_or(reply, "t", ""), "attrd") != 0
        || element_is(reply, "ack") || element_is(reply, "nack")) {
        return -1;
    }
    /* no name: the daemon has never heard of the attribute */
    answered = element_get_or(reply, "attr_name", name);
    if (strcmp(answered, name) != 0) {
        return -1;
    }
    memset(ret_attr, 0, sizeof(*ret_attr));
    ret_attr->known = ATTR_UNSET;
    for (const xmlNode *item = next_element(reply->children);
         item != NULL && !exact; item = next_element(item->next)) {
        const char *host = element_get_or(item, "attr_host", "");
        const char *value = element_get(item, "attr_value");

        if (!text_same_name(host, node)) {
            continue;
        }
        exact = strcmp(host, node) == 0;
        if (value != NULL) {
            attr_set(ret_attr, value);
        } else if (exact) {
            memset(ret_attr, 0, sizeof(*ret_attr));
            ret_attr->known = ATTR_UNSET;
        }
    }
    return 0;
}

int
cluster_xml_read_ack(const xmlNode *reply)
{
    const char *status;

    if (reply == NULL || !element_is(reply, "ack")) {
        return -1;
    }
    /* none before 2.1; then 112, CRM_EX_INDETERMINATE: it will be done */
    status = element_get_or(reply, "status", "0");
    return strcmp(status, "0") == 0 || strcmp(status, "112") == 0 ? 0 : -1;
}

static struct cluster_node *
find_node(struct cluster_view *view, const char *name)
{
    for (size_t i = 0; i < view->count; i++) {
        if (text_same_name(view->node[i].name, name)) {
            return &view->node[i];
        }
    }
    return NULL;
}

/* A node that was looked for and not found. */
static void
clear_node(struct cluster_node *node)
{
    char name[NODE_NAME_SIZE];

    memcpy(name, node->name, sizeof(name));
    memset(node, 0, sizeof(*node));
    memcpy(node->name, name, sizeof(name));
    node->online = TRI_NO;
    node->maintenance = TRI_NO;
    node->record.known = ATTR_UNSET;
    node->quorum.known = ATTR_UNSET;
    node->score.known = ATTR_UNSET;
}

/* One that was not named has a record: it counts, too, unless it is released
 * and there is no room for it. */
static void
add_other(struct reader *reader, const char *value)
{
    struct cluster_view *view = reader->view;
    struct cluster_node *node = &view->node[view->count];
    const char *name = element_get_or(reader->other, "uname", "");

    if (view->count == NODES_MAX
        || text_copy(name, node->name, sizeof(node->name)) != 0) {
        reader->too_many |= strcmp(value, "DISCONNECT") != 0;
        return;
    }
    clear_node(node);
    attr_set(&node->record, value);
    if (text_copy(element_get_or(reader->other, "id", ""), node->uuid,
                  sizeof(node->uuid)) == 0) {
        view->count++;
    }
}

/* Go to the node that an element names, and take its spelling. */
static void
enter_node(struct reader *reader, const xmlNode *element)
{
    const char *name = element_get_or(element, "uname", "");
    const char *uuid = element_get_or(element, "id", "");
    struct cluster_node *node = find_node(reader->view, name);

    reader->node = node;
    reader->other = node == NULL && reader->view->with_others ? element : NULL;
    if (node == NULL) {
        return;
    }
    /* of the same length as the wanted name, so it fits */
    memcpy(node->name, name, strlen(name) + 1);
    if (node->uuid[0] == '\0'
        && text_copy(uuid, node->uuid, sizeof(node->uuid)) != 0) {
        reader->node = NULL;
    }
}

/* "true", "online", or since 2.1.7 the time it became so: "0" is no. */
static bool
is_on(const xmlNode *element, const char *name)
{
    return element_number(element, name, 0) > 0
           || strcmp(element_get_or(element, name, ""), "online") == 0
           || cluster_xml_boolean(element_get(element, name))
              == TRI_YES;
}

static enum tri
tri_of(bool yes)
{
    return yes ? TRI_YES : TRI_NO;
}

static void
read_node_state(struct reader *reader, const xmlNode *element)
{
    bool member = is_on(element, "in_ccm");
    bool controller = is_on(element, "crmd");
    bool joined =
        strcmp(element_get_or(element, "join", ""), "member") == 0;
    bool remote = cluster_xml_boolean(element_get(element, "remote_node"))
                  == TRI_YES;
    struct cluster_node *node;

    enter_node(reader, element);
    node = reader->node;
    if (node == NULL) {
        return;
    }
    node->online = tri_of(member && (remote || (controller && joined)));
    node->member = tri_of(member);
    node->controller = tri_of(controller);
    node->expected_down =
        tri_of(!joined && strcmp(element_get_or(element, "expected", ""),
                                 "down") == 0);
    node->erased = TRI_YES;     /* a history follows, if there is one */
}

/* Of these the path finds one name only. */
static bool
ends_in(const char *name, const char *end)
{
    size_t length = strlen(name);

    return length > strlen(end)
           && strcmp(name + length - strlen(end), end) == 0;
}

/* A permanent attribute of a node. */
static void
read_node_option(struct reader *reader, const xmlNode *element)
{
    const char *name = element_get_or(element, "name", "");
    const char *value = element_get_or(element, "value", "");
    struct cluster_node *node = reader->node;

    if (node != NULL && strcmp(name, reader->record) == 0) {
        attr_set(&node->record, value);
    } else if (reader->other != NULL && strcmp(name, reader->record) == 0) {
        add_other(reader, value);
    } else if (node != NULL && ends_in(name, "-quorum")) {
        attr_set(&node->quorum, value);
    } else if (node != NULL && strcmp(name, "maintenance") == 0) {
        node->maintenance =
            cluster_xml_boolean(element_get(element, "value")) == TRI_YES
            ? TRI_YES : TRI_NO;
    }
}

static void
read_option(struct reader *reader, const xmlNode *element)
{
    const char *name = element_get_or(element, "name", "");
    enum tri yes = cluster_xml_boolean(element_get(element, "value"));
    struct cluster_node *node = reader->node;

    switch (reader->section) {
    case SECTION_NODES:
        read_node_option(reader, element);
        break;
    case SECTION_OPTIONS:
        if (cluster_xml_read_fencing(name,
                                     element_get_or(element, "value", ""),
                                     &reader->fencing)) {
            reader->view->fencing = reader->fencing.on;
        } else if (ends_in(name, "-system-id")) {
            attr_set(&reader->view->system_id,
                     element_get_or(element, "value", ""));
        } else if (ends_in(name, "-name-key")) {
            attr_set(&reader->view->name_key,
                     element_get_or(element, "value", ""));
        } else if (strcmp(name, "is-managed-default") == 0
                   ? yes == TRI_NO : yes == TRI_YES) {
            reader->view->maintenance = TRI_YES;
        }
        break;
    case SECTION_RESOURCES:
        if (strcmp(name, "promoted-max") == 0
            || strcmp(name, "master-max") == 0) {
            reader->view->promoted_max =
                (uint32_t) element_int32(element, "value", 1);
        } else if (strcmp(name, "is-managed") == 0
                   ? yes == TRI_NO : yes == TRI_YES) {
            reader->view->maintenance = TRI_YES;
        }
        break;
    case SECTION_STATUS:
        if (node != NULL && strncmp(name, "master-", 7) == 0) {
            attr_set(&node->score, element_get_or(element, "value", ""));
        }
        break;
    case SECTION_NONE:
        break;
    }
}

static void
read_operation(struct reader *reader, const xmlNode *element)
{
    struct roles_entry entry = {
        .operation = element_get_or(element, "operation", ""),
        .interval_ms = element_number(element, "interval", 0) != 0 ? 1 : 0,
        .rc = element_int32(element, "rc-code", OCF_ERR_GENERIC),
        .status = element_int32(element, "op-status", -2),
        .call_id = element_int32(element, "call-id", -1),
        .changed_s = element_number(element, "last-rc-change", 0),
    };

    if (reader->node != NULL) {
        roles_add(&reader->node->roles, &entry);
    }
}

static void
read_element(struct reader *reader, const xmlNode *element)
{
    if (element_is(element, "node_state")) {
        reader->section = SECTION_STATUS;
        read_node_state(reader, element);
    } else if (element_is(element, "lrm")) {
        if (reader->node != NULL) {
            reader->node->erased = TRI_NO;
        }
    } else if (element_is(element, "lrm_rsc_op")) {
        read_operation(reader, element);
    } else if (element_is(element, "node")) {
        enter_node(reader, element);
    } else if (element_is(element, "nvpair")) {
        read_option(reader, element);
    } else if (element_is(element, "cib")) {
        reader->found_cib = true;
        reader->view->have_quorum =
            cluster_xml_boolean(element_get(element, "have-quorum"));
    } else {
        reader->node = NULL;
        reader->other = NULL;
        reader->section =
            element_is(element, "crm_config") ? SECTION_OPTIONS
            : element_is(element, "nodes") ? SECTION_NODES
            : element_is(element, "resources")
              || element_is(element, "rsc_defaults") ? SECTION_RESOURCES
            : SECTION_NONE;
    }
}

/* A view in which every wanted node was looked for and not found. */
static void
view_clear(const struct cluster_view *wanted, struct cluster_view *ret_view)
{
    memset(ret_view, 0, sizeof(*ret_view));
    ret_view->maintenance = TRI_NO;
    ret_view->fencing = TRI_YES;
    ret_view->promoted_max = 1;
    ret_view->system_id.known = ATTR_UNSET;
    ret_view->with_others = wanted->with_others;
    ret_view->name_key.known = ATTR_UNSET;
    ret_view->count = wanted->count;
    for (size_t i = 0; i < wanted->count; i++) {
        memcpy(ret_view->node[i].name, wanted->node[i].name, NODE_NAME_SIZE);
        clear_node(&ret_view->node[i]);
    }
}

int
cluster_xml_read_view(const xmlNode *reply, const char *record,
                      struct cluster_view *view)
{
    struct cluster_view seen;
    struct reader reader = { .record = record, .view = &seen };

    if (reply == NULL) {
        return -1;
    }
    view_clear(view, &seen);
    if (element_is(reply, "xpath-query")) {
        for (const xmlNode *item = next_element(reply->children);
             item != NULL; item = next_element(item->next)) {
            read_element(&reader, item);
        }
    }
    if (!reader.found_cib || reader.too_many) {
        return -1;
    }
    *view = seen;
    return 0;
}

void
cluster_xml_view_path(const char *resource, struct text *path)
{
    text_add(path,
             "/cib|/cib/configuration/*"
             "|/cib/configuration/crm_config//nvpair"
             "[@name='maintenance-mode' or @name='stonith-enabled'"
             " or @name='fencing-enabled'"
             " or @name='is-managed-default' or @name='%s-system-id'"
             " or @name='%s-name-key']"
             "|/cib/configuration/nodes/node"
             "|/cib/configuration/nodes/node/instance_attributes/nvpair"
             "[@name='%s-data-status' or @name='%s-data-quorum'"
             " or @name='maintenance']"
             "|/cib/configuration/resources//primitive[@id='%s']"
             "/ancestor-or-self::*/meta_attributes/nvpair"
             "[@name='maintenance' or @name='is-managed'"
             " or @name='promoted-max' or @name='master-max']"
             "|/cib/configuration/rsc_defaults//nvpair"
             "[@name='maintenance' or @name='is-managed']"
             "|/cib/status/node_state|/cib/status/node_state/lrm"
             "|/cib/status/node_state/lrm/lrm_resources/lrm_resource"
             "[@id='%s' or starts-with(@id,'%s:')]/lrm_rsc_op"
             "|/cib/status/node_state/transient_attributes"
             "/instance_attributes/nvpair[@name='master-%s']",
             resource, resource, resource, resource, resource, resource,
             resource, resource);
}
