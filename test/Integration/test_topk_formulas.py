"""weir.topk with a formula against the oracles of both: the scores are selected by sorting, the values are what weir.apply
is defined to give there."""

import ctypes
import functools
import random

import ml_dtypes
import numpy as np
import pytest

from accuracy import assert_close, half_ulp
from formulas import CASES
from oracle.selection import topk
from row_model import Policies, expected_row, score_after_policies
from test_topk import EDGES, STORED, draw_mask, mask_type

TARGETS = ["host", "x86-64-v3", "x86-64"]
BY_NAME = {case.name: case for case in CASES}
# Of several sweeps, of one that leans on nothing, with searches, without reductions, with uniform operands and results.
FORMULAS = ["softmax", "softmax_lse", "log_softmax", "softmax_scaled", "softmax_plus_one", "softmax_adaptive", "self_adjust_softmax",
            "l2_normalize", "sparsemax", "entmax15", "sigmoid", "tanh", "relu"]
ORDERED = ["softmax", "softmax_lse", "softmax_plus_one", "sparsemax", "relu"]  # And not negative.
POLICIES = [Policies(), Policies(nan="ignore"), Policies(pos_inf="share"), Policies(empty_row="nan"),
            Policies(nan="ignore", pos_inf="share")]
MODES = {"count": None, "mass": 0.75, "threshold": 0.01, "gap": 0.25}
# Formulas whose products or sums leave f32 at scores of 1e38: they are run there, but nothing is promised.
OVERFLOW = {"relu", "log_softmax", "softmax_scaled", "softmax_adaptive", "self_adjust_softmax", "l2_normalize"}
LENGTHS = [0, 1, 17, 128, 1000, 9001]


#===----------------------------------------------------------------------===#
# Variants
#===----------------------------------------------------------------------===#


