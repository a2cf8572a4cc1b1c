/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a node sees, and the snapshot that is made of it. */

#include <stdio.h>
#include <string.h>

#include "explorer.h"
#include "history.h"
#include "sender_name.h"

#define TEXTS_MAX 250

#define LSN_BASE 0x5000000u
#define LSN_STEP 0x100u
#define STARTED_HERE "1000.2"

/* --- texts: an attribute's value is a number here; 0 is unset ------------- */

static char texts[TEXTS_MAX][ATTR_VALUE_SIZE];
static uint8_t places[TEXTS_MAX][E_NODES];
static bool any[TEXTS_MAX];
static uint8_t numbers[TEXTS_MAX][2];
static size_t text_count = 1;

/* "srv1", "srv2" and so on, in the order of their names in the text. */
static void
find_places(const char *text, uint8_t *ret_places)
{
    uint8_t place = 0;

    for (const char *name = text; (name = strstr(name, "srv")) != NULL;
         name += 3) {
        size_t node = (size_t) (name[3] - '1');

        if (node < E_NODES) {
            ret_places[node] = ++place;
        }
    }
}

/* Of a list how many have to answer, of `n/N` both. */
static void
find_numbers(const char *text, uint8_t *ret_numbers)
{
    unsigned n = 0;
    unsigned of = 0;

    if (text[0] == '"') {
        n = 1;
    } else if (sscanf(text, "FIRST %u (", &n) != 1
               && sscanf(text, "ANY %u (", &n) != 1
               && sscanf(text, "%u/%u", &n, &of) != 2) {
        n = 0;
    }
    ret_numbers[0] = (uint8_t) n;
    ret_numbers[1] = (uint8_t) of;
}

uint8_t
e_intern(const char *text)
{
    for (size_t i = 0; i < text_count; i++) {
        if (strcmp(texts[i], text) == 0) {
            return (uint8_t) i;
        }
    }
    if (text_count == TEXTS_MAX
        || text_copy(text, texts[text_count], ATTR_VALUE_SIZE) != 0) {
        e_blame("too many attribute values");
        return 0;
    }
    find_places(text, places[text_count]);
    find_numbers(text, numbers[text_count]);
    any[text_count] = strncmp(text, "ANY ", 4) == 0;
    return (uint8_t) text_count++;
}

uint8_t
e_place(uint8_t list, size_t node)
{
    return places[list][node];
}

uint8_t
e_priority(uint8_t list, size_t node)
{
    return any[list] ? places[list][node] > 0 : places[list][node];
}

bool
e_is_any(uint8_t list)
{
    return any[list];
}

uint8_t
e_needed(uint8_t list)
{
    return numbers[list][0];
}

uint8_t
e_quorum_n(uint8_t quorum)
{
    return numbers[quorum][0];
}

uint8_t
e_quorum_of(uint8_t quorum)
{
    return numbers[quorum][1];
}

const char *
e_text(uint8_t value)
{
    return texts[value];
}

static uint8_t
standby_told(void)
{
    static uint8_t told;

    told = told != 0 ? told : e_intern(E_STANDBY_TOLD);
    return told;
}

/* --- the view ------------------------------------------------------------- */

static uint8_t forks_of(uint8_t wal, uint8_t promotions);
static void write_history(uint8_t forks, struct text *text);

/* What a standby with such forks in its WAL tells. */
static uint8_t
told_by(uint8_t forks)
{
    static uint8_t told[UINT8_MAX + 1];
    char value[ATTR_VALUE_SIZE];
    struct text text;

    if (told[forks] == 0) {
        text_init(&text, value, sizeof(value));
        text_add(&text, "standby ");
        write_history(forks, &text);
        told[forks] = e_intern(value);
    }
    return told[forks];
}

/* Attributes of which nothing depends where no promotion can go wrong. */
bool
e_is_modelled(const struct e_config *config, enum attr_id attr)
{
    unsigned only = config->only;

    if (attr == ATTR_REPLAY) {
        return (only & E_FAULT_HOLD) != 0;
    }
    return attr != ATTR_BEGAN || (only & E_FAULT_HANG) != 0
           || config->defect == E_DEFECT_BEGAN;
}

