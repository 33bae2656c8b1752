"""Attention with every formula that gives weights, over masks, layouts, types, heads and ragged sizes, against the matrix of scores."""

import ctypes
import functools
import random
import re
import subprocess

import numpy as np
import pytest

import oracle
from accuracy import assert_close
from attention_oracle import Problem, Sight, attend, exact_factors
from conftest import BIN
from covering import ALL, covering
from formulas import CASES, Along, Full, Target, Uniform
from row_model import Policies
from test_rows import ODD, STORAGE

#===----------------------------------------------------------------------===#
# Which formulas, and how they are compiled
#===----------------------------------------------------------------------===#


def gives_weights(case):
    return sum(not r.uniform for r in case.results) == 1 and not any(isinstance(o, Target) for o in case.operands)


FORMULAS = [case for case in CASES if gives_weights(case)]
COUNTS_ROWS = ("gumbel_softmax_seeded",)  # Random numbers are counted over all rows.

# Weights that are differences, and how large what is subtracted may be.
DIFFERENCES = {
    "log_softmax": lambda row: np.abs(row.x) + abs(oracle.logsumexp(row)),
    "self_adjust_softmax_normalized": lambda row: oracle.softmax(row) * 2 * np.abs(row.x).max() / max(np.ptp(np.append(row.x, 0)), 1e-30),
    "layer_norm": lambda row, gain, bias, eps: (np.abs(row.x) + np.abs(row.x).max()) * np.abs(gain) / max(row.x.astype(float).std(), 1e-2) + np.abs(bias),
    "two_quad": lambda row, c: (np.abs(row.x) + abs(c)) ** 2 / max(((row.x + c) ** 2).sum(), 1e-30),
    "taylor_softmax": lambda row: (1 + np.abs(row.x) + row.x**2 / 2) / (1 + row.x + row.x**2 / 2).sum(),
}

# Heads of queries, of keys and values, and the sizes of a head.
SHAPES = [(2, 2, 64, 64), (4, 2, 3, 80), (4, 1, 80, 1), (3, 3, 1, 3), (2, 1, 512, 64), (6, 2, 64, 512)]
SIGHTS = [Sight(), Sight(causal=True), Sight(left=3, right=2), Sight(causal=True, left=5), Sight(lengths=True),
          Sight(causal=True, lengths=True), Sight(right=0, lengths=True, left=40)]
MASKS = {"none": None, "keys": "?x1x1x?", "each": "1x?x?x1", "full": "?x?x?x?", "last": "?"}
PARAMETERS = {
    "dtype": ["f32", "bf16", "f16", "f64"], "form": ["chosen", "other"], "layout": ["bhld", "blhd"], "heads": SHAPES, "sight": SIGHTS,
    "mask": ["none", "keys", "each", "full", "last"], "bias": [None, "?x1x?x?", "?x?"], "uniforms": ["scalar", "row", "head"],
    "policies": [Policies(), Policies(empty_row="nan", pos_inf="share"), Policies(nan="ignore")],
}
# As many variants of each formula, others for each, more of those in which the forms differ most. Under WEIR_TEST_ALL these have every variant
# of a set that covers triples.
FEW, MORE = (24, None) if ALL else (2, 8)
MOST = ("softmax", "softmax_lse", "softpick", "sigmoid_weights", "softmax_sink", "entmax15", "clipped_softmax", "self_adjust_softmax_normalized")


