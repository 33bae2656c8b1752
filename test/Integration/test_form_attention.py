"""Products around rows of weights, as models have them in linalg, against NumPy in f64: they become one weir.attention."""

import ctypes
from dataclasses import dataclass, field

import ml_dtypes
import numpy as np
import pytest

from accuracy import assert_close
from attention_text import Program
from linalg_text import Tensor

B, H, HKV, L, S, D, DV = 2, 4, 2, 19, 37, 16, 24
STORAGE = {"f32": np.float32, "bf16": ml_dtypes.bfloat16, "f16": np.float16, "f64": np.float64, "i1": np.bool_}
#: Of a result that is a mean of values of size 1, with weights rounded to storage, and of one step of its storage.
TOLERANCE = {"f32": 4e-6, "bf16": 2.0**-6, "f16": 2.0**-9, "f64": 1e-13}
#: What makes one weir.attention of it all.
FORM = ["--convert-linalg-to-weir", "--weir-link-library", "--weir-form-attention=explain", "--canonicalize", "--cse"]
#: And of what is done to the output.
FUSE = [*FORM[:3], "--weir-compose-formulas", "--weir-form-attention", "--weir-fuse-epilogue", "--canonicalize", "--cse"]


def attend(q, k, v, weigh, scale=1.0, change=lambda s: s):
    """[B, H, L, D] and [B, Hkv, S, D] in f64; `weigh` makes weights of rows."""
    group = q.shape[1] // k.shape[1]
    k, v = np.repeat(k, group, axis=1), np.repeat(v, group, axis=1)
    with np.errstate(invalid="ignore"):
        return weigh(change(q @ k.transpose(0, 1, 3, 2) * scale)) @ v


def soften(s):
    with np.errstate(invalid="ignore"):
        e = np.exp(s - s.max(axis=-1, keepdims=True))
        return e / e.sum(axis=-1, keepdims=True)


def sparsify(s):
    z = -np.sort(-s, axis=-1)
    sums = np.cumsum(z, axis=-1) - 1
    count = (z * np.arange(1, s.shape[-1] + 1) > sums).sum(axis=-1, keepdims=True)
    return np.maximum(s - np.take_along_axis(sums, count - 1, -1) / count, 0)


@dataclass
class Model:
    """`write` gets the program and a function that makes an argument; `oracle` the arguments in f64."""

    write: object
    oracle: object
    says: tuple = ()  # In the weir.attention.
    absent: tuple = ("linalg.transpose", "linalg.generic")
    element: str = "f32"
    draw: dict = field(default_factory=dict)  # By the index of an argument.
    tolerance: float = 1.0
    forms: bool = True
    passes: tuple = tuple(FORM)
    says_dynamic: tuple = ()  # In that of dynamic sizes.


def shapes(dynamic, *letters):
    sizes = {"b": B, "h": H, "k": H, "g": HKV, "n": B * H, "l": L, "s": S, "d": D, "v": DV, "m": H * D, "1": 1}
    return [tuple("?" if dynamic and c in dynamic else sizes[c] for c in shape) for shape in letters]


#===----------------------------------------------------------------------===#
# Programs
#===----------------------------------------------------------------------===#


def of_rank_3(f, a):
    q, k, v = a("nld"), a("nsd"), a("nsv")
    s = f.map("arith.mulf", f.einsum("bid,bjd->bij", q, k), f.constant("0.25"))
    return f.einsum("bij,bjv->biv", f.softmax(s), v)


def named_with_transposed_keys(f, a):
    q, k, v = a("nld"), a("nsd"), a("nsv")
    kt = f.transpose(k, (0, 2, 1))

    def matmul(x, y):
        init = f.fill_from([(x.shape[0], x, 0), (x.shape[1], x, 1), (y.shape[2], y, 2)], x.element, "0.0")
        result = Tensor(f.fresh(), init.shape, x.element)
        f.line(f"{result.name} = linalg.batch_matmul ins({x.name}, {y.name} : {x.type}, {y.type}) outs({init.name} : {init.type}) -> {result.type}")
        return result

    return matmul(f.softmax(f.map("arith.divf", matmul(q, kt), f.constant("4.0"))), v)


