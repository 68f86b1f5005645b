"""A model of ours as the property suite sees one: what `made_np.testing.suite` is given by ``made-np check``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from made_np.distributions.distribution import Distribution
from made_np.masks.sets import MaskSet
from made_np.model.made import MADE
from made_np.testing import Adapter, Interval, check_sampler
from made_np.testing.points import change_column, columns_of, draw_rows
from made_np.testing.quadrature import PANELS
from made_np.typing import Array, Bools
from made_np.validation import as_numbers
from made_np.values import as_a, as_count

WIDTHS = 6.0
"""Real columns are summed from minus to plus this, while x runs through its conditional."""

N_VALUES = 16
"""Of a column with legal values without end so many are tried."""

MOVE = 0.1
"""A model is checked so far from theta, as a share of a random start. Weights of 0, as after a training that found no
dependency, would hide the wires, and biases of 0 put whole layers of relus on their kinks.
"""

STARTS = 16
"""So many random starts are tried: in a narrow layer all relus may be dead in some."""

LEAST = 1e-5
POINTS = 4
MOST_PRODUCTS = 10**8
FEWEST_DRAWS = 1000
MOST_DRAWS = 4000
"""Rows that are drawn to be counted: of a large model fewer."""

OUTPUTS_AT_ONCE = 1 << 22
"""Raw outputs of the rows whose CDFs are computed together."""

AT_ONCE = 1024
"""A feature is heard if a conditional mean moves by more with it, at one of so many rows; so many are tried at once."""


def made_adapter(made: MADE, theta: Array, *, mask_set: int = 0, rows: int = 5, rng: int = 0) -> Adapter:
    """Return the adapter of one mask set of a model, computed in float64 whatever the model's own dtype.

    Parameters
    ----------
    made : MADE
    theta : ndarray, shape (P,)
    mask_set : int
    rows : int
        How many rows, drawn from the model itself, the loss is taken over.
    rng : int
        Draws these rows, and the context of a model that has one.

    Raises
    ------
    IndexError
        If the model has no such mask set.
    TypeError, ValueError
        An argument that cannot be meant; a theta that is not finite.

    Notes
    -----
    What the suite proves holds for every theta, if it is seen at one where nothing is 0 by chance. So it is given the
    model near its own: theta, moved by a tenth of a random start. Where some feature still changes nothing that follows
    it (dead relus, saturated units, columns that are constant), it is given the start alone, and the name says so.

    The real columns of ``log_prob`` run from -6 to 6 while x runs through their own conditional, piece by piece
    (`Distribution.knots`): however narrow a conditional or a component is, the sum over its values is then exact. A
    model with mixtures of more than 5 components has no ``log_prob``, for there the sum would not be exact, and one
    with a column of counts or of numbers within bounds has none, since nobody can add up all its values. Nor have these
    answers about some columns.

    It answers about what leads in its order, scored as rows with gaps, and about what follows, given that, by the
    formulas of the conditionals. It has no `draw` to be counted: its sampler takes uniforms, and is checked by them.

    A model with a layer too narrow for every degree, or with degrees of the user's own, lacks wires, and may have units
    without use, because it was asked for so. There the suite notes both; that something leaks is still a failure. One
    that was asked for without any wire is checked for the rest.

    Examples
    --------
    >>> from made_np.testing import suite
    >>> made = MADE(3, hidden=(8,))
    >>> suite(made_adapter(made, made.init(rng=0))).ok
    True
    """
    theta = _checked_theta(as_a(made, "made", MADE, "give a made_np.MADE"), theta)
    made = replace(made, dtype="float64")
    k = as_count(mask_set, "mask_set", 0)
    rows = as_count(rows, "rows")
    generator = np.random.default_rng(as_count(rng, "rng", 0))
    y = generator.standard_normal((1, made.n_context)) if made.n_context else None
    one = made.mask_sets[k]
    near = _adapter(made, theta + MOVE * _start(made, generator), k, y, rows, generator)
    if made.n_features > 1 and not one.reachability().any():  # by request: there is nothing to be seen
        return replace(near, params=None, sample=None)
    if _is_exercised(made, near, one, generator):
        return near
    for _ in range(STARTS):
        other = _adapter(made, _start(made, generator), k, y, rows, generator)
        if _is_exercised(made, other, one, generator):
            break
    return replace(other, name=f"{near.name}, at random parameters (its own hide what depends on what)")


def _start(made: MADE, rng: np.random.Generator) -> Array:
    """Return random parameters none of which is 0."""
    return made.init(rng) + MOVE * rng.standard_normal(made.n_params)


def _adapter(made: MADE, theta: Array, mask_set: int, y: Array | None, n: int, rng: np.random.Generator) -> Adapter:
    """Return the adapter of a model at exactly this theta and context (1, C), with a loss over n rows."""
    one = made.mask_sets[mask_set]
    x = made.sample(theta, n, rng=rng, context=_repeated(y, n), mask_set=mask_set)

    def params(rows: Array) -> Array:
        return made.raw_outputs(theta, rows, context=_repeated(y, len(rows)), mask_set=mask_set)

    def params_given(rows: Array, context: Array) -> Array:
        return made.raw_outputs(theta, rows, context=context, mask_set=mask_set)

    def log_prob(rows: Array) -> Array:
        x, log_scale = _scaled(made, rows, one.order, lambda x, d: _knots(made, params(x), d))
        return made.log_prob(theta, x, context=_repeated(y, len(x)), mask_set=mask_set) + log_scale.sum(axis=1)

    def log_prob_known(rows: Array) -> Array:
        return made.log_prob(theta, rows, context=y, mask_set=mask_set, gaps="skip")

    return Adapter(
        name=f"mask set {mask_set}",
        n_features=made.n_features,
        order=one.order,
        n_params=one.output_sizes,
        support=_support(made.outputs.feature_outputs),
        params=params,
        log_prob=log_prob if all(map(_can_be_summed, made.outputs.feature_outputs)) else None,
        build=lambda: replace(made),
        sample=lambda u: made.sample(theta, len(u), uniforms=u, context=_repeated(y, len(u)), mask_set=mask_set),
        **_conditionals(made, params),
        **_answers(made, one.order, params, log_prob_known),
        **_as_stored(made, theta, y, mask_set),
        # The loss by its own way, forward only: that the gradient belongs to it is then proved too.
        loss=lambda t: -made.log_prob(t, x, context=_repeated(y, n), mask_set=mask_set).mean(),
        grad=lambda t: made.loss_and_grad(t, x, context=_repeated(y, n), mask_set=mask_set)[1],
        theta=theta,
        names=made.locate,
        rows=n,
        **_wiring(made, mask_set),
        n_context=made.n_context,
        params_given=params_given if made.n_context and not one.n_known else None,  # what is known hears nothing
    )


def _wiring(made: MADE, mask_set: int) -> dict[str, Any]:
    """Return the masks, what is off them, and what it is that one of the wires which an order permits is not there."""
    one = made.mask_sets[mask_set]
    return {
        "frozen": off_the_masks(made, mask_set),
        "masks": one.masks if made.hidden or made.direct else None,
        "direct": one.direct,
        "skips": one.skips,
        "n_inputs": one.input_sizes,
        "lost": "note" if _is_complete(made) and not one.n_known else "ignore",
    }


def _checked_theta(made: MADE, theta: Any) -> NDArray[np.float64]:
    """Return theta in float64, or raise."""
    theta = as_numbers(theta, "theta").astype(np.float64)
    if theta.shape != (made.n_params,):
        raise ValueError(f"theta has shape {theta.shape}: this model needs ({made.n_params},)")
    if not np.isfinite(theta).all():
        k = int(np.flatnonzero(~np.isfinite(theta))[0])
        raise ValueError(f"theta[{k}] = {theta[k]} ({made.locate(k)}): of such a model nothing can be proved")
    return theta


def _is_exercised(made: MADE, adapter: Adapter, one: MaskSet, rng: np.random.Generator) -> bool:
    """Return whether the checks of a model see there what they look at: that features are heard, and a slope."""
    assert adapter.grad is not None
    assert adapter.sample is not None
    slope = np.abs(adapter.grad(np.asarray(adapter.theta))).max()
    if not slope > LEAST or not _all_are_heard(made, adapter, one, rng):
        return False
    ways: dict[str, Any] = {"inverse": adapter.inverse, "order": adapter.order}
    return check_sampler(adapter.sample, adapter.conditional, made.n_features, **ways).n_exercised > 0


def _all_are_heard(made: MADE, adapter: Adapter, one: MaskSet, rng: np.random.Generator) -> bool:
    """Return whether each feature with wires to later ones moves a conditional mean, and context those of all."""
    assert adapter.params is not None
    columns = columns_of(adapter.support, made.n_features)
    x = draw_rows(columns, POINTS, rng)
    wired = np.flatnonzero(one.reachability().any(axis=0))
    before = made.outputs.mean(adapter.params(x))
    heard = np.zeros(made.n_features, dtype=bool)
    for first in range(0, len(wired), AT_ONCE):
        some = wired[first : first + AT_ONCE]
        for k in range(POINTS):
            rows = np.repeat(x[k : k + 1], len(some), axis=0)
            for row, d in enumerate(some):
                rows[row, d] = change_column(rows[row : row + 1], d, columns[d], rng)[0, d]
            change = np.abs(made.outputs.mean(adapter.params(rows)) - before[k])
            heard[some] |= (change > LEAST).any(axis=1)
    if adapter.params_given is None:
        return bool(heard[wired].all())
    low, high = (np.full((POINTS, made.n_context), value) for value in (-1.0, 1.0))
    change = np.abs(made.outputs.mean(adapter.params_given(x, low)) - made.outputs.mean(adapter.params_given(x, high)))
    told = one.context_reachability()
    return bool(heard[wired].all() and (change[:, told] > LEAST).any(axis=0).all())


def off_the_masks(made: MADE, mask_set: int = 0) -> Bools:
    """Return (P,) booleans: True for the weights that have no wire in this mask set, and for what it does not use."""
    one = made.bound[mask_set]
    off = np.ones(made.n_params, dtype=bool)
    one.own(off)[:] = False  # what other members of an ensemble have
    views = made.layout.views(one.own(off))
    for name, mask in made.network.masks(one.mask_set).items():
        views[name][:] = ~mask
    return off


def _is_complete(made: MADE) -> bool:
    """Return whether the model was asked for with every wire that its order allows, and no unit to spare."""
    if not made.hidden:
        return bool(made.direct)
    n_degrees = made.n_features - 1 + (made.n_context > 0)
    return isinstance(made.degrees, str) and min(made.hidden) >= n_degrees


def _repeated(y: Array | None, n: int) -> Array | None:
    return None if y is None else np.repeat(y, n, axis=0)


def _knots(made: MADE, raw: Array, d: int) -> Array:
    """Return the knots (B, k) of a real column, by the raw outputs of the rows."""
    return made.outputs.feature_outputs[d].knots(raw[:, made.output_slices[d]])


def _scaled(made: MADE, z: Array, order: Array, knots: Callable[[Array, int], Array]) -> tuple[Array, Array]:
    """Return the rows x (n, D) at z, whose real columns run through their conditionals, and ``log |dx / dz|`` of each.

    `order` holds the features that are known; what stands elsewhere in z is returned as it is. ``knots(x, d)`` gives
    those of feature d behind what leads to it in x.
    """
    z = z.astype(np.float64)
    x = z.copy()
    log_scale = np.zeros(z.shape)
    for d in order:
        if made.outputs.feature_outputs[d].is_real:
            x[:, d], slope = _between(knots(x, d), (z[:, d] + WIDTHS) / (2 * WIDTHS))
            log_scale[:, d] = np.log(slope / (2 * WIDTHS))
    return x, log_scale


def _between(knots: Array, t: Array) -> tuple[Array, Array]:
    """Return x (B,), which runs through the knots (B, k) while t runs from 0 to 1, linearly in between, and dx / dt.

    It turns only where two panels of `check_normalised` meet: quadrature would not forgive a bend within one.
    """
    n_pieces = knots.shape[1] - 1
    bends = np.arange(n_pieces + 1) * PANELS // n_pieces / PANELS
    piece = np.clip(np.searchsorted(bends, t, side="right") - 1, 0, n_pieces - 1)
    low, high = (np.take_along_axis(knots, piece[:, None] + k, axis=1)[:, 0] for k in (0, 1))
    slope = np.maximum(high - low, np.finfo(np.float64).tiny) / (bends[piece + 1] - bends[piece])
    return low + slope * (t - bends[piece]), slope


def _conditionals(made: MADE, params: Callable[[Array], Array]) -> dict[str, Any]:
    """Return what the sampler is compared with: P(x_d = 1) if all columns are binary, else the inverse CDFs.

    A probability tells a weak dependency from none at all; a draw by inverse CDF may not.
    """
    outputs = made.outputs.feature_outputs
    n_draws = int(np.clip(MOST_PRODUCTS // made.n_params, FEWEST_DRAWS, MOST_DRAWS))
    counted = {"cdf": lambda rows: _cdf(made, params, rows), "n_draws": n_draws}
    if all(output.is_binary for output in outputs):
        return {"conditional": lambda rows: made.outputs.mean(params(rows)), **counted}

    def inverse(rows: Array, u: Array) -> Array:
        raw = params(rows)
        columns = zip(outputs, made.output_slices, u.T, strict=True)
        return np.stack([output.inverse_cdf(raw[:, own], column) for output, own, column in columns], axis=1)

    return {"inverse": inverse, **counted}


def _cdf(made: MADE, params: Callable[[Array], Array], x: Array) -> tuple[Array, Array]:
    """Return the conditional CDFs below each value of x (n, D), and up to it."""
    below = np.empty(x.shape)
    up_to = np.empty(x.shape)
    step = max(1, OUTPUTS_AT_ONCE // made.outputs.n_raw)
    for first in range(0, len(x), step):
        rows = x[first : first + step]
        raw = params(rows)
        for group in made.outputs.groups:
            own = group.output.cdf_bounds(group.raw_of(raw), rows[:, group.features])
            for bound, values in zip((below, up_to), own, strict=True):
                bound[first : first + step, group.features] = values
    return below, up_to


def _answers(
    made: MADE, order: Array, params: Callable[[Array], Array], log_prob_known: Callable[[Array], Array]
) -> dict[str, Any]:
    """Return what the model says of features that lead in its order, and of those after them: by two ways.

    The first scores rows with gaps, by the kernels of the loss; the second adds up conditionals, by their formulas.
    """
    outputs = made.outputs.feature_outputs
    if not all(map(_can_be_summed, outputs)):
        return {}

    place = np.argsort(order)

    @lru_cache(maxsize=64)  # an integral asks for many values behind the same
    def knots_behind(leading: tuple[float, ...]) -> Array:
        x = np.zeros((1, made.n_features))
        x[0, order[: len(leading)]] = leading
        return _knots(made, params(x), order[len(leading)])

    def rows_at(values: dict[int, float]) -> tuple[Array, Array]:
        z = np.zeros((1, made.n_features))
        z[0, list(values)] = list(values.values())
        known = order[: len(values)]
        x, log_scale = _scaled(made, z, known, lambda x, d: knots_behind(tuple(x[0, known[: place[d]]].tolist())))
        return x, log_scale[0]

    def log_marginal(values: dict[int, float]) -> float:
        x, log_scale = rows_at(values)
        known = np.zeros(made.n_features, dtype=bool)
        known[list(values)] = True
        return float(log_prob_known(np.where(known, x, np.nan))[0] + log_scale[known].sum())

    def log_conditional(asked: dict[int, float], given: dict[int, float]) -> float:
        x, log_scale = rows_at({**given, **asked})
        raw = params(x)
        return float(sum(outputs[d].log_prob(raw[:, made.output_slices[d]], x[:, d])[0] + log_scale[d] for d in asked))

    return {"log_marginal": log_marginal, "log_conditional": log_conditional, "leading": True}


def _as_stored(made: MADE, theta: Array, y: Array | None, mask_set: int) -> dict[str, Any]:
    """Return what is stored or copied, and how it is asked."""

    def log_prob(model: tuple[MADE, Array], x: Array) -> Array:
        return model[0].log_prob(model[1], x, context=_repeated(y, len(x)), mask_set=mask_set)

    return {"model": (made, theta), "log_prob_of": log_prob}


def _can_be_summed(output: Distribution) -> bool:
    """Return whether the values can be listed, or `check_normalised` has panels enough for the density."""
    if not output.is_real:
        return output.n_values is not None
    return output.knots(np.zeros((1, output.n_raw))).shape[1] <= PANELS + 1


def _support(outputs: Sequence[Distribution]) -> list[Any]:
    """Return the values of each column."""
    return [Interval(-WIDTHS, WIDTHS) if output.is_real else output.values(N_VALUES).tolist() for output in outputs]
