# SPDX-License-Identifier: GPL-2.0-or-later
"""The fence device: a process outside the nodes that switches them off on request.

A request is one line in the pipe fence/requests: ID ACTION NODE FROM. Requests
are served one at a time, and one from a node that has been switched off in the
meantime is dropped: of two nodes that shoot at each other one survives, as with
a real power switch.
"""

import os
import sys
import time

from . import lab as labs
from .errors import LabError


def say(text: str) -> None:
    now = time.time()
    stamp = time.strftime("%H:%M:%S", time.localtime(now))
    print(f"{stamp}.{int(now * 1000) % 1000:03d} {text}", flush=True)


def serve(lab: labs.Lab, line: str) -> None:
    request, action, target, sender = line.split()
    if not lab.node(sender).alive():
        say(f"{action} {target}: dropped, {sender} which asked for it is off")
        return
    node = lab.node(target)
    if action != "on":
        node.kill()
        say(f"{action} {target}: off, asked for by {sender}")
    (lab.root / "fence" / f"done.{request}").touch()
    if action == "on" or (action == "reboot" and lab.fence_boots):
        node.boot()
        say(f"{action} {target}: on again")


def main() -> None:
    lab = labs.load(sys.argv[1])
    pipe = os.open(lab.root / "fence" / "requests", os.O_RDWR)  # O_RDWR: never an end of file
    with os.fdopen(pipe, "r", encoding="ascii", buffering=1) as requests:
        for line in requests:
            try:
                serve(lab, line)
            except (LabError, OSError, ValueError) as error:
                say(f"could not serve '{line.strip()}': {error}")


if __name__ == "__main__":
    main()
