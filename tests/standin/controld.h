/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_TESTS_CONTROLD_H
#define PGWARD_TESTS_CONTROLD_H

#include <crm/common/ipc.h>
#include <crm/common/ipc_controld.h>

/* A stand-in for Pacemaker's controller, beside cluster_script.h. */

struct controld {
    int connect_rc;
    int poll_rc;
    const char *name;           /*!< this node's; NULL: it hangs up */
    crm_exit_t status;          /*!< of its answer */
    char failed[256];           /*!< what it was told to count as failed */
    pcmk_ipc_callback_t take;
    void *context;
    int open;
};

extern struct controld the_controld;

/*! It lets in, and hangs up; nothing was asked. */
void
controld_reset(void);

#endif
