"""JAX on the CPU, compiled ahead of time for the shapes. Results are new arrays: its API has no other way."""

import math

import jax
import jax.numpy as jnp
import numpy as np

from .. import attention, operations
from . import Unsupported

jax.config.update("jax_platforms", "cpu")
jax.config.update("jax_cpu_enable_async_dispatch", False)


def rms_norm(x, gain):
    return x * jax.lax.rsqrt((x * x).mean(-1, keepdims=True) + operations.EPSILON) * gain


def layer_norm(x, gain, bias):
    d = x - x.mean(-1, keepdims=True)
    return d * jax.lax.rsqrt((d * d).mean(-1, keepdims=True) + operations.EPSILON) * gain + bias


def sparsemax(x):
    z = -jnp.sort(-x, -1)
    count = jnp.arange(1, x.shape[-1] + 1, dtype=x.dtype)
    tau = (jnp.cumsum(z, -1) - 1) / count
    support = (z > tau).sum(-1, keepdims=True)
    return jnp.maximum(x - jnp.take_along_axis(tau, support - 1, -1), 0)


def entmax15(x):
    x = (x - x.max(-1, keepdims=True)) / 2
    z = -jnp.sort(-x, -1)
    count = jnp.arange(1, x.shape[-1] + 1, dtype=x.dtype)
    mean = jnp.cumsum(z, -1) / count
    variance = jnp.cumsum(z * z, -1) - count * mean * mean
    tau = mean - jnp.sqrt(jnp.maximum(0, (1 - variance) / count))
    support = (z >= tau).sum(-1, keepdims=True)
    return jnp.maximum(x - jnp.take_along_axis(tau, support - 1, -1), 0)**2


VALUES = {
    "softmax": lambda x: jax.nn.softmax(x, -1),
    "softmax_across": lambda x: jax.nn.softmax(x, 0),
    "scale_bias_softmax": lambda x, bias: jax.nn.softmax(operations.SCALE * x + bias, -1),
    "rms_norm": rms_norm,
    "layer_norm": layer_norm,
    "norm_gate": lambda x, pre, gain: rms_norm(x, gain) * jax.nn.silu(pre),
    "swiglu": lambda gate, value: jax.nn.silu(gate) * value,
    "sparsemax": sparsemax,
    "entmax15": entmax15,
    "matmul": lambda a, b: jnp.matmul(a, b, preferred_element_type=jnp.float32),
    "topk": lambda x: jax.lax.top_k(x, operations.K),
    "softmax_topk": lambda x: jax.lax.top_k(jax.nn.softmax(x, -1), operations.K),
}


def fused_attention(case):
    """Its own operator, in whose layout heads come after positions; the compiler sees the transpositions."""
    def value(q, k, v):
        swap = lambda x: jnp.swapaxes(x, 1, 2)  # noqa: E731
        return swap(jax.nn.dot_product_attention(swap(q), swap(k), swap(v), is_causal=case.causal))

    return value


def softpick(x):
    m = jnp.maximum(x.max(-1, keepdims=True), 0)
    d = jnp.exp(x - m) - jnp.exp(-m)
    return jnp.maximum(d, 0) / (jnp.abs(d).sum(-1, keepdims=True) + 1e-8)


def with_sink(x):
    sink = jnp.full((*x.shape[:-1], 1), attention.SINK, x.dtype)
    return jax.nn.softmax(jnp.concatenate([x, sink], -1), -1)[..., :-1]


WEIGHTS = {
    "attention": VALUES["softmax"],
    "attention_softpick": softpick,
    "attention_sigmoid_weights": lambda x: jax.nn.sigmoid(x + attention.BIAS),
    "attention_softmax_sink": with_sink,
    "attention_entmax15": entmax15,
}


def composed_attention(case):
    """Products with the matrix of weights between them, f32 as in the operator."""
    def value(q, k, v):
        scores = jnp.matmul(q, jnp.swapaxes(k, 2, 3), preferred_element_type=jnp.float32) / math.sqrt(case.depth)
        if case.causal:
            scores = jnp.where(jnp.tri(case.queries, case.keys, case.keys - case.queries, dtype=bool), scores, -jnp.inf)
        return jnp.matmul(WEIGHTS[case.operation](scores).astype(v.dtype), v)

    return value


def value_of(case):
    """The function of a case's inputs."""
    if case.operation == "attention":
        return fused_attention(case)
    if case.operation in WEIGHTS:
        return composed_attention(case)
    if case.operation not in VALUES:
        raise Unsupported("no such operation")
    return VALUES[case.operation]


def first(result):
    return result[0] if isinstance(result, (list, tuple)) else result


class Peer:
    name = "jax"

    def __init__(self, threads):
        jax.devices()  # Fails here, where a failure has a name.
        self.version = jax.__version__

    def prepare(self, case, inputs):
        case, inputs = attention.as_queries(case, inputs)
        yield from self.variants("jax", value_of(case), inputs)
        if case.operation == "attention":
            yield from self.variants("jax composed", composed_attention(case), inputs)

    def variants(self, name, value, inputs):
        arrays = [jnp.asarray(x) for x in inputs]
        compiled = jax.jit(value).lower(*arrays).compile()
        yield name, lambda: jax.block_until_ready(compiled(*arrays)), lambda: np.asarray(first(compiled(*arrays)))
