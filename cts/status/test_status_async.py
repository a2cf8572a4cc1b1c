# SPDX-License-Identifier: GPL-2.0-or-later
"""`pgward status` where commits wait for nobody."""

import signal

import pytest

from conftest import need_command, open_lab
from labkit.lab.resources import Wanted
from status.telling import ERRORS, OK, about, ask, row, wait_for

pytestmark = pytest.mark.steps


@pytest.fixture(scope="module")
def pair(request, agent):
    with open_lab(request.config, 2) as made:
        need_command(made)
        made.set_up(Wanted(agent=agent, rep_mode="async"))
        made.settle(sync=False)
        yield made


def test_async_mode_says_what_it_may_lose(pair):
    primary = pair.settle(sync=False).primary
    for node in pair.lab.nodes:
        code, told = wait_for(node, "a standby that streams", lambda t: t["spares"] == 1)
        assert code == OK and told["mode"] == "async"
        assert told["rpo"]["state"] == "bytes"
        assert told["rpo"]["text"].endswith(" now: commits wait for no standby")
        assert (told["sync_standbys"], told["sync_required"]) == (0, 0)
    standby = pair.standbys()[0]
    assert standby.signal(signal.SIGSTOP, "postgres.*walreceiver") == 1
    try:
        pair.node(primary).sql("create table filler as select generate_series(1, 20000) as n")
        code, told = ask(pair.node(primary))
        assert told["rpo"]["bytes"] > 100000, told["rpo"]
        assert row(told, standby.name)["behind_bytes"] == told["rpo"]["bytes"]
    finally:
        standby.signal(signal.SIGCONT, "postgres.*walreceiver")


def test_async_mode_without_a_standby_would_lose_all(pair):
    standby = pair.standbys()[0]
    primary = pair.primary()
    pair.pcs("node", "standby", standby.name, "--wait=60")
    code, told = wait_for(primary, "nobody to be left", lambda t: t["spares"] == 0)
    assert code == ERRORS
    assert told["rpo"]["text"] == "all: no other node could take over"
    assert about(told, "no-spare") == [f"error: no node could take over from '{primary.name}'"]
