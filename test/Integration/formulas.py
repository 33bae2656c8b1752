"""The table of formulas under test: one line says what a formula takes, gives and promises.

Every formula of the library has a line (test_library.py sees to it), and so have those of odd.mlir.
"""

import functools
import math
from dataclasses import dataclass, field

import numpy as np

import oracle
from accuracy import a_elt, a_exp, a_log, a_norm, a_root, a_sum, below_maximum, largest, least, unit
from oracle.wide import total
from oracle.weights import adaptive_beta


@dataclass
class Full:
    """A varying operand of the scores' shape, drawn by `draw(rng, shape)`."""

    draw: object = lambda rng, shape: rng.normal(0, 2, shape)
    type: str = "f32"


@dataclass
class Along(Full):
    """A varying operand of the row's shape alone, which repeats over rows."""

    draw: object = lambda rng, shape: rng.normal(1, 0.5, shape)


class Uniform:
    """A uniform operand: one of the values as a scalar, or all of them in turn as one number per row."""

    type = "f32"

    def __init__(self, *values):
        self.values = values


class Target:
    """A target index drawn from the row; sometimes just outside it."""

    type = "index"


class Count(Uniform):
    type = "index"


class Seed(Uniform):
    type = "i64"


@dataclass
class Result:
    """`masked` is what an excluded element gives; a uniform result has `empty`, its value in an empty row."""

    masked: float = 0.0
    uniform: bool = False
    empty: float = 0.0


WEIGHTS, LOG = Result(), Result(masked=-math.inf)
ALL_FORMS = ("recompute", "stored", "online", "transposed", "two_pass")
UNPAIRED = ALL_FORMS[:-1]  # No sum of exponentials that pairs of mantissa and exponent would get through.


@dataclass
class Case:
    name: str
    tolerance: object
    operands: tuple = ()
    results: tuple = (WEIGHTS,)
    forms: tuple = ALL_FORMS
    sums_to_one: bool = False
    beyond: tuple = ()  # Edge rows at which squares and the like leave f32: run, but nothing is promised.

    def __post_init__(self):
        self.oracle = getattr(oracle, self.name)

    @property
    def elementwise(self):
        return self.forms == ("elementwise",)


def number(empty=0.0):
    return (Result(uniform=True, empty=empty),)


HUGE = ("all -1e30", "-1e30 head", "-1e30 and -inf", "huge apart")
TINY = ("denormal", "denormal in f64")  # Where sums of squares vanish.
PLAIN = ("recompute", "stored", "transposed")  # A winner's position has no running form beside sums.
SELECTING = ("recompute", "stored", "online")  # Rows do not select side by side.
positive = Full(lambda rng, shape: rng.gamma(2, 1, shape))
share = Full(lambda rng, shape: rng.dirichlet(np.ones(max(shape[-1], 1)), shape[:-1])[..., : shape[-1]])
gumbel = Full(lambda rng, shape: rng.gumbel(size=shape))
inset = Full(lambda rng, shape: (rng.random(shape) < 0.4).astype(float))
cells = Full(lambda rng, shape: rng.integers(0, 4, shape).astype(float))
gain, bias = Along(), Along(lambda rng, shape: rng.normal(0, 1, shape))
eps = Uniform(1e-5, 1e-3)


def scaled(row, beta):
    return beta * row.x


def n_scaled(row, s, b):
    return (s * math.log(max(row.length, 1)) + b) * row.x


def noisy(row, g, tau):
    return (row.x + g) / tau


def seeded_error(row, seed, tau):
    """u is rounded to f32: where it is near 1 its double logarithm moves by 2^-25 e^g."""
    u = oracle.weights.random(int(seed), 0, row.index, row.at)
    moved = 2.0**-25 / -np.log(np.minimum(u, 1 - 2.0**-24)) / tau
    return oracle.gumbel_softmax_seeded(row, seed, tau) * np.expm1(np.minimum(moved + moved.max(), 80))


