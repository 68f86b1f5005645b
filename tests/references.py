"""What each distribution says of a value, from its formula, in 100 digits.

Nothing here is taken from made_np but the arguments of a distribution. Numbers are mpmath's, whose exponents have no
end: sums of positive terms lose nothing, so each formula is written as one, not as a difference.

Beside each number stands its `size`: what an error of 1 in the last digit of the terms that it is made of can be in it.
Where a value is its only term that is the value; where terms cancel it is their sum.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import mpmath
from mpmath import mpf

DIGITS = 100
Number = Any
"""An mpf; mpmath has no types."""


class Known(NamedTuple):
    """-log p of a value and its gradient by the raw outputs, each with its size."""

    nll: Number
    nll_size: Number
    d_raw: list[Number]
    d_size: list[Number]


class Part(NamedTuple):
    """What a component says: its p and 1 - p (0 for a density), how many digits are in its log p, its slopes.

    `d_mean` and `d_scale` are those of -log p by the raw mean and the raw scale.
    """

    p: Number
    rest: Number
    terms: Number
    d_mean: Number
    d_mean_size: Number
    d_scale: Number
    d_scale_size: Number


def sigmoid(z: Number) -> Number:
    return 1 / (1 + mpmath.exp(-z))


def softplus(z: Number) -> Number:
    return mpmath.log1p(mpmath.exp(z)) if z < 0 else z + mpmath.log1p(mpmath.exp(-z))


def normal_below(z: Number) -> Number:
    return mpmath.erfc(-z / mpmath.sqrt(2)) / 2


def shares(logits: Sequence[Number]) -> tuple[list[Number], list[Number]]:
    """The softmax p, and 1 - p."""
    e = [mpmath.exp(each - max(logits)) for each in logits]
    total = mpmath.fsum(e)
    others = [mpmath.fsum(e[:k] + e[k + 1 :]) / total for k in range(len(e))]
    return [each / total for each in e], others


def minus_log(p: Number, rest: Number) -> Number:
    """-log p, given 1 - p; of a density, which has no such, 0."""
    return -mpmath.log1p(-rest) if rest and p > 0.5 else -mpmath.log(p)


# --------------------------------------------------------------------------------------------------- states


def bernoulli(output: Any, raw: list[Number], x: Number) -> Known:
    s = 1 - 2 * x
    nll = softplus(s * raw[0])
    slope = s * sigmoid(s * raw[0])
    return Known(nll, nll, [slope], [abs(slope)])


def categorical(output: Any, raw: list[Number], x: Number) -> Known:
    p, others = shares(raw)
    code = int(x)
    slopes = [-others[k] if k == code else p[k] for k in range(len(p))]
    # an exponent of size t has an error of t in the last digit
    spread = 1 + max(raw) - min(each for each in raw if each > max(raw) - 800)
    nll = minus_log(p[code], others[code])
    return Known(nll, nll * spread, slopes, [abs(slope) * spread for slope in slopes])


# --------------------------------------------------------------------------------------------- real numbers


def scale_of(output: Any, z: Number) -> tuple[Number, Number]:
    """The scale, and its slope in z."""
    if getattr(output, "scale", "softplus") == "exp":
        g = mpmath.exp(min(max(z, -30), 30))
        return g + mpf(output.min_scale), g if abs(z) <= 30 else mpf(0)
    return softplus(z) + mpf(output.min_scale), sigmoid(z)


def normal(output: Any, m: Number, z: Number, x: Number) -> Part:
    s, slope = scale_of(output, z)
    e = (x - m) / s
    return Part(
        p=mpmath.exp(-e * e / 2) / (s * mpmath.sqrt(2 * mpmath.pi)),
        rest=mpf(0),
        terms=e * e / 2 + abs(mpmath.log(s)) + 1,
        d_mean=-e / s,
        d_mean_size=abs(e / s),
        d_scale=(1 - e * e) * slope / s,
        d_scale_size=(1 + e * e) * slope / s,
    )


def logistic(output: Any, m: Number, z: Number, x: Number) -> Part:
    s, slope = scale_of(output, z)
    e = (x - m) / s
    t = mpmath.tanh(e / 2)
    return Part(
        p=sigmoid(e) * sigmoid(-e) / s,
        rest=mpf(0),
        terms=abs(e) + abs(mpmath.log(s)) + 2,
        d_mean=-t / s,
        d_mean_size=abs(t) / s,
        d_scale=(1 - e * t) * slope / s,
        d_scale_size=(1 + e * t) * slope / s,
    )


def binned(output: Any, m: Number, z: Number, x: Number) -> Part:
    """A logistic's mass between the edges a and b of a bin, ``sigmoid(a) sigmoid(-b) (1 - e^(b - a))``."""
    half = mpf(output.levels - 1) / 2
    s = half * softplus(z) + mpf(output.min_scale)
    d = 1 / s
    a = (x + 0.5 - half * (1 + m)) * d
    b = a - d
    above = sigmoid(-a) if x < output.levels - 1 else mpf(0)
    below = sigmoid(b) if x > 0 else mpf(0)
    both = above > 0 and below > 0
    inside = -mpmath.expm1(-d) if both else mpf(1)
    p = (sigmoid(a) if above else 1) * (sigmoid(-b) if below else 1) * inside
    da = above / ((sigmoid(-b) if below else 1) * inside)  # dP/da = sigmoid(a) sigmoid(-a), over P
    db = below / ((sigmoid(a) if above else 1) * inside)
    size = 1 + (abs(x - half) + abs(half * m) + 1) * d  # an edge is a difference of numbers so large
    slope = half * d * sigmoid(z)
    middle = d / mpmath.expm1(d) if both else mpf(0)
    return Part(
        p=p,
        rest=above + below,
        terms=(abs(mpmath.log(p)) if p < 0.5 else 0) + (above + below) * size,
        d_mean=half * d * (da - db),
        d_mean_size=half * d * (above + below) * size,
        d_scale=slope * (a * da - b * db),
        d_scale_size=slope * ((abs(a) * above + abs(b) * below) * size + middle),
    )


