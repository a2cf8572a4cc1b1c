/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `pgward setup`: the pcs commands of the recommended cluster. */

#include "command.h"
#include "helper.h"

int
verb_setup(int argc, char **argv)
{
    (void) argc;
    return helper_exec("setup-cluster", argv);
}
