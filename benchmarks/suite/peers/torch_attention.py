"""Attention in PyTorch: the fused operator for softmax, and what its users write for other weights."""

import functools
import math

import torch
import torch.nn.functional as F

from ..attention import BIAS, SINK, as_queries
from . import Unsupported


def softpick(x):
    m = x.amax(-1, keepdim=True).clamp(min=0)
    d = torch.exp(x - m) - torch.exp(-m)
    return F.relu(d) / (d.abs().sum(-1, keepdim=True) + 1e-8)


def with_sink(x):
    return torch.softmax(F.pad(x, (0, 1), value=SINK), -1)[..., :-1]


WEIGHTS = {
    "attention_softpick": softpick,
    "attention_sigmoid_weights": lambda x: torch.sigmoid(x + BIAS),
    "attention_softmax_sink": with_sink,
}


def composed(weights, q, k, v):
    """Products with the matrix of weights between them."""
    return weights(q / math.sqrt(q.shape[-1]) @ k.mT) @ v


def flash_with_sink(q, k, v):
    """The kernel below the fused operator also says what its softmax divided by, from which the sink's share follows."""
    y, log_sum = torch.ops.aten._scaled_dot_product_flash_attention_for_cpu(q, k, v)
    return y.mul_(torch.sigmoid(log_sum - SINK).unsqueeze(-1).to(y.dtype))


def fused(case):
    return functools.partial(F.scaled_dot_product_attention, is_causal=case.causal and case.queries > 1, enable_gqa=case.group > 1)


def variants(case, inputs):
    """Names, functions of queries, keys and values, and these. Results are new tensors."""
    if case.operation == "attention":
        yield "torch", fused(case), inputs
        shared, reshaped = as_queries(case, inputs)
        if shared is not case:
            yield "torch as queries", fused(shared), reshaped
        return
    if case.operation not in WEIGHTS:
        raise Unsupported("no such operation")
    value = functools.partial(composed, WEIGHTS[case.operation])
    yield "torch", value, inputs
    torch._dynamo.reset()
    yield "torch.compile", torch.compile(value, dynamic=False), inputs
    if case.operation == "attention_softmax_sink":
        yield "torch flash", flash_with_sink, inputs
