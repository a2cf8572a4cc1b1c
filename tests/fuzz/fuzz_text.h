/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_TESTS_FUZZ_TEXT_H
#define PGWARD_TESTS_FUZZ_TEXT_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

/*! The input as a string in a block of its own size; the caller frees it. */
static inline char *
fuzz_text(const uint8_t *bytes, size_t len)
{
    char *text = malloc(len + 1);

    if (text == NULL) {
        abort();
    }
    if (len > 0) {
        memcpy(text, bytes, len);
    }
    text[len] = '\0';
    return text;
}

/*! A property of the parser that must hold for every input. */
static inline void
must(int holds)
{
    if (!holds) {
        abort();
    }
}

#endif
