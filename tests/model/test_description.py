"""A model as a value: its arguments, settled; equality, hash, pickle, config; and which arguments are refused."""

from __future__ import annotations

import copy
import dataclasses
import itertools
import json
import pickle
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import models, random_rows, random_theta

from made_np.backends import get_backend
from made_np.distributions.levels import DiscretizedLogistic
from made_np.distributions.mixtures import MixtureOfGaussians, MixtureOfLogistics
from made_np.distributions.plain import Bernoulli, Categorical, Gaussian
from made_np.model.binding import KEPT_PATHS
from made_np.model.made import MADE

VARIED: list[dict[str, Any]] = [
    {},
    {"hidden": ()},
    {"hidden": (7, 7), "residual": True},
    {"mask_weights": True},
    {"hidden": (), "mask_weights": True},
    {"output": "gaussian"},
    {"output": Gaussian(0.5)},
    {"output": Categorical(3)},
    {"output": DiscretizedLogistic(4, 2, 0.1)},
    {"output": MixtureOfGaussians(2)},
    {"output": MixtureOfGaussians(2, 0.5)},
    {"output": MixtureOfLogistics(2)},
    {"output": ["bernoulli", Categorical(3), Gaussian(), DiscretizedLogistic(4)]},
    {"activation": "tanh"},
    {"order": "reverse"},
    {"order": "random", "seed": 3},
    {"order": [2, 0, 3, 1]},
    {"order": [[2, 0, 3, 1], [0, 1, 2, 3]], "n_masks": 2},
    {"order": "random", "n_masks": 5},
    {"order": "random", "n_masks": None},
    {"n_masks": None},
    {"order": [2, 0, 3, 1], "n_masks": None},
    {"degrees": "random"},
    {"hidden": (2, 3), "degrees": [[1, 3], [3, 2, 1]]},
    {"hidden": (2, 3), "degrees": [[[1, 3], [3, 2, 1]], [[2, 2], [1, 1, 1]]], "n_masks": 2},
    {"hidden": (2,), "degrees": [[[1, 3]], [[2, 2]]], "n_masks": 2, "order": [[2, 0, 3, 1], [0, 1, 2, 3]]},
    {"direct": True},
    {"n_context": 2},
    {"dtype": "float64"},
    {"backend": "numpy"},
]
varied = pytest.mark.parametrize("arguments", VARIED, ids=str)


def build(arguments: dict[str, Any]) -> MADE:
    return MADE(4, **{"hidden": (9,), **arguments})


# ------------------------------------------------------------------------------------------- as a value


@varied
def test_the_same_arguments_make_an_equal_model(arguments: dict[str, Any]) -> None:
    made = build(arguments)
    assert made == build(arguments)
    assert hash(made) == hash(build(arguments))
    assert sum(made == build(other) for other in VARIED) == 1


@varied
@pytest.mark.parametrize("way", ["pickle", "copy", "deepcopy", "config"])
def test_a_copy_is_an_equal_model_that_computes_the_same_bits(arguments: dict[str, Any], way: str) -> None:
    made = build(arguments)
    rng = np.random.default_rng(0)
    x, theta = random_rows(made, 5, rng), random_theta(made, rng)
    context = np.ones((5, made.n_context)) if made.n_context else None
    want = made.log_prob(theta, x, context=context)  # masks are in use by now, and must not disturb the copy
    again = {
        "pickle": lambda: pickle.loads(pickle.dumps(made)),
        "copy": lambda: copy.copy(made),
        "deepcopy": lambda: copy.deepcopy(made),
        "config": lambda: MADE.from_config(json.loads(json.dumps(made.config()))),
    }[way]()
    assert again == made
    assert hash(again) == hash(made)
    np.testing.assert_array_equal(again.log_prob(theta, x, context=context), want)


