/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_TESTS_EXPLORER_H
#define PGWARD_TESTS_EXPLORER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "decide.h"
#include "snapshot.h"

/*
 * A model of a cluster of two or three nodes around the real decide().
 *
 * Modelled, each as a step that may fall between any two others:
 * - PostgreSQL: commits that are flushed here and acknowledged as soon as the
 *   shared flag is off or the WAL senders that have a say, by the list that
 *   each of them holds, have them flushed; after a reload flag and senders
 *   follow one by one; standbys that connect, break off and receive one
 *   record at a time, whether the cluster is cut or not; promotion that goes
 *   on without the action that began it; clean and unclean ends. A node's WAL
 *   is the set of records that it holds; a promotion and a clean end
 *   write one too, so timelines, their histories and divergence follow from it.
 *   A standby's replay may stop while it goes on to receive (a recovery target,
 *   say): its promotion ends with what is replayed; a node's promotion may
 *   never end.
 * - The cluster: membership as each side of a partition sees it, which changes
 *   later than the network does; quorum (two nodes: two_node and wait_for_all);
 *   fencing; each node's own copy of the CIB, a prefix of its log of writes,
 *   the last of which reaches the others one node at a time, or not at all when
 *   the ring breaks; with two_node both sides write on, and the copy with more
 *   writes wins at a join; attributes as attrd has them, forgotten with the
 *   node.
 * - Pacemaker as an adversary: any monitor, start, stop, promote, demote,
 *   pre-stop and pre-promote notify that it might order, at any time that its
 *   own rules allow (fencing first, quorum, score, one promoted instance).
 * - Actions: each look is decide() on what that node sees at that moment, each
 *   operation a step, SIGKILL between any two of them, waits that end late.
 * Crashes, cuts, broken connections, SIGKILLs and time-outs are faults, planned
 * stops and demotions are moves; both are bounded, and so are commits, and how
 * many actions run at once. A node takes longer to boot than a plan to end.
 * - Where it is asked for, the WAL sender of a standby whose node lost its
 *   power: it looks alive for ever, and one is on a standby from the beginning.
 * - A node that is taken out of node_list, and put back, at any time.
 * - Pacemaker on a node without its Corosync: stopped in good order where the
 *   resource is stopped, or dead while the server goes on; and back again, with
 *   its copy of the CIB and no attribute. Its Corosync still votes.
 * - A stranger that streams under the plain name of srv2 from whoever leads: it
 *   has all, and answers for that name wherever the list has it.
 * - Settings: sync_mode, sync_num, sync_strict. With sync_strict clients commit
 *   only where RSC-admit lets them in.
 * - With rejoin=rewind the worker that brings data back, beside the actions:
 *   its looks and operations are steps as theirs are, and it may be killed
 *   between any two. Its marker outlives a boot, the worker does not. A rewind
 *   is two steps: from the first on the data is torn, and with the second it is
 *   what the primary of that timeline has by then, if there is one and the
 *   network is whole; else it fails. Waiting for longer than an attempt may is
 *   a fault.
 * - With rejoin=rebuild the same worker makes a new copy where no rewind can
 *   be, or where one has begun and cannot end. That is two steps as well: half
 *   of a copy lies beside the data, or all of it, as the primary of that
 *   timeline is by then. Its exchange with the data is one step, and so is the
 *   marker's next word.
 *
 * Not modelled: what takes one look is seen at one moment (a look of the agent
 * takes some milliseconds); notify but for pre-stop and pre-promote; addresses
 * and slots; a server that runs but does not answer; async mode; an agent's
 * session that has not reloaded; restart_on_promote; data that diverged without
 * a change of timeline; start-up of PostgreSQL outside the cluster.
 */

#define E_NODES 3
#define E_NOBODY E_NODES
#define E_RECORDS 8     /* of one run: commits, promotions, clean ends */

#define E_SILENT 255u   /* asked for its copy, and no answer */

