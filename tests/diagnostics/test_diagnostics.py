"""What rows cost and how sure that is; calibration that finds the right model right and the wrong one wrong."""

from __future__ import annotations

import json
import math
import tracemalloc
from pathlib import Path
from statistics import NormalDist, stdev
from typing import Any

import naive
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from made_np import (
    MADE,
    Bernoulli,
    Calibration,
    Categorical,
    DiscretizedLogistic,
    Evaluation,
    Gaussian,
    MADEDensity,
    MixtureOfGaussians,
    calibration,
    evaluate,
)

MIXED = [Bernoulli(), Categorical(3), Gaussian(), DiscretizedLogistic(5, 2), MixtureOfGaussians(2)]


def logit(p: float) -> float:
    return math.log(p / (1 - p))


def two_bits() -> tuple[MADE, Any]:
    """p(x_0 = 1) = 1/4; p(x_1 = 1) is 1/4 after a 0 and 3/4 after a 1."""
    made = MADE(2, hidden=(), dtype="float64")
    theta = np.zeros(made.n_params)
    views = made.layout.views(theta)
    views["b0"][:] = logit(1 / 4)
    views["W_direct"][1, 0] = logit(3 / 4) - logit(1 / 4)
    return made, theta


# Rows in which every state occurs exactly as often as `two_bits` says.
FAIR = np.repeat([[0, 0], [0, 1], [1, 0], [1, 1]], [9, 3, 1, 3], axis=0)


def mixed(**more: Any) -> tuple[MADE, Any]:
    """A model of all kinds of features, with parameters large enough for them to depend on each other."""
    made = MADE(5, hidden=(16,), output=MIXED, direct=True, **{"dtype": "float64", **more})
    rng = np.random.default_rng(5)
    return made, rng.normal(0, 0.5, made.n_params).astype(made.dtype)


# ------------------------------------------------------------------------------------------------------- evaluate


def test_each_feature_and_row_costs_what_its_probability_says() -> None:
    made, theta = two_bits()
    found = evaluate(made, theta, [[0, 0], [0, 1], [1, 1], [1, 0]])
    probability = np.array([[3 / 4, 3 / 4], [3 / 4, 1 / 4], [1 / 4, 3 / 4], [1 / 4, 1 / 4]])
    assert_allclose(found.row_nll, -np.log(probability).sum(axis=1), rtol=1e-14)
    assert_allclose(found.per_feature, -np.log(probability).mean(axis=0), rtol=1e-14)
    assert_allclose(found.nll, -np.log(probability.prod(axis=1)).mean(), rtol=1e-14)
    assert_allclose(found.bits_per_dim, -np.log2(probability).mean(), rtol=1e-14)
    assert (found.n_rows, found.n_features, found.n_mask_sets) == (4, 2, 1)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_standard_error_is_that_of_the_rows(dtype: str) -> None:
    made, theta = mixed(dtype=dtype)
    x = made.sample(theta, 200, rng=0)
    found = evaluate(made, theta, x)
    rows = [-float(value) for value in made.log_prob(theta, x)]
    tolerance = 1e-12 if dtype == "float64" else 1e-5
    assert_allclose(found.row_nll, rows, rtol=tolerance, atol=10 * tolerance)
    assert_allclose(found.standard_error, stdev(rows) / math.sqrt(200), rtol=tolerance)
    assert found.row_nll.dtype == np.float64


def test_one_row_has_no_standard_error() -> None:
    made, theta = two_bits()
    found = evaluate(made, theta, [[0, 1]])
    assert math.isnan(found.standard_error)
    assert found.nll == found.row_nll[0]
    assert "+-" not in str(found)
    assert json.loads(json.dumps(found.to_dict(), allow_nan=False))["standard_error"] is None


