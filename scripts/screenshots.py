"""Pictures of the page that made-np explore writes: in the light, in the dark, on a phone.

``python scripts/screenshots.py [FOLDER]`` saves them to ``scripts/pictures``. It needs a Chromium, with Pillow, which
comes with matplotlib.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from browser import Browser, Page
from PIL import Image

from made_np.explore import page as written

FOLDER = Path(__file__).resolve().parent / "pictures"


def light(page: Page) -> None:
    """Show a unit with the wires to it and from it, half-way back."""
    page.click("#step-9")
    page.click("#hidden-0-3")


def dark(page: Page) -> None:
    """Break the comparison at the output, and train: the loss falls below what any density can have."""
    for _ in range(2):
        page.click("#train-100")
    page.click("#break-loose_output")
    for _ in range(2):
        page.click("#train-100")
    page.click("#step-5")
    page.click("#output-3")


def phone(page: Page) -> None:
    """Unmask a layer: the leaking wires."""
    page.tap("#break-open-W0")
    page.tap("#step-3")


VIEWS = (
    ("explore-light", {"width": 1200, "height": 1000}, "body", light),
    ("explore-dark", {"width": 1200, "height": 1000, "dark": True}, "main", dark),
    ("explore-phone", {"width": 390, "height": 844}, "main", phone),
)


def main(folder: str | None = None) -> None:
    """Save the pictures."""
    place = FOLDER if folder is None else Path(folder)
    with Browser() as browser, tempfile.TemporaryDirectory() as made:
        path = Path(made) / "page.html"
        path.write_text(written(), encoding="utf-8")
        for name, preferences, top, do in VIEWS:
            page = Page(browser, **preferences)
            page.open(path)
            do(page)
            page.run(f"document.querySelector({top!r}).scrollIntoView({{behavior: 'instant'}})")
            page.call("Input.dispatchMouseEvent", type="mouseMoved", x=1, y=1)
            target = place / f"{name}.png"
            page.picture(target)
            with Image.open(target) as picture:  # a page has few colours: this is a third of the size
                picture.convert("RGB").quantize(192).save(target, optimize=True)
            print(f"{target}: {target.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main(*sys.argv[1:2])
