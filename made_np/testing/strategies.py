"""Hypothesis strategies: sizes, orders, degrees, mask sets and whole networks, all of them right.

What a check should accept, or a starting point for planting a fault. Hypothesis is imported when a strategy
is asked for, not before::

    @given(strategies.networks())
    def test_of_my_own(net):
        assert my_log_prob(net.theta, net.plan.masks, x) == pytest.approx(net.log_prob(x))
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any, TypeAlias

import numpy as np

from .arrays import MOST_FEATURES, as_features
from .networks import Network, make_network
from .plans import Plan, make_plan
from .values import as_count, as_flag

Strategy: TypeAlias = Any
"""A ``hypothesis.strategies.SearchStrategy``; its type is not known where hypothesis is not installed."""


def _hypothesis() -> Any:
    try:
        return import_module("hypothesis.strategies")
    except ImportError as error:
        raise ImportError("made_np.testing.strategies needs hypothesis: pip install hypothesis") from error


def _look_at_bounds(max_features: int, max_layers: int, n_params: int | None, n_context: int | None) -> None:
    as_count(max_features, "max_features", 1, MOST_FEATURES)
    as_count(max_layers, "max_layers", 0, MOST_FEATURES)
    if n_params is not None:
        as_count(n_params, "n_params", 1, MOST_FEATURES)
    if n_context is not None:
        as_count(n_context, "n_context", 0, MOST_FEATURES)


def sizes(*, max_features: int = 6, max_layers: int = 3, max_units: int = 8) -> Strategy:
    """(D, widths of the hidden layers): D = 1 and no hidden layer among them.

    Parameters
    ----------
    max_features, max_layers, max_units : int
        Bounds.

    Raises
    ------
    TypeError, ValueError
        If a bound is no count.
    """
    _look_at_bounds(max_features, max_layers, None, None)
    as_count(max_units, "max_units", 1, MOST_FEATURES)
    st = _hypothesis()
    hidden = st.lists(st.integers(1, max_units), max_size=max_layers).map(tuple)
    return st.tuples(st.integers(1, max_features), hidden)


def orders(n_features: int) -> Strategy:
    """(D,) permutations.

    Raises
    ------
    TypeError, ValueError
        If n_features is no count.
    """
    return _hypothesis().permutations(range(as_features(n_features))).map(_ints)


def degrees(n_features: int, width: int, *, lowest: int = 1, complete: bool = False) -> Strategy:
    """(H,) degrees of one hidden layer, lowest .. D - 1.

    Parameters
    ----------
    n_features, width : int
        D and H.
    lowest : int
        0 where there is context.
    complete : bool
        No degree is missing; H must be at least ``D - lowest``.

    Raises
    ------
    TypeError, ValueError
        If a size is no count, or the layer too narrow to be complete.
    """
    n_features = as_features(n_features)
    width = as_count(width, "width", 0, MOST_FEATURES)
    lowest = as_count(lowest, "lowest", 0, n_features)
    complete = as_flag(complete, "complete")
    st = _hypothesis()
    every = list(range(lowest, max(n_features, lowest + 1)))
    if not complete:
        return st.lists(st.sampled_from(every), min_size=width, max_size=width).map(_ints)
    spare = width - len(every)
    if spare < 0:
        raise ValueError(f"width {width} cannot hold each of the {len(every)} degrees")
    more = st.lists(st.sampled_from(every), min_size=spare, max_size=spare)
    return more.flatmap(lambda extra: st.permutations(every + extra)).map(_ints)


def mask_sets(
    *, max_features: int = 6, max_layers: int = 3, n_params: int | None = None, n_context: int | None = None
) -> Strategy:
    """`Plan` objects whose masks carry every allowed dependency and hold no dead unit.

    Parameters
    ----------
    max_features, max_layers : int
        Bounds on the size.
    n_params, n_context : int, optional
        Outputs per feature (default: 1 or 2) and width of the context (default: 0 to 2).

    Raises
    ------
    TypeError, ValueError
        If one of these is no count.
    """

    def build(draw: Callable[[Strategy], Any]) -> Plan:
        n_features = draw(st.integers(1, max_features))
        context = draw(st.integers(0, 2)) if n_context is None else n_context
        lowest = 0 if context else 1
        n_degrees = n_features - lowest
        n_layers = draw(st.integers(0, max_layers)) if n_degrees else 0
        narrow = n_degrees > 1 and draw(st.booleans())
        if narrow:
            # Too few units for all degrees: layers share one vector, direct wires carry the rest.
            width = draw(st.integers(1, n_degrees - 1))
            layers = [draw(degrees(n_features, width, lowest=lowest))] * n_layers
        else:
            widths = [n_degrees + draw(st.integers(0, 3)) for _ in range(n_layers)]
            layers = [draw(degrees(n_features, w, lowest=lowest, complete=True)) for w in widths]
        return make_plan(
            draw(orders(n_features)),
            layers,
            direct=narrow or draw(st.booleans()),
            skips=draw(st.booleans()),
            n_params=draw(st.integers(1, 2)) if n_params is None else n_params,
            n_context=context,
        )

    _look_at_bounds(max_features, max_layers, n_params, n_context)
    st = _hypothesis()
    return st.composite(build)()


def networks(
    *, max_features: int = 5, max_layers: int = 2, n_params: int | None = None, n_context: int | None = None
) -> Strategy:
    """Whole `Network` objects, random in weights and data; they pass every check of `suite`.

    Parameters
    ----------
    max_features, max_layers, n_params, n_context
        As in `mask_sets`; with ``n_params=1`` columns are binary, with 2 real, and there is no third kind.

    Raises
    ------
    TypeError, ValueError
        If one of these is no count, or n_params neither 1 nor 2.
    """

    def build(draw: Callable[[Strategy], Any]) -> Network:
        plan = draw(mask_sets(max_features=max_features, max_layers=max_layers, n_params=n_params, n_context=n_context))
        rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
        return make_network(rng, plan, with_relu=draw(st.booleans()))

    _look_at_bounds(max_features, max_layers, n_params, n_context)
    if n_params is not None:
        as_count(n_params, "n_params", 1, 2)
    st = _hypothesis()
    return st.composite(build)()


def _ints(values: Any) -> Any:
    return np.array(values, dtype=np.int64)
