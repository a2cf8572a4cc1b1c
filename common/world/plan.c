/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Building a plan, and showing it as text. */

#include "plan.h"

#include <stdarg.h>
#include <string.h>

#include "names.h"

static void
set_reason(char *ret_reason, const char *format, va_list args)
    __attribute__((format(printf, 2, 0)));

static void
set_reason(char *ret_reason, const char *format, va_list args)
{
    struct text text;

    text_init(&text, ret_reason, PLAN_REASON_SIZE);
    text_add_v(&text, format, args);
    if (text.overflow) {
        text_add(&text, "the reason is in the log (it was too long to show)");
    }
}

void
plan_init(struct plan *plan)
{
    /* operations are cleared when they are added: the array is large */
    plan->count = 0;
    plan->overflow = false;
    plan->verdict = VERDICT_NONE;
    plan->code = OCF_SUCCESS;
    plan->wait_ms = 0;
    plan->facts = 0;
    plan->limit_ms = 0;
    plan->reason[0] = '\0';
    plan->rule = NULL;
    plan_fallback(plan, OCF_ERR_GENERIC,
                  "look at pgward's log on this node for the step it was in: "
                  "the action did not end in time");
}

enum op_room
op_room(enum op_kind kind)
{
#define ROOM_ROW(symbol, word, handler, room) [symbol] = OP_IN_##room,
    static const enum op_room rooms[OP_COUNT] = { OP_LIST(ROOM_ROW) };
#undef ROOM_ROW

    return rooms[kind];
}

const char *
op_step(enum op_kind kind)
{
    static const char *const steps[] = {
        [OP_IN_AGENT] = "look at pgward's log",
        [OP_IN_CLUSTER] = "look at Pacemaker's log",
        [OP_IN_FILES] = "look at that path",
        [OP_IN_SERVER] = "look at the server's log",
    };

    return steps[op_room(kind)];
}

/* The next free operation, or NULL and the overflow remembered. */
static struct op *
next_op(struct plan *plan, enum op_kind kind, enum op_need need)
{
    struct op *op;

    if (plan->count == PLAN_OPS_MAX) {
        plan->overflow = true;
        return NULL;
    }
    op = &plan->op[plan->count++];
    op->kind = kind;
    op->need = need;
    op->node = 0;
    op->number = 0;
    op->value[0] = '\0';
    return op;
}

void
plan_add_whole(struct plan *plan, enum op_kind kind, enum op_need need,
               size_t node, int32_t number, const char *value)
{
    struct op *op = next_op(plan, kind, need);

    if (op == NULL) {
        return;
    }
    op->node = node;
    op->number = number;
    if (value != NULL && text_copy(value, op->value, OP_VALUE_SIZE) != 0) {
        plan->overflow = true;
    }
}

void
plan_add(struct plan *plan, enum op_kind kind, enum op_need need, size_t node,
         const char *value)
{
    plan_add_whole(plan, kind, need, node, 0, value);
}

void
plan_add_number(struct plan *plan, enum op_kind kind, enum op_need need,
                int32_t number)
{
    plan_add_whole(plan, kind, need, 0, number, NULL);
}

static void
add_line(struct plan *plan, enum op_kind kind, int priority,
         const char *format, va_list args)
    __attribute__((format(printf, 4, 0)));

static void
add_line(struct plan *plan, enum op_kind kind, int priority,
         const char *format, va_list args)
{
    struct op *op = next_op(plan, kind, OP_BEST_EFFORT);
    struct text text;

    if (op == NULL) {
        return;
    }
    op->number = priority;
    text_init(&text, op->value, sizeof(op->value));
    text_add_v(&text, format, args);
    if (text.overflow) {
        text_add(&text, "(a message was too long to show: see the server's "
                 "log)");
    }
}

void
plan_log(struct plan *plan, int priority, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    add_line(plan, OP_LOG, priority, format, args);
    va_end(args);
}

void
plan_log_once(struct plan *plan, int priority, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    add_line(plan, OP_LOG_ONCE, priority, format, args);
    va_end(args);
}

void
plan_exit(struct plan *plan, enum ocf_code code)
{
    plan->verdict = VERDICT_EXIT;
    plan->code = code;
}

void
plan_exit_reason(struct plan *plan, enum ocf_code code, const char *format,
                 ...)
{
    va_list args;

    plan_exit(plan, code);
    va_start(args, format);
    set_reason(plan->reason, format, args);
    va_end(args);
}

void
plan_again(struct plan *plan, uint32_t wait_ms, uint32_t facts,
           uint32_t limit_ms)
{
    plan->verdict = VERDICT_AGAIN;
    plan->wait_ms = wait_ms;
    plan->facts = facts;
    plan->limit_ms = limit_ms;
}

void
plan_fallback(struct plan *plan, enum ocf_code code, const char *format, ...)
{
    va_list args;

    plan->fallback_code = code;
    va_start(args, format);
    set_reason(plan->fallback_reason, format, args);
    va_end(args);
}

static void
dump_op(const struct op *op, struct text *text)
{
    text_add(text, "%s %s", op->need == OP_REQUIRED ? "required" : "try",
             op_name(op->kind));
    if (op->kind == OP_LOG || op->kind == OP_LOG_ONCE
        || op->kind == OP_WRITE_STANDBY || op->kind == OP_CREATE_REFUSAL
        || op->kind == OP_END_HOLDER || op->kind == OP_END_COMMAND
        || op->kind == OP_KILL_COMMAND || op->kind == OP_END_RESTORE
        || op->kind == OP_PROVE_SOURCE || op->kind == OP_CHECK_REWIND
        || op->kind == OP_REWIND || op->kind == OP_REBUILD) {
        text_add(text, " %d", op->number);
    } else if (op->kind == OP_MARK_REJOIN || op->kind == OP_GIVE_UP_REJOIN) {
        text_add(text, " %s", names_name(op->kind == OP_MARK_REJOIN
                                         ? names_rejoin : names_rejoin_end,
                                         (unsigned) op->number));
    } else {
        text_add(text, " node.%zu", op->node);
    }
    if (op->value[0] != '\0') {
        text_add(text, " %s", op->value);
    }
    text_add(text, "\n");
}

void
plan_dump(const struct plan *plan, struct text *text)
{
    for (size_t i = 0; i < plan->count; i++) {
        dump_op(&plan->op[i], text);
    }
    if (plan->overflow) {
        text_add(text, "overflow\n");
    }
    if (plan->rule != NULL) {
        text_add(text, "rule %s\n", plan->rule);
    }
    if (plan->verdict == VERDICT_EXIT) {
        text_add(text, "exit %d %s\n", (int) plan->code, plan->reason);
    } else if (plan->verdict == VERDICT_AGAIN) {
        text_add(text, "again after %u ms:", plan->wait_ms);
        for (unsigned i = 0; names_fact[i] != NULL; i++) {
            if ((plan->facts & (1u << i)) != 0) {
                text_add(text, " %s", names_fact[i]);
            }
        }
        text_add(text, "\n");
    }
    text_add(text, "fallback %d %s\n", (int) plan->fallback_code,
             plan->fallback_reason);
}
