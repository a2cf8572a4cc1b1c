/* SPDX-License-Identifier: GPL-2.0-or-later */
/* PgRoute66's file, by libyaml. */

#include "serve_config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <yaml.h>

#include "base64.h"
#include "cleanup.h"
#include "files.h"
#include "line.h"
#include "report.h"

#define FILE_SIZE_MAX ((size_t) 1024 * 1024)
#define PORT_MAX 65535

/* What the functions below share. */
struct reader {
    yaml_document_t *document;
    struct serve_config *config;
    struct text *why;
};

/* Take a value that stands under a key. 0, or -1 with the reason told. */
typedef int (*take_fn)(struct reader *reader, const char *key,
                       const yaml_node_t *value);

static int
refuse(struct reader *reader, const yaml_node_t *node, const char *what)
{
    text_add(reader->why, "line %u: %s",
             (unsigned) node->start_mark.line + 1, what);
    return -1;
}

/* A text of YAML's may have a NUL in it, one of C's not. */
static const char *
scalar(const yaml_node_t *node)
{
    const char *value;

    if (node == NULL || node->type != YAML_SCALAR_NODE) {
        return NULL;
    }
    value = (const char *) node->data.scalar.value;
    return strlen(value) == node->data.scalar.length ? value : NULL;
}

/* Plain `~`, `null` and nothing at all are no value. */
static bool
is_null(const yaml_node_t *node)
{
    const char *value = scalar(node);

    return value != NULL
           && node->data.scalar.style == YAML_PLAIN_SCALAR_STYLE
           && (value[0] == '\0' || strcmp(value, "~") == 0
               || strcasecmp(value, "null") == 0);
}

/* Each pair of a mapping. */
static int
walk(struct reader *reader, const yaml_node_t *node, take_fn take)
{
    if (is_null(node)) {
        return 0;
    }
    if (node->type != YAML_MAPPING_NODE) {
        return refuse(reader, node, "here belongs `key: value`");
    }
    for (const yaml_node_pair_t *pair = node->data.mapping.pairs.start;
         pair < node->data.mapping.pairs.top; pair++) {
        const yaml_node_t *key_node =
            yaml_document_get_node(reader->document, pair->key);
        const yaml_node_t *value =
            yaml_document_get_node(reader->document, pair->value);
        const char *key = scalar(key_node);

        if (key == NULL || value == NULL) {
            return refuse(reader, node, "a key is no text");
        }
        if (take(reader, key, value) != 0) {
            return -1;
        }
    }
    return 0;
}

static void
free_secret(char **text)
{
    if (*text != NULL) {
        explicit_bzero(*text, strlen(*text));
    }
    free(*text);
    *text = NULL;
}

/* NULL: it is no text, or there is no memory for it, which was refused. */
static char *
copy_text(struct reader *reader, const yaml_node_t *node)
{
    const char *value = scalar(node);
    char *copy;

    if (value == NULL) {
        (void) refuse(reader, node, "here belongs one text or number");
        return NULL;
    }
    copy = strdup(is_null(node) ? "" : value);
    if (copy == NULL) {
        (void) refuse(reader, node, strerror(errno));
    }
    return copy;
}

/* gcc 12's analyzer loses sight of what the configuration holds. */
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wanalyzer-malloc-leak"
#endif

/* A later one takes the place of an earlier, as in PgRoute66. */
static int
take_text(struct reader *reader, const yaml_node_t *node, char **ret_text)
{
    char *copy = copy_text(reader, node);

    if (copy == NULL) {
        return -1;
    }
    free_secret(ret_text);
    *ret_text = copy;
    return 0;
}

static int
take_base64(struct reader *reader, const yaml_node_t *node, char **ret_text)
{
    char *coded = copy_text(reader, node);
    size_t size;
    size_t len;
    char *plain;
    int rc;

    if (coded == NULL) {
        return -1;
    }
    size = strlen(coded) + 1;
    plain = malloc(size);
    rc = plain == NULL ? -1 : base64_decode(coded, plain, size, &len);
    explicit_bzero(coded, size);
    free(coded);
    if (rc == 0 && strlen(plain) == len) {
        free_secret(ret_text);
        *ret_text = plain;
        return 0;
    }
    free(plain);
    return refuse(reader, node, "this is no base64 of a text");
}

/* --- hosts and groups ---------------------------------------------------- */

