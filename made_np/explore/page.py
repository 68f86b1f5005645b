"""The page, put together from the files in the folder ``web``, which are what a reader of its source sees."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Sequence
from importlib import resources
from typing import Any

import numpy as np

from made_np import layers, normal
from made_np.explore.prefix import Prefix, prefix_of
from made_np.explore.problem import begin, first_example, numbers, sketch_of, state_of
from made_np.model.made import MADE, as_single
from made_np.typing import Array
from made_np.values import as_sequence

__all__ = ["SCRIPTS", "page"]

SCRIPTS = (
    "data", "numbers", "outputs", "masks", "network", "density", "training", "sampling", "differences", "report",
    "actions", "words", "steps", "arithmetic", "wires", "dom", "view_labels", "view_about", "view_network",
    "view_matrices", "view_masks", "view_rows", "view_training", "view_sample", "view_break", "view_sketch", "keys",
    "main",
)  # fmt: skip
"""The scripts of the page: each uses those before it."""

POLICY = (
    "default-src 'none'; img-src data:; style-src '{style}'; script-src '{script}'; base-uri 'none'; form-action 'none'"
)
"""What the page may load: nothing. Its own style and script are named by their checksums."""

OVERFLOWS = "theta is so large that the model overflows on rows drawn from it: explore cannot show it"


def page(
    made: MADE | None = None, theta: Array | None = None, *, names: Sequence[str] | None = None, mask_set: int = 0
) -> str:
    """Return the page as HTML: one file that needs no other, nor the network.

    Parameters
    ----------
    made : MADE, optional
        The model; without it a small one that is made for looking on. Of a larger one the page shows the largest prefix
        of the order that fits.
    theta : ndarray, shape (P,), optional
        Its parameters.
    names : sequence of str, optional
        Of its features.
    mask_set : int
        Which one.

    Raises
    ------
    ValueError, TypeError
        The page cannot show such a model; or one of `made` and `theta` is missing, or a name.
    """
    if (made is None) != (theta is None):
        raise TypeError("made and theta belong together: give both, or neither for a small model")
    if made is None or theta is None:
        prefix, x = first_example()
        return assemble(data_of(prefix, x))
    as_single(made, "the page shows")
    listed = None if names is None else [str(name) for name in _one_for_each(names, made.n_features)]
    prefix = prefix_of(made, theta, mask_set)
    x = begin(prefix)
    if not np.isfinite(x).all():
        raise ValueError(OVERFLOWS)
    sketch = sketch_of(made, made.mask_sets[mask_set], listed, len(prefix.features))
    return assemble({**data_of(prefix, x, listed), "sketch": sketch, "drawn": True})


def _one_for_each(names: Any, n_features: int) -> Any:
    return as_sequence(names, "names", f"one for each of the {n_features} features", n_features)


def data_of(prefix: Prefix, x: Array, names: Sequence[str] | None = None) -> dict[str, Any]:
    """Return what the scripts of the page find under the name DATA."""
    state = state_of(prefix, x, names)
    return {"state": state, "python": numbers(prefix, state), "constants": constants()}


def constants() -> dict[str, Any]:
    """Return the constants of the formulas that the page shares with the package."""
    return {
        "normal": {
            "mills": normal.MILLS,
            "farthest": normal.FARTHEST,
            "centre": normal.CENTRE,
            "tail": normal.TAIL,
            "farTail": normal.FAR_TAIL,
        },
        "selu": {"scale": layers.SELU_SCALE, "alpha": layers.SELU_ALPHA},
        "leak": layers.LEAK,
    }


def assemble(data: dict[str, Any]) -> str:
    """Return the page with these data in it."""
    style = _file("page.css")
    script = '"use strict";\n' + "\n".join(_file(f"{name}.js") for name in SCRIPTS)
    policy = POLICY.format(style=_checksum(style), script=_checksum(script))
    try:
        text = json.dumps(data, separators=(",", ":"), allow_nan=False)
    except ValueError:
        raise ValueError(OVERFLOWS) from None
    text = text.replace("<", "\\u003c")  # so that no name ends the script
    parts = {"POLICY": policy, "STYLE": style, "DATA": text, "SCRIPT": script}
    # All at once: a name in the data may look like a mark.
    return re.sub(r"\[\[([A-Z]+)\]\]", lambda mark: parts[mark[1]], _file("page.html"))


def _file(name: str) -> str:
    return (resources.files("made_np.explore") / "web" / name).read_text(encoding="utf-8")


def _checksum(text: str) -> str:
    """Return what a Content-Security-Policy calls a script or a style by."""
    digest = hashlib.sha256(text.encode()).digest()
    return f"sha256-{base64.b64encode(digest).decode()}"
