# SPDX-License-Identifier: GPL-2.0-or-later
"""What weakens a promise is said in words: once in a promotion, and by validate-all."""

import json
import re
import signal

import pytest

from conftest import open_lab
from labkit.lab import resources
from labkit.lab.node import POSTGRES
from labkit.lab.resources import Wanted
from labkit.lab.shell import wait_until

pytestmark = pytest.mark.steps

# What a warning begins with, for each profile without fencing.
SEED = ["stonith-enabled=false", "no-quorum-policy=ignore", "'pgsql' has stop timeout=60s",
        "'pgsql' has demote timeout=60s", "'pgsql' has demote on-fail=stop",
        "'pgsql' has migration-threshold=1", "'pgsql' has restart_on_promote=true"]
COMMAND = r"(Make one|Change it[^:]*|Configure a fence device, then): \S+"


@pytest.fixture(scope="module")
def cluster(request, agent):
    with open_lab(request.config, 2) as made:
        made.set_up(Wanted(agent=agent, profile="seed", fencing=False))
        made.settle(sync=False)
        yield made


def warned(node):
    """The set-up's warnings in a node's log: the ones that end in a command."""
    lines = node.syslog().splitlines()
    found = [re.search(r"pgsql\(pgsql\)\S* WARNING: (.*)", line) for line in lines]
    return [hit[1] for hit in found if hit and re.search(COMMAND, hit[1])]


def warned_of(lines, beginnings):
    """Each beginning is there once, and nothing else is."""
    left = list(lines)
    for begin in beginnings:
        hits = [line for line in left if line.startswith(begin)]
        assert len(hits) == 1, f"'{begin}' is there {len(hits)} times in: {lines}"
        left.remove(hits[0])
    assert left == []


def validate(cluster, node):
    del cluster
    return node.run("crm_resource", "--validate", "-r", "pgsql", "-V", check=False)


def by_command(node):
    """The exit code and the findings of `pgward validate`."""
    done = node.run("pgward", "validate", "-o", "json", check=False)
    answer = json.loads(done.stdout)
    assert answer["format"] == "pgward-validate" and answer["version"] == 1
    assert answer["whole"] == (done.returncode != 3), done.stderr
    assert {found["severity"] for found in answer["findings"]} <= {"warning"}
    said = node.run("pgward", "validate", check=False).stdout
    found = [finding["text"] for finding in answer["findings"]]
    assert said.splitlines() == [f"warning: {line}" for line in found]
    return done.returncode, found


def marked(node):
    """The private attribute that remembers for which promotion this node warned."""
    return node.out("attrd_updater", "-Q", "-n", "pgsql-warned", "-N", node.name, check=False)


def test_seed_profile_warns_once_in_a_promotion(cluster):
    node = cluster.primary()
    wait_until("the primary to have warned", lambda: 'value="' in marked(node), 60, 0.2)
    warned_of(warned(node), SEED)
    (other,) = cluster.standbys()
    assert warned(other) == []
    before = marked(node)
    wait_until("more monitors", lambda: (node.dir / "tmp/pgward.trace").read_text()
               .count("action = monitor") > 5, 60, 0.5)
    assert marked(node) == before
    warned_of(warned(node), SEED)


def test_validation_says_the_same_and_succeeds(cluster):
    done = validate(cluster, cluster.primary())
    assert done.returncode == 0, done.stdout + done.stderr
    said = [line.partition("WARNING: ")[2] for line in (done.stdout + done.stderr).splitlines()
            if "WARNING: " in line]
    warned_of(said, SEED)
    code, found = by_command(cluster.primary())
    assert code == 1
    warned_of(found, SEED)


def test_command_says_where_it_could_not_look(cluster):
    """P5's other side: what was not seen is not taken for safe."""
    node = cluster.primary()
    node.signal(signal.SIGSTOP, POSTGRES)
    try:
        done = node.run("pgward", "validate", "--timeout", "5s", check=False)
        assert done.returncode == 3 and done.stderr, done.stdout
    finally:
        node.signal(signal.SIGCONT, POSTGRES)
    done = node.run("pgward", "validate", "--output-as", "xml", check=False)
    assert done.returncode == 2 and "Write text or json" in done.stderr


def test_validation_names_what_weakens_the_server(cluster):
    node = cluster.primary()
    wants = "/etc/systemd/system/multi-user.target.wants"
    node.run("mkdir", "-p", wants)
    node.run("ln", "-s", "/lib/systemd/system/postgresql.service", wants)
    node.sql("ALTER SYSTEM SET fsync = off")
    node.sql("ALTER SYSTEM SET synchronous_commit = local")
    node.sql("ALTER DATABASE postgres SET synchronous_commit = off")
    node.sql("SELECT pg_reload_conf()")
    wait_until("the server to have read it", lambda: node.sql("SHOW fsync") == "off", 60, 0.1)
    done = validate(cluster, node)
    assert done.returncode == 0
    text = done.stdout + done.stderr
    for words in ("fsync=off", "synchronous_commit=local", "systemctl disable postgresql",
                  "ALTER DATABASE postgres RESET synchronous_commit"):
        assert words in text
    node.run("rm", "-r", wants)
    node.sql("ALTER DATABASE postgres RESET synchronous_commit")
    node.sql("ALTER SYSTEM RESET ALL")
    node.sql("SELECT pg_reload_conf()")


def test_commands_of_the_warnings_end_them(cluster):
    """Every command that a warning names works, and then there is nothing to warn of."""
    node = cluster.primary()
    cluster.pcs("stonith", "create", "fencing", "fence_pgward_lab",
                f"pcmk_host_list={' '.join(cluster.lab.node_names)}",
                "pcmk_host_check=static-list", "--force")
    for line in warned(node):
        command = line.rpartition(": ")[2]
        assert command.startswith("pcs "), line
        cluster.pcs(*command.split()[1:])
    done = validate(cluster, cluster.primary())
    assert "WARNING" not in done.stdout + done.stderr
    assert done.returncode == 0
    found = node.out("cibadmin", "-Q", "-A", "//op[@name='stop']")
    assert found.count('on-fail="block"') >= 1, f"its on-fail was lost: {found}"


def test_recommended_profile_has_nothing_to_warn_of(request, agent):
    with open_lab(request.config, 2) as made:
        made.set_up(Wanted(agent=agent))
        made.settle()
        node = made.primary()
        wait_until("the primary to have looked", lambda: 'value="' in marked(node), 60, 0.2)
        assert warned(node) == []
        done = validate(made, node)
        assert "WARNING" not in done.stdout + done.stderr
        assert by_command(node) == (0, [])
        assert resources.PROFILES["recommended"].threshold >= 3
