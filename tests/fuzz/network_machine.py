"""A network with its parameters, which is built, fitted, copied, stored, asked in a random sequence."""

from __future__ import annotations

import copy
import itertools
import pickle
import runpy
from dataclasses import replace
from typing import Any

import numpy as np
from hypothesis.stateful import initialize, invariant, rule

import made_np
from fuzz.calls import Call, call
from fuzz.watched import MISTAKES, SEEDS, Watched, bits, choice
from made_np import (
    MADE,
    Bernoulli,
    Categorical,
    DiscretizedLogistic,
    Gaussian,
    MixtureOfGaussians,
    MixtureOfLogistics,
    interop,
)
from made_np.proofs import made_adapter
from made_np.testing import checks

OUTPUTS = (
    Bernoulli(),
    Categorical(3),
    Gaussian(),
    MixtureOfGaussians(2),
    MixtureOfLogistics(2),
    DiscretizedLogistic(4),
)
SEARCHED = (MixtureOfGaussians(2), MixtureOfLogistics(2))
N_STATES = {Bernoulli(): 2, Categorical(3): 3, DiscretizedLogistic(4): 4}


class NetworkMachine(Watched):
    """The answers of the network that there is stay the same bits, whatever is done beside them."""

    @initialize(seed=SEEDS)
    def begin(self, seed: int) -> None:
        """Have a network."""
        self.build(seed)

    @rule(seed=SEEDS)
    def build(self, seed: int) -> None:
        """Another network; what it was built from may change afterwards."""
        rng = self.chance(seed)
        given = self._description(rng)
        made = self.ask(MADE, **given)
        config = self.ask(made.config)
        for value in given.values():
            if isinstance(value, list):
                value.clear()
            elif isinstance(value, np.ndarray):
                value[...] = value[..., ::-1]
        assert made.config() == config
        assert self.ask(MADE.from_config, config) == made
        theta = self.ask(made.init, rng=seed, scheme=choice(rng, ("normal", "orthogonal")))
        self._adopt(made, (theta + 0.1 * rng.standard_normal(made.n_params)).astype(made.dtype), rng)

    def _description(self, rng: np.random.Generator) -> dict[str, Any]:
        """Return the arguments of a random model."""
        d = int(rng.integers(2, 5))
        output = choice(rng, OUTPUTS)
        depth = int(rng.integers(0, 3))
        n_masks = choice(rng, (1, 1, 1, 2, None))
        order = "random" if n_masks == 2 else choice(rng, ("natural", "reverse", "random", rng.permutation(d)))
        return {
            "n_features": d,
            "hidden": [int(rng.integers(3, 7))] * depth,
            "output": [choice(rng, OUTPUTS) for _ in range(d)] if rng.random() < 0.3 else output,
            "activation": choice(rng, ("relu", "tanh", "softplus", "elu", "silu")),
            "order": order,
            "degrees": choice(rng, ("spread", "random")) if n_masks == 1 else "spread",
            "n_masks": n_masks,
            "direct": choice(rng, ("auto", True)),
            "residual": depth == 2 and bool(rng.integers(2)),
            "mask_weights": bool(rng.integers(2)),
            "n_context": int(rng.integers(0, 2)),
            "seed": int(rng.integers(100)),
            "dtype": choice(rng, ("float32", "float64")),
            "backend": choice(rng, self.backends),
        }

    def _adopt(self, made: MADE, theta: Any, rng: np.random.Generator) -> None:
        """Take another network, with rows that it draws; its answers are what later ones are held against."""
        self.made = made
        self.theta = theta
        n = int(rng.integers(1, 8))
        self.context = rng.normal(size=(n, made.n_context)).astype(made.dtype) if made.n_context else None
        self.x = self.ask(made.sample, theta, n, rng=int(rng.integers(1000)), context=self.context)
        self.answers = self._answers()

    def _answers(self) -> Any:
        """Return the bits of what the network says of its rows, with those that it draws."""
        more = {"context": self.context}
        scores = self.ask(self.made.log_prob, self.theta, self.x, **more)
        slope = self.ask(self.made.loss_and_grad, self.theta, self.x, **more)
        assert np.isfinite(scores).all()
        return bits([scores, slope, None if self._is_slow else self._drawn()])

    @property
    def _is_slow(self) -> bool:
        """Whether rows are drawn by a search, which takes a hundred times as long as a score."""
        return any(each in SEARCHED for each in self.made.outputs.feature_outputs)

    def _drawn(self) -> Any:
        """Return rows that the network draws."""
        return self.ask(self.made.sample, self.theta, len(self.x), rng=1, context=self.context)

    @invariant()
    def _it_is_as_it_was(self) -> None:
        assert self._answers() == self.answers

    # ------------------------------------------------------------------------------------------ learning

    @rule(seed=SEEDS)
    def fit(self, seed: int) -> None:
        """A fit of a few steps repeats itself; its start, its rows may change afterwards."""
        rng = self.chance(seed)
        x = np.concatenate([self.x, self.x])
        theta = self.theta.copy()
        options = self._options(rng, len(x))
        found = self.ask(made_np.fit, self.made, x, theta=theta, **options)
        again = self.ask(made_np.fit, self.made, x, theta=theta, **options)
        assert bits(found.theta) == bits(again.theta)
        kept = found.theta.copy()
        x[:] = 0
        theta[:] = 7
        assert bits(found.theta) == bits(kept)
        if found.stopped_by != "diverged":
            self._adopt(self.made, found.theta, rng)

    def _options(self, rng: np.random.Generator, n: int) -> dict[str, Any]:
        """Return how a fit of n rows is made, which are those of the network twice."""
        context = None if self.context is None else np.concatenate([self.context, self.context])
        has_valid = bool(rng.integers(2))
        return {
            "context": context,
            "valid": self.x if has_valid else None,
            "valid_context": self.context if has_valid else None,
            "optimizer": choice(rng, ("adam", "adamw", "adagrad", "sgd")),
            "learning_rate": 1e-3,
            "batch_size": int(rng.integers(1, n + 1)),
            "max_epochs": int(rng.integers(1, 3)),
            "weight_decay": choice(rng, (0.0, 0.1)),
            "dropout": choice(rng, (0.0, 0.2)) if self.made.hidden else 0.0,
            "input_dropout": choice(rng, (0.0, 0.2)),
            "averaging": choice(rng, (0.0, 0.9)),
            "sample_weight": choice(rng, (None, np.linspace(1, 2, n))),
            "rng": int(rng.integers(1000)),
        }

    @rule(seed=SEEDS)
    def fit_with_a_stop(self, seed: int) -> None:
        """A fit that ends early, then goes on from its checkpoint, is the one that did not end."""
        rng = self.chance(seed)
        options = self._options(rng, 2 * len(self.x))
        x = np.concatenate([self.x, self.x])
        path = self.folder / f"checkpoint{seed}.npz"
        self.ask(made_np.fit, self.made, x, checkpoint=path, **{**options, "max_epochs": 1})
        found = self.ask(made_np.fit, self.made, x, checkpoint=path, **{**options, "max_epochs": 3})
        whole = self.ask(made_np.fit, self.made, x, **{**options, "max_epochs": 3})
        assert bits(found.theta) == bits(whole.theta)
        path.unlink()

    # ------------------------------------------------------------------------------------------ copies

    @rule(seed=SEEDS)
    def copies(self, seed: int) -> None:
        """A copy, in memory or in a file, is equal, and answers with the same bits."""
        rng = self.chance(seed)
        made = self.made
        path = self.folder / choice(rng, ("a.npz", "b.npz"))
        self.ask(made_np.save, path, made, self.theta, extra={"seed": seed})
        stored = self.ask(made_np.load, path)
        assert stored.extra == {"seed": seed}
        assert bits(stored.theta) == bits(self.theta)
        others = [stored.made, copy.copy(made), copy.deepcopy(made), pickle.loads(pickle.dumps(made)), replace(made)]
        assert all(each == made and hash(each) == hash(made) for each in others)
        self.made = choice(rng, others)

    @rule(seed=SEEDS)
    def in_another_dtype(self, seed: int) -> None:
        """The same network in another dtype, or on another backend, says nearly the same."""
        rng = self.chance(seed)
        made = replace(self.made, dtype=choice(rng, ("float32", "float64")), backend=choice(rng, self.backends))
        theta = self.theta.astype(made.dtype)
        context = None if self.context is None else self.context.astype(made.dtype)
        scores = [
            self.ask(one.log_prob, own, self.x, context=y)
            for one, own, y in ((made, theta, context), (self.made, self.theta, self.context))
        ]
        np.testing.assert_allclose(*scores, rtol=1e-3, atol=1e-3)
        self._adopt(made, theta, rng)

    @rule()
    def held(self) -> None:
        """Parameters that are held are those that were given, whatever becomes of the array."""
        theta = self.theta.copy()
        held = self.ask(self.made.hold, theta)
        assert bits(self.ask(self.made.fetch, held)) == bits(self.theta)

    # ------------------------------------------------------------------------------------------ answers

    @rule(seed=SEEDS)
    def terms(self, seed: int) -> None:
        """Terms of the columns add up to the score, of one row as of many; rows are scored alike in any sequence."""
        rng = self.chance(seed)
        made = self.made
        k = int(rng.integers(made.n_masks or 1))
        each = self.ask(made.feature_log_prob, self.theta, self.x, context=self.context, mask_set=k)
        scores = self.ask(made.log_prob, self.theta, self.x, context=self.context, mask_set=k)
        close = {"rtol": 1e-4, "atol": 1e-4} if made.dtype == np.float32 else {"rtol": 1e-10, "atol": 1e-10}
        np.testing.assert_allclose(each.sum(axis=1), scores, **close)
        i = int(rng.integers(len(self.x)))
        y = None if self.context is None else self.context[i]
        alone = self.ask(made.log_prob, self.theta, self.x[i], context=y, mask_set=k)
        np.testing.assert_allclose(alone, scores[i], **close)
        y = None if self.context is None else self.context[::-1]
        backwards = self.ask(made.log_prob, self.theta, self.x[::-1], context=y, mask_set=k)
        np.testing.assert_allclose(backwards[::-1], scores, **close)
        assert np.isfinite(self.ask(made.raw_outputs, self.theta, self.x, context=self.context, mask_set=k)).all()

    @rule(seed=SEEDS)
    def completions(self, seed: int) -> None:
        """What is known stays, the rest is filled, the same each time."""
        rng = self.chance(seed)
        given = np.where(rng.random(self.x.shape) < 0.5, np.nan, self.x)
        how = {"conditioning": "clamp", "context": self.context, "rng": seed}
        known = ~np.isnan(given)
        assert bits(self._drawn()) == bits(self._drawn())
        for fill in (
            lambda: self.ask(self.made.sample, self.theta, len(given), given=given, **how),
            lambda: self.ask(self.made.fill_means, self.theta, given, **how),
        ):
            filled = fill()
            assert bits(fill()) == bits(filled)
            assert np.isfinite(filled).all()
            assert (filled[known] == given[known]).all()
        skipped = self.ask(self.made.log_prob, self.theta, given, context=self.context, gaps="skip")
        assert np.isfinite(skipped).all()

    @rule()
    def sums(self) -> None:
        """The probabilities of all rows, where these can be counted, add up to 1."""
        outputs = self.made.outputs.feature_outputs
        if not all(each in N_STATES for each in outputs):
            return
        made = replace(self.made, dtype="float64")
        states = np.array(list(itertools.product(*(range(N_STATES[each]) for each in outputs))), dtype=float)
        context = None if self.context is None else self.context[0].astype(float)
        scores = self.ask(made.log_prob, self.theta.astype(float), states, context=context)
        np.testing.assert_allclose(np.exp(scores).sum(), 1.0, rtol=1e-10)

    @rule(seed=SEEDS)
    def slopes(self, seed: int) -> None:
        """The gradient is that of the loss, along a random direction."""
        rng = self.chance(seed)
        made = replace(self.made, dtype="float64", activation="tanh")
        theta = self.theta.astype(float)
        way = rng.standard_normal(theta.shape)
        context = None if self.context is None else self.context.astype(float)

        def loss(step: float) -> Any:
            return self.ask(made.loss_and_grad, theta + step * way, self.x, context=context)

        slope = float(loss(0.0)[1] @ way)
        measured = (loss(1e-6)[0] - loss(-1e-6)[0]) / 2e-6
        np.testing.assert_allclose(slope, measured, rtol=1e-4, atol=1e-4 * max(1.0, float(np.abs(way).sum())))

    @rule(seed=SEEDS)
    def looked_at(self, seed: int) -> None:
        """An evaluation, a tape, a Jacobian, a check of `made_np.testing` say what the scores say."""
        rng = self.chance(seed)
        made = self.made
        found = self.ask(made_np.evaluate, made, self.theta, self.x, context=self.context)
        scores = self.ask(made.log_prob, self.theta, self.x, context=self.context)
        np.testing.assert_allclose(found.nll, -scores.mean(), rtol=1e-4, atol=1e-4)
        tape = self.ask(made.trace, self.theta, self.x, context=self.context)
        loss, _ = self.ask(made.loss_and_grad, self.theta, self.x, context=self.context)
        np.testing.assert_allclose(tape["loss"].value, loss, rtol=1e-3, atol=1e-3)
        slopes = self.ask(made.jacobian, self.theta, self.x, context=self.context)
        assert slopes.shape[0] == len(self.x)
        if rng.random() < 0.2:
            adapter = self.ask(made_adapter, made, self.theta, rng=seed)
            check = choice(rng, [each for each in checks(adapter) if not each.skip])
            report = self.ask(check)
            assert report, report

    @rule()
    def sent_out(self) -> None:
        """A script of NumPy that is written for others is the model."""
        made = self.made if self.made.n_masks is not None else self.ask(self.made.mixture, self.made.n_mixed)
        path = self.folder / "model.py"
        self.ask(interop.to_numpy_script, made, self.theta, path)
        script = runpy.run_path(str(path))
        scores = self.ask(made.log_prob, self.theta, self.x, context=self.context)
        np.testing.assert_allclose(script["log_prob"](self.x, self.context), scores, rtol=1e-3, atol=1e-3)

    # ------------------------------------------------------------------------------------------ mistakes

    @rule(seed=SEEDS)
    def mistake(self, seed: int) -> None:
        """A call with a wrong argument is taken, or refused in words that name it."""
        rng = self.chance(seed)
        for _ in range(MISTAKES):
            self.misuse(choice(rng, self._calls(rng)), rng)

    def _calls(self, rng: np.random.Generator) -> list[Call]:
        """Return calls that the network takes."""
        made = self.made
        asked = {"theta": self.theta, "x": self.x, "context": self.context, "mask_set": 0}
        scored = {**asked, "gaps": "refuse"}
        options = {**self._options(rng, len(self.x)), "context": self.context, "sample_weight": None}
        drawn = {"theta": self.theta, "rng": np.random.default_rng(0), "context": self.context, "mask_set": None}
        return [
            call(made.log_prob, **scored),
            call(made.feature_log_prob, **scored),
            call(made.raw_outputs, **scored),
            call(made.jacobian, **scored),
            call(made.loss_and_grad, **scored, weights=np.ones(len(self.x))),
            call(made.init, rng=np.random.default_rng(0), x=self.x, scheme="normal", gaps="refuse"),
            call(made.sample, **drawn, n=len(self.x), given=None, conditioning="clamp"),
            call(made.fill_means, **drawn, given=self.x, conditioning="clamp"),
            call(MADE, **self._description(rng)),
            call(MADE.from_config, config=made.config()),
            call(made_np.fit, unlike={"made": ("MADE",)}, made=made, x=self.x, **options),
            call(made_np.evaluate, unlike={"made": ("MADE",)}, made=made, **asked),
            call(made_np.save, unlike={"made": ("MADE",)}, path="written.npz", made=made, theta=self.theta),
        ]
