/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_AGENT_MODULE_H
#define PGWARD_AGENT_MODULE_H

#include <stddef.h>

#include "params.h"
#include "snapshot.h"
#include "text.h"

/*
 * What needs libpq or the cluster's libraries is not in the executable: it is
 * a module that the first call loads. Loading those libraries costs several
 * times what the rest of an action does, and many actions need neither.
 *
 * A module is complete in itself: it shares no variable with the executable.
 * So nothing in it may log (report.c has the logs of the process); it says
 * what went wrong in `ret_why`.
 */

/*!
 * What a module's table begins with: what both sides have to agree on. They
 * are of two versions while an upgrade is under way.
 */
struct module_stamp {
    const char *version;
    size_t table_size;
    size_t snapshot_size;
    size_t params_size;
};

/*! The stamp of the code that is compiled. */
#define MODULE_STAMP(table_type) \
    { PACKAGE_VERSION, sizeof(table_type), sizeof(struct snapshot), \
      sizeof(struct params) }

/* Where modules and helper programs are installed: configure says it. */
#ifndef HELPER_FOLDER
#define HELPER_FOLDER "/usr/lib/ocf/lib/pgward"
#endif

/*!
 * Where a module or a helper program is: beside the running program, as in a
 * build tree, else where it is installed.
 *
 * \param[in]  name      of the file
 * \param[out] ret_path  of PATH_SIZE; it need not be there
 * \return 0, or -1 with `ret_why`.
 */
int
module_find(const char *name, char *ret_path, struct text *ret_why);

/*!
 * Load `NAME.so` from where module_find() has it, and give its table, the
 * variable `NAME_module`; it stays loaded.
 *
 * \param[in] expected  the stamp that the table has to begin with
 * \return the table, or NULL with `ret_why`.
 */
const void *
module_load(const char *name, const struct module_stamp *expected,
            struct text *ret_why);

#endif
