"""Single values of arguments: what is taken, and what is refused in words that name the argument."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas
import pytest

import made_np.testing.values
import made_np.values
from made_np.values import (
    as_a,
    as_callable,
    as_choice,
    as_count,
    as_flag,
    as_generator,
    as_number,
    as_path,
    as_sequence,
    show,
)


class Unspeakable:
    def __repr__(self) -> str:
        raise RuntimeError("no words")


class Nowhere:
    def __fspath__(self) -> str:
        raise RuntimeError("no path")


class Restless(float):
    def __float__(self) -> float:
        raise RuntimeError("no number")


def as_list(value: Any, name: str) -> Any:
    return as_a(value, name, list, "give a list")


def as_share(value: Any, name: str) -> float:
    return as_number(value, name, "[0, 1)")


def as_colour(value: Any, name: str) -> Any:
    return as_choice(value, name, ("red", True))


def as_pair(value: Any, name: str) -> Any:
    return as_sequence(value, name, "two of them", 2)


def as_few(value: Any, name: str) -> int:
    return as_count(value, name, 0, 3)


TAKEN: list[tuple[Callable[..., Any], Any, Any]] = [
    (as_count, np.int8(3), 3),
    (as_few, 0, 0),
    (as_few, 3, 3),
    (as_share, 0, 0.0),
    (as_share, np.float32(0.5), 0.5),
    (as_number, -(10**300), -1e300),
    (as_flag, np.True_, True),
    (as_colour, "red", "red"),
    (as_colour, True, True),
    (as_callable, len, len),
    (as_list, [], []),
    (as_pair, (1, None), (1, None)),
    (as_pair, range(2), range(2)),
    (as_pair, ["a", Unspeakable], ["a", Unspeakable]),
    (as_count, sys.maxsize, sys.maxsize),
    (as_path, Path("a") / "b", "a/b"),
]
REFUSED: list[Any] = [
    (as_count, True, TypeError),
    (as_count, 2.0, TypeError),
    (as_count, np.array(2), TypeError),
    (as_count, 0, ValueError),
    (as_count, np.timedelta64(3, "s"), TypeError),
    (as_number, np.timedelta64(3, "s"), TypeError),
    (as_generator, np.timedelta64(3, "s"), TypeError),
    (as_few, 4, ValueError),
    (as_count, sys.maxsize + 1, ValueError),
    (as_count, np.uint64(2**64 - 1), ValueError),
    (as_pair, [1], ValueError),
    (as_pair, np.broadcast_to(0, (2**40,)), ValueError),
    (as_pair, "ab", TypeError),
    (as_pair, b"ab", TypeError),
    (as_pair, {1, 2}, TypeError),
    (as_pair, {1: 2, 3: 4}, TypeError),
    (as_pair, (k for k in range(2)), TypeError),
    (as_pair, np.array(2), TypeError),
    (as_pair, None, TypeError),
    (as_pair, list, TypeError),
    (as_pair, Unspeakable(), TypeError),
    pytest.param(as_few, 10**5000, ValueError, id="an integer too long to be written"),
    (as_number, True, TypeError),
    (as_number, "1", TypeError),
    (as_number, 1j, TypeError),
    (as_number, np.array([1.0]), TypeError),
    (as_number, np.nan, ValueError),
    (as_number, np.inf, ValueError),
    (as_number, 10**400, ValueError),
    (as_share, 1.0, ValueError),
    (as_share, -1e-9, ValueError),
    (as_flag, 1, TypeError),
    (as_flag, None, TypeError),
    (as_colour, 1, ValueError),
    (as_colour, np.array([1, 2]), ValueError),
    (as_callable, "len", TypeError),
    (as_list, (), TypeError),
    (as_list, Unspeakable(), TypeError),
    (as_path, 1, TypeError),
    (as_path, True, TypeError),
    (as_path, b"a", TypeError),
    (as_path, None, TypeError),
    (as_path, "", ValueError),
    (as_path, "a\0b", ValueError),
    pytest.param(as_path, "\ud800", ValueError, id="half a letter"),
    (as_path, Nowhere(), TypeError),
    (as_number, Restless(0.5), ValueError),
    (as_pair, pandas.DataFrame({"a": [1, 2], "b": [3, 4]}), TypeError),
    (as_generator, np.array([[0, 1]]).view(np.matrix), TypeError),
    (as_generator, np.array([0, 1]), TypeError),
    (as_generator, "0", TypeError),
    (as_generator, 1.0, TypeError),
    (as_generator, True, TypeError),
    (as_generator, [0, "1"], TypeError),
    (as_generator, -1, ValueError),
    (as_generator, [0, -1], ValueError),
]


@pytest.mark.parametrize(("check", "value", "result"), TAKEN)
def test_what_can_be_meant_is_returned(check: Callable[..., Any], value: Any, result: Any) -> None:
    found = check(value, "it")
    assert type(found) is type(result)
    assert found == result


@pytest.mark.parametrize(("check", "value", "error"), REFUSED)
def test_what_cannot_be_meant_is_refused_by_name(check: Callable[..., Any], value: Any, error: type[Exception]) -> None:
    with pytest.raises(error, match=r"^it\b"):
        check(value, "it")


def test_a_choice_lists_what_there_is() -> None:
    with pytest.raises(ValueError, match=r"use one of \('red', True\)"):
        as_colour("blue", "it")


def test_a_generator_is_handed_on_and_not_drawn_from() -> None:
    rng = np.random.default_rng(3)
    before = rng.bit_generator.state
    assert as_generator(rng) is rng
    assert rng.bit_generator.state == before


@pytest.mark.parametrize("seed", [0, np.int64(7), [1, 2], (1, 2), np.random.SeedSequence(5)])
def test_a_seed_gives_the_generator_that_numpy_makes_of_it(seed: Any) -> None:
    assert as_generator(seed).random() == np.random.default_rng(seed).random()


def test_chance_gives_another_generator_each_time() -> None:
    assert as_generator(None).random() != as_generator(None).random()


def test_a_value_is_shown_in_few_words() -> None:
    assert len(show("a" * 10_000)) < 100
    assert show(np.zeros((3, 4))) == "an array of shape (3, 4) and dtype float64"
    assert show(Unspeakable()).startswith("<Unspeakable")
    assert show(10**5000) == "<int>"


def test_the_copy_in_testing_is_the_same_file() -> None:
    copy, original = Path(made_np.testing.values.__file__), Path(made_np.values.__file__)
    assert copy.read_bytes() == original.read_bytes()
