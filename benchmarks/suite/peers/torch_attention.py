"""Attention in PyTorch: the fused operator for softmax, and what its users write for other weights."""

import functools
import math

import entmax
import torch
import torch.nn.functional as F

from ..attention import BIAS, SINK


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
    "attention_entmax15": lambda x: entmax.entmax15(x, dim=-1),
}


def composed(weights, q, k, v):
    """Products with the matrix of weights between them."""
    return weights(q / math.sqrt(q.shape[-1]) @ k.mT) @ v


def flash_with_sink(q, k, v):
    """The kernel below the fused operator also says what its softmax divided by, from which the sink's share follows."""
    y, log_sum = torch.ops.aten._scaled_dot_product_flash_attention_for_cpu(q, k, v)
    return y.mul_(torch.sigmoid(log_sum - SINK).unsqueeze(-1).to(y.dtype))


def variants(case):
    """Names and functions of queries, keys and values. Results are new tensors."""
    if case.operation == "attention":
        fused = functools.partial(F.scaled_dot_product_attention, is_causal=case.causal and case.queries > 1, enable_gqa=case.group > 1)
        yield "torch", fused
        return
    value = functools.partial(composed, WEIGHTS[case.operation])
    yield "torch", value
    torch._dynamo.reset()
    # The package searches in functions that the compiler takes for opaque.
    if case.operation != "attention_entmax15":
        yield "torch.compile", torch.compile(value, dynamic=False)
    if case.operation == "attention_softmax_sink":
        yield "torch flash", flash_with_sink
