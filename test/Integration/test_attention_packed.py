"""Packed sequences: each as the oracle has it alone, with the bits that the op gives it alone."""

import numpy as np
import pytest

from attention_oracle import Sight
from covering import ALL
from packed_attention import arguments_of, function_text, heads_first, pack, problem_of, ranges, starts_of
from row_model import Policies
from test_attention import BY_NAME, COUNTS_ROWS, FORMULAS, MOST, PLAINEST, compare, draw, expected_of, form_of, lay, variants_of
from test_attention import function_text as alone_text
from test_attention import other_form  # noqa: F401 (a fixture)
from test_rows import ODD, STORAGE

# Formulas that ask which row they are have one head in a tile, where others may have several, and so other last bits.
ROWS_COUNT = (*COUNTS_ROWS, "row_scaled", "selective_softmax")

#===----------------------------------------------------------------------===#
# Every formula
#===----------------------------------------------------------------------===#

# Queries and keys of each sequence: none of either, more of either, more than a tile's, and one of each.
LENGTHS = [(3, 7), (0, 5), (70, 70), (4, 0), (1, 33), (0, 0), (19, 140), (9, 4), (1, 1)]
SMALL = [(2, 3), (0, 2), (1, 17), (3, 0), (5, 4)]  # The oracles with many digits are slow.


def packed_variants(number, case):
    """Packed sequences have no lengths beside their starts, which are of either type. What is compiled alone beside them takes as long again, so
    of most formulas there is one variant, which meets the oracle only."""
    variants = variants_of(number, case)
    count = len(variants) if ALL else 3 if case.name in MOST else 1
    return [{**v, "sight": Sight(v["sight"].causal, v["sight"].left, v["sight"].right), "starts": ("i32", "i64")[i % 2]}
            for i, v in enumerate(variants[:count])]


def is_compared(case):
    return case.name in MOST or ALL


# In the quick tier every other formula, beside those.
PACKED = [number for number, case in enumerate(FORMULAS) if is_compared(case) or number % 2]


@pytest.fixture(scope="module")
def every(compile_batches, other_form):  # noqa: F811
    texts = {}
    for number in PACKED:
        case = FORMULAS[number]
        made = [(v, form_of(case, v, other_form)) for v in packed_variants(number, case)]
        texts[case.name] = "".join(function_text(case, v, form) + (alone_text(case, v, form) if is_compared(case) else "") for v, form in made)
    return compile_batches(texts, ODD, name="packed")


def run(library, case, variant, lengths, rng, **data):
    """The results of one call on all sequences, as batches of one, and what they were drawn as."""
    size = (1, sum(q for q, _ in lengths), sum(k for _, k in lengths))
    arguments, results, problem = draw(rng, case, {**variant, "sight": Sight()}, size, **data)
    packed = [pack(y) for y in results]
    starts = [starts_of(side, variant) for side in zip(*lengths)]
    library.call(variant["function"] + "_packed", *map(pack, arguments), *starts, *packed)
    return [heads_first(y, variant) for y in packed], arguments, problem


def of_rows(y, queries):
    return np.ascontiguousarray(y[:, :, queries])


def run_alone(library, case, variant, arguments, results, queries, keys):
    own = [of_rows(y, queries) for y in results]
    own = [y if y.ndim == 3 else lay(y, variant) for y in own]
    library.call(variant["function"], *arguments_of(case, variant, arguments, queries, keys), *own)
    return [y if y.ndim == 3 else lay(y, variant) for y in own]


@pytest.mark.parametrize("number", PACKED, ids=lambda i: FORMULAS[i].name)
def test_formulas(every, number):
    case = FORMULAS[number]
    library = every[case.name]
    for i, variant in enumerate(packed_variants(number, case)):
        lengths = SMALL if variant["dtype"] == "f64" else LENGTHS
        results, arguments, problem = run(library, case, variant, lengths, np.random.default_rng(i))
        count = problem.q.shape[2]
        for queries, keys in ranges(lengths):
            own, what = [of_rows(y, queries) for y in results], (queries, keys)
            alone = problem_of(variant, problem, queries, keys)
            rows = (lambda h, i, first=queries.start: h * count + first + i) if case.name in COUNTS_ROWS else False
            compare(case, variant, own, alone, what, expected_of(case, variant, alone, rows))
            if is_compared(case) and case.name not in ROWS_COUNT:
                wanted = run_alone(library, case, variant, arguments, results, queries, keys)
                assert [y.tobytes() for y in own] == [np.ascontiguousarray(y).tobytes() for y in wanted], (case.name, variant, what)


