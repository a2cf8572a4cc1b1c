# SPDX-License-Identifier: GPL-2.0-or-later
"""What `pgward status` tells, for tests."""

import json

from labkit.lab.shell import wait_until

OK, ERRORS, FAILED = 0, 1, 3


def ask(node, *options):
    """Its exit code, and what it tells as JSON."""
    done = node.run("pgward", "status", "--output-as=json", *options, check=False)
    assert done.stdout, f"exit code {done.returncode}: {done.stderr}"
    told = json.loads(done.stdout)
    assert (told["format"], told["version"]) == ("pgward-status", 1)
    return done.returncode, told


def row(told, name):
    return next(node for node in told["nodes"] if node["name"] == name)


def about(told, kind):
    """The notes of a kind, each as LEVEL: TEXT."""
    return [f"{note['level']}: {note['text']}" for note in told["notes"]
            if note["about"] == kind]


def wait_for(node, what, test, timeout=60):
    """Until what the node tells passes the test."""
    last = {}

    def passes():
        last["told"] = ask(node)
        return test(last["told"][1])

    try:
        wait_until(what, passes, timeout, 0.3)
    except Exception as error:
        raise AssertionError(f"{error}: {json.dumps(last.get('told'), indent=1)}") from None
    return last["told"]