@pytest.mark.parametrize("n_masks", [3, None])
def test_a_mixture_is_scored_as_a_mixture_and_its_features_on_average(n_masks: int | None) -> None:
    made = MADE(4, hidden=(8,), order="random", n_masks=n_masks, dtype="float64")
    theta = np.random.default_rng(0).normal(0, 1, made.n_params)
    x = naive.all_rows([2] * 4)
    found, n_sets = evaluate(made, theta, x), n_masks or 32
    sets = [made.mask_sets[k] for k in range(n_sets)]
    assert_allclose(found.row_nll, [-math.log(naive.mixture(made, theta, row, sets)) for row in x], rtol=1e-12)
    assert_allclose(np.exp(-found.row_nll).sum(), 1, rtol=1e-12)  # the rows are all there are
    alone = [evaluate(made, theta, x, mask_set=k) for k in range(n_sets)]
    assert_allclose(found.per_feature, np.mean([one.per_feature for one in alone], axis=0), rtol=1e-12)
    assert_allclose(alone[1].per_feature.sum(), alone[1].nll, rtol=1e-12)
    assert found.n_mask_sets == n_sets
    assert found.per_feature.sum() > found.nll + 0.01
    assert "at most" in str(found)
    assert "at most" not in str(alone[0])


def test_one_mask_set_may_be_named_by_its_order() -> None:
    made = MADE(4, hidden=(8,), order="random", n_masks=None, dtype="float64")
    theta, x = made.init(0), naive.all_rows([2] * 4)
    found = evaluate(made, theta, x, mask_set=(2, 0, 3, 1))
    assert_allclose(found.row_nll, -made.log_prob(theta, x, mask_set=(2, 0, 3, 1)), rtol=1e-12)


def test_context_goes_with_its_rows_through_all_blocks() -> None:
    made = MADE(3, hidden=(1 << 17,), n_context=2, backend="numpy")  # 32 rows at a time
    theta = made.init(0)
    rng = np.random.default_rng(1)
    x, y = rng.integers(0, 2, (70, 3)), rng.normal(size=(70, 2))
    found = evaluate(made, theta, x, context=y)
    parts = [evaluate(made, theta, x[k : k + 7], context=y[k : k + 7]).row_nll for k in range(0, 70, 7)]
    assert_allclose(found.row_nll, np.concatenate(parts), rtol=1e-5)
    assert not np.allclose(found.row_nll, evaluate(made, theta, x, context=-y).row_nll, rtol=1e-5)
    bins = calibration(made, theta, x, context=y)
    assert bins.n_rows == 70
    parts = [calibration(made, theta, x[k : k + 7], context=y[k : k + 7]) for k in range(0, 70, 7)]
    assert_allclose(bins.predicted.sum(axis=1), sum(part.predicted.sum(axis=1) for part in parts), rtol=1e-5)


def test_mapped_rows_take_constant_memory(tmp_path: Path) -> None:
    made = MADE(3, hidden=(1 << 16,), backend="numpy")  # 64 rows at a time
    theta, peaks = made.init(0), []
    np.save(tmp_path / "x.npy", np.random.default_rng(0).integers(0, 2, (640, 3)).astype(np.float32))
    rows = np.load(tmp_path / "x.npy", mmap_mode="r")
    evaluate(made, theta, rows[:64])  # what is built once
    for n in (64, 640):
        tracemalloc.start()
        found, bins = evaluate(made, theta, rows[:n]), calibration(made, theta, rows[:n])
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert (found.n_rows, bins.n_rows) == (n, n)
    assert peaks[1] < 1.2 * peaks[0]


@pytest.mark.parametrize("function", [evaluate, calibration])
def test_what_has_no_answer_is_refused(function: Any) -> None:
    made, theta = two_bits()
    with pytest.raises(ValueError, match="x has no rows"):
        function(made, theta, np.zeros((0, 2)))
    with pytest.raises(ValueError, match=r"x\[1, 0\] = 2: column 0"):
        function(made, theta, [[0, 1], [2, 1]])
    with pytest.raises(ValueError, match="theta has shape"):
        function(made, theta[:-1], [[0, 1]])
    with pytest.raises(ValueError, match="context is given"):
        function(made, theta, [[0, 1]], context=[[1.0]])
    with pytest.raises(ValueError, match="mask_set=1"):
        function(made, theta, [[0, 1]], mask_set=1)


