/* SPDX-License-Identifier: GPL-2.0-or-later */
/* PgRoute66's file: whatever is in it, it is read or refused with a reason. */

#include "base64.h"
#include "fuzz_text.h"
#include "report.h"
#include "serve_config.h"

static struct serve_config config;

static void
check_base64(const char *text, size_t len)
{
    char *bytes = malloc(len + 1);
    size_t got;

    if (bytes == NULL) {
        abort();
    }
    if (base64_decode(text, bytes, len + 1, &got) == 0) {
        must(got <= len && bytes[got] == '\0');
    }
    free(bytes);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    char *text = fuzz_text(bytes, len);
    char why_text[512];
    struct text why;
    int rc;

    report_init_command("fuzz", LOG_EMERG);
    text_init(&why, why_text, sizeof(why_text));
    rc = serve_config_parse(text, len, &config, &why);
    must((rc == 0) == (why.len == 0));
    must(config.host_count <= ROADS_HOSTS_MAX);
    must((config.cert == NULL) == (config.key == NULL));
    for (size_t i = 0; rc == 0 && i < config.host_count; i++) {
        must(config.host[i].name[NODE_NAME_SIZE - 1] == '\0');
        for (size_t j = 0; j < config.host[i].count; j++) {
            must(config.host[i].keyword[j] != NULL
                 && config.host[i].value[j] != NULL);
        }
    }
    serve_config_free(&config);
    check_base64(text, strlen(text));
    free(text);
    return 0;
}
