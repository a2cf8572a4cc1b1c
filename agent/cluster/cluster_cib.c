/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The CIB, by libcib: connections to it, and looks at it. */

#include <errno.h>
#include <limits.h>
#include <string.h>

#include "cleanup.h"
#include "clock.h"
#include "cluster_parts.h"

#define PATH_TEXT_SIZE 2048

/*
 * From Pacemaker 2.1.7 on a client that changes the nodes section, which holds
 * the record, makes the controller populate it anew and hold an election,
 * unless it has the name of a daemon or of one of five tools that are known to
 * do no harm there (cib__client_triggers_refresh() in its crm/cib/internal.h).
 * pacemaker-attrd writes all its attributes again by the same rule. What is
 * written here is what crm_attribute would write.
 */
#define CLIENT_NAME "crm_attribute"

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
    rc = cluster->cib->cmds->signon(cluster->cib, CLIENT_NAME, cib_command);
    if (rc != pcmk_ok) {
        cluster_cib_close(cluster);
    }
    return rc;
}

static int
try_request(struct cluster *cluster, int64_t deadline_ms,
            cluster_request_fn request, void *context)
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
int
cluster_cib_request(struct cluster *cluster, int64_t deadline_ms,
                    cluster_request_fn request, void *context)
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
    int rc = cluster_cib_request(cluster, deadline_ms, request_look, &look);

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
    rc = cluster_cib_request(cluster, deadline_ms, request_look, &look);
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
