/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_COMMON_OVERVIEW_H
#define PGWARD_COMMON_OVERVIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lead_rule.h"
#include "snapshot.h"

/*
 * The cluster on one screen: what `status` shows and `/metrics` counts. It is
 * made of a look of this node's and, where another node leads, of a second one
 * from that node's seat: its server alone knows who streams.
 */

/*! What a node is, by the cluster. */
#define OVERVIEW_ROLE_LIST(X) \
    X(OVERVIEW_ROLE_UNKNOWN, "unknown") \
    X(OVERVIEW_PRIMARY, "primary") \
    X(OVERVIEW_STANDBY, "standby") \
    X(OVERVIEW_STOPPED, "stopped")  /* the node is there, its server is not */ \
    X(OVERVIEW_AWAY, "away")        /* the node is not in the cluster */

/*! What it is doing. */
#define OVERVIEW_STATE_LIST(X) \
    X(OVERVIEW_STATE_UNKNOWN, "unknown") \
    X(OVERVIEW_RUNNING, "running")  /* a primary that says so itself */ \
    X(OVERVIEW_STREAMING, "streaming") \
    X(OVERVIEW_CATCHUP, "catchup")  /* it streams, and is behind */ \
    X(OVERVIEW_CONNECTED, "connected")  /* it begins or ends to stream */ \
    X(OVERVIEW_ALONE, "alone")      /* a standby to which nothing streams */ \
    X(OVERVIEW_REJOINING, "rejoin") /* its data is brought back */ \
    X(OVERVIEW_CHANGING, "changing")    /* it starts, stops, or changes its \
                                           role */ \
    X(OVERVIEW_STATE_STOPPED, "stopped") \
    X(OVERVIEW_DOWN, "down")        /* away, and proved to run nothing */ \
    X(OVERVIEW_LOST, "lost")        /* away, and nothing proves that */

/*! What would be lost if the primary died now. */
#define OVERVIEW_RPO_LIST(X) \
    X(OVERVIEW_RPO_UNKNOWN, "unknown")  /* `rpo_why` says why */ \
    X(OVERVIEW_RPO_NONE, "none")    /* proved: commits wait for others */ \
    X(OVERVIEW_RPO_BYTES, "bytes")  /* what the one that is furthest lacks */ \
    X(OVERVIEW_RPO_ALL, "all")      /* no other node may lead: the service, \
                                       and with the node its commits */

/*! How much a note matters. */
#define OVERVIEW_LEVEL_LIST(X) \
    X(OVERVIEW_INFO, "info")        /* it passes */ \
    X(OVERVIEW_WARNING, "warning")  /* a promise is weaker than it could be */ \
    X(OVERVIEW_ERROR, "error")      /* the service is away, or nothing is \
                                       left to take it over */

/*! What a note is about: its word for scripts. */
#define OVERVIEW_NOTE_LIST(X) \
    X(NOTE_UNSEEN, "unseen")        /* something could not be looked at */ \
    X(NOTE_PARAMETERS, "parameters") \
    X(NOTE_QUORUM, "quorum") \
    X(NOTE_MAINTENANCE, "maintenance") \
    X(NOTE_PRIMARY, "primary")      /* none, two, or it does not answer */ \
    X(NOTE_COMMITS, "commits")      /* they wait for one that is away, or for \
                                       fewer than they should */ \
    X(NOTE_NO_SPARE, "no-spare")    /* nobody could take over */ \
    X(NOTE_NODE, "node")            /* away, stopped, or half there */ \
    X(NOTE_NOT_STREAMING, "not-streaming") \
    X(NOTE_REPLAY, "replay")        /* it does not come to the end */ \
    X(NOTE_DATA, "data")            /* another database, or another past */ \
    X(NOTE_WHY, "why")              /* what RSC-why says */ \
    X(NOTE_REJOIN, "rejoin") \
    X(NOTE_SLOT, "slot") \
    X(NOTE_COPY, "copy")            /* its copy of the record is another */ \
    X(NOTE_CONSTRAINT, "constraint")    /* left by a move */ \
    X(NOTE_PROFILE, "profile")      /* a finding of validate-all's */

