"""Mistakes that public implementations of these formulas make, one row for each that shows it.

| trap | tests |
|---|---|
| 1. a log-gate indexed by the query, which softmax undoes | a_gate_on_the_keys_counts |
| 2. s log n added, not multiplied | ssmax_multiplies |
| 3. the adaptive polynomial's coefficients reversed | adaptive_polynomial_has_its_highest_power_first, a_diffuse_row_is_an_ordinary_softmax |
| 4. softpick: e^-m overflows in a very negative block; two epsilons | softpick_of_a_very_negative_head, softpick_of_small_scores_keeps_its_digits |
| 5. LSSAR's power overflows | lssar_of_a_peaked_row |
| 6. -inf becomes NaN without a maximum | minus_infinity_is_a_mask_and_not_nan |
| 7. entmax: an index of -1 in an empty row; digits lost with a large support | entmax_of_an_empty_row, entmax_of_a_large_support |
| 8. scores far below 0 count as masked; weights not normalised | scores_far_below_zero_are_no_mask, entmax_far_below_zero |
| 9. Sinkhorn counts half iterations | no such formula: its normalizer is no row's |
| 10. Taylor weights left unnormalized | taylor_weights_sum_to_one |
| 11. StableMax's eps is inert; a preset means another gamma | stablemax_has_no_epsilon_to_speak_of, clipping_reaches_zero_and_one_exactly, a_positive_gamma_would_leak |
| 12. SOFT's normalised class, its 32-wide tile | no such formula: it inverts a matrix |
| 13. self-adjusting softmax adds its bias twice and rounds to f16 | self_adjust_has_no_bias_in_its_denominator |
| 14. PSL is NaN or -inf; Soft-NMS never discards | no such formulas; the limits of gates: gates_at_minus_infinity_are_limits, gelu_keeps_its_digits_far_below_zero, logsigmoid_does_not_end_at_a_constant |
"""

import ctypes
import math

import numpy as np
import pytest

import oracle

USED = {"softmax": 0, "ssmax": 2, "softmax_adaptive": 0, "softpick": 0, "lssar": 1, "stablemax": 0, "clipped_softmax": 2,
        "self_adjust_softmax_normalized": 0, "entmax15": 0, "sparsemax": 0, "entmax": 1, "taylor_softmax": 0, "gelu": 0, "golu": 0, "atlu": 0, "silu": 0, "logsigmoid": 0}


# A gate in (0, 1) on the keys, or on the query that the row belongs to.
GATED = """
weir.formula @gated(%x: f32, %key: f32, %query: f32 {weir.uniform}) -> f32 {
  %lk = math.log %key : f32
  %lq = math.log %query : f32
  %l = arith.addf %lk, %lq : f32
  %z = arith.addf %x, %l : f32
  %m = weir.reduce max %z : f32
  %d = arith.subf %z, %m : f32
  %e = math.exp %d : f32
  %s = weir.reduce add %e : f32
  %w = arith.divf %e, %s : f32
  weir.yield %w : f32
}
func.func @gated_rows(%x: tensor<?x?xf32>, %key: tensor<?x?xf32>, %query: f32) -> tensor<?x?xf32> {
  %y = weir.apply @gated(%x, %key, %query) : (tensor<?x?xf32>, tensor<?x?xf32>, f32) -> tensor<?x?xf32>
  return %y : tensor<?x?xf32>
}
"""


@pytest.fixture(scope="module")
def run(compile_library):
    text = GATED
    for name, scalars in USED.items():
        parameters = "".join(f", %s{i}: f32" for i in range(scalars))
        names = "".join(f", %s{i}" for i in range(scalars))
        types = ", f32" * scalars
        text += (f"func.func @{name}(%x: tensor<?x?xf32>{parameters}) -> tensor<?x?xf32> {{\n"
                 f"  %y = weir.apply @{name}(%x{names}) : (tensor<?x?xf32>{types}) -> tensor<?x?xf32>\n"
                 f"  return %y : tensor<?x?xf32>\n}}\n")
    library = compile_library(text, name="traps")

    def call(name, x, *operands):
        x = np.atleast_2d(np.asarray(x, np.float32))
        result = np.full_like(x, 7)
        passed = [np.atleast_2d(o.astype(np.float32)) if isinstance(o, np.ndarray) else ctypes.c_float(o) for o in operands]
        library.call(name, x, *passed, result)
        return result[0].astype(np.float64)

    return call


def test_a_gate_on_the_keys_counts(run):
    """A summand that all keys of a query share is undone by softmax."""
    x, gate = np.linspace(-1, 1, 40), np.where(np.arange(40) < 20, 1e-3, 1)
    np.testing.assert_allclose(run("gated_rows", x, np.ones(40), 0.25), run("softmax", x), rtol=2e-6)
    weighted = gate * np.exp(np.float32(x).astype(np.float64))
    np.testing.assert_allclose(run("gated_rows", x, gate, 0.25), weighted / weighted.sum(), rtol=4e-6)


def test_ssmax_multiplies(run):
    """Adding s log n instead of multiplying by it is undone by softmax."""
    x = np.linspace(-2, 2, 64)
    assert np.abs(run("ssmax", x, 0.43, 0.0) - run("softmax", x)).max() > 1e-2
    np.testing.assert_allclose(run("ssmax", x, 0.43, 0.0), run("softmax", 0.43 * math.log(64) * x), rtol=1e-5)