def lssar_tolerance(row, operands, expected, _):
    """15 times that of a sum, and the offset cancels: b is known to 3e-6 of what it was before the subtraction."""
    with np.errstate(all="ignore"):
        a = row.length * oracle.lssa(row)
        b = np.maximum(a - operands[0], 0)
        figure = 3e-6 * unit(row)
        if b.max() <= figure * a.max():
            return 1.0  # Whether anything exceeds the offset is a matter of rounding.
        denormal = (2.0**-1073 if row.f64 else 2.0**-148) / oracle.special.softplus(row.x)
        relative = figure + np.minimum(denormal, 1)
        # An error of b, in units of the largest, enters with the 15th power.
        r, error = b / b.max(), relative * (a + a.max()) / b.max()
        return ((r + error) ** 15 - r**15) / total(r**15) + figure * np.abs(expected) + least(row)


def quantized_tolerance(row, operands, expected, _):
    """Exact, but for the neighbour where the unrounded number is next to a tie."""
    r = oracle.special.softmax(row.x) / operands[0]
    at_tie = np.abs(r - np.floor(r) - 0.5) < np.maximum(1e-4, r * (2e-6 + 1e-7 * below_maximum(row.x))) * unit(row)
    return 1e-6 * unit(row) * np.maximum(np.abs(expected), operands[0]) + np.where(at_tie, 1.01 * operands[0], 0)


def split_error(row, inset, k):
    """The mass of the set is a power of what may be very small."""
    inside = inset != 0
    if not inside.any() or inside.all():
        return 0.0
    log_odds = abs(row.x[~inside].max() - row.x[inside].max()) + math.log(len(row.x))
    return np.abs(oracle.split_softmax(row, inset, k)) * 2e-6 * max(1.0, k * log_odds)


def z_error(row, t, a, b):
    sd = row.x.std() if len(row.x) else 1.0
    return (largest(row.x) + 1) / max(sd, 1e-30) * max(1.0, len(row.x) / max(row.length, 1))


def gated_tolerance(row, operands, expected, _):
    return np.abs(expected) * (3e-6 + 5e-7 * np.maximum(1, np.abs(operands[0]))) * unit(row) + 1e-7 * least(row)


def with_penalty(row, t, beta):
    return largest(row.x) + 3 * abs(beta) / 2 * float(np.sum(row.x[np.isfinite(row.x)] ** 2))


def anchored(row, lref, q, tau):
    return largest((row.x - lref) / tau) * max(1.0, np.abs(q).sum())


def elementwise(name, *operands):
    return Case(name, a_elt, operands, forms=("elementwise",))


def loss(name, *operands, scale=None, **more):
    """A loss against a target index; NaN in an empty row."""
    tolerance = a_log(scale) if scale else a_log()
    return Case(name, tolerance, (Target(), *operands), number(math.nan), **more)


alphas = Uniform(1.5, 1.2, 2.0, 1.0, 3.0, 1.0 + 1e-7, 0.5)

