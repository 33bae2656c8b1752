"""Gated units, act(gate) times value, and gates."""

import math

from . import activations, special, wide
from .wide import clip, maximum, minimum


def glu(row, value):
    return special.sigmoid(row.x) * value


def gtu(row, value):
    return special.sigmoid(row.x) * wide.tanh(value)


def bilinear(row, value):
    return row.x * value


def reglu(row, value):
    return activations.relu(row) * value


def geglu(row, value):
    return activations.gelu(row) * value


def geglu_tanh(row, value):
    return activations.gelu_tanh(row) * value


def swiglu(row, value):
    return activations.silu(row) * value


def goglu(row, value):
    return activations.golu(row) * value


def atglu(row, value):
    return activations.atlu(row) * value


def xatglu(row, value, alpha):
    return activations.xatlu(row, alpha) * value


def xgeglu(row, value, alpha):
    return activations.xgelu(row, alpha) * value


def xswiglu(row, value, alpha):
    return activations.xsilu(row, alpha) * value


def clamped_swiglu(row, value):
    g = minimum(row.x, 7)
    return special.times(g, special.sigmoid(1.702 * g), 0.0) * (clip(value, -7, 7) + 1)


def sigmoid_gate(row, value):
    return special.sigmoid(row.x) * value


def blend(row, value, carry):
    return special.sigmoid(row.x) * value + special.sigmoid(-row.x) * carry


def residual_gate(row, value, carry):
    return carry + special.sigmoid(row.x) * value


def idea_gate(row, g, alpha, beta):
    return row.x + maximum(-alpha * special.softplus(-g), beta)


def sapo(row, tau):
    r = clip(row.x, math.exp(-20), math.exp(20))
    return 4 / tau * special.sigmoid(tau * (r - 1))
