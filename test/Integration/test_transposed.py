"""Blocks of rows whose partial results are combined through a transpose: numbers of rows and lengths about the lanes."""

import functools

import numpy as np
import pytest

from covering import ALL, covering
from formulas import CASES
from test_across import FORMULA, gained, sizes_of, type_of
from test_rows import ODD, PLAINEST, STORAGE, TARGETS, check, edge_rows, parameters_of, texts_of

COUNTS = [1, 3, 4, 5, 7, 8, 9, 15, 16, 17, 33]  # About the lanes of all vectors.
LENGTHS = [0, 1, 3, 8, 15, 16, 17, 31, 64, 65, 127, 128, 300]
F64_LENGTHS = [0, 1, 2, 7, 8, 9, 33]  # The oracles with many digits are slow.
# Sums, results with and without exponentials kept, several results, numbers of rows as arguments and results, winners, positions,
# rows' indices, random numbers, integers, searches.
NAMES = ["softmax", "log_softmax", "softmax_lse", "ssmax", "gumbel_softmax_seeded", "soft_wta", "softpick", "layer_norm",
         "margin", "cross_entropy", "adpo", "bucket_softmax", "row_scaled", "ramp_bias", "sparsemax", "entmax15",
         "entmax_tau", "sparsemax_loss"]
TESTED = [case for case in CASES if (case.name in NAMES or ALL) and "transposed" in case.forms]


@functools.cache
def all_variants():
    return {case.name: [{**PLAINEST, **choice, "function": f"{case.name}_{i}"}
                        for i, choice in enumerate(covering({**parameters_of(case), "form": ["transposed"]}))]
            for case in TESTED}


@pytest.fixture(scope="module", params=TARGETS)
def libraries(request, compile_batches):
    texts = texts_of(TESTED, all_variants(), request.param)
    return request.param, compile_batches(texts, ODD, f"--target={request.param}", name="transposed")


@pytest.mark.parametrize("case", TESTED, ids=lambda c: c.name)
def test_transposed(libraries, case):
    target, compiled = libraries[0], libraries[1][case.name]
    for j, variant in enumerate(all_variants()[case.name]):
        if variant["target"] != target:
            continue
        for i, n in enumerate(F64_LENGTHS if variant["dtype"] == "f64" else LENGTHS):
            names, x = edge_rows(n, j)
            for k, count in enumerate(COUNTS):
                if not ALL and (i + k + j) % 3:
                    continue
                at = (np.arange(count) + 7 * i + 3 * j) % len(names)
                check(compiled, case, variant, [names[a] for a in at], x[at], seed=j * 1000 + n + count)


#===----------------------------------------------------------------------===#
# What the table does not hold
#===----------------------------------------------------------------------===#

SHAPES = {
    # The full shape [B, C, n]; of the score, the gain, the mask and the uniform argument, what they have of it.
    "all": ("BCn", "BCn", "BCn", "BC"),
    "gain for each row": ("BCn", "C1", "BCn", "BC"),
    "gain for each block of rows": ("BCn", "B11", "Cn", "1C"),
    "gain for each position": ("BCn", "n", "B1n", "B1"),
    "one gain": ("BCn", "1", "n", "11"),
    "score for each position": ("n", "BCn", "Cn", "BC"),
    "score for each position of a block": ("B1n", "Cn", "BCn", "1C"),
}
STATIC = [{}, *({"C": c} for c in (1, 2, 3, 16, 20, 32, 35)), {"B": 2, "n": 5, "C": 33}, {"n": 1}, {"n": 16}, {"B": 1, "n": 40, "C": 64}]


def gained_text(name, kinds, static):
    score, gain, mask, uniform = kinds
    types = [type_of(score, "f32", static), type_of(gain, "f32", static), type_of(uniform, "f32", static)]
    valid, results = type_of(mask, "i1", static), [type_of("BCn", "f32", static), type_of("BC", "f32", static), type_of("BC", "i64", static)]
    return f"""
func.func @{name}(%x: {types[0]}, %g: {types[1]}, %b: {types[2]}, %m: {valid}) -> ({', '.join(results)}) {{
  %y:3 = weir.apply @gained(%x, %g, %b) mask(%m : {valid}) {{form = #weir.form<transposed>}}
    : ({', '.join(types)}) -> ({', '.join(results)})
  return %y#0, %y#1, %y#2 : {', '.join(results)}
}}
"""


