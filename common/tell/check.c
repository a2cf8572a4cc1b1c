/* SPDX-License-Identifier: GPL-2.0-or-later */
/* May clients be sent here? */

#include "check.h"

#include <ctype.h>
#include <inttypes.h>

#include "names.h"
#include "peers.h"
#include "takeover.h"

const char *const check_kind_names[CHECK_KINDS] = {
    [CHECK_PRIMARY] = "primary",
    [CHECK_STANDBY] = "standby",
    [CHECK_SYNC] = "sync",
    [CHECK_ALIVE] = "alive",
};

/* --- a server, by its own words ------------------------------------------ */

static void
measure(const struct server *server, lsn primary_lsn,
        struct check_figures *figures)
{
    const struct progress *progress = &server->progress;
    lsn newest = progress->received > primary_lsn ? progress->received
                                                  : primary_lsn;

    *figures = (struct check_figures) {
        .timeline = server->position.timeline,
    };
    if (server->in_recovery == TRI_YES && progress->known == TRI_YES
        && progress->replayed != 0) {
        figures->lag_known = true;
        figures->lag_bytes = newest > progress->replayed
                             ? newest - progress->replayed : 0;
    }
}

static enum check_answer
judge_lag(const struct check_question *question,
          const struct check_figures *figures, struct text *why)
{
    if (question->lag_limited && !figures->lag_known) {
        text_add(why, "its lag is not known");
        return CHECK_NO;
    }
    if (question->lag_limited
        && figures->lag_bytes > question->max_lag_bytes) {
        text_add(why, "it lags by %" PRIu64 " bytes, more than %" PRIu64,
                 figures->lag_bytes, question->max_lag_bytes);
        return CHECK_LAGS;
    }
    text_add(why, "a standby that streams");
    return CHECK_YES;
}

static enum check_answer
judge_standby(const struct server *server,
              const struct check_question *question,
              const struct check_figures *figures, struct text *why)
{
    if (server->in_recovery != TRI_YES) {
        text_add(why, "it is not in recovery: a primary");
        return CHECK_NO;
    }
    if (server->receiver_running != TRI_YES) {
        text_add(why, "a standby to which nothing streams");
        return CHECK_NO;
    }
    return judge_lag(question, figures, why);
}

static enum check_answer
judge_primary(const struct server *server, struct text *why)
{
    if (server->in_recovery != TRI_NO) {
        text_add(why, "it is in recovery: a standby");
        return CHECK_NO;
    }
    if (!wal_position_is_known(server->position)) {
        text_add(why, "it does not tell its position");
        return CHECK_NO;
    }
    text_add(why, "a primary on timeline %u", server->position.timeline);
    return CHECK_YES;
}

static enum check_answer
judge_server(const struct server *server,
             const struct check_question *question,
             const struct check_figures *figures, struct text *why)
{
    if (server->answer != ANSWER_OK) {
        text_add(why, "its server does not answer (%s)%s%s",
                 names_name(names_answer, server->answer),
                 server->text[0] != '\0' ? ": " : "", server->text);
        return server->answer == ANSWER_UNKNOWN ? CHECK_UNKNOWN : CHECK_NO;
    }
    if (server->in_recovery == TRI_UNKNOWN) {
        text_add(why, "it does not say whether it is in recovery");
        return CHECK_NO;
    }
    switch (question->kind) {
        case CHECK_PRIMARY:
            return judge_primary(server, why);
        case CHECK_STANDBY:
        case CHECK_SYNC:
            return judge_standby(server, question, figures, why);
        case CHECK_ALIVE:
            break;
    }
    text_add(why, "it answers: a %s",
             server->in_recovery == TRI_YES ? "standby" : "primary");
    return CHECK_YES;
}

/* --- by the cluster ------------------------------------------------------- */

/* A dead node's history stays: who is not online is not counted. */
static bool
another_leads(const struct snapshot *snapshot)
{
    for (size_t i = 0; i < snapshot->node_count; i++) {
        const struct node_member *member = &snapshot->node[i].member;

        if (i != snapshot->self && member->role == ROLE_PROMOTED
            && member->online != TRI_NO) {
            return true;
        }
    }
    return false;
}

