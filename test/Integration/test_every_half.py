"""Every number of bf16 and of f16 through every elementwise formula: where few digits are asked for, functions have cheaper forms."""

import ctypes

import ml_dtypes
import numpy as np
import pytest

from accuracy import assert_close, half_ulp
from formulas import CASES, Full
from row_model import Policies, expected_row

TARGETS = ["host", "x86-64-v3", "emulated-sapphirerapids"]
STORAGE = {"bf16": ml_dtypes.bfloat16, "f16": np.float16}
ELEMENTWISE = [case for case in CASES if case.elementwise]
SHAPE = (1, 2**16)  # A formula may ask for the length of its row.
LARGE = 1e37  # Of larger numbers, products on the way to a result may overflow.


def function_text(case, dtype):
    tensor = f"tensor<1x65536x{dtype}>"
    types = [tensor] + [tensor if isinstance(o, Full) else "f32" for o in case.operands]
    names = [f"%a{i}" for i in range(len(types))]
    return (f"func.func @every_{case.name}({', '.join(f'{n}: {t}' for n, t in zip(names, types))}) -> {tensor} {{\n"
            f"  %y = weir.apply @{case.name}({', '.join(names)}) : ({', '.join(types)}) -> {tensor}\n"
            f"  return %y : {tensor}\n}}\n")


@pytest.fixture(scope="module", params=[(dtype, target) for target in TARGETS for dtype in STORAGE], ids="-".join)
def library(request, compile_library):
    dtype, target = request.param
    text = "".join(function_text(case, dtype) for case in ELEMENTWISE)
    return dtype, compile_library(text, f"--target={target}", name=f"every_{dtype}")


@pytest.mark.parametrize("case", ELEMENTWISE, ids=lambda c: c.name)
def test_every_number(library, case):
    dtype, compiled = library
    x = np.arange(2**16, dtype=np.uint16).view(STORAGE[dtype]).reshape(SHAPE)
    rng = np.random.default_rng(5)
    passed, operands = [], []
    for operand in case.operands:
        if isinstance(operand, Full):
            passed.append(operand.draw(rng, SHAPE).astype(STORAGE[dtype]))
            operands.append(passed[-1].astype(np.float64).reshape(-1))
        else:
            passed.append(ctypes.c_float(operand.values[0]))
            operands.append(float(np.float32(operand.values[0])))
    result = np.empty(SHAPE, STORAGE[dtype])
    compiled.call(f"every_{case.name}", x, *passed, result)
    with np.errstate(all="ignore"):
        exact = x.astype(np.float64).reshape(-1)
        expected, = expected_row(case, exact, operands, np.ones(exact.shape, bool), Policies(), 0)
        tolerance = case.tolerance(expected.row, operands, expected.value, case.oracle) + half_ulp(expected.value, dtype)
    most = float(ml_dtypes.finfo(STORAGE[dtype]).max)
    promised = ~(np.isfinite(exact) & ((np.abs(exact) > LARGE) | (np.abs(expected.value) > most)))
    assert_close(result.astype(np.float64).reshape(-1)[promised], expected.value[promised], tolerance[promised], f"{case.name} in {dtype}")
