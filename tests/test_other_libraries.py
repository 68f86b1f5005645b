"""The page about other people's libraries: its table is what is stored, its example runs."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[1]
SCRIPTS = ROOT / "scripts"
sys.path.insert(0, str(SCRIPTS))

from paper.store import read  # noqa: E402
from peers.judged import JUDGED, LIBRARIES  # noqa: E402
from peers.page import findings, table, with_table  # noqa: E402

HOWTO = ROOT / "docs" / "howto"
STORED = read(SCRIPTS / "results" / "peers.json")
PAGE = (HOWTO / "peers.md").read_text(encoding="utf-8")


def test_the_page_says_what_is_stored() -> None:
    assert set(STORED) == set(LIBRARIES)
    assert with_table(PAGE, STORED) == PAGE


def test_each_finding_was_looked_at() -> None:
    found = {
        name: {(case, check) for case, one in library["cases"].items() for check in one["failed"]}
        for name, library in STORED.items()
    }
    assert {name: set(judged) for name, judged in JUDGED.items()} == {k: v for k, v in found.items() if v}


def test_the_versions_that_ran_are_those_that_are_pinned() -> None:
    text = (SCRIPTS / "peers" / "requirements.txt").read_text()
    pinned = dict(line.split("==") for line in text.split())
    assert {LIBRARIES[name]: one["version"] for name, one in STORED.items()}.items() <= pinned.items()


def test_a_finding_that_nobody_looked_at_says_so() -> None:
    case = {
        "passed": ["masks"],
        "failed": {"gradient": "wrong"},
        "skipped": {"normalised": "not settled: 1"},
        "seconds": 2,
    }
    one: dict[str, Any] = {"version": "0", "date": "2026-01-01", "left_out": "", "cases": {"flow": case}}
    assert findings("zuko", one) == ["flow: gradient failed, not looked at yet"]
    said = "| zuko 0 | 2026-01-01 | 1 | 1 | 1 | flow: gradient failed, not looked at yet | 2 |"
    assert said in table({"zuko": one})
    absent = {**one, "version": "", "left_out": "not installed", "cases": {}}
    assert "| nflows | 2026-01-01 | | | | left out: not installed | |" in table({"nflows": absent})


def test_the_first_study_has_thirty_lines() -> None:
    study = PAGE.split("## The first study")[1].split("\n## ")[0]
    assert len(re.findall(r"^\| ", study, re.M)) == 1 + 30


def test_the_example_finds_the_leak(capsys: pytest.CaptureFixture[str]) -> None:
    torch = pytest.importorskip("torch", reason="the example is a torch model")
    (code,) = re.findall(r"^```python\n(.*?)^```$", PAGE, re.M | re.S)
    with torch.random.fork_rng():
        exec(code, {"__name__": "page"})
    assert "autoregressive FAILED" in capsys.readouterr().out


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """A density that is fitted in seconds."""
    from made_np import MADEDensity

    given = {"max_epochs": 150, "order": "natural", "weight_decay": 1e-3}
    for name, value in given.items():
        monkeypatch.setitem(MADEDensity.__init__.__kwdefaults__, name, value)
    monkeypatch.setattr(MADEDensity.__init__, "__defaults__", ((16,),))


def executed(page: str) -> dict[str, Any]:
    """Names after the one block of a page has run."""
    names: dict[str, Any] = {"__name__": "page"}
    (code,) = re.findall(r"^```python\n(.*?)^```$", (HOWTO / page).read_text(encoding="utf-8"), re.M | re.S)
    exec(code, names)
    return names


@pytest.mark.usefixtures("quick")
def test_a_detector_of_pyod_hears_a_density() -> None:
    pytest.importorskip("pyod", reason="the page makes a detector of PyOD")
    names = executed("pyod.md")
    assert names["detector"].predict(names["strange"]).tolist() == [1]


@pytest.mark.usefixtures("quick")
@pytest.mark.filterwarnings("ignore")  # what sktime warns of is not ours
def test_a_detector_of_sktime_knows_the_place() -> None:
    pytest.importorskip("sktime", reason="the page makes a detector of sktime")
    names = executed("sktime.md")
    assert 400 in names["detector"].predict(names["strange"])["ilocs"].tolist()
    scores = names["detector"].transform_scores(names["strange"])[0]
    assert scores.idxmax() == 400
    assert len(names["detector"].predict(names["series"])) == 6  # a share of 0.01 of 600


@pytest.mark.usefixtures("quick")
@pytest.mark.filterwarnings("ignore")  # what SDV warns of is not ours
def test_a_synthesizer_of_sdv_draws_pairs_that_belong_together() -> None:
    pytest.importorskip("sdv", reason="the page makes a synthesizer of SDV")
    names = executed("sdv.md")
    real = names["real"]["users"]
    alone = real.assign(**{name: real[name].sample(frac=1, random_state=k).to_numpy() for k, name in enumerate(real)})

    def score(drawn: Any) -> Any:
        report = names["evaluate_quality"](names["real"], drawn, names["metadata"], verbose=False)
        return report.get_properties()["Score"]

    assert score(names["synthetic"]).min() > 0.9
    assert score(names["synthetic"])[1] > score({"users": alone})[1] + 0.2  # of pairs: columns one by one have none
    assert names["families"]["users"]["plan"].tolist() == ["family"] * 5
