"""Do these masks make a density: does the product of the masks equal what the order allows?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from .arrays import MOST_FEATURES, Array, as_array, as_list
from .compare import KEPT, Bools, Ints, call_line, seed_of
from .connectivity import Connectivity, Wires, fold
from .report import Failure, Report
from .values import as_choice, as_count, show
from .wiring import LAYOUTS, as_allowed, as_order, before, feature_of_columns, find_cycle, find_order

KINDS = ("fail", "note")
RULE = "output i is reached by input j if and only if j comes before i in the order"
LIMITS = "output i is reached by input j if and only if allowed[i, j]"


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
    allowed: ArrayLike | None = None,
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
    allowed : array_like, optional
        (D, D): [i, j] says whether the outputs of feature i may depend on input j, where that is less than an order
        permits: coupling layers, graphs. Nothing else is then expected.
    lost, dead : {"fail", "note"}
        What a lost dependency, or a dead unit, is.
    rng : int or Generator
        Nothing is drawn; accepted so that all checks are called alike.

    Raises
    ------
    TypeError, ValueError
        If order is no permutation, allowed holds a circle, masks no list of arrays, or an option is unknown. An array
        that is no mask, or masks that do not fit together, are what the check is after: the report says so.

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
    layers = as_masks(masks)
    wires = None if direct is None else as_mask(direct, "direct")
    if not layers and wires is None:
        raise ValueError("masks is empty and there is no direct: there is nothing to check")
    padded = _padded(as_skips(skips), len(layers))
    as_choice(lost, "lost", KINDS)
    as_choice(dead, "dead", KINDS)
    n_context = as_count(n_context, "n_context", 0, MOST_FEATURES)
    known = as_order(order, None)
    may = as_allowed(allowed, known, None)
    known = find_order(may) if known is None and may is not None else known
    n_features = _count(layers[0] if layers else np.asarray(wires), known, n_inputs, n_context)
    inputs = np.append(feature_of_columns(n_features, n_inputs, name="n_inputs"), np.full(n_context, -1))
    outputs = feature_of_columns(n_features, n_outputs, layout, "n_outputs")
    shown = "None" if known is None else str(known.tolist())
    extra = {"direct": wires, "allowed": may}
    line = call_line("check_masks", "masks", shown, **{name: each for name, each in extra.items() if each is not None})
    base = Report("check_masks", rule=RULE if may is None else LIMITS, seed=seed_of(rng), reproduce=line)
    wrong, hint = _malformed(layers, wires, padded, len(inputs), len(outputs))
    if wrong:
        return base.but(failures=tuple(wrong), n_failed=len(wrong), hint=hint)
    direct_bool = None if wires is None else wires.astype(bool)
    skip_bool = [None if skip is None else skip.astype(bool) for skip in padded]
    net = Wires([mask.astype(bool) for mask in layers], skip_bool, direct_bool)
    other = _other_layout(n_features, n_outputs, layout)
    report = _compared(base, net, known, may, n_features, (inputs, outputs), lost, dead)
    limit = before(known) if may is None and known is not None else may
    if report.ok or not len(other) or not _fits(net.reach(), limit, inputs, other, n_features):
        return report
    return report if _fits(net.reach(), limit, inputs, outputs, n_features) else report.but(hint=_mixed(layout))


def _compared(
    base: Report,
    net: Wires,
    known: Ints | None,
    may: Bools | None,
    n_features: int,
    units: tuple[Ints, Ints],
    lost: str,
    dead: str,
) -> Report:
    """What is reached, beside what is allowed; without an order, beside one that fits."""
    inputs, outputs = units
    reach = net.reach()
    base = base.but(n_checked=reach.size, n_exercised=int(reach.sum()))
    if known is None:
        depends = fold(reach, inputs, outputs, n_features)
        if find_cycle(depends):
            return base.but(**_circle(find_cycle(depends)))
        known = find_order(depends)
        base = base.but(notes=(f"the order is unknown; {known.tolist()} is one that fits",))
    case = Connectivity(net, reach, known, inputs, outputs, may)
    return _judge(base.but(notes=(*base.notes, *_direct_note(case))), case, lost, dead)


def _fits(reach: Bools, may: Bools | None, inputs: Ints, outputs: Ints, n_features: int) -> bool:
    """Whether no more is reached than may be; if nobody said what may be, whether any order permits it."""
    depends = fold(reach, inputs, outputs, n_features)
    return not (find_cycle(depends) if may is None else (depends & ~may).any())


def _other_layout(n_features: int, n_outputs: int | Sequence[int], layout: str) -> Ints:
    """The feature of each output unit in the layout that was not given; empty if there is no such layout."""
    counts = np.unique(np.asarray(n_outputs))
    if len(counts) != 1 or counts[0] < 2:
        return np.zeros(0, dtype=np.int64)
    return feature_of_columns(n_features, int(counts[0]), _other(layout))


def _other(layout: str) -> str:
    return LAYOUTS[1 - LAYOUTS.index(layout)]


def _mixed(layout: str) -> str:
    return f"no leak if the output units are {_other(layout)}, not {layout}: two conventions are mixed"


def _direct_note(case: Connectivity) -> tuple[str, ...]:
    """How many of the allowed wires from input to output there are, if not all."""
    if case.wires.direct is None:
        return ()
    may = case.wanted()
    held = int((may & case.wires.direct).sum())
    return () if held == may.sum() else (f"direct holds {held} of {may.sum()} allowed wires",)


def _circle(cycle: list[int]) -> dict[str, Any]:
    hint = "no order permits this circle: an output sees itself, or degrees are drawn twice"
    failure = Failure("output " + " <- ".join(map(str, cycle)), "a circle", "none", hint=hint)
    return {"failures": (failure,), "n_failed": 1, "hint": hint}


def _judge(base: Report, case: Connectivity, lost: str, dead: str) -> Report:
    want = case.wanted()
    reach = case.reach
    notes = list(base.notes)
    leaks = reach & ~want
    gone = want & ~reach
    units = case.wires.dead_units()
    failures = case.pairs(leaks, "leaks", "no wire")
    n_failed = int(leaks.sum())
    hint = ""
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


def as_mask(mask: Any, name: str) -> Array:
    """A mask as an array, whatever its shape and entries: those are what the check is to find out."""
    array = as_array(mask, name)
    if array.ndim == 0 or array.dtype.kind == "O":
        raise TypeError(f"{name}={show(mask)} is no array of numbers: give an (out, in) boolean array")
    return array


def as_masks(masks: Any) -> list[Array]:
    """The masks as arrays."""
    listed = as_list(masks, "masks", "give a list of (out, in) boolean arrays")
    return [as_mask(mask, f"masks[{i}]") for i, mask in enumerate(listed)]


def as_skips(skips: Any) -> list[Array | None]:
    """The skips as arrays, or None."""
    listed = [] if skips is None else as_list(skips, "skips", "give a list of (H,) arrays, or None, one per mask")
    return [None if skip is None else as_mask(skip, f"skips[{i}]") for i, skip in enumerate(listed)]


def _count(first: Array, order: Ints | None, n_inputs: int | Sequence[int], n_context: int) -> int:
    """D, as the order or n_inputs tell, or else the columns of the first mask."""
    if order is not None:
        return len(order)
    if not isinstance(n_inputs, (int, np.integer)):
        return max(as_array(n_inputs, "n_inputs").size, 1)
    each = max(as_count(n_inputs, "n_inputs", 0), 1)
    width = first.shape[-1] if first.ndim else 0
    # No column at all, or too many: the shape of the mask is then the failure.
    return min(max((width - n_context) // each, 1), MOST_FEATURES)


def _malformed(
    layers: list[Array], direct: Array | None, skips: list[Array | None], n_in: int, n_out: int
) -> tuple[list[Failure], str]:
    """Masks that are no masks, or that do not fit together; and why that may be."""
    wrong = [_no_mask(f"masks[{i}]", mask, 2) for i, mask in enumerate(layers)]
    wrong += [_no_mask(f"skips[{i}]", skip, 1) for i, skip in enumerate(skips) if skip is not None]
    wrong += [] if direct is None else [_no_mask("direct", direct, 2)]
    odd = [failure for failure in wrong if failure is not None]
    if odd:
        return odd, "a mask holds True where there is a wire and False where there is none"
    widths = [n_in, *(mask.shape[0] for mask in layers[:-1])]
    shapes = [(mask.shape[0], below) for mask, below in zip(layers, widths, strict=False)]
    shapes[-1:] = [(n_out, below) for _, below in shapes[-1:]]
    fit = [_misfit(f"masks[{i}]", mask, shape) for i, (mask, shape) in enumerate(zip(layers, shapes, strict=True))]
    fit += [] if direct is None else [_misfit("direct", direct, (n_out, n_in))]
    for i, skip in enumerate(skips):
        if skip is not None and not skip.shape == (len(layers[i]),) == layers[i].shape[1:]:
            fit.append(Failure(f"skips[{i}].shape", str(skip.shape), str((len(layers[i]),))))
    misfits = [failure for failure in fit if failure is not None]
    turned = [mask.shape[::-1] for mask in layers]
    fits = turned and turned[0][1] == n_in and turned[-1][0] == n_out
    return misfits, "the masks are (in, out): transpose them" if misfits and fits else ""


def _no_mask(name: str, mask: Array, ndim: int) -> Failure | None:
    """A failure if the array is no mask."""
    if mask.ndim == ndim and mask.dtype.kind in "biuf" and np.isin(mask, (0, 1)).all():
        return None
    dimensions = "two-dimensional" if ndim == 2 else "one-dimensional"
    return Failure(name, f"{mask.dtype} {mask.shape}", f"{dimensions}, 0 and 1 only")


def _misfit(name: str, mask: Array, shape: tuple[int, int]) -> Failure | None:
    """A failure if the mask has another shape."""
    return None if mask.shape == shape else Failure(f"{name}.shape", str(mask.shape), str(shape))


def _padded(skips: list[Array | None], n: int) -> list[Array | None]:
    """Skips for each mask; the last one, at the output, may be left out."""
    if len(skips) > n:
        raise ValueError(f"skips has {len(skips)} entries for {n} masks")
    return skips + [None] * (n - len(skips))
