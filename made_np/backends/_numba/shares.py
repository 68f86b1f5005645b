"""Shares of 1 that raw outputs stand for: of codes, of components in a mixture, of these in the density of a value.

All are softmaxes. `losses` has the kernels that use them, and what their arguments are.
"""

from __future__ import annotations

from typing import Any

from made_np.backends._numba.compiling import exact, index, inner, width
from made_np.backends._numba.elementary import exp, log


@exact
def from_top(raw: Any, top: Any) -> Any:
    """Return raw - top, before either meets another number: what all raw outputs have in common costs no digits."""
    return raw - top


@inner
def find_top(source: Any, at: Any, n: int, scratch: Any) -> None:
    """Write the largest of n raw outputs to the begin of `scratch`, and zeros behind it."""
    w = index(width(source))
    for lane in range(w):
        scratch[lane] = source[at + lane]
        scratch[w + lane] = source.dtype.type(0)
    for k in range(1, n):
        for lane in range(w):
            value = source[at + index(k) * w + lane]
            scratch[lane] = scratch[lane] if value <= scratch[lane] else value


@inner
def softmax(source: Any, at: Any, target: Any, to: Any, n: int, scratch: Any) -> None:
    """Write e^(raw - top) of n raw outputs to the target; `scratch` begins with top, and then their sum."""
    w = index(width(source))
    find_top(source, at, n, scratch)
    for k in range(n):
        for lane in range(w):
            e = exp(from_top(source[at + index(k) * w + lane], scratch[lane]))
            target[to + index(k) * w + lane] = e
            scratch[w + lane] += e


@inner
def softmax_beside_top(source: Any, at: Any, target: Any, n: int, scratch: Any) -> None:
    """As `softmax`, but the sum is without one of the largest, which is 1: what is small beside it keeps its digits."""
    w = index(width(source))
    one = source.dtype.type(1)
    zero = source.dtype.type(0)
    find_top(source, at, n, scratch)
    for lane in range(w):
        scratch[w + w + lane] = -one
    for k in range(n):
        for lane in range(w):
            below = from_top(source[at + index(k) * w + lane], scratch[lane])
            e = exp(below)
            target[at + index(k) * w + lane] = e
            scratch[w + lane] += zero if below == zero else e
            scratch[w + w + lane] += one if below == zero else zero
    for lane in range(w):
        scratch[w + lane] = added(scratch[w + lane], scratch[w + w + lane])


@exact
def added(a: Any, b: Any) -> Any:
    """Return a + b, each of which is whole before they meet."""
    return a + b


@inner
def begin_mixture(acts: Any, dacts: Any, at: Any, nll: Any, to: Any, n: int, scratch: Any) -> Any:
    """Write log sum e^(logit - top) to nll and the weights to dacts; return how many logits there are.

    `scratch` begins with top, the largest logit: that which `finish_mixture` takes them to be less than.
    """
    w = index(width(acts))
    if n == 1:
        for lane in range(w):
            nll[to + lane] = acts.dtype.type(0)
        return index(0)
    softmax(acts, at, dacts, at, n, scratch)
    for lane in range(w):
        nll[to + lane] = log(scratch[w + lane])
        scratch[w + lane] = acts.dtype.type(1) / scratch[w + lane]
    for k in range(n):
        for lane in range(w):
            dacts[at + index(k) * w + lane] *= scratch[w + lane]
    return index(n)


@inner
def finish_mixture(dacts: Any, at: Any, nll: Any, to: Any, n: int, scratch: Any, logits: Any) -> None:
    """Give each component its share of the gradient.

    From the third on, `scratch` holds logit_k - top + log p_k(x); dacts holds the weights and the slopes of each
    -log p_k.
    """
    w = index(width(dacts))
    own = index(2) * w
    softmax(scratch, own, scratch, own, n, scratch)
    for lane in range(w):
        nll[to + lane] -= log(scratch[w + lane]) + scratch[lane]
        scratch[w + lane] = dacts.dtype.type(1) / scratch[w + lane]
    for k in range(n):
        for lane in range(w):
            share = scratch[own + index(k) * w + lane] * scratch[w + lane]
            dacts[at + (logits + index(k)) * w + lane] *= share
            dacts[at + (logits + index(n + k)) * w + lane] *= share
            if n > 1:
                dacts[at + index(k) * w + lane] -= share
