"""One column of each dtype of pandas, polars and pyarrow, all of three cells; the last is a gap where one can be."""

from __future__ import annotations

import datetime
from decimal import Decimal
from functools import partial
from typing import Any

import numpy as np

DAY = datetime.date(2024, 2, 29)
MOMENT = datetime.datetime(2024, 2, 29, 13, 45, 30, 250000)
SPAN = datetime.timedelta(days=3, seconds=5)
TIME = datetime.time(13, 45, 30)
MONEY = [Decimal("1.50"), Decimal("-7.25"), None]
NUMPY = ["bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"]


def of_pandas() -> dict[str, Any]:
    """Columns of pandas."""
    import pandas as pd

    columns = {name: np.array([1, 0, 1], dtype=name) for name in NUMPY}
    columns |= {name: np.array([1.5, -0.25, np.nan], dtype=name) for name in ("float16", "float32", "float64")}
    columns["large"] = np.array([2**62 + 1, 5, -(2**53) - 1])
    for name in ("Int8", "Int64", "UInt8", "UInt64", "boolean", "Float32", "Float64"):
        columns[name] = pd.array([1, 0, None], dtype=name)
    columns["large Int64"] = pd.array([2**62 + 1, 5, None], dtype="Int64")
    words = ("string", "string[python]", "object")
    for name in ("str", *words) if pd.__version__ >= "3" else words:  # before, it turned None into a word
        columns[name] = pd.Series(["x", "y z", None]).astype(name).to_numpy() if name == "object" else None
        if name != "object":
            columns[name] = pd.array(["x", "y z", None], dtype=name)
    columns["category"] = pd.Categorical(["b", "a", None], ["c", "b", "a"])
    columns["category, ordered"] = pd.Categorical(["b", "a", None], ["b", "c", "a"], ordered=True)
    columns["category of integers"] = pd.Categorical([7, 3, None], [3, 7, 100])
    columns["category of floats"] = pd.Categorical([0.5, 3, None], [0.5, 3])
    columns["category of booleans"] = pd.Categorical([True, False, None])
    columns["category of days"] = pd.Categorical(pd.to_datetime(["2024-02-29", "2023-01-01", None]))
    columns["cut"] = pd.cut(np.array([1, 5, np.nan]), 2)
    columns["interval"] = pd.arrays.IntervalArray.from_tuples([(0, 1.5), (1.5, 3), None])
    columns["interval of integers"] = pd.arrays.IntervalArray.from_breaks([0, 1, 5, 7], closed="left")
    moments = pd.to_datetime([MOMENT, DAY, None])
    for unit in ("s", "ms", "us", "ns") if hasattr(moments, "as_unit") else ():  # as from pandas 2 on
        whole = moments.floor("s") if unit == "s" else moments
        columns[f"datetime64[{unit}]"] = whole.as_unit(unit)
        columns[f"datetime64[{unit}, Europe/Berlin]"] = whole.as_unit(unit).tz_localize("Europe/Berlin")
        columns[f"timedelta64[{unit}]"] = pd.to_timedelta([SPAN, -SPAN, None]).as_unit(unit)
    for freq in ("D", "W", "M", "Q", "Y", "h", "min"):
        columns[f"period[{freq}]"] = pd.PeriodIndex([MOMENT, DAY, pd.NaT], freq=freq)
    columns["Sparse[int64]"] = pd.arrays.SparseArray([1, 0, 0])
    columns["Sparse[float64]"] = pd.arrays.SparseArray([1.5, np.nan, np.nan])
    columns["Sparse[bool]"] = pd.arrays.SparseArray([True, False, False])
    columns["decimals"] = np.array(MONEY, dtype=object)
    columns["days"] = np.array([DAY, datetime.date(1969, 1, 1), None], dtype=object)
    columns["moments"] = np.array([MOMENT, datetime.datetime(1969, 1, 1), None], dtype=object)
    columns["times"] = np.array([TIME, datetime.time(0), None], dtype=object)
    columns["booleans"] = np.array([True, False, None], dtype=object)
    columns["integers"] = np.array([2**70, 0, None], dtype=object)
    columns["mixed"] = np.array([3, "red", None], dtype=object)
    columns["nothing"] = np.array([None, None, None], dtype=object)
    return columns


