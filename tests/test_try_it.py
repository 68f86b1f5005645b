"""The page "Try it here" in a browser: before Run nothing is loaded, then programs run, errors are words, Stop stops.

A Pyodide of a few lines stands for the real one, which `-m slow` asks for.
"""

from __future__ import annotations

import functools
import io
import json
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import redirect_stdout
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

sys.path.append(str(Path(__file__).resolve().parents[1] / "scripts"))

pytest.importorskip("fcntl", reason="the browser is steered through a pipe as POSIX has them")
from browser import Browser, Page, find_browser
from emulation import Missing
from wasm import files
from wasm.page import PLACE, fragment, programs, put

ROOT = Path(__file__).resolve().parents[1]
STANDS_FOR = """
globalThis.loadPyodide = async ({ stdout }) => {
  let draw = null;
  return {
    loadPackage: async () => {}, unpackArchive: () => {}, FS: { writeFile: () => {} }, toPy: (each) => each,
    registerJsModule: (name, own) => { draw = own.draw; },
    runPythonAsync: async (code) => {
      if (code === "hang") await new Promise((done) => setTimeout(done, 600));
      if (code === "draw") return draw("[[[0, 1], [1, 0], [0, 0]], [[1, 1], [1, 1], [1, 1]]]");
      if (code.startsWith("raise")) {
        const text = `Traceback\\n  File "/lib/x.py", line 1\\n  File "program.py", line 1\\nValueError: <b>no</b>\\n`;
        throw Object.assign(new Error(text), { name: "PythonError" });
      }
      stdout(`ran ${code}`);
    },
  };
};
"""


def site(out: Path, pyodide: Path | None) -> Path:
    """A site of one page, made as the extension of Sphinx makes it; without a folder, a stand-in for Pyodide."""
    wheel = put(out, pyodide)
    if pyodide is None:
        (out / PLACE / "pyodide").mkdir(parents=True, exist_ok=True)
        (out / PLACE / "pyodide" / "pyodide.js").write_text(STANDS_FOR, encoding="utf-8")
    for name in ("try-it.js", "try-it-worker.js", "site.css"):
        (out / "_static" / name).write_bytes((ROOT / "docs" / "_static" / name).read_bytes())
    (out / "start").mkdir()
    head = '<!doctype html><html lang="en"><meta charset="utf-8"><title>Try</title><link rel="icon" href="data:,">'
    head += '<meta name="viewport" content="width=device-width"><link rel="stylesheet" href="../_static/site.css">'
    (out / "start" / "try.html").write_text(head + fragment(wheel, is_local=True), encoding="utf-8")
    return out


class Quiet(SimpleHTTPRequestHandler):
    """A server of files that says nothing, and whose files no browser keeps."""

    def end_headers(self) -> None:
        """Let nothing be kept: a file that was taken away must be missed."""
        self.send_header("Cache-Control", "no-store")
        super().end_headers()

    def log_message(self, *args: Any) -> None:
        """Say nothing."""


def serve(folder: Path) -> Iterator[str]:
    """Serve a folder on this machine, and yield the address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One browser for all tests."""
    if find_browser() is None:
        pytest.skip("no Chromium is installed (Debian: apt-get install chromium): nobody looks at the page")
    with Browser() as found:
        yield found


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site with the stand-in."""
    return site(tmp_path_factory.mktemp("site"), None)


@pytest.fixture(scope="module")
def address(folder: Path) -> Iterator[str]:
    """Where that is served."""
    yield from serve(folder)


def visit(browser: Browser, where: str, **preferences: Any) -> Page:
    """Open the page."""
    page = Page(browser, **preferences)
    page.call("Page.navigate", url=where)
    browser.wait_for("Page.loadEventFired", page.session)
    return page


def text(page: Page, name: str) -> str:
    """What stands in a part of the page."""
    return str(page.run(f"document.getElementById('try-it-{name}').textContent"))


def write(page: Page, code: str) -> None:
    """Put a program into the editor."""
    page.run(f"document.getElementById('try-it-code').value = {json.dumps(code)}; 0")


def wait(page: Page, words: str, seconds: float = 30) -> str:
    """Wait until the status begins with these words, and return all of it."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if text(page, "status").startswith(words):
            return text(page, "status")
        time.sleep(0.05)
    raise AssertionError(f"{text(page, 'status')!r}, and in the output {text(page, 'output')!r}")