/*! The server process on a node. */
enum e_server {
    E_DOWN = 0,                 /*!< ended somehow, or a standby's end */
    E_DOWN_CLEAN,               /*!< a primary that was shut down */
    E_STANDBY,
    E_PROMOTING,                /*!< told to leave recovery */
    E_PRIMARY,
};

/*! RSC-history of a standby that has told its past. */
#define E_STANDBY_TOLD "standby *"

/*! What Pacemaker holds an instance for. */
enum e_role {
    E_ROLE_NONE = 0,            /*!< no history: not probed, or fenced */
    E_ROLE_STOPPED,
    E_ROLE_STARTED,
    E_ROLE_PROMOTED,
    E_ROLE_FAILED_START,
    E_ROLE_FAILED,              /*!< promote, demote or stop failed */
};

/* Shown roles carry whether a start or stop is under way. */
#define E_STARTING 0x10u

/* An action that is under way; plan 0 waits for its next look. */
struct e_action {
    uint64_t done;              /* bits of enum op_kind */
    uint16_t plan;
    uint8_t kind;               /* enum action */
    uint8_t notify;
    uint8_t target;             /* of a notify */
    uint8_t next;               /* operation of the plan */
    uint8_t phase;              /* 0 early, 1 late, 2 at the deadline */
    uint8_t failed;             /* enum op_kind */
    uint8_t copy[E_NODES];      /* what others' copies said of themselves; */
    uint8_t told[E_NODES];      /* and of this node; 0: not read */
    uint8_t copy_quorum[E_NODES];
    uint8_t out;                /* who was out of the cluster at some look */
    uint8_t pad[6];
};

/* What is remembered of a synchronous list; positions are 0 or 1 + records. */
struct e_memory {
    uint8_t list;
    uint8_t here;               /* it is about this postmaster */
    uint8_t asked;
    uint8_t proven;
    uint8_t mark;
};

struct e_node {
    struct e_action action;
    uint8_t alive;
    uint8_t group;              /* who can be reached */
    uint8_t view;               /* who is a member, as seen here */
    uint8_t down;               /* lost nodes that were proved down */
    uint8_t waits_for_all;
    uint8_t role;
    uint8_t frozen[E_NODES];    /* the last known role of a lost node */
    uint8_t record[E_NODES];    /* RSC-data-status in this copy of the CIB, */
    uint8_t quorum[E_NODES];    /* RSC-data-quorum */
    uint8_t version;            /* of this copy */
    uint8_t attr[ATTR_COUNT];
    uint8_t server;
    uint8_t lock;
    uint8_t signal;             /* standby.signal */
    uint8_t standby;            /* enum standby: does it follow? */
    uint8_t wal;
    uint8_t waiting;            /* commits of live sessions, not yet answered */
    uint8_t file;               /* synchronous_standby_names: in the file, */
    uint8_t loaded;             /* taken by the postmaster, */
    uint8_t list[E_NODES];      /* by each WAL sender */
    uint8_t flag;               /* and the shared flag */
    uint8_t checkpoint;         /* E_CHECKPOINT_... */
    uint8_t upstream;
    struct e_memory memory;
    uint8_t stale[E_NODES];     /* 1 + what a dead node's WAL sender shows */
    uint8_t left;               /* whose stop a notify announced here */
    uint8_t held;               /* enum e_held */
    uint8_t replayed;           /* what is replayed, of one that is held */
    uint8_t streamed;           /* since the server started */
    uint8_t alone;              /* E_ALONE_...: Corosync runs, Pacemaker not */
    uint8_t lent;               /* whose Corosync votes without Pacemaker */
    uint8_t marker;             /* enum rejoin_phase */
    uint8_t end;                /* enum rejoin_end */
    uint8_t attempts;
    uint8_t torn;               /* the data is neither the old nor the new */
    uint8_t went;               /* a live worker has marked it so, */
    uint8_t saw;                /* and saw these members when it decided */
    uint8_t proved;             /* the timeline that its worker asked for */
    uint8_t against;            /* by the marker: whose history it goes to */
    uint8_t clean;              /* the server ended in good order */
    struct e_action worker;     /* it brings the data back */
    uint8_t copy;               /* enum e_copy */
    uint8_t copied;             /* the WAL of a whole one */
    uint8_t forked;             /* the marker names where the data parted */
    uint8_t pad[1];
};

