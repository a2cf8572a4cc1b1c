/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The stand-in for what the agent touches. */

#include "touched.h"

#include <stdarg.h>
#include <stdbool.h>
#include <string.h>

#include "address.h"
#include "clock.h"
#include "cluster.h"
#include "cmocka_all.h"
#include "memory.h"
#include "names.h"
#include "nftables.h"
#include "pgsql.h"
#include "postgres.h"
#include "postgres_holders.h"
#include "report.h"
#include "server_config.h"
#include "units.h"
#include "watch.h"

#define NOTES_SIZE 16384
#define FUNCTIONS_MAX 128

static struct {
    const struct reply *answers;
    int64_t now_ms;
    char calls[NOTES_SIZE];
    char log[NOTES_SIZE];
    struct text calls_text;
    struct text log_text;
    size_t count;
    struct {
        const char *function;
        int64_t deadline_ms;
    } deadline[FUNCTIONS_MAX];
} touched;

void
touched_reset(void)
{
    memset(&touched, 0, sizeof(touched));
    touched.now_ms = 1000;
    text_init(&touched.calls_text, touched.calls, sizeof(touched.calls));
    text_init(&touched.log_text, touched.log, sizeof(touched.log));
}

void
touched_reply(const struct reply *answers)
{
    touched.answers = answers;
}

const char *
touched_calls(void)
{
    assert_false(touched.calls_text.overflow);
    return touched.calls;
}

const char *
touched_log(void)
{
    assert_false(touched.log_text.overflow);
    return touched.log;
}

int64_t
touched_deadline_ms(const char *function)
{
    for (size_t i = touched.count; i > 0; i--) {
        if (strcmp(touched.deadline[i - 1].function, function) == 0) {
            return touched.deadline[i - 1].deadline_ms;
        }
    }
    return -1;
}

static void
note_deadline(const char *function, int64_t deadline_ms)
{
    assert_true(touched.count < FUNCTIONS_MAX);
    touched.deadline[touched.count].function = function;
    touched.deadline[touched.count++].deadline_ms = deadline_ms;
}

int
touched_play(const char *function, struct text *ret_why, void *ret,
             const char *format, ...)
{
    va_list args;

    text_add(&touched.calls_text, "%s%s", touched.calls_text.len > 0
                                          ? " | " : "", function);
    va_start(args, format);
    text_add_v(&touched.calls_text, format, args);
    va_end(args);
    for (const struct reply *answer = touched.answers;
         answer != NULL && answer->function != NULL; answer++) {
        if (strcmp(answer->function, function) != 0) {
            continue;
        }
        touched.now_ms += answer->takes_ms;
        if (answer->words != NULL && ret_why != NULL) {
            text_add(ret_why, "%s", answer->words);
        }
        if (answer->fill != NULL) {
            answer->fill(ret);
        }
        return answer->rc;
    }
    return 0;
}

#define PLAY(ret_why, ret, ...) \
    touched_play(__func__, ret_why, ret, __VA_ARGS__)

/* --- clock and log -------------------------------------------------------- */

int64_t
clock_now_ms(void)
{
    return touched.now_ms;
}

int64_t
clock_left_ms(int64_t deadline_ms)
{
    return deadline_ms > touched.now_ms ? deadline_ms - touched.now_ms : 0;
}

void
clock_sleep_ms(int64_t wait_ms, int64_t deadline_ms)
{
    int64_t left_ms = clock_left_ms(deadline_ms);

    touched.now_ms += wait_ms < left_ms ? wait_ms : left_ms;
}

void
report_log(int priority, const char *format, ...)
{
    va_list args;

    text_add(&touched.log_text, "%d ", priority);
    va_start(args, format);
    text_add_v(&touched.log_text, format, args);
    va_end(args);
    text_add(&touched.log_text, "\n");
}

/* --- server: process and files -------------------------------------------- */

/* A step that has no end of its own: what it does is done at once. */
#define ON_FILES(function) \
    int \
    function(const struct params *params, const struct identity *identity, \
             struct text *ret_why) \
    { \
        (void) params; \
        (void) identity; \
        return PLAY(ret_why, NULL, "%s", ""); \
    }

ON_FILES(postgres_prepare)
ON_FILES(config_write_includes)
ON_FILES(config_remove_standby)
ON_FILES(config_write_block)
ON_FILES(config_block_folder)
ON_FILES(config_remove_block)
ON_FILES(config_remove_backup_label)
ON_FILES(config_write_promote_trigger)

