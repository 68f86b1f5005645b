"""Every public callable of the suite with hostile arguments: an answer, or a refusal that names one of them."""

from __future__ import annotations

import inspect
import json
import random
import re
import traceback
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from made_np import testing
from made_np.testing import Report, SuiteReport, strategies, suite

from .hostile import Own, calls, values

USERS = ("hostile.py", "networks.py")
"""Where the functions come from that the checks are given here."""

NAMES = sorted(calls())


def outcome(function: Callable[..., Any], arguments: dict[str, Any]) -> Exception | None:
    """What a public callable raises; None if it answers, and if the answer can be shown."""
    kinds = inspect.signature(function).parameters.values()
    named = dict(arguments)
    leading = [named.pop(p.name) for p in kinds if p.kind is p.POSITIONAL_OR_KEYWORD and p.name in named]
    try:
        found = function(*leading, **named)
        if isinstance(found, testing.Adapter):
            found = suite(found)
        if isinstance(found, Report | SuiteReport):
            assert str(found)
            assert found._repr_html_()
            assert json.dumps(found.to_dict(), allow_nan=False)
    except Exception as error:
        return error
    return None


def is_their_own(error: BaseException) -> bool:
    """Whether an exception comes from a function that was handed over."""
    frames = traceback.extract_tb(error.__traceback__)
    return isinstance(error, Own) or any(frame.filename.endswith(USERS) for frame in frames)


def arrays_in(value: Any) -> Iterator[Any]:
    """All arrays of a value, those in lists too."""
    if isinstance(value, np.ndarray):
        yield value
    elif type(value) in (list, tuple):
        for one in value:
            yield from arrays_in(one)


def global_states() -> Any:
    """What nobody may change."""
    return random.getstate(), np.random.get_state()[1].tolist()  # noqa: NPY002


def try_with(name: str, chosen: dict[str, int]) -> None:
    """Call with the chosen ones of the hostile values: nothing else may change, and what is raised must help."""
    hostile = values()
    changes = {argument: hostile[k] for argument, k in chosen.items()}
    function, usual = calls()[name]
    rng = usual.get("rng", np.random.default_rng(0))
    state, globally = rng.bit_generator.state, global_states()
    before = [(array, array.copy()) for value in usual.values() for array in arrays_in(value)]
    error = outcome(function, usual | changes)
    for array, was in before:
        np.testing.assert_array_equal(array, was)
    assert global_states() == globally
    if error is None or is_their_own(error):
        return
    assert type(error) in (TypeError, ValueError), (chosen, error)
    assert any(re.search(rf"\b{argument}\b", str(error)) for argument in changes), (chosen, error)
    assert rng.bit_generator.state == state, (chosen, error)


@st.composite
def hostile_calls(draw: Callable[..., Any]) -> tuple[str, dict[str, int]]:
    """A public callable, and one or two of its arguments with a hostile value each."""
    name = draw(st.sampled_from(NAMES))
    argument = st.sampled_from(sorted(calls()[name][1]))
    chosen = draw(st.lists(argument, min_size=1, max_size=2, unique=True))
    return name, {argument: draw(st.integers(0, len(values()) - 1)) for argument in chosen}


@settings(max_examples=300)
@given(hostile_calls())
def test_whatever_the_arguments_there_is_an_answer_or_a_refusal_that_names_one(call: Any) -> None:
    try_with(*call)


@pytest.mark.slow
@settings(max_examples=5000)
@given(hostile_calls())
def test_whatever_the_arguments_at_length(call: Any) -> None:
    try_with(*call)


def test_every_public_callable_is_tried_with_all_its_arguments() -> None:
    public = {name for name in testing.__all__ if callable(getattr(testing, name))}
    own = {name: value for name, value in vars(strategies).items() if inspect.isfunction(value) and name[0] != "_"}
    drawn = {name for name, value in own.items() if value.__module__ == strategies.__name__}
    assert set(NAMES) == public | drawn
    for name, (function, arguments) in calls().items():
        assert set(arguments) == set(inspect.signature(function).parameters), name


@pytest.mark.parametrize("name", NAMES)
def test_the_usual_arguments_are_taken(name: str) -> None:
    function, arguments = calls()[name]
    assert outcome(function, arguments) is None


@pytest.mark.parametrize("name", NAMES)
def test_no_argument_takes_an_object_that_is_nothing(name: str) -> None:
    for argument in calls()[name][1]:
        function, usual = calls()[name]
        error = outcome(function, usual | {argument: object()})
        assert type(error) in (TypeError, ValueError), argument
        try_with(name, {argument: [type(value) is object for value in values()].index(True)})
