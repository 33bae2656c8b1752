"""Packed sequences: functions beside those of test_attention.py, whose batch of all sequences is taken apart here."""

import itertools

import numpy as np

from attention_oracle import Problem
from formulas import Along, Full
from test_attention import MASKS, accumulator, attributes_of, input_types, lay, operand_type


def packed_type(text):
    """A type without its dimension of batches."""
    sizes, element = text.removeprefix("tensor<").removesuffix(">").rsplit("x", 1)
    return f"tensor<{'x'.join([*sizes.split('x')[1:], element])}>"


def drops_batch(text):
    return text.count("x") == 4 or (text.startswith("tensor") and text.count("x") == 3)


def function_text(case, variant, form=None):
    """As that of test_attention.py, with a suffix to the name, and with the starts of queries and of keys behind the other arguments."""
    q, k, v, o = map(packed_type, input_types(variant))
    parameters, clauses = [("%q", q), ("%k", k), ("%v", v)], ""

    def add(name, operands):
        parameters.extend(operands)
        return f" {name}({', '.join(n for n, _ in operands)} : {', '.join(t for _, t in operands)})"

    if case.operands:
        types = [operand_type(operand, variant) for operand in case.operands]
        clauses += add("operands", [(f"%a{i}", packed_type(t) if drops_batch(t) else t) for i, t in enumerate(types)])
    for name, sizes, element in (("mask", MASKS[variant["mask"]], "i1"), ("bias", variant["bias"], variant["dtype"])):
        if sizes:
            text = f"tensor<{sizes}x{element}>"
            clauses += add(name, [(f"%{name}", packed_type(text) if drops_batch(text) else text)])
    starts = f"tensor<?x{variant.get('starts', 'i32')}>"
    clauses += add("packed", [("%qs", starts), ("%ks", starts)])
    results = [f"tensor<?x?x{accumulator(variant)}>" if r.uniform else o for r in case.results]
    values = [f"%y#{i}" for i in range(len(results))] if len(results) > 1 else ["%y"]
    return (f"func.func @{variant['function']}_packed({', '.join(f'{n}: {t}' for n, t in parameters)}) -> ({', '.join(results)}) {{\n"
            f"  %y{f':{len(results)}' if len(results) > 1 else ''} = weir.attention @{case.name}(%q, %k, %v){clauses}"
            f" {{{attributes_of(case, variant, form)}}} : ({q}, {k}, {v}) -> ({', '.join(results)})\n"
            f"  return {', '.join(values)} : {', '.join(results)}\n}}\n")


def starts_of(lengths, variant):
    return np.cumsum([0, *lengths]).astype({"i32": np.int32, "i64": np.int64}[variant.get("starts", "i32")])


def pack(array):
    """Without the one batch that all sequences are drawn as."""
    return np.ascontiguousarray(array[0]) if isinstance(array, np.ndarray) and array.ndim > 2 else array


def part(array, queries, keys):
    """The sequence's part of what is aligned with [B, H, Lq, Lk] from the right; a number for each row is [B, H, Lq]."""
    if not isinstance(array, np.ndarray):
        return array
    whole = slice(None)
    wanted = {1: [keys], 2: [queries, keys], 3: [whole, whole, queries], 4: [whole, whole, queries, keys]}[array.ndim]
    return np.ascontiguousarray(array[tuple(whole if size == 1 else own for size, own in zip(array.shape, wanted))])


def arguments_of(case, variant, arguments, queries, keys):
    """Of the arguments of all sequences those of one."""
    (q, k, v), rest, whole = arguments[:3], arguments[3:], slice(None)
    along = lambda x, own: np.ascontiguousarray(x[:, own] if variant["layout"] == "blhd" else x[:, :, own])
    return [along(q, queries), along(k, keys), along(v, keys), *(part(x, queries, keys) for x in rest)]


def problem_of(variant, problem, queries, keys):
    """Of the problem of all sequences that of one."""
    whole = slice(None)
    rows, at = (whole, whole, queries), (whole, whole, queries, keys)
    cut = lambda x: x if np.ndim(x) == 0 else part(x, queries, keys)
    count = queries.stop - queries.start, keys.stop - keys.start
    seen = cut(np.array(problem.seen)) & variant["sight"].keys(*count, [count[1]])
    operands = tuple(o[at] if o.ndim == 4 else o[rows] for o in problem.operands)
    return Problem(problem.q[rows], problem.k[:, :, keys], problem.v[:, :, keys], seen, problem.scale, problem.cap, cut(problem.bias), operands,
                   problem.error, problem.dtype)


def ranges(lengths):
    """Of each sequence the slices of its queries and of its keys."""
    ends = [list(itertools.accumulate(side, initial=0)) for side in zip(*lengths)]
    return [tuple(slice(a, b) for a, b in zip((q0, k0), (q1, k1))) for q0, q1, k0, k1 in zip(ends[0], ends[0][1:], ends[1], ends[1][1:])]


def heads_first(y, variant):
    """A packed result as that of a batch, heads before queries."""
    return y[None] if y.ndim == 2 else lay(y[None], variant)
