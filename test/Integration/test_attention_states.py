"""Attention over parts of the keys, whose states are merged and finished, against the matrix of scores: cut anywhere by hand, and by the
transform dialect."""

import ctypes
import random
import re
import subprocess

import numpy as np
import pytest

from attention_oracle import Sight
from conftest import BIN
from covering import ALL
from formulas import Along, Full
from row_model import Policies
from test_attention import (BY_NAME, FORMULAS, MOST, PLAINEST, SMALL, SIZES, accumulator, compare, draw, function_text, input_types, lay,
                            operand_type, variants_of)
from test_rows import ODD
from test_states import OP, SOURCES, sequence, weir_opt

CALL = re.compile(r"^  (%y)(?::\d)? = weir\.attention @(\w+)\(%q, %k, %v\)(.*?) \{(.*?)\} : \((.*?)\) -> \((.*?)\)$", re.M)


def asks_for_length(case):
    return "weir.length" in SOURCES.get(case.name, "")


def plain(variant):
    """What a state can be had of: no sharing of infinite scores; no layout but the one for a form."""
    policies = variant["policies"]
    if policies.pos_inf == "share":
        policies = Policies(empty_row=policies.empty_row, nan=policies.nan)
    return {**variant, "policies": policies, "form": "chosen"}


@pytest.fixture(scope="session")
def layouts():
    """What is left of some keys, for each formula that runs in one pass and each choice of policies: read off the verifier's message."""
    kinds = {"": "", "empty": "empty_row = #weir.empty_row<nan>", "ignore": "nan = #weir.nan<ignore>"}
    wanted = [(case.name, kind) for case in FORMULAS for kind in kinds if not (kind and case.elementwise)]
    chunks = []
    for name, kind in wanted:
        variant = {**PLAINEST, "function": "f"}
        operands = [(f"%a{i}", operand_type(o, variant)) for i, o in enumerate(BY_NAME[name].operands)]
        q, k, v, _ = input_types(variant)
        clause = f" operands({', '.join(n for n, _ in operands)} : {', '.join(t for _, t in operands)})" if operands else ""
        more = "".join(f", {n}: {t}" for n, t in operands)
        source = SOURCES[name] if name in ODD else ""
        chunks.append(f"{source}\nfunc.func @f(%q: {q}, %k: {k}, %v: {v}{more}) {{\n"
                      f"  weir.attention_stats @{name}(%q, %k, %v){clause} {{{kinds[kind]}}} : ({q}, {k}, {v}) -> ()\n  return\n}}\n")
    done = subprocess.run([BIN / "weir-opt", "-", "-split-input-file"], input="// -----\n".join(chunks), capture_output=True, text=True)
    errors = re.findall(r"error: 'weir\.attention_stats' op (C\d+): (.*)", done.stderr)
    assert len(errors) == len(wanted), done.stderr
    found = {}
    for (name, kind), (constraint, text) in zip(wanted, errors):
        if constraint == "C11":
            continue
        values = re.search(r"leaves \d+ \((.*)\)", text).group(1).split(", ")
        found[name, kind] = [value.rsplit(": ", 1)[1] for value in values[:-1]], int(values[-1].split()[0])
    assert len(found) > 20
    return found


def layout_of(layouts, case, variant):
    policies = variant["policies"]
    kind = "empty" if policies.empty_row == "nan" else "ignore" if policies.nan == "ignore" else ""
    return layouts.get((case.name, kind))


#===----------------------------------------------------------------------===#
# Cut by hand
#===----------------------------------------------------------------------===#


