# SPDX-License-Identifier: GPL-2.0-or-later
"""Holds the sources to their rooms. Run by tests/layers, as TAP.

A room is a folder with all that is in it. A file includes what is in its own room or in
a lower one, and never, through however many others, itself. Each check is given trees
with a fault first, and has to find it: a check that finds nothing proves nothing.
"""

import ast
import re
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Callable, Dict, Iterator, List, NamedTuple, Optional, Sequence, Set, Tuple

import house

# From the lowest to the highest; those of one line do not know each other.
C_ROOMS = [
    ["common/text"],
    ["common/params"],
    ["common/world"],
    ["common/decide/ground"],
    ["common/decide/rules"],
    ["common/decide/duties"],
    ["common/decide/actions"],
    ["common/tell"],
    ["agent/system"],
    ["agent/postgres", "agent/client", "agent/cluster"],
    ["agent/instance"],
    ["agent/action", "agent/command"],
]
C_TOPS = ("common", "agent")
# In no room: configure makes it.
C_ROOMLESS = {"config.h"}
# What is not right yet: these includes are looked past, and have to be there as long as
# they are named here.
C_LEFT: Set[Tuple[str, str]] = set()

KIT = "labkit"
KIT_ROOMS = [["lab"], ["faults"], ["measure"], ["demo"]]

MOST = 40       # files in one folder
DATA = re.compile(r"tests/(cases|corpus)/.+")

Rooms = Sequence[Sequence[str]]
Pairs = Set[Tuple[str, str]]
Graph = Dict[str, Set[str]]


class Found(NamedTuple):
    """What one check complains of, in which room; the room is empty where it is all."""

    room: str
    what: str


# --- rooms and circles --------------------------------------------------------


def room_of(path: str, rooms: Rooms) -> str:
    """The innermost room that a file is in, or nothing."""
    inside = [room for level in rooms for room in level if path.startswith(room + "/")]
    return max(inside, key=len, default="")


def may_include(mine: str, other: str, rooms: Rooms) -> bool:
    level = {room: number for number, row in enumerate(rooms) for room in row}
    return mine == other or level[other] < level[mine]


def circles(graph: Graph) -> List[str]:
    """Each circle that a walk along the includes comes upon, as A -> B -> A."""
    found: List[str] = []
    done: Set[str] = set()

    def walk(node: str, path: List[str]) -> None:
        if node in path:
            found.append(" -> ".join(path[path.index(node):] + [node]))
        elif node not in done:
            for other in sorted(graph.get(node, ())):
                walk(other, path + [node])
            done.add(node)

    for node in sorted(graph):
        walk(node, [])
    return found


# --- C ------------------------------------------------------------------------


def c_files(top: Path) -> List[str]:
    return sorted(str(path.relative_to(top)) for name in C_TOPS
                  for path in (top / name).rglob("*.[ch]"))


def included(path: str, name: str, top: Path, headers: Dict[str, List[str]]) -> str:
    """The file that #include "name" means, or nothing."""
    beside = (top / path).parent / name
    if beside.exists():
        return str(beside.resolve().relative_to(top.resolve()))
    if name in C_ROOMLESS:
        return name
    known = [one for one in headers.get(name.rpartition("/")[2], ())
             if f"/{one}".endswith(f"/{name}")]
    return known[0] if len(known) == 1 else ""


def c_includes(top: Path) -> Iterator[Tuple[str, str, str]]:
    """Of each #include "x.h": the file that it stands in, its words, what is meant."""
    headers: Dict[str, List[str]] = {}
    for path in c_files(top):
        if path.endswith(".h"):
            headers.setdefault(path.rpartition("/")[2], []).append(path)
    for path in c_files(top):
        text = (top / path).read_text(encoding="utf-8")
        for name in re.findall(r'^[ \t]*#[ \t]*include[ \t]+"([^"]+)"', text, re.M):
            yield path, name, included(path, name, top, headers)


def check_c_order(top: Path, left: Pairs) -> List[Found]:
    """Includes of a higher room, of a sibling, and of what is in no room or not there."""
    found = []
    for path, name, target in c_includes(top):
        mine, other = room_of(path, C_ROOMS), room_of(target, C_ROOMS)
        if not mine or target in C_ROOMLESS or (path, target) in left:
            continue
        if not target:
            found.append(Found(mine, f'{path}: "{name}" is not there, or there twice'))
        elif not other:
            found.append(Found(mine, f"{path} includes {target}, which is in no room"))
        elif not may_include(mine, other, C_ROOMS):
            found.append(Found(mine, f"{path} includes {target}"))
    return found


