"""A shear: each feature less its linear regression on the features before it.

Columns that hang together by straight lines are learned slowly: steps are short where inputs are nearly collinear. Less
their regressions they are uncorrelated, and independent columns, from which training starts, are the Gaussian of full
covariance. ``z = (I - A) x`` with A strictly triangular in the order has the determinant 1, so ``log p(x) = log p(z)``;
and ``p(z_i | z before i)`` is ``p(x_i | x before i)``, moved by the regression. So what was learned of z is a model of
x: the map goes into the weights from the inputs, the regression into those that lead directly to its location.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from made_np.model.made import MADE
from made_np.model.rows import Rows
from made_np.typing import Array, Floats, Ints

__all__ = ["can_shear", "explained", "regressions", "sheared", "unsheared"]

Matrix = NDArray[np.float64]

RIDGE = 1e-6
"""Share of its variance that each column has added to it: columns that say the same share a weight."""
ENOUGH = 200_000
"""So many rows tell a covariance."""
AT_ONCE = 1 << 14
"""Rows that are sheared together."""


def can_shear(made: MADE) -> bool:
    """Whether what a model learns of sheared rows can be said of the rows themselves.

    Every distribution has a location, every output sees all inputs before it directly, and there is no context.
    """
    movable = all(output.locations is not None for output in made.outputs.feature_outputs)
    return movable and made.network.direct and not made.n_context and not made.mask_weights and made.n_features > 1


def regressions(rows: Rows, order: Ints) -> Matrix:
    """Return A (D, D): row i has the weights of the linear regression of feature i on the features before it.

    A row that weighs 2 counts as two rows.

    With ``C = L L^T`` in the order, ``L^-1 (x - mean)`` is uncorrelated; scaled to a diagonal of ones, L^-1 is I - A.

    Examples
    --------
    >>> x = np.random.default_rng(0).standard_normal(1000)
    >>> regressions(Rows(np.column_stack([x, 3 * x])), np.array([0, 1])).round(3)
    array([[0., 0.],
           [3., 0.]])
    """
    (few, shares) = _few(rows)
    centred = (few - shares @ few)[:, order]
    C = (centred * shares[:, None]).T @ centred
    C[np.diag_indices_from(C)] *= 1 + RIDGE
    L = np.linalg.cholesky(C + np.finfo(np.float64).tiny * np.eye(len(C)))
    A = np.zeros_like(C)
    A[np.ix_(order, order)] = np.eye(len(C)) - np.diag(L)[:, None] * np.linalg.inv(L)
    return np.where(_before(order), A, 0.0)


def explained(rows: Rows, A: Matrix) -> float:
    """Return how many nats a Gaussian gains per column by the regressions: the mean of ``log(scale / scale left)``.

    Examples
    --------
    >>> x = np.random.default_rng(0).standard_normal((1000, 2))
    >>> explained(Rows(x), np.zeros((2, 2)))
    0.0
    """
    (few, shares) = _few(rows)
    least = np.finfo(np.float64).tiny  # a column of one value has no scale, and gains nothing
    gains = np.log((_scales(few, shares) + least) / (_scales(few - few @ A.T, shares) + least))
    return float(np.mean(gains))


def sheared(rows: Rows, A: Matrix) -> Rows:
    """Return the rows less what A predicts of them."""
    z = np.empty_like(rows.x)
    for first in range(0, len(z), AT_ONCE):
        x = rows.x[first : first + AT_ONCE].astype(np.float64)
        z[first : first + AT_ONCE] = x - x @ A.T
    return replace(rows, x=z)


def unsheared(made: MADE, theta: Array, A: Matrix) -> Array:
    """Return the theta (P,) that says of rows what `theta` says of the sheared ones.

    The reserve of a mixture stays where it is, around 0.
    """
    own = theta.copy()
    views = made.layout.views(own)
    value_units = np.array([units.start for units in made.outputs.input_slices])
    for name in ("W0", "W_direct") if made.hidden else ("W_direct",):
        weights = views[name][:, value_units].astype(np.float64)
        views[name][:, value_units] = weights - weights @ A
    for feature, (output, raw) in enumerate(zip(made.outputs.feature_outputs, made.outputs.slices, strict=True)):
        places = np.arange(raw.start, raw.stop)[output.locations]
        views["W_direct"][np.ix_(places, value_units)] += A[feature].astype(own.dtype)
    return own


def _few(rows: Rows) -> tuple[Matrix, Floats]:
    """Return no more rows than are enough, from all parts of the table, and the share of each in their weight."""
    few = rows[:: -(-len(rows) // ENOUGH)]
    weights = np.ones(len(few)) if few.weights is None else few.weights
    return few.x.astype(np.float64), weights / weights.sum()


def _scales(x: Matrix, shares: Floats) -> Floats:
    """Return the standard deviation of each column."""
    return np.sqrt(shares @ (x - shares @ x) ** 2)


def _before(order: Ints) -> NDArray[Any]:
    """Return (D, D) booleans: [i, j] is True where j comes before i."""
    position = np.argsort(order)
    return np.asarray(position[:, None] > position[None, :])
