"""Parameters are looked at first: before an order is found, a model tried, a number drawn, an attribute set."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from made_np import MADEDensity
from made_np.estimator import learning, members

RNG = np.random.default_rng(0)
X = np.column_stack([RNG.normal(size=120), RNG.integers(0, 2, 120), RNG.integers(0, 4, 120)])


class Odd:
    """Something that nobody means."""


WRONG = ["x", b"x", np.nan, np.inf, -np.inf, Odd(), 2 + 1j, (1, "a"), [None]]
"""For every parameter."""
NO_NUMBER = [None, True, -1, np.float64(-2), [], {}, np.array([1, 2])]
NO_CHOICE = [True, 3, [], {}, np.array([1, 2])]
MORE: dict[str, list[Any]] = {
    "hidden_layer_sizes": [None, 5, -1, {}, (0,), (1.5,), (True,), (10**400,), np.array(3), np.eye(2)],
    "columns": [None, True, [], ["auto"], ["auto", "x", "auto"], ["auto", 3, "auto"], [Odd()] * 3, {3: "real"}],
    "context": [True, 3, {}, ["income"], [0, 0], [7], [0.5], [-1], [0, 1, 2], np.eye(2)],
    "missing": [None, *NO_CHOICE],
    "handle_unknown": [None, *NO_CHOICE],
    "min_frequency": [True, 0, -1, [], {}, np.array([1, 2])],
    "activation": [None, *NO_CHOICE],
    "order": [None, True, -1, [], {}, [0, 1], [0, 0, 1], [0, 1, 3], [0.5, 1, 2]],
    "answers": [None, *NO_CHOICE],
    "n_masks": [*NO_NUMBER[1:], 0, 1.5, 10**400],
    "direct": [None, 3],
    "residual": [None, True],
    "mask_weights": [None, 3],
    "optimizer": [None, *NO_CHOICE],
    "learning_rate": [*NO_NUMBER, 0, 10**400],
    "schedule": [*NO_CHOICE, lambda step, total: -1.0],
    "batch_size": [*NO_NUMBER, 0, 1.5],
    "max_epochs": [*NO_NUMBER, 0, 1.5],
    "early_stopping": [None, 0, 1, [], np.array([True, False])],
    "validation_fraction": [*NO_NUMBER, 0, 1],
    "n_iter_no_change": [*NO_NUMBER, 0, 1.5],
    "weight_decay": [None, True, -1, [], {"W9": 0.1}, {"b0": 0.1}, {"W0": -1}, {"W0": "x"}, {3: 1}],
    "dropout": [*NO_NUMBER, 1],
    "input_dropout": [*NO_NUMBER, 1],
    "averaging": [*NO_NUMBER, 1.5, 10**400],
    "n_members": [*NO_NUMBER, 0, 1.5],
    "warm_start": [None, 0, 1, [], np.array([True, False])],
    "random_state": [*NO_NUMBER[1:], 1.5],
    "verbose": [None, -1, 1.5, [], {}, np.array([1, 2])],
    "dtype": [None, "int", -1, {}],
    "backend": [None, *NO_CHOICE],
    "binarize": [True, 10**400, [], {}, np.array([1, 2])],
}


def cases() -> Any:
    """Each parameter with each value that it cannot have."""
    for name, more in MORE.items():
        yield from ((name, value) for value in (*WRONG, *more))


def test_every_parameter_is_tried() -> None:
    assert MORE.keys() == MADEDensity().get_params().keys()


def watched(begun: list[str], work: Any, *args: Any, **options: Any) -> Any:
    begun.append(work.__name__)
    return work(*args, **options)


@pytest.fixture
def work(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What work was begun."""
    begun: list[str] = []
    for name in ("best_columns", "found_order", "fit_rows", "train_on"):
        monkeypatch.setattr(learning, name, partial(watched, begun, getattr(learning, name)))
    monkeypatch.setattr(members, "fit_home", partial(watched, begun, members.fit_home))
    return begun


@pytest.fixture(scope="module")
def learned() -> MADEDensity:
    """A fitted estimator with the default parameters but for what takes time."""
    return MADEDensity((6,), max_epochs=1, order="natural", n_masks=1, weight_decay=0.0, random_state=0).fit(X)


def state(rng: Any) -> str:
    return str(rng.bit_generator.state)


