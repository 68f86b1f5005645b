"""A call that works for every public function, with every argument by its name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from own_distributions import Poisson, registered

import made_np
from fuzz import models
from fuzz.calls import Call, call
from fuzz.frameworks_examples import FRAMEWORKS
from fuzz.interop_examples import INTEROP
from fuzz.testing_examples import TESTING
from made_np import (
    MADE,
    Autoencoder,
    MADEDensity,
    MADEImputer,
    MADEOutlierDetector,
    MaskedLinear,
    OneHot,
    Sequential,
    datasets,
    diagnostics,
    draw,
    layers,
    masks,
    optim,
    schedules,
)
from made_np.columns.numeric import NUMBERS
from made_np.grid import GridMADE, Scan
from made_np.sequential import Elementwise
from made_np.table.files import read_table
from made_np.table.files.writing import check_target, write_table
from made_np.table.table import Table
from made_np.training import closed_form as linear

PATH = "written.npz"

ANOTHER = {"made": ("MADE",)}
DRAWN = {"model": ("MADE",)}
"""A model is what is wanted: that the other arguments do not fit it is said of them."""
ENDLESS = ("huge broadcast", "huge vector")
"""A list of any length is looked at entry by entry, and these have very many."""


def _scores(**more: Any) -> dict[str, Any]:
    return {"theta": models.theta(), "x": models.rows(), "context": models.context(), "mask_set": 1, **more}


def _on_grid() -> dict[str, Any]:
    return {"scan": Scan.raster((1, 3)), "guide": models.pixels()}


def _of_images() -> dict[str, Any]:
    return {"theta": models.grid().init(), "x": models.pixels(), **_on_grid()}


def _keeps() -> list[Any]:
    return [np.ones((5, 8), "f4"), None, np.ones((5, 4), "f4")]


def _given() -> Any:
    return np.where([[True, False, False]], models.rows(), np.nan)


def _tape() -> Any:
    return models.mixed().trace(models.theta(), models.rows(), context=models.context())


def _rng() -> np.random.Generator:
    return np.random.default_rng(0)


def _fit() -> dict[str, Any]:
    return {
        "x": models.rows(),
        "valid": models.rows(),
        "theta": models.theta(),
        "optimizer": "adam",
        "learning_rate": 1e-3,
        "schedule": "cosine",
        "batch_size": 3,
        "max_epochs": 2,
        "max_seconds": 60.0,
        "patience": 2,
        "validate_every": 1,
        "weight_decay": 0.1,
        "dropout": 0.1,
        "input_dropout": 0.1,
        "averaging": 0.9,
        "comm": None,
        "context": models.context(),
        "valid_context": models.context(),
        "rng": _rng(),
        "checkpoint": None,
        "resume": True,
        "progress": False,
        "callbacks": [],
        "sample_weight": np.arange(5.0),
        "valid_weight": np.arange(5.0),
        "gaps": "skip",
    }


MODEL: dict[str, Callable[[], Call]] = {
    "model.description.Description.path": lambda: call(models.homely().path, known=[True, False, True], home=0),
    "model.description.Description.locate": lambda: call(models.mixed().locate, k=3),
    "network.layout.Layout.locate": lambda: call(models.mixed().layout.locate, k=3),
    "network.layout.Layout.views": lambda: call(models.mixed().layout.views, theta=models.theta()),
    "masks.sets.MaskSets.__getitem__": lambda: call(
        models.mixed().mask_sets.__getitem__, k=1, may_raise=(IndexError,)
    ),  # as any sequence
    "masks.sets.MaskSets.least_alike": lambda: call(models.homely().mask_sets.least_alike, k=4),
    "masks.sets.MaskSets.home_of": lambda: call(models.homely().mask_sets.home_of, k=4),
    "masks.sets.MaskSets.for_known": lambda: call(
        models.homely().mask_sets.for_known, known=[True, False, True], home=0
    ),
    "masks.sets.MaskSets.for_order": lambda: call(models.mixed().mask_sets.for_order, order=[2, 0, 1]),
    "model.made.MADE": lambda: call(MADE, **models.MIXED),
    "model.made.MADE.mixture": lambda: call(models.mixed().mixture, n_masks=2),
    "model.made.MADE.ensemble": lambda: call(MADE.ensemble, members=[models.homely(), models.homely()]),
    "model.made.MADE.member": lambda: call(models.both().member, k=1),
    "model.scoring.Scoring.hold": lambda: call(models.mixed().hold, theta=models.theta()),
    "model.scoring.Scoring.fetch": lambda: call(models.mixed().fetch, theta=models.theta()),
    "model.scoring.Scoring.feature_log_prob": lambda: call(models.mixed().feature_log_prob, **_scores(gaps="skip")),
    "model.made.MADE.fill_means": lambda: call(
        models.mixed().fill_means,
        theta=models.theta(),
        given=_given(),
        rng=_rng(),
        conditioning="clamp",
        context=models.context(),
        mask_set=None,
        untold=[False, True, False],
    ),
    "model.made.MADE.from_config": lambda: call(MADE.from_config, config=models.mixed().config()),
    "model.made.MADE.init": lambda: call(
        models.mixed().init, rng=_rng(), x=models.rows(), scheme="normal", gaps="skip"
    ),
    "model.scoring.Scoring.log_prob": lambda: call(models.mixed().log_prob, **_scores(gaps="skip")),
    "model.scoring.Scoring.loss_and_grad": lambda: call(
        models.mixed().loss_and_grad,
        changes=("grad",),
        **_scores(grad=np.empty_like(models.theta()), dropout=_keeps(), weights=np.arange(5.0), gaps="skip"),
    ),
    "model.scoring.Scoring.jacobian": lambda: call(models.mixed().jacobian, **_scores(gaps="skip")),
    "model.scoring.Scoring.raw_outputs": lambda: call(models.mixed().raw_outputs, **_scores(gaps="skip")),
    "model.scoring.Scoring.trace": lambda: call(
        models.mixed().trace, **_scores(dropout=_keeps(), rng=_rng(), gaps="skip")
    ),
    "tracing.tape.Tape.__getitem__": lambda: call(_tape().__getitem__, name="W0", may_raise=(KeyError,)),
    "tracing.tape.Tape.compare": lambda: call(_tape().compare, name="W0", mine=np.zeros((4, 8)), may_raise=(KeyError,)),
    "tracing.tape.Tape.follow": lambda: call(_tape().follow, entry="W0[1, 2]", may_raise=(KeyError,)),
    "tracing.tape.Tape.nudge": lambda: call(_tape().nudge, entry="W0[1, 2]", may_raise=(KeyError,)),
    "model.made.MADE.sample": lambda: call(
        models.mixed().sample,
        theta=models.theta(),
        n=5,
        rng=_rng(),
        given=_given(),
        conditioning="clamp",
        context=models.context(),
        mask_set=None,
        untold=[False, True, False],
        uniforms=np.full((5, 3), 0.5),
    ),
    "grid.scan.Scan": lambda: call(
        Scan, shape=(1, 3), order=np.array([2, 0, 1]), steps=np.array([[1, 1], [1, -1], [-1, 1]])
    ),
    "grid.scan.Scan.raster": lambda: call(Scan.raster, shape=(1, 3)),
    "grid.shared.GridMADE": lambda: call(GridMADE, **models.GRID),
    "grid.shared.GridMADE.init": lambda: call(models.grid().init, rng=_rng(), x=models.pixels()),
    "grid.shared.GridMADE.examples": lambda: call(
        models.grid().examples, x=models.pixels(), places=np.array([0, 2]), **_on_grid()
    ),
    "grid.shared.GridMADE.pixel_log_prob": lambda: call(models.grid().pixel_log_prob, **_of_images()),
    "grid.shared.GridMADE.log_prob": lambda: call(models.grid().log_prob, **_of_images()),
    "grid.shared.GridMADE.loss_and_grad": lambda: call(models.grid().loss_and_grad, **_of_images()),
    "grid.shared.GridMADE.sample": lambda: call(
        models.grid().sample,
        theta=models.grid().init(),
        n=5,
        rng=_rng(),
        given=np.where([[True, False, False]], models.pixels(), np.nan),
        uniforms=np.full((5, 3), 0.5),
        **_on_grid(),
    ),
    "training.fit.fit": lambda: call(made_np.fit, unlike=ANOTHER, made=models.mixed(), **_fit()),
    "training.closed_form.fit_linear": lambda: call(
        linear.fit_linear,
        made=models.linear(),
        covariance=np.eye(3) + 0.5,
        mean=np.arange(3.0),
        claims=[(0, np.arange(3))],
    ),
    "training.closed_form.set_scales": lambda: call(
        linear.set_scales, made=models.linear(), theta=models.linear().init(), scales=np.arange(1.0, 4.0)
    ),
    "distributions.atoms.WithAtoms": lambda: call(made_np.WithAtoms, base=made_np.Gaussian(), places=(0.0, 1.0)),
    "distributions.levels.DiscretizedLogistic": lambda: call(made_np.DiscretizedLogistic, levels=4, n=2, min_scale=0.1),
    "distributions.mixtures.MixtureOfGaussians": lambda: call(
        made_np.MixtureOfGaussians, n=2, min_scale=0.1, reserve=0.1
    ),
    "distributions.mixtures.MixtureOfLogistics": lambda: call(
        made_np.MixtureOfLogistics, n=2, min_scale=0.1, reserve=0.1
    ),
    "distributions.plain.Categorical": lambda: call(made_np.Categorical, n=3),
    "distributions.plain.Gaussian": lambda: call(made_np.Gaussian, min_scale=0.1, scale="exp"),
}


def _register(name: Any, kind: Any, example: Any) -> None:
    made_np.distributions.register(name, kind, example)
    made_np.distributions.unregister(name)


def _unregister(name: Any) -> None:
    with registered("poisson"):
        made_np.distributions.unregister(name)
        made_np.distributions.register("poisson", Poisson)


DISTRIBUTIONS: dict[str, Callable[[], Call]] = {
    "distributions.registering.register": lambda: call(_register, name="counts", kind=Poisson, example=Poisson()),
    "distributions.registering.unregister": lambda: call(_unregister, name="poisson"),
}


def _softsign(z: Any) -> Any:
    return z / (1 + np.abs(z))


def _softsign_backward(dy: Any, z: Any) -> Any:
    return dy / (1 + np.abs(z)) ** 2


def _registry(function: Callable[..., Any], **arguments: Any) -> Call:
    """A call before which "fuzzed" is registered if it is to be taken back, and is not if it is to be registered."""
    for name in set(layers.ACTIVATIONS) - layers.BUILT_IN:
        layers.unregister_activation(name)
    if "forward" not in arguments:
        layers.register_activation("fuzzed", _softsign, _softsign_backward)
    return call(function, **arguments)


ACTIVATIONS: dict[str, Callable[[], Call]] = {
    "layers.find_activation": lambda: _registry(layers.find_activation, activation="fuzzed"),
    "layers.register_activation": lambda: _registry(
        layers.register_activation, name="fuzzed", forward=_softsign, backward=_softsign_backward, gain=2.0
    ),
    "layers.unregister_activation": lambda: _registry(layers.unregister_activation, name="fuzzed"),
}


def _spoilt() -> dict[str, Any]:
    return {"theta": models.copier().init(), "x": models.rows(), "target": models.rows()}


AUTOENCODERS: dict[str, Callable[[], Call]] = {
    "autoencoder.Autoencoder": lambda: call(Autoencoder, **models.COPIER),
    "autoencoder.Autoencoder.masked": lambda: call(
        models.copier().masked, or_names=("n_masks",), order=[2, 0, 1], degrees="spread", n_masks=1, seed=0
    ),
    "autoencoder.Autoencoder.init": lambda: call(models.copier().init, rng=_rng(), x=models.rows(), scheme="normal"),
    "autoencoder.Autoencoder.fit": lambda: call(
        models.copier().fit, x=models.rows(), noise=0.1, rng=_rng(), max_epochs=1, optimizer="adam", theta=None
    ),
    "autoencoder.Autoencoder.corrupt": lambda: call(models.copier().corrupt, x=models.rows(), noise=0.1, rng=_rng()),
    "autoencoder.Autoencoder.encode": lambda: call(
        models.copier().encode, theta=models.copier().init(), x=models.rows()
    ),
    "autoencoder.Autoencoder.decode": lambda: call(
        models.copier().decode, theta=models.copier().init(), code=np.ones((5, 2))
    ),
    "autoencoder.Autoencoder.reconstruct": lambda: call(
        models.copier().reconstruct, theta=models.copier().init(), x=models.rows()
    ),
    "autoencoder.Autoencoder.row_loss": lambda: call(models.copier().row_loss, **_spoilt()),
    "autoencoder.Autoencoder.loss": lambda: call(models.copier().loss, **_spoilt()),
    "autoencoder.Autoencoder.loss_and_grad": lambda: call(models.copier().loss_and_grad, **_spoilt()),
}


def _after(layer: Any, x: Any) -> Any:
    layer.forward(x)
    return layer


def _net(**given: Any) -> Sequential:
    layers_of = MaskedLinear(5, 4), "tanh", MaskedLinear(4, 6)
    return Sequential(*layers_of, **{"output": models.MIXED["output"], "order": [2, 0, 1], **given})


SEQUENTIAL: dict[str, Callable[[], Call]] = {
    "sequential.linear.MaskedLinear": lambda: call(MaskedLinear, n_inputs=3, n_outputs=2),
    "sequential.linear.MaskedLinear.forward": lambda: call(MaskedLinear(3, 2).forward, x=models.rows()),
    "sequential.linear.MaskedLinear.backward": lambda: call(
        _after(MaskedLinear(3, 2), models.rows()).backward, dy=np.ones((5, 2))
    ),
    "sequential.linear.Elementwise": lambda: call(Elementwise, activation="tanh"),
    "sequential.linear.Elementwise.forward": lambda: call(Elementwise("tanh").forward, z=models.rows()),
    "sequential.linear.Elementwise.backward": lambda: call(
        _after(Elementwise("tanh"), models.rows()).backward, dy=np.ones((5, 3))
    ),
    "sequential.container.Sequential": lambda: call(
        _net, or_names=("layers",), output=models.MIXED["output"], order=[2, 0, 1], degrees="spread", seed=0, rng=_rng()
    ),
    "sequential.container.Sequential.forward": lambda: call(_net().forward, x=models.rows()),
    "sequential.container.Sequential.backward": lambda: call(
        _after(_net(), models.rows()).backward, d_raw=np.ones((5, 6))
    ),
    "sequential.container.Sequential.log_prob": lambda: call(_net().log_prob, x=models.rows()),
    "sequential.container.Sequential.loss": lambda: call(_net().loss, x=models.rows()),
    "sequential.container.Sequential.loss_and_grad": lambda: call(_net().loss_and_grad, x=models.rows()),
    "sequential.container.Sequential.sample": lambda: call(_net().sample, uniforms=np.full((5, 3), 0.5)),
    "sequential.container.Sequential.fit": lambda: call(_net().fit, x=models.rows(), max_epochs=1, rng=_rng()),
    "sequential.container.Sequential.adapter": lambda: call(_net().adapter, rows=5, rng=0),
}

MASKS: dict[str, Callable[[], Call]] = {
    "masks.masks.connectivity": lambda: call(
        masks.connectivity,
        masks=[np.tri(3, dtype=bool)],
        direct=np.eye(3, dtype=bool),
    ),
    "masks.masks.make_degrees": lambda: call(
        masks.make_degrees, kind="random", hidden=(4, 4), n_features=3, rng=_rng(), n_context=1, residual=True
    ),
    "masks.masks.make_mask": lambda: call(
        masks.make_mask, degrees_out=np.array([1, 2]), degrees_in=np.array([1, 2]), strict=False
    ),
    "masks.masks.make_order": lambda: call(masks.make_order, order="random", n_features=3, rng=_rng()),
    "masks.masks.position_of": lambda: call(masks.position_of, order=np.array([2, 0, 1])),
    "masks.masks.random_degrees": lambda: call(
        masks.random_degrees, width=4, n_features=3, rng=_rng(), n_context=1, lowest=1
    ),
    "masks.masks.spread_degrees": lambda: call(masks.spread_degrees, width=4, n_features=3, n_context=1),
}


def _optimizer_step() -> Call:
    rule, start = optim.Adam(), np.ones(3)
    return call(
        rule.step,
        changes=("theta", "state"),
        theta=start,
        grad=np.ones(3),
        state=rule.init(start),
        learning_rate=0.1,
        decay=np.zeros(3),
    )


TRAINING: dict[str, Callable[[], Call]] = {
    "optim.AdaDelta": lambda: call(optim.AdaDelta, rho=0.9, eps=1e-6),
    "optim.AdaGrad": lambda: call(optim.AdaGrad, eps=1e-6),
    "optim.Adam": lambda: call(optim.Adam, beta1=0.9, beta2=0.99, eps=1e-8),
    "optim.AdamW": lambda: call(optim.AdamW, beta1=0.9, beta2=0.99, eps=1e-8),
    "optim.Optimizer.init": lambda: call(optim.Adam().init, theta=np.ones(3)),
    "optim.Optimizer.step": _optimizer_step,
    "optim.SGD": lambda: call(optim.SGD, momentum=0.5, nesterov=True),
    "optim.blocks": lambda: call(optim.blocks, size=3),
    "optim.get_optimizer": lambda: call(optim.get_optimizer, optimizer="adam"),
    "schedules.Constant": lambda: call(schedules.Constant, multiplier=0.5),
    "schedules.Constant.__call__": lambda: call(schedules.Constant(0.5), step=1, total_steps=3),
    "schedules.ReduceOnPlateau": lambda: call(schedules.ReduceOnPlateau, factor=0.5, patience=2, floor=0.1),
    "schedules.ReduceOnPlateau.__call__": lambda: call(schedules.ReduceOnPlateau(), step=1, total_steps=3),
    "schedules.ReduceOnPlateau.after": lambda: call(
        schedules.ReduceOnPlateau().after, unlike={"valid": ENDLESS}, valid=[2.0, 1.0]
    ),
    "schedules.StepDecay": lambda: call(schedules.StepDecay, factor=0.5, every=2),
    "schedules.StepDecay.__call__": lambda: call(schedules.StepDecay(0.5, 2), step=1, total_steps=3),
    "schedules.WarmRestarts": lambda: call(schedules.WarmRestarts, steps=3, growth=2),
    "schedules.WarmRestarts.__call__": lambda: call(schedules.WarmRestarts(3, 2), step=1, total_steps=3),
    "schedules.Warmup": lambda: call(schedules.Warmup, steps=3, then="cosine"),
    "schedules.Warmup.__call__": lambda: call(schedules.Warmup(3), step=1, total_steps=3),
    "schedules.Warmup.after": lambda: call(
        schedules.Warmup(3, schedules.ReduceOnPlateau()).after, unlike={"valid": ENDLESS}, valid=[2.0, 1.0]
    ),
    "schedules.after": lambda: call(
        schedules.after, unlike={"valid": ENDLESS}, schedule=schedules.ReduceOnPlateau(), valid=[2.0, 1.0]
    ),
    "schedules.constant": lambda: call(schedules.constant, step=1, total_steps=3),
    "schedules.cosine": lambda: call(schedules.cosine, step=1, total_steps=3),
    "schedules.get_schedule": lambda: call(schedules.get_schedule, schedule="cosine"),
    "schedules.multiplier": lambda: call(schedules.multiplier, schedule=schedules.cosine, step=1, total_steps=3),
    "schedules.linear": lambda: call(schedules.linear, step=1, total_steps=3),
}


def _calibration() -> Any:
    return made_np.calibration(models.mixed(), models.theta(), models.rows(), context=models.context(), n_bins=2)


def _evaluation() -> Any:
    return made_np.evaluate(models.mixed(), models.theta(), models.rows(), context=models.context())


LOOKING: dict[str, Callable[[], Call]] = {
    "comparison.comparing.compare": lambda: call(
        made_np.compare,
        or_names=("real",),
        real=models.rows(),
        synthetic=models.rows(),
        holdout=models.rows(),
        max_rows=3,
        random_state=_rng(),
    ),
    "datasets.load_binary": lambda: call(datasets.load_binary, name="nltcs", folder="."),
    "datasets.load_digits": lambda: call(datasets.load_digits, binary=None, levels=3, seed=0),
    "datasets.load_olivetti": lambda: call(datasets.load_olivetti, path="olivetti.npz", n_valid=10, n_test=10),
    "diagnostics.calibrating.Calibration.has_states": lambda: call(_calibration().has_states, feature=1),
    "diagnostics.calibrating.Calibration.of": lambda: call(_calibration().of, feature=1),
    "diagnostics.calibrating.Calibration.reliability": lambda: call(_calibration().reliability, feature=1),
    "diagnostics.calibrating.Calibration.uniformity": lambda: call(_calibration().uniformity, feature=2),
    "diagnostics.calibrating.calibration": lambda: call(
        diagnostics.calibration, unlike=ANOTHER, made=models.mixed(), **_scores(n_bins=3, rng=_rng())
    ),
    "diagnostics.duel.compare_models": lambda: call(
        made_np.compare_models, or_names=("X",), a=models.learned(), b=models.learned(), X=models.table()
    ),
    "diagnostics.evaluation.Evaluation.difference": lambda: call(_evaluation().difference, other=_evaluation()),
    "diagnostics.evaluation.evaluate": lambda: call(
        diagnostics.evaluate, unlike=ANOTHER, made=models.mixed(), **_scores()
    ),
    "draw.curves.learning_curve": lambda: call(
        draw.learning_curve,
        history={"epoch": [1, 2], "train": [2.0, 1.0], "valid": [2.0, 1.5]},
        best_epoch=2,
        dropout=0.5,
        baselines={"a": 1.0},
        title="t",
        path=None,
    ),
    "draw.network_picture.network": lambda: call(
        draw.network,
        unlike=DRAWN,
        model=models.mixed(),
        mask_set=0,
        highlight=1,
        names=["a", "b", "c"],
        max_units=3,
        path=None,
    ),
    "draw.images.completions": lambda: call(
        draw.completions,
        given=np.array([[0.0, np.nan]]),
        image_shape=(1, 2),
        original=np.zeros((1, 2)),
        mean=np.zeros((1, 2)),
        samples=np.zeros((2, 1, 2)),
        n_shown=1,
        value_range=(0.0, 1.0),
        cmap="gray",
        path=None,
    ),
    "draw.images.image_grid": lambda: call(
        draw.image_grid,
        images=np.zeros((1, 2, 2, 2)),
        titles=["a", "b"],
        row_titles=["a"],
        frames=np.ones((1, 2, 2, 2), bool),
        value_range=(0.0, 1.0),
        cmap="gray",
        size=0.8,
        path=None,
    ),
    "draw.calibration_picture.calibration": lambda: call(
        draw.calibration, found=_calibration(), feature=1, title="t", path=None
    ),
    "draw.text.mask_text": lambda: call(draw.mask_text, mask=np.tri(3, dtype=bool), width=72, height=36, ascii=False),
    "draw.masks_picture.masks": lambda: call(
        draw.masks, unlike=DRAWN, model=models.mixed(), mask_set=0, by="order", names=["a", "b", "c"], path=None
    ),
    "draw.masks_picture.reachability": lambda: call(
        draw.reachability,
        unlike=DRAWN,
        model=models.mixed(),
        mask_set=0,
        by="order",
        names=["a", "b", "c"],
        path=None,
    ),
}


def _fitted(**parameters: Any) -> MADEDensity:
    return MADEDensity(**parameters).fit(models.table())


def _table() -> Table:
    return Table.of(models.table())


def _learner() -> MADEDensity:
    return MADEDensity(**models.LEARNER)


def _draws() -> dict[str, Any]:
    return {"random_state": _rng()}


TABLES: dict[str, Callable[[], Call]] = {
    "columns.columns.Columns.decode": lambda: call(models.learned().columns_.decode, z=models.rows(), rng=_rng()),
    "columns.columns.Columns.encode": lambda: call(models.learned().columns_.encode, x=models.rows()),
    "estimator.conventions.Conventions.get_params": lambda: call(_learner().get_params, deep=True),
    "estimator.routing.Routed.set_fit_request": lambda: call(_learner().set_fit_request, sample_weight=True),
    "estimator.routing.Routed.set_partial_fit_request": lambda: call(
        _learner().set_partial_fit_request, sample_weight=None
    ),
    "estimator.routing.Routed.set_score_request": lambda: call(_learner().set_score_request, sample_weight=False),
    "estimator.imputer.MADEImputer": lambda: call(
        lambda **given: MADEImputer(**given).fit(models.table()),
        density=_learner(),
        statistic="mean",
        add_indicator=True,
        random_state=_rng(),
    ),
    "estimator.imputer.MADEImputer.fit": lambda: call(MADEImputer(_learner()).fit, X=models.table(), y=None),
    "estimator.imputer.MADEImputer.fit_transform": lambda: call(
        MADEImputer(_learner()).fit_transform, X=models.table(), y=None
    ),
    "estimator.imputer.MADEImputer.get_feature_names_out": lambda: call(
        MADEImputer(_learner()).fit(models.table()).get_feature_names_out, input_features=["a", "b", "c"]
    ),
    "estimator.imputer.MADEImputer.set_output": lambda: call(MADEImputer().set_output, transform="default"),
    "estimator.imputer.MADEImputer.transform": lambda: call(
        MADEImputer(_learner()).fit(models.table()).transform, X=models.table()
    ),
    "estimator.outliers.MADEOutlierDetector": lambda: call(
        lambda **given: MADEOutlierDetector(**given).fit(models.table()),
        density=_learner(),
        contamination=0.1,
        random_state=_rng(),
    ),
    "estimator.outliers.MADEOutlierDetector.decision_function": lambda: call(
        MADEOutlierDetector(_learner()).fit(models.table()).decision_function, X=models.table()
    ),
    "estimator.outliers.MADEOutlierDetector.fit": lambda: call(
        MADEOutlierDetector(_learner()).fit, X=models.table(), y=None
    ),
    "estimator.outliers.MADEOutlierDetector.fit_predict": lambda: call(
        MADEOutlierDetector(_learner()).fit_predict, X=models.table(), y=None
    ),
    "estimator.outliers.MADEOutlierDetector.predict": lambda: call(
        MADEOutlierDetector(_learner()).fit(models.table()).predict, X=models.table()
    ),
    "estimator.outliers.MADEOutlierDetector.score_samples": lambda: call(
        MADEOutlierDetector(_learner()).fit(models.table()).score_samples, X=models.table()
    ),
    "estimator.density.MADEDensity": lambda: call(_fitted, **{**models.LEARNER, "context": [2]}),
    "estimator.density.MADEDensity.fit": lambda: call(
        _learner().fit,
        or_names=("X_val", "sample_weight"),
        X=models.table(),
        y=None,
        X_val=models.table(),
        checkpoint=None,
        max_seconds=60.0,
        sample_weight=np.arange(40.0),
        comm=None,
    ),
    "estimator.density.MADEDensity.partial_fit": lambda: call(
        _learner().partial_fit, or_names=("sample_weight",), X=models.table(), y=None, sample_weight=np.arange(40.0)
    ),
    "estimator.answers.Answers.evaluate": lambda: call(models.learned().evaluate, X=models.rows()),
    "estimator.answers.Answers.impute": lambda: call(
        models.learned().impute, X=_given(), n_draws=2, statistic="mean", confidence=0.5, random_state=_rng()
    ),
    "estimator.answers.Answers.sample": lambda: call(
        models.answering().sample, n_samples=2, given={0: 1}, random_state=_rng()
    ),
    "estimator.answers.Answers.score": lambda: call(
        models.learned().score, X=models.rows(), y=None, sample_weight=np.arange(5.0), or_names=("sample_weight",)
    ),
    "estimator.answers.Answers.score_samples": lambda: call(
        models.learned().score_samples, X=_given(), n_draws=2, return_std=False, or_names=("n_draws",)
    ),
    "estimator.questions.Questions.classes": lambda: call(models.answering().classes, target=1),
    "estimator.questions.Questions.conditional": lambda: call(
        models.answering().conditional, column=1, given={0: 1}, or_names=("given",)
    ),
    "estimator.questions.Questions.entropy": lambda: call(
        models.answering().entropy, columns=[1], given=[0], or_names=("columns", "given")
    ),
    "estimator.questions.Questions.explain": lambda: call(models.answering().explain, X=_given()),
    "estimator.questions.Questions.mutual_information": lambda: call(
        models.answering().mutual_information, a=0, b=1, given=[2], or_names=("a", "b", "given")
    ),
    "estimator.questions.Questions.predict": lambda: call(models.answering().predict, X=_given(), target=1),
    "estimator.questions.Questions.predict_proba": lambda: call(
        models.answering().predict_proba, X=_given(), target=1, n_draws=2, or_names=("n_draws",)
    ),
    "estimator.questions.Questions.probability": lambda: call(
        models.answering().probability, where={1: 2}, given={0: 1}, return_std=True
    ),
    "estimator.questions.Questions.score_columns": lambda: call(models.answering().score_columns, X=_given()),
    "estimator.density.MADEDensity.load": lambda: call(MADEDensity.load, path="density.npz", backend=None),
    "estimator.density.MADEDensity.save": lambda: call(models.learned().save, path=PATH),
    "table.one_hot.OneHot": lambda: call(OneHot, groups=((0, 2),), may_be_none=(True,)),
    "table.one_hot.OneHot.find": lambda: call(OneHot.find, x=models.table(), evidence=20.0, names=["a", "b", "c"]),
    "table.one_hot.OneHot.fold": lambda: call(models.one_hot().fold, x=np.eye(3)),
    "table.one_hot.OneHot.spans": lambda: call(models.one_hot().spans, n_columns=4),
    "table.one_hot.OneHot.unfold": lambda: call(models.one_hot().unfold, z=np.array([[0.0, 2.5]])),
    "table.table.Table.above": lambda: call(_table().above, threshold=0.5, or_names=("binarize",)),
    "table.table.Table.blocks": lambda: call(lambda **given: list(_table().blocks(**given)), n_rows=2, gaps=True),
    "table.table.Table.cells": lambda: call(_table().cells, d=0, start=0, stop=2),
    "table.table.Table.column": lambda: call(_table().column, d=0, gaps=True),
    "table.table.Table.named": lambda: call(_table().named, names=["a", "b", "c"]),
    "table.table.Table.of": lambda: call(lambda **given: Table.of(**given).read(), X=models.table()),
    "table.table.Table.picked": lambda: call(
        lambda **given: _table().picked(**given).read(), columns=[2, 0], names=["a", "b"]
    ),
    "table.table.Table.read": lambda: call(_table().read, start=0, stop=2, gaps=True),
    "table.table.Table.style": lambda: call(_table().style, d=0),
    "table.table.Table.take": lambda: call(_table().take, index=[1, 0]),
    "table.table.Table.through": lambda: call(_table().through, readings=[NUMBERS, None, NUMBERS]),
    "table.table.Table.where": lambda: call(_table().where, row=0, column=1),
    "masks.found.find_order": lambda: call(made_np.find_order, x=models.table()),
    "storage.model_file.load": lambda: call(made_np.load, path="model.npz", backend=None),
    "storage.model_file.save": lambda: call(
        made_np.save,
        unlike=ANOTHER,
        path=PATH,
        made=models.mixed(),
        theta=models.theta(),
        extra={"by": "me"},
        arrays={"a": np.arange(3)},
    ),
    "table.files.writing.check_target": lambda: call(check_target, path="table.csv"),
    "table.files.read_table": lambda: call(
        read_table, path="table.csv", header=True, sep=",", decimal=".", encoding="utf-8", na=("x",)
    ),
    "table.files.writing.write_table": lambda: call(
        write_table, path=PATH, values=models.rows(), names=["a", "b", "c"]
    ),
}

EXAMPLES: dict[str, Callable[[], Call]] = {
    **MODEL,
    **AUTOENCODERS,
    **SEQUENTIAL,
    **ACTIVATIONS,
    **DISTRIBUTIONS,
    **MASKS,
    **TRAINING,
    **LOOKING,
    **TABLES,
    **TESTING,
    **FRAMEWORKS,
    **INTEROP,
}
