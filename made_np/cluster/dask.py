"""A fitted density asked about Dask's arrays or data frames, partition by partition, when they are computed.

    from made_np.cluster import dask as made_dask

    density = made_dask.fit(table, MADEDensity(random_state=0), client=client)
    scores = made_dask.score_samples(density, table)  # a Dask Series: nothing is computed yet
    scores.nsmallest(10).compute()

Each function takes what the method of `MADEDensity` of that name takes, with the density before it: a fitted one, or
the path of a saved one, which the caller reads. Rows are answered one by one, so the numbers are those of the method on
the whole table. Partitions stay as they are, with their index, names and divisions; a partition whose dtypes differ
from what the table says, such as integers where others have gaps, is cast; one without rows is answered by none. The
density goes once to each worker, however many partitions there are.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from made_np.cluster import asking
from made_np.cluster.carried import as_density
from made_np.cluster.collections import Partitions, held, lazily
from made_np.cluster.looks import expected_look, filled_look, numbers_look, predicted_look
from made_np.cluster.training import fit
from made_np.estimator.conventions import seed_of
from made_np.model.marginals import as_draws
from made_np.values import as_choice, as_count, as_number

__all__ = [
    "Explained",
    "explain",
    "fit",
    "impute",
    "predict",
    "predict_proba",
    "probability",
    "sample",
    "score_columns",
    "score_samples",
]

STATISTICS = ("mean", "median", "mode", "interval")
AT_ONCE = 100_000
"""Rows of a partition that is drawn."""
QUESTIONS = 64
"""Conditions of a task."""


class Explained(NamedTuple):
    """How each value of some rows fits the rest of its row: three tables of Dask, which share their work.

    Attributes
    ----------
    log_prob : table (n, D)
        log p(x_d | all others that are known), in nats, in the unit of the column; NaN at gaps.
    expected : table (n, D)
        What the others let expect: the likeliest word or code, else the mean, as a float.
    rank : table (n, D)
        1 for the value of a row that fits the others worst; 0 at gaps.
    """

    log_prob: Any
    expected: Any
    rank: Any


def score_samples(model: Any, X: Any, *, n_draws: int | str | None = None) -> Any:
    """Return log p(x) of each row, in nats, as `MADEDensity.score_samples`.

    Parameters
    ----------
    model : MADEDensity or path
    X : dask.dataframe.DataFrame, or dask.array.Array (n, D)
    n_draws : int or "auto", optional
        Completions by which the gaps of each row are summed over; None: what was learned of them.

    Returns
    -------
    dask.dataframe.Series called "log_prob", or dask.array.Array (n,)

    Raises
    ------
    TypeError, ValueError, OSError
        No density, one that has not learned, or no table of Dask. What a row cannot be is told when it is computed.
    """
    density = as_density(model)
    table = Partitions.of(X)
    n_draws = None if n_draws is None else as_draws(n_draws)
    empty: Any = np.empty(0)
    if table.is_frame:
        import pandas

        empty = pandas.Series(empty, index=table.like.index, name=asking.LOG_PROB)
    return lazily(density, table, asking.score_samples, (empty,), n_draws=n_draws)[0]


def score_columns(model: Any, X: Any) -> Any:
    """Return what each column contributes to the score of each row, as `MADEDensity.score_columns`.

    Arguments and errors as in `score_samples`.

    Returns
    -------
    table of Dask (n, D), as `X` is
    """
    table = Partitions.of(X)
    empty = numbers_look(table.some, "float64")
    return lazily(as_density(model), table, asking.score_columns, (empty,))[0]


def explain(model: Any, X: Any) -> Explained:
    """Return why rows are likely or not, as `MADEDensity.explain`.

    Arguments and errors as in `score_samples`.

    Returns
    -------
    Explained
        ``dask.compute(*explained)`` computes all of it at once.
    """
    density = as_density(model)
    table = Partitions.of(X)
    looks = (
        numbers_look(table.some, "float64"),
        expected_look(density, table.some),
        numbers_look(table.some, "int64"),
    )
    return Explained(*lazily(density, table, asking.explain, looks))


def impute(
    model: Any,
    X: Any,
    n_draws: int | None = None,
    *,
    statistic: str = "mean",
    confidence: float = 0.9,
    random_state: Any = None,
) -> Any:
    """Fill the gaps of `X`, as `MADEDensity.impute`.

    What is drawn depends on `random_state` with the partitions, not on the workers.

    Parameters
    ----------
    model : MADEDensity or path
    X : dask.dataframe.DataFrame, or dask.array.Array (n, D)
    n_draws : int, optional
    statistic : {"mean", "median", "mode", "interval"}
    confidence : float in [0, 1]
    random_state : int, RandomState, Generator or None
        None: that of the density.

    Returns
    -------
    table of Dask as `X` is; two of them for "interval"; a list of `n_draws` of them

    Raises
    ------
    TypeError, ValueError, OSError
        As in `score_samples`, or another argument that cannot be meant.
    """
    density = as_density(model)
    table = Partitions.of(X)
    as_choice(statistic, "statistic", STATISTICS)
    as_number(confidence, "confidence", "[0, 1]")
    n_tables = 2 if statistic == "interval" else 1
    seeds = None
    if n_draws is not None:
        n_tables = as_count(n_draws, "n_draws")
        seeds = _seeds(density, random_state, table.n)
    looks = (filled_look(density, table.some),) * n_tables
    arguments = {"n_draws": n_draws, "statistic": statistic, "confidence": confidence}
    tables = lazily(density, table, asking.impute, looks, seeds=seeds, **arguments)
    if n_draws is not None:
        return tables
    return tuple(tables) if statistic == "interval" else tables[0]


def predict(model: Any, X: Any, target: str | int | None = None) -> Any:
    """Return the likeliest value of a column, or its mean, given the rest of each row, as `MADEDensity.predict`.

    Arguments and errors as in `score_samples`; `X` may lack the `target`, which is a column by name or place.

    Returns
    -------
    dask.dataframe.Series, or dask.array.Array (n,)
    """
    density = as_density(model)
    table = Partitions.of(X)
    look = predicted_look(density, table.some, target)
    if table.is_frame:
        look = look.set_axis(table.like.index)
    return lazily(density, table, asking.predict, (look,), target=target)[0]


def predict_proba(model: Any, X: Any, target: str | int | None = None, *, n_draws: int | str | None = None) -> Any:
    """Return p(target | all that is known of the others), as `MADEDensity.predict_proba`.

    Arguments and errors as in `predict`, `n_draws` as in `score_samples`.

    Returns
    -------
    dask.dataframe.DataFrame whose columns are the values of the target, or dask.array.Array (n, K)
    """
    density = as_density(model)
    table = Partitions.of(X)
    classes = density.classes(target)
    n_draws = None if n_draws is None else as_draws(n_draws)
    empty: Any = np.empty((0, len(classes)))
    if table.is_frame:
        import pandas

        empty = pandas.DataFrame(empty, index=table.like.index, columns=classes)
    return lazily(density, table, asking.predict_proba, (empty,), target=target, n_draws=n_draws)[0]


def sample(
    model: Any, n_samples: int, *, given: Any = None, chunk_rows: int = AT_ONCE, random_state: Any = None
) -> Any:
    """Draw rows from the model, a partition at a time, as `MADEDensity.sample`.

    Each partition has a seed of its own, which follows from `random_state`: the rows are the same whenever they are
    computed, on however many workers. Another `chunk_rows` gives other rows.

    Parameters
    ----------
    model : MADEDensity or path
    n_samples : int, at least 1
    given : condition, optional
        As in `MADEDensity.sample`; no table.
    chunk_rows : int
        Rows of a partition.
    random_state : int, RandomState, Generator or None
        None: that of the density.

    Returns
    -------
    dask.dataframe.DataFrame with the index 0, 1, ..., n_samples - 1 and known divisions
        Where the rows of fit had no names, dask.array.Array (n_samples, D).

    Raises
    ------
    TypeError, ValueError, OSError
        As in `score_samples`, or another argument that cannot be meant.
    """
    from made_np.cluster.drawing import drawn

    density = as_density(model)
    n_samples = as_count(n_samples, "n_samples")
    chunk_rows = as_count(chunk_rows, "chunk_rows")
    seeds = _seeds(density, random_state, -(-n_samples // chunk_rows))
    return drawn(density, n_samples, chunk_rows, given, seeds)


def _seeds(density: Any, random_state: Any, n: int) -> list[int]:
    """Return a seed for each partition."""
    with seed_of(density.random_state if random_state is None else random_state) as seed:
        return [int(each.generate_state(1)[0]) for each in np.random.SeedSequence(seed).spawn(n)]


def probability(model: Any, where: Any, given: Any = None) -> Any:
    """Return the probabilities of many conditions, as `MADEDensity.probability` of a list.

    Parameters
    ----------
    model : MADEDensity or path
    where : sequence of conditions, or dask.dataframe.Series of SQL conditions
    given : condition, optional

    Returns
    -------
    dask.array.Array (n,), or of a Series a Series of floats beside it

    Raises
    ------
    TypeError, ValueError, OSError
        As in `score_samples`, or no such conditions.
    """
    density = as_density(model)
    if hasattr(where, "map_partitions") and getattr(where, "ndim", 0) == 1:
        import dask
        import dask.dataframe
        import pandas

        empty = pandas.Series([], index=where._meta.index, name="probability", dtype=np.float64)
        ask = dask.delayed(_of_series, pure=True)
        there = held(density)
        parts = [ask(each, there, given, empty) for each in where.to_delayed()]
        return dask.dataframe.from_delayed(parts, meta=empty, divisions=where.divisions, verify_meta=False)
    if isinstance(where, str) or not isinstance(where, Sequence):
        raise TypeError(
            f"where is a {type(where).__name__}: give a list of conditions, or a Dask Series of SQL conditions; for a "
            "single one ask the density itself"
        )
    import dask
    import dask.array

    asked = dask.delayed(_of_list, pure=True)
    model_there = held(density)
    parts = [list(where[first : first + QUESTIONS]) for first in range(0, len(where), QUESTIONS)]
    blocks = [dask.array.from_delayed(asked(model_there, part, given), (len(part),), np.float64) for part in parts]
    return dask.array.concatenate(blocks) if blocks else dask.array.zeros(0)


def _of_list(density: Any, where: list[Any], given: Any) -> Any:
    """Return the probabilities of a list of conditions."""
    return density.probability(where, given)


def _of_series(where: Any, density: Any, given: Any, empty: Any) -> Any:
    """Return the probabilities of a column of conditions."""
    if not len(where):
        return empty.set_axis(where.index)
    masses = density.probability(where.tolist(), given)
    return type(where)(masses, index=where.index, name=empty.name)
