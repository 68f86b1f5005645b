"""Scores of Spark's data frames are those of the estimator, beside the columns that were there."""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import people
import pytest

from made_np import MADEDensity
from made_np.cluster import spark as made_spark

pyspark_sql = pytest.importorskip("pyspark.sql", reason="pyspark is not installed: the extra spark brings it")
pandas = pytest.importorskip("pandas")
if shutil.which("java") is None and "JAVA_HOME" not in os.environ:
    pytest.skip("Spark needs Java, which is not installed", allow_module_level=True)

# Spark calls pandas as it was before its release 3, and says so; before release 4 it compares versions in an old way.
pytestmark = [
    pytest.mark.filterwarnings("ignore:PySpark does not yet fully support pandas:FutureWarning"),
    pytest.mark.filterwarnings("ignore:distutils Version classes are deprecated:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:unclosed <socket.socket:ResourceWarning"),
]


@pytest.fixture(scope="module")
def session() -> Iterator[Any]:
    """Spark in this machine, with one thread."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYSPARK_PYTHON", sys.executable)
        patch.setenv("SPARK_LOCAL_IP", "127.0.0.1")
        builder = pyspark_sql.SparkSession.builder.master("local[1]")
        quick = {"driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC", "sql.codegen.wholeStage": False}
        small = {"ui.enabled": False, "driver.host": "127.0.0.1", "sql.shuffle.partitions": 1, "driver.memory": "512m"}
        for name, value in {**quick, **small}.items():
            builder = builder.config(f"spark.{name}", value)
        found = builder.getOrCreate()
        yield found
        found.stop()


@pytest.fixture(scope="module")
def table() -> Any:
    """A table with gaps in words and in numbers, as a frame of pandas."""
    found = people.frame(80).drop(columns="id")
    return found.assign(city=found["city"].astype(object).where(found["city"].notna(), None))


@pytest.fixture(scope="module")
def density(table: Any) -> MADEDensity:
    return people.quick(max_epochs=3, backend="numpy").fit(table)


def test_rows_get_a_column_of_scores_with_reasons(
    session: Any, table: Any, density: MADEDensity, tmp_path: Path
) -> None:
    numbered = table.assign(number=np.arange(80))[["number", *table.columns]]
    numbered["born"] = pandas.Series([day.to_pydatetime() for day in numbered["born"]], dtype=object)
    rows = [tuple(None if value != value else value for value in row) for row in numbered.astype(object).to_numpy()]
    schema = "number long, sex string, city string, born timestamp, member boolean, age long, pay double, unit string"
    df = session.createDataFrame(rows, schema).repartition(3)
    density.save(tmp_path / "m.npz")
    scored = made_spark.score(df, tmp_path / "m.npz", explain=True)
    assert scored.columns == [*df.columns, "log_prob", "why"]
    assert scored.schema.fields[:-2] == df.schema.fields
    found = sorted(scored.collect(), key=lambda row: row["number"])
    np.testing.assert_allclose([row["log_prob"] for row in found], density.score_samples(table), rtol=1e-9)
    reasons = density.explain(table)
    assert [row["why"].split(" is ")[0] for row in found] == [reasons.of_row(k).split(" is ")[0] for k in range(80)]
    kept = [tuple(row[name] for name in df.columns) for row in found]
    assert kept == sorted((tuple(row) for row in df.collect()), key=lambda row: row[0])


def test_the_lines_of_the_page(session: Any, capsys: pytest.CaptureFixture[str]) -> None:
    page = (Path(__file__).resolve().parents[2] / "docs" / "dask.md").read_text(encoding="utf-8")
    (lines,) = re.findall(r"^## Spark\n\n```python\n(.*?)^```$", page, re.M | re.S)
    x = np.random.default_rng(0).normal(size=(30, 2))
    density = people.quick(order=[0, 1], max_epochs=1, backend="numpy").fit(x)
    exec(lines, {"df": session.createDataFrame(x.tolist(), "a double, b double"), "density": density})
    shown = capsys.readouterr().out
    assert "log_prob" in shown
    assert "why" in shown


def test_columns_without_names_are_taken_by_place(session: Any) -> None:
    x = np.random.default_rng(0).normal(size=(30, 3))
    density = people.quick(order=[0, 1, 2], max_epochs=1, backend="numpy").fit(x)
    df = session.createDataFrame(x.tolist(), "a double, b double, c double")
    found = [row["nats"] for row in made_spark.score(df, density, column="nats").collect()]
    np.testing.assert_allclose(found, density.score_samples(x), rtol=1e-9)
    with pytest.raises(ValueError, match="df has 2 columns, and fit saw 3 without names"):
        made_spark.score(df.select("a", "b"), density)


def test_what_cannot_be_meant_is_refused(session: Any, density: MADEDensity) -> None:
    df = session.createDataFrame([("F", 1)], "sex string, age long")
    refused: list[tuple[type[Exception], str, tuple[Any, ...], dict[str, Any]]] = [
        (TypeError, "df is a list", ([], density), {}),
        (TypeError, "model is a int", (df, 3), {}),
        (ValueError, "not fitted", (df, MADEDensity()), {}),
        (ValueError, "column='age' is the name of a column: give another", (df, density), {"column": "age"}),
        (ValueError, "explain='log_prob' is the name of a column", (df, density), {"explain": "log_prob"}),
        (TypeError, "column is a int", (df, density), {"column": 3}),
        (TypeError, "explain=3", (df, density), {"explain": 3}),
        (ValueError, "df lacks the column 'city' of fit", (df, density), {}),
    ]
    for kind, message, arguments, named in refused:
        with pytest.raises(kind, match=message):
            made_spark.score(*arguments, **named)
