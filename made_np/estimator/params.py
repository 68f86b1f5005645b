"""Parameters of an estimator as JSON, so that a file can hold them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, fields, is_dataclass
from types import ModuleType
from typing import Any

import numpy as np

from made_np import optim, schedules
from made_np.distributions.distribution import Distribution
from made_np.distributions.registry import output_config, output_from_config
from made_np.optim import Optimizer
from made_np.table.one_hot import OneHot
from made_np.values import as_a, show

__all__ = ["from_json", "to_json"]


def to_json(value: Any) -> Any:
    """Return a parameter as JSON values.

    Whatever JSON has no form for becomes a dict with one key that says what it was. A random state that is a generator
    becomes None: where it stands is a matter of the running program.

    Raises
    ------
    TypeError
        An optimizer that is none of `made_np.optim`, or a function that is none of `made_np.schedules`, so that nobody
        could find it again.

    Examples
    --------
    >>> to_json((500, 500))
    {'tuple': [500, 500]}
    >>> from_json(to_json((500, 500)))
    (500, 500)
    """
    if isinstance(value, Distribution):
        return {"distribution": output_config(value)}
    if isinstance(value, OneHot):
        return {"one_hot": value.config()}
    if isinstance(value, Optimizer):
        name = type(value).__name__
        if getattr(optim, name, None) is not type(value):
            raise TypeError(f"optimizer={value!r} is no rule of made_np.optim: set another one before you save")
        return {"optimizer": [name, asdict(value)]}
    if callable(value) and not isinstance(value, type):
        return {"schedule": _schedule(value)}
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, (np.dtype, type)):
        return np.dtype(value).name
    if isinstance(value, tuple):
        return {"tuple": [to_json(each) for each in value]}
    if isinstance(value, list):
        return [to_json(each) for each in value]
    if isinstance(value, Mapping):
        if all(isinstance(key, str) for key in value):
            return {"dict": {key: to_json(each) for key, each in value.items()}}
        return {"pairs": [[to_json(key), to_json(each)] for key, each in value.items()]}  # JSON's keys are strings
    if isinstance(value, (np.random.Generator, np.random.RandomState)):
        return None
    return value


def _schedule(value: Any) -> Any:
    """Return the name of a schedule, and its settings if it has some."""
    name = getattr(value, "__name__", type(value).__name__)
    if is_dataclass(value) and getattr(schedules, name, None) is type(value):
        return [name, {field.name: to_json(getattr(value, field.name)) for field in fields(value)}]
    if getattr(schedules, name, None) is value:
        return name
    raise TypeError(f"schedule={value!r} is none of made_np.schedules: set another one before you save")


def from_json(value: Any) -> Any:
    """Return the parameter whose `to_json` this is; arrays come back as lists."""
    if isinstance(value, list):
        return [from_json(each) for each in value]
    if not isinstance(value, dict):
        return value
    ((kind, content),) = value.items()
    if kind == "distribution":
        return output_from_config(content)
    if kind == "one_hot":
        return OneHot.from_config(content)
    if kind == "optimizer":
        name, settings = content
        return as_a(_found(optim, name)(**settings), "optimizer", Optimizer, "give a rule")  # type: ignore[type-abstract]
    if kind == "schedule" and isinstance(content, str):
        return _found(schedules, content)
    if kind == "schedule":
        name, settings = content
        return _found(schedules, name)(**{key: from_json(each) for key, each in settings.items()})
    if kind == "tuple":
        return tuple(from_json(each) for each in content)
    if kind == "dict":
        return {key: from_json(each) for key, each in content.items()}
    if kind == "pairs":
        return {from_json(key): from_json(each) for key, each in content}
    raise ValueError(f"a parameter is a {show(kind)}, which is unknown")


def _found(module: ModuleType, name: str) -> Any:
    """Return what a module offers under a name that a file gives, and nothing that it merely imports."""
    found = getattr(module, name, None)
    if getattr(found, "__module__", None) != module.__name__ or not callable(found):
        raise ValueError(f"{show(name)} is none of {module.__name__}")
    return found
