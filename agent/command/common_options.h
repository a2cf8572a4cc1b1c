/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_AGENT_COMMON_OPTIONS_H
#define PGWARD_AGENT_COMMON_OPTIONS_H

#include <getopt.h>
#include <stdint.h>

/*! The options that verbs share: rows and letters for getopt_long(). */
#define COMMON_OPTION_ROWS \
    { "resource", required_argument, NULL, 'r' }, \
    { "timeout", required_argument, NULL, 't' }, \
    { "output-as", required_argument, NULL, 'o' }, \
    { "help", no_argument, NULL, 'h' }
#define COMMON_OPTION_LETTERS "r:t:o:h"

/*! What --help says of them; its last line has no newline. */
#define COMMON_OPTION_HELP \
    "  -r, --resource ID     which resource (or its clone), where there are " \
    "several\n" \
    "  -t, --timeout TIME    take no longer than that, e.g. 5s or 500ms\n" \
    "  -o, --output-as FORM  text or json (text)\n" \
    "  -h, --help            this text"

enum output_form { OUTPUT_TEXT, OUTPUT_JSON };

struct common_options {
    const char *resource;       /*!< NULL: the one that there is */
    uint32_t timeout_ms;        /*!< the verb's own default where not given */
    enum output_form output;
};

/*!
 * Take one of the shared options but 'h'.
 *
 * \return 0; 1: it is none of them; -1: its value is wrong, which was said.
 */
int
common_option_take(int option, const char *value,
                   struct common_options *options);

#endif
