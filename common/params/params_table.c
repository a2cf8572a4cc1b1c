/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Every parameter: parsing, meta-data and the manual all read this table. */

#include "params.h"

#include <limits.h>

#define FIELD(name) offsetof(struct params, name)

const char *const rep_mode_words[] = {
    [REP_MODE_NONE] = "none",
    [REP_MODE_ASYNC] = "async",
    [REP_MODE_SYNC] = "sync",
    [REP_MODE_SLAVE] = "slave",
    NULL,
};

static const char *const sync_mode_words[] = {
    [SYNC_MODE_PRIORITY] = "priority",
    [SYNC_MODE_QUORUM] = "quorum",
    NULL,
};

static const char *const rejoin_words[] = {
    [REJOIN_BY_HAND] = "manual",
    [REJOIN_BY_REWIND] = "rewind",
    [REJOIN_BY_REBUILD] = "rebuild",
    NULL,
};

/* In the order of `struct params`; long texts are wrapped for a terminal. */
const struct param_spec params_table[] = {
    {
        .name = "pgctl",
        .type = PARAM_STRING,
        .default_text = "/usr/bin/pg_ctl",
        .shortdesc = "path of pg_ctl",
        .longdesc =
            "Path of pg_ctl. The agent runs it to start the server, and\n"
            "looks for postgres and pg_controldata beside it. Debian has\n"
            "it in /usr/lib/postgresql/VERSION/bin.",
        .offset = FIELD(pgctl),
        .restarts = true,
    },
    {
        .name = "psql",
        .type = PARAM_STRING,
        .default_text = "/usr/bin/psql",
        .shortdesc = "path of psql (not used)",
        .longdesc =
            "Path of psql. Accepted so that a configuration of the shell\n"
            "agent works as it is; this agent talks to the server itself\n"
            "and never runs psql.",
        .offset = FIELD(psql),
    },
    {
        .name = "pgdata",
        .type = PARAM_STRING,
        .default_text = "/var/lib/pgsql/data",
        .shortdesc = "data directory",
        .longdesc =
            "The data directory of the server. It may be missing on a\n"
            "node during a probe (shared storage), but not when the\n"
            "server is to start.",
        .offset = FIELD(pgdata),
        .restarts = true,
    },
    {
        .name = "pgdba",
        .type = PARAM_STRING,
        .default_text = "postgres",
        .shortdesc = "user that owns the server",
        .longdesc =
            "The operating system user that owns the data directory and\n"
            "runs the server. Unless monitor_user is set the agent also\n"
            "logs in as this role, over the local socket, so pg_hba.conf\n"
            "needs \"local all postgres peer\" or better.",
        .offset = FIELD(pgdba),
        .restarts = true,
    },
    {
        .name = "pghost",
        .type = PARAM_STRING,
        .default_text = "",
        .shortdesc = "host the agent connects to",
        .longdesc =
            "Host name, address or socket directory at which the agent\n"
            "reaches the local server. Leave it out to use the local\n"
            "socket, which keeps working when addresses move.",
        .offset = FIELD(pghost),
    },
    {
        .name = "pgport",
        .type = PARAM_PORT,
        .default_text = "5432",
        .shortdesc = "port of the server",
        .longdesc =
            "Port of the server, for the agent's own connection and, in\n"
            "primary_conninfo, for standbys that connect to the primary:\n"
            "use the same port on every node.",
        .offset = FIELD(pgport),
        .restarts = true,
        .min = 1,
        .max = 65535,
    },
    {
        .name = "pglibs",
        .type = PARAM_STRING,
        .default_text = "/usr/lib",
        .shortdesc = "folder of the PostgreSQL libraries",
        .longdesc =
            "Folder of shared libraries that pg_ctl and the server need,\n"
            "put in front of LD_LIBRARY_PATH for them. Needed only where\n"
            "PostgreSQL was installed outside of the system's folders.",
        .offset = FIELD(pglibs),
        .restarts = true,
    },
    {
        .name = "start_opt",
        .type = PARAM_STRING,
        .default_text = "",
        .shortdesc = "options of the server",
        .longdesc =
            "Options for the server itself (pg_ctl -o), for example \"-p\n"
            "5433\". Quoting is that of the shell. An option given here\n"
            "beats postgresql.conf, so keep what the agent manages\n"
            "(synchronous_standby_names, primary_conninfo,\n"
            "hot_standby=off) out of it.",
        .offset = FIELD(start_opt),
        .restarts = true,
    },
    {
        .name = "ctl_opt",
        .type = PARAM_STRING,
        .default_text = "",
        .shortdesc = "options of pg_ctl",
        .longdesc =
            "More options for pg_ctl when it starts the server. Quoting\n"
            "is that of the shell. Waiting is the agent's business: -w,\n"
            "-W and -t change nothing.",
        .offset = FIELD(ctl_opt),
        .restarts = true,
    },
    {
        .name = "config",
        .type = PARAM_STRING,
        .default_text = "",
        .shortdesc = "configuration file",
        .longdesc =
            "The server's main configuration file. Unset, it is\n"
            "postgresql.conf in the data directory; Debian keeps it in\n"
            "/etc/postgresql/VERSION/CLUSTER/postgresql.conf. In\n"
            "replication modes the agent adds one include line for each\n"
            "file of its own in tmpdir, and takes it out when it is not\n"
            "needed; nothing else is changed.",
        .offset = FIELD(config),
        .restarts = true,
    },
    {
        .name = "pgdb",
        .type = PARAM_STRING,
        .default_text = "template1",
        .shortdesc = "database the agent connects to",
        .longdesc =
            "The database that the agent connects to, which is also where\n"
            "monitor_sql runs. CREATE DATABASE from template1 fails while\n"
            "somebody is connected to it: name another database, such as\n"
            "postgres, if that bothers you.",
        .offset = FIELD(pgdb),
    },
    {
        .name = "logfile",
        .type = PARAM_STRING,
        .default_text = "/dev/null",
        .shortdesc = "where the server writes at start",
        .longdesc =
            "File that takes what the server writes to its standard\n"
            "error. With the default, the reason of a failed start is\n"
            "lost unless logging_collector is on: name a file, and the\n"
            "agent quotes its last lines when a start fails.",
        .offset = FIELD(logfile),
        .restarts = true,
    },
    {
        .name = "socketdir",
        .type = PARAM_STRING,
        .default_text = "",
        .shortdesc = "socket directory",
        .longdesc =
            "Folder of the server's Unix socket. Set it when\n"
            "unix_socket_directories in the server's configuration is not\n"
            "the one that libpq was built with. The agent makes it, owned\n"
            "by pgdba, when it is missing.",
        .offset = FIELD(socketdir),
        .restarts = true,
    },
    {
        .name = "stop_escalate",
        .type = PARAM_SECONDS,
        .default_text = "90",
        .shortdesc = "seconds until a stop gets harder",
        .longdesc =
            "How long a primary, or a server without replication, may\n"
            "take for a fast shutdown before the agent resorts to an\n"
            "immediate one, which means crash recovery at the next start.\n"
            "The agent shortens it if the stop action's timeout leaves\n"
            "less. 0 is an immediate shutdown at once. A client of\n"
            "replication that is none of the cluster's and does not\n"
            "confirm, and an archive_command that runs for 5 seconds when\n"
            "all else is done, are ended before, and the log names them.",
        .offset = FIELD(stop_escalate_s),
        .min = 0,
        .max = 86400,
    },
    {
        .name = "monitor_user",
        .type = PARAM_STRING,
        .default_text = "",
        .shortdesc = "role the agent logs in as",
        .longdesc =
            "Role that the agent logs in as, instead of pgdba. Its password\n"
            "is monitor_password, or stands in the .pgpass of pgdba. In\n"
            "replication modes it needs membership in pg_monitor. A\n"
            "server's place in an election is asked, and slots are made, as\n"
            "pgdba over the local socket, unless monitor_user has\n"
            "REPLICATION. Where the server refuses\n"
            "monitor_user, an expired password say, pgdba asks everything\n"
            "but monitor_sql, and the log says so.",
        .offset = FIELD(monitor_user),
    },
    {
        .name = "monitor_password",
        .type = PARAM_STRING,
        .default_text = "",
        .shortdesc = "password of monitor_user",
        .longdesc =
            "Password of monitor_user. It can be read by whoever can read\n"
            "the cluster's configuration, other than one in the .pgpass of\n"
            "pgdba, which counts where this is not set. Peer authentication\n"
            "as pgdba needs none.",
        .offset = FIELD(monitor_password),
    },
    {
        .name = "monitor_sql",
        .type = PARAM_STRING,
        .default_text = "select now();",
        .shortdesc = "statement that monitor runs",
        .longdesc =
            "SQL that monitor runs to see that the server works; an error\n"
            "fails the monitor. It is sent to the server as it is, so\n"
            "backslash commands of psql are refused. Keep it quick: it\n"
            "counts against the timeout of monitor.",
        .offset = FIELD(monitor_sql),
    },
    {
        .name = "check_wal_receiver",
        .type = PARAM_BOOLEAN,
        .default_text = "false",
        .shortdesc = "show the state of the WAL receiver",
        .longdesc =
            "If true, monitor shows whether this node's standby receives\n"
            "WAL, in the node attribute RESOURCE-receiver-status:\n"
            "\"normal\", \"ERROR\", or \"normal (master)\" on the primary. A\n"
            "rule of your own can act on it; the agent itself does not.",
        .offset = FIELD(check_wal_receiver),
    },
    {
        .name = "rep_mode",
        .type = PARAM_WORD,
        .words = rep_mode_words,
        .default_text = "none",
        .shortdesc = "replication mode",
        .longdesc =
            "none: a single server, no replication. async: a primary and\n"
            "standbys, and commits wait for nobody; the last ones can be\n"
            "lost in a failover. sync: as async, and commits wait for a\n"
            "synchronous standby while there is one; a standby takes over\n"
            "only if it is proved to hold every acknowledged commit.\n"
            "slave: a standby of a primary outside of this cluster. async\n"
            "and sync need a promotable clone with notify=true, node_list\n"
            "and master_ip; slave needs master_ip and must not be a\n"
            "promotable clone.",
        .offset = FIELD(rep_mode),
        .restarts = true,
    },
    {
        .name = "node_list",
        .type = PARAM_NODE_LIST,
        .default_text = "",
        .shortdesc = "nodes that may run the database",
        .longdesc =
            "Names of all nodes that may run the database, with spaces\n"
            "between them, as crm_node -n prints them. async and sync\n"
            "need it. A standby's application_name is its node's name in\n"
            "lower case and a key of the cluster, \"pm01~5f3a91c4\".",
        .offset = FIELD(node_list),
    },
    {
        .name = "restore_command",
        .type = PARAM_STRING,
        .default_text = "",
        .shortdesc = "restore_command of standbys",
        .longdesc =
            "Shell command with which a standby fetches a WAL file from\n"
            "the archive (\"cp /archive/%f %p\"). Optional: without it a\n"
            "standby has only what the primary streams, so let a\n"
            "replication slot or wal_keep_size hold that back.",
        .offset = FIELD(restore_command),
    },
    {
        .name = "archive_cleanup_command",
        .type = PARAM_STRING,
        .default_text = "",
        .shortdesc = "archive_cleanup_command of standbys",
        .longdesc =
            "Shell command that a standby runs at each restartpoint, to\n"
            "remove files from the archive that it no longer needs.\n"
            "Beware where several standbys share one archive.",
        .offset = FIELD(archive_cleanup_command),
    },
    {
        .name = "recovery_end_command",
        .type = PARAM_STRING,
        .default_text = "",
        .shortdesc = "recovery_end_command of standbys",
        .longdesc =
            "Shell command that is run once, when the recovery of a\n"
            "standby ends. The promotion waits for it.",
        .offset = FIELD(recovery_end_command),
    },
    {
        .name = "master_ip",
        .type = PARAM_STRING,
        .default_text = "",
        .shortdesc = "address of the primary for standbys",
        .longdesc =
            "Address at which a standby finds the primary; it becomes the\n"
            "host of primary_conninfo. Usually a floating address that\n"
            "another resource (IPaddr2) moves with the promoted instance.\n"
            "A name is looked up, for a second at most: while that fails, a\n"
            "standby without an upstream gets none, and one that led waits\n"
            "before it follows. Every mode but none needs it.",
        .offset = FIELD(master_ip),
    },
    {
        .name = "repuser",
        .type = PARAM_STRING,
        .default_text = "postgres",
        .shortdesc = "role that standbys connect as",
        .longdesc =
            "Role that standbys connect to the primary as. It needs the\n"
            "REPLICATION attribute and a line of its own for the database\n"
            "\"replication\" in the pg_hba.conf of every node; a password\n"
            "goes into the .pgpass of pgdba.",
        .offset = FIELD(repuser),
    },
    {
        .name = "primary_conninfo_opt",
        .type = PARAM_STRING,
        .default_text = "",
        .shortdesc = "more of primary_conninfo",
        .longdesc =
            "More connection parameters for primary_conninfo, such as\n"
            "\"keepalives_idle=60 keepalives_interval=5\n"
            "keepalives_count=5\". Not host, port, user or\n"
            "application_name, which the agent writes. It writes\n"
            "dbname=postgres, where the synchronisation of slots\n"
            "(PostgreSQL 17) logs in as repuser, and tcp_user_timeout=10000,\n"
            "so that a connection to a LAN that was cut is given up and tried\n"
            "again; another value of either comes in its place.",
        .offset = FIELD(primary_conninfo_opt),
    },
    {
        .name = "restart_on_promote",
        .type = PARAM_BOOLEAN,
        .default_text = "false",
        .shortdesc = "promote by a restart",
        .longdesc =
            "If true, a promotion restarts the server without its standby\n"
            "settings instead of promoting it, so that the timeline stays\n"
            "the same. This is slower, and nothing tells that two servers\n"
            "have parted, so a primary that comes back stays out until its\n"
            "data is copied anew: not advised.",
        .offset = FIELD(restart_on_promote),
    },
    {
        .name = "replication_slot_name",
        .type = PARAM_STRING,
        .default_text = "",
        .shortdesc = "prefix of replication slots",
        .longdesc =
            "Unset, no replication slots are used. Set, each node keeps a\n"
            "slot for each other node of node_list and\n"
            "external_standby_node_list, named PREFIX_NODE in lower case\n"
            "with \"-\" and \".\" made \"_\", and standbys use theirs on the\n"
            "primary. On a standby (PostgreSQL 11) they follow what those of\n"
            "the primary hold, so that none is missing after a failover. The\n"
            "prefix may have lower-case letters, digits and underscores;\n"
            "with another one the slots of the old one go, and with them the\n"
            "WAL of a node that is away. Other slots are left alone.\n"
            "A slot of a node that is away keeps WAL until the disk is\n"
            "full: bound it with max_slot_wal_keep_size (PostgreSQL 13),\n"
            "slot_max_wal or slot_keep.",
        .offset = FIELD(replication_slot_name),
    },
    {
        .name = "tmpdir",
        .type = PARAM_STRING,
        .default_text = "/var/lib/pgsql/tmp",
        .shortdesc = "folder for the agent's files",
        .longdesc =
            "Folder for the agent's own files on each node:\n"
            "rep_mode.conf, recovery.conf, PGSQL.lock. It belongs to\n"
            "pgdba with mode 700, has to survive a reboot, and must not\n"
            "be shared between nodes or instances.",
        .offset = FIELD(tmpdir),
        .restarts = true,
    },
    {
        .name = "xlog_check_count",
        .type = PARAM_INTEGER,
        .default_text = "3",
        .shortdesc = "checks before an election without all nodes",
        .longdesc =
            "While no primary is there, the live nodes compare their WAL\n"
            "positions. The winner is found as soon as all of them have\n"
            "answered; after this many monitors the ones that are still\n"
            "silent are not waited for.",
        .offset = FIELD(xlog_check_count),
        .min = 0,
        .max = 1000,
    },
    {
        .name = "crm_attr_timeout",
        .type = PARAM_SECONDS,
        .default_text = "5",
        .shortdesc = "seconds for one attribute",
        .longdesc =
            "How long the agent waits until the cluster has taken one\n"
            "permanent node attribute (RESOURCE-data-status).",
        .offset = FIELD(crm_attr_timeout_s),
        .min = 1,
        .max = 3600,
    },
    {
        .name = "stop_escalate_in_slave",
        .type = PARAM_SECONDS,
        .default_text = "90",
        .shortdesc = "seconds until a standby's stop gets harder",
        .longdesc =
            "As stop_escalate, for a standby. An immediate shutdown of a\n"
            "standby costs only the time of its next start.",
        .offset = FIELD(stop_escalate_in_slave_s),
        .min = 0,
        .max = 86400,
    },
    {
        .name = "external_standby_node_list",
        .type = PARAM_NODE_LIST,
        .default_text = "",
        .shortdesc = "standbys outside of the cluster",
        .longdesc =
            "application_names of standbys that this cluster does not\n"
            "manage, with spaces between them. With replication_slot_name\n"
            "set, each node keeps a slot for each of them too, named in the\n"
            "same way. They are never promoted here.",
        .offset = FIELD(external_standby_node_list),
    },
    {
        .name = "trace_file",
        .type = PARAM_STRING,
        .default_text = "",
        .shortdesc = "file that takes what the agent sees and does",
        .longdesc =
            "File to which every action appends what it observed and what\n"
            "it decided, as text, without passwords. For reports of\n"
            "defects: pgward explain FILE replays it. At 64 MB it becomes\n"
            "FILE.old, and begins anew.\n"
            "Only this agent has this parameter.",
        .offset = FIELD(trace_file),
    },
    {
        .name = "sync_mode",
        .type = PARAM_WORD,
        .words = sync_mode_words,
        .default_text = "priority",
        .shortdesc = "priority or quorum",
        .longdesc =
            "In rep_mode=sync. priority: sync_num standbys are synchronous\n"
            "and commits wait for all of them; any one of them may take\n"
            "over. quorum: commits wait for any sync_num of all standbys\n"
            "that stream, so that a slow one holds up nobody; but only\n"
            "some of them have a commit then, and a takeover needs so many\n"
            "of them alive that one has it: of N standbys at least\n"
            "N - sync_num + 1, and the newest leads.\n"
            "Only this agent has this parameter.",
        .offset = FIELD(sync_mode),
    },
    {
        .name = "sync_num",
        .type = PARAM_INTEGER,
        .default_text = "1",
        .shortdesc = "how many standbys commits wait for",
        .longdesc =
            "In rep_mode=sync: every commit waits for so many standbys;\n"
            "while fewer stream, for those. See sync_mode. In quorum mode a\n"
            "larger number counts from the next promotion on, or once\n"
            "standbys have left and come back.\n"
            "Only this agent has this parameter.",
        .offset = FIELD(sync_num),
        .min = 1,
        .max = 15,
    },
    {
        .name = "sync_strict",
        .type = PARAM_BOOLEAN,
        .default_text = "false",
        .shortdesc = "never commit without a synchronous standby",
        .longdesc =
            "In rep_mode=sync: if true, the last synchronous standby is\n"
            "never released. While it is lost and no other one streams,\n"
            "commits wait. If false, they go on without a standby once it\n"
            "is certain that the lost one cannot take over.\n"
            "Only this agent has this parameter.",
        .offset = FIELD(sync_strict),
    },
    {
        .name = "max_lag_on_promote",
        .type = PARAM_SIZE,
        .default_text = "0",
        .shortdesc = "async: WAL that a new primary may lack",
        .longdesc =
            "With rep_mode=async, a standby that is more than this behind\n"
            "the primary may not take over until it is within half of it\n"
            "again; RESOURCE-data-status says CATCHUP|ASYNC then. Bytes, or\n"
            "as 16MB; 0: no limit. The primary's monitor looks: what is\n"
            "written in one interval comes on top. Only this agent has this\n"
            "parameter.",
        .offset = FIELD(max_lag_on_promote),
        .max = LONG_MAX / 16,      /* ten times that fits, too */
    },
    {
        .name = "watch",
        .type = PARAM_BOOLEAN,
        .default_text = "true",
        .shortdesc = "report a server's death at once",
        .longdesc =
            "If true, start leaves a small process behind that waits for\n"
            "the end of the postmaster, and reports it to Pacemaker at the\n"
            "moment it dies without an action having ended it. If false,\n"
            "the next monitor finds out. See THE WATCHER below.\n"
            "Only this agent has this parameter.",
        .offset = FIELD(watch),
    },
    {
        .name = "client_address",
        .type = PARAM_STRING,
        .default_text = "",
        .shortdesc = "address of the clients, refused elsewhere",
        .longdesc =
            "The address at which clients reach the primary, as a resource\n"
            "of the cluster moves it; of IPv4 or IPv6, no name, several with\n"
            "spaces. With its port, 192.0.2.1:5432 or [fd00::1]:5432, where\n"
            "that is not pgport. A node that does not have it refuses whoever\n"
            "sends there all the same, in a table of nftables of its own:\n"
            "see THE CLIENTS' ADDRESS below.\n"
            "Only this agent has this parameter.",
        .offset = FIELD(client_address),
    },
    {
        .name = "rejoin_user",
        .type = PARAM_STRING,
        .default_text = "",
        .shortdesc = "role that reads the primary's files for a rejoin",
        .longdesc =
            "Role that pg_rewind logs in as at master_ip; unset, it is\n"
            "repuser. No superuser is needed. It needs LOGIN, a line for the\n"
            "database postgres (pgdb, where that is another one than\n"
            "template1) in the pg_hba.conf of every node, its password in\n"
            "the .pgpass of pgdba, and in that database GRANT EXECUTE ON\n"
            "FUNCTION pg_catalog.pg_ls_dir(text, boolean, boolean),\n"
            "pg_catalog.pg_stat_file(text, boolean),\n"
            "pg_catalog.pg_read_binary_file(text),\n"
            "pg_catalog.pg_read_binary_file(text, bigint, bigint, boolean),\n"
            "and from PostgreSQL 15 on GRANT pg_checkpoint.\n"
            "Only this agent has this parameter.",
        .offset = FIELD(rejoin_user),
    },
    {
        .name = "rejoin",
        .type = PARAM_WORD,
        .words = rejoin_words,
        .default_text = "manual",
        .shortdesc = "how data that left the history comes back",
        .longdesc =
            "What becomes of a node whose data is not of the primary's past,\n"
            "as of a primary that crashed with WAL of its own. manual: it\n"
            "does not start, and the reason names the command. rewind: its\n"
            "own WAL is kept and named, then pg_rewind brings it back.\n"
            "rebuild: the same, and where no rewind can be, a new copy of the\n"
            "primary is made beside the data and takes its place. See COMING\n"
            "BACK below for what that needs.\n"
            "Only this agent has this parameter.",
        .offset = FIELD(rejoin),
    },
    {
        .name = "rejoin_keep",
        .type = PARAM_INTEGER,
        .default_text = "3",
        .shortdesc = "how many folders of a node's own WAL are kept",
        .longdesc =
            "With rejoin: of the folders that hold what a node had and no\n"
            "other has, so many are kept, each named in the log before an\n"
            "older one is removed; of the data directories that a new copy\n"
            "took the place of, likewise. Only this agent has this parameter.",
        .offset = FIELD(rejoin_keep),
        .min = 1,
        .max = 1000,
    },
    {
        .name = "rejoin_keep_age",
        .type = PARAM_SECONDS,
        .default_text = "0",
        .shortdesc = "for how many seconds these folders are kept",
        .longdesc =
            "With rejoin: what rejoin_keep counts is removed once it was\n"
            "kept for so long (2592000 is a month), the oldest first, each\n"
            "named in the log. A monitor looks for it once an hour, and\n"
            "removes it a little at a time. 0: only rejoin_keep counts.\n"
            "Only this agent has this parameter.",
        .offset = FIELD(rejoin_keep_age_s),
        .min = 0,
        .max = 2000000000,
    },
    {
        .name = "rejoin_attempts",
        .type = PARAM_INTEGER,
        .default_text = "3",
        .shortdesc = "how often a node tries to come back",
        .longdesc =
            "With rejoin: after so many attempts that failed the node gives\n"
            "up, and the reason says why. With rejoin=rebuild these are the\n"
            "rewind's, and as many copies follow. pcs resource cleanup begins\n"
            "anew. Only this agent has this parameter.",
        .offset = FIELD(rejoin_attempts),
        .min = 1,
        .max = 100,
    },
    {
        .name = "slot_keep",
        .type = PARAM_SECONDS,
        .default_text = "0",
        .shortdesc = "seconds until an unused slot is dropped",
        .longdesc =
            "With replication_slot_name: the primary drops the slot of a\n"
            "node that has not used it for so long, and makes it anew when\n"
            "that node's server runs again; it may lack WAL then, and is to\n"
            "be brought back by pg_rewind or pg_basebackup. 0: never, since\n"
            "nobody but you knows for how long a node is to be waited for;\n"
            "max_slot_wal_keep_size of the server bounds the WAL all the\n"
            "same. The slot of an external standby is made anew at once, for\n"
            "nothing tells when that one is back.\n"
            "Only this agent has this parameter.",
        .offset = FIELD(slot_keep_s),
        .min = 0,
        .max = 4000000,            /* in ms that fits 32 bits */
    },
    {
        .name = "slot_max_wal",
        .type = PARAM_SIZE,
        .default_text = "0",
        .shortdesc = "WAL that an unused slot may hold",
        .longdesc =
            "With replication_slot_name: the primary drops a slot that\n"
            "nobody uses and that holds more WAL than this, as slot_keep\n"
            "does. Bytes, or as 10GB; 0: no limit.\n"
            "Only this agent has this parameter.",
        .offset = FIELD(slot_max_wal),
        .max = LONG_MAX / 16,
    },
    {
        .name = "rejoin_rate",
        .type = PARAM_SIZE,
        .default_text = "0",
        .shortdesc = "how fast a new copy is made, a second",
        .longdesc =
            "With rejoin=rebuild: pg_basebackup takes so much of the primary\n"
            "a second at most, in bytes or as 20MB; between 32kB and 1GB,\n"
            "0: no limit. Only this agent has this parameter.",
        .offset = FIELD(rejoin_rate),
        .max = 1024L * 1024 * 1024,
    },
    {
        .name = "rebuild_command",
        .type = PARAM_STRING,
        .default_text = "",
        .shortdesc = "what makes the new copy instead of pg_basebackup",
        .longdesc =
            "With rejoin=rebuild: a command of the shell that pgdba runs in\n"
            "place of pg_basebackup, as of a backup tool. It fills the empty\n"
            "folder PGWARD_FOLDER from the primary PGWARD_PRIMARY at port\n"
            "PGWARD_PORT, whose data has the system identifier\n"
            "PGWARD_SYSTEM_ID and is on timeline PGWARD_TIMELINE. Where\n"
            "PGWARD_WALDIR is not empty, pg_wal has to be a link to that\n"
            "folder; PGWARD_TABLESPACES has a line OLD=NEW for each\n"
            "tablespace: where the primary has it, and the folder that its\n"
            "files and its link are to go to. What it leaves there has a\n"
            "backup_label or is a standby's. Another code\n"
            "than 0 is a failure, its last line says why; five minutes\n"
            "without a line or work are one. Only this agent has this\n"
            "parameter.",
        .offset = FIELD(rebuild_command),
    },
    { .name = NULL },
};
