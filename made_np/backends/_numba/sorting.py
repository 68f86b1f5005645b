"""Theta in the tables' numbering."""

from __future__ import annotations

from typing import Any

from made_np.backends._numba.compiling import kernel


@kernel
def gather(theta: Any, tables: Any, ordered: Any, part: int, parts: int) -> None:
    """Copy theta's live weights and biases to `ordered` (P,), in the tables' numbering; this part of the rows."""
    for q in range(len(tables.products)):
        W, b, n_out, n_in, source, target = tables.products[q]
        columns = tables.units[tables.starts[source] : tables.starts[source] + n_in]
        for row in range(part, n_out, parts):
            unit = tables.units[tables.starts[target] + row]
            if b >= 0:
                ordered[b + row] = theta[b + unit]
            seen = tables.reach[tables.reach_at[q] + row]
            here, there = (
                ordered[W + row * n_in : W + row * n_in + seen],
                theta[W + unit * n_in : W + (unit + 1) * n_in],
            )
            for c in range(len(here)):
                here[c] = there[columns[c]]
