/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The cluster on one screen, fact by fact. */

#include <string.h>

#include "overview_make.h"
#include "overview_rpo.h"
#include "world.h"

static struct snapshot here;
static struct snapshot seat;
static struct overview overview;

/* Three nodes: srv1 leads, commits wait for srv2. */
static void
healthy(struct snapshot *world, size_t self)
{
    world_init(world, ACTION_STATUS, 3, self);
    world->facts |= FACT_PROFILE;
    world->profile.fsync = TRI_YES;
    world->senders.told = TRI_YES;
    (void) text_copy("\"srv2\"", world->server.sync_names,
                     sizeof(world->server.sync_names));
    world->node[1].record.data_status = attr_with("STREAMING|SYNC");
    world->node[1].attrs.status = attr_with("HS:sync");
    world->node[1].senders.own.sync_state = SYNC_SYNC;
    world->node[1].senders.own.sync_priority = 1;
    world->node[1].senders.own.age_ms = 60000;
    world->node[0].member.changed_s = 1795200000;
}

static void
look_from(size_t self)
{
    healthy(&here, self);
    healthy(&seat, 0);
    seat.process.state = PROCESS_UNKNOWN;
    if (self != 0) {
        for (size_t i = 0; i < 3; i++) {        /* it has no WAL senders */
            memset(&here.node[i].senders, 0, sizeof(here.node[i].senders));
        }
    }
}

static void
make(void)
{
    overview_make(&here, overview_seat(&here) == NODES_MAX ? NULL : &seat,
                  &overview);
}

static const struct overview_note *
find_note(enum overview_note_kind kind)
{
    for (size_t i = 0; i < overview.note_count; i++) {
        if (overview.note[i].kind == kind) {
            return &overview.note[i];
        }
    }
    return NULL;
}

static void
assert_note(enum overview_note_kind kind, enum overview_level level,
            const char *words)
{
    const struct overview_note *found = find_note(kind);

    assert_non_null(found);
    assert_int_equal(found->level, level);
    if (strstr(found->text, words) == NULL) {
        fail_msg("'%s' has no '%s'", found->text, words);
    }
}

static const char *
rpo_words(void)
{
    static char buf[256];
    struct text text;

    text_init(&text, buf, sizeof(buf));
    overview_add_rpo(&overview, &text);
    assert_false(text.overflow);
    return buf;
}

/* --- healthy, from each node ---------------------------------------------- */

static void
tells_the_same_from_each_node(void **state)
{
    (void) state;
    for (size_t self = 0; self < 3; self++) {
        look_from(self);
        assert_int_equal(overview_seat(&here), self == 0 ? NODES_MAX : 0);
        make();
        assert_int_equal(overview.note_count, 0);
        assert_int_equal(overview.primary, 0);
        assert_int_equal(overview.confirmed, TRI_YES);
        assert_int_equal(overview.node_count, 3);
        assert_int_equal(overview.node[0].role, OVERVIEW_PRIMARY);
        assert_int_equal(overview.node[0].state, OVERVIEW_RUNNING);
        assert_int_equal(overview.node[0].flushed, 0x5000000);
        assert_int_equal(overview.node[0].changed_s, 1795200000);
        assert_int_equal(overview.node[1].role, OVERVIEW_STANDBY);
        assert_int_equal(overview.node[1].state, OVERVIEW_STREAMING);
        assert_int_equal(overview.node[1].sync, SYNC_SYNC);
        assert_int_equal(overview.node[1].takeover, LEAD_SYNC);
        assert_int_equal(overview.node[1].connected_ms.value, 60000);
        assert_int_equal(overview.node[2].sync, SYNC_ASYNC);
        assert_int_equal(overview.node[2].takeover, LEAD_OUT_OF_DATE);
        for (size_t i = 0; i < 3; i++) {
            assert_int_equal(overview.node[i].timeline, 1);
            assert_int_equal(overview.node[i].self, i == self);
            assert_true(overview.node[i].listed);
            assert_int_equal(overview.node[i].behind_bytes.known, i > 0);
            assert_int_equal(overview.node[i].spare, i == 1);
        }
        assert_int_equal(overview.sync_standbys.value, 1);
        assert_int_equal(overview.sync_required, 1);
        assert_true(overview.spares.known);
        assert_int_equal(overview.spares.value, 1);
        assert_string_equal(rpo_words(),
                            "none: 2 nodes hold every acknowledged commit");
    }
}

