/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The logs, and the reason that Pacemaker shows. The only user of libqb's log.
 *
 * libcrmcommon and libcib log through the same libqb targets; the filters here
 * let only this file's lines pass, so that their chatter stays out.
 */

#include "report.h"

#include <ctype.h>
#include <qb/qblog.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <syslog.h>
#include <unistd.h>

#include "reason.h"

#define SOURCE_NAME "pgward"
#define LINE_SIZE 2048
#define TAG_SIZE 160

/* The only mutable file-scope state of agent/: the logs of the process. */
static struct {
    bool ready;
    bool aloud;                 /* warnings go to stderr as well */
    const char *command;        /* its name, where it is no agent; or NULL */
    int lowest;                 /* that a command still tells */
    char tag[TAG_SIZE];         /* libqb keeps a pointer to its name */
} report;

static const char *
level_name(int priority)
{
    switch (priority) {
    case LOG_EMERG:
    case LOG_ALERT:
    case LOG_CRIT:
        return "CRIT";
    case LOG_ERR:
        return "ERROR";
    case LOG_WARNING:
        return "WARNING";
    case LOG_NOTICE:
        return "NOTICE";
    case LOG_INFO:
        return "INFO";
    default:
        return "DEBUG";
    }
}

/* The first of two spellings: Pacemaker sets both, older tools one. */
static const char *
setting(const char *name, const char *other_name)
{
    const char *value = getenv(name);

    if (value == NULL || value[0] == '\0') {
        value = getenv(other_name);
    }
    return value != NULL ? value : "";
}

static bool
debug_wanted(void)
{
    const char *value = setting("HA_debug", "HA_DEBUG");

    return value[0] != '\0' && strcmp(value, "0") != 0
           && strcasecmp(value, "no") != 0 && strcasecmp(value, "off") != 0
           && strcasecmp(value, "false") != 0;
}

/* One line, whatever the data holds: a log line must not look like two. */
static void
flatten(char *line)
{
    for (char *c = line; *c != '\0'; c++) {
        if (iscntrl((unsigned char) *c)) {
            *c = ' ';
        }
    }
}

/* Too long a line is cut with a mark: better than no line at all. */
static void
format_line(char *line, size_t size, const char *format, va_list args)
    __attribute__((format(printf, 3, 0)));

static void
format_line(char *line, size_t size, const char *format, va_list args)
{
    int need = vsnprintf(line, size, format, args);

    if (need < 0) {
        line[0] = '\0';
    } else if ((size_t) need >= size) {
        memcpy(line + size - 4, "...", 4);
    }
    flatten(line);
}

static void
make_tag(const char *resource)
{
    int need;

    if (resource == NULL || resource[0] == '\0') {
        need = snprintf(report.tag, sizeof(report.tag), "pgsql");
    } else {
        need = snprintf(report.tag, sizeof(report.tag), "pgsql(%s)",
                        resource);
    }
    if (need < 0 || (size_t) need >= sizeof(report.tag)) {
        memcpy(report.tag, "pgsql", sizeof("pgsql"));
    }
    for (char *c = report.tag; *c != '\0'; c++) {
        /* the tag becomes part of libqb's format */
        if (*c == '%' || !isprint((unsigned char) *c)) {
            *c = '_';
        }
    }
}

/* A log that cannot be had never stops an action: results are ignored. */
static void
target_enable(int32_t target, const char *format, int lowest)
{
    qb_log_format_set(target, format);
    (void) qb_log_filter_ctl(target, QB_LOG_FILTER_CLEAR_ALL,
                             QB_LOG_FILTER_FILE, "*", LOG_TRACE);
    (void) qb_log_filter_ctl(target, QB_LOG_FILTER_ADD, QB_LOG_FILTER_FILE,
                             SOURCE_NAME, (uint8_t) lowest);
    (void) qb_log_ctl(target, QB_LOG_CONF_MAX_LINE_LEN, LINE_SIZE + 256);
    (void) qb_log_ctl(target, QB_LOG_CONF_ENABLED, QB_TRUE);
}

static void
open_file(const char *path, int lowest)
{
    char format[TAG_SIZE + 32];
    int32_t target;
    int need = snprintf(format, sizeof(format), "%%t %s[%%P]:    %%b",
                        report.tag);

    if (path[0] == '\0' || need < 0 || (size_t) need >= sizeof(format)) {
        return;
    }
    target = qb_log_file_open(path);
    if (target >= 0) {
        target_enable(target, format, lowest);
    }
}

void
report_init(const char *resource, const char *action)
{
    int lowest = debug_wanted() ? LOG_DEBUG : LOG_INFO;
    const char *facility = setting("HA_logfacility", "HA_LOGFACILITY");
    int number = LOG_DAEMON;

    make_tag(resource);
    if (facility[0] != '\0' && strcmp(facility, "none") != 0) {
        int found = qb_log_facility2int(facility);

        number = found >= 0 ? found : LOG_DAEMON;
    }
    qb_log_init(report.tag, number, LOG_EMERG);
    if (strcmp(facility, "none") == 0) {
        (void) qb_log_ctl(QB_LOG_SYSLOG, QB_LOG_CONF_ENABLED, QB_FALSE);
    } else {
        target_enable(QB_LOG_SYSLOG, "%b", lowest);
    }
    open_file(setting("HA_logfile", "HA_LOGFILE"), lowest);
    if (isatty(STDERR_FILENO)) {
        target_enable(QB_LOG_STDERR, "%b", lowest);
    } else {
        /* pcs and crm_resource show what it says there */
        report.aloud = strcmp(action, "validate-all") == 0;
    }
    report.ready = true;
}

void
report_init_command(const char *name, int lowest)
{
    report.command = name;
    report.lowest = lowest;
}

/* What is wrong does not get into an answer that another program reads. */
static void
tell(int priority, const char *line)
{
    if (priority > report.lowest) {
        return;
    }
    if (priority <= LOG_WARNING) {
        (void) fflush(stdout);      /* in the order in which it was said */
        (void) fprintf(stderr, "%s: %s\n", report.command, line);
    } else {
        (void) printf("%s\n", line);
    }
}

static void
write_log(int priority, const char *line)
{
    if (!report.ready) {
        return;
    }
    qb_log_from_external_source(__func__, SOURCE_NAME, "%s: %s",
                                (uint8_t) priority, 0, 0,
                                level_name(priority), line);
}

void
report_log(int priority, const char *format, ...)
{
    char line[LINE_SIZE];
    va_list args;

    va_start(args, format);
    format_line(line, sizeof(line), format, args);
    va_end(args);
    if (report.command != NULL) {
        tell(priority, line);
        return;
    }
    write_log(priority, line);
    if (report.aloud && priority <= LOG_WARNING) {
        /* nobody is left to tell when stderr is gone */
        (void) fprintf(stderr, "%s: %s\n", level_name(priority), line);
    }
}

void
report_reason(const char *format, ...)
{
    char line[LINE_SIZE];
    va_list args;

    va_start(args, format);
    format_line(line, sizeof(line), format, args);
    va_end(args);
    if (report.command != NULL) {
        tell(LOG_ERR, line);
        return;
    }
    if (!isatty(STDERR_FILENO)) {
        write_log(LOG_ERR, line);
    }
    reason_shorten(line);       /* the log has the whole sentence */
    /* nobody is left to tell when stderr is gone */
    (void) fprintf(stderr, "ocf-exit-reason:%s\n", line);
    (void) fflush(stderr);
}
