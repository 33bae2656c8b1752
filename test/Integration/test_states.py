"""Rows taken apart: whole, in uneven parts merged in any order, and tiled by the transform dialect, against the oracles.

Each formula of the table that neither selects nor searches goes through all ways; what it does on edge rows, under masks
and policies must not change.
"""

import random
import re
import subprocess
import sys

import numpy as np
import pytest

from conftest import BIN, ROOT
from covering import ALL, covering
from formulas import CASES, Along, Full
from layouts import LAST
from row_model import Policies
from test_rows import ODD, check, edge_rows, function_text

sys.path.insert(0, str(ROOT / "docs"))
import library as documentation  # noqa: E402

POLICIES = [Policies(), Policies(empty_row="nan", pos_inf="share"), Policies(empty_row="uniform", nan="ignore")]
WAYS = ["whole", "parts", "for", "forall"]
LENGTHS = [0, 1, 7, 100, 1000]
F64_LENGTHS = [0, 1, 7, 33]  # The oracles with many digits are slow.

SOURCES = {f.name: f.text for f in documentation.all_formulas()}
SOURCES |= {name: text for text, name in re.findall(r"(weir\.formula @(\w+)\(.*?^\})", ODD, re.M | re.S)}


def searches(case):
    return re.search(r"weir\.(kth|solve)", SOURCES[case.name]) is not None


APART = [case for case in CASES if not case.elementwise and not searches(case)]


def choices(index):
    """Ways and what goes with them: all pairs in the full tier, else a rotation, in which formulas share the work."""
    parameters = {"way": WAYS, "policies": POLICIES, "mask": ["full", "none", "row"], "dtype": ["f32", "bf16", "f64"],
                  "uniforms": ["scalar", "tensor"]}
    if ALL:
        return covering(parameters)
    return [{name: values[(index + i * (k + 1)) % len(values)] if name != "way" else way
             for k, (name, values) in enumerate(parameters.items())} for i, way in enumerate(WAYS)]


VARIANTS = {case.name: [{**choice, "layout": LAST, "form": case.forms[0], "function": f"{case.name}_{i}"}
                        for i, choice in enumerate(choices(index))] for index, case in enumerate(APART)}


#===----------------------------------------------------------------------===#
# Programs
#===----------------------------------------------------------------------===#

OP = "!transform.any_op"


def sequence(body):
    return ("module attributes {transform.with_named_sequence} {\n"
            f"  transform.named_sequence @__transform_main(%root: {OP} {{transform.readonly}}) {{\n"
            f"{body}    transform.yield\n  }}\n}}\n")


def match(name):
    return f'    %{name} = transform.structured.match ops{{["weir.{name}"]}} in %root : ({OP}) -> {OP}\n'


# Along the row, one part after the other, and the weights in tiles of both dimensions.
SEQUENTIAL = sequence(match("stats") + match("weights") + f"""
    %tiled, %loop = transform.structured.tile_using_for %stats tile_sizes [0, 96] : ({OP}) -> ({OP}, {OP})
    %part:2 = transform.structured.tile_using_forall %weights tile_sizes [5, 32] : ({OP}) -> ({OP}, {OP})
""")


def parallel(counts):
    """Three parts of rows by themselves, merged at the end. The transform's results count the slots, so states are
    marked with how many they have."""
    body = ""
    for n in counts:
        results = ", ".join([*(f"%fill{n}_{i}" for i in range(n)), f"%part{n}, %merge{n}, %loop{n}"])
        body += f"""
    %stats{n} = transform.structured.match ops{{["weir.stats"]}} attributes {{slots = {n} : i64}} in %root : ({OP}) -> {OP}
    {results} = transform.structured.tile_reduction_using_forall %stats{n} by num_threads = [0, 3]
      : ({OP}) -> ({", ".join([OP] * (n + 3))})
"""
    return sequence(body)


STATS = re.compile(r"^ *(%\d+)(?::(\d+))? = weir\.stats @(\S+) sweep\((\d)\) ins\((.*?) : (.*?)\)(?: mask\((%\w+) : (\S+)\))?"
                   r"( known\(.*?\))? outs\((.*?) : (.*?)\)(?: (\{.*\}))? -> (.*)$", re.M)


