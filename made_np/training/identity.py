"""What a value is, in words that are the same in every process: by them two runs are told apart.

Plain values, containers and arrays go by what they hold, and a function of anyone's by its code, its defaults, and the
values that it finds around it. What made_np, Python or an installed package offers goes by its name. A value whose
content cannot be looked into, such as a lock or a file, is refused, and so is a random generator. What a function reads
through a module, from a file or from the clock is not seen.
"""

from __future__ import annotations

import copyreg
import dis
import hashlib
import random
import sys
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from enum import Enum
from functools import partial
from types import (
    BuiltinFunctionType,
    CodeType,
    FunctionType,
    GetSetDescriptorType,
    MemberDescriptorType,
    MethodType,
    ModuleType,
)
from typing import Any

import numpy as np
from numpy.typing import NDArray

from made_np.values import show

__all__ = ["digest", "identify"]

PLAIN = (type(None), bool, int, float, complex, str, bytes, range, slice, type(...), np.generic, np.dtype, Enum)
CONTAINERS = (tuple, list, set, frozenset, dict)
MACHINERY = (GetSetDescriptorType, MemberDescriptorType)
"""What a class has for its slots."""
RANDOM = (np.random.Generator, np.random.BitGenerator, np.random.RandomState, random.Random)
"""What draws: a run that goes on would draw again what it has drawn."""
LONGEST = 120
"""Characters of a value that are shown; a checksum stands for a longer one."""
AT_ONCE = 1 << 20
"""Numbers of an array that are looked at together: one in a file may be larger than memory."""


def identify(value: Any, argument: str) -> dict[str, str]:
    """Return what `value` is, under the name `argument`, and beside it what its functions find around them.

    An empty container around a function is left out: it is where a function notes what it sees.

    Raises
    ------
    TypeError
        Something in it cannot be looked into.

    Examples
    --------
    >>> from made_np.schedules import Warmup, cosine
    >>> identify(Warmup(3, then=cosine), "schedule")
    {'schedule': 'Warmup(steps=3, then=cosine)'}
    >>> from functools import partial
    >>> identify(partial(max, 0.1), "schedule")
    {'schedule': 'partial(builtins.max, tuple(0.1), dict())'}
    """
    found = _Found(argument, value)
    found.around[argument] = found.spell(value, argument)
    return found.around