@functools.cache
def all_variants():
    rng, chosen = random.Random(5), []
    for i in range(117):
        name, mode = FORMULAS[i % len(FORMULAS)], rng.choice(list(MODES))
        case = BY_NAME[name]
        chosen.append({
            "function": f"f{i}", "target": TARGETS[i // len(FORMULAS) % 3], "formula": name,
            "mode": mode if name in ORDERED else "count", "dtype": rng.choice(["f32", "f32", "bf16", "f16", "f64"]),
            "wide": rng.random() < 0.6, "k": rng.choice([1, 5, 17, 65, 130]), "mask": rng.choice(["none", "none", "full", "each", "row"]),
            "form": rng.choice([None, "insert", "select"]), "along": rng.choice([1, 1, 0]),
            "per_row": rng.random() < 0.5, "policies": Policies() if case.elementwise else rng.choice(POLICIES)})
    return chosen


def accumulator(v):
    return "f64" if v["dtype"] == "f64" else "f32"


def value_type(v):
    return accumulator(v) if v["wide"] else v["dtype"]


def function_text(v):
    case, compute = BY_NAME[v["formula"]], accumulator(v)
    shape = ["?", "?"]
    parameters, types = [f"%x: tensor<?x?x{v['dtype']}>"], [f"tensor<?x?x{v['dtype']}>"]
    for i, _ in enumerate(case.operands):
        types.append(f"tensor<?x{compute}>" if v["per_row"] else compute)
        parameters.append(f"%a{i}: {types[-1]}")
    inputs = ", ".join(p.split(":")[0] for p in parameters)
    clause = ""
    if v["mask"] != "none":
        kind = mask_type(v["mask"], v["along"])
        parameters.append(f"%m: {kind}")
        clause = f" mask(%m : {kind})"
    shape[v["along"]] = str(v["k"])
    results = [f"tensor<{'x'.join(shape)}x{value_type(v)}>", f"tensor<{'x'.join(shape)}xi32>", "tensor<?xi32>"]
    results += [f"tensor<?x{compute}>" for r in case.results if r.uniform]
    given = [f"k = {v['k']} : i64"] + v["policies"].attributes()
    if v["mode"] != "count":
        given += [f"mode = #weir.topk_mode<{v['mode']}>", f"thr = {MODES[v['mode']]:e} : f64"]
    if v["mode"] == "mass":
        given.append("non_negative")
    if v["form"]:
        given.append(f"form = #weir.topk_form<{v['form']}>")
    if v["along"] == 0:
        given.append("along = 0")
    names = [f"%r{i}" for i in range(len(results))]
    return (f"func.func @{v['function']}({', '.join(parameters)}) -> ({', '.join(results)}) {{\n"
            f"  {', '.join(names)} = weir.topk @{v['formula']}({inputs}){clause} {{{', '.join(given)}}}"
            f" : ({', '.join(types)}) -> ({', '.join(results)})\n"
            f"  return {', '.join(names)} : {', '.join(results)}\n}}\n")


@pytest.fixture(scope="module", params=TARGETS)
def library(request, compile_library):
    text = "".join(function_text(v) for v in all_variants() if v["target"] == request.param)
    return request.param, compile_library(text, f"--target={request.param}", name="topkf")


#===----------------------------------------------------------------------===#
# What is expected
#===----------------------------------------------------------------------===#


def tolerances(case, result, index, expected, value):
    """Of a result's elements, or of its one number."""
    if expected.row is None:
        return np.zeros(np.shape(value))
    of_result = case.tolerance[index] if isinstance(case.tolerance, tuple) else case.tolerance
    kept = value if result.uniform else value[expected.kept]
    with np.errstate(all="ignore"):
        error = of_result(expected.row, expected.operands, kept, case.oracle)
    if result.uniform:
        return error
    full = np.zeros(len(value))
    full[expected.kept] = error
    return full


def selected_count(values, found, mode, thr, total, slack):
    """How many of the values a mode takes, and whether rounding decides that."""
    if mode == "count":
        return found, False
    if mode == "threshold":
        doubtful = any(abs(v - thr) <= slack for v in values)
        return next((j for j in range(found) if not values[j] > thr), found), doubtful
    if mode == "gap":
        gaps = [0.0 if a == b else a - b for a, b in zip(values, values[1:found])]
        doubtful = any(abs(g - thr) <= slack for g in gaps)
        return min(found, 1 + next((j for j, g in enumerate(gaps) if not g <= thr), len(gaps))), doubtful
    sums = np.cumsum(values[:found])
    doubtful = any(abs(s - thr * total) <= slack * max(total, 1) for s in sums)
    wanted = [j for j in range(found) if j == 0 or sums[j - 1] < thr * total]
    return next((j for j in range(found) if j not in wanted), found), doubtful


def check_row(v, name, x, operands, mask, actual, i):
    case, k = BY_NAME[v["formula"]], v["k"]
    where = f"{v} row {i} ({name}) of {len(x)}"
    if name == "huge" and case.name in OVERFLOW:
        return
    exact = x.astype(np.float64)
    all_expected = expected_row(case, exact, operands, mask, v["policies"], i, v["dtype"] == "f64")
    uniform = iter(actual[3:])
    for r, (result, expected) in enumerate(zip(case.results, all_expected)):
        if result.uniform:
            assert_close(next(uniform)[i], expected.value, tolerances(case, result, r, expected, expected.value), where)
            continue
        weights, error = np.asarray(expected.value, np.float64), tolerances(case, result, r, expected, expected.value)
        masked = result.masked
    chosen = topk(x, k, mask)
    values, indices, count = (a[i] for a in actual[:3])
    picked, found = chosen.selected, chosen.count
    row_is_nan = not case.elementwise and np.isnan(weights[mask]).all() and mask.any()
    empty = not case.elementwise and bool((score_after_policies(exact, mask, v["policies"]) == -np.inf).all())
    row_is_nan |= empty and v["policies"].empty_row == "nan"
    slack = 2e-2 if value_type(v) in ("bf16", "f16") else 1e-4
    with np.errstate(invalid="ignore"):
        total = np.nansum(weights[mask]) if case.elementwise else weights[mask].sum()
        taken, doubtful = selected_count(weights[picked], found, v["mode"], MODES[v["mode"]], total, slack)
    if doubtful:
        return
    assert count == taken, (where, count, taken)
    wanted = chosen.indices if v["mode"] == "count" else picked[:taken] + [-1] * (k - taken)
    np.testing.assert_array_equal(indices, wanted, err_msg=where)
    padding = np.nan if row_is_nan else masked
    expected = np.array([weights[j] for j in picked[:taken]] + [padding] * (k - taken))
    allowed = np.array([error[j] for j in picked[:taken]] + [0.0] * (k - taken))
    allowed = allowed + half_ulp(np.nan_to_num(expected, posinf=0, neginf=0), value_type(v))
    got = values.astype(np.float64)
    if np.isnan(weights).any() and not empty:  # Slots of nothing may be NaN in a row that is, or hold what fell out of the selection.
        got = np.where((np.isnan(got) | row_is_nan) & (np.arange(k) >= taken), expected, got)
    assert_close(got, expected, allowed, where)


#===----------------------------------------------------------------------===#
# Calls
#===----------------------------------------------------------------------===#


def turned(v, a):
    return np.ascontiguousarray(a.T) if v["along"] == 0 and a.ndim == 2 else a


def call(library, v, x, operands, mask=None):
    case, rows, k = BY_NAME[v["formula"]], len(x), v["k"]
    outputs = [turned(v, np.full((rows, k), 7, STORED[value_type(v)])), turned(v, np.full((rows, k), 7, np.int32)),
               np.full(rows, 7, np.int32)]
    outputs += [np.full(rows, 7, STORED[accumulator(v)]) for r in case.results if r.uniform]
    given = [turned(v, x)] + operands + ([mask] if mask is not None else [])
    library.call(v["function"], *given, *outputs)
    return [turned(v, a) for a in outputs]


def draw_operands(v, rows, rng):
    case, compute = BY_NAME[v["formula"]], STORED[accumulator(v)]
    scalar = ctypes.c_double if compute is np.float64 else ctypes.c_float
    numbers = [rng.choice(o.values, rows if v["per_row"] else 1).astype(compute) for o in case.operands]
    passed = [n if v["per_row"] else scalar(float(n[0])) for n in numbers]
    return passed, lambda i: [float(n[i if v["per_row"] else 0]) for n in numbers]


def edge_rows(n, dtype, seed):
    rng = np.random.default_rng(n + seed)
    names = list(EDGES)
    if n > 5000:
        names = [names[(7 * seed + i) % len(names)] for i in range(3)]
    with np.errstate(over="ignore"):
        return names, np.array([EDGES[name](rng, rng.normal(0, 2, n)) for name in names]).reshape(len(names), n).astype(STORED[dtype])


@pytest.mark.parametrize("n", LENGTHS)
def test_every_kind(library, n):
    target, compiled = library
    for number, v in enumerate(v for v in all_variants() if v["target"] == target):
        names, x = edge_rows(n, v["dtype"], number)
        rng = np.random.default_rng(number)
        mask, full = draw_mask(rng, v["mask"], x.shape)
        if mask is not None and v["along"] == 0:
            mask = np.ascontiguousarray(mask.T) if mask.ndim == 2 else mask[:, None]
            mask = mask[0] if v["mask"] == "each" else mask
        full = np.ones(x.shape, bool) if full is None else full
        operands, of_row = draw_operands(v, len(x), rng)
        actual = call(compiled, v, x, operands, mask)
        for i in range(len(x)):
            check_row(v, names[i], x[i], of_row(i), full[i], actual, i)


def plain(**more):
    return {"function": "f", "formula": "softmax", "mode": "count", "dtype": "f32", "wide": True, "k": 5, "mask": "none", "form": None,
            "along": 1, "per_row": False, "policies": Policies(), **more}


def test_forms_agree(compile_library):
    variants = [plain(function=f"f_{form}", form=form, formula="softmax_lse") for form in ("insert", "select")]
    compiled = compile_library("".join(map(function_text, variants)), name="forms")
    x = np.random.default_rng(1).normal(0, 3, (9, 4099)).astype(np.float32)
    first, second = (call(compiled, v, x, []) for v in variants)
    assert first[1].tolist() == second[1].tolist()
    np.testing.assert_allclose(first[0], second[0], rtol=2e-6)
    np.testing.assert_allclose(first[3], second[3], rtol=2e-6)


def test_denormal_scores_keep_their_order(compile_library):
    """Small weights are flushed to zero there; the scores are not."""
    v = plain()
    compiled = compile_library(function_text(v), name="denormal")
    x = (np.random.default_rng(2).permutation(1000)[None] * 1e-44).astype(np.float32)
    _, indices, _ = call(compiled, v, x, [])
    assert indices[0].tolist() == np.argsort(-x[0], kind="stable")[:5].tolist()


def test_far_scores(compile_library):
    """Weights that vanish are 0, whatever the unit that exponents are formed in."""
    v = plain()
    compiled = compile_library(function_text(v), name="far")
    for scale in (1e2, 1e7, 1e30):
        x = (np.random.default_rng(3).normal(0, 1, (4, 777)) * scale).astype(np.float32)
        values, indices, _ = call(compiled, v, x, [])
        for i in range(4):
            exact = x[i].astype(np.float64)
            w = np.exp(exact - exact.max())
            np.testing.assert_allclose(values[i], (w / w.sum())[indices[i]], rtol=1e-4, atol=1e-30)


def test_threads(compile_library):
    v = plain(dtype="bf16", formula="softmax_lse")
    text = function_text(v).replace("{k = 5 : i64", "{k = 5 : i64, thread_grain = 1 : i64")
    compiled, serial = compile_library(text, "--threads=omp", name="shared"), compile_library(text, name="alone")
    for shape in [(0, 9), (1, 200), (7, 64), (33, 1001)]:
        x = np.random.default_rng(4).normal(0, 1, shape).astype(ml_dtypes.bfloat16)
        expected = call(serial, v, x, [])
        for threads in (1, 2, 3):
            compiled.handle.shared_set_threads(threads)
            for a, b in zip(call(compiled, v, x, []), expected):
                assert a.tobytes() == b.tobytes()


#===----------------------------------------------------------------------===#
# Weights that are not made
#===----------------------------------------------------------------------===#

WEIGHTS = """
func.func @{name}(%x: tensor<?x{n}xf32>) -> (tensor<?x5xf32>, tensor<?x5xi32>{lse_type}) {{
  %w{lse} = weir.apply @{formula}(%x) {{{form}}} : (tensor<?x{n}xf32>) -> {apply_types}
  %v, %i, %n = weir.topk %w {{k = 5 : i64}} : (tensor<?x{n}xf32>) -> (tensor<?x5xf32>, tensor<?x5xi32>, tensor<?xi32>)
  return %v, %i{lse_value} : tensor<?x5xf32>, tensor<?x5xi32>{lse_type}
}}
"""


@pytest.mark.parametrize("formula", ["softmax", "log_softmax", "softmax_lse", "entmax15", "relu"])
@pytest.mark.parametrize("n", ["?", "40"])
def test_selecting_from_weights(compile_library, formula, n):
    """The same values as from the weights themselves, which a given form keeps; each index has the weight that it stands for."""
    lse = formula == "softmax_lse"
    more = dict(formula=formula, n=n, lse="" if not lse else ", %l", lse_type="" if not lse else ", tensor<?xf32>",
                lse_value="" if not lse else ", %l",
                apply_types=f"tensor<?x{n}xf32>" if not lse else f"(tensor<?x{n}xf32>, tensor<?xf32>)")
    form = "elementwise" if formula == "relu" else "recompute"
    text = WEIGHTS.format(name="fused", form="", **more) + WEIGHTS.format(name="kept", form=f"form = #weir.form<{form}>", **more)
    compiled = compile_library(text, name="weights")
    rng = np.random.default_rng(5)
    x = rng.normal(0, 2, (6, 40)).astype(np.float32)
    x[1], x[2, 3:] = -np.inf, -np.inf
    x[3] = np.round(x[3])
    for rows in [x] + ([x[:, :3].copy()] if n == "?" else []):
        results = []
        for name in ("fused", "kept"):
            out = [np.full((6, 5), 7, np.float32), np.full((6, 5), 7, np.int32)] + [np.zeros(6, np.float32)] * lse
            compiled.call(name, rows, *out)
            results.append(out)
        fused, kept = results
        np.testing.assert_allclose(fused[0], kept[0], rtol=5e-5, atol=1e-7)
        for i in range(6):
            for a, b in zip(fused[1][i], kept[1][i]):
                assert (a < 0) == (b < 0)
                assert a == b or rows[i][a] == rows[i][b] or abs(fused[0][i][list(fused[1][i]).index(a)]) <= 1e-6
        if lse:
            np.testing.assert_allclose(fused[2], kept[2], rtol=1e-6)