int
postgres_examine(const struct params *params, bool quick,
                 struct process *ret_process)
{
    (void) params;
    return PLAY(NULL, ret_process, "%s", quick ? " quick" : "");
}

void
postgres_read_old_option(const struct params *params, char *ret_name)
{
    (void) params;
    (void) PLAY(NULL, ret_name, "%s", "");
}

int
postgres_read_files(const struct params *params,
                    const struct identity *identity,
                    struct instance_files *ret_files)
{
    (void) params;
    (void) identity;
    return PLAY(NULL, ret_files, "%s", "");
}

int
postgres_read_control(const struct params *params,
                      const struct identity *identity, int64_t deadline_ms,
                      struct control *ret_control)
{
    (void) params;
    (void) identity;
    note_deadline(__func__, deadline_ms);
    return PLAY(NULL, ret_control, "%s", "");
}

int
postgres_read_history(const struct params *params,
                      const struct identity *identity, uint32_t timeline,
                      char *ret_summary, size_t size)
{
    (void) params;
    (void) identity;
    (void) size;
    return PLAY(NULL, ret_summary, " %u", timeline);
}

uint32_t
postgres_newest_timeline(const struct params *params,
                         const struct identity *identity)
{
    (void) params;
    (void) identity;
    return (uint32_t) PLAY(NULL, NULL, "%s", "");
}

int
postgres_start(const struct params *params, const struct identity *identity,
               int64_t deadline_ms, struct text *ret_why)
{
    (void) params;
    (void) identity;
    note_deadline(__func__, deadline_ms);
    return PLAY(ret_why, NULL, "%s", "");
}

int
postgres_signal(const struct params *params, enum postgres_signal what,
                struct text *ret_why)
{
    static const char *const words[] = {
        [POSTGRES_STOP_FAST] = "stop-fast",
        [POSTGRES_STOP_IMMEDIATE] = "stop-immediate",
        [POSTGRES_KILL] = "kill", [POSTGRES_RELOAD] = "reload",
        [POSTGRES_END_NEWCOMERS] = "end-newcomers",
        [POSTGRES_END_RECEIVER] = "end-receiver",
        [POSTGRES_PROMOTE] = "promote",
    };

    (void) params;
    return PLAY(ret_why, NULL, " %s", words[what]);
}

int
postgres_tail_log(const struct params *params,
                  const struct identity *identity, struct text *ret_lines)
{
    (void) params;
    (void) identity;
    return PLAY(ret_lines, NULL, "%s", "");
}

int
postgres_tail_upstream(const struct params *params,
                       const struct identity *identity,
                       struct text *ret_line)
{
    (void) params;
    (void) identity;
    return PLAY(ret_line, NULL, "%s", "");
}

enum tri
postgres_check_disk(const struct params *params,
                    const struct identity *identity, struct text *ret_why)
{
    (void) params;
    (void) identity;
    return (enum tri) PLAY(ret_why, NULL, "%s", "");
}

int
postgres_find_holders(const struct params *params, struct holders *ret_holders)
{
    (void) params;
    return PLAY(NULL, ret_holders, "%s", "");
}

int
postgres_end_holder(const struct params *params, enum holder_kind kind,
                    pid_t pid, int number, struct text *ret_why)
{
    (void) params;
    return PLAY(ret_why, NULL, " %s %d %d", names_name(names_holder, kind),
                (int) pid, number);
}

bool
process_is_stopped(int32_t pid)
{
    return PLAY(NULL, NULL, " %d", pid) != 0;
}

int
config_write_sync_names(const struct params *params,
                        const struct identity *identity, const char *names,
                        const char *slots, struct text *ret_why)
{
    (void) params;
    (void) identity;
    return PLAY(ret_why, NULL, " %s%s%s", names,
                slots[0] != '\0' ? " slots " : "", slots);
}

int
config_write_standby(const struct pgconf_standby *wanted,
                     const struct identity *identity, struct text *ret_why)
{
    (void) identity;
    return PLAY(ret_why, NULL, " %s as %s, kind %d", wanted->node,
                wanted->sender_name, (int) wanted->kind);
}

void
config_read_slots(const struct params *params,
                  const struct identity *identity,
                  struct slot_names *ret_names)
{
    (void) params;
    (void) identity;
    memset(ret_names, 0, sizeof(*ret_names));
    (void) PLAY(NULL, ret_names, "%s", "");
}

