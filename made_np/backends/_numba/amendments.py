"""What changes losses after the kernels of the distributions: a reserve, atoms, gaps.

Arguments are those of the kernels in `losses`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from made_np.backends._numba.compiling import index, kernel, width
from made_np.backends._numba.elementary import exp, log
from made_np.backends._numba.losses import of_codes
from made_np.distributions.mixtures import BROAD_FAR


@kernel
def share_with_reserve(
    places: Any, numbers: Any, acts: Any, dacts: Any, nll: Any, sizes: Any, begin: int, end: int
) -> None:
    """-log of (1 - r) p(x) + r (2 + x^2)^(-3/2), where nll and dacts hold what belongs to p: see `mixtures`."""
    w = index(width(acts))
    real = acts.dtype.type
    zero = real(0)
    two = real(2)
    far = real(BROAD_FAR)
    for panel in range(begin, end):
        for i in range(len(places)):
            if numbers[i, 2] == 0:
                continue
            own = real(np.log1p(-numbers[i, 2]))
            other = real(np.log(numbers[i, 2]))
            at = index(places[i, 0] + panel * sizes[0]) * w
            x = index(places[i, 1] + panel * sizes[0]) * w
            to = index(places[i, 2] + panel * sizes[1]) * w
            for lane in range(w):
                a = own - nll[to + lane]
                size = abs(acts[x + lane])
                b = other - (real(3) * log(size) if size > far else real(1.5) * log(two + size * size))
                top = a if a > b else b
                total = exp(a - top) + exp(b - top)
                nll[to + lane] = -top - log(total)
                share = exp(a - top) / total
                for k in range(index(places[i, 3])):
                    slope = dacts[at + k * w + lane]
                    dacts[at + k * w + lane] = zero if share == zero else share * slope


@kernel
def share_with_atoms(
    places: Any, begins: Any, atoms: Any, acts: Any, dacts: Any, nll: Any, sizes: Any, begin: int, end: int
) -> None:
    """-log w_k at atom k, -log w_rest - log p(x) elsewhere, where nll and dacts hold what belongs to p: see `atoms`.

    What p says of an atom is put aside, whatever it is.
    """
    w = index(width(acts))
    zero = acts.dtype.type(0)
    scratch = np.empty(3 * width(acts), acts.dtype)
    codes = np.empty(width(acts), np.int64)
    for panel in range(begin, end):
        for i in range(len(places)):
            at = index(places[i, 0] + panel * sizes[0]) * w
            x = index(places[i, 1] + panel * sizes[0]) * w
            to = index(places[i, 2] + panel * sizes[1]) * w
            n = begins[i + 1] - begins[i]
            codes[:] = n
            for k in range(n):
                atom = acts.dtype.type(atoms[begins[i] + k])
                for lane in range(w):
                    codes[lane] = k if acts[x + lane] == atom else codes[lane]
            of_codes(codes, acts, dacts, at, n + 1, scratch)
            for lane in range(w):
                nll[to + lane] = scratch[lane] + (nll[to + lane] if codes[lane] == n else zero)
            for k in range(n + 1, places[i, 3]):
                for lane in range(w):
                    slope = dacts[at + index(k) * w + lane]
                    dacts[at + index(k) * w + lane] = slope if codes[lane] == n else zero


@kernel
def skip_gaps(places: Any, acts: Any, dacts: Any, nll: Any, sizes: Any, begin: int, end: int) -> None:
    """Put the losses of values that are NaN, with their gradients, to 0; `places` are those of all features."""
    w = index(width(acts))
    zero = acts.dtype.type(0)
    for panel in range(begin, end):
        for i in range(len(places)):
            x = index(places[i, 1] + panel * sizes[0]) * w
            total = zero
            for lane in range(w):
                total += acts[x + lane]
            if not np.isnan(total):  # as nearly always: no value is NaN
                continue
            at = index(places[i, 0] + panel * sizes[0]) * w
            to = index(places[i, 2] + panel * sizes[1]) * w
            for lane in range(w):
                if np.isnan(acts[x + lane]):
                    nll[to + lane] = zero
                    for k in range(index(places[i, 3])):
                        dacts[at + k * w + lane] = zero
