/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_TESTS_LIBPQ_STANDIN_H
#define PGWARD_TESTS_LIBPQ_STANDIN_H

#include <stddef.h>

/*
 * A stand-in for libpq that plays a script. Link it in front of libpq: it
 * defines every PQ function that the agent uses. Steps are taken in the order
 * in which they were added; a step that nobody expects fails the test.
 */

/*! Forget script and records. */
void standin_reset(void);

/*! The next log-in succeeds. */
void standin_connect_ok(void);

/*! The next log-in fails with libpq's `text`, before or after a wait. */
void standin_connect_fails(const char *text);
void standin_connect_fails_at_once(const char *text);

/*! The next log-in never gets an answer. */
void standin_connect_silent(void);

/*! The next statement gives rows: `columns` values a row, NULL is NULL. */
void standin_rows(int columns, int rows, const char *const *values);

/*! A command's result, without rows. */
void standin_command(void);

/*! The next statement fails with the server's words. */
void standin_error(const char *sqlstate, const char *message);

/*! COPY of `lines` lines to us, COPY from us, or something odd. */
void standin_copy_out(int lines);
void standin_copy_in(void);
void standin_copy_both(void);

/*! No more results of this statement. */
void standin_end(void);

/*! The statement never gets an answer; the connection breaks. */
void standin_silent(void);
void standin_lost(const char *text);

/*! The statement cannot even be sent. */
void standin_send_fails(const char *text);

/*! What the server says of itself. */
void standin_server(int version, const char *is_superuser);

/*! The next `times` PQflush() calls have something left to send. */
void standin_flush_pending(int times);

/*! The log-in that failed lacked a password. */
void standin_needs_password(void);

/*! PQsetnonblocking() fails. */
void standin_nonblocking_fails(void);

/*! Records: log-ins so far, statements so far, what is still open. */
int standin_connects(void);
const char *standin_sql(int index);
const char *standin_param(void);
const char *standin_copy_end(void);
int standin_open(void);

/*! What the last log-in gave for a keyword, or NULL. */
const char *standin_keyword(const char *keyword);

/*! Steps that nobody took. */
int standin_left(void);

#endif
