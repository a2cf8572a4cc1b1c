/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether clients may be sent to a server: any doubt is a no. */

#include <string.h>

#include "check.h"
#include "world.h"

#define LSN 0x5000000u
#define BEHIND 4096u
#define LIMIT 1024u

static char why_buf[4 * SERVER_TEXT_SIZE];
static struct check_figures figures;

static const enum tri tris[] = { TRI_UNKNOWN, TRI_NO, TRI_YES };
static const enum role roles[] = {
    ROLE_UNKNOWN, ROLE_STOPPED, ROLE_STARTED, ROLE_PROMOTED,
};
static const char *const records[] = {
    NULL, "", "LATEST", "DISCONNECT", "STREAMING|ASYNC",
    "STREAMING|POTENTIAL", "STREAMING|SYNC", "STREAMING|QUORUM",
    "STREAMING", "LATEST2",
};
/* how far replay is behind; of the last one it is not known */
static const uint64_t behinds[] = { 0, BEHIND, UINT64_MAX };

static struct check_question
ask(enum check_kind kind, bool limited)
{
    return (struct check_question) {
        .kind = kind, .lag_limited = limited, .max_lag_bytes = LIMIT,
    };
}

static void
set_server(struct server *server, enum answer answer, enum tri in_recovery,
           enum tri receives, uint64_t behind)
{
    memset(server, 0, sizeof(*server));
    server->answer = answer;
    server->in_recovery = in_recovery;
    server->receiver_running = receives;
    server->position = (struct wal_position) { 3, LSN };
    if (behind != UINT64_MAX) {
        server->progress = (struct progress) {
            .known = TRI_YES, .received = LSN, .replayed = LSN - behind,
        };
    }
}

static enum check_answer
in_cluster(const struct snapshot *world, enum check_kind kind, bool limited)
{
    const struct check_question question = ask(kind, limited);
    struct text why;
    enum check_answer answer;

    text_init(&why, why_buf, sizeof(why_buf));
    answer = check_by_cluster(world, &question, &figures, &why);
    assert_false(why.overflow);
    assert_true(why.len > 0);
    assert_null(strchr(why_buf, '\n'));
    return answer;
}

static enum check_answer
of_servers(const struct check_servers *servers, enum check_kind kind,
           bool limited)
{
    const struct check_question question = ask(kind, limited);
    struct text why;
    enum check_answer answer;

    text_init(&why, why_buf, sizeof(why_buf));
    answer = check_by_servers(servers, &question, &figures, &why);
    assert_false(why.overflow);
    assert_true(why.len > 0);
    return answer;
}

/* What the server alone would have to be for a yes. */
static bool
server_fits(enum check_kind kind, enum tri in_recovery, enum tri receives,
            uint64_t behind, bool limited)
{
    if (kind == CHECK_ALIVE) {
        return in_recovery != TRI_UNKNOWN;
    }
    if (kind == CHECK_PRIMARY) {
        return in_recovery == TRI_NO;
    }
    return in_recovery == TRI_YES && receives == TRI_YES
           && (!limited || behind == 0);
}

static bool
record_fits(enum check_kind kind, const char *record)
{
    if (kind == CHECK_ALIVE) {
        return true;
    }
    if (record == NULL) {
        return false;
    }
    if (kind == CHECK_PRIMARY) {
        return strcmp(record, "LATEST") == 0;
    }
    return strcmp(record, "STREAMING|SYNC") == 0
           || strcmp(record, "STREAMING|QUORUM") == 0
           || (kind == CHECK_STANDBY
               && strncmp(record, "STREAMING|", 10) == 0);
}

static bool
role_fits(enum check_kind kind, enum role role)
{
    return kind == CHECK_ALIVE
           || role == (kind == CHECK_PRIMARY ? ROLE_PROMOTED : ROLE_STARTED);
}

/* A server of each sort against what is expected of it. */
static void
try_servers(struct snapshot *world, enum check_kind kind, bool may)
{
    for (size_t r = 0; r < LENGTH(tris); r++) {
        for (size_t w = 0; w < LENGTH(tris); w++) {
            for (size_t b = 0; b < LENGTH(behinds); b++) {
                set_server(&world->server, ANSWER_OK, tris[r], tris[w],
                           behinds[b]);
                for (int limited = 0; limited < 2; limited++) {
                    bool yes = may && server_fits(kind, tris[r], tris[w],
                                                  behinds[b], limited != 0);

                    assert_int_equal(in_cluster(world, kind, limited != 0)
                                     == CHECK_YES, yes);
                }
            }
        }
    }
}

