"""Two models on the same rows: the difference, how sure it is, and from which column it comes."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose

import made_np

X = np.random.default_rng(0).normal(size=(400, 3))


class Normal:
    """Independent columns."""

    def __init__(self, *means: float) -> None:
        self.means = np.array(means)

    def score_columns(self, X: Any) -> Any:
        return -0.5 * (np.asarray(X) - self.means) ** 2 - 0.5 * math.log(2 * math.pi)

    def score_samples(self, X: Any) -> Any:
        return self.score_columns(X).sum(axis=1)


class Blunt:
    """A model that says no more than a number for each row."""

    def __init__(self, answer: Any) -> None:
        self.answer = answer

    def score_samples(self, X: Any) -> Any:
        return self.answer


def test_the_difference_is_paired_and_negative_if_the_first_is_better() -> None:
    a, b = Normal(0, 0, 0), Normal(0.1, 0, -0.5)
    found = made_np.compare_models(a, b, X)
    rows = b.score_samples(X) - a.score_samples(X)
    assert found.mean == pytest.approx(rows.mean())
    assert found.mean < 0
    assert found.standard_error == pytest.approx(rows.std(ddof=1) / 20)
    assert found.standard_error < b.score_samples(X).std() / 20
    assert made_np.compare_models(b, a, X).mean == pytest.approx(-found.mean)


def test_the_columns_sum_to_the_difference() -> None:
    found = made_np.compare_models(Normal(0, 0, 0), Normal(0.1, 0, -0.5), X)
    assert list(found.per_column) == ["x0", "x1", "x2"]
    assert_allclose(sum(each.mean for each in found.per_column.values()), found.mean)
    assert found.per_column["x1"].mean == 0
    assert str(found).splitlines()[1].startswith("  x2")
    assert json.loads(json.dumps(found.to_dict(), allow_nan=False))["per_column"]["x1"]["mean"] == 0


def test_columns_of_a_frame_keep_their_names() -> None:
    pd = pytest.importorskip("pandas")
    found = made_np.compare_models(Normal(0, 0, 0), Normal(0, 0, 1), pd.DataFrame(X, columns=["a", "b", "c"]))
    assert list(found.per_column) == ["a", "b", "c"]


def test_models_of_others_are_compared_with_ours() -> None:
    neighbors = pytest.importorskip("sklearn.neighbors")
    ours = made_np.MADEDensity((8,), order="natural", n_masks=1, max_epochs=2, random_state=0).fit(X)
    found = made_np.compare_models(ours, neighbors.KernelDensity().fit(X), X)
    assert found.mean == pytest.approx(-ours.score(X) + neighbors.KernelDensity().fit(X).score(X) / 400)
    assert found.per_column == {}
    assert made_np.compare_models(ours, ours, X).mean == 0


def test_a_row_that_one_model_calls_impossible_decides() -> None:
    found = made_np.compare_models(Normal(0, 0, 0), Blunt(np.append(np.zeros(399), -np.inf)), X)
    assert found.mean == -math.inf
    assert found.to_dict()["mean"] is None


@pytest.mark.parametrize(
    ("b", "error", "match"),
    [
        (3, TypeError, r"b.score_samples=None is a NoneType"),
        (Blunt(np.zeros((400, 1))), ValueError, r"b.score_samples\(X\) is an array of shape \(400, 1\)"),
        (Blunt(np.zeros(0)), ValueError, "one number for each row"),
        (Blunt(["a"] * 400), ValueError, "one number for each row"),
        (Blunt(np.zeros(3)), ValueError, "a scores 400 rows and b 3"),
        (Blunt(np.append(np.zeros(399), np.nan)), ValueError, r"b.score_samples\(X\)\[399\] is NaN"),
    ],
)
def test_what_is_no_score_is_refused(b: Any, error: type[Exception], match: str) -> None:
    with pytest.raises(error, match=match):
        made_np.compare_models(Normal(0, 0, 0), b, X)


def test_a_row_that_both_call_impossible_is_named() -> None:
    never = Blunt(np.append(-np.inf, np.zeros(399)))
    with pytest.raises(ValueError, match="row 0: both models give -inf"):
        made_np.compare_models(never, never, X)
