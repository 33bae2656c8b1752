"""Functions over two kinds of numbers, so that every oracle is written once: f64, alone or in NumPy arrays, and mpmath's
numbers of `DIGITS` digits, alone or in arrays of objects.

Both keep to IEEE's limits: a maximum of NaN is NaN, the logarithm of 0 is -inf, a root of -1 NaN. Division by 0 is for f64
alone; wide oracles ask for a `quotient` where it may happen.
"""

import math

import mpmath
import numpy as np
from mpmath import mpf

DIGITS = 50
mpmath.mp.dps = DIGITS
BEYOND = 10**6  # e to numbers beyond is 0 or infinite in any f64.


def is_wide(x):
    return isinstance(x, mpf) or (isinstance(x, np.ndarray) and x.dtype == object)


def widen(x):
    """Numbers of f64 as wide ones of the same value; integers stay what they are."""
    if isinstance(x, np.ndarray):
        return np.array([mpf(float(v)) for v in x], object) if x.dtype.kind == "f" else x
    return mpf(float(x)) if isinstance(x, (float, np.floating)) else x


def narrow(x):
    """Wide numbers, or others, rounded to f64."""
    if isinstance(x, np.ndarray):
        return np.array([float(v) for v in x], np.float64)
    return float(x)


def like(x, number):
    """`number` or an array of numbers, exactly, of the kind of `x`."""
    return widen(np.asarray(number, np.float64) if np.ndim(number) else float(number)) if is_wide(x) else number


def each(of_one, x):
    """An array of what `of_one` makes of the elements of `x`."""
    values = np.empty(np.shape(x), object)
    values.flat = [of_one(v) for v in np.ravel(x)]
    return values


def function(of_f64, of_wide):
    """One function from its two halves; the second takes one finite or infinite number."""
    def of_one(v):
        return mpf("nan") if v != v else of_wide(mpf(v))

    def apply(x):
        if is_wide(x):
            return each(of_one, x) if isinstance(x, np.ndarray) else of_one(x)
        with np.errstate(all="ignore"):
            return of_f64(x)

    return apply


def _exp(x):
    return mpmath.exp(x) if abs(x) <= BEYOND else mpf("inf") if x > 0 else mpf(0)


def _log(x):
    return mpf("nan") if x < 0 else mpf("-inf") if x == 0 else mpmath.log(x)


def _expm1(x):
    return mpmath.expm1(x) if abs(x) <= BEYOND else mpf("inf") if x > 0 else mpf(-1)


def _log1p(x):
    return mpf("nan") if x < -1 else mpf("-inf") if x == -1 else mpf("inf") if x == mpf("inf") else mpmath.log1p(x)


def _tanh(x):
    return mpmath.tanh(x) if abs(x) <= BEYOND else mpf(1 if x > 0 else -1)


def _erfc(x):
    return mpmath.erfc(x) if abs(x) <= BEYOND else mpf(0 if x > 0 else 2)


exp, log, expm1, log1p = (function(np.exp, _exp), function(np.log, _log), function(np.expm1, _expm1),
                          function(np.log1p, _log1p))
tanh = function(np.tanh, _tanh)
sqrt = function(np.sqrt, lambda x: mpf("nan") if x < 0 else mpmath.sqrt(x))
erfc = function(lambda x: each(math.erfc, x).astype(np.float64), _erfc)
# The angle of (-x, 1), pi where x is +inf.
angle = function(lambda x: np.arctan2(1.0, -x), lambda x: mpmath.atan2(1, -x) if abs(x) <= BEYOND**5 else
                 +mpmath.pi if x > 0 else -1 / x)
rint = function(np.rint, mpmath.nint)


def isnan(x):
    return x != x


def isfinite(x):
    return np.abs(x) < math.inf if isinstance(x, np.ndarray) else abs(x) < math.inf


def maximum(x, y):
    if is_wide(x) or is_wide(y):
        if np.ndim(x) == np.ndim(y) == 0:
            return x if isnan(x) or not (isnan(y) or y > x) else y
        return np.where(isnan(x), x, np.where(isnan(y) | (y > x), y, x))
    return np.maximum(x, y)


def minimum(x, y):
    return -maximum(-x, -y)


def clip(x, low, high):
    return minimum(maximum(x, low), high)


def power(x, p):
    """x to a number p, for x that is not negative."""
    return x**p


def quotient(x, y):
    """x / y for a number y that may be 0."""
    with np.errstate(all="ignore"):
        return widen(narrow(x) / 0.0) if is_wide(x) and y == 0 else x / y


def total(values):
    """The sum without rounding on the way; NaN and infinities as a sum has them."""
    if is_wide(values):
        return mpmath.fsum(values)
    values = np.asarray(values, np.float64)
    return math.fsum(values) if np.isfinite(values).all() else float(values.sum())
