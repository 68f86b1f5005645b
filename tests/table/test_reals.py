"""Decimals of any number of digits are refused where float64 does not hold them, and rounded where it does."""

from __future__ import annotations

from decimal import Decimal

import pytest

from made_np.table.table import Table


@pytest.mark.parametrize("n_digits", [17, 28, 29, 40, 400])
def test_decimals_of_many_digits_are_refused_if_they_are_whole_and_rounded_if_not(n_digits: int) -> None:
    whole = Decimal("6" * n_digits)
    for value in (whole, -whole, whole.scaleb(-1).scaleb(1)):
        with pytest.raises(ValueError, match="float64 does not hold integers"):
            Table.of([[1.0], [value]], "X").read()
    part = Decimal("6" * n_digits + ".5")
    if n_digits < 300:
        assert Table.of([[1.0], [part]], "X").read()[1, 0] == float(part)
    with pytest.raises(ValueError, match=r"1E.999999"):
        Table.of([[1.0], [Decimal("1e999999")]], "X").read()
    with pytest.raises(ValueError, match="infinity"):
        Table.of([[1.0], [Decimal("Infinity")]], "X").read()
