"""The named checks: each with the callables that it needs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from .adapter import Adapter, Layer
from .arrays import MOST_NUMBERS, told
from .autoregressive import check_autoregressive
from .calibration import check_calibrated
from .compare import seed_of
from .conditionals import check_conditionals
from .consistency import check_consistency
from .context import check_context
from .counts import check_sampler_counts
from .density import MOST_ROWS, added_up, grid_size
from .effort import Effort, effort, sweeps_all
from .global_state import check_global_state
from .gradients import check_gradient
from .masks import check_masks
from .measure import check_measure
from .points import Interval, columns_of
from .report import Failure, Report
from .roundtrip import check_roundtrip
from .sampler import check_sampler
from .tails import weighed_rows
from .values import as_a, as_callable
from .vjp import check_vjp

LOOKED_AT = 10_000
"""Rows of the model that are asked before an integral is called wrong."""
ADAPTER = "describe your model by Adapter(n_features=..., log_prob=..., ...)"
MOST_STATES = 2**16
"""Of a table without real columns; one with real columns may fill the grid of `check_normalised`."""


@dataclass(frozen=True)
class Check:
    """A named check of one adapter: call it for a `Report`. ``skip`` says why it cannot be run.

    Raises
    ------
    TypeError
        If run cannot be called, or a text is no str.
    """

    name: str
    run: Callable[[], Report]
    skip: str = ""

    def __post_init__(self) -> None:
        as_a(self.name, "name", str, "give the check a name")
        as_callable(self.run, "run", "() -> Report")
        as_a(self.skip, "skip", str, 'give the reason, or ""')

    def __call__(self) -> Report:
        """The report; an exception inside the model is a failure."""
        try:
            return as_a(self.run(), "run()", Report, "it must return a Report").but(check=self.name)
        except Exception as error:  # whatever it is, it is the finding
            message = told(error)
            own = _raised_here(error) and isinstance(error, (TypeError, ValueError))  # an argument that is refused
            hint = message if own else "run this check alone to see the traceback"
            return Report(self.name, (Failure("the check", message, "no exception"),), hint=hint)

    def demand(self) -> Report:
        """The report; raises `CheckFailed` unless it is ok."""
        return self().raise_if_failed()


def _raised_here(error: BaseException) -> bool:
    """Whether an error was raised by this package, not by what it called."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return trace is not None and str(trace.tb_frame.f_globals.get("__name__", "")).startswith(f"{__package__}.")


def checks(adapter: Adapter, *, rng: int | np.random.Generator = 0) -> Iterator[Check]:
    """The named checks of an adapter, those that cannot be run included.

    Parameters
    ----------
    adapter : Adapter
        The model.
    rng : int or Generator
        Seed of every check.

    Raises
    ------
    TypeError, ValueError
        If adapter is no Adapter, or rng no seed.

    Examples
    --------
    >>> [check.name for check in checks(Adapter(n_features=2)) if not check.skip]
    []
    """
    return _listed(as_a(adapter, "adapter", Adapter, ADAPTER), seed_of(rng))


def _listed(adapter: Adapter, rng: int) -> Iterator[Check]:
    for name, (needs, run, excuse) in _CHECKS.items():
        missing = [field for field in needs if not adapter.has(field)]
        skip = f"needs {', '.join(missing)}" if missing else excuse(adapter)
        yield Check(name, lambda run=run: run(adapter, rng), skip)  # type: ignore[misc]
    for layer in adapter.layers:
        yield Check(f"vjp[{layer.name}]", lambda layer=layer: _layer(layer, rng))  # type: ignore[misc]


def known_failures(expected_failures: Mapping[str, str] | None, adapters: Sequence[Adapter]) -> dict[str, str]:
    """``expected_failures`` as a dict of its own; it raises unless each is a check of these adapters, with a reason."""
    if expected_failures is None:
        return {}
    way_out = "give {name of a check: reason}"
    expected = dict(as_a(expected_failures, "expected_failures", Mapping, way_out))  # type: ignore[type-abstract]
    for text in (*expected, *expected.values()):
        as_a(text, "expected_failures: a name or a reason", str, way_out)
    names = list(dict.fromkeys(check.name for adapter in adapters for check in checks(adapter)))
    unknown = sorted(set(expected) - set(names))
    if unknown:
        raise ValueError(f"expected_failures names {unknown}, which is no check; the checks are {names}")
    return expected


