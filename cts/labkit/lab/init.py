# SPDX-License-Identifier: GPL-2.0-or-later
"""A node's process 1: makes its private folders, keeps its syslog, reaps its dead.

Started in fresh namespaces as: init.py LAB-FOLDER NODE
"""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Dict, List

KEPT = {  # folder of the node's disk: where the node sees it
    "var/pacemaker": "/var/lib/pacemaker",
    "var/corosync": "/var/lib/corosync",
    "var/pgward": "/var/lib/pgward",
    "var/log": "/var/log",
    "etc/corosync": "/etc/corosync",
    "pg": "/srv/pg",
    "tmp": "/tmp",
}
DEVICES = ("null", "zero", "full", "random", "urandom", "tty")


def do(*cmd: str) -> None:
    subprocess.run(cmd, check=True)


def tmpfs(where: str, mode: str = "755") -> None:
    Path(where).mkdir(parents=True, exist_ok=True)
    do("mount", "-t", "tmpfs", "-o", f"mode={mode}", "tmpfs", where)


def bind(source: Path, target: str) -> None:
    do("mount", "--bind", str(source), target)


def folder(path: str, user: str = "root", group: str = "root", mode: int = 0o755) -> None:
    Path(path).mkdir(parents=True, exist_ok=True)
    shutil.chown(path, user, group)
    os.chmod(path, mode)


def private_dev() -> None:
    """A /dev of the node's own, so that /dev/log is the node's syslog."""
    new = Path("/run/dev")
    tmpfs(str(new))
    for name in DEVICES:
        (new / name).touch()
        bind(Path("/dev") / name, str(new / name))
    for name, target in (("fd", "fd"), ("stdin", "fd/0"), ("stdout", "fd/1"), ("stderr", "fd/2")):
        (new / name).symlink_to(f"/proc/self/{target}")
    (new / "pts").mkdir()
    do("mount", "-t", "devpts", "-o", "newinstance,ptmxmode=0666,mode=620,gid=5", "devpts",
       str(new / "pts"))
    (new / "ptmx").symlink_to("pts/ptmx")
    do("mount", "--move", str(new), "/dev")
    tmpfs("/dev/shm", "1777")


def agents(root: Path, ocf_dir: str) -> None:
    """The fence agent, the command and the rival's wrapper, laid over the machine's folders."""
    kit = Path(__file__).parent
    shutil.copy(kit / "fence_pgward_lab", "/run/lab/sbin/fence_pgward_lab")
    os.chmod("/run/lab/sbin/fence_pgward_lab", 0o755)
    if ocf_dir:
        command(Path(ocf_dir).parents[3])
    do("mount", "-t", "overlay", "-o", "ro,lowerdir=/run/lab/sbin:/usr/sbin", "sbin", "/usr/sbin")
    shutil.copytree(kit.parent.parent / "rivals", "/run/lab/ocf/rival")
    Path("/run/lab/ocf/pgward").mkdir()
    do("mount", "-t", "overlay", "-o", "ro,lowerdir=/run/lab/ocf:/usr/lib/ocf/resource.d", "ocf",
       "/usr/lib/ocf/resource.d")
    if ocf_dir:
        bind(Path(ocf_dir), "/usr/lib/ocf/resource.d/pgward")
        helpers(Path(ocf_dir).parent.parent / "lib/pgward")
    bind(root / "fence", "/run/lab/fence")


def command(staged: Path) -> None:
    """The command beside the agent, where one was staged: below usr, or below usr/local."""
    for found in (staged / "sbin/pgward", staged / "local/sbin/pgward"):
        if found.is_file():
            shutil.copy(found, "/run/lab/sbin/pgward")


def helpers(staged: Path) -> None:
    """What an agent finds beside its folder: the watcher; none of another version."""
    folder("/run/lab/lib/pgward")
    do("mount", "-t", "overlay", "-o", "ro,lowerdir=/run/lab/lib:/usr/lib/ocf/lib", "lib",
       "/usr/lib/ocf/lib")
    if staged.is_dir():
        bind(staged, "/usr/lib/ocf/lib/pgward")


def hide_units() -> None:
    """What starts at this machine's boot is not what starts at the node's."""
    for path in (Path("/etc/systemd/system"), *Path("/etc").glob("rc[2-5].d")):
        if path.is_dir():
            tmpfs(str(path))


