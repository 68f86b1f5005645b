"""A density of a table, fitted, copied, stored, asked in a random sequence, in Python or by command."""

from __future__ import annotations

import copy
import io
import pickle
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis.stateful import initialize, invariant, precondition, rule
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from fuzz.calls import Call, call
from fuzz.watched import MISTAKES, SEEDS, Watched, bits, choice
from made_np import MADEDensity, MADEImputer, MADEOutlierDetector, compare_models
from made_np.cli import main

WORDS = ("red", "green", "blue")
CHANGES: dict[str, tuple[Any, ...]] = {
    "hidden_layer_sizes": ((), (4,), (5, 5)),
    "answers": ("any", "order"),
    "activation": ("relu", "tanh"),
    "order": ("natural", "reverse", "random"),
    "missing": ("ignore", "level"),
    "handle_unknown": ("other", "error"),
    "min_frequency": (None, 2),
    "optimizer": ("adam", "sgd"),
    "batch_size": (10, 100),
    "max_epochs": (1, 2),
    "early_stopping": (True, False),
    "schedule": (None, "cosine"),
    "averaging": (0.0, 0.9),
    "warm_start": (True, False),
    "random_state": (0, 1),
    "dtype": ("float32", "float64"),
}
"""Parameters with values that they may be set to."""
QUICK: dict[str, Any] = {
    "hidden_layer_sizes": (4,),
    "order": "natural",
    "answers": "any",
    "learning_rate": 1e-2,
    "weight_decay": 0.0,
    "dropout": 0.0,
    "max_epochs": 1,
    "random_state": 0,
    "backend": "numpy",
}
"""Parameters of an estimator that tries nothing."""
BAD_WORDS = (
    "",
    "x",
    "-1",
    "nan",
    "1e999",
    "size=",
    "colour=mauve",
    "=",
    "missing.csv",
    "9" * 30,
    "-",
    "--draws",
    "\udcff",
)
"""Words of a command line that nobody means."""


def table(rng: np.random.Generator, n: int = 40) -> pd.DataFrame:
    """Return a table of mixed columns with gaps."""
    frame = pd.DataFrame(
        {
            "colour": [WORDS[k] for k in rng.integers(0, 3, n)],
            "age": rng.integers(20, 30, n).astype(float),
            "size": np.round(rng.normal(size=n), 6),
            "member": rng.integers(0, 2, n).astype(bool),
        }
    )
    frame["age"] = frame["age"].mask(rng.random(n) < 0.1)
    frame["colour"] = frame["colour"].mask(rng.random(n) < 0.1)
    return frame


