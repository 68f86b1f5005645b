"""The page that `made-np explore` writes, beside the pages of the site."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def write(app: Any, exception: Exception | None) -> None:
    """Write the page of the small model."""
    if exception is not None or app.builder.format != "html":
        return
    from made_np.explore import page

    (Path(app.outdir) / "explorer.html").write_text(page(), encoding="utf-8")


def setup(app: Any) -> dict[str, Any]:
    """Tell Sphinx."""
    app.connect("build-finished", write)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