static void
tells_how_far_a_standby_is_behind(void **state)
{
    (void) state;
    look_from(2);
    seat.server.position.lsn = 0x5000000 + 4096;
    seat.node[1].senders.own.flush_lsn = 0x5000000 + 4096;
    seat.node[2].senders.own.replay_lsn = 0x4ff0000;
    make();
    assert_int_equal(overview.node[1].behind_bytes.value, 0);
    assert_int_equal(overview.node[2].behind_bytes.value, 4096);
    assert_int_equal(overview.node[2].replayed, 0x4ff0000);
    assert_false(overview.node[2].behind_ms.known);
    seat.node[2].senders.own.lag_ms = 1500;
    seat.node[1].senders.own.replay_lsn = 0x5000000 + 4096;
    seat.node[1].senders.own.lag_ms = 3;        /* of before it was level */
    make();
    assert_int_equal(overview.node[2].behind_ms.value, 1500);
    assert_true(overview.node[1].behind_ms.known);
    assert_int_equal(overview.node[1].behind_ms.value, 0);
    /* its end was read before its standbys': one may be past it */
    seat.node[1].senders.own.flush_lsn = 0x6000000;
    make();
    assert_true(overview.node[1].behind_bytes.known);
    assert_int_equal(overview.node[1].behind_bytes.value, 0);
}

/* --- what would be lost --------------------------------------------------- */

/* Each of them is part of the proof. */
static void
claims_nothing_where_a_part_of_the_proof_is_not_known(void **state)
{
    static struct snapshot *const seats[] = { &here, &seat };

    (void) state;
    for (size_t self = 0; self < 2; self++) {
        struct snapshot *lead = seats[self];

        for (unsigned part = 0; part < 10; part++) {
            look_from(self);
            switch (part) {
                case 0: lead->server.sync_names_known = TRI_UNKNOWN; break;
                case 1: lead->server.in_recovery = TRI_UNKNOWN; break;
                case 2: lead->server.answer = ANSWER_TIMEOUT; break;
                case 3: lead->senders.told = TRI_NO; break;
                case 4: lead->profile.fsync = TRI_UNKNOWN; break;
                case 5: lead->facts &= ~(uint32_t) FACT_PROFILE; break;
                case 6: lead->node[1].record.data_status = attr_with(NULL);
                        here.node[1].record.data_status = attr_with(NULL);
                        break;
                case 7: here.node[1].member.online = TRI_UNKNOWN; break;
                case 8: here.node[0].member.role = ROLE_UNKNOWN; break;
                case 9: lead->node[1].senders.own.state = SENDER_UNKNOWN;
                        break;
                default: break;
            }
            make();
            if (overview.rpo == OVERVIEW_RPO_NONE) {
                fail_msg("part %u seen from %zu", part, self);
            }
            assert_int_equal(overview.holders, 0);
            assert_non_null(overview.rpo_why);
        }
    }
}

static void
claims_nothing_where_a_setting_gives_it_away(void **state)
{
    (void) state;
    look_from(1);
    seat.profile.fsync = TRI_NO;
    make();
    assert_string_equal(rpo_words(), "not known: the server's settings "
                        "acknowledge commits that no standby has on disk");
    assert_note(NOTE_PROFILE, OVERVIEW_WARNING, "fsync=off");
    look_from(1);
    (void) text_copy("local", seat.profile.weak_commit, 16);
    make();
    assert_int_equal(overview.rpo, OVERVIEW_RPO_UNKNOWN);
    look_from(1);
    (void) text_copy("ALTER ROLE", seat.profile.weak_commit_reset, 320);
    make();
    assert_int_equal(overview.rpo, OVERVIEW_RPO_UNKNOWN);
}

