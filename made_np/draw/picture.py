"""A matplotlib figure that shows itself in a notebook, whatever backend matplotlib has.

A notebook asks the last value of a cell for its picture, by `_repr_png_` and `_repr_svg_`. A bare ``Figure`` has
neither: pyplot registers such functions from outside, for the whole process. `Picture` brings them along.
"""

from __future__ import annotations

import io
from typing import Any

from made_np.messages import not_installed

MOST_SVG = 500_000
"""A picture whose SVG has more bytes (thousands of wires) shows itself as PNG alone: notebooks keep all they show."""


def from_matplotlib() -> Any:
    """Return matplotlib, or raise an `ImportError` that says where to get it."""
    try:
        import matplotlib
    except ImportError as error:
        raise not_installed("pictures need", "matplotlib", "plot") from error
    return matplotlib


def _picture() -> Any:
    """Return the class, made when first asked for: importing made_np imports no matplotlib."""
    from_matplotlib()
    from matplotlib.figure import Figure

    class Picture(Figure):  # type: ignore[misc]
        """A matplotlib ``Figure`` in all respects, that shows itself in a notebook."""

        def _repr_png_(self) -> bytes:
            return _saved(self, "png")

        def _repr_svg_(self) -> str | None:
            text = _saved(self, "svg")
            return text.decode("utf-8") if len(text) <= MOST_SVG else None

    Picture.__qualname__ = "Picture"  # where pickle finds it: see __getattr__
    return globals().setdefault("Picture", Picture)  # the same for all threads


def _saved(figure: Any, kind: str) -> bytes:
    """Return the figure as the bytes of a file."""
    file = io.BytesIO()
    figure.savefig(file, format=kind, dpi=figure.dpi)
    return file.getvalue()


def __getattr__(name: str) -> Any:
    if name == "Picture":
        return _picture()
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
