/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_AGENT_INSTANCE_H
#define PGWARD_AGENT_INSTANCE_H

#include <stdint.h>

#include "cluster.h"
#include "identity.h"
#include "params.h"
#include "pgsql.h"
#include "snapshot.h"

/*!
 * One action on one resource, or one look at it: what every part of the agent
 * works with.
 */
struct instance {
    char resource[NODE_NAME_SIZE];    /*!< the primitive's id, without `:N` */
    char self_name[NODE_NAME_SIZE];   /*!< this node, in Pacemaker's words */
    struct params params;
    struct identity identity;
    enum ocf_code problem;            /*!< of the parameters; 0: none */
    char problem_text[SERVER_TEXT_SIZE];
    struct cluster *cluster;
    struct pgsql *pgsql;
    int64_t begin_ms;                 /*!< when the action began */
    int64_t deadline_ms;              /*!< when its verdict has to stand */
    int lock_fd;                      /*!< of the instance's lock; -1: none */
    bool address_unknown;             /*!< master_ip could not be looked up */
    bool only_looks;                  /*!< it is no action: what is kept from
                                           one to the next stays as it is */
};

/*! Where an instance's parameters and meta attributes come from. */
struct instance_source {
    params_get_fn get_param;
    void *context;
    bool has_meta;                    /*!< the rest is known */
    bool promotable;
    uint32_t promoted_max;            /*!< 0: not known, or not promotable */
};

/*!
 * Fill what comes of parameters and meta attributes. The names of resource and
 * node, and the snapshot's action, are there.
 *
 * Errors: what is wrong with a parameter is kept in `problem`.
 */
void
instance_fill(const struct instance_source *source,
              struct instance *instance, struct snapshot *snapshot);

/*!
 * Read parameters and meta attributes from the environment.
 *
 * \param[out] ret_instance  in static storage, since params points into it
 * \param[out] ret_snapshot  settings, node list, lists, role, notify
 *
 * Errors: what is wrong with a parameter is kept in `problem`.
 * Source: Pacemaker's OCF_RESKEY_CRM_meta_* variables.
 */
void
instance_init(enum action action, struct instance *ret_instance,
              struct snapshot *ret_snapshot);

/*!
 * Check what the instance needs on this node, for start and validate-all:
 * fills settings.problem and its text; leaves an earlier problem alone.
 */
void
instance_check_setup(const struct instance *instance,
                     struct snapshot *snapshot);

/*!
 * Take the instance's lock, so that one action at a time writes.
 *
 * \return OCF_SUCCESS (also when it is held already), or what the action ends
 *         with, and `ret_why`: OCF_ERR_PERM for a user who may not,
 *         OCF_ERR_GENERIC when another action holds it until the deadline.
 */
enum ocf_code
instance_lock(struct instance *instance, struct text *ret_why);

/*! Give the lock back, before the process ends. */
void
instance_unlock(struct instance *instance);

/*!
 * The folder for locks and for what is remembered until the next boot: the
 * agents' own, made at boot.
 */
const char *
instance_run_folder(void);

/*! A file of the instance in that folder, into `ret_path[PATH_SIZE]`. */
const char *
instance_run_path(const struct instance *instance, const char *suffix,
                  char *ret_path);

#endif
