/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A request's path and query, read. */

#include "road_ask.h"

#include <ctype.h>
#include <stddef.h>
#include <string.h>

#include "line.h"
#include "text.h"

#define LIMIT_DEFAULT_MS 10000u
#define LIMIT_MAX_S 4000000u        /* in ms it fits 32 bits */
#define WORD_SIZE NODE_NAME_SIZE

static const struct known_path {
    const char *word;
    enum road_path path;
} known_paths[] = {
    { "/", ROAD_PATH_PRIMARY },
    { "/primary", ROAD_PATH_PRIMARY },
    { "/master", ROAD_PATH_PRIMARY },
    { "/read-write", ROAD_PATH_PRIMARY },
    { "/leader", ROAD_PATH_PRIMARY },
    { "/standby-leader", ROAD_PATH_STANDBY_LEADER },
    { "/standby_leader", ROAD_PATH_STANDBY_LEADER },
    { "/replica", ROAD_PATH_REPLICA },
    { "/read-only", ROAD_PATH_READ_ONLY },
    { "/sync", ROAD_PATH_SYNC },
    { "/synchronous", ROAD_PATH_SYNC },
    { "/read-only-sync", ROAD_PATH_READ_ONLY_SYNC },
    { "/quorum", ROAD_PATH_QUORUM },
    { "/read-only-quorum", ROAD_PATH_READ_ONLY_QUORUM },
    { "/async", ROAD_PATH_ASYNC },
    { "/asynchronous", ROAD_PATH_ASYNC },
    { "/health", ROAD_PATH_HEALTH },
    { "/liveness", ROAD_PATH_LIVENESS },
    { "/readiness", ROAD_PATH_READINESS },
    { "/v1/primary", ROAD_PATH_V1_PRIMARY },
    { "/v1/primaries", ROAD_PATH_V1_PRIMARIES },
    { "/v1/standbys", ROAD_PATH_V1_STANDBYS },
    { "/metrics", ROAD_PATH_METRICS },
};

#define KNOWN_PATHS (sizeof(known_paths) / sizeof(known_paths[0]))

bool
road_path_is_patronis(enum road_path path)
{
    return path >= ROAD_PATH_PRIMARY && path <= ROAD_PATH_READINESS;
}

const char *
road_path_name(enum road_path path)
{
    if (path == ROAD_PATH_V1_STATUS) {
        return "/v1/NAME/status";
    }
    if (path == ROAD_PATH_V1_AVAILABILITY) {
        return "/v1/NAME/availability";
    }
    for (size_t i = 1; i < KNOWN_PATHS; i++) {
        if (known_paths[i].path == path) {
            return known_paths[i].word;
        }
    }
    return "other";
}

static int
hex_digit(char c)
{
    return isdigit((unsigned char) c) ? c - '0'
           : isxdigit((unsigned char) c) ? tolower((unsigned char) c) - 'a' + 10
           : -1;
}

/* The character of `%41`; 0: it is none. */
static char
escaped(const char *from, size_t len)
{
    int high = len > 2 ? hex_digit(from[1]) : -1;
    int low = len > 2 ? hex_digit(from[2]) : -1;

    return high < 0 || low < 0 ? '\0' : (char) (high * 16 + low);
}

/* 0; -1: a wrong escape, a NUL, or more than a word may have. */
static int
decode(const char *from, size_t len, bool is_query, char *ret_word)
{
    char word[WORD_SIZE];
    size_t used = 0;

    for (size_t i = 0; i < len; i++) {
        char c = from[i];

        if (c == '%') {
            c = escaped(from + i, len - i);
            i += 2;
        } else if (c == '+' && is_query) {
            c = ' ';
        }
        if (c == '\0' || used + 1 >= sizeof(word)) {
            return -1;
        }
        word[used++] = c;
    }
    word[used] = '\0';
    memcpy(ret_word, word, used + 1);
    return 0;
}