def as_torch_folds(f, a):
    """Heads and batches in one dimension around each product, apart between them."""
    q, k, v, bias = a("bkld"), a("bksd"), a("bksv"), a("b1ls")
    fold = "[[0, 1], [2], [3]]"
    kt = f.transpose(k, (0, 1, 3, 2))
    groups = [[0, 1], [2], [3]]
    s = f.einsum("nid,ndj->nij", f.collapse(q, groups), f.collapse(kt, groups))
    s = f.expand(s, fold, [q.shape[0], q.shape[1], q.shape[2], k.shape[2]],
                 [(t, i) for t, i in ((q, 0), (q, 1), (q, 2), (k, 2)) if t.shape[i] == "?"])
    s = f.map("arith.addf", f.map("arith.mulf", s, f.constant("0.25")), bias)
    o = f.einsum("nij,njv->niv", f.collapse(f.softmax(s), groups), f.collapse(v, groups))
    return f.expand(o, fold, [q.shape[0], q.shape[1], q.shape[2], v.shape[3]],
                    [(q, i) for i in range(3) if q.shape[i] == "?"])


def of_jax(f, a):
    q, k, v, valid = a("blhd"), a("bshd"), a("bshv"), a("b11s", "i1")
    s = f.map("arith.mulf", f.einsum("bqhd,bkhd->bhqk", q, k), f.constant("0.25"))
    s = f.map("arith.select", valid, s, f.constant("0xFF800000"), element="f32")
    return f.einsum("bhqk,bkhv->bqhv", f.softmax(s), v)


def capped(f, a):
    q, k, v, bias = a("bhld"), a("bhsd"), a("bhsv"), a("ls")
    s = f.map("arith.mulf", f.einsum("bhid,bhjd->bhij", q, k), f.constant("0.25"))
    s = f.map("math.tanh", f.map("arith.divf", s, f.constant("3.0")))
    s = f.map("arith.addf", f.map("arith.mulf", s, f.constant("3.0")), bias)
    return f.einsum("bhij,bhjv->bhiv", f.softmax(s), v)


def masked_low(f, a):
    q, k, v, valid = a("bhld"), a("bhsd"), a("bhsv"), a("b1ls", "i1")
    s = f.map("arith.select", valid, f.einsum("bhid,bhjd->bhij", q, k), f.constant("-1.0e9"), element="f32")
    return f.einsum("bhij,bhjv->bhiv", f.softmax(s), v)


def masked_inverted(f, a):
    q, k, v, absent = a("bhld"), a("bhsd"), a("bhsv"), a("11ls", "i1")
    s = f.map("arith.select", absent, f.constant("0xFF800000"), f.einsum("bhid,bhjd->bhij", q, k), element="f32")
    return f.einsum("bhij,bhjv->bhiv", f.softmax(s), v)