@settings(max_examples=40)
@given(models(n_masks=1))
def test_any_model_survives_its_config(made: MADE) -> None:
    config = json.loads(json.dumps(made.config()))
    assert {"n_members", *config} == {field.name for field in dataclasses.fields(MADE)}
    again = MADE.from_config(config)
    assert again == made
    assert again.config() == made.config()
    for a, b in zip(again.mask_sets[0].masks, made.mask_sets[0].masks, strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_pickle_holds_arguments_and_no_masks() -> None:
    made = MADE(2000, (3000,))
    assert made.mask_sets[0].masks[0].size == 6_000_000
    assert len(pickle.dumps(made)) < 2000


def test_a_model_cannot_be_changed() -> None:
    made = build({})
    for name in (*(field.name for field in dataclasses.fields(MADE)), "anything"):
        with pytest.raises(AttributeError):
            setattr(made, name, 1)
        with pytest.raises(AttributeError):
            delattr(made, name)


def test_later_changes_of_an_argument_do_not_reach_the_model() -> None:
    order, hidden, output, degrees = np.arange(4)[::-1].copy(), [3, 3], ["bernoulli"] * 4, [np.ones(3, int)] * 2
    made = MADE(4, hidden, output, order=order, degrees=degrees)
    kept = MADE(4, list(hidden), list(output), order=order.copy(), degrees=[d.copy() for d in degrees])
    order[:], hidden[0], output[0], degrees[0][:] = 0, 99, "gaussian", 2
    assert made == kept


def test_what_a_model_says_about_its_parts_cannot_be_written_to() -> None:
    made = MADE(4, (6, 6), order="random", degrees="random", residual=True, direct=True)
    one = made.mask_sets[0]
    arrays = [one.order, one.position, *one.degrees, *one.masks, one.direct, one.skips[1]]
    for array in arrays:
        assert array is not None
        with pytest.raises(ValueError, match="read-only"):
            array[...] = 0


# -------------------------------------------------------------------------------------- settled arguments


def test_arguments_are_kept_in_one_form() -> None:
    made = MADE(np.int64(3), [np.int32(4)], ["gaussian"] * 3, order=np.array([2, 0, 1], "u1"), seed=np.uint8(7))
    assert (made.n_features, made.hidden, made.output, made.order) == (3, (4,), Gaussian(), (2, 0, 1))
    assert made.seed == 7
    assert made == MADE(3, (4,), "gaussian", order=[2, 0, 1], seed=7)
    assert made.dtype == np.dtype("float32")
    assert MADE(3, np.array([4, 5])).hidden == (4, 5)
    assert MADE(1, (2,), ["bernoulli"]).output == Bernoulli()
    for dtype in (np.float64, "f8", np.dtype("float64"), float):
        assert MADE(3, dtype=dtype) == MADE(3, dtype="float64")


def test_the_defaults_are_those_of_the_contract() -> None:
    made = MADE(3)
    assert (made.hidden, made.output, made.activation, made.order, made.degrees) == (
        (500,), Bernoulli(), "relu", "natural", "spread",
    )  # fmt: skip
    assert (made.n_masks, made.direct, made.residual, made.n_context, made.seed) == (1, False, False, 0, 0)
    assert made.mask_weights is False
    assert (made.dtype, made.backend) == (np.float32, "auto")


@pytest.mark.parametrize(
    ("n_features", "hidden", "n_context", "direct"),
    [
        (5, (4,), 0, False),
        (5, (3,), 0, True),
        (5, (9, 3), 0, True),
        (5, (3, 9), 0, True),
        (5, (4,), 1, True),
        (5, (5,), 1, False),
        (5, (), 0, True),
        (1, (1,), 0, False),
        (1, (), 2, True),
    ],
)
def test_auto_wires_inputs_to_outputs_where_a_layer_is_too_narrow(
    n_features: int, hidden: tuple[int, ...], n_context: int, direct: bool
) -> None:
    assert MADE(n_features, hidden, n_context=n_context).direct is direct
    assert MADE(n_features, hidden, n_context=n_context, direct=not direct).direct is not direct


def test_parts_follow_from_the_arguments() -> None:
    made = MADE(3, (4,), ["gaussian", Categorical(3), "bernoulli"], direct=True)
    assert made.output_slices == (slice(0, 2), slice(2, 5), slice(5, 6))
    assert made.n_params == made.layout.size == len(made.weight_mask) == len(made.init())
    weights = made.layout.views(made.weight_mask.copy())
    assert {name: bool(view.all()) for name, view in weights.items()} == {
        "W0": True, "b0": False, "W1": True, "b1": False, "W_direct": True,
    }  # fmt: skip
    assert len(made.mask_sets) == 1
    assert made.bound.backend is get_backend("auto")
    assert dataclasses.replace(made, backend="numpy").bound.backend is get_backend("numpy")


# ---------------------------------------------------------------------------------------- what is refused

BAD: list[tuple[dict[str, Any], type[Exception], str]] = [
    ({"n_features": 0}, ValueError, "n_features=0: give an integer >= 1"),
    ({"n_features": -2}, ValueError, "n_features=-2"),
    ({"n_features": 2.0}, TypeError, r"n_features=2\.0 is a float: give an integer >= 1"),
    ({"n_features": "3"}, TypeError, "n_features='3' is a str"),
    ({"n_features": True}, TypeError, "n_features=True is a bool"),
    ({"n_features": None}, TypeError, "n_features=None is a NoneType"),
    ({"hidden": 500}, TypeError, r"hidden=500 is a int: give a sequence of widths such as \(500,\), or \(\) for none"),
    ({"hidden": "500"}, TypeError, "hidden='500'"),
    ({"hidden": None}, TypeError, "hidden=None"),
    ({"hidden": (5, 0)}, ValueError, r"hidden\[1\]=0: give an integer >= 1"),
    ({"hidden": (5, -1)}, ValueError, r"hidden\[1\]=-1"),
    ({"hidden": (5.5,)}, TypeError, r"hidden\[0\]=5\.5 is a float"),
    ({"output": "poisson"}, ValueError, "output='poisson' is unknown"),
    ({"output": 3}, TypeError, "output=3"),
    ({"output": None}, TypeError, "output=None"),
    ({"output": ["bernoulli"] * 3}, ValueError, "output lists 3 distributions: n_features=4 needs as many"),
    ({"activation": "swish"}, ValueError, r"activation='swish' is unknown: use one of \('relu', "),
    ({"activation": np.tanh}, ValueError, "activation=.* is unknown"),
    ({"order": "sideways"}, ValueError, "order='sideways' is unknown"),
    ({"order": [0, 1, 2]}, ValueError, r"order has shape \(3,\): a permutation of 4 features has \(4,\)"),
    ({"order": [0, 1, 2, 2]}, ValueError, r"order\[3\] = 2 is twice"),
    ({"order": [1, 2, 3, 4]}, ValueError, r"order\[3\] = 4 is outside 0\.\.3"),
    ({"order": None}, ValueError, r"order has shape \(\)"),
    ({"order": [[0, 1, 2, 3], [0, 1]]}, ValueError, "order is ragged"),
    ({"order": [[0, 1, 2, 3]] * 2}, ValueError, r"order holds 2 permutations: set n_masks=2 \(it is 1\)"),
    ({"order": [[0, 1, 2, 3], [0, 1, 1, 3]], "n_masks": 2}, ValueError, r"order\[1\]\[2\] = 1 is twice"),
    ({"degrees": "cyclic"}, ValueError, "degrees='cyclic' is unknown"),
    ({"degrees": [[1, 2]]}, ValueError, r"degrees\[0\] is a int64 array of shape \(2,\): layer 0 needs 9 integers"),
    ({"degrees": [[4] * 9]}, ValueError, r"degrees\[0\]\[0\] = 4: use degrees 1\.\.3"),
    ({"degrees": None}, TypeError, "degrees=None is a NoneType: give"),
    ({"degrees": 3}, TypeError, "degrees=3 is a int: give"),
    ({"degrees": [[1, [2]] * 3]}, ValueError, r"degrees\[0\]"),
    ({"n_masks": 0}, ValueError, "n_masks=0: give an integer >= 1"),
    ({"n_masks": 2.5}, TypeError, r"n_masks=2\.5 is a float"),
    ({"n_masks": 2}, ValueError, "n_masks=2 with order='natural' and degrees='spread' gives mask sets that are all"),
    ({"n_masks": 2, "hidden": (), "degrees": "random"}, ValueError, "all the same"),
    ({"direct": "yes"}, ValueError, r"direct='yes' is unknown: use one of \('auto',\)"),
    ({"direct": 1}, TypeError, "direct=1 is a int: give True or False"),
    ({"residual": "auto"}, TypeError, "residual='auto' is a str: give True or False"),
    ({"mask_weights": 1}, TypeError, "mask_weights=1 is a int: give True or False"),
    ({"residual": True}, ValueError, r"residual=True with hidden=\(9,\): a skip needs two consecutive layers"),
    ({"residual": True, "hidden": (4, 5, 4)}, ValueError, "of the same width"),
    ({"n_context": -1}, ValueError, "n_context=-1: give an integer >= 0"),
    ({"n_context": 1.5}, TypeError, r"n_context=1\.5 is a float"),
    ({"seed": -1}, ValueError, r"seed=-1: give an integer in 0\.\."),
    ({"seed": None}, TypeError, "seed=None"),
    ({"dtype": "float16"}, ValueError, "dtype='float16': use 'float32' or 'float64'"),
    ({"dtype": "int32"}, ValueError, "dtype='int32'"),
    ({"dtype": "quad"}, ValueError, "dtype='quad'"),
    ({"dtype": None}, ValueError, "dtype=None: use"),
    ({"dtype": complex}, ValueError, "use 'float32' or 'float64'"),
]


@pytest.mark.parametrize(("arguments", "error", "message"), BAD, ids=[str(bad[0]) for bad in BAD])
def test_arguments_that_cannot_be_meant_are_refused_at_once(
    arguments: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        MADE(**{"n_features": 4, "hidden": (9,), **arguments})


def test_an_unknown_backend_is_refused_before_it_is_needed() -> None:
    known = r"\('auto', 'numpy', 'numba', 'bfloat16', 'cupy'\)"
    with pytest.raises(ValueError, match=rf"backend='fpga' is unknown: use one of {known}"):
        MADE(4, (9,), backend="fpga")


@given(st.integers(2, 6), st.integers(1, 4))
def test_given_degrees_are_those_of_the_mask_set_in_their_own_sequence(n_features: int, width: int) -> None:
    rng = np.random.default_rng(n_features * 10 + width)
    degrees = rng.integers(1, n_features, (2, width))
    made = MADE(n_features, (width, width), degrees=degrees)
    for got, want in zip(made.mask_sets[0].degrees, degrees, strict=True):
        np.testing.assert_array_equal(got, want)


# --------------------------------------------------------------------------------------------- paths

HOME = [2, 0, 3, 1]


def test_a_model_of_a_home_order_scores_and_draws_complete_rows_by_it_alone() -> None:
    made = MADE(4, (9,), order=HOME, n_masks=None, dtype="float64")
    plain = MADE(4, (9,), order=HOME, gap_inputs=True, dtype="float64")
    rng = np.random.default_rng(0)
    theta, x = random_theta(made, rng), random_rows(made, 6, rng)
    assert made.n_mixed == 1
    assert made.mixture(1) == plain
    np.testing.assert_array_equal(made.log_prob(theta, x), plain.log_prob(theta, x))
    np.testing.assert_array_equal(made.sample(theta, 6, rng=1), plain.sample(theta, 6, rng=1))
    np.testing.assert_array_equal(
        made.log_prob(theta, x, mask_set=[0, 1, 3, 2]), plain.log_prob(theta, x, mask_set=[0, 1, 3, 2])
    )
    with pytest.raises(
        ValueError, match=r"^n_masks=2: a model with paths scores by its home order alone, mixture\(1\)"
    ):
        made.mixture(2)


@given(st.permutations(range(4)), st.lists(st.booleans(), min_size=4, max_size=4))
def test_a_path_puts_what_is_known_first(home: list[int], known: list[bool]) -> None:
    path = MADE(4, (9,), order=home, n_masks=None).path(known)
    assert path.tolist() == sorted(home, key=lambda d: not known[d])
    path[:] = 0  # the caller's own


PATHS = [known for known in itertools.product([False, True], repeat=9) if sum(known) == 4]


@pytest.mark.parametrize("backend", ["numpy", "auto"])
def test_a_path_that_is_asked_for_again_is_kept_ready_and_old_ones_are_forgotten(backend: str) -> None:
    bound = MADE(9, (9,), n_masks=None, backend=backend).bound
    first = bound.for_known(PATHS[0])
    assert bound.for_known(np.array(PATHS[0], dtype=float)) is first
    others = [bound.for_known(known) for known in PATHS[1 : KEPT_PATHS + 1]]
    assert bound.for_known(PATHS[1]) is others[0]
    assert bound.for_known(PATHS[0]) is not first


def test_threads_that_ask_for_many_paths_at_once_get_theirs() -> None:
    bound = MADE(9, (9,), n_masks=None).bound

    def ask(known: tuple[bool, ...]) -> bool:
        return bound.for_known(known).mask_set.order.tolist() == sorted(range(9), key=lambda d: not known[d])

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(ask, PATHS * 3))


def test_bits_and_real_numbers_of_a_model_with_paths_own_gap_inputs_unless_they_are_asked_not_to() -> None:
    output = ["gaussian", Categorical(3), "bernoulli"]
    assert MADE(3, (9,), output, n_masks=None).gap_inputs == (0, 2)
    assert MADE(3, (9,), Categorical(3), n_masks=None).gap_inputs is False
    assert MADE(3, (9,), output, n_masks=None, gap_inputs=False).gap_inputs is False
    assert MADE(3, (9,), output, n_masks=None, gap_inputs=[1]).gap_inputs == (1,)
    assert MADE(3, (9,), output, n_masks=None).mixture(1).gap_inputs == (0, 2)
    for options in ({}, {"order": "random", "n_masks": None}, {"degrees": "random", "n_masks": None}):
        assert MADE(3, (9,), output, **options).gap_inputs is False


@pytest.mark.parametrize(("width", "n"), [(1000, 1048), (100_000, 64)])
def test_a_block_has_many_rows_however_wide_the_network_is(width: int, n: int) -> None:
    made = MADE(2, (width,), backend="numpy")
    blocks = [len(rows) for rows, _ in made.check_blocks(np.zeros((2000, 2)), None)]
    assert sum(blocks) == 2000
    assert set(blocks[:-1]) == {n}
