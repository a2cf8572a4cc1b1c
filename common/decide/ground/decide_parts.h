/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_COMMON_DECIDE_PARTS_H
#define PGWARD_COMMON_DECIDE_PARTS_H

#include "may_lead.h"
#include "plan.h"
#include "snapshot.h"
#include "sync_list.h"

/* What the subjects of the decision share; nobody outside common/ needs it. */

#define SCORE_PROMOTED "1000"
#define SCORE_CANDIDATE "100"
#define SCORE_NEVER "-INFINITY"

#define DATA_LATEST "LATEST"
#define DATA_SYNC "STREAMING|SYNC"
#define DATA_QUORUM "STREAMING|QUORUM"
#define DATA_LAGS "CATCHUP|ASYNC"
#define DATA_DISCONNECT "DISCONNECT"

/*!
 * A monitor that knows the server's health gives the cluster's daemons this
 * long; then its verdict stands, and the next one looks again.
 */
#define MONITOR_LOOK_MS 3000u

/*! A verdict is given this long before the action would be killed. */
#define LAST_CALL_MS 1000u

/* One function an action; each leaves a verdict in the plan. */
void decide_start(const struct snapshot *snapshot, struct plan *plan);
void decide_stop(const struct snapshot *snapshot, struct plan *plan);
void decide_status(const struct snapshot *snapshot, struct plan *plan);
void decide_monitor(const struct snapshot *snapshot, struct plan *plan);
void decide_promote(const struct snapshot *snapshot, struct plan *plan);
void decide_demote(const struct snapshot *snapshot, struct plan *plan);
void decide_notify(const struct snapshot *snapshot, struct plan *plan);
void decide_reload(const struct snapshot *snapshot, struct plan *plan);

/*! This node, or an empty one that claims nothing. */
const struct node *
self_node(const struct snapshot *snapshot);

/*! Whom this transition promotes; NODES_MAX: nobody. */
size_t
chosen_node(const struct snapshot *snapshot);

/*! How soon a wait looks again: soon at first, for most waits are short. */
uint32_t
poll_ms(const struct snapshot *snapshot);

/*!
 * Has the cluster said nothing of its attributes, its record or its members?
 * One of its daemons is away for a moment then, and nothing may be concluded.
 * The plan looks again, or ends with the reason when the time is over.
 */
bool
cluster_is_silent(const struct snapshot *snapshot, struct plan *plan);

/*! Were these facts tried in this cycle? If not, the plan asks for them. */
bool
have_facts(const struct snapshot *snapshot, uint32_t facts,
           struct plan *plan);

/*!
 * Plan an attribute's new value; "" deletes it. Nothing when it has that
 * value, and nothing for a node known to be offline.
 */
void
want_attr(const struct snapshot *snapshot, struct plan *plan,
          enum op_kind kind, enum op_need need, size_t node,
          const char *value);

/*! Plan a node's RSC-data-status; nothing when it has that value. */
void
want_data_status(const struct snapshot *snapshot, struct plan *plan,
                 enum op_need need, size_t node, const char *value);

/*! This node's attributes while the server is down. */
void
want_stopped_attrs(const struct snapshot *snapshot, struct plan *plan);

/*!
 * Who sends to the clients' address where it is not is to be refused: make the
 * table that does, or take it away, at the end of a start, monitor or stop.
 * It never changes what the action says.
 */
void
refusal_duty(const struct snapshot *snapshot, struct plan *plan);

/*!
 * End every process of the instance, within the action's time.
 *
 * Fast shutdown first, for `escalate_ms`; then immediate; then SIGKILL. A
 * postmaster that is stopped (SIGSTOP) or gone cannot shut anything down, so
 * what is left of it is killed at once.
 *
 * \return true when none is left (P4); else the plan has its verdict.
 */
bool
end_server(const struct snapshot *snapshot, struct plan *plan,
           uint32_t escalate_ms);

/*! A standby comes back with other settings: it ends, and is started again. */
void
plan_restart(struct plan *plan);

/*!
 * Is no such restart under way in this action? It ends as a stop does, however
 * long that takes, and the action goes on with the server that was started.
 *
 * \return false: the plan has its verdict.
 */
bool
restart_is_over(const struct snapshot *snapshot, struct plan *plan);

/*! Whatever the verdict of a plan that begins one was: its end is awaited. */
void
await_restart(const struct snapshot *snapshot, struct plan *plan);

