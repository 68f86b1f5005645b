"""The directive `commands`: a section for each command of made-np, with what its parser says of it."""

from __future__ import annotations

import argparse
import os
from typing import Any

from docutils import nodes
from sphinx.util.docutils import SphinxDirective


class Commands(SphinxDirective):
    """Sections made from the parsers of the command line."""

    def run(self) -> list[nodes.Node]:
        """Return a section for each command."""
        from made_np.cli import build_parser

        width = os.environ.get("COLUMNS")
        os.environ["COLUMNS"] = "100"  # argparse asks it how wide the screen is
        try:
            parser = build_parser()
            (commands,) = (each for each in parser._actions if isinstance(each, argparse._SubParsersAction))
            texts = {name: own.format_help() for name, own in commands.choices.items()}
        finally:
            os.environ.pop("COLUMNS")
            if width is not None:
                os.environ["COLUMNS"] = width
        return [self.section(name, text) for name, text in texts.items()]

    def section(self, name: str, text: str) -> nodes.section:
        """Return the section of one command."""
        title = f"made-np {name}"
        section = nodes.section(ids=[title.replace(" ", "-")], names=[title])
        section += nodes.title(title, title)
        section += nodes.literal_block(text, text, language="text")
        return section


def setup(app: Any) -> dict[str, Any]:
    """Tell Sphinx."""
    app.add_directive("commands", Commands)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
