"""A name is given to what keeps to the contract, and to nothing else; what lacks is said at once."""

from __future__ import annotations

import json
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from own_distributions import OWN, Laplace, Poisson, Weekday, registered
from scipy import stats
from strategies import EVERY

import made_np
from made_np import MADE, Bernoulli, Gaussian
from made_np.distributions import Distribution, names, register, unregister
from made_np.distributions.proving import prove
from made_np.distributions.registry import BUILT_IN

Array = np.ndarray[Any, Any]


def frozen(base: type[Distribution], **parts: Any) -> type[Distribution]:
    """A class of one's own that differs from `base` in some parts."""
    kind = type("Mine", (base,), {"__module__": __name__, **parts})
    return dataclass(frozen=True)(kind)  # type: ignore[no-any-return]


def vars_of(kind: type[Distribution]) -> dict[str, Any]:
    """The parts that a distribution has to have."""
    return {name: getattr(kind, name) for name in (*Distribution.__abstractmethods__, "n_raw", "support")}


# ------------------------------------------------------------------------------------------------ what is taken


@pytest.mark.parametrize("output", [*EVERY, *OWN.values()], ids=repr)
def test_every_distribution_keeps_to_the_contract(output: Distribution) -> None:
    prove(output)


@settings(max_examples=10)
@given(st.floats(1e-6, 10), st.integers(2, 40), st.floats(1e-3, 10))
def test_those_of_ones_own_keep_to_it_with_any_parameters(floor: float, n: int, min_scale: float) -> None:
    prove(Poisson(floor))
    prove(Weekday(n))
    prove(Laplace(min_scale))


def test_a_poisson_is_scipys() -> None:
    raw = np.linspace(-3, 30, 40)[:, None]
    rate = Poisson().mean(raw)
    k = np.arange(40.0)[:, None] % 17
    np.testing.assert_allclose(Poisson().log_prob(raw, k[:, 0]), stats.poisson.logpmf(k[:, 0], rate), rtol=1e-12)
    low, high = Poisson().cdf_bounds(raw, k[:, 0])
    np.testing.assert_allclose(low, stats.poisson.cdf(k[:, 0] - 1, rate), atol=1e-12)
    np.testing.assert_allclose(high, stats.poisson.cdf(k[:, 0], rate), atol=1e-12)


def test_a_registered_name_is_known_until_it_is_forgotten() -> None:
    assert names() == tuple(BUILT_IN)
    with registered("poisson", "weekday"):
        assert names() == (*BUILT_IN, "poisson", "weekday")
        assert MADE(2, output="poisson").outputs.feature_outputs == (Poisson(), Poisson())
    assert names() == tuple(BUILT_IN)
    with pytest.raises(ValueError, match="output='poisson' is unknown"):
        MADE(2, output="poisson")


def test_the_same_class_written_anew_takes_the_place_of_the_old_one() -> None:
    again = [frozen(Poisson), frozen(Poisson)]
    register("mine", again[0])
    register("mine", again[0])
    register("mine", again[1])
    assert type(MADE(1, output="mine").output) is again[1]
    unregister("mine")


def test_what_a_class_must_say_may_be_a_field() -> None:
    kind = frozen(Poisson, n_raw=field(default=1), support="counts", __annotations__={"n_raw": "int"})
    register("mine", kind)
    assert MADE(2, output="mine").config()["output"] == [{"name": "mine", "floor": 1e-3, "n_raw": 1}]
    unregister("mine")


def test_one_with_arguments_is_registered_by_an_example() -> None:
    kind = frozen(Poisson, floor=field(), __annotations__={"floor": "float"})
    with pytest.raises(ValueError, match=r"no Mine can be made to be tried .*give example=Mine\(floor\)"):
        register("mine", kind)
    register("mine", kind, kind(0.1))  # type: ignore[call-arg]
    with pytest.raises(ValueError, match=r"output='mine' needs numbers: pass Mine\(floor\)"):
        MADE(2, output="mine")
    unregister("mine")


# ---------------------------------------------------------------------------------------------- what is refused


