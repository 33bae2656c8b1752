#!/usr/bin/env python3
"""Fits the polynomials of lib/Codegen/CPU and prints lib/Codegen/CPU/MathCoefficients.h.

    build/venv/bin/python scripts/fit_math.py > lib/Codegen/CPU/MathCoefficients.h

Every set is a minimax fit by Remez exchange on a dense grid, in 60 digits. Coefficients are rounded to the type they are
used in one at a time, lowest power first, and those above are fitted again to make up for it. The error in the comment
is the largest one of the rounded polynomial, in the weight of the fit, in units of 2^-24 or 2^-53.
"""

import struct

from mpmath import atan, cos, erf, erfc, exp, fabs, log, log1p, lu_solve, matrix, mp, mpf, pi, sign, sqrt, tanh

mp.dps = 60
LN2 = log(2)


def round_to(value, kind):
    """The nearest f32 or f64, exactly, as an mpf."""
    return mpf(float(value)) if kind == "f64" else mpf(struct.unpack("f", struct.pack("f", float(value)))[0])


def remez(values, xs, weights, powers):
    """Coefficients of the `powers` of x that make the largest weighted error on the grid least."""
    n = len(powers) + 1
    points = [round(i * (len(xs) - 1) / (n - 1)) for i in range(n)]
    for _ in range(60):
        system, right = matrix(n, n), matrix(n, 1)
        for row, i in enumerate(points):
            for column, p in enumerate(powers):
                system[row, column] = xs[i]**p * weights[i]
            system[row, n - 1] = (-1)**row
            right[row] = values[i] * weights[i]
        solution = lu_solve(system, right)
        coefficients, level = list(solution[:n - 1]), fabs(solution[n - 1])
        errors = [(evaluate(coefficients, powers, x) - v) * w for x, v, w in zip(xs, values, weights)]
        # The largest error of every run of one sign, then the best n neighbours of these.
        extremes = []
        for i, e in enumerate(errors):
            if extremes and sign(errors[extremes[-1]]) == sign(e):
                if fabs(e) > fabs(errors[extremes[-1]]):
                    extremes[-1] = i
            else:
                extremes.append(i)
        while len(extremes) > n:
            extremes.pop(0 if fabs(errors[extremes[0]]) < fabs(errors[extremes[-1]]) else -1)
        if len(extremes) < n or max(map(fabs, errors)) <= level * mpf("1.001"):
            break
        points = extremes
    return coefficients


def evaluate(coefficients, powers, x):
    total, last = mpf(0), None
    for c, p in sorted(zip(coefficients, powers), key=lambda cp: -cp[1]):
        if last is not None:
            total *= x**(last - p)
        total += c
        last = p
    return total * x**last


def least_squares(values, xs, weights, powers):
    """Coefficients of the `powers` of x that make the sum of squared weighted errors least."""
    n = len(powers)
    columns = [[x**p * w for x, w in zip(xs, weights)] for p in powers]
    target = [v * w for v, w in zip(values, weights)]
    gram, right = matrix(n, n), matrix(n, 1)
    for i in range(n):
        for j in range(i, n):
            gram[i, j] = gram[j, i] = mp.fdot(columns[i], columns[j])
        right[i] = mp.fdot(columns[i], target)
    return list(lu_solve(gram, right))


def minimax(kind, low, high, powers, function, weight):
    """Coefficients of the `powers` for `function` on [low, high], rounded; their largest error and that before rounding."""
    count = 24 * (len(powers) + 1)
    xs = [(low + high) / 2 - (high - low) / 2 * cos(pi * (i + mpf(1) / 2) / count) for i in range(count)]
    values, weights = [function(x) for x in xs], [fabs(weight(x)) for x in xs]
    best = remez(values, xs, weights, powers)
    wanted = [evaluate(best, powers, x) for x in xs]
    fixed = []
    while len(fixed) < len(powers):
        done, left = powers[:len(fixed)], powers[len(fixed):]
        rest = [v - evaluate(fixed, done, x) if fixed else v for v, x in zip(wanted, xs)]
        free = least_squares(rest, xs, weights, left) if fixed else best
        fixed.append(round_to(free[0], kind))
    worst = max(fabs((evaluate(fixed, powers, x) - v) * w) for x, v, w in zip(xs, values, weights))
    ideal = max(fabs((p - v) * w) for p, v, w in zip(wanted, values, weights))
    return fixed, worst, ideal


