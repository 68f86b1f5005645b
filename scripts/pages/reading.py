"""Pages in a browser: what it complains of, what it asks for, what axe-core finds, whether search works from files."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from browser import Browser, Page, find_browser

AXE = "axe-core@4"
SERIOUS = ("serious", "critical")
PAGES = (
    "index.html",
    "start/first-gradient.html",
    "start/explore.html",
    "start/try.html",
    "notebooks/03-eight-pixels.html",
    "howto/course.html",
    "reference/layers.html",
    "reference/commands.html",
    "explanation/masks.html",
    "results.html",
)
"""One of each kind."""
LOOKS = {"wide": {"width": 1280}, "dark": {"width": 1280, "dark": True}, "phone": {"width": 390}}
ASK = "axe.run().then(r => r.violations.map(v => [v.impact, v.id, v.help, v.nodes[0].html.slice(0, 120)]))"
FOUND = "document.querySelectorAll('ul.search li').length"
TOO_WIDE = "document.documentElement.scrollWidth - innerWidth"


class Missing(Exception):
    """What it takes to open a page is not at hand."""


def axe() -> str:
    """Return the script of axe-core: from the file that MADE_NP_AXE names, or from npm."""
    place = os.environ.get("MADE_NP_AXE")
    if place:
        return Path(place).read_text(encoding="utf-8")
    if shutil.which("npm") is None:
        raise Missing("there is no npm, which brings axe-core (apt-get install npm)")
    with tempfile.TemporaryDirectory() as folder:
        pack = subprocess.run(["npm", "pack", "--silent", AXE], cwd=folder, capture_output=True, text=True, check=False)
        if pack.returncode:
            raise Missing(f"npm has no {AXE}")
        shutil.unpack_archive(Path(folder) / pack.stdout.strip().splitlines()[-1], folder)
        return (Path(folder) / "package" / "axe.min.js").read_text(encoding="utf-8")


def read(out: Path, pictures: Path | None = None) -> list[str]:
    """Open pages of the site that lies in `out`, and return what is wrong with them, a line each.

    Raises
    ------
    Missing
        There is no browser, or no axe-core.
    """
    if find_browser() is None:
        raise Missing("there is no Chromium (apt-get install chromium)")
    script = axe()
    found = []
    with Browser() as browser:
        for name in PAGES:
            for look, preferences in LOOKS.items():
                page = Page(browser, height=1000, **preferences)
                page.open(out / name)
                found += [f"{name} ({look}): {line}" for line in _complaints(page, script)]
                if pictures is not None:
                    pictures.mkdir(parents=True, exist_ok=True)
                    page.picture(pictures / f"{name.removesuffix('.html').replace('/', '-')}-{look}.png", height=1400)
                page.close()
        if not _finds(browser, out):
            found.append("the search finds nothing when it is opened as a file")
    return found


def _complaints(page: Page, script: str) -> Iterator[str]:
    """Yield what is wrong with a page that has been opened."""
    yield from page.complaints()
    for address in page.asked_for():
        if not address.startswith(("file:", "data:", "blob:")):
            yield f"asks for {address}"
    if page.run(TOO_WIDE) > 0:
        yield f"is {page.run(TOO_WIDE)} pixels wider than the screen"
    page.call("Runtime.evaluate", expression=script)
    for impact, name, words, node in page.run(ASK):
        if impact in SERIOUS:
            yield f"{impact}: {words} ({name}), such as {node}"


def _finds(browser: Browser, out: Path) -> bool:
    """Whether a word that the site has is found."""
    page = Page(browser)
    page.call("Page.navigate", url=(out / "search.html").resolve().as_uri() + "?q=staircase")
    browser.wait_for("Page.loadEventFired", page.session)
    end = time.monotonic() + 20
    while not page.run(FOUND) and time.monotonic() < end:
        time.sleep(0.2)
    return bool(page.run(FOUND))
