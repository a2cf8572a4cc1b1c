/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_COMMON_CONFIG_REFS_H
#define PGWARD_COMMON_CONFIG_REFS_H

/* What other files the server's configuration names. */

/*! In which way it names one; relative to what is said in brackets. */
enum config_ref {
    CONFIG_REF_NONE = 0,
    CONFIG_REF_INCLUDE,         /*!< a file of the same kind, there or not [the
                                     file that names it] */
    CONFIG_REF_FOLDER,          /*!< include_dir: its *.conf [as above] */
    CONFIG_REF_WORDS,           /*!< `@file` of pg_hba.conf: words, and more
                                     of these [as above] */
    CONFIG_REF_AUTH,            /*!< hba_file, ident_file [PGDATA] */
    CONFIG_REF_FILE,            /*!< ssl_key_file and its kin [as above] */
    CONFIG_REF_FILES,           /*!< ssl_crl_dir: all in it [as above] */
};

/*! Take one; `name` is never empty. */
typedef void (*config_ref_fn)(void *context, enum config_ref kind,
                              const char *name);

/*! Find them in the text of postgresql.conf or a file that it includes. */
void
config_refs_of_settings(const char *text, config_ref_fn found,
                        void *context);

/*!
 * Find them in the text of pg_hba.conf or pg_ident.conf, or in a list that
 * `@file` names.
 *
 * Source: PostgreSQL documentation 21.1; include from version 16 on.
 */
void
config_refs_of_auth(const char *text, config_ref_fn found, void *context);

#endif