static bool
record_allows(const struct attr *record, enum check_kind kind)
{
    switch (kind) {
        case CHECK_PRIMARY:
            return attr_is(record, "LATEST");
        case CHECK_STANDBY:
            return has_streamed(record);
        case CHECK_SYNC:
        case CHECK_ALIVE:       /* asks no record */
            break;
    }
    return attr_is(record, "STREAMING|SYNC")
           || attr_is(record, "STREAMING|QUORUM");
}

static bool
cluster_allows_node(const struct snapshot *snapshot, enum check_kind kind,
                    struct text *why)
{
    const struct node *node = &snapshot->node[snapshot->self];
    const struct attr *record = &node->record.data_status;
    enum role wanted = kind == CHECK_PRIMARY ? ROLE_PROMOTED : ROLE_STARTED;
    enum role role = takeover_role(node);

    if (node->member.online != TRI_YES) {
        text_add(why, "this node is not online in the cluster");
    } else if (role != wanted) {
        text_add(why, "its role in the cluster is '%s', not '%s'",
                 names_name(names_role, role),
                 names_name(names_role, wanted));
    } else if (!record_allows(record, kind)) {
        text_add(why, "the cluster's record has it as '%s'",
                 record->known == ATTR_SET ? record->value
                 : names_name(names_known, record->known));
    } else if (kind == CHECK_PRIMARY && another_leads(snapshot)) {
        text_add(why, "another node is promoted, too");
    } else {
        return true;
    }
    return false;
}

/* Without replication the cluster keeps neither roles nor a record. */
static bool
mode_allows(enum rep_mode mode, enum check_kind kind, struct text *why)
{
    if (kind != (mode == REP_MODE_SLAVE ? CHECK_STANDBY : CHECK_PRIMARY)) {
        text_add(why, "with its rep_mode there is no such server");
        return false;
    }
    return true;
}

static bool
cluster_allows(const struct snapshot *snapshot, enum check_kind kind,
               struct text *why)
{
    if (kind == CHECK_ALIVE) {
        return true;
    }
    if (snapshot->cluster.have_quorum != TRI_YES) {
        text_add(why, "the cluster has no quorum here");
        return false;
    }
    if (!rep_mode_is_replication(snapshot->settings.rep_mode)) {
        return mode_allows(snapshot->settings.rep_mode, kind, why);
    }
    if (snapshot->self >= snapshot->node_count) {
        text_add(why, "this node is not in node_list");
        return false;
    }
    return cluster_allows_node(snapshot, kind, why);
}

enum check_answer
check_by_cluster(const struct snapshot *snapshot,
                 const struct check_question *question,
                 struct check_figures *ret_figures, struct text *why)
{
    measure(&snapshot->server, 0, ret_figures);
    return cluster_allows(snapshot, question->kind, why)
           ? judge_server(&snapshot->server, question, ret_figures, why)
           : CHECK_NO;
}

/* --- by servers alone ----------------------------------------------------- */

static bool
says_it_leads(const struct server *server)
{
    return server->answer == ANSWER_OK && server->in_recovery == TRI_NO;
}

/* The peer that leads, if one does: its place, 0 for none. */
static size_t
leading_peer(const struct check_servers *servers, size_t from)
{
    for (size_t i = from; i < servers->count; i++) {
        if (says_it_leads(&servers->server[i])) {
            return i;
        }
    }
    return 0;
}

/* A peer on a newer timeline knows of a promotion: its place, 0 for none. */
static size_t
newer_peer(const struct check_servers *servers)
{
    uint32_t timeline = servers->server[0].position.timeline;

    for (size_t i = 1; i < servers->count; i++) {
        if (timeline != 0 && servers->server[i].answer == ANSWER_OK
            && servers->server[i].position.timeline > timeline) {
            return i;
        }
    }
    return 0;
}

static bool
peers_allow(const struct check_servers *servers, size_t leader,
            enum check_kind kind, struct text *why)
{
    const struct server *first = &servers->server[0];
    const struct server *primary = &servers->server[leader];
    size_t newer = newer_peer(servers);

