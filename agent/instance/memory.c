/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is kept from one action to the next. */

#include "memory.h"

#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "files.h"
#include "line.h"
#include "processes.h"
#include "report.h"
#include "sender_memory.h"
#include "slot_memory.h"
#include "sync_memory.h"

#define MEMORY_SIZE 1024
#define SENDERS_SIZE 8192
#define SAID_SIZE 8192
#define SLOTS_SIZE 12288
#define SAY_AGAIN_S 600
#define FILE_MODE 0600
#define CALM_SIZE 32
#define STILL_SIZE 64
#define WORK_SIZE 96

/* A process at work may show nothing of it for so long. */
#define IDLE_MS 10000u

/* Keep a file of the instance; a caller that only looks changes nothing. */
static int
keep(const struct instance *instance, const char *path, const char *bytes,
     size_t len)
{
    return instance->only_looks ? 0 : files_write(path, bytes, len, FILE_MODE);
}

void
memory_load(const struct instance *instance, struct sync_memory *ret_memory)
{
    char path[PATH_SIZE];
    char buf[MEMORY_SIZE];
    size_t len;

    memset(ret_memory, 0, sizeof(*ret_memory));
    if (files_read(instance_run_path(instance, "sync", path), buf, sizeof(buf),
                   &len) == 0) {
        /* what is garbled is forgotten */
        (void) sync_memory_parse(buf, ret_memory);
    }
}

void
memory_save(const struct instance *instance, const struct sync_memory *memory)
{
    char path[PATH_SIZE];
    char buf[MEMORY_SIZE];
    struct text text;

    text_init(&text, buf, sizeof(buf));
    sync_memory_format(memory, &text);
    if (text.overflow
        || keep(instance, instance_run_path(instance, "sync", path), buf,
                text.len) != 0) {
        report_log(LOG_WARNING, "could not write '%s': %m", path);
    }
}

static void
load_senders(const struct instance *instance,
             struct sender_memory *ret_memory)
{
    char path[PATH_SIZE];
    char buf[SENDERS_SIZE];
    size_t len;

    memset(ret_memory, 0, sizeof(*ret_memory));
    if (files_read(instance_run_path(instance, "senders", path), buf,
                   sizeof(buf), &len) == 0) {
        /* what is garbled is forgotten */
        (void) sender_memory_parse(buf, ret_memory);
    }
}

static void
save_senders(const struct instance *instance,
             const struct sender_memory *memory)
{
    char path[PATH_SIZE];
    char buf[SENDERS_SIZE];
    struct text text;

    text_init(&text, buf, sizeof(buf));
    sender_memory_format(memory, &text);
    if (text.overflow
        || keep(instance, instance_run_path(instance, "senders", path), buf,
                text.len) != 0) {
        report_log(LOG_WARNING, "could not write '%s': %m", path);
    }
}

void
memory_note_senders(const struct instance *instance,
                    struct snapshot *snapshot)
{
    struct sender_memory memory;

    load_senders(instance, &memory);
    if (sender_memory_update(&memory, snapshot,
                             (uint64_t) clock_now_ms())) {
        save_senders(instance, &memory);
    }
}

void
memory_note_leaving(const struct instance *instance, const char *node)
{
    struct sender_memory memory;

    load_senders(instance, &memory);
    sender_memory_leave(&memory, node, (uint64_t) clock_now_ms());
    save_senders(instance, &memory);
}

static void
load_slots(const struct instance *instance, struct slot_memory *ret_memory)
{
    char path[PATH_SIZE];
    char buf[SLOTS_SIZE];
    size_t len;

    memset(ret_memory, 0, sizeof(*ret_memory));
    if (files_read(instance_run_path(instance, "slots", path), buf,
                   sizeof(buf), &len) == 0) {
        /* what is garbled is forgotten */
        (void) slot_memory_parse(buf, ret_memory);
    }
}

