/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table that refuses strays: looked for through netlink, made by nft. */

#include "nftables.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cleanup.h"
#include "clock.h"
#include "files.h"
#include "line.h"
#include "refusal.h"
#include "report.h"
#include "spawn.h"

#define NFT "/usr/sbin/nft"

/* It takes some 10 ms, and no action is held up for longer than this. */
#define NFT_MS 2000

#define ATTRS_SIZE 1024
#define OUTPUT_SIZE 1024
#define MEMORY_SIZE 64
#define FILE_MODE 0600

struct message {
    struct nlmsghdr head;
    struct nfgenmsg family;
    unsigned char attrs[ATTRS_SIZE];
};

/* Both names are shorter than a quarter of the room for attributes. */
static void
add_name(struct message *message, uint16_t type, const char *name)
{
    size_t size = strlen(name) + 1;
    struct nlattr attr = { .nla_len = (uint16_t) (NLA_HDRLEN + size),
                           .nla_type = type };
    unsigned char *end = (unsigned char *) message + message->head.nlmsg_len;

    memcpy(end, &attr, sizeof(attr));
    memcpy(end + NLA_HDRLEN, name, size);
    message->head.nlmsg_len += (uint32_t) NLA_ALIGN(attr.nla_len);
}

/* Send a question and take its answer. Returns 0, or a negative errno. */
static int
ask(struct message *message)
{
    CLEANUP(close_fd) int fd = -1;
    int32_t error;
    ssize_t len;

    fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);
    if (fd < 0
        || send(fd, message, message->head.nlmsg_len, 0) < 0) {
        return -errno;
    }
    /* the kernel answers before send() returns */
    len = recv(fd, message, sizeof(*message), MSG_DONTWAIT);
    if (len < (ssize_t) (NLMSG_HDRLEN + sizeof(error))) {
        return len < 0 ? -errno : -EBADMSG;
    }
    if (message->head.nlmsg_type == NLMSG_ERROR) {
        memcpy(&error, &message->family, sizeof(error));
        return error < 0 ? error : -EBADMSG;
    }
    message->head.nlmsg_len = (uint32_t) len;
    return 0;
}

static void
begin(struct message *message, uint16_t question)
{
    memset(message, 0, sizeof(*message));
    message->head.nlmsg_len = offsetof(struct message, attrs);
    message->head.nlmsg_type =
        (uint16_t) (NFNL_SUBSYS_NFTABLES << 8 | question);
    message->head.nlmsg_flags = NLM_F_REQUEST;
    message->family.nfgen_family = NFPROTO_INET;
    message->family.version = NFNETLINK_V0;
}

/* A number of the answer; -1: it is not there. */
static int64_t
find_number(const struct message *message, uint16_t type)
{
    size_t len = message->head.nlmsg_len - offsetof(struct message, attrs);
    struct nlattr attr;
    uint32_t value;

    for (size_t at = 0; at + NLA_HDRLEN + sizeof(value) <= len;
         at += NLA_ALIGN(attr.nla_len)) {
        memcpy(&attr, message->attrs + at, sizeof(attr));
        if (attr.nla_len < NLA_HDRLEN) {
            break;
        }
        if (attr.nla_type == type) {
            memcpy(&value, message->attrs + at + NLA_HDRLEN, sizeof(value));
            return ntohl(value);
        }
    }
    return -1;
}

/* The chain's name tells what it was made of, and it has all of its rules. */
static enum refusal_state
look(const struct refusal_table *table)
{
    struct message message;
    int rc;

    begin(&message, NFT_MSG_GETCHAIN);
    add_name(&message, NFTA_CHAIN_TABLE, table->name);
    add_name(&message, NFTA_CHAIN_NAME, table->chain);
    rc = ask(&message);
    if (rc == 0 && find_number(&message, NFTA_CHAIN_USE) == table->rules) {
        return REFUSAL_SET;
    }
    if (rc != 0 && rc != -ENOENT) {
        return REFUSAL_UNKNOWN;
    }
    begin(&message, NFT_MSG_GETTABLE);
    add_name(&message, NFTA_TABLE_NAME, table->name);
    rc = ask(&message);
    return rc == 0 ? REFUSAL_OTHER
           : rc == -ENOENT ? REFUSAL_GONE : REFUSAL_UNKNOWN;
}

static void
write_script(const struct instance *instance, unsigned expire_s,
             struct text *script, struct refusal_table *ret_table)
{
    refusal_write(instance->resource, instance->params.client_address,
                  instance->params.pgport, expire_s, script, ret_table);
}

