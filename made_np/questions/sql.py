"""Conditions as SQL says them: what stands behind WHERE.

AND, OR, NOT and parentheses; =, <>, !=, <, <=, >, >=; BETWEEN, IN, IS NULL; TRUE and FALSE. Names that are more than
letters, digits and underscores stand in "..." or `...`, strings in '...'. A comparison with NULL is neither true nor
false, and so is its NOT: a row is held by what is true of it.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from made_np.messages import not_installed
from made_np.questions.comparisons import compared, gap_of, one_of, within
from made_np.questions.conditions import ALWAYS, NEVER, Condition, all_of, any_of, test
from made_np.questions.literals import Literals
from made_np.questions.regions import NUMBERS
from made_np.values import show

__all__ = ["condition_of_sql"]

MOST_LETTERS = 1 << 20
FLIPPED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "=": "=", "!=": "!="}
WAY_OUT = (
    "write comparisons of a column with a value, BETWEEN, IN and IS NULL, joined by AND, OR and NOT, with names of "
    "columns in \"...\" and strings in '...'"
)


@cache
def _sqlglot() -> Any:
    """Return the parser."""
    try:
        import sqlglot
        import sqlglot.errors
    except ImportError as error:
        raise not_installed("SQL needs", "sqlglot", "sql", instead="give a dict such as {'age': (30, 40)}") from error
    return sqlglot


def condition_of_sql(text: str, literals: Literals, name: str = "where") -> Condition:
    """Return the condition that SQL says.

    Parameters
    ----------
    text : str
        Such as ``"age BETWEEN 30 AND 40 AND NOT (state = 'NY' OR state = 'NJ')"``.
    literals : Literals
        The columns.
    name : str
        What messages call the argument.

    Raises
    ------
    ValueError, TypeError
        No SQL, or such as nothing is made of here; a column or a level that there is not.
    ImportError
        sqlglot is not installed.
    """
    sqlglot = _sqlglot()
    if not text.strip() or len(text) > MOST_LETTERS:
        raise ValueError(f"{name}={show(text)} is no condition: {WAY_OUT}")
    try:
        # Of the dialects, this one takes both `...` and "..." for names.
        parsed = sqlglot.parse(text, read="sqlite")
    except sqlglot.errors.SqlglotError as error:
        found = getattr(error, "errors", None) or [{}]
        at = f" near {show(found[0]['highlight'])}" if found[0].get("highlight") else ""
        raise ValueError(f"{name}={show(text)} is no SQL{at}: {WAY_OUT}") from None
    except RecursionError:
        raise ValueError(
            f"{name}={show(text)} is nested too deeply: give a list of values, or a set, instead"
        ) from None
    if len(parsed) != 1 or parsed[0] is None:
        raise ValueError(f"{name}={show(text)} is not one condition: {WAY_OUT}")
    try:
        return _Reader(literals, name).condition(parsed[0], wanted=True)
    except RecursionError:
        raise ValueError(
            f"{name}={show(text)} is nested too deeply: give a list of values, or a set, instead"
        ) from None


class _Reader:
    """From the tree of the parser to a condition.

    A NOT goes down to the comparisons: NOT (A AND B) is NOT A OR NOT B, of what is neither true nor false too.
    """

    def __init__(self, literals: Literals, name: str) -> None:
        self.literals = literals
        self.name = name

    def condition(self, node: Any, wanted: bool) -> Condition:
        """Return where a node is true; where not `wanted`, where it is false."""
        kind = type(node).__name__
        if kind == "Paren":
            return self.condition(node.this, wanted)
        if kind == "Not":
            return self.condition(node.this, not wanted)
        if kind in ("And", "Or"):
            join = all_of if (kind == "And") == wanted else any_of
            return join([self.condition(part, wanted) for part in self._flat(node, type(node))])
        if kind == "Boolean":
            return ALWAYS if node.this == wanted else NEVER
        if kind == "Is":
            return self._is(node, wanted)
        if kind == "Between":
            d = self._column(node.this, node)
            low, high = (self._value(node.args[end], node) for end in ("low", "high"))
            region = within(d, low, high, self.literals, self.name)
            return test(d, region if wanted else ~region)
        if kind == "In" and node.expressions and not node.args.get("query"):
            d = self._column(node.this, node)
            values = [self._value(each, node) for each in node.expressions]
            region = one_of(d, values, self.literals, self.name)
            return test(d, region if wanted else ~region)
        return self._comparison(node, kind, wanted)

    def _comparison(self, node: Any, kind: str, wanted: bool) -> Condition:
        """Return where a column compares with a value."""
        operator = {"EQ": "=", "NEQ": "!=", "LT": "<", "LTE": "<=", "GT": ">", "GTE": ">="}.get(kind)
        if operator is None:
            raise self._refused(node)
        left = node.this
        right = node.expression
        if self._name_of(left) is None and self._name_of(right) is not None:
            left, right = right, left
            operator = FLIPPED[operator]
        d = self._column(left, node)
        region = compared(d, operator, self._value(right, node), self.literals, self.name)
        return test(d, region if wanted else ~region)

    def _is(self, node: Any, wanted: bool) -> Condition:
        """Return where a column is a gap, or is none."""
        if type(node.expression).__name__ != "Null":
            raise self._refused(node)
        d = self._column(node.this, node)
        gap = gap_of(d, self.literals, self.name)
        return test(d, gap if wanted else NUMBERS)

    def _flat(self, node: Any, kind: type[Any]) -> list[Any]:
        """Return the parts of a chain of ANDs, or of ORs, from left to right, however long it is."""
        parts: list[Any] = []
        left = [node]
        while left:
            each = left.pop()
            if isinstance(each, kind):
                left += [each.expression, each.this]
            else:
                parts.append(each)
        return parts

    def _name_of(self, node: Any) -> str | None:
        """Return the name that a node is, with its dots; None: it is none."""
        kind = type(node).__name__
        if kind == "Column":
            return ".".join(part.name for part in node.parts)
        return str(node.this.name) if kind == "Paren" and type(node.this).__name__ == "Column" else None

    def _column(self, node: Any, whole: Any) -> int:
        key = self._name_of(node)
        if key is None:
            raise self._refused(whole)
        return self.literals.column(key, self.name)

    def _value(self, node: Any, whole: Any) -> Any:
        """Return the Python value that a node is."""
        kind = type(node).__name__
        if kind == "Paren":
            return self._value(node.this, whole)
        if kind == "Literal":
            return node.this if node.is_string else _number_of(node.this)
        if kind == "Boolean":
            return bool(node.this)
        if kind == "Neg":
            value = self._value(node.this, whole)
            if isinstance(value, (int, float)) and not isinstance(value, bool):
                return -value
        if kind == "Null":
            raise ValueError(f"{self.name}: {show(whole.sql())} is true of no row: write IS NULL, or IS NOT NULL")
        if kind in ("Cast", "Date", "Timestamp") and getattr(node.this, "is_string", False):
            return node.this.this
        if kind == "Column":
            raise ValueError(
                f"{self.name}: {show(whole.sql())} has a name, {show(self._name_of(node))}, where a value is wanted: "
                "strings stand in '...'"
            )
        raise self._refused(whole)

    def _refused(self, node: Any) -> ValueError:
        return ValueError(f"{self.name}: nothing is made of {show(node.sql())} here: {WAY_OUT}")


def _number_of(text: str) -> int | float:
    """Return the number that SQL writes so."""
    try:
        return int(text)
    except ValueError:
        return float(text)
