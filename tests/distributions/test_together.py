"""Which inputs and which raw outputs belong to which feature."""

from __future__ import annotations

import itertools
from typing import Any

import naive
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import OUTPUTS, random_rows, seeds

from made_np.distributions.levels import DiscretizedLogistic
from made_np.distributions.mixtures import MixtureOfGaussians
from made_np.distributions.plain import Bernoulli, Categorical, Gaussian
from made_np.distributions.registry import make_distribution
from made_np.distributions.together import Outputs
from made_np.model.made import MADE

tables = st.lists(st.sampled_from(OUTPUTS), min_size=1, max_size=6)


@given(tables)
def test_slices_cover_all_units_once_in_the_sequence_of_features(each: list[Any]) -> None:
    outputs = Outputs(tuple(each))
    for slices, total, width in (
        (outputs.slices, outputs.n_raw, "n_raw"),
        (outputs.input_slices, outputs.n_inputs, "n_inputs"),
    ):
        units = [unit for part in slices for unit in range(part.start, part.stop)]
        assert units == list(range(total))
        assert [part.stop - part.start for part in slices] == [getattr(output, width) for output in each]


@given(tables, seeds)
def test_a_table_is_encoded_as_each_column_on_its_own(each: list[Any], seed: int) -> None:
    made, rng = MADE(len(each), (2,), each, n_context=2, dtype="float64"), np.random.default_rng(seed)
    x, context = random_rows(made, 5, rng), rng.standard_normal((5, 2))
    got = made.outputs.encode(x, context)
    for row, want_row, y in zip(got, x.tolist(), context.tolist(), strict=True):
        np.testing.assert_allclose(row, naive.encode(made, want_row, y), rtol=1e-15)
    np.testing.assert_array_equal(made.outputs.encode(x), got[:, :-2])


@given(tables, seeds)
def test_scores_of_a_table_are_those_of_each_column_on_its_own(each: list[Any], seed: int) -> None:
    outputs, rng = Outputs(tuple(each)), np.random.default_rng(seed)
    x = random_rows(MADE(len(each), (2,), each, dtype="float64"), 4, rng)
    raw = rng.standard_normal((4, outputs.n_raw))
    nll, d_raw = outputs.nll_and_grad(raw, x)
    np.testing.assert_array_equal(outputs.nll(raw, x), nll)
    mean = outputs.mean(raw)
    for d, (output, own) in enumerate(zip(each, outputs.slices, strict=True)):
        want_nll, want_d_raw = output.nll_and_grad(raw[:, own], x[:, d])
        np.testing.assert_allclose(nll[:, d], want_nll, rtol=1e-14)
        np.testing.assert_allclose(d_raw[:, own], want_d_raw, rtol=1e-14, atol=1e-16)
        np.testing.assert_allclose(mean[:, d], output.mean(raw[:, own]), rtol=1e-14)


@given(tables, seeds)
def test_the_marginal_of_a_table_is_that_of_each_column(each: list[Any], seed: int) -> None:
    outputs = Outputs(tuple(each))
    x = random_rows(MADE(len(each), (2,), each, dtype="float64"), 30, np.random.default_rng(seed))
    marginal = outputs.marginal(x)
    for d, (output, own) in enumerate(zip(each, outputs.slices, strict=True)):
        np.testing.assert_array_equal(marginal[own], output.marginal(x[:, d]))


def test_features_of_one_kind_are_computed_together() -> None:
    kinds = (Categorical(3), Bernoulli(), Categorical(3), Categorical(2))
    groups = Outputs(kinds).groups
    assert [group.output for group in groups] == [Categorical(3), Bernoulli(), Categorical(2)]
    assert np.asarray(groups[0].features).tolist() == [0, 2]
    assert np.asarray(groups[0].raws).tolist() == [0, 1, 2, 4, 5, 6]
    assert len(Outputs((Gaussian(),) * 3).groups) == 1


def test_encoding_neither_writes_to_the_data_nor_hands_out_what_context_was_added_to() -> None:
    x = np.random.default_rng(0).integers(0, 2, (4, 3)).astype(np.float32)
    kept = x.copy()
    for context in (None, np.ones((4, 2), dtype=np.float32)):
        Outputs((Bernoulli(),) * 3).encode(x, context)
        np.testing.assert_array_equal(x, kept)


# ------------------------------------------------------------------------------------------ what is refused

BAD_VALUES = [
    ("bernoulli", 0.5, "Bernoulli values, 0 or 1"),
    ("bernoulli", -1.0, "Bernoulli values, 0 or 1"),
    (Categorical(3), 3.0, r"Categorical values, an integer 0\.\.2"),
    (Categorical(3), 1.5, r"Categorical values, an integer 0\.\.2"),
    (DiscretizedLogistic(17), 17.0, r"DiscretizedLogistic values, an integer 0\.\.16"),
    ("gaussian", np.inf, "Gaussian values, a finite number"),
    (MixtureOfGaussians(2), -np.inf, "MixtureOfGaussians values, a finite number"),
]


@pytest.mark.parametrize(("output", "value", "words"), BAD_VALUES)
@pytest.mark.parametrize("alone", [True, False])
def test_a_value_outside_the_support_is_named(output: Any, value: float, words: str, alone: bool) -> None:
    others = itertools.repeat(output) if alone else itertools.cycle([Categorical(4), Gaussian(0.5)])
    outputs = Outputs.of([*itertools.islice(others, 2), output, next(others)], 4)
    x = np.zeros((5, 4))
    outputs.check_support(x, "x")
    x[3, 2] = value
    with pytest.raises(ValueError, match=rf"table\[3, 2\] = {value:g}: column 2 has {words}"):
        outputs.check_support(x, "table")


def test_gaps_are_passed_over() -> None:
    Outputs.of([Categorical(2), "gaussian", "bernoulli"], 3).check_support(np.full((2, 3), np.nan), "x")


def test_names_make_distributions() -> None:
    assert make_distribution("bernoulli") == Bernoulli()
    assert make_distribution("gaussian") == Gaussian()
    own = Categorical(5)
    assert make_distribution(own) is own


@pytest.mark.parametrize(
    ("output", "error", "message"),
    [
        ("poisson", ValueError, r"output='poisson' is unknown: use one of \('bernoulli', "),
        ("categorical", ValueError, r"needs numbers: pass made_np\.Categorical\(n\)"),
        ("discretized_logistic", ValueError, r"pass made_np\.DiscretizedLogistic\(levels\)"),
        ("mixture_of_gaussians", ValueError, r"needs numbers: pass made_np\.MixtureOfGaussians\(n\)"),
        ("mixture_of_logistics", ValueError, r"needs numbers: pass made_np\.MixtureOfLogistics\(n\)"),
        (Bernoulli, TypeError, "give a name, a distribution, or a list with one per feature"),
        (3, TypeError, "output=3"),
        (["bernoulli"] * 2, ValueError, "output lists 2 distributions: n_features=3 needs as many"),
        (["bernoulli", None, "gaussian"], TypeError, "output=None is a NoneType"),
    ],
)
def test_what_is_no_output_is_refused(output: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        Outputs.of(output, 3)