/* `CHAIN MS`: what was made last, or could not be, and when; 0: it was. */
static void
remember(const struct instance *instance, const char *chain, int64_t failed)
{
    char path[PATH_SIZE];
    char buf[MEMORY_SIZE];
    struct text text;

    text_init(&text, buf, sizeof(buf));
    text_add(&text, "%s %" PRId64 "\n", chain, failed);
    if (files_write(instance_run_path(instance, "refusal", path), buf,
                    text.len, FILE_MODE) != 0) {
        report_log(LOG_WARNING, "could not write '%s': %m", path);
    }
}

/*
 * Was a table made, or tried, since the boot? The failure of another table
 * than the one that is wanted now is none.
 */
static bool
recall(const struct instance *instance, const char *chain,
       uint32_t *ret_failed_ms)
{
    uint64_t now_ms = (uint64_t) clock_now_ms();
    char path[PATH_SIZE];
    char buf[MEMORY_SIZE];
    uint64_t then_ms = 0;
    size_t word;
    size_t len;

    *ret_failed_ms = 0;
    if (files_read(instance_run_path(instance, "refusal", path), buf,
                   sizeof(buf), &len) != 0) {
        return false;
    }
    word = strcspn(buf, " ");
    if (buf[word] == ' ' && word == strlen(chain)
        && memcmp(buf, chain, word) == 0
        && line_read_number(buf + word + 1, now_ms, &then_ms) != NULL
        && then_ms > 0) {
        *ret_failed_ms = now_ms - then_ms < UINT32_MAX
                         ? (uint32_t) (now_ms - then_ms) + 1 : UINT32_MAX;
    }
    return true;
}

void
nftables_observe(const struct instance *instance, struct refusal *ret_refusal)
{
    char buf[REFUSAL_SCRIPT_SIZE];
    struct refusal_table table;
    struct text script;
    bool made;

    text_init(&script, buf, sizeof(buf));
    write_script(instance, 0, &script, &table);
    memset(ret_refusal, 0, sizeof(*ret_refusal));
    made = recall(instance, table.chain, &ret_refusal->failed_ms);
    ret_refusal->state =
        !made && instance->params.client_address[0] == '\0'
        ? REFUSAL_GONE : look(&table);
}

/* The first line says it all; the others show where in the commands. */
static int
run_nft(const struct instance *instance, const char *option,
        const char *script, struct text *why)
{
    const char *argv[] = { NFT, option != NULL ? option : script,
                           option != NULL ? script : NULL, NULL };
    int64_t limit_ms = clock_now_ms() + NFT_MS;
    char output[OUTPUT_SIZE] = "";
    struct spawn_request request = {
        .argv = argv,
        .deadline_ms = limit_ms < instance->deadline_ms
                       ? limit_ms : instance->deadline_ms,
        .ret_output = output,
        .output_size = sizeof(output),
    };
    int status;

    if (spawn_run(&request, &status) != 0) {
        text_add(why, "install nftables, or unset client_address: could not "
                 "run '" NFT "': %s", strerror(errno));
        return -1;
    }
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        text_add(why, "it takes nftables 0.9.8 and Linux 5.9 (or unset "
                 "client_address): nft says '%.*s'",
                 (int) strcspn(output, "\n"), output);
        return -1;
    }
    return 0;
}

void
nftables_try(const struct instance *instance, struct refusal *refusal)
{
    char buf[REFUSAL_SCRIPT_SIZE];
    struct refusal_table table;
    struct text script;
    struct text why;

    if (instance->params.client_address[0] == '\0' || geteuid() != 0) {
        return;
    }
    text_init(&script, buf, sizeof(buf));
    write_script(instance, 0, &script, &table);
    text_init(&why, refusal->why, sizeof(refusal->why));
    refusal->possible = run_nft(instance, "-c", buf, &why) == 0 ? TRI_YES
                                                                : TRI_NO;
}

int
nftables_create(const struct instance *instance, unsigned expire_s,
                struct text *why)
{
    char buf[REFUSAL_SCRIPT_SIZE];
    struct refusal_table table;
    struct text script;
    int rc;

    text_init(&script, buf, sizeof(buf));
    write_script(instance, expire_s, &script, &table);
    rc = run_nft(instance, NULL, buf, why);
    remember(instance, table.chain, rc == 0 ? 0 : clock_now_ms());
    return rc;
}

int
nftables_drop(const struct instance *instance, struct text *why)
{
    char path[PATH_SIZE];
    char buf[REFUSAL_SCRIPT_SIZE];
    struct refusal_table table;
    struct text script;

    text_init(&script, buf, sizeof(buf));
    write_script(instance, 0, &script, &table);
    text_init(&script, buf, sizeof(buf));
    text_add(&script, "add table inet %s\ndelete table inet %s\n", table.name,
             table.name);
    if (run_nft(instance, NULL, buf, why) != 0) {
        remember(instance, table.chain, clock_now_ms());
        return -1;
    }
    (void) unlink(instance_run_path(instance, "refusal", path));
    return 0;
}