int
config_write_slots(const struct params *params,
                   const struct identity *identity,
                   const struct slot_names *names, struct text *ret_why)
{
    (void) params;
    (void) identity;
    return PLAY(ret_why, NULL, " %zu %s", names->count, names->name[0]);
}

int
config_set_lock(const struct params *params, const struct identity *identity,
                bool present, struct text *ret_why)
{
    (void) params;
    (void) identity;
    return PLAY(ret_why, NULL, " %s", present ? "present" : "absent");
}

enum tri
config_standby_is_current(const struct params *params,
                          const struct identity *identity,
                          const char *self_name, const char *sender_name)
{
    (void) params;
    (void) identity;
    (void) self_name;
    (void) sender_name;
    return (enum tri) PLAY(NULL, NULL, "%s", "");
}

enum tri
config_has_upstream(const struct params *params,
                    const struct identity *identity, char *ret_sender_name)
{
    (void) params;
    (void) identity;
    return (enum tri) PLAY(NULL, ret_sender_name, "%s", "");
}

/* --- server: sessions ----------------------------------------------------- */

void
pgsql_close(struct pgsql *pgsql)
{
    (void) pgsql;
    (void) PLAY(NULL, NULL, "%s", "");
}

#define ASK(function, why, declared, ret) \
    int \
    function(struct pgsql *pgsql, int64_t deadline_ms, declared) \
    { \
        (void) pgsql; \
        note_deadline(__func__, deadline_ms); \
        return PLAY(why, ret, "%s", ""); \
    }

ASK(pgsql_observe, NULL, struct server *ret_server, ret_server)
ASK(pgsql_observe_profile, NULL, struct profile *ret_profile, ret_profile)
ASK(pgsql_observe_senders, NULL, struct snapshot *snapshot, snapshot)
ASK(pgsql_checkpoint, ret_why, struct text *ret_why, ret_why)
ASK(pgsql_end_sessions, ret_why, struct text *ret_why, ret_why)
ASK(pgsql_switch_wal, ret_why, struct text *ret_why, ret_why)
ASK(pgsql_promote, ret_why, struct text *ret_why, ret_why)

int
pgsql_observe_settings(struct pgsql *pgsql, int64_t deadline_ms,
                       struct server *ret_server,
                       struct sources *ret_sources)
{
    (void) pgsql;
    (void) ret_server;
    note_deadline(__func__, deadline_ms);
    return PLAY(NULL, ret_sources, "%s", "");
}

int
pgsql_observe_sync(struct pgsql *pgsql, int64_t deadline_ms,
                   struct server *ret_server, struct sync *ret_sync)
{
    (void) pgsql;
    (void) ret_server;
    note_deadline(__func__, deadline_ms);
    return PLAY(NULL, ret_sync, "%s", "");
}

int
pgsql_observe_replay(struct pgsql *pgsql, int64_t deadline_ms,
                     struct replay *replay, int32_t *ret_startup_pid)
{
    int rc;

    (void) pgsql;
    note_deadline(__func__, deadline_ms);
    rc = PLAY(NULL, replay, "%s", "");
    *ret_startup_pid = rc == 0 ? 77 : 0;
    return rc;
}

int
pgsql_observe_position(struct pgsql *pgsql, int64_t deadline_ms,
                       struct wal_position *ret_position,
                       struct text *ret_why)
{
    (void) pgsql;
    note_deadline(__func__, deadline_ms);
    return PLAY(ret_why, ret_position, "%s", "");
}

int
pgsql_ask_checkpoint(struct pgsql *pgsql, int64_t deadline_ms,
                     lsn *ret_asked, struct text *ret_why)
{
    (void) pgsql;
    note_deadline(__func__, deadline_ms);
    *ret_asked = 0x7000000;
    return PLAY(ret_why, ret_asked, "%s", "");
}

enum tri
pgsql_run_monitor_sql(struct pgsql *pgsql, int64_t deadline_ms,
                      struct text *ret_why)
{
    (void) pgsql;
    note_deadline(__func__, deadline_ms);
    return (enum tri) PLAY(ret_why, NULL, "%s", "");
}

int32_t
pgsql_listener_pid(const struct pgsql *pgsql)
{
    (void) pgsql;
    return PLAY(NULL, NULL, "%s", "");
}

int
pgsql_create_slot(struct pgsql *pgsql, const char *slot, int64_t deadline_ms,
                  struct text *ret_why)
{
    (void) pgsql;
    note_deadline(__func__, deadline_ms);
    return PLAY(ret_why, NULL, " %s", slot);
}