def test_the_table_lists_the_costliest_features_and_says_how_many_it_leaves_out() -> None:
    per_feature = np.arange(13) / 10
    text = str(Evaluation(np.full(2, per_feature.sum()), per_feature, stopped_by="patience"))
    assert "nll           7.8000 +- 0.0000 (standard error) nats per row" in text
    assert "stopped by    patience" in text
    assert text.index("x12  1.2000") < text.index("x3   0.3000")
    assert "x2 " not in text
    assert "and 3 more" in text


def test_an_evaluation_is_json() -> None:
    made, theta = two_bits()
    found = evaluate(made, theta, FAIR)
    back = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert back["nll"] == found.nll
    assert back["standard_error"] == found.standard_error
    assert back["per_feature"] == found.per_feature.tolist()
    assert back["names"] == ["x0", "x1"]


# ----------------------------------------------------------------------------------------------------- difference


def test_the_difference_is_that_of_pairs() -> None:
    hard = np.array([1.0, 5.0, 9.0, 13.0])
    first, second = Evaluation(hard, np.zeros(2)), Evaluation(hard + np.array([1, 2, 1, 2]), np.zeros(2))
    found = first.difference(second)
    assert (found.mean, found.n_rows) == (-1.5, 4)
    assert_allclose(found.standard_error, stdev([1, 2, 1, 2]) / 2, rtol=1e-14)
    assert found.standard_error < first.standard_error / 8
    assert "the first model is better, by 5.2 standard errors" in str(found)
    back = second.difference(first)
    assert (back.mean, back.standard_error) == (1.5, found.standard_error)
    assert "the second model is better" in str(back)


def test_a_difference_of_nothing_and_of_one_row() -> None:
    one = Evaluation(np.array([2.0]), np.zeros(1))
    assert str(one.difference(one)).endswith("no difference")
    found = one.difference(Evaluation(np.array([3.0]), np.zeros(1)))
    assert found.mean == -1
    assert math.isnan(found.standard_error)
    assert str(found).endswith("-1.0000 nats per row, 1 rows: the first model is better")


@pytest.mark.parametrize(("rows", "features"), [(3, 2), (2, 3)])
def test_other_rows_cannot_be_paired(rows: int, features: int) -> None:
    with pytest.raises(ValueError, match="evaluate both models on the same rows"):
        Evaluation(np.zeros(2), np.zeros(2)).difference(Evaluation(np.zeros(rows), np.zeros(features)))


# ---------------------------------------------------------------------------------------------------- calibration


def test_predictions_are_counted_in_their_bins() -> None:
    made, theta = two_bits()
    found = calibration(made, theta, [[0, 1], [0, 1], [0, 0], [1, 1]], n_bins=2)
    assert found.is_discrete.all()
    both = found.reliability()
    assert_array_equal(both.edges, [0, 0.5, 1])
    assert_array_equal(both.count, [7, 1])  # x_0 four times and x_1 after a 0 three times: 1/4; x_1 after a 1: 3/4
    assert_allclose(both.predicted, [1 / 4, 3 / 4], rtol=1e-14)
    assert_allclose(both.observed, [3 / 7, 1], rtol=1e-14)
    assert_allclose(both.standard_error, [math.sqrt(7 * 3 / 16) / 7, math.sqrt(3 / 16)], rtol=1e-14)
    assert_allclose(both.error, 7 / 8 * (3 / 7 - 1 / 4) + 1 / 8 * 1 / 4, rtol=1e-14)
    assert_allclose(both.chance, math.sqrt(2 / math.pi) * np.average(both.standard_error, weights=[7, 1]), rtol=1e-14)
    first = found.reliability(0)
    assert_array_equal(first.count, [4, 0])
    assert first.observed[0] == 1 / 4
    assert np.isnan([first.predicted[1], first.observed[1], first.standard_error[1]]).all()
    assert first.error == pytest.approx(0, abs=1e-15)


def test_frequencies_as_predicted_leave_no_error() -> None:
    made, theta = two_bits()
    found = calibration(made, theta, FAIR)
    assert_allclose([found.of(d).error for d in range(2)], 0, atol=1e-15)
    wrong = calibration(made, theta, 1 - FAIR)
    assert_allclose(wrong.reliability(0).error, 1 / 2, rtol=1e-14)


