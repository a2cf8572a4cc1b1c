/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pg_rewind's lines -> how far it is. */

#include "rewind_progress.h"

#include <string.h>

#include "line.h"

#define PROGRAM "pg_rewind: "
#define LSN_CHARS "0123456789ABCDEFabcdef/"

/* `16/B374D848 on timeline 3` */
static int
read_position(const char *text, struct wal_position *ret_position)
{
    char position[LSN_TEXT_SIZE];
    size_t len = strspn(text, LSN_CHARS);
    struct wal_position found;
    const char *rest;
    uint64_t timeline;

    if (len >= sizeof(position)) {
        return -1;
    }
    memcpy(position, text, len);
    position[len] = '\0';
    rest = line_after(text + len, " on timeline ");
    if (rest == NULL || lsn_parse_sql(position, &found.lsn) != 0) {
        return -1;
    }
    rest = line_read_number(rest, UINT32_MAX, &timeline);
    if (rest == NULL || *rest != '\0' || timeline == 0 || found.lsn == 0) {
        return -1;
    }
    found.timeline = (uint32_t) timeline;
    *ret_position = found;
    return 0;
}

/* `  12345/67890 kB (18%) copied` */
static int
read_copied(const char *line, struct rewind_progress *progress)
{
    uint64_t done;
    uint64_t total;

    line = line_read_number(line + strspn(line, " "), UINT64_MAX, &done);
    if (line == NULL || *line != '/') {
        return -1;
    }
    line = line_read_number(line + 1, UINT64_MAX, &total);
    if (line == NULL || line_after(line, " kB (") == NULL || done > total) {
        return -1;
    }
    progress->phase = REWIND_PHASE_COPYING;
    progress->done_kb = done;
    progress->total_kb = total;
    return 0;
}

/* `53 MB (total source directory size is 75 MB)` */
static int
read_size(const char *text, struct rewind_progress *progress)
{
    uint64_t size;
    const char *rest = line_read_number(text, UINT64_MAX / 1024, &size);

    if (rest == NULL || line_after(rest, " MB (") == NULL) {
        return -1;
    }
    progress->phase = REWIND_PHASE_COPYING;
    progress->total_kb = size * 1024;
    return 0;
}

/* Lines that begin a phase, whatever follows. */
static enum rewind_phase
phase_of(const char *line)
{
    static const struct {
        const char *words;
        enum rewind_phase phase;
    } table[] = {
        { "connected to server", REWIND_PHASE_LOOKING },
        { "reading source file list", REWIND_PHASE_LOOKING },
        { "reading target file list", REWIND_PHASE_LOOKING },
        { "reading WAL in target", REWIND_PHASE_LOOKING },
        { "creating backup label", REWIND_PHASE_SYNCING },
        { "syncing target data directory", REWIND_PHASE_SYNCING },
        { "Done!", REWIND_PHASE_DONE },
    };

    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        if (line_after(line, table[i].words) != NULL) {
            return table[i].phase;
        }
    }
    return REWIND_PHASE_NONE;
}

int
rewind_progress_take(const char *line, struct rewind_progress *progress)
{
    const char *said = line_after(line, PROGRAM);
    enum rewind_phase phase;
    const char *rest;

    said = said != NULL ? said : line;      /* before version 12 */
    rest = line_after(said, "servers diverged at WAL location ");
    if (rest != NULL) {
        return read_position(rest, &progress->fork) == 0;
    }
    rest = line_after(said, "rewinding from last common checkpoint at ");
    if (rest != NULL) {
        return read_position(rest, &progress->from) == 0;
    }
    rest = line_after(said, "need to copy ");
    if (rest != NULL) {
        return read_size(rest, progress) == 0;
    }
    phase = phase_of(said);
    if (phase == REWIND_PHASE_NONE) {
        return read_copied(said, progress) == 0;
    }
    progress->phase = phase;
    return 1;
}