def wal_disk(disk: Path, megabytes: int) -> None:
    """A file system of its own for WAL, which survives a power cut and can be full."""
    image = disk / "wal.img"
    (disk / "wal").mkdir(exist_ok=True)
    if not image.exists():
        with open(image, "wb") as new:
            new.truncate(megabytes << 20)
        do("mkfs.ext4", "-q", "-m", "0", str(image))
    do("mount", "-o", "loop", str(image), str(disk / "wal"))
    shutil.chown(disk / "wal", "postgres", "postgres")


def mount_points(disk: Path, where: List[str]) -> None:
    """The server's folders that cannot be renamed, nor renamed out of; they stay over a boot."""
    for path in where:
        source = disk / ("mount" + path.replace("/", "-"))
        if not source.exists():
            folder(str(source), "postgres", "postgres", 0o700)
        Path(path).mkdir(parents=True, exist_ok=True)
        bind(source, path)


def make_folders(root: Path, name: str, lab: Dict[str, Any]) -> None:
    disk, wal_mb = root / name, lab["wal_mb"]
    do("mount", "--make-rprivate", "/")
    if wal_mb:
        wal_disk(disk, wal_mb)      # before the node's own /dev, which has no loop devices
    do("mount", "-t", "proc", "proc", "/proc")
    tmpfs("/run")
    for path in ("/run/lock", "/run/lab/sbin", "/run/lab/ocf", "/run/lab/fence", "/run/corosync"):
        folder(path)
    private_dev()
    hide_units()
    agents(root, lab["ocf_dir"])
    bind(root / "hosts", "/etc/hosts")
    tmpfs("/srv")
    Path("/srv/pg").mkdir()
    if wal_mb:
        Path("/srv/wal").mkdir()
        bind(disk / "wal", "/srv/wal")
    for kept in KEPT:
        (disk / kept).mkdir(parents=True, exist_ok=True)
    shutil.copy(root / "corosync.conf", disk / "etc/corosync/corosync.conf")
    if not (disk / "var/pacemaker/cib").exists():
        (disk / "var/pacemaker/cib").mkdir()
        shutil.copy(root / "cib.xml", disk / "var/pacemaker/cib/cib.xml")
        os.chmod(disk / "var/pacemaker/cib/cib.xml", 0o600)
        shutil.chown(disk / "var/pacemaker/cib/cib.xml", "hacluster", "haclient")
    for kept, where in KEPT.items():
        Path(where).mkdir(parents=True, exist_ok=True)  # not every release makes all of them
        bind(disk / kept, where)
    os.chmod("/tmp", 0o1777)
    mount_points(disk, lab["mounts"])


def make_owners() -> None:
    """The folders that the packages' own set-up (tmpfiles.d) would make."""
    for path in ("/var/lib/pacemaker", "/var/lib/pacemaker/cib", "/var/lib/pacemaker/cores",
                 "/var/lib/pacemaker/pengine", "/var/lib/pacemaker/blackbox", "/run/crm"):
        folder(path, "hacluster", "haclient", 0o750)
    folder("/var/lib/pgward")
    folder("/var/log/pacemaker", "hacluster", "haclient", 0o770)
    folder("/var/log/corosync")
    folder("/var/log/postgresql", "postgres", "postgres", 0o775)
    folder("/run/postgresql", "postgres", "postgres", 0o2775)
    folder("/run/resource-agents", mode=0o1755)
    folder("/srv/pg", "postgres", "postgres", 0o755)


class Syslog:
    """Reads /dev/log and writes /var/log/syslog, with milliseconds."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        self.socket.bind("/dev/log")
        os.chmod("/dev/log", 0o666)
        self.file = open("/var/log/syslog", "a", buffering=1, encoding="utf-8")

    def take(self) -> None:
        """One message: '<priority>Mon dd hh:mm:ss who[pid]: text'."""
        text = self.socket.recv(65536).decode(errors="replace").rstrip("\0\n")
        text = text.partition(">")[2] if text.startswith("<") else text
        if len(text) > 16 and text[3] == " " and text[9] == ":":
            text = text[16:]
        now = time.time()
        stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.localtime(now))
        self.file.write(f"{stamp}.{int(now * 1000) % 1000:03d} {self.name} {text}\n")


def reap(*_unused) -> None:
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass


def main() -> None:
    root, name = Path(sys.argv[1]), sys.argv[2]
    lab = json.loads((root / "lab.json").read_text())
    os.umask(0o022)
    socket.sethostname(name)
    make_folders(root, name, lab)
    make_owners()
    syslog = Syslog(name)
    signal.signal(signal.SIGCHLD, reap)
    (root / name / "ready").touch()
    while True:
        try:
            syslog.take()
        except OSError:
            time.sleep(0.1)


if __name__ == "__main__":
    main()
