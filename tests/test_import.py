"""`import made_np` is light, and every public name is there when asked for."""

from __future__ import annotations

import subprocess
import sys

import pytest

import made_np

OPTIONAL = [
    *[
        "cupy",
        "dask",
        "distributed",
        "hypothesis",
        "jax",
        "joblib",
        "matplotlib",
        "mpi4py",
        "numba",
        "onnx",
        "pandas",
        "pyarrow",
        "pyspark",
    ],
    *["safetensors", "scipy", "sklearn", "sqlglot", "threadpoolctl", "torch", "tqdm"],
]


def loaded_after(statement: str) -> set[str]:
    """Top-level modules in a fresh interpreter after `statement`."""
    code = f"{statement}\nimport sys\nprint(*{{name.split('.')[0] for name in sys.modules}})"
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


@pytest.mark.parametrize(
    "statement",
    ["import made_np", "import made_np.model.made, made_np.training.fit, made_np.storage, made_np.distributions.plain"],
)
def test_import_brings_no_optional_dependency(statement: str) -> None:
    assert not loaded_after(statement).intersection(OPTIONAL)


def test_import_loads_no_module_of_the_package_that_nobody_asked_for() -> None:
    code = "import made_np, sys; print(*(m for m in sys.modules if m.startswith('made_np')))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert set(done.stdout.split()) == {"made_np", "made_np._version"}


def test_importing_and_using_a_name_agree() -> None:
    from made_np.storage import load

    assert made_np.load is load


@pytest.mark.parametrize("name", made_np.__all__)
def test_every_public_name_resolves(name: str) -> None:
    assert getattr(made_np, name) is not None


def test_dir_is_complete_before_anything_is_used() -> None:
    code = "import made_np; print(sorted(set(made_np.__all__) - set(dir(made_np))))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_public_names_are_sorted_once_each() -> None:
    assert len(set(made_np.__all__)) == len(made_np.__all__)


def test_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'made'"):
        made_np.made  # noqa: B018 - the lookup itself is the test
