"""The directive `try-it`: a program to edit, which runs in the browser of the reader."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.util.docutils import SphinxDirective
from wasm import page


class TryIt(SphinxDirective):
    """The editor, with what stands beside the page."""

    def run(self) -> list[nodes.Node]:
        """Return its HTML, and write the files."""
        app = self.env.app
        pyodide = Path(app.config.try_it_pyodide) if app.config.try_it_pyodide else None
        wheel = page.put(Path(app.outdir), pyodide)
        return [nodes.raw("", page.fragment(wheel, is_local=pyodide is not None), format="html")]


def setup(app: Any) -> dict[str, Any]:
    """Tell Sphinx."""
    app.add_config_value("try_it_pyodide", "", "env", [str])
    app.add_directive("try-it", TryIt)
    return {"parallel_read_safe": False, "parallel_write_safe": True}
