"""Rules of the tree: rooms do not reach back, files stay readable, nothing of one machine is in it."""

import pathlib
import re
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]

# Data moves down this list. A room includes headers of rooms above it only.
ROOMS = ["Runtime", "Dialect/Weir/IR", "Dialect/Weir/Library", "Dialect/Weir/Analysis", "Conversion/LinalgToWeir", "Dialect/Weir/Transforms",
         "Dialect/WeirCPU/IR", "Conversion/AttentionToRows", "Conversion/WeirToVector", "Codegen/CPU", "Target", "Pipelines"]
# Headers that belong to a room but lie beside it.
ALIASES = {"Conversion": "Conversion/WeirToVector"}


def room_of(path):
    for room in sorted(ROOMS, key=len, reverse=True):
        if path.startswith(room + "/"):
            return room
    for prefix, room in ALIASES.items():
        if path.startswith(prefix + "/"):
            return room
    return None


def back_edges(includes):
    """(file, header) pairs, both relative to a source root, in which a room includes one below it."""
    return [(file, header) for file, header in includes
            if room_of(file) and room_of(header) and ROOMS.index(room_of(header)) > ROOMS.index(room_of(file))]


def tracked(*patterns):
    listed = subprocess.run(["git", "ls-files", *patterns], cwd=ROOT, capture_output=True, text=True, check=True)
    return [ROOT / line for line in listed.stdout.splitlines()]


def includes_of_tree():
    for base in ("include/weir", "lib"):
        for path in tracked(f"{base}/*.h", f"{base}/*.cpp", f"{base}/*.c"):
            for header in re.findall(r'^#include "weir/(.*?)"', path.read_text(), re.M):
                yield str(path.relative_to(ROOT / base)), header


def test_no_room_reaches_back():
    includes = list(includes_of_tree())
    assert len(includes) > 40
    assert back_edges(includes) == []


def test_a_planted_back_edge_is_found():
    planted = [("Dialect/Weir/IR/RowOps.cpp", "Target/Output.h"), ("Target/Object.cpp", "Dialect/Weir/IR/Weir.h")]
    assert back_edges(planted) == planted[:1]


def test_every_source_has_a_room():
    for path in tracked("lib/*.cpp", "lib/*.c", "lib/*.h"):
        assert room_of(str(path.relative_to(ROOT / "lib"))), path


def test_files_stay_readable():
    long = [p for p in tracked("*.cpp", "*.h", "*.c", "*.td", "*.py") if len(p.read_text().splitlines()) > 600]
    assert long == []


def test_nothing_of_one_machine():
    pattern = re.compile(r"(^|[^A-Za-z0-9_.-])/(" + "|".join(["wo" + "rk", "ro" + "ot", "ho" + "me"]) + ")/")
    for path in tracked():
        if path.suffix in {".h", ".cpp", ".c", ".td", ".py", ".md", ".txt", ".cmake", ".mlir", ".sh", ".json"}:
            assert not pattern.search(path.read_text()), path


def test_sources_name_their_license():
    for path in tracked("lib/*.cpp", "lib/*.h", "lib/*.c", "include/*.h", "include/*.td", "tools/*.cpp"):
        assert "SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception" in path.read_text(), path