@pytest.mark.parametrize("target", TARGETS)
def test_operands_that_repeat(compile_library, target):
    """Operands that lack the row's dimension, the rows' or both, with static sizes of every kind."""
    cases = [(f"f{i}_{j}", kinds, static) for i, kinds in enumerate(SHAPES.values()) for j, static in enumerate(STATIC)
             if ALL or (i + j) % 3 == 0]
    library = compile_library(FORMULA + "".join(gained_text(*case) for case in cases), f"--target={target}", name="repeat")
    rng = np.random.default_rng(1)
    for name, kinds, static in cases:
        sizes = {"B": 3, "n": 37, "C": 19, "1": 1, **static}
        score, gain, uniform = (rng.normal(1, 2, sizes_of(k, sizes)).astype(np.float32) for k in (kinds[0], kinds[1], kinds[3]))
        mask = rng.random(sizes_of(kinds[2], sizes)) < 0.7
        mask[..., 0] = True
        results = [np.zeros(sizes_of("BCn", sizes), np.float32), np.zeros(sizes_of("BC", sizes), np.float32),
                   np.zeros(sizes_of("BC", sizes), np.int64)]
        library.call(name, score, gain, uniform, mask, *results)
        x, g, kept = (np.broadcast_to(a, results[0].shape).astype(t) for a, t in ((score, float), (gain, float), (mask, bool)))
        b = np.broadcast_to(uniform, results[1].shape)[..., None]
        z = x.astype(np.float32) * b
        expected = gained(*(np.swapaxes(a, -1, -2) for a in (z.astype(float), g)), 1.0, np.swapaxes(kept, -1, -2))
        for result, wanted in zip((np.swapaxes(results[0], -1, -2), *results[1:]), expected):
            np.testing.assert_allclose(result, wanted, rtol=1e-5, atol=1e-30, err_msg=f"{kinds} {static}")


def test_numbers_with_gaps(compile_library):
    """Rows' numbers, as arguments and as results, in every other place of a larger tensor."""
    library = compile_library("""
weir.formula @shifted(%x: f32, %b: f32 {weir.uniform}) -> (f32 {weir.uniform}) {
  %m = weir.reduce max %x : f32
  %y = arith.addf %m, %b : f32
  weir.yield %y : f32
}
func.func @f(%x: tensor<?x24xf32>, %b: tensor<38xf32>) -> tensor<38xf32> {
  %some = tensor.extract_slice %b[1] [19] [2] : tensor<38xf32> to tensor<19xf32>
  %y = weir.apply @shifted(%x, %some) {form = #weir.form<transposed>} : (tensor<?x24xf32>, tensor<19xf32>) -> tensor<19xf32>
  %all = tensor.insert_slice %y into %b[1] [19] [2] : tensor<19xf32> into tensor<38xf32>
  return %all : tensor<38xf32>
}""", name="gaps")
    rng = np.random.default_rng(2)
    x, b, y = rng.normal(0, 2, (19, 24)).astype(np.float32), rng.normal(1, 1, 38).astype(np.float32), np.zeros(38, np.float32)
    library.call("f", x, b, y)
    expected = b.copy()
    expected[1::2] += x.max(1)
    np.testing.assert_array_equal(y, expected)


@pytest.fixture(scope="module")
def shared(compile_library):
    return compile_library("""
func.func @run(%x: tensor<?x?x?xbf16>) -> (tensor<?x?x?xbf16>, tensor<?x?xf32>) {
  %y:2 = weir.apply @softmax_lse(%x) {form = #weir.form<transposed>, thread_grain = 1 : i64}
    : (tensor<?x?x?xbf16>) -> (tensor<?x?x?xbf16>, tensor<?x?xf32>)
  return %y#0, %y#1 : tensor<?x?x?xbf16>, tensor<?x?xf32>
}
func.func @over(%x: tensor<?x?xf32>) -> tensor<?x?xf32> {
  %y = weir.apply @softmax(%x) {form = #weir.form<transposed>, thread_grain = 1 : i64} : (tensor<?x?xf32>) -> tensor<?x?xf32>
  return %y : tensor<?x?xf32>
}""", "--threads=omp", name="shared")


def test_a_row_is_its_own(shared):
    """The same bits whoever its neighbours are, and however many threads run: all rows, then each alone."""
    x = np.random.default_rng(4).normal(0, 3, (3, 37, 61)).astype(STORAGE["bf16"])
    together, lse = np.zeros_like(x), np.zeros((3, 37), np.float32)
    shared.handle.shared_set_threads(1)
    shared.call("run", x, together, lse)
    for threads in (2, 3, 7):
        shared.handle.shared_set_threads(threads)
        y, z = np.zeros_like(x), np.zeros_like(lse)
        shared.call("run", x, y, z)
        np.testing.assert_array_equal(y, together)
        np.testing.assert_array_equal(z, lse)
    for row in range(37):
        y, z = np.zeros((3, 1, 61), x.dtype), np.zeros((3, 1), np.float32)
        shared.call("run", x[:, row:row + 1].copy(), y, z)
        np.testing.assert_array_equal(y[:, 0], together[:, row])
        np.testing.assert_array_equal(z[:, 0], lse[:, row])


def test_in_place(shared):
    x = np.random.default_rng(5).normal(0, 3, (37, 61)).astype(np.float32)
    apart = np.zeros_like(x)
    shared.call("over", x, apart)
    shared.call("over", x, x)
    np.testing.assert_array_equal(x, apart)