static char **
find_value(struct serve_host *host, const char *keyword)
{
    for (size_t i = 0; i < host->count; i++) {
        if (strcmp(host->keyword[i], keyword) == 0) {
            return &host->value[i];
        }
    }
    return NULL;
}

/* The host that is being read is the last one. */
static int
take_keyword(struct reader *reader, const char *key, const yaml_node_t *value)
{
    struct serve_config *config = reader->config;
    struct serve_host *host = &config->host[config->host_count - 1];
    bool coded = strcmp(key, "b64password") == 0;
    const char *keyword = coded ? "password" : key;
    char **place = find_value(host, keyword);

    if (line_after(key, "pool_") != NULL) {
        return 0;               /* of PgRoute66's pool: there is none here */
    }
    if (place == NULL && host->count == SERVE_WORDS_MAX) {
        return refuse(reader, value, "a host has more settings than fit");
    }
    if (place == NULL) {
        host->keyword[host->count] = strdup(keyword);
        if (host->keyword[host->count] == NULL) {
            return refuse(reader, value, strerror(errno));
        }
        place = &host->value[host->count++];
    }
    return coded ? take_base64(reader, value, place)
           : take_text(reader, value, place);
}

static size_t
find_host(const struct serve_config *config, const char *name)
{
    for (size_t i = 0; i < config->host_count; i++) {
        if (strcmp(config->host[i].name, name) == 0) {
            return i;
        }
    }
    return ROADS_HOSTS_MAX;
}

static int
take_host(struct reader *reader, const char *key, const yaml_node_t *value)
{
    struct serve_config *config = reader->config;

    if (find_host(config, key) != ROADS_HOSTS_MAX) {
        return refuse(reader, value, "this host is there twice");
    }
    if (config->host_count == ROADS_HOSTS_MAX) {
        return refuse(reader, value, "these are more than 64 hosts");
    }
    if (text_copy(key, config->host[config->host_count].name,
                  NODE_NAME_SIZE) != 0) {
        return refuse(reader, value, "the name of this host is too long");
    }
    config->host_count++;
    return walk(reader, value, take_keyword);
}

static int
take_member(struct reader *reader, const yaml_node_t *node,
            struct road_group *group)
{
    const char *name = scalar(node);
    size_t host;

    if (name == NULL) {
        return refuse(reader, node, "here belongs the name of a host");
    }
    host = find_host(reader->config, name);
    if (host == ROADS_HOSTS_MAX) {
        report_log(LOG_WARNING, "the group '%s' names '%s', which is none of "
                   "the hosts: it is passed over", group->name, name);
        return 0;
    }
    group->hosts |= (uint64_t) 1 << host;
    return 0;
}

static int
take_group(struct reader *reader, const char *key, const yaml_node_t *value)
{
    struct road_groups *groups = &reader->config->groups;
    struct road_group *group = &groups->group[groups->count];

    if (groups->count == ROADS_GROUPS_MAX) {
        return refuse(reader, value, "these are more than 32 groups");
    }
    if (text_copy(key, group->name, sizeof(group->name)) != 0) {
        return refuse(reader, value, "the name of this group is too long");
    }
    if (value->type != YAML_SEQUENCE_NODE && !is_null(value)) {
        return refuse(reader, value, "here belongs a list of hosts");
    }
    groups->count++;
    if (value->type != YAML_SEQUENCE_NODE) {
        return 0;
    }
    for (const yaml_node_item_t *item = value->data.sequence.items.start;
         item < value->data.sequence.items.top; item++) {
        if (take_member(reader, yaml_document_get_node(reader->document,
                                                       *item), group) != 0) {
            return -1;
        }
    }
    return 0;
}

/* --- the rest ------------------------------------------------------------ */

static int
take_ssl(struct reader *reader, const char *key, const yaml_node_t *value)
{
    struct serve_config *config = reader->config;

    if (strcmp(key, "b64cert") == 0) {
        return take_base64(reader, value, &config->cert);
    }
    if (strcmp(key, "b64key") == 0) {
        return take_base64(reader, value, &config->key);
    }
    report_log(LOG_WARNING, "there is no '%s' in 'ssl': it is passed over",
               key);
    return 0;
}

static int
take_port(struct reader *reader, const yaml_node_t *node)
{
    const char *value = scalar(node);
    uint64_t port = 0;
    const char *rest = value == NULL ? NULL
                       : line_read_number(value, PORT_MAX, &port);

    if (!is_null(node) && (rest == NULL || *rest != '\0')) {
        return refuse(reader, node, "a port is a number up to 65535");
    }
    reader->config->port = (uint16_t) port;
    return 0;
}

