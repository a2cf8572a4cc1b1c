/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Steps and states in words. */

#include <stdio.h>

#include "explorer.h"

bool
e_step_is_about_two(enum e_step_kind kind)
{
    switch ((int) kind) {
        case E_PRE_STOP:
        case E_PRE_PROMOTE:
        case E_FENCE:
        case E_DELIVER:
        case E_RELOAD_SENDER:
        case E_CONNECT:
            return true;
        default:
            return false;
    }
}

void
e_step_print(struct e_step step)
{
    static const char *const words[E_STEPS] = {
        "looks and decides", "operates", "has waited long",
        "the agent is killed", "probe looks", "monitor looks",
        "start looks", "stop looks", "promote looks", "demote looks",
        "pre-stop notify looks about", "pre-promote notify looks about",
        "fences", "node_list changes", "the node crashes", "the node boots",
        "Pacemaker stops", "Pacemaker dies", "Pacemaker starts", "is cut off",
        "the network is whole", "membership follows the network",
        "the CIB's last writes reach", "the server crashes",
        "leaves recovery", "the list reaches the WAL sender of",
        "the checkpointer sets the shared flag", "a checkpoint begins",
        "its replay stops", "its promotions do not end", "streams from",
        "its replication connection breaks", "receives a record",
        "a client commits", "the worker looks and decides",
        "the worker operates", "the worker has waited long",
        "the worker is killed",
    };

    printf("# srv%u: %s", step.i + 1u, words[step.kind]);
    if (e_step_is_about_two((enum e_step_kind) step.kind)) {
        printf(" srv%u", step.j + 1u);
    }
    printf("\n");
}

static void
print_node(const struct e_config *config, const struct e_node *node,
           size_t i)
{
    static const char *const servers[] = { "down", "shut down", "standby",
                                           "promoting", "primary" };
    static const char *const roles[] = { "none", "stopped", "started",
                                         "promoted", "failed start",
                                         "failed" };
    static const char *const phases[] = { "none", "unknown", "begun", "kept",
                                          "torn", "stalled", "spoilt",
                                          "copying", "copied", "whole",
                                          "follows" };
    static const char *const copies[] = { "", ", half a copy", ", a copy",
                                          ", exchanged" };

    printf("#    srv%zu %s %s role=%s wal=%02x list=%s/%s flag=%u lock=%u "
           "group=%u view=%x down=%x up=%u record@%u=", i + 1,
           !node->alive ? "OFF" : node->alone ? "ALONE" : "on",
           servers[node->server],
           roles[node->role], node->wal, e_text(node->file),
           e_text(node->loaded), node->flag, node->lock, node->group,
           node->view, node->down, node->upstream + 1u, node->version);
    for (size_t k = 0; k < config->nodes; k++) {
        printf("%s%s%s,", e_text(node->record[k]),
               node->quorum[k] != 0 ? " " : "", e_text(node->quorum[k]));
    }
    printf(" score=%s position=%s began=%s held=%u\n",
           e_text(node->attr[ATTR_SCORE]), e_text(node->attr[ATTR_POSITION]),
           e_text(node->attr[ATTR_BEGAN]), node->held);
    if (node->marker != REJOIN_NONE) {
        printf("#         %s%s%s end=%u attempts=%u%s %s\n",
               phases[node->marker],
               node->torn ? ", torn" : "", copies[node->copy], node->end,
               node->attempts,
               node->worker.kind != ACTION_NONE ? " works" : "",
               e_text(node->attr[ATTR_REJOIN]));
    }
}

void
e_state_print(const struct e_config *config, const struct e_state *state)
{
    printf("#    acknowledged=%02x promotions=%02x\n", state->acked,
           state->promotions);
    for (size_t i = 0; i < config->nodes; i++) {
        print_node(config, &state->node[i], i);
    }
}