/*!
 * While a fast shutdown waits: end whom it waits for without need.
 *
 * Those are WAL senders whose client is none of the cluster's standbys (or one
 * that the next primary serves as well, once that one holds the shutdown's
 * checkpoint), and an archive_command that hangs. pg_control still says `shut
 * down` in the end.
 *
 * Stands behind the plan's own wait, which it may make a closer look.
 *
 * Source: promises P6 and P7; PostgreSQL's postmaster.c, PM_SHUTDOWN_2, and
 * walsender.c, WalSndWaitStopping().
 */
void
hurry_holders(const struct snapshot *snapshot, struct plan *plan);

/*! Add to a message who is left; nothing where nobody looked. */
void
name_holders(const struct snapshot *snapshot, struct text *text);

/*!
 * While a promotion waits: end a restore_command that hangs. A standby that
 * streamed has all that it may have acknowledged in its own pg_wal.
 *
 * Stands behind the plan's own wait, which it may make a closer look.
 *
 * Source: promise P6; PostgreSQL's xlogarchive.c, RestoreArchivedFile().
 */
void
hurry_restore(const struct snapshot *snapshot, struct plan *plan);

/*!
 * Is the server a standby by its files? A hot standby's pid file says 'ready'
 * like a primary's; pg_control (FACT_CONTROL) tells them apart.
 */
enum tri
standby_by_files(const struct snapshot *snapshot);

/*!
 * Wait for the server that this action started.
 *
 * \return true when it answers; else the plan has its verdict.
 */
bool
server_answers(const struct snapshot *snapshot, struct plan *plan);

/*! The standby that a start makes, unless its data is to be judged. */
enum standby
standby_by_address(const struct snapshot *snapshot);

/*! Plan the start of the server as a standby. */
void
plan_standby_start(struct plan *plan, enum standby kind);

/*! A dead primary's slots would keep WAL for nobody. */
void
drop_old_slots(const struct snapshot *snapshot, struct plan *plan);

/*!
 * The code that tells the truth about the server that is there.
 *
 * \param[out] plan  reason and log lines; the verdict is the caller's
 */
enum ocf_code
health_code(const struct snapshot *snapshot, struct plan *plan);

/*! What the server or libpq said of it, or that nothing was said. */
const char *
words_of_server(const struct snapshot *snapshot);

/*! What a person looks at when no answer comes from a server that is there. */
const char *
who_is_silent(const struct snapshot *snapshot);

/*!
 * What a primary does at each look: record, scores, synchronous list.
 *
 * \param[in] code  the action's verdict once all is done
 */
void
primary_duties(const struct snapshot *snapshot, struct plan *plan,
               enum ocf_code code);

/*! Is the node in synchronous_standby_names, as far as it could be read? */
bool
is_listed(const struct snapshot *snapshot, size_t node);

/*! Is it in the list to stay: it streams, and is not one too many? */
bool
stays_listed(const struct snapshot *snapshot, size_t node);

/*! Does it stay in the list although it does not stream (P2)? */
bool
is_held(const struct snapshot *snapshot, size_t node);

/*! Is sync_strict the reason: nobody could take its place? */
bool
is_last_of_strict(const struct snapshot *snapshot, size_t node);

/*! Did pg_stat_replication tell of it? It tells few roles (pg_monitor). */
bool
sender_is_seen(const struct sender *sender);

/*!
 * Is its WAL sender only not yet timed out: does the cluster know that its
 * server was stopped, or fenced, since? Such a one counts for nothing.
 */
bool
sender_is_dead(const struct snapshot *snapshot, size_t node);

/*! Before a start: has it a WAL sender, and its node not been probed yet? */
bool
probe_is_awaited(const struct snapshot *snapshot, size_t node);

/*! Plan the end of those that would be in the way. */
void
end_dead_senders(const struct snapshot *snapshot, struct plan *plan);

/*!
 * Is it about to be stopped on purpose? Released before: no commit stalls, and
 * kept out until it is stopped, or the stop has been given up.
 */
bool
is_leaving(const struct snapshot *snapshot, size_t node);

/*! Remember who is: what is written next makes Pacemaker think again. */
void
note_leaving(const struct snapshot *snapshot, struct plan *plan);

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
 * The same for a promotion: with fencing off any node outside the membership,
 * as the shell agent has it.
 */
