"""The accuracy classes: how far a result may be from the f64 oracle."""

import numpy as np


def assert_close(actual, expected, tolerance, what):
    """Equal infinities and NaN in the same places; elsewhere within `tolerance`, an array or a number."""
    actual = np.asarray(actual, np.float64)
    expected = np.asarray(expected, np.float64)
    special = ~np.isfinite(expected)
    np.testing.assert_array_equal(actual[special], expected[special], err_msg=what)
    error = np.abs(actual[~special] - expected[~special])
    allowed = np.broadcast_to(tolerance, expected.shape)[~special]
    worst = np.argmax(error - allowed) if error.size else 0
    assert error.size == 0 or (error <= allowed).all(), (
        f"{what}: {actual[~special][worst]!r} for {expected[~special][worst]!r}, off by {error[worst]:.3g}, "
        f"allowed {allowed[worst]:.3g}")


def half_ulp(expected, dtype):
    """Rounding of the result's storage type: bf16 has 8 significant bits, so half a step is up to 2^-8 of the value; f16
    has 11. The exponential behind a result in 16 bits may be off by another 2^-18."""
    digits, least = {"bf16": (8, -134), "f16": (11, -25)}.get(dtype, (None, None))
    if digits is None:
        return 0.0
    return np.maximum(np.abs(expected) * 2.0**-digits, 2.0**least) + np.abs(expected) * 2.0**-18


def a_exp(x, expected):
    """Weights by exponentials of the score: relative, looser the further below the maximum."""
    finite = x[np.isfinite(x)]
    m = finite.max() if finite.size else 0.0
    relative = 2e-6 + 1e-7 * np.abs(np.where(np.isfinite(x), x - m, 0.0))
    return np.maximum(np.abs(expected) * relative, 1.1e-30)


def a_sum(x, expected):
    return np.abs(expected) * 3e-6 + 1e-37


def a_log(x, expected):
    finite = x[np.isfinite(x)]
    return 1e-6 * max(1.0, np.abs(finite).max() if finite.size else 0.0)


def a_norm(x, expected):
    """A sum, then a difference from the mean that cancels: absolute in units of the row."""
    finite = x[np.isfinite(x)]
    scale = np.abs(finite).max() if finite.size else 1.0
    spread = finite.std() if finite.size else 1.0
    return np.abs(expected) * 3e-6 + 3e-7 * max(1.0, scale / max(spread, 1e-3)) * 4


def a_elt(h):
    """4 ulp times the condition number of the function h."""

    def tolerance(x, expected):
        with np.errstate(all="ignore"):
            step = np.maximum(np.abs(x), 1e-30) * 2.0**-20
            slope = np.abs((h(x + step) - h(x - step)) / (2 * step))
            condition = np.where(expected != 0, np.abs(x) * slope / np.abs(expected), 1.0)
        condition = np.where(np.isfinite(condition), condition, 1.0)
        ulp = np.maximum(np.abs(expected) * 2.0**-23, 2.0**-149)
        return 4 * ulp * np.maximum(1.0, condition)

    return tolerance
