"""Rows that are not the last dimension: every formula across rows, in every form, type, target, mask and policy."""

import functools

import numpy as np
import pytest

from covering import ALL, covering
from formulas import CASES
from layouts import FIRST, MIDDLE
from test_rows import ODD, PLAINEST, STORAGE, TARGETS, check, edge_rows, parameters_of, texts_of

LENGTHS = [0, 1, 2, 17, 1000]
F64_LENGTHS = [0, 1, 2, 17, 65]  # The oracles with many digits are slow.
COUNTS = [1, 15, 16, 17, 33]  # Of neighbouring rows.


@functools.cache
def all_variants():
    """In the quick tier a third of each formula's covering set: code across rows is long, and formulas are many."""
    return {case.name: [{**PLAINEST, **choice, "function": f"{case.name}_{i}"} for i, choice in
                        enumerate(covering({**parameters_of(case), "layout": [FIRST, MIDDLE]})) if ALL or (i + number) % 3 == 0]
            for number, case in enumerate(CASES)}


@pytest.fixture(scope="module", params=TARGETS)
def libraries(request, compile_batches):
    texts = texts_of(CASES, all_variants(), request.param)
    return request.param, compile_batches(texts, ODD, f"--target={request.param}", name="across")


def rows_of(n, count, turn):
    """`count` rows, other edges at every `turn`."""
    names, x = edge_rows(n, turn)
    at = (np.arange(count) + 5 * turn) % len(names)
    return [names[i] for i in at], x[at]


@pytest.mark.parametrize("case", CASES, ids=lambda c: c.name)
def test_across(libraries, case):
    target, compiled = libraries[0], libraries[1][case.name]
    for j, variant in enumerate(all_variants()[case.name]):
        if variant["target"] != target:
            continue
        blocks = 2 if variant["layout"] is MIDDLE else 1
        for i, n in enumerate(F64_LENGTHS if variant["dtype"] == "f64" else LENGTHS):
            for k, count in enumerate(COUNTS):
                if not ALL and (i + k + j) % 2:
                    continue
                names, x = rows_of(n, blocks * count, i + k + j)
                check(compiled, case, variant, names, x, seed=j * 1000 + n + count)


#===----------------------------------------------------------------------===#
# What the table does not hold
#===----------------------------------------------------------------------===#

FORMULA = """
weir.formula @gained(%x: f32, %g: f32, %b: f32 {weir.uniform}) -> (f32, f32 {weir.uniform}, index {weir.uniform}) {
  %z = arith.mulf %x, %b : f32
  %m, %i = weir.reduce max %z : f32, index
  %d = arith.subf %z, %m : f32
  %e = math.exp %d : f32
  %s = weir.reduce add %e : f32
  %w = arith.divf %e, %s : f32
  %y = arith.mulf %w, %g : f32
  weir.yield %y, %s, %i : f32, f32, index
}
"""


def gained(x, g, b, kept):
    """Along dimension -2."""
    z = np.where(kept, x * b, -np.inf)
    e = np.exp(z - z.max(-2, keepdims=True))
    return e / e.sum(-2, keepdims=True) * g, e.sum(-2), z.argmax(-2)


SHAPES = {
    # The full shape [B, n, C]; of the score, the gain, the mask and the uniform argument, what they have of it.
    "all": ("BnC", "BnC", "BnC", "BC"),
    "gain for each row": ("BnC", "C", "BnC", "BC"),
    "gain for each row of a block": ("BnC", "B1C", "nC", "1C"),
    "gain for each position": ("BnC", "n1", "Bn1", "B1"),
    "one gain": ("BnC", "1", "n1", "11"),
    "score for each position": ("n1", "BnC", "nC", "BC"),
    "score for each position of a block": ("Bn1", "nC", "BnC", "1C"),
}


def sizes_of(kinds, sizes):
    return [sizes[kind] for kind in kinds]


def type_of(kinds, element, static):
    known = {"1": 1, **static}
    return f"tensor<{''.join(str(known.get(kind, '?')) + 'x' for kind in kinds)}{element}>"


def gained_text(name, kinds, static):
    score, gain, mask, uniform = kinds
    types = [type_of(score, "f32", static), type_of(gain, "f32", static), type_of(uniform, "f32", static)]
    valid, results = type_of(mask, "i1", static), [type_of("BnC", "f32", static), type_of("BC", "f32", static), type_of("BC", "i64", static)]
    return f"""
func.func @{name}(%x: {types[0]}, %g: {types[1]}, %b: {types[2]}, %m: {valid}) -> ({', '.join(results)}) {{
  %y:3 = weir.apply @gained(%x, %g, %b) mask(%m : {valid}) {{along = 1, lanes = #weir.lanes<across>}}
    : ({', '.join(types)}) -> ({', '.join(results)})
  return %y#0, %y#1, %y#2 : {', '.join(results)}
}}
"""


STATIC = [{}, *({"C": c} for c in (1, 2, 3, 7, 16, 20, 32, 64, 70)), {"B": 2, "n": 5, "C": 33}, {"n": 1}, {"B": 1, "n": 40, "C": 64}]


