/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_AGENT_SERVE_TLS_H
#define PGWARD_AGENT_SERVE_TLS_H

#include "serve_config.h"

/*! Where a certificate and its key come from. */
struct serve_tls_source {
    const char *cert;           /*!< files of PEM; or both PgRoute66's file */
    const char *key;
    bool is_config;             /*!< that is what they are */
};

/*!
 * Read a certificate and its key.
 *
 * \param[in,out] config  takes both
 *
 * \return 0, or -1, which was said, with those of `config` as they were.
 */
int
serve_tls_read(const struct serve_tls_source *source,
               struct serve_config *config);

#endif