/* PgRoute66's limit: seconds, which its answers call msec. */
static int
take_limit(const char *value, struct road_ask *ask)
{
    uint64_t seconds;
    uint32_t ms = 0;
    const char *rest = line_read_number(value, LIMIT_MAX_S, &seconds);

    if (value[0] == '\0') {
        ask->limit_ms = -1000;
        return 0;
    }
    if (rest == NULL) {
        return -1;
    }
    if (*rest == '.') {
        rest++;
        for (uint32_t scale = 100; isdigit((unsigned char) *rest); rest++) {
            ms += (uint32_t) (*rest - '0') * scale;
            scale /= 10;
        }
    }
    if (*rest != '\0') {
        return -1;
    }
    ask->limit_ms = (int64_t) seconds * 1000 + ms;
    return 0;
}

static int
take_word(const char *key, const char *value, struct road_ask *ask)
{
    uint64_t lag;

    if (strcmp(key, "group") == 0) {
        memcpy(ask->group, value, strlen(value) + 1);
    } else if (strcmp(key, "limit") == 0) {
        return take_limit(value, ask);
    } else if (strcmp(key, "lag") == 0) {
        if (params_parse_size(value, &lag) != 0) {
            return -1;
        }
        ask->has_lag = true;
        ask->lag_bytes = lag;
    } else if (strcmp(key, "replication_state") == 0) {
        ask->must_stream = true;
        ask->impossible = ask->impossible || strcmp(value, "streaming") != 0;
    } else if (line_after(key, "tag_") != NULL) {
        ask->impossible = true;
    }
    return 0;
}

static int
take_query(const char *query, struct road_ask *ask)
{
    while (*query != '\0') {
        size_t len = strcspn(query, "&");
        size_t key_len = strcspn(query, "&=");
        size_t value_at = key_len < len ? key_len + 1 : len;
        char key[WORD_SIZE];
        char value[WORD_SIZE];

        if (decode(query, key_len, true, key) != 0
            || decode(query + value_at, len - value_at, true, value) != 0
            || take_word(key, value, ask) != 0) {
            return -1;
        }
        query += len;
        query += *query == '&' ? 1 : 0;
    }
    return 0;
}

/* `/v1/NAME/status`, or as it was once: `/v1/status/NAME`. */
static enum road_path
find_host_path(const char *path, size_t len, char *ret_name)
{
    static const struct {
        const char *word;
        enum road_path path;
    } ends[] = {
        { "/status", ROAD_PATH_V1_STATUS },
        { "/availability", ROAD_PATH_V1_AVAILABILITY },
    };
    const char *name = line_after(path, "/v1/");
    const char *old = line_after(path, "/v1/status/");
    size_t name_len = name == NULL ? 0 : len - (size_t) (name - path);

    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
        size_t end_len = strlen(ends[i].word);

        if (name_len > end_len
            && memcmp(path + len - end_len, ends[i].word, end_len) == 0
            && memchr(name, '/', name_len - end_len) == NULL) {
            return decode(name, name_len - end_len, false, ret_name) == 0
                   ? ends[i].path : ROAD_PATH_BAD;
        }
    }
    if (old != NULL && old < path + len
        && memchr(old, '/', len - (size_t) (old - path)) == NULL) {
        return decode(old, len - (size_t) (old - path), false, ret_name) == 0
               ? ROAD_PATH_V1_STATUS : ROAD_PATH_BAD;
    }
    return ROAD_PATH_NONE;
}

static enum road_path
find_path(const char *path, size_t len, char *ret_name)
{
    for (size_t i = 0; i < KNOWN_PATHS; i++) {
        if (strlen(known_paths[i].word) == len
            && memcmp(known_paths[i].word, path, len) == 0) {
            return known_paths[i].path;
        }
    }
    return find_host_path(path, len, ret_name);
}

void
road_ask_parse(const char *target, struct road_ask *ret_ask)
{
    size_t len = strcspn(target, "?");

    memset(ret_ask, 0, sizeof(*ret_ask));
    (void) text_copy("all", ret_ask->group, sizeof(ret_ask->group));
    ret_ask->limit_ms = LIMIT_DEFAULT_MS;
    ret_ask->path = find_path(target, len, ret_ask->name);
    if (target[len] == '?' && take_query(target + len + 1, ret_ask) != 0) {
        ret_ask->path = ROAD_PATH_BAD;
    }
}
