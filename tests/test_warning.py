"""A warning points to the line that called made_np, however deep in it somebody objects."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import made_np
from made_np import MADE, MADEDensity
from made_np.messages import warn
from made_np.table.files import read_table

PACKAGE = Path(made_np.__file__).parent
SPINS = np.array([[-1.0, 0], [0, 1], [1, 0], [2, 1]] * 5)


class Named:
    """The least that is a data frame."""

    def __init__(self, array: Any, columns: list[str]) -> None:
        self.array, self.columns = array, columns

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        return self.array


def small() -> MADEDensity:
    """An estimator that is fitted at once."""
    return MADEDensity((4,), max_epochs=1, order="natural", n_masks=1, weight_decay=0.0, random_state=0)


def diverges(tmp_path: Path) -> None:
    """Train at a rate that no loss survives."""
    x = np.random.default_rng(0).standard_normal((50, 2))
    made_np.fit(MADE(2, (4,), "gaussian"), x, learning_rate=1e30, optimizer="sgd", max_epochs=5)


def diverges_in_the_estimator(tmp_path: Path) -> None:
    """Have the estimator train at such a rate."""
    x = np.random.default_rng(0).standard_normal((50, 2))
    small().set_params(columns="gaussian", learning_rate=1e30, optimizer="sgd", max_epochs=5).fit(x)


def goes_on_and_diverges(tmp_path: Path) -> None:
    """Have it go on learning at such a rate."""
    x = np.random.default_rng(0).standard_normal((50, 2))
    small().set_params(columns="gaussian", learning_rate=1e30, optimizer="sgd", batch_size=5).partial_fit(x)


def scores_without_names(tmp_path: Path) -> None:
    """Score an array by a model of named columns."""
    small().fit(Named(SPINS[:, 1:], ["a"])).score(SPINS[:, 1:])


def fits_codes_with_a_gap(tmp_path: Path) -> None:
    """Fit a column in which -1 may be a gap."""
    small().fit(SPINS)


def reads_row_numbers(tmp_path: Path) -> None:
    """Read a file that begins with row numbers."""
    (tmp_path / "t.csv").write_text(",a,b\n0,5,6\n1,7,8\n", encoding="utf-8")
    read_table(tmp_path / "t.csv")


@pytest.mark.parametrize(
    "act",
    [
        diverges,
        diverges_in_the_estimator,
        goes_on_and_diverges,
        scores_without_names,
        fits_codes_with_a_gap,
        reads_row_numbers,
    ],
)
def test_warnings_point_here(act: Callable[[Path], None], tmp_path: Path) -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        act(tmp_path)
    assert caught
    assert {each.filename for each in caught} == {__file__}
    lines = Path(__file__).read_text(encoding="utf-8").splitlines()
    first = act.__code__.co_firstlineno
    for each in caught:
        assert first < each.lineno <= first + 5, lines[each.lineno - 1]


def test_a_warning_of_who_calls_it_himself_is_his_own() -> None:
    with pytest.warns(FutureWarning, match="soon") as caught:
        warn("soon", FutureWarning)
    assert caught[0].filename == __file__


def test_nobody_warns_by_counting_frames() -> None:
    for path in PACKAGE.rglob("*.py"):
        if path.name == "messages.py" or "testing" in path.relative_to(PACKAGE).parts:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            is_warn = isinstance(node, ast.Attribute) and node.attr == "warn"
            assert not (is_warn and ast.unparse(node) == "warnings.warn"), path
