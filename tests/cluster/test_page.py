"""The lines of docs/dask.md run as they stand, on a cluster of this machine (those of Spark: test_spark.py)."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

PAGE = Path(__file__).resolve().parents[2] / "docs" / "dask.md"
DASK, SEARCH, _, RAY = re.findall(r"^```python\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.M | re.S)
SHORT = """
from made_np import MADEDensity
MADEDensity.__init__.__kwdefaults__.update(max_epochs=1, order="natural", weight_decay=1e-3)
MADEDensity.__init__.__defaults__ = ((16,),)
"""


@pytest.fixture
def people(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A table in the folder that the page reads."""
    pandas = pytest.importorskip("pandas")
    rng = np.random.default_rng(0)
    frame = pandas.DataFrame({"age": rng.integers(18, 80, 300).astype(float), "plan": rng.choice(["a", "b"], 300)})
    frame.loc[::7, "age"] = np.nan
    monkeypatch.chdir(tmp_path)
    return frame


def test_the_block_of_dask(people: Any, tmp_path: Path) -> None:
    pytest.importorskip("dask.dataframe")
    pytest.importorskip("distributed")
    (tmp_path / "people").mkdir()
    for k in range(3):
        people[100 * k : 100 * k + 100].to_parquet(tmp_path / "people" / f"part.{k}.parquet", index=False)
    code = DASK.replace("n_workers=4", "n_workers=1, dashboard_address=':0'")
    assert code != DASK
    (tmp_path / "page.py").write_text(SHORT + code + "    client.shutdown()\n", encoding="utf-8")
    done = subprocess.run([sys.executable, "page.py"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) == 11  # ten scores, their dtype
    filled = pytest.importorskip("pandas").read_parquet(tmp_path / "filled")
    assert len(filled) == len(people)
    assert not filled.isna().any(axis=None)


@pytest.mark.slow  # test_search.py asks the same of fewer fits
def test_the_block_of_searches(client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    joblib = pytest.importorskip("joblib")
    selection = pytest.importorskip("sklearn.model_selection")
    from made_np import MADEDensity

    rows = np.random.default_rng(0).integers(0, 2, (60, 3)).astype(float)
    quick = "MADEDensity((8,), order='natural', weight_decay=1e-3, max_epochs=1, random_state=0)"
    code = SEARCH.replace("MADEDensity(random_state=0)", quick)
    assert quick in code
    names = {"joblib": joblib, "client": client, "MADEDensity": MADEDensity, "X": rows}
    names["GridSearchCV"] = selection.GridSearchCV
    exec(code, names)
    assert set(names["search"].best_params_) == {"learning_rate"}


def test_the_block_of_ray(people: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Ray itself is not asked: what it calls is, as it calls it."""
    from made_np import MADEDensity

    compile(RAY, "dask.md", "exec")
    MADEDensity((8,), max_epochs=1, order="natural", weight_decay=1e-3).fit(people).save(tmp_path / "people.npz")
    names: dict[str, Any] = {"MADEDensity": MADEDensity}
    exec(RAY.split("\n\n\n")[0], names)
    scored = names["Scorer"]("people.npz")(people)
    assert np.isfinite(scored["log_prob"]).all()