@pytest.mark.parametrize("method", ["fit", "partial_fit", "warm fit"])
def test_what_cannot_be_meant_is_named_before_any_work(method: str, work: list[str], learned: MADEDensity) -> None:
    for name, value in cases():
        rng = np.random.default_rng(1)
        model = MADEDensity((6,), max_epochs=1)
        if method == "warm fit":
            # of another model, or learned
            if name in ("columns", "context", "min_frequency", "order", "hidden_layer_sizes"):
                continue
            vars(model).update(vars(learned), warm_start=True)
        model.set_params(random_state=rng).set_params(**{name: value})
        before, drawn = dict(vars(model)), state(rng)
        with pytest.raises((TypeError, ValueError), match=name):
            getattr(model, method.split()[-1])(X)
        assert not work, (name, value)
        assert state(rng) == drawn, (name, value)
        assert vars(model).keys() == before.keys()
        assert all(vars(model)[each] is before[each] for each in before), (name, value)


def test_rows_are_looked_at_before_a_number_is_drawn(work: list[str]) -> None:
    rng = np.random.default_rng(1)
    drawn = state(rng)
    wrong: list[tuple[Any, Any]] = [
        (X * np.nan, None),
        (X, "x"),
        (X, X[:, :2]),
        (X * 1j, None),
        (X, X * 1e300),
        (X[:0], None),
    ]
    for x, x_val in wrong:
        with pytest.raises((TypeError, ValueError), match=r"^X(_val)?"):
            MADEDensity(random_state=rng).fit(x, X_val=x_val)
    with pytest.raises(ValueError, match="needs validation losses"):
        MADEDensity(random_state=rng, schedule="plateau", early_stopping=False).fit(X)
    with pytest.raises(ValueError, match="needs validation losses"):
        MADEDensity(random_state=rng, schedule="plateau").fit(X[:1])
    assert not work
    assert state(rng) == drawn


def test_questions_are_looked_at_before_a_number_is_drawn(learned: MADEDensity) -> None:
    rng = np.random.default_rng(1)
    model, drawn = MADEDensity(), state(rng)
    vars(model).update(vars(learned), random_state=rng)
    gaps = X[:3].copy()
    gaps[0, 0] = np.nan
    for n in (0, -1, 1.5, True, "x", [1], 10**400, np.nan, Odd()):
        with pytest.raises((TypeError, ValueError), match="n_samples="):
            model.sample(n)
        with pytest.raises((TypeError, ValueError), match="n_draws="):
            model.impute(X, n)
    with pytest.raises(TypeError, match="n_samples=None"):
        model.sample(None)
    for odd in ("x", 1.5, True, -1, [1], Odd()):
        with pytest.raises((TypeError, ValueError), match="random_state="):
            model.sample(2, random_state=odd)
        with pytest.raises((TypeError, ValueError), match="random_state="):
            model.impute(X, 2, random_state=odd)
    with pytest.raises(ValueError, match=r"X\[0\] has gaps"):
        model.impute(gaps, 2)
    for x in (X[:, :2], X + np.inf, "x", None, X[0], [[1, 2], [3]], [["a", "b", "c"]]):
        for ask in (model.impute, model.score_samples, model.score, model.evaluate):
            with pytest.raises((TypeError, ValueError), match=r"^X( is|\[| has)"):
                ask(x)
    assert state(rng) == drawn
    with pytest.raises(TypeError, match="deep="):
        model.get_params("yes")  # type: ignore[arg-type]


def test_a_batch_may_be_larger_than_the_table() -> None:
    options: dict[str, Any] = {"max_epochs": 2, "order": "natural", "n_masks": 1, "weight_decay": 0.0}
    thetas = [MADEDensity((6,), batch_size=size, random_state=0, **options).fit(X).theta_ for size in (120, 10**18)]
    assert_array_equal(*thetas)


def test_flags_of_numpy_and_numbers_of_any_size_are_fine() -> None:
    options: dict[str, Any] = {"order": "natural", "n_masks": np.int8(1), "weight_decay": np.float32(0)}
    model = MADEDensity(np.array([6]), early_stopping=np.True_, verbose=False, max_epochs=np.uint8(2), **options)
    assert model.set_params(random_state=10**30, n_iter_no_change=10**18).fit(X).n_iter_ == 2