/*! A new copy beside the data. */
enum e_copy {
    E_COPY_NONE = 0,
    E_COPY_HALF,
    E_COPY_WHOLE,
    E_COPY_TAKEN,               /*!< it is the data; the marker says so next */
};

/*! What keeps replay back on a node, until the end of the run. */
enum e_held {
    E_HELD_NOT = 0,
    E_HELD_EARLY,               /*!< a promotion ends with what is replayed */
    E_HELD_HANGS,               /*!< a promotion never ends; nothing shows it */
};

#define E_ALONE_IN_ORDER 1u
#define E_ALONE_DEAD 2u

/* A checkpoint that was asked for. */
#define E_CHECKPOINT_DUE 1u
#define E_CHECKPOINT_BEGUN 2u


struct e_state {
    struct e_node node[E_NODES];
    uint8_t acked;
    uint8_t promotions;         /* which records are promotions */
    uint8_t records;            /* how many there are */
    uint8_t commits;
    uint8_t faults;
    uint8_t moves;              /* planned stops, demotions, Pacemaker's
                                   return */
    uint8_t leaves;             /* of Pacemaker, in good order or dying */
    uint8_t relists;            /* of node_list: odd, and the last node is
                                   not in it */
    uint8_t stranger;           /* one streams under the name of srv2 */
    uint8_t pad[7];
};

/*! What commits wait for in the first state. */
enum e_begin {
    E_BEGIN_WHOLE = 0,          /*!< for as many as the settings ask for */
    E_BEGIN_ALONE,              /*!< for nobody */
    E_BEGIN_ONE,                /*!< for srv2, and more are to join */
    E_BEGIN_PRIORITY,           /*!< for srv2, as priority mode left it */
    E_BEGIN_LEFT,               /*!< as WHOLE, and Pacemaker has stopped in
                                     good order on the last node */
    E_BEGIN_PARTED,             /*!< the last node leads, and the data of the
                                     others, which are stopped, has left its
                                     history */
    E_BEGIN_SPARE,              /*!< as PARTED, but the second streams */
};

/*! What may go wrong. */
enum e_fault {
    E_FAULT_NODE = 1u << 0,     /*!< a node crashes */
    E_FAULT_SERVER = 1u << 1,   /*!< a server does */
    E_FAULT_SIGKILL = 1u << 2,  /*!< an action is killed */
    E_FAULT_LATE = 1u << 3,     /*!< what an action waits for does not come */
    E_FAULT_CUT = 1u << 4,      /*!< a node is cut off */
    E_FAULT_BREAK = 1u << 5,    /*!< a replication connection breaks */
    E_FAULT_HOLD = 1u << 6,     /*!< a standby's replay stops here */
    E_FAULT_HANG = 1u << 7,     /*!< a node's promotion never ends */
    E_FAULT_PACEMAKER = 1u << 8,        /*!< Pacemaker alone dies */
};

/*! Those of a configuration that names none. */
#define E_FAULTS_COMMON 0x3fu

