"""Conversions between what is stored and what is computed with: every 16-bit number, and what lies between two of them."""

import ml_dtypes
import numpy as np
import pytest

TARGETS = ["host", "x86-64-v3", "x86-64"]
STORED = {"f16": np.float16, "bf16": ml_dtypes.bfloat16}
WIDE = {"f32": np.float32, "f64": np.float64}
# Digits after the point and the least exponent of normal numbers.
SHAPE = {"f16": (10, -14), "bf16": (7, -126)}


@pytest.fixture(scope="module", params=TARGETS)
def library(request, compile_library):
    text = "weir.formula @same(%x: f32) -> f32 { weir.yield %x : f32 }\n"
    for half in STORED:
        for wide in WIDE:
            for a, b in [(half, wide), (wide, half)]:
                text += (f"func.func @{a}_to_{b}(%x: tensor<?x{a}>) -> tensor<?x{b}> {{\n"
                         f"  %y = weir.apply @same(%x) : (tensor<?x{a}>) -> tensor<?x{b}>\n"
                         f"  return %y : tensor<?x{b}>\n}}\n")
    return compile_library(text, f"--target={request.param}", name="storage")


def every(half):
    """All 65536 bit patterns, each worth its exact value in f64."""
    stored = np.arange(65536, dtype=np.uint16).view(STORED[half])
    with np.errstate(invalid="ignore"):
        return stored, stored.astype(np.float64)


def rounded(x, half):
    """x to the nearest number of `half`, ties to even, by arithmetic on multiples of its step."""
    digits, least = SHAPE[half]
    with np.errstate(all="ignore"):
        step = np.ldexp(1.0, np.maximum(np.frexp(x)[1] - 1, least) - digits)
        y = np.where(np.isfinite(x), np.rint(x / step) * step, x)
    largest = (2 - 2.0**-digits) * 2.0**(1 - least)
    return np.where(np.abs(y) > largest, np.copysign(np.inf, y), y)


def assert_same(actual, expected):
    actual = actual.astype(np.float64)
    np.testing.assert_array_equal(actual, expected)
    number = ~np.isnan(expected)
    np.testing.assert_array_equal(np.signbit(actual[number]), np.signbit(expected[number]))


@pytest.mark.parametrize("wide", WIDE)
@pytest.mark.parametrize("half", STORED)
def test_widening(library, half, wide):
    stored, expected = every(half)
    result = np.zeros(len(stored), WIDE[wide])
    library.call(f"{half}_to_{wide}", stored, result)
    assert_same(result, expected)


@pytest.mark.parametrize("wide", WIDE)
@pytest.mark.parametrize("half", STORED)
def test_narrowing(library, half, wide):
    _, exact = every(half)
    numbers = np.sort(exact[np.isfinite(exact)])
    between = (numbers[:-1] + numbers[1:]) / 2
    kind = WIDE[wide]
    with np.errstate(all="ignore"):
        x = np.concatenate([numbers, between, between * (1 + 2.0**-20), between * (1 - 2.0**-20),
                            between * (1 + 2.0**-45), between * (1 - 2.0**-45), [np.inf, -np.inf, np.nan, 1e300, 1e-300],
                            [65519.9, 65520, 65536, 3.4e38, 3.39e38, -3.4e38, 1e-45]]).astype(kind)
    result = np.zeros(len(x), STORED[half])
    library.call(f"{wide}_to_{half}", x, result)
    assert_same(result, rounded(x.astype(np.float64), half))
