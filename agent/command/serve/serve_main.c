/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The program behind `pgward serve`: from its options to what it serves. */

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "line.h"
#include "report.h"
#include "serve_listen.h"
#include "serve_run.h"

/* Patroni's on a node; a router's are PgRoute66's. */
#define NODE_PORT 8008
#define ROUTER_PORT 8080
#define ROUTER_TLS_PORT 8443

#define USER_DEFAULT "pgward"
#define PORT_MAX 65535

struct options {
    const char *config;         /* a router's; NULL: a node */
    const char *resource;
    const char *bind;
    const char *cert;
    const char *key;
    const char *user;
    uint16_t port;              /* 0: not given */
    uint16_t agent_port;
};

static int
usage(FILE *where)
{
    (void) fputs(
        "usage: pgward serve [OPTION]...\n"
        "       pgward serve -c FILE [OPTION]...\n"
        "\n"
        "Tells load balancers over HTTP where clients may go: on a node of the "
        "cluster, by the\n"
        "cluster's record and this node's server, on Patroni's paths and on "
        "PgRoute66's. With -c\n"
        "it is a router: it asks the hosts of PgRoute66's FILE, on any "
        "machine.\n"
        "\n"
        "  -c, --config FILE     PgRoute66's, as it is, e.g. "
        "/etc/pgroute66/config.yaml\n"
        "  -r, --resource ID     which resource (or its clone), where there "
        "are several\n"
        "  -b, --bind ADDRESS    listen there (localhost, or what FILE says); "
        "0.0.0.0 or :: is\n"
        "                        everywhere\n"
        "  -p, --port PORT       of HTTP (8008; with -c what FILE says, or "
        "8080, with TLS 8443)\n"
        "  -a, --agent-port PORT answer HAProxy's agent-check there as well\n"
        "      --cert FILE       TLS: the certificate and those above it, "
        "PEM\n"
        "      --key FILE        TLS: its key, PEM\n"
        "  -u, --user NAME       as root: who answers (pgward)\n"
        "  -h, --help            this text\n"
        "\n"
        "Exit code: 0 ended by SIGTERM or SIGINT; 2 usage; 3 it could not "
        "serve.\n", where);
    return where == stdout ? COMMAND_OK : COMMAND_USAGE;
}

static int
take_port(const char *value, uint16_t *ret_port)
{
    uint64_t port;
    const char *rest = line_read_number(value, PORT_MAX, &port);

    if (rest == NULL || *rest != '\0' || port == 0) {
        report_log(LOG_ERR, "'%s' is no port: a number from 1 to 65535", value);
        return -1;
    }
    *ret_port = (uint16_t) port;
    return 0;
}

static int
take_option(int option, const char *value, struct options *options)
{
    switch (option) {
        case 'c':
            options->config = value;
            return 0;
        case 'r':
            options->resource = value;
            return 0;
        case 'b':
            options->bind = value;
            return 0;
        case 'p':
            return take_port(value, &options->port);
        case 'a':
            return take_port(value, &options->agent_port);
        case 'C':
            options->cert = value;
            return 0;
        case 'K':
            options->key = value;
            return 0;
        case 'u':
            options->user = value;
            return 0;
        default:
            return -1;
    }
}

/* -1: not understood; 1: --help. */
static int
take_options(int argc, char **argv, struct options *ret_options)
{
    static const struct option known[] = {
        { "config", required_argument, NULL, 'c' },
        { "resource", required_argument, NULL, 'r' },
        { "bind", required_argument, NULL, 'b' },
        { "port", required_argument, NULL, 'p' },
        { "agent-port", required_argument, NULL, 'a' },
        { "cert", required_argument, NULL, 'C' },
        { "key", required_argument, NULL, 'K' },
        { "user", required_argument, NULL, 'u' },
        { "help", no_argument, NULL, 'h' },
        { NULL, 0, NULL, 0 },
    };
    int option;

    while ((option = getopt_long(argc, argv, "c:r:b:p:a:u:h", known, NULL))
           != -1) {
        if (option == 'h') {
            return 1;
        }
        if (take_option(option, optarg, ret_options) != 0) {
            return -1;
        }
    }
    if (optind != argc
        || (ret_options->cert == NULL) != (ret_options->key == NULL)
        || (ret_options->config != NULL && ret_options->resource != NULL)) {
        return -1;
    }
    return 0;
}

