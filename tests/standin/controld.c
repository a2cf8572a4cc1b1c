/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The stand-in for Pacemaker's controller. */

#include "controld.h"

#include <stdio.h>
#include <string.h>

#include "cmocka_all.h"

struct controld the_controld;

void
controld_reset(void)
{
    memset(&the_controld, 0, sizeof(the_controld));
}

int
pcmk_new_ipc_api(pcmk_ipc_api_t **api, enum pcmk_ipc_server server)
{
    assert_int_equal(server, pcmk_ipc_controld);
    *api = (pcmk_ipc_api_t *) (void *) &the_controld;
    the_controld.open++;
    return pcmk_rc_ok;
}

void
pcmk_free_ipc_api(pcmk_ipc_api_t *api)
{
    assert_ptr_equal(api, &the_controld);
    the_controld.open--;
}

void
pcmk_register_ipc_callback(pcmk_ipc_api_t *api, pcmk_ipc_callback_t cb,
                           void *user_data)
{
    assert_ptr_equal(api, &the_controld);
    the_controld.take = cb;
    the_controld.context = user_data;
}

int
pcmk_connect_ipc(pcmk_ipc_api_t *api, enum pcmk_ipc_dispatch dispatch)
{
    assert_ptr_equal(api, &the_controld);
    assert_int_equal(dispatch, pcmk_ipc_dispatch_poll);
    return the_controld.connect_rc;
}

int
pcmk_controld_api_node_info(pcmk_ipc_api_t *api, uint32_t node)
{
    assert_ptr_equal(api, &the_controld);
    assert_int_equal(node, 0);
    return pcmk_rc_ok;
}

int
pcmk_controld_api_fail(pcmk_ipc_api_t *api, const char *target_node,
                       const char *router_node, const char *rsc_id,
                       const char *rsc_long_id, const char *standard,
                       const char *provider, const char *type)
{
    assert_ptr_equal(api, &the_controld);
    assert_null(rsc_long_id);
    (void) snprintf(the_controld.failed, sizeof(the_controld.failed),
                    "%s by %s: %s, %s:%s:%s", target_node, router_node, rsc_id,
                    standard, provider, type);
    return pcmk_rc_ok;
}

int
pcmk_poll_ipc(PCMK_POLLED_API *api, int timeout_ms)
{
    assert_ptr_equal(api, &the_controld);
    assert_true(timeout_ms > 0);
    return the_controld.poll_rc;
}

void
pcmk_dispatch_ipc(pcmk_ipc_api_t *api)
{
    pcmk_controld_api_reply_t reply = {
        .reply_type = pcmk_controld_reply_info,
    };

    reply.data.node_info.uname = the_controld.name;
    the_controld.take(api, pcmk_ipc_event_connect, CRM_EX_OK, NULL,
                      the_controld.context);
    the_controld.take(api, the_controld.name != NULL
                           ? pcmk_ipc_event_reply
                           : pcmk_ipc_event_disconnect,
                      the_controld.status, &reply, the_controld.context);
}
