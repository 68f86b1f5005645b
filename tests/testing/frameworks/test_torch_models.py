"""torch_adapter: models as people write them, in a few lines."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from made_np.testing import Adapter, suite
from made_np.testing.frameworks import torch_adapter

torch = pytest.importorskip("torch", reason="its models are torch modules")

from .torch_models import Flow, Karpathy, Naru  # noqa: E402

ORDER = [2, 0, 3, 1]


def nll(model: Any, x: Any) -> Any:
    return torch.nn.functional.binary_cross_entropy_with_logits(model(x), x, reduction="none").sum(dim=1)


def seeded(sample: Any) -> Any:
    def draw(n: int) -> Any:
        torch.manual_seed(0)
        return sample(n)

    return draw


def karpathy(**changes: Any) -> Adapter:
    model = Karpathy(ORDER, **changes)
    return torch_adapter(
        model,
        4,
        std=1.0,
        order=ORDER,
        params=model,
        log_prob=lambda x: -nll(model, x),
        masks=[model.net[0].mask, model.net[2].mask],
        draw=seeded(model.sample),
    )


def naru() -> Adapter:
    model = Naru((2, 3, 4))
    support = [(0, 1), (0, 1, 2), (0, 1, 2, 3)]
    return torch_adapter(
        model, 3, std=1.0, order=range(3), n_params=model.bins, support=support, params=model, draw=seeded(model.sample)
    )


def flow() -> Adapter:
    model = Flow(4)
    given = {"order": range(4), "n_params": 2, "layout": "blocked", "support": None}
    return torch_adapter(model, 4, params=model, draw=seeded(model.sample), **given)


@pytest.fixture(autouse=True)
def _torch_state() -> Any:
    with torch.random.fork_rng():
        yield


@pytest.mark.parametrize("build", [karpathy, naru, flow])
def test_a_right_model_passes(build: Any) -> None:
    report = suite(build())
    assert report.ok, report
    ran = {result.name for result in report.results if result.ran}
    assert ran >= {"autoregressive", "gradient", "sampler_counts", "consistency_params", "consistency_log_prob"}


def test_a_wrong_sampler_is_caught_by_its_counts_alone() -> None:
    assert [report.check for report in suite(karpathy(wrong=True)).failures] == ["sampler_counts"]


def test_parameters_are_random_named_and_put_back() -> None:
    model = Flow(3)
    adapter = torch_adapter(model, 3, support=None, std=0.3)
    theta = np.asarray(adapter.theta)
    assert 0.2 < theta.std() < 0.4
    assert adapter.names is not None
    assert adapter.names[0] == "net.0.weight[0, 0]"
    assert len(adapter.names) == theta.size == sum(p.numel() for p in model.parameters())
    x = np.zeros((2, 3))
    assert adapter.log_prob is not None
    assert adapter.loss is not None
    assert adapter.grad is not None
    before = adapter.log_prob(x)
    assert adapter.loss(theta + 1) != adapter.loss(theta)
    adapter.grad(theta + 1)
    np.testing.assert_array_equal(adapter.log_prob(x), before)


def test_parameters_may_stay_and_rows_may_be_given() -> None:
    model = Flow(3)
    own = torch.nn.utils.parameters_to_vector(model.parameters()).detach().double().numpy()
    rows = np.ones((5, 3))
    adapter = torch_adapter(model, 3, support=None, std=None, rows=rows)
    np.testing.assert_array_equal(np.asarray(adapter.theta), own)
    assert adapter.rows == 5
    assert adapter.log_prob is not None
    assert adapter.loss is not None
    assert adapter.loss(own) == pytest.approx(-np.mean(adapter.log_prob(rows)))


def test_a_parameter_without_use_has_gradient_0() -> None:
    model = Flow(3)
    model.unused = torch.nn.Parameter(torch.ones(2))
    adapter = torch_adapter(model, 3, support=None)
    assert adapter.grad is not None
    grad = adapter.grad(np.asarray(adapter.theta))
    unused = np.array([name.startswith("unused") for name in adapter.names])  # type: ignore[union-attr]
    assert unused.sum() == 2
    assert not grad[unused].any()
    assert grad[~unused].any()


@pytest.mark.parametrize(
    ("given", "error", "said"),
    [
        ({"loss": np.sum}, TypeError, "loss=.* cannot be given here: use some of"),
        ({"logits": np.sum}, TypeError, "logits=.* cannot be given here"),
        ({"rows": np.ones((2, 2))}, ValueError, r"rows has shape \(2, 2\): give how many, or an array \(B, 3\)"),
        ({"rows": 0}, ValueError, "rows=0"),
        ({"std": -1}, ValueError, "std=-1"),
        ({"std": 1e300}, ValueError, r"std=1e\+300"),
        ({"support": "x"}, TypeError, "support='x'"),
        ({"order": [0, 0, 1]}, ValueError, "order="),
        ({"log_prob": 3}, TypeError, "log_prob=3"),
    ],
)
def test_what_cannot_be_meant_is_refused(given: Any, error: type[Exception], said: str) -> None:
    model = Flow(3)
    rng = np.random.default_rng(0)
    before = [p.detach().clone() for p in model.parameters()]
    with pytest.raises(error, match=said):
        torch_adapter(model, 3, rng=rng, **given)
    assert rng.random() == np.random.default_rng(0).random()
    assert all(torch.equal(p, was) for p, was in zip(model.parameters(), before, strict=True))
    assert model.training


def test_a_model_is_a_module_with_a_density() -> None:
    with pytest.raises(TypeError, match="model is a int"):
        torch_adapter(3, 3)
    with pytest.raises(TypeError, match="log_prob=None"):
        torch_adapter(Karpathy(ORDER), 4)
