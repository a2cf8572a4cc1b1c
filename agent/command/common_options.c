/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The options that verbs share. */

#include "common_options.h"

#include <string.h>

#include "profile.h"
#include "report.h"

#define TIMEOUT_MAX_MS (24u * 60 * 60 * 1000)

static int
take_timeout(const char *value, uint32_t *ret_ms)
{
    uint32_t ms = 0;

    if (profile_parse_ms(value, &ms) != 0 || ms == 0 || ms > TIMEOUT_MAX_MS) {
        report_log(LOG_ERR, "'%s' is no time-out. Write it as 5s or 500ms, "
                   "up to a day", value);
        return -1;
    }
    *ret_ms = ms;
    return 0;
}

static int
take_output(const char *value, enum output_form *ret_output)
{
    if (strcmp(value, "text") == 0) {
        *ret_output = OUTPUT_TEXT;
    } else if (strcmp(value, "json") == 0) {
        *ret_output = OUTPUT_JSON;
    } else {
        report_log(LOG_ERR, "there is no output as '%s'. Write text or json",
                   value);
        return -1;
    }
    return 0;
}

int
common_option_take(int option, const char *value,
                   struct common_options *options)
{
    switch (option) {
        case 'r':
            options->resource = value;
            return 0;
        case 't':
            return take_timeout(value, &options->timeout_ms);
        case 'o':
            return take_output(value, &options->output);
        default:
            return 1;
    }
}
