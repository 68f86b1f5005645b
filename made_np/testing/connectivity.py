"""Boolean products of masks: which input reaches which output."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .compare import KEPT, Bools, Ints
from .report import Failure
from .wiring import before, position_of


@dataclass(frozen=True)
class Wires:
    """Every wire of a network.

    Parameters
    ----------
    masks : list of ndarray
        (out, in) boolean, input to output.
    skips : list
        As long as masks: None, or the (out,) units to which an identity skip adds the unit of the
        same number one layer below.
    direct : ndarray or None
        (O, I) boolean: wires from the input to the output.
    """

    masks: list[Bools]
    skips: list[Bools | None]
    direct: Bools | None = None

    def reach(self) -> Bools:
        """(O, I): which input unit reaches which output unit, on any path."""
        out: Bools | None = None
        for mask, skip in zip(self.masks, self.skips, strict=True):
            below = np.eye(mask.shape[1], dtype=bool) if out is None else out
            # A product of 0/1 floats runs in BLAS, a boolean one in a plain loop.
            here = mask if out is None else mask.astype(np.float32) @ out.astype(np.float32) > 0
            out = here if skip is None else here | (skip[:, None] & below)
        if out is None:
            assert self.direct is not None
            return self.direct
        return out if self.direct is None else out | self.direct

    def dead_units(self) -> list[str]:
        """Hidden units that no input reaches, or that reach no output, by name."""
        heard: list[Bools] = []
        below: Bools = np.ones(self.masks[0].shape[1] if self.masks else 0, dtype=bool)
        for mask, skip in zip(self.masks[:-1], self.skips[:-1], strict=True):
            below = _or_skip(np.asarray((mask & below).any(axis=1)), skip, below)
            heard.append(below)
        speaks: list[Bools] = []
        above: Bools = np.ones(len(self.masks[-1]) if self.masks else 0, dtype=bool)
        for mask, skip in zip(self.masks[:0:-1], self.skips[:0:-1], strict=True):
            above = _or_skip(np.asarray((mask & above[:, None]).any(axis=0)), skip, above)
            speaks.append(above)
        return [
            f"hidden {layer}, unit {unit}: " + ("reaches no output" if hears else "hears no input")
            for layer, (ears, mouths) in enumerate(zip(heard, speaks[::-1], strict=True))
            for unit, (hears, says) in enumerate(zip(ears, mouths, strict=True))
            if not (hears and says)
        ]


def _or_skip(through: Bools, skip: Bools | None, beside: Bools) -> Bools:
    return through if skip is None else through | (skip & beside)


@dataclass(frozen=True)
class Connectivity:
    """What reaches what, beside what an order allows; (O, I) in units.

    Parameters
    ----------
    wires : Wires
        The network.
    reach : ndarray
        ``wires.reach()``.
    order : ndarray
        (D,).
    inputs, outputs : ndarray
        (I,) and (O,): the feature of each unit; -1 is context, which everyone may see.
    may : ndarray, optional
        (D, D), if less is allowed than the order permits.
    """

    wires: Wires
    reach: Bools
    order: Ints
    inputs: Ints
    outputs: Ints
    may: Bools | None = None

    def wanted(self) -> Bools:
        """What each output unit should see."""
        return self._of_units(before(self.order) if self.may is None else self.may)

    def _under(self, order: Ints) -> Bools:
        """What each output unit should see in another order."""
        return self._of_units(before(order))

    def _of_units(self, may: Bools) -> Bools:
        want = np.ones((len(self.outputs), len(self.inputs)), dtype=bool)
        own = self.inputs >= 0
        want[:, own] = may[np.ix_(self.outputs, self.inputs[own])]
        return want

    def pairs(self, which: Bools, got: str, want: str) -> list[Failure]:
        """One failure per pair of units, up to the limit, in words."""
        plain = len(set(self.outputs.tolist())) == len(self.outputs) == np.sum(self.inputs >= 0)
        found = []
        for o, i in np.argwhere(which)[:KEPT]:
            of_context = self.inputs[i] < 0
            source = f"context {np.sum(self.inputs[:i] < 0)}" if of_context else f"input {self.inputs[i]}"
            units = "" if plain else f" (units {o} <- {i})"
            found.append(Failure(f"output {self.outputs[o]} <- {source}{units}", got, want, 1.0))
        return found

    def leak_hint(self) -> str:
        """Why an output may see what it must not."""
        want = self.wanted()
        wires = self.wires
        leaks = self.reach & ~want
        if self.may is None and np.array_equal(self.reach, self._under(position_of(self.order))):
            return "the masks follow the inverse permutation: order used for position?"
        if self.may is None and self._is_reversed():
            return "the masks follow the reversed order: transposed masks, or < for >?"
        if wires.direct is not None and (leaks <= wires.direct).all():
            return "the leak is in direct: it needs the strict comparison, as the output does"
        without = Wires(wires.masks, [None] * len(wires.masks), wires.direct)
        if wires.masks and not (without.reach() & ~want).any():
            return "the leak is in an identity skip: it needs degree_out >= degree_in, and none at the output"
        if not leaks[self.outputs[:, None] != self.inputs].any():
            return "outputs see their own input: the output mask needs > where hidden masks have >="
        return "the degrees of outputs are not those of their own inputs, or one mask is too full"

    def _is_reversed(self) -> bool:
        """Whether all wires between features run against the order; some may be lost besides."""
        own = self.inputs >= 0
        reach = self.reach[:, own]
        back = self._under(self.order[::-1])[:, own]
        return bool(reach.any() and not (reach & ~back).any())

    def loss_hint(self) -> str:
        """Why an output may not see what it may."""
        lost = self.wanted() & ~self.reach
        if lost[:, self.inputs < 0].any():
            return "context does not reach the first feature: it needs hidden units of degree 0, or direct wires"
        position = position_of(self.order)
        gap = position[self.outputs][:, None] - position[np.maximum(self.inputs, 0)]
        if self.may is None and (gap[lost] == 1).all():
            return (
                "each lost pair are neighbours in the order: a degree that no hidden unit has, or > for >= "
                "between hidden layers"
            )
        return "capacity is lost: too few hidden units without direct, or a mask that is too empty"


def fold(reach: Bools, inputs: Ints, outputs: Ints, n_features: int) -> Bools:
    """(D, D) from (O, I): does any unit of feature j reach any unit of feature i?"""
    out = np.zeros((n_features, n_features), dtype=bool)
    rows, columns = np.nonzero(reach[:, inputs >= 0])
    out[outputs[rows], inputs[inputs >= 0][columns]] = True
    return out
