# SPDX-License-Identifier: GPL-2.0-or-later
"""The laboratory's networks: one namespace is the switch, each node has a cable to each LAN.

Nothing here touches the machine's own interfaces: the bridges live in the
switch's namespace and the cables join namespaces only.
"""

from typing import List

from .errors import LabError
from .shell import run

LANS = {"service": 0, "cluster": 1, "replication": 2}
CLIENT_HOST = 200
ROUTER_HOST = 111       # the first of them


def lan_number(word: str) -> int:
    """Which LAN a person means: its name, its number or the interface."""
    if word in LANS:
        return LANS[word]
    if word.removeprefix("eth") in ("0", "1", "2"):
        return int(word.removeprefix("eth"))
    raise LabError(f"there is no LAN '{word}'",
                   "the LANs are: service (0, eth0), cluster (1, eth1), replication (2, eth2)")


def namespace(lab: str, part: str) -> str:
    return f"pgward.{lab}.{part}"


def namespaces(lab: str) -> List[str]:
    """Every network namespace that belongs to this laboratory."""
    lines = run(["ip", "netns", "list"]).stdout.splitlines()
    mine = namespace(lab, "")
    return [line.split()[0] for line in lines if line.startswith(mine)]


def delete(netns: str) -> None:
    run(["ip", "netns", "del", netns], check=False)


def cable(index: int, lan: int) -> str:
    """The name of a cable's end at the switch (short: an interface has 15 characters)."""
    return f"n{index}-{lan}"


def make_switch(lab: str) -> None:
    switch = namespace(lab, "switch")
    run(["ip", "netns", "add", switch])
    for lan in LANS.values():
        run(["ip", "-n", switch, "link", "add", f"br{lan}", "type", "bridge"])
        run(["ip", "-n", switch, "link", "set", f"br{lan}", "up"])


def make_host(lab: str, part: str, index: int, lans: List[int]) -> None:
    """A namespace with a cable to each LAN; host number `index` in each.

    A card has its address for life: others remember it over a reboot.
    """
    switch, host = namespace(lab, "switch"), namespace(lab, part)
    run(["ip", "netns", "add", host])
    run(["ip", "-n", host, "link", "set", "lo", "up"])
    for lan in lans:
        end = cable(index, lan)
        run(["ip", "-n", switch, "link", "add", end, "type", "veth",
             "peer", "name", f"eth{lan}", "address", f"02:00:00:00:{lan:02x}:{index:02x}",
             "netns", host])
        run(["ip", "-n", switch, "link", "set", end, "master", f"br{lan}", "up"])
        run(["ip", "-n", host, "addr", "add", f"192.168.{lan}.{index}/24", "dev", f"eth{lan}"])
        run(["ip", "-n", host, "link", "set", f"eth{lan}", "up"])


def make_client(lab: str) -> None:
    make_host(lab, "client", CLIENT_HOST, [0, 2])


def unplug(lab: str, index: int) -> None:
    """Pull all cables: a machine without power says no goodbye to anyone."""
    switch = namespace(lab, "switch")
    for lan in LANS.values():
        run(["ip", "-n", switch, "link", "del", cable(index, lan)], check=False)


def cut(lab: str, index: int, lan: int, direction: str) -> None:
    """Stop a node's traffic on a LAN: the cable pulled, or one direction lost in the switch."""
    switch, end = namespace(lab, "switch"), cable(index, lan)
    if direction == "both":
        run(["ip", "-n", switch, "link", "set", end, "down"])
        return
    match = "iifname" if direction == "out" else "oifname"
    table = f"cut_{index}_{lan}_{direction}"
    rules = (f"add table bridge {table}\n"
             f"add chain bridge {table} drops {{ type filter hook forward priority 0; }}\n"
             f"add rule bridge {table} drops {match} \"{end}\" drop\n")
    heal_table(switch, table)
    run(["ip", "netns", "exec", switch, "nft", "-f", "-"], stdin=rules)


def heal_table(switch: str, table: str) -> None:
    run(["ip", "netns", "exec", switch, "nft", "delete", "table", "bridge", table], check=False)


def heal_rules(lab: str, index: int, lan: int) -> None:
    """The switch's rules outlive a node's power, as its cable does not."""
    for direction in ("in", "out"):
        heal_table(namespace(lab, "switch"), f"cut_{index}_{lan}_{direction}")


def heal(lab: str, index: int, lan: int) -> None:
    switch = namespace(lab, "switch")
    heal_rules(lab, index, lan)
    run(["ip", "-n", switch, "link", "set", cable(index, lan), "up"])