def check_c_places(top: Path) -> List[Found]:
    return [Found("", f"{path} is in no room") for path in c_files(top)
            if not room_of(path, C_ROOMS) and path not in C_ROOMLESS]


def check_c_left(top: Path, left: Pairs) -> List[Found]:
    """What is excepted and need not be."""
    there = {(path, target) for path, _, target in c_includes(top)}
    return [Found("", f"{path} does not include {target}: take it out of C_LEFT")
            for path, target in sorted(left - there)]


def check_c_circles(top: Path, left: Pairs) -> List[Found]:
    """A .c and its .h are one."""
    graph: Graph = {}
    for path, _, target in c_includes(top):
        if target and (path, target) not in left:
            one, other = path[:-2], target[:-2]
            graph.setdefault(one, set()).update({other} - {one})
    return [Found("", circle) for circle in circles(graph)]


# --- Python -------------------------------------------------------------------


class Kit:
    """The laboratory's modules: which there are, and what each of them includes."""

    def __init__(self, top: Path) -> None:
        cts = top / "cts"
        self.above = {path.stem for path in cts.glob("*.py")} | {"scenarios"}
        self.paths: Dict[str, Path] = {}
        for path in sorted((cts / KIT).rglob("*.py")):
            words = list(path.relative_to(cts).with_suffix("").parts)
            self.paths[".".join(words[:-1] if words[-1] == "__init__" else words)] = path
        self.names: Dict[str, Set[str]] = {}        # started as programs
        self.imports: Dict[str, Set[str]] = {}
        for module, path in self.paths.items():
            tree = ast.parse(path.read_text(encoding="utf-8"), str(path))
            self.imports[module] = set(self.imported(module, path, tree))
            self.names[module] = {
                node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)
                and isinstance(node.value, str) and re.fullmatch(KIT + r"(\.\w+)+", node.value)}

    def imported(self, module: str, path: Path, tree: ast.AST) -> Iterator[str]:
        """Wherever an import stands: in a function, and for a type's sake alone, too."""
        package = module if path.stem == "__init__" else module.rpartition(".")[0]
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                words = package.split(".")
                base = words[:len(words) - node.level + 1] if node.level else []
                source = ".".join(base + ([node.module] if node.module else []))
                for alias in node.names:
                    inner = f"{source}.{alias.name}"
                    yield inner if inner in self.paths else source

    def room(self, module: str) -> str:
        words = module.split(".")
        return words[1] if len(words) > 1 else ""


def check_kit_order(top: Path) -> List[Found]:
    """Modules of a higher room, of the tests above all rooms, and programs that are not there."""
    kit = Kit(top)
    known = {room for level in KIT_ROOMS for room in level}
    found = []
    for module in kit.paths:
        mine = kit.room(module)
        if not mine:
            continue
        if mine not in known:
            found.append(Found("", f"{module} is in no room"))
            continue
        for other in sorted(kit.imports[module] | kit.names[module]):
            if other.split(".")[0] in kit.above:
                found.append(Found(mine, f"{module} includes {other} of cts/"))
            elif other in kit.names[module] and other not in kit.paths:
                found.append(Found(mine, f"{module} names {other}, which is not there"))
            elif kit.room(other) in known and other in kit.paths \
                    and not may_include(mine, kit.room(other), KIT_ROOMS):
                found.append(Found(mine, f"{module} includes {other}"))
    return found


def check_kit_circles(top: Path) -> List[Found]:
    kit = Kit(top)
    graph = {module: {other for other in found if other in kit.paths and other != module}
             for module, found in kit.imports.items()}
    return [Found("", circle) for circle in circles(graph)]


# --- folders ------------------------------------------------------------------


def tracked(top: Path) -> Optional[List[str]]:
    """The files of a checkout; None where it is none: there a build's products lie as well."""
    done = subprocess.run(["git", "-C", str(top), "ls-files", "-co", "--exclude-standard"],
                          capture_output=True, text=True, check=False) \
        if (top / ".git").exists() else None
    if done is None or done.returncode != 0:
        return None
    return [name for name in done.stdout.splitlines() if (top / name).exists()]


