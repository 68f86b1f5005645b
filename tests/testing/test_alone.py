"""The folder lifted out of the package works by itself, with NumPy alone."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import made_np.testing

FOLDER = Path(made_np.testing.__file__).parent
ONLY = ["made_np", "hypothesis", "pytest", "scipy", "torch", "jax", "sklearn", "matplotlib", "numba", "pandas", "tqdm"]

CODE = f"""
import sys
blocked = {ONLY!r}
for name in blocked:
    sys.modules[name] = None            # an import of it raises ImportError
import numpy as np
import lifted
from lifted import suite, check_gradient, strategies
from lifted.mutants.mutant import standard
from lifted.mutants import all_mutants, detect

found = suite(standard(np.random.default_rng(0)).adapter())
assert found.ok, found
assert detect(all_mutants()[0]).caught
assert not [name for name in sys.modules if name.split(".")[0] in blocked and sys.modules[name] is not None]
print(lifted.__file__)
"""


def run(folder: Path, *arguments: str) -> str:
    done = subprocess.run([sys.executable, "-W", "error", *arguments], cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_copy_elsewhere_imports_nothing_but_numpy(tmp_path: Path) -> None:
    copy = tmp_path / "lifted"
    shutil.copytree(FOLDER, copy, ignore=shutil.ignore_patterns("__pycache__"))
    assert run(tmp_path, "-c", CODE).strip() == str(copy / "__init__.py")


def test_a_copy_elsewhere_runs_as_a_command(tmp_path: Path) -> None:
    shutil.copytree(FOLDER, tmp_path / "lifted", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "mine.py").write_text(
        "import numpy as np\n"
        "from lifted import Adapter\n"
        "fair = Adapter(n_features=2, log_prob=lambda x: np.full(len(x), -2 * np.log(2)) + 0 * x[:, 0], name='fair')\n"
    )
    done = subprocess.run(
        [sys.executable, "-m", "lifted", "mine:fair"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert "normalised            passed   4/4" in done.stdout, done.stdout + done.stderr


def test_importing_it_brings_no_optional_dependency() -> None:
    code = "import made_np.testing, sys; print(*{name.split('.')[0] for name in sys.modules})"
    loaded = set(run(Path.cwd(), "-c", code).split())
    assert not loaded & (set(ONLY) - {"made_np"})