static void
says_yes_only_where_cluster_and_server_agree(void **state)
{
    static struct snapshot world;
    struct node *node = &world.node[1];

    (void) state;
    world_init(&world, ACTION_STATUS, 3, 1);
    world.node[0].member.role = ROLE_STARTED;
    for (unsigned k = 0; k < CHECK_KINDS; k++) {
        enum check_kind kind = (enum check_kind) k;

        for (size_t q = 0; q < LENGTH(tris); q++) {
            for (size_t r = 0; r < LENGTH(roles); r++) {
                for (size_t d = 0; d < LENGTH(records); d++) {
                    world.cluster.have_quorum = tris[q];
                    node->member.role = roles[r];
                    node->record.data_status = attr_with(records[d]);
                    try_servers(&world, kind,
                                (kind == CHECK_ALIVE || tris[q] == TRI_YES)
                                && role_fits(kind, roles[r])
                                && record_fits(kind, records[d]));
                }
            }
        }
    }
}

static void
says_no_to_what_does_not_answer(void **state)
{
    static struct snapshot world;
    static struct check_servers servers = { .count = 1, .name = { "srv1" } };

    (void) state;
    for (unsigned k = 0; k < CHECK_KINDS; k++) {
        enum check_kind kind = (enum check_kind) k;

        for (unsigned a = ANSWER_UNKNOWN; a <= ANSWER_ERROR; a++) {
            enum check_answer expected = a == ANSWER_UNKNOWN ? CHECK_UNKNOWN
                                                             : CHECK_NO;

            if (a == ANSWER_OK) {
                continue;
            }
            world_init(&world, ACTION_STATUS, 3, kind == CHECK_PRIMARY ? 0
                                                                       : 1);
            world.node[1].record.data_status = attr_with("STREAMING|SYNC");
            set_server(&world.server, (enum answer) a, TRI_UNKNOWN,
                       TRI_UNKNOWN, UINT64_MAX);
            (void) text_copy("its words", world.server.text,
                             sizeof(world.server.text));
            assert_int_equal(in_cluster(&world, kind, false), expected);
            assert_non_null(strstr(why_buf, "its words"));
            servers.server[0] = world.server;
            assert_int_equal(of_servers(&servers, kind, false),
                             kind == CHECK_SYNC ? CHECK_UNKNOWN : expected);
        }
    }
}

static void
says_no_while_another_leads(void **state)
{
    static struct snapshot world;

    (void) state;
    for (size_t o = 0; o < LENGTH(tris); o++) {
        world_init(&world, ACTION_STATUS, 3, 0);
        world.node[2].member.role = ROLE_PROMOTED;
        world.node[2].member.online = tris[o];
        /* the history of a dead node stays, and says nothing */
        assert_int_equal(in_cluster(&world, CHECK_PRIMARY, false) == CHECK_YES,
                         tris[o] == TRI_NO);
    }
}

/* A clean-up takes the history away; record and score stay. */
static void
goes_by_the_record_until_it_is_probed(void **state)
{
    static const char *const scores[] = { NULL, "", "1000", "-INFINITY" };
    static struct snapshot world;
    struct node *node = &world.node[0];

    (void) state;
    world_init(&world, ACTION_STATUS, 3, 0);
    node->member.role = ROLE_UNKNOWN;
    for (size_t p = 0; p < LENGTH(tris); p++) {
        for (size_t s = 0; s < LENGTH(scores); s++) {
            for (size_t d = 0; d < LENGTH(records); d++) {
                bool leads = tris[p] == TRI_NO && s == 2
                             && record_fits(CHECK_PRIMARY, records[d]);

                node->member.probed = tris[p];
                node->member.cib_score = attr_with(scores[s]);
                node->record.data_status = attr_with(records[d]);
                try_servers(&world, CHECK_PRIMARY, leads);
                try_servers(&world, CHECK_STANDBY, tris[p] == TRI_NO
                            && record_fits(CHECK_STANDBY, records[d]));
            }
        }
    }
}

static void
says_no_of_a_node_that_is_no_member(void **state)
{
    static struct snapshot world;

    (void) state;
    for (size_t o = 0; o < LENGTH(tris); o++) {
        world_init(&world, ACTION_STATUS, 3, 0);
        world.node[0].member.online = tris[o];
        assert_int_equal(in_cluster(&world, CHECK_PRIMARY, false) == CHECK_YES,
                         tris[o] == TRI_YES);
    }
    world_init(&world, ACTION_STATUS, 3, 0);
    world.self = NODES_MAX;
    assert_int_equal(in_cluster(&world, CHECK_PRIMARY, false), CHECK_NO);
    assert_string_equal(why_buf, "this node is not in node_list");
}

