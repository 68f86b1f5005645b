"""Rows with gaps: drawn, filled, scored as enumeration has it, or refused."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Sequence
from typing import Any

import naive
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray
from strategies import random_theta

from made_np.cells import Source
from made_np.distributions.levels import DiscretizedLogistic
from made_np.distributions.plain import Bernoulli, Categorical
from made_np.masks.paths import leads
from made_np.masks.sets import MIXTURE_SIZE
from made_np.model import gaps
from made_np.model.gaps import Filler, assign, check_gaps, gap_patterns, leading_order, observed_log_prob
from made_np.model.made import MADE

Array = NDArray[Any]
NAN = np.nan

known_rows = hnp.arrays(bool, st.tuples(st.integers(0, 6), st.integers(1, 4)))


@given(known_rows)
def test_rows_with_the_same_gaps_come_together(known: Array) -> None:
    seen = []
    for pattern, rows in gap_patterns(known):
        assert len(rows) > 0
        assert all((known[row] == pattern).all() for row in rows)
        seen += rows.tolist()
    assert sorted(seen) == list(range(len(known)))
    assert len(list(gap_patterns(known))) == len({tuple(row) for row in known.tolist()})


def test_ctrl_c_while_rows_are_sorted_by_their_gaps_stays_ctrl_c() -> None:
    known = np.random.default_rng(0).random((6, 20)) < 0.5
    for k in itertools.count():
        left = [k]

        def trace(*_: Any, left: list[int] = left) -> None:
            left[0] -= 1
            if left[0] < 0:
                raise KeyboardInterrupt

        before = sys.gettrace()
        sys.settrace(trace)
        try:
            for _ in gap_patterns(known):
                pass
        except KeyboardInterrupt:
            continue
        finally:
            sys.settrace(before)
        assert k > 5
        break


@given(hnp.arrays(bool, st.integers(1, 6)), st.randoms(use_true_random=False))
def test_features_lead_if_no_gap_stands_before_them(known: Array, random: Any) -> None:
    order = list(range(len(known)))
    random.shuffle(order)
    in_order = [bool(known[feature]) for feature in order]
    assert leads(np.array(order), known) == (in_order == sorted(in_order, reverse=True))
    own = leading_order(known, np.random.default_rng(random.randrange(2**32)))
    assert sorted(own.tolist()) == list(range(len(known)))
    assert leads(own, known)


def test_a_leading_order_is_otherwise_random() -> None:
    rng = np.random.default_rng(0)
    known = np.array([False, True, False, True])
    assert {tuple(leading_order(known, rng).tolist()) for _ in range(60)} == {
        (*head, *tail) for head in itertools.permutations((1, 3)) for tail in itertools.permutations((0, 2))
    }


# ------------------------------------------------------------------------------------ against enumeration


def conditional(
    made: MADE, theta: Array, gappy: Sequence[float], sets: Sequence[int], context: Any = None
) -> dict[tuple[float, ...], float]:
    """p(row | given) for every row that agrees with `gappy`, from the joint of the mixture of some mask sets."""
    sizes = [output.n if isinstance(output, Categorical) else 2 for output in made.outputs.feature_outputs]
    rows = naive.all_rows(sizes)
    rows = rows[((rows == gappy) | np.isnan(gappy)).all(axis=1)]
    y = None if context is None else np.tile(context, (len(rows), 1))
    p = sum(np.exp(made.log_prob(theta, rows, mask_set=k, context=y)) for k in sets)
    return {tuple(row): value for row, value in zip(rows.tolist(), p / p.sum(), strict=True)}


def shares(drawn: Array) -> dict[tuple[float, ...], float]:
    rows, counts = np.unique(drawn, axis=0, return_counts=True)
    return {tuple(row): count / len(drawn) for row, count in zip(rows.tolist(), counts, strict=True)}


def assert_shares(got: dict[Any, float], want: dict[Any, float], tolerance: float) -> None:
    assert set(got) <= set(want)
    for row, p in want.items():
        assert got.get(row, 0.0) == pytest.approx(p, abs=tolerance), row


@pytest.mark.parametrize("order", ["natural", [2, 0, 3, 1]])
@pytest.mark.parametrize("n_context", [0, 2])
def test_draws_given_what_leads_have_the_shares_of_the_joint(order: Any, n_context: int) -> None:
    """A grid of uniforms in place of chance: each share is right up to the width of a cell, 1/300, on each side."""
    made = MADE(
        4, (9,), ["bernoulli", Categorical(3), "bernoulli", Categorical(3)],
        order=order, n_context=n_context, dtype="float64",
    )  # fmt: skip
    theta = random_theta(made, np.random.default_rng(1), 1.0)
    first, second, *gaps = made.mask_sets[0].order.tolist()
    gappy = np.full(4, NAN)
    gappy[[first, second]] = 1
    ticks = (np.arange(300) + 0.5) / 300
    u = np.full((300 * 300, 4), 0.5)
    u[:, gaps] = np.stack(np.meshgrid(ticks, ticks), axis=-1).reshape(-1, 2)
    y = np.array([0.8, -1.3])[:n_context] if n_context else None
    context = None if y is None else np.tile(y, (len(u), 1))
    drawn = made.sample(theta, len(u), given=gappy, uniforms=u, context=context)
    assert_shares(shares(drawn), conditional(made, theta, gappy.tolist(), [0], y), 4 / 300)


ORDERS = [[0, 1, 2, 3], [1, 0, 3, 2], [2, 3, 0, 1], [0, 1, 3, 2]]


@pytest.mark.parametrize(
    ("gappy", "able"),
    [
        ([1, 0, NAN, NAN], [0, 1, 3]),
        ([NAN, NAN, 0, 1], [2]),
        ([1, NAN, NAN, NAN], [0, 3]),
        ([0, 1, NAN, 1], [1, 3]),
        ([NAN] * 4, [0, 1, 2, 3]),
    ],
)
def test_a_mixture_is_drawn_from_by_how_likely_each_set_finds_what_is_given(
    gappy: list[float], able: list[int]
) -> None:
    """p(rest | given) of a mixture weighs its sets by p_k(given); those whose order cannot are left out."""
    made = MADE(4, (8,), order=ORDERS, n_masks=4, dtype="float64")
    theta = random_theta(made, np.random.default_rng(7), 1.5)
    n = 40_000
    drawn = made.sample(theta, n, given=gappy, rng=0)
    # Five standard deviations of a share of 40000 draws: at most 5 * 0.5 / 200.
    assert_shares(shares(drawn), conditional(made, theta, gappy, able), 0.0125)


def test_the_weights_of_a_row_hear_of_its_own_context() -> None:
    made = MADE(4, (), order=[[0, 1, 2, 3], [1, 0, 3, 2]], n_masks=2, n_context=1, dtype="float64")
    theta = random_theta(made, np.random.default_rng(9), 3.0)
    n, known = 20_000, [1, 1, NAN, NAN]
    gappy = np.array([[NAN] * 4] * n + [known] * n)
    context = np.repeat([[-1.0], [1.0]], n, axis=0)
    want = conditional(made, theta, known, [0, 1], [1.0])
    rows = np.array(list(want))
    p = {y: np.exp([made.log_prob(theta, rows, mask_set=k, context=[[y]] * 4) for k in (0, 1)]) for y in (-1, 1)}
    weights = {y: p[y].sum(axis=1) / p[y].sum() for y in p}
    assert abs(weights[1] - weights[-1]).max() > 0.3  # the contexts disagree about the sets
    drawn = made.sample(theta, 2 * n, given=gappy, context=context, rng=0)[n:]
    assert_shares(shares(drawn), want, 5 * 0.5 / np.sqrt(n))


def test_the_weights_of_the_sets_are_those_of_the_given_features() -> None:
    """The sets disagree about what is given by a factor that equal weights would miss by far."""
    made = MADE(3, (), order=[[0, 1, 2], [1, 0, 2]], n_masks=2, dtype="float64")
    theta = made.init()
    views = made.layout.views(theta)
    views["W_direct"][1, 0], views["W_direct"][0, 1] = 8, -8  # set 0: x1 follows x0; set 1: x0 shuns x1
    joint = [np.exp(made.log_prob(theta, [[1, 1, 0], [1, 1, 1]], mask_set=k)).sum() for k in (0, 1)]
    assert joint[0] > 500 * joint[1]
    chosen: list[int] = []
    known = np.tile([True, True, False], (4000, 1))
    sets = [made.bound[k] for k in range(2)]
    both = [Filler(one, one) for one in sets]
    for rows, one in assign(
        known,
        lambda _: both,
        np.random.default_rng(0),
        lambda rows, _, one: np.log(joint[one is sets[1]]) + np.zeros(len(rows)),
    ):
        chosen += [int(one is sets[1])] * len(rows)
    want = joint[1] / sum(joint)
    assert np.mean(chosen) == pytest.approx(want, abs=5 * np.sqrt(want / 4000))
    assert len(chosen) == 4000


def test_without_anything_given_each_set_is_drawn_equally_often() -> None:
    made = MADE(3, (4,), order="random", n_masks=3, seed=1)
    three = [Filler(made.bound[k], made.bound[k]) for k in range(3)]
    known, counts = np.zeros((9000, 3), dtype=bool), []
    for rows, _ in assign(known, lambda _: three, np.random.default_rng(0), lambda *_: pytest.fail("nothing is known")):
        counts.append(len(rows))
    # Standard deviation of a count: sqrt(9000 * 1/3 * 2/3) = 45.
    np.testing.assert_allclose(counts, [3000] * 3, atol=5 * 45)


def test_without_anything_given_an_endless_model_draws_from_its_mixture() -> None:
    made = MADE(3, (), order="random", n_masks=None, dtype="float64")
    theta = random_theta(made, np.random.default_rng(3), 2.0)
    want = conditional(made, theta, [NAN] * 3, range(32))
    for order in itertools.permutations(range(3)):  # no single order would do
        p = np.exp(made.log_prob(theta, np.array(list(want)), mask_set=list(order)))
        assert np.abs(p - list(want.values())).max() > 0.03
    assert_shares(shares(made.sample(theta, 40_000, rng=0)), want, 0.0125)


@settings(max_examples=30)
@given(hnp.arrays(bool, (5, 4)), st.integers(0, 2**31))
def test_an_endless_model_takes_an_order_that_the_given_features_lead(known: Array, seed: int) -> None:
    """Exact: for each pattern of gaps, some leading order has the rows as the fixed point of its conditionals."""
    made = MADE(4, (9,), order="random", degrees="random", n_masks=None, dtype="float64")
    rng = np.random.default_rng(seed)
    theta, u = random_theta(made, rng, 1.5), rng.random((5, 4))
    gappy = np.where(known, rng.integers(0, 2, (5, 4)), NAN)
    x = made.sample(theta, 5, given=gappy, uniforms=u, rng=seed)
    np.testing.assert_array_equal(x[known], gappy[known])
    for pattern, rows in gap_patterns(known):
        if not pattern.any():
            continue  # nothing is given: each row draws one of the first mask sets
        orders = [order for order in itertools.permutations(range(4)) if leads(np.array(order), pattern)]
        fits = [made.raw_outputs(theta, x[rows], mask_set=list(order)) for order in orders]
        p = [1 / (1 + np.exp(-raw)) for raw in fits]
        assert any(((u[rows] < one) == (x[rows] == 1))[:, ~pattern].all() for one in p)


def test_rows_keep_their_own_gaps_context_and_uniforms() -> None:
    made = MADE(3, (6,), [Categorical(3), "gaussian", DiscretizedLogistic(4)], n_context=1, dtype="float64")
    rng = np.random.default_rng(4)
    theta, u, y = random_theta(made, rng), rng.random((6, 3)), rng.standard_normal((6, 1))
    gappy = np.array(
        [[NAN, NAN, NAN], [2, NAN, NAN], [1, 0.3, NAN], [NAN, NAN, NAN], [0, -1, 3], [1, NAN, NAN]]
    )  # fmt: skip
    together = made.sample(theta, 6, given=gappy, uniforms=u, context=y)
    for r in range(6):
        alone = made.sample(theta, 1, given=gappy[r], uniforms=u[r : r + 1], context=y[r : r + 1])
        np.testing.assert_allclose(together[r : r + 1], alone, rtol=1e-12)


# --------------------------------------------------------------------------------------- what is refused


@pytest.mark.parametrize("n_masks", [1, 2])
def test_gaps_that_no_order_can_fill_exactly_are_refused(n_masks: int) -> None:
    orders = [[0, 1, 2, 3], [1, 0, 2, 3]][:n_masks]
    made = MADE(4, (6,), order=orders if n_masks > 1 else "natural", n_masks=n_masks)
    theta, gappy = made.init(), [NAN, NAN, 1, 0]
    words = (
        r"^given\[0\] has gaps in feature 0, feature 1: what is known there leads in no order of this model, so the "
        r"row can neither be scored nor filled exactly\. Take a model with n_masks=None .*, or set order to one that "
        r"begins with what is known, or take conditioning='clamp'"
    )
    with pytest.raises(ValueError, match=words):
        made.sample(theta, 3, given=gappy)
    with pytest.raises(ValueError, match=words):
        made.fill_means(theta, gappy)
    clamped = made.sample(theta, 3, given=gappy, conditioning="clamp")
    np.testing.assert_array_equal(clamped[:, 2:], [[1, 0]] * 3)


def test_one_mask_set_answers_for_itself_alone() -> None:
    made = MADE(2, (4,), order=[[0, 1], [1, 0]], n_masks=2)
    theta = made.init()
    assert made.sample(theta, 1, given=[NAN, 1], mask_set=1)[0, 1] == 1
    assert made.sample(theta, 1, given=[NAN, 1], mask_set=[1, 0])[0, 1] == 1
    with pytest.raises(ValueError, match=r"given\[0\] has gaps in feature 0: what is known"):
        made.sample(theta, 1, given=[NAN, 1], mask_set=0)
    endless = MADE(2, (4,), order="random", n_masks=None)
    with pytest.raises(ValueError, match=r"given\[0\] has gaps in feature 0: what is known"):
        endless.sample(endless.init(), 1, given=[NAN, 1], mask_set=[0, 1])


def test_a_long_list_of_gaps_is_cut_short() -> None:
    made = MADE(30, (40,))
    gappy = np.full(30, NAN)
    gappy[29] = 1
    words = "feature 0, feature 1, feature 2, feature 3, feature 4 and 24 more: what is known"
    with pytest.raises(ValueError, match=words):
        made.sample(made.init(), 1, given=gappy)
    with pytest.raises(ValueError, match=words):
        observed_log_prob(made, made.init(), gappy[None])


def test_one_text_says_that_no_order_leads() -> None:
    made = MADE(4, (6,), dtype="float64")
    theta, gappy = made.init(), np.array([[0, 1, 1, 0], [1, NAN, 1, 0]])
    said = []
    for ask in (
        lambda: made.fill_means(theta, gappy),
        lambda: observed_log_prob(made, theta, gappy, name="given"),
    ):
        with pytest.raises(ValueError, match=r"given\[1\] has gaps in feature 1") as caught:
            ask()
        said.append(str(caught.value))
    assert said[0].startswith(said[1])
    assert said[0] != said[1]  # who fills may clamp


def test_an_unknown_conditioning_is_refused() -> None:
    made = MADE(2, (4,))
    with pytest.raises(ValueError, match=r"conditioning='soft' is unknown: use one of \('exact', 'clamp'\)"):
        made.sample(made.init(), 1, conditioning="soft")


# ------------------------------------------------------------------------------- what was observed, by summing

SIZES = (2, 3, 2, 2)
OUTPUT = [Bernoulli(), Categorical(3), Bernoulli(), Bernoulli()]


def model(**options: Any) -> tuple[MADE, Any]:
    made = MADE(4, output=OUTPUT, **{"hidden": (9,), "dtype": "float64", "seed": 3, **options})
    return made, np.random.default_rng(1).normal(size=made.n_params)


def completions(row: Any) -> Any:
    """All rows without gaps that agree with `row`."""
    return np.array(
        list(itertools.product(*[range(n) if np.isnan(v) else [v] for v, n in zip(row, SIZES, strict=True)]))
    )


def summed(made: MADE, theta: Any, row: Any, mask_set: Any) -> float:
    """p(observed) of one row under one mask set, the long way."""
    return float(np.exp(made.log_prob(theta, completions(row), mask_set=mask_set)).sum())


@pytest.mark.parametrize(
    "row", [[1, 2, 0, 1], [1, 2, 0, NAN], [1, 2, NAN, NAN], [1, NAN, NAN, NAN], [NAN, NAN, NAN, NAN]]
)
def test_leading_features_of_a_fixed_order(row: list[float]) -> None:
    made, theta = model()
    x = np.array([row])
    np.testing.assert_allclose(np.exp(observed_log_prob(made, theta, x)), summed(made, theta, x[0], None), rtol=1e-12)


def test_an_order_that_is_not_its_own_inverse() -> None:
    made, theta = model(order=[2, 0, 3, 1])
    x = np.array([[1, NAN, 0, NAN], [NAN, NAN, 1, NAN], [0, NAN, 1, 1]])
    wanted = [summed(made, theta, row, None) for row in x]
    np.testing.assert_allclose(np.exp(observed_log_prob(made, theta, x)), wanted, rtol=1e-12)
    with pytest.raises(ValueError, match=r"x\[0\] has gaps in feature 0"):
        observed_log_prob(made, theta, np.array([[NAN, 1, 1, 1]]))


HOMES = [[0, 1, 2, 3], [3, 1, 0, 2], [2, 3, 1, 0]]


def joint_by_homes(made: MADE, theta: Any, row: Any) -> tuple[Array, Array]:
    """p(known) of each home that is told less, (H,); p(completion given known) of each path, (H, completions)."""
    known = ~np.isnan(row)
    every = completions(row)
    before = []
    after = []
    for home in range(len(HOMES)):
        order = np.array(HOMES[home])
        one = made.bound[made.mask_sets.mixed[home]]
        assert one.mask_set.order.tolist() == order.tolist()
        before.append(np.exp(-one.nll(theta, row[None], None)[0][known].sum()))
        path = made.bound.for_known(known, home)
        assert path.mask_set.order.tolist() == [*order[known[order]], *order[~known[order]]]
        after.append(np.exp(-path.nll(theta, every.astype(float), None)[:, ~known].sum(axis=1)))
    return np.array(before), np.array(after)


@pytest.mark.parametrize("row", [[NAN, 2, NAN, 1], [1, NAN, NAN, NAN], [NAN, NAN, NAN, NAN], [0, 1, 1, 0]], ids=str)
def test_homes_are_one_mixture_in_scores_and_in_draws(row: list[float]) -> None:
    made, theta = model(order=HOMES, n_masks=None)
    x = np.array(row, dtype=float)
    before, after = joint_by_homes(made, theta, x)
    np.testing.assert_allclose(np.exp(observed_log_prob(made, theta, x[None])), before.mean(), rtol=1e-12)
    np.testing.assert_allclose(np.exp(made.log_prob(theta, x, gaps="skip")), before.mean(), rtol=1e-12)
    weights = before / before.sum()
    want = weights @ after
    np.testing.assert_allclose(want.sum(), 1)
    if np.isnan(x).any():
        even = after.mean(axis=0)
        assert np.isnan(x).all() or np.abs(want - even).max() > 0.02  # weights that are all alike would be found out
    drawn = made.sample(theta, 20_000, given=x, rng=0)
    each = completions(x)
    shares = (drawn[:, None] == each).all(axis=2).mean(axis=0)
    np.testing.assert_allclose(shares, want, atol=5 * 0.5 / np.sqrt(20_000))


def test_the_joint_of_homes_sums_to_one() -> None:
    made, theta = model(order=HOMES, n_masks=None)
    every = completions(np.full(4, NAN))
    each = [made.log_prob(theta, every, mask_set=k) for k in made.mask_sets.mixed]
    np.testing.assert_allclose(np.exp(made.log_prob(theta, every)).sum(), 1)
    np.testing.assert_allclose(np.exp(made.log_prob(theta, every)), np.exp(each).mean(axis=0))
    assert np.abs(np.exp(each[0]) - np.exp(each[1])).max() > 0.01


def test_the_mixture_is_over_the_orders_that_the_gaps_allow() -> None:
    orders = [[0, 1, 2, 3], [1, 0, 2, 3], [3, 2, 1, 0]]
    made, theta = model(order=orders, n_masks=3)
    x = np.array([[1, 2, NAN, NAN], [1, NAN, NAN, NAN], [NAN, NAN, 0, 1], [1, 0, 0, 1]])
    able = [[0, 1], [0], [2], [0, 1, 2]]
    wanted = [np.mean([summed(made, theta, row, k) for k in ks]) for row, ks in zip(x, able, strict=True)]
    np.testing.assert_allclose(np.exp(observed_log_prob(made, theta, x)), wanted, rtol=1e-12)


def test_an_endless_model_takes_any_gaps() -> None:
    made, theta = model(order="random", n_masks=None)
    x = np.array(list(itertools.product([0, NAN], [2, NAN], [1, NAN], [0, NAN])))
    wanted = []
    for row in x:
        known = ~np.isnan(row)
        orders = [made.mask_sets[k].order for k in range(MIXTURE_SIZE)]
        moved = [sorted(order.tolist(), key=lambda d, known=known: not known[d]) for order in orders]
        wanted.append(np.mean([summed(made, theta, row, order) for order in moved]))
    # The rows without gaps are those of the model's own mixture.
    np.testing.assert_allclose(observed_log_prob(made, theta, x[:1]), made.log_prob(theta, x[:1]), rtol=1e-12)
    np.testing.assert_allclose(np.exp(observed_log_prob(made, theta, x)), wanted, rtol=1e-12)


@pytest.mark.parametrize("options", [{}, {"order": "random", "n_masks": None}, {"order": "random", "n_masks": 2}])
def test_rows_without_gaps_get_log_prob(options: dict[str, Any]) -> None:
    made, theta = model(**options)
    x = completions([NAN] * 4).astype(float)
    np.testing.assert_allclose(observed_log_prob(made, theta, x), made.log_prob(theta, x), rtol=1e-12)


def test_many_rows_are_scored_piece_by_piece_alike() -> None:
    made, theta = model()
    x = np.random.default_rng(0).integers(0, 2, size=(600_000, 4)).astype(float)
    np.testing.assert_allclose(
        observed_log_prob(made, theta, x)[-3:], observed_log_prob(made, theta, x[-3:]), rtol=1e-12
    )


def test_a_row_wider_than_a_piece_is_a_piece_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    made, theta = model()
    x = np.array([[1, 0, 1, NAN], [1, NAN, NAN, NAN], [0, 1, 1, 1]])
    want = observed_log_prob(made, theta, x)
    monkeypatch.setattr(gaps, "AT_ONCE", 1)
    np.testing.assert_allclose(observed_log_prob(made, theta, x), want, rtol=1e-12)


def test_gaps_that_no_order_allows_are_named_as_the_caller_likes() -> None:
    made, _ = model()
    known = np.array([[1, 1, 1, 1], [1, 0, 1, 0]], dtype=bool)
    with pytest.raises(ValueError, match=r"^y\[8\] has gaps in c1, c3: .*n_masks=None"):
        check_gaps(made, known, "c{}".format, Source("y", first=7))
    check_gaps(made, known[:1])


# ------------------------------------------------------------------------------------------ home and paths

HOME = [2, 0, 3, 1]
EVERY_ROW = np.array(list(itertools.product(*map(range, SIZES))), dtype=float)
PATTERNS = [np.array(known) for known in itertools.product([False, True], repeat=4)]


VARIANTS = [{}, {"mask_weights": True}, {"hidden": (7, 7), "residual": True}, {"degrees": "random", "hidden": ()}]
variants = pytest.mark.parametrize("options", VARIANTS, ids=str)


@variants
def test_what_is_known_with_the_rest_sums_to_one_for_each_set_of_known_features(options: dict[str, Any]) -> None:
    """p(known) alone does, p(rest given known) does for each row, and so does their product."""
    made, theta = with_paths(**options)
    for known in PATTERNS:
        n_gaps = np.prod(np.array(SIZES)[~known])
        p_known = np.exp(observed_log_prob(made, theta, np.where(known, EVERY_ROW, NAN)))
        assert p_known.sum() / n_gaps == pytest.approx(1, abs=1e-12)
        one = made.bound.for_known(known)
        p_rest = np.exp(-one.nll(theta, EVERY_ROW, None)[:, ~known].sum(axis=1))
        _, member = np.unique(EVERY_ROW[:, known], axis=0, return_inverse=True)
        np.testing.assert_allclose(np.bincount(member.reshape(-1), p_rest), 1, rtol=1e-12)
        assert (p_known * p_rest).sum() == pytest.approx(1, abs=1e-12)
    assert np.exp(made.log_prob(theta, EVERY_ROW)).sum() == pytest.approx(1, abs=1e-12)


@pytest.mark.parametrize("backend", ["numpy", "auto"])
@variants
def test_a_row_with_gaps_is_scored_at_home_by_a_network_that_is_told_less(
    backend: str, options: dict[str, Any]
) -> None:
    made, theta = with_paths(backend=backend, **options)
    x = np.array(list(itertools.product([0, NAN], [2, NAN], [1, NAN], [0, NAN])))
    wanted = []
    for row in x:
        known = ~np.isnan(row)
        raw = np.array(naive.raw_of_units(made, theta, naive.encode(made, row), made.mask_sets[0]))[None]
        each = made.outputs.nll(raw, np.where(known, row, 0)[None])
        wanted.append(-each[0, known].sum())
    got = observed_log_prob(made, theta, x)
    np.testing.assert_allclose(got, wanted, rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(got[:1], made.log_prob(theta, x[:1]), rtol=1e-12)
    assert len(set(got.round(6).tolist())) == len(x)  # no two are one question


def test_no_output_changes_with_what_the_network_is_not_told() -> None:
    """Bit for bit, for each set of known features: at home as far as they go, and then along their path."""
    made, theta = with_paths(mask_weights=True)
    rng = np.random.default_rng(0)
    for known in PATTERNS:
        one = made.bound.for_known(known)
        path = one.mask_set.order
        raw = one.raw_outputs(theta, EVERY_ROW, None)
        score = observed_log_prob(made, theta, np.where(known, EVERY_ROW, NAN))
        other = np.where(known, EVERY_ROW, rng.integers(0, SIZES, EVERY_ROW.shape))
        np.testing.assert_array_equal(observed_log_prob(made, theta, other, known=known[None] | (other < 0)), score)
        for place in range(4):
            other = EVERY_ROW.copy()
            for d in path[place:]:
                other[:, d] = rng.integers(0, SIZES[d], len(other))
            again = one.raw_outputs(theta, other, None)
            for d in path[: place + 1]:
                np.testing.assert_array_equal(again[:, made.output_slices[d]], raw[:, made.output_slices[d]])


@variants
def test_p_of_what_is_known_is_the_exact_sum_over_what_comes_after_it_at_home(options: dict[str, Any]) -> None:
    made, theta = with_paths(**options)
    rows = np.array([[0, NAN, 1, NAN], [1, NAN, NAN, 0], [NAN, NAN, NAN, 0]])
    more = np.repeat(rows, SIZES[1], axis=0)
    more[:, 1] = np.tile(np.arange(SIZES[1]), len(rows))  # feature 1 is last in home order
    summed_up = np.exp(observed_log_prob(made, theta, more)).reshape(len(rows), -1).sum(axis=1)
    np.testing.assert_allclose(np.exp(observed_log_prob(made, theta, rows)), summed_up, rtol=1e-12)


def test_where_what_is_known_leads_at_home_filling_is_what_scoring_says() -> None:
    made, theta = with_paths()
    known = np.array([True, False, True, False])  # the first two at home
    p = np.exp(made.log_prob(theta, EVERY_ROW) - observed_log_prob(made, theta, np.where(known, EVERY_ROW, NAN)))
    one = made.bound.for_known(known)
    np.testing.assert_allclose(np.exp(-one.nll(theta, EVERY_ROW, None)[:, ~known].sum(axis=1)), p, rtol=1e-12)


def test_gaps_are_filled_along_the_path_of_what_is_known() -> None:
    made, theta = with_paths()
    rng = np.random.default_rng(5)
    gappy = np.where(rng.random((40, 4)) < 0.5, NAN, EVERY_ROW[rng.integers(0, len(EVERY_ROW), 40)])
    u = rng.random((40, 4))
    drawn = made.sample(theta, 40, given=gappy, uniforms=u, rng=0)
    centres = made.fill_means(theta, gappy, rng=0)
    for known, rows in gap_patterns(~np.isnan(gappy)):
        one = made.bound.for_known(known)
        np.testing.assert_array_equal(drawn[rows], one.sample(theta, u[rows], gappy[rows]))
        np.testing.assert_array_equal(centres[rows], one.propagate_means(theta, gappy[rows]))
        for d in np.flatnonzero(~known):  # the fixed point of the conditionals
            raw = one.raw_outputs(theta, drawn[rows], None)[:, made.output_slices[d]]
            np.testing.assert_array_equal(made.outputs.feature_outputs[d].inverse_cdf(raw, u[rows, d]), drawn[rows, d])


def test_some_gaps_may_stay_untold_while_others_are_filled_along_the_path_of_what_is_told() -> None:
    made, theta = with_paths(gap_inputs=[0, 2, 3])
    u = np.random.default_rng(0).random((50, 4))
    told = np.array([False, True, False, False])
    untold = np.array([False, False, True, False])
    given = np.where(told, 2, NAN)
    drawn = made.sample(theta, 50, given=given, untold=untold, uniforms=u)
    assert np.isnan(drawn[:, untold]).all()
    np.testing.assert_array_equal(drawn[:, told], 2)
    one = made.bound.for_known(told)
    for d in (0, 3):
        raw = one.raw_outputs(theta, drawn, None)[:, made.output_slices[d]]
        np.testing.assert_array_equal(made.outputs.feature_outputs[d].inverse_cdf(raw, u[:, d]), drawn[:, d])
    # With nothing told, what is drawn is what `observed_log_prob` scores.
    free = made.sample(theta, 4000, untold=[False, True, True, False], rng=1)
    share = (np.nan_to_num(free) == [1, 0, 0, 1]).all(axis=1).mean()
    want = np.exp(observed_log_prob(made, theta, np.array([[1, NAN, NAN, 1]])))[0]
    assert share == pytest.approx(want, abs=4.5 * np.sqrt(want / 4000))


@pytest.mark.parametrize("options", [{"order": "random", "n_masks": None}, {"order": HOME, "n_masks": None}], ids=str)
def test_what_counts_as_known_may_be_said(options: dict[str, Any]) -> None:
    made, theta = model(**options)
    known = np.random.default_rng(2).random(EVERY_ROW.shape) < 0.5
    want = observed_log_prob(made, theta, np.where(known, EVERY_ROW, NAN))
    np.testing.assert_array_equal(observed_log_prob(made, theta, EVERY_ROW, known=known), want)


def test_rows_with_gaps_have_their_context() -> None:
    made, theta = with_paths(n_context=1)
    context = np.linspace(-2, 2, len(EVERY_ROW))[:, None]
    x = np.where(np.arange(4) == 3, NAN, EVERY_ROW)
    want = [observed_log_prob(made, theta, x[k : k + 1], context=context[k])[0] for k in range(len(x))]
    np.testing.assert_allclose(observed_log_prob(made, theta, x, context=context), want, rtol=1e-12)
    assert not np.allclose(want, observed_log_prob(made, theta, x, context=[0.0]))
    with pytest.raises(ValueError, match="context is missing"):
        observed_log_prob(made, theta, x)


def with_paths(**options: Any) -> tuple[MADE, Any]:
    return model(**{"order": HOME, "n_masks": None, **options})
