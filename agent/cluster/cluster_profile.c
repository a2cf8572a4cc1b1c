/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How the cluster and the resource are configured, for profile.h. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "cluster_element.h"
#include "cluster_parts.h"
#include "profile.h"

#define PATH_TEXT_SIZE 1024

/* An operation that is not configured has this, or what op_defaults says. */
#define DEFAULT_TIMEOUT_MS 20000u

#define MONITORS_MAX 8

struct reader {
    const char *resource;
    struct cluster_fencing fencing;
    enum tri watchdog;          /*!< it fences in the place of a device */
    bool new_watchdog;          /*!< by the name since 3.0.2 */
    struct profile *profile;
    uint32_t default_ms;        /* time-out of an operation without one */
    bool known;                 /* the primitive was found, in full */
    size_t monitors;
    uint32_t interval_ms[MONITORS_MAX];
};

typedef void (*pair_fn)(struct reader *reader, const char *name,
                        const char *value);

/* The pairs of an element's sets; a set with a rule does not always hold. */
static void
read_pairs(struct reader *reader, const xmlNode *element, const char *kind,
           pair_fn read)
{
    for (const xmlNode *set = next_element(element->children); set != NULL;
         set = next_element(set->next)) {
        const xmlNode *pair = next_element(set->children);

        if (!element_is(set, kind)
            || (pair != NULL && element_is(pair, "rule"))) {
            continue;
        }
        for (; pair != NULL; pair = next_element(pair->next)) {
            read(reader, element_get_or(pair, "name", ""),
                 element_get_or(pair, "value", ""));
        }
    }
}

/* Less than nothing is a word for what the watchdog itself has. */
static void
read_watchdog(struct reader *reader, bool new_name, const char *value)
{
    uint32_t ms = 0;

    if (new_name || !reader->new_watchdog) {
        reader->watchdog = profile_parse_ms(value, &ms) != 0 || ms > 0
                           ? TRI_YES : TRI_NO;
        reader->new_watchdog = new_name;
    }
}

static void
read_property(struct reader *reader, const char *name, const char *value)
{
    if (cluster_xml_read_fencing(name, value, &reader->fencing)) {
        return;
    }
    if (strcmp(name, "no-quorum-policy") == 0) {
        reader->profile->quorum_ignored =
            strcmp(value, "ignore") == 0 ? TRI_YES : TRI_NO;
    } else if (strcmp(name, "fencing-watchdog-timeout") == 0) {
        read_watchdog(reader, true, value);
    } else if (strcmp(name, "stonith-watchdog-timeout") == 0) {
        read_watchdog(reader, false, value);
    }
}

/* INFINITY and 0 are no limit. */
static uint32_t
read_count(const char *value)
{
    char *end;
    unsigned long number = strtoul(value, &end, 10);

    return *end == '\0' && number < 1000000 ? (uint32_t) number : 0;
}

/* Meta attributes; what stands further in is read later, and wins. */
static void
read_meta(struct reader *reader, const char *name, const char *value)
{
    struct profile *profile = reader->profile;
    uint32_t ms = 0;

    if (strcmp(name, "migration-threshold") == 0) {
        profile->migration_threshold = read_count(value);
    } else if (strcmp(name, "failure-timeout") == 0) {
        profile->failure_timeout =
            profile_parse_ms(value, &ms) != 0 ? TRI_UNKNOWN
            : ms > 0 ? TRI_YES : TRI_NO;
    } else if (strcmp(name, "notify") == 0) {
        profile->notify = cluster_xml_boolean(value);
    } else if (strcmp(name, "promoted-max") == 0
               || strcmp(name, "master-max") == 0) {
        profile->promoted_max = read_count(value);
    }
}

static void
read_op_default(struct reader *reader, const char *name, const char *value)
{
    if (strcmp(name, "timeout") == 0
        && profile_parse_ms(value, &reader->default_ms) != 0) {
        reader->default_ms = 0;
    }
}

static void
read_monitor(struct reader *reader, const xmlNode *op, uint32_t timeout_ms)
{
    struct profile *profile = reader->profile;
    const char *role = element_get_or(op, "role", "Started");
    uint32_t interval_ms = 0;

    if (profile_parse_ms(element_get_or(op, "interval", "0"), &interval_ms)
        == 0 && interval_ms == 0) {
        return;     /* a probe */
    }
    if (strcmp(role, "Promoted") == 0 || strcmp(role, "Master") == 0) {
        profile->monitor_promoted = TRI_YES;
    } else if (strcmp(role, "Stopped") == 0) {
        return;
    } else {
        profile->monitor_started = TRI_YES;
    }
    if (timeout_ms > 0
        && (profile->monitor_ms == 0 || timeout_ms < profile->monitor_ms)) {
        profile->monitor_ms = timeout_ms;
    }
    for (size_t i = 0; i < reader->monitors; i++) {
        if (interval_ms > 0 && reader->interval_ms[i] == interval_ms) {
            profile->monitors_alike = TRI_YES;
        }
    }
    if (reader->monitors < MONITORS_MAX) {
        reader->interval_ms[reader->monitors++] = interval_ms;
    }
}

