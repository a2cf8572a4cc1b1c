/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_AGENT_CLUSTER_PARTS_H
#define PGWARD_AGENT_CLUSTER_PARTS_H

/* What the files of cluster share; the contract is cluster.h. */

#include <crm/cib.h>
#include <crm/common/ipc.h>
#include <crm/common/ipc_controld.h>
#include <crm/common/xml.h>
#include <stdbool.h>
#include <stdint.h>

#include "cluster.h"
#include "cluster_xml.h"

/* Attribute and resource names of any length people use. */
#define CLUSTER_NAME_SIZE 256

/* 3.0 still exports it, but declares it in a header that does not stand
 * alone. */
#if defined(HAVE_DECL_CRM_IPC_CONNECT) && !HAVE_DECL_CRM_IPC_CONNECT
bool crm_ipc_connect(crm_ipc_t *client);
#endif

struct cluster {
    const char *resource;
    const char *self_name;
    crm_ipc_t *attrd;           /* NULL: not connected */
    cib_t *cib;                 /* NULL: not connected */
    struct name_list known;     /* node names in Pacemaker's spelling */
    const struct cluster_calls *calls;  /* the module; NULL: not loaded */
};

/*! An answer that libcrmcommon allocated. */
void
cluster_free_reply(xmlNode **reply);

/*! A document with an empty root element; NULL: no memory. */
xmlDoc *
cluster_new_document(const char *root);

/*! Of one's own making, for CLEANUP(). */
static inline void
cluster_free_document(xmlDoc **document)
{
    xmlFreeDoc(*document);
}

/*! Did a daemon take too long, by libcrmcommon's error? */
bool
cluster_is_timeout(int rc);

/*! Say that a daemon did not do its part; `rc` is a negative errno. */
void
cluster_explain(struct text *why, const char *verb, const char *object,
                const char *daemon, int rc);

/*! Close the connection to the attribute daemon. */
void
cluster_attrd_close(struct cluster *cluster);

/*! Ask for one attribute of all nodes; free with cluster_free_reply(). */
int
cluster_attrd_query(struct cluster *cluster, const char *name,
                    int64_t deadline_ms, xmlNode **ret_reply,
                    struct text *ret_why);

/*! One change of an attribute. */
struct cluster_update {
    const char *name;
    const char *node;           /* in Pacemaker's spelling */
    const char *value;          /* NULL: delete */
    enum attr_spread spread;
};

/*! Send a change and wait until the local daemon shows it. */
int
cluster_attrd_update(struct cluster *cluster,
                     const struct cluster_update *update,
                     int64_t deadline_ms, struct text *ret_why);

/*! What the controller of this node is asked. */
struct cluster_question {
    int (*ask)(pcmk_ipc_api_t *api, void *context);
    /* NULL: nobody wants to know more than that it has answered */
    void (*take)(const pcmk_controld_api_reply_t *reply, void *context);
    void *context;
};

/*!
 * Ask, and wait for the answer.
 *
 * \return a standard Pacemaker code: pcmk_rc_ok, or an errno.
 */
int
cluster_controld_ask(const struct cluster_question *question,
                     int64_t deadline_ms);

/*! Close the connection to the CIB. */
void
cluster_cib_close(struct cluster *cluster);

/*! One request; run with the connection open and its time-out set. */
typedef int (*cluster_request_fn)(struct cluster *cluster, void *context);

/*!
 * Run a request of the CIB, once more on a new connection if the kept one
 * turns out dead.
 *
 * \return a negative errno or pcmk_ok.
 */
int
cluster_cib_request(struct cluster *cluster, int64_t deadline_ms,
                    cluster_request_fn request, void *context);

/*!
 * Ask the CIB for all that an XPath finds, with what is below it.
 *
 * \return a negative errno or pcmk_ok; free with cluster_free_reply().
 */
int
cluster_cib_query(struct cluster *cluster, const char *path,
                  int64_t deadline_ms, xmlNode **ret_reply);

/*! Look at the CIB; the names of the wanted nodes are filled before. */
int
cluster_cib_look(struct cluster *cluster, int64_t deadline_ms,
                 struct cluster_view *view, struct text *ret_why);

/*! The same in the copy of one node, which its own daemon answers for. */
int
cluster_cib_look_at(struct cluster *cluster, const char *host,
                    int64_t deadline_ms, struct cluster_view *view,
                    struct text *ret_why);

#endif
