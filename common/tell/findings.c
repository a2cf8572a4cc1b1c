/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What was found before something is done. */

#include "findings.h"

#include <stdarg.h>

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

bool
findings_are_met(const struct findings *findings)
{
    return !findings->cut && findings_count(findings, FINDING_UNMET) == 0
           && findings_count(findings, FINDING_MET) > 0;
}