#===----------------------------------------------------------------------===#
# Starts
#===----------------------------------------------------------------------===#


@pytest.fixture(scope="module")
def odd_starts(compile_library):
    variants = {policy: {**PLAINEST, "function": f"run_{policy}", "starts": "i64", "policies": Policies(empty_row=policy)} for policy in ("zero", "nan")}
    text = "".join(function_text(BY_NAME["softmax_lse"], v) + alone_text(BY_NAME["softmax_lse"], v) for v in variants.values())
    return compile_library(text, name="starts"), variants


FAR = np.iinfo(np.int64)
# Starts as given, and as they are taken: of 50 queries and 60 keys.
STARTS = [([0, 20, 10, 50], [0, 30, 40, 60], [0, 20, 20, 50], [0, 30, 40, 60]),  # Falling.
          ([-5, 20, 99, 50], [0, FAR.max, 40, FAR.min], [0, 20, 50, 50], [0, 60, 60, 60]),  # Outside.
          ([10, 20, 40], [5, 25, 50], [10, 20, 40], [5, 25, 50]),  # Neither from the first nor to the last.
          ([0, 50], [0, 60], [0, 50], [0, 60]), ([7], [9], [7], [9]),  # One sequence, and none.
          ([FAR.max] * 3, [FAR.min] * 3, [50] * 3, [0] * 3)]


@pytest.mark.parametrize("policy", ["zero", "nan"])
@pytest.mark.parametrize("given", STARTS, ids=range(len(STARTS)))
def test_starts(odd_starts, given, policy):
    """Those that are no starts count as the nearest ones; queries of no sequence see no key."""
    library, variants = odd_starts
    case, variant = BY_NAME["softmax_lse"], variants[policy]
    arguments, results, _ = draw(np.random.default_rng(1), case, variant, (1, 50, 60))
    packed = [pack(y) for y in results]
    library.call(variant["function"] + "_packed", *map(pack, arguments), *(np.array(s, np.int64) for s in given[:2]), *packed)
    seen = np.zeros(50, bool)
    for queries, keys in zip(*(list(map(slice, s, s[1:])) for s in given[2:])):
        wanted = run_alone(library, case, variant, arguments, results, queries, keys)
        assert [of_rows(y[None], queries).tobytes() for y in packed] == [y.tobytes() for y in wanted]
        seen[queries] = True
    output, sums = packed
    empty = 0.0 if policy == "zero" else np.nan
    np.testing.assert_array_equal(output[:, ~seen], empty)
    np.testing.assert_array_equal(sums[:, ~seen], -np.inf if policy == "zero" else np.nan)


def test_sizes_are_checked(odd_starts):
    library, variants = odd_starts
    arguments, results, _ = draw(np.random.default_rng(1), BY_NAME["softmax_lse"], variants["zero"], (1, 5, 6))
    starts = np.array([0, 5], np.int64), np.array([0, 3, 6], np.int64)
    with pytest.raises(Exception, match="arg4"):
        library.call("run_zero_packed", *map(pack, arguments), *starts, *map(pack, results))


#===----------------------------------------------------------------------===#
# Threads and neighbours
#===----------------------------------------------------------------------===#

SHARED = ("softmax_lse", "softpick", "entmax15", "clipped_softmax", "gumbel_softmax_seeded", "sigmoid_weights")
# Sequences of one query beside long ones, and of keys in several parts.
MANY = [(1, 300), (130, 130), (1, 1), (37, 90), (1, 4500), (0, 3), (200, 200), (2, 0)]


