/* SPDX-License-Identifier: GPL-2.0-or-later */
/* This node's own files inside PGDATA: which they are. */

#include "own_list.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cleanup.h"
#include "config_refs.h"
#include "files.h"
#include "line.h"

#define CONFIG_SIZE (1024 * 1024)
#define QUEUE_MAX OWN_LIST_MAX
#define LINE_SIZE (2 * PATH_SIZE + 128)

/* What the text of a file that is to be read is like. */
enum syntax {
    SYNTAX_SETTINGS = 0,
    SYNTAX_AUTH,
};

struct collect {
    char pgdata[PATH_MAX];      /* without links */
    struct own_list *list;
    size_t queued;
    size_t done;
    struct {
        char path[PATH_SIZE];
        enum syntax syntax;
    } queue[QUEUE_MAX];
    char bytes[CONFIG_SIZE];
    const char *full;           /* the first name that there was no room for */
};

/* `path` with its folder's links followed; of what is not there, as it is. */
static int
resolve(const char *path, char *ret_path)
{
    char folder[PATH_SIZE];
    char real[PATH_MAX];
    const char *slash = strrchr(path, '/');
    struct text text;

    if (slash == NULL || slash[1] == '\0' || strcmp(slash, "/..") == 0
        || strcmp(slash, "/.") == 0
        || (size_t) (slash - path) >= sizeof(folder)) {
        return -1;
    }
    memcpy(folder, path, (size_t) (slash - path));
    folder[slash - path] = '\0';
    text_init(&text, ret_path, PATH_SIZE);
    if (realpath(folder[0] == '\0' ? "/" : folder, real) != NULL) {
        text_add(&text, "%s%s", strcmp(real, "/") == 0 ? "" : real, slash);
    } else if (strstr(path, "/../") == NULL) {
        text_add(&text, "%s", path);
    }
    return text.overflow || text.len == 0 ? -1 : 0;
}

/* What of `path` lies below `folder`, or NULL. */
static const char *
below(const char *folder, const char *path)
{
    size_t len = strlen(folder);

    return strncmp(path, folder, len) == 0 && path[len] == '/'
           ? path + len + 1 : NULL;
}

bool
own_list_is_inside(const char *folder, const char *path)
{
    char real_folder[PATH_MAX];
    char real[PATH_MAX];

    return realpath(folder, real_folder) != NULL
           && realpath(path, real) != NULL
           && (strcmp(real_folder, real) == 0
               || below(real_folder, real) != NULL);
}

const struct own_file *
own_list_find(const struct own_list *list, const char *path)
{
    for (size_t i = 0; i < list->count; i++) {
        if (strcmp(list->file[i].path, path) == 0) {
            return &list->file[i];
        }
    }
    return NULL;
}

/* What stands at `path`; false: nothing that is ours to keep. */
static bool
examine(const char *path, enum own_kind folder_kind, struct own_file *file)
{
    struct stat info;
    ssize_t len;

    if (lstat(path, &info) != 0) {
        file->kind = OWN_ABSENT;
        return errno == ENOENT || errno == ENOTDIR;
    }
    file->mode = info.st_mode & 0777;
    file->uid = info.st_uid;
    file->gid = info.st_gid;
    if (S_ISREG(info.st_mode)) {
        file->kind = OWN_FILE;
        file->has_bytes = true;
        return true;
    }
    if (S_ISDIR(info.st_mode)) {
        file->kind = folder_kind;
        return folder_kind != OWN_NONE;
    }
    if (!S_ISLNK(info.st_mode)) {
        return false;
    }
    len = readlink(path, file->link, sizeof(file->link));
    if (len < 0 || len == (ssize_t) sizeof(file->link)) {
        return false;
    }
    file->link[len] = '\0';
    file->kind = OWN_LINK;
    file->has_bytes = stat(path, &info) == 0 && S_ISREG(info.st_mode);
    return true;
}

/* Note a file that lies inside PGDATA; all others are nobody's business. */
static void
note(struct collect *collect, const char *path, enum own_kind folder_kind)
{
    struct own_list *list = collect->list;
    const char *rest = below(collect->pgdata, path);
    struct own_file file = { .kind = OWN_NONE };

    if (rest == NULL || own_list_find(list, rest) != NULL
        || !examine(path, folder_kind, &file)) {
        return;
    }
    if (list->count == OWN_LIST_MAX
        || text_copy(rest, file.path, sizeof(file.path)) != 0) {
        collect->full = "files";
        return;
    }
    list->file[list->count++] = file;
}

/* Have a file's text looked through, once. */
static void
enqueue(struct collect *collect, const char *path, enum syntax syntax)
{
    for (size_t i = 0; i < collect->queued; i++) {
        if (strcmp(collect->queue[i].path, path) == 0) {
            return;
        }
    }
    if (collect->queued == QUEUE_MAX
        || text_copy(path, collect->queue[collect->queued].path, PATH_SIZE)
               != 0) {
        collect->full = "includes";
        return;
    }
    collect->queue[collect->queued++].syntax = syntax;
}