bool
counts_as_down(const struct snapshot *snapshot, size_t node);

/*!
 * Do the nodes about which something is to be written see the record as this
 * one does? It may have stood still, or been cut off, while another was
 * promoted, and a write of an old view would reach the new record. One that
 * left the cluster has to be silent, where fencing does not prove it down.
 *
 * \param[in] before  the plan's operations from here on are in question
 * \param[in] code    the verdict where that is not known yet
 *
 * \return false: those operations are gone, and the plan has its verdict.
 *
 * Source: promises P2 and P3.
 */
bool
view_is_shared(const struct snapshot *snapshot, struct plan *plan,
               size_t before, enum ocf_code code);

/*! The list that is in force; empty where there is none of ours. */
struct sync_list
sync_list_now(const struct snapshot *snapshot);

/*! The list to come, as far as it may change now. */
struct sync_list
sync_list_next(const struct snapshot *snapshot, const struct sync_list *list);

/*! May commits begin to wait for it? */
bool
may_join(const struct snapshot *snapshot, size_t node);

/*! Has it flushed past the mark of the list in force? */
bool
has_flushed_mark(const struct snapshot *snapshot, size_t node);

/*! sync_mode=quorum, in rep_mode=sync. */
bool
quorum_mode(const struct snapshot *snapshot);

/*! May the list grow, once the old members' records ask for more? */
bool
quorum_may_grow(const struct snapshot *snapshot);

/*! Is it in the list that is in force, to stay? */
bool
is_quorum_member(const struct snapshot *snapshot, size_t node);

/*! The `n/N` that every member's record should have now. */
void
quorum_text(const struct snapshot *snapshot, char *ret_value);

/*! Are commits known to wait for a quorum? */
bool
quorum_is_live(const struct snapshot *snapshot);

/*! Has this member on record what the list in force asks for, proved? */
bool
quorum_is_final(const struct snapshot *snapshot, size_t node);

/*! Is the list to be changed? */
bool
quorum_change_is_due(const struct snapshot *snapshot);

/*! Has this member the right record, here and in its own copy (P2)? */
bool
quorum_is_recorded(const struct snapshot *snapshot, size_t node);

bool
quorum_is_in_copy(const struct snapshot *snapshot, size_t node);

/*!
 * Does this member hold all that was acknowledged: have so many members shown
 * their positions that one of them does, and none holds more?
 */
enum lead_rule
lead_by_quorum(const struct snapshot *snapshot, size_t node);

/*! Has it flushed what was acknowledged before the list was in effect (P1)? */
bool
has_proof(const struct snapshot *snapshot, size_t node);

/*! Is there nothing in what the server says at each look to doubt it? */
bool
replay_is_calm(const struct snapshot *snapshot);

/*!
 * Was looked at all that tells whether replay is held up here? If not, the
 * plan asks for it.
 */
bool
replay_is_seen(const struct snapshot *snapshot, struct plan *plan);

/*!
 * Is it known that the node's replay does not come to the end of what it
 * flushes? By its own look for this node, by its word for another. Such a node
 * is not in the list, not ranked and not promoted.
 *
 * Source: promise P1.
 */
bool
replay_is_held_up(const struct snapshot *snapshot, size_t node);

/*! What is in the way, by the node's own word; NULL: nothing, or no word. */
const char *
replay_obstacle(const struct snapshot *snapshot, size_t node);

/*!
 * Is it known that the node's replay goes on? By its own word, or, where there
 * is none (an older agent, a new attribute daemon), since it has come past a
 * mark that was read after the list was in effect.
 */
bool
replay_is_proved(const struct snapshot *snapshot, size_t node, lsn mark);

/*! Did a promotion of this node fail, and is it proved that it never led? */
bool
promotion_failed(const struct snapshot *snapshot, size_t node);

/*! Note where this node's promotion begins, before the record moves to it. */
void
want_began(const struct snapshot *snapshot, struct plan *plan);

/*!
 * Once its server is gone: did the promotion that this node began never come
 * to lead?
 *
 * \return false: the plan looks for it first.
 */
bool
want_ended(const struct snapshot *snapshot, struct plan *plan);

/*! Tell the others, and a person, about this node's replay. */
void
want_replay(const struct snapshot *snapshot, struct plan *plan);