def print_comment(kind, what, worst, ideal):
    unit = 24 if kind == "f32" else 53
    print(f"/// {what};\n/// error {float(worst * 2**unit):.2g} * 2^-{unit}, {float(ideal * 2**unit):.2g} before rounding.")


def fit(name, kind, low, high, degree, function, weight, what):
    """Prints the coefficients of `function` on [low, high], highest power first."""
    fixed, worst, ideal = minimax(kind, low, high, range(degree + 1), function, weight)
    print_comment(kind, what, worst, ideal)
    print(f"inline constexpr double k{name}{kind.upper()}[] = {{")
    for i, c in enumerate(reversed(fixed)):
        print(f"    {hexadecimal(c)}{',' if i < degree else '};'}")
    print()


def eighths(scale):
    """The 32 pieces (low, high) that MathBuilder::piecewise tells apart, in the order of its tables."""
    pieces = {}
    for octave in range(-1, 3):
        for eighth in range(8):
            low = mpf(2)**octave * (1 + mpf(eighth) / 8)
            bounds = (low - mpf(1) / 2) / scale, (low + mpf(2)**octave / 8 - mpf(1) / 2) / scale
            pieces[(127 + octave) % 4 * 8 + eighth] = bounds
    return [pieces[i] for i in range(32)]


def fit_pieces(name, scale, degree, function, weight, what, centred=True):
    """Prints the f32 coefficients of `function` on each piece, in powers of the distance from its centre. A centre has 8
    bits, so that the distance is exact; that of the piece at 0 is 0. Where few digits are asked for, x itself serves."""
    centres, rows, errors = [], [], []
    for low, high in eighths(scale):
        middle = (low + high) / 2
        _, exponent = mp.frexp(middle)
        unit = mpf(2)**(exponent - 8)
        centre = mpf(0) if low == 0 or not centred else mp.nint(middle / unit) * unit
        # Next to 0 a function that vanishes there needs its digits.
        powers = range(1 if centred and function(centre) == 0 else 0, degree + 1)
        fixed, worst, ideal = minimax("f32", low - centre, high - centre, powers, lambda t: function(centre + t),
                                      lambda t: weight(centre + t))
        centres.append(centre)
        rows.append([mpf(0)] * powers[0] + fixed)
        errors.append((worst, ideal))
    print_comment("f32", what, max(e[0] for e in errors), max(e[1] for e in errors))
    if centred:
        print(f"inline constexpr PieceTable k{name}Centres = {{{', '.join(map(hexadecimal, centres))}}};")
    print(f"inline constexpr PieceTable k{name}Coefficients[] = {{")
    for power in range(degree, -1, -1):
        print("    {" + ", ".join(hexadecimal(row[power]) for row in rows) + ("}," if power else "}};"))
    places = f"&k{name}Centres" if centred else "nullptr"
    print(f"inline constexpr PiecewisePolynomial k{name} = {{{hexadecimal(scale)}, {places}, k{name}Coefficients}};")
    print()


def table(name, values, what):
    print(f"/// {what}.\ninline constexpr double k{name}F32[] = {{")
    print("    " + ", ".join(hexadecimal(round_to(v, "f32")) for v in values) + "};\n")


def hexadecimal(value):
    mantissa, exponent = float(value).hex().split("p")
    return mantissa.rstrip("0").rstrip(".") + "p" + exponent if "." in mantissa else float(value).hex()


def split(name, value, kind, bits, to_integer=mp.nint):
    """Prints `value` as a number of `bits` significant bits and the rest of it."""
    _, exponent = mp.frexp(value)
    scale = mpf(2)**(bits - exponent)
    high = to_integer(value * scale) / scale
    print(f"inline constexpr double k{name}High{kind.upper()} = {hexadecimal(high)}, "
          f"k{name}Low{kind.upper()} = {hexadecimal(round_to(value - high, kind))};")


