# SPDX-License-Identifier: GPL-2.0-or-later
"""The texts that a node's cluster software starts from."""

import re
from pathlib import Path
from typing import List

SCHEMAS = Path("/usr/share/pacemaker")


def conf(nodes: List[str]) -> str:
    """corosync.conf: knet on the cluster LAN, a token of one second, wait_for_all kept for two nodes.

    Without the coefficient Corosync makes it 0.65 s longer for each node beyond the second.
    """
    members = "".join(
        f"  node {{\n    ring0_addr: 192.168.1.{i}\n    name: {name}\n    nodeid: {i}\n  }}\n"
        for i, name in enumerate(nodes, 1))
    two_node = "  two_node: 1\n" if len(nodes) == 2 else ""
    return f"""totem {{
  version: 2
  cluster_name: pgward
  transport: knet
  crypto_cipher: none
  crypto_hash: none
  token: 1000
  token_coefficient: 0
}}
quorum {{
  provider: corosync_votequorum
{two_node}}}
nodelist {{
{members}}}
logging {{
  to_logfile: yes
  logfile: /var/log/corosync/corosync.log
  to_syslog: no
  timestamp: hires
}}
system {{
  sched_rr: no
  move_to_root_cgroup: no
}}
"""


def schema() -> str:
    """The newest schema here, which a fresh cluster has too: older ones lack the word Promoted."""
    found = [re.fullmatch(r"pacemaker-(\d+)\.(\d+)\.rng", path.name) for path in SCHEMAS.iterdir()]
    versions = [(int(match[1]), int(match[2])) for match in found if match]
    return "pacemaker-%d.%d" % max(versions, default=(3, 0))


def first_cib(throttled: bool = True) -> str:
    """A first CIB with a short dc-deadtime: a controller after 6 s instead of 24.

    All nodes share one machine, and each takes the load of all for its own: from 1.6 times the
    load-threshold (80 % of the cores) on, Pacemaker runs one action at a time in the whole
    cluster. Where times are measured, it shall not.
    """
    options = {"dc-deadtime": "2s"}
    if not throttled:
        options["load-threshold"] = "1000%"
    pairs = "".join(f'<nvpair id="cib-bootstrap-options-{name}" name="{name}" value="{value}"/>'
                    for name, value in options.items())
    return (f'<cib validate-with="{schema()}" epoch="1" num_updates="0" admin_epoch="0">'
            '<configuration><crm_config><cluster_property_set id="cib-bootstrap-options">'
            f'{pairs}</cluster_property_set></crm_config><nodes/><resources/><constraints/>'
            '</configuration><status/></cib>\n')


def hosts(nodes: List[str]) -> str:
    lines = ["127.0.0.1 localhost"]
    lines += [f"192.168.1.{i} {name}" for i, name in enumerate(nodes, 1)]
    return "\n".join(lines) + "\n"
