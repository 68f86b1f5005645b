"""Slow, obvious versions of what made_np does: one unit, one value, one pass at a time, in plain Python.

They share no code with the package: of a model they read its arguments, the drawn orders and degrees, and the named
views of theta.
"""

from __future__ import annotations

import decimal
import itertools
import math
from collections.abc import Sequence
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import NDArray

from made_np.distributions.levels import DiscretizedLogistic
from made_np.distributions.mixtures import MixtureOfGaussians, RealMixture
from made_np.distributions.plain import Bernoulli, Categorical, Gaussian
from made_np.model.made import MADE

Array = NDArray[Any]
Row = Sequence[float]

ACTIVATIONS = {
    "relu": lambda z: max(z, 0.0),
    "tanh": math.tanh,
    "sigmoid": lambda z: 1 / (1 + math.exp(-z)),
    "softplus": lambda z: math.log(1 + math.exp(z)),
    "elu": lambda z: z if z > 0 else math.exp(z) - 1,
    "leaky_relu": lambda z: z if z > 0 else z / 100,
    "selu": lambda z: 1.0507009873554805 * (z if z > 0 else 1.6732632423543772 * (math.exp(z) - 1)),
    "identity": lambda z: z,
    "gelu": lambda z: z * NormalDist().cdf(z),
    "silu": lambda z: z / (1 + math.exp(-z)),
}

PI = decimal.Decimal("3.14159265358979323846264338327950288419716939937511")


def upper_tail(x: decimal.Decimal) -> decimal.Decimal:
    """The normal mass above x >= 0: by its series where it is short, else by its continued fraction (A&S 26.2)."""
    with decimal.localcontext(decimal.Context(prec=50)):
        density = (-x * x / 2).exp() / (2 * PI).sqrt()
        if x < 3:
            term = total = x
            for k in range(1, 90):
                term *= x * x / (2 * k + 1)
                total += term
            return decimal.Decimal("0.5") - density * total
        fraction = x
        for k in range(400, 0, -1):
            fraction = x + k / fraction
        return density / fraction


# ------------------------------------------------------------------------------------ degrees and masks


def input_degrees(made: MADE, order: Sequence[int]) -> list[int]:
    """Degree of every input unit: one more than the place of its feature; 0 for context."""
    degrees = []
    for feature, output in enumerate(made.outputs.feature_outputs):
        for _ in range(output.n_inputs + (feature in (made.gap_inputs or ()))):
            degrees.append(list(order).index(feature) + 1)
    return degrees + [0] * made.n_context


def output_degrees(made: MADE, order: Sequence[int]) -> list[int]:
    """Degree of every raw output: one more than the place of its feature."""
    degrees = []
    for feature, output in enumerate(made.outputs.feature_outputs):
        for _ in range(output.n_raw):
            degrees.append(list(order).index(feature) + 1)
    return degrees


def mask(above: Sequence[int], below: Sequence[int], *, strict: bool = False) -> Array:
    """True where a wire may be."""
    wires = np.zeros((len(above), len(below)), dtype=bool)
    for o, degree_out in enumerate(above):
        for i, degree_in in enumerate(below):
            wires[o, i] = degree_out > degree_in if strict else degree_out >= degree_in
    return wires


def masks(made: MADE, mask_set: Any) -> tuple[list[Array], Array | None]:
    """All masks from the input to the output, and the direct one."""
    inputs, outputs = input_degrees(made, mask_set.order), output_degrees(made, mask_set.order)
    layers = [inputs, *(list(degrees) for degrees in mask_set.degrees)]
    found = [mask(above, below) for below, above in itertools.pairwise(layers)]
    if made.hidden:
        found.append(mask(outputs, layers[-1], strict=True))
    return found, mask(outputs, inputs, strict=True)[:, direct_units(made)] if made.direct else None


