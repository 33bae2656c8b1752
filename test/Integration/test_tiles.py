"""Tiles of weir.apply and weir.rows: by rows, and where a formula is elementwise in every dimension, against the oracles.

The offsets of a tile travel with it: what asks for rows, positions and random numbers gets those of the whole.
"""

import ctypes

import numpy as np
import pytest

from formulas import CASES
from row_model import Policies
from layouts import LAST
from test_rows import ODD, check, edge_rows, function_text
from test_states import OP, sequence, weir_opt

VARIANTS = {case.name: {"layout": LAST, "form": case.forms[0], "function": f"{case.name}_tiled", "dtype": "f32", "way": "tiles",
                        "uniforms": ("scalar", "tensor")[i % 2], "policies": Policies(),
                        "mask": "none" if case.elementwise else ("full", "row", "none")[i % 3]}
            for i, case in enumerate(CASES)}


def tiles(kind, loop, sizes):
    """Tiles every weir.apply that is marked as of this kind."""
    return f"""
    %{kind} = transform.structured.match ops{{["weir.apply"]}} attributes {{tile = "{kind}"}} in %root : ({OP}) -> {OP}
    %{kind}_tiled:2 = transform.structured.tile_using_{loop} %{kind} tile_sizes {sizes} : ({OP}) -> ({OP}, {OP})
"""


@pytest.fixture(scope="module")
def library(compile_library, tmp_path_factory):
    text = ODD
    for case in CASES:
        # scaling is elementwise, but asks for the length of the row.
        kind = "elementwise" if case.elementwise and case.name != "scaling" else "rows"
        text += function_text(case, VARIANTS[case.name]).replace("{form =", f'{{tile = "{kind}", form =')
    script = sequence(tiles("rows", "for", [4]) + tiles("elementwise", "forall", [3, 40]))
    return compile_library(weir_opt(text, tmp_path_factory.mktemp("tiles"), script=script), name="tiles")


@pytest.mark.parametrize("case", CASES, ids=lambda c: c.name)
def test_tiles(library, case):
    for n in (0, 1, 7, 100, 1000):
        names, x = edge_rows(n, 1)
        check(library, case, VARIANTS[case.name], names, x, seed=n)


NESTED = """
weir.formula @all(%x: f32, %seed: i64 {weir.uniform}) -> (f32, index {weir.uniform}, index {weir.uniform}) {
  %u = weir.random %seed stream 3 : f32
  %m, %i = weir.reduce max %u : f32, index
  %r = weir.row : index
  %y = arith.addf %x, %u : f32
  weir.yield %y, %r, %i : f32, index, index
}
func.func @whole(%x: tensor<?x?x?xf32>, %seed: i64) -> (tensor<?x?x?xf32>, tensor<?x?xi64>, tensor<?x?xi64>) {
  %y:3 = weir.apply @all(%x, %seed) {along = ALONG} : (tensor<?x?x?xf32>, i64) -> (tensor<?x?x?xf32>, tensor<?x?xi64>, tensor<?x?xi64>)
  return %y#0, %y#1, %y#2 : tensor<?x?x?xf32>, tensor<?x?xi64>, tensor<?x?xi64>
}
func.func @tiled(%x: tensor<?x?x?xf32>, %seed: i64) -> (tensor<?x?x?xf32>, tensor<?x?xi64>, tensor<?x?xi64>) {
  %y:3 = weir.apply @all(%x, %seed) {along = ALONG, tile = "outer"} : (tensor<?x?x?xf32>, i64) -> (tensor<?x?x?xf32>, tensor<?x?xi64>, tensor<?x?xi64>)
  return %y#0, %y#1, %y#2 : tensor<?x?x?xf32>, tensor<?x?xi64>, tensor<?x?xi64>
}
"""


@pytest.mark.parametrize("along,outer,inner", [(2, [3, 2, 0], [2, 0, 0]), (1, [2, 0, 3], [0, 0, 2]), (0, [0, 4, 3], [0, 1, 0])])
def test_tiles_of_tiles(compile_library, tmp_path, along, outer, inner):
    """Rows of several outer dimensions keep their index and their random numbers through two levels of tiles, bit by bit."""
    script = sequence(tiles("outer", "forall", outer) + f"""
    %inner:3 = transform.structured.tile_using_for %outer_tiled#0 tile_sizes {inner} : ({OP}) -> ({", ".join([OP] * (1 + np.count_nonzero(inner)))})
""".replace(":3 =", f":{1 + np.count_nonzero(inner)} ="))
    text = weir_opt(NESTED.replace("ALONG", str(along)), tmp_path, script=script)
    assert "row(" in text
    library = compile_library(text, name="nested")
    x = np.random.default_rng(1).normal(size=(7, 5, 6)).astype(np.float32)
    results = {}
    for function in ("whole", "tiled"):
        outer_shape = np.delete(x.shape, along)
        results[function] = [np.zeros_like(x), np.full(outer_shape, -7), np.full(outer_shape, -7)]
        library.call(function, x, ctypes.c_int64(11), *results[function])
    for whole, tiled in zip(results["whole"], results["tiled"]):
        np.testing.assert_array_equal(tiled, whole)
    np.testing.assert_array_equal(results["tiled"][1].ravel(), np.arange(x.size // x.shape[along]))