/*! What is explored, and how far. */
struct e_config {
    const char *name;
    uint8_t nodes;
    uint8_t commits;
    uint8_t faults;
    uint16_t only;              /*!< bits of enum e_fault; 0: the common */
    uint8_t spared;             /*!< nodes that do not crash */
    uint8_t moves;
    uint8_t actions;            /*!< at once */
    bool fencing;
    bool partitions;
    bool no_boot;               /*!< a node that is off stays so */
    bool leaves;                /*!< once, Pacemaker alone stops or dies */
    bool lag;                   /*!< a node may act on an old copy of the CIB
                                     although nothing is broken; I5 is not
                                     asked for then */
    enum e_begin begin;
    bool any;                   /*!< sync_mode=quorum */
    uint8_t sync_num;           /*!< 0 counts as 1 */
    bool strict;                /*!< sync_strict */
    bool stale;                 /*!< WAL senders outlive their standbys */
    uint8_t relists;            /*!< how often the last node may be taken out
                                     of node_list or put back */
    bool stranger;              /*!< streams under the plain name of srv2 */
    uint8_t banned;             /*!< nodes that a constraint keeps from
                                     leading again, but not the others */
    bool unreleased;            /*!< the record does not say so yet, and commits
                                     wait: somebody led there by hand */
    bool rewinds;               /*!< rejoin=rewind; from every quiet state all
                                     standbys stream in the end */
    bool rebuilds;              /*!< rejoin=rebuild */
    uint8_t no_way;             /*!< OP_CHECK_REWIND or OP_REWIND, which says
                                     that no rewind brings this data back */
    uint32_t states_max;
    enum e_defect {             /*!< seeded, to prove that it is found */
        E_NO_DEFECT = 0,
        E_DEFECT_PROOF,         /*!< every listed standby counts as proved */
        E_DEFECT_BELIEF,        /*!< the record counts as written */
        E_DEFECT_FENCING,       /*!< a lost node counts as down */
        E_DEFECT_COPY,          /*!< nobody's own copy is read */
        E_DEFECT_EFFECT,        /*!< a list counts as taken by all senders */
        E_DEFECT_POSITIONS,     /*!< of a quorum one too few is enough */
        E_DEFECT_LAST,          /*!< sync_strict is not looked at */
        E_DEFECT_STALE,         /*!< a WAL sender's age is not known */
        E_DEFECT_BEFORE,        /*!< a promotion ends no WAL senders */
        E_DEFECT_LEAVING,       /*!< nobody remembers who is to be stopped */
        E_DEFECT_OUTSIDER,      /*!< the record is node_list's alone */
        E_DEFECT_REPLAY,        /*!< a flush counts as replayed */
        E_DEFECT_BEGAN,         /*!< who began to lead counts as never led */
        E_DEFECT_MEMBER,        /*!< who is in Corosync is not out */
        E_DEFECT_JOINING,       /*!< who has not joined does not lead */
        E_DEFECT_PROBE,         /*!< who is not probed counts as back */
        E_DEFECT_TRUST,         /*!< a record is trusted at once */
        E_DEFECT_NAME,          /*!< a node's plain name is enough */
        E_DEFECT_BANNED,        /*!< whoever is ranked is waited for */
        E_DEFECT_WORD,          /*!< what the record says of a node that comes
                                     back is not looked at */
        E_DEFECT_TORN,          /*!< a start does not see that data is torn */
        E_DEFECT_TWO,           /*!< nobody sees who else comes back */
        E_DEFECT_SOURCE,        /*!< no source has to be proved */
        E_DEFECT_HALF,          /*!< a copy that was begun counts as whole */
        E_DEFECT_FORK,          /*!< a copy counts as the data that was */
    } defect;
    const char *expected;       /*!< the invariant that finds it */
};

/*! What the model makes of an operation. */
enum e_model {
    E_NOT_SAID = 0,
    E_LEFT_OUT,                 /*!< nothing that is modelled rests on it */
    E_FOLLOWED,
    E_NEVER,                    /*!< no action here plans it */
};

/*! An operation of which the model does not say so; OP_COUNT: there is none. */
enum op_kind e_op_without_model(void);

/*! One operation of a plan, as small as the model needs it. */
struct e_op {
    uint8_t kind;
    uint8_t need;
    uint8_t node;
    uint8_t value;              /*!< interned */
    uint8_t number;
};

#define E_OPS 16

struct e_plan {
    uint8_t count;
    uint8_t verdict;
    uint8_t code;
    uint8_t pad;
    struct e_op op[E_OPS];
};

struct e_peer {
    uint8_t online, role, down, record, copy, told, attr[ATTR_COUNT];
    uint8_t quorum, copy_quorum;
    uint8_t sender, priority, flushed, stale, left, member, was_out;
};