static void
async_mode_may_lose_what_the_furthest_lacks(void **state)
{
    (void) state;
    look_from(0);
    here.settings.rep_mode = REP_MODE_ASYNC;
    here.server.sync_names[0] = '\0';
    here.node[1].record.data_status = attr_with("STREAMING|ASYNC");
    here.server.position.lsn += 5000;
    here.node[2].senders.own.flush_lsn += 3000;
    make();
    assert_int_equal(overview.rpo_bytes, 2000);
    assert_string_equal(rpo_words(),
                        "up to 2.0 kB now: commits wait for no standby");
    assert_int_equal(overview.sync_required, 0);
    assert_int_equal(overview.spares.value, 2);
    /* the furthest, unless it may not take over */
    here.node[2].attrs.replay = attr_with("no: replay stands still");
    make();
    assert_int_equal(overview.rpo_bytes, 5000);
    assert_note(NOTE_REPLAY, OVERVIEW_WARNING, "replay stands still");
}

static void
sync_mode_without_proof_is_no_more_than_async(void **state)
{
    (void) state;
    look_from(0);
    here.server.sync_names[0] = '\0';
    make();
    assert_string_equal(rpo_words(),
                        "up to 0 B now: commits wait for no standby");
    assert_note(NOTE_COMMITS, OVERVIEW_WARNING, "commits wait for 0 standbys, "
                "and sync_num asks for 1");
    /* another than srv2 is in the list: srv2's record proves nothing */
    look_from(0);
    (void) text_copy("\"srv3\"", here.server.sync_names, SERVER_TEXT_SIZE);
    make();
    assert_int_equal(overview.rpo, OVERVIEW_RPO_BYTES);
    /* any of two is not both of them */
    (void) text_copy("ANY 1 (\"srv2\",\"srv3\")", here.server.sync_names,
                     SERVER_TEXT_SIZE);
    make();
    assert_int_equal(overview.rpo, OVERVIEW_RPO_BYTES);
    /* whoever has the stranger's name satisfies the list, too */
    (void) text_copy("FIRST 1 (\"moon\",\"srv2\")", here.server.sync_names,
                     SERVER_TEXT_SIZE);
    make();
    assert_int_not_equal(overview.rpo, OVERVIEW_RPO_NONE);
}

static void
says_that_nobody_could_take_over(void **state)
{
    (void) state;
    look_from(2);
    here.node[1].member.online = TRI_NO;
    seat.node[1].member.online = TRI_NO;
    make();
    assert_int_equal(overview.node[1].role, OVERVIEW_AWAY);
    assert_int_equal(overview.node[1].state, OVERVIEW_LOST);
    assert_string_equal(rpo_words(), "all: no other node could take over");
    assert_note(NOTE_NO_SPARE, OVERVIEW_ERROR, "take over from 'srv1'");
    assert_note(NOTE_COMMITS, OVERVIEW_ERROR, "commits wait for 'srv2', which "
                "does not stream");
    assert_note(NOTE_NODE, OVERVIEW_WARNING, "nothing proves that it is down");
}

