"""Rows that hold a condition, drawn from the model.

The features that are asked about come first in the order. Each is drawn from what the condition leaves of its
conditional, and the masses of what is left multiply to the weight of the row: P(condition) is their mean. Rows are
then chosen by weight, and what was not asked about is drawn given the rest.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from made_np.cells import Name, as_source
from made_np.messages import warn
from made_np.model.gaps import gap_patterns
from made_np.questions.conditions import NEVER, Condition
from made_np.questions.limits import Limit, limit_of
from made_np.questions.regions import Region
from made_np.questions.subject import Subject
from made_np.typing import Bools, Floats, Ints

__all__ = ["Given", "Proposals", "draw_given", "draw_rows", "propose", "propose_rest"]

FEWEST = 1024
"""So many rows are proposed at least."""
MOST = 1 << 16
"""So many rows are proposed at once, at most."""
TRIAL = 1 << 12
LEAST = 1 / 64
"""Rows are drawn at home, so many at once, and kept if they hold the condition, as long as this share of them does."""
ROUNDS = 16
"""So often more rows are proposed where few of them count."""


@dataclass(frozen=True, eq=False)
class Proposals:
    """Weighted rows, of which the features that are asked about are drawn, or all.

    Attributes
    ----------
    z : ndarray (n, F)
        NaN where not drawn yet.
    chosen : dict of int to ndarray (n,)
        What the limit of each feature chose.
    log_weights : ndarray (n,)
    order : int or ndarray
        The mask set.
    limits : dict of int to Limit
    """

    z: Floats
    chosen: dict[int, Ints]
    log_weights: Floats
    order: int | Ints
    limits: dict[int, Limit]

    def take(self, rows: Ints) -> Proposals:
        """Return some of them."""
        chosen = {feature: own[rows] for feature, own in self.chosen.items()}
        return Proposals(self.z[rows], chosen, self.log_weights[rows], self.order, self.limits)


@dataclass(frozen=True, eq=False)
class Given:
    """Rows that hold a condition.

    Attributes
    ----------
    x : ndarray (n, D)
        Numbers of the table.
    effective : float
        So many independent rows tell as much: the sum of the weights, squared, by the sum of their squares.
    log_mass : float
        An estimate of log P(condition), or of its density where a real column has a single value.
    error : float
        The standard error of `log_mass`.
    """

    x: Floats
    effective: float
    log_mass: float
    error: float


def propose(subject: Subject, condition: Condition, n: int, rng: np.random.Generator) -> Proposals:
    """Return `n` weighted draws of the features that the regions of single columns ask about.

    Raises
    ------
    ValueError
        They lead in no order of the model.
    """
    limits, is_possible = _limits(subject, condition)
    n_features = subject.made.n_features
    asked = np.isin(np.arange(n_features), list(limits))
    ways = subject.ways(subject.order(asked), asked)
    found = []
    for k, order in enumerate(ways):  # each of them proposes its share of the rows
        own = len(range(k, n, len(ways)))
        proposals = Proposals(np.full((own, n_features), np.nan), {}, np.zeros(own), order, limits)
        if not is_possible:
            proposals.log_weights[:] = -np.inf
        for feature in subject.sequence(order, asked).tolist():
            _take(subject, proposals, feature, rng)
        found.append(proposals)
    return _stacked(found) if len(found) > 1 else found[0]


def propose_rest(subject: Subject, condition: Condition, z: Floats, rng: np.random.Generator, turn: int = 0) -> Floats:
    """Return an estimate of log p(what is known in `z` (n, F), condition), without bias before the logarithm.

    Rows are taken to hold what the condition says of features that are known. Homes take turns: it is for the mean over
    many turns.
    """
    known: Bools = np.asarray(~np.isnan(z).all(axis=0))
    limits, is_possible = _limits(subject, condition)
    asked = known | np.isin(np.arange(z.shape[1]), list(limits))
    ways = subject.ways(subject.order(asked), asked)
    order = ways[turn % len(ways)]
    proposals = Proposals(z.copy(), {}, np.zeros(len(z)), order, limits)
    if not is_possible:
        proposals.log_weights[:] = -np.inf
    for feature in subject.sequence(order, asked).tolist():
        if not known[feature]:
            _take(subject, proposals, feature, rng)
    return proposals.log_weights + subject.log_probs(proposals.z, order)[:, known].sum(axis=1)


def _limits(subject: Subject, condition: Condition) -> tuple[dict[int, Limit], bool]:
    """Return what is asked of each feature, and whether columns that are no feature allow the condition."""
    asked: dict[int, dict[int, Region]] = {}
    is_possible = condition != NEVER
    for column, region in condition.implied().items():
        if column in subject.feature_of:
            asked.setdefault(subject.feature_of[column], {})[column] = region
        elif not region.holds(subject.constants[[column]]).all():
            is_possible = False
    return {feature: limit_of(subject, feature, regions) for feature, regions in asked.items()}, is_possible


def _take(subject: Subject, proposals: Proposals, feature: int, rng: np.random.Generator) -> None:
    """Draw one feature from what its limit leaves, and multiply the weights by the mass of that."""
    raw = subject.raw(proposals.z, proposals.order, feature)
    output = subject.made.outputs.feature_outputs[feature]
    z, log_mass, chosen = proposals.limits[feature].take(output, raw, rng.random(len(raw)))
    proposals.chosen[feature] = chosen
    proposals.z[:, feature] = np.where(np.isfinite(z), z, output.values(1)[0])
    proposals.log_weights[:] += log_mass


def draw_given(subject: Subject, condition: Condition, n: int, rng: np.random.Generator, name: str = "given") -> Given:
    """Return `n` rows that hold a condition.

    Raises
    ------
    ValueError
        The condition has no mass, or what it asks about leads in no order of the model.

    Warns
    -----
    UserWarning
        Few rows count: those that are returned repeat each other.
    """
    found_whole = _kept(subject, condition, n, rng)
    if found_whole is not None:
        return found_whole
    batch = min(max(2 * n, FEWEST), MOST)
    found: list[Proposals] = []
    rows: list[Floats] = []
    wanted = float(min(n, MOST))
    for _ in range(ROUNDS):
        proposals = propose(subject, condition, batch, rng)
        if not condition.is_plain:
            x = _completed(subject, proposals, condition, rng)
            rows.append(x)
            proposals.log_weights[~condition.holds(x)] = -np.inf
        found.append(proposals)
        log_weights = np.concatenate([each.log_weights for each in found])
        effective, log_mass, error = _summary(log_weights)
        if effective >= wanted:
            break
    if effective == 0:
        raise ValueError(
            f"{name}: the model gives this condition no mass ({len(log_weights)} rows were drawn): ask for wider "
            "ranges, or for more values"
        )
    if effective < min(wanted, 100) / 2:
        warn(
            f"{name}: {len(log_weights)} draws under this condition count as {effective:.1f}: the rows returned repeat "
            "each other. Ask for wider ranges"
        )
    weights = np.exp(log_weights - log_weights.max())
    chosen = _resampled(weights, n, rng)
    if not condition.is_plain:
        return Given(np.concatenate(rows)[chosen], effective, log_mass, error)
    x = _completed(subject, _stacked(found).take(chosen), condition, rng)
    return Given(x, effective, log_mass, error)


def _kept(subject: Subject, condition: Condition, n: int, rng: np.random.Generator) -> Given | None:
    """Return `n` of the rows that the model draws at home that hold a condition; None where too few of them do.

    For models with paths alone, where the features that are asked about do not lead: these rows are of the one
    distribution that probabilities are of, and it has been learned best.
    """
    asked = np.isin(np.arange(subject.made.n_features), [subject.feature_of.get(d, -1) for d in condition.columns])
    if subject.is_one_distribution(asked):
        return None
    held: list[Floats] = []
    n_held = 0
    n_drawn = 0
    while n_held < n or not n_drawn:
        x = subject.columns.decode(subject.sample(TRIAL, rng), rng)
        held.append(x[condition.holds(x)])
        n_held += len(held[-1])
        n_drawn += TRIAL
        if n_held < n_drawn * LEAST:
            return None
    share = n_held / n_drawn
    error = float(np.sqrt((1 - share) / n_held))
    return Given(np.concatenate(held)[:n], float(n), float(np.log(share)), error)


def draw_rows(subject: Subject, x: Floats, rng: np.random.Generator, name: Name = "given") -> Floats:
    """Return rows of numbers `x` (n, D) with each NaN drawn given the rest of its row.

    Raises
    ------
    ValueError
        What a row holds leads in no order of the model.
    """
    z = subject.encode(x, name)
    subject = subject.told(x, name)
    filled = np.empty_like(z)
    for known, rows in gap_patterns(~np.isnan(z)):
        order = subject.order(known, as_source(name).line(int(rows[0])))
        filled[rows] = subject.take(rows).draw(z[rows], order, rng)
    return np.where(np.isnan(x), subject.columns.decode(filled, rng), x)


def _stacked(found: list[Proposals]) -> Proposals:
    """Return all proposals together."""
    first = found[0]
    each = {feature: np.concatenate([one.chosen[feature] for one in found]) for feature in first.chosen}
    z = np.concatenate([one.z for one in found])
    log_weights = np.concatenate([one.log_weights for one in found])
    return Proposals(z, each, log_weights, first.order, first.limits)


def _completed(subject: Subject, proposals: Proposals, condition: Condition, rng: np.random.Generator) -> Floats:
    """Return the rows as numbers of the table, with all else drawn given what there is."""
    columns = subject.columns
    x = columns.decode(subject.draw(proposals.z, proposals.order, rng), rng)
    for feature, limit in proposals.limits.items():
        start, stop = columns.spans[feature]
        if stop == start + 1:
            u = rng.random(len(x))
            x[:, start] = limit.place(x[:, start], proposals.z[:, feature], proposals.chosen[feature], u)
    return x


def _summary(log_weights: Floats) -> tuple[float, float, float]:
    """Return how many rows count, and the log of the mean weight with its standard error."""
    top = log_weights.max()
    if top == -np.inf:
        return 0.0, -np.inf, 0.0
    weights = np.exp(log_weights - top)
    mean = float(weights.mean())
    effective = float(weights.sum() ** 2 / (weights**2).sum())
    return effective, float(top + np.log(mean)), float(weights.std() / mean / np.sqrt(len(weights)))


def _resampled(weights: Floats, n: int, rng: np.random.Generator) -> Ints:
    """Return n rows, each as often as its weight says, to within one, in random order."""
    ends = np.cumsum(weights)
    chosen = np.searchsorted(ends, (rng.random() + np.arange(n)) / n * ends[-1], side="right")
    return rng.permutation(np.minimum(chosen, len(weights) - 1))
