# SPDX-License-Identifier: GPL-2.0-or-later
"""The demonstration, from nothing to a failover, told in plain words."""

import argparse
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import List, Optional

from ..lab import evidence, lab as labs, ledger, net, postgres, resources
from ..lab.build import build
from ..lab.cli import find_agents
from ..lab.errors import LabError
from ..lab.progress import Progress
from ..lab.shell import interrupt, run
from ..lab.state import State, look, settled, wait_for
from ..measure.story import Event, Teller, events

CTS = Path(__file__).resolve().parents[2]
WORK = Path("/var/tmp/pgward-demo")
WARM_UP = 5.0
INTRO = """\
Brings up a real Pacemaker cluster in namespaces of this machine, with PostgreSQL
in synchronous replication under pgward, kills the primary's postgres while a
client commits, and tells what happens and when. Needs root. Nothing of the
machine's own network, processes or databases is touched.
"""


class Demo:
    """One run of the demonstration."""

    def __init__(self, args) -> None:
        self.args = args
        self.say = Progress()
        self.lab = labs.Lab(labs.check_name(args.name), [f"node{i + 1}" for i in range(args.nodes)])
        self.work = WORK / args.name
        self.acked = self.work / "acknowledged"
        self.client: Optional[subprocess.Popen] = None
        self.made = False

    # -- the steps -----------------------------------------------------------

    def prepare(self) -> None:
        self.say.title("Packages")
        self.work.mkdir(parents=True, exist_ok=True)
        if not self.args.no_install:
            self.say.run("install what is missing", [str(CTS / "lib/install-packages")],
                         self.work / "packages.log")
        labs.check_machine()
        if self.args.agent != resources.AGENT:
            return
        self.say.title("Build")
        staged = self.args.ocf_dir or str(build(self.work / "tree", self.say))
        self.lab.ocf_dir = find_agents(staged)

    def bring_up(self) -> None:
        self.say.title(f"A cluster of {self.args.nodes} nodes")
        self.made = True
        labs.up(self.lab, self.say)
        postgres.setup(self.lab, self.say)
        self.say.title("Resources, made with pcs")
        resources.configure(self.lab, resources.Wanted(
            agent=self.args.agent, profile=self.args.profile), self.say)
        began = time.time()
        teller = Teller(self.lab, began, self.say)
        self.say("the cluster starts them; seconds count from here:")
        wait_for(self.lab, "one primary with both addresses, and its standbys streaming",
                 settled(self.lab), 150, watch=self.watch(teller))
        self.show()

    def watch(self, teller: Teller):
        def told(state: State) -> None:
            teller.tell()
            self.say.alive(f"primary: {state.primary or 'none yet'}; " + ", ".join(
                f"{name} {state.attribute(name, 'status')}" for name in state.attributes))
        return told

    def show(self) -> None:
        self.say("crm_mon -Afr1:")
        print(self.lab.any_node().run("crm_mon", "-Afr1").stdout, flush=True)

    def start_client(self) -> None:
        self.say.title(f"A client commits through vip-master, {resources.VIP_MASTER}")
        self.client = subprocess.Popen(
            ["ip", "netns", "exec", net.namespace(self.lab.name, "client"), str(CTS / "ledger"),
             "run", "--host", resources.VIP_MASTER, "--out", str(self.acked)],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        time.sleep(WARM_UP)
        count = len(ledger.read(self.acked).acked)
        if count == 0:
            raise LabError("the client could not commit anything", f"read {self.acked}")
        self.say(f"{count} commits acknowledged in {WARM_UP:g} s")

    def fail_over(self, old: str) -> bool:
        """Kill the primary's postgres and follow the cluster; whether another node took over."""
        self.say.title(f"killall -9 postgres on {old}, the primary")
        moment = self.lab.node(old).kill_postgres()
        teller = Teller(self.lab, moment, self.say)
        wait_for(self.lab, "a primary with both addresses, and commits again",
                 lambda state: self.recovered(state, moment), 120, 0.2, watch=self.watch(teller))
        time.sleep(3)
        teller.tell()
        new = look(self.lab).primary
        self.say(f"{new} is primary now" if new != old else f"{old} went on as primary")
        self.report(moment, old)
        return new != old

    def recovered(self, state: State, moment: float) -> bool:
        summary = ledger.read(self.acked)
        moved = all(state.where.get(vip) == state.primary for vip in ("vip-master", "vip-rep"))
        return bool(state.primary and moved and summary.last > moment + 0.3
                    and any(e.operation == "promote" and e.result == "ok"
                            for e in events(self.lab, moment)))

    def report(self, moment: float, old: str) -> None:
        self.say.title("What it came to")
        found = events(self.lab, moment)

        def row(what: str, test) -> None:
            when = [event.when for event in found if test(event)]
            print(f"    {what:<42}" + (f"{when[0] - moment:6.2f} s after the kill" if when
                                       else "     -"), flush=True)

        def is_done(event: Event, operation: str, resource: str) -> bool:
            return event.operation == operation and event.result == "ok" and (
                event.resource.split(":")[0] == resource)

        row("detected by the monitor", lambda e: e.operation == "monitor" and e.node == old
            and e.resource == "pgsql" and e.result not in ("ok", "promoted", "master"))
        row("another node promoted", lambda e: is_done(e, "promote", "pgsql"))
        row("client's address moved (vip-master)", lambda e: is_done(e, "start", "vip-master"))
        row("replication's address moved (vip-rep)", lambda e: is_done(e, "start", "vip-rep"))

    def count(self) -> int:
        """Stop the client and compare; how many acknowledged commits are lost."""
        self.stop_client()
        done = run(["ip", "netns", "exec", net.namespace(self.lab.name, "client"),
                    str(CTS / "ledger"), "check", "--host", resources.VIP_MASTER, "--out",
                    str(self.acked)], check=False)
        if done.returncode not in (0, 1):
            raise LabError(f"could not count the lost commits: {done.stderr.strip()}")
        summary = ledger.read(self.acked)
        missing = int(done.stdout.splitlines()[0].rpartition("lost=")[2])
        print(f"    {'longest gap between two commits':<42}{summary.gap:6.2f} s, as the client saw it")
        print(f"    {'commits acknowledged':<42}{len(summary.acked):6d}")
        print(f"    {'acknowledged commits lost':<42}{missing:6d}", flush=True)
        return missing

    def stop_client(self) -> None:
        if self.client and self.client.poll() is None:
            self.client.send_signal(signal.SIGTERM)
            self.client.wait(20)

    def comes_back(self, old: str) -> None:
        """Wait for the old primary, or say how a person puts it back."""
        whole = settled(self.lab)
        threshold = resources.PROFILES[self.args.profile].threshold

        def ended(state: State) -> bool:
            return whole(state) or state.given_up(old, threshold)

        if self.args.profile != "seed":
            self.say(f"waiting for {old} to come back as a standby")
        try:
            state = wait_for(self.lab, f"{old} to be back", ended, 60,
                             watch=lambda _state: self.say.alive("not yet"))
        except LabError:
            self.say(f"{old} is not back within 60 s; crm_mon shows what stands against it")
            return
        if not state.given_up(old, threshold):
            self.say("all nodes are in the replication again")
            return
        self.say(f"{old} stays out, as in the seed guide, until a person puts it back:")
        print(f"    cts/lab --name {self.lab.name} sh {old} runuser -u postgres -- sh -c \\\n"
              f"      'rm -rf {postgres.DATA}; {postgres.bindir()}/pg_basebackup -h "
              f"{resources.VIP_REP} -U postgres -D {postgres.DATA} -X stream -P; "
              f"rm -f {postgres.TMP}/PGSQL.lock'\n"
              f"    cts/lab --name {self.lab.name} sh {old} pcs resource cleanup msPostgresql",
              flush=True)

    # -- all of it -----------------------------------------------------------

    def run(self) -> int:
        self.prepare()
        self.bring_up()
        self.start_client()
        old = look(self.lab).primary
        if old is None:
            raise LabError("there is no primary to kill")
        moved = self.fail_over(old)
        missing = self.count()
        self.comes_back(old)
        self.show()
        if missing or not moved:
            self.say("NOT as promised: " + (f"{missing} acknowledged commits are lost" if missing
                                            else "no other node took over"))
            self.keep()
        else:
            self.say("the failover went as promised: nothing acknowledged was lost")
        return 1 if missing or not moved else 0

    def keep(self) -> None:
        folder = self.work / time.strftime("evidence-%Y%m%d-%H%M%S")
        evidence.collect(self.lab, folder)
        self.say(f"logs, crm_mon, the CIB and traces are kept in {folder}")

    def farewell(self) -> None:
        name = self.lab.name
        self.say.title("The cluster is still running. Look around:")
        print(f"    cts/lab --name {name} status               crm_mon -Afr1\n"
              f"    cts/lab --name {name} sh node2             a shell in a node\n"
              f"    cts/lab --name {name} client psql -h {resources.VIP_MASTER} -U postgres\n"
              f"    cts/lab --name {name} kill node2           pull another plug\n"
              f"    cts/lab --help                         what else there is\n"
              f"  and take it down with:\n    cts/demo --down"
              + (f" --name {name}" if name != "demo" else ""), flush=True)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="cts/demo", description=INTRO,
                                     formatter_class=argparse.RawDescriptionHelpFormatter,
                                     epilog="example:\n  cts/demo\n  cts/demo --down")
    parser.add_argument("--nodes", type=int, default=3, help="how many nodes, 2 to 9 (default 3)")
    parser.add_argument("--auto", action="store_true",
                        help="for CI: take the cluster down at the end; exit 0 only for a failover "
                             "without loss")
    parser.add_argument("--down", action="store_true", help="take the cluster down and end")
    parser.add_argument("--agent", default=resources.AGENT,
                        help=f"another agent, e.g. {resources.SHELL_AGENT}")
    parser.add_argument("--profile", choices=sorted(resources.PROFILES), default="recommended")
    parser.add_argument("--ocf-dir", default="", metavar="DIR",
                        help="use the agent staged in DIR instead of building it")
    parser.add_argument("--no-install", action="store_true", help="do not install packages")
    parser.add_argument("--name", default="demo", help="the laboratory's name (default: demo)")
    return parser.parse_args()