/*! What a person does about a pause of replay by hand; NULL: there is none. */
const char *
replay_pause(const struct snapshot *snapshot);

/*!
 * Was looked at all that tells what a standby is to be helped with? If not,
 * the plan asks for it.
 */
bool
why_is_seen(const struct snapshot *snapshot, struct plan *plan);

/*!
 * Tell people (RSC-why, and the log once) what keeps this standby from its
 * work although nothing fails, or that nothing does.
 */
void
tell_why(const struct snapshot *snapshot, struct plan *plan);

/*! The same in words of the caller's, which begin with what to do. */
void
want_why(const struct snapshot *snapshot, struct plan *plan, const char *why);

/*! Nothing is left to be told. */
void
want_no_why(const struct snapshot *snapshot, struct plan *plan);

/*! The last gate of a promotion; false: the plan has its verdict. */
bool
replay_allows(const struct snapshot *snapshot, struct plan *plan);

/*!
 * Steer the synchronous list and take the proof that it needs.
 *
 * Stands behind the record in the plan (P2).
 *
 * \return false: look again soon, something is under way.
 */
bool
sync_list_is_settled(const struct snapshot *snapshot, struct plan *plan);

/*!
 * What a standby does at each look: its attributes, its upstream, and the
 * election where there is no primary.
 */
void
standby_duties(const struct snapshot *snapshot, struct plan *plan,
               enum ocf_code code);

/*! Have a standby that runs follow the primary, as the parameters say. */
void
plan_upstream(const struct snapshot *snapshot, struct plan *plan);

/*!
 * Does it have an upstream? By the server, or where that does not say (before
 * version 12, or to a log-in that may not see it) by its WAL receiver, or else
 * by the file that we wrote.
 */
enum tri
upstream_is_named(const struct snapshot *snapshot);

/*! Before this version a new upstream needs a restart of the standby. */
#define RELOADABLE_UPSTREAM_VERSION 130000u

/*!
 * Write a standby's file anew where it is not what the parameters say now: of
 * an instance whose last operation was a demotion, Pacemaker (2.1.5) only
 * begins its monitors anew, and asks for no reload.
 */
void
want_new_parameters(const struct snapshot *snapshot, struct plan *plan);

/*!
 * Give a standby that has none its upstream, unless the replication address is
 * still on this node: it would stream from itself (P7).
 */
void
want_upstream(const struct snapshot *snapshot, struct plan *plan);

/*!
 * Was this node started to be judged: it led, went down, and another node was
 * ranked or promoted? It waits for the history of the primary's timelines.
 */
bool
is_unproved(const struct snapshot *snapshot, size_t node);

/*! The same of this node, by all that it sees of itself. */
bool
is_quarantined(const struct snapshot *snapshot);

/*! What comes of a node that led and went down. */
enum return_verdict {
    RETURN_UNKNOWN = 0,
    RETURN_LOOK_AGAIN,      /*!< the plan says when */
    RETURN_PROVED,
    RETURN_REFUTED,         /*!< the plan ends with the reason */
};

/*!
 * Judge this node's data by the history of the primary's timelines: all of its
 * WAL has to lie in the primary's past. The record is no proof of that.
 *
 * Source: promise P3; design section 4, proof of a common past.
 */
enum return_verdict
judge_return(const struct snapshot *snapshot, struct plan *plan,
             size_t primary);

/*!
 * Let a node that was proved follow the primary. The lock goes with it.
 *
 * \return false: not while the replication address is here (P7).
 */
bool
admit(const struct snapshot *snapshot, struct plan *plan);

/*! What a standby that is to be judged does at each look. */
void
return_duties(const struct snapshot *snapshot, struct plan *plan,
              size_t primary, enum ocf_code code);

#define SEEN_PARTED "it was seen to have WAL that is not the primary's"

/*! End with the way out for a standby whose WAL the primary does not share. */
void
refuse_to_follow(const struct snapshot *snapshot, struct plan *plan,
                 const char *why);

/*!
 * Can a standby that does not stream never follow this primary? Then the plan
 * ends with the reason; one that has only lost its connection is left alone.
 */
bool
has_parted(const struct snapshot *snapshot, struct plan *plan,
           size_t primary);

/*! RSC-history of a standby: this, a space and the past of its timeline. */
#define HISTORY_OF_STANDBY "standby"

/*! The past in RSC-history, without the word; "": none is told. */
const char *
told_past(const struct attr *told);