def series(function, terms):
    """`function` where it is not 0/0, and its Taylor polynomial `terms` near 0."""
    return lambda x: function(x) if fabs(x) > mpf("1e-4") else sum(c * x**i for i, c in enumerate(terms))


def exp_tail(r):
    return (exp(r) - 1 - r) / r**2


EXP_TAIL = [1 / mp.factorial(i + 2) for i in range(14)]
EXP2_TAIL = [LN2**(i + 1) / mp.factorial(i + 1) for i in range(14)]
LOG2_TAIL = [mpf((-1)**i) / (i + 1) / LN2 for i in range(14)]
LOG_TAIL = [mpf((-1)**i) / (i + 3) for i in range(14)]
LOG1P_TAIL = [mpf((-1)**(i + 1)) / (i + 2) for i in range(14)]
ATANH_TAIL = [mpf(2) / (2 * i + 3) for i in range(14)]
ATAN_TAIL = [mpf((-1)**(i + 1)) / (2 * i + 3) for i in range(14)]
# f / (2 + f) at the ends of [sqrt(1/2) - 1, sqrt(2) - 1] and of [-1/4, 1/2].
LARGEST_RATIO = mpf(1) / 5 * mpf("1.001")
ERF_SERIES = [2 / sqrt(pi) * mpf((-1)**i) / (mp.factorial(i) * (2 * i + 1)) for i in range(14)]
ERF_SERIES[0] -= 1


def scaled_erfc(k):
    """(x + k) e^(x^2) erfc(x) in q = (x - k) / (x + k)."""

    def function(q):
        x = k * (1 + q) / (1 - q)
        return (x + k) * exp(x * x) * erfc(x)

    return function


def log_ratio_tail(z):
    """2 atanh(s) = 2 s + s z R(z) with z = s^2."""
    s = sqrt(z)
    return (log((1 + s) / (1 - s)) - 2 * s) / (s * z)


def log_ratio_rest(z):
    """2 atanh(s) = 2 s + s z (2/3 + z R(z))."""
    return (log_ratio_tail(z) - mpf(2) / 3) / z


def atan_tail(z):
    a = sqrt(z)
    return (atan(a) - a) / (a * z)


def constants(kind):
    """Prints the constants of one type."""
    # Cut off, so that both parts are positive: their products with an infinite exponent must not cancel.
    split("Ln2", LN2, kind, 15 if kind == "f32" else 41, mp.floor)
    significant = 24 if kind == "f32" else 53
    for name, value in [("Log2E", 1 / LN2), ("HalfPi", pi / 2), ("TwoThirds", mpf(2) / 3)]:
        split(name, value, kind, significant)
    print()


def common(kind, d):
    """Prints the sets that both types have."""
    edge = LN2 / 2 * mpf("1.001")
    fit("ExpTail", kind, -edge, edge, d["exp"], series(exp_tail, EXP_TAIL), lambda r: r**2 / exp(r),
        "e^r = 1 + r + r^2 T(r) on [-ln(2)/2, ln(2)/2]")
    fit("Exp2Tail", kind, -mpf("0.5005"), mpf("0.5005"), d["exp2"], series(lambda f: (2**f - 1) / f, EXP2_TAIL),
        lambda f: f / 2**f, "2^f = 1 + f T(f) on [-1/2, 1/2]")
    fit("LogRatioRest", kind, mpf("1e-12"), LARGEST_RATIO**2, d["ratio"] - 1, series(log_ratio_rest, ATANH_TAIL[1:]),
        lambda z: z * z / 2, "log((1 + s)/(1 - s)) = 2 s + s z (2/3 + z T(z)), z = s^2")
    fit("AtanTail", kind, mpf("1e-12"), mpf(1), d["atan"], series(atan_tail, ATAN_TAIL), lambda z: z,
        "atan(a) = a + a z T(z) on [0, 1], z = a^2")
    fit("ErfSmall", kind, mpf("1e-12"), mpf(1), d["erf"], series(lambda z: erf(sqrt(z)) / sqrt(z) - 1, ERF_SERIES),
        lambda z: sqrt(z) / erf(sqrt(z)), "erf(x) = x + x T(z) on [0, 1], z = x^2")
    k, most = ERFC_CENTRE[kind]
    scaled = scaled_erfc(k)
    fit("ErfcScaled", kind, -mpf(1), (most - k) / (most + k), d["erfc"], scaled, lambda q: 1 / scaled(q),
        f"(x + k) e^(x^2) erfc(x) = T((x - k)/(x + k)), k = {int(k)}, on [0, {mp.nstr(most, 4)}]")