def _masks(adapter: Adapter, rng: int) -> Report:
    assert adapter.masks is not None
    kind = "note" if adapter.lost == "ignore" else "fail"
    return check_masks(
        adapter.masks,
        adapter.order,
        direct=adapter.direct,
        skips=adapter.skips,
        # One count for each feature: without an order they are what tells how many features there are.
        n_inputs=np.broadcast_to(adapter.n_inputs, adapter.n_features).tolist(),
        n_outputs=adapter.n_params if adapter.n_outputs is None else adapter.n_outputs,
        layout=adapter.masks_layout or adapter.layout,
        n_context=adapter.n_context,
        allowed=adapter.allowed,
        lost=kind,
        dead=kind,
        rng=rng,
    )


def _autoregressive(adapter: Adapter, rng: int) -> Report:
    assert adapter.params is not None
    return check_autoregressive(
        adapter.params,
        adapter.n_features,
        order=adapter.order,
        n_params=adapter.n_params,
        layout=adapter.layout,
        support=adapter.support,
        allowed=adapter.allowed,
        lost=adapter.lost,
        rng=rng,
    )


def _context(adapter: Adapter, rng: int) -> Report:
    assert adapter.params_given is not None
    return check_context(
        adapter.params_given,
        adapter.n_features,
        adapter.n_context,
        n_params=adapter.n_params,
        layout=adapter.layout,
        support=adapter.support,
        rng=rng,
    )


def _normalised(adapter: Adapter, rng: int) -> Report:
    assert adapter.log_prob is not None
    assert adapter.support is not None
    rows = None
    if adapter.has("draw") or adapter.has("sample"):
        rows = partial(weighed_rows, adapter.sample, adapter.draw, LOOKED_AT, adapter.n_features, rng)
    return added_up(adapter.log_prob, adapter.n_features, adapter.support, adapter.atol, rng, rows)


def _sampler(adapter: Adapter, rng: int) -> Report:
    assert adapter.sample is not None
    conditional = None if adapter.has("inverse") else adapter.conditional
    return check_sampler(
        adapter.sample,
        conditional,
        adapter.n_features,
        inverse=adapter.inverse,
        order=adapter.order,
        rng=rng,
    )


def _counts(adapter: Adapter, rng: int) -> Report:
    assert adapter.draw is not None
    assert adapter.log_prob is not None
    n = _n_draws(adapter)
    return check_sampler_counts(
        adapter.draw, adapter.log_prob, adapter.n_features, support=adapter.support, n=n, rng=rng
    )


def _calibrated(adapter: Adapter, rng: int) -> Report:
    assert adapter.cdf is not None
    draw = adapter.draw or _drawn(adapter, rng)
    return check_calibrated(draw, adapter.cdf, adapter.n_features, n=_n_draws(adapter), rng=rng)


