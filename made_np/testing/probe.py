"""A probe is what was claimed beside what was measured; the verdict on it is a report."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from .compare import Bools, Floats, excess, failures_of, worst_of
from .contract import frozen_influence
from .differences import Derivatives, along, complex_step, relative_noise
from .hints import Case, block_of, gradient_hint
from .report import Failure, Report

MOST_KINKS = 0.5
"""A larger share of entries at kinks is a failure: hardly anything was checked."""

MOST_NOISE = 1e-9
"""Float64 has 1e-16, and a good deal more where terms cancel; float32 has 1e-8."""

UNHEARD = "f changes with entries that are masked: the mask is not applied in the forward pass"


@dataclass(frozen=True)
class Limits:
    """The two tolerances that always travel together."""

    rtol: float
    atol: float


@dataclass(frozen=True)
class Problem:
    """A function, its claimed gradient at x, and how to look at it."""

    f: Callable[[Any], Any]
    got: Floats
    x: Floats
    masked: Bools
    name: Callable[[int], str]
    limits: Limits
    h: float
    noise: float
    rng: np.random.Generator

    def along(self, pairs: list[tuple[Floats | int, float]], claimed: Floats) -> Derivatives:
        """Central differences along each (direction, step)."""
        rtol = self.limits.rtol
        atol = self.limits.atol
        return along(self.f, self.x, pairs, claimed, noise=self.noise, rtol=rtol, atol=atol)


@dataclass(frozen=True)
class Probe:
    """n derivatives that are claimed, beside their numerical values: entries or directions."""

    claimed: Floats
    measured: Derivatives
    name: Callable[[int], str]
    x: Floats
    masked: Bools
    note: str = ""


def sweep(problem: Problem, chosen: list[int], method: str) -> Probe:
    """One derivative for each of the chosen entries."""
    x = problem.x
    claimed = problem.got[chosen]
    if method == "complex":
        rtol = problem.limits.rtol
        atol = problem.limits.atol
        measured = complex_step(problem.f, x, chosen, claimed, rtol=rtol, atol=atol)
    else:
        measured = problem.along([(k, problem.h * max(1.0, abs(x[k]))) for k in chosen], claimed)
    n_free = int(np.sum(~problem.masked))
    note = f"{len(chosen)} of {n_free} entries were swept" if len(chosen) < n_free else ""
    none = np.zeros(len(chosen), dtype=bool)
    return Probe(claimed, measured, lambda k: problem.name(chosen[k]), x[chosen], none, note)


def with_masked(probe: Probe, problem: Problem) -> Probe:
    """Append the masked entries, whose derivative is exactly 0."""
    frozen = np.flatnonzero(problem.masked)
    n = len(probe.claimed)
    none = np.zeros(len(frozen))
    m = probe.measured

    def name(k: int) -> str:
        return probe.name(k) if k < n else f"{problem.name(int(frozen[k - n]))}, masked"

    return Probe(
        np.append(probe.claimed, problem.got[frozen]),
        Derivatives(np.append(m.value, none), np.append(m.noise, none), np.append(m.kink, none > 0)),
        name,
        np.append(probe.x, problem.x[frozen]),
        np.append(probe.masked, none == 0),
        probe.note,
    )


def noticed(problem: Problem) -> list[Failure]:
    """Masked entries that f does notice."""
    found = frozen_influence(problem.f, problem.x, problem.masked, problem.rng)
    return [Failure(f"f, changing {problem.name(k)}, masked", change, 0.0, abs(change), UNHEARD) for k, change in found]


def noisy(problem: Problem) -> list[Failure]:
    """A failure if f is computed too coarsely for differences to mean anything."""
    found = relative_noise(problem.f, problem.x, problem.noise, problem.rng)
    if found <= MOST_NOISE:
        return []
    hint = "f is coarse: float32 somewhere inside, or a difference of huge terms; compute it in float64 throughout"
    return [Failure("relative rounding noise of f", found, f"at most {MOST_NOISE:g}", hint=hint)]


def verdict(base: Report, probe: Probe, limits: Limits, broken: list[Failure], *, rows: int | None = None) -> Report:
    """The report on a probe; ``broken`` are failures that were found before."""
    got = probe.claimed
    m = probe.measured
    ratio = excess(got, m.value, limits.rtol, limits.atol, m.noise)
    ratio = np.where(probe.masked & (got != 0), np.inf, ratio)
    ratio = np.where(m.kink, 0.0, ratio)
    with np.errstate(all="ignore"):
        error = np.where(m.kink, 0.0, np.abs(got - m.value))
    bad = ~(ratio <= 1)
    exercised = int(np.count_nonzero(np.abs(m.value) > m.noise))
    n_free = int(np.count_nonzero(~probe.masked))
    vain = _in_vain(exercised, int(m.kink.sum()), n_free)
    hint = next((failure.hint for failure in broken if failure.hint), "")
    if bad.any() and not hint:
        names = [probe.name(k) for k in range(len(got))]
        with np.errstate(all="ignore"):
            hint = gradient_hint(Case(got, m.value, bad, probe.masked, names, probe.x, rows))
    worst_error, worst_where = worst_of(error, ratio, probe.name)
    notes = [probe.note] if probe.note else []
    if 0 < exercised < n_free / 2:
        notes.append(
            f"only {exercised} of {n_free} derivatives are not 0: use real-valued data, random "
            "parameters and a smooth activation to exercise more"
        )
    notes += _unnoticed(probe)
    rounding = f" + {m.noise.max():.1e} (rounding)" if m.noise.any() else ""
    return base.but(
        failures=(*broken, *vain, *failures_of(got, m.value, ratio, probe.name)),
        n_failed=len(broken) + len(vain) + int(bad.sum()),
        n_checked=len(got),
        n_exercised=exercised,
        n_kinks=int(m.kink.sum()),
        worst_error=worst_error,
        worst_where=worst_where,
        hint=hint or next((failure.hint for failure in vain), ""),
        rule=f"|got - want| <= {limits.atol:g} + {limits.rtol:g} max(|got|, |want|){rounding}",
        notes=tuple(notes),
    )


def _unnoticed(probe: Probe) -> list[str]:
    """A note for each block all of whose derivatives are 0, beside others that have some."""
    m = probe.measured
    free = ~probe.masked
    blocks = np.array([block_of(probe.name(k)) for k in range(len(free))])
    silent = (np.abs(m.value) <= m.noise) & (probe.claimed == 0)
    listed = [(block, free & (blocks == block)) for block in dict.fromkeys(blocks[free].tolist())]
    return [
        f"{block}: the loss does not notice it, all {members.sum()} derivatives are 0"
        for block, members in listed
        if len(listed) > 1 and members.sum() > 1 and silent[members].all()
    ]


def _in_vain(exercised: int, kinks: int, free: int) -> list[Failure]:
    """A failure if hardly anything could have failed."""
    if not exercised:
        hint = "every derivative is 0: x is 0, all units are dead, or f ignores x"
        return [Failure("exercised", 0, "at least 1", hint=hint)]
    if kinks > MOST_KINKS * free:
        hint = "f is not smooth at most entries: move x away from kinks, or f draws anew"
        return [Failure("kinks", kinks, f"at most {MOST_KINKS:.0%} of {free}", hint=hint)]
    return []