static void
see_peer(const struct e_config *config, const struct e_state *state,
         size_t self, size_t peer, struct e_peer *seen)
{
    const struct e_node *me = &state->node[self];
    const struct e_node *other = &state->node[peer];
    bool member = e_bit(me->view, peer);

    seen->online = member;
    seen->role = e_shown_role(state, self, peer);
    seen->record = me->record[peer];
    seen->quorum = me->quorum[peer];
    if (member) {
        memcpy(seen->attr, other->attr, sizeof(seen->attr));
        if (seen->attr[ATTR_HISTORY] == standby_told()) {
            seen->attr[ATTR_HISTORY] =
                told_by(forks_of(other->wal, state->promotions));
        }
        if (!e_is_modelled(config, ATTR_REPLAY)) {
            seen->attr[ATTR_REPLAY] = other->server == E_STANDBY
                                   || other->server == E_PROMOTING
                                   ? e_intern("ok") : 0;
        }
    }
    seen->member = member || (other->alive && other->group == me->group);
    seen->was_out = e_bit(me->action.out, peer);
    seen->down = !member && e_bit(me->down, peer);
    seen->copy = me->action.copy[peer];
    seen->copy_quorum = me->action.copy_quorum[peer];
    seen->told = me->action.told[peer];
    if (me->server == E_PRIMARY
        && (other->upstream == self || me->stale[peer] != 0)) {
        seen->sender = 1;
        seen->priority = e_priority(me->list[peer], peer);
        seen->flushed = (uint8_t) e_count(other->wal);
    }
    seen->left = seen->sender && e_bit(me->left, peer);
    if (me->server == E_PRIMARY && me->stale[peer] != 0) {
        seen->stale = 1;
        seen->flushed = (uint8_t) (me->stale[peer] - 1);
    }
}

/* Which of a WAL's records, in their order, are promotions. */
static uint8_t
forks_of(uint8_t wal, uint8_t promotions)
{
    uint8_t forks = 0;
    size_t nth = 0;

    for (size_t i = 0; i < E_RECORDS; i++) {
        if (e_bit(wal, i)) {
            forks |= (uint8_t) (e_bit(promotions, i) << nth);
            nth++;
        }
    }
    return forks;
}

/* A server shows what it has received, or else what it has replayed. */
static uint8_t
shown_wal(const struct e_node *node)
{
    return node->held == E_HELD_EARLY && !node->streamed ? node->replayed
                                                         : node->wal;
}

static void
see_rejoin(const struct e_config *config, const struct e_node *me,
           struct e_view *view)
{
    view->rewinds = config->rewinds;
    view->rebuilds = config->rebuilds;
    view->no_way = config->no_way;
    view->marker = me->marker;
    view->forked = me->forked;
    view->end = me->end;
    view->attempts = me->attempts;
    view->against = me->against;
    view->clean = me->clean;
    view->works = me->worker.kind != ACTION_NONE
                  || me->action.kind == ACTION_REJOIN;
}

void
e_view_init(const struct e_config *config, const struct e_state *state,
            size_t self, struct e_view *ret_view)
{
    const struct e_node *me = &state->node[self];
    bool promoted = me->role == E_ROLE_PROMOTED;

    memset(ret_view, 0, sizeof(*ret_view));
    ret_view->done = me->action.done;
    ret_view->action = me->action.kind;
    ret_view->notify = me->action.notify;
    ret_view->target = me->action.target;
    ret_view->phase = me->action.phase;
    ret_view->failed = me->action.failed;
    ret_view->memory = me->memory;
    ret_view->self = (uint8_t) self;
    ret_view->nodes = config->nodes;
    ret_view->role = me->role == E_ROLE_NONE ? 2 : promoted;
    ret_view->server = me->server;
    ret_view->lock = me->lock;
    ret_view->signal = me->signal;
    ret_view->newest =
        (uint8_t) (1 + e_count(me->wal & state->promotions));
    if (e_is_running(me) || me->server == E_DOWN_CLEAN) {
        uint8_t wal = shown_wal(me);

        ret_view->lsn = (uint8_t) e_count(wal);
        ret_view->timeline =
            (uint8_t) (1 + e_count(wal & state->promotions));
        ret_view->forks = forks_of(wal, state->promotions);
    }
    if (e_is_running(me)) {
        ret_view->held = me->held == E_HELD_EARLY;
        ret_view->streamed = me->streamed;
        ret_view->standby = me->standby;
        ret_view->upstream = me->upstream != E_NOBODY;
        ret_view->loaded = me->loaded;
        ret_view->checkpoint = me->checkpoint;
        ret_view->waiter = me->waiting != 0 && me->flag;
    }
    ret_view->have_quorum = e_quorum(config, me);
    ret_view->any = config->any;
    ret_view->sync_num = config->sync_num;
    ret_view->strict = config->strict;
    ret_view->has_stale = config->stale;
    ret_view->out = state->relists & 1u;
    ret_view->fencing = config->fencing;
    see_rejoin(config, me, ret_view);
    ret_view->defect = (uint8_t) config->defect;
    if (config->stranger) {
        ret_view->stranger = me->server != E_PRIMARY
                             ? 1 : (2u + e_stranger_priority(state, self))
                                   & 0x7fu;
    }
    for (size_t i = 0; i < config->nodes; i++) {
        see_peer(config, state, self, i, &ret_view->peer[i]);
    }
}

