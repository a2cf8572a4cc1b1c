/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_AGENT_CLUSTER_XML_H
#define PGWARD_AGENT_CLUSTER_XML_H

#include <libxml/tree.h>
#include <stdbool.h>
#include <stddef.h>

#include "roles.h"
#include "snapshot.h"

/*
 * Reading what the attribute daemon and the CIB answer. Nothing is kept of
 * the XML; what is garbled or too long is UNKNOWN.
 */

/*! A node as the CIB shows it. */
struct cluster_node {
    char name[NODE_NAME_SIZE];  /*!< asked for; then Pacemaker's spelling */
    char uuid[NODE_NAME_SIZE];  /*!< "" when the CIB does not have the node */
    enum tri online;
    enum tri member;            /*!< in_ccm */
    enum tri controller;        /*!< crmd */
    enum tri expected_down;     /*!< `expected`, and not joined since */
    enum tri erased;            /*!< there is no operation history */
    enum tri maintenance;       /*!< this node's own attribute */
    struct attr record;         /*!< RSC-data-status */
    struct attr quorum;         /*!< RSC-data-quorum */
    struct attr score;          /*!< as the CIB has it by now */
    struct roles roles;
};

/*! One look at the CIB; the names of the wanted nodes are filled before. */
struct cluster_view {
    enum tri have_quorum;
    enum tri maintenance;       /*!< the cluster's, or the resource's */
    enum tri fencing;           /*!< YES is its default */
    uint32_t promoted_max;      /*!< of the clone; 1 is its default */
    struct attr system_id;      /*!< RSC-system-id of crm_config, */
    struct attr name_key;       /*!< and RSC-name-key */
    bool with_others;           /*!< wanted: every other node that has a
                                     record as well, behind those named */
    size_t count;
    struct cluster_node node[NODES_MAX];
};

/*! The property that turns fencing on, which 3.0.2 has renamed. */
struct cluster_fencing {
    enum tri on;                /*!< UNKNOWN: neither name was read */
    bool new_name;              /*!< fencing-enabled, not stonith-enabled */
};

/*!
 * Take a cluster property if it turns fencing on or off; of both names the
 * new one counts, as for Pacemaker.
 *
 * \return whether it is that property.
 */
bool
cluster_xml_read_fencing(const char *name, const char *value,
                         struct cluster_fencing *fencing);

/*! Pacemaker's booleans (crm_str_to_boolean()); NULL or "" is UNKNOWN. */
enum tri
cluster_xml_boolean(const char *text);

/*!
 * Read the answer to a query of one attribute.
 *
 * \param[in]  reply     for all nodes
 * \param[in]  name      the attribute asked for
 * \param[in]  node      whose value; an exact spelling beats any other
 * \param[out] ret_attr  UNSET: never set, or set no more
 * \return 0, or -1 with `ret_attr` untouched: that is no answer to it.
 */
int
cluster_xml_read_attr(const xmlNode *reply, const char *name,
                      const char *node, struct attr *ret_attr);

/*!
 * Read the answer to an update.
 *
 * \return 0 taken, or -1: refused, or no such answer.
 */
int
cluster_xml_read_ack(const xmlNode *reply);

/*!
 * Read the flat answer to the query of cluster_xml_view_path().
 *
 * \param[in]     record  the name of the data status attribute
 * \param[in,out] view    names are filled; the rest is, on success
 * \return 0, or -1 with `view` untouched: that is no answer to it.
 */
int
cluster_xml_read_view(const xmlNode *reply, const char *record,
                      struct cluster_view *view);

/*!
 * Read how cluster and resource are configured; what is not there stays as it
 * is, or has Pacemaker's default.
 *
 * \param[in]     reply     the answer to the query of profile, flat
 * \param[in,out] snapshot  fencing and profile
 */
void
cluster_xml_read_profile(const xmlNode *reply, const char *resource,
                         struct snapshot *snapshot);

/*!
 * Write the XPath that asks for all that a view needs, and no more: the CIB
 * of a large cluster is large, and its answer would be compressed.
 */
void
cluster_xml_view_path(const char *resource, struct text *path);

#endif