def in_parts(text, case, rng):
    """Every weir.stats of a function as four uneven parts, one of them empty, merged in a random tree."""
    varying = [True] + [isinstance(o, Full) for o in case.operands]
    rank = [2] + [1 if isinstance(o, Along) else 2 for o in case.operands]
    uses_column = re.search(r"weir\.(position|random)|, index$", SOURCES[case.name], re.M)

    def split(match):
        result, count, formula, sweep, ins, types, mask, mask_type, known, outs, out_types, attributes, results = match.groups()
        ins, types, n = ins.split(", "), types.split(", "), int(count or 1)
        stem, lines, states = result[1:], [], []
        known, attributes = known or "", f" {attributes}" if attributes else ""

        def emit(line):
            lines.append("    " + line)

        emit(f"%last{stem} = arith.constant 1 : index")
        emit(f"%rows{stem} = tensor.dim {ins[0]}, %first{stem} : {types[0]}")
        lines.insert(0, f"    %first{stem} = arith.constant 0 : index")
        emit(f"%n{stem} = tensor.dim {ins[0]}, %last{stem} : {types[0]}")
        for name, share in (("a", 5), ("b", 2)):
            emit(f"%by{name}{stem} = arith.constant {share} : index")
            emit(f"%{name}{stem} = arith.divui %n{stem}, %by{name}{stem} : index")
        bounds = [f"%first{stem}", f"%a{stem}", f"%a{stem}", f"%b{stem}", f"%n{stem}"]
        for k in range(4):
            size = f"%size{k}_{stem}"
            emit(f"{size} = arith.subi {bounds[k + 1]}, {bounds[k]} : index")

            def cut(value, type, own, name):
                dims = f"[0, {bounds[k]}] [%rows{stem}, {size}] [1, 1]" if own == 2 else f"[{bounds[k]}] [{size}] [1]"
                emit(f"{name} = tensor.extract_slice {value}{dims} : {type} to {type}")
                return name

            part = [cut(v, t, r, f"%in{i}_{k}_{stem}") if is_varying else v
                    for i, (v, t, is_varying, r) in enumerate(zip(ins, types, varying, rank))]
            masked = ""
            if mask:
                masked = f" mask({cut(mask, mask_type, mask_type.count('?'), f'%mask{k}_{stem}')} : {mask_type})"
            column = f" column({bounds[k]})" if uses_column else ""
            emit(f"%part{k}_{stem}:{n} = weir.stats @{formula} sweep({sweep}) ins({', '.join(part)} : {', '.join(types)}){masked}"
                 f"{known}{column} outs({outs} : {out_types}){attributes} -> {results}")
            states.append([f"%part{k}_{stem}#{i}" for i in range(n)])
        uniform = [(v, t) for v, t, is_varying in zip(ins, types, varying) if not is_varying]
        uniforms = f" uniforms({', '.join(v for v, _ in uniform)} : {', '.join(t for _, t in uniform)})" if uniform else ""
        while len(states) > 1:
            rng.shuffle(states)
            a, b = states.pop(), states.pop()
            name = f"%merged{len(states)}_{stem}" if states else result
            emit(f"{name}:{n} = weir.merge @{formula} sweep({sweep}) ins({', '.join(a)} : {out_types}){uniforms}{known} "
                 f"outs({', '.join(b)} : {out_types}){attributes} -> {results}")
            states.append([f"{name}#{i}" for i in range(n)])
        return "\n".join(lines)

    split_text, count = STATS.subn(split, text)
    assert count > 0, text
    return split_text