/* --- the snapshot --------------------------------------------------------- */

static enum tri
tri_of(bool yes)
{
    return yes ? TRI_YES : TRI_NO;
}

static lsn
lsn_of(uint8_t records)
{
    return LSN_BASE + records * LSN_STEP;
}

/* 0, or 1 + records. */
static lsn
position_of(uint8_t value)
{
    return value == 0 ? 0 : lsn_of((uint8_t) (value - 1));
}

static void
set_attr(struct attr *attr, uint8_t value)
{
    attr->known = value == 0 ? ATTR_UNSET : ATTR_SET;
    (void) text_copy(e_text(value), attr->value, ATTR_VALUE_SIZE);
}

/* As roles_result() has it. */
static enum role
role_of(uint8_t shown)
{
    switch ((enum e_role) (shown & ~E_STARTING)) {
        case E_ROLE_STOPPED:
            return ROLE_STOPPED;
        case E_ROLE_STARTED:
        case E_ROLE_FAILED_START:
            return ROLE_STARTED;
        case E_ROLE_PROMOTED:
            return ROLE_PROMOTED;
        case E_ROLE_NONE:
        case E_ROLE_FAILED:
            break;
    }
    return ROLE_UNKNOWN;
}

/* The senders' own priorities, by the list that the session follows. */
static enum sync_state
sync_state_of(const struct e_view *view, size_t i)
{
    uint8_t mine = view->peer[i].priority;
    unsigned before = 0;

    if (mine == 0) {
        return SYNC_ASYNC;
    }
    if (e_is_any(view->loaded)) {
        return SYNC_QUORUM;
    }
    for (size_t k = 0; k < view->nodes; k++) {
        uint8_t priority = view->peer[k].priority;

        before += priority != 0
                  && (priority < mine || (priority == mine && k < i));
    }
    return before < e_needed(view->loaded) ? SYNC_SYNC : SYNC_POTENTIAL;
}

static void
fill_sender(const struct e_view *view, size_t i, struct sender *sender)
{
    const struct e_peer *peer = &view->peer[i];

    sender->visible = TRI_YES;
    sender->state = peer->sender ? SENDER_STREAMING : SENDER_NONE;
    if (!peer->sender) {
        return;
    }
    sender->sync_state = sync_state_of(view, i);
    sender->sync_priority = peer->priority;
    sender->flush_lsn = lsn_of(peer->flushed);
    sender->pid = 1;
    sender->leaving_ms = peer->left && view->defect != E_DEFECT_LEAVING
                         ? 400 : 0;
    sender->age_ms = view->defect == E_DEFECT_STALE ? 0 : 60000;
    sender->replay_lsn = sender->flush_lsn;
}

