"""What a check found: numbers for a program, sentences for a person."""

from __future__ import annotations

import html
import math
import numbers
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from .values import REALS, as_a, as_count, as_number

SHOWN = 5
"""How many of the failures are printed; all of them (up to 1000) stay in ``Report.failures``."""

MOST_COUNT = 2**128
"""No count and no seed is larger: Python does not write numbers with too many digits."""


class CheckFailed(AssertionError):
    """Raised by `Report.raise_if_failed`; ``.report`` holds what was found."""

    def __init__(self, report: Any) -> None:
        # A str is what pickle hands over when the exception comes back from another process.
        if not isinstance(report, str) and not hasattr(type(report), "raise_if_failed"):
            raise TypeError(f"report is a {type(report).__name__}: give a Report or a SuiteReport")
        super().__init__(str(report))
        self.report = report


@dataclass(frozen=True)
class Failure:
    """One entry, or one promise, that does not hold.

    Parameters
    ----------
    where : str
        Name of the entry: ``"W1[4, 7], masked"``, ``"output 0 <- input 1"``.
    got, want : float or str
        What the code under test says, and what is right.
    error : float
        ``|got - want|`` where both are numbers, else ``inf``.
    hint : str
        What is odd about this entry alone; the likely mistake behind all of them is `Report.hint`.

    Raises
    ------
    TypeError, ValueError
        If one of these is something else.

    Examples
    --------
    >>> failure = Failure("W0[1, 2]", 10.0, 2.0, 8.0)
    >>> failure.ratio
    5.0
    >>> failure
    W0[1, 2]: got 10, want 2, ratio 5, error 8
    """

    where: str
    got: float | str
    want: float | str
    error: float = math.inf
    hint: str = ""

    def __post_init__(self) -> None:
        _as_text(where=self.where, hint=self.hint)
        for name in ("got", "want"):
            if not isinstance(getattr(self, name), str):
                _as_real(getattr(self, name), name)
        _as_real(self.error, "error")

    @property
    def ratio(self) -> float | None:
        """``got / want``, or None where that says nothing."""
        if isinstance(self.got, str) or isinstance(self.want, str) or self.want == 0:
            return None
        return float(self.got) / float(self.want)

    def to_dict(self) -> dict[str, Any]:
        """All of it as plain Python for `json.dumps`; numbers that are not finite become strings."""
        return {
            "where": self.where,
            "got": _plain(self.got),
            "want": _plain(self.want),
            "ratio": _plain(self.ratio),
            "error": _plain(self.error),
            "hint": self.hint,
        }

    def __str__(self) -> str:
        where, got, want, ratio, error, hint = _cells(self)
        more = [f"{name} {text}" for name, text in (("ratio", ratio), ("error", error)) if text]
        return f"{where}: {', '.join([f'got {got}', f'want {want}', *more])}" + (f"; {hint}" if hint else "")

    __repr__ = __str__


