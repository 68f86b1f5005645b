"""complete writes columns of the types that they have in the file."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import pytest
from people_file import FAST

from made_np.cli import main


def test_types_of_parquet_stay(tmp_path: Path) -> None:
    pa = pytest.importorskip("pyarrow")
    import pyarrow.parquet as pq

    rng = np.random.default_rng(0)
    n = 80

    def gappy(values: list[object], k: int) -> list[object]:
        return [None if row % k == 0 else value for row, value in enumerate(values)]

    hours = [dt.datetime(2020, 1, 1, int(k)) for k in rng.integers(0, 24, n)]
    columns = {
        "b": pa.array(gappy((rng.random(n) < 0.4).tolist(), 7)),
        "i": pa.array(gappy(rng.integers(0, 50, n).tolist(), 8), pa.int32()),
        "f": pa.array(gappy(rng.normal(size=n).tolist(), 9), pa.float32()),
        "c": pa.array(gappy([["x", "y", "z"][k] for k in rng.integers(0, 3, n)], 5)).dictionary_encode(),
        "d": pa.array(gappy([hour.date() + dt.timedelta(days=hour.hour) for hour in hours], 6)),
        "t": pa.array(gappy(list(hours), 6), pa.timestamp("ms")),
        "s": pa.array(gappy([["lo", "hi"][k] for k in rng.integers(0, 2, n)], 4)),
        "z": pa.array([f"row {k}" for k in range(n)]),
    }
    table = pa.table(columns)
    pq.write_table(table, tmp_path / "t.parquet")
    assert main(["train", str(tmp_path / "t.parquet"), "-o", str(tmp_path / "m.npz"), *FAST]) == 0
    for more in ([], ["--draws", "2"]):
        argv = ["complete", str(tmp_path / "m.npz"), str(tmp_path / "t.parquet"), "-o", str(tmp_path / "o.parquet")]
        assert main([*argv, *more]) == 0
        filled = pq.read_table(tmp_path / "o.parquet")
        assert filled.schema.names == table.schema.names
        assert filled.schema.types == table.schema.types
        assert all(column.null_count == 0 for column in filled.columns)
        for name, column in columns.items():
            known = [row for row, cell in enumerate(column.to_pylist()) if cell is not None]
            found = filled[name].slice(0, n).to_pylist()
            assert [found[row] for row in known] == [column[row].as_py() for row in known]
