"""Small models of every kind, with questions to them."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

import made_np
from made_np import MADE, MADEDensity

OUTPUTS = ("bernoulli", "gaussian", made_np.Categorical(3), made_np.MixtureOfGaussians(2))
LEVELS = ("red", "green", "blue")


class Network(NamedTuple):
    """A model, rows for it, and how it is trained."""

    made: MADE
    x: Any
    options: dict[str, Any]

    def fit(self, **more: Any) -> Any:
        """Return what a fit learns."""
        return made_np.fit(self.made, self.x, **self.options, **more)


def network(rng: np.random.Generator) -> Network:
    """Return a random small network with rows."""
    n_features = int(rng.integers(2, 9))
    output = OUTPUTS[rng.integers(len(OUTPUTS))]
    n_masks = int(rng.choice([1, 1, 3]))
    depth = int(rng.integers(0, 3))
    made = MADE(
        n_features,
        hidden=(int(rng.integers(4, 24)),) * depth,
        output=output,
        activation=str(rng.choice(["relu", "tanh", "softplus"])),
        order="random" if n_masks > 1 else str(rng.choice(["natural", "random"])),
        n_masks=n_masks,
        residual=depth > 1 and bool(rng.integers(2)),
        seed=int(rng.integers(1000)),
        dtype=str(rng.choice(["float32", "float64"])),
        backend=str(rng.choice(["auto", "numpy"])),
    )
    shape = int(rng.integers(40, 300)), n_features
    if output == "bernoulli":
        x = rng.integers(0, 2, shape)
    elif isinstance(output, made_np.Categorical):
        x = rng.integers(0, 3, shape)
    else:
        x = rng.normal(size=shape)
    options = {
        "valid": x[: len(x) // 4],
        "batch_size": int(rng.integers(5, 60)),
        "max_epochs": int(rng.integers(2, 12)),
        "dropout": float(rng.choice([0.0, 0.2])) if made.hidden else 0.0,
        "averaging": float(rng.choice([0.0, 0.99])),
        "optimizer": str(rng.choice(["adam", "adadelta", "adagrad", "sgd"])),
        "rng": int(rng.integers(1000)),
    }
    return Network(made, x, options)


def answers_of(subject: Network, theta: Any, seed: int) -> list[Any]:
    """Return what a network answers: scores, a gradient, drawn rows."""
    made = subject.made
    drawn = made.sample(theta, 9, rng=seed)
    return [made.log_prob(theta, subject.x), *made.loss_and_grad(theta, subject.x[:50]), drawn]


def table(rng: np.random.Generator, n: int = 150) -> pd.DataFrame:
    """Return a table of mixed columns with gaps."""
    age = rng.integers(18, 80, n)
    frame = pd.DataFrame(
        {
            "age": age,
            "income": np.where(rng.random(n) < 0.2, 0.0, np.round(rng.lognormal(5, 1, n) * age, 2)),
            "colour": rng.choice(LEVELS, n),
            "since": pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 900, n), unit="D"),
            "size": rng.normal(size=n),
        }
    )
    gaps = rng.random(frame.shape) < 0.05
    return frame.mask(gaps)


def density(rng: np.random.Generator, frame: pd.DataFrame) -> MADEDensity:
    """Return a density that is not fitted, whose fit takes about a second."""
    return MADEDensity(
        (12,),
        max_epochs=int(rng.integers(2, 5)),
        answers="any",
        order=str(rng.choice(["natural", "reverse"])),
        missing=str(rng.choice(["ignore", "level"])) if frame.isna().any().all() else "ignore",
        random_state=int(rng.integers(1000)),
        backend=str(rng.choice(["auto", "numpy"])),
    )


def questions(rng: np.random.Generator, model: MADEDensity, frame: pd.DataFrame) -> Iterator[Any]:
    """Yield what a fitted density answers to questions of every kind, in a random sequence."""
    seed = int(rng.integers(1000))
    some = frame.iloc[rng.integers(0, len(frame), 12)].reset_index(drop=True)
    low = int(rng.integers(18, 60))
    asked = [
        lambda: model.score_samples(some),
        lambda: model.score_columns(some),
        lambda: model.sample(7, random_state=seed),
        lambda: model.sample(3, given={"colour": "red", "age": (low, None)}, random_state=seed),
        lambda: model.impute(some),
        lambda: model.probability({"age": (low, low + 9)}),
        lambda: model.probability({"income": ("<", 100.0)}, given={"colour": {"red", "blue"}}),
        lambda: model.predict_proba(some, "colour"),
        lambda: model.conditional("size", some).mean(),
        lambda: model.explain(some.head(3)),
        lambda: model.evaluate(some),
    ]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for k in rng.permutation(len(asked))[: int(rng.integers(1, 6))]:
            yield asked[k]()


class Asked:
    """A density that was fitted to a table, with questions to it and the answers that it has given."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.frame = table(rng)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            self.model = density(rng, self.frame).fit(self.frame)
        self.seed = int(rng.integers(1 << 30))
        self.wanted = self.again()

    def again(self) -> list[Any]:
        """Return the answers to the same questions."""
        return self.by(self.model)

    def by(self, model: MADEDensity) -> list[Any]:
        """Return what another density answers."""
        return list(questions(np.random.default_rng(self.seed), model, self.frame))


def same(a: Any, b: Any) -> bool:
    """Whether two answers are the same bits."""
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(map(same, a, b))
    if is_dataclass(a):
        return type(a) is type(b) and all(same(getattr(a, each.name), getattr(b, each.name)) for each in fields(a))
    if isinstance(a, pd.DataFrame | pd.Series):
        return bool(a.equals(b))
    if isinstance(a, np.ndarray) and a.dtype != object:
        return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()
    if isinstance(a, np.ndarray):
        return a.shape == b.shape and all(map(same, a.ravel().tolist(), b.ravel().tolist()))
    return bool(a == b or (a != a and b != b))
