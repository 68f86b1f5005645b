"""The programs that a device compiles: the files of the folder `kernels`, joined, for one dtype.

They are C++ that nvrtc, nvcc and g++ take alike, and include nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import DTypeLike

from made_np.backends import rules, tables
from made_np.backends._cupy.constants import constants

__all__ = ["file_of", "kernels_of", "program"]

FOLDER = Path(__file__).with_name("kernels")
FILES = ("common", *sorted({path.stem for path in FOLDER.glob("*.cu")} - {"common"}))
"""Each can use what stands in those before it."""
SAMPLER = tuple(file for file in FILES if file.startswith("sample_") and file != "sample_weights")
NEEDS = {"sampler": ("draws", "layers", *SAMPLER)}
"""The files that one with kernels uses, besides `common`."""
REALS = {"float32": "float", "float64": "double"}
"""What C calls the dtypes that there are programs for."""
KERNEL = re.compile(r"__global__\s+void\s+(?:__launch_bounds__\([^)]*\)\s*)?(\w+)\s*\(")


def program(dtype: DTypeLike, *files: str) -> str:
    """Return the source of all kernels, for numbers of this dtype; or that of some files, with what they need.

    A GPU gets a program for each file: who learns does not wait until the kernels that sample are compiled.
    """
    return _program(np.dtype(dtype).name, files or FILES)


@cache
def _program(dtype: str, files: tuple[str, ...]) -> str:
    wanted = {"common", *files}.union(*(NEEDS.get(file, ()) for file in files))
    parts = [_part(file) for file in FILES if file in wanted]
    return "".join([*_definitions(REALS[dtype]), *parts])


def kernels_of(source: str) -> list[str]:
    """Return the names of the kernels of a source, in whose comments there may be others."""
    return KERNEL.findall(re.sub(r"//.*|/\*(?s:.*?)\*/", "", source))


@cache
def file_of(kernel: str) -> str | None:
    """Return the name of the file that a kernel stands in."""
    return next((file for file in FILES if kernel in kernels_of(_part(file))), None)


def _definitions(real: str) -> Iterator[str]:
    """Yield what is defined before the first file: `real`, and names that Python has written down already."""
    yield f"#define real {real}\n#define IS_DOUBLE {int(real == 'double')}\n"
    for module in (tables, rules):
        for name, value in vars(module).items():
            if name.isupper() and isinstance(value, int):
                yield f"#define {name} {value}\n"
    # Not every file uses all of them, which a compiler would say.
    yield f"#pragma nv_diagnostic push\n#pragma nv_diag_suppress 177\n{constants()}#pragma nv_diagnostic pop\n"


def _part(file: str) -> str:
    """Return a file, such that a compiler names it and its own lines."""
    path = FOLDER / f"{file}.cu"
    return f'#line 1 "{path.name}"\n{path.read_text(encoding="utf-8")}\n'