def test_adaptive_polynomial_has_its_highest_power_first(run):
    """At an entropy of about 4.4 nats beta is 2.42; the coefficients in ascending order give 1 or thousands."""
    x = np.where(np.arange(80) == 0, 0.5, 0.0)
    w = run("softmax_adaptive", x)
    assert 2.3 < math.log(w[0] / w[1]) / 0.5 < 2.5


def test_a_diffuse_row_is_an_ordinary_softmax(run):
    """Above 5.95 nats the polynomial is below 1 and the clamp acts."""
    x = np.where(np.arange(1000) == 0, 0.5, 0.0)
    np.testing.assert_array_equal(run("softmax_adaptive", x), run("softmax", x))


def test_softpick_of_a_very_negative_head(run):
    """Shifted by its own maximum the head overflows e^-m, and a later rescale makes inf * 0."""
    x = np.concatenate([np.full(512, -200.0), np.linspace(1, 2, 64)])
    w = run("softpick", x)
    assert (w[:512] == 0).all() and np.isfinite(w).all() and w[512:].min() > 0


def test_softpick_of_small_scores_keeps_its_digits(run):
    """e^(x-m) - e^(-m) cancels for small x."""
    x = np.array([1e-3, 2e-3, -1e-3], np.float32).astype(np.float64)
    d = np.expm1(x)
    np.testing.assert_allclose(run("softpick", x)[:2], d[:2] / (np.abs(d).sum() + 1e-8), rtol=2e-6)


def test_lssar_of_a_peaked_row(run):
    """n A - o reaches 4095 here, and its 15th power leaves f32."""
    x = np.full(4096, -60.0)
    x[17] = 50.0
    w = run("lssar", x, 1.0)
    assert w[17] == 1 and w.sum() == 1


def test_minus_infinity_is_a_mask_and_not_nan(run):
    x = np.array([0.0, -np.inf, 1.0])
    for name in ("softmax", "softpick", "stablemax", "taylor_softmax"):
        w = run(name, x)
        assert w[1] == 0 and np.isfinite(w).all(), name


def test_scores_far_below_zero_are_no_mask(run):
    """A row of -1e4 is an ordinary row; some kernels take anything below -1e3 as masked."""
    np.testing.assert_array_equal(run("softmax", np.full(8, -1e4)), np.full(8, 1 / 8))


def test_entmax_of_an_empty_row(run):
    """The largest index with a positive weight is none."""
    for n in (1, 5, 40):
        for name, *alpha in (("sparsemax",), ("entmax15",), ("entmax", 1.2), ("entmax", 3.0)):
            np.testing.assert_array_equal(run(name, np.full(n, -np.inf), *alpha), np.zeros(n), err_msg=name)


@pytest.mark.parametrize("form", ["entmax15", "entmax"])
def test_entmax_of_a_large_support(run, form):
    """Sums of thousands of scores and of their squares cancel: 3 digits of the weights are lost in f32."""
    x = np.float32(np.random.default_rng(4).normal(100, 1e-3, 20000))
    w = run(form, x, *([1.5] if form == "entmax" else []))
    expected = oracle.entmax15(oracle.Row.of(x))
    assert (expected > 0).all()
    np.testing.assert_allclose(w, expected, rtol=4e-6 / np.sqrt(expected.min()))
    assert abs(w.sum() - 1) < 2e-6


def test_entmax_far_below_zero(run):
    for name, *alpha in (("sparsemax",), ("entmax15",), ("entmax", 1.2)):
        w = run(name, np.where(np.arange(64) % 2, -2e3, -2e3 - 0.01), *alpha)
        assert (w > 0).all() and abs(w.sum() - 1) < 2e-6, name


def test_stablemax_has_no_epsilon_to_speak_of(run):
    np.testing.assert_array_equal(run("stablemax", [0.0, -1.0]), np.float32([2 / 3, 1 / 3]))


def test_clipping_reaches_zero_and_one_exactly(run):
    w = run("clipped_softmax", [20.0, 0.0, 0.0], -0.03, 1.03)
    np.testing.assert_array_equal(w, [1, 0, 0])


def test_a_positive_gamma_would_leak(run):
    assert np.isnan(run("clipped_softmax", [1.0, 0.0], 0.01, 1.0)).all()


def test_self_adjust_has_no_bias_in_its_denominator(run):
    """The reference adds 1e-10 twice, which shows in a row of small scores."""
    x = np.array([1e-9, 5e-10])
    np.testing.assert_allclose(run("self_adjust_softmax_normalized", x), [0.5, 0.25], rtol=1e-5)


def test_taylor_weights_sum_to_one(run):
    assert abs(run("taylor_softmax", np.linspace(-3, 3, 33)).sum() - 1) < 1e-6


def test_gates_at_minus_infinity_are_limits(run):
    """No inf * 0, which a repair by x != x hides only until NaN is assumed away."""
    assert run("golu", [-np.inf])[0] == 0 and run("silu", [-np.inf])[0] == 0 and run("gelu", [-np.inf])[0] == 0
    assert run("atlu", [-np.inf])[0] == np.float32(-1 / math.pi)


def test_gelu_keeps_its_digits_far_below_zero(run):
    """1 + erf cancels below -3."""
    expected = -8 * 0.5 * math.erfc(8 / math.sqrt(2))
    assert abs(run("gelu", [-8.0])[0] / expected - 1) < 1e-5


def test_logsigmoid_does_not_end_at_a_constant(run):
    """log(sigmoid(x) + 1e-8) ends at -18.4."""
    assert run("logsigmoid", [-50.0])[0] == -50