@pytest.mark.parametrize("target", TARGETS)
def test_operands_that_repeat(compile_library, target):
    """Operands that lack the row's dimension, the last one or both, with static sizes of every kind."""
    cases = [(f"f{i}_{j}", kinds, static) for i, kinds in enumerate(SHAPES.values()) for j, static in enumerate(STATIC)
             if ALL or (i + j) % 3 == 0]
    library = compile_library(FORMULA + "".join(gained_text(*case) for case in cases), f"--target={target}", name="repeat")
    rng = np.random.default_rng(1)
    for name, kinds, static in cases:
        sizes = {"B": 3, "n": 37, "C": 19, "1": 1, **static}
        score, gain, uniform = (rng.normal(1, 2, sizes_of(k, sizes)).astype(np.float32) for k in (kinds[0], kinds[1], kinds[3]))
        mask = rng.random(sizes_of(kinds[2], sizes)) < 0.7
        mask[..., 0, :] = True
        results = [np.zeros(sizes_of("BnC", sizes), np.float32), np.zeros(sizes_of("BC", sizes), np.float32),
                   np.zeros(sizes_of("BC", sizes), np.int64)]
        library.call(name, score, gain, uniform, mask, *results)
        x, g, kept = (np.broadcast_to(a, results[0].shape).astype(t) for a, t in ((score, float), (gain, float), (mask, bool)))
        b = np.broadcast_to(uniform, results[1].shape).astype(float)[:, None, :]
        for result, expected in zip(results, gained(x.astype(np.float32) * b.astype(np.float32), g, 1.0, kept)):
            np.testing.assert_allclose(result, expected, rtol=1e-5, atol=1e-30, err_msg=f"{kinds} {static}")


def test_elements_with_gaps(compile_library):
    """Slices that take every other column; masked, in 16 bits, with a last group."""
    library = compile_library("""
func.func @f(%x: tensor<9x80xf32>, %h: tensor<9x80xbf16>, %b: tensor<80xf32>, %m: tensor<9x80xi1>) -> (tensor<9x40xf32>, tensor<9x40xbf16>) {
  %xs = tensor.extract_slice %x[0, 1] [9, 40] [1, 2] : tensor<9x80xf32> to tensor<9x40xf32>
  %hs = tensor.extract_slice %h[0, 1] [9, 40] [1, 2] : tensor<9x80xbf16> to tensor<9x40xbf16>
  %bs = tensor.extract_slice %b[0] [40] [2] : tensor<80xf32> to tensor<40xf32>
  %ms = tensor.extract_slice %m[0, 1] [9, 40] [1, 2] : tensor<9x80xi1> to tensor<9x40xi1>
  %y = weir.apply @softmax_scaled(%xs, %bs) mask(%ms : tensor<9x40xi1>) {along = 0} : (tensor<9x40xf32>, tensor<40xf32>) -> tensor<9x40xf32>
  %z = weir.apply @softmax_scaled(%hs, %bs) mask(%ms : tensor<9x40xi1>) {along = 0} : (tensor<9x40xbf16>, tensor<40xf32>) -> tensor<9x40xbf16>
  return %y, %z : tensor<9x40xf32>, tensor<9x40xbf16>
}""", name="gaps")
    rng = np.random.default_rng(2)
    x, b = rng.normal(0, 2, (9, 80)).astype(np.float32), rng.normal(1, 1, 80).astype(np.float32)
    h, m = x.astype(STORAGE["bf16"]), rng.random((9, 80)) < 0.8
    m[0] = True
    y, z = np.zeros((9, 40), np.float32), np.zeros((9, 40), STORAGE["bf16"])
    library.call("f", x, h, b, m, y, z)
    for result, score, within in ((y, x, 1e-5), (z.astype(np.float32), h.astype(np.float32), 2e-2)):
        expected, _, _ = gained(score[:, 1::2].astype(float), 1.0, b[None, ::2].astype(float), m[:, 1::2])
        np.testing.assert_allclose(result, expected, rtol=within, atol=1e-30)


OWN = ["softmax", "sparsemax", "normalized"]
SHARED = "".join(f"""
func.func @run_{name}(%x: tensor<?x?xf32>) -> tensor<?x?xf32> {{
  %y = weir.apply @{name}(%x) {{along = 0, thread_grain = 1 : i64}} : (tensor<?x?xf32>) -> tensor<?x?xf32>
  return %y : tensor<?x?xf32>
}}""" for name in OWN) + """
weir.formula @normalized(%x: f32) -> f32 {
  %n = weir.length : index
  %i = arith.index_cast %n : index to i64
  %f = arith.sitofp %i : i64 to f32
  %s = weir.reduce add %x : f32
  %m = arith.divf %s, %f : f32
  %d = arith.subf %x, %m : f32
  %q = arith.mulf %d, %d : f32
  %v = weir.reduce add %q : f32
  %r = math.sqrt %v : f32
  %y = arith.divf %d, %r : f32
  weir.yield %y : f32
}"""


@pytest.fixture(scope="module")
def shared(compile_library):
    return compile_library(SHARED, "--threads=omp", name="shared")


@pytest.mark.parametrize("name", OWN)
def test_a_row_is_its_own(shared, name):
    """The same bits whoever its neighbours are, and however many threads run: 83 rows, then each of them alone."""
    x = np.random.default_rng(4).normal(0, 3, (61, 83)).astype(np.float32)
    together = np.zeros_like(x)
    shared.handle.shared_set_threads(1)
    shared.call(f"run_{name}", x, together)
    for threads in (2, 3, 7):
        shared.handle.shared_set_threads(threads)
        y = np.zeros_like(x)
        shared.call(f"run_{name}", x, y)
        np.testing.assert_array_equal(y, together)
    for column in range(x.shape[1]):
        alone, y = x[:, column:column + 1].copy(), np.zeros((61, 1), np.float32)
        shared.call(f"run_{name}", alone, y)
        np.testing.assert_array_equal(y, together[:, column:column + 1])


@pytest.mark.parametrize("name", OWN)
def test_in_place(shared, name):
    x = np.random.default_rng(5).normal(0, 3, (61, 83)).astype(np.float32)
    x[:, 3] = -np.inf
    apart = np.zeros_like(x)
    shared.call(f"run_{name}", x, apart)
    shared.call(f"run_{name}", x, x)
    np.testing.assert_array_equal(x, apart)
