"""Real numbers some of which are met often, such as the zeros among amounts of money."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from made_np.distributions.distribution import Distribution
from made_np.distributions.mixtures import MixtureOfGaussians, MixtureOfLogistics
from made_np.distributions.plain import Gaussian, exponentials, softmax
from made_np.typing import Array
from made_np.values import as_a, as_choice, as_number, as_sequence, show

BASES: dict[str, type[Distribution]] = {
    each.__name__: each for each in (Gaussian, MixtureOfGaussians, MixtureOfLogistics)
}
"""What the rest may follow, by the name that files give it."""

SHARE = 0.02
"""An atom holds at least this share of the rows, ..."""
TIMES = 10.0
"""... and so many times as many as any value that is none."""


def find_atoms(counts: Array) -> Array:
    """Return True for those of the values (m,) of a column, met `counts` times, that stand out.

    Each of them holds at least 2 % of the rows, and was met ten times as often as any value that does not stand out.
    Numbers that are rounded have ties, but no such step between frequent ones and others.
    """
    order = np.argsort(-counts, kind="stable")
    falling = counts[order]
    is_step = (falling[:-1] >= SHARE * counts.sum()) & (falling[:-1] >= TIMES * falling[1:])
    found = np.zeros(len(counts), dtype=bool)
    if is_step.any():
        found[order[: np.flatnonzero(is_step)[-1] + 1]] = True
    return found


@dataclass(frozen=True)
class WithAtoms(Distribution):
    """A real feature with k atoms: ``P(x = places_k) = w_k``, and density ``w_rest f(x)`` elsewhere.

    The w are the softmax of the first k + 1 raw outputs; the others are those of the base, which says f. -log p is that
    of a mass at the atoms, and of a density elsewhere. The network sees the atoms one-hot, and x through the units of
    the base, which are 0 at an atom.

    Attributes
    ----------
    base : Gaussian, MixtureOfGaussians or MixtureOfLogistics
    places : tuple of float, length k
        The atoms, rising. A value is an atom if it is equal to one in the dtype of the model.

    Examples
    --------
    >>> output = WithAtoms(Gaussian(), (0.0,))
    >>> raw = np.array([1.0, 1.0, 5.0, -2.0])  # half zeros, the others about 5
    >>> output.inverse_cdf(np.tile(raw, (3, 1)), np.array([0.1, 0.4, 0.75])).round(6)
    array([0., 0., 5.])
    """

    base: Distribution = field(default_factory=Gaussian)
    places: tuple[float, ...] = (0.0,)
    support = "a finite number"
    kernel = "with_atoms"

    def __post_init__(self) -> None:
        as_a(self.base, "WithAtoms(base)", Distribution, f"give one of {tuple(BASES)}")  # type: ignore[type-abstract]
        if type(self.base) not in BASES.values():
            raise ValueError(f"WithAtoms(base)={show(self.base)}: give one of {tuple(BASES)}")
        own = as_sequence(self.places, "WithAtoms(places)", "a list of numbers")
        places = tuple(as_number(place, f"WithAtoms(places[{k}])") for k, place in enumerate(own))
        if not places or (np.diff(places) <= 0).any():
            raise ValueError(f"WithAtoms(places)={show(places)}: give at least one number, each above the one before")
        object.__setattr__(self, "places", places)

    @property
    def n_raw(self) -> int:  # type: ignore[override]
        """Logits of the atoms, the logit of the rest, and what the base has."""
        return len(self.places) + 1 + self.base.n_raw

    @property
    def n_inputs(self) -> int:  # type: ignore[override]
        """One unit for each atom, and those of the base."""
        return len(self.places) + self.base.n_inputs

    def _at(self, x: Array) -> Array:
        """Return booleans (..., k): which atom x is, if it is one."""
        return np.asarray(x.real[..., None] == np.array(self.places, dtype=x.real.dtype))

    def _split(self, raw: Array) -> tuple[Array, Array]:
        """Return the logits (..., k + 1), and the raw outputs of the base."""
        n = len(self.places) + 1
        return raw[..., :n], raw[..., n:]

    def encode(self, x: Array) -> Array:
        """Return the atoms one-hot, and what the base makes of x; at an atom 0."""
        is_atom = self._at(x)
        rest = self.base.encode(x)
        rest = np.where(is_atom.any(-1, keepdims=True), rest.dtype.type(0), rest)
        return np.concatenate([is_atom.astype(rest.dtype), rest], axis=-1)

    def nll_and_grad(self, raw: Array, x: Array) -> tuple[Array, Array]:
        """Return ``-log w_k`` at atom k, ``-log w_rest - log f(x)`` elsewhere, and its gradient.

        Notes
        -----
        With c the one of the k + 1 that x belongs to, -log w_c has the slope ``w - onehot(c)`` in the logits, as that
        of any softmax: 1 - w_c without cancellation, as `Categorical` has it. f is only in the second: its own slopes,
        and 0 at an atom.
        """
        logits, own = self._split(raw)
        is_atom = self._at(x)
        is_rest = np.asarray(~is_atom.any(-1))
        which = np.concatenate([is_atom, is_rest[..., None]], axis=-1)
        nll, d_own = self.base.nll_and_grad(own, x)
        shifted, e, rest = exponentials(logits)
        nll = np.where(is_rest, nll, 0) + (np.log1p(rest)[..., 0] - np.where(which, shifted, 0).sum(-1))
        d_logits = np.where(which, -(rest + (1 - e)), e) / (1 + rest)
        return nll, np.concatenate([d_logits, np.where(is_rest[..., None], d_own, 0)], axis=-1).astype(raw.dtype)

    def cdf_bounds(self, raw: Array, x: Array) -> tuple[Array, Array]:
        """Return the mass below x, and with that of an atom at x."""
        logits, own = self._split(raw.astype(np.float64))
        w = softmax(logits)
        # compared in the dtype of x, as the atoms are
        places = np.array(self.places, dtype=x.dtype)
        below = (w[..., :-1] * (places < x[..., None])).sum(-1) + w[..., -1] * self.base.cdf_bounds(own, x)[0]
        return below, np.minimum(below + (w[..., :-1] * self._at(x)).sum(-1), 1.0)

    def inverse_cdf(self, raw: Array, u: Array) -> Array:
        """Return the atom within whose jump of the distribution function `u` lies, else the draw of the base.

        Between two atoms u has passed the masses of those below: the base decides by ``(u - their sum) / w_rest``.
        """
        logits, own = self._split(raw)
        w = softmax(logits.astype(np.float64))
        places = np.array(self.places, dtype=raw.dtype)
        atoms = np.cumsum(w[..., :-1], axis=-1)
        each = np.broadcast_to(places, (*u.shape, len(places)))
        repeated = np.broadcast_to(own[..., None, :], (*each.shape, own.shape[-1]))
        after = atoms + w[..., -1:] * self.base.cdf_bounds(repeated, each)[0]
        passed = (u[..., None] >= after).sum(-1)
        ends = np.concatenate([[-np.inf], places, [np.inf]]).astype(raw.dtype)
        before = np.concatenate([np.zeros_like(atoms[..., :1]), atoms], axis=-1)
        v = (u - np.take_along_axis(before, passed[..., None], -1)[..., 0]) / np.maximum(w[..., -1], 1e-300)
        drawn = self.base.inverse_cdf(own, np.clip(v, 0.0, 1 - 2.0**-53))
        low = np.nextafter(ends[passed], raw.dtype.type(np.inf))
        high = np.nextafter(ends[passed + 1], raw.dtype.type(-np.inf))
        # atom `passed` is next: u is within its jump if it has come so far
        jump = np.take_along_axis(after - w[..., :-1], np.minimum(passed, len(places) - 1)[..., None], -1)[..., 0]
        is_atom = (passed < len(places)) & (u >= jump)
        return np.where(is_atom, ends[np.minimum(passed + 1, len(places))], np.clip(drawn, low, high))

    def mean(self, raw: Array) -> Array:
        """Return ``sum_k w_k places_k + w_rest mean of f``."""
        logits, own = self._split(raw)
        w = softmax(logits)
        return np.asarray(w[..., :-1] @ np.array(self.places, dtype=raw.dtype) + w[..., -1] * self.base.mean(own))

    def centre(self, raw: Array) -> Array:
        """Return the atom that has half of the mass or more, and else the mean."""
        w = softmax(self._split(raw)[0])[..., :-1]
        likeliest = np.array(self.places, dtype=raw.dtype)[w.argmax(-1)]
        return np.where(w.max(-1) >= 0.5, likeliest, self.mean(raw))

    def marginal(self, x: Array) -> Array:
        """Return the log shares, each seen once more than it was, and the base's own of what is no atom."""
        is_atom = self._at(x)
        is_rest = np.asarray(~is_atom.any(-1))
        counts = np.append(is_atom.sum(axis=0), is_rest.sum())
        shares = np.log((counts + 1) / (counts.sum() + len(counts)))
        return np.concatenate([shares, self.base.marginal(x[is_rest] if is_rest.any() else x)])

    def far_out(self, x: Array) -> Array:
        """Return True where the base says so of what is no atom."""
        far = np.zeros(len(x), dtype=bool)
        is_rest = ~self._at(x).any(-1)
        if is_rest.any():
            far[is_rest] = self.base.far_out(x[is_rest])
        return far

    @classmethod
    def from_column(cls, values: Array) -> WithAtoms:
        """Return the one whose atoms are the values that stand out, or else the most frequent one."""
        distinct, counts = np.unique(values, return_counts=True)
        found = find_atoms(counts)
        return cls(places=tuple((distinct[found] if found.any() else distinct[[counts.argmax()]]).tolist()))

    def config(self) -> dict[str, Any]:
        """Return its arguments, the base by its name."""
        return {"base": {"kind": type(self.base).__name__, **self.base.config()}, "places": list(self.places)}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> WithAtoms:
        """Return the distribution whose `config` this is."""
        about = dict(config["base"])
        kind = BASES[as_choice(about.pop("kind", None), "the base", tuple(BASES))]
        return cls(kind.from_config(about), tuple(config["places"]))
