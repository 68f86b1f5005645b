"""-log p of every value with its gradient by the raw outputs, on panels.

One kernel for each distribution, compiled when a model first needs it; the folder `distributions` derives
the formulas. Each takes a table of ``places``, one row per feature: where its raw outputs, its values and its results
are in a panel (in units of one row of lanes), and how many raw outputs and components it has. It reads raw outputs and
values from `acts`, and writes -log p to `nll` (panels, features, width) and its gradient to `dacts`. What they make of
a NaN is anything, and none knows of a reserve: `amendments` come after them.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from made_np.backends._numba.compiling import exact, index, inner, kernel, width
from made_np.backends._numba.elementary import exp, log, log1p, sigmoid, softplus
from made_np.distributions.plain import LOG_LIMIT

HALF_LOG_2PI = 0.9189385332046727


@kernel
def bernoulli(places: Any, numbers: Any, acts: Any, dacts: Any, nll: Any, sizes: Any, begin: int, end: int) -> None:
    """Softplus of s z with s = 1 - 2x, and its slope s sigmoid(s z), from one exponential."""
    w = index(width(acts))
    zero = acts.dtype.type(0)
    one = acts.dtype.type(1)
    two = acts.dtype.type(2)
    for panel in range(begin, end):
        i = 0
        while i < len(places):
            last = end_of_run(places, i)
            at = index(places[i, 0]) * w
            x = index(places[i, 1]) * w
            to = index(places[i, 2] + panel * sizes[1]) * w
            at = at + index(panel * sizes[0]) * w
            x = x + index(panel * sizes[0]) * w
            for k in range(index(last - i) * w):
                s = one - two * acts[x + k]
                t = s * acts[at + k]
                e = exp(-abs(t))
                r = one / (one + e)
                nll[to + k] = log1p(e) if t < zero else t + log1p(e)
                dacts[at + k] = s * e * r if t < zero else s * r
            i = last


@inner
def end_of_run(places: Any, i: int) -> int:
    """Return where the binary features end that stand side by side from the i-th on."""
    last = i + 1
    while (
        last < len(places) and places[last, 0] == places[last - 1, 0] + 1 and places[last, 1] == places[last - 1, 1] + 1
    ):
        last += 1
    return last


@exact
def from_top(raw: Any, top: Any) -> Any:
    """Return raw - top, before either meets another number: what all raw outputs have in common costs no digits."""
    return raw - top


@inner
def softmax(source: Any, at: Any, target: Any, to: Any, n: int, scratch: Any) -> None:
    """Write e^(raw - top) of n raw outputs to the target; `scratch` begins with top, and then their sum."""
    w = index(width(source))
    for lane in range(w):
        scratch[lane] = source[at + lane]
        scratch[w + lane] = source.dtype.type(0)
    for k in range(1, n):
        for lane in range(w):
            value = source[at + index(k) * w + lane]
            scratch[lane] = scratch[lane] if value <= scratch[lane] else value
    for k in range(n):
        for lane in range(w):
            e = exp(from_top(source[at + index(k) * w + lane], scratch[lane]))
            target[to + index(k) * w + lane] = e
            scratch[w + lane] += e


@kernel
def categorical(places: Any, numbers: Any, acts: Any, dacts: Any, nll: Any, sizes: Any, begin: int, end: int) -> None:
    """log sum e^raw - raw_x, and its slope p - onehot(x)."""
    w = index(width(acts))
    one = acts.dtype.type(1)
    scratch = np.empty(2 * width(acts), acts.dtype)
    for panel in range(begin, end):
        for i in range(len(places)):
            at = index(places[i, 0] + panel * sizes[0]) * w
            x = index(places[i, 1] + panel * sizes[0]) * w
            to = index(places[i, 2] + panel * sizes[1]) * w
            n = places[i, 3]
            softmax(acts, at, dacts, at, n, scratch)
            for lane in range(w):
                code = code_of(acts[x + lane]) * w + lane
                nll[to + lane] = log(scratch[w + lane]) - from_top(acts[at + code], scratch[lane])
                scratch[w + lane] = one / scratch[w + lane]
            for k in range(n):
                for lane in range(w):
                    dacts[at + index(k) * w + lane] *= scratch[w + lane]
            for lane in range(w):
                dacts[at + code_of(acts[x + lane]) * w + lane] -= one


@inner
def code_of(value: Any) -> Any:
    """Return a code as a place; that of NaN, whose loss is put aside, is 0."""
    return index(0) if np.isnan(value) else index(value)


@kernel
def gaussian(places: Any, numbers: Any, acts: Any, dacts: Any, nll: Any, sizes: Any, begin: int, end: int) -> None:
    """e^2 / 2 + log s + log(2 pi) / 2 with e = (x - m) / s, and its slopes."""
    w = index(width(acts))
    real = acts.dtype.type
    one = real(1)
    halved = real(0.5)
    constant = real(HALF_LOG_2PI)
    for panel in range(begin, end):
        for i in range(len(places)):
            at = index(places[i, 0] + panel * sizes[0]) * w
            x = index(places[i, 1] + panel * sizes[0]) * w
            to = index(places[i, 2] + panel * sizes[1]) * w
            least = real(numbers[i, 0])
            for lane in range(w):
                z = acts[at + w + lane]
                s = softplus(z) + least
                e = (acts[x + lane] - acts[at + lane]) / s
                nll[to + lane] = e * e * halved + log(s) + constant
                dacts[at + lane] = -e / s
                dacts[at + w + lane] = (one - e * e) / s * sigmoid(z)


@exact
def slope_of_exponent(e: Any, g: Any, s: Any, one: Any) -> Any:
    """Return (1 - e^2) g / s with the quotient first: over s alone, the square might overflow."""
    return (one - e * e) * (g / s)


@kernel
def gaussian_exp(places: Any, numbers: Any, acts: Any, dacts: Any, nll: Any, sizes: Any, begin: int, end: int) -> None:
    """As `gaussian`, with s = least + e^raw, whose exponent goes no further than the limit."""
    w = index(width(acts))
    real = acts.dtype.type
    one = real(1)
    halved = real(0.5)
    constant = real(HALF_LOG_2PI)
    limit = real(LOG_LIMIT)
    for panel in range(begin, end):
        for i in range(len(places)):
            at = index(places[i, 0] + panel * sizes[0]) * w
            x = index(places[i, 1] + panel * sizes[0]) * w
            to = index(places[i, 2] + panel * sizes[1]) * w
            least = real(numbers[i, 0])
            for lane in range(w):
                z = acts[at + w + lane]
                held = limit if z > limit else z
                held = -limit if held < -limit else held
                g = exp(held)
                s = g + least
                e = (acts[x + lane] - acts[at + lane]) / s
                nll[to + lane] = e * e * halved + log(s) + constant
                dacts[at + lane] = -e / s
                slope = slope_of_exponent(e, g, s, one)
                dacts[at + w + lane] = slope * real(0) if abs(z) > limit else slope


@kernel
def gaussians(places: Any, numbers: Any, acts: Any, dacts: Any, nll: Any, sizes: Any, begin: int, end: int) -> None:
    """-log sum_k w_k p_k(x), each p_k as in `gaussian`."""
    w = index(width(acts))
    real = acts.dtype.type
    zero = real(0)
    one = real(1)
    halved = real(0.5)
    constant = real(HALF_LOG_2PI)
    scratch = np.empty((2 + np.max(places[:, 4])) * width(acts), acts.dtype)
    for panel in range(begin, end):
        for i in range(len(places)):
            at = index(places[i, 0] + panel * sizes[0]) * w
            x = index(places[i, 1] + panel * sizes[0]) * w
            to = index(places[i, 2] + panel * sizes[1]) * w
            n = places[i, 4]
            least = real(numbers[i, 0])
            logits = begin_mixture(acts, dacts, at, nll, to, n, scratch)
            for k in range(n):
                m = at + (logits + index(k)) * w
                z = at + (logits + index(n + k)) * w
                logit = at + index(k) * w
                joint = index(2 + k) * w
                for lane in range(w):
                    raw_scale = acts[z + lane]
                    s = softplus(raw_scale) + least
                    e = (acts[x + lane] - acts[m + lane]) / s
                    # so far the slopes of -log p_k; the share of component k comes in at the end
                    dacts[m + lane] = -e / s
                    dacts[z + lane] = (one - e * e) * sigmoid(raw_scale) / s
                    own = from_top(acts[logit + lane], scratch[lane]) if n > 1 else zero
                    scratch[joint + lane] = own - e * e * halved - constant - log(s)
            finish_mixture(dacts, at, nll, to, n, scratch, logits)


@kernel
def logistics(places: Any, numbers: Any, acts: Any, dacts: Any, nll: Any, sizes: Any, begin: int, end: int) -> None:
    """-log sum_k w_k p_k(x), each -log p_k = e + 2 log(1 + e^-e) + log s with e = (x - m) / s."""
    w = index(width(acts))
    real = acts.dtype.type
    zero = real(0)
    one = real(1)
    two = real(2)
    scratch = np.empty((2 + np.max(places[:, 4])) * width(acts), acts.dtype)
    for panel in range(begin, end):
        for i in range(len(places)):
            at = index(places[i, 0] + panel * sizes[0]) * w
            x = index(places[i, 1] + panel * sizes[0]) * w
            to = index(places[i, 2] + panel * sizes[1]) * w
            n = places[i, 4]
            least = real(numbers[i, 0])
            logits = begin_mixture(acts, dacts, at, nll, to, n, scratch)
            for k in range(n):
                m = at + (logits + index(k)) * w
                z = at + (logits + index(n + k)) * w
                logit = at + index(k) * w
                joint = index(2 + k) * w
                for lane in range(w):
                    raw_scale = acts[z + lane]
                    s = softplus(raw_scale) + least
                    e = (acts[x + lane] - acts[m + lane]) / s
                    de = one - two * sigmoid(-e)
                    dacts[m + lane] = -de / s
                    dacts[z + lane] = (one - e * de) * sigmoid(raw_scale) / s
                    own = from_top(acts[logit + lane], scratch[lane]) if n > 1 else zero
                    scratch[joint + lane] = own - e - two * softplus(-e) - log(s)
            finish_mixture(dacts, at, nll, to, n, scratch, logits)


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


@kernel
def discretized(places: Any, numbers: Any, acts: Any, dacts: Any, nll: Any, sizes: Any, begin: int, end: int) -> None:
    """-log sum_k w_k P_k(x), P_k a logistic's mass in the bin of x; in double precision, since bins are narrow."""
    w = index(width(acts))
    scratch = np.empty((2 + np.max(places[:, 4])) * width(acts), acts.dtype)
    for panel in range(begin, end):
        for i in range(len(places)):
            at = index(places[i, 0] + panel * sizes[0]) * w
            x = index(places[i, 1] + panel * sizes[0]) * w
            to = index(places[i, 2] + panel * sizes[1]) * w
            n = places[i, 4]
            least = numbers[i, 0]
            levels = numbers[i, 1]
            half = (levels - 1) / 2
            logits = begin_mixture(acts, dacts, at, nll, to, n, scratch)
            for k in range(n):
                m = at + (logits + index(k)) * w
                z = at + (logits + index(n + k)) * w
                logit = at + index(k) * w
                joint = index(2 + k) * w
                for lane in range(w):
                    value = np.float64(acts[x + lane])
                    scale = np.float64(acts[z + lane])
                    d = 1 / (half * softplus(scale) + least)
                    b = (value - 0.5 - half * (1 + np.float64(acts[m + lane]))) * d
                    a = b + d
                    lower = value > 0
                    upper = value < levels - 1
                    above = sigmoid(-a) if upper else 0.0
                    below = sigmoid(b) if lower else 0.0
                    log_p = -(softplus(-a) if upper else 0.0) - (softplus(b) if lower else 0.0)
                    gd = 0.0
                    if lower and upper:
                        e = exp(-d)
                        rest = 1 - e if d > 1e-5 else d * (1 - d / 2)
                        log_p += log(rest)
                        gd = d * e / rest
                    dacts[m + lane] = (above - below) * d * half
                    dacts[z + lane] = (a * above - b * below + gd) * d * half * sigmoid(scale)
                    own = from_top(np.float64(acts[logit + lane]), np.float64(scratch[lane])) if n > 1 else 0.0
                    scratch[joint + lane] = log_p + own
            finish_mixture(dacts, at, nll, to, n, scratch, logits)