@dataclass(frozen=True)
class Report:
    """The outcome of one check. True in a boolean context if and only if the check passed.

    So ``if report:`` asks whether it passed, not whether there is one: a report that failed is false. Whether a check
    of a suite was run at all is told by ``result.ran``, or by ``result.report is not None``.

    At a prompt it shows itself as the text that `print` writes; its fields say the same to a program.

    Parameters
    ----------
    check : str
        Name of the check.
    failures : tuple of Failure
        Worst first, at most 1000; ``n_failed`` counts all of them.
    n_checked, n_exercised, n_kinks : int
        Entries looked at; entries that could have failed (a derivative that is not 0, a wire that
        carries something); entries left out because the function has a kink there, or a tie.
    worst_error : float
        The largest ``|got - want|`` among all entries, failed or not (``nan`` if one was NaN).
    worst_where : str
        Where that is.
    hint : str
        The likely mistake, in one sentence.
    rule : str
        When an entry passes, as a formula.
    notes : tuple of str
        What a reader should know though nothing failed because of it.
    seed : int or None
        Seed of every random number that was drawn.
    reproduce : str
        One line that runs the same check again.
    undecided : str
        Why the check could tell neither right from wrong, with the way out; "" if it could. Such a report is not ok,
        though nothing failed: nothing was proved.

    Raises
    ------
    TypeError, ValueError
        If one of these is something else.

    Examples
    --------
    >>> report = Report("check_masks", n_checked=9, n_exercised=3)
    >>> report.ok
    True
    >>> report
    check_masks passed: 9 checked, 3 exercised
    >>> failed = Report("check_masks", (Failure("output 0 <- input 0", "leaks", "no wire"),))
    >>> bool(failed), failed is not None
    (False, True)
    """

    check: str
    failures: tuple[Failure, ...] = ()
    n_checked: int = 0
    n_exercised: int = 0
    n_kinks: int = 0
    n_failed: int = -1
    worst_error: float = 0.0
    worst_where: str = ""
    hint: str = ""
    rule: str = ""
    notes: tuple[str, ...] = field(default=())
    seed: int | None = None
    reproduce: str = ""
    undecided: str = ""

    def __post_init__(self) -> None:
        names = ("check", "worst_where", "hint", "rule", "reproduce", "undecided")
        _as_text(**{name: getattr(self, name) for name in names})
        for i, failure in enumerate(as_a(self.failures, "failures", tuple, "give a tuple of Failure")):
            as_a(failure, f"failures[{i}]", Failure, "give a Failure")
        _as_text(
            **{f"notes[{i}]": note for i, note in enumerate(as_a(self.notes, "notes", tuple, "give a tuple of str"))}
        )
        counts = {"n_checked": 0, "n_exercised": 0, "n_kinks": 0, "n_failed": -1}
        for name, least in counts.items():
            object.__setattr__(self, name, as_count(getattr(self, name), name, least, MOST_COUNT))
        if self.n_failed < 0:
            object.__setattr__(self, "n_failed", len(self.failures))
        if self.n_failed < len(self.failures):
            raise ValueError(f"n_failed={self.n_failed}, but there are {len(self.failures)} failures: count them all")
        _as_real(self.worst_error, "worst_error")
        if self.seed is not None:
            object.__setattr__(self, "seed", as_count(self.seed, "seed", 0, MOST_COUNT))

    @property
    def ok(self) -> bool:
        """True if nothing failed, and the check could tell."""
        return self.n_failed == 0 and not self.undecided

    @property
    def worst(self) -> tuple[Failure, ...]:
        """The five worst failures."""
        return self.failures[:SHOWN]

    def __bool__(self) -> bool:
        return self.ok

    def raise_if_failed(self) -> Report:
        """Return the report itself if it is ok.

        Raises
        ------
        CheckFailed
            An `AssertionError` whose text is the report.
        """
        if not self.ok:
            raise CheckFailed(self)
        return self

    def to_dict(self) -> dict[str, Any]:
        """All of it as plain Python for `json.dumps`; numbers that are not finite become strings."""
        return {
            "check": self.check,
            "ok": self.ok,
            "n_checked": self.n_checked,
            "n_exercised": self.n_exercised,
            "n_kinks": self.n_kinks,
            "n_failed": self.n_failed,
            "worst_error": _plain(self.worst_error),
            "worst_where": self.worst_where,
            "hint": self.hint,
            "rule": self.rule,
            "notes": list(self.notes),
            "seed": self.seed,
            "reproduce": self.reproduce,
            "undecided": self.undecided,
            "failures": [failure.to_dict() for failure in self.failures],
        }

    def but(self, **changes: Any) -> Report:
        """A copy with some fields changed."""
        return replace(self, **changes)

    def headline(self) -> str:
        """The verdict in one line."""
        text = f"{self.n_checked} checked, {self.n_exercised} exercised"
        if self.n_kinks:
            text += f", {self.n_kinks} skipped at kinks or ties"
        if self.ok:
            return f"{self.check} passed: {text}"
        if not self.n_failed:
            return f"{self.check} decided nothing: {text}"
        return f"{self.check} FAILED: {self.n_failed} wrong; {text}"

    def _remarks(self) -> list[tuple[str, str]]:
        worst = ""
        if self.worst_where and not math.isinf(self.worst_error):
            worst = f"{number(self.worst_error)} at {self.worst_where}"
        remarks = [
            ("reason", self.undecided),
            ("likely mistake", self.hint),
            ("worst error", worst),
            ("rule", self.rule),
            *(("note", note) for note in self.notes),
            ("reproduce", "" if self.ok else self.reproduce),
        ]
        return [(label, text) for label, text in remarks if text]

    def __str__(self) -> str:
        lines = [self.headline()]
        lines += [f"  {label}: {text}" for label, text in self._remarks()]
        if self.failures:
            rows = [_cells(failure) for failure in self.worst]
            lines += ["  " + line for line in table(_HEADER, rows)]
            if self.n_failed > SHOWN:
                lines.append(f"  ... and {self.n_failed - SHOWN} more")
        return "\n".join(lines)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        colour = "#1a7f37" if self.ok else "#cf222e"
        parts = [f'<div><b style="color:{colour}">{html.escape(self.headline())}</b>']
        parts += [f"<div><i>{label}</i>: {html.escape(text)}</div>" for label, text in self._remarks()]
        if self.failures:
            head = "".join(f"<th>{cell}</th>" for cell in _HEADER)
            rows = "".join(
                "<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in _cells(f)) + "</tr>" for f in self.worst
            )
            parts.append(f"<table><tr>{head}</tr>{rows}</table>")
        return "".join(parts) + "</div>"


_HEADER = ("where", "got", "want", "ratio", "error", "")


def _cells(failure: Failure) -> tuple[str, ...]:
    ratio = "" if failure.ratio is None else number(failure.ratio)
    error = "" if math.isinf(failure.error) else number(failure.error)
    return (
        failure.where,
        number(failure.got),
        number(failure.want),
        ratio,
        error,
        failure.hint,
    )


def number(value: float | str) -> str:
    """A number at six digits; text as it is.

    >>> number(0.1 + 0.2)
    '0.3'
    """
    return value if isinstance(value, str) else f"{value:.6g}"


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Lines of a table whose columns are padded to one width.

    >>> table(("a", "b"), [("1", "2"), ("333", "4")])
    ['a    b', '1    2', '333  4']
    """
    widths = [max(len(row[c]) for row in (header, *rows)) for c in range(len(header))]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in (header, *rows)
    ]


def _plain(value: Any) -> Any:
    """A JSON-able copy of a number: JSON knows neither NaN nor infinity, so these become text."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, numbers.Integral):
        return int(value)
    value = float(value)
    return value if math.isfinite(value) else str(value)


def _as_text(**texts: Any) -> None:
    """Refuse what is no str."""
    for name, text in texts.items():
        as_a(text, name, str, "give a str")


def _as_real(value: Any, name: str) -> None:
    """Refuse what is no real number; NaN and infinity may well be what was found."""
    is_nan = isinstance(value, REALS) and value != value
    if not is_nan:
        as_number(value, name, "[-inf, inf]")
