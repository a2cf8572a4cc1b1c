/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Configuration that names files: a name is short enough, and not empty. */

#include "config_refs.h"
#include "fuzz_text.h"
#include "params.h"

static void
look(void *context, enum config_ref kind, const char *name)
{
    must(context != NULL && kind != CONFIG_REF_NONE);
    must(name[0] != '\0' && strlen(name) < PATH_SIZE);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    char *text = fuzz_text(bytes, len);

    config_refs_of_settings(text, look, text);
    config_refs_of_auth(text, look, text);
    free(text);
    return 0;
}