def test_nothing_is_loaded_before_run_and_the_page_says_how_much_would_be(browser: Browser, address: str) -> None:
    page = visit(browser, f"{address}/start/try.html")
    said = text(page, "status")
    assert said.startswith("Nothing is loaded yet. The first Run loads ")
    assert f"Pyodide {files.VERSION}, {files.MEGABYTES['python']} MB) and NumPy ({files.MEGABYTES['numpy']} MB)" in said
    assert "from this site" in said
    assert page.run("document.getElementById('try-it-code').value") == next(iter(programs().values()))
    assert [each.removeprefix(address) for each in page.asked_for() if not each.startswith("data:")] == [
        "/start/try.html",
        "/_static/site.css",
        "/_static/try-it.js",
    ]
    page.close()


def test_programs_run_by_keys_and_by_the_mouse_and_print(browser: Browser, address: str) -> None:
    page = visit(browser, f"{address}/start/try.html")
    write(page, "one")
    page.click("#try-it-run")
    assert wait(page, "Done in").endswith(" s.")
    assert text(page, "output") == "ran one\n"
    write(page, "two")
    page.run("document.getElementById('try-it-code').focus()")
    enter = {"key": "Enter", "code": "Enter", "windowsVirtualKeyCode": 13, "modifiers": 2}
    page.call("Input.dispatchKeyEvent", type="rawKeyDown", **enter)
    wait(page, "Done in")
    assert text(page, "output") == "ran two\n"
    assert not page.complaints()
    page.close()


def test_an_error_is_words_that_begin_at_the_program(browser: Browser, address: str) -> None:
    page = visit(browser, f"{address}/start/try.html")
    write(page, "raise")
    page.click("#try-it-run")
    wait(page, "It ended with an error")
    expected = 'Traceback (most recent call last):\n  File "program.py", line 1\nValueError: <b>no</b>\n'
    assert text(page, "output") == expected
    write(page, "again")
    page.click("#try-it-run")
    wait(page, "Done in")
    assert text(page, "output") == "ran again\n"
    page.close()


def test_a_program_that_hangs_is_stopped_and_another_one_runs(browser: Browser, address: str) -> None:
    page = visit(browser, f"{address}/start/try.html")
    assert page.run("document.getElementById('try-it-stop').disabled")
    write(page, "hang")
    page.click("#try-it-run")
    wait(page, "Running.")
    page.click("#try-it-stop")
    wait(page, "Stopped.")
    assert page.run("document.activeElement.id") == "try-it-run"
    write(page, "other")
    page.click("#try-it-run")
    wait(page, "Done in")
    time.sleep(0.8)  # what was stopped would have ended by now, and printed
    assert text(page, "output") == "ran other\n"
    page.close()


def test_pictures_are_drawn_with_words_for_those_who_do_not_see_them(browser: Browser, address: str) -> None:
    page = visit(browser, f"{address}/start/try.html")
    write(page, "draw")
    page.click("#try-it-run")
    wait(page, "Done in")
    canvas = "document.querySelector('#try-it-output canvas')"
    assert page.run(f"{canvas}.getAttribute('aria-label')") == "2 pictures of 3 by 2 that the program drew"
    shades = page.run(f"[...{canvas}.getContext('2d').getImageData(0, 0, 5, 3).data].filter((_, k) => k % 4 === 0)")
    assert np.reshape(shades, (3, 5))[:, [0, 1, 3, 4]].tolist() == [
        [0, 255, 255, 255],
        [255, 0, 255, 255],
        [0, 0, 255, 255],
    ]
    page.close()


