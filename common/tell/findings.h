/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_COMMON_FINDINGS_H
#define PGWARD_COMMON_FINDINGS_H

#include <stdbool.h>
#include <stddef.h>

/* What was found before something is done that an operator asked for. */

#define FINDINGS_MAX 48
#define FINDING_SIZE 320

enum finding_kind {
    FINDING_NONE = 0,
    FINDING_MET,                /*!< a prerequisite */
    FINDING_UNMET,              /*!< with the next step */
    FINDING_NOTE,               /*!< to be known, and in nobody's way */
    FINDING_LOSS,               /*!< what may be lost */
};

struct finding {
    enum finding_kind kind;
    char text[FINDING_SIZE];
};

/*! All zero: nothing was found. */
struct findings {
    size_t count;
    bool cut;                   /*!< there was no room for one */
    struct finding finding[FINDINGS_MAX];
};

/*! Add one, as printf does. One that does not fit is never met. */
void
findings_add(struct findings *findings, enum finding_kind kind,
             const char *format, ...) __attribute__((format(printf, 3, 4)));

/*! Is there none unmet, and something met? */
bool
findings_are_met(const struct findings *findings);

/*! How many there are of a kind. */
size_t
findings_count(const struct findings *findings, enum finding_kind kind);

/*! Has each the same of a kind, word by word, and no further one? */
bool
findings_agree(const struct findings *a, const struct findings *b,
               enum finding_kind kind);

#endif
