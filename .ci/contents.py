"""Hold a source distribution and a wheel against the checkout: nothing is missing from them, and nothing is too much.

python .ci/contents.py CHECKOUT SDIST WHEEL
"""

from __future__ import annotations

import sys
import tarfile
import zipfile
from pathlib import Path

GENERATED = ("PKG-INFO", "made_np.egg-info/", "setup.cfg")
"""What setuptools adds or writes anew."""


def of_checkout(folder: Path) -> set[str]:
    """Return the files of a clean checkout, by their path in it."""
    found = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    return {name for name in found if not name.startswith((".git/", "dist/", *GENERATED))}


def of_sdist(path: Path) -> set[str]:
    """Return the files of a source distribution, without the folder that they are all in."""
    with tarfile.open(path) as archive:
        found = {member.name.split("/", 1)[1] for member in archive if member.isfile()}
    return {name for name in found if not name.startswith(GENERATED)}


def of_wheel(path: Path) -> set[str]:
    """Return the files of a wheel, without what describes it."""
    with zipfile.ZipFile(path) as archive:
        return {name for name in archive.namelist() if ".dist-info/" not in name}


def main(checkout: str, sdist: str, wheel: str) -> int:
    """Print what differs, and return how many differences there are."""
    source = of_checkout(Path(checkout))
    package = {name for name in source if name.startswith("made_np/")}
    differences = 0
    for what, got, wanted in (("sdist", of_sdist(Path(sdist)), source), ("wheel", of_wheel(Path(wheel)), package)):
        for kind, names in (("lacks", wanted - got), ("should not have", got - wanted)):
            differences += len(names)
            for name in sorted(names):
                print(f"the {what} {kind} {name}")
        print(f"{what}: {len(got)} files")
    return differences


if __name__ == "__main__":
    sys.exit(1 if main(*sys.argv[1:]) else 0)
