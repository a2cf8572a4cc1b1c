/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_COMMON_NAMES_H
#define PGWARD_COMMON_NAMES_H

/* The words of every enumeration, each list ended by NULL. */

extern const char *const names_action[];
extern const char *const names_tri[];
extern const char *const names_process[];
extern const char *const names_pidfile[];
extern const char *const names_answer[];
extern const char *const names_control[];
extern const char *const names_holder[];
extern const char *const names_role[];
extern const char *const names_sender[];
extern const char *const names_sync[];
extern const char *const names_slot[];
extern const char *const names_known[];
extern const char *const names_notify[];
extern const char *const names_refusal[];
extern const char *const names_rejoin[];
extern const char *const names_rejoin_end[];
extern const char *const names_op[];
extern const char *const names_fact[];

/*! The word of a value, `?` for a value outside the list. */
const char *
names_name(const char *const *names, unsigned value);

/*! The value of a word: 0, or -1 with the output untouched. */
int
names_value(const char *const *names, const char *word, unsigned *ret_value);

#endif
