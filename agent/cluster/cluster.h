/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_AGENT_CLUSTER_H
#define PGWARD_AGENT_CLUSTER_H

#include <stdbool.h>
#include <stdint.h>

#include "attrs.h"
#include "cluster_resource.h"
#include "moves.h"
#include "snapshot.h"
#include "text.h"

/*
 * The only user of crm/..., libqb's IPC and libxml2: the attribute daemon and
 * the CIB, in this process, without forking. Connections are opened when
 * first needed and kept for the action. Connecting may block without limit
 * when a daemon is frozen: the caller's alarm ends the action then, and a
 * caller without an action looks from a process that can be ended (look.h).
 *
 * In the executable the first call but cluster_new() and cluster_close() loads
 * the module (module.h); that it cannot be had is a failure like any other.
 */

struct cluster;

/*!
 * Make a handle; nothing is connected yet. Static storage, one per process.
 *
 * \param[in] resource   the primitive's id, without `:N`
 * \param[in] self_name  OCF_RESKEY_CRM_meta_on_node
 */
struct cluster *
cluster_new(const char *resource, const char *self_name);

/*! Close what is open. */
void
cluster_close(struct cluster *cluster);

/*!
 * Read the attributes of every node of the snapshot; receiver only where
 * check_wal_receiver is set, slots only with replication slots. The caller has
 * emptied them (snapshot_forget()); what was not read stays so.
 *
 * \return 0, or -1 with `ret_why`.
 */
int
cluster_observe_attrs(struct cluster *cluster, int64_t deadline_ms,
                      struct snapshot *snapshot, struct text *ret_why);

/*!
 * Look at the CIB once for one or both of
 * - FACT_MEMBERS: who is online and each instance's role (online, role,
 *   starting of every node), have_quorum, maintenance, promoted_max; names in
 *   the snapshot take Pacemaker's own spelling
 * - FACT_RECORD: RSC-data-status and -quorum of every node, and RSC-system-id
 *   and RSC-name-key of the cluster
 *
 * \return 0, or -1 with `ret_why` and the snapshot untouched.
 */
int
cluster_observe_cib(struct cluster *cluster, uint32_t facts,
                    int64_t deadline_ms, struct snapshot *snapshot,
                    struct text *ret_why);

/*!
 * Read how the cluster and the resource are configured: fencing and the part
 * of profile that is the cluster's.
 */
int
cluster_observe_profile(struct cluster *cluster, int64_t deadline_ms,
                        struct snapshot *snapshot, struct text *ret_why);

/*!
 * Set an attribute of a node, or delete it (`value` NULL), and wait until the
 * local attribute daemon shows it.
 */
int
cluster_set_attr(struct cluster *cluster, enum attr_id attr,
                 const char *node, const char *value, int64_t deadline_ms,
                 struct text *ret_why);

/*! What the record is to say of a node. */
struct cluster_record {
    const char *node;
    const char *value;
    bool is_quorum;             /*!< RSC-data-quorum, not RSC-data-status */
};

/*!
 * Set what the record says of some nodes, lifetime forever, in one change that
 * nobody sees half of, and wait until the CIB has taken it.
 *
 * \param[in] count  of `record`, at least 1
 * \return 0, or -1 with `ret_why`: nothing was changed, or it is not visible.
 */
int
cluster_set_records(struct cluster *cluster,
                    const struct cluster_record *record, size_t count,
                    int64_t deadline_ms, struct text *ret_why);

/*! What is true of the whole cluster: options of crm_config. */
enum cluster_option {
    CLUSTER_OPTION_SYSTEM_ID,   /*!< RSC-system-id */
    CLUSTER_OPTION_NAME_KEY,    /*!< RSC-name-key */
    CLUSTER_OPTION_DECISION,    /*!< RSC-decision */
};

/*!
 * Record an option as `crm_attribute --type crm_config` does. What is there of
 * that name was recorded so, too, or nothing is.
 *
 * \return 0, or -1 with `ret_why`.
 */
int
cluster_record_option(struct cluster *cluster, enum cluster_option option,
                      const char *value, int64_t deadline_ms,
                      struct text *ret_why);

/*!
 * Read a node's record, and this node's, from that node's own copy of the CIB
 * (P2): copy, copy_quorum and copy_self of `ret_node`.
 *
 * \return 0, or -1 with `ret_why`: it did not answer.
 */
int
cluster_read_copy(struct cluster *cluster, const char *node,
                  int64_t deadline_ms, struct node *ret_node,
                  struct text *ret_why);

/*!
 * Report to the controller of this node that the resource has failed, the same
 * as `crm_resource --fail`.
 *
 * \param[out] ret_count  such failures that were counted before, for
 *                        cluster_count_once(); -1: not known
 * \return 0 once it has taken it, or -1 with `ret_why`.
 */
int
cluster_report_failure(struct cluster *cluster, int64_t deadline_ms,
                       int64_t *ret_count, struct text *ret_why);

/*!
 * Let the failure that was just reported count as one: Pacemaker 2.1.5 and its
 * like may count it twice (their history has it in two places). Waits for
 * that, but not for long.
 */
int
cluster_count_once(struct cluster *cluster, int64_t count,
                   int64_t deadline_ms, struct text *ret_why);

/*! Ask for this node's name, into `ret_name[NODE_NAME_SIZE]`. */
int
cluster_own_name(struct cluster *cluster, int64_t deadline_ms, char *ret_name,
                 struct text *ret_why);

/*!
 * Find a resource of this agent in the CIB.
 *
 * \param[in]  wanted        of the primitive or its clone; NULL: the one that
 *                           there is
 * \param[out] ret_resource  large: not for the stack
 * \return 0, or -1 with `ret_why`: none, several, or no answer.
 */
int
cluster_find_resource(struct cluster *cluster, const char *wanted,
                      int64_t deadline_ms,
                      struct cluster_resource *ret_resource,
                      struct text *ret_why);

/*!
 * Read what stands in the way of a planned move: location constraints of the
 * resource or of its clone, failures and maintenance of nodes.
 *
 * \param[in] clone  that the resource is in; "": none
 * \return 0, or -1 with `ret_why`.
 */
int
cluster_read_moves(struct cluster *cluster, const char *clone,
                   int64_t deadline_ms, struct moves *ret_moves,
                   struct text *ret_why);

/*! Who is to lead, and until when nobody else may. */
struct cluster_move {
    const char *clone;          /*!< that the resource is in; "": none */
    const char *to;             /*!< node, in Pacemaker's spelling */
    int64_t end_s;              /*!< CLOCK_REALTIME, by which each node's
                                     Pacemaker judges with its own clock */
};

/*! There is such a constraint already: another move, or what it has left. */
#define CLUSTER_MOVE_EXISTS 1

/*!
 * Let nobody be promoted but one node.
 *
 * \return 0; CLUSTER_MOVE_EXISTS; or -1 with `ret_why`.
 */
int
cluster_begin_move(struct cluster *cluster, const struct cluster_move *move,
                   int64_t deadline_ms, struct text *ret_why);

/*! Take that constraint away; one that is gone is a success. */
int
cluster_end_move(struct cluster *cluster, int64_t deadline_ms,
                 struct text *ret_why);

#endif