int
pgsql_drop_slot(struct pgsql *pgsql, const char *slot, int64_t deadline_ms,
                struct text *ret_why)
{
    (void) pgsql;
    note_deadline(__func__, deadline_ms);
    return PLAY(ret_why, NULL, " %s", slot);
}

int
pgsql_drop_unsynced_slots(struct pgsql *pgsql, int64_t deadline_ms,
                          struct text *ret_why)
{
    (void) pgsql;
    note_deadline(__func__, deadline_ms);
    return PLAY(ret_why, NULL, "%s", "");
}

int
pgsql_advance_slots(struct pgsql *pgsql, const char *names,
                    const char *position, int64_t deadline_ms,
                    struct text *ret_why)
{
    (void) pgsql;
    note_deadline(__func__, deadline_ms);
    return PLAY(ret_why, NULL, " %s %s", names, position);
}

int
pgsql_end_senders(struct pgsql *pgsql, int32_t pid, const char *began,
                  int64_t deadline_ms, struct text *ret_why)
{
    (void) pgsql;
    note_deadline(__func__, deadline_ms);
    return PLAY(ret_why, NULL, " %d %s", pid, began);
}

/* --- cluster -------------------------------------------------------------- */

int
cluster_observe_attrs(struct cluster *cluster, int64_t deadline_ms,
                      struct snapshot *snapshot, struct text *ret_why)
{
    (void) cluster;
    note_deadline(__func__, deadline_ms);
    return PLAY(ret_why, snapshot, "%s", "");
}

int
cluster_observe_cib(struct cluster *cluster, uint32_t facts,
                    int64_t deadline_ms, struct snapshot *snapshot,
                    struct text *ret_why)
{
    (void) cluster;
    note_deadline(__func__, deadline_ms);
    return PLAY(ret_why, snapshot, "%s%s",
                (facts & FACT_MEMBERS) != 0 ? " members" : "",
                (facts & FACT_RECORD) != 0 ? " record" : "");
}

int
cluster_observe_profile(struct cluster *cluster, int64_t deadline_ms,
                        struct snapshot *snapshot, struct text *ret_why)
{
    (void) cluster;
    note_deadline(__func__, deadline_ms);
    return PLAY(ret_why, snapshot, "%s", "");
}

int
cluster_set_attr(struct cluster *cluster, enum attr_id attr,
                 const char *node, const char *value, int64_t deadline_ms,
                 struct text *ret_why)
{
    char name[NODE_NAME_SIZE];
    struct text text;

    (void) cluster;
    text_init(&text, name, sizeof(name));
    attr_name(attr, "db", &text);
    note_deadline(__func__, deadline_ms);
    return PLAY(ret_why, NULL, " %s %s %s", name, node,
                value != NULL ? value : "(none)");
}

int
cluster_set_records(struct cluster *cluster,
                    const struct cluster_record *record, size_t count,
                    int64_t deadline_ms, struct text *ret_why)
{
    char rows[NOTES_SIZE / 4];
    struct text text;

    (void) cluster;
    text_init(&text, rows, sizeof(rows));
    for (size_t i = 0; i < count; i++) {
        text_add(&text, " %s %s=%s", record[i].node,
                 record[i].is_quorum ? "quorum" : "status", record[i].value);
    }
    note_deadline(__func__, deadline_ms);
    return PLAY(ret_why, NULL, "%s", rows);
}

int
cluster_record_option(struct cluster *cluster, enum cluster_option option,
                      const char *value, int64_t deadline_ms,
                      struct text *ret_why)
{
    (void) cluster;
    note_deadline(__func__, deadline_ms);
    return PLAY(ret_why, NULL, " %s %s",
                option == CLUSTER_OPTION_SYSTEM_ID ? "system-id" : "name-key",
                value);
}

int
cluster_read_copy(struct cluster *cluster, const char *node,
                  int64_t deadline_ms, struct node *ret_node,
                  struct text *ret_why)
{
    (void) cluster;
    note_deadline(__func__, deadline_ms);
    return PLAY(ret_why, ret_node, " %s", node);
}

/* --- what is kept, the watcher, the machine ------------------------------- */

#define OF_INSTANCE(function) \
    void \
    function(const struct instance *instance) \
    { \
        (void) instance; \
        (void) PLAY(NULL, NULL, "%s", ""); \
    }

OF_INSTANCE(memory_forget_alone)
OF_INSTANCE(memory_note_calm)
OF_INSTANCE(watch_end)

