"""Constant factors by name: of which sizes is the number made by which a result is too large?"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import product

POWERS = (-2, -1, 0, 1, 2)
NEAR = 1e-5
SIGN = "the sign is wrong"


def named_factor(ratios: Sequence[float], constants: Sequence[Mapping[str, float]]) -> str | None:
    """Say by which factor something is too large, if it is made of the sizes at every problem.

    Examples
    --------
    >>> named_factor([-0.25, -0.2], [{"B": 4, "D": 3}, {"B": 5, "D": 7}])
    'it is -1/B of what it should be'
    >>> named_factor([2.0, 2.0], [{"B": 4}, {"B": 5}])
    'it is 2 times what it should be'
    """
    for text, values in _monomials(tuple(tuple(each.items()) for each in constants)):
        if all(abs(ratio - value) <= NEAR * abs(value) for ratio, value in zip(ratios, values, strict=True)):
            return _words(text)
    first = ratios[0]
    if len(ratios) > 1 and all(abs(ratio - first) <= NEAR * abs(first) for ratio in ratios):
        return f"it is {first:.6g} times what it should be"
    return None


def _words(text: str) -> str:
    if text == "-1":
        return SIGN
    return f"it is {text} of what it should be" if "1/" in text else f"it is {text} times what it should be"


@lru_cache(maxsize=100)
def _monomials(constants: tuple[tuple[tuple[str, float], ...], ...]) -> list[tuple[str, list[float]]]:
    """Products of small powers of the sizes, the simple ones first."""
    names = [name for name, _ in constants[0]]
    tables = [{**dict(each), "2": 2.0, "ln 2": math.log(2)} for each in constants]
    found = []
    for powers in product(POWERS, repeat=len(names) + 2):
        weight = sum(abs(power) for power in powers)
        if weight > 3 or abs(powers[-1]) > 1:
            continue
        for sign in (1, -1):
            values = []
            for table in tables:
                value = float(sign)
                for name, power in zip(table, powers, strict=True):
                    value *= table[name] ** power
                values.append(value)
            text = _written(dict(zip(tables[0], powers, strict=True)), sign)
            if text != "1":
                found.append((weight, sign < 0, text, values))
    return [(text, values) for _, _, text, values in sorted(found, key=lambda each: each[:2])]


def _written(powers: Mapping[str, int], sign: int) -> str:
    above = [_power(name, power) for name, power in powers.items() if power > 0]
    below = [_power(name, -power) for name, power in powers.items() if power < 0]
    under = " ".join(below) if len(below) == 1 else f"({' '.join(below)})"
    top = " ".join(above) or "1"
    return ("-" if sign < 0 else "") + (f"{top}/{under}" if below else top)


def _power(name: str, power: int) -> str:
    return name if power == 1 else f"{name}^{power}"
