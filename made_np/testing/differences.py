"""Numerical derivatives that know their own error: rounding noise, kinks.

Central differences have an error of ``h**2 |f'''| / 6`` from truncation and of about
``eps |f| / h`` from rounding; ``h = eps**(1/3)`` (6e-6 in float64) balances the two. The complex
step ``Im f(x + ih) / h`` subtracts nothing, so that ``h = 1e-30`` gives machine precision, but f
must be written for complex numbers.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from .compare import Bools, Floats, excess

STEP = float(np.finfo(np.float64).eps ** (1 / 3))
COMPLEX_STEP = 1e-30


@dataclass(frozen=True)
class Derivatives:
    """``value`` (n,) with its rounding ``noise`` (n,); where ``kink``, there is no derivative."""

    value: Floats
    noise: Floats
    kink: Bools


def rounding_noise(f: Callable[[Floats], float], x: Floats, rng: np.random.Generator) -> float:
    """How far f jitters from rounding: measured, not assumed, as terms that cancel are noisier than their sum.

    Third differences over sixteen close points on a line leave nothing of a smooth f but its noise. The
    median forgives a kink, and all points lie on one side of x, which may sit on one.
    """
    value = float(np.real(f(x.copy())))
    line = rng.choice([-1e-8, 1e-8], x.shape) * (1 + np.abs(x))
    close = [float(np.real(f(x + k * line))) for k in range(1, 17)]
    with np.errstate(all="ignore"):
        third = float(np.median(np.abs(np.diff(close, 3))))
    # Their variance is 20 times that of f; the median of |N(0, 1)| is 0.67.
    return max(float(np.finfo(np.float64).eps) * abs(value), 2 * third / (0.67 * 20**0.5))


def relative_noise(f: Callable[[Floats], float], x: Floats, noise: float, rng: np.random.Generator) -> float:
    """The noise beside the size of f and of its changes nearby: 1e-16 or a little more in float64."""
    value = float(np.real(f(x.copy())))
    near = [float(np.real(f(x + 1e-3 * rng.standard_normal(x.shape)))) for _ in range(3)]
    return noise / max(abs(value), *(abs(other - value) for other in near), float(np.finfo(np.float64).tiny))


def along(
    f: Callable[[Floats], float],
    x: Floats,
    directions: list[tuple[Floats | int, float]],
    claimed: Floats,
    *,
    noise: float,
    rtol: float,
    atol: float,
) -> Derivatives:
    """Central differences of f along each (direction, step); an int stands for a unit vector.

    Where the claimed derivative disagrees, f is evaluated again at a quarter of the step. Three
    things may come to light: the two numbers disagree, so that a kink lies within the step; the
    slopes on the two sides do not approach each other, so that x sits on a kink; or the quarter
    step supports the claim, and truncation was to blame.
    """
    n = len(directions)
    out = Derivatives(np.zeros(n), np.zeros(n), np.zeros(n, dtype=bool))
    centre = f(x.copy())
    for k, (direction, step) in enumerate(directions):
        value, gap = _central(f, x, direction, step, centre)
        error = 4 * noise / step
        out.value[k] = value
        out.noise[k] = error
        if excess(claimed[k], value, rtol, atol, error) <= 1:
            continue
        finer, finer_gap = _central(f, x, direction, step / 4, centre)
        steady = excess(finer, value, rtol, atol, 5 * error) <= 1
        floor = atol + rtol * abs(finer) + 8 * error
        corner = abs(finer_gap) > max(abs(gap) / 2, floor)
        out.kink[k] = (not steady or corner) and np.isfinite([value, finer]).all()
        if excess(claimed[k], finer, rtol, atol, 4 * error) <= 1:
            out.value[k] = finer
            out.noise[k] = 4 * error
            out.kink[k] = False
    return out


def _central(
    f: Callable[[Floats], float], x: Floats, direction: Floats | int, step: float, centre: float
) -> tuple[float, float]:
    """The central difference, and the difference between the slopes to the right and left."""
    ahead = x.copy()
    behind = x.copy()
    if isinstance(direction, int):
        ahead[direction] += step
        behind[direction] -= step
        width = ahead[direction] - behind[direction]  # what was really added, after rounding
    else:
        ahead += step * direction
        behind -= step * direction
        width = 2 * step
    right = f(ahead)
    left = f(behind)
    with np.errstate(all="ignore"):
        return float((right - left) / width), float((right - 2 * centre + left) * 2 / width)


def complex_step(
    f: Callable[[Floats], float],
    x: Floats,
    entries: list[int],
    claimed: Floats,
    *,
    rtol: float,
    atol: float,
) -> Derivatives:
    """``Im f(x + ih e_k) / h`` for each entry; a kink shows as another slope at ``-ih``.

    Raises
    ------
    TypeError
        If f cannot be called with complex numbers.
    """
    n = len(entries)
    out = Derivatives(np.zeros(n), np.zeros(n), np.zeros(n, dtype=bool))
    for row, k in enumerate(entries):
        out.value[row] = _imaginary(f, x, k, COMPLEX_STEP)
        if not excess(claimed[row], out.value[row], rtol, atol) <= 1:
            other = _imaginary(f, x, k, -COMPLEX_STEP)
            out.kink[row] = not excess(other, out.value[row], rtol, atol) <= 1
    return out


def _imaginary(f: Callable[[Floats], float], x: Floats, k: int, step: float) -> float:
    z = x.astype(np.complex128)
    z[k] += 1j * step
    try:
        with warnings.catch_warnings():
            # NumPy only warns when it drops an imaginary part; here that is an error.
            warnings.simplefilter("error")
            value = f(z)  # type: ignore[arg-type]
    except (TypeError, Warning) as error:
        message = f"f cannot take complex x ({error}); use method='central'"
        raise TypeError(message) from error
    return float(np.imag(value)) / step


def random_direction(rng: np.random.Generator, scale: Floats, floor: float = 0.1) -> Floats:
    """A unit vector with components of random size in proportion to ``scale``; none is below a tenth of that."""
    v = rng.standard_normal(scale.shape)
    v = np.copysign(np.maximum(np.abs(v), floor), v) * scale
    return np.asarray(v / np.linalg.norm(v), dtype=np.float64)
