"""Does a model that is stored, or copied, answer as before, to the bit?"""

from __future__ import annotations

import copy
import pickle
import tempfile
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from .answers import NUMBERS, WrongAnswer, as_answer
from .arrays import Array, as_features, as_list, attribute_of, told
from .compare import Floats, call_line, same, seed_of
from .points import Support, columns_of, draw_rows
from .report import Failure, Report
from .values import as_callable, as_choice, show

ROWS = 7
WAYS = ("pickle", "deepcopy")
SINGLE = 1e-4
"""An answer that changes by less was rounded, if it changes at all."""


def check_roundtrip(
    model: Any,
    n_features: int,
    *,
    log_prob: Callable[[Any, Floats], Any] | None = None,
    save: Callable[[Any, str], Any] | None = None,
    load: Callable[[str], Any] | None = None,
    clone: Callable[[Any], Any] | None = None,
    ways: Sequence[str] = WAYS,
    support: Support | None = (0, 1),
    rng: int | np.random.Generator = 0,
) -> Report:
    """Send a model through every way in which it may be stored or copied, and expect the same bits of log_prob.

    Pickle and deepcopy are tried by themselves, ``load`` after ``save``, and ``clone``. The model that was sent must
    answer as before, too.

    Parameters
    ----------
    model : object
        The model, fitted.
    n_features : int
        D.
    log_prob : callable, optional
        (model, (B, D)) -> (B,), in nats; ``model.log_prob(x)`` if not given.
    save, load : callable, optional
        ``save(model, path)``, and ``load(path)``, which returns the model. The path lies in a new folder, and has no
        suffix.
    clone : callable, optional
        model -> another one that answers alike.
    ways : sequence of {"pickle", "deepcopy"}
        Which of Python's own ways are promised.
    support : optional
        The values of every column, or of each, see `check_normalised`; None for real numbers.
    rng : int or Generator
        Seed of the rows.

    Returns
    -------
    Report
        One failure for each way that loses something, or raises.

    Raises
    ------
    TypeError, ValueError
        If model has no ``log_prob`` and none is given, if one of save and load is missing, or for a bad size, way or
        support. What ``log_prob`` raises for the model itself is handed on.

    Examples
    --------
    >>> class Coin:
    ...     p = 0.3
    ...     def log_prob(self, x):
    ...         return np.log(np.where(x == 1, self.p, 1 - self.p)).sum(axis=1)
    >>> check_roundtrip(Coin(), 2, ways=["deepcopy"]).ok
    True
    >>> def fair(coin):
    ...     other = Coin()
    ...     other.p = 0.5
    ...     return other
    >>> check_roundtrip(Coin(), 2, ways=["deepcopy"], clone=fair).failures[0].where
    'after clone'
    """
    scores = as_scores(model, log_prob)
    n_features = as_features(n_features)
    as_pair(save, load)
    if clone is not None:
        as_callable(clone, "clone", "model -> model")
    own = as_ways(ways)
    columns = columns_of(support, n_features)
    seed = seed_of(rng)
    x = draw_rows(columns, ROWS, np.random.default_rng(seed))
    shown = {"log_prob": log_prob, "save": save, "load": load, "clone": clone}
    given = {name: value for name, value in shown.items() if value is not None}
    line = call_line("check_roundtrip", "model", str(n_features), **given, ways=own, support=columns, rng=seed)
    base = Report("check_roundtrip", rule="the same rows, the same bits", seed=seed, reproduce=line)
    try:
        want = _answers(scores, model, x, "log_prob(x)")
        if not same(_answers(scores, model, x, "log_prob(x), called again"), want).all():
            hint = "it draws anew at each call, or keeps state: check_consistency says more"
            raise WrongAnswer(Failure("log_prob(x), called again", "other bits", "the same bits", hint=hint))
    except WrongAnswer as wrong:
        return wrong.report(base)
    there: dict[str, Callable[[Any], Any]] = {"pickle": _pickled, "deepcopy": copy.deepcopy}
    trips: dict[str, Callable[[Any], Any]] = {name: there[name] for name in own}
    if save is not None and load is not None:
        trips["save and load"] = _through_a_file(save, load)
    if clone is not None:
        trips["clone"] = clone
    return _judge(base, trips, scores, model, x, want)


