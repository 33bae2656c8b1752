"""PyTorch, eager and compiled. Results go into tensors that are there."""

import functools

import numpy as np
import torch
import torch.nn.functional as F

from .. import native, operations
from ..attention import Case as Attention
from . import Unsupported, torch_attention


def to_torch(x):
    """A tensor on the array's memory."""
    if x.dtype == np.float32:
        return torch.from_numpy(x)
    return torch.from_numpy(x.view(np.int16)).view(torch.bfloat16)


def norm_gate(x, pre, gain):
    return F.rms_norm(x, (x.shape[-1],), gain, operations.EPSILON) * F.silu(pre)


# The value of an operation, for the compiled form.
VALUES = {
    "softmax": lambda x: torch.softmax(x, -1),
    "softmax_across": lambda x: torch.softmax(x, 0),
    "scale_bias_softmax": lambda x, bias: torch.softmax(operations.SCALE * x + bias, -1),
    "rms_norm": lambda x, gain: F.rms_norm(x, (x.shape[-1],), gain, operations.EPSILON),
    "layer_norm": lambda x, gain, bias: F.layer_norm(x, (x.shape[-1],), gain, bias, operations.EPSILON),
    "norm_gate": norm_gate,
    "swiglu": lambda gate, value: F.silu(gate) * value,
    "matmul": torch.matmul,
    "topk": lambda x: torch.topk(x, operations.K),
    "softmax_topk": lambda x: torch.topk(torch.softmax(x, -1), operations.K),
}


def eager(name, inputs, out):
    """The call that makes the fewest tensors."""
    x, *rest = inputs
    if name == "matmul":
        return lambda: torch.matmul(x, rest[0], out=out)
    spare = torch.empty_like(x)
    if name == "softmax":
        return lambda: torch.softmax(x, -1, out=out)
    if name == "softmax_across":
        return lambda: torch.softmax(x, 0, out=out)
    if name == "scale_bias_softmax":
        return lambda: torch.softmax(torch.add(rest[0], x, alpha=operations.SCALE, out=spare), -1, out=out)
    if name in ("rms_norm", "layer_norm"):
        return lambda: out.copy_(VALUES[name](x, *rest))
    if name == "norm_gate":
        return lambda: torch.mul(F.rms_norm(x, (x.shape[-1],), rest[1], operations.EPSILON), F.silu(rest[0]), out=out)
    if name == "swiglu":
        return lambda: torch.mul(F.silu(x), rest[0], out=out)
    raise Unsupported("no such operation")


def topk_calls(name, x):
    out = (torch.empty((x.shape[0], operations.K), dtype=x.dtype), torch.empty((x.shape[0], operations.K), dtype=torch.int64))
    spare = torch.empty_like(x)
    if name == "topk":
        call = lambda: torch.topk(x, operations.K, out=out)  # noqa: E731
    else:
        call = lambda: torch.topk(torch.softmax(x, -1, out=spare), operations.K, out=out)  # noqa: E731
    yield "torch", call, lambda: out[0].float().numpy()
    compiled = torch.compile(VALUES[name], dynamic=False)
    yield "torch.compile", lambda: compiled(x), lambda: compiled(x)[0].float().numpy()


class Peer:
    name = "torch"

    def __init__(self, threads):
        torch.set_num_threads(threads)
        torch.set_flush_denormal(True)
        torch.set_grad_enabled(False)
        self.version = torch.__version__

    def prepare(self, case, inputs):
        if isinstance(case, Attention):
            for name, value, arrays in torch_attention.variants(case, inputs):
                call = functools.partial(value, *[to_torch(x) for x in arrays])
                yield name, call, lambda call=call: call().float().numpy()
            return
        if case.operation not in VALUES:
            raise Unsupported("no such operation")
        tensors = [to_torch(x) for x in inputs]
        if "topk" in case.operation:
            yield from topk_calls(case.operation, tensors[0])
            return
        # Of bf16 its products are bf16 too.
        shape = (case.rows, case.n)
        out = to_torch(native.aligned(shape, inputs[0].dtype))
        yield "torch", eager(case.operation, tensors, out), lambda: out.float().numpy()
        torch._dynamo.reset()
        result, value = to_torch(native.aligned(shape, inputs[0].dtype)), VALUES[case.operation]
        compiled = torch.compile(lambda y, *x: y.copy_(value(*x)), dynamic=False)
        yield "torch.compile", lambda: compiled(result, *tensors), lambda: result.float().numpy()