static void
goes_by_the_server_where_nothing_is_replicated(void **state)
{
    static struct snapshot world;

    (void) state;
    for (unsigned k = 0; k < CHECK_SYNC + 1; k++) {
        enum check_kind kind = (enum check_kind) k;

        world_init(&world, ACTION_STATUS, 0, kind == CHECK_PRIMARY ? 0 : 1);
        set_server(&world.server, ANSWER_OK, kind == CHECK_PRIMARY ? TRI_NO
                   : TRI_YES, TRI_YES, 0);
        world.settings.rep_mode = REP_MODE_NONE;
        assert_int_equal(in_cluster(&world, kind, false) == CHECK_YES,
                         kind == CHECK_PRIMARY);
        world.settings.rep_mode = REP_MODE_SLAVE;
        assert_int_equal(in_cluster(&world, kind, false) == CHECK_YES,
                         kind == CHECK_STANDBY);
    }
}

static void
says_by_how_much_it_lags(void **state)
{
    static struct check_servers servers = { .count = 1, .name = { "srv1" } };

    (void) state;
    set_server(&servers.server[0], ANSWER_OK, TRI_YES, TRI_YES, BEHIND);
    assert_int_equal(of_servers(&servers, CHECK_STANDBY, false), CHECK_YES);
    assert_int_equal(of_servers(&servers, CHECK_STANDBY, true), CHECK_LAGS);
    assert_string_equal(why_buf, "it lags by 4096 bytes, more than 1024");
    assert_int_equal(figures.lag_bytes, BEHIND);
    set_server(&servers.server[0], ANSWER_OK, TRI_YES, TRI_YES, LIMIT);
    assert_int_equal(of_servers(&servers, CHECK_STANDBY, true), CHECK_YES);
    set_server(&servers.server[0], ANSWER_OK, TRI_YES, TRI_YES, UINT64_MAX);
    assert_int_equal(of_servers(&servers, CHECK_STANDBY, true), CHECK_NO);
    assert_string_equal(why_buf, "its lag is not known");
}

/* Of each server: silent, a primary, a standby. */
static void
set_servers(struct check_servers *servers, unsigned combination)
{
    static const enum tri sorts[] = { TRI_UNKNOWN, TRI_NO, TRI_YES };

    for (size_t i = 0; i < servers->count; i++) {
        enum tri sort = sorts[combination % LENGTH(sorts)];

        set_server(&servers->server[i], sort == TRI_UNKNOWN ? ANSWER_TIMEOUT
                   : ANSWER_OK, sort, TRI_YES, 0);
        combination /= LENGTH(sorts);
    }
}

static void
says_no_to_all_where_two_lead(void **state)
{
    static struct check_servers servers = {
        .count = 3, .name = { "srv1", "srv2", "srv3" },
    };
    const struct server *first = &servers.server[0];

    (void) state;
    for (unsigned combination = 0; combination < 27; combination++) {
        unsigned leaders = 0;

        set_servers(&servers, combination);
        for (size_t i = 0; i < servers.count; i++) {
            leaders += servers.server[i].in_recovery == TRI_NO ? 1 : 0;
        }
        assert_int_equal(of_servers(&servers, CHECK_PRIMARY, false)
                         == CHECK_YES,
                         leaders == 1 && first->in_recovery == TRI_NO);
        assert_int_equal(of_servers(&servers, CHECK_STANDBY, false)
                         == CHECK_YES,
                         leaders < 2 && first->in_recovery == TRI_YES);
        assert_int_equal(of_servers(&servers, CHECK_ALIVE, false)
                         == CHECK_YES, first->answer == ANSWER_OK);
    }
}

static void
measures_a_standby_by_the_primary_that_answers(void **state)
{
    static struct check_servers servers = {
        .count = 2, .name = { "srv1", "srv2" },
    };
    struct server *standby = &servers.server[0];
    struct server *primary = &servers.server[1];

    (void) state;
    set_server(standby, ANSWER_OK, TRI_YES, TRI_YES, 0);
    set_server(primary, ANSWER_OK, TRI_NO, TRI_NO, UINT64_MAX);
    primary->position.lsn = LSN + BEHIND;
    assert_int_equal(of_servers(&servers, CHECK_STANDBY, true), CHECK_LAGS);
    assert_int_equal(figures.lag_bytes, BEHIND);
    primary->position.timeline = 4;
    assert_int_equal(of_servers(&servers, CHECK_STANDBY, false), CHECK_NO);
    assert_string_equal(why_buf, "it follows timeline 3, and 'srv2' leads on "
                        "timeline 4");
    /* a log-in that may not see the WAL receiver */
    standby->position.timeline = 0;
    assert_int_equal(of_servers(&servers, CHECK_STANDBY, false), CHECK_YES);
}

