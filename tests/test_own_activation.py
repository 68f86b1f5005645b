"""An activation that made_np does not know: registered once, it works wherever ours do; else a file names it."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from installed import EACH
from numpy.typing import NDArray

import made_np
from made_np import MADE, MADEDensity, cli, diagnostics, layers
from made_np.proofs import made_adapter
from made_np.testing import check_gradient, suite

Array = NDArray[Any]
NAME = "softsign"
GAIN = 2.5

X = (np.random.default_rng(0).random((120, 4)) < [0.2, 0.5, 0.7, 0.4]).astype(float)
X[:, 3] = X[:, 1]


def softsign(z: Array) -> Array:
    return z / (1 + np.abs(z))


def softsign_backward(dy: Array, z: Array) -> Array:
    return dy / (1 + np.abs(z)) ** 2


@pytest.fixture(autouse=True)
def _registered() -> Iterator[None]:
    layers.register_activation(NAME, softsign, softsign_backward, gain=GAIN)
    yield
    if NAME in layers.ACTIVATIONS:
        layers.unregister_activation(NAME)
    assert set(layers.ACTIVATIONS) == layers.BUILT_IN


def model(**changes: Any) -> MADE:
    return MADE(4, **{"hidden": (8, 8), "activation": NAME, "order": [2, 0, 3, 1], "dtype": "float64", **changes})


@pytest.mark.parametrize("backend", [*EACH, "auto"])
@pytest.mark.parametrize("changes", [{}, {"residual": True, "direct": True}, {"hidden": ()}, {"mask_weights": True}])
def test_scores_gradients_and_samples_are_those_of_the_formula(backend: str, changes: dict[str, Any]) -> None:
    made = model(backend=backend, **changes)
    theta = made.init(rng=0) + 0.1
    reference = model(backend="numpy", **changes)
    assert made.loss_and_grad(theta, X)[0] == reference.loss_and_grad(theta, X)[0]
    np.testing.assert_array_equal(made.log_prob(theta, X), reference.log_prob(theta, X))
    np.testing.assert_array_equal(made.sample(theta, 9, rng=1), reference.sample(theta, 9, rng=1))
    report = check_gradient(lambda t: made.loss_and_grad(t, X)[0], lambda t: made.loss_and_grad(t, X)[1].copy(), theta)
    report.raise_if_failed()


def test_the_network_computes_with_it() -> None:
    made = model(hidden=(5,))
    theta = made.init(rng=0) + 0.1
    views = made.layout.views(theta)
    mask0, mask1 = made.mask_sets[0].masks
    h = softsign(X @ (views["W0"] * mask0).T + views["b0"])
    np.testing.assert_allclose(made.raw_outputs(theta, X), h @ (views["W1"] * mask1).T + views["b1"], rtol=1e-12)


def test_weights_start_with_its_gain() -> None:
    own = model().layout.views(model().init(rng=0))
    plain = model().layout.views(model(activation="tanh").init(rng=0))
    for name, gain in {"W0": GAIN, "W1": GAIN, "W2": 1.0}.items():
        np.testing.assert_allclose(own[name], plain[name] * np.sqrt(gain), rtol=1e-5)


def test_the_suite_proves_a_model_with_it() -> None:
    made = model(dtype="float32")
    assert suite(made_adapter(made, made.init(rng=0))).ok


def test_it_trains_and_goes_on_from_a_checkpoint(tmp_path: Path) -> None:
    made = model()
    path = tmp_path / "run.npz"
    options: dict[str, Any] = {"batch_size": 30, "rng": 3, "dropout": 0.1}
    whole = made_np.fit(made, X, max_epochs=4, **options)
    made_np.fit(made, X, max_epochs=2, checkpoint=path, **options)
    resumed = made_np.fit(made, X, max_epochs=4, checkpoint=path, resume=True, **options)
    np.testing.assert_array_equal(resumed.theta, whole.theta)


def test_a_run_does_not_go_on_with_another_function_of_the_same_name(tmp_path: Path) -> None:
    path = tmp_path / "run.npz"
    made_np.fit(model(), X, max_epochs=1, rng=0, checkpoint=path)
    layers.unregister_activation(NAME)
    layers.register_activation(NAME, np.arctan, lambda dy, z: dy / (1 + z * z))
    says = r"checkpoint=.* is of another run: activation was .*softsign.* and is .*arctan"
    with pytest.raises(ValueError, match=says):
        made_np.fit(model(), X, max_epochs=2, rng=0, checkpoint=path, resume=True)


def test_a_checkpoint_of_one_of_ours_says_nothing_of_its_functions(tmp_path: Path) -> None:
    path = tmp_path / "run.npz"
    made_np.fit(model(activation="tanh"), X, max_epochs=1, rng=0, checkpoint=path)
    assert "activation" not in made_np.load(path).extra["run"]


def test_a_model_comes_back_from_its_file_where_it_is_registered(tmp_path: Path) -> None:
    made = model()
    theta = made.init(rng=0)
    path = tmp_path / "model.npz"
    made_np.save(path, made, theta)
    assert made_np.load(path).made == made == MADE.from_config(made.config())
    assert pickle.loads(pickle.dumps(made)) == made
    layers.unregister_activation(NAME)
    says = r"model\.npz \(of made_np .*\): activation='softsign' is unknown: use one of .*register your own first"
    with pytest.raises(ValueError, match=says) as caught:
        made_np.load(path)
    assert "install made_np" not in str(caught.value)
    with pytest.raises(ValueError, match="activation='softsign' is unknown"):
        MADE.from_config({**made.config()})
    with pytest.raises(ValueError, match="activation='softsign' is unknown"):
        pickle.loads(pickle.dumps(made)).log_prob(theta, X)


def test_the_estimator_takes_it_and_its_file_does(tmp_path: Path) -> None:
    path = tmp_path / "density.npz"
    density = MADEDensity((6,), activation=NAME, max_epochs=2, n_masks=1, order="natural", weight_decay=0.0).fit(X)
    scores = density.score_samples(X)
    density.save(path)
    np.testing.assert_array_equal(MADEDensity.load(path).score_samples(X), scores)
    layers.unregister_activation(NAME)
    with pytest.raises(ValueError, match=r"density\.npz \(of made_np .*activation='softsign' is unknown"):
        MADEDensity.load(path)
    with pytest.raises(ValueError, match="activation='softsign' is unknown"):
        MADEDensity((6,), activation=NAME).fit(X)


def test_models_with_it_are_evaluated_and_calibrated() -> None:
    made = model()
    theta = made.init(rng=0)
    assert np.isfinite(diagnostics.evaluate(made, theta, X).nll)
    diagnostics.calibration(made, theta, X, n_bins=3)


def test_the_command_line_lists_it_and_trains_with_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = tmp_path / "data.csv"
    np.savetxt(data, X, fmt="%d", delimiter=",", header="a,b,c,d", comments="")
    out = tmp_path / "model.npz"
    train = ["train", str(data), "-o", str(out), "--hidden", "5", "--epochs", "1", "--activation"]
    assert cli.main([*train, NAME]) == 0
    assert cli.main(["check", str(out)]) == 0
    assert cli.main(["inspect", str(out)]) == 0
    assert NAME in capsys.readouterr().out
    layers.unregister_activation(NAME)
    with pytest.raises(SystemExit):
        cli.main([*train, NAME])
    assert "relu" in capsys.readouterr().err
    assert cli.main(["score", str(out), str(data)]) != 0
    error = capsys.readouterr().err
    assert "activation" in error
    assert "softsign" in error
    assert "is unknown" in error