/* As pcs takes it; a command that changes the operation has to repeat it. */
static void
read_on_fail(const xmlNode *stop, struct profile *profile)
{
    const char *on_fail = element_get(stop, "on-fail");
    struct text text;

    text_init(&text, profile->stop_on_fail, sizeof(profile->stop_on_fail));
    if (on_fail != NULL) {
        text_add(&text, " on-fail=%s", on_fail);
    }
}

static void
read_operation(struct reader *reader, const xmlNode *op)
{
    struct profile *profile = reader->profile;
    const struct {
        const char *name;
        uint32_t *timeout_ms;
    } kinds[] = {
        { "start", &profile->start_ms }, { "stop", &profile->stop_ms },
        { "promote", &profile->promote_ms },
        { "demote", &profile->demote_ms },
        { "notify", &profile->notify_ms },
    };
    const char *name = element_get_or(op, "name", "");
    const char *timeout = element_get(op, "timeout");
    uint32_t timeout_ms = timeout == NULL ? reader->default_ms : 0;

    if (cluster_xml_boolean(element_get(op, "enabled")) == TRI_NO) {
        return;
    }
    if (timeout != NULL && profile_parse_ms(timeout, &timeout_ms) != 0) {
        timeout_ms = 0;
    }
    if (strcmp(name, "demote") == 0) {
        profile->demote_stops =
            strcmp(element_get_or(op, "on-fail", ""), "stop") == 0 ? TRI_YES
                                                                   : TRI_NO;
    }
    if (strcmp(name, "stop") == 0) {
        read_on_fail(op, profile);
    }
    if (strcmp(name, "monitor") == 0) {
        read_monitor(reader, op, timeout_ms);
    }
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (strcmp(name, kinds[i].name) == 0) {
            *kinds[i].timeout_ms = timeout_ms;
        }
    }
}

/* A template may hold operations: then a missing one is not known. */
static void
read_primitive(struct reader *reader, const xmlNode *primitive)
{
    struct profile *profile = reader->profile;
    bool complete = element_get(primitive, "template") == NULL;

    reader->known = true;
    if (complete) {
        profile->start_ms = profile->stop_ms = profile->promote_ms =
            profile->demote_ms = profile->notify_ms = reader->default_ms;
        profile->monitor_promoted = TRI_NO;
        profile->monitor_started = TRI_NO;
    }
    for (const xmlNode *list = next_element(primitive->children);
         list != NULL; list = next_element(list->next)) {
        if (!element_is(list, "operations")) {
            continue;
        }
        for (const xmlNode *op = next_element(list->children); op != NULL;
             op = next_element(op->next)) {
            read_operation(reader, op);
        }
    }
}

/* A primitive of ours, or what it is in: a group, a clone, both. */
static void
read_resource(struct reader *reader, const xmlNode *top)
{
    const xmlNode *element = top;

    while (element != NULL) {
        const char *id = element_get_or(element, "id", "");
        bool clone = element_is(element, "clone")
                     || element_is(element, "master");

        if (element_is(element, "primitive")
            && strcmp(id, reader->resource) == 0) {
            read_pairs(reader, element, "meta_attributes", read_meta);
            read_primitive(reader, element);
            return;
        }
        if (clone || element_is(element, "group")) {
            if (clone && text_copy(id, reader->profile->clone,
                                   NODE_NAME_SIZE) == 0) {
                /* Pacemaker's default, unless rsc_defaults says more */
                reader->profile->notify =
                    reader->profile->notify == TRI_YES ? TRI_YES : TRI_NO;
            }
            read_pairs(reader, element, "meta_attributes", read_meta);
            element = next_element(element->children);
        } else {
            element = next_element(element->next);
        }
    }
}

