"""A tape as a table: a line for each value."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from html import escape

from made_np.tracing.value import Value, largest

__all__ = ["as_html", "as_text"]

HEAD = ("name", "what it is", "shape", "|value|", "|grad|", "dead")
NOTES = (
    "|value| and |grad| are the largest entries. dead: entries of the gradient that are exactly 0; masked: of them "
    "those without a wire.\nx is also what is predicted: as that it stays, and its gradient is that of x as input."
)


def as_text(values: Mapping[str, Value]) -> str:
    """Return a line for each value: its formula, shape, size, the size of its gradient, entries that are dead."""
    rows = [HEAD, *(_cells(value) for value in values.values())]
    widths = [max(len(row[k]) for row in rows) for k in range(len(HEAD))]
    lines = [_line(row, widths) for row in rows]
    return "\n".join([*lines, NOTES])


def as_html(values: Mapping[str, Value]) -> str:
    """Return the same as a table for a notebook."""
    head = "".join(f"<th>{escape(cell)}</th>" for cell in HEAD)
    rows = "\n".join(f"<tr>{''.join(_html_cells(value))}</tr>" for value in values.values())
    return f"<table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{rows}\n</tbody>\n</table>\n<p>{escape(NOTES)}</p>"


def _line(row: tuple[str, ...], widths: list[int]) -> str:
    cells = [
        cell.rjust(width) if HEAD[k].startswith("|") else cell.ljust(width)
        for k, (cell, width) in enumerate(zip(row, widths, strict=True))
    ]
    return "  ".join(cells).rstrip()


def _html_cells(value: Value) -> Iterator[str]:
    for title, cell in zip(HEAD, _cells(value), strict=True):
        style = ' style="text-align: right"' if title.startswith("|") else ""
        yield f"<td{style}>{escape(cell)}</td>"


def _cells(value: Value) -> tuple[str, ...]:
    size = value.value.shape
    if value.grad is None:
        return (value.name, value.op, str(size), _short(largest(value.value)), "-", "")
    dead = str(value.n_dead) if value.n_dead else ""
    masked = f" ({value.n_masked} masked)" if value.n_masked else ""
    return (value.name, value.op, str(size), _short(largest(value.value)), _short(largest(value.grad)), dead + masked)


def _short(number: float) -> str:
    """Return a number in few letters.

    Examples
    --------
    >>> _short(0.0), _short(0.25), _short(1e-9), _short(123456.0)
    ('0', '0.2500', '1.0e-09', '1.2e+05')
    """
    if number == 0:
        return "0"
    return f"{number:.4f}" if 1e-3 <= number < 1e5 else f"{number:.1e}"