def of_arrow() -> dict[str, Any]:
    """Columns of pyarrow."""
    import pyarrow as pa

    types = {name: getattr(pa, name)() for name in [*NUMPY[1:], "bool_"]}
    columns = {name: pa.array([1, 0, None], kind) for name, kind in types.items() if name != "bool_"}
    columns["bool"] = pa.array([True, False, None])
    columns["large"] = pa.array([2**62 + 1, 5, None])
    if int(pa.__version__.split(".")[0]) >= 20:  # before, hardly a function takes them
        columns["float16"] = pa.array([np.float16(1.5), np.float16(-2), None], pa.float16())
    columns |= {name: pa.array([1.5, -2, None], getattr(pa, name)()) for name in ("float32", "float64")}
    for name in filter(partial(hasattr, pa), ("string", "large_string", "string_view")):  # the last one is newer
        columns[name] = pa.array(["x", "y z", None], getattr(pa, name)())
    columns["binary"] = pa.array([b"x", b"y z", None])
    columns["dictionary"] = pa.array(["b", "a", None]).dictionary_encode()
    columns["dictionary, ordered"] = pa.DictionaryArray.from_arrays(
        pa.array([1, 0, None], pa.int8()), ["a", "b"], ordered=True
    )
    columns["dictionary of integers"] = pa.array([7, 3, None]).dictionary_encode()
    for unit in ("s", "ms", "us", "ns"):
        moment = MOMENT.replace(microsecond=0) if unit == "s" else MOMENT
        for zone in (None, "Europe/Berlin"):
            columns[f"timestamp {unit} {zone}"] = pa.array(
                [moment, datetime.datetime(1969, 1, 1), None], pa.timestamp(unit, zone)
            )
        columns[f"duration {unit}"] = pa.array([SPAN, -SPAN, None], pa.duration(unit))
    columns["date32"] = pa.array([DAY, datetime.date(1969, 1, 1), None])
    columns["date64"] = columns["date32"].cast(pa.date64())
    columns |= {f"time32 {unit}": pa.array([TIME, datetime.time(0), None], pa.time32(unit)) for unit in ("s", "ms")}
    columns |= {f"time64 {unit}": pa.array([TIME, datetime.time(0), None], pa.time64(unit)) for unit in ("us", "ns")}
    columns["decimal128"] = pa.array(MONEY, pa.decimal128(9, 3))
    columns["decimal256"] = pa.array(MONEY, pa.decimal256(50, 2))
    columns["decimal, whole"] = pa.array([Decimal(10**25), Decimal(-1), None], pa.decimal128(30, 0))
    columns["null"] = pa.nulls(3)
    return columns


def of_polars() -> dict[str, Any]:
    """Columns of polars."""
    import polars as pl

    columns = {name: pl.Series([1, 0, None], dtype=getattr(pl, name)) for name in ("Int8", "Int64", "UInt8", "UInt64")}
    columns["Boolean"] = pl.Series([True, False, None])
    columns["large"] = pl.Series([2**62 + 1, 5, None])
    columns["Int128"] = pl.Series([2**70, 5, None], dtype=pl.Int128)
    columns |= {name: pl.Series([1.5, -2, None], dtype=getattr(pl, name)) for name in ("Float32", "Float64")}
    columns["String"] = pl.Series(["x", "y z", None])
    columns["Binary"] = pl.Series([b"x", b"y z", None])
    columns["Categorical"] = pl.Series(["b", "a", None], dtype=pl.Categorical)
    columns["Enum"] = pl.Series(["b", "a", None], dtype=pl.Enum(["c", "b", "a"]))
    columns["Date"] = pl.Series([DAY, datetime.date(1969, 1, 1), None])
    columns["Time"] = pl.Series([TIME, datetime.time(0), None])
    for unit in ("ms", "us", "ns"):
        columns[f"Datetime {unit}"] = pl.Series([MOMENT, datetime.datetime(1969, 1, 1), None], dtype=pl.Datetime(unit))  # type: ignore[arg-type]
        columns[f"Datetime {unit} Europe/Berlin"] = columns[f"Datetime {unit}"].dt.replace_time_zone("Europe/Berlin")
        columns[f"Duration {unit}"] = pl.Series([SPAN, -SPAN, None], dtype=pl.Duration(unit))  # type: ignore[arg-type]
    columns["Decimal"] = pl.Series(MONEY, dtype=pl.Decimal(10, 3))
    columns["Null"] = pl.Series([None, None, None])
    return columns
