/* The CIB, by libcib: look at it, and keep the record in it. */

#include <errno.h>
#include <limits.h>
#include <string.h>

#include "cleanup.h"
#include "clock.h"
#include "cluster_parts.h"

#define PATH_TEXT_SIZE 2048
#define POLL_MS 1

void
cluster_cib_close(struct cluster *cluster)
{
    if (cluster->cib != NULL) {
        /* nothing is left to do where signing off fails */
        (void) cluster->cib->cmds->signoff(cluster->cib);
        cib_delete(cluster->cib);
        cluster->cib = NULL;
    }
}

static int
open_cib(struct cluster *cluster)
{
    int rc;

    if (cluster->cib != NULL) {
        if (cluster->cib->state != cib_disconnected) {
            return 0;
        }
        cluster_cib_close(cluster);
    }
    cluster->cib = cib_new();
    if (cluster->cib == NULL) {
        return -ENOMEM;
    }
    rc = cluster->cib->cmds->signon(cluster->cib, "pgward", cib_command);
    if (rc != pcmk_ok) {
        cluster_cib_close(cluster);
    }
    return rc;
}

/* One request; run with the connection open and its time-out set. */
typedef int (*request_fn)(struct cluster *cluster, void *context);

static int
try_request(struct cluster *cluster, int64_t deadline_ms, request_fn request,
            void *context)
{
    int64_t left_ms;
    int rc = open_cib(cluster);

    if (rc != pcmk_ok) {
        return rc;
    }
    left_ms = clock_left_ms(deadline_ms);
    if (left_ms == 0) {
        return -ETIME;
    }
    /* whole seconds, of which libcrmcommon adds one */
    cluster->cib->call_timeout =
        left_ms < 2000 ? 1
        : left_ms / 1000 > INT_MAX / 1000 ? INT_MAX / 1000
        : (int) (left_ms / 1000) - 1;
    rc = request(cluster, context);
    if (rc != pcmk_ok && rc != -ENXIO) {
        cluster_cib_close(cluster);
    }
    return rc;
}

static bool
is_lost(int rc)
{
    return rc == -ENOTCONN || rc == -ECOMM || rc == -EPIPE
           || rc == -ECONNRESET;
}

/*
 * Repeated once on a new connection if the kept one turns out dead. libcib
 * gives one error for that and for a time-out: the time tells them apart.
 */
static int
run_request(struct cluster *cluster, int64_t deadline_ms, request_fn request,
            void *context)
{
    bool kept = cluster->cib != NULL;
    int64_t start_ms = clock_now_ms();
    int rc = try_request(cluster, deadline_ms, request, context);

    if (is_lost(rc) && clock_now_ms() - start_ms >= 1000) {
        return -ETIME;
    }
    if (kept && is_lost(rc)) {
        rc = try_request(cluster, deadline_ms, request, context);
    }
    return rc;
}

struct look {
    const char *path;
    const char *host;           /* NULL: the copy of this node */
    int options;
    xmlNode *reply;
};

static int
request_look(struct cluster *cluster, void *context)
{
    struct look *look = context;

    int options = cib_sync_call | cib_xpath | cib_multiple | look->options;

    if (look->host != NULL) {
        return cluster->cib->cmds->query_from(cluster->cib, look->host,
                                              look->path, &look->reply,
                                              options);
    }
    return cluster->cib->cmds->query(cluster->cib, look->path, &look->reply,
                                     options);
}

int
cluster_cib_query(struct cluster *cluster, const char *path,
                  int64_t deadline_ms, xmlNode **ret_reply)
{
    struct look look = { .path = path };
    int rc = run_request(cluster, deadline_ms, request_look, &look);

    *ret_reply = look.reply;
    return rc;
}

int
cluster_cib_look(struct cluster *cluster, int64_t deadline_ms,
                 struct cluster_view *view, struct text *ret_why)
{
    return cluster_cib_look_at(cluster, NULL, deadline_ms, view, ret_why);
}

int
cluster_cib_look_at(struct cluster *cluster, const char *host,
                    int64_t deadline_ms, struct cluster_view *view,
                    struct text *ret_why)
{
    char path_buf[PATH_TEXT_SIZE];
    char record[CLUSTER_NAME_SIZE];
    struct text path;
    struct text name;
    struct look look = { .path = path_buf, .host = host,
                         .options = cib_no_children };
    int rc;