# ------------------------------------------------------------------------------------------------- mixtures


def gaussian(output: Any, raw: list[Number], x: Number) -> Known:
    return of_parts([mpf(1)], [normal(output, raw[0], raw[1], x)])


def mixture(component: Callable[..., Part]) -> Callable[..., Known]:
    def known(output: Any, raw: list[Number], x: Number) -> Known:
        n = output.n
        weights = shares(raw[:n])[0] if n > 1 else [mpf(1)]
        parts = [component(output, m, z, x) for m, z in zip(raw[-2 * n : -n], raw[-n:], strict=True)]
        found = of_parts(weights, parts)
        return beside_reserve(found, mpf(output.reserve), x) if getattr(output, "reserve", 0) else found

    return known


def of_parts(weights: list[Number], parts: list[Part]) -> Known:
    """Of ``sum_k w_k p_k``: d_logit = w - r, and the slopes of each part by its responsibility r."""
    joint = [w * part.p for w, part in zip(weights, parts, strict=True)]
    p = mpmath.fsum(joint)
    rest = mpmath.fsum(w * part.rest for w, part in zip(weights, parts, strict=True))
    r = [each / p for each in joint]
    spread = [part.terms + abs(mpmath.log(w)) for w, part in zip(weights, parts, strict=True)]
    mean_spread = mpmath.fsum(a * b for a, b in zip(r, spread, strict=True))
    if rest and rest < 0.5:
        nll_size = mpmath.fsum(w * part.terms for w, part in zip(weights, parts, strict=True))
    else:
        nll_size = mean_spread
    # what an error in the terms of all parts is in r
    sure = [1 + (1 - each) * own + mean_spread - each * own for each, own in zip(r, spread, strict=True)]
    logits = [w - each for w, each in zip(weights, r, strict=True)]
    logit_sizes = [w + each * size for w, each, size in zip(weights, r, sure, strict=True)]
    means = [each * part.d_mean for each, part in zip(r, parts, strict=True)]
    mean_sizes = [each * part.d_mean_size * size for each, part, size in zip(r, parts, sure, strict=True)]
    scales = [each * part.d_scale for each, part in zip(r, parts, strict=True)]
    scale_sizes = [each * part.d_scale_size * size for each, part, size in zip(r, parts, sure, strict=True)]
    if len(parts) == 1:
        return Known(minus_log(p, rest), nll_size, means + scales, mean_sizes + scale_sizes)
    return Known(minus_log(p, rest), nll_size, logits + means + scales, logit_sizes + mean_sizes + scale_sizes)


def beside_reserve(known: Known, reserve: Number, x: Number) -> Known:
    """Of ``(1 - r) p + r (2 + x^2)^(-3/2)``."""
    broad = reserve * (2 + x * x) ** mpf(-1.5)
    own = (1 - reserve) * mpmath.exp(-known.nll)
    share = own / (own + broad)
    terms = abs(mpmath.log(broad)) + 1
    nll_size = share * (known.nll_size + abs(mpmath.log1p(-reserve))) + (1 - share) * terms
    sure = 1 + (1 - share) * (known.nll_size + terms)
    sizes = [share * size * sure for size in known.d_size]
    return Known(-mpmath.log(own + broad), nll_size, [share * slope for slope in known.d_raw], sizes)