@pytest.mark.parametrize(
    ("name", "error", "words"),
    [
        (3, TypeError, "name is a int"),
        ("", ValueError, "name=''"),
        ("Poisson", ValueError, "small letters"),
        ("a:b", ValueError, "small letters"),
        ("a,b", ValueError, "small letters"),
        ("auto", ValueError, r"none of \('auto',\)"),
        ("gaussian", ValueError, "is that of made_np.distributions.plain.Gaussian: give another one"),
    ],
)
def test_a_name_is_free_and_can_be_typed(name: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        register(name, Poisson)
    assert names() == tuple(BUILT_IN)


def test_a_class_has_one_name_and_a_name_one_class() -> None:
    with registered("poisson"):
        with pytest.raises(ValueError, match="Poisson is registered already, as 'poisson'"):
            register("counts", Poisson)
        with pytest.raises(ValueError, match=r"is that of own_distributions\.Poisson"):
            register("poisson", Laplace)
    with pytest.raises(ValueError, match="Gaussian is registered already, as 'gaussian'"):
        register("normal", Gaussian)
    for name in ("poisson", "gaussian"):
        with pytest.raises(ValueError, match=r"was not registered: the names that were are \(\)"):
            unregister(name)
    with pytest.raises(TypeError, match="name is a list"):
        unregister(["poisson"])  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("poisson", "give a class derived from"),
        (Poisson(), "give a class derived from"),
        (int, "give a class derived from"),
        (Distribution, "Distribution lacks inverse_cdf, marginal, mean, nll_and_grad, n_raw, support"),
        (
            type("Half", (Distribution,), {"mean": Poisson.mean, "n_raw": 1}),
            "Half lacks inverse_cdf, marginal, nll_and",
        ),
        (type("Bare", (Poisson,), {}), "Bare is no frozen dataclass"),
        (dataclass(type("Thawed", (Distribution,), {**vars_of(Poisson)})), "Thawed is no frozen dataclass"),
        (dataclass(frozen=True, eq=False)(type("Same", (Bernoulli,), {})), "no frozen dataclass"),
    ],
)
def test_a_class_is_whole(kind: Any, words: str) -> None:
    with pytest.raises(TypeError, match=words):
        register("mine", kind)


def test_an_example_is_one_of_the_class() -> None:
    with pytest.raises(TypeError, match=r"example=Laplace\(.*: give a Poisson"):
        register("mine", Poisson, Laplace())


def _raises(self: Any, raw: Array) -> Array:
    raise KeyError("no mean")


def _in_place(self: Any, raw: Array) -> Array:
    raw += 1
    return raw[..., 0]


