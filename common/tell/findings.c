/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What was found before something is done. */

#include "findings.h"

#include <stdarg.h>
#include <string.h>

#include "text.h"

void
findings_add(struct findings *findings, enum finding_kind kind,
             const char *format, ...)
{
    struct finding *finding = &findings->finding[findings->count];
    struct text text;
    va_list args;

    if (findings->count == FINDINGS_MAX) {
        findings->cut = true;
        return;
    }
    text_init(&text, finding->text, sizeof(finding->text));
    va_start(args, format);
    text_add_v(&text, format, args);
    va_end(args);
    findings->cut |= text.overflow;
    finding->kind = kind;
    findings->count++;
}

size_t
findings_count(const struct findings *findings, enum finding_kind kind)
{
    size_t count = 0;

    for (size_t i = 0; i < findings->count; i++) {
        count += findings->finding[i].kind == kind;
    }
    return count;
}

/* The first of the kind from there on; count: there is none. */
static size_t
next_of(const struct findings *findings, size_t from, enum finding_kind kind)
{
    while (from < findings->count && findings->finding[from].kind != kind) {
        from++;
    }
    return from;
}

bool
findings_agree(const struct findings *a, const struct findings *b,
               enum finding_kind kind)
{
    size_t i = next_of(a, 0, kind);
    size_t k = next_of(b, 0, kind);

    while (i < a->count && k < b->count
           && strcmp(a->finding[i].text, b->finding[k].text) == 0) {
        i = next_of(a, i + 1, kind);
        k = next_of(b, k + 1, kind);
    }
    return i == a->count && k == b->count;
}

bool
findings_are_met(const struct findings *findings)
{
    return !findings->cut && findings_count(findings, FINDING_UNMET) == 0
           && findings_count(findings, FINDING_MET) > 0;
}
