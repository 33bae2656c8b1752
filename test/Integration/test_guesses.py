"""Rows whose maximum is guessed from samples: wherever the true one lies, and whatever else is in the row, the results keep their class."""

import ml_dtypes
import numpy as np
import pytest

import oracle
from accuracy import assert_close, half_ulp
from formulas import CASES

TARGETS = ["host", "x86-64-v3", "x86-64"]
TYPES = {"f32": np.float32, "bf16": ml_dtypes.bfloat16, "f64": np.float64}
LENGTHS = [255, 256, 257, 1000, 4099, 70000]

TEXT = ""
for dtype in TYPES:
    t, u = f"tensor<?x?x{dtype}>", f"tensor<?x{'f64' if dtype == 'f64' else 'f32'}>"
    for form in ("stored", "recompute"):
        TEXT += (f"func.func @softmax_{dtype}_{form}(%x: {t}) -> {t} {{\n"
                 f"  %y = weir.apply @softmax(%x) {{form = #weir.form<{form}>}} : ({t}) -> {t}\n  return %y : {t}\n}}\n"
                 f"func.func @both_{dtype}_{form}(%x: {t}, %m: tensor<?x?xi1>) -> ({t}, {u}) {{\n"
                 f"  %y:2 = weir.apply @softmax_lse(%x) mask(%m : tensor<?x?xi1>) {{form = #weir.form<{form}>}} : ({t}) -> ({t}, {u})\n"
                 f"  return %y#0, %y#1 : {t}, {u}\n}}\n")


@pytest.fixture(scope="module", params=TARGETS)
def library(request, compile_library):
    return compile_library(TEXT, f"--target={request.param}", name="guesses")


def spike(by, at=0.77):
    """One score above all others, where no sample is: samples begin at multiples of an even share of the row, and end it."""

    def make(rng, n):
        x = rng.normal(0, 1, n)
        x[int(n * at) | 1] = x.max() + by
        return x

    return make


def only(count):
    """Few scores among excluded ones."""

    def make(rng, n):
        x = np.full(n, -np.inf)
        x[rng.choice(n, count, replace=False)] = rng.normal(0, 2, count)
        return x

    return make


def with_one(value):
    def make(rng, n):
        x = rng.normal(0, 1, n)
        x[n - 3] = value
        return x

    return make


ROWS = {
    "plain": lambda rng, n: rng.normal(0, 3, n),
    "wide": lambda rng, n: rng.normal(0, 40, n),
    "flat": lambda rng, n: np.full(n, 2.5),
    "rising": lambda rng, n: np.linspace(-40, 40, n),
    "falling": lambda rng, n: np.linspace(40, -40, n),
    "far": lambda rng, n: 1e6 + rng.normal(0, 1, n),
    "very low": lambda rng, n: np.full(n, -1e30),
    "nothing": lambda rng, n: np.full(n, -np.inf),
    "NaN": with_one(np.nan), "infinite": with_one(np.inf), "denormal": lambda rng, n: rng.normal(0, 1, n) * 1e-39,
    **{f"spike {by}": spike(by) for by in (0.5, 5, 9, 13.5, 14.5, 30, 80, 200, 1e5, 3e38)},
    **{f"only {count}": only(count) for count in (1, 3, 40)},
}


def tolerances(name):
    of = next(case.tolerance for case in CASES if case.name == name)
    return of if isinstance(of, tuple) else (of,)


def check(dtype, x, mask, weights, lse=None):
    wide = x.astype(np.float64)
    kept = (wide != -np.inf) & mask
    row = oracle.Row(wide[kept], np.nonzero(kept)[0], int(mask.sum()), len(x), f64=dtype == "f64")
    undefined = np.isnan(wide[kept]).any() or (wide[kept] == np.inf).any()
    assert undefined or not weights[~kept].astype(np.float64).any()
    if not kept.any():
        assert lse is None or lse == -np.inf
        return
    with np.errstate(all="ignore"):
        w, l = oracle.softmax_lse(row)
        of_w, of_l = tolerances("softmax_lse")
        assert_close(weights[kept], w, of_w(row, (), w, None) + half_ulp(w, dtype), "weights")
        if lse is not None:
            assert_close(lse, l, of_l(row, (), l, None), "lse")


@pytest.mark.parametrize("name", ROWS)
@pytest.mark.parametrize("dtype", TYPES)
def test_rows(library, dtype, name):
    rng = np.random.default_rng(len(name))
    for n in LENGTHS:
        with np.errstate(over="ignore"):
            x = np.stack([ROWS[name](rng, n) for _ in range(2)]).astype(TYPES[dtype])
        for form in ("stored", "recompute"):
            y = np.zeros_like(x)
            library.call(f"softmax_{dtype}_{form}", x, y)
            for one, of in zip(x, y):
                check(dtype, one, np.ones(n, bool), of)
            # The samples of the second row are masked off.
            mask = rng.random(x.shape) < 0.5
            mask[1] = np.arange(n) % 64 > 60
            y, lse = np.zeros_like(x), np.zeros(2, np.float64 if dtype == "f64" else np.float32)
            library.call(f"both_{dtype}_{form}", x, mask, y, lse)
            for one, m, of, l in zip(x, mask, y, lse):
                check(dtype, one, m, of, l)


@pytest.mark.parametrize("name", ["plain", "spike 30", "NaN", "only 3", "rising"])
@pytest.mark.parametrize("form", ["stored", "recompute"])
def test_in_place(library, form, name):
    """A row that a failed guess has written into could not be read again."""
    x = np.stack([ROWS[name](np.random.default_rng(5), 1000) for _ in range(3)]).astype(np.float32)
    apart, inside = np.zeros_like(x), x.copy()
    library.call(f"softmax_f32_{form}", x, apart)
    library.call(f"softmax_f32_{form}", inside, inside)
    for one, a, b in zip(x, apart, inside):
        check("f32", one, np.ones(1000, bool), a)
        check("f32", one, np.ones(1000, bool), b)
