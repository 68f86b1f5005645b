"""A report on a synthetic table beside the real one that it imitates."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from made_np.columns.odd import listed
from made_np.comparison.copies import Closeness, copies
from made_np.comparison.marginals import Marginal, marginal
from made_np.comparison.pairs import PairOfColumns, compare_pairs
from made_np.comparison.reading import read_together, row_codes
from made_np.comparison.twosample import TwoSample, tell_apart
from made_np.values import as_count, as_generator

__all__ = ["Comparison", "compare"]

SHOWN = 10
"""So many columns and pairs are printed, those farthest above chance."""


@dataclass(frozen=True)
class Comparison:
    """How a synthetic table differs from the real one that it imitates; printed, the worst comes first.

    Attributes
    ----------
    n_rows : tuple of two int
        Real and synthetic.
    columns : tuple of Marginal
        Each column alone, in the order of the table.
    pairs : tuple of PairOfColumns
        Each two columns together, the pair whose distance is farthest above chance first.
    two_sample : TwoSample or None
        How well a classifier tells the rows apart; None: `note` says why there is none.
    copies : Closeness
        How close the synthetic rows are to the real ones.
    baseline : Closeness
        The same of rows that are no copies: those of `holdout`, or each real row among the others.
    has_holdout : bool
    note : str
    left_out : dict of str to str
        Columns of the real table that are not compared, and why: a density leaves them out, and the other tables do not
        have them.
    """

    n_rows: tuple[int, int]
    columns: tuple[Marginal, ...]
    pairs: tuple[PairOfColumns, ...]
    two_sample: TwoSample | None
    copies: Closeness
    baseline: Closeness
    has_holdout: bool = False
    note: str = ""
    left_out: dict[str, str] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Return all of it as plain Python for `json.dumps`."""
        found = asdict(self)
        if self.two_sample is not None and math.isnan(self.two_sample.standard_error):
            found["two_sample"]["standard_error"] = None
        return {key: list(value) if isinstance(value, tuple) else value for key, value in found.items()}

    def __str__(self) -> str:
        lines = [
            f"rows            {self.n_rows[0]} real, {self.n_rows[1]} synthetic; {len(self.columns)} columns",
            f"two-sample AUC  {self._told_apart()}",
            *self._not_compared(),
            "",
            *self._of_rows(),
            "",
            *self._of_columns(),
        ]
        if self.pairs:
            lines += ["", *self._of_pairs()]
        return "\n".join(lines)

    __repr__ = __str__

    def _told_apart(self) -> str:
        if self.two_sample is None:
            return self.note
        error = f" +- {self.two_sample.standard_error:.3f} (standard error)"
        return f"{self.two_sample.auc:.3f}{error}; 0.5: cannot be told apart, 1: always"

    def _not_compared(self) -> list[str]:
        each = [f"{name}: {why}" for name, why in self.left_out.items()]
        return [f"left out        {listed(each, '; ')}"] if each else []

    def _of_rows(self) -> list[str]:
        both = self.copies, self.baseline
        others = "held-out rows" if self.has_holdout else "real rows, among the others"
        return _aligned(
            [
                ("to the real rows", "synthetic rows", others),
                ("equal to one", *(f"{100 * each.copied:.2f} %" for each in both)),
                ("distance to the closest, median", *(f"{each.nearest[1]:.4f}" for each in both)),
                ("distance to the closest, 5 % quantile", *(f"{each.nearest[0]:.4f}" for each in both)),
            ]
        )

    def _of_columns(self) -> list[str]:
        worst = sorted(self.columns, key=lambda each: each.by_chance - each.distance)[:SHOWN]
        rows = [
            (
                each.name,
                each.measure,
                f"{each.distance:.3f}",
                f"{each.by_chance:.3f}",
                "" if each.wasserstein is None else f"{each.wasserstein:.3f}",
                "" if each.gaps == (0, 0) else f"{100 * each.gaps[0]:.1f} %, {100 * each.gaps[1]:.1f} %",
            )
            for each in worst
        ]
        lines = _aligned([("column", "", "distance", "by chance", "W1 / sd", "gaps, real and synthetic"), *rows])
        left = len(self.columns) - len(worst)
        return lines + ([f"and {left} more, no farther above chance"] if left else [])

    def _of_pairs(self) -> list[str]:
        rows = [
            (
                " & ".join(each.names),
                f"{each.distance:.3f}",
                f"{each.by_chance:.3f}",
                f"{each.information[0]:.3f}, {each.information[1]:.3f} nats",
            )
            for each in self.pairs[:SHOWN]
        ]
        lines = _aligned([("pair", "distance", "by chance", "information, real and synthetic"), *rows])
        left = len(self.pairs) - len(rows)
        return lines + ([f"and {left} more, no farther above chance"] if left else [])


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]


def compare(
    real: Any, synthetic: Any, *, holdout: Any = None, max_rows: int = 5000, random_state: Any = 0
) -> Comparison:
    """Compare drawn rows with the real ones that they imitate: each column, each pair, whole rows, copies.

    Parameters
    ----------
    real : array or data frame (n, D)
        Of pandas, polars or pyarrow; numbers, words, dates, booleans, gaps. To see copies give the rows of training.
    synthetic : array or data frame (m, D)
        The same columns: by name if both are data frames, else by place. It may lack, or have as gaps alone, what a
        density leaves out: ids, row numbers, free text; and constants. These are not compared, and the report says so.
    holdout : array or data frame (k, D), optional
        Real rows that the model has not seen: the share of copies and the distances are shown beside theirs. Without
        them each real row is held against the other ones.
    max_rows : int
        The classifier, and the search for the closest row, look at so many rows of each table at most. All else is
        computed from all rows.
    random_state : int, Generator or None
        Draws these rows, and the folds of the classifier.

    Returns
    -------
    Comparison
        Print it. Distances stand beside what chance alone makes of samples of these sizes.

    Raises
    ------
    TypeError, ValueError
        Something that is no table, a table that lacks a column or has one more, or a column of words in one of them and
        numbers in another.

    Notes
    -----
    The two-sample test is scikit-learn's; without it the report says what to install, and holds the rest.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> real = rng.normal(size=(1000, 2))
    >>> found = compare(real, real + [0, 0.5], max_rows=200)
    >>> [(column.name, round(column.wasserstein, 2)) for column in found.columns]
    [('x0', 0.0), ('x1', 0.51)]
    """
    max_rows = as_count(max_rows, "max_rows")
    tables = {"real": real, "synthetic": synthetic}
    if holdout is not None:
        tables["holdout"] = holdout
    columns, left_out = read_together(tables)
    codes = row_codes(columns)
    rng = as_generator(random_state, "random_state")
    note = "not measured: too few different rows for five folds"
    try:
        two_sample = tell_apart(columns, codes, max_rows, rng)
    except ImportError as error:
        two_sample = None
        note = str(error)
    close, baseline = copies(columns, codes, max_rows, rng)
    n, m = (len(values) for values in columns[0].values[:2])
    return Comparison(
        (n, m),
        tuple(map(marginal, columns)),
        tuple(compare_pairs(columns, rng)),
        two_sample,
        close,
        baseline,
        holdout is not None,
        "" if two_sample else note,
        left_out,
    )
