"""pytest: one test for each named check of a model.

In a test file::

    @parametrize_with_checks(my_adapter())
    def test_my_model(check):
        check()

or without one::

    pytest -p made_np.testing.pytest_plugin --made-check package.module:factory
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from importlib import import_module
from typing import Any

from .adapter import Adapter, load_adapter
from .checks import Check, checks, known_failures
from .report import CheckFailed


def parametrize_with_checks(
    adapters: Adapter | Iterable[Adapter],
    *,
    expected_failures: Mapping[str, str] | None = None,
    rng: int = 0,
) -> Callable[[Callable[..., Any]], Any]:
    """Decorate a test that takes ``check``: it runs once for each check, which raises if it fails.

    Parameters
    ----------
    adapters : Adapter or iterable of Adapter
        The models; their names are in the ids of the tests.
    expected_failures : mapping, optional
        {name of a check: reason}: marked xfail.
    rng : int
        Seed of every check.

    Raises
    ------
    ValueError
        If ``expected_failures`` names a check that does not exist.
    """
    mark = import_module("pytest").mark
    given = [adapters] if isinstance(adapters, Adapter) else list(adapters)
    named = [(adapter, check) for adapter in given for check in checks(adapter, rng=rng)]
    expected = known_failures(expected_failures, [check for _, check in named])
    params = [_param(adapter, check, expected.get(check.name)) for adapter, check in named]
    decorate: Callable[[Callable[..., Any]], Any] = mark.parametrize("check", params)
    return decorate


def _param(adapter: Adapter, check: Check, expected: str | None) -> Any:
    pytest = import_module("pytest")
    marks = []
    if check.skip:
        marks.append(pytest.mark.skip(reason=check.skip))
    if expected is not None:
        marks.append(pytest.mark.xfail(reason=expected, strict=False))
    return pytest.param(check.demand, id=f"{adapter.name}-{check.name}", marks=marks)


def pytest_addoption(parser: Any) -> None:
    """``--made-check``, any number of times."""
    parser.getgroup("made_np").addoption(
        "--made-check",
        action="append",
        default=[],
        metavar="PACKAGE.MODULE:FACTORY",
        help="run every check of made_np.testing on this adapter, as one test each",
    )


def pytest_collection_modifyitems(session: Any, config: Any, items: list[Any]) -> None:
    """Add the checks of each ``--made-check`` to the tests."""
    pytest = import_module("pytest")

    class CheckItem(pytest.Item):  # type: ignore[misc,name-defined]
        check: Check

        def runtest(self) -> None:
            if self.check.skip:
                pytest.skip(self.check.skip)
            self.check.demand()

        def repr_failure(self, excinfo: Any, style: Any = None) -> Any:
            if isinstance(excinfo.value, CheckFailed):
                return str(excinfo.value)
            return super().repr_failure(excinfo, style)

        def reportinfo(self) -> tuple[Any, int | None, str]:
            return self.path, None, self.name

    for target in config.getoption("made_check"):
        for check in checks(load_adapter(target)):
            item = CheckItem.from_parent(session, name=f"{target}::{check.name}")
            item.check = check
            items.append(item)
