"""Every formula, in every form, type, target, mask and policy, against the oracles."""

import ctypes
import functools
import pathlib

import ml_dtypes
import numpy as np
import pytest

from accuracy import assert_close, half_ulp
from covering import covering
from formulas import ALL_FORMS, CASES, Count, Full, Along, Target, Uniform
from layouts import LAST
from row_model import Policies, expected_row

STORAGE = {"f32": np.float32, "bf16": ml_dtypes.bfloat16, "f16": np.float16, "f64": np.float64}
DTYPES = ["f32", "bf16", "f16", "f64"]
TARGETS = ["host", "x86-64-v3", "x86-64"]
LENGTHS = [0, 1, 2, 15, 16, 17, 127, 1000, 4096, 100003]
F64_LENGTHS = [0, 1, 2, 17, 33, 257]  # The oracles with many digits are slow.
ODD = (pathlib.Path(__file__).parent / "odd.mlir").read_text()

#===----------------------------------------------------------------------===#
# Variants: how a formula is compiled
#===----------------------------------------------------------------------===#


PLAINEST = {"uniforms": "scalar", "mask": "none", "policies": Policies(), "layout": LAST}


def parameters_of(case):
    parameters = {"target": TARGETS, "form": list(case.forms), "dtype": DTYPES, "uniforms": ["scalar", "tensor"]}
    if not case.elementwise:
        parameters |= {"mask": ["none", "full", "row", "each"],
                       "policies": [Policies(), Policies(empty_row="nan", pos_inf="share"),
                                    Policies(empty_row="uniform", nan="ignore")]}
    if not any(isinstance(o, (Uniform, Target)) for o in case.operands):
        del parameters["uniforms"]
    return parameters


@functools.cache
def all_variants():
    return {case.name: [{**PLAINEST, **choice, "function": f"{case.name}_{i}"}
                        for i, choice in enumerate(covering(parameters_of(case)))] for case in CASES}


def operand_type(operand, variant):
    """The IR type of an operand; an index is stored as i32 beside f32 and as i64 beside bf16."""
    storage, layout = variant["dtype"] if operand.type == "f32" else operand.type, variant["layout"]
    if isinstance(operand, Along):
        return f"tensor<{layout.per_position}x{storage}>"
    if isinstance(operand, Full):
        return f"tensor<{layout.full}x{storage}>"
    if variant["uniforms"] == "scalar":
        return accumulator(variant) if operand.type == "f32" else operand.type
    return f"tensor<{layout.per_row}x{uniform_storage(operand, variant)}>"


def accumulator(variant):
    return "f64" if variant["dtype"] == "f64" else "f32"


def uniform_storage(operand, variant):
    if operand.type == "index":
        return "i32" if variant["dtype"] == "f32" else "i64"
    return accumulator(variant) if operand.type == "f32" else operand.type


def function_text(case, variant):
    dtype, layout = variant["dtype"], variant["layout"]
    types = [f"tensor<{layout.full}x{dtype}>"] + [operand_type(o, variant) for o in case.operands]
    names = [f"%a{i}" for i in range(len(types))]
    parameters = [f"{n}: {t}" for n, t in zip(names, types)]
    mask = {"none": "", "full": f"tensor<{layout.full}xi1>", "row": f"tensor<{layout.per_position}xi1>",
            "each": f"tensor<{layout.once}xi1>"}[variant["mask"]]
    if mask:
        parameters.append(f"%valid: {mask}")
    results = [f"tensor<{layout.per_row}x{accumulator(variant)}>" if r.uniform else types[0] for r in case.results]
    attributes = [f"form = #weir.form<{variant['form']}>"] + layout.attributes() + variant["policies"].attributes()
    attributes += variant.get("schedule", [])
    count = f":{len(results)}" if len(results) > 1 else ""
    values = ", ".join(f"%y#{i}" if count else "%y" for i in range(len(results)))
    return (f"func.func @{variant['function']}({', '.join(parameters)}) -> ({', '.join(results)}) {{\n"
            f"  %y{count} = weir.apply @{case.name}({', '.join(names)})" + (f" mask(%valid : {mask})" if mask else "") +
            f" {{{', '.join(attributes)}}} : ({', '.join(types)}) -> ({', '.join(results)})\n"
            f"  return {values} : {', '.join(results)}\n}}\n")


def texts_of(cases, variants, target):
    """What is compiled for `target`, by formula."""
    return {case.name: "".join(function_text(case, v) for v in variants[case.name] if v["target"] == target) for case in cases}


@pytest.fixture(scope="module", params=TARGETS)
def libraries(request, compile_batches):
    texts = texts_of(CASES, all_variants(), request.param)
    return request.param, compile_batches(texts, ODD, f"--target={request.param}", name="rows")


#===----------------------------------------------------------------------===#
# Data
#===----------------------------------------------------------------------===#

