"""One-hot columns of a table are one feature of the model: what that changes, and what it does not."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from small import small

from made_np import Bernoulli, Categorical, Gaussian, MADEDensity, OneHot

NAN = np.nan


def dummies(n: int = 200, seed: int = 0) -> Any:
    """A real column, three one-hot ones that depend on it, and a binary one that depends on those."""
    rng = np.random.default_rng(seed)
    real = 170 + 12 * rng.standard_normal(n)
    kind = np.clip((real - 158) // 12 + rng.integers(0, 2, n), 0, 2)
    return np.column_stack([real, kind[:, None] == np.arange(3), rng.random(n) < 0.2 + 0.3 * (kind == 2)])


X = dummies()
GROUP = OneHot(((1, 4),), (False,))


@pytest.fixture(scope="module")
def fitted() -> MADEDensity:
    return small(columns={0: "gaussian"}).fit(X)


@pytest.fixture(scope="module")
def endless() -> MADEDensity:
    return small(order="random", n_masks=None).fit(X)


def test_the_model_has_one_feature_for_them(fitted: MADEDensity) -> None:
    assert fitted.columns_.one_hot == GROUP
    assert fitted.columns_.outputs == (Gaussian(), Categorical(3), Bernoulli())
    assert fitted.made_.n_features == 3
    assert fitted.n_features_in_ == 5


def test_it_scores_as_the_model_of_codes_does(fitted: MADEDensity) -> None:
    codes = np.column_stack([X[:, 0], X[:, 1:4].argmax(axis=1), X[:, 4]])
    other = small(columns={0: "gaussian"}).fit(codes)
    assert_array_equal(other.theta_, fitted.theta_)
    assert_array_equal(other.score_samples(codes), fitted.score_samples(X))
    assert fitted.evaluate(X).nll == pytest.approx(-fitted.score(X), rel=1e-12)


def test_an_order_is_found_among_features() -> None:
    model = small(order="found").fit(X)
    assert sorted(model.made_.order) == [0, 1, 2]
    assert sorted(small(order="found", columns=GROUP).partial_fit(X).made_.order) == [0, 1, 2]


def test_the_density_of_the_rows_that_can_be_sums_to_1() -> None:
    model = small().fit(X[:, 1:])
    rows = [[*one_hot, bit] for one_hot, bit in itertools.product(np.eye(3), (0, 1))]
    kept = 1 / 201  # what is not one-hot has the mass that is kept for others; of a bit there is no other value
    assert np.exp(model.score_samples(rows)).sum() == pytest.approx(1 - kept, abs=1e-12)
    assert np.exp(model.score_samples([[1, 1, 0, bit] for bit in (0, 1)])).sum() == pytest.approx(kept, abs=1e-12)


def test_samples_and_completions_are_one_hot(fitted: MADEDensity, endless: MADEDensity) -> None:
    assert_array_equal(fitted.sample(300, random_state=0)[:, 1:4].sum(axis=1), np.ones(300))
    gaps = X[:20].copy()
    gaps[:, 1:4] = NAN
    gaps[:10, 0] = NAN
    for filled in (endless.impute(gaps), *endless.impute(gaps, 3, random_state=0)):
        assert_array_equal(filled[:, 1:4].sum(axis=1), np.ones(20))
        assert_array_equal(filled[10:, 0], gaps[10:, 0])


def test_what_follows_from_a_part_of_a_group_is_filled_in_and_scored(fitted: MADEDensity) -> None:
    row, part = X[:1], X[:1].copy()
    part[0, 1:4] = np.where(row[0, 1:4] == 1, 1, NAN)
    assert_array_equal(fitted.impute(part), row)
    assert_array_equal(fitted.score_samples(part), fitted.score_samples(row))
    part[0, 1:4] = np.where(row[0, 1:4] == 1, NAN, 0)
    assert_array_equal(fitted.impute(part), row)
    part[0, 1:4] = [0, NAN, NAN]
    with pytest.raises(ValueError, match=r"X\[0\] has \[0\.0, nan, nan\] in columns 1\.\.3, which are one-hot"):
        fitted.impute(part)


def test_gaps_of_a_group_are_named_by_its_columns(fitted: MADEDensity) -> None:
    row = X[:1].copy()
    row[0, 1:4] = NAN
    with pytest.raises(ValueError, match=r"gaps in columns 1\.\.3: what is known"):
        fitted.score_samples(row)
    frame = pytest.importorskip("pandas").DataFrame(X, columns=["size", "red", "green", "blue", "sold"])
    model = small(order="natural").fit(frame)
    with pytest.raises(ValueError, match=r"gaps in columns 1\.\.3 \('red\.\.blue'\): what is known"):
        model.score_samples(frame.assign(red=NAN, green=NAN, blue=NAN))
    assert model.evaluate(frame).names == ("size", "red..blue", "sold")
    assert list(model.sample(2).columns) == list(frame.columns)


def test_a_group_that_is_all_gap_is_summed_out() -> None:
    model = small(order="natural").fit(X[:, [4, 1, 2, 3]])
    rows = [[1, *one_hot] for one_hot in np.eye(3)]
    whole = np.logaddexp.reduce([*model.score_samples(rows), model.score_samples([[1, 1, 1, 0]])[0]])
    assert_allclose(model.score_samples([[1, NAN, NAN, NAN]])[0], whole, rtol=1e-12)


def test_rows_that_are_not_one_hot_are_others_or_refused_with_a_way_out(fitted: MADEDensity) -> None:
    odd, usual = fitted.score_samples([[170, 1, 1, 0, 0], [170, 0, 1, 0, 0]])
    assert odd < usual - 2
    strict = small(handle_unknown="error").fit(X)
    with pytest.raises(ValueError, match=r"X\[0\] has \[1\.0, 1\.0, 0\.0\] in columns 1\.\.3.*columns='bernoulli'"):
        strict.score_samples([[170, 1, 1, 0, 0]])
    with pytest.raises(ValueError, match=r"X_val\[0\] has \[0\.0, 0\.0, 0\.0\] in columns 1\.\.3"):
        small(handle_unknown="error").fit(X, X_val=[[170, 0, 0, 0, 0]])


@pytest.mark.parametrize(
    ("params", "rows"),
    [
        ({"columns": "bernoulli"}, X[:, 1:]),
        ({"columns": ["auto"] * 5}, X),
        ({"order": [4, 3, 2, 1, 0]}, X),  # of the columns, so it has to be one of the features
        ({}, X[:99]),
    ],
)
def test_they_are_not_looked_for_where_columns_or_order_are_given_or_rows_are_few(params: Any, rows: Any) -> None:
    model = small(**params).fit(rows)
    assert model.columns_.one_hot == OneHot()
    assert model.made_.n_features == rows.shape[1]


def test_the_first_part_of_a_table_does_not_decide() -> None:
    model = small().partial_fit(X)
    assert model.columns_.one_hot == OneHot()
    assert np.isfinite(model.partial_fit([[170, 1, 1, 0, 0]]).score(X))


def test_groups_can_be_given(tmp_path: Path) -> None:
    groups = OneHot(((1, 4),), may_be_none=True)
    model = small(columns=groups, order=[2, 1, 0]).fit(X[:30])
    assert model.columns_.outputs[1:] == (Categorical(4), Bernoulli())
    assert model.made_.order == (2, 1, 0)
    assert np.isfinite(model.score([[170, 0, 0, 0, 1]]))
    model.save(tmp_path / "model.npz")
    again = MADEDensity.load(tmp_path / "model.npz")
    assert again.columns == groups
    assert again.columns_ == model.columns_
    assert_array_equal(again.score_samples(X), model.score_samples(X))
    assert small(columns=groups).partial_fit(X[:30]).columns_.one_hot == groups
    with pytest.raises(ValueError, match=r"groups has \(4, 6\), but n_columns=5"):
        small(columns=OneHot(((4, 6),))).fit(X)


def test_a_warm_start_keeps_the_groups() -> None:
    model = small(warm_start=True).fit(X)
    before = model.columns_
    assert model.fit(X[:20]).columns_ == before
    assert_allclose(model.sample(50, random_state=0)[:, 1:4].sum(axis=1), 1)


@pytest.mark.parametrize(
    ("columns", "direct"),
    [
        ([1, 2, 3], False),  # one feature of three inputs
        ([1, 2, 3, 4], False),  # three inputs of four
        ([0, 1, 2, 3], True),  # one is real
        ([4, 4, 4], True),
    ],
)
def test_codes_do_without_direct_wires(columns: list[int], direct: bool) -> None:
    table = X[:, columns]
    assert small(direct="auto").fit(table).made_.direct is direct
    assert small(direct=True).fit(table).made_.direct
    assert not small(direct=False).fit(table).made_.direct