@kernel
def collect(tables: Any, n: int, nll: Any, row_nll: Any, feature_nll: Any, begin: int, end: int) -> None:
    """Add up each row's nll over features; `row_nll` (B,) and `feature_nll` (B, D) are overwritten, or empty."""
    n_places = len(tables.features)
    w = width(nll)
    for panel in range(begin, end):
        here = min(w, n - panel * w)
        if len(row_nll):
            add_up(nll, n_places, panel, here, row_nll)
        if len(feature_nll):
            for place in range(n_places):
                at = index((panel * n_places + place) * w)
                feature = index(tables.features[place, 0])
                for lane in range(here):
                    feature_nll[index(panel * w + lane), feature] = nll[at + index(lane)]


@inner
def add_up(nll: Any, n_places: int, panel: int, here: int, row_nll: Any) -> None:
    """Write the nll of a panel's rows, added up in double precision."""
    w = width(nll)
    total = np.zeros(w, np.float64)
    for place in range(n_places):
        at = index((panel * n_places + place) * w)
        for lane in range(index(w)):
            total[lane] += nll[at + lane]
    for lane in range(here):
        row_nll[panel * w + lane] = total[lane]


KERNELS = (bernoulli, categorical, gaussian, gaussians, logistics, discretized, gaussian_exp)
"""By the number of the distribution in the tables."""