static void
fill_node(const struct e_view *view, size_t i, struct node *node)
{
    const struct e_peer *peer = &view->peer[i];
    bool notified = view->action == ACTION_NOTIFY;
    bool promoted = (peer->role & ~E_STARTING) == E_ROLE_PROMOTED;

    (void) snprintf(node->name, sizeof(node->name), "srv%zu", i + 1);
    node->member.online = tri_of(peer->online);
    node->member.role = role_of(peer->role);
    node->member.starting = tri_of((peer->role & E_STARTING) != 0);
    node->member.corosync = tri_of(peer->member);
    node->member.controller = tri_of(peer->online);
    node->member.expected_down = tri_of(peer->down);
    node->member.erased = tri_of(!peer->online && peer->role == E_ROLE_NONE);
    node->member.probed = tri_of(peer->role != E_ROLE_NONE);
    node->was_out = tri_of(peer->was_out);
    if (peer->copy == E_SILENT) {
        node->copy_answered = TRI_NO;
    } else if (peer->copy != 0) {
        node->copy_answered = TRI_YES;
        set_attr(&node->copy, (uint8_t) (peer->copy - 1));
        set_attr(&node->copy_quorum, peer->copy_quorum);
        set_attr(&node->copy_self, (uint8_t) (peer->told - 1));
    }
    set_attr(&node->record.data_status, peer->record);
    set_attr(&node->record.quorum, peer->quorum);
    for (unsigned attr = 0; attr < ATTR_COUNT; attr++) {
        set_attr(node_attr(node, (enum attr_id) attr), peer->attr[attr]);
    }
    node->member.cib_score = node->attrs.score;
    fill_sender(view, i, &node->senders.own);
    node->senders.slot.there = TRI_NO;
    node->senders.slot.active = TRI_NO;
    node->in_demote_list = TRI_NO;
    node->in_promoted_list = tri_of(notified && promoted);
    node->in_stop_list = tri_of(view->notify == NOTIFY_PRE_STOP
                                && view->target == i);
    node->in_promote_list = tri_of(view->notify == NOTIFY_PRE_PROMOTE
                                   && view->target == i);
}

static void
fill_progress(const struct e_view *view, struct progress *progress)
{
    progress->known = TRI_YES;
    progress->received = view->streamed ? lsn_of(view->lsn) : 0;
    progress->replayed = lsn_of(view->lsn);
    progress->paused = TRI_NO;
    if (view->held && view->defect != E_DEFECT_REPLAY) {
        (void) text_copy("recovery_target_xid", progress->target,
                         sizeof(progress->target));
    }
}

static void
fill_server(const struct e_view *view, struct snapshot *snapshot)
{
    struct server *server = &snapshot->server;

    server->version = 150018;
    server->answer = ANSWER_OK;
    server->in_recovery = tri_of(view->server != E_PRIMARY);
    server->position.timeline = view->timeline;
    server->position.lsn = lsn_of(view->lsn);
    snapshot->position_advances = TRI_NO;
    if (view->server != E_PRIMARY) {
        fill_progress(view, &server->progress);
    }
    server->receiver_running = tri_of(view->upstream);
    server->upstream_set = tri_of(view->standby == STANDBY_FOLLOWS);
    snapshot->monitor_sql_ok = TRI_YES;
    server->sync_names_known = TRI_YES;
    snapshot->sources.sync_names_ours = TRI_YES;
    (void) text_copy(e_text(view->loaded), server->sync_names,
                     sizeof(server->sync_names));
    (void) text_copy(STARTED_HERE, snapshot->sync.started,
                     sizeof(snapshot->sync.started));
    snapshot->sync.waiter = tri_of(view->waiter);
    snapshot->sync.redo_lsn = position_of(view->memory.asked)
                              + (view->checkpoint == E_CHECKPOINT_BEGUN);
}

static enum control_state
control_of(const struct e_view *view)
{
    switch ((enum e_server) view->server) {
        case E_DOWN_CLEAN:
            return CONTROL_SHUT_DOWN;
        case E_PRIMARY:
            return CONTROL_IN_PRODUCTION;
        case E_DOWN:
        case E_STANDBY:
        case E_PROMOTING:
            break;
    }
    if (view->clean) {
        return CONTROL_SHUT_DOWN_IN_RECOVERY;
    }
    return view->signal ? CONTROL_IN_ARCHIVE_RECOVERY : CONTROL_IN_PRODUCTION;
}