def repeated_heads(f, a):
    """Each head of keys serves a group of queries, as torch's repeat_kv writes it."""
    q, k, v = a("bhld"), a("bgsd"), a("bgsv")

    def repeat(x):
        wide = f.broadcast(x, [2], [x.shape[0], HKV, H // HKV, x.shape[2], x.shape[3]])
        return f.collapse(wide, [[0], [1, 2], [3], [4]])

    s = f.map("arith.mulf", f.einsum("bhid,bhjd->bhij", q, repeat(k)), f.constant("0.25"))
    return f.einsum("bhij,bhjv->bhiv", f.softmax(s), repeat(v))


def grouped_heads(f, a):
    """The same, as an einsum of five dimensions."""
    q, k, v = a("blkd"), a("bsgd"), a("bsgv")
    q = f.expand(q, "[[0], [1], [2, 3], [4]]", [q.shape[0], q.shape[1], HKV, H // HKV, D],
                 [(q, i) for i in (0, 1) if q.shape[i] == "?"])
    s = f.map("arith.mulf", f.einsum("btkgd,bskd->bkgts", q, k), f.constant("0.25"))
    o = f.einsum("bkgts,bskv->btkgv", f.softmax(s), v)
    return f.collapse(o, [[0], [1], [2, 3], [4]])


def one_head_of_keys(f, a):
    q, k, v = a("bhld"), a("bsd"), a("bsv")
    s = f.map("arith.mulf", f.einsum("bhid,bjd->bhij", q, k), f.constant("0.25"))
    return f.einsum("bhij,bjv->bhiv", f.softmax(s), v)


def widened(element):
    def write(f, a):
        q, k, v = a("bhld", element), a("bhsd", element), a("bhsv", element)
        s = f.map("arith.mulf", f.einsum("bhid,bhjd->bhij", q, k, "f32"), f.constant("0.25"))
        w = f.cast(f.softmax(s), element)
        return f.cast(f.einsum("bhij,bhjv->bhiv", w, v, "f32"), element)

    return write


def widened_before(f, a):
    q, k, v = (f.cast(a(s, "bf16"), "f32") for s in ("bhld", "bhsd", "bhsv"))
    s = f.map("arith.mulf", f.einsum("bhid,bhjd->bhij", q, k), f.constant("0.25"))
    return f.cast(f.einsum("bhij,bhjv->bhiv", f.softmax(s), v), "bf16")


def in_f64(f, a):
    q, k, v = a("bhld", "f64"), a("bhsd", "f64"), a("bhsv", "f64")
    s = f.map("arith.mulf", f.einsum("bhid,bhjd->bhij", q, k), f.constant("0.25", "f64"))
    return f.einsum("bhij,bhjv->bhiv", f.softmax(s), v)


def of_library(formula):
    def write(f, a):
        q, k, v, bias = a("bhld"), a("bhsd"), a("bhsv"), a("hls")
        s = f.map("arith.mulf", f.einsum("bhid,bhjd->bhij", q, k), f.constant("0.25"))
        return f.einsum("bhij,bhjv->bhiv", f.apply(formula, f.map("arith.addf", s, bias)), v)

    return write


def beside_statistics(f, a):
    """Scores that something is done to which weir.attention has no clause for stay in the formula."""
    q, k, v, slope = a("bhld"), a("bhsd"), a("bhsv"), a("bhl1")
    s = f.map("arith.mulf", f.einsum("bhid,bhjd->bhij", q, k), slope)
    return f.einsum("bhij,bhjv->bhiv", f.softmax(s), v)


def one_query(f, a):
    q, k, v = a("bh1d"), a("bhsd"), a("bhsv")
    s = f.map("arith.mulf", f.einsum("bhid,bhjd->bhij", q, k), f.constant("0.25"))
    return f.einsum("bhij,bhjv->bhiv", f.softmax(s), v)


def indices(f, sizes):
    """A range along each of the two dimensions, as tensors that broadcast: [L, 1] and [1, S], i64."""
    ranges = []
    for dim, (size, tensor, at) in enumerate(sizes):
        init = f.fill_from([(size if i == dim else 1, tensor, at) for i in range(2)], "i64", "0")
        result = Tensor(f.fresh(), init.shape, "i64")
        f.line(f"{result.name} = linalg.generic {{indexing_maps = [affine_map<(i, j) -> (i, j)>], iterator_types = [\"parallel\", \"parallel\"]}} "
               f"outs({init.name} : {init.type}) {{")
        f.line("^bb0(%x: i64):")
        f.line(f"  %i = linalg.index {dim} : index")
        f.line("  %y = arith.index_cast %i : index to i64")
        f.line(f"  linalg.yield %y : i64\n}} -> {result.type}")
        ranges.append(result)
    return ranges


def generic(f, inputs, init, maps, lines):
    """An elementwise op of any body; `maps` of the inputs and the result."""
    letters = "bhls"[-len(init.shape):]
    texts = ", ".join(f"affine_map<({', '.join(letters)}) -> ({', '.join(m)})>" for m in maps)
    kinds = ", ".join(['"parallel"'] * len(letters))
    result = Tensor(f.fresh(), init.shape, init.element)
    ins = f"ins({', '.join(t.name for t in inputs)} : {', '.join(t.type for t in inputs)}) " if inputs else ""
    f.line(f"{result.name} = linalg.generic {{indexing_maps = [{texts}], iterator_types = [{kinds}]}} {ins}outs({init.name} : {init.type}) {{")
    f.line("^bb0(" + ", ".join(f"%i{n}: {t.element}" for n, t in enumerate([*inputs, init])) + "):")
    for line in lines:
        f.line(f"  {line}")
    f.line(f"}} -> {result.type}")
    return result


def scores_of(f, q, k):
    return f.map("arith.mulf", f.einsum("bhid,bhjd->bhij", q, k), f.constant("0.25"))


def low(f):
    return f.constant("0xFF800000")


def causal_of_ranges(f, a):
    """As torch writes is_causal: ranges, their comparison, a bias of 0 and -inf."""
    q, k, v = a("bhld"), a("bhsd"), a("bhsv")
    rows, columns = indices(f, [(q.shape[2], q, 2), (k.shape[2], k, 2)])
    plain = f.fill_from([(q.shape[2], q, 2), (k.shape[2], k, 2)], "i1", "0")
    below = generic(f, [rows, columns], plain, ["l0", "0s", "ls"], ["%c = arith.cmpi sge, %i0, %i1 : i64", "linalg.yield %c : i1"])
    hidden = generic(f, [below], plain, ["ls", "ls"], ["%t = arith.constant true", "%c = arith.xori %i0, %t : i1", "linalg.yield %c : i1"])
    zeros, lows = f.constant("0.0"), low(f)
    bias = generic(f, [hidden], f.fill_from([(q.shape[2], q, 2), (k.shape[2], k, 2)], "f32", "0.0"), ["ls", "ls"],
                   [f"%c = arith.select %i0, {lows}, {zeros} : f32", "linalg.yield %c : f32"])
    return f.einsum("bhij,bhjv->bhiv", f.softmax(f.map("arith.addf", scores_of(f, q, k), bias)), v)


def causal_in_body(f, a):
    """Indices of the scores themselves, from the last key on."""
    q, k, v = a("bhld"), a("bhsd"), a("bhsv")
    s, size = scores_of(f, q, k), f.size
    ahead, lows = f.fresh(), low(f)
    f.line(f"{ahead} = arith.subi {size(k, 2)}, {size(q, 2)} : index")
    init = f.fill_from([(q.shape[0], q, 0), (q.shape[1], q, 1), (q.shape[2], q, 2), (k.shape[2], k, 2)], "f32", "0.0")
    s = generic(f, [s], init, ["bhls", "bhls"],
                ["%i = linalg.index 2 : index", "%j = linalg.index 3 : index", f"%e = arith.addi %i, {ahead} : index",
                 "%c = arith.cmpi sgt, %j, %e : index", f"%y = arith.select %c, {lows}, %i0 : f32", "linalg.yield %y : f32"])
    return f.einsum("bhij,bhjv->bhiv", f.softmax(s), v)


def window_and_padding(f, a):
    """One mask says causal, near and no padding; keys stand 3 behind queries."""
    q, k, v, valid = a("bhld"), a("bhsd"), a("bhsv"), a("bs", "i1")
    init = f.fill_from([(q.shape[0], q, 0), (1, q, 1), (q.shape[2], q, 2), (k.shape[2], k, 2)], "i1", "0")
    mask = generic(f, [valid], init, ["bs", "bhls"],
                   ["%i = linalg.index 2 : index", "%j = linalg.index 3 : index", "%three = arith.constant 3 : index",
                    "%seven = arith.constant 7 : index", "%e = arith.addi %i, %three : index", "%d = arith.subi %e, %j : index",
                    "%c = arith.cmpi sge, %e, %j : index", "%n = arith.cmpi slt, %d, %seven : index",
                    "%cn = arith.andi %c, %n : i1", "%y = arith.andi %cn, %i0 : i1", "linalg.yield %y : i1"])
    s = f.map("arith.select", mask, scores_of(f, q, k), low(f), element="f32")
    return f.einsum("bhij,bhjv->bhiv", f.softmax(s), v)


def causal_plain(f, a):
    """Without batches and heads the indices are the formula's."""
    q, k, v = a("ld"), a("sd"), a("sv")
    lows = low(f)
    s = generic(f, [f.einsum("id,jd->ij", q, k)], f.fill_from([(q.shape[0], q, 0), (k.shape[0], k, 0)], "f32", "0.0"), ["ls", "ls"],
                ["%i = linalg.index 0 : index", "%j = linalg.index 1 : index", "%c = arith.cmpi sle, %j, %i : index",
                 f"%y = arith.select %c, %i0, {lows} : f32", "linalg.yield %y : f32"])
    return f.einsum("ij,jv->iv", f.softmax(s), v)


def doubled_keys(f, a):
    """What is no window stays a mask."""
    q, k, v = a("bhld"), a("bhsd"), a("bhsv")
    init = f.fill_from([(q.shape[2], q, 2), (k.shape[2], k, 2)], "i1", "0")
    mask = generic(f, [], init, ["ls"],
                   ["%i = linalg.index 0 : index", "%j = linalg.index 1 : index", "%two = arith.constant 2 : index",
                    "%r = arith.muli %j, %two : index", "%c = arith.cmpi sge, %r, %i : index", "linalg.yield %c : i1"])
    s = f.map("arith.select", mask, scores_of(f, q, k), low(f), element="f32")
    return f.einsum("bhij,bhjv->bhiv", f.softmax(s), v)


def weights_read_twice(f, a):
    q, k, v, u = a("bhld"), a("bhsd"), a("bhsv"), a("bhsv")
    w = f.softmax(f.einsum("bhid,bhjd->bhij", q, k))
    return f.map("arith.addf", f.einsum("bhij,bhjv->bhiv", w, v), f.einsum("bhij,bhjv->bhiv", w, u))


def composed_scores(f, a):
    """What has no clause is composed with the formula before scores and formula meet."""
    q, k, v, b = a("bhld"), a("bhsd"), a("bhsv"), a("hls")
    s = f.map("math.absf", f.map("arith.addf", f.einsum("bhid,bhjd->bhij", q, k), b))
    return f.einsum("bhij,bhjv->bhiv", f.apply("softmax", s), v)


def sigmoid(f, z):
    one = f.constant("1.0")
    return f.map("arith.divf", one, f.map("arith.addf", f.map("math.exp", f.map("arith.negf", z)), one))


def gated(letters):
    """A gate of a sigmoid, for each element or each head."""

    def write(f, a):
        q, k, v, z = a("bhld"), a("bhsd"), a("bhsv"), a(letters)
        o = f.einsum("bhij,bhjv->bhiv", f.softmax(f.einsum("bhid,bhjd->bhij", q, k)), v)
        return f.map("arith.mulf", o, sigmoid(f, z))

    return write


def gated_when_folded(f, a):
    """The gate takes heads side by side, as the next projection does."""
    q, k, v, z = a("blkd"), a("bskd"), a("bskd"), a("blm")
    o = f.einsum("bhij,bjhv->bihv", f.softmax(f.einsum("bihd,bjhd->bhij", q, k)), v)
    return f.map("arith.mulf", f.collapse(o, [[0], [1], [2, 3]]), z)


def residual(f, a):
    """Rounded once, behind the sum."""
    q, k, v, r = a("bhld", "bf16"), a("bhsd", "bf16"), a("bhsv", "bf16"), a("bhlv", "bf16")
    w = f.cast(f.softmax(f.einsum("bhid,bhjd->bhij", q, k, "f32")), "bf16")
    o = f.einsum("bhij,bhjv->bhiv", w, v, "f32")
    return f.cast(f.map("arith.addf", o, f.cast(r, "f32")), "bf16")


def folded(x):
    return x.reshape(1, *x.shape)


def first(o):
    return o[0]


def per_batch(x):
    return x[:, None]


def with_bias(q, k, v, bias):
    return attend(q, k, v, soften, 0.25, lambda s: s + bias)


def heads_first(x):
    return x.transpose(0, 2, 1, 3)


def some_hidden(rng, shape):
    valid = rng.random(shape) < 0.7
    valid.reshape(-1, shape[-1])[0] = False
    return valid


def bias_with_holes(rng, shape):
    bias = rng.standard_normal(shape)
    bias[rng.random(shape) < 0.3] = -np.inf
    bias.reshape(-1, shape[-1])[0] = -np.inf
    return bias


def seen_where(condition, *masks):
    """Scores of -inf but where `condition`, of the indices of queries and keys, holds."""

    def change(s):
        seen = condition(np.arange(s.shape[-2])[:, None], np.arange(s.shape[-1]))
        for mask in masks:
            seen = seen & mask
        return np.where(seen, s, -np.inf)

    return change


MODELS = {
    "causal_of_ranges": Model(causal_of_ranges, lambda q, k, v: attend(q, k, v, soften, 0.25, seen_where(lambda i, j: j <= i)),
                              ("causal", "place("), says_dynamic=("causal", "place(")),
    "causal_in_body": Model(causal_in_body, lambda q, k, v: attend(q, k, v, soften, 0.25, seen_where(lambda i, j: j <= i + S - L)),
                            ("causal",), absent=("place(", "linalg"), says_dynamic=("causal",)),
    "window_and_padding": Model(window_and_padding, lambda q, k, v, m: attend(q, k, v, soften, 0.25, seen_where(
        lambda i, j: (j <= i + 3) & (i + 3 - j < 7), m[:, None, None])), ("causal", "window_left = 6", "mask("), absent=("linalg",),
                                draw={3: some_hidden}, says_dynamic=("causal", "window_left = 6", "mask(")),
    "causal_plain": Model(causal_plain, lambda q, k, v: attend(q[None, None], k[None, None], v[None, None], soften, 1.0, seen_where(lambda i, j: j <= i))[0, 0],
                          ("causal",), absent=("linalg", "weir.row"), says_dynamic=("causal",)),
    "doubled_keys": Model(doubled_keys, lambda q, k, v: attend(q, k, v, soften, 0.25, seen_where(lambda i, j: 2 * j >= i)), ("mask(",),
                       absent=("causal", "window_")),
    "of_rank_3": Model(of_rank_3, lambda q, k, v: first(attend(folded(q), folded(k), folded(v), soften, 0.25)), ("scale = 2.500000e-01",)),
    "transposed_keys": Model(named_with_transposed_keys, lambda q, k, v: first(attend(folded(q), folded(k), folded(v), soften, 0.25)),
                             ("scale = 2.500000e-01",)),
    "as_torch_folds": Model(as_torch_folds, with_bias, ("bias(", "scale = 2.500000e-01", "empty_row<nan>"), draw={3: bias_with_holes}),
    "of_jax": Model(of_jax, lambda q, k, v, m: heads_first(attend(heads_first(q), heads_first(k), heads_first(v), soften, 0.25,
                                                                  lambda s: np.where(m, s, -np.inf))),
                    ("blhd", "mask(", "scale"), draw={3: some_hidden}),
    "capped": Model(capped, lambda q, k, v, b: attend(q, k, v, soften, 0.25, lambda s: 3 * np.tanh(s / 3) + b),
                    ("soft_cap = 3.0", "scale = 2.500000e-01", "bias(")),
    "masked_low": Model(masked_low, lambda q, k, v, m: attend(q, k, v, soften, 1.0, lambda s: np.where(m, s, -1e9)),
                        ("operands(",), draw={3: some_hidden}),
    "masked_inverted": Model(masked_inverted, lambda q, k, v, m: attend(q, k, v, soften, 1.0, lambda s: np.where(m, -np.inf, s)),
                             ("operands(",), draw={3: some_hidden}),
    "repeated_heads": Model(repeated_heads, lambda q, k, v: attend(q, k, v, soften, 0.25), (f"tensor<{B}x{HKV}x{S}x{D}xf32>",),
                            absent=("linalg.broadcast", "linalg.generic")),
    "grouped_heads": Model(grouped_heads, lambda q, k, v: heads_first(attend(heads_first(q), heads_first(k), heads_first(v), soften, 0.25)),
                           ("blhd",)),
    "one_head_of_keys": Model(one_head_of_keys, lambda q, k, v: attend(q, per_batch(k), per_batch(v), soften, 0.25)),
    "bf16": Model(widened("bf16"), lambda q, k, v: attend(q, k, v, soften, 0.25), (f"tensor<{B}x{H}x{S}x{D}xbf16>",), element="bf16"),
    "f16": Model(widened("f16"), lambda q, k, v: attend(q, k, v, soften, 0.25), element="f16"),
    "widened_before": Model(widened_before, lambda q, k, v: attend(q, k, v, soften, 0.25), (f"tensor<{B}x{H}x{S}x{D}xbf16>",),
                            element="bf16"),
    "f64": Model(in_f64, lambda q, k, v: attend(q, k, v, soften, 0.25), element="f64"),
    "sparsemax": Model(of_library("sparsemax"), lambda q, k, v, b: attend(q, k, v, sparsify, 0.25, lambda s: s + b),
                       (".sparsemax", "bias(", "scale")),
    "of_library": Model(of_library("softmax"), with_bias, (".softmax", "bias(", "scale")),
    "beside_statistics": Model(beside_statistics, lambda q, k, v, t: attend(q, k, v, soften, 1.0, lambda s: s * t), ("operands(",)),
    "one_query": Model(one_query, lambda q, k, v: attend(q, k, v, soften, 0.25), tolerance=2.0),
    "composed_scores": Model(composed_scores, lambda q, k, v, b: attend(q, k, v, soften, 1.0, lambda s: np.abs(s + b)), ("operands(",),
                             passes=tuple(FUSE)),
    "gated": Model(gated("bhlv"), lambda q, k, v, z: attend(q, k, v, soften) / (1 + np.exp(-z)), ("epilogue @",),
                   absent=("weir.apply", "linalg"), passes=tuple(FUSE)),
    "gated_heads": Model(gated("bhl1"), lambda q, k, v, z: attend(q, k, v, soften) / (1 + np.exp(-z)), ("epilogue @",),
                         absent=("weir.apply",), passes=tuple(FUSE)),
    "gated_when_folded": Model(gated_when_folded, lambda q, k, v, z: heads_first(attend(heads_first(q), heads_first(k), heads_first(v), soften)).reshape(z.shape) * z,
                               ("epilogue @", "blhd"), absent=("weir.apply", "linalg"), passes=tuple(FUSE)),
    "residual": Model(residual, lambda q, k, v, r: attend(q, k, v, soften) + r, ("epilogue @",), absent=("weir.apply", "linalg"),
                      element="bf16", tolerance=2.0, passes=tuple(FUSE)),
    "weights_read_twice": Model(weights_read_twice, lambda q, k, v, u: attend(q, k, v, soften) + attend(q, k, u, soften), forms=False),
}
#: Static sizes; batches, heads, queries and keys of any number.
DYNAMIC = {"static": "", "all": "bhnls"}


def write(name, dynamic):
    model = MODELS[name]
    f = Program(f"{name}_{dynamic}")
    result = model.write(f, lambda letters, element=None: f.argument(shapes(DYNAMIC[dynamic], letters)[0], element or "f32"))
    return f.finish(result)


CASES = [(name, dynamic) for name in MODELS for dynamic in DYNAMIC]


@pytest.fixture(scope="module")
def library(compile_library):
    return compile_library("\n".join(write(*case) for case in CASES), name="attended")


def draw(name, rng):
    """Arguments in storage, in the order of the program."""
    f, letters = Program("shapes"), []

    def argument(dims, element=None):
        letters.append((shapes("", dims)[0], element or "f32"))
        return f.argument(*letters[-1])

    MODELS[name].write(f, argument)
    arguments = []
    for i, (shape, element) in enumerate(letters):
        make = MODELS[name].draw.get(i, lambda rng, shape: rng.standard_normal(shape))
        arguments.append(make(rng, shape).astype(STORAGE[element]))
    return arguments


@pytest.mark.parametrize("name, dynamic", CASES)
def test_numbers(library, name, dynamic):
    model, arguments = MODELS[name], draw(name, np.random.default_rng(7))
    expected = model.oracle(*(a if a.dtype == np.bool_ else a.astype(np.float64) for a in arguments))
    result = np.full(expected.shape, 77, STORAGE[model.element])
    library.call(f"{name}_{dynamic}", *arguments, result)
    assert_close(result.astype(np.float64), expected, TOLERANCE[model.element] * model.tolerance * 4, name)


@pytest.mark.parametrize("name, dynamic", CASES)
def test_is_one_op(weir_opt, name, dynamic):
    model = MODELS[name]
    text = weir_opt(write(name, dynamic), *model.passes)
    assert text.count("= weir.attention") == (1 if model.forms else 0), text
    if not model.forms:
        return
    attention = next(line for line in text.splitlines() if "weir.attention" in line)
    for part in model.says if dynamic == "static" else model.says_dynamic:
        assert part in attention, attention
    for op in model.absent if dynamic == "static" else ():
        assert op not in text, text


def of_tile(name, formula, clauses, seeds="", first=(0, 0, 0), sizes=(B, H, L), place=False):
    """The op on a tile of queries, which lies at `first` in the whole."""
    keys = (sizes[0], HKV * sizes[1] // H, S, D)
    text = [f"  %c{i} = arith.constant {n} : index" for i, n in enumerate((*first, H, L))] if place else []
    at = " place(%c0, %c1, %c2, %c3, %c4)" if place else ""
    q, k = (f"tensor<{'x'.join(map(str, shape))}xf32>" for shape in ((*sizes, D), keys))
    operands = ", ".join(f"{n}: {t}" for n, t in zip(("%q", "%k", "%v"), (q, k, k)))
    given = f" operands({', '.join(n for n, _ in seeds)} : {', '.join(t for _, t in seeds)})" if seeds else ""
    more = "".join(f", {n}: {t}" for n, t in seeds) if seeds else ""
    return "\n".join([f"func.func @{name}({operands}{more}) -> {q} {{", *text,
                      f"  %o = weir.attention @{formula}(%q, %k, %v){given}{at} {{{clauses}}} : ({q}, {k}, {k}) -> {q}",
                      f"  return %o : {q}", "}"])


PLACES = {
    "causal": ("softmax", "causal", ""),
    "window": ("softmax", "window_left = 5 : i64, window_right = 2 : i64", ""),
    "random": ("gumbel_softmax_seeded", "", (("%seed", "i64"), ("%tau", "f32"))),
}
#: One batch, the heads of one head of keys, some queries.
FIRST, SIZES = (1, 2, 7), (1, 2, 5)


@pytest.mark.parametrize("name", PLACES)
def test_places(compile_library, name):
    """A tile that says where it lies has the results of the whole there."""
    text = "\n".join([of_tile("whole", *PLACES[name]), of_tile("part", *PLACES[name], FIRST, SIZES, place=True)])
    library, rng = compile_library(text, name="places"), np.random.default_rng(3)
    q, k, v = (rng.standard_normal(shape).astype(np.float32) for shape in ((B, H, L, D), (B, HKV, S, D), (B, HKV, S, D)))
    more = (ctypes.c_int64(11), ctypes.c_float(0.7)) if name == "random" else ()
    whole, part = np.empty_like(q), np.empty((*SIZES, D), np.float32)
    library.call("whole", q, k, v, *more, whole)
    batch, head, query = (slice(n, n + size) for n, size in zip(FIRST, SIZES))
    keys = slice(FIRST[1] * HKV // H, FIRST[1] * HKV // H + 1)
    library.call("part", *(np.ascontiguousarray(x) for x in (q[batch, head, query], k[batch, keys], v[batch, keys])), *more, part)
    np.testing.assert_allclose(part, whole[batch, head, query], rtol=2e-5, atol=2e-6)
