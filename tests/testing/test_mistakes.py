"""Wrong numbers are named by the kind of the mistake in them, and never by a kind that they are not."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

from made_np.testing.mistakes import Choices, Either, Recipe, Verdict, Wrong, explain, judge, kinds
from made_np.testing.mistakes.factors import named_factor
from made_np.testing.mistakes.formulas import equation, formula, value_of
from made_np.testing.mistakes.likeness import all_alike
from made_np.testing.mistakes.relations import relation

LAYER = Recipe(
    {"dy": "no", "x": "ni", "W": "oi", "mask": "oi"},
    [
        "dx[n, i] = sum[o](dy[n, o] * W[o, i] * mask[o, i])",
        "dW[o, i] = sum[n](dy[n, o] * x[n, i]) * mask[o, i]",
        "db[o] = sum[n](dy[n, o])",
    ],
    ["dx", "dW", "db"],
    constants={"B": "n", "O": "o", "I": "i"},
    masks=["mask"],
)
UNIT = Recipe(
    {"w": "", "b": "", "x": "", "t": ""},
    ["z = w * x + b", "y = tanh(z)", "dy = 2 * (y - t)", "dz = dy * (1 - y * y)", "dw = dz * x", "db = dz"],
    ["dw", "db"],
)
LOSS = Recipe(
    {"z": "nd", "x": "nd"},
    [
        "p[n, d] = sigmoid(z[n, d])",
        "nll[n, d] = softplus(z[n, d]) - x[n, d] * z[n, d]",
        "loss = sum[n, d](nll[n, d]) / B",
        "dz[n, d] = (p[n, d] - x[n, d]) / B",
    ],
    ["loss", "dz"],
    constants={"B": "n", "D": "d"},
)
SIZES = [(4, 3, 5), (2, 6, 3), (5, 4, 7)]


def layers() -> list[dict[str, Any]]:
    """Random masked layers."""
    rng = np.random.default_rng(0)
    return [
        {
            "dy": rng.normal(size=(b, o)),
            "x": rng.normal(size=(b, i)),
            "W": rng.normal(size=(o, i)),
            "b": rng.normal(size=o),
            "mask": np.arange(o * i).reshape(o, i) * 7 % 5 < 3,
        }
        for b, o, i in SIZES
    ]


def units() -> list[dict[str, Any]]:
    """Random single units."""
    rng = np.random.default_rng(1)
    return [{name: np.asarray(rng.uniform(0.3, 1.7)) for name in "wbxt"} for _ in range(3)]


def losses() -> list[dict[str, Any]]:
    """Random logits and rows."""
    rng = np.random.default_rng(2)
    return [{"z": rng.normal(size=(b, d)), "x": rng.random((b, d)).round()} for b, d, _ in SIZES]


SUBJECTS = {"layer": (LAYER, layers), "unit": (UNIT, units), "loss": (LOSS, losses)}


def constants_of(recipe: Recipe, problems: Sequence[Any]) -> list[dict[str, float]]:
    """The sizes at each problem."""
    return [
        {name: float(recipe.sizes(problem)[axis]) for name, axis in recipe.constants.items()} for problem in problems
    ]


def judged(recipe: Recipe, problems: list[dict[str, Any]], answer: Callable[..., Any]) -> Verdict:
    """What is said of a function that takes the ingredients by name."""
    got = []
    for problem in problems:
        answers = answer(**{name: problem[name] for name in recipe.ingredients})
        got.append(dict(zip(recipe.results, answers if isinstance(answers, tuple) else (answers,), strict=True)))
    return judge(recipe, problems, got, constants=constants_of(recipe, problems))


@pytest.mark.parametrize("name", SUBJECTS)
def test_what_is_right_is_right(name: str) -> None:
    recipe, make = SUBJECTS[name]
    problems = make()
    assert judge(recipe, problems, [recipe.right(problem) for problem in problems]) == Verdict(True)


@pytest.mark.parametrize("name", SUBJECTS)
def test_each_alteration_names_itself(name: str) -> None:
    recipe, make = SUBJECTS[name]
    problems = make()[:2]
    right = [recipe.right(problem) for problem in problems]
    n_named = 0
    for candidate in recipe.candidates()[::6]:
        try:
            got = [candidate.results(problem) for problem in problems]
        except Exception:
            continue
        verdict = judge(recipe, problems, got)
        if all(map(all_alike, got, right)):
            assert verdict.ok
            continue
        assert not verdict.ok
        assert verdict.mistakes, candidate
        n_named += 1
        nothing = [each.result for each in verdict.mistakes if each.sentence.startswith("it is 0 everywhere")]
        assert not any(each[result].any() for each in got for result in nothing)
        if nothing:
            continue
        # What is named gives the same numbers: it is this mistake, perhaps told in another way.
        twins = [other for other in recipe.candidates() if other.sentence == verdict.mistakes[0].sentence]
        assert any(_gives(other, problems, got) for other in twins), (candidate, verdict)
    assert n_named > 7


def _gives(candidate: Any, problems: Sequence[Any], got: Sequence[Any]) -> bool:
    try:
        return all(all_alike(each, candidate.results(problem)) for problem, each in zip(problems, got, strict=True))
    except Exception:
        return False


WRONG_LAYERS: dict[str, tuple[Callable[..., Any], set[str]]] = {
    "dW not masked": (lambda dy, x, W, mask: (dy @ (W * mask), dy.T @ x, dy.sum(0)), {kinds.NO_MASK}),
    "dx not masked": (lambda dy, x, W, mask: (dy @ W, dy.T @ x * mask, dy.sum(0)), {kinds.NO_MASK}),
    "neither": (lambda dy, x, W, mask: (dy @ W, dy.T @ x, dy.sum(0)), {kinds.NO_MASK}),
    "db a mean": (lambda dy, x, W, mask: (dy @ (W * mask), dy.T @ x * mask, dy.mean(0)), {kinds.REDUCTION}),
    "both means": (
        lambda dy, x, W, mask: (dy @ (W * mask), dy.T @ x * mask / len(x), dy.mean(0)),
        {kinds.REDUCTION},
    ),
    "db over o": (lambda dy, x, W, mask: (dy @ (W * mask), dy.T @ x * mask, dy.sum(1)), {kinds.AXIS}),
    "db last row": (lambda dy, x, W, mask: (dy @ (W * mask), dy.T @ x * mask, dy[-1]), {kinds.REDUCTION}),
    "dW last row": (
        lambda dy, x, W, mask: (dy @ (W * mask), np.outer(dy[-1], x[-1]) * mask, dy.sum(0)),
        {kinds.REDUCTION},
    ),
    "dW transposed": (lambda dy, x, W, mask: (dy @ (W * mask), (dy.T @ x * mask).T, dy.sum(0)), {kinds.TRANSPOSED}),
    "dW times W": (lambda dy, x, W, mask: (dy @ (W * mask), dy.T @ x * mask * W, dy.sum(0)), {kinds.EXTRA}),
    "wrong way round": (lambda dy, x, W, mask: (dy @ (W * mask), dy.T @ x * ~mask, dy.sum(0)), {kinds.MASK}),
    "two in two": (lambda dy, x, W, mask: (dy @ W, dy.T @ x * mask, dy.mean(0)), {kinds.NO_MASK, kinds.REDUCTION}),
    "a third": (lambda dy, x, W, mask: (dy @ (W * mask) / 3, dy.T @ x * mask, dy.sum(0)), {kinds.CONSTANT}),
    "masked twice over": (
        lambda dy, x, W, mask: (-(dy @ W), dy.T @ x * mask, dy.sum(0)),
        {kinds.NO_MASK, kinds.SIGN},
    ),
    "exchanged": (lambda dy, x, W, mask: (dy.T @ x * mask, dy @ (W * mask), dy.sum(0)), {kinds.EXCHANGED}),
}


@pytest.mark.parametrize("name", WRONG_LAYERS)
def test_a_wrong_layer_is_named(name: str) -> None:
    answer, expected = WRONG_LAYERS[name]
    verdict = judged(LAYER, layers(), answer)
    assert set(verdict.kinds) == expected, verdict


WRONG_UNITS: dict[str, tuple[Callable[..., Any], set[str]]] = {
    "no slope": (lambda z, y, x, t: (2 * (y - t) * x, 2 * (y - t)), {kinds.FACTOR}),
    "1 - z^2": (lambda z, y, x, t: (2 * (y - t) * (1 - z * z) * x, 2 * (y - t) * (1 - z * z)), {kinds.PLACE}),
    "1 - y": (lambda z, y, x, t: (2 * (y - t) * (1 - y) * x, 2 * (y - t) * (1 - y)), {kinds.FACTOR}),
    "no 2": (lambda z, y, x, t: ((y - t) * (1 - y * y) * x, (y - t) * (1 - y * y)), {kinds.CONSTANT}),
    "t - y": (lambda z, y, x, t: (2 * (t - y) * (1 - y * y) * x, 2 * (t - y) * (1 - y * y)), {kinds.SIGN}),
    "no x": (lambda z, y, x, t: (2 * (y - t) * (1 - y * y), 2 * (y - t) * (1 - y * y)), {kinds.FACTOR}),
    "no slope, no 2": (lambda z, y, x, t: ((y - t) * x, y - t), {kinds.FACTOR, kinds.CONSTANT}),
}


@pytest.mark.parametrize("name", WRONG_UNITS)
def test_a_wrong_unit_is_named(name: str) -> None:
    answer, expected = WRONG_UNITS[name]

    def unit(w: Any, b: Any, x: Any, t: Any) -> Any:
        z = w * x + b
        return answer(z, np.tanh(z), x, t)

    verdict = judged(UNIT, units(), unit)
    assert {kind for each in verdict.kinds for kind in each.split(" and ")} == expected, verdict


def test_what_nothing_explains_is_told_and_not_named() -> None:
    rng = np.random.default_rng(3)

    def odd(dy: Any, x: Any, W: Any, mask: Any) -> Any:
        dx = dy @ (W * mask)
        dx[1] = rng.normal(size=dx.shape[1])
        return dx, dy.T @ x * mask, dy.sum(0)

    verdict = judged(LAYER, [layers()[0]], odd)
    assert not verdict.ok
    assert not verdict.mistakes
    assert verdict.told[0].startswith("dx: row 1 is wrong, all other rows are right; the first wrong entry is [1, 0]:")


def test_noise_is_never_named() -> None:
    rng = np.random.default_rng(4)
    problems = layers()
    right = [LAYER.right(problem) for problem in problems]
    for scale in (1e-3, 0.1, 1.0):
        for _ in range(2):
            got = [{name: a + scale * rng.normal(size=a.shape) for name, a in each.items()} for each in right]
            verdict = judge(LAYER, problems, got, constants=constants_of(LAYER, problems))
            assert not verdict.ok
            assert not verdict.mistakes, verdict


def test_agreement_at_one_problem_alone_names_nothing() -> None:
    problems = layers()
    got = [dict(LAYER.right(problem)) for problem in problems]
    got[0]["db"] = problems[0]["dy"].mean(axis=0)
    verdict = judge(LAYER, problems, got)
    assert (verdict.ok, verdict.mistakes) == (False, ())
    assert verdict.told[0].startswith("db: all 3 entries are wrong")


# ---------------------------------------------------------------------- gradients without a formula


def z_and_y(b: int, o: int) -> dict[str, Any]:
    """What the backward function of an activation is given."""
    rng = np.random.default_rng(b)
    z = rng.normal(size=(b, o))
    return {"dy": rng.normal(size=(b, o)), "z": z, "y": np.tanh(z)}


WRONG_GRADIENTS: dict[str, tuple[Callable[[Any], Any], Callable[[Any], Any], str]] = {
    "tanh: 1 - z^2": (lambda p: p["dy"] * (1 - p["y"] ** 2), lambda p: p["dy"] * (1 - p["z"] ** 2), kinds.PLACE),
    "tanh: 1 - y": (lambda p: p["dy"] * (1 - p["y"] ** 2), lambda p: p["dy"] * (1 - p["y"]), kinds.FACTOR),
    "tanh: no dy": (lambda p: p["dy"] * (1 - p["y"] ** 2), lambda p: 1 - p["y"] ** 2, kinds.FACTOR),
    "relu: dy > 0": (lambda p: p["dy"] * (p["z"] > 0), lambda p: p["dy"] * (p["dy"] > 0), kinds.PLACE),
    "relu: returns dy": (lambda p: p["dy"] * (p["z"] > 0), lambda p: p["dy"], kinds.FACTOR),
}


@pytest.mark.parametrize("name", WRONG_GRADIENTS)
def test_a_gradient_without_a_formula_is_named(name: str) -> None:
    want, got, kind = WRONG_GRADIENTS[name]
    problems = [z_and_y(4, 3), z_and_y(2, 5)]
    verdict = explain(problems, [{"dz": got(p)} for p in problems], [{"dz": want(p)} for p in problems])
    assert verdict.kinds == (kind,), verdict


@pytest.mark.parametrize("name", WRONG_LAYERS)
def test_a_layer_without_a_formula_is_named_as_with_one(name: str) -> None:
    answer, expected = WRONG_LAYERS[name]
    problems = layers()
    got = []
    for p in problems:
        got.append(dict(zip(LAYER.results, answer(p["dy"], p["x"], p["W"], p["mask"]), strict=True)))
    verdict = explain(problems, got, [LAYER.right(p) for p in problems])
    assert set(verdict.kinds) == expected, verdict


def test_a_square_layer_is_found_too() -> None:
    rng = np.random.default_rng(0)
    dy, x, W = rng.normal(size=(2, 3)), rng.normal(size=(2, 3)), rng.normal(size=(3, 3))
    problem = {"dy": dy, "x": x, "W": W}
    verdict = explain([problem], [{"dx": dy @ W.T, "dW": x.T @ dy}], [{"dx": dy @ W, "dW": dy.T @ x}])
    assert [each.kind for each in verdict.mistakes if each.result == "dW"] == [kinds.TRANSPOSED]


def test_what_is_no_product_is_told() -> None:
    problem = z_and_y(4, 3)
    want = np.sin(problem["z"]) * problem["dy"] ** 3
    verdict = explain([problem], [{"dz": want + (problem["z"] > 0.5)}], [{"dz": want}])
    assert (verdict.ok, verdict.mistakes) == (False, ())
    assert "of 12 entries are wrong" in verdict.told[0]


# --------------------------------------------------------------------------------------- the parts


def test_choices_are_named_singly_and_in_pairs() -> None:
    def compute(problem: Any, order: str = "given", rule: str = "u < p") -> dict[str, Any]:
        p = problem["p"] if order == "given" else problem["p"][::-1]
        return {"x": (problem["u"] < p) if rule == "u < p" else (problem["u"] > p)}

    wrong = {
        "order": [Wrong("backwards", kinds.ORDER, "the order is taken backwards")],
        "rule": [Wrong("u > p", kinds.COMPARISON, "u > p stands where u < p belongs")],
    }
    subject = Either([Choices(compute, wrong)])
    rng = np.random.default_rng(0)
    problems = [{"p": rng.random(20), "u": rng.random(20)} for _ in range(3)]
    assert judge(subject, problems, [compute(p) for p in problems]).ok
    assert judge(subject, problems, [compute(p, rule="u > p") for p in problems]).kinds == (kinds.COMPARISON,)
    both = judge(subject, problems, [compute(p, "backwards", "u > p") for p in problems])
    assert set(both.kinds[0].split(" and ")) == {kinds.ORDER, kinds.COMPARISON}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("sum[n](x[n, i])", [5.0, 7.0, 9.0]),
        ("sum[n, i](x[n, i]) / 2", 10.5),
        ("last[n](x[n, i]) - first[n](x[n, i])", [3.0, 3.0, 3.0]),
        ("x[n, order[t]]", [[3.0, 1.0, 2.0], [6.0, 4.0, 5.0]]),
        ("(order[i] > order[j])", [[False, True, True], [False, False, False], [False, True, False]]),
        ("sum[n](2)", 4.0),
    ],
)
def test_formulas_mean_what_they_say(text: str, value: Any) -> None:
    known = {"x": np.arange(1.0, 7.0).reshape(2, 3), "order": np.array([2, 0, 1])}
    found = value_of(formula(text), known, {"n": 2, "i": 3, "j": 3, "t": 3})
    np.testing.assert_array_equal(found.array, value)


@pytest.mark.parametrize("recipe", [LAYER, UNIT, LOSS])
def test_formulas_are_written_as_they_are_read(recipe: Recipe) -> None:
    for candidate in recipe.candidates():
        for line in candidate.line.splitlines():
            assert str(equation(line)) == line
    assert [str(each) for each in recipe.equations] == list(recipe.lines)


@pytest.mark.parametrize(
    ("ratios", "text"),
    [
        ([4.0, 5.0], "it is B times what it should be"),
        ([-1.0, -1.0], "the sign is wrong"),
        ([1 / 12, 1 / 35], "it is 1/(B D) of what it should be"),
        ([1 / np.log(2)] * 2, "it is 1/ln 2 of what it should be"),
        ([0.3, 0.3], "it is 0.3 times what it should be"),
        ([0.3, 0.4], None),
        ([4.0, 4.0], "it is 2^2 times what it should be"),
    ],
)
def test_factors_have_names(ratios: list[float], text: str | None) -> None:
    assert named_factor(ratios, [{"B": 4, "D": 3}, {"B": 5, "D": 7}]) == text


@pytest.mark.parametrize(
    ("got", "want", "text"),
    [
        (np.zeros((2, 3)), np.zeros((3, 2)), "its shape is (2, 3), and (3, 2) is right: it is transposed"),
        (np.zeros(6), np.zeros((3, 2)), "its shape is (6,), and (3, 2) is right; the numbers are right"),
        (np.zeros((2, 3)), np.ones((3, 2)), "its shape is (2, 3), and (3, 2) is right: is it transposed?"),
        (np.array([1.0, 2.0]), np.array([2.0, 1.0]), "but the numbers are right: they stand at other places"),
        (np.array([1.0, -2.0]), np.array([-1.0, 2.0]), "but their sizes are right: look at the signs"),
        (np.array([1.0, np.nan]), np.array([1.0, 2.0]), "1 of 2 entries are not finite"),
        (np.array([1.0, 0.0, 0.0]), np.array([1.0, 2.0, 3.0]), "2 of 3 entries are 0 and should not be"),
        (np.array([1.0, 5.0, 6.0]), np.array([1.0, 0.0, 0.0]), "all 2 entries that should be 0 are wrong"),
        (np.array([2.0, 3.0, 4.0]), np.array([1.0, 2.0, 3.0]), "all by the same 1"),
    ],
)
def test_what_agrees_is_told(got: Any, want: Any, text: str) -> None:
    assert text in relation("y", [got], [want])


def test_what_is_right_at_all_problems_is_told_so() -> None:
    assert relation("y", [np.ones(2)], [np.ones(2)]) == "y: right"


def test_a_factor_is_named_only_if_every_entry_has_it() -> None:
    problems = layers()
    right = [LAYER.right(problem) for problem in problems]
    got = []
    for each in right:
        beside = np.roll(each["db"], 1)
        beside = beside - each["db"] * (beside @ each["db"]) / (each["db"] @ each["db"])
        got.append({**each, "db": 2 * each["db"] + beside})  # of least squares the factor is 2
    verdict = judge(LAYER, problems, got, constants=constants_of(LAYER, problems))
    assert (verdict.ok, verdict.mistakes) == (False, ())
