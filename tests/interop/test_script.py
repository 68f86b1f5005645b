"""A model as one file of Python: the same scores, the same draws, and nothing is imported but NumPy."""

from __future__ import annotations

import runpy
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from interop.models import MODELS, model, rows

from made_np import MADE, WithAtoms, interop, layers


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("kind", [kind for kind in MODELS if kind != "atoms"])
def test_scores_and_draws_are_ours(kind: str, dtype: str, tmp_path: Path) -> None:
    made, theta = model(kind, dtype)
    interop.to_numpy_script(made, theta, tmp_path / "model.py")
    script = runpy.run_path(str(tmp_path / "model.py"))
    x, context = rows(made)
    exact = MADE.from_config({**made.config(), "dtype": "float64"})
    wide = theta.astype(np.float64)
    ours = exact.log_prob(wide, x, context=context)
    np.testing.assert_allclose(script["log_prob"](x, context), ours, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(ours, made.log_prob(theta, x, context=context), rtol=2e-5, atol=2e-5)
    u = np.random.default_rng(2).random((12, 4))
    theirs = script["sample"](12, 0, context, u)
    k = np.random.default_rng(0).integers(made.n_masks, size=12)
    each = [exact.sample(wide, 12, uniforms=u, context=context, mask_set=one) for one in range(made.n_masks or 0)]
    np.testing.assert_allclose(theirs, np.array(each)[k, np.arange(12)], rtol=1e-9, atol=1e-9)


def test_it_runs_without_made_np(tmp_path: Path) -> None:
    made, theta = model("context", "float32")
    path = tmp_path / "model.py"
    interop.to_numpy_script(made, theta, path)
    code = f"import runpy, sys; runpy.run_path({str(path)!r}, run_name='__main__'); print('made_np' in sys.modules)"
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "False"
    assert len(done.stdout.splitlines()) >= 7


def test_no_line_is_too_long_to_be_read(tmp_path: Path) -> None:
    made, theta = model("real numbers", "float64")
    interop.to_numpy_script(made, theta, tmp_path / "model.py")
    text = (tmp_path / "model.py").read_text()
    assert max(map(len, text.splitlines())) <= 120
    assert "Any" not in text


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"output": WithAtoms()}, "made has the distribution WithAtoms"),
        ({"n_masks": None}, r"give made.mixture\(1\)"),
        ({"activation": "square"}, "made has activation='square'"),
    ],
)
def test_what_a_script_is_not_told_is_refused(more: dict[str, Any], message: str, tmp_path: Path) -> None:
    layers.register_activation("square", lambda z: z * z, lambda dy, z: 2 * z * dy)
    try:
        made = MADE(3, hidden=(4,), **more)
        with pytest.raises(ValueError, match=message):
            interop.to_numpy_script(made, made.init(), tmp_path / "model.py")
    finally:
        layers.unregister_activation("square")
    assert not list(tmp_path.iterdir())