@functools.cache
def choices():
    """A covering set, in an order that puts unlike ones side by side. The parameters are too many for a search of their product: two
    sets, the second turned against the first, are joined."""
    names = list(PARAMETERS)
    first, second = (covering({name: PARAMETERS[name] for name in part}) for part in (names[:4], names[4:]))
    joined = [first[i % len(first)] | second[(i + i // len(first)) % len(second)] for i in range(max(len(first), len(second)))]
    random.Random(1).shuffle(joined)
    return joined


def variants_of(number, case):
    rows = choices()
    count = MORE or len(rows) if case.name in MOST else FEW
    rows = [rows[(number * FEW + i) % len(rows)] for i in range(count)]
    made = []
    for i, row in enumerate(rows):
        variant = {**row, "function": f"{case.name}_{i}", "dense": i % 2 == 0}
        if case.elementwise:
            variant["policies"] = Policies()
        made.append(variant)
    return made


def accumulator(variant):
    return "f64" if variant["dtype"] == "f64" else "f32"


def stored_type(operand, variant):
    if operand.type == "index":
        return "i32" if variant["dtype"] == "f32" else "i64"
    return accumulator(variant) if operand.type == "f32" else operand.type


def operand_type(operand, variant):
    storage = variant["dtype"] if operand.type == "f32" else operand.type
    if isinstance(operand, Along):
        return f"tensor<?x{storage}>"
    if isinstance(operand, Full):
        return f"tensor<?x?x?x?x{storage}>" if variant["dense"] else f"tensor<?x1x?x?x{storage}>"
    if variant["uniforms"] == "scalar":
        return operand.type if operand.type != "f32" else accumulator(variant)
    sizes = "?x?x?" if variant["uniforms"] == "row" else "1x?x1"
    return f"tensor<{sizes}x{stored_type(operand, variant)}>"


def input_types(variant):
    """Of queries, keys, values and results; heads are static in one layout and dynamic in the other."""
    H, G, D, E = variant["heads"]
    order = "?x{}x?x{}" if variant["layout"] == "bhld" else "?x?x{}x{}"
    heads = (H, G) if variant["layout"] == "bhld" else ("?", "?")
    types = [order.format(heads[0], D), order.format(heads[1], D), order.format(heads[1], E), order.format(heads[0], E)]
    return [f"tensor<{t}x{variant['dtype']}>" for t in types]


def scale_of(variant):
    """A power of two, so that scores are exact; of 64 and 1 it is the usual scale."""
    return {64: 0.125, 1: 1.0}.get(variant["heads"][2], 0.125)


def attributes_of(case, variant, form):
    attributes = variant["sight"].attributes() + variant["policies"].attributes() + variant.get("more", [])
    attributes += [f"form = #weir.attention_form<{form}>"] * (form is not None)
    if variant["heads"][2] not in (1, 64):
        attributes.append(f"scale = {scale_of(variant)} : f64")
    if variant["layout"] == "blhd":
        attributes.append("layout = #weir.attention_layout<blhd>")
    return ", ".join(attributes)


def function_text(case, variant, form=None):
    q, k, v, o = input_types(variant)
    parameters, clauses = [("%q", q), ("%k", k), ("%v", v)], ""
    if case.operands:
        operands = [(f"%a{i}", operand_type(operand, variant)) for i, operand in enumerate(case.operands)]
        parameters += operands
        clauses += f" operands({', '.join(n for n, _ in operands)} : {', '.join(t for _, t in operands)})"
    for name, sizes, element in (("mask", MASKS[variant["mask"]], "i1"), ("bias", variant["bias"], variant["dtype"]),
                                 ("lengths", "?" if variant["sight"].lengths else None, "i32")):
        if sizes:
            parameters.append((f"%{name}", f"tensor<{sizes}x{element}>"))
            clauses += f" {name}(%{name} : {parameters[-1][1]})"
    results = [f"tensor<?x?x?x{accumulator(variant)}>" if r.uniform else o for r in case.results]
    count = f":{len(results)}" if len(results) > 1 else ""
    values = ", ".join(f"%y#{i}" if count else "%y" for i in range(len(results)))
    return (f"func.func @{variant['function']}({', '.join(f'{n}: {t}' for n, t in parameters)}) -> ({', '.join(results)}) {{\n"
            f"  %y{count} = weir.attention @{case.name}(%q, %k, %v){clauses} {{{attributes_of(case, variant, form)}}}"
            f" : ({q}, {k}, {v}) -> ({', '.join(results)})\n  return {values} : {', '.join(results)}\n}}\n")


@pytest.fixture(scope="session")
def other_form():
    """The form beside the chosen one that fits a formula's variant: read off the compiler's remarks."""
    plain = {"dtype": "f32", "layout": "bhld", "heads": SHAPES[0], "sight": Sight(), "mask": "none", "bias": None, "uniforms": "scalar",
             "policies": Policies(), "dense": True}
    text = ODD + "".join(function_text(case, {**plain, "function": f"run_{case.name}"}) for case in FORMULAS)
    done = subprocess.run([BIN / "weir-opt", "-", "--weir-choose-attention=explain"], input=text, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    remarks = re.findall(r"attention with @(\S+) runs in the form (\w+): (.*)", done.stderr)
    assert len(remarks) == len(FORMULAS)
    return {name: "two_pass" if "would be made" in why else "blocks" for name, _, why in remarks}


def form_of(case, variant, other_form):
    if variant["form"] == "chosen" or variant["policies"].pos_inf == "share":
        return None
    return other_form[case.name]


#===----------------------------------------------------------------------===#
# Data
#===----------------------------------------------------------------------===#

# Batches, queries, keys.
SIZES = [(1, 1, 1), (2, 0, 3), (2, 3, 0), (0, 2, 2), (1, 1, 77), (2, 5, 33), (1, 19, 140), (1, 70, 70), (1, 9, 4)]
SMALL = [(1, 1, 1), (1, 2, 0), (1, 3, 17), (1, 5, 3)]  # The oracles with many digits are slow.


def as_storage(array, name):
    return np.ascontiguousarray(array).astype(STORAGE[name] if name in STORAGE else {"i32": np.int32, "i64": np.int64}[name])


def draw_operand(rng, operand, variant, shape):
    """An operand as it is passed, and over [B, H, Lq, Lk] or [B, H, Lq] as the oracle sees it."""
    B, H, queries, keys = shape
    if isinstance(operand, Full):
        sizes = (keys,) if isinstance(operand, Along) else (B, H if variant["dense"] else 1, queries, keys)
        drawn = operand.draw(rng, (int(np.prod(sizes[:-1])), keys) if len(sizes) > 1 else sizes).reshape(sizes)
        drawn = as_storage(drawn, variant["dtype"] if operand.type == "f32" else "i32")
        return drawn, np.broadcast_to(drawn.astype(np.float64), shape)
    kind = stored_type(operand, variant)
    sizes = {"scalar": (), "row": (B, H, queries), "head": (1, H, 1)}[variant["uniforms"]]
    start = int(rng.integers(99))
    values = np.array([operand.values[(start + i) % len(operand.values)] for i in range(int(np.prod(sizes)))]).reshape(sizes)
    values = values.astype({"f32": np.float32, "f64": np.float64, "i32": np.int32, "i64": np.int64}[kind])
    passed = values
    if not sizes:
        passed = {"f32": ctypes.c_float, "f64": ctypes.c_double}.get(kind, ctypes.c_int64)(values.item())
    return passed, np.broadcast_to(values.astype(np.float64), shape[:3])


def draw_mask(rng, variant, shape):
    kind = variant["mask"]
    if kind == "none":
        return [], np.ones(shape, bool)
    B, H, queries, keys = shape
    sizes = {"keys": (B, 1, 1, keys), "each": (1, H, queries, 1), "full": shape, "last": (keys,)}[kind]
    mask = rng.random(sizes) < 0.7
    return [mask], np.broadcast_to(mask, shape)


def draw_bias(rng, variant, shape):
    """Quarters, so that scores stay exact; a few of -inf."""
    if not variant["bias"]:
        return [], 0.0
    B, _, queries, keys = shape
    sizes = (B, 1, queries, keys) if variant["bias"] == "?x1x?x?" else (queries, keys)
    bias = np.round(rng.normal(0, 4, sizes)) / 4
    bias[rng.random(sizes) < 0.05] = -np.inf
    bias = as_storage(bias, variant["dtype"])
    return [bias], bias.astype(np.float64)


def draw(rng, case, variant, size, spread=3.0, factors=exact_factors):
    """What is passed to the function, its results, and the problem that the oracle solves."""
    (B, queries, keys), (H, G, D, E) = size, variant["heads"]
    dtype, scale = STORAGE[variant["dtype"]], variant.get("scale", scale_of(variant))
    sigma = np.sqrt(spread / (np.sqrt(D) * scale))
    q, k = factors(rng, (B, H, queries, D), sigma, dtype), factors(rng, (B, G, keys, D), sigma, dtype)
    v = rng.normal(0, 1, (B, G, keys, E)).astype(dtype)
    shape = (B, H, queries, keys)
    drawn = [draw_operand(rng, operand, variant, shape) for operand in case.operands]
    mask, seen = draw_mask(rng, variant, shape)
    bias, added = draw_bias(rng, variant, shape)
    lengths = rng.integers(-1, keys + 2, B).astype(np.int32) if variant["sight"].lengths else np.full(B, keys)
    seen = seen & variant["sight"].keys(queries, keys, lengths)
    wide = [x.astype(np.float64) for x in (q, k, v)]
    problem = Problem(*wide, seen, scale, variant.get("cap"), added, tuple(o for _, o in drawn), variant.get("error", 0.0), variant["dtype"])
    results = [np.full((B, H, queries), 7, accumulator(variant).replace("f", "float")) if r.uniform else np.full((B, H, queries, E), 7).astype(dtype)
               for r in case.results]
    arguments = [*(lay(x, variant) for x in (q, k, v)), *[p for p, _ in drawn], *mask, *bias, *([lengths] if variant["sight"].lengths else [])]
    return arguments, [x if x.ndim == 3 else lay(x, variant) for x in results], problem


def lay(x, variant):
    return np.ascontiguousarray(x.swapaxes(1, 2)) if variant["layout"] == "blhd" else x


def run(library, case, variant, rng, size, **data):
    """The results of one call, heads before queries, and the problem."""
    arguments, results, problem = draw(rng, case, variant, size, **data)
    library.call(variant["function"], *arguments, *results)
    return [y if y.ndim == 3 else np.ascontiguousarray(lay(y, variant)) for y in results], problem, arguments


def expected_of(case, variant, problem, counts_rows=True):
    return attend(case, problem, variant["policies"], case.name in COUNTS_ROWS and counts_rows, DIFFERENCES.get(case.name) if variant["dtype"] != "f64" else None)


def compare(case, variant, results, problem, what, expected=None):
    for actual, output in zip(results, expected or expected_of(case, variant, problem)):
        actual = actual.astype(np.float64)
        if variant["dtype"] == "bf16":  # Products of tiles take denormal weights for 0.
            output.allowed = output.allowed + 2.0**-120
        assert_close(actual[output.promised], output.value[output.promised], output.allowed[output.promised], f"{case.name} {variant} {what}")


#===----------------------------------------------------------------------===#
# Every formula
#===----------------------------------------------------------------------===#


@pytest.fixture(scope="module")
def every(compile_batches, other_form):
    texts = {case.name: "".join(function_text(case, variant, form_of(case, variant, other_form)) for variant in variants_of(number, case))
             for number, case in enumerate(FORMULAS)}
    return compile_batches(texts, ODD, name="attention")


@pytest.mark.parametrize("number", range(len(FORMULAS)), ids=lambda i: FORMULAS[i].name)
def test_formulas(every, number):
    case = FORMULAS[number]
    for i, variant in enumerate(variants_of(number, case)):
        for j, size in enumerate(SMALL if variant["dtype"] == "f64" else SIZES):
            results, problem, _ = run(every[case.name], case, variant, np.random.default_rng(100 * i + j), size)
            compare(case, variant, results, problem, size)


#===----------------------------------------------------------------------===#
# Beside the product
#===----------------------------------------------------------------------===#

BY_NAME = {case.name: case for case in FORMULAS}
PLAINEST = {"dtype": "f32", "form": "chosen", "layout": "bhld", "heads": (4, 2, 64, 64), "sight": Sight(), "mask": "none", "bias": None,
            "uniforms": "scalar", "policies": Policies(), "dense": True}


def rounded_factors(rng, shape, sigma, dtype):
    return rng.normal(0, sigma, shape).astype(dtype)


# Scores that are not exact: sums of any numbers, a scale that is no power of two, a cap. Their error is a share of what they are sums of.
INEXACT = {"any": {"scale": 1 / 8}, "scaled": {"scale": 0.3, "more": ["scale = 0.3 : f64"]},
           "capped": {"scale": 1 / 8, "cap": 5.0, "more": ["soft_cap = 5.0 : f64"]}}


@pytest.fixture(scope="module")
def inexact(compile_library):
    variants = {(name, dtype): {**PLAINEST, **more, "dtype": dtype, "sight": Sight(causal=True), "function": f"{name}_{dtype}",
                                "error": 2e-5 if dtype != "f64" else 1e-12}
                for name, more in INEXACT.items() for dtype in ("f32", "bf16", "f64")}
    library = compile_library("".join(function_text(BY_NAME["softmax_lse"], v) for v in variants.values()), name="inexact")
    return library, variants


@pytest.mark.parametrize("dtype", ["f32", "bf16", "f64"])
@pytest.mark.parametrize("name", INEXACT)
def test_inexact_scores(inexact, name, dtype):
    library, variants = inexact
    for size in [(2, 33, 33), (1, 5, 200)]:
        results, problem, _ = run(library, BY_NAME["softmax_lse"], variants[name, dtype], np.random.default_rng(5), size, factors=rounded_factors)
        compare(BY_NAME["softmax_lse"], variants[name, dtype], results, problem, size)


# Some scores that are no numbers, by way of the bias.
SPECIAL = {"nan": np.nan, "+inf": np.inf, "-inf": -np.inf}
POLICIES = PARAMETERS["policies"]


@pytest.fixture(scope="module")
def special(compile_library, other_form):
    made = {}
    for name in ("softmax", "softmax_lse", "entmax15", "softpick", "relu_weights", "log_softmax"):
        for i, policies in enumerate(POLICIES if not BY_NAME[name].elementwise else POLICIES[:1]):
            for form in ("chosen", "other"):
                made[name, i, form] = {**PLAINEST, "bias": "?x1x?x?", "policies": policies, "form": form, "mask": "keys",
                                       "function": f"{name}_{i}_{form}"}
    text = "".join(function_text(BY_NAME[name], v, form_of(BY_NAME[name], v, other_form)) for (name, _, _), v in made.items())
    return compile_library(text, name="special"), made


@pytest.mark.parametrize("value", SPECIAL)
def test_special_scores(special, value):
    """A few in some rows, all of others."""
    library, made = special
    for (name, _, _), variant in made.items():
        case, rng, size = BY_NAME[name], np.random.default_rng(3), (2, 6, 70)
        arguments, results, problem = draw(rng, case, variant, size)
        bias = arguments[-1]
        bias[:, :, 1, 5], bias[:, :, 2, ::7], bias[:, :, 3], bias[:, :, 4, 66] = [SPECIAL[value]] * 4
        problem.bias = bias.astype(np.float64)
        library.call(variant["function"], *arguments, *results)
        compare(case, variant, results, problem, f"with {value}")


def test_uniform_result_without_a_reduction(compile_library):
    """No sweep finds what a row has once: it is asked of the formula all the same."""
    library = compile_library("""
weir.formula @twice(%x: f32, %b: f32 {weir.uniform}) -> (f32, f32 {weir.uniform}) {
  %y = arith.mulf %x, %b : f32
  %z = arith.addf %b, %b : f32
  weir.yield %y, %z : f32, f32
}
func.func @attend(%q: tensor<1x2x4x8xf32>, %b: tensor<1x2x4xf32>) -> (tensor<1x2x4x8xf32>, tensor<1x2x4xf32>) {
  %o:2 = weir.attention @twice(%q, %q, %q) operands(%b : tensor<1x2x4xf32>) {scale = 1.0 : f64}
    : (tensor<1x2x4x8xf32>, tensor<1x2x4x8xf32>, tensor<1x2x4x8xf32>) -> (tensor<1x2x4x8xf32>, tensor<1x2x4xf32>)
  return %o#0, %o#1 : tensor<1x2x4x8xf32>, tensor<1x2x4xf32>
}
""", name="twice")
    rng = np.random.default_rng(8)
    q, b = rng.normal(size=(1, 2, 4, 8)).astype(np.float32), rng.normal(size=(1, 2, 4)).astype(np.float32)
    o, z = np.zeros_like(q), np.zeros_like(b)
    library.call("attend", q, b, o, z)
    np.testing.assert_allclose(o, (q @ q.swapaxes(2, 3) * b[..., None]) @ q, rtol=1e-5, atol=1e-5)
    np.testing.assert_array_equal(z, b + b)


def test_what_is_not_seen_does_not_matter(compile_library):
    """Keys of NaN and infinite ones that are masked, beyond the length or after the query."""
    variant = {**PLAINEST, "mask": "last", "sight": Sight(causal=True, lengths=True), "function": "unseen"}
    case = BY_NAME["softmax"]
    library = compile_library(function_text(case, variant), name="unseen")
    (q, k, v, mask, lengths), (o,), problem = draw(np.random.default_rng(1), case, variant, (1, 20, 60))
    lengths[:] = 50
    seen = np.broadcast_to(mask, problem.seen.shape) & variant["sight"].keys(20, 60, lengths)
    library.call("unseen", q, k, v, mask, lengths, o)
    wanted = o.copy()
    for i, value in enumerate((np.nan, np.inf, -np.inf)):
        k[:, :, ~seen[0, 0].any(0) & (np.arange(60) % 3 == i)] = value
    library.call("unseen", q, k, v, mask, lengths, o)
    assert o.tobytes() == wanted.tobytes()


THREADED = ("softmax_lse", "softpick", "entmax15", "clipped_softmax", "gumbel_softmax_seeded", "sigmoid_weights")


def threaded_variants():
    return [{**PLAINEST, "function": f"{name}_{dtype}", "dtype": dtype, "name": name, "sight": Sight(causal=True), "more": ["thread_grain = 1 : i64"]}
            for name in THREADED for dtype in ("f32", "bf16")]


@pytest.fixture(scope="module")
def threaded(compile_library):
    text = "".join(function_text(BY_NAME[v["name"]], v) for v in threaded_variants())
    return compile_library(text, "--threads=omp", name="threaded"), compile_library(text, name="serial")


TILED = [v for v in threaded_variants() if v["dtype"] == "bf16"]


@pytest.fixture(scope="module")
def emulated(compile_library):
    text = "".join(function_text(BY_NAME[v["name"]], v) for v in TILED)
    return compile_library(text, "--target=emulated-sapphirerapids", name="emulated")


@pytest.mark.parametrize("variant", TILED, ids=lambda v: v["function"])
def test_tiles_on_every_machine(emulated, variant):
    case = BY_NAME[variant["name"]]
    for size in [(1, 1, 300), (2, 37, 90), (1, 130, 130)]:
        results, problem, _ = run(emulated, case, variant, np.random.default_rng(2), size)
        compare(case, variant, results, problem, size)


@pytest.mark.parametrize("name", ["softpick", "sigmoid_weights"])  # Without guesses, which follow from the tile.
def test_few_queries_have_the_bits_of_many(emulated, name):
    """Keys are rows of tiles for a few queries, and packed for many."""
    case, variant = BY_NAME[name], next(v for v in TILED if v["name"] == name)
    for keys in (1, 31, 32, 33, 130, 700):
        (q, k, v, *rest), results, _ = draw(np.random.default_rng(keys), case, variant, (1, 40, keys))
        emulated.call(variant["function"], q, k, v, *rest, *results)
        few = [np.ascontiguousarray(y[:, :, -3:]) for y in results]
        wanted = [y.tobytes() for y in few]
        for y in few:
            y.reshape(-1).view(np.uint8)[...] = 0xA5
        emulated.call(variant["function"], np.ascontiguousarray(q[:, :, -3:]), k, v, *rest, *few)
        assert [y.tobytes() for y in few] == wanted, keys


@pytest.mark.parametrize("variant", threaded_variants(), ids=lambda v: v["function"])
def test_the_same_bits_for_every_number_of_threads(threaded, variant):
    library, serial = threaded
    for size in [(1, 1, 300), (2, 37, 90), (1, 130, 130)]:
        arguments, results, _ = draw(np.random.default_rng(2), BY_NAME[variant["name"]], variant, size)
        serial.call(variant["function"], *arguments, *results)
        wanted = [y.tobytes() for y in results]
        for n in (1, 2, 3, 7):
            library.handle.threaded_set_threads(n)
            for y in results:
                y.reshape(-1).view(np.uint8)[...] = 0xA5
            library.call(variant["function"], *arguments, *results)
            assert [y.tobytes() for y in results] == wanted, (size, n)


@pytest.mark.parametrize("variant", [v for v in threaded_variants() if "seeded" not in v["name"]], ids=lambda v: v["function"])
def test_neighbours_do_not_matter(threaded, variant):
    """A batch alone and among others: the same bits."""
    _, serial = threaded
    case, rng, (H, G, D, E) = BY_NAME[variant["name"]], np.random.default_rng(4), variant["heads"]
    arguments, results, _ = draw(rng, case, variant, (3, 29, 77))
    serial.call(variant["function"], *arguments, *results)
    q, k, v, *operands = arguments
    alone = [q[1:2], k[1:2], v[1:2]]
    one = [np.zeros_like(y[1:2]) for y in results]
    serial.call(variant["function"], *map(np.ascontiguousarray, alone), *operands, *one)
    assert [y.tobytes() for y in one] == [np.ascontiguousarray(y[1:2]).tobytes() for y in results]


def test_forms_agree(compile_library, other_form):
    """To what rounding may change, on lengths beyond a tile."""
    variants = [{**PLAINEST, "function": f"{name}_{form}", "form": form, "name": name} for name in ("softmax", "softpick", "clipped_softmax", "lssar")
                for form in ("chosen", "other")]
    library = compile_library("".join(function_text(BY_NAME[v["name"]], v, form_of(BY_NAME[v["name"]], v, other_form)) for v in variants), name="agree")
    for name in {v["name"] for v in variants}:
        found = []
        for form in ("chosen", "other"):
            arguments, results, _ = draw(np.random.default_rng(6), BY_NAME[name], {**PLAINEST, "function": ""}, (1, 300, 900))
            library.call(f"{name}_{form}", *arguments, *results)
            found.append(results[0])
        np.testing.assert_allclose(*found, rtol=0, atol=2e-5 * np.abs(found[0]).max(), err_msg=name)