def direct_units(made: MADE) -> list[int]:
    """The input units that have wires to the output: all but those of wide features."""
    wired: list[bool] = []
    for feature, output in enumerate(made.outputs.feature_outputs):
        is_wide = made.direct_limit is not None and output.n_inputs > made.direct_limit
        wired += [not is_wide] * (output.n_inputs + (feature in (made.gap_inputs or ())))
    return [unit for unit, is_wired in enumerate(wired + [True] * made.n_context) if is_wired]


def skip(made: MADE, mask_set: Any, layer: int, unit: int) -> bool:
    """Whether a hidden unit adds the unit of its own number below."""
    if not made.residual or layer == 0 or made.hidden[layer] != made.hidden[layer - 1]:
        return False
    return bool(mask_set.degrees[layer][unit] >= mask_set.degrees[layer - 1][unit])


def allowed(order: Sequence[int]) -> Array:
    """[i, j]: feature j is generated before feature i."""
    n = len(order)
    before = np.zeros((n, n), dtype=bool)
    for t, feature in enumerate(order):
        for earlier in list(order)[:t]:
            before[feature, earlier] = True
    return before


def live(made: MADE, mask_set: Any) -> Array:
    """(P,) booleans: entries of theta that are biases, or weights with a wire."""
    theta = np.ones(made.n_params, dtype=bool)
    views = made.layout.views(theta)
    found, direct = masks(made, mask_set)
    for letter in "WU" if made.mask_weights else "W":
        for layer, wires in enumerate(found):
            views[f"{letter}{layer}"][:] = wires
        if direct is not None:
            views[f"{letter}_direct"][:] = direct
    return theta


# -------------------------------------------------------------------------------------------- the network


def encode(made: MADE, x: Row, context: Row | None = None) -> list[float]:
    """What the input units hold for one row."""
    units: list[float] = []
    for feature, (output, value) in enumerate(zip(made.outputs.feature_outputs, x, strict=True)):
        if math.isnan(value):
            units += [0.0] * output.n_inputs
        elif isinstance(output, Categorical):
            units += [float(value == k) for k in range(output.n)]
        elif isinstance(output, DiscretizedLogistic):
            units.append(2 * value / (output.levels - 1) - 1)
        else:
            units.append(value)
        if feature in (made.gap_inputs or ()):
            units.append(float(math.isnan(value)))
    return units + [float(y) for y in (() if context is None else context)]


def forward(
    made: MADE,
    theta: Array,
    x: Row,
    mask_set: Any,
    context: Row | None = None,
    keeps: Sequence[Row] | None = None,
) -> list[float]:
    """Raw outputs of one row."""
    return raw_of_units(made, theta, encode(made, x, context), mask_set, keeps)


def raw_of_units(
    made: MADE, theta: Array, units: Row, mask_set: Any, keeps: Sequence[Row] | None = None
) -> list[float]:
    """Raw outputs of what the input units hold, unit by unit."""
    views = {name: view.tolist() for name, view in made.layout.views(theta).items()}
    found, direct = masks(made, mask_set)
    inputs = below = list(units)
    act = ACTIVATIONS[made.activation]

    def wire(name: str, unit: int, i: int, value: float) -> float:
        told = views[f"U{name}"][unit][i] if made.mask_weights else 0.0
        return views[f"W{name}"][unit][i] * value + told

    for layer, width in enumerate(made.hidden):
        above = []
        for unit in range(width):
            z = views[f"b{layer}"][unit]
            for i, value in enumerate(below):
                if found[layer][unit, i]:
                    z += wire(str(layer), unit, i, value)
            h = act(z) * (1.0 if keeps is None else keeps[layer][unit])
            above.append(h + below[unit] if skip(made, mask_set, layer, unit) else h)
        below = above
    raw = []
    for unit, bias in enumerate(views[f"b{len(made.hidden)}"]):
        z = bias
        for i, value in enumerate(below if made.hidden else []):
            if found[-1][unit, i]:
                z += wire(str(len(made.hidden)), unit, i, value)
        for i, value in enumerate([inputs[k] for k in direct_units(made)] if direct is not None else []):
            if direct[unit, i]:
                z += wire("_direct", unit, i, value)
        raw.append(z)
    return raw


