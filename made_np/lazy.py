"""Attributes that are computed when somebody first asks for them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, TypeVar, overload

__all__ = ["lazy"]

T = TypeVar("T")


class lazy(Generic[T]):
    """A method that is called once for each object, and whose answer is then an attribute of it.

    As ``functools.cached_property``, but without the lock that it has before Python 3.12: one for all objects of a
    class, so that threads wait for each other's models, and a child that is forked meanwhile waits for ever. Threads
    that ask at the same time may compute the answer twice; all of them get the same one.

    Parameters
    ----------
    compute : callable
        Takes the object, which must have a ``__dict__``. Its answer is kept, an error is not.

    Examples
    --------
    >>> class Table:
    ...     @lazy
    ...     def width(self):
    ...         print("once")
    ...         return 3
    >>> table = Table()
    >>> table.width, table.width
    once
    (3, 3)
    """

    def __init__(self, compute: Callable[[Any], T]) -> None:
        self.compute = compute
        self.__doc__ = compute.__doc__

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    @overload
    def __get__(self, owner: None, kind: type) -> lazy[T]: ...

    @overload
    def __get__(self, owner: object, kind: type | None = None) -> T: ...

    def __get__(self, owner: object | None, kind: type | None = None) -> lazy[T] | T:
        if owner is None:
            return self
        # From now on Python finds the answer there and does not ask here. It is that of whoever came first.
        answer: T = owner.__dict__.setdefault(self.name, self.compute(owner))
        return answer
