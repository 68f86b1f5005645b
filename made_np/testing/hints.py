"""From the pattern of the errors to the likely mistake, by cheap tests.

A hint is a guess and worded as one; the numbers beside it are not. Each test below looks at the
compared entries (got, want, which of them are bad) and answers with a sentence or with "".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from .compare import Bools, Floats

_NAME = re.compile(r"^(?P<block>.*?)\[(direction \d+|(?P<index>\d{1,9}(, ?\d{1,9})*))\](, masked)?$")

SPREAD = 1e-4
"""How far, relatively, the ratios of a "constant" ratio may lie apart."""


def block_of(name: str) -> str:
    """The block that an entry belongs to: what stands before its index.

    >>> block_of("W1[4, 7]"), block_of("['W1'][4, 7]"), block_of("scale")
    ('W1', "['W1']", 'scale')
    """
    found = _NAME.match(name)
    return found["block"] if found else name.partition("[")[0]


@dataclass(frozen=True)
class Case:
    """What a test of a hint may look at; all arrays are (n,) and speak of the same n entries."""

    got: Floats
    want: Floats
    bad: Bools
    masked: Bools
    names: Sequence[str]
    x: Floats | None = None
    rows: int | None = None
    blocks: list[str] = field(init=False)
    indices: list[tuple[int, ...]] = field(init=False)

    def __post_init__(self) -> None:
        found = [_NAME.match(name) for name in self.names]
        object.__setattr__(self, "blocks", [m["block"] if m else "" for m in found])
        indices = [tuple(map(int, m["index"].split(","))) if m and m["index"] else () for m in found]
        object.__setattr__(self, "indices", indices)

    def bad_blocks(self) -> list[str]:
        """Names of the blocks with an error, in their own order."""
        return list(dict.fromkeys(b for b, bad in zip(self.blocks, self.bad, strict=True) if bad))

    def lengths(self) -> list[tuple[str, int]]:
        """Names of blocks with a length that one of their axes has."""
        found: dict[tuple[str, int], int] = {}
        for block, index in zip(self.blocks, self.indices, strict=True):
            for axis, i in enumerate(index):
                found[block, axis] = max(found.get((block, axis), 0), i + 1)
        return [(block, length) for (block, _), length in found.items()]

    def where(self) -> str:
        """ "in b0 only: " if the errors are confined, else ""."""
        bad = self.bad_blocks()
        if len(bad) == len(set(self.blocks)) or not bad[0]:
            return ""
        return f"in {', '.join(bad)} only: "


def gradient_hint(case: Case) -> str:
    """The first test that recognises the pattern, as a sentence; "" if none does."""
    if not case.bad.any():
        return ""
    for test in _TESTS:
        hint = test(case)
        if hint:
            return hint
    return ""


def _not_finite(case: Case) -> str:
    if not np.isfinite(case.got[case.bad]).all():
        return case.where() + "the gradient holds NaN or infinity: 0 * inf, log(0) or x / 0?"
    if not np.isfinite(case.want[case.bad]).all():
        return "the function is not finite near x: a smaller x, or a domain error?"
    return ""


def _other_blocks(case: Case) -> str:
    """Right numbers, but blocks stand in another sequence than the names say."""
    if len(set(case.blocks)) < 2 or len(case.bad_blocks()) < 2:
        return ""
    if not _close(np.sort(case.got), np.sort(case.want)):
        return ""
    for block in set(case.blocks):
        members = np.array([b == block for b in case.blocks])
        if not _close(np.sort(case.got[members]), np.sort(case.want[members])):
            return "the right numbers in another order of blocks: names and gradient do not go together"
    return ""


def _other_mask(case: Case) -> str:
    """Where there are wires the gradient is 0, and where there are none it is not."""
    for block in case.bad_blocks():
        members = np.array([b == block for b in case.blocks])
        live = members & ~case.masked & (case.want != 0)
        gone = live & (case.got == 0)
        leaks = members & case.masked & (case.got != 0)
        if leaks.any() and gone.any() and (case.bad & live == gone).all():
            return f"in {block}: multiplied by another mask than the forward pass has"
    return ""


def _only_masked(case: Case) -> str:
    if case.masked[case.bad].all():
        return case.where() + "all on masked cells: is dW multiplied by the mask?"
    return ""


def _absent(case: Case) -> str:
    if case.bad.sum() > 1 and not case.got[case.bad].any():
        return case.where() + "got is 0 where it should not be: was this term or block forgotten?"
    return ""


def _unexpected(case: Case) -> str:
    if case.bad.sum() > 1 and not case.want[case.bad].any():
        return (
            case.where() + "the function does not depend on these entries at all: a lost mask, a slope that is 0 "
            "there, a stale copy of the parameters (a cache), or a term that the function lacks?"
        )
    return ""


def _constant_ratio(case: Case) -> str:
    got = case.got[case.bad]
    want = case.want[case.bad]
    if len(got) < 2 or not want.all():
        return ""
    ratios = got / want
    ratio = float(np.median(ratios))
    if ratio == 0 or np.max(np.abs(ratios - ratio)) > SPREAD * abs(ratio):
        return ""
    if abs(ratio - 1) < 2 * SPREAD:  # within the spread no factor at all
        return ""
    text = f"constant ratio got / want = {ratio:.6g}"
    if abs(ratio + 1) < SPREAD:
        return case.where() + text + ": sign flipped?"
    if case.rows and abs(ratio - case.rows) < SPREAD * case.rows:
        return case.where() + text + " = batch size: was the mean over the batch (1/B) forgotten?"
    if abs(ratio - round(ratio)) < SPREAD * ratio and ratio > 1:
        if case.rows is not None:
            what = "added to an old gradient (+=)?" if round(ratio) == 2 else "a factor too many?"
            return case.where() + text + f", and B is {case.rows}: {what}"
        extra = ", or added to an old gradient (+=)" if round(ratio) == 2 else ""
        return case.where() + text + f": the batch size? mean over the batch (1/B) missing{extra}?"
    if 0 < ratio < 1 and abs(1 / ratio - round(1 / ratio)) < SPREAD / ratio:
        return case.where() + f"{text} = 1/{_one_over(case, round(1 / ratio))}"
    return case.where() + text + ": a constant factor is missing or too many?"


def _one_over(case: Case, n: int) -> str:
    """What a gradient is too small by a factor of."""
    if case.rows is not None and n != case.rows:
        features = sorted((b for b, length in case.lengths() if length == n), key=lambda block: block[:1] != "b")
        if features:
            return f"{n}, and B is {case.rows}: was the mean taken over features too? {features[0]} has {n} of them"
        if n in {case.rows * length for _, length in case.lengths()}:
            return f"{n}, and B is {case.rows}: a mean over everything, rows and features, where a sum belongs?"
        return f"{n}, and B is {case.rows}: a constant factor is missing?"
    what = "the batch size" if case.rows is not None else "the batch size, or the number of features"
    return f"{n}: one over {what}? A mean where a sum belongs, or 1/B applied twice?"


def _proportional_to_x(case: Case) -> str:
    if case.x is None:
        return ""
    error = (case.got - case.want)[case.bad]
    x = case.x[case.bad]
    if len(error) < 3 or not x.all():
        return ""
    slopes = error / x
    slope = float(np.median(slopes))
    if slope == 0 or np.max(np.abs(slopes - slope)) > 1e-3 * abs(slope):
        return ""
    return case.where() + (
        f"the error is {slope:.3g} times the parameter: "
        "weight decay in the gradient but not in the loss (or the reverse)?"
    )


def _moved(case: Case) -> str:
    """Right numbers at wrong places: transposed, or permuted."""
    for block in case.bad_blocks():
        members = np.array([b == block for b in case.blocks])
        got = case.got[members]
        want = case.want[members]
        moved = not _close(got, want) and _close(np.sort(got), np.sort(want))
        if len(got) < 2 or not moved:
            continue
        places = [i for i, m in zip(case.indices, members, strict=True) if m]
        if _is_transposed(_matrix(got, places), _matrix(want, places)):
            return f"in {block}: transposed?"
        return f"in {block}: the right numbers at other places: a wrong order or index?"
    return ""


def _one_block(case: Case) -> str:
    bad = case.bad_blocks()
    if not bad[0] or len(bad) == len(set(case.blocks)):
        return ""
    deepest = max(_layer(block) for block in bad)
    above = sorted({b for b in case.blocks if _layer(b) > deepest and deepest >= 0})
    if above and deepest >= 0 and len(bad) > 1:
        return (
            f"wrong in {', '.join(bad)}, right above ({', '.join(above)}): look at dx, which is "
            "passed down (unmasked weight? derivative of the activation?)"
        )
    text = f"all errors are in {', '.join(bad)}: look at its own formula"
    is_matrix = len(bad) == 1 and any(
        len(i) == 2 for b, i in zip(case.blocks, case.indices, strict=True) if b == bad[0]
    )
    if is_matrix and f"b{deepest}" in case.blocks:  # whose own gradient is right: so is what came down to this layer
        text += "; or its input was overwritten before it was used (out=, *=)"
    return text


_TESTS: tuple[Callable[[Case], str], ...] = (
    _not_finite,
    _other_blocks,
    _only_masked,
    _other_mask,
    _absent,
    _unexpected,
    _constant_ratio,
    _proportional_to_x,
    _moved,
    _one_block,
)


def _close(a: Floats, b: Floats) -> bool:
    return bool(np.allclose(a, b, rtol=1e-4, atol=1e-8))


def _matrix(values: Floats, places: list[tuple[int, ...]]) -> Floats | None:
    """The block whose names are ``block[i, j]`` for every i, j."""
    if any(len(place) != 2 for place in places):
        return None
    rows, columns = np.array(places).T
    shape = (rows.max() + 1, columns.max() + 1)
    if shape[0] * shape[1] != len(values):
        return None
    matrix = np.zeros(shape)
    matrix[rows, columns] = values
    return matrix


def _is_transposed(got: Floats | None, want: Floats | None) -> bool:
    if got is None or want is None:
        return False
    turned = got.shape == got.T.shape and _close(got, want.T)
    return turned or _close(got.ravel(), want.T.ravel())


def _layer(block: str) -> int:
    """The number at the end of "W1", or -1."""
    found = re.search(r"(\d+)$", block)
    return int(found[1]) if found else -1
