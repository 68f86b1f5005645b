"""How a distribution of your own gets a name, by which arguments, files and the command line know it."""

from __future__ import annotations

import re
from dataclasses import is_dataclass
from typing import Any

import numpy as np

from made_np.distributions.distribution import Distribution
from made_np.distributions.proving import Broken, prove
from made_np.distributions.registry import BUILT_IN, KINDS, names
from made_np.values import as_a, show

__all__ = ["register", "unregister"]

NAME = re.compile("[a-z][a-z0-9_]*")
TAKEN = ("auto",)
"""Names that mean something else where a distribution may stand."""


def register(name: str, kind: type[Distribution], example: Distribution | None = None) -> None:
    """Give a class of distributions a name; from then on it works wherever those of made_np do.

    The name stands for it in ``MADE(output=...)``, in ``MADEDensity(columns=...)``, on the command line and in files.
    A program that reads such a file has to register the class before. The numba backend leaves models with such a
    column to NumPy.

    Parameters
    ----------
    name : str
        Small letters, digits and underscores. The same class written anew, as when a cell of a notebook runs twice,
        takes the place of the old one.
    kind : type
        A frozen dataclass derived from `Distribution`, whose fields JSON can hold.
    example : Distribution, optional
        One of them to be tried; needed where ``kind()`` and ``kind.from_column`` make none.

    Raises
    ------
    TypeError
        `name` is no string, `kind` no such class, or `example` none of it.
    ValueError
        The name is taken, or the class does not keep to what `Distribution` says: something is missing, has another
        shape, a gradient is not that of the nll, draws do not follow the distribution function. The message says what.

    Examples
    --------
    >>> from dataclasses import dataclass
    >>> import numpy as np
    >>> import made_np
    >>> @dataclass(frozen=True)
    ... class Exponential(made_np.distributions.Distribution):
    ...     \"\"\"Positive numbers: p(x) = r e^(-r x) with r = e^raw.\"\"\"
    ...     n_raw = 1
    ...     support = "a number of at least 0"
    ...     def nll_and_grad(self, raw, x):
    ...         rx = np.exp(raw[..., 0]) * x
    ...         return rx - raw[..., 0], (rx - 1)[..., None]
    ...     def inverse_cdf(self, raw, u):
    ...         return -np.log1p(-u) * np.exp(-raw[..., 0])
    ...     def mean(self, raw):
    ...         return np.exp(-raw[..., 0])
    ...     def marginal(self, x):
    ...         return np.array([-np.log(max(x.mean(), 1e-6))])
    ...     def invalid(self, x):
    ...         return ~(x >= 0)
    >>> made_np.distributions.register("exponential", Exponential)
    >>> made_np.MADE(3, hidden=(4,), output="exponential").n_params
    31
    >>> made_np.distributions.unregister("exponential")
    """
    if not NAME.fullmatch(as_a(name, "name", str, "give a string")) or name in TAKEN:
        raise ValueError(f"name={show(name)}: give small letters, digits and underscores, and none of {TAKEN}")
    _check_class(kind)
    _check_free(name, kind)
    if example is None:
        example = _example(kind)
    if type(example) is not kind:
        raise TypeError(f"example={show(example)} is a {type(example).__name__}: give a {kind.__name__}")
    if example.kernel is not None:
        raise ValueError(f"{kind.__name__} has kernel={show(example.kernel)}, one of made_np's own: leave it out")
    try:
        prove(example)
    except Broken as error:
        raise ValueError(f"{kind.__name__} cannot be registered: {error}") from error
    KINDS[name] = kind


def unregister(name: str) -> None:
    """Forget a name that `register` gave.

    Raises
    ------
    TypeError, ValueError
        `name` is no string, was not registered, or is that of one of made_np's own.
    """
    as_a(name, "name", str, "give a string")
    if name in BUILT_IN or name not in KINDS:
        own = tuple(each for each in names() if each not in BUILT_IN)
        raise ValueError(f"name={show(name)} was not registered: the names that were are {own}")
    del KINDS[name]


def _check_class(kind: Any) -> None:
    """Raise unless `kind` is a frozen dataclass derived from `Distribution` that lacks no method."""
    if not isinstance(kind, type) or not issubclass(kind, Distribution):
        raise TypeError(f"kind={show(kind)}: give a class derived from made_np.distributions.Distribution")
    missing = sorted(getattr(kind, "__abstractmethods__", ()))
    own = getattr(kind, "__dataclass_fields__", {})
    missing += [name for name in ("n_raw", "support") if not hasattr(kind, name) and name not in own]
    if missing:
        raise TypeError(f"{kind.__name__} lacks {', '.join(missing)}: define what Distribution asks for")
    params: Any = vars(kind).get("__dataclass_params__") if is_dataclass(kind) else None
    if params is None or not params.frozen or not params.eq:
        raise TypeError(f"{kind.__name__} is no frozen dataclass: decorate it with @dataclass(frozen=True)")


def _check_free(name: str, kind: type[Distribution]) -> None:
    """Raise unless the name is free and the class has no other one; the same class written anew may have it."""
    for other, known in KINDS.items():
        if known is kind and other != name:
            raise ValueError(f"{kind.__name__} is registered already, as {other!r}: unregister that name before")
    known_kind = KINDS.get(name)
    if known_kind is None:
        return
    is_same = (known_kind.__module__, known_kind.__qualname__) == (kind.__module__, kind.__qualname__)
    if name in BUILT_IN or not is_same:
        raise ValueError(
            f"name={name!r} is that of {known_kind.__module__}.{known_kind.__qualname__}: give another one"
        )


def _example(kind: type[Distribution]) -> Distribution:
    """Return a distribution to be tried."""
    try:
        return kind.from_column(np.arange(4.0)) if kind.needed() else kind()
    except Exception as error:
        raise ValueError(
            f"no {kind.__name__} can be made to be tried ({error}): give example={kind.spelled()}"
        ) from error