def in_parts(text, case, variant, layout, rng):
    """The function with the attention of three parts of the keys, cut where its last arguments say, merged in a random tree."""
    slots, sums = layout
    rows = f"tensor<?x{variant['heads'][0]}x?" if variant["layout"] == "bhld" else "tensor<?x?x?"
    kinds = [f"{rows}x{t.replace('f32', accumulator(variant))}>" for t in slots]
    kinds += [f"{rows}x{variant['heads'][3]}x{accumulator(variant)}>"] * sums
    (_, name, clauses, attributes, types, results), lines = CALL.search(text).groups(), []
    q, k, v = types.split(", ")
    length = 2 if variant["layout"] == "bhld" else 1
    operands = dict(re.findall(r"(operands|mask|bias|lengths)\((.*?)\)", clauses))
    lines += [f"%d{i} = arith.constant {i} : index" for i in range(4)] + [f"%n = tensor.dim %k, %d{length} : {k}"]
    bounds = ["%d0", "%cut0", "%cut1", "%n"]

    def cut(value, kind, dim, part):
        sizes = kind[7:-1].split("x")[:-1]
        if dim < 0:
            dim += len(sizes)
        if sizes[dim] == "1":
            return value, kind
        first, size = ["0"] * len(sizes), list(sizes)
        for i, s in enumerate(sizes):
            if s == "?" and i != dim:
                size[i] = f"{value}_{part}_{i}"
                lines.append(f"{size[i]} = tensor.dim {value}, %d{i} : {kind}")
        first[dim], size[dim] = bounds[part], f"%size{part}"
        lines.append(f"{value}_{part} = tensor.extract_slice {value}[{', '.join(first)}] [{', '.join(size)}] [{', '.join('1' * len(sizes))}]"
                     f" : {kind} to {kind}")
        return f"{value}_{part}", kind

    states = []
    for part in range(3):
        lines.append(f"%size{part} = arith.subi {bounds[part + 1]}, {bounds[part]} : index")
        keys, values = (cut(x, t, length, part)[0] for x, t in (("%k", k), ("%v", v)))
        clause = ""
        for what, given in operands.items():
            pairs = list(zip(*(side.split(", ") for side in given.split(" : "))))
            if what in ("mask", "bias"):
                pairs = [cut(*pair, -1, part) for pair in pairs]
            elif what == "operands":
                pairs = [cut(*pair, -1, part) if isinstance(o, (Full, Along)) else pair for pair, o in zip(pairs, case.operands)]
                uniforms = [pair for pair, o in zip(pairs, case.operands) if not isinstance(o, (Full, Along))]
            clause += f" {what}({', '.join(n for n, _ in pairs)} : {', '.join(t for _, t in pairs)})"
        lines.append(f"%s{part}:{len(kinds)} = weir.attention_stats @{name}(%q, {keys}, {values}){clause} keys({bounds[part]} of %n) {{{attributes}}}"
                     f" : ({types}) -> ({', '.join(kinds)})")
        states.append([f"%s{part}#{i}" for i in range(len(kinds))])
    uniform = ""
    if "operands" in operands and uniforms:
        uniform = f" uniforms({', '.join(n for n, _ in uniforms)} : {', '.join(t for _, t in uniforms)})"
    policies = f" {{{', '.join(variant['policies'].attributes())}}}"
    while len(states) > 1:
        rng.shuffle(states)
        a, b = states.pop(), states.pop()
        merged = f"%m{len(states)}"
        lines.append(f"{merged}:{len(kinds)} = weir.attention_merge @{name}({', '.join(a)}) and({', '.join(b)}){uniform}{policies}"
                     f" : {', '.join(kinds)}")
        states.append([f"{merged}#{i}" for i in range(len(kinds))])
    found = results.split(", ")
    outputs = [t if r.uniform else f"{rows}x{variant['heads'][3]}x{variant['dtype']}>" for t, r in zip(found, case.results)]
    lines.append(f"%y{f':{len(found)}' if len(found) > 1 else ''} = weir.attention_finish @{name}({', '.join(states[0])}){uniform}{policies}"
                 f" : ({', '.join(kinds)}) -> ({', '.join(outputs)})")
    text = CALL.sub(lambda _: "\n".join("  " + line for line in lines), text)
    if outputs != found:  # A state's sums have heads before queries, and so has what is made of them.
        text = text.replace(f"-> ({results}) {{", f"-> ({', '.join(outputs)}) {{").replace(f" : {results}\n}}", f" : {', '.join(outputs)}\n}}")
    return text.replace(") -> (", ", %cut0: index, %cut1: index) -> (", 1)


CUTS = [(0.3, 0.6), (0, 0), (1, 1), (0, 1), (0.9, 0.95)]


def own_of(variants, case):
    if case.name not in variants:
        pytest.skip("leaves no state in one pass, or is cut the other way in the quick tier")
    return enumerate(variants[case.name])


def run_in_parts(library, case, variant, arguments, results, cuts):
    """Heads come before queries in results."""
    for y in results:
        y.reshape(-1).view(np.uint8)[...] = 0xA5
    library.call(variant["function"], *arguments, *(ctypes.c_int64(c) for c in cuts), *results)


def cuttable(layouts, first, most=1, share=1):
    """Of each formula that leaves a state, the variants; in the quick tier one of them from the place `first` on, and `most` where forms differ
    most, since each takes the compiler as long as several of attention. Of the other formulas it has one in `share` there."""
    made = {}
    for number, case in enumerate(FORMULAS):
        if not ALL and case.name not in MOST and (number + first) % share:
            continue
        variants = [plain(variant) for variant in variants_of(number, case)]
        if asks_for_length(case):
            variants = [{**variant, "mask": "none"} for variant in variants]
        if variants := [variant for variant in variants if layout_of(layouts, case, variant)]:
            at = (first + number) % len(variants)
            made[case.name] = variants if ALL else (variants[at:] + variants[:at])[:most if case.name in MOST else 1]
    assert len(made) > 10
    return made


@pytest.fixture(scope="module")
def cut_by_hand(compile_batches, layouts):
    variants = cuttable(layouts, 0, most=2, share=3)
    texts = {name: "".join(in_parts(function_text(BY_NAME[name], v), BY_NAME[name], v, layout_of(layouts, BY_NAME[name], v), random.Random(v["function"]))
                           for v in own) for name, own in variants.items()}
    return compile_batches(texts, ODD, name="by_hand"), variants