def coarse():
    """Prints what results in bf16 need."""
    fit("Log1pCoarse", "f32", mpf(0), mpf(1), 5, series(lambda t: log1p(t) / t, [mpf(1)] + LOG1P_TAIL),
        lambda t: t / log1p(t) if t else mpf(1), "log(1 + t) = t T(t) on [0, 1]")
    fit("AtanCoarse", "f32", mpf("1e-12"), mpf(1), 5, series(lambda z: atan(sqrt(z)) / sqrt(z), [mpf(1)] + ATAN_TAIL),
        lambda z: sqrt(z) / atan(sqrt(z)), "atan(a) = a T(z) on [0, 1], z = a^2")
    ratio = series(lambda x: tanh(x) / x, [mpf(1), 0, -mpf(1) / 3, 0, mpf(2) / 15])
    fit_pieces("TanhCoarsePieces", mpf("1.203125"), 2, ratio, lambda x: 1 / ratio(x), "tanh(x) / x on [0, 6.23]", centred=False)
    fit_pieces("ErfcCoarsePieces", mpf("0.734375"), 2, lambda x: exp(x * x) * erfc(x), lambda x: exp(-x * x) / erfc(x),
               "e^(x^2) erfc(x) on [0, 10.2]", centred=False)
    k, most = ERFC_CENTRE["f32"]
    scaled = scaled_erfc(k)
    fit("ErfcScaledCoarse", "f32", -mpf(1), (most - k) / (most + k), 5, scaled, lambda q: 1 / scaled(q),
        f"(x + k) e^(x^2) erfc(x) = T((x - k)/(x + k)), k = {int(k)}, on [0, {mp.nstr(most, 4)}]")


