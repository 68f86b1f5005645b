"""What a function under test returns: an array that can be compared, or the failure that says what came back."""

from __future__ import annotations

from typing import Any

import numpy as np

from .arrays import Array, told
from .report import Failure, Report
from .values import show

NUMBERS = "an array of real numbers"


class WrongAnswer(Exception):
    """An answer that nothing can be compared with; raised and caught within a check."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.where)
        self.failure = failure

    def report(self, base: Report) -> Report:
        """The report of a check that ends here."""
        return base.but(failures=(self.failure,), n_failed=1, hint=self.failure.hint)


def odd_numbers(got: Array, x: Array, where: str, hint: str = "") -> Failure | None:
    """A failure that names the first row of x whose answer is NaN or infinity; None if there is none.

    Minus infinity is a number like others where a row has several: the logit of a category that does not exist.

    Examples
    --------
    >>> odd_numbers(np.array([[0.0, -np.inf], [1.0, np.nan]]), np.array([[0.5], [2.0]]), "fn(x)")
    fn(x): got nan in row 1, [2.0], want a finite number
    """
    with np.errstate(invalid="ignore"):
        odd = ~np.isfinite(got) & ~((got == -np.inf) & (got.ndim > 1))
    if not odd.any():
        return None
    row = int(np.argwhere(odd)[0][0])
    value = got[odd][0]
    at = f"{np.asarray(x[row]).tolist()!s:.80}"
    return Failure(where, f"{value} in row {row}, {at}", "a finite number", hint=hint)


def as_answer(raw: Any, where: str, shape: tuple[int, ...] | None = None, hint: str = "", kinds: str = "biuf") -> Array:
    """Return a copy of the array that came back: what came is often a work buffer that the next call overwrites.

    Parameters
    ----------
    raw : object
        What the function returned.
    where : str
        How the failure names the call: ``"fn(x)"``.
    shape : tuple of int, optional
        What the answer must have.
    hint : str
        The likely mistake if its shape is another one.
    kinds : str
        Of the dtypes that may come back: booleans, integers and floats.

    Raises
    ------
    WrongAnswer
        If it is no array of real numbers, or of another shape.

    Examples
    --------
    >>> as_answer([1.0, 2.0], "fn(x)", (2,))
    array([1., 2.])
    """
    try:
        got = np.array(raw)
    except Exception as error:  # ragged, or a tensor that needs to be detached
        raise WrongAnswer(Failure(where, show(raw), NUMBERS, hint=f"NumPy cannot read it: {told(error)}")) from None
    if got.dtype.kind == "c" and "c" not in kinds:
        raise WrongAnswer(Failure(f"{where}.dtype", str(got.dtype), "real numbers"))
    if got.dtype.kind not in kinds:
        raise WrongAnswer(Failure(where, show(raw), NUMBERS))
    if shape is not None and got.shape != shape:
        raise WrongAnswer(Failure(f"{where}.shape", str(got.shape), str(shape), hint=hint))
    return got