def digest(array: NDArray[Any], dtype: Any) -> str:
    """Return the shape of an array and a checksum of all its numbers in that dtype, whichever they are stored in.

    This takes a constant amount of memory.

    Examples
    --------
    >>> digest(np.eye(2, dtype=bool), "float32") == digest(np.eye(2), "float32")
    True
    """
    found = hashlib.sha256()
    step = max(1, AT_ONCE // max(1, array[:1].size))
    for first in range(0, len(array), step):
        found.update(np.ascontiguousarray(array[first : first + step], dtype=dtype).data)
    return f"shape {array.shape}, checksum {found.hexdigest()[:16]}"


class _Found:
    """What has been found of one value so far."""

    def __init__(self, argument: str, value: Any) -> None:
        self.argument = argument
        self.value = value
        self.around: dict[str, str] = {}
        self._seen: dict[int, tuple[str, Any]] = {}  # with the object, so that no other one gets its id

    def spell(self, value: Any, path: str) -> str:
        """Return what a value is; `path` says where it stands."""
        if isinstance(value, PLAIN):
            return _short(f"{type(value).__name__}.{value.name}" if isinstance(value, Enum) else repr(value))
        if isinstance(value, ModuleType):
            return f"module {value.__name__}"
        if id(value) not in self._seen:
            self._seen[id(value)] = f"as {path}", value  # until it is known: it may hold itself
            self._seen[id(value)] = self._compound(value, path), value
        return self._seen[id(value)][0]

    def _compound(self, value: Any, path: str) -> str:
        if isinstance(value, CONTAINERS):
            return self._container(value, path)
        if isinstance(value, np.ndarray) and value.dtype.kind in "biufc":
            return f"{value.dtype} of {digest(np.atleast_1d(value), value.dtype)}"
        if isinstance(value, type):
            return self._class(value, path)
        if callable(value):
            return self._callable(value, path)
        return self._instance(value, path)

    def _container(self, value: Any, path: str) -> str:
        kind = type(value).__name__
        if isinstance(value, dict):
            each = [f"{self.spell(k, path)}: {self.spell(v, f'{path}[{show(k)}]')}" for k, v in value.items()]
        elif isinstance(value, (set, frozenset)):
            each = sorted(self.spell(item, path) for item in value)  # they stand in another order in every process
        else:
            each = [self.spell(item, f"{path}[{k}]") for k, item in enumerate(value)]
        return _short(f"{kind}({', '.join(each)})")

    def _callable(self, value: Any, path: str) -> str:
        if isinstance(value, FunctionType):
            return self._function(value, path)
        if isinstance(value, MethodType):
            return f"{self.spell(value.__func__, path)} of {self.spell(value.__self__, f'{path}.__self__')}"
        if isinstance(value, partial):
            parts = value.func, value.args, value.keywords
            return f"partial({', '.join(self.spell(part, path) for part in parts)})"
        if isinstance(value, np.ufunc):
            return f"ufunc {value.__name__}"
        if isinstance(value, BuiltinFunctionType) and isinstance(value.__self__, ModuleType | None):
            return f"{value.__module__}.{value.__name__}"
        if hasattr(value, "__wrapped__"):  # such as a cache around a function, or one that numba compiles
            return f"{type(value).__name__}({self.spell(value.__wrapped__, path)})"
        return self._instance(value, path)

    def _function(self, function: FunctionType, path: str) -> str:
        """Return the name of a function, with its code if it is anyone's; note what it finds around it."""
        code = function.__code__
        name = _name(function)
        around = dict(zip(code.co_freevars, map(_content, function.__closure__ or ()), strict=True))
        if not _is_installed(function.__module__):
            name += f" with code {_code_digest(code)}"
            around |= {each: function.__globals__[each] for each in _globals(code) if each in function.__globals__}
            defaults = function.__defaults__ or ()
            around |= dict(zip(code.co_varnames[code.co_argcount - len(defaults) :], defaults, strict=False))
            around |= {**(function.__kwdefaults__ or {}), **vars(function)}
        self._note(around, path)
        return name

    def _class(self, kind: type, path: str) -> str:
        """Return the name of a class, with a checksum of its methods if it is anyone's."""
        each = []
        for one in kind.__mro__:
            if _is_installed(one.__module__):
                continue
            for name, value in sorted(vars(one).items()):
                is_own = name == "__call__" or not name.startswith("__")
                if is_own and not isinstance(value, MACHINERY) and name != "_abc_impl":
                    each.append(f"{name}={self.spell(_inner(value), f'{path}.{name}')}")
        return _name(kind) + (f" with code {_checksum(', '.join(each))}" if each else "")

    def _instance(self, value: Any, path: str) -> str:
        """Return what an object is made from, and note what its attributes hold."""
        if is_dataclass(value):
            settings = {field.name: getattr(value, field.name) for field in fields(value)}
            self._note({k: v for k, v in getattr(value, "__dict__", {}).items() if k not in settings}, path)
            each = (f"{name}={self.spell(held, f'{path}.{name}')}" for name, held in settings.items())
            return f"{self._class(type(value), path)}({', '.join(each)})"
        if isinstance(value, RANDOM):
            raise self._refusal(value, path)
        try:
            # What an object tells copy and pickle, neither of which takes part: all that it could be made from again.
            made_from = value.__reduce_ex__(2)
        except Exception:
            raise self._refusal(value, path) from None
        if isinstance(made_from, str):
            return f"{type(value).__name__} {made_from}"
        make, arguments, state, items, pairs = (*made_from, None, None, None)[:5]
        attributes = state if isinstance(state, tuple) else (state,)  # of two, the second are those in slots
        has_names = all(isinstance(part, dict | None) for part in attributes)
        for part in attributes if has_names else ():
            self._note(part or {}, path)
        if make is copyreg.__newobj__:  # type: ignore[attr-defined]
            make, *arguments = arguments
        held = *arguments, *([] if has_names else [state]), *(items or ()), *(pairs or ())
        inner = [self.spell(each, path) for each in held]
        return _short(self.spell(make, path) + (f"({', '.join(inner)})" if inner else ""))

    def _note(self, around: dict[str, Any], path: str) -> None:
        """Note what stands around a function or in an object, under its path."""
        for name, value in around.items():
            if not (isinstance(value, CONTAINERS) and len(value) == 0):
                self.around[f"{path}.{name}"] = self.spell(value, f"{path}.{name}")

    def _refusal(self, value: Any, path: str) -> TypeError:
        return TypeError(
            f"{self.argument}={show(self.value)} cannot be told from another one in a checkpoint, since {path} is "
            f"{show(value)}, a {type(value).__name__}: give a function that uses only plain values, arrays and "
            "functions, or one of made_np.schedules"
        )


def _content(cell: Any) -> Any:
    """Return what a variable of an enclosing function holds, None before it holds anything."""
    try:
        return cell.cell_contents
    except ValueError:
        return None


def _inner(attribute: Any) -> Any:
    """Return the function within an attribute of a class that is a property or the like."""
    for name in ("__func__", "fget", "func"):
        attribute = getattr(attribute, name, attribute)
    return attribute


def _name(thing: Any) -> str:
    """Return the name of a function or class, with its module unless that is one of made_np or the program itself."""
    module = thing.__module__ or ""
    name = getattr(thing, "__qualname__", type(thing).__qualname__)
    is_plain = not _is_installed(module) or module.split(".")[0] in ("made_np", "builtins")
    return name if is_plain else f"{module}.{name}"


def _is_installed(module: str | None) -> bool:
    """Whether a module is of made_np, Python or an installed package: nobody edits that between two runs."""
    top = (module or "").split(".")[0]
    if top == "made_np" or top in sys.stdlib_module_names:
        return True
    file = getattr(sys.modules.get(module or ""), "__file__", None) or ""
    return "site-packages" in file or "dist-packages" in file


def _codes(code: CodeType) -> Iterator[CodeType]:
    """Yield a code object and those of the functions within it."""
    yield code
    for const in code.co_consts:
        if isinstance(const, CodeType):
            yield from _codes(const)


def _globals(code: CodeType) -> list[str]:
    """Return the names that code looks up in its module."""
    steps = (step for each in _codes(code) for step in dis.get_instructions(each))
    return sorted({step.argval for step in steps if step.opname in ("LOAD_GLOBAL", "LOAD_NAME")})


def _code_digest(code: CodeType) -> str:
    """Return a checksum of what code does: where it stands in which file is no matter."""
    parts = []
    for each in _codes(code):
        consts = [_const(const) for const in each.co_consts if not isinstance(const, CodeType)]
        parts.append((each.co_code, consts, each.co_names, each.co_freevars, getattr(each, "co_exceptiontable", b"")))
    return _checksum(repr(parts))


def _const(const: Any) -> Any:
    """Return a constant with the members of sets in one order, which differs from process to process."""
    if isinstance(const, frozenset):
        return sorted(map(repr, const))
    return [_const(each) for each in const] if isinstance(const, tuple) else const


def _checksum(text: str) -> str:
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()[:12]


def _short(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST // 2]}... (checksum {_checksum(text)})"
