# SPDX-License-Identifier: GPL-2.0-or-later
"""The commands of cts/lab."""

import argparse
import os
import signal
import sys
import time
from pathlib import Path
from typing import Callable, List

from . import lab as labs
from . import net, postgres, resources
from .errors import LabError
from .shell import interrupt

INTRO = """\
Real Pacemaker clusters on one machine, for trying things out and for tests.

Each node is a set of namespaces (processes, mounts, host name, IPC, network)
with its own Corosync, Pacemaker and PostgreSQL. Nodes have three networks, as
in the seed guide: eth0 192.168.0.x for clients, eth1 192.168.1.x for the
cluster, eth2 192.168.2.x for replication. A client host has the number 200.
The machine's own network and processes are not touched.
"""
OUTRO = """\
A first walk (as root):
  cts/lab up 3                    three nodes, online after about ten seconds
  cts/lab pgsql-setup             a database on node1, copies on the others
  cts/lab configure               addresses and the promotable clone, with pcs
  cts/lab status                  crm_mon -Afr1: who is primary?
  cts/lab sh node2                look around inside a node
  cts/lab kill node1              pull the plug, watch the failover
  cts/lab boot node1              and put it back
  cts/lab down                    everything is gone again

Several laboratories live side by side: give each a --name (or PGWARD_LAB).
Each command has its own help: cts/lab cut --help
"""


def say(text: str) -> None:
    print(text, flush=True)


def find_agents(path: str) -> str:
    """The folder that holds pgward's agent, in whatever way a person names a staged tree."""
    if not path:
        return ""
    top = Path(path).resolve()
    for inside in ("usr/lib/ocf/resource.d/pgward", "lib/ocf/resource.d/pgward",
                   "resource.d/pgward", "pgward", "."):
        if (top / inside / "pgsql").is_file():
            return str((top / inside).resolve())
    raise LabError(f"there is no agent under '{path}'",
                   "name a folder that holds usr/lib/ocf/resource.d/pgward/pgsql, as made by: "
                   "make install DESTDIR=FOLDER")


def cmd_up(args) -> None:
    names = args.nodes.split(",") if args.nodes else [f"node{i + 1}" for i in range(args.count)]
    began = time.monotonic()
    lab = labs.Lab(labs.check_name(args.name), names, find_agents(args.ocf_dir),
                   args.fence == "reboot", args.trace)
    labs.up(lab, say)
    say(f"laboratory '{args.name}' is up: {' '.join(names)} online after "
        f"{time.monotonic() - began:.1f} s")


def cmd_down(args) -> None:
    known = args.name in labs.names()
    labs.down(args.name)
    say(f"laboratory '{args.name}' " + ("is down" if known else "was not up; nothing is left of it"))


def cmd_list(_args) -> None:
    found = labs.names()
    for name in found:
        lab = labs.load(name)
        states = " ".join(f"{n.name}={'on' if n.alive() else 'off'}" for n in lab.nodes)
        say(f"{name}: {states}  ({lab.root})")
    if not found:
        say("no laboratory is up; bring one up with: cts/lab up 3")


def become(cmd: List[str], name: str, env=None) -> None:
    sys.stdout.flush()
    try:
        os.execvpe(cmd[0], cmd, {**os.environ, **(env or {}), "PGWARD_LAB": name})
    except FileNotFoundError:
        raise LabError(f"could not run '{cmd[0]}': no such command") from None


def cmd_sh(args) -> None:
    node = labs.load(args.name).node(args.node)
    cmd = args.cmd or ["bash", "--norc"]
    become(node.enter(cmd), args.name,
           {"PS1": f"[{node.name} \\w]\\$ ", "HOME": "/root", "LC_ALL": "C.UTF-8"})


def cmd_client(args) -> None:
    labs.load(args.name)
    cmd = args.cmd or ["bash", "--norc"]
    become(["ip", "netns", "exec", net.namespace(args.name, "client")] + cmd, args.name,
           {"PS1": "[client \\w]\\$ "})


def cmd_kill(args) -> None:
    labs.load(args.name).node(args.node).kill()
    say(f"{args.node} is off")