static bool
is_config_name(const char *name)
{
    size_t len = strlen(name);

    return name[0] != '.' && len > 5 && strcmp(name + len - 5, ".conf") == 0;
}

static void
note_folder(struct collect *collect, const char *path, enum own_kind kind,
            enum syntax syntax)
{
    CLEANUP(close_folder) DIR *folder = opendir(path);
    const struct dirent *entry;

    note(collect, path, kind);
    while (folder != NULL && (entry = readdir(folder)) != NULL) {
        char file[PATH_SIZE];
        char real[PATH_SIZE];
        struct text text;

        text_init(&text, file, sizeof(file));
        text_add(&text, "%s/%s", path, entry->d_name);
        if (text.overflow || resolve(file, real) != 0
            || (kind == OWN_FOLDER && !is_config_name(entry->d_name))) {
            continue;
        }
        note(collect, real, OWN_NONE);
        if (kind == OWN_FOLDER) {
            enqueue(collect, real, syntax);
        }
    }
}

/* `name` from where it counts: beside the file that names it, or PGDATA. */
static int
locate(const struct collect *collect, enum config_ref kind, const char *name,
       char *ret_path)
{
    const char *from = collect->queue[collect->done].path;
    bool beside = kind == CONFIG_REF_INCLUDE || kind == CONFIG_REF_FOLDER
                  || kind == CONFIG_REF_WORDS;
    char path[PATH_SIZE];
    struct text text;

    text_init(&text, path, sizeof(path));
    if (name[0] == '/') {
        text_add(&text, "%s", name);
    } else if (beside) {
        text_add_bytes(&text, from, (size_t) (strrchr(from, '/') - from) + 1);
        text_add(&text, "%s", name);
    } else {
        text_add(&text, "%s/%s", collect->pgdata, name);
    }
    return text.overflow ? -1 : resolve(path, ret_path);
}

static void
found(void *context, enum config_ref kind, const char *name)
{
    struct collect *collect = context;
    enum syntax syntax = collect->queue[collect->done].syntax;
    char path[PATH_SIZE];

    if (locate(collect, kind, name, path) != 0) {
        return;     /* the server could not open it either */
    }
    switch (kind) {
        case CONFIG_REF_NONE:
            break;
        case CONFIG_REF_INCLUDE:
            note(collect, path, OWN_NONE);
            enqueue(collect, path, syntax);
            break;
        case CONFIG_REF_WORDS:
        case CONFIG_REF_AUTH:
            note(collect, path, OWN_NONE);
            enqueue(collect, path, SYNTAX_AUTH);
            break;
        case CONFIG_REF_FILE:
            note(collect, path, OWN_NONE);
            break;
        case CONFIG_REF_FOLDER:
            note_folder(collect, path, OWN_FOLDER, syntax);
            break;
        case CONFIG_REF_FILES:
            note_folder(collect, path, OWN_FOLDER_ALL, syntax);
            break;
    }
}

static void
look_through(struct collect *collect)
{
    for (; collect->done < collect->queued; collect->done++) {
        const char *path = collect->queue[collect->done].path;
        size_t len;

        if (files_read(path, collect->bytes, sizeof(collect->bytes), &len)
            != 0) {
            continue;       /* saving it says so, where it is ours */
        }
        if (collect->queue[collect->done].syntax == SYNTAX_SETTINGS) {
            config_refs_of_settings(collect->bytes, found, collect);
        } else {
            config_refs_of_auth(collect->bytes, found, collect);
        }
    }
}

/* Where it all begins, and what the server takes by default. */
static void
begin(struct collect *collect, const struct params *params)
{
    static const struct {
        const char *name;
        bool is_read;
        enum syntax syntax;
    } known[] = {
        { "postgresql.conf", true, SYNTAX_SETTINGS },
        { "postgresql.auto.conf", true, SYNTAX_SETTINGS },
        { "pg_hba.conf", true, SYNTAX_AUTH },
        { "pg_ident.conf", true, SYNTAX_AUTH },
        { "server.crt", false, SYNTAX_SETTINGS },
        { "server.key", false, SYNTAX_SETTINGS },
    };
    char path[PATH_SIZE];
    struct text text;

    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        text_init(&text, path, sizeof(path));
        text_add(&text, "%s/%s", collect->pgdata, known[i].name);
        note(collect, path, OWN_NONE);
        if (known[i].is_read) {
            enqueue(collect, path, known[i].syntax);
        }
    }
    if (resolve(params->config, path) == 0) {
        note(collect, path, OWN_NONE);
        enqueue(collect, path, SYNTAX_SETTINGS);
    }
}

static void
free_collect(struct collect **collect)
{
    free(*collect);
}