def shared_variants():
    return [{**PLAINEST, "function": f"{name}_{dtype}", "dtype": dtype, "name": name, "sight": Sight(causal=True), "more": ["thread_grain = 1 : i64"]}
            for name in SHARED for dtype in ("f32", "bf16")]


@pytest.fixture(scope="module")
def shared(compile_library):
    text = "".join(function_text(BY_NAME[v["name"]], v) + alone_text(BY_NAME[v["name"]], v) for v in shared_variants())
    return compile_library(text, "--threads=omp", name="shared")


@pytest.mark.parametrize("variant", shared_variants(), ids=lambda v: v["function"])
def test_the_same_bits_for_every_number_of_threads(shared, variant):
    case, bits = BY_NAME[variant["name"]], {}
    for threads in (1, 2, 3, 7):
        shared.handle.shared_set_threads(threads)
        results, _, _ = run(shared, case, variant, MANY, np.random.default_rng(2))
        bits[threads] = [y.tobytes() for y in results]
    assert all(found == bits[1] for found in bits.values())


@pytest.mark.parametrize("variant", [v for v in shared_variants() if v["name"] not in COUNTS_ROWS], ids=lambda v: v["function"])
def test_a_sequence_alone(shared, variant):
    shared.handle.shared_set_threads(2)
    case = BY_NAME[variant["name"]]
    results, arguments, _ = run(shared, case, variant, MANY, np.random.default_rng(3))
    for queries, keys in ranges(MANY):
        wanted = run_alone(shared, case, variant, arguments, results, queries, keys)
        assert [of_rows(y, queries).tobytes() for y in results] == [np.ascontiguousarray(y).tobytes() for y in wanted], (queries, keys)


#===----------------------------------------------------------------------===#
# Beside the product
#===----------------------------------------------------------------------===#


def test_an_epilogue(compile_library):
    """A gate per element and one per head and query, in the layout of the output."""
    q = "tensor<?x4x16xbf16>"
    text = f"""
weir.formula @gated(%o: f32, %x: f32, %y: f32) -> f32 {{
  %a = arith.mulf %o, %x : f32
  %b = arith.mulf %a, %y : f32
  weir.yield %b : f32
}}
func.func @gated_attention(%q: {q}, %k: {q}, %x: {q}, %y: tensor<?x4x1xf32>, %s: tensor<?xi32>) -> tensor<?x4x16xf32> {{
  %o = weir.attention @softmax(%q, %k, %k) packed(%s, %s : tensor<?xi32>, tensor<?xi32>)
    epilogue @gated(%x, %y : {q}, tensor<?x4x1xf32>) {{causal, soft_cap = 4.0 : f64, layout = #weir.attention_layout<blhd>}}
    : ({q}, {q}, {q}) -> tensor<?x4x16xf32>
  return %o : tensor<?x4x16xf32>
}}
func.func @plain(%q: {q}, %k: {q}, %s: tensor<?xi32>) -> tensor<?x4x16xf32> {{
  %o = weir.attention @softmax(%q, %k, %k) packed(%s, %s : tensor<?xi32>, tensor<?xi32>)
    {{causal, soft_cap = 4.0 : f64, layout = #weir.attention_layout<blhd>}} : ({q}, {q}, {q}) -> tensor<?x4x16xf32>
  return %o : tensor<?x4x16xf32>
}}"""
    library = compile_library(text, name="gated")
    rng = np.random.default_rng(0)
    queries, keys, x = (rng.normal(0, 1, (50, 4, 16)).astype(STORAGE["bf16"]) for _ in range(3))
    y = rng.normal(0, 1, (50, 4, 1)).astype(np.float32)
    starts = np.array([0, 3, 3, 40, 50], np.int32)
    found, plain = np.zeros((50, 4, 16), np.float32), np.zeros((50, 4, 16), np.float32)
    library.call("gated_attention", queries, keys, x, y, starts, found)
    library.call("plain", queries, keys, starts, plain)
    np.testing.assert_allclose(found, plain * x.astype(np.float32) * y, rtol=1e-6, atol=1e-6)
