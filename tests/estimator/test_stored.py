"""An estimator in a file: as it was, or refused in words that say which release reads it."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from content import STORED, header_of, load_mutated, put_header, rewrite
from small import small

from made_np import Categorical, MADEDensity, backends
from made_np.distributions.plain import Bernoulli, Gaussian
from made_np.optim import SGD
from made_np.schedules import Warmup, cosine

X = np.random.default_rng(0).normal(size=(60, 2))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file of an estimator."""
    small(backend="numpy", columns="gaussian").fit(X).save(tmp_path / "model.npz")
    return tmp_path / "model.npz"


def change(path: Path, how: Callable[[dict[str, Any]], Any]) -> None:
    """Change what a file says of its estimator, in the name of a later release."""
    header = {**header_of(path), "made_np": "9.8.7"}
    how(header["extra"]["estimator"])
    rewrite(path, put_header(header))


def test_what_an_older_release_wrote_answers_as_it_did() -> None:
    density = MADEDensity.load(STORED / "density.npz")
    assert (
        density.get_params()
        == MADEDensity(
            (4,),
            order="natural",
            n_masks=1,
            weight_decay={"W0": 0.1},
            max_epochs=2,
            optimizer=SGD(0.9),
            learning_rate=0.01,
            random_state=0,
            schedule=Warmup(3, then=cosine),
            backend="numpy",
        ).get_params()
    )
    assert [column.output for column in density.columns_.each] == [Gaussian(), Bernoulli(), Categorical(4)]
    assert density.feature_names_in_.tolist() == ["real", "bit", "code"]
    assert density.history_["epoch"] == [1, 2]
    assert (density.n_iter_, density.weight_decay_, density.trials_) == (2, {"W0": 0.1}, [])
    assert (density.theta_ == ((np.arange(density.theta_.size) % 17 - 8) / 8).astype("f4")).all()
    row = np.array([[5.0, 1, 3]])
    z = density.made_.log_prob(density.theta_, density.columns_.encode(row))
    with pytest.warns(UserWarning, match="names"):
        score = density.score_samples(row)
    np.testing.assert_allclose(score, z - np.log(density.columns_.each[0].coding.scale), rtol=1e-6)


# ------------------------------------------------------------------------------------------- of another release

NEWER: dict[str, Callable[[dict[str, Any]], Any]] = {
    "a parameter": lambda about: about["params"].update(shiny=True),
    "an optimizer": lambda about: about["params"].update(optimizer={"optimizer": ["Lion", {}]}),
    "a setting of an optimizer": lambda about: about["params"].update(
        optimizer={"optimizer": ["Adam", {"amsgrad": 1}]}
    ),
    "an optimizer that is none": lambda about: about["params"].update(optimizer={"optimizer": ["blocks", {"size": 3}]}),
    "a schedule": lambda about: about["params"].update(schedule={"schedule": "sawtooth"}),
    "a setting of a schedule": lambda about: about["params"].update(schedule={"schedule": ["StepDecay", {"by": 1}]}),
    "a schedule that is a module": lambda about: about["params"].update(schedule={"schedule": "math"}),
    "a function that a module imports": lambda about: about["params"].update(schedule={"schedule": "dataclass"}),
    "a name within a module": lambda about: about["params"].update(schedule={"schedule": "__builtins__"}),
    "a kind of parameter": lambda about: about["params"].update(order={"graph": {"a": 1}}),
    "a distribution": lambda about: about["params"].update(columns={"distribution": {"name": "poisson"}}),
    "a property of columns": lambda about: about["columns"]["each"][0].update(unit="cm"),
    "a property of one-hot columns": lambda about: about["columns"].update(one_hot={"groups": [[0, 5]]}),
    "no parameters": lambda about: about.pop("params"),
    "no columns": lambda about: about.pop("columns"),
    "no history": lambda about: about.pop("history"),
    "a history of something else": lambda about: about["history"].update(epoch=None),
    "a history with gaps": lambda about: about["history"]["train"].pop(),
    "a history of words": lambda about: about["history"].update(train=["good"] * 5),
    "a column less": lambda about: about["columns"]["each"].pop(),
    "another column": lambda about: about["columns"]["each"][0].update(output={"name": "bernoulli"}),
    "a scale of 0": lambda about: about["columns"]["each"][0]["coding"].update(scale=0),
    "a mean that is none": lambda about: about["columns"]["each"][0]["coding"].update(mean=float("nan")),
    "a coding": lambda about: about["columns"]["each"][0]["coding"].update(name="wavelet"),
    "a reading": lambda about: about["columns"]["each"][0]["reading"].update(name="pictures"),
    "a look": lambda about: about.update(look={"library": "cudf"}),
    "a name too few": lambda about: about.update(feature_names=["a"]),
    "names that are none": lambda about: about.update(feature_names=[["a"], ["b"]]),
    "trials of something else": lambda about: about.update(trials=[1]),
    "stopped by a list": lambda about: about.update(stopped_by=[]),
}