def test_every_value_of_a_categorical_feature_is_a_prediction() -> None:
    made = MADE(1, hidden=(), output=Categorical(3), dtype="float64")
    theta = np.zeros(made.n_params)
    made.layout.views(theta)["b0"][:] = np.log([0.5, 0.35, 0.15])
    found = calibration(made, theta, [[0], [0], [1], [2], [2]]).reliability()
    assert_array_equal(found.count, [0, 5, 0, 5, 0, 5, 0, 0, 0, 0])
    assert_allclose(found.predicted[[1, 3, 5]], [0.15, 0.35, 0.5], rtol=1e-14)
    assert_allclose(found.observed[[1, 3, 5]], [0.4, 0.2, 0.4], rtol=1e-14)


def test_a_certain_prediction_is_in_the_last_bin() -> None:
    made = MADE(1, hidden=(), dtype="float64")
    theta = np.zeros(made.n_params)
    made.layout.views(theta)["b0"][:] = 1e4
    assert_array_equal(calibration(made, theta, [[1], [1]], n_bins=3).reliability().count, [0, 0, 2])


def test_the_integral_of_a_normal_is_counted_in_its_bin() -> None:
    made = MADE(1, hidden=(), output=Gaussian(min_scale=0.5), dtype="float64")
    theta = np.zeros(made.n_params)
    made.layout.views(theta)["b0"][:] = [3, np.log(np.expm1(1.5))]  # mean 3, scale 2
    u = [0.05, 0.3, 0.32, 0.77]
    found = calibration(made, theta, [[NormalDist(3, 2).inv_cdf(each)] for each in u], n_bins=4).uniformity()
    assert_array_equal(found.count, [1, 2, 0, 1])
    assert_allclose(found.share, [0.25, 0.5, 0, 0.25])
    assert_allclose(found.error, 0.25)
    assert_allclose(found.standard_error, math.sqrt(0.25 * 0.75 / 4))


def deviations(found: Calibration) -> Any:
    """By how many standard errors each bin of each feature, with enough in it, is off."""
    off = []
    for d in range(len(found.is_discrete)):
        if found.is_discrete[d]:
            bins = found.reliability(d)
            many = bins.count * bins.standard_error > 5  # normal enough
            off.append(((bins.observed - bins.predicted) / bins.standard_error)[many])
        else:
            pit = found.uniformity(d)
            off.append((pit.share - pit.even) / pit.standard_error)
    return np.abs(np.concatenate(off))


@pytest.mark.parametrize("more", [{}, {"dtype": "float32"}, {"order": "reverse"}])
def test_samples_of_the_model_are_calibrated_and_those_of_another_are_not(more: Any) -> None:
    made, theta = mixed(**more)
    x = made.sample(theta, 20_000, rng=1)
    right = deviations(calibration(made, theta, x))
    assert len(right) >= 35
    # Of 40 normal deviates one is beyond 4.5 with probability 3e-4; their mean square is 1 +- 0.22.
    assert right.max() < 4.5
    assert 0.4 < (right**2).mean() < 1.9
    wrong = theta.copy()
    biases = made.layout.views(wrong)["b1"]
    biases += np.random.default_rng(2).normal(size=biases.shape)
    found = calibration(made, wrong, x)
    assert deviations(found).max() > 10
    for d in range(5):
        assert found.of(d).error > 4 * found.of(d).chance, d


def test_chance_is_the_mean_error_of_a_model_that_is_right() -> None:
    made, theta = mixed(order="reverse")  # so that what is predicted of feature 0 takes many values
    found = [calibration(made, theta, made.sample(theta, 1000, rng=k), n_bins=5) for k in range(60)]
    for bins in ([f.reliability(0) for f in found], [f.uniformity(2) for f in found], [f.uniformity(3) for f in found]):
        assert_allclose(np.mean([b.error for b in bins]), np.mean([b.chance for b in bins]), rtol=0.2)


def test_what_is_random_comes_from_rng_alone() -> None:
    made, theta = mixed()
    x = made.sample(theta, 300, rng=0)
    first, again, other = (calibration(made, theta, x, rng=seed).count for seed in (0, 0, 1))
    assert_array_equal(first, again)
    assert (first[3] != other[3]).any()
    assert_array_equal(np.delete(first, 3, axis=0), np.delete(other, 3, axis=0))


