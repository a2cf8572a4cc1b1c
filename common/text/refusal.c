/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The clients' address: its words, and the table that refuses what strays. */

#include "refusal.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define PORT_MAX 65535
#define SPACE " \t"

/* An address's text and its port; the longest address has 45 characters. */
#define ADDRESS_SIZE 64

struct target {
    char address[ADDRESS_SIZE];
    int family;
    int port;               /* 0: none was given */
};

static bool
is_address(int family, const char *text)
{
    unsigned char binary[sizeof(struct in6_addr)];

    return inet_pton(family, text, binary) == 1;
}

/* Digits only, to the end. Returns 0, or -1. */
static int
parse_port(const char *text, int *ret_port)
{
    size_t len = strlen(text);
    long port;

    if (len == 0 || len > 5 || strspn(text, "0123456789") != len) {
        return -1;
    }
    port = strtol(text, NULL, 10);
    if (port < 1 || port > PORT_MAX) {
        return -1;
    }
    *ret_port = (int) port;
    return 0;
}

/* Cut `[fd00::1]:5432` and `192.0.2.1:5432` in two; a bare address stays. */
static char *
cut_port(char *word)
{
    char *colon = strchr(word, ':');
    char *end;

    if (word[0] != '[') {
        if (colon == NULL || strchr(colon + 1, ':') != NULL) {
            return NULL;
        }
        *colon = '\0';
        return colon + 1;
    }
    end = strchr(word, ']');
    if (end == NULL || (end[1] != '\0' && end[1] != ':')) {
        return NULL;
    }
    *end = '\0';
    memmove(word, word + 1, (size_t) (end - word));
    return end[1] == ':' ? end + 2 : NULL;
}

static int
parse_target(const char *word, size_t len, struct target *ret_target)
{
    struct target target;
    const char *port;

    memset(&target, 0, sizeof(target));
    if (len >= sizeof(target.address)) {
        return -1;
    }
    memcpy(target.address, word, len);
    port = cut_port(target.address);
    if (port != NULL && parse_port(port, &target.port) != 0) {
        return -1;
    }
    target.family = strchr(target.address, ':') != NULL ? AF_INET6 : AF_INET;
    if (!is_address(target.family, target.address)) {
        return -1;
    }
    *ret_target = target;
    return 0;
}

int
refusal_check(const char *addresses, struct text *problem)
{
    struct target target;
    unsigned count = 0;

    for (const char *word = addresses + strspn(addresses, SPACE);
         *word != '\0'; word += strspn(word, SPACE)) {
        size_t len = strcspn(word, SPACE);

        if (parse_target(word, len, &target) != 0) {
            text_add(problem,
                     "parameter client_address: write 192.0.2.1, "
                     "192.0.2.1:5432, fd00::1 or [fd00::1]:5432: '%.*s' is no "
                     "address",
                     (int) (len < ADDRESS_SIZE ? len : ADDRESS_SIZE), word);
            return -1;
        }
        if (++count > REFUSAL_ADDRESSES_MAX) {
            text_add(problem, "parameter client_address has more than %d "
                     "addresses; name those that programs use",
                     REFUSAL_ADDRESSES_MAX);
            return -1;
        }
        word += len;
    }
    return 0;
}

/* FNV-1a: not against an adversary, only to tell one text from another. */
static uint64_t
checksum(const char *text)
{
    uint64_t sum = 0xcbf29ce484222325u;

    for (; *text != '\0'; text++) {
        sum = (sum ^ (unsigned char) *text) * 0x100000001b3u;
    }
    return sum;
}

void
refusal_table_name(const char *resource, char ret_name[REFUSAL_TABLE_SIZE])
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyz"
                                "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
    struct text name;

    text_init(&name, ret_name, REFUSAL_TABLE_SIZE);
    text_add(&name, "pgward-");
    if (resource[strspn(resource, plain)] == '\0') {
        text_add(&name, "%s", resource);
        return;
    }
    for (const char *c = resource; *c != '\0'; c++) {
        text_add_bytes(&name, strchr(plain, *c) != NULL ? c : "_", 1);
    }
    text_add(&name, "-%016" PRIx64, checksum(resource));
}

/* The elements of one family's set, with commas; returns how many. */
static unsigned
write_elements(const char *addresses, int family, int port, unsigned expire_s,
               struct text *script)
{
    struct target target;
    unsigned count = 0;

    for (const char *word = addresses + strspn(addresses, SPACE);
         *word != '\0'; word += strspn(word, SPACE)) {
        size_t len = strcspn(word, SPACE);

        if (parse_target(word, len, &target) == 0
            && target.family == family) {
            text_add(script, "%s%s . %d", count++ > 0 ? ", " : "",
                     target.address, target.port != 0 ? target.port : port);
            if (expire_s > 0) {
                text_add(script, " timeout %us", expire_s);
            }
        }
        word += len;
    }
    return count;
}

/* One family's set; false, and nothing written, where it has no address. */
static bool
write_set(const char *addresses, int family, int port, unsigned expire_s,
          struct text *script)
{
    char buf[REFUSAL_SCRIPT_SIZE];
    struct text elements;

    text_init(&elements, buf, sizeof(buf));
    if (write_elements(addresses, family, port, expire_s, &elements) == 0) {
        return false;
    }
    text_add(script, " set ipv%d { type ipv%d_addr . inet_service; "
             "flags timeout; elements = { %s } }\n",
             family == AF_INET ? 4 : 6, family == AF_INET ? 4 : 6, buf);
    return true;
}

/*
 * The address is not of this node, and a packet to it would leave through the
 * interface by which it came: so it came here for an old entry in a table of
 * neighbours. What this node routes for others goes on to another interface.
 * With br_netfilter what a bridge passes on comes by here as well, and looks
 * the same: hence none that came by a bridge.
 */
static void
write_rule(const char *protocol, int version, struct text *script)
{
    text_add(script, "  %s daddr . tcp dport @ipv%d fib daddr type != local "
             "fib daddr . iif oif exists meta iifkind != \"bridge\" "
             "reject with tcp reset\n", protocol, version);
}

void
refusal_write(const char *resource, const char *addresses, int port,
              unsigned expire_s, struct text *script,
              struct refusal_table *ret_table)
{
    char sets[REFUSAL_SCRIPT_SIZE];
    char rules[REFUSAL_SCRIPT_SIZE];
    struct text set;
    struct text rule;

    struct text chain;

    memset(ret_table, 0, sizeof(*ret_table));
    refusal_table_name(resource, ret_table->name);
    text_init(&set, sets, sizeof(sets));
    text_init(&rule, rules, sizeof(rules));
    if (write_set(addresses, AF_INET, port, expire_s, &set)) {
        write_rule("ip", 4, &rule);
        ret_table->rules++;
    }
    if (write_set(addresses, AF_INET6, port, expire_s, &set)) {
        write_rule("ip6", 6, &rule);
        ret_table->rules++;
    }
    text_init(&chain, ret_table->chain, sizeof(ret_table->chain));
    text_add(&chain, "refuse-%016" PRIx64, checksum(sets) ^ checksum(rules));
    text_add(script,
             "add table inet %s\n"
             "delete table inet %s\n"
             "table inet %s {\n%s chain %s {\n"
             "  type filter hook prerouting priority 0; policy accept;\n"
             "%s }\n}\n",
             ret_table->name, ret_table->name, ret_table->name, sets,
             ret_table->chain, rules);
}
