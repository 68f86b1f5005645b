"""The script that counts false alarms: what it draws is right, what it says is what was found."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[1]
SCRIPTS = ROOT / "scripts"
sys.path.insert(0, str(SCRIPTS))

import false_alarms  # noqa: E402
from alarms import in_jax, in_numpy, in_torch  # noqa: E402
from alarms.drawn import ACTIVATIONS, FAMILIES  # noqa: E402
from alarms.tally import headline, merged, network, tally  # noqa: E402
from paper.store import read  # noqa: E402

NETWORKS = [network(seed) for seed in range(60)]


def test_networks_of_every_kind_are_drawn() -> None:
    columns = [column for net in NETWORKS for column in net.columns]
    assert {column.kind for column in columns} == set(FAMILIES) - {"mixed"}
    assert {net.activation for net in NETWORKS} == set(ACTIVATIONS)
    assert {net.n_features for net in NETWORKS} == set(range(1, 7))
    assert {len(net.degrees) for net in NETWORKS} == set(range(4))
    assert {net.layout for net in NETWORKS} == {"blocked", "interleaved"}
    assert {column.size for column in columns if column.kind == "categorical"} == {1, 2, 3, 4}
    assert {len(net.context) for net in NETWORKS} == {0, 1, 3}
    assert {net.direct is None for net in NETWORKS} == {True, False}
    assert max(max(net.n_inputs) for net in NETWORKS) > 1
    assert min(net.std for net in NETWORKS) < 0.1
    assert max(net.std for net in NETWORKS) > 0.9


def test_a_seed_is_a_network() -> None:
    for name, weight in network(7).weights.items():
        np.testing.assert_array_equal(weight, NETWORKS[7].weights[name])


def test_right_networks_pass() -> None:
    found = tally(in_numpy.adapter, range(6))
    assert found["networks"] == 6
    assert found["passed"] > 6 * 10
    assert found["alarms"] == []


@pytest.mark.parametrize(("framework", "module"), [("torch", in_torch), ("jax", in_jax)])
def test_other_frameworks_compute_the_same(framework: str, module: Any) -> None:
    pytest.importorskip(framework, reason="its networks are compared with those of NumPy")
    for net in NETWORKS[:12]:
        ours = in_numpy.adapter(net)
        theirs = module.adapter(net)
        np.testing.assert_allclose(theirs.theta, ours.theta)
        np.testing.assert_allclose(theirs.loss(theirs.theta), ours.loss(ours.theta), rtol=1e-9)
        np.testing.assert_allclose(theirs.grad(theirs.theta), ours.grad(ours.theta), rtol=1e-7, atol=1e-9)
        np.testing.assert_allclose(theirs.sample(u := np.full((3, net.n_features), 0.3)), ours.sample(u), rtol=1e-7)
        np.testing.assert_allclose(theirs.cdf(net.x), ours.cdf(net.x), atol=1e-9)


def test_a_wrong_network_is_an_alarm() -> None:
    def wrong(net: Any) -> Any:
        made = in_numpy.adapter(net)
        return replace(made, grad=lambda theta: 2 * made.grad(theta))

    found = tally(wrong, range(2))
    assert [alarm[:2] for alarm in found["alarms"]] == [[0, "gradient"], [1, "gradient"]]


def test_what_is_stored_is_not_done_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store = tmp_path / "alarms.json"
    few = ["--torch", "0", "--jax", "0", "--store", str(store)]
    assert false_alarms.main(["--numpy", "2", *few]) == 0
    first = capsys.readouterr().out
    assert first.startswith("numpy: 2 networks, ")
    assert "0 false alarms" in first
    assert false_alarms.main(["--numpy", "2", *few]) == 0
    assert capsys.readouterr().out == first
    stored = read(store)
    stored["numpy 0..1"]["alarms"] = [[1, "gradient", "wrong"]]
    false_alarms.write(store, stored)
    assert false_alarms.main(["--numpy", "2", *few]) == 1
    assert "FALSE ALARM, seed 1, gradient:\nwrong" in capsys.readouterr().out


def test_the_page_says_what_is_stored() -> None:
    stored = read(SCRIPTS / "results" / "false_alarms.json")
    page = (ROOT / "made_np" / "testing" / "README.md").read_text(encoding="utf-8")
    assert {key.split()[0] for key in stored} == set(false_alarms.FRAMEWORKS)
    for framework in false_alarms.FRAMEWORKS:
        assert headline(framework, merged(each for key, each in stored.items() if key.startswith(framework))) in page