/* Groups name hosts that may stand below them: they come in the second turn. */
static int
take_first(struct reader *reader, const char *key, const yaml_node_t *value)
{
    if (strcmp(key, "hosts") == 0) {
        return walk(reader, value, take_host);
    }
    if (strcmp(key, "bind") == 0) {
        return take_text(reader, value, &reader->config->bind);
    }
    if (strcmp(key, "port") == 0) {
        return take_port(reader, value);
    }
    if (strcmp(key, "ssl") == 0) {
        return walk(reader, value, take_ssl);
    }
    if (strcmp(key, "logfile") == 0) {
        report_log(LOG_WARNING, "the log goes to standard error, and so to the "
                   "journal: 'logfile' is passed over");
    } else if (strcmp(key, "groups") != 0 && strcmp(key, "loglevel") != 0) {
        report_log(LOG_WARNING, "nobody knows '%s': it is passed over", key);
    }
    return 0;
}

static int
take_second(struct reader *reader, const char *key, const yaml_node_t *value)
{
    return strcmp(key, "groups") == 0 ? walk(reader, value, take_group) : 0;
}

/* An empty bind is none; half a pair of TLS is none in PgRoute66 either. */
static void
settle(struct serve_config *config)
{
    if (config->bind != NULL && config->bind[0] == '\0') {
        free_secret(&config->bind);
    }
    if (config->cert == NULL || config->cert[0] == '\0'
        || config->key == NULL || config->key[0] == '\0') {
        if (config->cert != NULL || config->key != NULL) {
            report_log(LOG_WARNING, "TLS needs both 'b64cert' and 'b64key' in "
                       "'ssl': there is none now");
        }
        free_secret(&config->cert);
        free_secret(&config->key);
    }
}

static int
read_document(yaml_parser_t *parser, yaml_document_t *document,
              struct serve_config *config, struct text *why)
{
    struct reader reader = { document, config, why };
    const yaml_node_t *root;

    if (yaml_parser_load(parser, document) == 0) {
        const char *cause = parser->problem != NULL ? parser->problem
                                                    : "no YAML";

        text_add(why, "line %u: %s", (unsigned) parser->problem_mark.line + 1,
                 cause);
        return -1;
    }
    root = yaml_document_get_root_node(document);
    if (root == NULL) {
        return 0;               /* an empty file */
    }
    return walk(&reader, root, take_first) != 0
           || walk(&reader, root, take_second) != 0 ? -1 : 0;
}

int
serve_config_parse(const char *text, size_t len,
                   struct serve_config *ret_config, struct text *ret_why)
{
    yaml_parser_t parser;
    yaml_document_t document;
    int rc;

    memset(ret_config, 0, sizeof(*ret_config));
    memset(&document, 0, sizeof(document));
    if (yaml_parser_initialize(&parser) == 0) {
        text_add(ret_why, "%s", strerror(ENOMEM));
        return -1;
    }
    yaml_parser_set_input_string(&parser, (const unsigned char *) text, len);
    rc = read_document(&parser, &document, ret_config, ret_why);
    yaml_document_delete(&document);    /* of one that is not there: nothing */
    yaml_parser_delete(&parser);
    settle(ret_config);
    return rc;
}

int
serve_config_read(const char *path, struct serve_config *ret_config,
                  struct text *ret_why)
{
    CLEANUP(free_secret) char *text = calloc(1, FILE_SIZE_MAX);
    size_t len;

    memset(ret_config, 0, sizeof(*ret_config));
    if (text == NULL || files_read(path, text, FILE_SIZE_MAX, &len) != 0) {
        text_add(ret_why, "could not read '%s': %s", path, strerror(errno));
        return -1;
    }
    text_add(ret_why, "could not read '%s': ", path);
    return serve_config_parse(text, len, ret_config, ret_why);
}

void
serve_config_free(struct serve_config *config)
{
    free_secret(&config->bind);
    free_secret(&config->cert);
    free_secret(&config->key);
    for (size_t i = 0; i < config->host_count; i++) {
        struct serve_host *host = &config->host[i];

        for (size_t j = 0; j < host->count; j++) {
            free_secret(&host->keyword[j]);
            free_secret(&host->value[j]);
        }
    }
    memset(config, 0, sizeof(*config));
}