def cmd_boot(args) -> None:
    node = labs.load(args.name).node(args.node)
    node.boot(start_cluster=not args.no_cluster)
    say(f"{args.node} is on" + ("" if args.no_cluster else ", its cluster software is starting"))


def cmd_start(args) -> None:
    for node in chosen(args):
        node.start_cluster()
        say(f"{node.name}: cluster software is starting")


def cmd_stop(args) -> None:
    for node in chosen(args):
        say(f"{node.name}: stopping its resources and its cluster software")
        node.stop_cluster()


def chosen(args):
    lab = labs.load(args.name)
    return [lab.node(args.node)] if args.node else lab.running()


def cmd_cut(args) -> None:
    node = labs.load(args.name).node(args.node)
    net.cut(args.name, node.index, net.lan_number(args.lan), args.direction)
    say(f"{args.node}: {args.lan} is cut ({args.direction})")


def cmd_heal(args) -> None:
    node = labs.load(args.name).node(args.node)
    net.heal(args.name, node.index, net.lan_number(args.lan))
    say(f"{args.node}: {args.lan} is whole")


def cmd_freeze(args) -> None:
    count = labs.load(args.name).node(args.node).signal(signal.SIGSTOP, args.pattern)
    if count == 0:
        raise LabError(f"no process on '{args.node}' matches '{args.pattern}'",
                       f"look with: cts/lab sh {args.node} ps ax")
    say(f"{args.node}: {count} processes are frozen")


def cmd_thaw(args) -> None:
    count = labs.load(args.name).node(args.node).signal(signal.SIGCONT)
    say(f"{args.node}: {count} processes go on")


def cmd_status(args) -> None:
    sys.stdout.write(labs.load(args.name).any_node().run("crm_mon", "-Afr1", check=False).stdout)


def cmd_pgsql_setup(args) -> None:
    postgres.setup(labs.load(args.name), say)
    say("every node has the same data; next: cts/lab configure")


def cmd_configure(args) -> None:
    wanted = resources.Wanted(args.agent, args.rep_mode, args.profile, args.fencing == "on",
                              args.master_ip, args.set)
    lab = labs.load(args.name)
    if args.print:
        for line in resources.script(lab, wanted):
            say(line)
        return
    resources.configure(lab, wanted, say)
    say("the cluster starts them now; look with: cts/lab status")


