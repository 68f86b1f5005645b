"""Pages that everybody can use: what scrolls can be reached by keys, headings of the contents have a rank."""

from __future__ import annotations

from pathlib import Path
from typing import Any

CHANGES = {
    "<pre>": '<pre tabindex="0">',
    '<div class="table-wrapper': '<div tabindex="0" class="table-wrapper',
    '<p class="caption" role="heading">': '<p class="caption" role="heading" aria-level="2">',
}


def mend(app: Any, exception: Exception | None) -> None:
    """Change what Sphinx and its theme have written."""
    if exception is not None or app.builder.format != "html":
        return
    for path in Path(app.outdir).rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        for old, new in CHANGES.items():
            text = text.replace(old, new)
        path.write_text(text, encoding="utf-8")


def setup(app: Any) -> dict[str, Any]:
    """Tell Sphinx."""
    app.connect("build-finished", mend)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
