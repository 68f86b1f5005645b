"""Do these masks make a density: does the product of the masks equal what the order allows?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .compare import KEPT, Bools, call_line, seed_of
from .connectivity import Connectivity, Wires, fold
from .report import Failure, Report
from .wiring import as_order, feature_of_columns, find_cycle, find_order

RULE = "output i is reached by input j if and only if j comes before i in the order"


def check_masks(
    masks: Sequence[ArrayLike],
    order: ArrayLike | None,
    *,
    direct: ArrayLike | None = None,
    skips: Sequence[ArrayLike | None] | None = None,
    n_inputs: int | Sequence[int] = 1,
    n_outputs: int | Sequence[int] = 1,
    layout: str = "interleaved",
    n_context: int = 0,
    lost: str = "fail",
    dead: str = "fail",
    rng: int | np.random.Generator = 0,
) -> Report:
    """Check shapes and entries of masks, and that their boolean product is what the order allows.

    It fails on a leak (an output reached by an input that does not come before it), on a lost
    dependency (an allowed one that no path carries: capacity silently gone), on context that
    some output never hears, and on dead hidden units (no input reaches them, or they reach no
    output). With ``order=None`` any one order will do: the dependencies may hold no cycle.

    Parameters
    ----------
    masks : sequence of array_like
        (out, in) boolean or 0/1, from the input to the output; True = wire present. May be empty.
    order : array_like or None
        (D,) features in the sequence in which they are generated.
    direct : array_like, optional
        (O, I) mask of wires from the input to the output.
    skips : sequence, optional
        Per hidden layer None, or the (H,) boolean units to which an identity skip adds the unit of
        the same number in the layer before.
    n_inputs, n_outputs : int or sequence of int
        Units of each feature at the input and at the output.
    layout : {"interleaved", "blocked"}
        Of the output units.
    n_context : int
        The last columns of the first mask (and of ``direct``) are context, which every output must
        see.
    lost, dead : {"fail", "note"}
        What a lost dependency, or a dead unit, is.
    rng : int or Generator
        Nothing is drawn; accepted so that all checks are called alike.

    Raises
    ------
    ValueError
        If order is no permutation, or an option is unknown.

    Examples
    --------
    >>> import numpy as np
    >>> hidden = np.array([[1, 0, 0], [1, 1, 0]], dtype=bool)
    >>> output = np.array([[0, 0], [1, 0], [1, 1]], dtype=bool)
    >>> check_masks([hidden, output], [0, 1, 2]).ok
    True
    >>> report = check_masks([hidden, np.ones_like(output)], [0, 1, 2])
    >>> report.n_failed, report.failures[0].where
    (3, 'output 0 <- input 0')
    """
    if lost not in ("fail", "note") or dead not in ("fail", "note"):
        raise ValueError(f"lost and dead must be 'fail' or 'note', got {lost!r} and {dead!r}")
    layers = [np.asarray(mask) for mask in masks]
    wires = None if direct is None else np.asarray(direct)
    if not layers and wires is None:
        raise ValueError("masks is empty and there is no direct: there is nothing to check")
    width = (layers[0] if layers else wires).shape[-1]  # type: ignore[union-attr]
    n_features = _count(width, order, n_inputs, n_context)
    known = as_order(order, n_features)
    inputs = np.append(feature_of_columns(n_features, n_inputs), np.full(n_context, -1))
    outputs = feature_of_columns(n_features, n_outputs, layout)
    shown = "None" if known is None else str(known.tolist())
    line = call_line("check_masks", "masks", shown, **({} if direct is None else {"direct": wires}))
    base = Report("check_masks", rule=RULE, seed=seed_of(rng), reproduce=line)
    wrong, hint = _malformed(layers, wires, skips, len(inputs), len(outputs))
    if wrong:
        return base.but(failures=tuple(wrong), n_failed=len(wrong), hint=hint)
    direct_bool = None if wires is None else wires.astype(bool)
    net = Wires([mask.astype(bool) for mask in layers], _padded(skips, len(layers)), direct_bool)
    reach = net.reach()
    base = base.but(n_checked=reach.size, n_exercised=int(reach.sum()))
    if known is None:
        depends = fold(reach, inputs, outputs, n_features)
        if find_cycle(depends):
            return base.but(**_circle(find_cycle(depends)))
        known = find_order(depends)
        base = base.but(notes=(f"the order is unknown; {known.tolist()} is one that fits",))
    return _judge(base, Connectivity(net, reach, known, inputs, outputs), lost, dead)


def _circle(cycle: list[int]) -> dict[str, Any]:
    hint = "no order permits this circle: an output sees itself, or degrees are drawn twice"
    failure = Failure("output " + " <- ".join(map(str, cycle)), "a circle", "none", hint=hint)
    return {"failures": (failure,), "n_failed": 1, "hint": hint}


def _judge(base: Report, case: Connectivity, lost: str, dead: str) -> Report:
    want, reach, notes = case.under(case.order), case.reach, list(base.notes)
    leaks, gone, units = reach & ~want, want & ~reach, case.wires.dead_units()
    failures, n_failed, hint = case.pairs(leaks, "leaks", "no wire"), int(leaks.sum()), ""
    if leaks.any():
        hint = case.leak_hint()
    if gone.any() and (lost == "fail" or not reach.any()):
        failures += case.pairs(gone, "lost", "a wire")
        n_failed += int(gone.sum())
        hint = hint or case.loss_hint()
    elif gone.any():
        notes.append(f"{gone.sum()} of {want.sum()} allowed pairs are lost, {case.pairs(gone, '', '')[0].where}, ...")
    # With nothing to see, as for a single feature without context, no unit can be alive.
    if units and dead == "fail" and want.any():
        failures += [Failure(unit, "dead", "alive") for unit in units[:KEPT]]
        n_failed += len(units)
        hint = hint or "dead units: a degree of 0 without context, of D or above, or missing one layer below"
    elif units:
        notes.append(f"{len(units)} hidden units are dead: {units[0]}, ...")
    worst = {"worst_error": 1.0, "worst_where": failures[0].where} if failures else {}
    return base.but(failures=tuple(failures[:KEPT]), n_failed=n_failed, hint=hint, notes=tuple(notes), **worst)


def _count(width: int, order: ArrayLike | None, n_inputs: int | Sequence[int], extra: int) -> int:
    if order is not None:
        return int(np.size(np.asarray(order)))
    if isinstance(n_inputs, (int, np.integer)):
        return int((width - extra) // max(int(n_inputs), 1))
    return len(n_inputs)


def _malformed(
    layers: list[NDArray[Any]],
    direct: NDArray[Any] | None,
    skips: Sequence[ArrayLike | None] | None,
    n_in: int,
    n_out: int,
) -> tuple[list[Failure], str]:
    """Masks that are no masks, or that do not fit together; and why that may be."""
    named = [(f"masks[{i}]", mask) for i, mask in enumerate(layers)]
    named += [("direct", direct)] if direct is not None else []
    wrong = [
        Failure(name, f"{mask.dtype} {mask.shape}", "two-dimensional, 0 and 1 only")
        for name, mask in named
        if mask.ndim != 2 or mask.dtype.kind not in "biuf" or not np.isin(mask, (0, 1)).all()
    ]
    if wrong:
        return wrong, "a mask holds True where there is a wire and False where there is none"
    widths = [n_in, *(mask.shape[0] for mask in layers[:-1])]
    for i, (mask, below) in enumerate(zip(layers, widths, strict=False)):
        rows = n_out if i == len(layers) - 1 else mask.shape[0]
        if mask.shape != (rows, below):
            wrong.append(Failure(f"masks[{i}].shape", str(mask.shape), str((rows, below))))
    if direct is not None and direct.shape != (n_out, n_in):
        wrong.append(Failure("direct.shape", str(direct.shape), str((n_out, n_in))))
    for i, skip in enumerate(_padded(skips, len(layers))):
        if skip is not None and not skip.shape == (len(layers[i]),) == layers[i].shape[1:]:
            wrong.append(Failure(f"skips[{i}].shape", str(skip.shape), str((len(layers[i]),))))
    turned = [mask.shape[::-1] for mask in layers]
    fits = turned and turned[0][1] == n_in and turned[-1][0] == n_out
    return wrong, "the masks are (in, out): transpose them" if wrong and fits else ""


def _padded(skips: Sequence[ArrayLike | None] | None, n: int) -> list[Bools | None]:
    """Skips for each mask; the last one, at the output, may be left out."""
    given = [None if skip is None else np.asarray(skip, dtype=bool) for skip in skips or ()]
    if len(given) > n:
        raise ValueError(f"skips has {len(given)} entries for {n} masks")
    return given + [None] * (n - len(given))