static void
a_quorum_counts_by_its_number(void **state)
{
    (void) state;
    look_from(0);
    here.settings.sync_quorum = true;
    (void) text_copy("ANY 1 (\"srv2\",\"srv3\")", here.server.sync_names,
                     SERVER_TEXT_SIZE);
    for (size_t i = 1; i < 3; i++) {
        here.node[i].record.data_status = attr_with("STREAMING|QUORUM");
        here.node[i].record.quorum = attr_with("1/2");
        here.node[i].senders.own.sync_state = SYNC_QUORUM;
    }
    make();
    assert_string_equal(rpo_words(),
                        "none: each acknowledged commit is on 2 nodes");
    assert_int_equal(overview.spares.value, 2);
    assert_int_equal(overview.node[1].takeover, LEAD_QUORUM);
    /* of two both would have to show what they hold */
    here.node[2].member.online = TRI_NO;
    make();
    assert_int_equal(overview.node[1].takeover, LEAD_QUORUM_TOO_FEW);
    assert_int_equal(overview.rpo, OVERVIEW_RPO_ALL);
    assert_null(find_note(NOTE_COMMITS));       /* srv2 is enough for them */
    /* a record of another number is no proof */
    here.node[2].member.online = TRI_YES;
    here.node[1].record.quorum = attr_with("2/2");
    here.node[2].record.quorum = attr_with("2/2");
    make();
    assert_int_equal(overview.rpo, OVERVIEW_RPO_BYTES);
}

/* --- who leads ------------------------------------------------------------ */

static void
tells_of_a_cluster_without_a_primary(void **state)
{
    (void) state;
    look_from(1);
    here.node[0].member.online = TRI_NO;
    here.server.receiver_running = TRI_NO;
    here.node[1].attrs.position = attr_with("1/0000000005000000 0 1");
    here.node[2].attrs.position = attr_with("1/0000000004000000 0 1");
    here.node[2].attrs.status = attr_with("HS:alone");
    make();
    assert_int_equal(overview.primary, NODES_MAX);
    assert_string_equal(rpo_words(), "not known: nobody is known to lead");
    assert_note(NOTE_PRIMARY, OVERVIEW_ERROR, "nobody leads");
    assert_int_equal(overview.node[1].state, OVERVIEW_ALONE);
    assert_int_equal(overview.node[1].takeover, LEAD_SYNC);
    assert_int_equal(overview.node[2].state, OVERVIEW_ALONE);
    assert_int_equal(overview.node[2].flushed, 0x4000000);
    assert_false(overview.node[2].behind_bytes.known);
    assert_int_equal(overview.spares.value, 1);
    /* its position counts now, and is not known */
    here.node[1].attrs.position = attr_with("");
    make();
    assert_int_equal(overview.node[1].takeover, LEAD_NO_POSITION);
    assert_int_equal(overview.spares.value, 0);
}

/* Somebody reads this just after 'pcs resource cleanup'. */
static void
goes_by_the_record_after_a_clean_up(void **state)
{
    (void) state;
    look_from(1);
    for (size_t i = 0; i < 3; i++) {
        here.node[i].member.role = ROLE_UNKNOWN;
        here.node[i].member.probed = TRI_NO;
    }
    here.node[0].member.cib_score = attr_with("1000");
    make();
    assert_int_equal(overview.primary, 0);
    assert_int_equal(overview.node[0].role, OVERVIEW_PRIMARY);
    assert_int_equal(overview.node[1].role, OVERVIEW_STANDBY);
    assert_null(find_note(NOTE_PRIMARY));
    here.node[0].member.cib_score = attr_with("-INFINITY");
    make();
    assert_int_equal(overview.primary, NODES_MAX);
    assert_int_equal(overview.node[0].role, OVERVIEW_ROLE_UNKNOWN);
}

static void
tells_of_two_primaries_and_believes_none(void **state)
{
    (void) state;
    look_from(0);
    here.node[2].member.role = ROLE_PROMOTED;
    make();
    assert_int_equal(overview.primary, NODES_MAX);
    assert_note(NOTE_PRIMARY, OVERVIEW_ERROR, "2 nodes are promoted");
    assert_int_equal(overview.node[0].state, OVERVIEW_STATE_UNKNOWN);
    assert_int_equal(overview.rpo, OVERVIEW_RPO_UNKNOWN);
}

