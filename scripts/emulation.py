"""What it takes to run Python on a processor that is not here: QEMU, a Python for ARM64.

Everything is unpacked into a folder that the caller names, and nothing is installed: apt-get is given lists and
archives of its own. What cannot be had raises `Missing`, which says why.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

PATIENCE = 120
"""Seconds that a download may take."""

PLATFORMS = [f"manylinux_2_{minor}_aarch64" for minor in (17, 27, 28, 34)] + ["manylinux2014_aarch64"]
"""Of wheels that Debian's libraries are new enough for."""


_one_at_a_time = threading.Lock()
"""Of those that want QEMU: what the first has unpacked is there for the others."""


class Missing(Exception):
    """Something that this machine has not got and could not get."""


def qemu(architecture: str, folder: Path) -> str:
    """Return the command that runs programs of an architecture: the one that is installed, else Debian's."""
    names = (f"qemu-{architecture}-static", f"qemu-{architecture}")
    installed = [found for name in names if (found := shutil.which(name))]
    if installed:
        return installed[0]
    root = folder / "qemu"
    with _one_at_a_time:
        from_debian(["qemu-user-static"], output("dpkg", "--print-architecture").strip(), root)
    command = root / "usr" / "bin" / names[0]
    if not command.exists():
        raise Missing(f"Debian's qemu-user-static has no {names[0]}")
    return str(command)


def arm64_python(folder: Path) -> tuple[Path, Path, Path]:
    """Return the root of a small Debian for ARM64, the Python in it, and a folder with NumPy and numba for that."""
    root = folder / "arm64"
    packages = folder / "arm64-packages"
    from_debian(["python3-minimal", "libpython3-stdlib", "libstdc++6"], "arm64", root)
    python = (root / "usr" / "bin" / "python3").resolve()
    chosen = ["--only-binary=:all:", "--python-version", python.name.removeprefix("python")]
    for platform in PLATFORMS:
        chosen += ["--platform", platform]
    with whole(packages) as new:
        if new is not None:
            output(sys.executable, "-m", "pip", "install", "--quiet", "--target", str(new), *chosen, "numba")
    return root, python, packages


def from_debian(names: Sequence[str], architecture: str, folder: Path) -> None:
    """Unpack packages of Debian, and all that they depend on, into `folder`, from this machine's sources."""
    with whole(folder) as new, tempfile.TemporaryDirectory() as state:
        if new is None:
            return
        for needed in ("lists/partial", "archives/partial"):
            (Path(state) / needed).mkdir(parents=True)
        (Path(state) / "status").touch()  # as if nothing were installed
        settings = [f"APT::Architecture={architecture}", f"APT::Architectures={architecture}"]
        settings += [f"Dir::State={state}", f"Dir::State::status={state}/status", f"Dir::Cache={state}"]
        apt = ["apt-get", *(word for setting in settings for word in ("-o", setting))]
        output(*apt, "update")
        output(*apt, "install", "--yes", "--download-only", "--no-install-recommends", *names)
        for package in sorted((Path(state) / "archives").glob("*.deb")):
            output("dpkg-deb", "--extract", str(package), str(new))
        if not (new / "lib").exists():  # a link that none of the packages brings since Debian 13
            (new / "lib").symlink_to("usr/lib")


@contextmanager
def whole(folder: Path) -> Iterator[Path | None]:
    """Give a folder to be filled, which takes the place of `folder` when it is whole; None if that is there already."""
    if folder.is_dir():
        yield None
        return
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as new:
        yield Path(new) / folder.name
        (Path(new) / folder.name).rename(folder)


def output(*command: str) -> str:
    """Return what a command prints, or raise `Missing` with its last words."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=True)
    except FileNotFoundError:
        raise Missing(f"there is no {command[0]} here") from None
    except subprocess.TimeoutExpired:
        raise Missing(f"{command[0]} took more than {PATIENCE} s") from None
    except subprocess.CalledProcessError as error:
        words = (error.stderr or error.stdout).strip().splitlines()
        raise Missing(f"{command[0]} failed: {words[-1] if words else error.returncode}") from None
    return done.stdout
