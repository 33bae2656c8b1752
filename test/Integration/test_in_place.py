"""A result in the memory of its scores: what a row holds is looked for before the scores are gone."""

import numpy as np
import pytest

FORMULAS = ["softmax", "log_softmax", "softpick", "relu_softmax", "stablemax", "taylor_softmax", "sparsemax", "entmax15"]
FORMS = ["stored", "recompute", "online", "transposed"]
SEARCHES = ["sparsemax", "entmax15"]  # Rows of a block go one way.
CASES = [(formula, form) for formula in FORMULAS for form in FORMS if form != "transposed" or formula not in SEARCHES]


@pytest.fixture(scope="module")
def library(compile_library):
    return compile_library("".join(f"""
    func.func @{formula}_{form}(%x: tensor<?x?xf32>) -> tensor<?x?xf32> {{
      %w = weir.apply @{formula}(%x) {{form = #weir.form<{form}>}} : (tensor<?x?xf32>) -> tensor<?x?xf32>
      return %w : tensor<?x?xf32>
    }}""" for formula, form in CASES), name="in_place")


@pytest.mark.parametrize("length", [5, 69, 128, 300])
@pytest.mark.parametrize("formula, form", CASES)
def test_rows_with_nothing_left_and_with_nan(library, formula, form, length):
    x = np.random.default_rng(0).normal(0, 1, (20, length)).astype(np.float32)
    x[1] = x[5] = -np.inf
    x[3, length // 2] = x[5, 1] = np.nan
    x[7, 2], x[8, 0] = np.inf, -np.inf
    apart, own = np.full_like(x, 7), x.copy()
    library.call(f"{formula}_{form}", x, apart)
    library.call(f"{formula}_{form}", own, own)
    # The first may guess a maximum, which rounds otherwise.
    np.testing.assert_allclose(own, apart, rtol=3e-6, atol=1e-30)
    assert np.isnan(own[3]).all() and np.isnan(own[5, 1])
    assert (own[1] == (-np.inf if formula == "log_softmax" else 0)).all()
