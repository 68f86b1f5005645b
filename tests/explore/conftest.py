"""A browser for the tests of this folder, which skip where there is none."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from made_np.explore import page as written

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "scripts"))

pytest.importorskip("fcntl", reason="the browser is steered through a pipe as POSIX has them")
from browser import Browser, Page, find_browser


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One browser for all tests."""
    if find_browser() is None:
        pytest.skip("no Chromium is installed (Debian: apt-get install chromium): nobody looks at the page")
    with Browser() as found:
        yield found


@pytest.fixture(scope="session")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page as it is without a model."""
    path = tmp_path_factory.mktemp("explore") / "page.html"
    path.write_text(written(), encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def one_page(browser: Browser, file: Path) -> Page:
    """The page that many tests share: to open one takes longer than most of them."""
    page = Page(browser)
    page.open(file)
    return page


@pytest.fixture
def page(one_page: Page) -> Page:
    """The page as it is when it has just been opened."""
    one_page.media(still=True)
    one_page.run("document.getElementById('restart').click(); document.activeElement.blur(); scrollTo(0, 0)")
    return one_page


@pytest.fixture
def visit(browser: Browser, file: Path) -> Iterator[Callable[..., Page]]:
    """A function that opens the page, for a person of these preferences."""
    pages = []

    def opened(path: Path | None = None, **preferences: Any) -> Page:
        page = Page(browser, **preferences)
        pages.append(page)
        page.open(file if path is None else path)
        return page

    yield opened
    for page in pages:
        page.close()