EDGES = {
    "normal": lambda rng, x: x,
    "empty": lambda rng, x: np.full_like(x, -np.inf),
    "one left": lambda rng, x: np.where(np.arange(len(x)) == len(x) // 2, 1.5, -np.inf),
    "all equal": lambda rng, x: np.full_like(x, 2.5),
    "all -1e30": lambda rng, x: np.full_like(x, -1e30),
    "-1e30 head": lambda rng, x: np.where(np.arange(len(x)) < len(x) // 2, -1e30, x),
    "-inf head": lambda rng, x: np.where(np.arange(len(x)) < len(x) // 2, -np.inf, x),
    "-inf mixed": lambda rng, x: np.where(rng.random(len(x)) < 0.3, -np.inf, x),
    "low": lambda rng, x: x - 900,
    "wide": lambda rng, x: x * 10,
    "far below": lambda rng, x: np.where(np.arange(len(x)) == 3, 0.0, x - 95),
    "rising": lambda rng, x: np.sort(x) * 5,
    "high": lambda rng, x: x + 1e6,
    "beyond moderate": lambda rng, x: x + 4e6,
    "lanes far below": lambda rng, x: np.where(np.arange(len(x)) % 16 < 9, -5e6, x),
    "nan": lambda rng, x: np.where(np.arange(len(x)) == len(x) // 3, np.nan, x),
    "+inf": lambda rng, x: np.where(np.arange(len(x)) % 5 == 2, np.inf, x),
    "zeros": lambda rng, x: np.zeros_like(x),
    "negative": lambda rng, x: -np.abs(x),
    "small": lambda rng, x: x * 1e-3,
    "ties": lambda rng, x: np.round(x),
    "-1e30 and -inf": lambda rng, x: np.where(np.arange(len(x)) % 2, -1e30, -np.inf),
    "huge apart": lambda rng, x: np.where(x > 0, 1e30, -1e30),
    "very high": lambda rng, x: x + 2e15,  # Beyond moderate in f64.
    "denormal": lambda rng, x: x * 1e-42,
    "denormal in f64": lambda rng, x: x * 1e-320,
}


BEYOND_F64 = ("denormal in f64",)  # Rows at which squares leave f64 too.


def edge_rows(n, shift):
    """One row per edge. Long rows take a few edges at a time, another few for every `shift`; so do all with slow oracles."""
    rng = np.random.default_rng(5 + shift)
    names = list(EDGES)
    if n > 5000 or n == 257:
        names = [names[(3 * shift + i) % len(names)] for i in range(3)]
    return names, np.array([EDGES[name](rng, rng.normal(0, 3, n)) for name in names])


def draw_operand(rng, operand, shape, variant):
    """The operand as it is passed, and as the oracle sees it: an array of one number per row, or per element."""
    rows, n = shape
    storage, layout = STORAGE[variant["dtype"]], variant["layout"]
    if isinstance(operand, Full):
        drawn = operand.draw(rng, shape[1:] if isinstance(operand, Along) else shape)
        drawn = drawn.astype(storage if operand.type == "f32" else np.int32)
        passed = layout.lay_per_position(drawn) if isinstance(operand, Along) else layout.lay(drawn)
        return passed, np.broadcast_to(drawn.astype(np.float64), shape)
    if isinstance(operand, Target):
        values = rng.integers(0, max(n, 1), rows)
        values[::5] = [-1, n][rng.integers(2)]
    else:
        values = np.array([operand.values[(i + rng.integers(99)) % len(operand.values)] for i in range(rows)])
    stored = uniform_storage(operand, variant)
    kind = {"i32": np.int32, "i64": np.int64, "f32": np.float32, "f64": np.float64}[stored]
    if variant["uniforms"] == "scalar":
        values[:] = values[rng.integers(rows)]
        scalar = {"f32": ctypes.c_float, "f64": ctypes.c_double}.get(stored)
        passed = scalar(values[0]) if scalar else ctypes.c_int64(int(values[0]))
    else:
        passed = layout.lay_per_row(values.astype(kind))
    return passed, values.astype(kind).astype(np.float64)


def draw_mask(rng, variant, shape):
    """The mask as it is passed, and in full. The first two rows of a full one keep nothing and everything."""
    kind, layout = variant["mask"], variant["layout"]
    if kind == "none":
        return [], np.ones(shape, bool)
    mask = rng.random({"full": shape, "row": shape[1:], "each": (shape[0], 1)}[kind]) < 0.7
    if kind == "full":
        mask[:1], mask[1:2] = False, True
    return [layout.lay_per_position(mask) if kind == "row" else layout.lay(mask)], np.broadcast_to(mask, shape)


#===----------------------------------------------------------------------===#
# The comparison
#===----------------------------------------------------------------------===#


def check_row(case, variant, names, x, mask, operands, results, i):
    f64 = variant["dtype"] == "f64"
    all_expected = expected_row(case, x[i], operands, mask[i], variant["policies"], i, f64)
    for r, (result, expected) in enumerate(zip(case.results, all_expected)):
        what = f"{case.name}#{r} {variant} row {i} ({names[i]}) of {x.shape}, operands {[o for o in operands if np.isscalar(o)]}"
        tolerance = (1e-15 if f64 else 1e-7) * np.maximum(1, np.abs(np.nan_to_num(expected.value, posinf=0, neginf=0)))
        if expected.row is not None:
            if names[i] in case.beyond and (not f64 or names[i] in BEYOND_F64):
                continue
            of_result = case.tolerance[r] if isinstance(case.tolerance, tuple) else case.tolerance
            value = expected.value if result.uniform else expected.value[expected.kept]
            with np.errstate(all="ignore"):
                error = of_result(expected.row, expected.operands, value, case.oracle)
            if result.uniform:
                tolerance = error
            else:
                tolerance = np.zeros(x.shape[1])
                tolerance[expected.kept] = error
        actual = np.asarray(results[r][i], np.float64)
        if not result.uniform:
            tolerance = tolerance + half_ulp(expected.value, variant["dtype"])
        if expected.promised is not True and not np.all(expected.promised):
            actual, wanted = actual[expected.promised], expected.value[expected.promised]
            tolerance = np.broadcast_to(tolerance, expected.value.shape)[expected.promised]
            assert_close(actual, wanted, tolerance, what)
        else:
            assert_close(actual, expected.value, tolerance, what)
            if case.sums_to_one and expected.row is not None and variant["dtype"] in ("f32", "f64") and np.isfinite(actual).all():
                assert abs(actual.sum() - 1) <= (1e-12 if f64 else max(4e-6, np.sum(tolerance))), what


def check(library, case, variant, names, x, seed):
    rng = np.random.default_rng(seed)
    storage, layout = STORAGE[variant["dtype"]], variant["layout"]
    x = x.astype(storage)
    drawn = [draw_operand(rng, o, x.shape, variant) for o in case.operands]
    mask_argument, mask = draw_mask(rng, variant, x.shape)
    uniform = np.float64 if variant["dtype"] == "f64" else np.float32
    shapes = [x.shape[:1] if r.uniform else x.shape for r in case.results]
    results = [layout.lay_per_row(np.full(shape, 7, uniform)) if len(shape) == 1 else
               layout.lay(np.full(shape, 7, np.float32).astype(storage)) for shape in shapes]
    library.call(variant["function"], layout.lay(x), *[passed for passed, _ in drawn], *mask_argument, *results)
    results = [layout.gather(result, shape) for result, shape in zip(results, shapes)]
    exact = x.astype(np.float64)
    for i in range(len(x)):
        operands = tuple(np.array(o[i]) if o.ndim == 2 else o[i] for _, o in drawn)
        check_row(case, variant, names, exact, mask, operands, results, i)


@pytest.mark.parametrize("case", CASES, ids=lambda c: c.name)
def test_rows(libraries, case):
    target, compiled = libraries[0], libraries[1][case.name]
    for j, variant in enumerate(all_variants()[case.name]):
        if variant["target"] != target:
            continue
        for n in F64_LENGTHS if variant["dtype"] == "f64" else LENGTHS:
            names, x = edge_rows(n, j)
            check(compiled, case, variant, names, x, seed=j * 1000 + n)


#===----------------------------------------------------------------------===#
# Beside the product
#===----------------------------------------------------------------------===#

LEFT_OUT = [(case, form) for case in CASES if not case.elementwise for form in ALL_FORMS if form not in case.forms]
WHY_NOT = {"online": "no running form", "transposed": "a selection goes its own way in every row", "two_pass": "form two_pass does not fit"}


@pytest.mark.parametrize("case,form", LEFT_OUT, ids=lambda value: getattr(value, "name", value))
def test_forms_left_out_are_refused(weirc, tmp_path, case, form):
    """Where the table leaves a form out, the compiler does too."""
    variant = {**PLAINEST, "function": "f", "form": form, "dtype": "f32"}
    source = tmp_path / "f.mlir"
    source.write_text(ODD + function_text(case, variant))
    done = weirc(source, "-o", tmp_path / "f.so")
    assert done.returncode != 0 and WHY_NOT[form] in done.stderr


def test_rows_of_one_element(compile_library):
    """Static ones, whose views have several dimensions of size 1."""
    library = compile_library("""
    func.func @one(%x: tensor<?x?x1xf32>, %m: tensor<?x1xi1>) -> tensor<?x?x1xf32> {
      %y = weir.apply @softmax(%x) mask(%m : tensor<?x1xi1>) : (tensor<?x?x1xf32>) -> tensor<?x?x1xf32>
      return %y : tensor<?x?x1xf32>
    }""", name="one")
    x, y = np.zeros((3, 8, 1), np.float32)[:, ::2], np.full((3, 4, 1), 7, np.float32)
    library.call("one", x, np.array([[True], [False], [True], [True]]), y)
    np.testing.assert_array_equal(y[:, :, 0], [[1, 0, 1, 1]] * 3)
