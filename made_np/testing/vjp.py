"""Is the backward pass of a layer the transpose of its derivative?"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from .answers import WrongAnswer, as_answer
from .arrays import Array, as_frozen, as_inputs, as_list
from .compare import Floats, call_line, callable_name, excess, seed_of
from .gradients import as_limits, check_gradient
from .naming import Layer, named_mistake
from .probe import UNHEARD
from .report import Failure, Report
from .values import as_a, as_callable, as_flag, show


def check_vjp(
    forward: Callable[..., Any],
    vjp: Callable[..., Any],
    inputs: Sequence[ArrayLike],
    *,
    names: Sequence[str] | None = None,
    frozen: Sequence[ArrayLike | None] | None = None,
    one_row: bool = False,
    method: str = "central",
    rtol: float = 1e-6,
    atol: float = 1e-9,
    rng: int | np.random.Generator = 0,
) -> Report:
    r"""Check that ``vjp(dy, *inputs)`` is the gradient of ``sum(dy * forward(*inputs))``.

    ``dy`` is drawn with distinct entries, none 0. Besides the rule of `check_gradient`, entry by
    entry: no upstream gradient gives no gradient, vjp is linear in dy, gives the same bits when
    called again, and writes neither to dy nor to its inputs.

    Parameters
    ----------
    forward : callable
        ``forward(*inputs)`` -> array.
    vjp : callable
        ``vjp(dy, *inputs)`` -> one gradient for each input, or for each float input; None where
        there is none (a note says that it was not checked).
    inputs : sequence of array_like
        float64 arrays are differentiated; boolean and integer ones (a mask) are handed on.
    names : sequence of str, optional
        One name per input; default: the names of forward's parameters.
    frozen : sequence, optional
        Per input None or a boolean array: cells whose gradient is exactly 0 and which forward must
        not notice, as ``~mask`` for the weights.
    one_row : bool
        Permit a batch of one row, in which a forgotten or doubled 1/B cannot be seen.
    method, rtol, atol, rng
        As in `check_gradient`.

    Raises
    ------
    TypeError, ValueError
        If an input is float32, if there is no float64 one, if the output of forward is no array of real numbers or has
        a single row, or for a bad option.

    Examples
    --------
    >>> import numpy as np
    >>> x, W = np.arange(1.0, 7.0).reshape(2, 3), np.ones((4, 3))
    >>> def forward(x, W):
    ...     return x @ W.T
    >>> check_vjp(forward, lambda dy, x, W: (dy @ W, dy.T @ x), (x, W)).ok
    True
    >>> print(check_vjp(forward, lambda dy, x, W: (-dy @ W, dy.T @ x), (x, W)).hint)
    dx: the sign is wrong; got dx[n, i] = -sum[o](dy[n, o] * W[o, i]), right is dx[n, i] = sum[o](dy[n, o] * W[o, i])
    """
    as_callable(forward, "forward", "(*inputs) -> array")
    as_callable(vjp, "vjp", "(dy, *inputs) -> gradients")
    arrays = as_inputs(inputs, lambda n: _labels(forward, names, n))
    labels = _labels(forward, names, len(arrays))
    flags = as_frozen(frozen, arrays, labels)
    _look_at_signature(vjp, labels)
    as_limits(method, rtol, atol)
    y = _first_output(forward, arrays, as_flag(one_row, "one_row"))
    seed = seed_of(rng)
    options: dict[str, Any] = {"method": method, "rtol": rtol, "atol": atol}
    call = (callable_name(forward, "forward"), callable_name(vjp, "vjp"), "inputs")
    line = call_line("check_vjp", *call, **options, rng=seed)
    base = Report("check_vjp", seed=seed, reproduce=line)
    pair = Pair(forward, vjp, arrays, labels, flags, y)
    report = pair.examine(base, options)
    if report.ok or any(UNHEARD in failure.hint for failure in report.failures):  # then it is not vjp that is wrong
        return report
    return report.but(hint=pair.output_hint(base, options) or pair.named_mistake(seed) or report.hint)


@dataclass(frozen=True)
class Pair:
    """A forward and a backward function, and the inputs at which they are looked at."""

    forward: Callable[..., Any]
    vjp: Callable[..., Any]
    arrays: list[Array]
    labels: list[str]
    flags: list[Array] | None
    y: Array

    def examine(self, base: Report, options: dict[str, Any]) -> Report:
        """`base` with all that is found."""
        forward = self.forward
        vjp = self.vjp
        arrays = self.arrays
        draw = np.random.default_rng(base.seed)
        dy = _distinct(self.y.shape, draw)
        answers, wrong = _first_answers(vjp, dy, arrays, self.labels)
        if wrong:
            return base.but(failures=tuple(wrong), n_failed=len(wrong), hint=wrong[0].hint)
        floats = _floats(arrays)
        pack = Packing(arrays, self.labels, [i for i in floats if answers[i] is not None])
        report = check_gradient(
            lambda flat: np.sum(dy * _output(forward, pack.unpack(flat), self.y.shape, kinds="biufc")),
            lambda flat: pack.pack(_answers(vjp, dy, pack.unpack(flat), self.labels)),
            pack.pack(arrays),
            names=pack.names(),
            frozen=None if self.flags is None else pack.pack(self.flags).astype(bool),
            rows=len(self.y) or None if self.y.ndim else None,
            rng=draw,
            **options,
        )
        broken = _promises(
            lambda u: pack.pack(_answers(vjp, u, arrays, self.labels)), vjp, ["dy", *self.labels], [dy, *arrays], draw
        )
        notes = [f"no gradient for {self.labels[i]}: not checked" for i in floats if i not in pack.chosen]
        return _merged(base, report, broken, notes)

    def output_hint(self, base: Report, options: dict[str, Any]) -> str:
        """A sentence if the pair is right once vjp is given the output in the place of one of the inputs; else ""."""
        for i in _floats(self.arrays):
            if self.arrays[i].shape != self.y.shape:
                continue

            def with_output(dy: Array, *inputs: Array, i: int = i) -> Any:
                return self.vjp(dy, *inputs[:i], self.forward(*_copies(inputs)), *inputs[i + 1 :])

            try:
                is_right = replace(self, vjp=with_output).examine(base, options).ok
            except Exception:  # it was a guess
                continue
            if is_right:
                names = ", ".join(self.labels)
                made = f"{callable_name(self.forward, 'forward')}({names})"
                given = ", ".join(made if k == i else name for k, name in enumerate(self.labels))
                return (
                    f"the backward function wants the output of the forward function, not its input {self.labels[i]}: "
                    f"pass lambda dy, {names}: {callable_name(self.vjp, 'vjp')}(dy, {given})"
                )
        return ""

    def named_mistake(self, seed: int) -> str:
        """A sentence if the answers of vjp are those of a known mistake; else ""."""

        def forward(*inputs: Array) -> Array:
            return _output(self.forward, list(inputs), self.y.shape)

        def backward(dy: Array, *inputs: Array) -> list[Any]:
            return _answers(self.vjp, dy, list(inputs), self.labels)

        flags = [] if self.flags is None else list(zip(self.labels, self.flags, strict=True))
        masks = {label: ~flag for label, flag in flags if flag.any()}
        if any(array.dtype == bool for array in self.arrays):
            masks = {}
        rows = len(self.y) if self.y.ndim else None
        return named_mistake(Layer(forward, backward, self.arrays, self.labels, rows, masks), seed)


def _merged(base: Report, report: Report, broken: list[Failure], notes: list[str]) -> Report:
    return report.but(
        check=base.check,
        failures=(*broken, *report.failures),
        n_failed=len(broken) + report.n_failed,
        hint=report.hint or next((failure.hint for failure in broken), ""),
        notes=(*report.notes, *notes),
        seed=base.seed,
        reproduce=base.reproduce,
    )


@dataclass(frozen=True)
class Packing:
    """The chosen arrays of a list as one flat vector, and back."""

    arrays: list[Array]
    labels: list[str]
    chosen: list[int]

    def pack(self, values: Sequence[Any]) -> Floats:
        """Copies of the chosen arrays, end to end; a `WrongAnswer` if one has not the shape that it belongs to."""
        chosen = [as_answer(values[i], f"d{self.labels[i]}", self.arrays[i].shape) for i in self.chosen]
        return np.concatenate([array.ravel() for array in chosen])

    def unpack(self, flat: Array) -> list[Array]:
        """All arrays: the chosen ones from ``flat``, copies of the others."""
        out = _copies(self.arrays)
        start = 0
        for i in self.chosen:
            stop = start + out[i].size
            out[i] = flat[start:stop].reshape(out[i].shape).copy()
            start = stop
        return out

    def names(self) -> list[str]:
        """``"W[4, 7]"`` for every number in the vector."""
        return [
            f"{self.labels[i]}[{', '.join(map(str, index))}]"
            for i in self.chosen
            for index in np.ndindex(self.arrays[i].shape)
        ]


def _first_output(forward: Callable[..., Any], arrays: list[Array], one_row: bool) -> Array:
    """What forward makes of the inputs as they were given: an error if it has a single row that nobody asked for."""
    y = _output(forward, arrays)
    if y.ndim > 1 and len(y) == 1 and not one_row:
        raise ValueError(
            "inputs make an output of one row, which hides a forgotten or doubled 1/B: "
            "pass at least two rows, or one_row=True"
        )
    return y


def _output(
    forward: Callable[..., Any], arrays: list[Array], shape: tuple[int, ...] | None = None, kinds: str = "biuf"
) -> Array:
    """What forward makes of the inputs."""
    raw = forward(*_copies(arrays))
    try:
        return as_answer(raw, "forward(*inputs)", shape, kinds=kinds)
    except WrongAnswer:
        what = "numbers" if shape is None else f"numbers of shape {shape} at each call"
        raise ValueError(f"forward must return an array of real {what}, got {show(raw)}") from None


def _labels(forward: Callable[..., Any], names: Sequence[str] | None, n: int) -> list[str]:
    if names is not None:
        way_out = "give a list of str, one for each input"
        given = [as_a(name, f"names[{i}]", str, way_out) for i, name in enumerate(as_list(names, "names", way_out))]
        if len(given) != n:
            raise ValueError(f"names has {len(given)} entries for {n} inputs")
        return given
    try:
        found = [p.name for p in inspect.signature(forward).parameters.values() if p.kind < 2]
    except (TypeError, ValueError):
        found = []
    return found[:n] if len(found) >= n else [f"input{i}" for i in range(n)]


def _look_at_signature(vjp: Callable[..., Any], labels: list[str]) -> None:
    """Raise a `TypeError` if vjp cannot be called with dy and the inputs."""
    try:
        signature = inspect.signature(vjp)
    except (TypeError, ValueError):  # a function that does not tell
        return
    try:
        signature.bind("dy", *labels)
    except TypeError as error:
        called = f"{callable_name(vjp, 'vjp')}(dy, {', '.join(labels)})"
        raise TypeError(f"vjp is called as {called}, and does not take that: {error}") from None


def _floats(arrays: Sequence[Array]) -> list[int]:
    return [i for i, a in enumerate(arrays) if a.dtype.kind == "f"]


def _copies(arrays: Sequence[Array]) -> list[Array]:
    return [a.copy() for a in arrays]


def _distinct(shape: tuple[int, ...], rng: np.random.Generator) -> Array:
    """Numbers in +-[0.5, 1.5], none equal to another in size, in random places."""
    size = int(np.prod(shape))
    values = rng.permutation(np.linspace(0.5, 1.5, max(size, 1))[:size])
    return np.asarray(values * rng.choice([-1.0, 1.0], size)).reshape(shape)


def _answers(vjp: Callable[..., Any], dy: Array, arrays: list[Array], labels: list[str]) -> list[Any]:
    """What vjp returns, one answer for each input."""
    raw = vjp(dy.copy(), *_copies(arrays))
    answers = list(raw) if isinstance(raw, (tuple, list)) else [raw]
    floats = _floats(arrays)
    each = f"one gradient for each of {len(arrays)} inputs, or of the {len(floats)} float inputs"
    if raw is None:
        hint = f"the backward function returned None: is a return missing? {_wanted(labels, floats)}"
        raise WrongAnswer(Failure("vjp(dy, *inputs)", "no gradient", each, hint=hint))
    if len(answers) == len(arrays):
        return answers
    if len(answers) != len(floats):
        raise WrongAnswer(Failure("vjp(dy, *inputs)", len(answers), each, hint=_wanted(labels, floats)))
    spread: list[Any] = [None] * len(arrays)
    for i, answer in zip(floats, answers, strict=True):
        spread[i] = answer
    return spread


def _wanted(labels: list[str], floats: list[int]) -> str:
    """What a backward function of these inputs returns."""
    gradients = ", ".join(f"d{labels[i]}" for i in floats)
    if len(floats) == 1:
        return f"return {gradients}, an array"
    return f"return ({gradients}): one gradient for each float input, in their order"


def _first_answers(
    vjp: Callable[..., Any], dy: Array, arrays: list[Array], labels: list[str]
) -> tuple[list[Any], list[Failure]]:
    """What vjp returns, and what is wrong with it: no gradient at all, no array, or one of another shape."""
    floats = _floats(arrays)
    try:
        answers = _answers(vjp, dy, arrays, labels)
    except WrongAnswer as found:
        return [], [found.failure]
    if all(answers[i] is None for i in floats):
        hint = "return an array for each float input; None only for those that have no gradient"
        return answers, [Failure("vjp(dy, *inputs)", "no gradient", "one at least", hint=hint)]
    wrong = []
    for i in floats:
        try:
            if answers[i] is not None:
                as_answer(answers[i], f"d{labels[i]}", arrays[i].shape)
        except WrongAnswer as found:
            wrong.append(found.failure)
    return answers, wrong


def _promises(
    backward: Callable[[Array], Floats],
    vjp: Callable[..., Any],
    names: list[str],
    arguments: list[Array],
    rng: np.random.Generator,
) -> list[Failure]:
    """Zero in, zero out; linear in dy; hands off the arguments."""
    broken = []
    dy = arguments[0]
    other = _distinct(dy.shape, rng)
    try:
        nothing, one, two, both = (backward(u) for u in (np.zeros_like(dy), dy, other, 2 * dy - other))
    except WrongAnswer as wrong:
        return [wrong.failure]
    if nothing.any():
        worst = float(np.abs(nothing).max())
        hint = "a term that does not pass through dy"
        broken.append(Failure("gradient for dy = 0", worst, 0.0, worst, hint))
    with np.errstate(all="ignore"):
        want = 2 * one - two
    noise = 1e-12 * max(1.0, float(np.abs(want).max(initial=0.0)))
    if not (excess(both, want, 1e-9, noise) <= 1).all():
        hint = "the backward pass is not linear in dy: a derivative that is taken of dy itself?"
        broken.append(Failure("vjp(2u - v)", "2 vjp(u) - vjp(v) differs", "equal", hint=hint))
    given = _copies(arguments)
    vjp(*given)
    triples = zip(names, given, arguments, strict=True)
    written = [
        name for name, now, before in triples if not np.array_equal(now, before, equal_nan=now.dtype.kind == "f")
    ]
    if written:
        what = " and ".join(written)
        hint = f"{what} {'was' if len(written) == 1 else 'were'} written to (*=, -=, out=): work on a copy"
        broken.append(Failure("arguments after vjp", f"{what} changed", "unchanged", hint=hint))
    return broken
