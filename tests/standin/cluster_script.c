/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The stand-in for libcrmcommon, libcib and the clock. */

#include "cluster_script.h"

#include <crm/cib.h>
#include <crm/common/ipc.h>
#include <crm/common/xml.h>
#include <errno.h>
#include <libxml/parser.h>
#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "cmocka_all.h"

static struct {
    const struct script_step *next;
    int64_t now_ms;
    int64_t timeout_ms;
    int open;
    bool connected;
} script;

static cib_t the_cib;
static cib_api_operations_t the_operations;
static char the_ipc;            /* its address stands for a crm_ipc_t */

void
script_start(const struct script_step *steps)
{
    memset(&script, 0, sizeof(script));
    script.next = steps;
}

void
script_end(void)
{
    assert_int_equal(script.next->kind, SCRIPT_END);
    assert_int_equal(script.open, 0);
}

int64_t
script_timeout_ms(void)
{
    return script.timeout_ms;
}

static const struct script_step *
take_step(enum script_kind kind, const char *sent)
{
    const struct script_step *step = script.next++;

    if (step->kind != kind
        || (step->expect != NULL && strstr(sent, step->expect) == NULL)) {
        print_error("asked: %s\nexpected: %s\n", sent,
                    step->expect != NULL ? step->expect : "(anything)");
        assert_int_equal(step->kind, kind);
        fail();
    }
    script.now_ms += step->takes_ms;
    return step;
}

static xmlNode *
parse_reply(const struct script_step *step)
{
    xmlDoc *document;

    if (step->reply == NULL) {
        return NULL;
    }
    document = xmlReadMemory(step->reply, (int) strlen(step->reply), NULL,
                             NULL, 0);
    assert_non_null(document);
    return xmlDocGetRootElement(document);
}

int64_t
clock_now_ms(void)
{
    return script.now_ms;
}

int64_t
clock_left_ms(int64_t deadline_ms)
{
    return deadline_ms > script.now_ms ? deadline_ms - script.now_ms : 0;
}

void
clock_sleep_ms(int64_t wait_ms, int64_t deadline_ms)
{
    int64_t left_ms = clock_left_ms(deadline_ms);

    script.now_ms += wait_ms < left_ms ? wait_ms : left_ms;
}

void
free_xml(xmlNode *child)
{
    xmlFreeDoc(child->doc);
}

crm_ipc_t *
crm_ipc_new(const char *name, size_t max_size)
{
    assert_string_equal(name, "attrd");
    (void) max_size;
    script.open++;
    return (crm_ipc_t *) (void *) &the_ipc;
}

bool crm_ipc_connect(crm_ipc_t *client);

bool
crm_ipc_connect(crm_ipc_t *client)
{
    (void) client;
    script.connected = take_step(SCRIPT_CONNECT, "connect")->rc == 0;
    return script.connected;
}

bool
crm_ipc_connected(crm_ipc_t *client)
{
    (void) client;
    return script.connected;
}

void
crm_ipc_close(crm_ipc_t *client)
{
    (void) client;
    script.connected = false;
}

void
crm_ipc_destroy(crm_ipc_t *client)
{
    (void) client;
    script.open--;
}

int
crm_ipc_send(crm_ipc_t *client, CRM_IPC_MESSAGE *message,
             enum crm_ipc_flags flags, int32_t ms_timeout, xmlNode **reply)
{
    xmlBuffer *buffer = xmlBufferCreate();
    const struct script_step *step;
    xmlNode *node;

    (void) client;
    /* libxml2 changes nothing either, but says so in later versions only */
    memcpy(&node, &message, sizeof(void *));
    assert_int_equal(flags, crm_ipc_client_response);
    assert_true(ms_timeout > 0);
    script.timeout_ms = ms_timeout;
    assert_true(xmlNodeDump(buffer, node->doc, node, 0, 0) > 0);
    step = take_step(SCRIPT_SEND, (const char *) xmlBufferContent(buffer));
    xmlBufferFree(buffer);
    *reply = parse_reply(step);
    return step->rc != 0 ? step->rc : 100;
}

static int
signon(cib_t *cib, const char *name, enum cib_conn_type type)
{
    int rc = take_step(SCRIPT_SIGNON, name)->rc;

    assert_int_equal(type, cib_command);
    if (rc == 0) {
        cib->state = cib_connected_command;
    }
    return rc;
}

static int
signoff(cib_t *cib)
{
    cib->state = cib_disconnected;
    return 0;
}

static int
query(cib_t *cib, const char *section, xmlNode **output, int options)
{
    const struct script_step *step = take_step(SCRIPT_LOOK, section);

    bool whole = strstr(section, "op_defaults") != NULL
                 || strncmp(section, "/cib/configuration/nodes/node", 29) == 0
                 || strcmp(section, "/cib/configuration") == 0;

    /* what is looked for often comes without what is below it */
    assert_int_equal(options, cib_sync_call | cib_xpath | cib_multiple
                     | (whole ? 0 : cib_no_children));
    script.timeout_ms = (int64_t) cib->call_timeout * 1000;
    *output = parse_reply(step);
    return step->rc;
}

/* Another node's copy: its name stands before the path. */
static int
query_from(cib_t *cib, const char *host, const char *section,
           xmlNode **output, int options)
{
    const struct script_step *step = take_step(SCRIPT_LOOK_FROM, host);

    assert_int_equal(options, cib_sync_call | cib_xpath | cib_multiple
                     | cib_no_children);
    assert_non_null(strstr(section, "-data-status"));
    script.timeout_ms = (int64_t) cib->call_timeout * 1000;
    *output = parse_reply(step);
    return step->rc;
}

static int
change(enum script_kind kind, xmlNode *data, int options)
{
    xmlBuffer *buffer = xmlBufferCreate();
    int rc;

    assert_int_equal(options, cib_sync_call);
    assert_true(xmlNodeDump(buffer, data->doc, data, 0, 0) > 0);
    rc = take_step(kind, (const char *) xmlBufferContent(buffer))->rc;
    xmlBufferFree(buffer);
    return rc;
}

static int
modify(cib_t *cib, const char *section, xmlNode *data, int options)
{
    assert_ptr_equal(cib, &the_cib);
    assert_string_equal(section, (const char *) data->name);
    return change(SCRIPT_CHANGE, data, options);
}

static int
create(cib_t *cib, const char *section, xmlNode *data, int options)
{
    assert_ptr_equal(cib, &the_cib);
    assert_string_equal(section, "constraints");
    return change(SCRIPT_CREATE, data, options);
}

static int
take_away(cib_t *cib, const char *section, xmlNode *data, int options)
{
    assert_ptr_equal(cib, &the_cib);
    assert_string_equal(section, "constraints");
    return change(SCRIPT_REMOVE, data, options);
}

cib_t *
cib_new(void)
{
    memset(&the_cib, 0, sizeof(the_cib));
    memset(&the_operations, 0, sizeof(the_operations));
    the_operations.signon = signon;
    the_operations.signoff = signoff;
    the_operations.query = query;
    the_operations.query_from = query_from;
    the_operations.modify = modify;
    the_operations.create = create;
    the_operations.remove = take_away;
    the_cib.state = cib_disconnected;
    the_cib.cmds = &the_operations;
    script.open++;
    return &the_cib;
}

void
cib_delete(cib_t *cib)
{
    assert_ptr_equal(cib, &the_cib);
    script.open--;
}
