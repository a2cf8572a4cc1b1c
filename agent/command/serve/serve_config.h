/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_AGENT_SERVE_CONFIG_H
#define PGWARD_AGENT_SERVE_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "roads.h"

#define SERVE_WORDS_MAX 32

/*! A host of PgRoute66's file: how libpq reaches it. */
struct serve_host {
    char name[NODE_NAME_SIZE];
    size_t count;
    char *keyword[SERVE_WORDS_MAX];
    char *value[SERVE_WORDS_MAX];
};

/*! What PgRoute66's file says. */
struct serve_config {
    char *bind;                 /*!< NULL: localhost */
    uint16_t port;              /*!< 0: the default */
    char *cert;                 /*!< PEM; NULL: no TLS */
    char *key;
    size_t host_count;
    struct serve_host host[ROADS_HOSTS_MAX];
    struct road_groups groups;
};

/*!
 * Read a configuration file of PgRoute66's as it is. What it does not know is
 * passed over, as PgRoute66 does, but said, in the log.
 *
 * \param[in]  text        of the file
 * \param[out] ret_config  all of it; serve_config_free() frees what it has, in
 *                         any case
 *
 * \return 0, or -1 with `ret_why`: the line, and what is wrong there.
 * Source: PgRoute66 0.8.19, internal/config/config.go.
 */
int
serve_config_parse(const char *text, size_t len,
                   struct serve_config *ret_config, struct text *ret_why);

/*! The same, of a file. */
int
serve_config_read(const char *path, struct serve_config *ret_config,
                  struct text *ret_why);

/*! Free what it has; passwords and keys are overwritten. */
void
serve_config_free(struct serve_config *config);

#endif
