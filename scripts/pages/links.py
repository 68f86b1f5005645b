"""Pages as files: where their links lead, what they load, what notebooks show."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

LOADS = {("script", "src"), ("img", "src"), ("link", "href"), ("iframe", "src"), ("source", "src"), ("object", "data")}
"""Attributes by which a page loads something."""
IN_STYLES = re.compile(r"url\(\s*['\"]?((?:https?:)?//[^'\")]+)|@import\s+['\"]((?:https?:)?//[^'\"]+)")
PICTURE = re.compile(r'<div class="cell_output.*?<(?:img|svg)', re.S)


class Page(HTMLParser):
    """What a page links to, what it loads, and the places in it that links may name."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.loads: list[str] = []
        self.places: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what a tag says."""
        for name, value in attrs:
            if not value:
                continue
            if name == "id" or (tag == "a" and name == "name"):
                self.places.add(value)
            elif tag == "a" and name == "href":
                self.links.append(value)
            elif (tag, name) in LOADS and not (tag == "link" and dict(attrs).get("rel") in ("canonical", "author")):
                self.loads.append(value)


def complaints(out: Path, docs: Path, *, pictures: bool = True) -> list[str]:
    """Return what is wrong with the pages under `out`, a line each; with `pictures`, notebooks must show some."""
    pages = {path: Page(path.read_text(encoding="utf-8")) for path in sorted(out.rglob("*.html"))}
    found = [] if (out / "searchindex.js").exists() else ["there is no index to search in"]
    for path, page in pages.items():
        name = path.relative_to(out).as_posix()
        for target in page.loads:
            if urlsplit(target).netloc:
                found.append(f"{name} loads {target} from another host")
            elif not _leads(path, target, pages):
                found.append(f"{name} loads {target}, which is not there")
        found += [
            f"{name}: the link {target} leads nowhere" for target in page.links if not _leads(path, target, pages)
        ]
    for path in sorted(out.rglob("*.css")):
        for loaded in IN_STYLES.finditer(path.read_text(encoding="utf-8")):
            found.append(f"{path.relative_to(out)} loads {loaded[1] or loaded[2]} from another host")
    for path in sorted((docs / "notebooks").glob("[0-9]*.md")) if pictures else ():
        shown = out / "notebooks" / f"{path.stem}.html"
        if not PICTURE.search(shown.read_text(encoding="utf-8")):
            found.append(f"{shown.relative_to(out)} shows no picture that a cell has drawn")
    return found


def _leads(start: Path, target: str, pages: dict[Path, Page]) -> bool:
    """Whether a link leads to a file, at a place that is in it; one to another host is believed."""
    parts = urlsplit(target)
    if parts.scheme in ("http", "https", "mailto", "data", "javascript") or parts.netloc:
        return True
    path = (start.parent / unquote(parts.path)).resolve() if parts.path else start
    if not path.is_file():
        return False
    fragment = unquote(parts.fragment)
    return not fragment or path not in pages or fragment in ("top", *pages[path].places)