static void
the_primarys_server_has_to_confirm_it(void **state)
{
    (void) state;
    look_from(0);
    here.server.in_recovery = TRI_YES;
    make();
    assert_int_equal(overview.confirmed, TRI_NO);
    assert_note(NOTE_PRIMARY, OVERVIEW_ERROR, "its server is a standby");
    look_from(0);
    memset(&here.server, 0, sizeof(here.server));
    here.server.answer = ANSWER_TIMEOUT;
    here.senders.told = TRI_NO;
    make();
    assert_int_equal(overview.confirmed, TRI_UNKNOWN);
    assert_int_equal(overview.node[0].state, OVERVIEW_STATE_UNKNOWN);
    assert_note(NOTE_PRIMARY, OVERVIEW_ERROR, "does not answer");
}

static void
a_seat_that_does_not_answer_leaves_the_agents_last_words(void **state)
{
    (void) state;
    look_from(1);
    memset(&seat.server, 0, sizeof(seat.server));
    seat.server.answer = ANSWER_DENIED;
    (void) text_copy("no pg_hba.conf entry", seat.server.text,
                     SERVER_TEXT_SIZE);
    seat.senders.told = TRI_NO;
    make();
    assert_note(NOTE_UNSEEN, OVERVIEW_WARNING, "no pg_hba.conf entry");
    assert_int_equal(overview.node[0].state, OVERVIEW_STATE_UNKNOWN);
    assert_int_equal(overview.node[1].state, OVERVIEW_STREAMING);
    assert_int_equal(overview.node[1].sync, SYNC_SYNC);
    assert_false(overview.node[1].behind_bytes.known);
    assert_false(overview.node[1].spare);
    assert_false(overview.spares.known);
    assert_null(find_note(NOTE_NO_SPARE));
    assert_int_equal(overview.rpo, OVERVIEW_RPO_UNKNOWN);
    overview_make(&here, NULL, &overview);
    assert_note(NOTE_UNSEEN, OVERVIEW_WARNING, "it was not asked");
}

static void
modes_without_replication_have_no_primary_to_miss(void **state)
{
    (void) state;
    look_from(0);
    here.settings.rep_mode = REP_MODE_SLAVE;
    for (size_t i = 0; i < 3; i++) {
        here.node[i].member.role = ROLE_STARTED;
    }
    make();
    assert_null(find_note(NOTE_PRIMARY));
    assert_int_equal(overview.spares.value, 0);
}

/* --- a node --------------------------------------------------------------- */

static void
tells_why_nothing_streams(void **state)
{
    (void) state;
    look_from(2);
    seat.node[2].senders.own = (struct sender) { .state = SENDER_NONE,
                                                 .visible = TRI_YES };
    here.node[2].attrs.why = attr_with("add this node to pg_hba.conf");
    (void) text_copy("FATAL: no entry", here.upstream_words, SERVER_TEXT_SIZE);
    make();
    assert_int_equal(overview.node[2].state, OVERVIEW_ALONE);
    assert_int_equal(overview.node[2].sync, SYNC_UNKNOWN);
    assert_note(NOTE_NOT_STREAMING, OVERVIEW_WARNING, "nothing streams to "
                "'srv3': add this node to pg_hba.conf. Its log: FATAL: no "
                "entry");
    assert_null(find_note(NOTE_WHY));
    assert_int_equal(overview.rpo, OVERVIEW_RPO_NONE);
    assert_int_equal(overview_count(&overview, OVERVIEW_ERROR), 0);
    assert_int_equal(overview_count(&overview, OVERVIEW_WARNING), 1);
}