def with_atoms(output: Any, raw: list[Number], x: Number) -> Known:
    n = len(output.places)
    k = output.places.index(float(x)) if float(x) in output.places else n
    choice = categorical(output, raw[: n + 1], mpf(k))
    nothing = [mpf(0)] * (len(raw) - n - 1)
    if k < n:
        return Known(choice.nll, choice.nll_size, choice.d_raw + nothing, choice.d_size + nothing)
    base = BASES[type(output.base).__name__](output.base, raw[n + 1 :], x)
    return Known(
        choice.nll + base.nll,
        choice.nll_size + base.nll_size,
        choice.d_raw + base.d_raw,
        choice.d_size + base.d_size,
    )


mixture_of_gaussians = mixture(normal)
mixture_of_logistics = mixture(logistic)
BASES = {
    "Gaussian": gaussian,
    "MixtureOfGaussians": mixture_of_gaussians,
    "MixtureOfLogistics": mixture_of_logistics,
}
KNOWN: dict[str, Callable[[Any, list[Number], Number], Known]] = {
    "bernoulli": bernoulli,
    "categorical": categorical,
    "gaussian": gaussian,
    "discretized_logistic": mixture(binned),
    "mixture_of_gaussians": mixture_of_gaussians,
    "mixture_of_logistics": mixture_of_logistics,
    "with_atoms": with_atoms,
}
"""By the name that files give a distribution."""


# ------------------------------------------------------------------------------------------- masses below a value


class Masses(NamedTuple):
    """P(X < x), P(X <= x), P(X >= x) and P(X > x)."""

    below: Number
    up_to: Number
    from_here: Number
    above: Number


def of_states(p: list[Number], code: int) -> Masses:
    return Masses(*(mpmath.fsum(part) for part in (p[:code], p[: code + 1], p[code:], p[code + 1 :])))


def masses_of_bits(output: Any, raw: list[Number], x: Number) -> Masses:
    """1 is drawn where u is small: so it stands below 0."""
    return of_states([sigmoid(raw[0]), sigmoid(-raw[0])], 1 - int(x))


def masses_of_codes(output: Any, raw: list[Number], x: Number) -> Masses:
    return of_states(shares(raw)[0], int(x))


def masses_of_real(output: Any, raw: list[Number], x: Number) -> Masses:
    """Of a normal density, or of components."""
    n = getattr(output, "n", 1)
    weights = shares(raw[:n])[0] if n > 1 else [mpf(1)]
    below = sigmoid if type(output).__name__ == "MixtureOfLogistics" else normal_below
    low = mpf(0)
    high = mpf(0)
    for w, m, z in zip(weights, raw[-2 * n : -n], raw[-n:], strict=True):
        e = (x - m) / scale_of(output, z)[0]
        low += w * below(e)
        high += w * below(-e)
    r = mpf(getattr(output, "reserve", 0))
    s = mpmath.sqrt(2 + x * x)
    low = (1 - r) * low + r * (s + x) / (2 * s)
    high = (1 - r) * high + r * (s - x) / (2 * s)
    return Masses(low, low, high, high)


def masses_of_levels(output: Any, raw: list[Number], x: Number) -> Masses:
    n = output.n
    half = mpf(output.levels - 1) / 2
    weights = shares(raw[:n])[0] if n > 1 else [mpf(1)]
    parts = [
        (w, half * (1 + m), half * softplus(z) + mpf(output.min_scale))
        for w, m, z in zip(weights, raw[-2 * n : -n], raw[-n:], strict=True)
    ]

    def mass(edge: Number, side: int) -> Number:
        if not 0 < edge < output.levels - 1:
            return mpf((edge > 0) == (side > 0))
        return mpmath.fsum(w * sigmoid(side * (edge - m) / s) for w, m, s in parts)

    return Masses(mass(x - 0.5, 1), mass(x + 0.5, 1), mass(x - 0.5, -1), mass(x + 0.5, -1))


def masses_with_atoms(output: Any, raw: list[Number], x: Number) -> Masses:
    n = len(output.places)
    w = shares(raw[: n + 1])[0]
    base = masses_of_real(output.base, raw[n + 1 :], x)

    def at(is_in: Callable[[float, float], bool]) -> Number:
        return mpmath.fsum(each for each, place in zip(w, output.places, strict=False) if is_in(place, float(x)))

    return Masses(
        at(lambda place, own: place < own) + w[n] * base.below,
        at(lambda place, own: place <= own) + w[n] * base.below,
        at(lambda place, own: place >= own) + w[n] * base.above,
        at(lambda place, own: place > own) + w[n] * base.above,
    )


MASSES: dict[str, Callable[[Any, list[Number], Number], Masses]] = {
    "bernoulli": masses_of_bits,
    "categorical": masses_of_codes,
    "gaussian": masses_of_real,
    "discretized_logistic": masses_of_levels,
    "mixture_of_gaussians": masses_of_real,
    "mixture_of_logistics": masses_of_real,
    "with_atoms": masses_with_atoms,
}