CASES = [
    # Weights by exponentials.
    Case("softmax", a_exp(), sums_to_one=True),
    Case("softmax_scaled", a_exp(scaled), (Uniform(0.7, -1.3, 0.0, 5.0),), sums_to_one=True),
    Case("log_softmax", a_log(), results=(LOG,)),
    Case("logsumexp", a_log(), results=number(-math.inf)),
    Case("softmax_lse", (a_exp(), a_log()), results=(WEIGHTS, *number(-math.inf))),
    Case("softmax_sink", a_exp(top=lambda row, a: a), (Uniform(0.5, -3.0, 20.0),)),
    Case("softmax_plus_one", a_exp(top=lambda row: 0.0)),
    # The terms of its polynomial are up to 70 times what they add up to.
    Case("softmax_adaptive", a_exp(lambda row: adaptive_beta(row.x) * row.x,
                                   also=lambda row: 2e-5 * below_maximum(row.x) * oracle.softmax_adaptive(row)),
         sums_to_one=True, forms=UNPAIRED),
    Case("ssmax", a_exp(n_scaled), (Uniform(0.43, 0.168), Uniform(0.0, 0.5)), sums_to_one=True),
    Case("self_adjust_softmax", a_exp(scale=1e3)),
    Case("self_adjust_softmax_normalized", a_exp(also=lambda row: 1e-6 * oracle.softmax(row))),
    Case("boltzmann", a_log(), results=number(), forms=UNPAIRED),
    Case("gumbel_softmax", a_exp(noisy), (gumbel, Uniform(0.5, 2.0)), sums_to_one=True),
    Case("gumbel_softmax_seeded", a_exp(lambda row, seed, tau: (row.x + 17) / tau, also=seeded_error), (Seed(7, 2**33 + 5), Uniform(0.5, 2.0)),
         sums_to_one=True),
    Case("clipped_softmax", a_exp(also=lambda row, gamma, eta: 3e-6 * np.abs((eta - gamma) * oracle.softmax(row)) +
                                  1e-7 * below_maximum(row.x) * oracle.softmax(row) + 3e-7 * abs(gamma)),
         (Uniform(-0.03, -0.1, 0.1), Uniform(1.0, 1.1))),
    Case("quantized_softmax", quantized_tolerance, (Uniform(1 / 255), Uniform(0.0, 3.0), Uniform(1e-4, 0.0))),
    Case("split_softmax", a_exp(also=split_error), (inset, Uniform(0.5, 1.0, 0.0, 0.9)), sums_to_one=True),
    Case("soft_wta", a_exp(scaled), (Uniform(12.0, 0.5),), forms=PLAIN),
    # Other functions in place of the exponential.
    Case("softpick", a_exp(top=lambda row: 0.0)),
    Case("stablemax", a_sum(), sums_to_one=True, forms=UNPAIRED),
    Case("lssa", a_sum(), forms=UNPAIRED),
    Case("lssar", lssar_tolerance, (Uniform(1.0, 0.0, 2.0),), forms=UNPAIRED),
    Case("two_quad", a_sum(), (Uniform(5.0, 0.5),), beyond=HUGE, forms=UNPAIRED),
    Case("relu_softmax", a_sum(), forms=UNPAIRED),
    Case("two_relu", a_sum(), forms=UNPAIRED),
    elementwise("scaling"),
    Case("taylor_softmax", a_sum(), beyond=HUGE, sums_to_one=True, forms=UNPAIRED),
    Case("spherical_softmax", a_sum(), beyond=(*HUGE, *TINY), forms=UNPAIRED),
    elementwise("sigmoid_weights", Uniform(-2.3, 0.0)),
    elementwise("relu_weights"),
    # Exact zeros.
    Case("sparsemax", functools.partial(a_root, alpha=2.0), sums_to_one=True, forms=UNPAIRED),
    Case("entmax15", functools.partial(a_root, alpha=1.5), sums_to_one=True, forms=UNPAIRED),
    Case("entmax", a_root, (alphas,), forms=UNPAIRED),
    Case("entmax_tau", (a_root, a_root), (alphas,), (WEIGHTS, *number()), forms=UNPAIRED),
    Case("sparse_softmax", a_exp(), (Count(3, 1, 20, 0, 10**6),), forms=SELECTING),
    # Norms and statistics.
    Case("rms_norm", a_sum(), (gain, eps), beyond=HUGE, forms=UNPAIRED),
    Case("layer_norm", a_norm, (gain, bias, eps), beyond=HUGE, forms=UNPAIRED),
    Case("l2_normalize", a_sum(), (eps,), beyond=HUGE, forms=UNPAIRED),
    Case("gated_rms_norm", gated_tolerance, (Full(), gain, eps), beyond=HUGE, forms=UNPAIRED),
    Case("max_prob", a_sum(), results=number()),
    Case("margin", lambda row, operands, expected, _: 2e-6 * unit(row), results=number(), forms=PLAIN),
    Case("entropy", a_log(), results=number(), forms=UNPAIRED),
    # Losses.
    loss("cross_entropy"),
    loss("label_smoothing", Uniform(0.1, 0.0)),
    loss("maxsup", Uniform(0.1, 0.2)),
    loss("logit_penalty", Uniform(2e-3), scale=with_penalty, beyond=HUGE),
    loss("z_loss", Uniform(0.5, 2.0), Uniform(1.0, 5.0), scale=z_error, beyond=(*HUGE, *TINY), forms=UNPAIRED),
    loss("stablemax_cross_entropy", forms=UNPAIRED),
    loss("noisy_softmax_loss", Uniform(0.1, 0.0), Uniform(9.0), Uniform(-0.7, 1.3)),
    loss("sparsemax_loss", forms=UNPAIRED),
    loss("entmax15_loss", forms=UNPAIRED),
    loss("entmax_loss", alphas, scale=lambda row, t, alpha: largest(row.x) + 2, forms=UNPAIRED),
    Case("adpo", a_log(anchored), (Full(), share, Uniform(0.5, 1.0)), number(math.nan)),
    Case("vq_logsumexp", a_log(), (cells,), number(-math.inf)),
    elementwise("bckd", Full(), Uniform(1.0, 2.0)),
    elementwise("gumbel_bce", Full(lambda rng, shape: rng.random(shape))),
    # Activations.
    *[elementwise(name) for name in ("relu", "sigmoid", "tanh", "silu", "quick_gelu", "gelu", "gelu_tanh", "golu",
                                     "atlu", "softplus", "logsigmoid", "gumbel_sigmoid")],
    elementwise("swish", Uniform(1.5, 0.0, -0.5)),
    *[elementwise(name, Uniform(0.25, 0.0, -0.5)) for name in ("xatlu", "xgelu", "xsilu")],
    # Gated units and gates.
    *[elementwise(name, Full()) for name in ("glu", "gtu", "bilinear", "reglu", "geglu", "geglu_tanh", "swiglu",
                                             "goglu", "atglu", "clamped_swiglu", "sigmoid_gate")],
    *[elementwise(name, Full(), Uniform(0.25, 0.0, -0.5)) for name in ("xatglu", "xgeglu", "xswiglu")],
    elementwise("blend", Full(), Full()),
    elementwise("residual_gate", Full(), Full()),
    elementwise("idea_gate", Full(), Uniform(0.5, 1.0), Uniform(-2.0)),
    elementwise("sapo", Uniform(1.0, 1.05)),
    # Of no library.
    Case("two_temperatures", a_exp()),
    Case("l2_softmax", a_exp()),
    Case("log_sigmoid_softmax", a_exp(lambda row: -oracle.special.softplus(-row.x))),
    Case("ramp_bias", a_exp(lambda row, slope: row.x + slope * row.at), (Uniform(0.01, -0.5),)),
    Case("bucket_softmax", a_exp(lambda row, bucket, width: row.x + bucket * width),
         (Full(lambda rng, shape: rng.integers(-3, 4, shape), "i32"), Uniform(0.3))),
    Case("selective_softmax", a_exp(lambda row, query, value, alpha: row.x * (query + alpha * np.log1p(row.index)), scale=1e2,
                                    also=lambda row, query, value, alpha: 1e-6 * (np.abs(value) + abs(alpha) * np.log1p(row.at)) *
                                    oracle.special.softmax(row.x * (query + alpha * np.log1p(row.index)))),
         (Uniform(0.5, 1.25, -0.25), Full(), Uniform(0.125, 0.0))),
    Case("weighed_softmax", a_exp(scale=1e2), (Full(),)),
    Case("row_scaled", a_exp(lambda row: row.x * row.index)),
    Case("least_below_zero", a_log(), results=number(-math.inf), forms=UNPAIRED),
    Case("tenth_softmax", a_exp(lambda row: row.x / 10), sums_to_one=True),
]