# ----------------------------------------------------------------------------------------- distributions


def sigmoid(z: float) -> float:
    return 1 / (1 + math.exp(-z)) if z > -700 else 0.0


def softplus(z: float) -> float:
    return math.log1p(math.exp(z)) if z < 30 else z + math.exp(-z)


def softmax(raw: Row) -> list[float]:
    top = max(raw)
    e = [math.exp(z - top) for z in raw]
    return [each / math.fsum(e) for each in e]


def components(output: DiscretizedLogistic, raw: Row) -> list[tuple[float, float, float]]:
    """(weight, mean, scale) of each logistic, in levels."""
    n, half = output.n, (output.levels - 1) / 2
    weights = softmax(raw[:n]) if n > 1 else [1.0]
    return [
        (weights[k], half * (1 + raw[-2 * n + k]), output.min_scale + half * softplus(raw[-n + k])) for k in range(n)
    ]


def cdf(output: DiscretizedLogistic, raw: Row, level: int) -> float:
    """P(value <= level) for a level below the last."""
    return math.fsum(weight * sigmoid((level + 0.5 - mean) / scale) for weight, mean, scale in components(output, raw))


def bin_mass(output: DiscretizedLogistic, raw: Row, level: int) -> float:
    """P(value = level): between the edges of its bin, of which the first and the last are open."""
    total = []
    for weight, mean, scale in components(output, raw):
        low = (level - 0.5 - mean) / scale if level > 0 else -math.inf
        high = (level + 0.5 - mean) / scale if level < output.levels - 1 else math.inf
        # Both are the same mass; far out in a tail one of them is a difference of numbers close to 1.
        from_below, from_above = sigmoid(high) - sigmoid(low), sigmoid(-low) - sigmoid(-high)
        total.append(weight * (from_below if low + high < 0 else from_above))
    return math.fsum(total)


def real_components(output: RealMixture, raw: Row) -> list[tuple[float, float, float]]:
    """(weight, mean, scale) of each component of a real feature."""
    n = output.n
    weights = softmax(raw[:n]) if n > 1 else [1.0]
    return [(weights[k], raw[-2 * n + k], output.min_scale + softplus(raw[-n + k])) for k in range(n)]


def density(output: RealMixture, raw: Row, value: float) -> float:
    """p(value) of a mixture: one component after the other."""
    total = []
    for weight, mean, scale in real_components(output, raw):
        if isinstance(output, MixtureOfGaussians):
            total.append(weight * NormalDist(mean, scale).pdf(value))
        else:
            e = math.exp(-abs(value - mean) / scale)
            total.append(weight * e / (1 + e) ** 2 / scale)
    return (1 - output.reserve) * math.fsum(total) + output.reserve * (2 + value * value) ** -1.5


def tail(output: RealMixture, raw: Row, value: float, *, upper: bool) -> float:
    """The mass below `value`, or above it: each of them without a difference of numbers close to 1."""
    total = []
    for weight, mean, scale in real_components(output, raw):
        z = (mean - value) / scale if upper else (value - mean) / scale
        one = math.erfc(-z / math.sqrt(2)) / 2 if isinstance(output, MixtureOfGaussians) else sigmoid(z)
        total.append(weight * one)
    far = math.hypot(math.sqrt(2), value)  # of Student's t with 2 degrees of freedom
    beyond = -value if upper else value
    broad = (far + beyond) / (2 * far) if beyond > 0 else 1 / (far * (far - beyond))
    return (1 - output.reserve) * math.fsum(total) + output.reserve * broad


