"""Cells put into columns of polars."""

from __future__ import annotations

import ast
from importlib import import_module
from typing import Any

import numpy as np

from made_np.table.casting import Style, as_codes, as_decimals, as_dtype, as_objects, as_unit, as_words
from made_np.table.raw import RawColumn
from made_np.table.to_numpy import natural

__all__ = ["to_polars"]

NUMBERS = {"Boolean": "bool", **{name: name.lower() for name in ("Int8", "Int16", "Int32", "Int64", "UInt8", "UInt16")}}
NUMBERS |= {name: name.lower() for name in ("UInt32", "UInt64", "Float32", "Float64")}
"""The dtypes of real numbers that NumPy has too, and what it calls them."""
OTHERS = ("Int128", "UInt128", "String", "Utf8", "Binary", "Categorical", "Enum", "Date", "Datetime", "Duration")
KNOWN = {*NUMBERS, *OTHERS, "Time", "Decimal", "Null"}
"""The names that are looked up in polars: a file may say what it likes."""


def to_polars(raw: RawColumn, style: Style, name: str = "") -> Any:
    """Return cells as a Series of the dtype, if that holds them, else of one that does."""
    polars: Any = import_module("polars")

    made = _of_dtype(raw, style)
    if made is None:
        are_numbers = raw.levels is None and raw.values.dtype.kind in "buif"
        values = raw.values if are_numbers else natural(raw)
        if values.dtype.kind in "mM":
            made = _masked(polars.Series(values.astype(f"{values.dtype.str[1:3]}[us]")), raw)
        elif values.dtype.kind == "O":
            made = polars.Series(list(values), strict=False)
        else:
            made = _masked(polars.Series(values), raw)
    return made.alias(name)


def _of_dtype(raw: RawColumn, style: Style) -> Any:
    """Return cells as a Series of a dtype, None if it does not hold them."""
    polars: Any = import_module("polars")

    base, _, rest = style.dtype.partition("(")
    if base not in KNOWN:
        return None
    if base in NUMBERS:
        numbers = as_dtype(raw, NUMBERS[base])
        return None if numbers is None else _masked(polars.Series(numbers), raw)
    if base == "Null":
        return polars.Series([None] * len(raw), dtype=polars.Null) if raw.gaps.all() else None
    if base in ("Date", "Datetime", "Duration", "Time"):
        return _moments(raw, base, _arguments(rest))
    if base == "Decimal":
        about = _arguments(rest)
        decimals = as_decimals(raw, about.get("scale"))
        return None if decimals is None else polars.Series(decimals, dtype=polars.Decimal(**about))
    if base in ("Int128", "UInt128"):
        whole = as_objects(raw, "int")
        is_whole = all(isinstance(each, int) for each in whole[~raw.gaps])
        return polars.Series(list(whole), dtype=getattr(polars, base)) if is_whole else None
    if base == "Enum" and as_codes(raw, style.levels or ()) is None:
        return None
    words = as_words(raw)
    if words is None:
        return None
    if base == "Binary":
        return polars.Series([word if word is None else word.encode() for word in words], dtype=polars.Binary)
    dtype = polars.Enum(list(style.levels or ())) if base == "Enum" else getattr(polars, base)
    return polars.Series(list(words), dtype=dtype)


def _masked(series: Any, raw: RawColumn) -> Any:
    """Return a Series with nulls in gaps."""
    polars: Any = import_module("polars")

    if not raw.gaps.any():
        return series
    return polars.select(polars.when(polars.Series(raw.gaps)).then(None).otherwise(series)).to_series()


def _moments(raw: RawColumn, base: str, about: dict[str, Any]) -> Any:
    """Return dates, times of the day or spans."""
    polars: Any = import_module("polars")

    unit = {"Date": "D", "Time": "ns"}.get(base) or about.get("time_unit", "us")
    values = as_unit(raw, "M8" if base.startswith("Date") else "m8", unit)
    if values is None:
        return None
    whole = polars.Series(np.where(raw.gaps, 0, values.astype(np.int64)))
    if base == "Date":
        return _masked(whole.cast(polars.Int32).cast(polars.Date), raw)
    if base == "Time":
        return _masked(whole.cast(polars.Time), raw)
    made = whole.cast(polars.Datetime(unit) if base == "Datetime" else polars.Duration(unit))
    if about.get("time_zone"):
        made = made.dt.replace_time_zone("UTC").dt.convert_time_zone(about["time_zone"])
    return _masked(made, raw)


def _arguments(text: str) -> dict[str, Any]:
    """Return the arguments of a dtype as polars prints it: "time_unit='us', time_zone=None)"."""
    call = ast.parse(f"f({text.rstrip(')')})", mode="eval").body
    return {each.arg: ast.literal_eval(each.value) for each in call.keywords if each.arg}  # type: ignore[attr-defined]