/*! What a standby told of its past, beside this primary's. */
enum past {
    PAST_UNKNOWN = 0,           /*!< it could not be read */
    PAST_AWAITED,               /*!< it has started and not told yet */
    PAST_OURS,                  /*!< or nothing to compare: agents before told
                                     nothing */
    PAST_OTHER,                 /*!< they have parted */
};

/*! Source: promise P3. */
enum past
past_of(const struct snapshot *snapshot, size_t node);

/*! RSC-unproved of a node that was seen to have parted from its primary. */
#define UNPROVED_PARTED "parted"

/*!
 * Has it WAL that this primary has not, although it streams: is its past
 * another, or has it flushed past this primary's own end?
 */
bool
is_known_parted(const struct snapshot *snapshot, size_t node);

/*!
 * Does it not count for that, or has it not told its past yet? One that
 * commits wait for is not released before it has.
 */
bool
is_stranger_by_past(const struct snapshot *snapshot, size_t node);

/*! Tell this standby's past. */
void
want_past(const struct snapshot *snapshot, struct plan *plan,
          const char *past);

/*!
 * Tell it where it is not told, or another now.
 *
 * \return false: the plan looks at it first.
 */
bool
tell_past(const struct snapshot *snapshot, struct plan *plan);

/*!
 * Is this standby on the timeline of whoever says that it leads, by all that
 * both have told? Where nothing is known against it, it is.
 */
bool
is_in_step(const struct snapshot *snapshot);

/*!
 * Is all that this standby holds of the primary's past, or did it follow the
 * primary onto its own timeline?
 */
bool
past_is_shared(const struct snapshot *snapshot, size_t primary);

/*!
 * Tell the others the primary's timelines where they do not know them.
 *
 * \return false: the plan looks at them first.
 */
bool
want_history(const struct snapshot *snapshot, struct plan *plan);

/*! Leave the checkpoint of a clean shutdown for the candidate (P7). */
void
want_shutdown(const struct snapshot *snapshot, struct plan *plan);

/*!
 * Does this node hold the checkpoint with which the old primary shut down
 * cleanly? If not, and that one is back, the plan ends: it leads again.
 *
 * Source: promise P7.
 */
bool
switchover_is_proved(const struct snapshot *snapshot, struct plan *plan);

/*!
 * Does a node hold another database than the cluster's, by its system
 * identifier? Such a node never votes, leads or is ranked (P3). UNKNOWN is no:
 * who asks for this node asks identifier_is_known() before.
 */
bool
is_foreign(const struct snapshot *snapshot, size_t node);

/*!
 * End with both identifiers where this node's data is of another database.
 *
 * \return true: the plan has its verdict.
 */
bool
refuse_foreign(const struct snapshot *snapshot, struct plan *plan);

/*!
 * Is this node's identifier known, where the cluster has one on record?
 *
 * \return false: the plan looks for it, or has its verdict.
 */
bool
identifier_is_known(const struct snapshot *snapshot, struct plan *plan);

/*! Tell the others this node's identifier, as its file has it. */
void
want_own_identifier(const struct snapshot *snapshot, struct plan *plan);

/*!
 * What a primary does about it: the cluster's identifier is recorded once.
 *
 * \return false: the plan looks at its own first.
 */
bool
want_cluster_identifier(const struct snapshot *snapshot, struct plan *plan);

/*!
 * What a primary does about the names that standbys stream under: the
 * cluster's key is made once, when every agent knows what it is.
 *
 * \return false: the plan looks at the standbys anew.
 */
bool
want_name_key(const struct snapshot *snapshot, struct plan *plan);

/*! Say who has the name of a node and is none of its standbys. */
void
tell_of_strangers(const struct snapshot *snapshot, struct plan *plan);

/*! Is this standby's name in its file another than the cluster's key makes? */
bool
is_misnamed(const struct snapshot *snapshot);

/*! Let a standby that streams take the name that it is to have. */
void
want_sender_name(const struct snapshot *snapshot, struct plan *plan);

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
 * Does some other online node run a promoted instance?
 *
 * \param[out] ret_node  set unless the answer is no: the node it is about
 */
enum tri
other_promoted(const struct snapshot *snapshot, size_t *ret_node);

/*! Did the primary record that this node streams (`STREAMING|...`)? */
bool
has_streamed(const struct attr *data_status);