    text_init(&path, path_buf, sizeof(path_buf));
    text_init(&name, record, sizeof(record));
    cluster_xml_view_path(cluster->resource, &path);
    text_add(&name, "%s-data-status", cluster->resource);
    if (path.overflow || name.overflow
        || strchr(cluster->resource, '\'') != NULL) {
        text_add(ret_why, "could not look up '%s': it cannot be a resource's "
                 "id", cluster->resource);
        return -1;
    }
    rc = run_request(cluster, deadline_ms, request_look, &look);
    if (rc == pcmk_ok
        && cluster_xml_read_view(look.reply, record, view) != 0) {
        rc = -EPROTO;
    }
    cluster_free_reply(&look.reply);
    if (rc != pcmk_ok) {
        cluster_explain(ret_why, "read the state of",
                        host != NULL ? host : cluster->resource,
                        "pacemaker-based", rc);
        return -1;
    }
    return 0;
}

struct change {
    const char *uuid;
    const char *name;
    const char *value;          /* NULL: delete */
    bool quorum;                /* RSC-data-quorum, not RSC-data-status */
};

static int
request_change(struct cluster *cluster, void *context)
{
    const struct change *change = context;
    int rc;

    if (change->value != NULL) {
        return update_attr_delegate(cluster->cib, cib_sync_call, "nodes",
                                    change->uuid, NULL, NULL, NULL,
                                    change->name, change->value, FALSE, NULL,
                                    NULL);
    }
    rc = delete_attr_delegate(cluster->cib, cib_sync_call, "nodes",
                              change->uuid, NULL, NULL, NULL, change->name,
                              NULL, FALSE, NULL);
    return rc == -ENXIO ? pcmk_ok : rc;
}

static bool
has_value(const struct attr *attr, const char *value)
{
    return value == NULL ? attr->known == ATTR_UNSET : attr_is(attr, value);
}

/* The coordinator has taken it: the local copy follows within a moment. */
static int
wait_visible(struct cluster *cluster, const struct change *change,
             int64_t deadline_ms, struct cluster_view *view,
             struct text *ret_why)
{
    for (;;) {
        if (cluster_cib_look(cluster, deadline_ms, view, ret_why) != 0) {
            return -1;
        }
        if (has_value(change->quorum ? &view->node[0].quorum
                                     : &view->node[0].record,
                      change->value)) {
            return 0;
        }
        if (clock_left_ms(deadline_ms) == 0) {
            text_add(ret_why, "could not set '%s' of '%s': pacemaker-based "
                     "took it but does not show it. Look for it in the "
                     "system log", change->name, view->node[0].name);
            return -1;
        }
        clock_sleep_ms(POLL_MS, deadline_ms);
    }
}

/* The node's id in the CIB; our own came with the action. */
static const char *
find_uuid(struct cluster *cluster, int64_t deadline_ms,
          struct cluster_view *view, struct text *ret_why)
{
    const struct cluster_node *node = &view->node[0];

    if (cluster->self_uuid != NULL && cluster->self_uuid[0] != '\0'
        && text_same_name(node->name, cluster->self_name)) {
        return cluster->self_uuid;
    }
    if (cluster_cib_look(cluster, deadline_ms, view, ret_why) != 0) {
        return NULL;
    }
    if (node->uuid[0] == '\0') {
        text_add(ret_why, "could not find node '%s': the cluster does not "
                 "know it. Compare node_list with crm_node -l", node->name);
        return NULL;
    }
    return node->uuid;
}

static int
set_permanent(struct cluster *cluster, const char *node, const char *value,
              bool quorum, int64_t deadline_ms, struct text *ret_why)
{
    struct change change = { .value = value, .quorum = quorum };
    struct cluster_view view = { .count = 1 };
    char name_buf[CLUSTER_NAME_SIZE];
    struct text name;
    const char *suffix = quorum ? "quorum" : "status";
    int rc;

    text_init(&name, name_buf, sizeof(name_buf));
    text_add(&name, "%s-data-%s", cluster->resource, suffix);
    if (name.overflow || text_copy(node, view.node[0].name,
                                   sizeof(view.node[0].name)) != 0) {
        text_add(ret_why, "could not set '%s-data-%s' of '%s': the name "
                 "is too long", cluster->resource, suffix, node);
        return -1;
    }
    change.name = name_buf;
    change.uuid = find_uuid(cluster, deadline_ms, &view, ret_why);
    if (change.uuid == NULL) {
        return -1;
    }
    rc = run_request(cluster, deadline_ms, request_change, &change);
    if (rc != pcmk_ok) {
        cluster_explain(ret_why, "set", name_buf, "pacemaker-based", rc);
        return -1;
    }
    return wait_visible(cluster, &change, deadline_ms, &view, ret_why);
}

int
cluster_set_record(struct cluster *cluster, const char *node,
                   const char *value, int64_t deadline_ms,
                   struct text *ret_why)
{
    return set_permanent(cluster, node, value, false, deadline_ms, ret_why);
}

int
cluster_set_quorum(struct cluster *cluster, const char *node,
                   const char *value, int64_t deadline_ms,
                   struct text *ret_why)
{
    return set_permanent(cluster, node, value, true, deadline_ms, ret_why);
}
