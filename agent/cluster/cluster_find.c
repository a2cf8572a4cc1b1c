/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an action is told in its environment, from the cluster itself. */

#include <errno.h>
#include <string.h>

#include "cleanup.h"
#include "cluster_parts.h"
#include "cluster_resource_xml.h"

static int
ask_node_info(pcmk_ipc_api_t *api, void *context)
{
    (void) context;
    return pcmk_controld_api_node_info(api, 0);     /* of this node */
}

static void
take_name(const pcmk_controld_api_reply_t *reply, void *context)
{
    const char *name = reply->data.node_info.uname;

    if (reply->reply_type == pcmk_controld_reply_info && name != NULL) {
        /* one too long stays unknown */
        (void) text_copy(name, context, NODE_NAME_SIZE);
    }
}

int
cluster_own_name(struct cluster *cluster, int64_t deadline_ms, char *ret_name,
                 struct text *ret_why)
{
    char name[NODE_NAME_SIZE] = "";
    const struct cluster_question question = {
        .ask = ask_node_info, .take = take_name, .context = name,
    };
    int rc = cluster_controld_ask(&question, deadline_ms);

    (void) cluster;
    if (rc == pcmk_rc_ok && name[0] == '\0') {
        rc = EPROTO;
    }
    if (rc != pcmk_rc_ok) {
        cluster_explain(ret_why, "ask for the name of", "this node",
                        "pacemaker-controld", rc > 0 ? -rc
                                                     : pcmk_rc2legacy(rc));
        return -1;
    }
    memcpy(ret_name, name, sizeof(name));
    return 0;
}

int
cluster_find_resource(struct cluster *cluster, const char *wanted,
                      int64_t deadline_ms,
                      struct cluster_resource *ret_resource,
                      struct text *ret_why)
{
    CLEANUP(cluster_free_reply) xmlNode *reply = NULL;
    int rc = cluster_cib_query(cluster, "/cib/configuration", deadline_ms,
                               &reply);

    if (rc == -ENOTCONN) {
        text_add(ret_why, "pcs cluster start, or ask on a node where it runs: "
                 "the cluster is stopped on this node");
        return -1;
    }
    if (rc != pcmk_ok || reply == NULL) {
        cluster_explain(ret_why, "read the configuration of", "the cluster",
                        "pacemaker-based", rc != pcmk_ok ? rc : -EPROTO);
        return -1;
    }
    return cluster_xml_find_resource(reply, wanted, ret_resource, ret_why);
}
