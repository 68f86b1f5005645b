"""Terms of columns sum to the score; each value is set against what the rest of its row lets expect."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from made_np.model.gaps import observed_log_prob
from made_np.questions.conditional import conditional
from made_np.questions.explaining import explain, score_columns
from made_np.questions.filling import impute
from made_np.questions.predicting import classes, predict, predict_proba
from made_np.questions.subject import Subject
from questions.subjects import STATES, discrete, mixed, table_of

ORDER = [2, 0, 3, 1]


def rows_of(asked: Subject, n: int = 12) -> Any:
    """Rows of the model, some of them with gaps in sick and size."""
    x = asked.columns.decode(asked.made.sample(asked.theta, n, rng=0), np.random.default_rng(0))
    x[::3, 0] = np.nan
    x[1::4, 4] = np.nan
    return x


HOME = [2, 3, 1, 0]


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"order": HOME, "n_masks": None},
        {"order": [HOME, HOME[::-1]], "n_masks": None},
        {"order": HOME, "n_masks": 1},
        {"n_masks": 5},
    ],
    ids=["endless", "home", "homes", "fixed", "mixture"],
)
def test_terms_sum_to_the_score(more: Any) -> None:
    asked = mixed(**more)
    x = rows_of(asked)
    if more.get("n_masks"):
        x[:, 4] = asked.columns.decode(asked.made.sample(asked.theta, len(x), rng=1))[:, 4]
        x[:, 0] = np.where(np.isnan(x[:, 0]), np.nan if more.get("n_masks") == 1 else 1.0, x[:, 0])
    z = asked.columns.encode(x)
    score = observed_log_prob(asked.exact, asked.theta, z) + asked.columns.log_term(x).sum(axis=1)
    terms = score_columns(asked, x)
    np.testing.assert_allclose(terms.sum(axis=1), score, atol=1e-10)
    assert (terms[np.isnan(x)] == 0).all()
    assert terms.shape == x.shape


def test_each_value_is_scored_given_all_others_and_ranked() -> None:
    asked = discrete()
    x = np.array([[1, 0, 2, 3], [0, 2, np.nan, 1], [np.nan, 1, 0, 0.0]])
    found = explain(asked, x)
    names = ["sick", "state", "hours", "grade-1"]
    for k, row in enumerate(x):
        for d, name in enumerate(names):
            rest = row[None].copy()
            rest[0, d] = np.nan
            rest[0, 2] = rest[0, 2]
            one = conditional(asked, name, rest)
            if np.isnan(row[d]):
                assert np.isnan(found.log_prob[k, d])
                assert found.rank[k, d] == 0
                continue
            log_p = one.spread.log_prob(np.array([row[d]]))[0]
            if not np.isnan(row[2]) or d == 2:  # else the gap is known to be one
                np.testing.assert_allclose(found.log_prob[k, d], log_p)
    lack = np.where(np.isnan(x), np.inf, found.log_prob)
    assert sorted(found.rank[0].tolist()) == [1, 2, 3, 4]
    assert sorted(found.rank[2].tolist()) == [0, 1, 2, 3]
    assert np.isfinite(lack[0]).all()
    assert set(found.expected[:, 1].tolist()) <= {0.0, 1.0, 2.0}


def test_an_odd_value_is_ranked_first() -> None:
    asked = mixed()
    x = asked.columns.decode(asked.made.sample(asked.theta, 8, rng=3), np.random.default_rng(0))
    x[:, 4] = 80.0
    found = explain(asked, x)
    assert (found.rank[:, 4] == 1).sum() + (found.rank[:, 5] == 1).sum() >= 7
    assert (found.log_prob[:, 4] < -5).all()


def test_a_model_of_one_order_explains_what_leads_in_it_and_names_the_row_that_does_not() -> None:
    asked = mixed(order=HOME, n_masks=1)
    x = asked.columns.decode(asked.made.sample(asked.theta, 4, rng=3), np.random.default_rng(0))
    whole = explain(asked, x)
    assert np.isfinite(whole.log_prob).all()
    last = x.copy()
    last[1, asked.columns.spans[HOME[3]][0]] = np.nan  # the last two of the order
    last[2, [asked.columns.spans[feature][0] for feature in HOME[2:]]] = np.nan
    found = explain(asked, last)
    np.testing.assert_array_equal(found.log_prob[[0, 3]], whole.log_prob[[0, 3]])
    assert np.isfinite(found.expected).all()
    np.testing.assert_array_equal(np.isnan(found.log_prob), np.isnan(last))
    single = [d for d in asked.feature_of if np.ptp(asked.columns.spans[asked.feature_of[d]]) == 1]
    filled = np.asarray(impute(asked, last, "mean"))
    np.testing.assert_allclose(filled[1:3, single], np.where(np.isnan(last), found.expected, last)[1:3, single])
    first = x.copy()
    first[2, asked.columns.spans[HOME[0]][0]] = np.nan
    with pytest.raises(ValueError, match=r"X\[2\] has gaps.*answers='any'"):
        explain(asked, first)


def test_classes_are_predicted_by_bayes_rule() -> None:
    asked = discrete()
    rows, p = table_of(asked)
    rows, p = rows[~np.isnan(rows[:, 2])], p[~np.isnan(rows[:, 2])]
    x = rows[::5]
    assert classes(asked, "state").tolist() == list(STATES)
    found = predict_proba(asked, x, "state")
    for row, own in zip(x, found, strict=True):
        alike = (rows[:, [0, 2, 3]] == row[[0, 2, 3]]).all(axis=1)
        joint = np.array([p[alike & (rows[:, 1] == k)].sum() for k in range(3)])
        np.testing.assert_allclose(own, joint / joint.sum(), atol=1e-10)
    np.testing.assert_array_equal(predict(asked, x, "state"), found.argmax(axis=1))
    x[:, 1] = 17  # what stands there does not matter
    np.testing.assert_array_equal(predict_proba(asked, x, "state"), found)
    x[:, 1] = np.nan
    np.testing.assert_array_equal(predict_proba(asked, x, "state"), found)
    x[:, 3] = np.nan
    np.testing.assert_allclose(predict_proba(asked, x, "state").sum(axis=1), 1)
    np.testing.assert_allclose(
        predict(asked, x, "hours"), conditional(asked, "hours", np.where([0, 0, 1, 0], np.nan, x)).mean()
    )


def test_what_has_no_classes_says_what_to_ask() -> None:
    with pytest.raises(ValueError, match=r"target: column 2 \('hours'\) has numbers on a scale, and no classes"):
        predict_proba(discrete(), np.zeros((1, 4)), "hours")
    with pytest.raises(ValueError, match="target: there is no column 'hour'"):
        predict(discrete(), np.zeros((1, 4)), "hour")


@pytest.mark.parametrize("statistic", ["mean", "mode", "median"])
def test_gaps_are_filled_by_the_statistic_of_their_conditional(statistic: str) -> None:
    asked = mixed()
    x = rows_of(asked)
    found = impute(asked, x, statistic)
    np.testing.assert_array_equal(found[~np.isnan(x)], x[~np.isnan(x)])
    sizes = getattr(conditional(asked, "size", x), statistic)()
    gap = np.isnan(x[:, 4])
    np.testing.assert_allclose(found[gap, 4], sizes[gap], rtol=1e-3)
    assert np.isin(found[:, 0], [0, 1]).all()
    assert not np.isnan(found).any()


def test_intervals_hold_their_share() -> None:
    asked = mixed()
    x = np.full((1, 6), np.nan)
    low, high = impute(asked, x, "interval", 0.8)
    size = conditional(asked, "size", x)
    np.testing.assert_allclose(size.cdf(high[0, 4]) - size.cdf(low[0, 4]), 0.8, atol=1e-6)
    word = np.array([[1, np.nan, 2, 1]])
    for end in impute(discrete(), word, "interval"):
        np.testing.assert_array_equal(end, impute(discrete(), word, "mode"))
    with pytest.raises(ValueError, match="statistic='middle' is unknown"):
        impute(asked, x, "middle")