def add(commands, name: str, call: Callable, text: str, example: str) -> argparse.ArgumentParser:
    parser = commands.add_parser(
        name, help=text, description=text[0].upper() + text[1:] + ".",
        epilog="example:\n  " + example.replace("\n", "\n  "),
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.set_defaults(call=call)
    return parser


def parser_power(commands) -> None:
    up = add(commands, "up", cmd_up, "make a laboratory and wait until its nodes are online",
             "cts/lab up 3\ncts/lab --name odd up --nodes srv1,srv10\n"
             "cts/lab up 2 --ocf-dir /tmp/stage     # after: make install DESTDIR=/tmp/stage")
    up.add_argument("count", nargs="?", type=int, default=3, help="how many nodes (default 3)")
    up.add_argument("--nodes", metavar="A,B,..", help="the nodes' names instead of node1, node2, ..")
    up.add_argument("--ocf-dir", default="", metavar="DIR",
                    help="test the agent staged in DIR instead of the installed one")
    up.add_argument("--fence", choices=("off", "reboot"), default="off",
                    help="what a fenced node does: stay off (default) or boot again")
    up.add_argument("--trace", action="store_true",
                    help="the agent writes what it saw and did to NODE's /tmp/pgward.trace")
    add(commands, "down", cmd_down, "take a laboratory down and remove all traces of it",
        "cts/lab down")
    add(commands, "list", cmd_list, "list the laboratories and their nodes", "cts/lab list")
    kill = add(commands, "kill", cmd_kill, "switch a node's power off", "cts/lab kill node1")
    kill.add_argument("node")
    boot = add(commands, "boot", cmd_boot, "switch a node's power on and start its cluster software",
               "cts/lab boot node1\ncts/lab boot node1 --no-cluster")
    boot.add_argument("node")
    boot.add_argument("--no-cluster", action="store_true", help="do not start Corosync and Pacemaker")
    for name, call, text in (
            ("start", cmd_start, "start Corosync and Pacemaker on a node (or on all that are on)"),
            ("stop", cmd_stop, "stop Pacemaker with its resources, and Corosync, in good order")):
        one = add(commands, name, call, text, f"cts/lab {name} node1\ncts/lab {name}")
        one.add_argument("node", nargs="?")


def parser_inside(commands) -> None:
    sh = add(commands, "sh", cmd_sh, "run a command inside a node, or a shell",
             "cts/lab sh node1\ncts/lab sh node1 crm_mon -1")
    sh.add_argument("node")
    sh.add_argument("cmd", nargs=argparse.REMAINDER)
    client = add(commands, "client", cmd_client,
                 "run a command on the client host (192.168.0.200, 192.168.2.200), or a shell",
                 "cts/lab client psql -h 192.168.0.103 -U postgres\n"
                 "cts/lab client cts/ledger run --seconds 20 --host 192.168.0.103 --out /tmp/acked")
    client.add_argument("cmd", nargs=argparse.REMAINDER)
    add(commands, "status", cmd_status, "show the cluster as crm_mon -Afr1 does", "cts/lab status")


def parser_faults(commands) -> None:
    lans = "service (0), cluster (1) or replication (2)"
    cut = add(commands, "cut", cmd_cut, "cut a node off from a LAN",
              "cts/lab cut node1 cluster        # pull the cable\n"
              "cts/lab cut node1 replication in # the node can send, but hears nothing")
    cut.add_argument("node")
    cut.add_argument("lan", help=lans)
    cut.add_argument("direction", nargs="?", choices=("in", "out", "both"), default="both")
    heal = add(commands, "heal", cmd_heal, "undo a cut", "cts/lab heal node1 cluster")
    heal.add_argument("node")
    heal.add_argument("lan", help=lans)
    freeze = add(commands, "freeze", cmd_freeze,
                 "stop (SIGSTOP) all processes of a node, or those that match",
                 "cts/lab freeze node1\ncts/lab freeze node1 '^postgres:'")
    freeze.add_argument("node")
    freeze.add_argument("pattern", nargs="?", default="",
                        help="regular expression for the command line")
    thaw = add(commands, "thaw", cmd_thaw, "let frozen processes go on", "cts/lab thaw node1")
    thaw.add_argument("node")


def parser_cluster(commands) -> None:
    add(commands, "pgsql-setup", cmd_pgsql_setup,
        "make a database on the first node and copy it to the others, as the seed guide does",
        "cts/lab pgsql-setup")
    conf = add(commands, "configure", cmd_configure,
               "make the cluster's resources with pcs, as the seed guide does",
               "cts/lab configure\ncts/lab configure --profile seed --rep-mode async\n"
               f"cts/lab configure --agent {resources.SHELL_AGENT}   # the packaged shell agent")
    conf.add_argument("--agent", default=resources.AGENT, help=f"default {resources.AGENT}")
    conf.add_argument("--rep-mode", choices=resources.MODES, default="sync")
    conf.add_argument("--profile", choices=sorted(resources.PROFILES), default="recommended",
                      help="seed: migration-threshold=1, monitors every 3 and 4 s; recommended: "
                           "3 with a failure-timeout, monitors every 1 and 2 s")
    conf.add_argument("--fencing", choices=("on", "off"), default="on")
    conf.add_argument("--master-ip", default=resources.VIP_REP,
                      help="where standbys find their primary")
    conf.add_argument("--set", action="append", default=[], metavar="NAME=VALUE",
                      help="another parameter of the agent (may be given again)")
    conf.add_argument("--print", action="store_true", help="only show the pcs commands")


def make_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="cts/lab", description=INTRO, epilog=OUTRO,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--name", default=os.environ.get("PGWARD_LAB", "lab"),
                        help="which laboratory (default: $PGWARD_LAB, or 'lab')")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    parser_power(commands)
    parser_inside(commands)
    parser_faults(commands)
    parser_cluster(commands)
    return parser


def main() -> int:
    signal.signal(signal.SIGTERM, interrupt)
    args = make_parser().parse_args()
    try:
        labs.check_machine()
        args.call(args)
    except LabError as error:
        print(f"cts/lab: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("cts/lab: interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:
        return 1
    return 0