def real_quantile(output: RealMixture, raw: Row, u: float) -> float:
    """The value below which u of the mass lies: an interval that holds it is halved until nothing is left."""
    low = min(mean - 50 * scale for _, mean, scale in real_components(output, raw))
    high = max(mean + 50 * scale for _, mean, scale in real_components(output, raw))
    if output.reserve:
        low -= 1e9
        high += 1e9
    for _ in range(150):
        middle = (low + high) / 2
        if tail(output, raw, middle, upper=True) < 1 - u if u > 0.5 else tail(output, raw, middle, upper=False) > u:
            high = middle
        else:
            low = middle
        if not low < (low + high) / 2 < high:
            break
    return high


def normal(output: Gaussian, raw: Row) -> NormalDist:
    """The normal distribution of a Gaussian feature."""
    above = softplus(raw[1]) if output.scale == "softplus" else math.exp(min(max(raw[1], -30.0), 30.0))
    return NormalDist(raw[0], output.min_scale + above)


def probability(output: Any, raw: Row, value: float) -> float:
    """p(value): a mass, or a density for a real feature."""
    if isinstance(output, Bernoulli):
        return sigmoid(raw[0]) if value == 1 else sigmoid(-raw[0])
    if isinstance(output, Categorical):
        return softmax(raw)[int(value)]
    if isinstance(output, Gaussian):
        return normal(output, raw).pdf(value)
    if isinstance(output, RealMixture):
        return density(output, raw, value)
    return bin_mass(output, raw, int(value))


def quantile(output: Any, raw: Row, u: float) -> float:
    """The smallest value with u < P(X <= value); for a real feature the value with u = P(X <= value)."""
    if isinstance(output, RealMixture):
        return real_quantile(output, raw, u)
    if isinstance(output, Gaussian):
        return normal(output, raw).inv_cdf(u)
    if isinstance(output, Bernoulli):
        return float(u < sigmoid(raw[0]))
    n = output.n if isinstance(output, Categorical) else output.levels
    total = 0.0
    for value in range(n - 1):
        total = total + softmax(raw)[value] if isinstance(output, Categorical) else cdf(output, raw, value)
        if u < total:
            return float(value)
    return float(n - 1)


# ------------------------------------------------------------------------------ likelihood and sampling


def log_probs(made: MADE, theta: Array, x: Row, mask_set: Any, context: Row | None = None) -> list[float]:
    """log p(x_d | x before d) of every value of one row; 0 where it is NaN."""
    raw = forward(made, theta, x, mask_set, context)
    found = []
    for feature, output in enumerate(made.outputs.feature_outputs):
        is_gap = math.isnan(x[feature])
        p = 1.0 if is_gap else probability(output, raw[made.output_slices[feature]], x[feature])
        found.append(math.log(p) if p > 0 else -math.inf)
    return found


def mixture(made: MADE, theta: Array, x: Row, mask_sets: Sequence[Any], context: Row | None = None) -> float:
    """The mean of the mask sets' probabilities of one row."""
    return math.fsum(math.exp(sum(log_probs(made, theta, x, one, context))) for one in mask_sets) / len(mask_sets)


def sample(
    made: MADE,
    theta: Array,
    uniforms: Array,
    mask_set: Any,
    given: Array | None = None,
    context: Array | None = None,
) -> Array:
    """Rows drawn by one whole pass through the network for every feature."""
    rows = np.zeros(uniforms.shape)
    for r, u in enumerate(uniforms.tolist()):
        x = [0.0] * made.n_features
        for feature in mask_set.order.tolist():
            raw = forward(made, theta, x, mask_set, None if context is None else context[r].tolist())
            own = raw[made.output_slices[feature]]
            known = math.nan if given is None else float(given[r, feature])
            drawn = quantile(made.outputs.feature_outputs[feature], own, u[feature])
            x[feature] = drawn if math.isnan(known) else math.nan if math.isinf(known) else known
        rows[r] = x
    return rows


def all_rows(sizes: Sequence[int]) -> Array:
    """Every row whose feature d is one of 0..sizes[d]-1."""
    return np.array(list(itertools.product(*(range(size) for size in sizes))), dtype=np.float64)
