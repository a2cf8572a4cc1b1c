# SPDX-License-Identifier: GPL-2.0-or-later
"""What happened in the cluster, and when, from the nodes' own syslogs."""

import re
import time
from dataclasses import dataclass
from typing import Iterator, List, Tuple

from ..lab.lab import Lab

STAMP = re.compile(r"(\w{3} +\d+ [\d:]{8})\.(\d{3}) ")     # pacemaker.log's
RESULT = re.compile(r"Result of (\w+) operation for (\S+) on (\S+): (.+?)\s*$")


@dataclass(frozen=True)
class Event:
    """The end of one operation on one node."""

    when: float
    operation: str
    resource: str
    node: str
    result: str

    def words(self) -> str:
        """The event in plain words; empty when it does not matter to a person."""
        name = self.resource.split(":")[0]
        if name == "pgsql":
            return self.database_words()
        if name.startswith("vip-") and self.operation in ("start", "stop") and self.result == "ok":
            return f"address {name} " + ("is up on" if self.operation == "start" else
                                         "is off") + (f" {self.node}" if self.operation == "start" else
                                                      f" on {self.node}")
        return ""

    def database_words(self) -> str:
        good = self.result == "ok"
        if self.operation == "monitor" and self.result not in ("ok", "promoted", "master"):
            return f"detected: the monitor on {self.node} says '{self.result}'"
        done = {"promote": f"promoted: {self.node} is the primary",
                "demote": f"{self.node} is no longer primary",
                "start": f"the server on {self.node} is started",
                "stop": f"the server on {self.node} is stopped"}
        if self.operation not in done:
            return ""
        return done[self.operation] if good else (
            f"{self.operation} on {self.node} failed: '{self.result}'")


def seconds_of(line: str) -> float:
    """A line's time stamp, as the nodes' process 1 writes it; 0 without one."""
    try:
        return time.mktime(time.strptime(line[:19], "%Y-%m-%dT%H:%M:%S")) + int(line[20:23]) / 1000
    except ValueError:
        return 0


def lines_of(text: str, year: int) -> Iterator[Tuple[float, str]]:
    """The lines of a pacemaker.log with their times; the log does not tell the year."""
    for line in text.splitlines():
        found = STAMP.match(line)
        if found:
            moment = time.strptime(f"{year} {found[1]}", "%Y %b %d %H:%M:%S")
            yield time.mktime(moment) + int(found[2]) / 1000, line


def parse_line(line: str) -> List[Event]:
    found, when = RESULT.search(line), seconds_of(line)
    if not found or not when:
        return []
    # newer ones begin it with a capital letter, and may have a reason after it
    result, opened, reason = found[4].partition(" (")
    return [Event(when, found[1], found[2], found[3], result.lower() + opened + reason)]


def events(lab: Lab, since: float) -> List[Event]:
    """All results since a moment, in order."""
    found: List[Event] = []
    for node in lab.nodes:
        try:
            text = node.syslog()
        except OSError:
            continue
        for line in text.splitlines():
            found += [event for event in parse_line(line) if event.when >= since]
    return sorted(found, key=lambda event: event.when)


class Teller:
    """Tells each new event once."""

    def __init__(self, lab: Lab, since: float, say) -> None:
        self.lab, self.since, self.say = lab, since, say
        self.told = 0

    def tell(self, *_unused) -> None:
        fresh = events(self.lab, self.since)
        for event in fresh[self.told:]:
            if event.words():
                self.say(f"  {event.when - self.since:+7.2f} s  {event.words()}")
        self.told = len(fresh)