def main():
    print(HEADER)
    for kind, degrees in DEGREES.items():
        constants(kind)
        common(kind, degrees)
    fit("LogTail", "f32", sqrt(mpf(1) / 2) - 1, mpf(1) / 2, 8,
        series(lambda f: (log1p(f) - f + f * f / 2) / f**3, LOG_TAIL), lambda f: f**3 / log1p(f),
        "log(1 + f) = f - f^2/2 + f^3 T(f) on [sqrt(1/2) - 1, 1/2]")
    fit("Log1pTail", "f32", mpf(0), mpf(1), 8, series(lambda t: (log1p(t) - t) / t**2, LOG1P_TAIL),
        lambda t: t**2 / log1p(t) if t else mpf(0), "log(1 + t) = t + t^2 T(t) on [0, 1]")
    fit("LogRatio", "f64", mpf("1e-12"), LARGEST_RATIO**2, 7, series(log_ratio_tail, ATANH_TAIL), lambda z: z / 2,
        "log((1 + s)/(1 - s)) = 2 s + s z T(z), z = s^2")
    fit("PowLog", "f64", -mpf(1) / 4, mpf(1) / 2, 12, series(lambda f: log1p(f) / f / LN2, LOG2_TAIL),
        lambda f: f * LN2 / log1p(f), "log2(1 + f) = f T(f) on [-1/4, 1/2], for powers in f32")
    fit("PowExp2", "f64", -mpf("0.5005"), mpf("0.5005"), 6, series(lambda f: (2**f - 1) / f, EXP2_TAIL),
        lambda f: f / 2**f, "2^f = 1 + f T(f) on [-1/2, 1/2], for powers in f32")
    for name, degree in [("Exp2Unit", 5), ("Exp2UnitNarrow", 4), ("Exp2UnitCoarse", 3)]:
        fit(name, "f32", mpf(0), mpf(1), degree, lambda f: 2**f, lambda f: 2**-f, "2^f on [0, 1]")
    for name, degree in [("Exp2Twice", 5), ("Exp2TwiceNarrow", 4), ("Exp2TwiceCoarse", 3)]:
        fit(name, "f32", -mpf("0.5005"), mpf("0.5005"), degree, lambda f: 2 * 2**f, lambda f: 2**-f / 2,
            "2 * 2^f on [-1/2, 1/2]")
    fit("Exp2Sixteenth", "f32", -mpf(1) / 32, mpf(1) / 32, 2, series(lambda f: (2**f - 1) / f, EXP2_TAIL), lambda f: f,
        "2^f = 1 + f T(f) on [-1/32, 1/32]")
    table("SixteenthPowers", [2**(mpf(i) / 16) for i in range(16)], "2^(i/16)")
    fit_pieces("TanhPieces", mpf("0.796875"), 4, tanh, lambda x: 1 / tanh(x), "tanh(x) on [0, 9.4]")
    fit_pieces("ErfcPieces", mpf("0.734375"), 4, lambda x: exp(x * x) * erfc(x), lambda x: exp(-x * x) / erfc(x),
               "e^(x^2) erfc(x) on [0, 10.2]")
    coarse()
    for name in BOTH:
        print(f"inline constexpr Coefficients k{name} = {{k{name}F32, k{name}F64}};")
    for name in SPLIT:
        print(f"inline constexpr SplitConstant k{name} = {{k{name}HighF32, k{name}LowF32, k{name}HighF64, k{name}LowF64}};")
    print(FOOTER, end="")


BOTH = ["ExpTail", "Exp2Tail", "LogRatioRest", "AtanTail", "ErfSmall", "ErfcScaled"]
SPLIT = ["Ln2", "Log2E", "HalfPi", "TwoThirds"]
DEGREES = {
    "f32": {"exp": 4, "exp2": 5, "ratio": 3, "atan": 8, "erf": 6, "erfc": 10},
    "f64": {"exp": 9, "exp2": 10, "ratio": 8, "atan": 19, "erf": 12, "erfc": 22},
}
ERFC_CENTRE = {"f32": (mpf(2), mpf("10.2")), "f64": (mpf(4), mpf("27.4"))}
HEADER = """\
//===- MathCoefficients.h - polynomials of the expansions --*- C++ -*- ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Printed by scripts/fit_math.py; edit that. Coefficients come highest power first, and those that end in F32 are
// exact in f32. "High" and "Low" are two parts of one constant.
//
//===----------------------------------------------------------------------===//

#ifndef WEIR_LIB_CODEGEN_CPU_MATHCOEFFICIENTS_H
#define WEIR_LIB_CODEGEN_CPU_MATHCOEFFICIENTS_H

#include "llvm/ADT/ArrayRef.h"

#include <array>

namespace weir {

/// One polynomial, fitted for each type.
struct Coefficients {
  llvm::ArrayRef<double> f32, f64;
};
/// A number for each of 32 pieces.
using PieceTable = std::array<double, 32>;
/// A polynomial of its own on each of 32 pieces: the eighths of the octaves from
/// 1/2 to 8 of x scale + 1/2.
struct PiecewisePolynomial {
  double scale;
  /// Null where the powers are those of x.
  const PieceTable *centres;
  /// Of powers of the distance from the centre.
  llvm::ArrayRef<PieceTable> coefficients;
};
/// One constant in two parts of each type.
struct SplitConstant {
  double highF32, lowF32, highF64, lowF64;
};
"""
FOOTER = """
} // namespace weir

#endif // WEIR_LIB_CODEGEN_CPU_MATHCOEFFICIENTS_H
"""

if __name__ == "__main__":
    main()