def check_folders(names: Sequence[str]) -> List[Found]:
    """Too many files in one folder."""
    counts = Counter(name.rpartition("/")[0] or "." for name in names)
    return [Found("", f"{folder}/ has {count} files") for folder, count in sorted(counts.items())
            if count > MOST and not DATA.fullmatch(folder)]


# --- the checks themselves, on trees with one fault each ----------------------


def many(folder: str, count: int) -> List[str]:
    return [f"{folder}/{number}.c" for number in range(count)]


def c_order(top: Path) -> List[Found]:
    return check_c_order(top, set())


def c_circles(top: Path) -> List[Found]:
    return check_c_circles(top, set())


WHOLE = {"common/text/lsn.h": "", "common/text/lsn.c": '#include "lsn.h"\n',
         "common/world/plan.h": '#include "lsn.h"\n', "agent/client/sql.h": "",
         "agent/cluster/cib.h": '#include "plan.h"\n#include <pg.h>\n',
         "cts/conftest.py": "", "cts/labkit/__init__.py": "", "cts/labkit/lab/__init__.py": "",
         "cts/labkit/lab/node.py": "import os\n", "cts/labkit/lab/net.py": "from . import node\n",
         "cts/labkit/demo/__init__.py": "",
         "cts/labkit/demo/demo.py": "from ..lab.net import cut\nRUN = 'labkit.lab.net'\n"}
LEFT = {("common/text/lsn.h", "common/world/plan.h")}
Check = Callable[[Path], List[Found]]
FAULTS: List[Tuple[str, Check, Dict[str, str], str]] = [
    ("a higher room is included", c_order,
     {"common/text/lsn.h": '#include "plan.h"\n'}, "lsn.h includes common/world/plan.h"),
    ("a higher room is included by its path", c_order,
     {"common/text/lsn.c": '# include "world/plan.h"\n'}, "lsn.c includes common/world/plan.h"),
    ("a sibling is included", c_order,
     {"agent/cluster/cib.h": '#include "sql.h"\n'}, "cib.h includes agent/client/sql.h"),
    ("an include is not there", c_order,
     {"agent/cluster/cib.h": '#include "gone.h"\n'}, '"gone.h" is not there'),
    ("an include is there twice", c_order,
     {"common/text/sql.h": "", "agent/cluster/cib.h": '#include "sql.h"\n'}, "or there twice"),
    ("what is in no room is included", c_order,
     {"common/odd.h": "", "common/text/lsn.c": '#include "odd.h"\n'}, "which is in no room"),
    ("a file is in no room", check_c_places, {"agent/odd.c": ""}, "agent/odd.c is in no room"),
    ("a .c and a .h make a circle", c_circles,
     {"common/text/a.h": "", "common/text/a.c": '#include "b.h"\n',
      "common/text/b.h": '#include "a.h"\n'}, "text/a -> common/text/b -> common/text/a"),
    ("a module includes a higher room", check_kit_order,
     {"cts/labkit/lab/node.py": "from ..demo import demo\n"},
     "lab.node includes labkit.demo.demo"),
    ("for a type alone", check_kit_order,
     {"cts/labkit/lab/node.py": "if TYPE_CHECKING:\n    from labkit.demo.demo import Demo\n"},
     "lab.node includes labkit.demo.demo"),
    ("by an absolute import in a function", check_kit_order,
     {"cts/labkit/lab/node.py": "def f():\n    import labkit.demo.demo\n"},
     "lab.node includes labkit.demo.demo"),
    ("by starting it", check_kit_order,
     {"cts/labkit/lab/node.py": "run('-m', 'labkit.demo.demo')\n"},
     "lab.node includes labkit.demo.demo"),
    ("a program that is started is not there", check_kit_order,
     {"cts/labkit/lab/node.py": "run('-m', 'labkit.node')\n"}, "names labkit.node"),
    ("a module includes a test's", check_kit_order,
     {"cts/labkit/demo/demo.py": "import conftest\n"}, "demo.demo includes conftest"),
    ("a module is in no room", check_kit_order,
     {"cts/labkit/odd.py": ""}, "labkit.odd is in no room"),
    ("two modules include each other", check_kit_circles,
     {"cts/labkit/lab/node.py": "def f():\n    from .net import cut\n"},
     "labkit.lab.net -> labkit.lab.node -> labkit.lab.net"),
    ("an include is excepted for nothing",
     lambda top: check_c_left(top, {("common/text/lsn.c", "common/world/plan.h")}), {},
     "lsn.c does not include common/world/plan.h"),
    ("a folder has too many files",
     lambda top: check_folders(many("rpm", MOST + 1)), {}, "rpm/ has 41 files"),
]
GOOD: List[Tuple[str, Check, Dict[str, str]]] = [
    ("the order of C's rooms", c_order, {}), ("C's places", check_c_places, {}),
    ("C's circles", c_circles, {}), ("the order of the kit's rooms", check_kit_order, {}),
    ("the kit's circles", check_kit_circles, {}),
    ("folders", lambda top: check_folders(many("rpm", MOST) + many("tests/cases/stop", 999)), {}),
    ("a higher room, excepted", lambda top: check_c_order(top, LEFT) + check_c_circles(top, LEFT)
     + check_c_left(top, LEFT), {"common/text/lsn.h": '#include "plan.h"\n'})]


