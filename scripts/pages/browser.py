"""Pages in a browser: what it complains of, what axe-core finds, whether search works from files, how they look."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import tempfile
from html import unescape
from pathlib import Path

CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
AXE = "axe-core@4"
SERIOUS = ("serious", "critical")
PAGES = (
    "index.html",
    "start/first-gradient.html",
    "notebooks/03-eight-pixels.html",
    "howto/course.html",
    "reference/layers.html",
    "reference/commands.html",
    "explanation/mixtures.html",
    "results.html",
)
"""One of each kind."""
SEARCH = "search.html?q=staircase"
PROBE = """
<script src="{axe}"></script>
<script>
addEventListener("load", () => axe.run(document).then(found => {{
  const pre = document.createElement("pre");
  pre.id = "axe-says";
  pre.textContent = JSON.stringify(found.violations.map(each => ({{
    id: each.id, impact: each.impact, help: each.help, nodes: each.nodes.map(node => node.html.slice(0, 120))
  }})));
  document.body.append(pre);
}}));
</script>
"""


class Missing(Exception):
    """What it takes to open a page is not at hand."""


class Browser:
    """Chromium without a window, which opens pages of a site from its folder."""

    def __init__(self, out: Path) -> None:
        self.out = out
        self.opened: list[str] = []
        self.program = next(filter(None, map(shutil.which, CHROMIUM)), None)
        if self.program is None:
            raise Missing("there is no Chromium (apt-get install chromium)")
        if shutil.which("npm") is None:
            raise Missing("there is no npm, which brings axe-core (apt-get install npm)")
        self.folder = tempfile.TemporaryDirectory()
        pack = subprocess.run(
            ["npm", "pack", "--silent", AXE], cwd=self.folder.name, capture_output=True, text=True, check=False
        )
        if pack.returncode:
            raise Missing(f"npm has no {AXE}")
        shutil.unpack_archive(Path(self.folder.name) / pack.stdout.strip().splitlines()[-1], self.folder.name)
        self.axe = (Path(self.folder.name) / "package" / "axe.min.js").as_uri()

    def complaints(self) -> list[str]:
        """Return what is wrong with pages, a line each."""
        found = []
        for name in PAGES:
            for look in ("light", "dark"):
                found += self._ask_axe(name, look)
            self.opened.append(name)
        text = self._dump((self.out / "search.html").as_uri() + SEARCH.removeprefix("search.html"))
        if not re.search(r'<ul[^>]*class="search".*?<li', text, re.S):
            found.append(f"{SEARCH} finds nothing when it is opened as a file")
        return found

    def _ask_axe(self, name: str, look: str) -> list[str]:
        """Return what axe-core finds serious in a page."""
        page = self.out / name
        copy = page.with_name(f"axe-{page.name}")
        text = page.read_text(encoding="utf-8").replace("</body>", PROBE.format(axe=self.axe) + "</body>")
        if look == "dark":  # whatever was chosen before, or the system says
            text = text.replace('localStorage.getItem("theme")', '"dark"')
        copy.write_text(text, encoding="utf-8")
        try:
            shown = self._dump(copy.as_uri())
        finally:
            copy.unlink()
        said = re.search(r'<pre id="axe-says">(.*?)</pre>', shown, re.S)
        if said is None:
            return [f"{name} ({look}): axe-core did not answer"]
        return [
            f"{name} ({look}): {each['impact']}: {each['help']} ({each['id']}), e.g. {each['nodes'][0]}"
            for each in json.loads(unescape(said[1]))
            if each["impact"] in SERIOUS
        ]

    def _dump(self, address: str) -> str:
        """Return a page as it stands when its scripts have run."""
        return self._run("--virtual-time-budget=20000", "--dump-dom", address)

    def _run(self, *arguments: str) -> str:
        """Run Chromium, and return what it prints."""
        options = ["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--allow-file-access-from-files"]
        options += [f"--user-data-dir={self.folder.name}/profile", "--host-resolver-rules=MAP * ~NOTFOUND"]
        command = [str(self.program), *options, *arguments]
        return subprocess.run(command, capture_output=True, text=True, timeout=120, check=True).stdout

    def shoot(self, folder: Path) -> list[Path]:
        """Write a picture of each page, and return where they are."""
        folder.mkdir(parents=True, exist_ok=True)
        written = []
        for name in PAGES:
            for look, size in (("wide", "1280,1600"), ("phone", "500,1000")):
                path = folder / f"{name.removesuffix('.html').replace('/', '-')}-{look}.png"
                self._run(f"--window-size={size}", f"--screenshot={path}", (self.out / name).as_uri())
                written.append(path)
        return written
