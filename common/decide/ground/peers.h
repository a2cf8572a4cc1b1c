/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_COMMON_PEERS_H
#define PGWARD_COMMON_PEERS_H

#include "snapshot.h"

#define DATA_LATEST "LATEST"
#define DATA_SYNC "STREAMING|SYNC"
#define DATA_QUORUM "STREAMING|QUORUM"
#define DATA_LAGS "CATCHUP|ASYNC"
#define DATA_DISCONNECT "DISCONNECT"

/*! RSC-status of a node that brings its data back. */
#define STATUS_REJOIN "HS:rejoin"

/*! RSC-rejoin of one that has not begun to work. */
#define REJOIN_WAITS "waits"

#define SCORE_PROMOTED "1000"
#define SCORE_CANDIDATE "100"
#define SCORE_NEVER "-INFINITY"

/*! This node, or an empty one that claims nothing. */
const struct node *
self_node(const struct snapshot *snapshot);

/*! Whom this transition promotes; NODES_MAX: nobody. */
size_t
chosen_node(const struct snapshot *snapshot);

/*!
 * Is a standby that does not stream still to be waited for?
 *
 * It may be winning the fencing race right now with `STREAMING|SYNC` in its
 * copy of the record: a node that left the cluster and was not proved down
 * (fenced, or left as planned, with nothing active there), or any node while
 * this one has no quorum or sees less than half of node_list. In maintenance
 * mode nothing is released. With fencing off nothing can be proved, and a node
 * outside the membership counts as down.
 *
 * Source: promise P2.
 */
bool
may_still_act(const struct snapshot *snapshot, size_t node);

/*! Does the record no longer call it eligible? UNKNOWN is no. */
bool
is_released(const struct attr *data_status);

/*! Proved down: outside the membership, and nothing active there. */
bool
is_down(const struct snapshot *snapshot, size_t node);

/*! Does Corosync run there, and Pacemaker not? */
bool
lacks_pacemaker(const struct node *node);

/*!
 * Is it in Corosync's membership while its controller has not joined, or not
 * again? Its controller died, or a partition has healed and each side has a
 * history of its own: what ours has of its role may be of before. One that is
 * out (node_is_out()) is none.
 */
bool
is_joining(const struct node *node);

/*!
 * Is it down as far as a promotion asks? With fencing off any node outside the
 * membership is, as the shell agent has it.
 */
bool
counts_as_down(const struct snapshot *snapshot, size_t node);

/*!
 * Was this node started to be judged: it led, went down, and another node was
 * ranked or promoted? It waits for the history of the primary's timelines.
 */
bool
is_unproved(const struct snapshot *snapshot, size_t node);

/*! Does another node say that it is the primary, as it may have while dying? */
bool
someone_leads(const struct snapshot *snapshot);

/*!
 * Was this node out when this action began, and is it back and not yet probed?
 * Pacemaker probes it when the action is over, so nobody waits for that; a
 * server of before cannot be there, and one that something else started at
 * boot is the probe's to find (P3).
 */
bool
has_come_back(const struct node *node);

/*!
 * Does some other node run a promoted instance? Of one that is joining nobody
 * knows yet (P3).
 *
 * \param[out] ret_node  set unless the answer is no: the node it is about
 */
enum tri
other_promoted(const struct snapshot *snapshot, size_t *ret_node);

/*! Did the primary record that this node streams (`STREAMING|...`)? */
bool
has_streamed(const struct attr *data_status);

/*! Live: online, and its instance is running or on its way. */
bool
is_live(const struct snapshot *snapshot, size_t node);

/*! Has it the score of a candidate, or of a primary? */
bool
is_ranked(const struct node *node);

/*! How many nodes of node_list are online, this one included. */
size_t
nodes_online(const struct snapshot *snapshot);

/*!
 * Is half of node_list online? Fewer never change the record: a majority that
 * boots later trusts its own, so one of them has to have seen every change.
 * Votequorum without last_man_standing asks for more.
 */
bool
half_is_online(const struct snapshot *snapshot);

/*!
 * A position counts only when it cannot grow any more, and nothing more can be
 * acknowledged: when the old primary is stopped, or proved down.
 */
bool
old_primary_is_over(const struct snapshot *snapshot);

#endif
