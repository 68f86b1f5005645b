"""-log p of every value with its gradient by the raw outputs, on panels.

One kernel for each distribution, compiled when a model first needs it; the folder `distributions` derives
the formulas. Each takes a table of ``places``, one row per feature: where its raw outputs, its values and its results
are in a panel (in units of one row of lanes), and how many raw outputs and components it has. It reads raw outputs and
values from `acts`, and writes -log p to `nll` (panels, features, width) and its gradient to `dacts`. What they make of
a NaN is anything, and none knows of a reserve or of atoms: `amendments` come after them.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from made_np.backends._numba.compiling import exact, index, inlined, inner, kernel, width
from made_np.backends._numba.elementary import exp, expm1, log, log1p, sigmoid, softplus
from made_np.backends._numba.shares import added, begin_mixture, finish_mixture, from_top, softmax_beside_top
from made_np.distributions.plain import LOG_LIMIT, MOST_DOUBLE, MOST_SINGLE

HALF_LOG_2PI = 0.9189385332046727
WIDEST = float(np.finfo(np.float64).max)


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
def nll_of_code(rest: Any, total: Any, inverse: Any, raw: Any, one: Any) -> Any:
    """Return log(1 + rest) - raw, given 1 + rest and its inverse, with all digits where rest is small and raw is 0.

    What the total has lost of the rest comes back by the slope of the logarithm.
    """
    return (log(total) + (rest - (total - one)) * inverse) - raw


@kernel
def categorical(places: Any, numbers: Any, acts: Any, dacts: Any, nll: Any, sizes: Any, begin: int, end: int) -> None:
    """-log p of a code: see `of_codes`."""
    w = index(width(acts))
    scratch = np.empty(3 * width(acts), acts.dtype)
    codes = np.empty(width(acts), np.int64)
    for panel in range(begin, end):
        for i in range(len(places)):
            at = index(places[i, 0] + panel * sizes[0]) * w
            x = index(places[i, 1] + panel * sizes[0]) * w
            to = index(places[i, 2] + panel * sizes[1]) * w
            for lane in range(w):
                codes[lane] = code_of(acts[x + lane])
            of_codes(codes, acts, dacts, at, places[i, 3], scratch)
            for lane in range(w):
                nll[to + lane] = scratch[lane]


@inner
def of_codes(codes: Any, acts: Any, dacts: Any, at: Any, n: int, scratch: Any) -> None:
    """Write -log p of a code in each lane to the begin of `scratch`, and its gradient by n raw outputs to dacts.

    It is log1p(rest) - (raw_x - top), with the slope p - onehot(x), where p_x is short of 1 by rest + (1 - e_x) shares.
    """
    w = index(width(acts))
    one = acts.dtype.type(1)
    softmax_beside_top(acts, at, dacts, n, scratch)
    for lane in range(w):
        rest = scratch[w + lane]
        code = index(codes[lane]) * w + lane
        total = added(one, rest)
        inverse = one / total
        scratch[lane] = nll_of_code(rest, total, inverse, from_top(acts[at + code], scratch[lane]), one)
        scratch[w + lane] = inverse
        scratch[w + w + lane] = -added(rest, one - dacts[at + code]) * inverse
    for k in range(n):
        for lane in range(w):
            dacts[at + index(k) * w + lane] *= scratch[w + lane]
    for lane in range(w):
        dacts[at + index(codes[lane]) * w + lane] = scratch[w + w + lane]


@inner
def code_of(value: Any) -> Any:
    """Return a code as a whole number; that of NaN, whose loss is put aside, is 0."""
    return 0 if np.isnan(value) else np.int64(value)


@exact
def held(e: Any, m: Any, most: Any) -> Any:
    """Return e, but no further from 0 than `most`, and NaN where m is infinite: see `held` in `plain`."""
    e = most if e > most else e
    e = -most if e < -most else e
    return e + (m - m)


@kernel
def gaussian(places: Any, numbers: Any, acts: Any, dacts: Any, nll: Any, sizes: Any, begin: int, end: int) -> None:
    """e^2 / 2 + log s + log(2 pi) / 2 with e = (x - m) / s, and its slopes."""
    w = index(width(acts))
    real = acts.dtype.type
    most = real(MOST_SINGLE if acts.itemsize == 4 else MOST_DOUBLE)
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
                m = acts[at + lane]
                e = held((acts[x + lane] - m) / s, m, most)
                nll[to + lane] = e * e * halved + log(s) + constant
                dacts[at + lane] = -e / s
                dacts[at + w + lane] = slope_of_scale(e, sigmoid(z) / s, one)


@exact
def slope_of_scale(e: Any, quotient: Any, one: Any) -> Any:
    """Return (1 - e^2) g' / s, of which the quotient comes first: over s alone, the square might overflow."""
    return (one - e * e) * quotient