static void
write_history(uint8_t forks, struct text *text)
{
    static struct history history;

    history.timeline = 1 + e_count(forks);
    history.count = 0;
    for (size_t i = 0; i < E_RECORDS; i++) {
        if (e_bit(forks, i)) {
            history.left[history.count] = (struct wal_position) {
                (uint32_t) history.count + 1, lsn_of((uint8_t) i)
            };
            history.count++;
        }
    }
    history_summary(&history, text);
}

static void
fill_history(const struct e_view *view, struct snapshot *snapshot)
{
    struct text text;

    text_init(&text, snapshot->history, sizeof(snapshot->history));
    if (view->timeline > 0) {
        write_history(view->forks, &text);
    }
}

static void
fill_instance(const struct e_view *view, struct snapshot *snapshot)
{
    bool running = view->server >= E_STANDBY;

    snapshot->process.state = running ? PROCESS_RUNNING : PROCESS_GONE;
    snapshot->process.postmaster_pid = running ? 1234 : 0;
    snapshot->process.pidfile = !running ? PIDFILE_MISSING
                                : view->server == E_PRIMARY ? PIDFILE_READY
                                : PIDFILE_STANDBY;
    snapshot->files.lock = tri_of(view->lock);
    snapshot->files.backup_label = TRI_NO;
    snapshot->files.major_version = 15;
    snapshot->control.state = control_of(view);
    snapshot->disk.writable = TRI_YES;
    snapshot->newest_timeline =
        view->defect == E_DEFECT_BEGAN ? 1 : view->newest;
    if (view->server == E_DOWN_CLEAN) {
        /* it begins where the record before it ends */
        snapshot->control.checkpoint = (struct wal_position) {
            view->timeline, lsn_of(view->lsn) - LSN_STEP
        };
    }
    fill_history(view, snapshot);
    if (running) {
        fill_server(view, snapshot);
    }
}

/* Early, late, and at the deadline of 30 s. */
static const uint32_t elapsed_ms[] = { 50, 21000, 29500 };
#define DEADLINE_MS 30000u

static void
fill_action(const struct e_view *view, struct snapshot *snapshot)
{
    snapshot->action = (enum action) view->action;
    snapshot->notify = (enum notify_kind) view->notify;
    snapshot->probe = tri_of(view->action == ACTION_MONITOR
                             && view->role == 2);
    snapshot->expected_role = view->role == 1 ? ROLE_PROMOTED : ROLE_STARTED;
    snapshot->elapsed_ms = elapsed_ms[view->phase];
    snapshot->left_ms = DEADLINE_MS - elapsed_ms[view->phase];
    snapshot->facts = ~0u;
    snapshot->failed = (enum op_kind) view->failed;
    if (view->failed != OP_NONE) {
        (void) snprintf(snapshot->failure, sizeof(snapshot->failure),
                        "no quorum");
    }
    for (size_t i = 0; i < OP_REBUILD; i++) {
        snapshot->done[i].times = (uint32_t) (view->done >> i & 1);
    }
}

/* What a worker waits for ends: for its turn, for the source, for WAL. */
#define WORKS_MS 1000u
#define WORKED_LONG_MS 700000u

static void
fill_rejoin(const struct e_view *view, struct snapshot *snapshot)
{
    struct rejoin *rejoin = &snapshot->rejoin;

    snapshot->settings.rewinds = view->rewinds;
    snapshot->settings.rebuilds = view->rebuilds;
    snapshot->settings.rejoin_attempts = 3;
    rejoin->phase = (enum rejoin_phase) view->marker;
    rejoin->end = (enum rejoin_end) view->end;
    rejoin->attempts = view->attempts;
    rejoin->timeline = view->against;
    rejoin->fork.timeline = view->forked;
    rejoin->same_data = tri_of(view->marker != REJOIN_NONE);
    rejoin->alive = tri_of(view->works);
    rejoin->ours = tri_of(view->action == ACTION_REJOIN);
    if (view->action == ACTION_REJOIN) {
        snapshot->elapsed_ms = view->phase == 0 ? WORKS_MS : WORKED_LONG_MS;
        snapshot->left_ms = WORKED_LONG_MS * 10;
        if (view->failed != OP_NONE) {
            snapshot->done[view->failed].rc = view->failed == view->no_way
                                              ? OP_RC_NO_WAY : OP_RC_FAILED;
        }
    }
}