int
own_list_collect(const struct params *params, struct own_list *ret_list,
                 struct text *ret_why)
{
    CLEANUP(free_collect)
    struct collect *collect = calloc(1, sizeof(struct collect));

    ret_list->count = 0;
    if (collect == NULL || realpath(params->pgdata, collect->pgdata) == NULL) {
        text_add(ret_why, "look at '%s': %s", params->pgdata,
                 strerror(errno));
        return -1;
    }
    collect->list = ret_list;
    begin(collect, params);
    look_through(collect);
    if (collect->full != NULL) {
        text_add(ret_why, "use fewer files: the configuration names more than "
                 "%d %s", OWN_LIST_MAX, collect->full);
        return -1;
    }
    return 0;
}

/* --- on disk ------------------------------------------------------------- */

static const char *const kind_words[] = {
    [OWN_NONE] = "none",
    [OWN_FILE] = "file",
    [OWN_LINK] = "link",
    [OWN_ABSENT] = "absent",
    [OWN_FOLDER] = "folder",
    [OWN_FOLDER_ALL] = "all",
};

/* The first line names PGDATA; a name that would break a line is refused. */
int
own_list_write(const char *path, const char *pgdata,
               const struct own_list *list)
{
    size_t size = (list->count + 1) * LINE_SIZE;
    CLEANUP(free_text) char *bytes = malloc(size);
    struct text text;

    if (bytes == NULL) {
        return -1;
    }
    text_init(&text, bytes, size);
    text_add(&text, "%s\n", pgdata);
    for (size_t i = 0; i < list->count; i++) {
        const struct own_file *file = &list->file[i];

        if (strpbrk(file->path, "\t\n") != NULL
            || strpbrk(file->link, "\t\n") != NULL) {
            errno = EINVAL;
            return -1;
        }
        text_add(&text, "%s\t%u\t%u\t%u\t%d\t%s\t%s\n",
                 kind_words[file->kind], (unsigned) file->mode,
                 (unsigned) file->uid, (unsigned) file->gid, file->has_bytes,
                 file->path, file->link);
    }
    if (text.overflow) {
        errno = ENAMETOOLONG;
        return -1;
    }
    return files_write(path, text.buf, text.len, 0600);
}

static enum own_kind
read_kind(const char *word)
{
    for (enum own_kind kind = OWN_FILE; kind <= OWN_FOLDER_ALL; kind++) {
        if (strcmp(word, kind_words[kind]) == 0) {
            return kind;
        }
    }
    return OWN_NONE;
}

static int
read_number(char **rest, uint64_t max, uint64_t *ret_number)
{
    const char *word = strsep(rest, "\t");
    const char *end = word == NULL
                      ? NULL : line_read_number(word, max, ret_number);

    return end != NULL && *end == '\0' ? 0 : -1;
}

/* A path that leads out of PGDATA is none that we wrote. */
static bool
is_below(const char *path)
{
    return path[0] != '\0' && path[0] != '/' && strcmp(path, "..") != 0
           && strncmp(path, "../", 3) != 0 && strstr(path, "/../") == NULL;
}

static int
read_file_line(char *line, struct own_file *ret_file)
{
    struct own_file file = { .kind = read_kind(strsep(&line, "\t")) };
    uint64_t number[4];
    const char *path;

    for (size_t i = 0; i < 4; i++) {
        if (read_number(&line, i == 0 ? 0777 : UINT32_MAX, &number[i]) != 0) {
            return -1;
        }
    }
    file.mode = (mode_t) number[0];
    file.uid = (uid_t) number[1];
    file.gid = (gid_t) number[2];
    file.has_bytes = number[3] == 1;
    path = strsep(&line, "\t");
    if (file.kind == OWN_NONE || path == NULL || line == NULL
        || !is_below(path)
        || text_copy(path, file.path, sizeof(file.path)) != 0
        || text_copy(line, file.link, sizeof(file.link)) != 0) {
        return -1;
    }
    *ret_file = file;
    return 0;
}

int
own_list_read(const char *path, const char *pgdata, struct own_list *ret_list)
{
    size_t size = (OWN_LIST_MAX + 1) * LINE_SIZE;
    CLEANUP(free_text) char *bytes = malloc(size);
    char *rest = bytes;
    char *line;
    size_t len;

    ret_list->count = 0;
    if (bytes == NULL || files_read(path, bytes, size, &len) != 0) {
        return -1;
    }
    line = strsep(&rest, "\n");
    errno = EINVAL;
    if (strcmp(line, pgdata) != 0) {
        return -1;
    }
    while ((line = strsep(&rest, "\n")) != NULL && line[0] != '\0') {
        if (ret_list->count == OWN_LIST_MAX
            || read_file_line(line, &ret_list->file[ret_list->count]) != 0) {
            return -1;
        }
        ret_list->count++;
    }
    return 0;
}
