/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a stranger asks of `pgward serve`: read, and answered from a look. */

#include "fuzz_text.h"
#include "road_answer.h"

#define NOW 5000

static struct roads roads;
static char buf[ROAD_BODY_SIZE];

static void
make_roads(void)
{
    roads.looked_ms = NOW;
    roads.count = 1;
    roads.host[0] = (struct road_host) {
        .name = "srv1", .role = ROAD_STANDBY, .answers = TRI_YES,
        .seen_ms = NOW,
    };
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    const struct road_groups groups = { .on_node = len % 2 == 0 };
    char *text = fuzz_text(bytes, len);
    struct road_ask ask;
    enum road_type type;
    struct text body;
    unsigned status;

    make_roads();
    road_ask_parse(text, &ask);
    must(memchr(ask.name, '\0', sizeof(ask.name)) != NULL);
    must(memchr(ask.group, '\0', sizeof(ask.group)) != NULL);
    text_init(&body, buf, sizeof(buf));
    status = road_answer(&ask, &roads, &groups, NOW, &type, &body);
    must(!body.overflow && status >= 200 && status <= 503 && status != 500);
    /* a server that follows is nobody's primary */
    must(status != 200 || ask.path != ROAD_PATH_PRIMARY);
    text_init(&body, buf, sizeof(buf));
    road_answer_agent(text, &roads, &groups, NOW, &body);
    must(!body.overflow && body.len >= 3 && buf[body.len - 1] == '\n'
         && strchr(buf, '\n') == buf + body.len - 1);
    free(text);
    return 0;
}
