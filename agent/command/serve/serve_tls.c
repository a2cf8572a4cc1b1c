/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The certificate and its key, as their files have them now. */

#include "serve_tls.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "files.h"
#include "report.h"

#define PEM_SIZE_MAX ((size_t) 256 * 1024)

/* NULL: it could not be, which was said. */
static char *
read_pem(const char *path)
{
    char *pem = malloc(PEM_SIZE_MAX);
    size_t len;

    if (pem == NULL || files_read(path, pem, PEM_SIZE_MAX, &len) != 0) {
        report_log(LOG_ERR, "could not read '%s': %s. --cert and --key name "
                   "PEM files: make it, or name another", path,
                   strerror(errno));
        free(pem);
        return NULL;
    }
    return pem;
}

/* A key that others may read is nobody's secret; it is said, and used. */
static void
look_at_rights(const char *path)
{
    struct stat about;

    if (stat(path, &about) == 0 && (about.st_mode & S_IROTH) != 0) {
        report_log(LOG_WARNING, "everyone can read the key '%s': chmod o= it",
                   path);
    }
}

static int
read_files(const struct serve_tls_source *source, struct serve_config *ret_new)
{
    ret_new->cert = read_pem(source->cert);
    if (ret_new->cert == NULL) {
        return -1;
    }
    ret_new->key = read_pem(source->key);
    if (ret_new->key == NULL) {
        return -1;
    }
    look_at_rights(source->key);
    return 0;
}

static int
read_config(const char *path, struct serve_config *ret_new)
{
    char why_text[SERVER_TEXT_SIZE];
    struct text why;

    text_init(&why, why_text, sizeof(why_text));
    if (serve_config_read(path, ret_new, &why) != 0) {
        report_log(LOG_ERR, "%s", why_text);
        return -1;
    }
    if (ret_new->cert == NULL) {
        report_log(LOG_ERR, "'%s' has no certificate any more: restart pgward "
                   "serve to go on without TLS", path);
        return -1;
    }
    return 0;
}

static void
swap(char **a, char **b)
{
    char *other = *a;

    *a = *b;
    *b = other;
}

int
serve_tls_read(const struct serve_tls_source *source,
               struct serve_config *config)
{
    static struct serve_config new;
    int rc;

    memset(&new, 0, sizeof(new));
    rc = source->is_config ? read_config(source->cert, &new)
         : read_files(source, &new);
    if (rc == 0) {
        swap(&new.cert, &config->cert);
        swap(&new.key, &config->key);
    }
    serve_config_free(&new);
    return rc;
}
