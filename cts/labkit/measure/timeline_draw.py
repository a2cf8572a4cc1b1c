# SPDX-License-Identifier: GPL-2.0-or-later
"""Draws the steps of a failover or a move: as text, and as an SVG."""

import json
import math
import xml.etree.ElementTree as ET
from dataclasses import asdict, replace

from .outage import KINDS, Outage, Step

COLUMNS = 40
COLOURS = {"detect": "#b3261e", "promote": "#1b7f3b", "server": "#b26a00", "address": "#1d5fa8",
           "notify": "#7a4fa3", "decide": "#5f6b76", "between": "#c3c9cf", "client": "#111111"}
ROW, LEFT, WIDTH, RIGHT, TOP = 18, 380, 620, 130, 92
LICENCE = "<!-- SPDX-License-Identifier: GPL-2.0-or-later -->\n"
SVG = "http://www.w3.org/2000/svg"
FONT = "font-family:Helvetica,Arial,sans-serif;font-size:12px"


def label(step: Step) -> str:
    bad = "" if step.result == "ok" else f" ({step.result})"
    return ("    " if step.inner else "") + step.words + bad


def bar(step: Step, found: Outage) -> str:
    """The step's place on a line of so many columns."""
    whole = found.commit - found.begin
    a = min(int((step.begin - found.begin) / whole * COLUMNS), COLUMNS - 1)
    b = min(math.ceil((step.end - found.begin) / whole * COLUMNS), COLUMNS)
    mark = "|" if step.begin == step.end else "-" if step.inner else "#"
    if step.end < found.begin:
        mark = " "      # the client is still served
    return (" " * max(a, 0) + mark * max(b - max(a, 0), 1)).ljust(COLUMNS)


def text(found: Outage) -> str:
    lines = [f"{'ms':>6} {'took':>6}  {'where':9} {'':{COLUMNS}} what"]
    for step in found.steps:
        took = 1000 * (step.end - step.begin)
        lines.append(f"{1000 * (step.begin - found.begin):6.0f} "
                     + (f"{took:6.0f}" if step.end > step.begin else " " * 6)
                     + f"  {step.where:9} {bar(step, found)} {label(step)}")
    lines += ["", f"where the {1000 * (found.commit - found.begin):.0f} ms went:"]
    lines += [f"{1000 * took:6.0f}  {KINDS[kind]}" for kind, took in found.shares().items()
              if took >= 0.0005]
    return "\n".join(line.rstrip() for line in lines) + "\n"


class Drawing:
    """The picture: a line a step, a bar from its begin to its end."""

    def __init__(self, found: Outage) -> None:
        self.found = found
        self.whole = found.commit - found.begin
        self.steps = [s for s in found.steps if s.end >= found.begin]
        self.height = TOP + ROW * len(self.steps) + 34
        self.top = ET.Element("svg", {
            "xmlns": SVG, "width": str(LEFT + WIDTH + RIGHT),
            "height": str(self.height), "viewBox": f"0 0 {LEFT + WIDTH + RIGHT} {self.height}"})
        self.box(0, 0, LEFT + WIDTH + RIGHT, self.height, "#ffffff")

    def box(self, x: float, y: float, width: float, height: float, fill: str) -> None:
        ET.SubElement(self.top, "rect", {"x": f"{x:.1f}", "y": f"{y:.1f}",
                                         "width": f"{width:.1f}", "height": f"{height:.1f}",
                                         "fill": fill})

    def words(self, x: float, y: float, what: str, **more: str) -> None:
        one = ET.SubElement(self.top, "text", {"x": f"{x:.1f}", "y": f"{y:.1f}",
                                               "style": FONT, "fill": "#1c1c1c", **more})
        one.set("{http://www.w3.org/XML/1998/namespace}space", "preserve")
        one.text = what

    def place(self, moment: float) -> float:
        return LEFT + WIDTH * min(max((moment - self.found.begin) / self.whole, 0), 1)

    def axis(self) -> None:
        """Lines at round numbers of milliseconds, about eight of them."""
        rough = self.whole * 1000 / 8
        unit = 10 ** math.floor(math.log10(rough))
        step = unit * next(n for n in (1, 2, 5, 10) if n * unit >= rough)
        for i in range(int(self.whole * 1000 / step) + 1):
            x = self.place(self.found.begin + i * step / 1000)
            self.box(x, TOP - 6, 1, self.height - TOP - 16, "#e4e7ea")
            self.words(x, self.height - 8, f"{i * step:.0f} ms", **{"text-anchor": "middle"})

    def shares(self) -> None:
        """One bar on top: where the time went, with its legend."""
        x = float(LEFT)
        at, line = 12.0, 62.0
        for kind, took in self.found.shares().items():
            if took < 0.0005:
                continue
            width = WIDTH * took / self.whole
            self.box(x, 26, width, 14, COLOURS[kind])
            x += width
            what = f"{KINDS[kind]} {1000 * took:.0f} ms"
            if at + 24 + 6.6 * len(what) > LEFT + WIDTH + RIGHT:
                at, line = 12.0, line + 16
            self.box(at, line - 10, 12, 12, COLOURS[kind])
            self.words(at + 17, line, what)
            at += 34 + 6.6 * len(what)

    def row(self, i: int, step: Step) -> None:
        y = TOP + ROW * i
        inner = {"fill": "#5c6670"} if step.inner else {}
        self.words(10, y + 12, step.where, **inner)
        self.words(82, y + 12, shorten(label(step)), **inner)
        a, b = self.place(step.begin), self.place(step.end)
        high = 5 if step.inner else 11
        self.box(a, y + 3 + (11 - high) / 2, max(b - a, 2), high, COLOURS[step.kind])
        begin, took = 1000 * (step.begin - self.found.begin), 1000 * (step.end - step.begin)
        self.words(LEFT + WIDTH + 10, y + 12, f"{begin:.0f}" + (
            f" + {took:.0f} ms" if took else " ms"), **inner)

    def data(self) -> None:
        """What is drawn, so that it can be drawn again: its times begin with 0."""
        ET.SubElement(self.top, "metadata").text = json.dumps(asdict(self.found))

    def draw(self) -> str:
        self.data()
        began = (f"the last commit on {self.found.old}" if self.found.ordered
                 else f"SIGKILL on {self.found.old}")
        self.words(10, 18, f"From {began} to the first new commit: "
                   f"{1000 * self.whole:.0f} ms", **{"font-weight": "bold"})
        self.words(10, 38, "where the time went")
        self.axis()
        self.shares()
        for i, step in enumerate(self.steps):
            self.row(i, step)
        ET.indent(self.top)
        return LICENCE + ET.tostring(self.top, encoding="unicode") + "\n"


def shorten(what: str, most: int = 50) -> str:
    return what if len(what) <= most else what[:most - 2] + ".."


def from_its_begin(found: Outage) -> Outage:
    """In seconds since its begin, to the tenth of a millisecond."""
    def at(moment: float) -> float:
        return round(moment - found.begin, 4)

    return replace(found, begin=0.0, commit=at(found.commit),
                   ordered=at(found.ordered) if found.ordered else 0.0,
                   steps=[replace(s, begin=at(s.begin), end=at(s.end)) for s in found.steps])


def svg(found: Outage) -> str:
    return Drawing(from_its_begin(found)).draw()


def read(picture: str) -> Outage:
    """What a picture was drawn from."""
    data = json.loads(ET.fromstring(picture).findtext(f"{{{SVG}}}metadata") or "{}")
    return Outage(**{**data, "steps": [Step(**one) for one in data["steps"]]})