@pytest.mark.parametrize("name", NEWER)
def test_what_a_newer_release_wrote_names_that_release(name: str, path: Path) -> None:
    change(path, NEWER[name])
    message = rf"^{path}: made_np .* cannot rebuild the estimator .*: to read it fetch the source of made_np 9\.8\.7,"
    with pytest.raises(ValueError, match=message):
        MADEDensity.load(path)


@pytest.mark.parametrize("estimator", [None, 1, [], "x", {}])
def test_an_estimator_that_is_none_is_refused(estimator: Any, path: Path) -> None:
    header = header_of(path)
    rewrite(path, put_header({**header, "extra": {"estimator": estimator}}))
    with pytest.raises(ValueError, match="cannot rebuild the estimator"):
        MADEDensity.load(path)


@pytest.mark.parametrize("extra", [None, 1, [], "x", ["estimator"]])
def test_an_extra_that_is_none_is_refused(extra: Any, path: Path) -> None:
    rewrite(path, put_header({**header_of(path), "extra": extra}))
    with pytest.raises(ValueError, match="cannot rebuild the model"):
        MADEDensity.load(path)


def test_any_content_is_refused_as_a_value_error_or_read(tmp_path: Path) -> None:
    load_mutated(MADEDensity.load, STORED / "density.npz", tmp_path / "model.npz", range(200))


@pytest.mark.slow
def test_very_much_content_is_refused_as_a_value_error_or_read(tmp_path: Path) -> None:
    load_mutated(MADEDensity.load, STORED / "density.npz", tmp_path / "model.npz", range(200, 4200))


# --------------------------------------------------------------------------------------------- on another machine


def test_a_backend_may_be_chosen_for_the_model_and_what_it_learns(path: Path) -> None:
    want = MADEDensity.load(path)
    for backend in ("auto", "numba"):
        again = MADEDensity.load(path, backend=backend)
        assert again.get_params() == {**want.get_params(), "backend": backend}
        assert again.made_ == replace(want.made_, backend=backend)
    with pytest.raises(ValueError, match="backend='fpga' is unknown"):
        MADEDensity.load(path, backend="fpga")
    assert MADEDensity.load(path, backend="numpy").partial_fit(X).made_.backend == "numpy"


def test_a_backend_that_was_set_after_fit_comes_back_unless_another_is_chosen(path: Path) -> None:
    MADEDensity.load(path).set_params(backend="auto").save(path)
    assert MADEDensity.load(path).backend == "auto"
    assert MADEDensity.load(path).made_.backend == "numpy"
    assert MADEDensity.load(path, backend="numpy").backend == "numpy"


def test_where_the_backend_is_missing_it_answers_and_learns_with_numpy(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    header, want = header_of(path), MADEDensity.load(path)
    header["made"]["backend"] = header["extra"]["estimator"]["params"]["backend"] = "numba"
    rewrite(path, put_header(header))
    monkeypatch.setattr(backends, "find_spec", lambda name: None)
    with pytest.warns(RuntimeWarning, match="saved with backend='numba', and NumPy is taken") as said:
        again = MADEDensity.load(path)
    assert len(said) == 1
    assert said[0].filename == __file__
    np.testing.assert_array_equal(again.score_samples(X), want.score_samples(X))
    assert again.get_params() == want.get_params()
    np.testing.assert_array_equal(again.fit(X).theta_, want.fit(X).theta_)


def test_a_path_that_is_none_is_refused_by_name(path: Path) -> None:
    density = MADEDensity.load(path)
    for other in (1, True, None, b"model.npz"):
        with pytest.raises(TypeError, match=r"^path=.*: give the path of a file"):
            density.save(other)  # type: ignore[arg-type]
    assert os.listdir(path.parent) == ["model.npz"]
