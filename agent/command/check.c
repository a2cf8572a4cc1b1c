/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `pgward check`: a yes or a no for a program that sends clients somewhere. */

#include "check.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include "check_options.h"
#include "clock.h"
#include "command.h"
#include "look.h"
#include "report.h"

#define LINE_SIZE (3 * SERVER_TEXT_SIZE)

/* What the alarm says, ready for it. */
static char late_line[LINE_SIZE];
static size_t late_len;
static int late_code;

/* --- the answer ----------------------------------------------------------- */

static int
make_line(const struct check_request *request, enum check_answer answer,
          const char *why, const struct check_figures *figures, char *ret_line)
{
    struct text line;

    text_init(&line, ret_line, LINE_SIZE);
    if (request->nagios) {
        check_nagios_line(&request->question, answer, why, figures, &line);
        return check_nagios_code(answer);
    }
    check_line(&request->question, answer, why, &line);
    return answer == CHECK_YES ? COMMAND_OK
           : answer == CHECK_UNKNOWN ? COMMAND_FAILED : COMMAND_NO;
}

static int
answer_with(const struct check_request *request, enum check_answer answer,
            const char *why, const struct check_figures *figures)
{
    char line[LINE_SIZE];
    int code = make_line(request, answer, why, figures, line);

    /* the alarm says nothing more, and the program may be slow to end */
    late_len = 0;
    late_code = code;
    return fputs(line, stdout) != EOF && fflush(stdout) == 0
           ? code : check_nagios_code(CHECK_UNKNOWN);
}

/* --- the hard limit ------------------------------------------------------- */

/* Nothing else is safe here; a name server or a disk may hang. */
static void
end_late(int number)
{
    (void) number;
    (void) !write(STDOUT_FILENO, late_line, late_len);
    _exit(late_code);
}

static void
set_alarm(const struct check_request *request)
{
    static const struct check_figures none;
    uint32_t ms = request->common.timeout_ms;
    struct itimerval timer = { { 0, 0 }, { 0, 0 } };
    sigset_t alarm_only;

    late_code = make_line(request, CHECK_NO, "no answer in time", &none,
                          late_line);
    late_len = strlen(late_line);
    (void) signal(SIGALRM, end_late);
    (void) sigemptyset(&alarm_only);
    (void) sigaddset(&alarm_only, SIGALRM);
    (void) sigprocmask(SIG_UNBLOCK, &alarm_only, NULL);
    timer.it_value.tv_sec = (time_t) (ms / 1000);
    timer.it_value.tv_usec = (suseconds_t) (ms % 1000) * 1000;
    (void) setitimer(ITIMER_REAL, &timer, NULL);
}

/* What waits by itself ends before the alarm, and says more. */
static uint32_t
limit_of(const struct check_request *request)
{
    uint32_t ms = request->common.timeout_ms;

    return ms - ms / 10;
}

/* --- the two ways --------------------------------------------------------- */

static int
check_over_sql(struct check_request *request)
{
    static struct check_servers servers;
    const struct pgsql_probe *probe = &request->probe;
    struct check_figures figures = { .timeline = 0 };
    char why_text[LINE_SIZE];
    enum check_answer answer = CHECK_UNKNOWN;
    struct text why;

    text_init(&why, why_text, sizeof(why_text));
    servers.count = probe->count;
    for (size_t i = 0; i < probe->count; i++) {
        servers.name[i] = probe->host[i];
    }
    if (request->question.kind == CHECK_SYNC
        || pgsql_probe(probe, clock_now_ms() + limit_of(request),
                       servers.server, &why) == 0) {
        answer = check_by_servers(&servers, &request->question, &figures,
                                  &why);
    }
    return answer_with(request, answer, why_text, &figures);
}

static int
check_in_cluster(const struct check_request *request)
{
    static struct look seen;
    const struct look_request look_request = {
        .resource = request->common.resource,
        .facts = request->question.kind == CHECK_ALIVE ? FACT_SQL
                                                       : CHECK_FACTS,
        .limit_ms = limit_of(request),
    };
    struct check_figures figures = { .timeline = 0 };
    char why_text[LINE_SIZE];
    enum check_answer answer = CHECK_UNKNOWN;
    struct text why;
    int rc;

    text_init(&why, why_text, sizeof(why_text));
    rc = look(&look_request, &seen, &why);
    if (rc == 0 && why.len == 0) {
        answer = check_by_cluster(&seen.snapshot, &request->question,
                                  &figures, &why);
    } else if (geteuid() != 0) {
        text_add(&why, ". Run it as root, or name the server with --host");
    }
    return answer_with(request, answer, why_text, &figures);
}

int
verb_check(int argc, char **argv)
{
    static struct check_request request;
    int code;

    /* the line has the reason: programs that run it log the rest for nobody */
    report_init_command("pgward", LOG_ERR);
    if (check_options_take(argc, argv, &request, &code) != 0) {
        return code;
    }
    set_alarm(&request);
    return request.over_sql ? check_over_sql(&request)
                            : check_in_cluster(&request);
}
