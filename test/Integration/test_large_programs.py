"""Programs of many thousand ops neither overflow a stack nor take forever."""

import subprocess

import pytest

from conftest import BIN

COUNT = 20000


def formula(step, start="", end="%v{last}"):
    body = "\n".join(step.format(i=i, p="%x" if i == 0 else f"%v{i - 1}") for i in range(COUNT))
    return f"weir.formula @f(%x: f32) -> f32 {{\n{start}\n{body}\n  weir.yield {end.format(last=COUNT - 1)} : f32\n}}\n"


@pytest.mark.parametrize("step", ["%v{i} = arith.addf {p}, %x : f32", "%v{i} = weir.reduce max {p} : f32",
                                  "%v{i}, %k{i} = weir.kth %one, {p} : index, f32",
                                  "%v{i} = weir.random %seed stream {i} : f32"])
def test_long_formulas_verify(step):
    text = formula(step, "%one = arith.constant 1 : index\n%seed = arith.constant 1 : i64")
    done = subprocess.run([BIN / "weir-opt", "-", "-o", "/dev/null"], input=text, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[:2000]


def test_searches_within_searches_verify():
    depth = 500
    text = "weir.formula @f(%x: f32) -> f32 {\n  %m = weir.reduce max %x : f32\n"
    for i in range(depth):
        text += f"%t{i} = weir.solve %m to %m decreasing {{max_iterations = 8 : i64, tolerance = 0.0 : f64}} : f32 {{\n"
        text += f"^bb0(%u{i}: f32):\n"
    text += "weir.yield %m : f32\n}\n" * depth + "weir.yield %m : f32\n}\n"
    done = subprocess.run([BIN / "weir-opt", "-", "-o", "/dev/null"], input=text, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[:2000]


def test_a_long_chain_compiles(weirc, tmp_path):
    count = 3000
    body = "\n".join(f"  %v{i} = arith.addf {'%x' if i == 0 else f'%v{i - 1}'}, %x : f32" for i in range(count))
    (tmp_path / "long.mlir").write_text(f"""
weir.formula @f(%x: f32) -> f32 {{
{body}
  %m = weir.reduce max %v{count - 1} : f32
  weir.yield %m : f32
}}
func.func @g(%x: tensor<?x?xf32>) -> tensor<?x?xf32> {{
  %y = weir.apply @f(%x) : (tensor<?x?xf32>) -> tensor<?x?xf32>
  return %y : tensor<?x?xf32>
}}
""")
    done = weirc(tmp_path / "long.mlir", "-o", tmp_path / "long.so")
    assert done.returncode == 0, done.stderr[:2000]
