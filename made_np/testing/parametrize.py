"""A test in a file of tests that runs once for each named check of a model.

It is written so::

    @parametrize_with_checks(my_adapter())
    def test_my_model(check):
        check()
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from importlib import import_module
from typing import Any

import numpy as np

from .adapter import Adapter
from .arrays import as_list
from .checks import ADAPTER, Check, checks, known_failures
from .compare import seed_of
from .report import Report
from .values import as_a, show


def parametrize_with_checks(
    adapters: Adapter | Iterable[Adapter],
    *,
    expected_failures: Mapping[str, str] | None = None,
    rng: int | np.random.Generator = 0,
) -> Callable[[Callable[..., Any]], Any]:
    """Decorate a test that takes ``check``: it runs once for each check, which raises if it fails.

    Parameters
    ----------
    adapters : Adapter or iterable of Adapter
        The models; their names are in the ids of the tests.
    expected_failures : mapping, optional
        {name of a check: reason}: marked xfail.
    rng : int or Generator
        Seed of every check.

    Raises
    ------
    TypeError, ValueError
        If adapters holds something else, or one that gives nothing to check, ``expected_failures`` names a check that
        does not exist, or rng is no seed.
    """
    given = [adapters] if isinstance(adapters, Adapter) else _adapters(adapters)
    expected = known_failures(expected_failures, given)
    mark = import_module("pytest").mark
    seed = seed_of(rng)
    named = [(adapter, check) for adapter in given for check in some(checks(adapter, rng=seed), adapter.name)]
    params = [_param(adapter, check, expected.get(check.name)) for adapter, check in named]
    decorate: Callable[[Callable[..., Any]], Any] = mark.parametrize("check", params)
    return decorate


def _adapters(adapters: Iterable[Adapter]) -> list[Adapter]:
    """Look at several models; an iterator is read once."""
    if isinstance(adapters, Iterator):
        adapters = list(adapters)
    given = as_list(adapters, "adapters", ADAPTER)
    if not given:
        raise ValueError(f"adapters is empty, there is nothing to check: {ADAPTER}")
    for i, adapter in enumerate(given):
        as_a(adapter, f"adapters[{i}]", Adapter, ADAPTER)
    return given


def some(listed: Iterable[Check], name: str) -> list[Check]:
    """The checks of a model, one of which at least can be run: if pytest skipped all of them, it would be green."""
    found = list(listed)
    if all(check.skip for check in found):
        raise ValueError(f"adapters: {show(name)} gives nothing to check: {ADAPTER}")
    return found


def _param(adapter: Adapter, check: Check, expected: str | None) -> Any:
    pytest = import_module("pytest")
    marks = []
    if check.skip:
        marks.append(pytest.mark.skip(reason=check.skip))
    if expected is not None:
        marks.append(pytest.mark.xfail(reason=expected, strict=False))
    return pytest.param(partial(_demand, check), id=f"{adapter.name}-{check.name}", marks=marks)


def _demand(check: Check) -> None:
    settle(check())


def settle(report: Report) -> None:
    """Raise if a check failed; skip the test if it decided nothing."""
    if report.undecided and not report.n_failed:
        import_module("pytest").skip(report.undecided)
    report.raise_if_failed()