static void
a_log_in_that_sees_no_senders_is_told(void **state)
{
    (void) state;
    look_from(0);
    here.node[1].senders.own = (struct sender) { .state = SENDER_STARTUP,
                                                 .visible = TRI_NO };
    here.node[1].attrs.status = attr_with("");
    make();
    assert_int_equal(overview.node[1].state, OVERVIEW_STATE_UNKNOWN);
    assert_note(NOTE_UNSEEN, OVERVIEW_WARNING, "needs pg_monitor");
    assert_int_not_equal(overview.rpo, OVERVIEW_RPO_NONE);
}

static void
tells_of_a_node_that_comes_back(void **state)
{
    (void) state;
    look_from(1);
    here.node[2].attrs.status = attr_with("HS:rejoin");
    here.node[2].attrs.rejoin = attr_with("rewinding 40%");
    make();
    assert_int_equal(overview.node[2].state, OVERVIEW_REJOINING);
    assert_string_equal(overview.node[2].rejoin, "rewinding 40%");
    assert_note(NOTE_REJOIN, OVERVIEW_INFO, "brings its data back: rewinding");
    look_from(2);
    here.node[2].attrs.status = attr_with("HS:rejoin");
    here.rejoin.end = REJOIN_GIVEN_UP;
    (void) text_copy("no room", here.rejoin.why, SERVER_TEXT_SIZE);
    make();
    assert_note(NOTE_REJOIN, OVERVIEW_WARNING, "no room");
}

static void
tells_what_a_node_is_doing(void **state)
{
    (void) state;
    look_from(0);
    here.node[1].member.role = ROLE_STOPPED;
    here.node[1].senders.own.state = SENDER_NONE;
    here.node[2].member.online = TRI_NO;
    here.node[2].member.expected_down = TRI_YES;
    here.node[2].member.role = ROLE_UNKNOWN;
    world_leaves(&here, 2);
    make();
    assert_int_equal(overview.node[1].state, OVERVIEW_STATE_STOPPED);
    assert_int_equal(overview.node[2].state, OVERVIEW_DOWN);
    here.node[1].member.starting = TRI_YES;
    make();
    assert_int_equal(overview.node[1].state, OVERVIEW_CHANGING);
    look_from(1);
    here.process.state = PROCESS_GONE;
    make();
    assert_int_equal(overview.node[1].state, OVERVIEW_STATE_STOPPED);
    assert_int_equal(overview.node[1].takeover, LEAD_NOT_LIVE);
    assert_note(NOTE_NODE, OVERVIEW_WARNING, "has it for a standby");
}

static void
tells_of_slots(void **state)
{
    (void) state;
    look_from(0);
    here.node[1].senders.slot.there = TRI_YES;
    make();
    assert_int_equal(overview.node[1].slot.there, TRI_UNKNOWN);
    here.settings.use_slots = true;
    here.server.position.lsn = 0x5000000;
    for (size_t i = 1; i < 3; i++) {
        here.node[i].senders.slot = (struct slot) {
            .there = TRI_YES, .active = TRI_YES, .status = SLOT_RESERVED,
            .restart_lsn = 0x4000000, .limited = i == 1 ? TRI_YES : TRI_NO,
            .left_bytes = 77,
        };
    }
    make();
    assert_int_equal(overview.note_count, 0);
    assert_int_equal(overview.node[1].slot.held_bytes.value, 0x1000000);
    assert_true(overview.node[1].slot.safe_bytes.known);
    assert_int_equal(overview.node[1].slot.safe_bytes.value, 77);
    assert_false(overview.node[2].slot.safe_bytes.known);
    here.node[2].senders.slot.status = SLOT_LOST;
    make();
    assert_note(NOTE_SLOT, OVERVIEW_WARNING, "slot of 'srv3' has lost WAL");
    here.node[2].senders.slot.there = TRI_NO;
    make();
    assert_note(NOTE_SLOT, OVERVIEW_WARNING, "is not there");
}

