"""The kinds of mistakes, by their names."""

from __future__ import annotations

AXIS = "wrong axis"
REDUCTION = "wrong reduction"
FACTOR = "missing factor"
EXTRA = "factor too many"
CONSTANT = "constant factor"
SIGN = "wrong sign"
TERM = "missing term"
EXTRA_TERM = "term too many"
NO_MASK = "missing mask"
MASK = "wrong mask"
EXTRA_MASK = "mask too many"
ORDER = "wrong order"
TRANSPOSED = "transposed"
PLACE = "taken at another place"
FUNCTION = "wrong function"
COMPARISON = "wrong comparison"
OFF_BY_ONE = "off by one"
IN_PLACE = "written in place"
SHAPE = "wrong shape"
NONE = "nothing returned"
EXCHANGED = "exchanged results"
NUMBERS = "not finite"
OTHER = "wrong rule"
ENTRIES = "some entries"

ALL = (
    *(AXIS, REDUCTION, FACTOR, EXTRA, CONSTANT, SIGN, TERM, EXTRA_TERM, NO_MASK, MASK, EXTRA_MASK, ORDER, TRANSPOSED),
    *(PLACE, FUNCTION, COMPARISON, OFF_BY_ONE, IN_PLACE, SHAPE, NONE, EXCHANGED, NUMBERS, OTHER, ENTRIES),
)
"""All of them."""
