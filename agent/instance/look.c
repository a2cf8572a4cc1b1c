/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A look that can be left: in a child process, part by part. */

#include "look.h"

#include <errno.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/wait.h>

#include "bounded.h"
#include "clock.h"
#include "instance_cib.h"
#include "observe.h"

/* What waits by itself ends so long before the child is ended. */
#define MARGIN_MAX_MS 500

/* In this order; the last two need what the cluster says of names. */
static const struct part {
    const char *what;
    uint32_t facts;
} parts[] = {
    { "the server and its files",
      ~(uint32_t) (FACT_ATTRS | FACT_RECORD | FACT_MEMBERS | FACT_SENDERS
                   | FACT_COPIES) },
    { "the cluster's members, record and attributes",
      FACT_ATTRS | FACT_RECORD | FACT_MEMBERS },
    { "who streams from this node", FACT_SENDERS },
    { "the other nodes' copies of the record", FACT_COPIES },
};

#define PARTS (sizeof(parts) / sizeof(parts[0]))

/* What parent and child share; what is seen is never half of a look. */
struct shared {
    const struct look_request *request;
    int64_t begin_ms;
    _Atomic int part;           /* that is looked at; -1: for the resource */
    _Atomic int whole;          /* which of `seen` is; -1: none yet */
    struct look seen[2];
    char why[SERVER_TEXT_SIZE]; /* the resource was not found */
};

static void
show(struct shared *shared, const struct look *seen)
{
    int next = atomic_load(&shared->whole) == 0 ? 1 : 0;

    memcpy(&shared->seen[next], seen, sizeof(*seen));
    atomic_store(&shared->whole, next);
}

/* Each part has at most half of the time that is left, but the last of all. */
static uint32_t
limit_of(const struct instance *instance, bool last)
{
    int64_t left_ms = clock_left_ms(instance->deadline_ms);

    return last ? 0 : (uint32_t) (left_ms / 2 > 0 ? left_ms / 2 : 1);
}

static void
look_at_parts(struct instance *instance, uint32_t facts, struct look *seen,
              struct shared *shared)
{
    uint32_t looked_at = 0;

    for (size_t i = 0; i < PARTS; i++) {
        uint32_t wanted = parts[i].facts & facts;

        if (wanted == 0) {
            continue;
        }
        atomic_store(&shared->part, (int) i);
        observe(instance, wanted,
                limit_of(instance, (facts & ~looked_at) == wanted),
                &seen->snapshot);
        looked_at |= wanted;
        seen->snapshot.facts = looked_at;
        show(shared, seen);
    }
}

/* What is another node's, this one's files do not tell. */
static int
take_seat(const char *seat, struct instance *instance,
          struct snapshot *snapshot, struct text *ret_why)
{
    size_t node = snapshot_find_node(snapshot, seat);

    if (node == NODES_MAX
        || pgsql_turn_to(instance->pgsql, snapshot->node[node].name) != 0) {
        text_add(ret_why, "could not look from '%s': it is not in node_list",
                 seat);
        return -1;
    }
    snapshot->self = node;
    return 0;
}

/* Of what it is; an address that does not fit is none to show. */
static void
name_look(const struct instance *instance,
          const struct cluster_resource *resource, struct look *seen)
{
    const struct params *params = &instance->params;

    memcpy(seen->resource, instance->resource, sizeof(seen->resource));
    memcpy(seen->self_name, instance->self_name, sizeof(seen->self_name));
    memcpy(seen->clone, resource->clone, sizeof(seen->clone));
    (void) text_copy(params->master_ip != NULL ? params->master_ip : "",
                     seen->master_ip, sizeof(seen->master_ip));
    (void) text_copy(params->client_address != NULL ? params->client_address
                                                    : "",
                     seen->client_address, sizeof(seen->client_address));
}

/* The child's: returns its exit code. */
static int
look_in_child(void *context)
{
    struct shared *shared = context;
    const struct look_request *request = shared->request;
    static struct cluster_resource resource;
    static struct instance instance;
    static struct look seen;
    struct text why;
    int64_t margin = request->limit_ms / 10;

    margin = margin > MARGIN_MAX_MS ? MARGIN_MAX_MS : margin;
    text_init(&why, shared->why, sizeof(shared->why));
    if (instance_cib_init(request->resource,
                          shared->begin_ms + request->limit_ms - margin,
                          &resource, &instance, &seen.snapshot, &why) != 0
        || (request->seat != NULL
            && take_seat(request->seat, &instance, &seen.snapshot, &why)
               != 0)) {
        return 1;
    }
    name_look(&instance, &resource, &seen);
    show(shared, &seen);
    look_at_parts(&instance, request->seat == NULL ? request->facts
                  : request->facts & LOOK_SEAT_FACTS, &seen, shared);
    pgsql_close(instance.pgsql);
    cluster_close(instance.cluster);
    return 0;
}

static const char *
what_of(const struct shared *shared)
{
    int part = atomic_load(&shared->part);

    return part < 0 ? "the resource and this node's name" : parts[part].what;
}

/* The child has ended, or was ended. */
static void
tell_end(int error, int status, const struct shared *shared,
         struct text *ret_why)
{
    if (error == ETIMEDOUT) {
        text_add(ret_why, "could not look in time: %s. Look at PostgreSQL and "
                 "at Pacemaker's daemons on this node", what_of(shared));
    } else if (error != 0) {
        text_add(ret_why, "could not look: %s", strerror(error));
    } else if (WIFSIGNALED(status)) {
        text_add(ret_why, "could not look: %s: the process was ended by "
                 "signal %d. If nobody did, this is a defect",
                 what_of(shared), WTERMSIG(status));
    } else if (WEXITSTATUS(status) != 0) {
        text_add(ret_why, "%s", shared->why);
    }
}

int
look(const struct look_request *request, struct look *ret_look,
     struct text *ret_why)
{
    struct shared *shared = bounded_share(sizeof(*shared));
    struct bounded_work work = {
        .run = look_in_child, .context = shared,
        .limit_ms = request->limit_ms,
    };
    int status = 0;
    int error;
    int whole;

    if (shared == NULL) {
        text_add(ret_why, "could not look: %s", strerror(errno));
        return -1;
    }
    shared->request = request;
    shared->begin_ms = clock_now_ms();
    atomic_store(&shared->part, -1);
    atomic_store(&shared->whole, -1);
    error = bounded_run(&work, &status);
    tell_end(error, status, shared, ret_why);
    whole = atomic_load(&shared->whole);
    if (whole >= 0) {
        memcpy(ret_look, &shared->seen[whole], sizeof(*ret_look));
    }
    bounded_unshare(shared, sizeof(*shared));
    return whole >= 0 ? 0 : -1;
}