#define E_VIEW_BYTES \
    (8 + 39 + sizeof(struct e_memory) + E_NODES * sizeof(struct e_peer) + 2)

/*! What a node sees; its snapshot is made of this and nothing else. */
struct e_view {
    uint64_t done;
    uint8_t action, notify, target, phase, failed, self, nodes, role;
    uint8_t server, lock, signal, lsn, timeline, upstream, loaded, checkpoint;
    uint8_t have_quorum, fencing, defect, waiter, standby, forks;
    uint8_t any, sync_num, strict, has_stale, held, streamed, newest;
    uint8_t rewinds, marker, end, attempts, works, against, clean;
    uint8_t rebuilds, no_way, forked;
    struct e_memory memory;
    struct e_peer peer[E_NODES];
    uint8_t out;
    uint8_t stranger;           /* 0: there is none; 1: not here; or
                                   2 + the priority that it shows */
    uint8_t pad[8 - E_VIEW_BYTES % 8];
};

_Static_assert(sizeof(struct e_view)
               == E_VIEW_BYTES + 8 - E_VIEW_BYTES % 8,
               "a view is compared by its bytes");

/* --- explorer_view.c: what a node sees ------------------------------------ */

uint8_t e_intern(const char *text);
const char *e_text(uint8_t value);

/*! A node's place in a list of names, from 1 on; 0: it is not there. */
uint8_t e_place(uint8_t list, size_t node);

/*! Is this attribute followed, or shown as it has to be? */
bool e_is_modelled(const struct e_config *config, enum attr_id attr);

/*! The sync_priority of a WAL sender that follows this list. */
uint8_t e_priority(uint8_t list, size_t node);

/*! Are any of the list enough? */
bool e_is_any(uint8_t list);

/*! For how many of its nodes commits wait. */
uint8_t e_needed(uint8_t list);

/*! The two numbers of `n/N`; 0 where they are not there. */
uint8_t e_quorum_n(uint8_t quorum);
uint8_t e_quorum_of(uint8_t quorum);

void e_view_init(const struct e_config *config, const struct e_state *state,
                 size_t self, struct e_view *ret_view);
void e_view_snapshot(const struct e_view *view, struct snapshot *ret_snapshot);

/* --- explorer_plan.c: what decide() makes of it --------------------------- */

/*! The plan for a view; the same view is decided once. */
uint16_t e_view_decide(const struct e_view *view);

/*! From now on print each snapshot and plan that does something. */
void e_view_trace(bool on);

const struct e_plan *e_plan(uint16_t plan);
size_t e_view_count(void);

/*! The first plan that I4 forbids, in words; NULL: none so far. */
const char *e_view_blame(void);

/* --- explorer_model.c: the steps ------------------------------------------ */

enum e_step_kind {
    /* of an action */
    E_LOOK, E_OPERATE, E_LATE, E_SIGKILL,
    /* Pacemaker's */
    E_PROBE, E_MONITOR, E_START, E_STOP, E_PROMOTE, E_DEMOTE, E_PRE_STOP,
    E_PRE_PROMOTE, E_FENCE,
    /* the cluster's */
    E_RELIST,
    E_CRASH_NODE, E_BOOT, E_LEAVE, E_LOSE, E_RETURN, E_CUT, E_HEAL, E_NOTICE,
    E_DELIVER,
    /* PostgreSQL's */
    E_CRASH_SERVER, E_PROMOTED, E_RELOAD_SENDER, E_RELOAD_FLAG,
    E_CHECKPOINT, E_HOLD, E_HANG, E_CONNECT, E_DISCONNECT, E_RECEIVE, E_COMMIT,
    /* of the worker that brings data back */
    E_WORK_LOOK, E_WORK_OPERATE, E_WORK_LATE, E_WORK_KILL,
    E_STEPS,
};

struct e_step {
    uint8_t kind;
    uint8_t i;
    uint8_t j;
};

void e_state_init(const struct e_config *config, struct e_state *ret_state);

/*!
 * Take a step.
 *
 * \return false, with the state untouched: it is not possible here.
 */
