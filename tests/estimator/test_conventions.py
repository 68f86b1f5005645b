"""Parameters and random states behave as scikit-learn's do, without it."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pytest

from made_np.estimator.conventions import Conventions, NotFittedError, as_seed, learned, seed_of, unfitted


class Pair(Conventions):
    """Something with two parameters."""

    def __init__(self, b: Any = 1, *, a: Any = (2, 3)) -> None:
        self.b = b
        self.a = a


def test_parameters_are_the_arguments() -> None:
    pair = Pair(b=5)
    assert pair.get_params() == pair.get_params(deep=False) == {"a": (2, 3), "b": 5}
    assert list(pair.get_params()) == ["a", "b"]
    assert pair.set_params(a=None, b=2) is pair
    assert (pair.a, pair.b) == (None, 2)


def test_parameters_of_a_parameter_are_reached_by_two_underscores() -> None:
    pair = Pair(b=Pair(b=Pair(b=7)))
    assert pair.get_params()["b__b__b"] == 7
    assert set(pair.get_params(deep=False)) == {"a", "b"}
    pair.set_params(b__a=1, b__b__b=8)
    assert (pair.b.a, pair.b.b.b) == (1, 8)
    inner = Pair()
    assert pair.set_params(b__a=5, b=inner).b is inner
    assert inner.a == 5
    with pytest.raises(ValueError, match="'b__c' for estimator Pair"):
        pair.set_params(b__c=1, b__a=6)
    with pytest.raises(ValueError, match="'a__b' for estimator Pair"):
        pair.set_params(a__b=1)
    assert inner.a == 5
    assert repr(pair) == "Pair(b=Pair(a=5))"


def test_an_estimator_is_made_anew_with_what_it_was_given() -> None:
    fits = Fits(b=Fits([1]))
    fits.b._fitted = Shape((1,))
    again = unfitted(fits)
    assert again.b.b == [1]
    assert again.b.b is not fits.b.b
    assert not again.b.__sklearn_is_fitted__()
    assert unfitted(Pair) is Pair


def test_an_unknown_parameter_is_refused_before_any_is_set() -> None:
    pair = Pair()
    with pytest.raises(ValueError, match=r"'c' for estimator Pair.*\['a', 'b'\]"):
        pair.set_params(b=7, c=1)
    assert pair.b == 1


def test_repr_shows_what_differs_from_the_defaults() -> None:
    assert repr(Pair()) == "Pair()"
    assert repr(Pair(3)) == "Pair(b=3)"
    assert repr(Pair(a=np.array([1, 2]))) == "Pair(a=array([1, 2]))"


def test_not_fitted_is_a_value_error_and_an_attribute_error() -> None:
    assert issubclass(NotFittedError, ValueError)
    assert issubclass(NotFittedError, AttributeError)


def test_seeds_come_from_integers_states_generators_and_chance() -> None:
    assert as_seed(7) == as_seed(np.int64(7)) == 7
    assert as_seed(np.random.default_rng(0)) == as_seed(np.random.default_rng(0))
    assert as_seed(np.random.RandomState(0)) == as_seed(np.random.RandomState(0))
    generator = np.random.default_rng(0)
    assert as_seed(generator) != as_seed(generator)
    assert as_seed(None) != as_seed(None)


def test_the_global_random_state_is_neither_read_nor_written() -> None:
    before = str(np.random.get_state())  # noqa: NPY002
    as_seed(None)
    assert str(np.random.get_state()) == before  # noqa: NPY002


@pytest.mark.parametrize(("bad", "error"), [("a", TypeError), (1.5, TypeError), (True, TypeError), (-1, ValueError)])
def test_other_seeds_are_refused(bad: Any, error: type[Exception]) -> None:
    with pytest.raises(error, match="random_state="):
        as_seed(bad)


@pytest.mark.parametrize("make", [np.random.default_rng, np.random.RandomState])
def test_what_is_refused_has_drawn_nothing(make: Any) -> None:
    state = make(3)
    with pytest.raises(KeyboardInterrupt), seed_of(state) as seed:
        raise KeyboardInterrupt
    with seed_of(state) as again:
        assert again == seed == as_seed(make(3))
    assert as_seed(state) != seed
    with seed_of(7) as seed:
        assert seed == 7


class Shape(NamedTuple):
    """What a fit may leave."""

    columns: tuple[int, ...]
    names: tuple[str, ...] | None = None

    @property
    def edge(self) -> int:
        return len(self.columns)


class Fits(Pair):
    """Something that learns."""

    edge_ = learned("edge")


def test_what_fit_leaves_is_absent_before() -> None:
    fits = Fits()
    for name in ("edge_", "n_features_in_", "feature_names_in_"):
        assert not hasattr(fits, name)
    with pytest.raises(AttributeError, match=r"this Fits is not fitted yet: call fit first$"):
        fits.edge_  # noqa: B018
    assert not fits.__sklearn_is_fitted__()
    fits._fitted = Shape((1, 2))
    assert (fits.edge_, fits.n_features_in_, hasattr(fits, "feature_names_in_")) == (2, 2, False)
    assert fits.__sklearn_is_fitted__()
    fits._fitted = Shape((1, 2), ("a", "b"))
    assert fits.feature_names_in_.tolist() == ["a", "b"]
