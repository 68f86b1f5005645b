"""One rule for rows: one row (D,) is answered without the axis of rows, one row of context (C,) serves all rows."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from installed import needs_numba
from numpy.typing import NDArray
from strategies import random_context, random_rows, random_theta

from made_np.distributions.plain import Categorical
from made_np.model.made import MADE

Array = NDArray[Any]

PLAIN = MADE(3, (6,), ["bernoulli", Categorical(3), "gaussian"], order="random", n_masks=2, dtype="float64")
WITH_CONTEXT = replace(PLAIN, n_context=2)
RNG = np.random.default_rng(0)
THETA = random_theta(PLAIN, RNG)
THETA_OF_CONTEXT = random_theta(WITH_CONTEXT, RNG)
X = random_rows(PLAIN, 4, RNG)
Y = random_context(WITH_CONTEXT, 4, RNG)

ROWWISE = ("raw_outputs", "jacobian", "feature_log_prob", "log_prob", "fill_means")
"""Methods that answer row by row."""
TOGETHER = ("init", "loss_and_grad", "sample", "trace")
"""Methods that answer something about all rows together, or for as many rows as they are asked for."""
NO_ROWS = ("config", "ensemble", "fetch", "from_config", "hold", "locate", "member", "mixture", "path")
"""Methods that are not asked about rows."""

every_backend = pytest.mark.parametrize("backend", ["numpy", pytest.param("numba", marks=needs_numba)])
every_set = pytest.mark.parametrize("mask_set", [0, 1, None, [2, 0, 1]], ids=str)
MIXED = ("log_prob", "fill_means")
"""Methods that have an answer for the mixture of all mask sets."""
every_question = pytest.mark.parametrize(
    ("name", "mask_set"),
    [(name, one) for name in ROWWISE for one in (0, 1, [2, 0, 1], None) if one is not None or name in MIXED],
)


def test_no_method_is_forgotten() -> None:
    """What begins with check_ is the look that all methods take at their arguments, row axis and all."""
    public = [name for name, _ in inspect.getmembers(MADE, callable) if not name.startswith(("_", "check_"))]
    assert sorted([*ROWWISE, *TOGETHER, *NO_ROWS]) == sorted(public)
    for name in NO_ROWS:
        assert not {"x", "given", "context"} & set(inspect.signature(getattr(MADE, name)).parameters)


def rows_for(name: str) -> Array:
    return np.where(np.isin(np.arange(3), PLAIN.mask_sets[0].order[1:]), np.nan, X) if name == "fill_means" else X


def call(made: MADE, name: str, backend: str, **options: Any) -> Callable[..., Any]:
    theta = THETA_OF_CONTEXT if made.n_context else THETA
    if name == "fill_means":
        options["conditioning"] = "clamp"
    method = getattr(replace(made, backend=backend), name)
    return lambda x, **more: method(theta, x, **options, **more)


@every_backend
@every_question
def test_one_row_is_answered_as_in_a_table_without_the_axis(name: str, mask_set: Any, backend: str) -> None:
    ask = call(PLAIN, name, backend, mask_set=mask_set)
    rows = rows_for(name)[:1]
    want = ask(rows)
    for row in (rows[0], rows[0].tolist(), tuple(rows[0].tolist())):
        got = ask(row)
        assert np.shape(got) == want.shape[1:]
        assert got.dtype == want.dtype
        np.testing.assert_array_equal(got, want[0])


@every_backend
@every_question
def test_one_row_of_context_serves_all_rows(name: str, mask_set: Any, backend: str) -> None:
    ask = call(WITH_CONTEXT, name, backend, mask_set=mask_set)
    rows = rows_for(name)
    np.testing.assert_array_equal(ask(rows, context=Y[0]), ask(rows, context=np.tile(Y[0], (4, 1))))
    np.testing.assert_array_equal(ask(rows, context=Y[0].tolist()), ask(rows, context=Y[0]))
    want = ask(rows[:1], context=Y[:1])[0]
    np.testing.assert_array_equal(ask(rows[0], context=Y[0]), want)
    np.testing.assert_array_equal(ask(rows[0], context=Y[:1]), want)
    assert len(ask(rows[:0], context=Y[0])) == 0


@every_backend
@every_set
def test_the_loss_of_one_row_is_a_mean_over_one(mask_set: Any, backend: str) -> None:
    made = replace(WITH_CONTEXT, backend=backend)
    want, want_grad = made.loss_and_grad(THETA_OF_CONTEXT, X[:1], context=Y[:1], mask_set=mask_set)
    for context in (Y[0], Y[:1]):
        loss, grad = made.loss_and_grad(THETA_OF_CONTEXT, X[0], context=context, mask_set=mask_set)
        assert loss == want
        np.testing.assert_array_equal(grad, want_grad)
    many = made.loss_and_grad(THETA_OF_CONTEXT, X, context=Y[0], mask_set=mask_set)
    tiled = made.loss_and_grad(THETA_OF_CONTEXT, X, context=np.tile(Y[0], (4, 1)), mask_set=mask_set)
    assert many[0] == tiled[0]
    np.testing.assert_array_equal(many[1], tiled[1])


@every_backend
def test_one_row_given_and_one_of_context_serve_all_draws(backend: str) -> None:
    made = replace(WITH_CONTEXT, backend=backend)

    def draw(**options: Any) -> Array:
        return made.sample(THETA_OF_CONTEXT, 4, rng=3, conditioning="clamp", **options)

    row = np.array([1.0, np.nan, np.nan])
    want = draw(given=np.tile(row, (4, 1)), context=np.tile(Y[0], (4, 1)))
    np.testing.assert_array_equal(draw(given=row, context=Y[0]), want)


def test_a_start_may_be_taken_from_one_row() -> None:
    np.testing.assert_array_equal(PLAIN.init(0, X[0]), PLAIN.init(0, X[:1]))


@pytest.mark.parametrize("name", [*ROWWISE, "loss_and_grad"])
@pytest.mark.parametrize("size", [0, 2, 4])
def test_a_row_of_another_length_is_refused(name: str, size: int) -> None:
    of = "given" if name == "fill_means" else "x"
    message = rf"^{of} is 1-dimensional with shape \({size},\): give rows \(n, 3\), or one row \(3,\)$"
    with pytest.raises(ValueError, match=message):
        call(PLAIN, name, "auto")(np.zeros(size))
    wrong = np.zeros(size if size != 2 else 3)
    with pytest.raises(ValueError, match=r"^context is 1-dimensional .*: give rows \(n, 2\), or one row \(2,\)$"):
        call(WITH_CONTEXT, name, "auto")(X, context=wrong)


def test_a_table_of_one_row_of_context_is_not_stretched() -> None:
    with pytest.raises(ValueError, match=r"context has 1 rows, x has 4: give one row of context per row, or one of"):
        call(WITH_CONTEXT, "log_prob", "auto")(X, context=Y[:1])
