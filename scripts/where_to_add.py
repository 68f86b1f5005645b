"""Add one of each kind to a copy of the checkout, in no files but those that CONTRIBUTING names.

    python scripts/where_to_add.py [distribution activation backend command check]

What is added is real, if small: a geometric distribution, the activation softsign, a backend that is the reference by
another name, a command that counts rows, a check that scores are finite. The script exits with 1 if some test fails.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
EXAMPLES = Path(__file__).resolve().parent / "additions"


@dataclass(frozen=True)
class Edit:
    """A change of one file: a new one, or text behind (or before) the only line that begins with `at`.

    Attributes
    ----------
    path : str
        In the checkout.
    text : str
        Lines; of a new file, the name of the example that is copied.
    at : str
        How the line begins; "" for a new file.
    before : bool
        Whether the text comes before that line.
    """

    path: str
    text: str
    at: str = ""
    before: bool = False

    def make(self, root: Path) -> None:
        """Change the file in the copy that lies at `root`."""
        target = root / self.path
        if not self.at:
            if target.exists():
                raise FileExistsError(f"{self.path} is there already")
            shutil.copy(EXAMPLES / self.text, target)
            return
        lines = target.read_text(encoding="utf-8").splitlines(keepends=True)
        places = [k for k, line in enumerate(lines) if line.startswith(self.at)]
        if len(places) != 1:
            raise ValueError(f"{self.path}: {len(places)} lines begin with {self.at!r}, one is wanted")
        lines.insert(places[0] + (not self.before), self.text)
        target.write_text("".join(lines), encoding="utf-8")


@dataclass(frozen=True)
class Kind:
    """One row of the table "Where to add".

    Attributes
    ----------
    edits : tuple of Edit
    tests : tuple of str
        What pytest is given.
    backend : str
        The backend that the tests run on; "" for the usual one.
    """

    edits: tuple[Edit, ...]
    tests: tuple[str, ...]
    backend: str = ""

    @property
    def files(self) -> list[str]:
        """The files, each once, in the order of the edits."""
        return list(dict.fromkeys(edit.path for edit in self.edits))


SOFTSIGN = '''def softsign(z: ArrayLike, *, out: Array | None = None) -> Array:
    """Squash to (-1, 1), slowly: ``y = z / (1 + |z|)``.

    Examples
    --------
    >>> softsign([-1.0, 3.0])
    array([-0.5 ,  0.75])
    """
    size = np.where(np.real(z) < 0, np.negative(z), z)  # not np.abs: a complex step may pass through
    return np.divide(z, 1 + size, out=out)


def softsign_backward(dy: ArrayLike, z: Any, *, y: ArrayLike | None = None, out: Array | None = None) -> Array:
    """Return dz of `softsign`: ``dz = dy / (1 + |z|)^2``.

    Notes
    -----
    For z > 0 the slope of ``z / (1 + z)`` is ``1 / (1 + z)^2``; for z < 0 that of ``z / (1 - z)`` is ``1 / (1 - z)^2``.

    Examples
    --------
    >>> softsign_backward([1.0, 1.0], [-1.0, 3.0])
    array([0.25  , 0.0625])
    """
    size = np.where(np.real(z) < 0, np.negative(z), z)
    return np.divide(dy, np.square(1 + size), out=out)


'''

KINDS = {
    "distribution": Kind(
        (
            Edit("made_np/distributions/geometric.py", "geometric.py"),
            Edit(
                "made_np/distributions/registry.py",
                "from made_np.distributions.geometric import Geometric\n",
                at="from made_np.distributions.mixtures import",
                before=True,
            ),
            Edit("made_np/distributions/registry.py", '    "geometric": Geometric,\n', at='    "gaussian": Gaussian,'),
            Edit("made_np/__init__.py", '    "Geometric",\n', at='    "Gaussian",'),
            Edit("made_np/__init__.py", '    "Geometric": "distributions.geometric",\n', at='    "Gaussian": "'),
            Edit(
                "made_np/__init__.py",
                "    from made_np.distributions.geometric import Geometric\n",
                at="    from made_np.distributions.mixtures import",
                before=True,
            ),
            Edit(
                "tests/distributions/test_registry.py", "from made_np import Geometric\n", at="from made_np.cli import"
            ),
            Edit(
                "tests/distributions/test_registry.py",
                '    "geometric": Geometric(),\n',
                at='    "gaussian": Gaussian(',
            ),
        ),
        ("tests/distributions/test_registry.py", "tests/test_import.py", "tests/test_house.py"),
    ),
    "activation": Kind(
        (
            Edit("made_np/layers.py", SOFTSIGN, at="class Activation(", before=True),
            Edit(
                "made_np/layers.py",
                '    "softsign": Activation(softsign, softsign_backward),\n',
                at='    "softplus": Activation(',
            ),
            Edit(
                "tests/test_layers.py",
                '    "softsign": (-1e4 / 10_001, 1e4 / 10_001),\n',
                at='    "selu": (-layers.SELU_SCALE',
            ),
            Edit(
                "tests/test_layers.py",
                '    "softsign": (1 / 10_001**2, 1 / 10_001**2),\n',
                at='    "selu": (0, layers.SELU_SCALE',
            ),
            Edit(
                "tests/test_layers.py",
                '    "softsign": lambda z: z / (1 + abs(z)),\n',
                at='    "silu": lambda z: z / (1 + (-z).exp())',
            ),
            Edit("tests/naive.py", '    "softsign": lambda z: z / (1 + abs(z)),\n', at='    "softplus": '),
        ),
        ("tests/test_layers.py", "tests/network/test_jacobian.py", "tests/model/test_made.py", "tests/test_house.py"),
    ),
    "backend": Kind(
        (
            Edit("made_np/backends/_mirror.py", "mirror.py"),
            Edit("made_np/backends/__init__.py", 'BACKENDS += ("mirror",)\n', at="BACKENDS = "),
        ),
        ("tests/model/test_made.py", "tests/network", "tests/backends/test_backends.py", "tests/test_house.py"),
        backend="mirror",
    ),
    "command": Kind(
        (
            Edit("made_np/cli/counting.py", "counting.py"),
            Edit(
                "made_np/cli/catalog.py",
                '    Command("count", "count the rows of a table", "cli.counting"),\n',
                at='    Command("check",',
            ),
            Edit("tests/cli/test_counting.py", "test_counting.py"),
            Edit(
                "docs/reference/commands.md",
                "| `made-np count table.csv` | counts rows |\n",
                at="| `made-np check model.npz` |",
            ),
        ),
        ("tests/cli/test_counting.py", "tests/cli/test_cli.py", "tests/test_house.py"),
    ),
    "check": Kind(
        (
            Edit("made_np/testing/finite.py", "finite.py"),
            Edit("made_np/testing/checks.py", "from .finite import check_finite\n", at="from .density import"),
            Edit(
                "made_np/testing/checks.py",
                '    "finite": (("log_prob",), check_finite, _none),\n',
                at='    "consistency_log_prob": (',
            ),
            Edit("tests/testing/test_finite.py", "test_finite.py"),
            Edit(
                "made_np/testing/README.md",
                "| `finite` | `log_prob` | No score of a row is NaN or infinite. |\n",
                at="| `consistency_params`,",
            ),
        ),
        ("tests/testing/test_finite.py", "tests/testing/test_suite.py", "tests/test_house.py"),
    ),
}


def files_of_the_checkout() -> list[str]:
    """Return all files that git knows, or would add; of an unpacked source distribution, all that it holds."""
    if not (ROOT / ".git").exists():
        found = (path.relative_to(ROOT) for path in ROOT.rglob("*"))
        return [path.as_posix() for path in found if not {"build", "__pycache__"} & set(path.parts)]
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listed, cwd=ROOT, capture_output=True, check=True, text=True).stdout.split("\0")
    return list(filter(None, names))


def copy_of_the_checkout(folder: Path) -> Path:
    """Return where a copy of the checkout lies in `folder`."""
    for name in files_of_the_checkout():
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
    return folder


def try_out(name: str) -> int:
    """Add one of a kind to a copy, run the tests of its kind there, and return pytest's exit status."""
    kind = KINDS[name]
    with tempfile.TemporaryDirectory() as folder:
        root = copy_of_the_checkout(Path(folder))
        for edit in kind.edits:
            edit.make(root)
        environment = {**os.environ, "PYTHONPATH": str(root)}
        if kind.backend:
            environment["MADE_NP_BACKEND"] = kind.backend
        command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *kind.tests]
        return subprocess.run(command, cwd=root, env=environment, check=False).returncode


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("kinds", nargs="*", metavar="KIND", help=f"of {', '.join(KINDS)}; all by default")
    args = parser.parse_args()
    failed = []
    for name in args.kinds or KINDS:
        if name not in KINDS:
            parser.error(f"{name} is none of {', '.join(KINDS)}")
        print(f"== {name}: {', '.join(KINDS[name].files)}", flush=True)
        if try_out(name):
            failed.append(name)
    print(f"refused: {', '.join(failed)}" if failed else "each was accepted")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