static void
save_slots(const struct instance *instance, const struct slot_memory *memory)
{
    char path[PATH_SIZE];
    char buf[SLOTS_SIZE];
    struct text text;

    text_init(&text, buf, sizeof(buf));
    slot_memory_format(memory, &text);
    if (text.overflow
        || keep(instance, instance_run_path(instance, "slots", path), buf,
                text.len) != 0) {
        report_log(LOG_WARNING, "could not write '%s': %m", path);
    }
}

void
memory_note_slots(const struct instance *instance, struct snapshot *snapshot)
{
    struct slot_memory memory;

    load_slots(instance, &memory);
    if (slot_memory_update(&memory, snapshot, (uint64_t) clock_now_ms())) {
        save_slots(instance, &memory);
    }
}

void
memory_give_up_slot(const struct instance *instance, const char *node)
{
    struct slot_memory memory;

    load_slots(instance, &memory);
    slot_memory_give_up(&memory, node, (uint64_t) clock_now_ms());
    save_slots(instance, &memory);
}

/* `POSITION SINCE_MS`, of a replay that stands still. */
static bool
read_still(const char *path, lsn replayed, uint64_t now_ms,
           uint64_t *ret_since_ms)
{
    char buf[STILL_SIZE];
    const char *rest;
    uint64_t position;
    size_t len;

    if (files_read(path, buf, sizeof(buf), &len) != 0) {
        return false;
    }
    rest = line_read_number(buf, UINT64_MAX, &position);
    return rest != NULL && *rest == ' ' && position == replayed
           && line_read_number(rest + 1, now_ms, ret_since_ms) != NULL;
}

uint32_t
memory_still_ms(const struct instance *instance, lsn position)
{
    uint64_t now_ms = (uint64_t) clock_now_ms();
    uint64_t since_ms;
    char path[PATH_SIZE];
    char buf[STILL_SIZE];
    struct text text;

    if (read_still(instance_run_path(instance, "replay", path), position,
                   now_ms, &since_ms)) {
        return now_ms - since_ms < UINT32_MAX ? (uint32_t) (now_ms - since_ms)
                                              : UINT32_MAX;
    }
    text_init(&text, buf, sizeof(buf));
    text_add(&text, "%" PRIu64 " %" PRIu64 "\n", position, now_ms);
    /* without it the next monitor begins to count */
    (void) keep(instance, path, buf, text.len);
    return 0;
}

/* `PID START WORK SINCE_MS`, of a startup process. */
static bool
read_work(const char *path, const uint64_t key[3], uint64_t now_ms,
          uint64_t *ret_since_ms)
{
    char buf[WORK_SIZE];
    const char *rest = buf;
    uint64_t number;
    size_t len;

    if (files_read(path, buf, sizeof(buf), &len) != 0) {
        return false;
    }
    for (size_t i = 0; i < 3; i++) {
        rest = line_read_number(rest, UINT64_MAX, &number);
        if (rest == NULL || *rest != ' ' || number != key[i]) {
            return false;
        }
        rest++;
    }
    return line_read_number(rest, now_ms, ret_since_ms) != NULL;
}

enum tri
memory_replay_is_busy(const struct instance *instance, int32_t pid)
{
    uint64_t now_ms = (uint64_t) clock_now_ms();
    uint64_t key[3] = { (uint64_t) pid, 0, 0 };     /* and start, and work */
    uint64_t since_ms;
    char path[PATH_SIZE];
    char buf[WORK_SIZE];
    struct text text;

    if (pid <= 0 || !process_work(pid, &key[1], &key[2])) {
        return TRI_UNKNOWN;
    }
    if (process_is_stopped(pid)) {
        return TRI_NO;
    }
    if (read_work(instance_run_path(instance, "work", path), key, now_ms,
                  &since_ms)) {
        return now_ms - since_ms < IDLE_MS ? TRI_YES : TRI_NO;
    }
    text_init(&text, buf, sizeof(buf));
    text_add(&text, "%" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 "\n",
             key[0], key[1], key[2], now_ms);
    /* what cannot be remembered would count as busy for ever */
    return keep(instance, path, buf, text.len) == 0 ? TRI_YES : TRI_UNKNOWN;
}