right = Poisson()
BROKEN: dict[str, tuple[dict[str, Any], str]] = {
    "n_raw": ({"n_raw": 0}, "n_raw=0: give an integer >= 1"),
    "n_raw of another kind": ({"n_raw": "1"}, "n_raw='1'"),
    "n_inputs": ({"n_inputs": 2}, r"encode returns shape \(2, 8, 1\) where \(2, 8, 2\) is needed"),
    "n_values": ({"n_values": -1}, "n_values=-1"),
    "support": ({"support": ""}, "support='': say in words"),
    "kernel": ({"kernel": "bernoulli"}, "kernel='bernoulli', one of made_np's own: leave it out"),
    "mean raises": ({"mean": _raises}, r"mean of \(2, 8, 1\) raises KeyError: 'no mean'"),
    "mean of another shape": ({"mean": lambda self, raw: raw}, r"mean returns shape \(2, 8, 1\) where \(2, 8\)"),
    "mean of no numbers": ({"mean": lambda self, raw: raw[..., 0] * np.nan}, "mean returns what is no finite number"),
    "mean changes raw": ({"mean": _in_place}, "mean of .* raises ValueError: .*read-only"),
    "centre": ({"centre": lambda self, raw: 0.0}, r"centre returns shape \(\)"),
    "nll alone": ({"nll_and_grad": lambda self, raw, x: right.nll(raw, x)}, "has to return a pair"),
    "nll of all rows": (
        {"nll_and_grad": lambda self, raw, x: (right.nll(raw, x).sum(), right.nll_and_grad(raw, x)[1])},
        r"the nll of nll_and_grad returns shape \(\)",
    ),
    "gradient of another shape": (
        {"nll_and_grad": lambda self, raw, x: (right.nll(raw, x), right.nll_and_grad(raw, x)[1][..., 0])},
        r"the gradient of nll_and_grad returns shape \(2, 8\)",
    ),
    "gradient": (
        {"nll_and_grad": lambda self, raw, x: (right.nll(raw, x), -right.nll_and_grad(raw, x)[1])},
        r"the gradient of nll_and_grad is not that of its nll(.|\n)*sign flipped(.|\n)*raw\[9, 0\]",
    ),
    "a forgotten term": (
        {"nll_and_grad": lambda self, raw, x: (right.nll(raw, x) + 1, right.nll_and_grad(raw, x)[1])},
        "e\\^-nll is .* but cdf_bounds makes it",
    ),
    "draws that are illegal": (
        {"inverse_cdf": lambda self, raw, u: right.inverse_cdf(raw, u) + 0.5},
        "inverse_cdf draws illegal values",
    ),
    "draws that fall": ({"inverse_cdf": lambda self, raw, u: right.inverse_cdf(raw, 1 - u)}, "falls while u rises"),
    "draws of another distribution": (
        {
            "inverse_cdf": lambda self, raw, u: right.inverse_cdf(raw + 1, u),
            "cdf_bounds": lambda self, raw, x: right.cdf_bounds(raw, x),
        },
        "inverse_cdf gives .* but cdf_bounds says",
    ),
    "bounds": ({"cdf_bounds": lambda self, raw, x: (x + 1, x)}, "cdf_bounds has to return 0 <= "),
    "bounds alone": ({"cdf_bounds": lambda self, raw, x: x}, "cdf_bounds has to return a pair"),
    "values that are illegal": ({"values": lambda self, n: np.array([0.5, 1])}, "are illegal: "),
    "values that fall": ({"values": lambda self, n: np.array([2.0, 1])}, "in rising order"),
    "one value": ({"values": lambda self, n: np.array([2.0])}, "at least two"),
    "no value": ({"invalid": lambda self, x: np.ones(x.shape, bool)}, "define values"),
    "invalid of no booleans": ({"invalid": lambda self, x: 0.0 * x}, "invalid returns dtype float64"),
    "marginal": ({"marginal": lambda self, x: np.zeros(2)}, r"marginal returns shape \(2,\) where \(1,\)"),
    "way_out": ({"way_out": lambda self, value: None}, "way_out"),
    "from_column": ({"from_column": classmethod(lambda cls, values: right)}, "from_column returns Poisson"),
    "from_column raises": (
        {"from_column": classmethod(lambda cls, values: values["a"])},
        "from_column raises IndexError",
    ),
    "config": ({"config": lambda self: {"floor": object()}}, r"config\(\) does not survive JSON"),
    "config of another": ({"config": lambda self: {"floor": 0.5}}, "they have to be equal"),
    "config with a name": (
        {"config": lambda self: {"name": 1}, "from_config": classmethod(lambda cls, config: cls())},
        "has a 'name'",
    ),
    "finite, but does not sum to one": ({"n_values": 3}, "sums to"),
    "binary": ({"is_binary": True}, "is_binary: a draw has to be 1 where u < mean"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_breaks_the_contract_is_refused_in_words(name: str) -> None:
    parts, words = BROKEN[name]
    with pytest.raises(ValueError, match=words):
        register("mine", frozen(Poisson, **parts))
    assert names() == tuple(BUILT_IN)


REAL: dict[str, tuple[dict[str, Any], str]] = {
    "density twice as high": (
        {"nll_and_grad": lambda self, raw, x: (Laplace().nll(raw, x) - np.log(2), Laplace().nll_and_grad(raw, x)[1])},
        r"e\^-nll is .* but cdf_bounds makes it",
    ),
    "knots that fall": ({"knots": lambda self, raw: -Distribution.knots(self, raw)}, "knots have to rise"),
    "far_out": ({"far_out": lambda self, x: x}, "far_out returns dtype float64"),
    "predictions": (
        {"has_states": True, "predictions": lambda self, raw, x: (raw, x)},
        "what came true of predictions",
    ),
}


@pytest.mark.parametrize("name", REAL)
def test_what_breaks_that_of_a_density_is_refused_in_words(name: str) -> None:
    parts, words = REAL[name]
    with pytest.raises(ValueError, match=words):
        register("mine", frozen(Laplace, **parts))


def test_fields_that_json_changes_are_refused() -> None:
    @dataclass(frozen=True)
    class Edged(Poisson):
        edges: tuple[int, ...] = (1, 2)

    with pytest.raises(
        ValueError, match=r"from_config makes .*edges=\[1, 2\].* they have to be equal|not survive JSON"
    ):
        register("edged", Edged)


def test_one_that_cannot_be_hashed_is_refused_where_a_model_is_made() -> None:
    loose = dataclass(type("Loose", (Distribution,), vars_of(Bernoulli)))()
    listed = Poisson([0.1])  # type: ignore[arg-type]
    for output in (loose, listed, ["bernoulli", listed]):
        with pytest.raises(TypeError, match=r"output=.* cannot be hashed .*decorate its class with @dataclass\(frozen"):
            MADE(2, output=output)


def test_a_subclass_has_no_kernel_of_its_base() -> None:
    assert Bernoulli().kernel == "bernoulli"
    assert Weekday().kernel is None
    assert frozen(Gaussian)().kernel is None
    assert Poisson().kernel is None


@pytest.mark.parametrize("output", [*EVERY, *OWN.values()], ids=repr)
def test_a_config_survives_json(output: Distribution) -> None:
    own = [name for name, each in OWN.items() if each == output]
    with registered(*own) if own else nullcontext():
        made = MADE(2, output=output)
        assert MADE.from_config(json.loads(json.dumps(made.config()))) == made


def test_the_public_names_are_there() -> None:
    assert made_np.distributions.register is register
    assert made_np.distributions.Distribution is Distribution
    with pytest.raises(AttributeError, match="no attribute 'poisson'"):
        made_np.distributions.poisson  # noqa: B018
