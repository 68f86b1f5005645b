"""What a container of tables looks like: what comes out of an estimator looks like what went in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from importlib import import_module
from typing import Any

import numpy as np

from made_np.table.casting import Style, as_objects
from made_np.table.raw import RawColumn
from made_np.table.table import Table
from made_np.table.to_arrow import to_arrow
from made_np.table.to_numpy import array_of, table_of
from made_np.table.to_pandas import to_pandas
from made_np.table.to_polars import to_polars
from made_np.typing import Floats
from made_np.values import as_choice

__all__ = ["Look", "Style", "spelled"]

WHOLE = ("bool", "int", "uint")
"""How the names of dtypes without gaps begin, in small letters, in pandas and in polars."""
FORMS = ("bsr", "coo", "csc", "csr", "dia", "dok", "lil")
NEEDED = {"pandas": "pandas", "polars": "polars", "pyarrow": "pyarrow", "sparse": "scipy.sparse"}
"""What has to be installed for a container."""


@dataclass(frozen=True)
class Look:
    """Whose container it is, what its columns are called, and of which dtype they are.

    Attributes
    ----------
    library : {"pandas", "polars", "pyarrow", "structured", "dicts", "dict", "numpy", "sparse"}
        A data frame of a library; an array with fields; a list of dicts; a dict of columns; an array; a sparse matrix.
    names : tuple, length D
        Strings, or whatever else they are; the places of columns where they have no names. A file holds strings,
        numbers and tuples of these as they are, and anything else, such as dates, as it is printed.
    styles : tuple of Style, length D
        None of them where a frame is only known by its names.
    form : str
        The class of a sparse matrix: "csr_array".

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"ill": [True, False], "age": [41, 36], "sex": pd.Categorical(["F", "M"])})
    >>> look = Look.of(frame)
    >>> columns = [Table.of(frame).cells(d) for d in range(3)]
    >>> look.put_on(columns).equals(frame)
    True
    >>> look.put_on(np.array([[1, 41, 0], [0, 36.5, 1]])).dtypes.tolist()
    [dtype('bool'), dtype('float64'), dtype('float64')]
    """

    library: str
    names: tuple[Any, ...]
    styles: tuple[Style, ...] = ()
    form: str = ""

    def __post_init__(self) -> None:
        as_choice(self.library, "library", tuple(WAYS))  # it is imported, and a file may say what it likes
        if self.library == "sparse":
            as_choice(self.form, "form", tuple(f"{form}_{kind}" for form in FORMS for kind in ("array", "matrix")))

    @classmethod
    def of(cls, X: Any) -> Look:
        """Return the look of a table in any container, or of a `Table`."""
        table = Table.of(X)
        names = tuple(range(table.n_columns)) if table.labels is None else table.labels
        library, form = table.kept_in
        if library == "numpy" and table.labels is not None:  # of a file, or of whatever has names and is an array
            library = "pandas"
        return cls(library, names, tuple(table.style(d) for d in range(table.n_columns)), form)

    @property
    def dtypes(self) -> tuple[str, ...]:
        """The dtypes of the columns, in the words of the library."""
        return tuple(style.dtype for style in self.styles)

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Look:
        """Return the look whose `config` this is; older files hold dtypes alone."""
        names = (tuple(name) if isinstance(name, list) else name for name in config["names"])
        styles = [{"dtype": dtype} for dtype in config["dtypes"]] if "dtypes" in config else config["styles"]
        return cls(config["library"], tuple(names), tuple(map(_as_style, styles)), config.get("form", ""))

    def config(self) -> dict[str, Any]:
        """Return the look as JSON-able values, from which `from_config` builds an equal one."""
        plain = Style()
        styles = [
            {name: value for name, value in asdict(style).items() if value != getattr(plain, name)}
            for style in self.styles
        ]
        return {
            "library": self.library,
            "names": list(spelled(self.names)),
            "styles": styles,
            "form": self.form,
        }

    def only(self, places: Sequence[int]) -> Look:
        """Return the look of some of the columns."""
        styles = tuple(self.styles[d] for d in places) if self.styles else ()
        return replace(self, names=tuple(self.names[d] for d in places), styles=styles)

    def filled(self, fitted: Look | None) -> Look:
        """Return the look of this table once its gaps are filled: for those, whole numbers had become other dtypes."""
        if fitted is None or fitted.library != self.library or len(fitted.styles) != len(self.styles):
            return self
        pairs = zip(self.styles, fitted.styles, strict=True)
        return replace(self, styles=tuple(was if was.dtype.lower().startswith(WHOLE) else now for now, was in pairs))

    def put_on(self, columns: Sequence[RawColumn] | Floats, index: Any = None) -> Any:
        """Return cells in a container of this look, each column in its dtype if that holds its cells.

        Parameters
        ----------
        columns : sequence of RawColumn, length D; or array (n, D) of numbers
        index : optional
            For pandas.

        Returns
        -------
        container
            Where its library is not installed, a dict of columns; of numbers, the array that was given.
        """
        cells = _cells(columns) if isinstance(columns, np.ndarray) else list(columns)
        try:
            needed = None if self.library not in NEEDED else import_module(NEEDED[self.library])
        except ImportError:
            return columns if isinstance(columns, np.ndarray) else replace(self, library="dict").put_on(columns)
        styles = self.styles or (Style(),) * len(self.names)
        if self.library == "pandas":
            return _as_pandas(needed, self.names, list(map(to_pandas, cells, styles)), index)
        if self.library == "sparse":
            return getattr(needed, self.form)(table_of(cells, styles))
        return WAYS[self.library](self.names, cells, styles)

    def column(self, d: int, raw: RawColumn, index: Any = None) -> Any:
        """Return cells as column `d` of a container of this look, in its dtype if that holds them.

        Returns
        -------
        Series of pandas, with the `index`, or of polars; array of pyarrow; else, and without the library, ndarray
        """
        style = self.styles[d] if self.styles else Style()
        try:
            if self.library == "pandas":
                series = to_pandas(raw, style)
                series.name = self.names[d]
                return series if index is None else series.set_axis(index)
            if self.library == "polars":
                return to_polars(raw, style, self.names[d])
            if self.library == "pyarrow":
                return to_arrow(raw, style)
        except ImportError:
            pass
        return array_of(raw, style)


def _cells(table: Floats) -> list[RawColumn]:
    """Return the columns of an array of numbers as cells."""
    return [RawColumn(each, np.isnan(each), "float64") for each in table.T]


def spelled(names: Sequence[Any]) -> tuple[Any, ...]:
    """Return names of columns as a file holds them: those that it cannot hold, such as dates, as they are printed."""
    return tuple(name if _is_plain(name) else str(name) for name in names)


def _is_plain(name: Any) -> bool:
    """Whether a file can hold a name."""
    return all(map(_is_plain, name)) if isinstance(name, tuple) else isinstance(name, (str, int, float))


def _as_style(config: dict[str, Any]) -> Style:
    """Return a style as a file holds it."""
    levels = config.get("levels")
    return Style(**{**config, "levels": None if levels is None else tuple(levels)})


def _as_pandas(pandas: Any, names: tuple[Any, ...], columns: list[Any], index: Any) -> Any:
    """Return columns as a frame of pandas."""
    frame = pandas.DataFrame(dict(enumerate(columns)))
    if index is not None:
        frame.index = index
    is_paired = bool(names) and all(isinstance(name, tuple) for name in names)
    frame.columns = pandas.MultiIndex.from_tuples(names) if is_paired else list(names)
    return frame


Cells = Sequence[RawColumn]
Styles = Sequence[Style]


def _as_polars(names: tuple[Any, ...], columns: Cells, styles: Styles) -> Any:
    """Return columns as a frame of polars."""
    polars: Any = import_module("polars")

    return polars.DataFrame(list(map(to_polars, columns, styles, names)))


def _as_arrow(names: tuple[Any, ...], columns: Cells, styles: Styles) -> Any:
    """Return columns as a table of pyarrow."""
    import pyarrow

    return pyarrow.Table.from_arrays(list(map(to_arrow, columns, styles)), names=list(names))


def _as_structured(names: tuple[Any, ...], columns: Cells, styles: Styles) -> Any:
    """Return columns as the fields of an array."""
    arrays = list(map(array_of, columns, styles))
    fields = np.zeros(len(arrays[0]), dtype=[(name, each.dtype) for name, each in zip(names, arrays, strict=True)])
    for name, each in zip(names, arrays, strict=True):
        fields[name] = each
    return fields


def _as_dicts(names: tuple[Any, ...], columns: Cells, styles: Styles) -> Any:
    """Return columns as a list of dicts."""
    kinds = [style.dtype.removeprefix("object").strip("[]") for style in styles]
    rows = zip(*map(as_objects, columns, kinds), strict=True)
    return [dict(zip(names, row, strict=True)) for row in rows]


def _as_dict(names: tuple[Any, ...], columns: Cells, styles: Styles) -> Any:
    """Return columns as a dict: arrays of NumPy, or lists of objects."""
    arrays = list(map(array_of, columns, styles))
    return {name: list(each) if each.dtype.kind == "O" else each for name, each in zip(names, arrays, strict=True)}


WAYS: dict[str, Callable[..., Any]] = {
    "pandas": _as_pandas,
    "polars": _as_polars,
    "pyarrow": _as_arrow,
    "structured": _as_structured,
    "dicts": _as_dicts,
    "dict": _as_dict,
    "numpy": lambda _, columns, styles: table_of(columns, styles),
    "sparse": table_of,
}
"""How the container of each library is made."""