    if (kind == CHECK_ALIVE) {
        return true;
    }
    if (leader == 0 && newer != 0) {
        text_add(why, "it is on timeline %u, and '%s' on timeline %u: another "
                 "was promoted", first->position.timeline,
                 servers->name[newer],
                 servers->server[newer].position.timeline);
        return false;
    }
    if (leader == 0) {
        return true;
    }
    if (says_it_leads(first) || leading_peer(servers, leader + 1) != 0) {
        text_add(why, "two say that they are primary, '%s' is one of them",
                 servers->name[leader]);
        return false;
    }
    if (first->position.timeline != 0
        && first->position.timeline != primary->position.timeline) {
        text_add(why, "it follows timeline %u, and '%s' leads on timeline %u",
                 first->position.timeline, servers->name[leader],
                 primary->position.timeline);
        return false;
    }
    return true;
}

enum check_answer
check_by_servers(const struct check_servers *servers,
                 const struct check_question *question,
                 struct check_figures *ret_figures, struct text *why)
{
    const struct server *first = &servers->server[0];
    size_t leader = leading_peer(servers, 1);
    enum check_answer answer;
    char own_text[2 * SERVER_TEXT_SIZE];
    struct text own;

    measure(first, leader != 0 ? servers->server[leader].position.lsn : 0,
            ret_figures);
    if (question->kind == CHECK_SYNC) {
        text_add(why, "whether commits wait for it only the cluster's record "
                 "says: ask on its node, without a host");
        return CHECK_UNKNOWN;
    }
    text_init(&own, own_text, sizeof(own_text));
    answer = judge_server(first, question, ret_figures, &own);
    if (first->answer == ANSWER_OK
        && !peers_allow(servers, leader, question->kind, why)) {
        return CHECK_NO;
    }
    text_add(why, "%s", own_text);
    return answer;
}

/* --- the line ------------------------------------------------------------- */

void
check_line(const struct check_question *question, enum check_answer answer,
           const char *why, struct text *line)
{
    static const char *const words[] = {
        [CHECK_UNKNOWN] = "not known", [CHECK_NO] = "no",
        [CHECK_LAGS] = "no", [CHECK_YES] = "yes",
    };

    text_add(line, "%s: %s: %s\n", check_kind_names[question->kind],
             words[answer], why);
}

/* What stands behind the first `|` is performance data. */
static void
add_without_bars(const char *words, struct text *line)
{
    for (; *words != '\0'; words++) {
        text_add(line, "%c", *words == '|' ? '/' : *words);
    }
}

void
check_nagios_line(const struct check_question *question,
                  enum check_answer answer, const char *why,
                  const struct check_figures *figures, struct text *line)
{
    static const char *const words[] = {
        [CHECK_UNKNOWN] = "UNKNOWN", [CHECK_NO] = "CRITICAL",
        [CHECK_LAGS] = "WARNING", [CHECK_YES] = "OK",
    };

    text_add(line, "PGWARD ");
    for (const char *c = check_kind_names[question->kind]; *c != '\0'; c++) {
        text_add(line, "%c", toupper((unsigned char) *c));
    }
    text_add(line, " %s - ", words[answer]);
    add_without_bars(why, line);
    if (figures->timeline != 0 || figures->lag_known) {
        text_add(line, " |");
    }
    if (figures->timeline != 0) {
        text_add(line, " timeline=%u", figures->timeline);
    }
    if (figures->lag_known) {
        text_add(line, " lag=%" PRIu64 "B", figures->lag_bytes);
        if (question->lag_limited) {
            text_add(line, ";%" PRIu64, question->max_lag_bytes);
        }
    }
    text_add(line, "\n");
}

int
check_nagios_code(enum check_answer answer)
{
    static const int codes[] = {
        [CHECK_UNKNOWN] = 3, [CHECK_NO] = 2, [CHECK_LAGS] = 1,
        [CHECK_YES] = 0,
    };

    return codes[answer];
}