def weir_opt(text, directory, *passes, script=None):
    source = directory / "apart.mlir"
    source.write_text(text)
    steps = [*passes]
    if script:
        path = directory / "script.mlir"
        path.write_text(script)
        steps += [f"transform-preload-library{{transform-library-paths={path}}}", "transform-interpreter"]
    done = subprocess.run([BIN / "weir-opt", source, f"--pass-pipeline=builtin.module({','.join(steps)})"],
                          capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


FUNCTION = re.compile(r"^  func\.func @(\w+)\(.*?^  \}$", re.M | re.S)


def program(way, directory):
    """All functions that go this way, taken apart and what follows."""
    cases = {v["function"]: (case, v) for case in APART for v in VARIANTS[case.name] if v["way"] == way}
    text = ODD + "".join(function_text(case, variant) for case, variant in cases.values())
    text = weir_opt(text, directory, "weir-take-apart")
    if way == "parts":
        return FUNCTION.sub(lambda m: in_parts(m.group(0), cases[m.group(1)][0], random.Random(m.group(1))), text)
    if way == "for":
        return weir_opt(text, directory, script=SEQUENTIAL)
    if way == "forall":
        def mark(match):
            slots, attributes = match.group(2) or "1", match.group(12)
            marked = f" {{slots = {slots} : i64{', ' + attributes[1:-1] if attributes else ''}}} -> "
            return match.group(0).replace(f" {attributes} -> " if attributes else " -> ", marked)

        counts = sorted({int(m.group(2) or 1) for m in STATS.finditer(text)})
        return weir_opt(STATS.sub(mark, text), directory, script=parallel(counts))
    return text


#===----------------------------------------------------------------------===#
# The comparison
#===----------------------------------------------------------------------===#


@pytest.fixture(scope="module", params=WAYS)
def library(request, compile_library, tmp_path_factory):
    return request.param, compile_library(program(request.param, tmp_path_factory.mktemp("states")), name=request.param)


@pytest.mark.parametrize("case", APART, ids=lambda c: c.name)
def test_states(library, case):
    way, compiled = library
    for j, variant in enumerate(VARIANTS[case.name]):
        if variant["way"] != way:
            continue
        for n in F64_LENGTHS if variant["dtype"] == "f64" else LENGTHS:
            names, x = edge_rows(n, j)
            check(compiled, case, variant, names, x, seed=j * 1000 + n)


INTEGERS = """
weir.formula @numbers(%k: i32, %x: f32) -> (i32 {weir.uniform}, index {weir.uniform}, i32 {weir.uniform}, f32 {weir.uniform},
                                            f32 {weir.uniform}, index) {
  %most, %at = weir.reduce max %k : i32, index
  %least = weir.reduce min %k : i32
  %total = weir.reduce add %k : i32
  %low, %where = weir.reduce min %x : f32, index
  %f = arith.sitofp %total : i32 to f32
  %one = arith.constant 1 : i32
  %n = weir.reduce add %one : i32
  %g = arith.sitofp %n : i32 to f32
  %mean = arith.divf %f, %g : f32
  %p = weir.position : index
  %d = arith.subi %p, %at : index
  %e = arith.addi %d, %where : index
  %span = arith.subi %most, %least : i32
  weir.yield %span, %at, %total, %low, %mean, %e : i32, index, i32, f32, f32, index
}
func.func @NAME(%k: tensor<?x?xi32>, %x: tensor<?x?xf32>, %v: tensor<?x?xi1>)
    -> (tensor<?xi32>, tensor<?xi64>, tensor<?xi32>, tensor<?xf32>, tensor<?xf32>, tensor<?x?xi64>) {
  %y:6 = weir.apply @numbers(%k, %x) mask(%v : tensor<?x?xi1>) : (tensor<?x?xi32>, tensor<?x?xf32>)
    -> (tensor<?xi32>, tensor<?xi64>, tensor<?xi32>, tensor<?xf32>, tensor<?xf32>, tensor<?x?xi64>)
  return %y#0, %y#1, %y#2, %y#3, %y#4, %y#5 : tensor<?xi32>, tensor<?xi64>, tensor<?xi32>, tensor<?xf32>, tensor<?xf32>, tensor<?x?xi64>
}
"""


@pytest.mark.parametrize("parts", [3, 7])
def test_integers(compile_library, tmp_path, parts):
    """Winners are positions in the whole row, the lowest of equals; a row with nothing left has none and a mean of 0."""
    text = weir_opt(INTEGERS.replace("NAME", "f"), tmp_path, "weir-take-apart")
    slots = int(re.search(r"%\d+:(\d+) = weir\.stats", text).group(1))
    text = re.sub(r"(= weir\.stats .*?)( -> )", rf"\1 {{slots = {slots} : i64}}\2", text)
    text = weir_opt(text, tmp_path, script=parallel([slots]).replace("[0, 3]", f"[0, {parts}]"))
    library = compile_library(text, name="integers")
    rng = np.random.default_rng(parts)
    k, x = rng.integers(-9, 9, (40, 23), np.int32), rng.integers(-9, 9, (40, 23)).astype(np.float32)
    valid = rng.random(k.shape) < 0.4
    valid[0], valid[1] = False, True
    results = [np.full(40, -7, t) for t in (np.int32, np.int64, np.int32, np.float32, np.float32)] + [np.full(k.shape, -7, np.int64)]
    library.call("f", k, x, valid, *results)
    span, at, total, low, mean, e = results
    for i, kept in enumerate(valid):
        if not kept.any():
            assert at[i] == -1 and total[i] == 0 and low[i] == np.inf and mean[i] == 0 and (e[i] == 0).all()
            continue
        where = np.nonzero(kept)[0]
        winner, loser = where[np.argmax(k[i][kept])], where[np.argmin(x[i][kept])]
        assert span[i] == np.ptp(k[i][kept]) and at[i] == winner and total[i] == k[i][kept].sum() and low[i] == x[i][loser]
        assert np.isclose(mean[i], k[i][kept].mean(), rtol=1e-6, atol=1e-6)
        np.testing.assert_array_equal(e[i], np.where(kept, np.arange(23) - winner + loser, 0))


@pytest.mark.parametrize("case", [c for c in CASES if not c.elementwise and searches(c)], ids=lambda c: c.name)
def test_searches_are_refused(tmp_path, case):
    """What selects or searches has no state, and the error names it."""
    source = tmp_path / "f.mlir"
    variant = {**VARIANTS["softmax"][0], "function": "f", "form": case.forms[0]}
    source.write_text(ODD + function_text(case, variant))
    done = subprocess.run([BIN / "weir-opt", source, "--weir-take-apart"], capture_output=True, text=True)
    assert done.returncode != 0 and "cannot be taken apart" in done.stderr and "has no state" in done.stderr
    assert re.search(r"because of this weir\.(kth|solve)", done.stderr)
