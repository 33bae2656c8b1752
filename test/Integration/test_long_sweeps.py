"""Long rows against the oracles: pages visited in turn, results written past the caches, rows split into parts for threads.

None of it may change what a row means: lengths lie around the ends of blocks of pages and of parts, rows begin anywhere.
"""

import numpy as np
import pytest

from covering import ALL, covering
from formulas import CASES
from row_model import Policies
from test_rows import ODD, PLAINEST, check, edge_rows, texts_of
from test_states import APART

TARGETS = ["host", "x86-64-v3"]
POLICIES = [Policies(), Policies(empty_row="nan", nan="ignore"), Policies(empty_row="uniform")]
PAGE = {"f32": 1024, "bf16": 2048, "f16": 2048, "f64": 512}  # Elements.
PART_LENGTHS = [32, 512]  # The maximum of the longer ones may be guessed.


def rotate(parameters, index, count):
    """`count` choices, with others for every index: formulas share the work. Every pair of choices under WEIR_TEST_ALL."""
    if ALL:
        return covering(parameters)
    return [{name: values[(index * (k + 1) + i + index // 3) % len(values)]
             for k, (name, values) in enumerate(parameters.items())} for i in range(count)]


def masks_of(case):
    return {} if case.elementwise else {"mask": ["none", "full", "row"], "policies": POLICIES}


#===----------------------------------------------------------------------===#
# Pages, and stores past the caches
#===----------------------------------------------------------------------===#


def sweep_variants(index, case):
    forms = [form for form in case.forms if form != "transposed"]  # Short rows, which are not written past the caches.
    parameters = {"target": TARGETS, "form": forms, "dtype": list(PAGE), "pages": [2, 8, 3], "stream": [1, 0, 1]}
    for i, choice in enumerate(rotate(parameters | masks_of(case), index, 2)):
        schedule = [f"pages = {choice['pages']} : i64", f"stream_bytes = {choice['stream']} : i64"]
        yield {**PLAINEST, "uniforms": "tensor", **choice, "function": f"{case.name}_{i}", "schedule": schedule}


SWEEPS = {case.name: list(sweep_variants(index, case)) for index, case in enumerate(CASES)}


@pytest.fixture(scope="module", params=TARGETS)
def swept(request, compile_batches):
    texts = texts_of(CASES, SWEEPS, request.param)
    return request.param, compile_batches(texts, ODD, f"--target={request.param}", name="sweeps")


def sweep_lengths(variant, i):
    """One block and a bit, almost two blocks, less than one; the last of these alone where the oracle is slow."""
    block = variant["pages"] * PAGE[variant["dtype"]]
    lengths = [block + 1, 2 * block - 1, block - 16]
    return [min(block, PAGE["f64"] * 2) + 1] if variant["dtype"] == "f64" else [lengths[i % 3], lengths[(i + 1) % 3]]


@pytest.mark.parametrize("case", CASES, ids=lambda c: c.name)
def test_pages_and_streams(swept, case):
    target, library = swept[0], swept[1][case.name]
    for j, variant in enumerate(SWEEPS[case.name]):
        if variant["target"] != target:
            continue
        for n in sweep_lengths(variant, CASES.index(case) + j):
            names, x = edge_rows(n, j + n)
            some = slice(j % 3, None, 9) if len(names) > 3 else slice(None)
            check(library, case, variant, names[some], x[some], seed=j * 1000 + n)


#===----------------------------------------------------------------------===#
# Rows split for threads
#===----------------------------------------------------------------------===#


def part_variants(index, case):
    forms = [form for form in case.forms if form != "transposed"]  # Of what is stored whole, parts keep their terms.
    parameters = {"target": TARGETS, "dtype": ["f32", "bf16", "f64"], "uniforms": ["scalar", "tensor"], "pages": [1, 2],
                  "part": PART_LENGTHS, "form": forms}
    choices = rotate(parameters | masks_of(case), index, 1)
    if "stored" in forms and not ALL:
        choices.append({"target": TARGETS[0], "dtype": ["f32", "bf16"][index % 2], "uniforms": "tensor", "pages": 1,
                        "part": PART_LENGTHS[1], "form": "stored"})
    for i, choice in enumerate(choices):
        if choice["dtype"] == "f64":
            choice["part"] = PART_LENGTHS[0]  # The oracle is slow.
        schedule = [f"thread_part = {choice['part']} : i64", "thread_grain = 16 : i64", f"pages = {choice['pages']} : i64"]
        yield {**PLAINEST, **choice, "function": f"{case.name}_{i}", "schedule": schedule}


PARTS = {case.name: list(part_variants(index, case)) for index, case in enumerate(APART)}


@pytest.fixture(scope="module", params=TARGETS)
def split(request, compile_batches):
    texts = texts_of(APART, PARTS, request.param)
    return request.param, compile_batches(texts, ODD, f"--target={request.param}", "--threads=omp", name="parts")


@pytest.mark.parametrize("case", APART, ids=lambda c: c.name)
def test_split_rows(split, case):
    """Fewer rows than are enough; as few parts as may be, an odd number of them, a last one of a single element, none split."""
    target, library = split[0], split[1][case.name]
    library.handle.parts_set_threads(3)
    for j, variant in enumerate(PARTS[case.name]):
        if variant["target"] != target:
            continue
        part = variant["part"]
        for n in (4 * part + 1,) if variant["dtype"] == "f64" else (4 * part - 1, 4 * part, 7 * part, 16 * part + 1):
            names, x = edge_rows(n, j + n)
            for first in range(APART.index(case) % 3, len(names), 14):
                some = slice(first, first + 7)
                check(library, case, variant, names[some], x[some], seed=j * 1000 + n)


#===----------------------------------------------------------------------===#
# Parts that count for nothing
#===----------------------------------------------------------------------===#

NOTHING = """
weir.formula @biased(%x: f32, %b: f32) -> (f32, f32 {weir.uniform}) {
  %h = arith.addf %x, %b : f32
  %m = weir.reduce max %h : f32
  %d = arith.subf %h, %m : f32
  %e = math.exp %d : f32
  %s = weir.reduce add %e : f32
  %w = arith.divf %e, %s : f32
  %l = math.log %s : f32
  %lse = arith.addf %m, %l : f32
  weir.yield %w, %lse : f32, f32
}
""" + "\n".join(f"""
func.func @{form}_{part}(%x: tensor<?xf32>, %b: tensor<?xf32>) -> (tensor<?xf32>, tensor<f32>) {{
  %y, %l = weir.apply @biased(%x, %b) {{thread_part = {part} : i64, thread_grain = 16 : i64, form = #weir.form<{form}>}}
    : (tensor<?xf32>, tensor<?xf32>) -> (tensor<?xf32>, tensor<f32>)
  return %y, %l : tensor<?xf32>, tensor<f32>
}}""" for form in ("stored", "online", "recompute") for part in PART_LENGTHS)


@pytest.fixture(scope="module")
def biased(compile_library):
    return compile_library(NOTHING, "--threads=omp", name="biased")


@pytest.mark.parametrize("part", PART_LENGTHS)
@pytest.mark.parametrize("form", ["stored", "online", "recompute"])
def test_a_bias_of_minus_infinity_leaves_parts_without_a_maximum(biased, form, part):
    """None of its scores is excluded; another part has the row's maximum."""
    rng = np.random.default_rng(part)
    n = 5 * part + 3
    x, b = rng.normal(size=n).astype(np.float32), np.zeros(n, np.float32)
    b[part:3 * part] = -np.inf
    b[-3:] = -np.inf
    h = x.astype(np.float64) + b
    e = np.exp(h - h.max())
    y, lse = np.zeros_like(x), np.zeros((), np.float32)
    biased.call(f"{form}_{part}", x, b, y, lse)
    np.testing.assert_allclose(y, e / e.sum(), rtol=2e-6, atol=1e-37)
    np.testing.assert_allclose(lse, h.max() + np.log(e.sum()), rtol=1e-6)
