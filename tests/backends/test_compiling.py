"""When kernels are compiled, where they are kept, and when what was kept is stale."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from ast import literal_eval
from pathlib import Path

import numpy as np
import pytest

import made_np

pytest.importorskip("numba")
pytestmark = pytest.mark.skipif(os.name == "nt", reason="the folders here are those of Linux and macOS")

NOTICE = "compiling the kernels of made_np for this machine; that takes some seconds, once\n"
NOWHERE = (
    "compiling the kernels of made_np for this machine; that takes some seconds, in every process, as they can be kept "
    "nowhere: set NUMBA_CACHE_DIR to a folder that can be written to\n"
)

# Prints how many kernels were compiled, in which folders they would be kept, and what one of them computes: a small
# one, which calls what lies in another file.
RUN = """
import sys
import numpy as np
from numba.core.dispatcher import Dispatcher
import made_np
from made_np.backends import get_backend
get_backend("numba")
losses = []
if "compute" in sys.argv:
    from made_np.backends._numba.compiling import width
    from made_np.backends._numba.losses import bernoulli
    w = width(np.empty(0))
    nll = np.zeros(w)
    bernoulli(np.array([[0, 1, 0]]), np.empty(0), np.ones(2 * w), np.zeros(2 * w), nll, np.array([2, 1]), 0, 1)
    losses = nll.tolist()
modules = [module for name, module in sys.modules.items() if name.startswith("made_np.backends._numba.")]
kernels = {value for module in modules for value in vars(module).values() if isinstance(value, Dispatcher)}
print(sum(len(kernel.nopython_signatures) - sum(kernel.stats.cache_hits.values()) for kernel in kernels))
print({kernel.stats.cache_path for kernel in kernels} - {None})
print(losses)
"""


class Install:
    """A copy of the package, with a home whose folder for caches may or may not be written to."""

    def __init__(self, root: Path) -> None:
        self.package, self.home = root / "made_np", root / "home"
        self.home.mkdir()
        here = Path(made_np.__file__).parent
        shutil.copytree(here, self.package, ignore=shutil.ignore_patterns("__pycache__"))
        self.kernels = self.package / "backends" / "_numba"

    def protect(self, folder: Path) -> None:
        """Put a file where a folder would have to be made: unlike permissions, that stops root as well."""
        folder.write_text("no folder")

    def run(self, *what: str) -> tuple[int, set[str], list[float], str]:
        """How many kernels a fresh process compiles, where it keeps them, what it computes, what it says."""
        env = {**os.environ, "PYTHONPATH": str(self.package.parent), "PYTHONDONTWRITEBYTECODE": "1"}
        env |= {"HOME": str(self.home), "XDG_CACHE_HOME": str(self.home / ".cache")}
        env = {name: value for name, value in env.items() if name != "NUMBA_CACHE_DIR"}
        command = [sys.executable, "-c", RUN, *what]
        done = subprocess.run(command, capture_output=True, text=True, env=env, cwd=self.home, check=False)
        assert done.returncode == 0, done.stderr
        n, paths, losses = map(literal_eval, done.stdout.splitlines())
        return n, {Path(path).relative_to(self.package.parent).parts[0] for path in paths}, losses, done.stderr


@pytest.fixture
def install(tmp_path: Path) -> Install:
    return Install(tmp_path)


def test_an_import_compiles_nothing(install: Install) -> None:
    assert install.run() == (0, {"made_np"}, [], "")


def test_kernels_are_compiled_once_and_again_when_any_of_them_is_damaged_or_changes(install: Install) -> None:
    n, _, first, said = install.run("compute")
    assert n > 0
    assert said == NOTICE
    np.testing.assert_allclose(first, np.log1p(np.exp(-1)), rtol=1e-15)
    assert install.run("compute") == (0, {"made_np"}, first, "")
    # a disk that forgot the end of each file: that they take a while to compile has been said
    for path in install.kernels.glob("__pycache__/*.nbc"):
        os.truncate(path, path.stat().st_size // 2)
    assert install.run("compute") == (n, {"made_np"}, first, "")
    assert install.run("compute") == (0, {"made_np"}, first, "")
    # the kernel that is called lies in another file; other code is another setup
    file = install.kernels / "elementary.py"
    text = file.read_text()
    assert text.count("else (p * r + 1.0) * power") == 1
    file.write_text(text.replace("else (p * r + 1.0) * power", "else power"))
    n, _, other, said = install.run("compute")
    assert n > 0
    assert said == NOTICE
    assert other != first


def test_where_the_package_cannot_be_written_to_kernels_are_kept_at_home(install: Install) -> None:
    install.protect(install.kernels / "__pycache__")
    assert install.run() == (0, {"home"}, [], "")


def test_where_nothing_can_be_written_to_kernels_are_not_kept(install: Install) -> None:
    install.protect(install.kernels / "__pycache__")
    install.protect(install.home / ".cache")
    install.protect(install.home / "Library")
    assert install.run() == (0, set(), [], "")
    n, paths, _, said = install.run("compute")
    assert n > 0
    assert paths == set()
    assert said == NOWHERE
