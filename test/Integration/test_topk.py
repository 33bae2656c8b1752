"""weir.topk in every form, type, mode, mask and target against an oracle that sorts."""

import ctypes
import functools

import ml_dtypes
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings, strategies
from hypothesis.extra import numpy as hypothesis_numpy

from covering import covering
from oracle.selection import topk

TARGETS = ["host", "x86-64-v3", "x86-64"]
STORED = {"f32": np.float32, "bf16": ml_dtypes.bfloat16, "f16": np.float16, "f64": np.float64}
RULES = ["count", "gap attr", "gap scalar", "gap row", "threshold attr", "threshold scalar", "threshold row",
         "mass attr", "mass scalar", "mass row", "mass-before attr", "mass-before row"]
THR = {"gap": 0.25, "threshold": 0.5, "mass": 0.75, "mass-before": 0.5}
MASKS = {"none": None, "full": "?x?", "row": "?", "each": "?x1"}


#===----------------------------------------------------------------------===#
# Variants: how a selection is compiled
#===----------------------------------------------------------------------===#


@functools.cache
def all_variants():
    chosen = covering({"target": TARGETS, "dtype": list(STORED), "k": [1, 2, 5, 64, 65, 129], "rule": RULES, "mask": list(MASKS),
                       "form": [None, "insert", "select"], "along": [1, 0]})
    return [{**variant, "function": f"topk_{i}"} for i, variant in enumerate(chosen)]


def attributes(k, mode="count", thr=None, form=None, along=1, **more):
    given = [f"k = {k} : i64"]
    if mode != "count":
        given.append(f"mode = #weir.topk_mode<{mode.split('-')[0]}>")
    if mode.startswith("mass"):
        given.append("non_negative")
    if mode == "mass-before":
        given.append("include_crossing = false")
    if thr is not None:
        given.append(f"thr = {thr:e} : f64")
    if form:
        given.append(f"form = #weir.topk_form<{form}>")
    if along != 1:
        given.append(f"along = {along}")
    return ", ".join(given + [f"{name} = {value}" for name, value in more.items()])


def mask_type(kind, along):
    """A mask that is given per row repeats along the row."""
    shapes = {"full": "?x?", "row": "?", "each": "?x1"} if along == 1 else {"full": "?x?", "row": "?x1", "each": "?"}
    return f"tensor<{shapes[kind]}xi1>"


def function_text(name, dtype, k, mode="count", thr_kind=None, mask="none", form=None, along=1, n="?", rows="?", **more):
    compute = "f64" if dtype == "f64" else "f32"
    shape = [str(rows), str(n)] if along == 1 else [str(n), str(rows)]
    parameters, clauses = [f"%x: tensor<{'x'.join(shape)}x{dtype}>"], ""
    if thr_kind in ("scalar", "row"):
        kind = compute if thr_kind == "scalar" else f"tensor<?x{compute}>"
        parameters.append(f"%t: {kind}")
        clauses += f" thr(%t : {kind})"
    if mask != "none":
        parameters.append(f"%m: {mask_type(mask, along)}")
        clauses += f" mask(%m : {mask_type(mask, along)})"
    shape[along] = str(k)
    results = f"tensor<{'x'.join(shape)}x{dtype}>, tensor<{'x'.join(shape)}xi32>, tensor<{rows}xi32>"
    given = attributes(k, mode, THR[mode] if thr_kind == "attr" else None, form, along, **more)
    return (f"func.func @{name}({', '.join(parameters)}) -> ({results}) {{\n  %v, %i, %n = weir.topk %x{clauses} {{{given}}}"
            f" : ({parameters[0].split(': ')[1]}) -> ({results})\n  return %v, %i, %n : {results}\n}}\n")


def split_rule(rule):
    mode, _, kind = rule.partition(" ")
    return mode, kind or None


@pytest.fixture(scope="module", params=TARGETS)
def library(request, compile_library):
    text = ""
    for v in all_variants():
        if v["target"] == request.param:
            mode, kind = split_rule(v["rule"])
            text += function_text(v["function"], v["dtype"], v["k"], mode, kind, v["mask"], v["form"], v["along"])
    for k in (5, 64, 65):
        for form in ("insert", "select"):
            text += function_text(f"plain_{k}_{form}", "f32", k, form=form)
    for n in WHOLE:
        text += function_text(f"whole_{n}", "f32", n, n=n)
    return request.param, compile_library(text, f"--target={request.param}", name="topk")


