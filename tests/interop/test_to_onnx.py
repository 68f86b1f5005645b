"""A model as a file of ONNX: onnxruntime gives the same scores, the same raw outputs, and what they mean."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

onnx = pytest.importorskip("onnx", reason="models become files of ONNX")
runtime = pytest.importorskip("onnxruntime", reason="files of ONNX are run")

from interop.models import MODELS, model, rows  # noqa: E402

from made_np import MADE, interop, layers  # noqa: E402
from made_np.distributions.registry import BUILT_IN, output_config  # noqa: E402

TOL = {"float32": 1e-5, "float64": 1e-12}
WITHOUT = {"float64": {"gelu"}}
"""Activations that onnxruntime has no kernel of."""


def run(data: bytes, x: Any, context: Any = None) -> dict[str, Any]:
    """What a file answers."""
    session = runtime.InferenceSession(data, providers=["CPUExecutionProvider"])
    names = [each.name for each in session.get_outputs()]
    given = {"x": x} | ({} if context is None else {"context": context})
    return dict(zip(names, session.run(names, given), strict=True))


def close(a: Any, b: Any, dtype: str) -> None:
    np.testing.assert_allclose(a, b, rtol=TOL[dtype], atol=TOL[dtype] * max(1.0, float(np.abs(b).max())))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("kind", MODELS)
def test_scores_are_ours(kind: str, dtype: str) -> None:
    made, theta = model(kind, dtype)
    if made.activation in WITHOUT.get(dtype, ()):
        pytest.skip("onnxruntime has no Erf of float64")
    x, context = rows(made)
    data = interop.to_onnx(made, theta)
    onnx.checker.check_model(onnx.load_from_string(data), full_check=True)
    found = run(data, x, context)
    assert found["log_prob"].dtype == made.dtype
    close(found["log_prob"], made.log_prob(theta, x, context=context), dtype)
    for k in range(made.n_masks or 0):
        close(found["raw_outputs"][k], made.raw_outputs(theta, x, context=context, mask_set=k), dtype)


def test_every_distribution_has_its_model() -> None:
    met = {
        output_config(output)["name"] for kind in MODELS for output in model(kind, "float64")[0].outputs.feature_outputs
    }
    assert met == set(BUILT_IN)


def test_parameters_are_what_raw_outputs_mean() -> None:
    """From shares, means and scales alone the score comes again."""
    made, theta = model("real numbers", "float64")
    x, _ = rows(made)
    (p,) = run(interop.to_onnx(made, theta), x)["parameters"]
    normal = [-(((x[:, d] - p[:, 2 * d]) / p[:, 2 * d + 1]) ** 2) / 2 - np.log(p[:, 2 * d + 1]) for d in range(2)]
    w, m, s = p[:, 4:13].reshape(-1, 3, 3).transpose(1, 0, 2)
    mixed = (w / s * np.exp(-(((x[:, 2:3] - m) / s) ** 2) / 2)).sum(1)
    w, m, s = p[:, 13:].reshape(-1, 3, 2).transpose(1, 0, 2)
    e = np.exp(-np.abs((x[:, 3:] - m) / s))
    logistic = (w / s * e / (1 + e) ** 2).sum(1)
    broad = 0.01 * (2 + x[:, 3] ** 2) ** -1.5
    ours = sum(normal) + np.log(mixed) + np.log(0.99 * logistic + broad) - 1.5 * np.log(2 * np.pi)
    np.testing.assert_allclose(ours, made.log_prob(theta, x), rtol=1e-10)


@pytest.mark.parametrize("kind", ["codes", "levels", "atoms"])
def test_shares_are_probabilities(kind: str) -> None:
    made, theta = model(kind, "float64")
    x, _ = rows(made)
    (p,) = run(interop.to_onnx(made, theta), x)["parameters"]
    raw = made.raw_outputs(theta, x)
    for output, own in zip(made.outputs.feature_outputs, made.outputs.slices, strict=True):
        name = output_config(output)["name"]
        if name == "bernoulli":
            np.testing.assert_allclose(p[:, own.start], output.mean(raw[:, own]), rtol=1e-12)
        elif name == "categorical":
            np.testing.assert_allclose(p[:, own].sum(1), 1, rtol=1e-12)
        elif name == "with_atoms":
            n = len(output.places)
            np.testing.assert_allclose(p[:, own][:, : n + 1].sum(1), 1, rtol=1e-12)
            below = output.cdf_bounds(raw[:, own], np.full(len(x), output.places[0]))
            np.testing.assert_allclose(below[1] - below[0], p[:, own.start], rtol=1e-9)


def test_a_value_that_is_no_code_has_the_probability_0() -> None:
    made, theta = model("codes", "float32")
    x, _ = rows(made, 2)
    x[0, 0] = 7
    found = run(interop.to_onnx(made, theta), x)["log_prob"]
    assert found[0] == -np.inf
    assert np.isfinite(found[1])


def test_any_number_of_rows_and_the_file_is_what_is_returned(tmp_path: Path) -> None:
    made, theta = model("several mask sets", "float32")
    data = interop.to_onnx(made, theta, tmp_path / "model.onnx")
    assert (tmp_path / "model.onnx").read_bytes() == data
    x, _ = rows(made, 1)
    assert run(data, x[:0])["log_prob"].shape == (0,)
    assert run(data, x)["raw_outputs"].shape == (3, 1, made.outputs.n_raw)
    assert onnx.load_from_string(data).opset_import[0].version == 17


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"n_masks": None}, r"give made.mixture\(1\)"),
        ({"activation": "square"}, "made has activation='square': ONNX has one of"),
    ],
)
def test_what_onnx_is_not_told_is_refused(more: dict[str, Any], message: str) -> None:
    layers.register_activation("square", lambda z: z * z, lambda dy, z: 2 * z * dy)
    try:
        made = MADE(3, hidden=(4,), **more)
        with pytest.raises(ValueError, match=message):
            interop.to_onnx(made, made.init())
    finally:
        layers.unregister_activation("square")
