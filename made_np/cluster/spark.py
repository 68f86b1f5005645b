"""Data frames of Spark, scored by a fitted density where their rows are.

    from made_np.cluster import spark as made_spark

    made_spark.score(table, density).orderBy("log_prob").show()

Spark hands each task some thousand rows at a time as a frame of pandas (`mapInPandas`), so no worker needs memory for
more. Workers need made_np, pandas and pyarrow. The density goes to them with the plan, and a process reads it once.
"""

from __future__ import annotations

import pickle
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from made_np.cluster.asking import LOG_PROB
from made_np.cluster.carried import as_density, carried
from made_np.estimator import MADEDensity
from made_np.messages import not_installed
from made_np.values import as_a, as_flag, show

__all__ = ["WHY", "score"]

WHY = "why"
"""What the column of reasons is called, if nothing else is said."""


def score(df: Any, model: Any, *, column: str = LOG_PROB, explain: bool | str = False) -> Any:
    """Return the rows with one more column: log p(x) in nats, as `MADEDensity.score_samples`.

    Parameters
    ----------
    df : pyspark.sql.DataFrame
        With the columns of fit, by name where fit saw names; others are kept, and do not count. Without names, as many
        columns as in fit.
    model : MADEDensity or path
    column : str
        What the new column is called.
    explain : bool or str
        Whether there is a column "why" too, or one of that name: in words, the value that fits the rest of its row
        worst.

    Returns
    -------
    pyspark.sql.DataFrame
        Of the same rows in the same partitions; nothing is computed yet. NaN in a column of floats has become a null.

    Raises
    ------
    TypeError, ValueError, OSError
        No frame of Spark, no fitted density, a name that is there already, a column of fit that is not. What a value
        cannot be is told when the rows are computed.
    ImportError
        pyspark is not installed.
    """
    df = _as_frame(df)
    density = as_density(model)
    new = [as_a(column, "column", str, "give the name of the new column")]
    if isinstance(explain, str) or as_flag(explain, "explain"):
        new.append(explain if isinstance(explain, str) else WHY)
    for k, (argument, name) in enumerate(zip(("column", "explain"), new, strict=False)):
        if name in [*df.columns, *new[:k]]:
            raise ValueError(f"{argument}={show(name)} is the name of a column: give another")
    task = Scoring(pickle.dumps(carried(density)), _known(density, df.columns), tuple(new))
    from pyspark.sql.types import DoubleType, StringType, StructField, StructType

    kinds = (DoubleType(), StringType())
    added = [StructField(name, kind) for name, kind in zip(new, kinds, strict=False)]
    return df.mapInPandas(task, StructType([*df.schema.fields, *added]))


def _as_frame(df: Any) -> Any:
    """Return a frame of Spark, of a session in this process or of one that is far away."""
    try:
        from pyspark.sql import DataFrame
    except ImportError as error:
        raise not_installed("scores of Spark's data frames need", "pyspark", "spark") from error
    kinds = [DataFrame]
    if type(df).__module__.startswith("pyspark.sql.connect"):  # which is a class of its own before Spark 4
        kinds.append(type(df))
    if not isinstance(df, tuple(kinds)):
        raise TypeError(f"df is a {type(df).__name__} ({show(df)}): give a data frame of Spark (pyspark.sql.DataFrame)")
    return df


def _known(density: MADEDensity, names: Sequence[str]) -> tuple[str, ...]:
    """Return the columns that the density knows, in the order of fit."""
    fitted = density._answers.names
    if fitted is None:
        n = density.n_features_in_
        if len(names) != n:
            raise ValueError(f"df has {len(names)} columns, and fit saw {n} without names: use df.select")
        return tuple(names)
    missing = [name for name in fitted if name not in names]
    if missing:
        raise ValueError(f"df lacks the column {show(missing[0])} of fit: add it, with nulls if nothing is known")
    return tuple(fitted)


@dataclass(frozen=True)
class Scoring:
    """What a task of Spark does with its rows.

    Attributes
    ----------
    density : bytes
        A pickled `MADEDensity`.
    known : tuple of str
        The columns that it knows, in the order of fit.
    new : tuple of str
        What the new columns are called.
    """

    density: bytes
    known: tuple[str, ...]
    new: tuple[str, ...]

    def __call__(self, batches: Iterator[Any]) -> Iterator[Any]:
        """Yield frames of pandas with the new columns."""
        density = _loaded(self.density)
        for rows in batches:
            if not len(rows):
                continue
            asked = rows[list(self.known)]
            if density._answers.names is None:
                asked = asked.to_numpy()
            added: dict[str, Any] = {self.new[0]: density.score_samples(asked)}
            if len(self.new) > 1:
                reasons = density.explain(asked)
                added[self.new[1]] = [reasons.of_row(row) for row in range(len(rows))]
            yield rows.assign(**added)


@lru_cache(maxsize=4)
def _loaded(data: bytes) -> MADEDensity:
    """Return a density, read once in each process: a task has some hundred batches, a process many tasks."""
    density: MADEDensity = pickle.loads(data)
    return density
