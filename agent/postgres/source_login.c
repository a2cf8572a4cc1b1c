/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How a program reaches the primary. */

#include "source_login.h"

#include <string.h>

#define NAME_LEN (sizeof(SOURCE_LOGIN_SECRET) - 1)

int
source_login_fill(const struct params *params, source_login_fn fill,
                  struct source_login *ret_login, struct text *ret_why)
{
    struct text conninfo;
    struct text password;

    text_init(&conninfo, ret_login->conninfo, sizeof(ret_login->conninfo));
    memcpy(ret_login->secret, SOURCE_LOGIN_SECRET, NAME_LEN);
    text_init(&password, ret_login->secret + NAME_LEN,
              sizeof(ret_login->secret) - NAME_LEN);
    return fill(params, &conninfo, &password, ret_why);
}

const char *
source_login_secret(const struct source_login *login)
{
    return login->secret[NAME_LEN] != '\0' ? login->secret : NULL;
}

void
source_login_wipe(struct source_login *login)
{
    explicit_bzero(login, sizeof(*login));
}