#===----------------------------------------------------------------------===#
# Data
#===----------------------------------------------------------------------===#

LENGTHS = [0, 1, 15, 16, 17, 127, 1000, 100003]
WHOLE = [1, 15, 17, 64, 65, 1000]  # Rows of which everything is wanted.
EDGES = {
    "normal": lambda rng, x: x,
    "ties": lambda rng, x: np.round(x),
    "all equal": lambda rng, x: np.full_like(x, 2.5),
    "zeros of both signs": lambda rng, x: np.where(rng.random(len(x)) < 0.5, -0.0, 0.0),
    "rising": lambda rng, x: np.sort(x),
    "falling": lambda rng, x: np.sort(x)[::-1],
    "all nan": lambda rng, x: np.full_like(x, np.nan),
    "empty": lambda rng, x: np.full_like(x, -np.inf),
    "nan and -inf": lambda rng, x: np.where(rng.random(len(x)) < 0.5, -np.inf, np.nan),
    "some nan": lambda rng, x: np.where(rng.random(len(x)) < 0.3, np.nan, x),
    "some -inf": lambda rng, x: np.where(rng.random(len(x)) < 0.3, -np.inf, x),
    "some +inf": lambda rng, x: np.where(np.arange(len(x)) % 5 == 2, np.inf, x),
    "all +inf": lambda rng, x: np.full_like(x, np.inf),
    "one left": lambda rng, x: np.where(np.arange(len(x)) == len(x) // 2, 1.5, np.where(x > 0, -np.inf, np.nan)),
    "tiny": lambda rng, x: x * 1e-7,
    "denormal": lambda rng, x: x * 1e-41,
    "large": lambda rng, x: x * 1e4,
    "huge": lambda rng, x: x * 1e38,
    "negative": lambda rng, x: -np.abs(x),
    "one winner": lambda rng, x: np.where(np.arange(len(x)) == len(x) // 3, 100.0, x * 1e-3),
}


def edge_rows(n, dtype, nonnegative, shift):
    rng = np.random.default_rng(n + shift)
    names = list(EDGES)
    if n > 5000:
        names = [names[(7 * shift + i) % len(names)] for i in range(2)]
    rows = [EDGES[name](rng, rng.normal(0, 1, n)) for name in names]
    x = np.array(rows).reshape(len(names), n)
    if nonnegative:
        x = np.where(x == -np.inf, x, np.abs(x))
    with np.errstate(over="ignore"):
        return names, x.astype(STORED[dtype])


def draw_mask(rng, kind, shape):
    if kind == "none":
        return None, None
    mask = rng.random({"full": shape, "row": shape[1:], "each": (shape[0], 1)}[kind]) < 0.6
    if kind == "full":
        mask[:1] = False
    return mask, np.broadcast_to(mask, shape)


def same_bits(a, b):
    return a.tobytes() == b.tobytes()


def check_row(expected, x, v, i, count, where):
    if expected.doubtful:
        return
    assert count == expected.count, (where, count, expected.count)
    np.testing.assert_array_equal(i, expected.indices, err_msg=str(where))
    chosen = expected.indices[:count]
    assert same_bits(v[:count], x[chosen]), (where, v[:count], x[chosen])
    assert (v[count:].astype(np.float64) == -np.inf).all(), (where, v)
    real = i[i >= 0]
    assert len(set(real)) == len(real), where


def call(library, function, x, k, thr=None, mask=None, along=1):
    """Results of one call, with the row last again. What they held before must not matter."""
    def turned(a):
        return np.ascontiguousarray(a.T) if along == 0 else a

    rows = x.shape[0]
    v = turned(np.full((rows, k), 7, x.dtype))
    i = turned(np.full((rows, k), 7, np.int32))
    count = np.full(rows, 7, np.int32)
    operands = [turned(x)] + [o for o in (thr, mask) if o is not None]
    library.call(function, *operands, v, i, count)
    return turned(v), turned(i), count


@pytest.mark.parametrize("n", LENGTHS)
def test_every_kind(library, n):
    target, compiled = library
    for number, variant in enumerate(v for v in all_variants() if v["target"] == target):
        mode, kind = split_rule(variant["rule"])
        names, x = edge_rows(n, variant["dtype"], mode.startswith("mass"), number)
        rng = np.random.default_rng(number)
        mask, full = draw_mask(rng, variant["mask"], x.shape)
        accumulator = np.float64 if variant["dtype"] == "f64" else np.float32
        thr = np.full(len(x), THR.get(mode, 0), accumulator)
        if kind == "row":
            thr = (thr * rng.choice([0.1, 0.5, 1, 1.25], len(x))).astype(accumulator)
        scalar = ctypes.c_double if accumulator is np.float64 else ctypes.c_float
        passed = {"scalar": scalar(THR.get(mode, 0)), "row": thr}.get(kind)
        if mask is not None and variant["along"] == 0:
            mask = np.ascontiguousarray(mask.T) if mask.ndim == 2 else mask[:, None]
            mask = mask[0] if variant["mask"] == "each" else mask
        v, i, count = call(compiled, variant["function"], x, variant["k"], passed, mask, variant["along"])
        for r in range(len(x)):
            with np.errstate(over="ignore"):
                expected = topk(x[r], variant["k"], None if full is None else full[r], mode.split("-")[0], float(thr[r]),
                                mode != "mass-before", accumulator)
            check_row(expected, x[r], v[r], i[r], count[r], (variant, names[r], n))


@pytest.mark.parametrize("n", WHOLE)
def test_everything_is_wanted(library, n):
    """k = n, static: the whole row in order."""
    names, x = edge_rows(n, "f32", False, 0)
    v, i, count = call(library[1], f"whole_{n}", x, n)
    for r in range(len(x)):
        check_row(topk(x[r], n), x[r], v[r], i[r], count[r], (names[r], n))


def test_a_long_row_is_sorted(compile_library):
    n = 100003
    compiled = compile_library(function_text("sort", "f32", n, n=n), name="long")
    x = np.round(np.random.default_rng(1).normal(0, 100, (1, n))).astype(np.float32)
    v, i, count = call(compiled, "sort", x, n)
    order = np.argsort(-x[0], kind="stable")
    np.testing.assert_array_equal(i[0], order)
    assert count[0] == n and same_bits(v[0], x[0][order])


#===----------------------------------------------------------------------===#
# Properties
#===----------------------------------------------------------------------===#

NUMBERS = strategies.one_of(strategies.sampled_from([0.0, -0.0, 1.0, -1.0, np.inf, -np.inf, np.nan, 1e-45, 3.0e38]),
                            strategies.floats(width=32), strategies.integers(-3, 3).map(float))


@pytest.mark.parametrize("function", ["plain_5_insert", "plain_5_select", "plain_64_insert", "plain_65_select"])
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(x=hypothesis_numpy.arrays(np.float32, strategies.tuples(strategies.integers(1, 3), strategies.integers(0, 140)),
                                 elements=NUMBERS))
def test_it_is_the_stable_argsort(library, function, x):
    """NumPy sorts NaN last, as weir does. Where every mask is on, nothing but the number of elements ends the indices."""
    k = int(function.split("_")[1])
    v, i, count = call(library[1], function, x, k)
    order = np.argsort(-x, axis=1, kind="stable")[:, :k]
    np.testing.assert_array_equal(i[:, :order.shape[1]], order)
    assert (i[:, order.shape[1]:] == -1).all()
    for r in range(len(x)):
        usable = (x[r] > -np.inf).sum()
        assert count[r] == min(k, usable)
        assert same_bits(v[r, :count[r]], x[r][order[r, :count[r]]])


@pytest.mark.parametrize("k", [5, 64, 65])
def test_forms_agree(library, k):
    x = np.random.default_rng(k).normal(0, 1, (20, 4097)).astype(np.float32)
    results = [call(library[1], f"plain_{k}_{form}", x, k) for form in ("insert", "select")]
    for a, b in zip(*results):
        assert same_bits(a, b)


#===----------------------------------------------------------------------===#
# Shapes, operands, threads
#===----------------------------------------------------------------------===#


def test_a_dimension_in_the_middle(compile_library):
    compiled = compile_library("""
    func.func @middle(%x: tensor<?x?x?xbf16>, %t: tensor<?x1xf32>, %m: tensor<?x1xi1>)
        -> (tensor<?x3x?xbf16>, tensor<?x3x?xi32>, tensor<?x?xi32>) {
      %v, %i, %n = weir.topk %x thr(%t : tensor<?x1xf32>) mask(%m : tensor<?x1xi1>)
        {k = 3 : i64, along = 1, mode = #weir.topk_mode<threshold>}
        : (tensor<?x?x?xbf16>) -> (tensor<?x3x?xbf16>, tensor<?x3x?xi32>, tensor<?x?xi32>)
      return %v, %i, %n : tensor<?x3x?xbf16>, tensor<?x3x?xi32>, tensor<?x?xi32>
    }
    func.func @one(%x: tensor<?xf64>) -> (tensor<2xf64>, tensor<2xi32>, tensor<i32>) {
      %v, %i, %n = weir.topk %x {k = 2 : i64} : (tensor<?xf64>) -> (tensor<2xf64>, tensor<2xi32>, tensor<i32>)
      return %v, %i, %n : tensor<2xf64>, tensor<2xi32>, tensor<i32>
    }""", name="middle")
    rng = np.random.default_rng(2)
    for a, n, c in [(2, 20, 3), (1, 1, 1), (3, 0, 2), (0, 4, 2)]:
        x = rng.normal(0, 1, (a, n, c)).astype(ml_dtypes.bfloat16)
        mask, thr = rng.random((n, 1)) < 0.7, rng.normal(0, 0.5, (a, 1)).astype(np.float32)
        v, i = np.full((a, 3, c), 7, x.dtype), np.full((a, 3, c), 7, np.int32)
        count = np.full((a, c), 7, np.int32)
        compiled.call("middle", x, thr, mask, v, i, count)
        for p in range(a):
            for q in range(c):
                expected = topk(x[p, :, q], 3, mask[:, 0], "threshold", float(thr[p, 0]))
                check_row(expected, x[p, :, q], v[p, :, q], i[p, :, q], count[p, q], (p, q))
    v, i, count = np.zeros(2), np.zeros(2, np.int32), np.zeros((), np.int32)
    compiled.call("one", np.array([1.0, 3.0, 3.0]), v, i, count)
    assert v.tolist() == [3, 3] and i.tolist() == [1, 2] and count == 2


def test_a_threshold_of_nan_selects_the_first_at_most(compile_library):
    compiled = compile_library("".join(function_text(mode.replace("-", "_"), "f32", 4, mode, "row") for mode in THR), name="nan")
    x = np.array([[3, 2, 2, 1, 0.5]], np.float32)
    for mode, count in {"gap": 1, "mass": 1, "mass-before": 0, "threshold": 0}.items():
        _, i, found = call(compiled, mode.replace("-", "_"), x, 4, np.full(1, np.nan, np.float32))
        assert found[0] == count and i[0].tolist() == [0] * count + [-1] * (4 - count), mode


def test_shares_that_sums_hit_exactly(compile_library):
    text = "".join(function_text(f"{name}_{dtype}", dtype, 4, mode, "scalar") for dtype in STORED
                   for name, mode in (("to", "mass"), ("before", "mass-before")))
    compiled = compile_library(text, name="shares")
    for dtype, stored in STORED.items():
        thr = ctypes.c_double if dtype == "f64" else ctypes.c_float
        x = np.array([[0.25] * 4, [0.5, 0.25, 0.25, 0], [0] * 4, [1] * 4], stored)
        for share, to, before in [(0.5, [2, 1, 1, 2], [2, 1, 4, 2]), (0.0, [1] * 4, [0, 0, 4, 0]), (1.0, [4, 3, 1, 4], [4] * 4)]:
            assert call(compiled, f"to_{dtype}", x, 4, thr(share))[2].tolist() == to, (dtype, share)
            assert call(compiled, f"before_{dtype}", x, 4, thr(share))[2].tolist() == before, (dtype, share)
    # Sums that overflow the type of the scores.
    largest = np.full((1, 9), np.finfo(np.float64).max)
    assert call(compiled, "to_f64", largest, 4, ctypes.c_double(0.3))[2] == 3
    largest = np.full((1, 9), np.finfo(np.float32).max, np.float32)
    assert call(compiled, "to_f32", largest, 4, ctypes.c_float(0.3))[2] == 3


def test_threads(compile_library):
    text = "".join(function_text(f"shared_{k}", "bf16", k, thread_grain="1 : i64") for k in (5, 65))
    compiled, serial = compile_library(text, "--threads=omp", name="shared"), compile_library(text, name="alone")
    for shape in [(0, 9), (1, 200), (7, 64), (33, 1001)]:
        x = np.random.default_rng(3).normal(0, 1, shape).astype(ml_dtypes.bfloat16)
        for k in (5, 65):
            expected = call(serial, f"shared_{k}", x, k)
            for threads in (1, 2, 3):
                compiled.handle.shared_set_threads(threads)
                for a, b in zip(call(compiled, f"shared_{k}", x, k), expected):
                    assert same_bits(a, b)


def test_strides(compile_library):
    """Rows apart from each other are read in place, reversed ones through a copy."""
    compiled = compile_library(function_text("strided", "f32", 5) + function_text("copied", "f32", 65), name="strided")
    wide = np.random.default_rng(4).normal(0, 1, (6, 400)).astype(np.float32)
    for x in (wide[:, 7:300], wide[::2, 3:], wide[:, ::-1], wide[:, ::3]):
        for function, k in (("strided", 5), ("copied", 65)):
            v, i, count = call(compiled, function, x, k)
            for r in range(len(x)):
                check_row(topk(x[r], k), x[r], v[r], i[r], count[r], (function, r))


def test_routing(compile_library):
    """What a router is made of: the scores of the k largest to weights, one after the other and from each other's results."""
    compiled = compile_library("""
    func.func @route(%x: tensor<?x?xf32>) -> (tensor<?x4xf32>, tensor<?x4xi32>) {
      %v, %i, %n = weir.topk %x {k = 4 : i64} : (tensor<?x?xf32>) -> (tensor<?x4xf32>, tensor<?x4xi32>, tensor<?xi32>)
      %w = weir.apply @softmax(%v) {pos_inf = #weir.pos_inf<share>} : (tensor<?x4xf32>) -> tensor<?x4xf32>
      return %w, %i : tensor<?x4xf32>, tensor<?x4xi32>
    }
    func.func @nucleus(%x: tensor<?x16xf32>) -> (tensor<?x16xi32>, tensor<?xi32>) {
      %p = weir.apply @softmax(%x) : (tensor<?x16xf32>) -> tensor<?x16xf32>
      %v, %i, %n = weir.topk %p {k = 16 : i64, mode = #weir.topk_mode<mass>, thr = 0.6 : f64, non_negative}
        : (tensor<?x16xf32>) -> (tensor<?x16xf32>, tensor<?x16xi32>, tensor<?xi32>)
      return %i, %n : tensor<?x16xi32>, tensor<?xi32>
    }
    func.func @twice(%x: tensor<?x16xf32>) -> tensor<?x16xi32> {
      %v, %i, %n = weir.topk %x {k = 16 : i64} : (tensor<?x16xf32>) -> (tensor<?x16xf32>, tensor<?x16xi32>, tensor<?xi32>)
      %w, %j, %m = weir.topk %v {k = 16 : i64} : (tensor<?x16xf32>) -> (tensor<?x16xf32>, tensor<?x16xi32>, tensor<?xi32>)
      return %j : tensor<?x16xi32>
    }""", name="routing")
    rng = np.random.default_rng(6)
    x = rng.normal(0, 1, (5, 9)).astype(np.float32)
    x[1], x[2], x[3, :6], x[4, [3, 7]] = np.nan, -np.inf, np.nan, np.inf
    w, i = np.full((5, 4), 7, np.float32), np.full((5, 4), 7, np.int32)
    compiled.call("route", x, w, i)
    expected = np.exp(x[0][i[0]].astype(np.float64))
    np.testing.assert_allclose(w[0], expected / expected.sum(), rtol=1e-6)
    assert i[1].tolist() == i[2].tolist() == [0, 1, 2, 3] and not w[1:3].any()
    assert sorted(i[3][:3]) == [6, 7, 8] and i[3][3] == 0 and w[3][3] == 0
    assert i[4][:2].tolist() == [3, 7] and w[4].tolist() == [0.5, 0.5, 0, 0]

    x = rng.normal(0, 2, (6, 16)).astype(np.float32)
    p = np.exp(x.astype(np.float64))
    p /= p.sum(1, keepdims=True)
    i, n = np.full((6, 16), 7, np.int32), np.full(6, 7, np.int32)
    compiled.call("nucleus", x, i, n)
    order = np.argsort(-x, axis=1, kind="stable")
    for r in range(6):
        count = int((np.cumsum(p[r][order[r]]) < 0.6).sum()) + 1
        assert n[r] == count and i[r].tolist() == order[r][:count].tolist() + [-1] * (16 - count)
    compiled.call("twice", x, i)
    assert (i == np.arange(16)).all()