bool e_step(const struct e_config *config, struct e_state *state,
            struct e_step step);

/*! Does the step have a second node, `j`? */
bool e_step_is_about_two(enum e_step_kind kind);

void e_step_print(struct e_step step);
void e_state_print(const struct e_config *config,
                   const struct e_state *state);

/*! The model met something that it does not know, or I3 was broken. */
const char *e_step_blame(void);

/* --- explorer_cluster.c, explorer_pacemaker.c, explorer_postgres.c -------- */

bool e_cluster_step(const struct e_config *config, struct e_state *state,
                    struct e_step step);
bool e_pacemaker_step(const struct e_config *config, struct e_state *state,
                      struct e_step step);
bool e_server_step(const struct e_config *config, struct e_state *state,
                   struct e_step step);

/*! One node's copy of the CIB becomes another's. */
void e_copy_cib(const struct e_node *from, struct e_node *to);

/*! The CIB's last writes reach a node. */
bool e_deliver(const struct e_config *config, struct e_state *state,
               size_t from, size_t to);

/*! A node's server crashes, or the whole node, if a fault is left. */
bool e_crash(const struct e_config *config, struct e_state *state, size_t i,
             bool whole);

/*! May such a fault still come? */
bool e_fault_is_left(const struct e_config *config,
                     const struct e_state *state, enum e_fault fault);

/*! Who has the stranger's name. */
#define E_NAMESAKE 1

/*! The sync_priority of the stranger's WAL sender; 0: the list has not its
 *  name, or there is none. */
uint8_t e_stranger_priority(const struct e_state *state, size_t i);

/*! Answer every commit that may be answered by now. */
void e_acknowledge(struct e_state *state, size_t i);

/* --- small questions, in explorer_model.c --------------------------------- */

uint8_t e_bit_of(size_t index);
bool e_bit(unsigned mask, size_t index);
unsigned e_count(unsigned mask);
bool e_quorum(const struct e_config *config, const struct e_node *node);
uint8_t e_reach(const struct e_config *config, const struct e_state *state,
                size_t i);
bool e_is_stable(const struct e_config *config, const struct e_state *state,
                 size_t i);
uint8_t e_shown_role(const struct e_state *state, size_t i, size_t j);
bool e_is_running(const struct e_node *node);

/* --- explorer_action.c: looks and operations of an action ----------------- */

/*! Would another look find nothing to do? */
bool e_action_waits(const struct e_config *config,
                    const struct e_state *state, size_t i);
bool e_action_look(const struct e_config *config, struct e_state *state,
                   size_t i);
bool e_action_operate(const struct e_config *config, struct e_state *state,
                      size_t i);
void e_action_kill(struct e_state *state, size_t i);
void e_server_end(struct e_state *state, size_t i, enum e_server how);
void e_blame(const char *what);
void e_blame_nobody(void);

/* --- explorer_rejoin.c: data that comes back ------------------------------ */

bool e_rejoin_step(const struct e_config *config, struct e_state *state,
                   struct e_step step);

/*! An operation that brings data back, or asks for it. */
int e_rejoin_op(const struct e_config *config, struct e_state *state,
                size_t i, const struct e_op *op);

/*! Is it one of two steps? */
bool e_rejoin_begins(const struct e_config *config, struct e_state *state,
                     size_t i, const struct e_op *op);

/*! R1 and R4: what torn data may never be taken for, and two at once. */
const char *e_rejoin_check(const struct e_config *config,
                           const struct e_state *state);

/*! Have all come back that were there? */
bool e_all_stream(const struct e_config *config, const struct e_state *state);

/* --- explorer_check.c: what has to hold ----------------------------------- */

/*! The invariant that this state breaks, or NULL. */
const char *e_check(const struct e_config *config,
                    const struct e_state *state);

/*! I5: does a friendly Pacemaker get a primary from here? */
bool e_is_quiescent(const struct e_config *config,
                    const struct e_state *state);
bool e_progress(const struct e_config *config, const struct e_state *state,
                bool print);

#endif
