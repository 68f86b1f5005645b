"""The devices that the tests of this folder run on: one that the processor plays, and a GPU where there is one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from made_np.backends._cupy import cuda

from .emulation import Emulated, missing


@pytest.fixture(scope="module", params=["emulated", "strict", pytest.param("gpu", marks=pytest.mark.gpu)])
def device(request: Any) -> Iterator[Any]:
    """What every model of backend "cupy" computes on."""
    with pytest.MonkeyPatch.context() as patch:
        if request.param != "gpu":
            one = _emulated(strict=request.param == "strict")
            patch.setattr(cuda, "get_device", lambda: one)
        yield one_of(request.param) if request.param == "gpu" else one


def _emulated(*, strict: bool) -> Emulated:
    why = missing()
    if why is not None:
        pytest.skip(why)
    if strict:
        pytest.importorskip("array_api_strict")
    return Emulated(strict=strict)


def one_of(name: str) -> cuda.Cuda:
    """Return the GPU, or skip the test."""
    try:
        return cuda.get_device()
    except (ImportError, RuntimeError) as error:
        pytest.skip(str(error))
