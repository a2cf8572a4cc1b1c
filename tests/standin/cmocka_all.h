/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_TESTS_CMOCKA_ALL_H
#define PGWARD_TESTS_CMOCKA_ALL_H

/* cmocka.h wants these in front of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <inttypes.h>

/* cmocka 2 warns of it, and what it has instead is new there. */
#undef assert_in_range
#define assert_between(value, low, high) \
    do { \
        const int64_t between = (value); \
        if (between < (low) || between > (high)) { \
            fail_msg("%" PRId64 " is not between " #low " and " #high, \
                     between); \
        } \
    } while (0)

#endif