/* The new primary does not answer, and its standby does. */
static void
says_no_of_who_was_outdone(void **state)
{
    static struct check_servers servers = {
        .count = 3, .name = { "srv1", "srv2", "srv3" },
    };
    struct server *peer = &servers.server[2];

    (void) state;
    set_server(&servers.server[0], ANSWER_OK, TRI_NO, TRI_NO, UINT64_MAX);
    set_server(&servers.server[1], ANSWER_TIMEOUT, TRI_UNKNOWN, TRI_UNKNOWN,
               UINT64_MAX);
    set_server(peer, ANSWER_OK, TRI_YES, TRI_YES, 0);
    assert_int_equal(of_servers(&servers, CHECK_PRIMARY, false), CHECK_YES);
    peer->position.timeline = 4;
    assert_int_equal(of_servers(&servers, CHECK_PRIMARY, false), CHECK_NO);
    assert_string_equal(why_buf, "it is on timeline 3, and 'srv3' on timeline "
                        "4: another was promoted");
    assert_int_equal(of_servers(&servers, CHECK_ALIVE, false), CHECK_YES);
    peer->answer = ANSWER_TIMEOUT;
    assert_int_equal(of_servers(&servers, CHECK_PRIMARY, false), CHECK_YES);
    /* one that follows the old primary */
    peer->answer = ANSWER_OK;
    set_server(&servers.server[0], ANSWER_OK, TRI_YES, TRI_YES, 0);
    assert_int_equal(of_servers(&servers, CHECK_STANDBY, false), CHECK_NO);
}

static void
says_no_of_a_primary_without_a_position(void **state)
{
    static struct check_servers servers = { .count = 1, .name = { "srv1" } };

    (void) state;
    set_server(&servers.server[0], ANSWER_OK, TRI_NO, TRI_NO, UINT64_MAX);
    assert_int_equal(of_servers(&servers, CHECK_PRIMARY, false), CHECK_YES);
    servers.server[0].position.lsn = 0;
    assert_int_equal(of_servers(&servers, CHECK_PRIMARY, false), CHECK_NO);
}

static void
does_not_guess_who_is_synchronous(void **state)
{
    static struct check_servers servers = { .count = 1, .name = { "srv1" } };

    (void) state;
    set_server(&servers.server[0], ANSWER_OK, TRI_YES, TRI_YES, 0);
    assert_int_equal(of_servers(&servers, CHECK_SYNC, false), CHECK_UNKNOWN);
    assert_non_null(strstr(why_buf, "ask on its node"));
}

static void
writes_one_line_for_each_reader(void **state)
{
    static const struct check_figures known = { 3, true, 16 };
    static const struct check_figures none;
    static const int codes[] = { 3, 2, 1, 0 };
    const struct check_question limited = ask(CHECK_STANDBY, true);
    const struct check_question free_one = ask(CHECK_PRIMARY, false);
    struct text line;

    (void) state;
    text_init(&line, why_buf, sizeof(why_buf));
    check_line(&free_one, CHECK_YES, "so it is", &line);
    check_line(&free_one, CHECK_NO, "a|b", &line);
    check_line(&limited, CHECK_LAGS, "slow", &line);
    check_line(&limited, CHECK_UNKNOWN, "dark", &line);
    assert_string_equal(why_buf, "primary: yes: so it is\nprimary: no: a|b\n"
                        "standby: no: slow\nstandby: not known: dark\n");
    text_init(&line, why_buf, sizeof(why_buf));
    check_nagios_line(&limited, CHECK_YES, "fine", &known, &line);
    check_nagios_line(&free_one, CHECK_NO, "a|b", &none, &line);
    check_nagios_line(&free_one, CHECK_UNKNOWN, "dark", &none, &line);
    check_nagios_line(&limited, CHECK_LAGS, "slow", &known, &line);
    assert_string_equal(why_buf,
                        "PGWARD STANDBY OK - fine | timeline=3 lag=16B;1024\n"
                        "PGWARD PRIMARY CRITICAL - a/b\n"
                        "PGWARD PRIMARY UNKNOWN - dark\n"
                        "PGWARD STANDBY WARNING - slow | timeline=3 "
                        "lag=16B;1024\n");
    for (unsigned a = CHECK_UNKNOWN; a <= CHECK_YES; a++) {
        assert_int_equal(check_nagios_code((enum check_answer) a), codes[a]);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(says_yes_only_where_cluster_and_server_agree),
        cmocka_unit_test(says_no_to_what_does_not_answer),
        cmocka_unit_test(says_no_while_another_leads),
        cmocka_unit_test(goes_by_the_record_until_it_is_probed),
        cmocka_unit_test(says_no_of_a_node_that_is_no_member),
        cmocka_unit_test(goes_by_the_server_where_nothing_is_replicated),
        cmocka_unit_test(says_by_how_much_it_lags),
        cmocka_unit_test(says_no_to_all_where_two_lead),
        cmocka_unit_test(measures_a_standby_by_the_primary_that_answers),
        cmocka_unit_test(says_no_of_who_was_outdone),
        cmocka_unit_test(says_no_of_a_primary_without_a_position),
        cmocka_unit_test(does_not_guess_who_is_synchronous),
        cmocka_unit_test(writes_one_line_for_each_reader),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