#define OVERVIEW_ENUM_ROW(symbol, name) symbol,
enum overview_role { OVERVIEW_ROLE_LIST(OVERVIEW_ENUM_ROW) };
enum overview_state { OVERVIEW_STATE_LIST(OVERVIEW_ENUM_ROW) };
enum overview_rpo { OVERVIEW_RPO_LIST(OVERVIEW_ENUM_ROW) };
enum overview_level { OVERVIEW_LEVEL_LIST(OVERVIEW_ENUM_ROW) };
enum overview_note_kind { OVERVIEW_NOTE_LIST(OVERVIEW_ENUM_ROW) };
#undef OVERVIEW_ENUM_ROW

/*! The words of each, ended by NULL: for names_name(). */
extern const char *const overview_role_names[];
extern const char *const overview_state_names[];
extern const char *const overview_rpo_names[];
extern const char *const overview_level_names[];
extern const char *const overview_note_names[];

/*! A number that may not be known. */
struct amount {
    bool known;
    uint64_t value;
};

/*! The slot of a node on the primary. */
struct overview_slot {
    enum tri there;
    enum tri active;
    enum slot_status status;
    struct amount held_bytes;     /*!< WAL that it keeps */
    struct amount safe_bytes;     /*!< until it is lost; not known: no bound */
};

/*! A node of node_list, or one that only has a record. */
struct overview_node {
    char name[NODE_NAME_SIZE];
    bool self;                    /*!< the one that looked */
    bool listed;                  /*!< it is in node_list */
    enum overview_role role;
    enum overview_state state;
    uint32_t timeline;            /*!< 0: not known */
    lsn flushed;                  /*!< 0: not known */
    lsn replayed;                 /*!< 0: not known */
    struct amount behind_bytes;   /*!< what it has not flushed */
    struct amount behind_ms;      /*!< how late it replays */
    enum sync_state sync;         /*!< by the primary's server */
    enum lead_rule takeover;      /*!< of a primary: why it leads */
    bool spare;                   /*!< it could take over now: it may, and it
                                       streams where there is a primary */
    struct overview_slot slot;
    struct amount connected_ms;   /*!< for so long it has streamed */
    uint32_t changed_s;           /*!< since when it has its role, in seconds
                                       since 1970 by its own clock; 0: not
                                       known */
    char rejoin[ATTR_VALUE_SIZE]; /*!< how far its data is that comes back, or
                                       "" */
};

#define OVERVIEW_NOTE_SIZE 600
#define OVERVIEW_NOTES_MAX 64

/*! Something that is not normal. */
struct overview_note {
    enum overview_level level;
    enum overview_note_kind kind;
    size_t node;                  /*!< whom it is about; NODES_MAX: all */
    char text[OVERVIEW_NOTE_SIZE];      /*!< what, and what to do next */
};

struct overview {
    enum rep_mode mode;
    bool quorum_mode;             /*!< sync_mode=quorum */
    enum tri have_quorum;
    enum tri fencing;
    enum tri maintenance;
    size_t primary;               /*!< who leads by the cluster; NODES_MAX:
                                       nobody, or several */
    enum tri confirmed;           /*!< its server says so, too; UNKNOWN: it was
                                       not asked, or did not answer */
    enum overview_rpo rpo;
    uint64_t rpo_bytes;           /*!< of OVERVIEW_RPO_BYTES */
    size_t holders;               /*!< of OVERVIEW_RPO_NONE: so many nodes hold
                                       each acknowledged commit, the primary
                                       one of them */
    const char *rpo_why;          /*!< of the others: constant text, else
                                       NULL */
    struct amount spares;         /*!< nodes that could take over now */
    struct amount sync_standbys;  /*!< commits wait for so many */
    size_t sync_required;         /*!< and should for so many */
    size_t node_count;
    struct overview_node node[NODES_MAX];
    size_t note_count;
    size_t notes_left_out;        /*!< did not fit */
    struct overview_note note[OVERVIEW_NOTES_MAX];
};

/*!
 * Note something. One that does not fit is counted, and its words are cleaned
 * (text_clean()).
 *
 * \param[in] node  whom it is about; NODES_MAX: all
 */
void
overview_note(struct overview *overview, enum overview_level level,
              enum overview_note_kind kind, size_t node, const char *format,
              ...) __attribute__((format(printf, 5, 6)));

/*! How many notes are as bad as that, or worse? */
size_t
overview_count(const struct overview *overview, enum overview_level level);

#endif
