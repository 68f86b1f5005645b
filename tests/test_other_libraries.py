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


NAMES = {
    "deeprob": "deeprob-kit",
    "flowjax": "FlowJAX",
    "netket": "NetKet",
    "numpyro": "NumPyro",
    "pyro": "Pyro",
    "tfp": "TensorFlow Probability",
}
"""Of libraries whose name on the page is not the one in the store."""


def names_in(cell: str) -> set[str]:
    return {name for name in cell.replace("*", "").strip().split(", ") if name}


def ways_to_draw() -> list[list[str]]:
    """The lines of the table of samplers: how, whose are checked exactly, whose by counting."""
    lines = re.findall(r"^\| (.*)\|$", PAGE.split("## How they draw")[1].split("\n## ")[0], re.M)
    return [line.split("|") for line in lines[1:]]


def test_each_of_the_thirty_has_a_way_to_draw_or_none() -> None:
    study = PAGE.split("## The first study")[1].split("\n## ")[0]
    thirty = {re.sub(r",? [\w.]+$", "", name) for name in re.findall(r"^\| (.*?) \|", study, re.M)[1:]}
    exact, counted = (set().union(*(names_in(way[k]) for way in ways_to_draw())) for k in (1, 2))
    (none,) = (names_in(way[0].removeprefix("no sampler: ")) for way in ways_to_draw() if not (way[1] + way[2]).strip())
    run = {name.strip("*") for name in re.findall(r"\*\*.*?\*\*", str(ways_to_draw()))}
    drawing = exact | counted
    assert drawing | none == thirty
    assert not drawing & none
    said = (
        f"Of the 30, {len(drawing)} have a sampler. All {len(drawing)} can be checked as they draw: "
        f"{len(exact)} exactly, {len(counted - exact)} by counting alone; "
        f"{len(run)} of them were run, {len(drawing - run)} are shown"
    )
    assert said in " ".join(PAGE.split())


def test_samplers_that_were_run_are_those_of_the_store() -> None:
    passed = {
        check: {
            NAMES.get(k, k) for k, one in STORED.items() for case in one["cases"].values() if check in case["passed"]
        }
        for check in ("sampler", "sampler_counts")
    }
    cells = {"sampler": 1, "sampler_counts": 2}
    run = {
        check: {name for way in ways_to_draw() for name in re.findall(r"\*\*(.*?)\*\*", way[k])}
        for check, k in cells.items()
    }
    assert all(run[check] <= passed[check] for check in cells)
    assert set().union(*run.values()) == {NAMES.get(k, k) for k in STORED}


def test_the_look_alikes_name_whom_they_look_like() -> None:
    tests = ROOT / "tests" / "testing" / "frameworks"
    text = "".join(path.read_text(encoding="utf-8") for path in tests.glob("test_published_samplers*.py"))
    alike = {name for way in ways_to_draw() for cell in way[1:] for name in names_in(cell) if f"**{name}**" not in cell}
    assert {name for name in alike if name not in text} == set()


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