/* Was this whole line said lately? */
static bool
was_said(const char *said, const char *line)
{
    size_t len = strlen(line);

    for (const char *at = said; (at = strstr(at, line)) != NULL; at += len) {
        if ((at == said || at[-1] == '\n') && at[len] == '\n') {
            return true;
        }
    }
    return false;
}

void
memory_say(const struct instance *instance, int priority, const char *line)
{
    char path[PATH_SIZE];
    char buf[SAID_SIZE] = "";
    struct text text;
    struct stat info;
    size_t len = 0;

    if (stat(instance_run_path(instance, "said", path), &info) == 0
        && !instance->only_looks && time(NULL) - info.st_mtime < SAY_AGAIN_S
        && files_read(path, buf, sizeof(buf), &len) == 0
        && was_said(buf, line)) {
        return;
    }
    report_log(priority, "%s", line);
    text_init(&text, buf + len, sizeof(buf) - len);
    text_add(&text, "%s\n", line);
    /* without it the line is only said again */
    (void) keep(instance, path, buf, len + text.len);
}

void
memory_forget_said(const struct instance *instance)
{
    char path[PATH_SIZE];

    /* mostly it is gone */
    (void) unlink(instance_run_path(instance, "said", path));
}

void
memory_forget_alone(const struct instance *instance)
{
    char path[PATH_SIZE];

    if (!instance->only_looks) {
        /* mostly it is gone */
        (void) unlink(instance_run_path(instance, "alone", path));
    }
}

uint32_t
memory_alone_ms(const struct instance *instance, bool has_one)
{
    uint64_t now_ms = (uint64_t) clock_now_ms();
    char path[PATH_SIZE];
    char buf[CALM_SIZE];
    struct text text;
    uint64_t then_ms;
    size_t len;

    if (has_one) {
        memory_forget_alone(instance);
        return 0;
    }
    if (files_read(instance_run_path(instance, "alone", path), buf,
                   sizeof(buf), &len) == 0
        && line_read_number(buf, now_ms, &then_ms) != NULL) {
        return now_ms - then_ms < UINT32_MAX ? (uint32_t) (now_ms - then_ms)
                                             : UINT32_MAX;
    }
    text_init(&text, buf, sizeof(buf));
    text_add(&text, "%" PRIu64 "\n", now_ms);
    /* without it the next monitor begins to count */
    (void) keep(instance, path, buf, text.len);
    return 0;
}

/* How long ago a moment was that was noted, at least 1; 0: none was. */
static uint32_t
since_ms(const struct instance *instance, const char *name)
{
    uint64_t now_ms = (uint64_t) clock_now_ms();
    char path[PATH_SIZE];
    char buf[CALM_SIZE];
    uint64_t then_ms;
    size_t len;

    if (files_read(instance_run_path(instance, name, path), buf,
                   sizeof(buf), &len) != 0
        || line_read_number(buf, now_ms, &then_ms) == NULL
        || now_ms - then_ms >= UINT32_MAX) {
        return 0;
    }
    return now_ms > then_ms ? (uint32_t) (now_ms - then_ms) : 1;
}

static void
note_moment(const struct instance *instance, const char *name)
{
    char path[PATH_SIZE];
    char buf[CALM_SIZE];
    struct text text;

    text_init(&text, buf, sizeof(buf));
    text_add(&text, "%" PRId64 "\n", clock_now_ms());
    /* without it the next monitor only looks again */
    (void) keep(instance, instance_run_path(instance, name, path), buf,
                text.len);
}

uint32_t
memory_calm_ms(const struct instance *instance)
{
    return since_ms(instance, "calm");
}

void
memory_note_calm(const struct instance *instance)
{
    note_moment(instance, "calm");
}

uint32_t
memory_grants_ms(const struct instance *instance)
{
    return since_ms(instance, "grants");
}

void
memory_note_grants(const struct instance *instance)
{
    note_moment(instance, "grants");
}

uint32_t
memory_kept_ms(const struct instance *instance)
{
    return since_ms(instance, "kept");
}

void
memory_note_kept(const struct instance *instance)
{
    note_moment(instance, "kept");
}
