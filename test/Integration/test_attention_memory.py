"""The matrix of scores is never there: what a call over 32768 queries and keys takes beside its operands."""

import subprocess
import sys

import pytest

from conftest import ROOT

LENGTH, SIZE = 32768, 64
OPERAND = LENGTH * SIZE * 4 / 2**20  # MiB of one of queries, keys, values and outputs in f32; the matrix has 4096.

PROGRAM = f"""
func.func @attend(%q: tensor<1x1x?x{SIZE}xf32>, %k: tensor<1x1x?x{SIZE}xf32>, %v: tensor<1x1x?x{SIZE}xf32>) -> tensor<1x1x?x{SIZE}xf32> {{
  %o = weir.attention @FORMULA(%q, %k, %v) {{causal, window_left = LEFT}} : (tensor<1x1x?x{SIZE}xf32>, tensor<1x1x?x{SIZE}xf32>, tensor<1x1x?x{SIZE}xf32>)
    -> tensor<1x1x?x{SIZE}xf32>
  return %o : tensor<1x1x?x{SIZE}xf32>
}}
"""

SCRIPT = """
import resource, sys
sys.path.insert(0, sys.argv[2])
import numpy as np
from weir_library import Library

library = Library(sys.argv[1])
rng = np.random.default_rng(1)
q, k, v = (rng.standard_normal((1, 1, int(sys.argv[3]), int(sys.argv[4])), np.float32) for _ in range(3))
o = np.ones_like(q)
peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
before = peak()
library.call("attend", q, k, v, o)
print(peak() - before)
assert np.isfinite(o).all()
"""


# Sparsemax keeps whole rows of scores of a tile; its window keeps the search short, not the rows.
@pytest.mark.parametrize("formula, left", [("softmax", LENGTH), ("sparsemax", 300)])
def test_peak_memory(weirc, tmp_path, formula, left):
    (tmp_path / "attend.mlir").write_text(PROGRAM.replace("FORMULA", formula).replace("LEFT", str(left)))
    done = weirc(tmp_path / "attend.mlir", "-o", tmp_path / "attend.so")
    assert done.returncode == 0, done.stderr
    arguments = [tmp_path / "attend.so", ROOT / "examples" / "python", str(LENGTH), str(SIZE)]
    done = subprocess.run([sys.executable, "-c", SCRIPT, *map(str, arguments)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert float(done.stdout) < 1.5 * OPERAND, done.stdout  # Keys are packed once.
    print(f"{formula}: {done.stdout.strip()} MiB beside {4 * OPERAND:.0f} of operands")