@kernel
def gaussian_exp(places: Any, numbers: Any, acts: Any, dacts: Any, nll: Any, sizes: Any, begin: int, end: int) -> None:
    """As `gaussian`, with s = least + e^raw, whose exponent goes no further than the limit."""
    w = index(width(acts))
    real = acts.dtype.type
    one = real(1)
    halved = real(0.5)
    constant = real(HALF_LOG_2PI)
    limit = real(LOG_LIMIT)
    most = real(MOST_SINGLE if acts.itemsize == 4 else MOST_DOUBLE)
    for panel in range(begin, end):
        for i in range(len(places)):
            at = index(places[i, 0] + panel * sizes[0]) * w
            x = index(places[i, 1] + panel * sizes[0]) * w
            to = index(places[i, 2] + panel * sizes[1]) * w
            least = real(numbers[i, 0])
            for lane in range(w):
                z = acts[at + w + lane]
                exponent = limit if z > limit else z
                g = exp(-limit if exponent < -limit else exponent)
                s = g + least
                m = acts[at + lane]
                e = held((acts[x + lane] - m) / s, m, most)
                nll[to + lane] = e * e * halved + log(s) + constant
                dacts[at + lane] = -e / s
                slope = slope_of_scale(e, g / s, one)
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
    most = real(MOST_SINGLE if acts.itemsize == 4 else MOST_DOUBLE)
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
                    e = held((acts[x + lane] - acts[m + lane]) / s, acts[m + lane], most)
                    # so far the slopes of -log p_k; the share of component k comes in at the end
                    dacts[m + lane] = -e / s
                    dacts[z + lane] = slope_of_scale(e, sigmoid(raw_scale) / s, one)
                    own = from_top(acts[logit + lane], scratch[lane]) if n > 1 else zero
                    scratch[joint + lane] = own - e * e * halved - constant - log(s)
            finish_mixture(dacts, at, nll, to, n, scratch, logits)


@kernel
def logistics(places: Any, numbers: Any, acts: Any, dacts: Any, nll: Any, sizes: Any, begin: int, end: int) -> None:
    """-log sum_k w_k p_k(x), each -log p_k = a + 2 log(1 + e^-a) + log s with a the size of e = (x - m) / s.

    With q = e^-a - 1, its slope tanh(a / 2) is -q / (2 + q), which has all its digits near 0.
    """
    w = index(width(acts))
    real = acts.dtype.type
    zero = real(0)
    one = real(1)
    two = real(2)
    most = real(MOST_SINGLE if acts.itemsize == 4 else MOST_DOUBLE)
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
                    e = held((acts[x + lane] - acts[m + lane]) / s, acts[m + lane], most)
                    q = expm1(-abs(e))
                    de = q / (two + q) if e < zero else -q / (two + q)
                    dacts[m + lane] = -de / s
                    dacts[z + lane] = (one - e * de) * (sigmoid(raw_scale) / s)
                    own = from_top(acts[logit + lane], scratch[lane]) if n > 1 else zero
                    scratch[joint + lane] = own - abs(e) - two * log1p(one + q) - log(s)
            finish_mixture(dacts, at, nll, to, n, scratch, logits)


