"""The masks of a mask set with what stands along their sides: the units, their degrees, what they are called."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from made_np.draw.words import rule
from made_np.masks.sets import MaskSet
from made_np.typing import Bools, Ints


class Side(NamedTuple):
    """The units along one side of a mask: what they are, the degree of each, and a label for each."""

    what: str
    degrees: Ints
    labels: list[str]

    @property
    def is_hidden(self) -> bool:
        """True for hidden units, which stand as they are in the model."""
        return self.what.startswith("hidden")

    def sequence(self) -> Ints:
        """Return the indices of the units in order: inputs and outputs as they are generated."""
        return np.arange(len(self.degrees)) if self.is_hidden else np.argsort(self.degrees, kind="stable")

    def sorted_by(self, index: Ints) -> Side:
        """Return the side with its units in another sequence."""
        return Side(self.what, self.degrees[index], [self.labels[i] for i in index])

    def with_degrees(self, form: str) -> list[str]:
        """Return each label with its degree, in the form "{} ({})"."""
        return [form.format(label, degree) for label, degree in zip(self.labels, self.degrees.tolist(), strict=True)]


class Panel(NamedTuple):
    """One mask: its name, the comparison that makes it, and the units along its sides."""

    name: str
    rule: str
    mask: Bools
    out: Side
    inp: Side

    def in_order(self) -> Panel:
        """Return the mask with inputs and outputs in the order of generation: a staircase."""
        rows = self.out.sequence()
        columns = self.inp.sequence()
        return self._replace(
            mask=self.mask[np.ix_(rows, columns)], out=self.out.sorted_by(rows), inp=self.inp.sorted_by(columns)
        )


def panels_of(mask_set: MaskSet, names: list[str]) -> list[Panel]:
    """Return the masks from input to output, the direct one where there is one, and the reachability.

    Inputs and outputs stand by feature. A feature's block of units carries its name on every unit.
    """
    inputs = [names[d] for d, size in enumerate(mask_set.input_sizes) for _ in range(size)]
    inputs += [f"y{c}" for c in range(mask_set.n_context)]
    outputs = [names[d] for d, size in enumerate(mask_set.output_sizes) for _ in range(size)]
    first = Side("input", mask_set.input_degrees, inputs)
    last = Side("output", mask_set.output_degrees, outputs)
    hidden = [
        Side(f"hidden layer {layer + 1}", degrees, [f"h{layer}[{unit}]" for unit in range(len(degrees))])
        for layer, degrees in enumerate(mask_set.degrees)
    ]
    panels = []
    below = first
    for layer, (mask, side) in enumerate(zip(mask_set.masks, [*hidden, last], strict=bool(hidden))):
        comparison = rule("unit", "unit below" if layer else "input") if side.is_hidden else rule("output", "unit")
        panels.append(Panel(f"W{layer}", comparison, mask, side, below))
        below = side
    if mask_set.direct is not None:
        panels.append(Panel("W_direct", rule("output", "input"), mask_set.direct, last, first))
    return [*panels, reachability_of(mask_set, names, "reachability")]


def reachability_of(mask_set: MaskSet, names: list[str], title: str) -> Panel:
    """Return who sees whom, with one unit a feature, and the comparison that says it where all is seen that may be."""
    degrees = mask_set.position + 1
    reach = mask_set.reachability()
    is_all = np.array_equal(reach, degrees[:, None] > degrees)
    comparison = rule("output", "input") if is_all else "less than output > input allows"
    return Panel(title, comparison, reach, Side("output", degrees, names), Side("input", degrees, names))
