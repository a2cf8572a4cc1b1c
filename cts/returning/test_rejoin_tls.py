# SPDX-License-Identifier: GPL-2.0-or-later
"""Each node has a TLS key of its own in PGDATA, and keeps it whichever way it comes back (P9)."""

import subprocess

import pytest

from conftest import open_lab
from labkit.lab.postgres import DATA
from labkit.lab.resources import Wanted
from returning.parted import leave, part_and_return

pytestmark = pytest.mark.steps

SETTINGS = """
include_if_exists = 'tls.conf'
"""
CA = "/srv/pg/ca.crt"
OWN = ("server.key", "server.crt")


def openssl(folder, *args):
    subprocess.run(["openssl", *args], cwd=folder, check=True, capture_output=True, timeout=60)


def make_ca(folder):
    openssl(folder, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "9", "-subj", "/CN=ca",
            "-keyout", "ca.key", "-out", "ca.crt")


def make_key(folder, name):
    openssl(folder, "req", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN={name}",
            "-keyout", f"{name}.key", "-out", f"{name}.csr")
    openssl(folder, "x509", "-req", "-days", "9", "-in", f"{name}.csr", "-CA", "ca.crt",
            "-CAkey", "ca.key", "-CAcreateserial", "-out", f"{name}.crt")


def put(node, source, path, mode):
    node.run("sh", "-c", f"umask 077; cat > {path}; chmod {mode} {path}", user="postgres",
             stdin=source.read_text())


def turn_on(node, folder):
    """Its own key, which nobody may write to, and no connection between nodes without it."""
    make_key(folder, node.name)
    put(node, folder / "ca.crt", CA, 644)
    put(node, folder / f"{node.name}.key", f"{DATA}/server.key", 400)
    put(node, folder / f"{node.name}.crt", f"{DATA}/server.crt", 444)
    node.run("sh", "-c", f"echo 'ssl = on' > {DATA}/tls.conf; "
             f"sed -i '1i hostnossl all all 192.168.2.0/24 reject' {DATA}/pg_hba.conf; "
             f"sed -i '1i hostnossl replication all 192.168.2.0/24 reject' {DATA}/pg_hba.conf",
             user="postgres")
    node.sql("SELECT pg_reload_conf()")


@pytest.fixture(scope="module")
def secured(request, agent, tmp_path_factory):
    folder = tmp_path_factory.mktemp("tls")
    make_ca(folder)
    with open_lab(request.config, 2) as made:
        made.set_up(Wanted(agent=agent, options=["rejoin=rebuild"]), SETTINGS)
        made.settle()
        for node in made.lab.running():
            turn_on(node, folder)
        made.update(f"primary_conninfo_opt=sslmode=verify-ca sslrootcert={CA}")
        made.settle()
        made.own = {node.name: own(node) for node in made.lab.nodes}
        yield made


def own(node):
    """Bytes, mode and owner of its files."""
    return node.out("sh", "-c", "cd " + DATA + " && sha256sum " + " ".join(OWN)
                    + " && stat -c '%n %a %U' " + " ".join(OWN))


def served(node):
    """Whose certificate its server shows."""
    return node.out("sh", "-c", "openssl s_client -starttls postgres -connect 127.0.0.1:5432 "
                    "</dev/null 2>/dev/null | openssl x509 -noout -subject")


def is_own(cluster, node):
    assert own(node) == cluster.own[node.name]
    assert served(node).endswith(f"CN = {node.name}")
    assert cluster.primary().sql("SELECT s.ssl FROM pg_stat_replication r JOIN pg_stat_ssl s "
                                 "USING (pid)") == "t"


def test_each_has_its_own(secured):
    assert len(set(secured.own.values())) == 2
    for node in secured.lab.nodes:
        is_own(secured, node)


def test_rewound_it_has_its_own(secured):
    secured.settle()
    before = {node.name: len(node.syslog()) for node in secured.lab.nodes}
    old = part_and_return(secured, 60)
    said = old.syslog()[before[old.name]:]
    assert "this node's own WAL" in said and "a new copy" not in said
    assert "own files are back, where the primary's differed" in said
    is_own(secured, old)
    leave(secured)


def test_made_anew_it_has_its_own(secured):
    secured.update("restart_on_promote=true")
    secured.settle()
    before = {node.name: len(node.syslog()) for node in secured.lab.nodes}
    old = part_and_return(secured, 120)
    said = old.syslog()[before[old.name]:]
    assert "a new copy is in the place of this node's data" in said
    assert "own files are back, where the primary's differed" in said
    is_own(secured, old)
    leave(secured)
