"""An adapter by the name of its module with that of the function that makes it."""

from __future__ import annotations

import importlib
from dataclasses import replace
from typing import Any

from .adapter import Adapter
from .checks import checks
from .values import as_a, show


def load_adapter(target: str) -> Adapter:
    """The adapter behind ``"package.module:name"``; if the name is a callable, what it returns.

    That callable is kept as its ``factory``, if there is anything to be checked.

    Raises
    ------
    TypeError
        If target is no str.
    ValueError
        If there is no such module or name, or it is no `Adapter`. What the module or the callable itself raises is
        handed on.
    """
    as_a(target, "target", str, "give package.module:factory")
    module_name, colon, name = target.partition(":")
    if not colon or not name or not all(module_name.split(".")) or "\0" in target:
        raise ValueError(f"target={show(target)} must look like package.module:factory")
    try:
        found: Any = importlib.import_module(module_name)
        for part in name.split("."):
            found = getattr(found, part)
    except (ImportError, AttributeError) as error:
        raise ValueError(f"{target!r} cannot be found: {error}") from error
    if isinstance(found, Adapter):
        return found
    made: Any = found() if callable(found) else found
    if not isinstance(made, Adapter):
        raise ValueError(f"{target!r} gives a {type(made).__name__}; it must be, or return, an Adapter")
    has_checks = any(not check.skip for check in checks(made))
    return replace(made, factory=found) if has_checks else made