/* The file's part; the command line has the last word. */
static int
fill_config(const struct options *options,
            const struct serve_tls_source *source, struct serve_config *config)
{
    char why_text[SERVER_TEXT_SIZE];
    struct text why;

    text_init(&why, why_text, sizeof(why_text));
    if (options->config != NULL
        && serve_config_read(options->config, config, &why) != 0) {
        report_log(LOG_ERR, "%s", why_text);
        return -1;
    }
    if (options->config != NULL && config->host_count == 0) {
        report_log(LOG_ERR, "'%s' names no hosts: there is nobody to ask",
                   options->config);
        return -1;
    }
    config->groups.on_node = options->config == NULL;
    if (options->port != 0) {
        config->port = options->port;
    }
    return source->is_config ? 0 : serve_tls_read(source, config);
}

/* Whoever is not root answers as himself. 1: he does; -1: it was said. */
static int
find_user(const struct options *options, struct identity *ret_user)
{
    const char *name = options->user != NULL ? options->user : USER_DEFAULT;

    if (geteuid() != 0) {
        return 1;
    }
    if (identity_find(name, ret_user) != 0) {
        report_log(LOG_ERR, "could not find the user '%s', who is to answer. "
                   "Make it: systemd-sysusers, or name another: --user", name);
        return -1;
    }
    if (ret_user->uid == 0) {
        report_log(LOG_ERR, "root is not to answer strangers: --user has "
                   "another");
        return -1;
    }
    return 0;
}

static int
listen_all(const struct options *options, struct serve_plan *plan)
{
    const struct serve_config *config = plan->config;
    uint16_t port = config->port != 0 ? config->port
                    : !plan->is_router ? NODE_PORT
                    : config->cert != NULL ? ROUTER_TLS_PORT : ROUTER_PORT;
    const char *address = options->bind != NULL ? options->bind
                          : config->bind != NULL ? config->bind : "localhost";
    char why_text[SERVER_TEXT_SIZE];
    struct text why;

    text_init(&why, why_text, sizeof(why_text));
    plan->agent_fd = -1;
    plan->listen_fd = serve_listen(address, port, &why);
    if (plan->listen_fd >= 0 && options->agent_port != 0) {
        plan->agent_fd = serve_listen(address, options->agent_port, &why);
    }
    if (why.len > 0) {
        report_log(LOG_ERR, "%s", why_text);
        return -1;
    }
    report_log(LOG_NOTICE, "listens on %s, port %u%s", address,
               (unsigned) port, config->cert != NULL ? ", with TLS" : "");
    return 0;
}

int
main(int argc, char **argv)
{
    static struct options options;
    static struct serve_config config;
    static struct identity user;
    struct serve_plan plan = { .config = &config };
    int rc;

    (void) setvbuf(stdout, NULL, _IOLBF, 0);    /* it is a log, too */
    report_init_command("pgward", LOG_NOTICE);
    rc = take_options(argc, argv, &options);
    if (rc != 0) {
        return usage(rc > 0 ? stdout : stderr);
    }
    plan.source.is_config = options.cert == NULL;
    plan.source.cert = options.cert != NULL ? options.cert : options.config;
    plan.source.key = options.key != NULL ? options.key : options.config;
    rc = find_user(&options, &user);
    if (rc < 0 || fill_config(&options, &plan.source, &config) != 0) {
        return COMMAND_FAILED;
    }
    plan.resource = options.resource;
    plan.is_router = options.config != NULL;
    plan.user = rc == 0 ? &user : NULL;
    if (listen_all(&options, &plan) != 0) {
        return COMMAND_FAILED;
    }
    return serve_run(&plan);
}
