"""Some rows of one column, as the library that holds them has them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from made_np.typing import Array, Bools

__all__ = ["RawColumn"]


@dataclass(frozen=True, eq=False)
class RawColumn:
    """Cells of one column, with what its dtype says of them.

    Attributes
    ----------
    values : ndarray (n,)
        Booleans, integers, floats, datetime64 or timedelta64; objects where the cells are words, decimals or anything
        else; integer codes where `levels` are declared. What stands in a gap means nothing.
    gaps : ndarray of bool (n,)
        True where nothing is known.
    dtype : str
        What the library calls the dtype: "int64", "category", "Datetime(time_unit='us', time_zone=None)".
    levels : tuple, optional
        The levels that the dtype declares, in its order; None: it declares none.
    ordered : bool
        Whether the dtype says that the order of its levels means something.
    digits : int, optional
        So many decimals the dtype declares.
    """

    values: Array
    gaps: Bools
    dtype: str = ""
    levels: tuple[Any, ...] | None = None
    ordered: bool = False
    digits: int | None = None

    def __len__(self) -> int:
        return len(self.values)

    def known(self) -> Array:
        """Return the cells that are no gaps, as they are: of declared levels, those levels.

        Examples
        --------
        >>> RawColumn(np.array([1, 0, 0]), np.array([False, True, False]), "category", levels=("a", "b")).known()
        array(['b', 'a'], dtype=object)
        """
        values = self.values[~self.gaps]
        return values if self.levels is None else np.array([*self.levels, None], dtype=object)[values]

    def filled(self, by: RawColumn) -> RawColumn:
        """Return the column with its gaps filled by the cells of another one, as far as those are none.

        Examples
        --------
        >>> column = RawColumn(np.array([1.5, np.nan]), np.array([False, True]), "float64")
        >>> column.filled(RawColumn(np.array([7, 8]), np.array([False, False]))).values
        array([1.5, 8. ])
        """
        fills = self.gaps & ~by.gaps
        if not fills.any():
            return self
        are_alike = self.levels == by.levels and self.values.dtype.kind in "buif" and by.values.dtype.kind in "buif"
        if are_alike and self.levels is None:
            values = np.where(fills, by.values, self.values)
            return replace(self, values=values, gaps=self.gaps & ~fills)
        if self.values.dtype.kind in "mM" and by.values.dtype.kind == self.values.dtype.kind:
            moments = by.values.astype(self.values.dtype)
            if (moments == by.values)[fills].all():  # none is between two of its units
                return replace(self, values=np.where(fills, moments, self.values), gaps=self.gaps & ~fills)
        values = np.full(len(self), None, dtype=object)
        values[~self.gaps] = self.known()
        others = np.full(len(self), None, dtype=object)
        others[~by.gaps] = by.known()
        values[fills] = others[fills]
        return RawColumn(values, self.gaps & ~fills, self.dtype, digits=self.digits)