def test_one_row_is_enough() -> None:
    made, theta = mixed()
    found = calibration(made, theta, made.sample(theta, 1, rng=0))
    assert_array_equal(found.count.sum(axis=1), [1, 3, 1, 1, 1])
    assert "on 1 rows" in str(found)
    back = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert back["is_discrete"] == [True, True, False, False, False]
    assert back["error"] == [found.of(d).error for d in range(5)]


def test_the_table_shows_both_kinds_and_the_worst_features_first() -> None:
    made, theta = mixed()
    x = made.sample(theta, 2000, rng=0)
    made.layout.views(theta)["b1"][made.output_slices[2].start] += 3  # the mean of feature 2
    text = str(calibration(made, theta, x))
    for part in ("expected calibration error", "by chance alone", "predicted  observed", "u = P(X <= x)"):
        assert part in text
    assert text.split("by feature")[1].split()[2] == "x2"
    many = MADE(12, hidden=(4,))
    assert "and 2 more" in str(calibration(many, many.init(0), np.zeros((3, 12))))


def test_calibration_refuses_what_has_no_answer() -> None:
    made, theta = mixed()
    x = made.sample(theta, 5, rng=0)
    with pytest.raises(ValueError, match="n_bins"):
        calibration(made, theta, x, n_bins=0)
    with pytest.raises(ValueError, match="mask_set=None"):
        calibration(made, theta, x, mask_set=None)
    with pytest.raises(ValueError, match="theta gives raw outputs that are not finite"):
        calibration(made, np.full_like(theta, np.nan), x)
    found = calibration(made, theta, x)
    with pytest.raises(ValueError, match="feature=2 is on a scale: ask for uniformity"):
        found.reliability(2)
    with pytest.raises(ValueError, match="feature=0 has states: ask for reliability"):
        found.uniformity(0)
    for feature in (-1, 5):
        with pytest.raises(ValueError, match=rf"feature={feature}: give an integer in 0\.\.4"):
            found.of(feature)
    bits, fair = two_bits()
    with pytest.raises(ValueError, match="every feature has states"):
        calibration(bits, fair, FAIR).uniformity()


def test_another_class_than_a_model_gets_the_way_out() -> None:
    made, theta = two_bits()
    for call in (evaluate, calibration):
        with pytest.raises(TypeError, match=r"made is a MADEDensity .*such as the made_ of a MADEDensity"):
            call(MADEDensity(), theta, FAIR)
    with pytest.raises(TypeError, match=r"other is a float .*give what evaluate\(\) returned"):
        evaluate(made, theta, FAIR).difference(0.5)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"n_bins": 10**400}, "n_bins=1000"),
        ({"n_bins": "10"}, "n_bins='10' is a str"),
        ({"rng": "0"}, "rng='0' is a str"),
        ({"rng": np.array([[0, 1]]).view(np.matrix)}, "rng=an array"),
        ({"mask_set": 10**400}, "mask_set=1000"),
    ],
)
def test_calibration_names_what_it_refuses(wrong: dict[str, Any], message: str) -> None:
    made, theta = mixed()
    with pytest.raises((TypeError, ValueError), match=message):
        calibration(made, theta, made.sample(theta, 5, rng=0), **wrong)


def test_calibration_draws_nothing_for_rows_that_it_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("made_np.backends.memory.Host.at_once", 16)  # a row of the hidden layer at a time
    made, theta = mixed()
    x = made.sample(theta, 5, rng=0)
    x[4, 0] = 2
    rng = np.random.default_rng(0)
    before = rng.bit_generator.state
    with pytest.raises(ValueError, match=r"^x\[4, 0\] = 2"):
        calibration(made, theta, x, rng=rng)
    assert rng.bit_generator.state == before


@pytest.mark.parametrize("feature", [0.0, "0", True, [0], 10**400])
def test_a_feature_is_an_integer(feature: Any) -> None:
    made, theta = two_bits()
    found = calibration(made, theta, FAIR)
    for call in (found.has_states, found.of, found.reliability):
        with pytest.raises((TypeError, ValueError), match=r"^feature="):
            call(feature)
