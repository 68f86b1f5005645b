"""Build the site of the documentation, which is then read page by page.

    python scripts/build_site.py [--out build/site] [--browser] [--screenshots FOLDER]

Sphinx builds it with every warning as an error, and runs the notebooks. Then each page is read: links inside the site
must lead somewhere, nothing may be loaded from another host, each notebook must show a picture. So the folder can be
read offline: open its index.html.

It is not called `site`: Python before 3.11 would take it for its own module where PYTHONPATH names this folder.

The page "Try it here" loads Python from Pyodide's public host. With --pyodide FOLDER its files are put beside the page
instead; what FOLDER lacks of them is downloaded into it (`wasm/files.py`).

With --browser, pages are opened in Chromium as files, light, dark, on a phone: no console message, no request to
another host, nothing wider than the screen, a search that finds, and by axe-core (from npm) nothing of serious impact.
Where Chromium or npm are not at hand this is left out, and said.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import subprocess
import sys
import time
from pathlib import Path

import emulation
from pages.links import complaints
from pages.reading import LOOKS, PAGES, Missing, read
from wasm.files import gather

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
KERNELS = "[IPKernelApp] WARNING | Kernel is running over TCP"
"""What the kernel of each notebook says; it listens on this machine alone."""


def clear(out: Path) -> None:
    """Remove a site that was built here before: what is left of it would be taken for a part of the new one."""
    if not out.exists() or not any(out.iterdir()):
        return
    if not (out / ".buildinfo").is_file():
        raise SystemExit(f"--out {out} holds something else than a site: give another folder")
    shutil.rmtree(out)


def build(out: Path, *, run: bool, pyodide: Path | None = None) -> int:
    """Let Sphinx build the site, run notebooks or leave them as they are, and return its exit status."""
    command = [sys.executable, "-m", "sphinx", "-W", "-n", "--keep-going", "-q", "-E", "-b", "html"]
    if not run:
        command += ["-D", "nb_execution_mode=off", "-D", "suppress_warnings=myst-nb.lexer"]
    if pyodide is not None:
        command += ["-D", f"try_it_pyodide={pyodide}"]
    # What notebooks fit is small: on NumPy it takes less than compiling the kernels would.
    paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = {
        "OMP_NUM_THREADS": "1",
        "MADE_NP_BACKEND": "numpy",
        **os.environ,
        "PYTHONPATH": os.pathsep.join(paths),
    }
    doctrees = str(out) + ".doctrees"
    done = subprocess.run(
        [*command, "-d", doctrees, str(DOCS), str(out)], env=environment, stderr=subprocess.PIPE, text=True, check=False
    )
    said = [line for line in done.stderr.splitlines() if not line.startswith(KERNELS)]
    print(*said, sep="\n", end="\n" if said else "", file=sys.stderr)
    return done.returncode


def tell(out: Path, seconds: float) -> None:
    """Print how large the site is, and what it took."""
    files = [path for path in out.rglob("*") if path.is_file()]
    n_pages = sum(path.suffix == ".html" for path in files)
    size = sum(path.stat().st_size for path in files)
    cpu = sum(resource.getrusage(resource.RUSAGE_CHILDREN)[:2])
    print(f"{n_pages} pages, {size / 1e6:.1f} MB in {out}; built in {seconds:.0f} s, {cpu:.0f} s of CPU")


def in_browser(out: Path, pictures: Path | None) -> list[str]:
    """Return what a browser has to say against the pages."""
    try:
        found = read(out, pictures)
    except Missing as missing:
        print(f"not opened in a browser: {missing}")
        return []
    print(f"{len(PAGES)} pages opened in a browser: {', '.join(LOOKS)}")
    return found


def main() -> int:
    """Build, look, print; return 1 if something is wrong."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "site", help="where the site goes (%(default)s)")
    parser.add_argument("--no-run", action="store_true", help="leave notebooks as they are: quick, for other pages")
    parser.add_argument("--no-build", action="store_true", help="look at the site that is there")
    parser.add_argument("--pyodide", type=Path, metavar="FOLDER", help="put Pyodide beside 'Try it here', from FOLDER")
    parser.add_argument("--browser", action="store_true", help="open pages in Chromium, and ask axe-core")
    parser.add_argument("--screenshots", type=Path, metavar="FOLDER", help="with --browser: keep pictures of pages")
    args = parser.parse_args()
    out = args.out.resolve()
    begun = time.perf_counter()
    if not args.no_build:
        clear(out)
        try:
            pyodide = None if args.pyodide is None else gather(args.pyodide.resolve())
        except emulation.Missing as missing:
            parser.error(f"--pyodide: {missing}")
        status = build(out, run=not args.no_run, pyodide=pyodide)
        if status:
            return status
        tell(out, time.perf_counter() - begun)
    wrong = complaints(out, DOCS, pictures=not args.no_run)
    if args.browser or args.screenshots:
        wrong += in_browser(out, args.screenshots)
    for line in wrong:
        print(line, file=sys.stderr)
    print(f"{len(wrong)} complaints")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