static void
tells_of_data_that_is_not_the_clusters(void **state)
{
    (void) state;
    look_from(0);
    here.node[2].senders.own.beyond = TRI_YES;
    (void) text_copy("192.0.2.7", here.node[1].senders.stranger, ADDRESS_SIZE);
    make();
    assert_note(NOTE_DATA, OVERVIEW_WARNING, "192.0.2.7 streams under the name "
                "of 'srv2', and is not it");
    look_from(1);
    seat.node[2].senders.own.beyond = TRI_YES;
    make();
    assert_note(NOTE_DATA, OVERVIEW_WARNING, "'srv3' has WAL that is not the "
                "primary's");
    look_from(1);
    here.record.system_id = attr_with("7392019283746501923");
    here.node[2].attrs.system_id = attr_with("7399999999999999999");
    make();
    assert_note(NOTE_DATA, OVERVIEW_WARNING, "'srv3' holds another database");
    assert_int_equal(overview.node[2].takeover, LEAD_FOREIGN);
}

static void
tells_of_the_cluster_itself(void **state)
{
    (void) state;
    look_from(0);
    here.cluster.have_quorum = TRI_NO;
    here.cluster.maintenance = TRI_YES;
    here.settings.problem = OCF_ERR_CONFIGURED;
    (void) text_copy("pgport is no number", here.settings.problem_text,
                     SERVER_TEXT_SIZE);
    make();
    assert_note(NOTE_QUORUM, OVERVIEW_ERROR, "no quorum");
    assert_note(NOTE_MAINTENANCE, OVERVIEW_WARNING, "maintenance mode");
    assert_note(NOTE_PARAMETERS, OVERVIEW_ERROR, "pgport is no number");
}

static void
tells_of_copies_of_the_record_that_differ(void **state)
{
    (void) state;
    look_from(1);
    for (size_t i = 0; i < 3; i += 2) {
        here.node[i].copy = here.node[i].record.data_status;
        here.node[i].copy_answered = TRI_YES;
    }
    make();
    assert_int_equal(overview.note_count, 0);
    here.node[2].copy = attr_with("DISCONNECT");
    make();
    assert_note(NOTE_COPY, OVERVIEW_WARNING, "the record of 'srv3' is "
                "'DISCONNECT' in its own copy, and 'STREAMING|ASYNC' here");
    here.node[2].copy = attr_with("");          /* one that has none */
    make();
    assert_note(NOTE_COPY, OVERVIEW_WARNING, "is '' in its own copy");
    here.node[2].copy_answered = TRI_NO;
    make();
    assert_null(find_note(NOTE_COPY));
    assert_note(NOTE_UNSEEN, OVERVIEW_WARNING, "'srv3' does not tell its copy");
}

static void
tells_of_constraints_that_a_move_left(void **state)
{
    (void) state;
    look_from(1);
    (void) text_copy("cli-ban-ms-on-node1 cli-prefer-ms", here.profile.moves,
                     sizeof(here.profile.moves));
    make();
    assert_int_equal(overview.note_count, 2);
    assert_note(NOTE_CONSTRAINT, OVERVIEW_WARNING,
                "pcs constraint delete cli-ban-ms-on-node1");
    assert_non_null(strstr(overview.note[1].text, "'cli-prefer-ms'"));
}

static void
nothing_seen_claims_nothing(void **state)
{
    (void) state;
    memset(&here, 0, sizeof(here));
    here.settings.rep_mode = REP_MODE_SYNC;
    here.node_count = 2;
    here.self = 0;
    make();
    assert_int_equal(overview.primary, NODES_MAX);
    assert_int_equal(overview.rpo, OVERVIEW_RPO_UNKNOWN);
    assert_int_equal(overview.spares.value, 0);
    assert_false(overview.sync_standbys.known);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(overview.node[i].role, OVERVIEW_ROLE_UNKNOWN);
        assert_int_equal(overview.node[i].state, OVERVIEW_STATE_UNKNOWN);
        assert_false(lead_rule_allows(overview.node[i].takeover));
    }
    assert_note(NOTE_UNSEEN, OVERVIEW_ERROR, "could not be looked at");
}