def _n_draws(adapter: Adapter) -> int:
    return min(adapter.n_draws, MOST_NUMBERS // adapter.n_features)


def _drawn(adapter: Adapter, rng: int) -> Callable[[int], Any]:
    """The sampler that takes uniforms, as one that takes none."""
    sample = adapter.sample
    assert sample is not None
    return lambda n: sample(np.random.default_rng([rng, n]).random((n, adapter.n_features)))


def _conditionals(adapter: Adapter, rng: int) -> Report:
    assert adapter.log_marginal is not None
    assert adapter.log_conditional is not None
    return check_conditionals(
        adapter.log_marginal,
        adapter.log_conditional,
        adapter.n_features,
        log_prob=adapter.log_prob,
        order=adapter.order if adapter.leading else None,
        support=adapter.support,
        atol=adapter.atol,
        rng=rng,
    )


def _gradient(adapter: Adapter, rng: int) -> Report:
    return _gradient_by(adapter, rng, effort)


def _directions(adapter: Adapter, rng: int) -> Report:
    return _gradient_by(adapter, rng, lambda _: Effort("directions", None))


def _gradient_by(adapter: Adapter, rng: int, by: Callable[[Adapter], Effort]) -> Report:
    assert adapter.loss is not None
    assert adapter.grad is not None
    assert adapter.theta is not None
    single = _in_single(adapter)
    if single:
        return Report("check_gradient", undecided=single)
    method, entries, note = by(adapter)
    report = check_gradient(
        adapter.loss,
        adapter.grad,
        adapter.theta,
        names=adapter.names,
        frozen=adapter.frozen,
        rows=adapter.rows,
        method=method,
        entries=entries,
        rng=rng,
    )
    return report.but(notes=(note, *report.notes)) if note else report


def _in_single(adapter: Adapter) -> str:
    """Why differences say nothing, if the loss is in single precision."""
    assert adapter.loss is not None
    dtype = getattr(adapter.loss(np.array(adapter.theta)), "dtype", None)
    if dtype not in (np.float32, np.float16):
        return ""
    way_out = "compute it in float64; then compare the float32 gradient with that one by check_close"
    return f"loss is {dtype}, and differences of it have no correct digits: {way_out}"


def _params(adapter: Adapter, rng: int) -> Report:
    assert adapter.params is not None
    return check_consistency(
        adapter.params, adapter.n_features, support=adapter.support, rtol=adapter.rtol, empty=adapter.empty, rng=rng
    )


def _log_prob(adapter: Adapter, rng: int) -> Report:
    assert adapter.log_prob is not None
    return check_consistency(
        adapter.log_prob, adapter.n_features, support=adapter.support, rtol=adapter.rtol, empty=adapter.empty, rng=rng
    )


def _measure(adapter: Adapter, rng: int) -> Report:
    assert adapter.probability is not None
    return check_measure(adapter.probability, adapter.n_features, support=adapter.support, atol=adapter.atol, rng=rng)


def _roundtrip(adapter: Adapter, rng: int) -> Report:
    return check_roundtrip(
        adapter.model,
        adapter.n_features,
        log_prob=adapter.log_prob_of,
        save=adapter.save,
        load=adapter.load,
        clone=adapter.clone,
        ways=adapter.ways,
        support=adapter.support,
        rng=rng,
    )


def _global_state(adapter: Adapter, rng: int) -> Report:
    if adapter.build is not None:
        return check_global_state(adapter.build, rng=rng)
    assert adapter.factory is not None
    return check_global_state(adapter.factory, whose="constructors", rng=rng)


def _layer(layer: Layer, rng: int) -> Report:
    return check_vjp(layer.forward, layer.vjp, layer.inputs, frozen=layer.frozen, rng=rng)


def _none(adapter: Adapter) -> str:
    return ""


def _too_many_states(adapter: Adapter) -> str:
    if adapter.support is None:
        return "needs support"
    columns = columns_of(adapter.support, adapter.n_features)
    intervals = sum(isinstance(column, Interval) for column in columns)
    if intervals > 2 or grid_size(columns) > (MOST_ROWS if intervals else MOST_STATES):
        return "too many states to add up: check a smaller model of the same kind"
    return ""


def _no_conditional(adapter: Adapter) -> str:
    return "" if adapter.has("conditional") or adapter.has("inverse") else "needs conditional or inverse"


def _no_draw(adapter: Adapter) -> str:
    return "" if adapter.has("draw") or adapter.has("sample") else "needs draw or sample"


def _no_build(adapter: Adapter) -> str:
    return "" if adapter.has("build") or adapter.has("factory") else "needs build"


def _one_column(adapter: Adapter) -> str:
    return "" if adapter.n_features > 1 else "of one column there is nothing to be conditioned on"


def _small(adapter: Adapter) -> str:
    return "see gradient: every entry is swept, or directions are taken" if sweeps_all(adapter) else ""


_Runner = Callable[[Adapter, int], Report]
_Excuse = Callable[[Adapter], str]
_CHECKS: dict[str, tuple[tuple[str, ...], _Runner, _Excuse]] = {
    "masks": (("masks",), _masks, _none),
    "autoregressive": (("params",), _autoregressive, _none),
    "context": (("params_given",), _context, _none),
    "normalised": (("log_prob",), _normalised, _too_many_states),
    "sampler": (("sample",), _sampler, _no_conditional),
    "sampler_counts": (("draw", "log_prob"), _counts, _none),
    "calibrated": (("cdf",), _calibrated, _no_draw),
    "conditionals": (("log_marginal", "log_conditional"), _conditionals, _one_column),
    "gradient": (("loss", "grad", "theta"), _gradient, _none),
    "gradient_directions": (("loss", "grad", "theta"), _directions, _small),
    "consistency_params": (("params",), _params, _none),
    "consistency_log_prob": (("log_prob",), _log_prob, _none),
    "measure": (("probability",), _measure, _none),
    "roundtrip": (("model",), _roundtrip, _none),
    "global_state": ((), _global_state, _no_build),  # at the end: build may spoil what a model shares
}
