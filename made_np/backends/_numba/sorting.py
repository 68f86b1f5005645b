"""Theta in the tables' numbering."""

from __future__ import annotations

from typing import Any

from made_np.backends._numba.compiling import index, kernel


@kernel
def gather(theta: Any, tables: Any, ordered: Any, part: int, parts: int) -> None:
    """Copy theta's live weights and biases to `ordered` (P,), in the tables' numbering; this part of the rows."""
    for q in range(len(tables.products)):
        W, b, n_out, n_in, source, target, begin, _ = tables.products[q]
        first = tables.starts[source] + begin
        columns = tables.units[first : first + n_in]
        for row in range(part, n_out, parts):
            unit = tables.units[tables.starts[target] + row]
            if b >= 0:
                ordered[b + row] = theta[b + unit]
            seen = tables.reach[tables.reach_at[q] + row]
            here = index(W + row * n_in)
            there = index(W + unit * n_in)
            if tables.in_order[q]:
                for c in range(index(seen)):
                    ordered[here + c] = theta[there + c]
            else:
                for c in range(index(seen)):
                    ordered[here + c] = theta[there + index(columns[c])]
