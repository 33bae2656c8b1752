"""Plots as SVG: for each case, the speed of every variant as a share of the limit."""

import math
from xml.sax.saxutils import escape

from . import report

LEFT, RIGHT, TOP, ROW, WIDTH = 190, 30, 74, 26, 860
LOWEST, HIGHEST = 0.01, 2.0
TICKS = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2]
COLORS = {"weir": "#c1121f", "yardstick": "#000000", "torch": "#ee9b00", "torch.compile": "#9c5f00", "onnxruntime": "#0a9396", "openvino": "#5a189a",
          "jax": "#3a86ff", "iree": "#2b9348", "onednn": "#00509d", "entmax": "#8d99ae"}


def position(share):
    """The place of a share of the limit on the logarithmic axis."""
    share = min(HIGHEST, max(LOWEST, share))
    return LEFT + (WIDTH - LEFT - RIGHT) * math.log(share / LOWEST) / math.log(HIGHEST / LOWEST)


def text(x, y, words, anchor="start", size=12):
    return f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}">{escape(words)}</text>'


def marker(name, x, y):
    color = COLORS.get(name, "#888888")
    if name == "weir":
        return f'<path d="M{x:.1f} {y - 7:.1f} l6 7 l-6 7 l-6 -7 z" fill="{color}"/>'
    if name == "yardstick":
        return f'<path d="M{x:.1f} {y - 9:.1f} v18" stroke="{color}" stroke-width="3"/>'
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4.5" fill="{color}" fill-opacity="0.85"/>'


def points(case):
    """The variants of a case and their shares of the limit."""
    found = {n: case["limit"] / v["median"] for n, v in case["variants"].items() if v["kind"] == "peer" or n == "weir"}
    if case["yardstick"]:
        found["yardstick"] = case["limit"] / case["yardstick"]
    return found


def legend(names):
    parts, x = [], LEFT
    for name in names:
        parts += [marker(name, x, 52), text(x + 10, 56, name)]
        x += 24 + 7 * len(name)
    return parts


def axis(bottom):
    parts = []
    for tick in TICKS:
        x = position(tick)
        parts.append(f'<path d="M{x:.1f} {TOP - 8} V{bottom}" stroke="{"#000000" if tick == 1 else "#dddddd"}"/>')
        parts.append(text(x, bottom + 16, f"{tick:g}", "middle"))
    return parts + [text((LEFT + WIDTH - RIGHT) / 2, bottom + 34, "share of the limit (right is faster; the line at 1 is the limit)", "middle")]


def draw(title, cases):
    bottom = TOP + ROW * len(cases)
    known = [n for n in ["weir", "yardstick", *report.columns_of(cases)] if any(n in points(case) for case in cases)]
    parts = [text(LEFT, 24, title, size=16), *legend(known), *axis(bottom)]
    for index, case in enumerate(cases):
        y = TOP + ROW * (index + 0.5)
        flat = " flat" if case["distribution"] == "flat" else ""
        parts.append(text(LEFT - 12, y + 4, f"{case['operation']} {case['shape']}{flat}", "end"))
        shares = points(case)
        # weir's mark is drawn last, over the others.
        parts += [marker(name, position(shares[name]), y) for name in reversed(known) if name in shares]
    height = bottom + 46
    return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}" font-family="sans-serif">\n'
            f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>\n' + "\n".join(parts) + "\n</svg>\n")


def plots(run, name):
    """The plots by their file's name."""
    return {report.plot_name(name, *key): draw(f"{key[0]}, {key[1]}, {key[2]} core{'s' if key[2] > 1 else ''}", cases)
            for key, cases in report.groups(run).items()}