/* As Pacemaker's and pcs's commands name what a move or a ban leaves. */
static void
read_constraint(const struct reader *reader, const xmlNode *constraint)
{
    static const char *const beginnings[] = { "cli-ban-", "cli-prefer-",
                                              "cli-standby-", "pgward-" };
    struct profile *profile = reader->profile;
    const char *object = element_get_or(constraint, "rsc", "");
    const char *id = element_get_or(constraint, "id", "");
    size_t len = strlen(profile->moves);
    struct text text;

    if (object[0] == '\0' || (strcmp(object, reader->resource) != 0
                              && strcmp(object, profile->clone) != 0)) {
        return;
    }
    for (size_t i = 0; i < sizeof(beginnings) / sizeof(beginnings[0]); i++) {
        if (strncmp(id, beginnings[i], strlen(beginnings[i])) == 0) {
            text_init(&text, profile->moves + len,
                      sizeof(profile->moves) - len);
            text_add(&text, "%s%s", len > 0 ? " " : "", id);
        }
    }
}

/* Defaults first, wherever they stand. */
static void
read_reply(struct reader *reader, const xmlNode *reply)
{
    for (const xmlNode *part = reply; part != NULL;
         part = next_element(part->next)) {
        if (element_is(part, "crm_config")) {
            read_pairs(reader, part, "cluster_property_set", read_property);
        } else if (element_is(part, "rsc_defaults")) {
            read_pairs(reader, part, "meta_attributes", read_meta);
        } else if (element_is(part, "op_defaults")) {
            read_pairs(reader, part, "meta_attributes", read_op_default);
        } else if (strcmp(element_get_or(part, "class", ""), "stonith")
                   == 0) {
            reader->profile->fence_device = TRI_YES;
        }
    }
    for (const xmlNode *part = reply; part != NULL && !reader->known;
         part = next_element(part->next)) {
        if (element_is(part, "clone") || element_is(part, "master")
            || element_is(part, "group") || element_is(part, "primitive")) {
            read_resource(reader, part);
        }
    }
    for (const xmlNode *part = reply; part != NULL;
         part = next_element(part->next)) {
        if (element_is(part, "rsc_location")) {
            read_constraint(reader, part);
        }
    }
}

/* Without the primitive only what is the cluster's is known. */
static void
take(const struct reader *reader, struct snapshot *snapshot)
{
    struct profile *seen = reader->profile;

    if (reader->watchdog == TRI_YES) {
        seen->fence_device = TRI_YES;
    }
    seen->fencing_renamed = reader->fencing.new_name ? TRI_YES : TRI_NO;
    snapshot->cluster.fencing = reader->fencing.on == TRI_NO ? TRI_NO : TRI_YES;
    if (reader->known) {
        snapshot->profile = *seen;
        return;
    }
    snapshot->profile.fence_device = seen->fence_device;
    snapshot->profile.fencing_renamed = seen->fencing_renamed;
    snapshot->profile.quorum_ignored = seen->quorum_ignored;
}

void
cluster_xml_read_profile(const xmlNode *reply, const char *resource,
                         struct snapshot *snapshot)
{
    struct profile profile = snapshot->profile;
    struct reader reader = { .resource = resource, .profile = &profile,
                             .default_ms = DEFAULT_TIMEOUT_MS };

    profile.fence_device = TRI_NO;
    profile.failure_timeout = TRI_NO;
    (void) text_copy(resource, profile.resource, NODE_NAME_SIZE);
    read_reply(&reader, element_is(reply, "xpath-query")
                        ? next_element(reply->children) : reply);
    take(&reader, snapshot);
}

int
cluster_observe_profile(struct cluster *cluster, int64_t deadline_ms,
                        struct snapshot *snapshot, struct text *ret_why)
{
    CLEANUP(cluster_free_reply) xmlNode *reply = NULL;
    char path_buf[PATH_TEXT_SIZE];
    struct text path;
    int rc;

    text_init(&path, path_buf, sizeof(path_buf));
    text_add(&path, "/cib/configuration/crm_config"
             "|/cib/configuration/resources/*"
             "[descendant-or-self::primitive[@id='%s']]"
             "|/cib/configuration/resources//primitive[@class='stonith']"
             "|/cib/configuration/constraints/rsc_location"
             "|/cib/configuration/rsc_defaults"
             "|/cib/configuration/op_defaults", cluster->resource);
    if (path.overflow || strchr(cluster->resource, '\'') != NULL) {
        text_add(ret_why, "could not look up '%s': it cannot be a resource's "
                 "id", cluster->resource);
        return -1;
    }
    rc = cluster_cib_query(cluster, path_buf, deadline_ms, &reply);
    if (rc != pcmk_ok || reply == NULL) {
        cluster_explain(ret_why, "read the configuration of",
                        cluster->resource, "pacemaker-based",
                        rc != pcmk_ok ? rc : -EPROTO);
        return -1;
    }
    cluster_xml_read_profile(reply, cluster->resource, snapshot);
    return 0;
}