def test_what_cannot_be_loaded_is_said_and_run_tries_again(browser: Browser, address: str, folder: Path) -> None:
    wheel = next((folder / PLACE).glob("*.whl"))
    page = visit(browser, f"{address}/start/try.html")
    write(page, "one")
    wheel.rename(wheel.with_suffix(".away"))
    try:
        page.click("#try-it-run")
        wait(page, "It ended with an error")
    finally:
        wheel.with_suffix(".away").rename(wheel)
    assert text(page, "output").endswith(f"{wheel.name} is not there (404)")
    page.click("#try-it-run")
    wait(page, "Done in")
    page.close()


def test_opened_as_a_file_it_says_what_to_do(browser: Browser, folder: Path) -> None:
    page = Page(browser)
    page.open(folder / "start" / "try.html")
    page.click("#try-it-run")
    wait(page, "It ended with an error")
    assert "python -m http.server" in text(page, "output")
    assert not page.complaints()
    page.close()


def test_each_field_has_a_name_and_a_phone_is_wide_enough(browser: Browser, address: str) -> None:
    page = visit(browser, f"{address}/start/try.html", width=390)
    names = page.run("[...document.querySelectorAll('select, textarea')].map((each) => each.labels[0].textContent)")
    assert names == ["Example", "Program, in Python"]
    assert page.run("document.documentElement.scrollWidth - innerWidth") <= 0
    page.run("document.getElementById('try-it-example').selectedIndex = 1")
    page.run("document.getElementById('try-it-example').dispatchEvent(new Event('change'))")
    assert page.run("document.getElementById('try-it-code').value") == list(programs().values())[1]
    page.close()


def test_without_files_beside_the_page_it_names_the_host(tmp_path: Path) -> None:
    text = fragment(put(tmp_path, None), is_local=False)
    assert files.HOST in text
    assert f"from {files.HOST.split('/')[2]}, Pyodide's public host" in text
    assert files.VERSION in files.HOST


def printed(code: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """What a program prints in this Python."""
    page = ModuleType("page")
    page.show = lambda images: None  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "page", page)
    monkeypatch.setenv("MADE_NP_BACKEND", "numpy")
    said = io.StringIO()
    with redirect_stdout(said):
        exec(compile(code, "program.py", "exec"), {"__name__": "__main__"})
    return said.getvalue()


@pytest.mark.slow
def test_each_example_prints_in_the_browser_what_it_prints_here(
    browser: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    try:
        pyodide = files.gather(files.given() or tmp_path / "pyodide")
    except Missing as missing:
        pytest.skip(f"no Pyodide: {missing}")
    sizes = {"numpy": (pyodide / files.wheel_of(pyodide)[0]).stat().st_size / 1e6}
    sizes["python"] = sum((pyodide / name).stat().st_size for name in files.CORE if name != "pyodide.mjs") / 1e6
    assert {name: round(size, 1) for name, size in sizes.items()} == files.MEGABYTES
    for where in serve(site(tmp_path / "site", pyodide)):
        page = visit(browser, f"{where}/start/try.html")
        for code in programs().values():
            write(page, code)
            page.click("#try-it-run")
            wait(page, "Done in", 240)
            assert text(page, "output") == printed(code, monkeypatch)
            assert page.run("document.querySelectorAll('#try-it-output canvas').length") == code.count("\nshow(")
        write(page, "import made_np\nmade_np.MADE(0)")
        page.click("#try-it-run")
        wait(page, "It ended with an error")
        assert text(page, "output").startswith('Traceback (most recent call last):\n  File "program.py", line 2')
        assert "n_features=0" in text(page, "output")
        assert all(each.startswith((where, "data:")) for each in page.asked_for())
        page.close()
