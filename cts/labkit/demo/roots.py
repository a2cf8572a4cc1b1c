# SPDX-License-Identifier: GPL-2.0-or-later
"""Debian roots: made by debootstrap, kept for the next run, entered with namespaces of their own."""

import os
import re
import shutil
from pathlib import Path
from typing import Dict, List

from ..lab.build import SOURCE, leave
from ..lab.errors import LabError
from ..lab.progress import Progress
from ..lab.shell import run

ENTER = Path(__file__).with_name("enter-root")
PROJECT = "usr/src/pgward"      # not /srv or /tmp: a laboratory's nodes have their own
LISTS = Path("/etc/apt")
PASSED = re.compile(r"(https?|ftp|no)_proxy", re.IGNORECASE)
ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root", "LC_ALL": "C.UTF-8",
               "LANG": "C.UTF-8", "TERM": "dumb", "DEBIAN_FRONTEND": "noninteractive"}


def mirrors(text: str) -> List[str]:
    """The addresses in apt's lists, one-line or deb822."""
    found = []
    for line in text.splitlines():
        words = re.sub(r"\[[^]]*\]", "", line).split()
        if words[:1] == ["deb"]:
            found += words[1:2]
        elif words[:1] == ["URIs:"]:
            found += words[1:]
    return [word.rstrip("/") for word in found]


def machine_mirror() -> str:
    """Where this machine has its own Debian packages from."""
    lists = [LISTS / "sources.list", *sorted(LISTS.glob("sources.list.d/*.list")),
             *sorted(LISTS.glob("sources.list.d/*.sources"))]
    for path in lists:
        for mirror in mirrors(path.read_text(errors="replace") if path.is_file() else ""):
            if mirror.endswith("/debian"):
                return mirror
    raise LabError("could not find a Debian mirror in this machine's apt sources",
                   "name one: cts/matrix --mirror URL")


def machine_apt() -> str:
    """How this machine's apt reaches its mirrors: by which proxies, and what it checks."""
    lines = run(["apt-config", "dump", "Acquire"], check=False).stdout.splitlines()
    return "".join(f"{line}\n" for line in lines if re.match(
        r"Acquire::(https?|Retries|ForceIPv[46]|Check-[A-Za-z-]+)\b", line))


class Root:
    """One system's root, in a folder of the cache."""

    def __init__(self, cache: Path, suite: str, mirror: str) -> None:
        self.suite = suite
        self.mirror = mirror
        self.dir = cache / suite
        self.path = self.dir / "root"
        self.made = self.dir / "made"

    def make(self, say: Progress) -> None:
        """By debootstrap, unless it is there; one that was made in part is made anew."""
        self.dir.mkdir(parents=True, exist_ok=True)
        if not self.made.exists():
            if not shutil.which("debootstrap"):
                raise LabError("'debootstrap' is not installed",
                               "install it: apt-get install debootstrap")
            self.remove()
            say.run(f"debootstrap {self.suite} from {self.mirror}",
                    ["debootstrap", "--variant=minbase", "--include=ca-certificates", self.suite,
                     str(self.path), self.mirror], self.dir / "debootstrap.log")
            self.made.touch()
        (self.path / "etc/apt/sources.list").write_text(
            f"deb {self.mirror} {self.suite} main\n")
        (self.path / "etc/apt/apt.conf.d/90machine").write_text(machine_apt())
        for name in ("resolv.conf", "hosts"):
            shutil.copy(f"/etc/{name}", self.path / "etc" / name)

    def remove(self) -> None:
        self.made.unlink(missing_ok=True)
        shutil.rmtree(self.path, ignore_errors=True)
        if self.path.exists():
            raise LabError(f"could not remove '{self.path}'", "something is mounted there")

    def bring_project(self) -> None:
        """The checkout as it is now; what the last run left in the root goes."""
        target = self.path / PROJECT
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(SOURCE, target, ignore=leave, symlinks=True)
        for old in (self.path / "var/tmp").glob("pgward-*"):
            shutil.rmtree(old, ignore_errors=True)

    def command(self, words: List[str]) -> List[str]:
        """The command line that runs a command in the project, inside the root."""
        return ["unshare", "--fork", "--kill-child", "--pid", "--mount", "--ipc", "--", str(ENTER),
                str(self.path), "/bin/sh", "-c", f'cd /{PROJECT} && "$@"', "sh", *words]

    @staticmethod
    def environment() -> Dict[str, str]:
        return {**ENVIRONMENT, **{name: value for name, value in os.environ.items()
                                  if PASSED.fullmatch(name)}}

    def versions(self) -> List[str]:
        """Of PostgreSQL, Pacemaker and pcs, as people write them."""
        done = run(["dpkg-query", f"--admindir={self.path}/var/lib/dpkg", "-W", "-f",
                    "${Package} ${db:Status-Abbrev} ${Version}\\n"], check=False)
        found = {words[0]: words[2] for words in map(str.split, done.stdout.splitlines())
                 if len(words) == 3 and words[1] == "ii"}
        servers = sorted((name for name in found if re.fullmatch(r"postgresql-\d+", name)),
                         key=lambda name: int(name.rpartition("-")[2]))
        names = [servers[-1] if servers else "", "pacemaker", "pcs"]
        return [upstream(found.get(name, "")) for name in names]


def upstream(version: str) -> str:
    """A package's version without what Debian adds to it."""
    return re.sub(r"^\d+:|[.~+]?(really|dfsg|ds).*|-[^-]*$", "", version) or "-"
