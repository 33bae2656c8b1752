"""The sizes of a call choose its form: on both sides of every bound the bits are those of the form that is meant there."""

import ctypes

import ml_dtypes
import numpy as np
import pytest

TYPES = {"f32": np.float32, "bf16": ml_dtypes.bfloat16}
# A machine with small caches, so that small calls cross the bounds: a quarter and a 32nd of the second cache for a row.
CACHES = 2048, 8192, 32768


# How the machine's memory compares with its arithmetic.
RATES = {"memory takes time": "1000,1000,1,1", "arithmetic takes time": "1000000,1000000,1000000,1000000"}
FORMS = {"chosen": "", **{form: f"{{form = #weir.form<{form}>}}" for form in ("stored", "recompute", "online", "transposed")},
         **{f"{form}_in_pages": f"{{form = #weir.form<{form}>, pages = 8 : i64}}" for form in ("stored", "recompute", "online")}}
LONGEST_UNGUESSED = 256


def functions():
    text = ""
    for dtype in TYPES:
        t, g = f"tensor<?x?x{dtype}>", f"tensor<?x{dtype}>"
        for form, given in FORMS.items():
            text += (f"func.func @softmax_{dtype}_{form}(%x: {t}) -> {t} {{\n"
                     f"  %y = weir.apply @softmax(%x) {given} : ({t}) -> {t}\n  return %y : {t}\n}}\n"
                     f"func.func @norm_{dtype}_{form}(%x: {t}, %g: {g}, %b: {g}, %e: f32) -> {t} {{\n"
                     f"  %y = weir.apply @layer_norm(%x, %g, %b, %e) {given} : ({t}, {g}, {g}, f32) -> {t}\n  return %y : {t}\n}}\n"
                     f"func.func @lse_{dtype}_{form}(%x: {t}) -> tensor<?xf32> {{\n"
                     f"  %y = weir.apply @logsumexp(%x) {given} : ({t}) -> tensor<?xf32>\n  return %y : tensor<?xf32>\n}}\n")
    return text


@pytest.fixture(scope="module", params=RATES)
def library(request, compile_library):
    flags = "--target=x86-64-v3", f"--caches={','.join(map(str, CACHES))}", f"--rates={RATES[request.param]}"
    return request.param, compile_library(functions(), *flags, name="plans")


def bits(array):
    return array.view(f"u{array.itemsize}")


LANES = 8  # Of f32 in the vectors of x86-64-v3.


def expected_form(in_cache, rows, length, read, written, patient, guesses):
    l1, l2, l3 = CACHES
    moved, elements = read + written, rows * length
    kept = 8 if in_cache == "stored" and written == 2 else 0  # In f32, apart from results in 16 bits.
    in_block = int(l1 * 2 // 3 // LANES / (moved + kept))
    if guesses:
        in_block = min(in_block, LONGEST_UNGUESSED)
    if rows >= LANES and length <= in_block and (patient or elements <= l2 // moved):
        return "transposed"
    keeps = patient and in_cache == "stored"  # What is dear is not computed again to read less.
    few = l2 // 4 // read
    fewer = few if patient else l2 // 32 // read
    if elements <= l3 // moved:
        return in_cache if length <= fewer or elements <= l2 // moved or keeps else "online"
    # With vectors of 256 bits no pages are visited in turn.
    return in_cache if length <= few or (keeps and length <= 2 * l3 // moved) else "online"


SIZES = [(rows, length + by) for rows in (1, 2, 3) for length in (64, 128, 512, 1024, 2048, 4096) for by in (-1, 0, 1)]
SIZES += [(1, length + by) for length in (8192, 16384, 32768) for by in (-1, 0, 1)]
SIZES += [(rows, length) for rows in (4, 5, 8) for length in (512, 1024)]
SIZES += [(rows, length) for rows in (7, 8, 9, 300) for length in (3, 10, 11, 14, 15, 21, 22, 42, 43)]


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("rows,length", SIZES + [(0, 5), (5, 0), (40, 64), (16, 65)])
def test_bits_of_the_form(library, dtype, rows, length):
    rates, library = library
    rng = np.random.default_rng(length)
    x = rng.normal(0, 3, (rows, length)).astype(TYPES[dtype])
    g, b = (rng.normal(1, 1, length).astype(TYPES[dtype]) for _ in range(2))
    size = x.itemsize
    for name, in_cache, written, operands, shape in (("softmax", "stored", size, (), x.shape),
                                                     ("norm", "recompute", size, (g, b, ctypes.c_float(1e-5)), x.shape),
                                                     ("lse", "stored", 0, (), (rows,))):
        # The scale and shift of a norm are the same for all rows, so they do not count.
        form = expected_form(in_cache, rows, length, size, written, rates == "arithmetic takes time", name != "norm")
        results = {}
        for given in ("chosen", form):
            results[given] = np.zeros(shape, np.float32 if name == "lse" else x.dtype)
            library.call(f"{name}_{dtype}_{given}", x, *operands, results[given])
        np.testing.assert_array_equal(bits(results["chosen"]), bits(results[form]), err_msg=f"{name} in the form {form}")


def test_forms_differ(library):
    """Else the tests above could not tell which one ran."""
    x = np.random.default_rng(0).normal(0, 3, (50, 16384)).astype(np.float32)
    results = []
    for form in ("stored", "online", "online_in_pages"):
        results.append(np.zeros_like(x))
        library[1].call(f"softmax_f32_{form}", x, results[-1])
    assert (bits(results[0]) != bits(results[1])).any()
    assert (bits(results[1]) != bits(results[2])).any()
