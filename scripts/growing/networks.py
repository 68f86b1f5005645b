"""How what is asked of networks grows: by rows, by features, by hidden units, by values of a feature, by mask sets."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

import made_np
from growing.law import Call, Law
from made_np import MADE, Autoencoder, MaskedLinear, Sequential, masks, optim
from made_np.grid import GridMADE, Scan
from made_np.sequential import Elementwise
from made_np.training import closed_form

Ask = Callable[[Any, Any, Any], Any]
"""Asks a network, by its parameters, about rows."""

D = 16
H = 32


def rng() -> np.random.Generator:
    """Return a generator that is the same each time."""
    return np.random.default_rng(0)


def bits(n: int, width: int = D) -> Any:
    """Return rows of bits."""
    return rng().integers(0, 2, (n, width)).astype(np.float32)


def _call(made: Any, x: Any, ask: Ask) -> Call:
    return partial(ask, made, made.init(0), x)


def rows(ask: Ask, most: int = 10**5, **options: Any) -> Law:
    """Return the law of a question about rows."""
    made = MADE(D, (H,), **options)
    return Law("rows", lambda n: _call(made, bits(n), ask), 100, most)


def features(ask: Ask, power: float = 1.0, most: int = 10_000, n: int = 50) -> Law:
    """Return the law of a question to a network of more features."""
    return Law("features", lambda d: _call(MADE(d, (H,), direct=False), bits(n, d), ask), 20, most, power)


def hidden(ask: Ask) -> Law:
    """Return the law of a question to a wider network."""
    return Law("hidden units", lambda h: _call(MADE(D, (h,)), bits(50), ask), 100, 100_000)


def levels(ask: Ask) -> Law:
    """Return the law of a question to a network whose features have more values."""

    def build(n: int) -> Call:
        x = rng().integers(0, n, (200, 4))
        return _call(MADE(4, (H,), made_np.Categorical(n), direct=False), x, ask)

    return Law("values", build, 10, 10_000)


def sets(ask: Ask) -> Law:
    """Return the law of a question to a mixture over more mask sets."""
    return Law("mask sets", lambda k: _call(MADE(D, (H,), order="random", n_masks=k), bits(50), ask), 100, 1000)


def everything(ask: Ask) -> list[Law]:
    """Return the laws of a question in all that may grow."""
    return [rows(ask), features(ask), hidden(ask), levels(ask), sets(ask)]


def _fill(made: Any, theta: Any, x: Any) -> Any:
    given = x.astype(np.float64)
    given[:, x.shape[1] // 2 :] = np.nan
    return made.fill_means(theta, given)


def _train(made: Any, theta: Any, x: Any) -> Any:
    return made_np.fit(made, x, theta=theta, max_epochs=1, batch_size=50)


def _known(made: Any) -> Any:
    return np.arange(made.n_features) % 2 == 0


PATHS: dict[str, Any] = {"n_masks": None, "order": "natural"}


def _paths(ask: Callable[[Any], Any], power: float = 1.0) -> Law:
    """Return the law of a question to the mask sets of a model with paths, by features."""
    return Law("features", lambda d: partial(ask, MADE(d, (H,), **PATHS)), 20, 10_000, power)


SCORES: dict[str, list[Law]] = {
    "model.scoring.Scoring.log_prob": [
        *everything(lambda made, theta, x: made.log_prob(theta, x)),
        rows(lambda made, theta, x: made.log_prob(theta, np.where(x > 0, x, np.nan), gaps="skip")),
    ],
    "model.scoring.Scoring.feature_log_prob": everything(lambda made, theta, x: made.feature_log_prob(theta, x)),
    "model.scoring.Scoring.raw_outputs": everything(lambda made, theta, x: made.raw_outputs(theta, x)),
    "model.scoring.Scoring.loss_and_grad": everything(lambda made, theta, x: made.loss_and_grad(theta, x)),
    "model.scoring.Scoring.jacobian": [
        rows(lambda made, theta, x: made.jacobian(theta, x)),
        features(lambda made, theta, x: made.jacobian(theta, x[0]), 2, 1000),
        hidden(lambda made, theta, x: made.jacobian(theta, x[0])),
    ],
    "model.scoring.Scoring.trace": [rows(lambda made, theta, x: made.trace(theta, x), 100_000)],
    "model.scoring.Scoring.hold": [hidden(lambda made, theta, x: made.hold(theta))],
    "model.scoring.Scoring.fetch": [hidden(lambda made, theta, x: made.fetch(theta))],
    "model.made.MADE.sample": [
        *everything(lambda made, theta, x: made.sample(theta, len(x), rng=0)),
        rows(lambda made, theta, x: made.sample(theta, len(x), rng=0), n_masks=3, order="random"),
    ],
    "model.made.MADE.fill_means": [rows(_fill), features(_fill), hidden(_fill), levels(_fill)],
    "model.made.MADE.init": [
        features(lambda made, theta, x: made.init(0)),
        Law("rows", lambda n: partial(MADE(2, (H,)).init, 0, bits(n, 2)), 1000, 10**7),
        hidden(lambda made, theta, x: made.init(0)),
    ],
    "model.made.MADE": [Law("features", lambda d: lambda: MADE(d, (H,)).mask_sets[0].masks, 20, 100_000)],
    "model.made.MADE.from_config": [
        Law("features", lambda d: partial(MADE.from_config, MADE(d, (H,), order="random").config()), 20, 100_000)
    ],
    "model.made.MADE.ensemble": [
        Law(
            "members",
            lambda k: partial(MADE.ensemble, [MADE(9, (H,), order="random", seed=s) for s in range(k)]),
            10,
            1000,
        )
    ],
    "model.description.Description.path": [_paths(lambda made: made.path(_known(made)))],
    "masks.sets.MaskSets.for_known": [_paths(lambda made: made.mask_sets.for_known(_known(made)).masks)],
    "masks.sets.MaskSets.for_order": [
        _paths(lambda made: made.mask_sets.for_order(np.arange(made.n_features)[::-1]).masks)
    ],
    "masks.sets.MaskSets.__getitem__": [
        Law("features", lambda d: lambda: MADE(d, (H,), order="random", n_masks=9).mask_sets[7].masks, 20, 100_000)
    ],
    "masks.sets.MaskSets.least_alike": [
        Law(
            "homes",
            lambda k: (
                lambda: MADE(
                    9, (H,), order=[rng().permutation(9) for _ in range(k)], **{"n_masks": None}
                ).mask_sets.least_alike(3)
            ),
            10,
            1000,
        )
    ],
    "training.fit.fit": [rows(_train, 100_000), features(_train, n=500), hidden(_train), levels(_train)],
    "diagnostics.evaluation.evaluate": [
        rows(lambda made, theta, x: made_np.evaluate(made, theta, x)),
        features(lambda made, theta, x: made_np.evaluate(made, theta, x)),
    ],
    "diagnostics.calibrating.calibration": [
        rows(lambda made, theta, x: made_np.calibration(made, theta, x)),
        features(lambda made, theta, x: made_np.calibration(made, theta, x)),
    ],
}


def _linear(d: int) -> Call:
    made = MADE(d, (), "gaussian", dtype="float64")
    x = rng().normal(size=(2 * d, d))
    return partial(closed_form.fit_linear, made, x.T @ x / len(x))


def _scales(d: int) -> Call:
    made = MADE(d, (), "gaussian", direct=True)
    return partial(closed_form.set_scales, made, made.init(0), np.ones(d))


def _tape(ask: Callable[[Any], Any]) -> list[Law]:
    made = MADE(D, (H,))
    return [Law("rows", lambda n: partial(ask, made.trace(made.init(0), bits(n))), 10, 10_000)]


COPIER = Autoencoder(D, (H, 8, H))


def _copied(ask: Ask) -> list[Law]:
    return [Law("rows", lambda n: partial(ask, COPIER, COPIER.init(0), bits(n)), 100, 10**6)]


def _net(h: int = H) -> Any:
    return Sequential(MaskedLinear(D, h), "relu", MaskedLinear(h, D), rng=0)


def _net_rows(ask: Callable[[Any, Any], Any], most: int = 100_000) -> list[Law]:
    return [Law("rows", lambda n: partial(ask, _net(), bits(n)), 100, most)]


def _layer(make: Callable[[], Any], back: bool) -> list[Law]:
    def build(n: int) -> Call:
        layer = make()
        x = bits(n)
        y = layer.forward(x)
        return partial(layer.backward, y) if back else partial(layer.forward, x)

    return [Law("rows", build, 100, 10**6)]


def _back(net: Any, x: Any) -> Any:
    return net.backward(net.forward(x))


def _on_grid(ask: Ask) -> list[Law]:
    def images(n: int) -> Call:
        made = GridMADE((4, 4), (8,), radius=2)
        return partial(ask, made, made.init(0), bits(n))

    def pixels(n: int) -> Call:
        made = GridMADE((2, n), (8,), radius=2)
        return partial(ask, made, made.init(0), bits(10, 2 * n))

    return [Law("images", images, 10, 10_000), Law("pixels", pixels, 10, 1000)]


MODELS: dict[str, list[Law]] = {
    "training.closed_form.fit_linear": [Law("features", _linear, 10, 400, 3)],
    "training.closed_form.set_scales": [Law("features", _scales, 20, 10_000)],
    "tracing.tape.Tape.__getitem__": _tape(lambda tape: tape["W0"]),
    "tracing.tape.Tape.compare": _tape(lambda tape: tape.compare("W0", tape["W0"].value)),
    "tracing.tape.Tape.follow": _tape(lambda tape: tape.follow("W0[0, 0]")),
    "tracing.tape.Tape.nudge": _tape(lambda tape: tape.nudge("W0[0, 0]")),
    "network.layout.Layout.views": [hidden(lambda made, theta, x: made.layout.views(theta))],
    "network.layout.Layout.locate": [hidden(lambda made, theta, x: made.layout.locate(made.n_params - 1))],
    "autoencoder.Autoencoder.masked": [Law("features", lambda d: Autoencoder(d, (H,)).masked, 20, 10_000)],
    "autoencoder.Autoencoder.init": [Law("features", lambda d: Autoencoder(d, (H,)).init, 20, 10_000)],
    "autoencoder.Autoencoder.fit": _copied(lambda made, theta, x: made.fit(x, max_epochs=1)),
    "autoencoder.Autoencoder.corrupt": _copied(lambda made, theta, x: made.corrupt(x, 0.1)),
    "autoencoder.Autoencoder.encode": _copied(lambda made, theta, x: made.encode(theta, x)),
    "autoencoder.Autoencoder.decode": _copied(lambda made, theta, x: made.decode(theta, x[:, :8])),
    "autoencoder.Autoencoder.reconstruct": _copied(lambda made, theta, x: made.reconstruct(theta, x)),
    "autoencoder.Autoencoder.row_loss": _copied(lambda made, theta, x: made.row_loss(theta, x)),
    "autoencoder.Autoencoder.loss": _copied(lambda made, theta, x: made.loss(theta, x)),
    "autoencoder.Autoencoder.loss_and_grad": _copied(lambda made, theta, x: made.loss_and_grad(theta, x)),
    "sequential.linear.MaskedLinear.forward": _layer(lambda: MaskedLinear(D, D), False),
    "sequential.linear.MaskedLinear.backward": _layer(lambda: MaskedLinear(D, D), True),
    "sequential.linear.Elementwise.forward": _layer(lambda: Elementwise("tanh"), False),
    "sequential.linear.Elementwise.backward": _layer(lambda: Elementwise("tanh"), True),
    "sequential.container.Sequential": [Law("hidden units", lambda h: partial(_net, h), 100, 100_000)],
    "sequential.container.Sequential.forward": _net_rows(lambda net, x: net.forward(x)),
    "sequential.container.Sequential.backward": _net_rows(_back),
    "sequential.container.Sequential.log_prob": _net_rows(lambda net, x: net.log_prob(x)),
    "sequential.container.Sequential.loss": _net_rows(lambda net, x: net.loss(x)),
    "sequential.container.Sequential.loss_and_grad": _net_rows(lambda net, x: net.loss_and_grad(x)),
    "sequential.container.Sequential.sample": _net_rows(lambda net, x: net.sample(x / 2 + 0.25)),
    "sequential.container.Sequential.fit": _net_rows(lambda net, x: net.fit(x, max_epochs=1), 10_000),
    "sequential.container.Sequential.adapter": _net_rows(lambda net, x: net.adapter(rows=len(x)), 10_000),
    "grid.scan.Scan.raster": [Law("pixels", lambda n: partial(Scan.raster, (4, n)), 10, 10_000)],
    "grid.scan.Scan": [
        Law(
            "pixels", lambda n: partial(Scan, (4, n), Scan.raster((4, n)).order, Scan.raster((4, n)).steps), 10, 10_000
        ),
    ],
    "grid.shared.GridMADE.init": _on_grid(lambda made, theta, x: made.init(0, x)),
    "grid.shared.GridMADE.examples": _on_grid(lambda made, theta, x: made.examples(x)),
    "grid.shared.GridMADE.pixel_log_prob": _on_grid(lambda made, theta, x: made.pixel_log_prob(theta, x)),
    "grid.shared.GridMADE.log_prob": _on_grid(lambda made, theta, x: made.log_prob(theta, x)),
    "grid.shared.GridMADE.loss_and_grad": _on_grid(lambda made, theta, x: made.loss_and_grad(theta, x)),
    "grid.shared.GridMADE.sample": _on_grid(lambda made, theta, x: made.sample(theta, len(x), rng=0)),
}


def _connected(d: int) -> Call:
    made = MADE(d, (H,), direct=True).mask_sets[0]
    return partial(masks.connectivity, made.masks, made.direct)


def _widths(make: Callable[[int], Any]) -> list[Law]:
    return [Law("width", lambda n: partial(make, n), 100, 10**6)]


def _stepped(n: int) -> Call:
    rule = optim.Adam()
    theta = np.ones(n)
    return partial(rule.step, theta, np.ones(n), rule.init(theta), 1e-3)


MASKS: dict[str, list[Law]] = {
    "masks.masks.connectivity": [Law("features", _connected, 20, 2000, 2)],
    "masks.masks.make_degrees": _widths(lambda n: masks.make_degrees("random", (n, n), 9, rng())),
    "masks.masks.make_mask": _widths(lambda n: masks.make_mask(np.arange(n), np.arange(20))),
    "masks.masks.make_order": [Law("width", lambda n: partial(masks.make_order, "random", n, rng()), 100, 10**5)],
    "masks.masks.position_of": _widths(lambda n: masks.position_of(np.arange(n))),
    "masks.masks.random_degrees": _widths(lambda n: masks.random_degrees(n, 9, rng())),
    "masks.masks.spread_degrees": _widths(lambda n: masks.spread_degrees(n, 9)),
    "optim.Optimizer.init": [Law("weights", lambda n: partial(optim.Adam().init, np.ones(n)), 1000, 10**6)],
    "optim.Optimizer.step": [Law("weights", _stepped, 1000, 10**6)],
    "optim.blocks": [Law("weights", lambda n: lambda: list(optim.blocks(n)), 1000, 10**7)],
}

LAWS = {**SCORES, **MODELS, **MASKS}
