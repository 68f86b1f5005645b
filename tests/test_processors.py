"""What holds the kernels against NumPy on other processors finds a fault, and says what it could not run."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

numba = pytest.importorskip("numba")
pytest.importorskip("resource", reason="scripts/processors.py is for systems that have it")
SCRIPTS = Path(__file__).resolve().parents[1] / "scripts"
sys.path.insert(0, str(SCRIPTS))

import emulation  # noqa: E402
import kernels_smoke  # noqa: E402
import processors  # noqa: E402

from made_np.backends._numba.network import _Bound  # noqa: E402

compiled = pytest.mark.skipif(bool(numba.config.DISABLE_JIT), reason="takes too long in plain Python")

ALL_KERNELS = """
import sys
import kernels_smoke
found = list(kernels_smoke.check("float64"))
from numba.core.dispatcher import Dispatcher
from made_np.backends._numba.compiling import _Notice
modules = [module for name, module in sys.modules.items() if name.startswith("made_np.backends._numba")]
each = [value for module in modules for value in vars(module).values() if isinstance(value, Dispatcher)]
run = {value.py_func for value in each if value.signatures}
print(found, sorted(kernel.__name__ for kernel in _Notice.kernels - run), len(_Notice.kernels & run))
"""


# ------------------------------------------------------------------------------------------- the smoke test


@compiled
def test_every_kernel_is_run_and_agrees() -> None:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(SCRIPTS.parent), str(SCRIPTS)])}
    command = [sys.executable, "-c", ALL_KERNELS]
    said = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout
    wrong, not_run, n_run = said.rsplit(" ", 1)[0], said.split()[1], int(said.split()[-1])
    assert (wrong, not_run) == ("[] []", "[]")
    assert n_run > 10


def off(amount: float) -> Any:
    """A backend's function whose result is off by that much in one place."""

    def planted(function: Any) -> Any:
        def changed(*arguments: Any, **options: Any) -> Any:
            result = function(*arguments, **options)
            result[-1] += amount
            return result

        return changed

    return planted


@compiled
@pytest.mark.parametrize("amount", [0.01, np.nan])
@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("raw_outputs", ["raw outputs"]),
        ("nll", ["log_prob of values"]),
        ("row_nll", ["log_prob of rows", "log_prob of few rows"]),
        ("sample", ["sample"]),
        ("loss_and_grad", ["loss"]),
    ],
)
def test_a_wrong_number_is_found(name: str, words: list[str], amount: float, monkeypatch: pytest.MonkeyPatch) -> None:
    p = kernels_smoke.problem("random order", "float64")
    want = kernels_smoke.scores("numpy", p)
    monkeypatch.setattr(_Bound, name, off(amount)(getattr(_Bound, name)))
    said = list(kernels_smoke.differences(kernels_smoke.scores("numba", p), want, 1e-10))
    assert [text.split(" off by ")[0] for text in said] == words


@compiled
@pytest.mark.parametrize("rule", kernels_smoke.RULES)
def test_a_rule_that_forgets_its_decay_is_found(rule: str, monkeypatch: pytest.MonkeyPatch) -> None:
    p = kernels_smoke.problem("natural order", "float64")
    step = _Bound.train_step

    def without_decay(bound: Any, theta: Any, *others: Any, **options: Any) -> Any:
        return step(bound, theta, *others[:-1], np.zeros_like(theta), **options)

    monkeypatch.setattr(_Bound, "train_step", without_decay)
    got, want = (kernels_smoke.steps(backend, p, kernels_smoke.RULES[rule]) for backend in ("numba", "numpy"))
    assert any(text.startswith("theta off by") for text in kernels_smoke.differences(got, want, 1e-10))


@compiled
def test_it_ends_with_1_and_says_what_is_wrong(monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    monkeypatch.setattr(sys, "argv", ["kernels_smoke.py", "--dtypes", "float64"])
    monkeypatch.setattr(_Bound, "sample", off(0.5)(_Bound.sample))
    assert kernels_smoke.main() == 1
    said = capsys.readouterr().out.splitlines()
    assert [line.split(" off by ")[0] for line in said[:-1]] == [
        f"WRONG: float64, {name}: sample" for name in (*kernels_smoke.MODELS, *kernels_smoke.SPARSE)
    ]
    assert f"{len(said) - 1} results differ from NumPy's" in said[-1]
    assert f"numba {numba.__version__}" in said[-1]


# --------------------------------------------------------------------------------------------- what runs it


def smoke_that(code: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Let Python run this in place of the smoke test; say whether all was right."""
    program = folder / "program.py"
    program.write_text(code, encoding="utf-8")

    def check(_: Path) -> None:
        processors.smoke("here", [sys.executable, str(program)], folder / "cache")

    monkeypatch.setattr(processors, "emulated_aarch64", check)
    return processors.run("aarch64", folder)


def test_what_a_run_says_is_passed_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    monkeypatch.setenv("NUMBA_CPU_NAME", "generic")
    code = "import os; print('agrees', os.environ.get('NUMBA_CPU_NAME'), os.environ['NUMBA_CACHE_DIR'])"
    assert smoke_that(code, tmp_path, monkeypatch)
    said = capsys.readouterr().out
    assert f"here: agrees None {tmp_path / 'cache'}" in said
    assert "aarch64: all right, after" in said


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("import sys; print('WRONG: float32'); sys.exit(1)", "FAILED: ended with 1: without a word"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", "FAILED: ended with -11: without a word"),
        ("raise ValueError('such a thing')", "FAILED: ended with 1: ValueError: such a thing"),
    ],
)
def test_a_run_that_fails_is_no_skip(
    code: str, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    assert not smoke_that(code, tmp_path, monkeypatch)
    assert f"aarch64: {words}" in capsys.readouterr().out


def test_a_run_that_hangs_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    monkeypatch.setattr(processors, "PATIENCE", 0.5)
    assert not smoke_that("import time; time.sleep(1000)", tmp_path, monkeypatch)
    assert "aarch64: FAILED: took more than 0.5 s\n" in capsys.readouterr().out


def test_a_run_that_computes_for_ever_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    code = "import resource; resource.setrlimit(resource.RLIMIT_CPU, (1, 2))\nwhile True: pass"  # as main sets it
    assert not smoke_that(code, tmp_path, monkeypatch)
    assert "aarch64: FAILED: took more than 1200 s of a processor" in capsys.readouterr().out


@pytest.mark.parametrize("name", ["nehalem", "haswell", "aarch64", "python9.9"])
def test_what_is_missing_is_skipped_with_a_word(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))  # where no program lies
    monkeypatch.setattr(sys, "argv", ["processors.py", "--folder", str(tmp_path / "kept"), name])
    assert processors.main() == 0
    assert capsys.readouterr().out.startswith(f"{name}: skipped: ")
    assert not (tmp_path / "kept" / "qemu").exists()


def test_a_download_is_whole_or_is_not_there(tmp_path: Path) -> None:
    folder = tmp_path / "kept" / "packages"

    def fill(*command: str) -> None:
        with emulation.whole(folder) as new:
            assert new is not None
            new.mkdir()
            emulation.output(*command)

    with pytest.raises(emulation.Missing, match="failed: out of space"):
        fill(sys.executable, "-c", "import sys; sys.exit('out of space')")
    assert list(folder.parent.iterdir()) == []
    fill(sys.executable, "-c", "")
    with emulation.whole(folder) as new:
        assert new is None
