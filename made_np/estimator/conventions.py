"""Scikit-learn's conventions without scikit-learn: parameters, tags, errors, random states.

An estimator is whatever behaves like one, so nothing here inherits from scikit-learn or imports it with the module. Its
own checks and exceptions are used where a program has loaded it already.
"""

from __future__ import annotations

import copy
import inspect
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from made_np.estimator.routing import Routed
from made_np.validation import undrawn
from made_np.values import MOST_SEED, as_count, as_flag, as_generator, show

__all__ = ["Conventions", "NotFittedError", "as_seed", "is_estimator", "learned", "not_fitted", "seed_of", "unfitted"]

Self = TypeVar("Self", bound="Conventions")

HANDED_ON = "_metadata_request", "_sklearn_output_config"
"""What has been said of an estimator besides its parameters: scikit-learn's `clone` hands the same on."""


class Conventions(Routed):
    """What every scikit-learn estimator can do with its parameters, which are the arguments of ``__init__``."""

    _fitted: Any

    @classmethod
    def _defaults(cls) -> dict[str, Any]:
        arguments = list(inspect.signature(cls.__init__).parameters.values())[1:]
        return {argument.name: argument.default for argument in sorted(arguments, key=lambda a: a.name)}

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the parameters by name; if `deep`, those of a parameter that is an estimator too: "density__order"."""
        as_flag(deep, "deep")
        params = {name: getattr(self, name) for name in self._defaults()}
        inner = {name: value for name, value in params.items() if deep and is_estimator(value)}
        nested = {f"{name}__{key}": own for name, value in inner.items() for key, own in value.get_params().items()}
        return {**params, **nested}

    def set_params(self: Self, **params: Any) -> Self:
        """Set parameters by name and return self; an unknown name raises a `ValueError` before any is set."""
        own = {name: value for name, value in params.items() if "__" not in name}
        nested: dict[str, dict[str, Any]] = {}
        for name in params.keys() - own.keys():
            outer, _, inner = name.partition("__")
            nested.setdefault(outer, {})[inner] = params[name]
        known = self._defaults()
        after = {**{name: getattr(self, name) for name in known}, **own}
        for name in params:
            outer, _, inner = name.partition("__")
            if outer not in known or (inner and not _takes(after[outer], inner)):
                raise ValueError(
                    f"Invalid parameter {name!r} for estimator {type(self).__name__}: use one of {list(known)}"
                )
        for name, value in own.items():
            setattr(self, name, value)
        for name, inner_params in nested.items():
            after[name].set_params(**inner_params)
        return self

    def __repr__(self) -> str:
        params = self.get_params(deep=False)
        defaults = self._defaults()
        changed = [f"{name}={value!r}" for name, value in params.items() if repr(value) != repr(defaults[name])]
        return f"{type(self).__name__}({', '.join(changed)})"

    @property
    def _answers(self) -> Any:
        """What fit left, in the attribute `_fitted`."""
        if "_fitted" not in vars(self):
            raise not_fitted(self)
        return self._fitted

    def __sklearn_is_fitted__(self) -> bool:
        """Whether there is something to ask."""
        return "_fitted" in vars(self)

    @property
    def n_features_in_(self) -> int:
        """D, the number of columns."""
        return len(self._answers.columns)

    @property
    def feature_names_in_(self) -> NDArray[np.object_]:
        """The names of the columns (D,); absent where fit saw none."""
        names = self._answers.names
        if names is None:
            raise AttributeError("the columns of fit have no names")
        return np.array(names, dtype=object)

    def __sklearn_tags__(self) -> Any:
        """Return the tags of a density estimator (scikit-learn asks for them, so it is there)."""
        from sklearn.utils import InputTags, Tags, TargetTags

        return Tags(
            estimator_type="density_estimator",
            target_tags=TargetTags(required=False),
            input_tags=InputTags(allow_nan=True, string=True, categorical=True, sparse=True),
        )


def is_estimator(value: Any) -> bool:
    """Return whether a parameter is an estimator with parameters of its own."""
    return hasattr(value, "get_params") and not isinstance(value, type)


def unfitted(value: Any) -> Any:
    """Return an estimator with the same parameters that has learned nothing, as scikit-learn's `clone`; or a copy."""
    if not is_estimator(value):
        return copy.deepcopy(value)
    made = type(value)(**{name: unfitted(own) for name, own in value.get_params(deep=False).items()})
    for name in HANDED_ON:
        if name in vars(value):
            setattr(made, name, copy.deepcopy(getattr(value, name)))
    return made


def _takes(value: Any, name: str) -> bool:
    """Whether a parameter is an estimator that has one of this name, which may lie deeper."""
    return is_estimator(value) and name in value.get_params()


def learned(name: str) -> Any:
    """Return an attribute of an estimator that fit leaves: it is that of `_answers`, and absent before."""
    return _Learned(name)


class _Learned:
    def __init__(self, name: str) -> None:
        self.name = name

    def __get__(self, owner: Any, kind: type | None = None) -> Any:
        return self if owner is None else getattr(owner._answers, self.name)

    def __set__(self, owner: Any, value: Any) -> None:
        owner._fitted = replace(owner._answers, **{self.name: value})


def not_fitted(estimator: Any) -> Exception:
    """Return the error for use before fit: scikit-learn's NotFittedError, or one of the same kind."""
    name = type(estimator).__name__
    message = f"this {name} is not fitted yet: call fit first"
    if hasattr(estimator, "load"):
        message += f", or {name}.load"
    if "sklearn" in sys.modules:
        from sklearn.exceptions import NotFittedError as TheirError

        return TheirError(message)
    return NotFittedError(message)


class NotFittedError(ValueError, AttributeError):
    """An estimator was used before fit."""


def as_seed(random_state: Any) -> int:
    """Return an integer seed: `random_state` itself, one drawn from it if it is a generator, from chance for None.

    NumPy's global random state is left alone, for None too.
    """
    if isinstance(random_state, np.random.RandomState):
        return int(random_state.randint(2**31 - 1))
    if random_state is None or isinstance(random_state, np.random.Generator):
        return int(as_generator(random_state, "random_state").integers(2**31))
    if isinstance(random_state, (bool, np.bool_)) or not isinstance(random_state, (int, np.integer)):
        raise TypeError(
            f"random_state={show(random_state)} is a {type(random_state).__name__}: give an integer >= 0, a "
            "numpy.random.RandomState or Generator, or None"
        )
    return as_count(random_state, "random_state", 0, MOST_SEED)


@contextmanager
def seed_of(random_state: Any) -> Iterator[int]:
    """Give the block the seed that `as_seed` draws; if it raises, nothing has been drawn."""
    if isinstance(random_state, np.random.Generator):
        with undrawn(random_state):
            yield as_seed(random_state)
    elif isinstance(random_state, np.random.RandomState):
        before = random_state.get_state()
        try:
            yield as_seed(random_state)
        except BaseException:
            random_state.set_state(before)
            raise
    else:
        yield as_seed(random_state)