/*! No node of the list has a record: a cluster that never had a primary. */
bool
record_is_virgin(const struct snapshot *snapshot);

/*! Live: online, and its instance is running or on its way. */
bool
is_live(const struct snapshot *snapshot, size_t node);

/*! The (timeline, position) that a node published; unknown: it did not. */
struct wal_position
published_position(const struct node *node);

/*! The same of what it published some time ago. */
struct wal_position
position_in(const struct attr *position);

/*! How often it had looked in vain for the others' then. */
unsigned
published_checks(const struct node *node);

/*!
 * What a node publishes of where it stands.
 *
 * \param[in]  past       of the position's timeline, as history_summary() has
 *                        it, or "": not known
 * \param[out] ret_value  ATTR_VALUE_SIZE bytes; the oldest of a long past is
 *                        left out
 */
void
position_text(struct wal_position position, unsigned checks,
              const char *past, char *ret_value);

/*! How what one node published stands to what another did. */
enum standing {
    STANDING_UNKNOWN = 0,       /*!< one of them has not published */
    STANDING_BEHIND,
    STANDING_LEVEL,
    STANDING_AHEAD,             /*!< it holds all that the other holds */
    STANDING_APART,             /*!< each has WAL that the other has not */
};

/*!
 * Compare where two nodes stand, by whole histories. Where one of them did
 * not tell its past, as agents before did not, the numbers have to do: that
 * is for nodes that the record allows to lead, and no proof of anything.
 *
 * Source: promise P3.
 */
enum standing
standing_of(const struct snapshot *snapshot, size_t node, size_t other);

/*! The same of what a node published some time ago. */
bool
holds_position(const struct snapshot *snapshot, size_t node,
               const struct attr *position);

/*!
 * Is `node` at or beyond `other` on the same timeline, by both their
 * histories? UNKNOWN is no.
 */
bool
holds_all_of(const struct snapshot *snapshot, size_t node, size_t other);

/*!
 * Publish this node's position, without disturbing a transition.
 *
 * \param[in] checks  how often this node looked in vain for the others'
 */
void
want_position(const struct snapshot *snapshot, struct plan *plan,
              unsigned checks);

/*!
 * Has this node published the position that it has now? Everybody counts what
 * everybody published, this node's own included.
 */
bool
has_published(const struct snapshot *snapshot);

/*!
 * Is the position that was observed the end of this node's WAL? Recovery may
 * still be reading what is on its own disk; the plan then looks again, soon,
 * but not for ever.
 */
bool
position_is_final(const struct snapshot *snapshot, struct plan *plan);

/*!
 * Before a promotion: if another live node holds more than the chosen one,
 * it is ranked instead, which makes Pacemaker choose anew. The plan ends when
 * the CIB has the new rank.
 */
void
redirect(const struct snapshot *snapshot, struct plan *plan);

/*!
 * What a node does in an election whose replay is held up: it has no rank, and
 * shows what it holds where that is known, as far as it received since its
 * server started: the others may have to know.
 */
void
stand_aside(const struct snapshot *snapshot, struct plan *plan);

/*! Has it the score of a candidate, or of a primary? */
bool
is_ranked(const struct node *node);

/*!
 * Is there a live node that the last primary ranked, or that was elected?
 *
 * A node that is being started is not: its score is an old one.
 */
bool
someone_is_ranked(const struct snapshot *snapshot);

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
 * Has this node, since it booted, been online with most of node_list (of two
 * nodes: with both), so that its copy of the record is not an old one (P2)?
 */
bool
record_is_trusted(const struct snapshot *snapshot);

/*! Remember it once it is so. */
void
want_trust(const struct snapshot *snapshot, struct plan *plan);

/*! Is Pacemaker acting by now on the watcher's report of this death? */
bool
watch_has_told(const struct snapshot *snapshot);

/*!
 * What an action's end means for the watcher: a server that was left running
 * gets one, and a failure that tells of its death makes the other silent.
 */
void
watch_duty(const struct snapshot *snapshot, struct plan *plan);

/*! The watcher saw the postmaster die: is that a failure to report? */
void
decide_report(const struct snapshot *snapshot, struct plan *plan);

/*! Vote where there is no primary: publish, compare, raise one score. */
void
elect(const struct snapshot *snapshot, struct plan *plan,
      enum ocf_code code);

#endif
