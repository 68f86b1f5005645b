"""Pages that stand elsewhere in the source become pages of the site, and links between them keep leading there.

A page of docs/ that says `<!-- the page ../CONTRIBUTING.md -->` and no more is replaced by that page. Then every link
of every page is looked at: what leads to such a page leads to its place on the site; what leads to another file of the
source is offered as a copy; what leads to a folder, of which there is no copy, becomes its name.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from docutils import nodes

DOCS = Path(__file__).resolve().parents[1]
ROOT = DOCS.parent
STUB = re.compile(r"^<!-- the page (\S+) -->$", re.M)
LINK = re.compile(r"(!?)\[((?:[^\]\[]|\[[^\]]*\])*)\]\(([^)\s#]+)(#[^)\s]*)?\)")
FENCE = re.compile(r"^(```|~~~|:::).*?^\1\s*$", re.M | re.S)


def elsewhere() -> dict[Path, str]:
    """Return which pages stand elsewhere, and the name that each has on the site."""
    found = {}
    for path in sorted(DOCS.rglob("*.md")):
        stub = STUB.match(path.read_text(encoding="utf-8"))
        if stub:
            found[(path.parent / stub[1]).resolve()] = path.relative_to(DOCS).with_suffix("").as_posix()
    return found


def relink(text: str, base: Path, place: Path, pages: dict[Path, str]) -> str:
    """Return text whose links, which start from the folder `base`, lead on from the folder `place`."""

    def one(found: re.Match[str]) -> str:
        picture, words, target, fragment = found[1], found[2], found[3], found[4] or ""
        if "://" in target or target.startswith("/"):
            return found[0]
        path = (base / target).resolve()
        if path in pages:
            return f"{picture}[{words}](/{pages[path]}.md{fragment})"
        if path.is_dir():
            return f"`{path.relative_to(ROOT).as_posix()}/`"
        return f"{picture}[{words}]({Path(os.path.relpath(path, place)).as_posix()}{fragment})"

    pieces = []
    done = 0
    for fence in FENCE.finditer(text):  # code is left as it is
        pieces += [LINK.sub(one, text[done : fence.start()]), fence[0]]
        done = fence.end()
    return "".join([*pieces, LINK.sub(one, text[done:])])


def read(app: Any, name: str, source: list[str]) -> None:
    """Change the text of a page before it is read."""
    page = Path(app.env.doc2path(name))
    if page.suffix != ".md":
        return
    place = page.parent
    base = place
    text = source[0]
    stub = STUB.match(text)
    if stub:
        path = (place / stub[1]).resolve()
        app.env.note_dependency(str(path))
        text = path.read_text(encoding="utf-8")
        base = path.parent
    source[0] = relink(text, base, place, app.env.config.pages_elsewhere)


def unknown(app: Any, env: Any, node: Any, words: nodes.Element) -> nodes.Element | None:
    """Leave a word in backticks that nothing on the site is named by as it is."""
    return words if node.get("reftype") == "obj" else None


def setup(app: Any) -> dict[str, Any]:
    """Tell Sphinx."""
    app.add_config_value("pages_elsewhere", elsewhere(), "")
    app.connect("source-read", read)
    app.connect("missing-reference", unknown)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
