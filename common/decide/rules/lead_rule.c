/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The rules by which a node may lead, or may not. */

#include "lead_rule.h"

const char *
lead_rule_name(enum lead_rule rule)
{
#define NAME_ROW(rule, name, why) [rule] = (name),
    static const char *const names[LEAD_RULES] = { LEAD_RULE_LIST(NAME_ROW) };
#undef NAME_ROW

    return names[rule];
}

const char *
lead_rule_why(enum lead_rule rule)
{
#define WHY_ROW(rule, name, why) [rule] = (why),
    static const char *const whys[LEAD_RULES] = { LEAD_RULE_LIST(WHY_ROW) };
#undef WHY_ROW

    return whys[rule];
}
