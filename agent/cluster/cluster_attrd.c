/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The attribute daemon. Its protocol is the same from Pacemaker 2.0.5 to 3.0;
 * libcrmcommon's functions for it are not installed in all of them.
 */

#include <errno.h>
#include <strings.h>

#include "clock.h"
#include "cleanup.h"
#include "cluster_parts.h"

/* Dampening, in Pacemaker's word; it takes a unit. */
#define LATER "1s"

/* attrd has spread an update to itself in well under that. */
#define POLL_MS 1

/* An attrd that was killed took what it had taken with it: tell the next. */
#define TELL_AGAIN_MS 300

void
cluster_free_reply(xmlNode **reply)
{
    if (*reply != NULL) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
        /* deprecated in 3.0, but only it frees what libcrmcommon hangs on */
        free_xml(*reply);
#pragma GCC diagnostic pop
        *reply = NULL;
    }
}

void
cluster_attrd_close(struct cluster *cluster)
{
    if (cluster->attrd != NULL) {
        crm_ipc_close(cluster->attrd);
        crm_ipc_destroy(cluster->attrd);
        cluster->attrd = NULL;
    }
}

static int
open_attrd(struct cluster *cluster)
{
    if (cluster->attrd != NULL && crm_ipc_connected(cluster->attrd)) {
        return 0;
    }
    cluster_attrd_close(cluster);
    cluster->attrd = crm_ipc_new("attrd", 0);
    if (cluster->attrd == NULL) {
        return -ENOMEM;
    }
    if (!crm_ipc_connect(cluster->attrd)) {
        cluster_attrd_close(cluster);
        return -ENOTCONN;
    }
    return 0;
}

/*
 * libcrmcommon counts a time-out in whole seconds and adds one: ask for one
 * less, so that it ends near the deadline rather than past it.
 */
static int32_t
send_timeout_ms(int64_t left_ms)
{
    if (left_ms > INT32_MAX) {
        return INT32_MAX;
    }
    return left_ms > 1000 ? (int32_t) (left_ms - 1000) : 1;
}

/* One try: 0, or a negative errno with the connection closed. */
static int
send_once(struct cluster *cluster, xmlNode *message, int64_t deadline_ms,
          xmlNode **ret_reply)
{
    int64_t left_ms;
    int rc = open_attrd(cluster);

    left_ms = clock_left_ms(deadline_ms);
    if (rc == 0 && left_ms == 0) {
        return -ETIME;
    }
    if (rc == 0) {
        rc = crm_ipc_send(cluster->attrd, message, crm_ipc_client_response,
                          send_timeout_ms(left_ms), ret_reply);
    }
    if (rc > 0 && *ret_reply != NULL) {
        return 0;
    }
    cluster_free_reply(ret_reply);
    /* an answer that is still on its way must not be taken for the next */
    cluster_attrd_close(cluster);
    return rc < 0 ? rc : -ENOMSG;
}

static int
send_message(struct cluster *cluster, xmlDoc *document, int64_t deadline_ms,
             xmlNode **ret_reply)
{
    xmlNode *message = xmlDocGetRootElement(document);
    int rc = send_once(cluster, message, deadline_ms, ret_reply);

    if (rc != 0 && !cluster_is_timeout(rc) && clock_left_ms(deadline_ms) > 0) {
        /* the daemon may have been restarted since the last message */
        rc = send_once(cluster, message, deadline_ms, ret_reply);
    }
    return rc;
}

static void
put(xmlNode *element, const char *name, const char *value)
{
    /* no result to check: without memory the daemon refuses the message */
    (void) xmlNewProp(element, (const xmlChar *) name,
                      (const xmlChar *) value);
}

static xmlDoc *
new_message(const char *task, const char *name)
{
    xmlDoc *document = cluster_new_document("pgward");
    xmlNode *element;

    if (document == NULL) {
        return NULL;
    }
    element = xmlDocGetRootElement(document);
    put(element, "t", "attrd");
    put(element, "src", "pgward");
    put(element, "task", task);
    put(element, "attr_name", name);
    return document;
}

int
cluster_attrd_query(struct cluster *cluster, const char *name,
                    int64_t deadline_ms, xmlNode **ret_reply,
                    struct text *ret_why)
{
    CLEANUP(cluster_free_document) xmlDoc *document =
        new_message("query", name);
    int rc = document == NULL ? -ENOMEM
             : send_message(cluster, document, deadline_ms, ret_reply);

    if (rc != 0) {
        cluster_explain(ret_why, "read", name, "pacemaker-attrd", rc);
        return -1;
    }
    return 0;
}

static int
send_update(struct cluster *cluster, const struct cluster_update *update,
            int64_t deadline_ms, struct text *ret_why)
{
    CLEANUP(cluster_free_reply) xmlNode *reply = NULL;
    bool later = update->spread == ATTR_LATER;
    /* `update` takes the dampening of a new attribute only */
    CLEANUP(cluster_free_document) xmlDoc *document =
        new_message(later ? "update-both" : "update", update->name);
    int rc = -ENOMEM;

    if (document != NULL) {
        xmlNode *element = xmlDocGetRootElement(document);

        put(element, "attr_host", update->node);
        if (update->value != NULL) {
            put(element, "attr_value", update->value);
        }
        if (later) {
            put(element, "attr_dampening", LATER);
        }
        put(element, "attr_is_private",
            update->spread == ATTR_PRIVATE ? "1" : "0");
        put(element, "attr_is_remote", "0");
        rc = send_message(cluster, document, deadline_ms, &reply);
    }
    if (rc != 0) {
        cluster_explain(ret_why, "set", update->name, "pacemaker-attrd", rc);
        return -1;
    }
    if (cluster_xml_read_ack(reply) != 0) {
        text_add(ret_why, "could not set '%s' of '%s': pacemaker-attrd "
                 "refused it. Look for it in the system log", update->name,
                 update->node);
        return -1;
    }
    return 0;
}

static bool
is_visible(const struct attr *attr, const char *value)
{
    if (value == NULL) {
        return attr->known == ATTR_UNSET;
    }
    /* attrd drops an update that changes nothing but the case */
    return attr->known == ATTR_SET && strcasecmp(attr->value, value) == 0;
}

int
cluster_attrd_update(struct cluster *cluster,
                     const struct cluster_update *update,
                     int64_t deadline_ms, struct text *ret_why)
{
    int64_t told_ms = clock_now_ms();

    if (send_update(cluster, update, deadline_ms, ret_why) != 0) {
        return -1;
    }
    for (;;) {
        CLEANUP(cluster_free_reply) xmlNode *reply = NULL;
        struct attr attr = { .known = ATTR_UNKNOWN };

        if (cluster_attrd_query(cluster, update->name, deadline_ms, &reply,
                                ret_why) != 0) {
            return -1;
        }
        if (cluster_xml_read_attr(reply, update->name, update->node, &attr)
            == 0 && is_visible(&attr, update->value)) {
            return 0;
        }
        if (clock_left_ms(deadline_ms) == 0) {
            text_add(ret_why, "could not set '%s' of '%s': pacemaker-attrd "
                     "does not show it. It took it: look for that in the "
                     "system log", update->name, update->node);
            return -1;
        }
        if (clock_now_ms() - told_ms >= TELL_AGAIN_MS) {
            told_ms = clock_now_ms();
            if (send_update(cluster, update, deadline_ms, ret_why) != 0) {
                return -1;
            }
            continue;
        }
        clock_sleep_ms(POLL_MS, deadline_ms);
    }
}
