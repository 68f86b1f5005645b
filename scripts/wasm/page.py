"""The page "Try it here": its part of HTML, with the files that stand beside it.

It is made of static files. Python comes from Pyodide's public host, or from a folder beside the page.
"""

from __future__ import annotations

import html
import json
import shutil
from pathlib import Path

from wasm import files
from wasm.wheel import write_wheel

DOCS = Path(__file__).resolve().parents[2] / "docs"
PLACE = "_static/try-it"
"""Where our wheel goes, under the site; Pyodide's own files lie in `pyodide` there."""
FROM_FILES = (
    "A browser lets a page load Python from a server only. In the folder of the site run\n\n"
    "    python -m http.server\n\nand open http://localhost:8000/start/try.html\n"
)
FORM = """<div id="try-it" class="try-it" hidden>
<p><label for="try-it-example">Example</label>
<select id="try-it-example">{options}</select></p>
<p><label for="try-it-code">Program, in Python</label></p>
<textarea id="try-it-code" rows="18" spellcheck="false" autocapitalize="off" autocomplete="off" wrap="off"
 aria-describedby="try-it-keys"></textarea>
<p id="try-it-keys">Ctrl and Enter run it. Tab leads out of the program.</p>
<p><button type="button" id="try-it-run">Run</button> <button type="button" id="try-it-stop" disabled>Stop</button></p>
<p role="status" id="try-it-status"></p>
<p id="try-it-label">Output</p>
<div role="region" aria-labelledby="try-it-label" tabindex="0" id="try-it-output"></div>
</div>
<noscript><p>This page runs Python in your browser, and needs JavaScript for it.</p></noscript>
<script type="application/json" id="try-it-settings">{settings}</script>
<script src="{root}_static/try-it.js" defer></script>
"""


def programs() -> dict[str, str]:
    """Return the examples by their title, which is the comment in their first line."""
    found = {}
    for path in sorted((DOCS / "start" / "programs").glob("*.py")):
        title, code = path.read_text(encoding="utf-8").split("\n", 1)
        found[title.removeprefix("# ").split(":")[0].split(",")[0].rstrip(".")] = f"{title}\n{code}"
    return found


def fragment(wheel: Path, *, is_local: bool, root: str = "../") -> str:
    """Return the HTML of a page from which `root` leads to the site's folder.

    Parameters
    ----------
    wheel : Path
        As `put` wrote it.
    is_local : bool
        Whether Pyodide's files stand beside the page.
    root : str
    """
    sizes = {**files.MEGABYTES, "made_np": round(wheel.stat().st_size / 1e6, 1)}
    place = "this site" if is_local else f"{files.HOST.split('/')[2]}, Pyodide's public host"
    every = programs()
    settings = {
        "worker": f"{root}_static/try-it-worker.js",
        "host": f"{root}{PLACE}/pyodide/" if is_local else files.HOST,
        "wheel": f"{root}{PLACE}/{wheel.name}",
        "sizes": sizes,
        "first": f"Nothing is loaded yet. The first Run loads {sum(sizes.values()):.1f} MB: Python (Pyodide "
        f"{files.VERSION}, {sizes['python']} MB) and NumPy ({sizes['numpy']} MB) from {place}, "
        f"made_np ({sizes['made_np']} MB) from this site.",
        "file": FROM_FILES,
        "programs": every,
    }
    options = "".join(f"<option>{html.escape(title)}</option>" for title in every)
    # "</" would end the script that holds it.
    return FORM.format(options=options, settings=json.dumps(settings).replace("</", "<\\/"), root=root)


def put(out: Path, pyodide: Path | None) -> Path:
    """Write our wheel under the site in `out`, with Pyodide's files from a folder, and return the wheel's path."""
    if pyodide is not None:
        (out / PLACE / "pyodide").mkdir(parents=True, exist_ok=True)
        for name in files.names(pyodide):
            shutil.copyfile(pyodide / name, out / PLACE / "pyodide" / name)
    return write_wheel(out / PLACE)
