"""What a data frame looks like: what comes out of an estimator looks like what went in."""

from __future__ import annotations

from dataclasses import dataclass, replace
from importlib import import_module
from typing import Any

import numpy as np

from made_np.table.frames import frame_of, labels_of, names_of
from made_np.table.table import Table
from made_np.typing import Floats
from made_np.values import as_choice

__all__ = ["Look"]

WHOLE = ("bool", "int", "uint")
FLOATING = ("float", "double")
"""How the names of dtypes begin, in small letters, in pandas and in polars."""


@dataclass(frozen=True)
class Look:
    """Whose data frame it is, what its columns are called, and of which dtype they are.

    Attributes
    ----------
    library : {"pandas", "polars"}
    names : tuple, length D
        Strings, numbers, or tuples of these.
    dtypes : tuple of str, length D
        In the words of the library; none of them where a frame is only known by its names.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"ill": [True, False], "age": [41, 36], "size": [1.5, 1.75]})
    >>> look = Look.of(frame)
    >>> look.put_on(np.array([[1, 41, 1.625], [0, 36.5, 1.75]]))
         ill   age   size
    0   True  41.0  1.625
    1  False  36.5  1.750
    """

    library: str
    names: tuple[Any, ...]
    dtypes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        as_choice(self.library, "library", ("pandas", "polars"))  # it is imported, and a file may say what it likes

    @classmethod
    def of(cls, X: Any) -> Look | None:
        """Return the look of a data frame; None for what is none, or has other names, such as dates."""
        if isinstance(X, Table):  # of a file, whose columns are numbers of one dtype
            return None if X.names is None else cls("pandas", X.names, (str(X.dtype),) * X.n_columns)
        frame = frame_of(X)
        if frame is None:
            names = names_of(labels_of(X))
            return None if names is None else cls("pandas", tuple(names))
        if frame.library not in ("pandas", "polars") or not all(map(_is_plain, frame.labels)):
            return None
        return cls(frame.library, frame.labels, tuple(str(column.dtype) for column in frame.columns))

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Look:
        """Return the look whose `config` this is."""
        names = (tuple(name) if isinstance(name, list) else name for name in config["names"])
        return cls(config["library"], tuple(names), tuple(config["dtypes"]))

    def config(self) -> dict[str, Any]:
        """Return the look as JSON-able values, from which `from_config` builds an equal one."""
        return {"library": self.library, "names": list(self.names), "dtypes": list(self.dtypes)}

    def filled(self, fitted: Look | None) -> Look:
        """Return the look of this frame once its gaps are filled: for those, whole numbers had become floating ones."""
        if fitted is None or fitted.library != self.library or len(fitted.dtypes) != len(self.dtypes):
            return self
        pairs = zip(self.dtypes, fitted.dtypes, strict=True)
        return replace(self, dtypes=tuple(was if was.lower().startswith(WHOLE) else now for now, was in pairs))

    def put_on(self, table: Floats, index: Any = None) -> Any:
        """Return `table` (n, D) as a frame of this look, each column in its dtype if that holds its values.

        `index` is for pandas. Where the library is not installed, the table comes back as it is.
        """
        try:
            library = import_module(self.library)
        except ImportError:
            return table
        dtypes = self.dtypes or ("",) * len(self.names)
        if self.library == "polars":
            columns = [_cast(library.Series(each), dtype, library) for each, dtype in zip(table.T, dtypes, strict=True)]
            return library.DataFrame(dict(zip(self.names, columns, strict=True)))
        columns = [library.Series(each, index=index) for each in table.T]
        # By number first, since two columns may have one name.
        frame = library.DataFrame({d: _cast(each, dtypes[d], None) for d, each in enumerate(columns)}, index=index)
        is_paired = all(isinstance(name, tuple) for name in self.names)
        frame.columns = library.MultiIndex.from_tuples(self.names) if is_paired else list(self.names)
        return frame


def _is_plain(name: Any) -> bool:
    """Whether a file can hold a name."""
    return all(map(_is_plain, name)) if isinstance(name, tuple) else isinstance(name, (str, int, float))


def _cast(column: Any, dtype: str, polars: Any) -> Any:
    """Return a column of floats in `dtype` if that holds its values (to rounding, a floating one), else as it is."""
    is_whole = dtype.lower().startswith(WHOLE)
    if not is_whole and not dtype.lower().startswith(FLOATING):
        return column
    try:
        with np.errstate(all="ignore"):
            cast = column.astype(dtype) if polars is None else column.cast(getattr(polars, dtype), strict=False)
            back = np.asarray(cast, dtype=np.float64)
    except (TypeError, ValueError, OverflowError, AttributeError):  # as each dtype says that it does not
        return column
    return cast if (np.array_equal(back, column) if is_whole else np.isfinite(back).all()) else column
