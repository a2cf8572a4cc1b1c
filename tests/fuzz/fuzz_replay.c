/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Runs a fuzz entry point over its stored inputs in a plain build, so that
 * neither can rot: tests/fuzz_x reads $srcdir/tests/corpus/x. Prints TAP.
 */

#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

/* One file, in a block of just its size so that reading past it shows. */
static int
replay(const char *folder, const char *name)
{
    char path[4096];
    FILE *file;
    long len;
    uint8_t *bytes;
    int rc = -1;

    if (snprintf(path, sizeof(path), "%s/%s", folder, name) >=
            (int) sizeof(path) ||
        (file = fopen(path, "rbe")) == NULL) {
        return -1;
    }
    if (fseek(file, 0, SEEK_END) == 0 && (len = ftell(file)) >= 0) {
        bytes = malloc(len > 0 ? (size_t) len : 1);
        rewind(file);
        if (bytes != NULL &&
            fread(bytes, 1, (size_t) len, file) == (size_t) len) {
            (void) LLVMFuzzerTestOneInput(bytes, (size_t) len);
            rc = 0;
        }
        free(bytes);
    }
    (void) fclose(file);    /* only read from */
    return rc;
}

int
main(int argc, char **argv)
{
    const char *srcdir = getenv("srcdir");
    const char *name = argc > 0 ? strstr(argv[0], "fuzz_") : NULL;
    char folder[2048];
    DIR *dir;
    struct dirent *entry;
    int number = 0;
    int failed = 0;

    if (name == NULL ||
        snprintf(folder, sizeof(folder), "%s/tests/corpus/%s",
                 srcdir != NULL ? srcdir : ".", name + strlen("fuzz_")) >=
            (int) sizeof(folder) ||
        (dir = opendir(folder)) == NULL) {
        printf("Bail out! no folder of inputs in tests/corpus\n");
        return 1;
    }
    while ((entry = readdir(dir)) != NULL) {
        if (entry->d_name[0] == '.') {
            continue;
        }
        number++;
        if (replay(folder, entry->d_name) == 0) {
            printf("ok %d - %s\n", number, entry->d_name);
        } else {
            printf("not ok %d - %s: could not read it\n", number,
                   entry->d_name);
            failed = 1;
        }
    }
    (void) closedir(dir);   /* only read from */
    printf("1..%d\n", number);
    return failed;
}
