"""Collections of Dask: taken apart into partitions, put together from answers."""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from made_np.cluster.asking import Asked, Question
from made_np.cluster.carried import carried, key_of
from made_np.estimator import MADEDensity
from made_np.messages import not_installed
from made_np.values import show

__all__ = ["Partitions", "held", "lazily"]

LARGE = 4 << 20
"""A model of more bytes is not part of the graph, which goes to the scheduler first, if a client can scatter it."""


@dataclass(frozen=True, eq=False)
class Partitions:
    """The partitions of a table of Dask.

    Attributes
    ----------
    each : list of Delayed
    like : table of no rows
        What Dask says that they look like.
    some : table of a few rows
        The same, with made-up values.
    divisions : tuple or None
        Of a data frame.
    rows : tuple of int
        Of the chunks of an array: NaN where Dask does not know.
    """

    each: list[Any]
    like: Any
    some: Any
    divisions: tuple[Any, ...] | None = None
    rows: tuple[Any, ...] = ()

    @classmethod
    def of(cls, X: Any, name: str = "X") -> Partitions:
        """Return the partitions of a Dask array (n, D) or data frame.

        Raises
        ------
        TypeError, ValueError
            Anything else.
        ImportError
            Dask is not installed.
        """
        _dask()
        import dask.array as da
        import dask.dataframe as dd

        if isinstance(X, da.Array):
            if X.ndim != 2:
                raise ValueError(f"{name} has {X.ndim} dimensions, not the 2 of a table (n, D): use {name}.reshape")
            X = X.rechunk({1: -1}) if X.numblocks[1] > 1 else X
            some = np.zeros((1, X.shape[1]), X.dtype)
            return cls(list(X.to_delayed().ravel()), some[:0], some, None, X.chunks[0])
        if not isinstance(X, dd.DataFrame):
            raise TypeError(
                f"{name} is a {type(X).__name__} ({show(X)}): give a Dask array or data frame, as "
                f"dask.dataframe.from_pandas({name}, npartitions=8); about a table in memory ask the density itself"
            )
        return cls(X.to_delayed(), X._meta, X._meta_nonempty, X.divisions)

    @property
    def n(self) -> int:
        """How many there are."""
        return len(self.each)

    @property
    def is_frame(self) -> bool:
        """Whether it is a data frame."""
        return self.divisions is not None

    def put_together(self, answers: Sequence[Any], empty: Any) -> Any:
        """Return answers about the partitions as a collection with the same partitions."""
        import dask.array as da
        import dask.dataframe as dd

        if self.is_frame:
            return dd.from_delayed(answers, meta=empty, divisions=self.divisions, verify_meta=False)
        shapes = [(n, *empty.shape[1:]) for n in self.rows]
        blocks = [da.from_delayed(each, shape, empty.dtype) for each, shape in zip(answers, shapes, strict=True)]
        return da.concatenate(blocks, allow_unknown_chunksizes=True)


def lazily(
    density: MADEDensity,
    table: Partitions,
    question: Question,
    looks: tuple[Any, ...],
    *,
    seeds: Sequence[int] | None = None,
    **arguments: Any,
) -> list[Any]:
    """Return the answers about all partitions, a collection for each of `looks`; they share their work.

    Parameters
    ----------
    density : MADEDensity
    table : Partitions
    question : callable
        As `asking.Asked` has them.
    looks : tuple of tables of no rows
        What the answers look like.
    seeds : sequence of int, optional
        For each partition its `random_state`.
    **arguments
        Of the question.
    """
    import dask

    asked = dask.delayed(Asked(question, tuple(arguments.items()), table.like, looks), pure=True)
    model = held(density)
    more = [{}] * table.n if seeds is None else [{"random_state": seed} for seed in seeds]
    answers = [asked(model, part, **each) for part, each in zip(table.each, more, strict=True)]
    return [table.put_together([each[k] for each in answers], look) for k, look in enumerate(looks)]


def held(density: MADEDensity) -> Any:
    """Return the density as one node of a graph, which each worker gets once, however many tasks take it."""
    dask = _dask()
    there = carried(density)
    if len(pickle.dumps(there)) > LARGE:
        client = _client()
        if client is not None:
            return dask.delayed(client.scatter(there, broadcast=True))
    return dask.delayed(there, name=key_of(there), traverse=False)


def _client() -> Any:
    """Return the client of the cluster that would compute now, None where there is none, or it is asynchronous."""
    try:
        from distributed import default_client
    except ImportError:
        return None
    try:
        client = default_client()
    except ValueError:
        return None
    return None if client.asynchronous else client


def _dask() -> Any:
    """Return Dask."""
    try:
        import dask
        import dask.array
        import dask.dataframe
    except ImportError as error:
        raise not_installed("tables of Dask need", "dask", "dask") from error
    return dask
