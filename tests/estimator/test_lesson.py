"""Tables that are read once more: by name, by place, in part."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from small import small

from made_np import MADEDensity

X = np.column_stack([np.arange(90) % 3, np.arange(90) % 2, np.arange(90) % 5]).astype(float)


@pytest.fixture(scope="module")
def named() -> MADEDensity:
    return small(n_masks="auto").fit(frame(X))


def frame(values: Any, names: str = "abc") -> Any:
    return pytest.importorskip("pandas").DataFrame(values, columns=list(names))


def test_a_part_of_a_table_is_found_by_name(named: MADEDensity) -> None:
    whole = named.predict_proba(frame(X), "a")
    assert_array_equal(named.predict_proba(frame(X[:, [2, 1]], "cb"), "a"), whole)
    without = frame(np.column_stack([np.full(90, np.nan), X[:, 1], np.full(90, np.nan)]))
    assert_array_equal(named.predict_proba(frame(X[:, [1]], "b"), "a"), named.predict_proba(without, "a"))


def test_a_column_that_fit_has_not_seen_is_named(named: MADEDensity) -> None:
    with pytest.raises(ValueError, match="X has a column 'bb', which fit did not see: is 'b' meant"):
        named.predict(frame(X[:, [1]], ["bb"]), "a")


def test_without_names_all_columns_are_wanted() -> None:
    model = small(n_masks="auto").fit(X)
    with pytest.raises(ValueError, match="X has 2 features, but MADEDensity is expecting 3"):
        model.predict(X[:, :2], 0)
    assert model.predict(X, 0).shape == (90,)


def test_rows_of_no_weight_are_absent() -> None:
    weights = np.repeat([1.0, 0.0], [60, 30])
    odd = X.copy()
    odd[60:] = 77  # a level that only absent rows have
    for method in ("fit", "partial_fit"):
        model = getattr(small(), method)(odd, sample_weight=weights)
        other = getattr(small(), method)(X[:60])
        assert model.columns_ == other.columns_
        assert_array_equal(model.theta_, other.theta_)


def test_a_threshold_is_put_before_everything(named: MADEDensity) -> None:
    model = small(binarize=1.0).fit(X)
    assert_array_equal(model.score_samples(X), model.score_samples((X > 1) * 2.0))