/* Every finding at once, of sixteen nodes that lack everything. */
static void
what_does_not_fit_is_counted(void **state)
{
    (void) state;
    world_init(&here, ACTION_STATUS, NODES_MAX, 0);
    here.facts |= FACT_PROFILE;
    here.senders.told = TRI_YES;
    here.settings.use_slots = true;
    for (size_t i = 1; i < NODES_MAX; i++) {
        here.node[i].senders.own.state = SENDER_NONE;
        here.node[i].senders.slot.there = TRI_NO;
        here.node[i].attrs.replay = attr_with("no: stuck");
        here.node[i].attrs.unproved = attr_with("parted");
        (void) text_copy("192.0.2.7", here.node[i].senders.stranger,
                         ADDRESS_SIZE);
    }
    make();
    assert_int_equal(overview.note_count, OVERVIEW_NOTES_MAX);
    assert_true(overview.notes_left_out > 0);
}

/* --- words ---------------------------------------------------------------- */

static void
bytes_are_rounded_up_and_never_to_nothing(void **state)
{
    static const struct {
        uint64_t bytes;
        const char *words;
    } cases[] = {
        { 0, "0 B" }, { 1, "1 B" }, { 1023, "1023 B" }, { 1024, "1.0 kB" },
        { 1025, "1.1 kB" }, { 1258292, "1.3 MB" }, { 1258291, "1.2 MB" },
        { 1048576, "1.0 MB" }, { UINT64_C(16) << 30, "16.0 GB" },
        { UINT64_MAX, "16384.0 PB" },
    };

    (void) state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        char buf[32];
        struct text text;

        text_init(&text, buf, sizeof(buf));
        overview_add_bytes(cases[i].bytes, &text);
        assert_string_equal(buf, cases[i].words);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tells_the_same_from_each_node),
        cmocka_unit_test(tells_how_far_a_standby_is_behind),
        cmocka_unit_test(claims_nothing_where_a_part_of_the_proof_is_not_known),
        cmocka_unit_test(claims_nothing_where_a_setting_gives_it_away),
        cmocka_unit_test(async_mode_may_lose_what_the_furthest_lacks),
        cmocka_unit_test(sync_mode_without_proof_is_no_more_than_async),
        cmocka_unit_test(says_that_nobody_could_take_over),
        cmocka_unit_test(a_quorum_counts_by_its_number),
        cmocka_unit_test(tells_of_a_cluster_without_a_primary),
        cmocka_unit_test(goes_by_the_record_after_a_clean_up),
        cmocka_unit_test(tells_of_two_primaries_and_believes_none),
        cmocka_unit_test(the_primarys_server_has_to_confirm_it),
        cmocka_unit_test(
            a_seat_that_does_not_answer_leaves_the_agents_last_words),
        cmocka_unit_test(modes_without_replication_have_no_primary_to_miss),
        cmocka_unit_test(tells_why_nothing_streams),
        cmocka_unit_test(a_log_in_that_sees_no_senders_is_told),
        cmocka_unit_test(tells_of_a_node_that_comes_back),
        cmocka_unit_test(tells_what_a_node_is_doing),
        cmocka_unit_test(tells_of_slots),
        cmocka_unit_test(tells_of_data_that_is_not_the_clusters),
        cmocka_unit_test(tells_of_the_cluster_itself),
        cmocka_unit_test(tells_of_copies_of_the_record_that_differ),
        cmocka_unit_test(tells_of_constraints_that_a_move_left),
        cmocka_unit_test(nothing_seen_claims_nothing),
        cmocka_unit_test(what_does_not_fit_is_counted),
        cmocka_unit_test(bytes_are_rounded_up_and_never_to_nothing),
    };

    return cmocka_run_group_tests_name("overview", tests, NULL, NULL);
}