class DensityMachine(Watched):
    """The answers of the density that there is stay the same bits, whatever is done beside them."""

    @initialize(seed=SEEDS)
    def begin(self, seed: int) -> None:
        """Have an estimator that has learned nothing, and a table."""
        self.model = MADEDensity(**QUICK)
        self.answers: Any = None
        self.rows = table(self.chance(seed))
        self.some = self.rows.dropna().head(4)

    @property
    def is_fitted(self) -> bool:
        """Whether there is something to be asked."""
        return self.answers is not None

    def _answers(self, model: MADEDensity) -> Any:
        """Return the bits of what a density says of some rows, with one that it draws."""
        return bits([self.ask(model.score_samples, self.some), self.ask(model.sample, 2, random_state=1)])

    def _adopt(self, model: MADEDensity) -> None:
        self.model = model
        self.answers = self._answers(model)

    @invariant()
    def _it_is_as_it_was(self) -> None:
        if self.is_fitted:
            assert self._answers(self.model) == self.answers
            return
        with pytest.raises(NotFittedError, match="fit"):
            self.ask(self.model.score_samples, self.some)

    # ------------------------------------------------------------------------------------------ learning

    def _learns(self, learn: Callable[..., Any], rows: pd.DataFrame, **more: Any) -> bool:
        """Whether a density learns from rows: parameters that do not go together are refused by their names."""
        try:
            self.ask(learn, rows, may_warn=True, **more)
        except ValueError as error:
            if not any(name in str(error) for name in CHANGES):
                raise
            return False
        return True

    @rule(seed=SEEDS)
    def fit(self, seed: int) -> None:
        """A fit repeats itself; its rows may change afterwards."""
        rng = self.chance(seed)
        rows = table(rng)
        twin = clone(self.model)
        if self.model.warm_start and self.is_fitted:
            rows = self.rows.copy()
            twin = copy.deepcopy(self.model)
        weights = choice(rng, (None, np.linspace(1, 2, len(rows))))
        if not self._learns(self.model.fit, rows, sample_weight=weights):
            return
        self.rows = rows.copy()
        self.some = self.rows.dropna().head(4)
        self._adopt(self.model)
        assert self._learns(twin.fit, rows, sample_weight=weights)
        assert self._answers(twin) == self.answers
        rows.iloc[:, 1:3] = 0.0

    @precondition(lambda self: self.is_fitted)
    @rule()
    def fit_further(self) -> None:
        """One more pass over the same rows changes a copy, and not what it was copied from."""
        other = copy.deepcopy(self.model)
        if self._learns(other.partial_fit, self.rows):
            assert self._answers(self.model) == self.answers
            self._adopt(other)

    @rule(seed=SEEDS)
    def set_params(self, seed: int) -> None:
        """Parameters that are set are there; what was learned stays until the next fit."""
        rng = self.chance(seed)
        names = rng.permutation(sorted(CHANGES))[:3].tolist()
        new = {name: choice(rng, CHANGES[name]) for name in names}
        assert self.ask(self.model.set_params, **new) is self.model
        found = self.ask(self.model.get_params)
        assert all(found[name] == value for name, value in new.items())
        with pytest.raises(ValueError, match="heights"):
            self.ask(self.model.set_params, heights=3)
        assert bits(self.model.get_params()) == bits(found)

    # ------------------------------------------------------------------------------------------ copies

    @precondition(lambda self: self.is_fitted)
    @rule(seed=SEEDS)
    def copies(self, seed: int) -> None:
        """A copy, in memory or in a file, answers with the same bits."""
        path = self.folder / "density.npz"
        self.ask(self.model.save, path)
        others = [
            self.ask(MADEDensity.load, path),
            copy.copy(self.model),
            copy.deepcopy(self.model),
            pickle.loads(pickle.dumps(self.model)),
        ]
        for each in others:
            assert self._answers(each) == self.answers
            assert each.get_params() == self.model.get_params()
        self.model = choice(self.chance(seed), others)

    # ------------------------------------------------------------------------------------------ answers

    def _gappy(self, rng: np.random.Generator) -> pd.DataFrame:
        """Return some rows with gaps, if the model takes them anywhere."""
        some = self.rows.iloc[rng.integers(0, len(self.rows), 3)].reset_index(drop=True)
        return some.mask(rng.random(some.shape) < 0.3) if self.any else some

    @property
    def any(self) -> bool:
        """Whether the model takes gaps anywhere."""
        return bool(self.model.made_.mask_sets.has_paths)

    @precondition(lambda self: self.is_fitted)
    @rule(seed=SEEDS)
    def scores(self, seed: int) -> None:
        """Terms of the columns add up to the scores, whose mean is the score; a row is scored alone as among others."""
        rows = self._gappy(self.chance(seed))
        scores = self.ask(self.model.score_samples, rows)
        np.testing.assert_allclose(self.ask(self.model.score_columns, rows).sum(axis=1), scores, rtol=1e-6, atol=1e-6)
        np.testing.assert_allclose(self.ask(self.model.score, rows), scores.mean(), rtol=1e-9)
        np.testing.assert_allclose(self.ask(self.model.evaluate, rows).nll, -scores.mean(), rtol=1e-9)
        for k in range(len(rows)):
            alone = self.ask(self.model.score_samples, rows.iloc[k : k + 1])
            np.testing.assert_allclose(alone, scores[k], rtol=1e-9, atol=1e-9)

    @precondition(lambda self: self.is_fitted)
    @rule(seed=SEEDS)
    def completions(self, seed: int) -> None:
        """What is known stays, gaps are filled, the same each time; drawn rows hold their condition."""
        rng = self.chance(seed)
        rows = self._gappy(rng)
        if not self.any and rows.isna().any(axis=None):
            return
        n_draws = choice(rng, (None, 2))
        filled = self.ask(self.model.impute, rows, n_draws, random_state=seed)
        assert bits(self.ask(self.model.impute, rows, n_draws, random_state=seed)) == bits(filled)
        for each in [filled] if n_draws is None else filled:
            assert not each.isna().any(axis=None)
            for name in rows:
                known = rows[name].notna()
                assert (each[name][known] == rows[name][known]).all()
        if self.any:
            word = choice(rng, self._words())
            drawn = self.ask(self.model.sample, 3, given={"colour": word, "age": (None, 25)}, random_state=seed)
            assert (drawn["colour"] == word).all()
            assert (drawn["age"] <= 25).all()

    def _words(self) -> list[str]:
        """Return the words that the model tells apart."""
        return [each for each in WORDS if each in set(self.ask(self.model.classes, "colour"))]

    @precondition(lambda self: self.is_fitted and self.any)
    @rule(seed=SEEDS)
    def probabilities(self, seed: int) -> None:
        """The probabilities of parts add up to that of the whole."""
        rng = self.chance(seed)
        cut = float(rng.normal())
        given = choice(rng, (None, {"member": True}, {"age": (22, 28)}))
        below = self.ask(self.model.probability, {"size": ("<", cut)}, given=given)
        above = self.ask(self.model.probability, {"size": (">=", cut)}, given=given)
        whole = 1.0 - self._of_gaps("size", given)
        np.testing.assert_allclose(below + above, whole, atol=1e-6)
        low = self.ask(self.model.probability, {"age": (None, 24), "size": ("<", cut)}, given=given)
        assert low <= below + 1e-6
        rows = self._gappy(rng)
        shares = self.ask(self.model.predict_proba, rows, "colour")
        np.testing.assert_allclose(shares.sum(axis=1), 1.0, rtol=1e-6)
        assert len(self.ask(self.model.predict, rows, "colour")) == len(rows)

    def _of_gaps(self, column: str, given: Any) -> float:
        """Return how probable a gap is in a column: it is in neither part."""
        levels = self.model.columns_.each[list(self.rows).index(column)]
        return (
            0.0
            if "missing" not in str(levels)
            else float(self.ask(self.model.probability, {column: None}, given=given))
        )

    @precondition(lambda self: self.is_fitted and self.any)
    @rule(seed=SEEDS)
    def conditionals(self, seed: int) -> None:
        """A conditional is a distribution, and explanations are of the rows."""
        rng = self.chance(seed)
        rows = self._gappy(rng)
        found = self.ask(self.model.conditional, "age", rows)
        np.testing.assert_array_less(found.cdf(21.0), found.cdf(28.0) + 1e-9)
        assert (found.ppf(0.2) <= found.ppf(0.8)).all()
        assert self.ask(self.model.explain, rows).log_prob.shape == rows.shape
        entropy, error = self.ask(self.model.entropy, ["colour"])
        assert entropy >= -3 * error - 1e-6

    @precondition(lambda self: self.is_fitted)
    @rule(seed=SEEDS)
    def others(self, seed: int) -> None:
        """What is built on a density leaves it alone."""
        kind = choice(self.chance(seed), (MADEImputer, MADEOutlierDetector))
        if kind is MADEImputer and not self.any:
            return
        made = kind(self.model, random_state=0)
        if not self._learns(made.fit, self.rows):
            return
        found = self.ask(made.transform if kind is MADEImputer else made.predict, self.some)
        assert len(found) == len(self.some)
        self.ask(compare_models, self.model, self.model, self.some)

    # ------------------------------------------------------------------------------------------ commands

    def _run(self, *words: str) -> tuple[int, str, str]:
        """Return the status of a command, with what it says."""
        self.calls[f"made-np {words[0]}"] += 1
        out = io.StringIO()
        err = io.StringIO()
        with redirect_stdout(out), redirect_stderr(err):
            try:
                status = main(list(words))
            except SystemExit as error:
                status = int(error.code or 0)
        return status, out.getvalue(), err.getvalue()

    def _files(self) -> tuple[str, str, str]:
        """Write the model with a table, and return their names, with that of a table to be written."""
        model = self.folder / "model.npz"
        rows = self.folder / "rows.csv"
        self.model.save(model)
        self.some.to_csv(rows, index=False)
        return str(model), str(rows), str(self.folder / "out.csv")

    @precondition(lambda self: self.is_fitted)
    @rule()
    def commands(self) -> None:
        """Commands say what the density says."""
        model, rows, out = self._files()
        status, _, err = self._run("score", model, rows, "-o", out)
        assert status == 0, err
        np.testing.assert_allclose(pd.read_csv(out)["log_prob"], self.model.score_samples(self.some), rtol=1e-6)
        assert self._run("sample", model, "-n", "3", "-o", out)[0] == 0
        assert len(pd.read_csv(out)) == 3
        if self.any:
            status, told, err = self._run("query", model, "age=20..25")
            assert status == 0, err
            wanted = self.ask(self.model.probability, {"age": (20, 25)})
            assert told.startswith(f"{wanted:.6f}")
            assert self._run("complete", model, rows, "-o", out)[0] == 0
        assert self._run("describe", model)[0] == 0

    @precondition(lambda self: self.is_fitted)
    @rule(seed=SEEDS)
    def wrong_commands(self, seed: int) -> None:
        """A command with wrong words ends with status 2 in words, or does its work; no input is overwritten."""
        rng = self.chance(seed)
        model, rows, out = self._files()
        command = choice(
            rng,
            (
                ["score", model, rows, "-o", out],
                ["sample", model, "-n", "3", "-o", out],
                ["query", model, "age=20..25", "--given", "colour=red"],
                ["complete", model, rows, "-o", out],
                ["explain", model, rows],
                ["describe", model],
                ["describe", rows],
            ),
        )
        words = list(command)
        words[int(rng.integers(1, len(words)))] = choice(rng, (*BAD_WORDS, model, rows))
        if "-" in words and words[0] != "query":
            return  # standard input
        until = words.index("-o") if "-o" in words else len(words)
        inputs = [path for path in (Path(model), Path(rows)) if str(path) in words[:until]]
        before = [path.read_bytes() for path in inputs]
        status, _, err = self._run(*words)
        assert status in (0, 2), (words, status)
        assert "internal error" not in err, (words, err)
        assert "Traceback" not in err, (words, err)
        assert status == 0 or err.strip(), words
        assert [path.read_bytes() for path in inputs] == before, words

    # ------------------------------------------------------------------------------------------ mistakes

    @precondition(lambda self: self.is_fitted)
    @rule(seed=SEEDS)
    def mistake(self, seed: int) -> None:
        """A call with a wrong argument is taken, or refused in words that name it."""
        rng = self.chance(seed)
        for _ in range(MISTAKES):
            self.misuse(choice(rng, self._calls(rng)), rng)

    @rule(seed=SEEDS)
    def mistake_in_a_fit(self, seed: int) -> None:
        """A fit with a wrong argument, or a wrong parameter, leaves what was learned."""
        rng = self.chance(seed)
        names = [name for name in CHANGES if name != "warm_start"]
        parameters = {name: getattr(self.model, name) for name in names}

        def fit(X: Any, sample_weight: Any, **parameters: Any) -> None:
            model = copy.copy(self.model).set_params(**parameters)
            model.fit(X, sample_weight=sample_weight)

        beside = ("sample_weight", "X", "warm_start", "answers")  # parameters that were set before may not go together
        self.misuse(call(fit, X=self.rows, sample_weight=None, **parameters, or_names=beside), rng)

    def _calls(self, rng: np.random.Generator) -> list[Call]:
        """Return calls that the density takes."""
        model = self.model
        rows = self._gappy(rng)
        seed = {"random_state": np.random.default_rng(0)}
        calls = [
            call(model.score_samples, X=rows, n_draws=None, return_std=False, or_names=("n_draws",)),
            call(model.score, X=rows, y=None, sample_weight=np.ones(len(rows)), or_names=("sample_weight",)),
            call(model.score_columns, X=rows),
            call(model.evaluate, X=rows),
            call(model.sample, n_samples=2, given=None, **seed),
            call(MADEDensity.load, path=self._files()[0], backend=None),
            call(model.save, path="written.npz"),
        ]
        if self.any:
            calls += [
                call(model.impute, X=rows, n_draws=2, statistic="mean", confidence=0.5, **seed),
                call(model.explain, X=rows),
                call(model.predict_proba, X=rows, target="colour", n_draws=None, or_names=("n_draws",)),
                call(model.predict, X=rows, target="colour"),
                call(model.classes, target="colour"),
                call(model.conditional, column="age", given={"member": True}, or_names=("given",)),
                call(model.probability, where={"age": (20, 25)}, given={"member": True}, return_std=True),
                call(model.entropy, columns=["age"], given=["member"], or_names=("columns", "given")),
            ]
        return calls
