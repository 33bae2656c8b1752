"""The accuracy classes: how far a result may be from the f64 oracle.

A tolerance is a function of the `oracle.Row`, the formula's further operands, the expected result and the oracle, and
gives an absolute error, a number or an array. Makers of tolerances take a function that gives the scaled score `z`, or
the like, from row and operands. The figures are those of f32; `unit(row)` times them are those of f64, where none is above 1e-12.
"""

from dataclasses import replace

import numpy as np


def unit(row):
    return 3e-7 if row.f64 else 1.0


def least(row):
    """What may be flushed to 0."""
    return 1e-307 if row.f64 else 1e-30


def assert_close(actual, expected, tolerance, what):
    """Equal infinities and NaN in the same places; elsewhere within `tolerance`, an array or a number."""
    actual = np.asarray(actual, np.float64)
    expected = np.asarray(expected, np.float64)
    special = ~np.isfinite(expected)
    np.testing.assert_array_equal(actual[special], expected[special], err_msg=what)
    with np.errstate(invalid="ignore"):
        error = np.abs(actual[~special] - expected[~special])
    allowed = np.broadcast_to(tolerance, expected.shape)[~special]
    allowed = np.where(allowed > 3e38, np.inf, allowed)  # No number of f32 is so large: it may have overflowed.
    wrong = ~(error <= allowed)
    if wrong.any():
        worst = np.argmax(np.where(wrong, np.nan_to_num(error / allowed, nan=np.inf), 0))
        raise AssertionError(
            f"{what}: {actual[~special][worst]!r} for {expected[~special][worst]!r}, off by {error[worst]:.3g}, "
            f"allowed {allowed[worst]:.3g}, at {np.nonzero(wrong)[0][:5]}")


def half_ulp(expected, dtype):
    """Rounding of the result's storage type: bf16 has 8 significant bits, so half a step is up to 2^-8 of the value; f16
    has 11. The exponential behind a result in f16 may be off by another 2^-18, in bf16 by 2^-12."""
    digits, least, exponential = {"bf16": (8, -134, -12), "f16": (11, -25, -18)}.get(dtype, (None, None, None))
    if digits is None:
        return 0.0
    return np.maximum(np.abs(expected) * 2.0**-digits, 2.0**least) + np.abs(expected) * 2.0**exponential


def largest(values):
    values = np.abs(values)
    return np.max(values[np.isfinite(values)], initial=0.0)


def below_maximum(z, top=-np.inf):
    """How far each score lies below the largest finite one, or below `top` if that is larger."""
    finite = z[np.isfinite(z)]
    most = max(finite.max() if finite.size else 0.0, top)
    return np.where(np.isfinite(z), np.abs(z - most), 0.0)


def a_exp(z=None, top=lambda row, *operands: -np.inf, scale=1.0, also=lambda row, *operands: 0.0):
    """A-EXP: weights by exponentials of z, looser the further below the maximum, or below `top` where another logit
    takes part; a z that is computed rounds itself. The result is the weight times at most `scale`; `also` is a further
    absolute error per weight."""

    def tolerance(row, operands, expected, _):
        score = row.x if z is None else z(row, *operands)
        below = below_maximum(score, top(row, *operands))
        relative, absolute = (2e-6 + 1e-7 * below) * unit(row), 1.1 * least(row)
        if z is not None:
            rounded = 2e-7 * unit(row) * (below + largest(score))
            relative = relative + np.expm1(np.minimum(rounded, 1))
            absolute = np.where(rounded > 1, 1.0, absolute)  # Nothing is left of the score.
        return np.maximum(np.abs(expected) * relative, absolute * scale) + unit(row) * also(row, *operands)

    return tolerance


def a_sum(times=1.0):
    return lambda row, operands, expected, _: np.abs(expected) * 3e-6 * unit(row) * times + 1e-7 * least(row)


def a_log(scale=lambda row, *operands: largest(row.x)):
    """A-LOG: absolute, in units of the largest score or of the result: the logarithm of a long row is larger than its scores."""
    return lambda row, operands, expected, _: 1e-6 * unit(row) * max(1.0, scale(row, *operands), largest(expected))


def a_norm(row, operands, expected, _):
    """A sum, then a difference from the mean that cancels: absolute in units of the row."""
    finite = row.x[np.isfinite(row.x)]
    spread = finite.std() if finite.size else 1.0
    return unit(row) * (np.abs(expected) * 3e-6 + 3e-7 * max(1.0, largest(row.x) / max(spread, 1e-3)) * 4)


def a_root(row, operands, expected, _, alpha=None):
    """A-ROOT: what an error of 1e-6 in the threshold makes of a weight; for alpha > 2 weights start steeply."""
    alpha = operands[0] if alpha is None else alpha
    if np.ndim(expected) == 0:
        # The threshold is (alpha - 1) times what was sought.
        return 3e-7 * unit(row) * max(1.0, abs(expected)) * max(1.0, alpha)
    if not 1 + 1e-6 < alpha <= 4:
        return unit(row) * (2e-5 * np.abs(expected) + 1e-7)
    c, moved = alpha - 1, 1e-6 * unit(row)
    own = (np.abs(expected) ** c + moved) ** (1 / c) - np.abs(expected)
    own[expected == 0] = moved ** (1 / c)
    # The weights are made to sum to one, so what one of them is off all are in proportion.
    return own + np.abs(expected) * (2e-6 * unit(row) + np.minimum(own[expected > 0].sum(), 0.1))


def a_elt(row, operands, expected, function):
    """A-ELT: 4 ulp times the condition number of the function, summed over its operands. A step of denormal numbers, which a value in the
    middle may be off by, is multiplied by what it is multiplied with: the condition number, or an operand where that cannot be told."""
    arguments = [row.x, *operands]
    expected = np.asarray(expected)
    condition = np.abs(expected)
    with np.errstate(all="ignore"):
        for i, value in enumerate(arguments):
            step = np.maximum(np.abs(value), 1e-30) * 2.0**-20
            moved = []
            for sign in (1, -1):
                shifted = list(arguments)
                shifted[i] = value + sign * step
                moved.append(function(replace(row, x=shifted[0]), *shifted[1:]))
            slope = np.abs((moved[0] - moved[1]) / (2 * step)) * np.abs(value)
            condition = condition + np.where(np.isfinite(slope), slope, 0.0)
    with np.errstate(all="ignore"):
        number = np.where(expected != 0, condition / np.abs(expected), 1.0)
        factor = np.max([np.abs(value) * np.ones(np.shape(expected)) for value in arguments], axis=0)
    number = np.fmax(np.where(np.isfinite(number), number, 1.0), np.where(np.isfinite(factor), factor, 1.0))
    return 4 * np.maximum(condition * 2.0**-23 * unit(row), (2.0**-1074 if row.f64 else 2.0**-149) * number)
