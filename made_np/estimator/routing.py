"""Weights of rows on their way through scikit-learn's tools: who asks for `sample_weight`."""

from __future__ import annotations

import inspect
from typing import Any, ClassVar, TypeVar

from made_np.values import as_choice

__all__ = ["Routed"]

Self = TypeVar("Self", bound="Routed")

UNCHANGED = "$UNCHANGED$"
"""By this scikit-learn knows that nothing was said."""
WEIGHT = "sample_weight"


class Requests:
    """What was said of each method, as something that scikit-learn's `clone` can copy: it has parameters."""

    def __init__(self, **said: bool | str | None) -> None:
        self.said = said

    def get_params(self, deep: bool = True) -> dict[str, bool | str | None]:
        """Return what was said, by method."""
        return dict(self.said)


class Routed:
    """What scikit-learn asks an estimator before it hands `sample_weight` on, where its metadata routing is enabled.

    For each method that takes weights it wants True (hand them on), False (do not), None (raise if there are some), or
    the name by which the caller gives them.
    """

    _weighted: ClassVar[tuple[str, ...]] = ()
    """Methods that take weights though their signature does not name them: they hand on what they are given."""

    _metadata_request: Requests
    """By this name scikit-learn's `clone` hands it on; absent where nothing was said."""

    @classmethod
    def _takes_weights(cls) -> list[str]:
        """Return the methods that do."""
        named = [
            name
            for name in ("fit", "partial_fit", "score")
            if hasattr(cls, name) and WEIGHT in inspect.signature(getattr(cls, name)).parameters
        ]
        return sorted({*named, *cls._weighted})

    def get_metadata_routing(self) -> Any:
        """Return what each method asks for, as scikit-learn writes it down."""
        from sklearn.utils.metadata_routing import MetadataRequest

        requests = MetadataRequest(owner=type(self).__name__)
        said = self._said()
        for method in self._takes_weights():
            getattr(requests, method).add_request(param=WEIGHT, alias=said.get(method))
        return requests

    def set_fit_request(self: Self, *, sample_weight: bool | str | None = UNCHANGED) -> Self:
        """Say whether `fit` wants the weights of rows that a Pipeline, a grid search, ... is given.

        Parameters
        ----------
        sample_weight : bool, str or None
            True: hand them on. False: do not. None: raise if there are some. A str: hand on what has that name.
        """
        return self._set_request("fit", sample_weight)

    def set_partial_fit_request(self: Self, *, sample_weight: bool | str | None = UNCHANGED) -> Self:
        """Say whether `partial_fit` wants the weights of rows, as `set_fit_request`."""
        return self._set_request("partial_fit", sample_weight)

    def set_score_request(self: Self, *, sample_weight: bool | str | None = UNCHANGED) -> Self:
        """Say whether `score` wants the weights of rows, as `set_fit_request`."""
        return self._set_request("score", sample_weight)

    def _set_request(self: Self, method: str, wanted: Any) -> Self:
        if method not in self._takes_weights():
            raise TypeError(f"{type(self).__name__}.{method} takes no {WEIGHT}: only {self._takes_weights()} do")
        if not isinstance(wanted, str):
            as_choice(wanted, WEIGHT, (True, False, None))
        if wanted != UNCHANGED:
            self._metadata_request = Requests(**{**self._said(), method: wanted})
        return self

    def _said(self) -> dict[str, bool | str | None]:
        return self._metadata_request.get_params() if "_metadata_request" in vars(self) else {}