def attempt(demo: Demo) -> int:
    """Run it; whatever happens, leave nothing half-made behind."""
    keep_running = False
    try:
        code = demo.run()
        keep_running = not demo.args.auto
    except LabError as error:
        print(f"cts/demo: {error}", file=sys.stderr)
        if demo.made and (demo.lab.root / "lab.json").exists():
            demo.keep()
        code = 1
    except KeyboardInterrupt:
        print("cts/demo: interrupted", file=sys.stderr)
        code = 130
    demo.stop_client()
    if keep_running:
        demo.farewell()
    elif demo.made:
        labs.down(demo.lab.name)
        demo.say("the cluster is down, nothing is left of it")
    return code


def main() -> int:
    args = parse()
    signal.signal(signal.SIGTERM, interrupt)
    problems: List[str] = []
    if os.geteuid() != 0:
        problems.append("the demonstration needs root: it makes namespaces and mounts; use sudo")
    elif not 2 <= args.nodes <= labs.MAX_NODES:
        problems.append(f"a failover needs 2 to {labs.MAX_NODES} nodes, not {args.nodes}")
    elif not args.down and args.name in labs.names():
        problems.append(f"laboratory '{args.name}' is up already; take it down with: "
                        "cts/demo --down")
    for problem in problems:
        print(f"cts/demo: {problem}", file=sys.stderr)
        return 2
    try:
        if args.down:
            labs.down(args.name)
            print(f"laboratory '{args.name}' is down, nothing is left of it")
            return 0
        return attempt(Demo(args))
    except LabError as error:
        print(f"cts/demo: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