def as_scores(model: Any, log_prob: Any) -> Callable[[Any, Floats], Any]:
    """How a model is asked, or raise."""
    if log_prob is not None:
        return as_callable(log_prob, "log_prob", "(model, x) -> nats")
    if not callable(attribute_of(model, "log_prob")):
        raise TypeError(
            f"model={show(model)} has no method log_prob: give how it is asked, log_prob=(model, x) -> nats"
        )
    return lambda model, x: model.log_prob(x)


def as_pair(save: Any, load: Any) -> None:
    """Refuse one of both without the other."""
    for name, given in (("save", save), ("load", load)):
        if given is not None:
            as_callable(given, name)
    if (save is None) != (load is None):
        lacking = "save" if save is None else "load"
        raise ValueError(f"{lacking}=None: give save and load, which undo each other, or neither")


def as_ways(ways: Any) -> tuple[str, ...]:
    """Python's own ways that are promised, or raise."""
    return tuple(as_choice(way, "ways: each", WAYS) for way in as_list(ways, "ways", f"give a list out of {WAYS}"))


def _pickled(model: Any) -> Any:
    return pickle.loads(pickle.dumps(model))


def _through_a_file(save: Callable[[Any, str], Any], load: Callable[[str], Any]) -> Callable[[Any], Any]:
    """What load makes of what save wrote."""

    def trip(model: Any) -> Any:
        with tempfile.TemporaryDirectory() as folder:
            path = str(Path(folder) / "model")
            save(model, path)
            return load(path)

    return trip


def _answers(scores: Callable[[Any, Floats], Any], model: Any, x: Floats, where: str) -> Array:
    return as_answer(scores(model, x.copy()), where, (len(x),), "one number per row, summed")


def _sent(trip: Callable[[Any], Any], scores: Callable[[Any, Floats], Any], model: Any, x: Floats, where: str) -> Array:
    return _answers(scores, trip(model), x, where)


def _judge(
    base: Report,
    trips: dict[str, Callable[[Any], Any]],
    scores: Callable[[Any, Floats], Any],
    model: Any,
    x: Floats,
    want: Array,
) -> Report:
    """The report on all ways."""
    if not trips:
        hint = "give save and load, clone, or ways"
        return WrongAnswer(Failure("exercised", 0, "at least 1 way", hint=hint)).report(base)
    failures: list[Failure] = []
    for name, trip in trips.items():
        failures += _lost(name, partial(_sent, trip, scores, model, x, f"after {name}"), want)
        failures += _lost(f"{name}, the model itself", partial(_answers, scores, model, x, "log_prob(x)"), want)
    errors = [failure.error for failure in failures if np.isfinite(failure.error)]
    return base.but(
        failures=tuple(failures),
        n_failed=len(failures),
        n_checked=2 * len(trips),
        n_exercised=2 * len(trips),
        worst_error=max(errors, default=0.0),
        worst_where=failures[0].where if failures else "",
        hint=failures[0].hint if failures else "",
    )


def _lost(name: str, answers: Callable[[], Array], want: Array) -> list[Failure]:
    """A failure if a way raises, or if the answers after it are others."""
    where = f"after {name}"
    try:
        got = answers()
    except WrongAnswer as wrong:
        return [wrong.failure]
    except Exception as error:  # whatever it is, it is the finding
        return [Failure(where, told(error)[:120], NUMBERS, hint=f"{name} raises: what is given back is no such model")]
    if got.dtype == want.dtype and same(got, want).all():
        return []
    with np.errstate(all="ignore"):
        moved = float(np.max(np.abs(got.astype(np.float64) - want)))
    hint = f"{name}: parameters, masks or the order are not kept, or are drawn anew"
    if moved < SINGLE:
        hint = f"{name}: parameters are rounded on the way: to float32, or to the digits of a text?"
    differ = int(np.sum(~same(got, want)))
    what = f"{differ} of {want.size} differ" if differ else f"dtype {got.dtype}"
    return [Failure(where, what, "the same bits" if differ else f"dtype {want.dtype}", moved, hint)]
