"""Attention whose maxima are guessed from the first block of keys: rows in which a later score is far above, and their neighbours."""

import numpy as np
import pytest

from test_attention import BY_NAME, PLAINEST, compare, draw, function_text

# Formulas whose maximum only keeps exponentials in range, with a uniform result, an operand and two sums.
NAMES = ("softmax", "softmax_lse", "softmax_sink", "softmax_entropy")
SIZE = (1, 40, 200)  # Batches, queries, keys; blocks of 32 keys.


def ordinary(bias):
    pass


def rising(bias):
    """Each block far above the one before, the last above all that e^x can be multiplied by."""
    bias[:] = np.arange(bias.shape[-1]) * 8.0


def far_above(bias):
    bias[150] = 200


def just_above(bias):
    bias[100:120] = 12


def far_below(bias):
    bias[32:] = -1000


def late(bias):
    bias[:70] = -np.inf


def nothing(bias):
    bias[:] = -np.inf


def nan(bias):
    bias[133] = np.nan


def infinite(bias):
    bias[199] = np.inf


def large(bias):
    bias[:] += 512


ODD_ROWS = (rising, far_above, just_above, far_below, late, nothing, nan, infinite, large)


def variants():
    return [{**PLAINEST, "dtype": dtype, "name": name, "bias": "?x1x?x?", "function": f"{name}_{dtype}", "more": ["key_tile = 32 : i64"]}
            for name in NAMES for dtype in ("f32", "bf16", "f64") if name in BY_NAME]


@pytest.fixture(scope="module")
def library(compile_library):
    return compile_library("".join(function_text(BY_NAME[v["name"]], v) for v in variants()), name="guesses")


def call(library, variant, change, rows):
    """The results where `change` is made to the bias of some queries."""
    arguments, results, problem = draw(np.random.default_rng(7), BY_NAME[variant["name"]], variant, SIZE)
    bias = arguments[-1]
    for row in rows:
        change(bias[0, 0, row])
    problem.bias = bias.astype(np.float64)
    library.call(variant["function"], *arguments, *results)
    return results, problem


@pytest.mark.parametrize("change", ODD_ROWS, ids=lambda f: f.__name__)
@pytest.mark.parametrize("variant", variants(), ids=lambda v: v["function"])
def test_odd_rows(library, variant, change):
    """One, some and all rows of a tile; those that do not lie among the same sixteen keep their bits."""
    plain, _ = call(library, variant, ordinary, ())
    for rows in ((3,), (0, 15, 39), range(SIZE[1])):
        results, problem = call(library, variant, change, rows)
        if variant["dtype"] != "f64" or rows == (3,):  # The oracle with many digits is slow.
            compare(BY_NAME[variant["name"]], variant, results, problem, f"{change.__name__} in {rows}")
        others = [row for row in range(SIZE[1]) if row // 16 not in {r // 16 for r in rows}]
        for was, now in zip(plain, results):
            assert was[:, :, others].tobytes() == now[:, :, others].tobytes(), f"{change.__name__} in {rows}"
