/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_COMMON_BANNED_H
#define PGWARD_COMMON_BANNED_H

/*
 * Included by the compiler before every source of ours: calls that overflow,
 * truncate without saying so, hide an error or run a shell do not compile.
 * The headers come first, since a macro must not change a declaration.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#undef strcpy
#undef strcat
#undef sprintf
#undef vsprintf
#undef strncpy
#undef strncat
#undef strtok
#undef atoi
#undef atol
#undef atoll
#undef system
#undef popen

#define strcpy(...) banned_strcpy_use_text_copy
#define strcat(...) banned_strcat_use_text_add
#define sprintf(...) banned_sprintf_use_text_add
#define vsprintf(...) banned_vsprintf_use_text_add_v
#define strncpy(...) banned_strncpy_use_text_copy
#define strncat(...) banned_strncat_use_text_add_bytes
#define strtok(...) banned_strtok_walk_the_text
#define atoi(...) banned_atoi_use_strtol_and_check
#define atol(...) banned_atol_use_strtol_and_check
#define atoll(...) banned_atoll_use_strtoll_and_check
#define system(...) banned_system_use_spawn_run
#define popen(...) banned_popen_use_spawn_run

#endif
