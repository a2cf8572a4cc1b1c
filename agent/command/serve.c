/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * `pgward serve`: a program of its own, since the libraries that it takes cost
 * every other verb more to load than what they do.
 */

#include "command.h"
#include "helper.h"

int
verb_serve(int argc, char **argv)
{
    (void) argc;
    return helper_exec("serve", argv);
}
