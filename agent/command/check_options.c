/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What `pgward check` is asked on its command line. */

#include "check_options.h"

#include <stdio.h>
#include <string.h>

#include "command.h"
#include "report.h"

#define TIMEOUT_MS 1000u

/* What HAProxy gives: its own address and port, the server's. */
#define HAPROXY_ARGUMENTS 4
#define HAPROXY_NOTHING "NOT_USED"

static int
usage(FILE *where, const struct check_request *request)
{
    (void) fputs("usage: pgward check KIND [OPTION]... [A P HOST PORT]\n"
                 "\n"
                 "Says whether clients may be sent to a server, in one line: "
                 "exit code 0 is yes, anything else\n"
                 "no. Any doubt is a no. KIND is one of\n"
                 "  primary    it leads and can write\n"
                 "  standby    it streams\n"
                 "  sync       it streams, and commits wait for it (not with "
                 "a host)\n"
                 "  alive      it answers\n"
                 "Without a host it asks the cluster about this node, and "
                 "then its server; root may do that.\n"
                 "With one it asks that server, as whoever runs it; HAProxy's "
                 "four arguments name one, too.\n"
                 "\n"
                 "  -H, --host HOST       ask that server\n"
                 "  -p, --port PORT       where it listens\n"
                 "  -c, --conninfo STRING how to log in, as libpq has it\n"
                 "  -a, --among H1,H2,... all servers, HOST with them: a "
                 "second primary is a no\n"
                 "  -l, --max-lag SIZE    a standby has at most so much WAL "
                 "to replay, e.g. 16MB\n"
                 "  -n, --nagios          exit code 0, 1, 2 or 3, and "
                 "performance data\n"
                 "  -r, --resource ID     which resource (or its clone), "
                 "where there are several\n"
                 "  -t, --timeout TIME    take no longer than that, e.g. 5s "
                 "or 500ms (1s)\n"
                 "  -h, --help            this text\n",
                 where);
    if (where == stdout) {
        return COMMAND_OK;
    }
    return request->nagios ? check_nagios_code(CHECK_UNKNOWN) : COMMAND_USAGE;
}

static int
take_lag(const char *value, struct check_question *question)
{
    if (params_parse_size(value, &question->max_lag_bytes) != 0) {
        report_log(LOG_ERR, "'%s' is no size. Write it in bytes, or as in "
                   "16MB", value);
        return -1;
    }
    question->lag_limited = true;
    return 0;
}

/* libpq would ask this machine's own server by an empty name. */
static int
take_host(const char *host, struct check_request *request)
{
    if (host[0] == '\0') {
        report_log(LOG_ERR, "the name of the host is empty");
        return -1;
    }
    request->probe.host[0] = host;
    request->over_sql = true;
    return 0;
}

static int
take_option(int option, const char *value, struct check_request *request)
{
    switch (option) {
        case 'H':
            return take_host(value, request);
        case 'p':
            request->probe.port = value;
            return 0;
        case 'c':
            request->probe.conninfo = value;
            request->over_sql = true;
            return 0;
        case 'a':
            request->among = value;
            return 0;
        case 'l':
            return take_lag(value, &request->question);
        case 'n':
            request->nagios = true;
            return 0;
        default:
            return common_option_take(option, value, &request->common);
    }
}

static int
take_kind(const char *word, struct check_question *question)
{
    for (unsigned kind = 0; word != NULL && kind < CHECK_KINDS; kind++) {
        if (strcmp(word, check_kind_names[kind]) == 0) {
            question->kind = (enum check_kind) kind;
            return 0;
        }
    }
    report_log(LOG_ERR, "there is nothing to check as '%s'",
               word != NULL ? word : "");
    return -1;
}

/* Of a server at a Unix socket HAProxy gives no port. */
static int
take_haproxy(char **argument, int count, struct check_request *request)
{
    if (count == 0) {
        return 0;
    }
    if (count != HAPROXY_ARGUMENTS
        || strcmp(argument[2], HAPROXY_NOTHING) == 0) {
        report_log(LOG_ERR, "a server is named by --host, or by HAProxy's "
                   "four arguments: A P HOST PORT");
        return -1;
    }
    if (strcmp(argument[3], HAPROXY_NOTHING) != 0
        && strcmp(argument[3], "0") != 0) {
        request->probe.port = argument[3];
    }
    return take_host(argument[2], request);
}

/* The others are asked, too. The host is one of them by its whole name. */
static int
take_among(struct check_request *request)
{
    struct pgsql_probe *probe = &request->probe;
    bool found = false;
    char *rest = NULL;

    if (request->among == NULL) {
        return 0;
    }
    if (text_copy(request->among, request->among_buf, CHECK_AMONG_SIZE) != 0) {
        report_log(LOG_ERR, "--among is too long");
        return -1;
    }
    for (char *name = strtok_r(request->among_buf, ", ", &rest); name != NULL;
         name = strtok_r(NULL, ", ", &rest)) {
        if (probe->host[0] != NULL && strcmp(name, probe->host[0]) == 0) {
            found = true;
        } else if (probe->count < NODES_MAX) {
            probe->host[probe->count++] = name;
        } else {
            report_log(LOG_ERR, "--among names more than %d", NODES_MAX);
            return -1;
        }
    }
    if (!found) {
        report_log(LOG_ERR, "'%s' is not in --among, '%s'. Write it there as "
                   "it is named here", probe->host[0] != NULL
                   ? probe->host[0] : "", request->among);
        return -1;
    }
    return 0;
}

static int
take_arguments(int argc, char **argv, struct check_request *request)
{
    request->probe.count = 1;
    if (take_kind(argv[optind], &request->question) != 0
        || take_haproxy(argv + optind + 1, argc - optind - 1, request) != 0) {
        return -1;
    }
    if (!request->over_sql
        && (request->probe.port != NULL || request->among != NULL)) {
        report_log(LOG_ERR, "--port and --among go with --host or --conninfo");
        return -1;
    }
    if (request->over_sql && request->common.resource != NULL) {
        report_log(LOG_ERR, "--resource is the cluster's: not with a host");
        return -1;
    }
    return take_among(request);
}

int
check_options_take(int argc, char **argv, struct check_request *request,
                   int *ret_code)
{
    static const struct option options[] = {
        { "host", required_argument, NULL, 'H' },
        { "port", required_argument, NULL, 'p' },
        { "conninfo", required_argument, NULL, 'c' },
        { "among", required_argument, NULL, 'a' },
        { "max-lag", required_argument, NULL, 'l' },
        { "nagios", no_argument, NULL, 'n' },
        { "resource", required_argument, NULL, 'r' },
        { "timeout", required_argument, NULL, 't' },
        { "help", no_argument, NULL, 'h' },
        { NULL, 0, NULL, 0 },
    };
    int option;

    request->common.timeout_ms = TIMEOUT_MS;
    request->probe.conninfo = "";
    while ((option = getopt_long(argc, argv, "H:p:c:a:l:nr:t:h", options,
                                 NULL)) != -1) {
        if (option == 'h') {
            *ret_code = usage(stdout, request);
            return -1;
        }
        if (take_option(option, optarg, request) != 0) {
            *ret_code = usage(stderr, request);
            return -1;
        }
    }
    if (take_arguments(argc, argv, request) != 0) {
        *ret_code = usage(stderr, request);
        return -1;
    }
    return 0;
}
