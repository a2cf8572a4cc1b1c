/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One question to this node's controller, and its answer. */

#include <errno.h>

#include "cleanup.h"
#include "clock.h"
#include "cluster_parts.h"

struct reply {
    const struct cluster_question *question;
    bool came;
    bool lost;
    crm_exit_t status;
};

static void
take_event(pcmk_ipc_api_t *api, enum pcmk_ipc_event type, crm_exit_t status,
           void *data, void *context)
{
    struct reply *reply = context;

    (void) api;
    if (type == pcmk_ipc_event_reply) {
        reply->came = true;
        reply->status = status;
        if (status == CRM_EX_OK && data != NULL
            && reply->question->take != NULL) {
            reply->question->take(data, reply->question->context);
        }
    } else if (type == pcmk_ipc_event_disconnect) {
        reply->lost = true;
    }
}

static void
free_api(pcmk_ipc_api_t **api)
{
    pcmk_free_ipc_api(*api);
}

static int
await_reply(pcmk_ipc_api_t *api, struct reply *reply, int64_t deadline_ms)
{
    while (!reply->came) {
        int64_t left_ms = clock_left_ms(deadline_ms);
        int rc;

        if (reply->lost) {
            return ENOTCONN;
        }
        if (left_ms == 0) {
            return ETIME;
        }
        rc = pcmk_poll_ipc(api, (int) left_ms);
        if (rc == pcmk_rc_ok) {
            pcmk_dispatch_ipc(api);
        } else if (rc != EAGAIN) {
            return rc;
        }
    }
    return reply->status == CRM_EX_OK ? pcmk_rc_ok : EPROTO;
}

int
cluster_controld_ask(const struct cluster_question *question,
                     int64_t deadline_ms)
{
    CLEANUP(free_api) pcmk_ipc_api_t *api = NULL;
    struct reply reply = { .question = question };
    int rc = pcmk_new_ipc_api(&api, pcmk_ipc_controld);

    if (rc != pcmk_rc_ok) {
        return rc;
    }
    pcmk_register_ipc_callback(api, take_event, &reply);
    rc = pcmk_connect_ipc(api, pcmk_ipc_dispatch_poll);
    if (rc == pcmk_rc_ok) {
        rc = question->ask(api, question->context);
    }
    return rc != pcmk_rc_ok ? rc : await_reply(api, &reply, deadline_ms);
}
