/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Telling the controller of a failure, as `crm_resource --fail` does. */

#include <errno.h>
#include <stdlib.h>

#include "cleanup.h"
#include "clock.h"
#include "cluster_parts.h"
#include "line.h"

/* No fail count goes as far; INFINITY is no number. */
#define COUNT_MAX 1000000u

#define COUNT_POLL_MS 5

/* The second of two counts comes with the first, or not at all. */
#define COUNT_AGAIN_MS 500

static const char *
name_of(const char *variable, const char *otherwise)
{
    const char *value = getenv(variable);

    return value != NULL && value[0] != '\0' ? value : otherwise;
}

/* As it was given: of a clone that is globally unique it ends in `:N`. */
static const char *
full_name(const struct cluster *cluster)
{
    return name_of("OCF_RESOURCE_INSTANCE", cluster->resource);
}

static int
ask_to_fail(pcmk_ipc_api_t *api, void *context)
{
    const struct cluster *cluster = context;

    return pcmk_controld_api_fail(api, cluster->self_name, cluster->self_name,
                                  full_name(cluster), NULL, "ocf",
                                  name_of("OCF_RESOURCE_PROVIDER", "pgward"),
                                  name_of("OCF_RESOURCE_TYPE", "pgsql"));
}

static int
count_name(const struct cluster *cluster, char *ret_name)
{
    struct text name;

    text_init(&name, ret_name, CLUSTER_NAME_SIZE);
    text_add(&name, "fail-count-%s#asyncmon_0", full_name(cluster));
    return name.overflow ? -1 : 0;
}

/* How often such a failure was counted; -1: not known, or no number. */
static int
read_count(struct cluster *cluster, int64_t deadline_ms,
           uint64_t *ret_count, struct text *ret_why)
{
    CLEANUP(cluster_free_reply) xmlNode *reply = NULL;
    struct attr attr = { .known = ATTR_UNKNOWN };
    char name[CLUSTER_NAME_SIZE];
    const char *rest;

    if (count_name(cluster, name) != 0
        || cluster_attrd_query(cluster, name, deadline_ms, &reply, ret_why)
           != 0
        || cluster_xml_read_attr(reply, name, cluster->self_name, &attr)
           != 0) {
        return -1;
    }
    if (attr.known != ATTR_SET) {
        *ret_count = 0;
        return 0;
    }
    rest = line_read_number(attr.value, COUNT_MAX, ret_count);
    return rest != NULL && *rest == '\0' ? 0 : -1;
}

static int
write_count(struct cluster *cluster, uint64_t count, int64_t deadline_ms,
            struct text *ret_why)
{
    char name[CLUSTER_NAME_SIZE];
    char value[32];
    struct text text;
    const struct cluster_update update = {
        .name = name, .node = cluster->self_name, .value = value,
    };

    text_init(&text, value, sizeof(value));
    text_add(&text, "%llu", (unsigned long long) count);
    return count_name(cluster, name) != 0
           ? -1 : cluster_attrd_update(cluster, &update, deadline_ms,
                                       ret_why);
}

int
cluster_report_failure(struct cluster *cluster, int64_t deadline_ms,
                       int64_t *ret_count, struct text *ret_why)
{
    const struct cluster_question question = {
        .ask = ask_to_fail, .context = cluster,
    };
    char unused[SERVER_TEXT_SIZE];
    struct text no_count;
    uint64_t count = 0;
    int64_t before = -1;
    int rc;

    /* why there is no count is not why there is no report */
    text_init(&no_count, unused, sizeof(unused));
    if (read_count(cluster, deadline_ms, &count, &no_count) == 0) {
        before = (int64_t) count;
    }
    rc = cluster_controld_ask(&question, deadline_ms);
    if (rc == pcmk_rc_ok) {
        *ret_count = before;
        return 0;
    }
    cluster_explain(ret_why, "report the failure of", cluster->resource,
                    "pacemaker-controld", rc > 0 ? -rc : pcmk_rc2legacy(rc));
    return -1;
}

int
cluster_count_once(struct cluster *cluster, int64_t count,
                   int64_t deadline_ms, struct text *ret_why)
{
    int64_t limit_ms = deadline_ms;
    uint64_t now = 0;

    if (count < 0) {
        return 0;       /* it was INFINITY, or could not be read */
    }
    while (clock_left_ms(limit_ms) > 0) {
        if (read_count(cluster, deadline_ms, &now, ret_why) != 0) {
            return -1;
        }
        if (now == (uint64_t) count + 2) {
            return write_count(cluster, (uint64_t) count + 1, deadline_ms,
                               ret_why);
        }
        if (now == (uint64_t) count + 1 && limit_ms == deadline_ms
            && clock_now_ms() + COUNT_AGAIN_MS < deadline_ms) {
            limit_ms = clock_now_ms() + COUNT_AGAIN_MS;
        }
        clock_sleep_ms(COUNT_POLL_MS, limit_ms);
    }
    return 0;
}
