"""The linear Gaussian MADE in closed form: every regression of a feature on those before it, from Cholesky factors.

Without hidden layers a Gaussian MADE is a chain of linear regressions, ``x_i = b_i + sum_j W[i, j] x_j + s_i noise``
over the j that come before i. Gradient descent finds it slowly (4096 pixels are 4096 nearly collinear regressions);
the normal equations find it at once. All regressions of one order come from a single factor: with ``C = L L^T``, the
features before place p span the leading p rows of L, whatever p is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from made_np.model.made import MADE, as_single
from made_np.typing import Array, Bools, Ints
from made_np.validation import as_finite, as_integers, as_numbers
from made_np.values import as_count, as_sequence, show

Matrix = NDArray[Any]

ROUNDING = 1e-6
"""So far, in units of its two scales, an entry of a covariance may differ from its mirror image: float32 does so."""


def fit_linear(
    made: MADE,
    covariance: Array,
    *,
    mean: Array | None = None,
    claims: Sequence[tuple[int, Ints]] | None = None,
) -> Array:
    """Return the theta (P,) of a linear Gaussian MADE that regresses each feature on all features before it.

    The weights of feature i on the set S before it solve ``C[S, S] w = C[S, i]``. Adding ``lambda I`` to the sample
    covariance makes this ridge regression; adding another covariance is the prior that says which pixels ought to
    resemble each other.

    Several orders share one theta, and may compete for a weight. So features claim their weights one group after the
    other: what an earlier claim has fixed is held, and the rest is the best given that.

    Parameters
    ----------
    made : MADE
        With ``hidden=()``, ``direct=True``, Gaussian outputs, no context, and a number of mask sets.
    covariance : ndarray, shape (D, D)
        C, symmetric and positive definite, in the units of x squared.
    mean : ndarray, shape (D,), optional
        Of x; 0 by default. For a single order only: the biases that centre x differ from order to order, so rows of a
        model with several orders must be centred beforehand.
    claims : sequence of (k, features), optional
        In mask set k, regress these features on all before them. By default all features in mask set 0, then in 1, ...

    Returns
    -------
    ndarray, shape (P,)
        Scales are those that C implies in the first order; `set_scales` sets them from held-out residuals.

    Raises
    ------
    TypeError, ValueError
        `made` is of another kind, `covariance` is not symmetric and positive definite, something is NaN, infinite or
        complex, `claims` has features or mask sets that are not there, or `mean` is given for several orders.

    Notes
    -----
    O(D^3) per run of features that hold the same weights: once for a single order.

    Examples
    --------
    >>> made = MADE(2, (), "gaussian", dtype="float64")
    >>> theta = fit_linear(made, np.array([[1.0, 0.8], [0.8, 1.0]]))
    >>> made.layout.views(theta)["W_direct"][2].round(3)  # the mean of feature 1, given feature 0
    array([0.8, 0. ])
    """
    _check_linear(made)
    C = _as_covariance(covariance, made.n_features)
    D = made.n_features
    centre = None if mean is None else _as_vector(mean, D, "mean")
    if centre is not None and len(made.mask_sets) > 1:
        raise ValueError(f"mean is given for {len(made.mask_sets)} orders that share biases: centre the rows instead")
    W = np.zeros((D, D))
    held = np.zeros((D, D), dtype=bool)
    for k, features in _as_claims(claims, made):
        one = made.mask_sets[k]
        for rows, free, fixed in _runs(one.order, features, held):
            W[np.ix_(rows, free)] += _regress(C, rows, free, fixed, W)
        held[features] |= one.position[features, None] > one.position[None, :]
    theta = made.init()
    views = made.layout.views(theta)
    views["W_direct"][::2] = W
    if centre is not None:
        views["b0"][::2] = centre - W @ centre
    first = W * (made.mask_sets[0].position[:, None] > made.mask_sets[0].position[None, :])
    residual = np.eye(D) - first
    variances = np.einsum("ij,ij->i", residual @ C, residual)
    if not (variances > 0).all():
        raise _not_positive()
    return set_scales(made, theta, np.sqrt(variances))


def set_scales(made: MADE, theta: Array, scales: Array) -> Array:
    """Return a copy of `theta` whose Gaussian scales are `scales` (D,), or one number for all, in the units of x.

    Scales below the model's floor become (nearly) the floor.

    Raises
    ------
    TypeError, ValueError
        `made` is no linear Gaussian model, `theta` is not its, or a scale is not a finite number of at least 0.
    """
    _check_linear(made)
    given = as_numbers(scales, "scales")
    given = _as_vector(np.repeat(given, made.n_features) if given.ndim == 0 else given, made.n_features, "scales")
    if (given < 0).any():
        d = int(np.flatnonzero(given < 0)[0])
        raise ValueError(f"scales[{d}] = {given[d]}: a scale is at least 0")
    theta = made.check_theta(theta).copy()
    raw_scales = made.layout.views(theta)["b0"][1::2]
    for group in made.outputs.groups:
        raw_scales[group.features] = group.output.raw_of_scale(given[group.features])
    return theta


def _check_linear(made: MADE) -> None:
    some = np.ones(1)
    outputs = as_single(made, "fit_linear solves").outputs.feature_outputs
    gaussian = all(output.raw_of_scale(some) is not None for output in outputs)
    if made.hidden or not made.direct or made.n_context or made.n_masks is None or not gaussian:
        raise ValueError(
            "made has to be MADE(D, hidden=(), output='gaussian', direct=True) without context and with a number of "
            f"mask sets; got {made!r}"
        )


def _not_positive() -> ValueError:
    return ValueError("covariance is not positive definite: add a multiple of the identity to it")


def _as_vector(values: Any, size: int, name: str) -> Matrix:
    """Return `values` as finite float64 numbers (size,), or raise."""
    vector = as_numbers(values, name)
    if vector.shape != (size,):
        raise ValueError(f"{name} has shape {vector.shape}: this model needs ({size},)")
    return as_finite(vector, np.dtype("float64"), name)


def _as_covariance(covariance: Any, size: int) -> Matrix:
    """Return a finite, symmetric matrix (size, size), or raise; Cholesky factors tell whether it is positive."""
    C = as_numbers(covariance, "covariance")
    if C.shape != (size, size):
        raise ValueError(f"covariance has shape {C.shape}: this model needs ({size}, {size})")
    C = as_finite(C, np.dtype("float64"), "covariance")
    off = np.abs(C - C.T) > ROUNDING * np.sqrt(np.abs(np.outer(np.diag(C), np.diag(C))))
    if off.any():
        i, j = (int(k) for k in np.argwhere(off)[0])
        raise ValueError(
            f"covariance is not symmetric: [{i}, {j}] = {C[i, j]}, [{j}, {i}] = {C[j, i]}; give (C + C.T) / 2 if that "
            "is meant"
        )
    return C


def _as_claims(claims: Any, made: MADE) -> list[tuple[int, Ints]]:
    """Return which features are regressed in which mask set, one claim after the other, or raise."""
    last = len(made.mask_sets) - 1
    D = made.n_features
    if claims is None:
        return [(k, np.arange(D)) for k in range(last + 1)]
    checked = []
    for i, claim in enumerate(as_sequence(claims, "claims", "a list of (k, features)")):
        k, listed = as_sequence(claim, f"claims[{i}]", "(k, features)", 2)
        features = as_integers(listed, f"claims[{i}][1]")
        if ((features < 0) | (features >= D)).any():
            raise ValueError(f"claims[{i}][1] = {show(features.tolist())}: give features 0..{D - 1}")
        checked.append((as_count(k, f"claims[{i}][0]", 0, last), features))
    return checked


def _runs(order: Ints, features: Ints, held: Bools) -> Iterator[tuple[Ints, Ints, Ints]]:
    """Cut `features` into runs, consecutive in `order`, that one Cholesky factor serves.

    Yields (rows, free, fixed): the features of the run; what they regress on, whose last ``len(rows)`` entries are the
    rows themselves (each sees those before it); and the earlier features whose weights are held for all of them.
    """
    claimed = np.isin(order, features)
    start = 0
    while start < len(order):
        stop = start + 1
        if claimed[start]:
            before = order[:start]
            common = held[order[start], before]
            while (
                stop < len(order)
                and claimed[stop]
                and np.array_equal(held[order[stop], before], common)
                and not held[order[stop], order[start:stop]].any()
            ):
                stop += 1
            rows = order[start:stop]
            yield rows, np.concatenate([before[~common], rows]), before[common]
        start = stop


def _regress(C: Matrix, rows: Ints, free: Ints, fixed: Ints, W: Matrix) -> Matrix:
    """Return the weights (rows, free) of each row on the features of `free` before it, its `fixed` weights held.

    With L L^T = C[free, free], the first p equations are ``L_p L_p^T w = c_p``. ``y = L^-1 c`` has y_p as its first p
    entries for every p at once; cut the rest off, and ``w = L^-T y``.
    """
    n_before = len(free) - len(rows)
    if n_before == 0 and len(rows) == 1:
        return np.zeros((1, 1))
    try:
        inverse = _inverse_lower(np.linalg.cholesky(C[np.ix_(free, free)]))
    except np.linalg.LinAlgError:
        raise _not_positive() from None
    c = C[np.ix_(free, rows)] - C[np.ix_(free, fixed)] @ W[np.ix_(rows, fixed)].T
    y = inverse @ c
    y[np.arange(len(free))[:, None] >= n_before + np.arange(len(rows))] = 0
    return np.asarray((inverse.T @ y).T)


def _inverse_lower(L: Matrix) -> Matrix:
    """Return the inverse of a lower triangular matrix, by halves: ``[[A, 0], [B, D]]^-1`` has -D^-1 B A^-1 below."""
    n = len(L)
    if n <= 64:
        return np.asarray(np.linalg.inv(L))
    k = n // 2
    inverse = np.zeros((n, n))
    inverse[:k, :k] = _inverse_lower(L[:k, :k])
    inverse[k:, k:] = _inverse_lower(L[k:, k:])
    inverse[k:, :k] = -inverse[k:, k:] @ (L[k:, :k] @ inverse[:k, :k])
    return inverse
