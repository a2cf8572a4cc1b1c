# SPDX-License-Identifier: GPL-2.0-or-later
"""The configuration lies outside of PGDATA, as Debian has it, and one file of it is a link (P9)."""

import pytest

from conftest import open_lab
from labkit.lab import postgres, resources
from labkit.lab.cluster import quiet
from labkit.lab.postgres import DATA
from labkit.lab.resources import Wanted
from returning.parted import leave, part_and_return

pytestmark = pytest.mark.steps

ETC = "/srv/pg/etc"
MOVE = f"""
set -e
mkdir -p {ETC}
cd {DATA}
mv postgresql.conf pg_hba.conf pg_ident.conf postgresql.auto.conf {ETC}
ln -s {ETC}/postgresql.auto.conf .
cat >>{ETC}/postgresql.conf <<CONF
data_directory = '{DATA}'
hba_file = '{ETC}/pg_hba.conf'
ident_file = '{ETC}/pg_ident.conf'
cluster_name = '$(hostname)'
CONF
"""
NAMES = ("postgresql.conf", "pg_hba.conf", "pg_ident.conf")


@pytest.fixture(scope="module")
def outside(request, agent):
    with open_lab(request.config, 2) as made:
        postgres.setup(made.lab, quiet)
        for node in made.lab.running():
            node.run("sh", "-s", user="postgres", stdin=MOVE)
        options = ["rejoin=rebuild", f"config={ETC}/postgresql.conf"]
        resources.configure(made.lab, Wanted(agent=agent, options=options), quiet)
        made.settle()
        yield made


def is_own(node):
    """It runs by its own files, and none of them came into PGDATA."""
    assert node.sql("SHOW cluster_name") == node.name
    assert node.sql("SHOW config_file") == f"{ETC}/postgresql.conf"
    assert node.out("readlink", f"{DATA}/postgresql.auto.conf") == f"{ETC}/postgresql.auto.conf"
    for name in NAMES:
        assert not (node.dir / "pg/data" / name).exists(), name


def test_it_is_rewound(outside):
    outside.settle()
    old = part_and_return(outside, 60)
    assert "a new copy is in the place" not in old.syslog()
    is_own(old)
    leave(outside)


def test_it_is_made_anew(outside):
    outside.update("restart_on_promote=true")
    outside.settle()
    old = part_and_return(outside, 120)
    assert "a new copy is in the place" in old.syslog()
    is_own(old)
    leave(outside)
