/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Parameters: lines `name=value`, parsed and checked. */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "metadata.h"
#include "params.h"
#include "refusal.h"

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

/* Find `name=` at the start of a line; the lines have been cut by NULs. */
static const char *
get_from_lines(void *context, const char *name)
{
    size_t name_len = strlen(name);

    for (const char *line = context; *line != '\0';
         line += strlen(line) + 1) {
        if (strncmp(line, name, name_len) == 0 && line[name_len] == '=') {
            return line + name_len + 1;
        }
    }
    return NULL;
}

/* What is accepted makes a script that fits and has no word of its own. */
static void
look_at_client_address(const char *addresses, unsigned expire_s)
{
    char buf[REFUSAL_SCRIPT_SIZE];
    struct refusal_table table;
    struct text text;

    text_init(&text, buf, sizeof(buf));
    if (refusal_check(addresses, &text) != 0) {
        return;
    }
    text_init(&text, buf, sizeof(buf));
    refusal_write("pgsql", addresses, 5432, expire_s, &text, &table);
    if (text.overflow || strstr(buf, "flush") != NULL) {
        abort();
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    char *lines = malloc(len + 2);
    struct params params;
    struct text text;
    char buf[1024];

    if (lines == NULL) {
        return 0;
    }
    memcpy(lines, bytes, len);
    for (size_t i = 0; i < len; i++) {
        lines[i] = lines[i] == '\n' ? '\0' : lines[i];
    }
    lines[len] = lines[len + 1] = '\0';
    text_init(&text, buf, sizeof(buf));
    (void) params_parse(get_from_lines, lines, &params, &text);
    text_init(&text, buf, sizeof(buf));
    (void) params_check(&params, (len & 1) != 0, (len & 2) != 0, &text);
    look_at_client_address(params.client_address, (unsigned) len & 1);
    text_init(&text, buf, sizeof(buf));
    metadata_add_escaped(&text, params.start_opt);
    free(lines);
    return 0;
}