def on_tree(files: Dict[str, str], check: Check) -> List[Found]:
    with tempfile.TemporaryDirectory(prefix="pgward-layers-") as folder:
        for name, text in {**WHOLE, **files}.items():
            path = Path(folder) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return check(Path(folder))


# --- TAP ----------------------------------------------------------------------


class Tap:
    """One line a test; what is wrong stands beneath it."""

    def __init__(self) -> None:
        self.number = 0
        self.failed = False

    def report(self, name: str, wrong: Sequence[str], skip: str = "") -> None:
        self.number += 1
        if not wrong:
            print(f"ok {self.number} - {name}" + (f" # SKIP {skip}" if skip else ""))
            return
        self.failed = True
        print(f"not ok {self.number} - {name}")
        for line in wrong:
            print(f"# {line}")


def test_checks(tap: Tap) -> None:
    for name, check, files in GOOD:
        tap.report(f"a tree without a fault: {name}", [f.what for f in on_tree(files, check)])
    for name, check, files, words in FAULTS:
        said = [found.what for found in on_tree(files, check)]
        tap.report(f"found: {name}", [] if any(words in line for line in said)
                   else [f"'{words}' is not among what it says:", *said])


def test_c(tap: Tap, top: Path) -> None:
    found = check_c_order(top, C_LEFT)
    for room in (room for level in C_ROOMS for room in level):
        wrong = [one.what for one in found if one.room == room]
        if not (top / room).is_dir():
            wrong.append(f"there is no folder {room}")
        tap.report(f"{room} includes only itself and lower rooms", wrong)
    tap.report("each file of common/ and agent/ is in a room",
               [one.what for one in check_c_places(top)])
    tap.report("no file of common/ and agent/ includes itself in a circle",
               [one.what for one in check_c_circles(top, C_LEFT)])
    tap.report("what is left to be mended is there",
               [one.what for one in check_c_left(top, C_LEFT)])


def test_picture(tap: Tap, top: Path) -> None:
    picture = top / "cts/house.svg"
    same = picture.is_file() and picture.read_text(encoding="utf-8") == house.draw(C_ROOMS)
    tap.report("the picture of the house shows it", [] if same
               else ["cts/house.svg is another one: tests/house.py > cts/house.svg"])


def test_kit(tap: Tap, top: Path) -> None:
    found = check_kit_order(top)
    for room in (room for level in KIT_ROOMS for room in level):
        wrong = [one.what for one in found if one.room == room]
        if not (top / "cts" / KIT / room).is_dir():
            wrong.append(f"there is no folder cts/{KIT}/{room}")
        tap.report(f"cts/{KIT}/{room} includes only itself and lower rooms", wrong)
    tap.report(f"each module of cts/{KIT} is in a room",
               [one.what for one in found if not one.room])
    tap.report(f"no module of cts/{KIT} includes itself in a circle",
               [one.what for one in check_kit_circles(top)])


def test_folders(tap: Tap, top: Path) -> None:
    names = tracked(top)
    tap.report(f"no folder has more than {MOST} files",
               [one.what for one in check_folders(names or [])],
               "" if names else "not a checkout: what a build has made would be counted")


def main() -> int:
    top = Path(sys.argv[1])
    tap = Tap()
    test_checks(tap)
    test_c(tap, top)
    test_picture(tap, top)
    test_kit(tap, top)
    test_folders(tap, top)
    print(f"1..{tap.number}")
    return 1 if tap.failed else 0


if __name__ == "__main__":
    sys.exit(main())