@pytest.mark.parametrize("case", FORMULAS, ids=lambda case: case.name)
def test_cut_by_hand(cut_by_hand, case):
    libraries, variants = cut_by_hand
    for i, variant in own_of(variants, case):
        for j, size in enumerate(SMALL if variant["dtype"] == "f64" else SIZES):
            arguments, results, problem = draw(np.random.default_rng(100 * i + j), case, variant, size)
            results = [y if y.ndim == 3 else np.ascontiguousarray(lay(y, variant)) for y in results]
            for cuts in CUTS if ALL else CUTS[(i + j) % len(CUTS)::len(CUTS)]:
                cuts = [round(share * size[2]) for share in cuts]
                run_in_parts(libraries[case.name], case, variant, arguments, results, cuts)
                compare(case, variant, results, problem, (size, cuts))


SPECIAL = {"nan": np.nan, "+inf": np.inf, "-inf": -np.inf}


def special_variants():
    made = []
    for name in ("softmax_lse", "softpick", "relu_weights", "softmax_sink", "layer_norm"):
        for i, policies in enumerate([Policies(), Policies(empty_row="nan"), Policies(nan="ignore")]):
            if name in BY_NAME and not (i and BY_NAME[name].elementwise):
                mask = "none" if asks_for_length(BY_NAME[name]) else "keys"
                made.append({**PLAINEST, "name": name, "bias": "?x1x?x?", "policies": policies, "mask": mask, "function": f"{name}_{i}",
                             "dtype": ("f32", "bf16", "f32")[i]})
    return made


@pytest.fixture(scope="module")
def special(compile_library, layouts):
    made = [(BY_NAME[v["name"]], v) for v in special_variants() if layout_of(layouts, BY_NAME[v["name"]], v)]
    assert len(made) > 6
    text = ODD + "".join(in_parts(function_text(case, v), case, v, layout_of(layouts, case, v), random.Random(v["function"])) for case, v in made)
    return compile_library(text, name="special_parts"), made


@pytest.mark.parametrize("value", SPECIAL)
def test_special_scores(special, value):
    """A few in some rows, all of others, in one part or in all; and parts that are masked whole."""
    library, made = special
    for case, variant in made:
        arguments, results, problem = draw(np.random.default_rng(3), case, variant, (2, 6, 70))
        bias = arguments[-1]
        bias[:, :, 1, 5], bias[:, :, 2, ::7], bias[:, :, 3], bias[:, :, 4, 66] = [SPECIAL[value]] * 4
        if variant["mask"] != "none":
            mask = arguments[-2]
            mask[0, :, :, :30] = False
            problem.seen = problem.seen & mask
        problem.bias = bias.astype(np.float64)
        for cuts in ((30, 60), (6, 67)):
            run_in_parts(library, case, variant, arguments, results, cuts)
            compare(case, variant, results, problem, f"with {value}")


#===----------------------------------------------------------------------===#
# Cut by the transform dialect
#===----------------------------------------------------------------------===#


def tiled(way, slots):
    """Along the keys, some queries at a time; the transform's results count what is left."""
    sizes, loops = {"for": ("tile_sizes = [0, 0, 0, 24]", 1), "forall": ("num_threads = [0, 0, 0, 3]", 1)}[way]
    handles = ", ".join(f"%h{slots}_{i}" for i in range(slots + 2 + loops))
    return f"""
    %found{slots} = transform.structured.match ops{{["weir.attention"]}} attributes {{left = {slots} : i64}} in %root : ({OP}) -> {OP}
    {handles} = transform.structured.tile_reduction_using_{way} %found{slots} by {sizes}
      : ({OP}) -> ({", ".join([OP] * (slots + 2 + loops))})
"""


@pytest.fixture(scope="module", params=["for", "forall"])
def cut_by_transform(request, compile_batches, layouts, tmp_path_factory):
    variants, texts = cuttable(layouts, {"for": 1, "forall": 2}[request.param], share=3), {}

    def count(case, variant):
        slots, sums = layout_of(layouts, case, variant)
        return len(slots) + sums

    for name, own in variants.items():
        case = BY_NAME[name]
        texts[name] = "".join(CALL.sub(lambda m: m.group(0).replace(" {", f" {{left = {count(case, v)} : i64, ", 1).replace(", }", "}"),
                                       function_text(case, v)) for v in own)
    counts = {count(BY_NAME[name], v) for name, own in variants.items() for v in own}
    script = sequence("".join(tiled(request.param, n) for n in sorted(counts)))

    def tile(text):
        text = weir_opt(text, tmp_path_factory.mktemp("keys"), script=script)
        assert not re.search(r"weir\.attention @", text)
        return text

    return compile_batches(texts, ODD, name=f"by_{request.param}", change=tile), variants


@pytest.mark.parametrize("case", FORMULAS, ids=lambda case: case.name)
def test_cut_by_transform(cut_by_transform, case):
    libraries, variants = cut_by_transform
    for i, variant in own_of(variants, case):
        sizes = SMALL if variant["dtype"] == "f64" else SIZES
        for j, size in enumerate(sizes if ALL else sizes[i % 2::2]):
            arguments, results, problem = draw(np.random.default_rng(100 * i + j), case, variant, size)
            libraries[case.name].call(variant["function"], *arguments, *results)
            compare(case, variant, [y if y.ndim == 3 else np.ascontiguousarray(lay(y, variant)) for y in results], problem, size)