@kernel
def discretized(places: Any, numbers: Any, acts: Any, dacts: Any, nll: Any, sizes: Any, begin: int, end: int) -> None:
    """-log sum_k w_k P_k(x), P_k a logistic's mass in the bin of x; in double precision, since bins are narrow.

    Where they leave little, that is sum_k w_k (1 - P_k), whose logarithm has digits that log P_k would not leave.
    """
    w = index(width(acts))
    one = acts.dtype.type(1)
    most = MOST_SINGLE if acts.itemsize == 4 else MOST_DOUBLE
    scratch = np.empty((2 + np.max(places[:, 4])) * width(acts), acts.dtype)
    left = np.empty(width(acts), np.float64)
    weight = np.empty(width(acts), np.float64)
    rests = np.empty(width(acts), np.float64)
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
            left[:] = 0.0
            for k in range(n):
                m = at + (logits + index(k)) * w
                z = at + (logits + index(n + k)) * w
                logit = at + index(k) * w
                joint = index(2 + k) * w
                for lane in range(w):
                    weight[lane] = dacts[logit + lane] if n > 1 else one
                for lane in range(w):
                    value = np.float64(acts[x + lane])
                    scale = np.float64(acts[z + lane])
                    s = half * softplus(scale) + least
                    d = 1 / (s if s < WIDEST else WIDEST)
                    (b, a) = edges(value - half, half, np.float64(acts[m + lane]), scale, d, most)
                    lower = value > 0
                    upper = value < levels - 1
                    (log_p, above, below, gd) = mass_of_bin(a, b, d, lower, upper)
                    dacts[m + lane] = (above - below) * d * half
                    dacts[z + lane] = (a * above - b * below + gd) * d * half * sigmoid(scale)
                    own = from_top(np.float64(acts[logit + lane]), np.float64(scratch[lane])) if n > 1 else 0.0
                    scratch[joint + lane] = log_p + own
                    rests[lane] = above + below
                for lane in range(w):
                    left[lane] += rests[lane] * weight[lane]
            finish_mixture(dacts, at, nll, to, n, scratch, logits)
            for lane in range(w):
                nll[to + lane] = -log1p(-left[lane]) if left[lane] < 0.5 else nll[to + lane]


@inlined
def mass_of_bin(a: float, b: float, d: float, lower: bool, upper: bool) -> tuple[float, float, float, float]:
    """Return log P, sigmoid(-a), sigmoid(b) and d / (e^d - 1), of those whose edge is not open."""
    ea = exp(-abs(a))
    eb = exp(-abs(b))
    ra = 1 / (1 + ea)
    rb = 1 / (1 + eb)
    above = (ra if a < 0 else ea * ra) if upper else 0.0
    below = (eb * rb if b < 0 else rb) if lower else 0.0
    log_p = (a if upper and a < 0 else 0.0) - (0.0 if b < 0 or not lower else b)
    factors = (ra if upper else 1.0) * (rb if lower else 1.0)  # one logarithm does for all
    gd = 0.0
    if lower and upper:
        rest = -expm1(-d)
        factors *= rest
        gd = d * exp(-d) / rest
    return log_p + log(factors), above, below, gd


@exact
def edges(centre: float, half: float, m: float, scale: float, d: float, most: float) -> tuple[float, float]:
    """Return the edges of a bin in scales, the lower one first, given the raw mean and the raw scale.

    Its centre is counted from the middle of the levels, as means are: near it no digit of a raw one is lost.
    """
    mean = half * m + ((m - m) + (scale - scale))  # NaN where they are infinite
    lower = (centre - 0.5 - mean) * d
    upper = (centre + 0.5 - mean) * d
    lower = most if lower > most else lower
    upper = most if upper > most else upper
    return -most if lower < -most else lower, -most if upper < -most else upper


@kernel
def collect(features: Any, n: int, nll: Any, row_nll: Any, feature_nll: Any, begin: int, end: int) -> None:
    """Add up each row's nll over features; `row_nll` (B,) and `feature_nll` (B, D) are overwritten, or empty."""
    n_places = len(features)
    w = width(nll)
    for panel in range(begin, end):
        here = min(w, n - panel * w)
        if len(row_nll):
            add_up(nll, n_places, panel, here, row_nll)
        if len(feature_nll):
            for place in range(n_places):
                at = index((panel * n_places + place) * w)
                feature = index(features[place, 0])
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