static void
fill_memory(const struct e_view *view, struct sync_memory *memory)
{
    (void) text_copy(e_text(view->memory.list), memory->list,
                     sizeof(memory->list));
    (void) text_copy(view->memory.here ? STARTED_HERE : "1000.1",
                     memory->started, sizeof(memory->started));
    memory->asked = position_of(view->memory.asked);
    memory->proven = view->memory.proven;
    memory->mark = position_of(view->memory.mark);
}

/* Nobody asks: a node's own copy is taken to be like this one. */
static void
believe_copy(const struct snapshot *snapshot, struct node *node)
{
    node->copy = node->record.data_status;
    node->copy_self = snapshot->node[snapshot->self].record.data_status;
    node->copy_answered = TRI_YES;
}

/* The defects that are of what is seen of a node. */
static void
spoil_node(const struct e_view *view, size_t i, struct snapshot *snapshot)
{
    struct node *node = &snapshot->node[i];
    const struct e_peer *peer = &view->peer[i];
    uint8_t of = e_quorum_of(peer->quorum);

    if (view->defect == E_DEFECT_WORD && i == view->self
        && view->server != E_PRIMARY) {
        set_attr(&node->record.data_status, e_intern("DISCONNECT"));
    } else if (view->defect == E_DEFECT_TWO && i != view->self) {
        set_attr(&node->attrs.rejoin, e_intern(""));
        set_attr(&node->attrs.status, e_intern("HS:alone"));
    } else if (view->defect == E_DEFECT_BELIEF && i != view->self
        && !peer->sender) {
        set_attr(&node->record.data_status, e_intern("DISCONNECT"));
        believe_copy(snapshot, node);
    } else if (view->defect == E_DEFECT_COPY) {
        believe_copy(snapshot, node);
        node->copy_quorum = node->record.quorum;
    } else if (view->defect == E_DEFECT_MEMBER && peer->member
               && !peer->online) {
        node->member.expected_down = TRI_NO;
    } else if (view->defect == E_DEFECT_JOINING && !peer->online) {
        node->member.corosync = TRI_NO;
    } else if (view->defect == E_DEFECT_PROBE) {
        node->was_out = TRI_YES;
    } else if (view->defect == E_DEFECT_TRUST) {
        set_attr(&node->attrs.trusted, e_intern("1"));
    } else if (view->defect == E_DEFECT_EFFECT && peer->sender) {
        node->senders.own.sync_priority = e_priority(view->loaded, i);
    } else if (view->defect == E_DEFECT_POSITIONS && of > 1
               && view->server != E_PRIMARY) {
        (void) snprintf(node->record.quorum.value, ATTR_VALUE_SIZE, "%u/%u",
                        e_quorum_n(peer->quorum), of - 1u);
    }
}

/* The last node is not in node_list; a node is none of its own outsiders. */
static void
take_out(const struct e_view *view, struct snapshot *snapshot)
{
    size_t last = view->nodes - 1u;

    snapshot->node_count = last;
    if (view->self == last) {
        snapshot->self = NODES_MAX;
        if (view->action == ACTION_START) {
            snapshot->settings.problem = OCF_ERR_ARGS;
        }
    } else if (view->peer[last].record != 0
               && view->defect != E_DEFECT_OUTSIDER) {
        snapshot->outsiders = 1;
    }
}

/* The defects that are of data that comes back. */
static void
spoil_rejoin(const struct e_view *view, struct rejoin *rejoin)
{
    if (view->defect == E_DEFECT_TORN && view->action == ACTION_START
        && rejoin->phase == (view->rebuilds ? REJOIN_SPOILT : REJOIN_TORN)
        && !view->works) {
        rejoin->phase = REJOIN_NONE;
    }
    if (view->defect == E_DEFECT_HALF && rejoin->phase == REJOIN_COPYING
        && rejoin->attempts > 1) {
        rejoin->phase = REJOIN_COPIED;
    }
    if (view->defect == E_DEFECT_FORK && rejoin->phase == REJOIN_WHOLE) {
        rejoin->fork.timeline = 1;
    }
}

