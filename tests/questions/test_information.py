"""Entropies are sums over the table of all values, or within their standard errors of them."""

from __future__ import annotations

from typing import Any

import numpy as np
import people
import pytest

from made_np.questions import information, sampling
from made_np.questions.conditional import conditional
from made_np.questions.information import entropy, mutual_information
from made_np.questions.predicates import as_condition
from questions.subjects import HOMES, discrete, mixed, table_of

NAMES = ["sick", "state", "hours", "grade-1"]


def summed(rows: Any, p: Any, columns: list[str]) -> float:
    """H of some columns of a table."""
    keys = np.nan_to_num(rows[:, [NAMES.index(name) for name in columns]], nan=9.0)
    _, cell = np.unique(keys, axis=0, return_inverse=True)
    q = np.bincount(cell.reshape(-1), p) if columns else np.array([p.sum()])
    return float(-(q * np.log(np.where(q > 0, q, 1))).sum())


@pytest.mark.parametrize("few", [True, False], ids=["summed", "drawn"])
def test_the_entropy_of_all_columns_is_that_of_the_mixture_of_homes(few: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if not few:
        monkeypatch.setattr(information, "FEW", 1)
    asked = discrete(order=HOMES, n_masks=None)
    rows, p = table_of(asked)
    found, std = entropy(asked)
    assert abs(found - summed(rows, p, NAMES)) < 4 * std + 1e-9
    every = asked.columns.encode(rows)
    of_first = asked.log_probs(every, 0).sum(axis=1) + asked.columns.log_term(rows).sum(axis=1)
    assert -(p @ of_first) - found > 0.1  # who scores by one home would see it


@pytest.mark.parametrize("few", [True, False], ids=["summed", "drawn"])
def test_entropies_are_those_of_the_table(few: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if not few:
        monkeypatch.setattr(information, "FEW", 1)
    asked = discrete(order=[2, 0, 3, 1], n_masks=1)
    rows, p = table_of(asked)
    cases = [
        (entropy(asked), summed(rows, p, NAMES)),
        (entropy(asked, ["hours", "sick"]), summed(rows, p, ["hours", "sick"])),
        (entropy(asked, "hours"), summed(rows, p, ["hours"])),
        (entropy(asked, "sick", ["hours"]), summed(rows, p, ["hours", "sick"]) - summed(rows, p, ["hours"])),
        (entropy(asked, given="hours"), summed(rows, p, NAMES) - summed(rows, p, ["hours"])),
    ]
    for (found, std), truth in cases:
        assert abs(found - truth) < 4 * std + 1e-9
        assert (std == 0) == few
        assert std < 0.05


def test_a_model_with_paths_counts_where_its_features_do_not_lead(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sampling, "MOST_ROWS", 1 << 16)
    asked = discrete(order=[2, 0, 3, 1], n_masks=None)
    rows, p = table_of(asked)
    cases = [
        (entropy(asked, ["state", "sick"]), summed(rows, p, ["state", "sick"])),
        (entropy(asked, "grade-1", ["state"]), summed(rows, p, ["state", "grade-1"]) - summed(rows, p, ["state"])),
        (entropy(asked, ["hours", "sick"]), summed(rows, p, ["hours", "sick"])),
    ]
    for (found, std), truth in cases:
        assert abs(found - truth) < 4 * std + 1e-3
    assert cases[0][0][1] > 0
    assert cases[2][0][1] == 0


def test_information_is_that_of_the_table() -> None:
    asked = discrete()
    rows, p = table_of(asked)
    found, std = mutual_information(asked, ["sick", "hours"], ["state", "grade-1"])
    h = [summed(rows, p, names) for names in (["sick", "hours"], ["state", "grade-1"], NAMES)]
    np.testing.assert_allclose([found, std], [h[0] + h[1] - h[2], 0], atol=1e-9)
    given, _ = mutual_information(asked, "sick", "state", given=["hours", "grade-1"])
    h = [
        summed(rows, p, names)
        for names in (["sick", "hours", "grade-1"], ["state", "hours", "grade-1"], NAMES, ["hours", "grade-1"])
    ]
    np.testing.assert_allclose(given, h[0] + h[1] - h[2] - h[3], atol=1e-9)
    assert mutual_information(asked, "sick", "sick")[0] == pytest.approx(entropy(asked, "sick")[0])


@pytest.mark.parametrize(
    "given", [{"hours": 2}, {"hours": (1, 2)}, {"hours": {0, 3}, "sick": 1}, "hours = 0 OR hours = 3"]
)
def test_rows_that_hold_a_condition_have_an_entropy_of_their_own(given: Any) -> None:
    asked = discrete(order=[2, 0, 3, 1], n_masks=1)
    rows, p = table_of(asked)
    inside = as_condition(given, asked.literals).holds(rows)
    q = p[inside] / p[inside].sum()
    found, std = entropy(asked, NAMES, given)
    assert abs(found - summed(rows[inside], q, NAMES)) < 4 * std + 0.01
    found, std = entropy(asked, ["hours", "sick"], given)
    assert abs(found - summed(rows[inside], q, ["hours", "sick"])) < 4 * std + 0.01


def test_a_condition_on_other_columns_counts() -> None:
    asked = discrete()
    full = discrete(order=asked.made.mask_sets[0].order.tolist(), n_masks=1)
    first, second = (NAMES[d] for d in asked.made.mask_sets[0].order[:2])
    value = {"sick": 1, "state": "NY", "hours": 2, "grade-1": "A"}[first]
    rows, p = table_of(full)
    inside = as_condition({first: value}, full.literals).holds(rows)
    found, std = entropy(full, second, {first: value})
    assert abs(found - summed(rows[inside], p[inside] / p[inside].sum(), [second])) < 4 * std + 0.01


def test_real_columns_have_their_differential_entropy() -> None:
    asked = mixed(order=[2, 3, 0, 1], n_masks=1)
    found, std = entropy(asked, "size")
    assert abs(found - conditional(asked, "size").entropy()) < 4 * std
    assert 0 < std < 0.05
    joint, error = entropy(asked, ["size", "weight"])
    given, other = entropy(asked, "weight", ["size"])
    assert abs(joint - found - given) < 4 * np.sqrt(std**2 + error**2 + other**2)


def test_information_of_real_columns_is_the_mean_log_ratio() -> None:
    asked = mixed()
    found, std = mutual_information(asked, "size", "weight")
    assert std > 0
    x = asked.columns.decode(
        asked.draw(np.full((4000, 4), np.nan), asked.order(np.array([0, 0, 1, 1], bool)), np.random.default_rng(5))
    )
    both = x.copy()
    both[:, :4] = np.nan
    log_p = asked.log_probs(asked.encode(both), asked.order(np.array([0, 0, 1, 1], bool))).sum(axis=1)
    log_p += asked.columns.log_term(both).sum(axis=1)
    log_p -= conditional(asked, "size").logpdf(x[:, 4]) + conditional(asked, "weight").logpdf(x[:, 5])
    assert abs(log_p.mean() - found) < 4 * np.hypot(std, log_p.std() / np.sqrt(4000))


def test_the_same_question_has_the_same_answer_and_names_are_looked_at() -> None:
    asked = mixed()
    assert entropy(asked, "size") == entropy(asked, "size")
    with pytest.raises(ValueError, match="columns: there is no column 'sizes'"):
        entropy(asked, "sizes")
    with pytest.raises(ValueError, match="b: there is no column 'sizes'"):
        mutual_information(asked, "size", ["sizes"])
    with pytest.raises(TypeError, match=r"columns=3\.5 is a float"):
        entropy(asked, 3.5)


def test_a_column_of_which_python_writes_no_text_is_refused_by_the_name_of_the_argument() -> None:
    pytest.importorskip("pandas")
    beyond = 10**5000
    model = people.quick(max_epochs=1, backend="numpy").fit(people.frame())
    with pytest.raises(ValueError, match="given: there is no column <int>: the columns are called"):
        model.entropy(["age"], given=beyond)
    with pytest.raises(ValueError, match="where"):
        model.probability({"city": beyond})
    for column in ("member", "age", "pay"):
        with pytest.raises(ValueError, match=f"where: .*{column}.* is to be <int>, beyond what numbers hold"):
            model.probability({column: beyond})
    with pytest.raises(ValueError, match="columns has <int>, but X has"):
        people.quick(columns={beyond: "real"}).fit(people.frame())
