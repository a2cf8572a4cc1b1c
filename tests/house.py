# SPDX-License-Identifier: GPL-2.0-or-later
"""The picture of the house, cts/house.svg: `tests/house.py > cts/house.svg`.

Higher rooms stand higher; tests/layers holds that none includes one above it, and that
the picture shows the rooms that there are.
"""

import sys
import xml.etree.ElementTree as ET
from typing import Dict, List

WHAT: Dict[str, str] = {
    "common/text": "lines, LSN, history, redaction",
    "common/params": "the one table of parameters",
    "common/world": "snapshot: what can be seen; plan: what can be done",
    "common/decide/ground": "peers, positions, records, wants",
    "common/decide/rules": "may_lead: who may lead, by which rule",
    "common/decide/duties": "synchronous list, slots, rejoin, elections",
    "common/decide/actions": "decide(action, snapshot) -> plan",
    "common/tell": "a snapshot in words, by the same rules",
    "agent/system": "clock, files, programs to run",
    "agent/postgres": "server, files, tools",
    "agent/client": "libpq",
    "agent/cluster": "CIB, attributes",
    "agent/instance": "one resource: its look, lock, workers",
    "agent/action": "ocf:pgward:pgsql",
    "agent/command": "pgward",
}
HALVES = {"common": ("thinks: pure C, no I/O, no clock", "#e3edf9", "#1d5fa8"),
          "agent": ("touches: the only one that does", "#fbeede", "#b26a00")}
LICENCE = "<!-- SPDX-License-Identifier: GPL-2.0-or-later -->\n"
FONT = "font-family:Helvetica,Arial,sans-serif"
WIDTH, GAP, ROOM, HEAD, EDGE = 440, 10, 46, 54, 20


def words(where: ET.Element, x: float, y: float, text: str, style: str) -> None:
    ET.SubElement(where, "text", {"x": f"{x:g}", "y": f"{y:g}", "style": f"{FONT};{style}"}
                  ).text = text


def box(where: ET.Element, place: List[float], fill: str, stroke: str) -> None:
    names = ("x", "y", "width", "height")
    ET.SubElement(where, "rect", {**{n: f"{v:g}" for n, v in zip(names, place)}, "rx": "6",
                                  "fill": fill, "stroke": stroke})


def draw_half(svg: ET.Element, half: str, levels: List[List[str]], x: float, bottom: float) -> None:
    what, fill, stroke = HALVES[half]
    top = bottom - HEAD - len(levels) * (ROOM + GAP) - GAP
    box(svg, [x, top, WIDTH, bottom - top], "#ffffff", stroke)
    words(svg, x + GAP, top + 24, f"{half}/", f"font-size:17px;font-weight:bold;fill:{stroke}")
    words(svg, x + GAP, top + 43, what, "font-size:13px;fill:#444")
    for number, level in enumerate(levels):
        y = bottom - (number + 1) * (ROOM + GAP)
        width = (WIDTH - GAP * (len(level) + 1)) / len(level)
        for place, room in enumerate(level):
            left = x + GAP + place * (width + GAP)
            box(svg, [left, y, width, ROOM], fill, stroke)
            words(svg, left + 8, y + 19, room.partition("/")[2],
                  "font-size:14px;font-weight:bold;fill:#111")
            words(svg, left + 8, y + 36, WHAT[room], "font-size:11px;fill:#333")


def draw(rooms: List[List[str]]) -> str:
    """The picture's text; KeyError: nobody has said what a room is for."""
    halves = {half: [level for level in rooms if level[0].startswith(f"{half}/")]
              for half in HALVES}
    most = max(len(levels) for levels in halves.values())
    height = EDGE * 2 + HEAD + most * (ROOM + GAP) + GAP + 28
    width = EDGE * 3 + WIDTH * 2
    svg = ET.Element("svg", {"xmlns": "http://www.w3.org/2000/svg", "width": str(width),
                             "height": str(height), "viewBox": f"0 0 {width} {height}"})
    box(svg, [0, 0, width, height], "#ffffff", "none")
    bottom = height - EDGE - 28
    for number, half in enumerate(HALVES):
        draw_half(svg, half, halves[half], EDGE + number * (WIDTH + EDGE), bottom)
    words(svg, EDGE, height - EDGE,
          "A room includes itself and lower ones; those beside each other do not know each "
          "other; agent/ includes common/, never the other way.", "font-size:13px;fill:#444")
    ET.indent(svg)
    return LICENCE + ET.tostring(svg, encoding="unicode") + "\n"


if __name__ == "__main__":
    from layers import C_ROOMS
    sys.stdout.write(draw(C_ROOMS))