/* The defects that are of what is seen. */
static void
spoil(const struct e_view *view, struct snapshot *snapshot)
{
    struct sync_memory *memory = &snapshot->sync.memory;

    if (view->defect == E_DEFECT_LAST) {
        snapshot->settings.sync_strict = false;
    }
    spoil_rejoin(view, &snapshot->rejoin);
    if (view->defect == E_DEFECT_FENCING) {
        snapshot->cluster.fencing = TRI_NO;
    }
    if (view->defect == E_DEFECT_PROOF) {
        memcpy(memory->list, snapshot->server.sync_names,
               sizeof(memory->list));
        memcpy(memory->started, snapshot->sync.started,
               sizeof(memory->started));
        memory->proven = true;
        memory->mark = 1;
    }
    for (size_t i = 0; i < view->nodes; i++) {
        spoil_node(view, i, snapshot);
    }
}

static void
add_row(const char *name, const struct sender *sender,
        struct sender_row *ret_row)
{
    (void) text_copy(name, ret_row->name, sizeof(ret_row->name));
    (void) text_copy("192.0.2.1", ret_row->address, sizeof(ret_row->address));
    ret_row->sender = *sender;
}

/* With a stranger, whose each WAL sender is has to be told by its name. */
static void
fill_names(const struct e_view *view, struct snapshot *snapshot)
{
    char name[NODE_NAME_SIZE];
    struct sender stranger = {
        .state = SENDER_STREAMING, .sync_state = SYNC_SYNC,
        .visible = TRI_YES, .flush_lsn = lsn_of(view->lsn),
    };

    snapshot->record.name_key.known = ATTR_SET;
    (void) text_copy(view->defect == E_DEFECT_NAME ? "plain" : "5f3a91c4",
                     snapshot->record.name_key.value, ATTR_VALUE_SIZE);
    for (size_t i = 0; i < view->nodes; i++) {
        if (view->peer[i].sender) {
            sender_name(snapshot, snapshot->node[i].name, name);
            add_row(name, &snapshot->node[i].senders.own,
                    &snapshot->senders.row[snapshot->senders.row_count++]);
        }
    }
    if (view->stranger > 1) {
        stranger.sync_priority = view->stranger - 2u;
        if (stranger.sync_priority == 0) {
            stranger.sync_state = SYNC_ASYNC;
        }
        add_row(snapshot->node[E_NAMESAKE].name, &stranger,
                &snapshot->senders.row[snapshot->senders.row_count++]);
    }
    senders_assign(snapshot);
}

void
e_view_snapshot(const struct e_view *view, struct snapshot *ret_snapshot)
{
    memset(ret_snapshot, 0, sizeof(*ret_snapshot));
    (void) snprintf(ret_snapshot->tmpdir, sizeof(ret_snapshot->tmpdir),
                    "/var/lib/pgsql/tmp");
    ret_snapshot->settings.rep_mode = REP_MODE_SYNC;
    ret_snapshot->settings.sync_quorum = view->any;
    ret_snapshot->settings.sync_num = view->sync_num;
    ret_snapshot->settings.sync_strict = view->strict;
    ret_snapshot->settings.xlog_check_count =
        view->defect == E_DEFECT_BANNED ? UINT8_MAX : 0;
    ret_snapshot->settings.stop_escalate_ms = 90000;
    ret_snapshot->settings.stop_escalate_in_slave_ms = 90000;
    ret_snapshot->address_here = TRI_NO;
    ret_snapshot->cluster.have_quorum = tri_of(view->have_quorum);
    ret_snapshot->cluster.maintenance = TRI_NO;
    ret_snapshot->cluster.fencing = tri_of(view->fencing);
    ret_snapshot->position_looks = 2;
    ret_snapshot->self = view->self;
    ret_snapshot->node_count = view->nodes;
    fill_action(view, ret_snapshot);
    fill_rejoin(view, ret_snapshot);
    fill_instance(view, ret_snapshot);
    for (size_t i = 0; i < view->nodes; i++) {
        fill_node(view, i, &ret_snapshot->node[i]);
    }
    if (view->stranger != 0) {
        fill_names(view, ret_snapshot);
    }
    fill_memory(view, &ret_snapshot->sync.memory);
    if (view->out) {
        take_out(view, ret_snapshot);
    }
    spoil(view, ret_snapshot);
}