void
memory_load(const struct instance *instance, struct sync_memory *ret_memory)
{
    (void) instance;
    (void) PLAY(NULL, ret_memory, "%s", "");
}

void
memory_save(const struct instance *instance,
            const struct sync_memory *memory)
{
    (void) instance;
    (void) PLAY(NULL, NULL, " '%s' %s asked %" PRIx64 " mark %" PRIx64,
                memory->list, memory->proven ? "proven" : "open",
                memory->asked, memory->mark);
}

void
memory_note_senders(const struct instance *instance,
                    struct snapshot *snapshot)
{
    (void) instance;
    (void) PLAY(NULL, snapshot, "%s", "");
}

void
memory_note_slots(const struct instance *instance, struct snapshot *snapshot)
{
    (void) instance;
    (void) PLAY(NULL, snapshot, "%s", "");
}

void
memory_give_up_slot(const struct instance *instance, const char *node)
{
    (void) instance;
    (void) PLAY(NULL, NULL, " %s", node);
}

void
memory_note_leaving(const struct instance *instance, const char *node)
{
    (void) instance;
    (void) PLAY(NULL, NULL, " %s", node);
}

void
memory_say(const struct instance *instance, int priority, const char *line)
{
    (void) instance;
    report_log(priority, "%s", line);
    (void) PLAY(NULL, NULL, "%s", "");
}

uint32_t
memory_grants_ms(const struct instance *instance)
{
    (void) instance;
    return (uint32_t) PLAY(NULL, NULL, "%s", "");
}

void
memory_note_grants(const struct instance *instance)
{
    (void) instance;
    (void) PLAY(NULL, NULL, "%s", "");
}

uint32_t
memory_kept_ms(const struct instance *instance)
{
    (void) instance;
    return (uint32_t) PLAY(NULL, NULL, "%s", "");
}

void
memory_note_kept(const struct instance *instance)
{
    (void) instance;
    (void) PLAY(NULL, NULL, "%s", "");
}

uint32_t
memory_calm_ms(const struct instance *instance)
{
    (void) instance;
    return (uint32_t) PLAY(NULL, NULL, "%s", "");
}

uint32_t
memory_still_ms(const struct instance *instance, lsn position)
{
    (void) instance;
    return (uint32_t) PLAY(NULL, NULL, " %" PRIx64, position);
}

enum tri
memory_replay_is_busy(const struct instance *instance, int32_t pid)
{
    (void) instance;
    return (enum tri) PLAY(NULL, NULL, " %d", pid);
}

uint32_t
memory_alone_ms(const struct instance *instance, bool has_one)
{
    (void) instance;
    return (uint32_t) PLAY(NULL, NULL, " %s", has_one ? "has one" : "none");
}

void
watch_observe(const struct instance *instance, struct watch *ret_watch)
{
    (void) instance;
    (void) PLAY(NULL, ret_watch, "%s", "");
}

int
watch_begin(const struct instance *instance, int32_t postmaster_pid,
            struct text *ret_why)
{
    (void) instance;
    return PLAY(ret_why, NULL, " %d", postmaster_pid);
}

int
watch_hand_over(const struct instance *instance, struct text *ret_why)
{
    (void) instance;
    return PLAY(ret_why, NULL, "%s", "");
}

int
watch_report(struct instance *instance, struct text *ret_why)
{
    (void) instance;
    return PLAY(ret_why, NULL, "%s", "");
}

void
nftables_observe(const struct instance *instance, struct refusal *ret_refusal)
{
    (void) instance;
    (void) PLAY(NULL, ret_refusal, "%s", "");
}

void
nftables_try(const struct instance *instance, struct refusal *refusal)
{
    (void) instance;
    (void) PLAY(NULL, refusal, "%s", "");
}

int
nftables_create(const struct instance *instance, unsigned expire_s,
                struct text *why)
{
    (void) instance;
    return PLAY(why, NULL, " %u", expire_s);
}

int
nftables_drop(const struct instance *instance, struct text *why)
{
    (void) instance;
    return PLAY(why, NULL, "%s", "");
}

enum tri
address_is_here(const char *host, struct text *ret_why)
{
    return (enum tri) PLAY(ret_why, NULL, " %s", host);
}

bool
address_find_name(const char *host, char *ret_name, size_t size)
{
    (void) size;
    return PLAY(NULL, ret_name, " %s", host) != 0;
}

void
units_find(const char *root, char *ret_name, size_t size)
{
    (void) root;
    (void) size;
    (void) PLAY(NULL, ret_name, "%s", "");
}
