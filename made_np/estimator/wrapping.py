"""An estimator that asks a density which it has fitted."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from made_np.estimator.conventions import Conventions, is_estimator, unfitted
from made_np.estimator.density import MADEDensity
from made_np.values import show

__all__ = ["Wrapping"]


class Wrapping(Conventions):
    """What estimators with a parameter `density` share: an unfitted density to copy, or None for `MADEDensity()`."""

    density: Any
    random_state: Any

    def _new_density(self, *methods: str) -> Any:
        """Return an unfitted density with these methods."""
        if self.density is None:
            return MADEDensity(random_state=self.random_state)
        if not is_estimator(self.density) or not all(hasattr(self.density, each) for each in ("fit", *methods)):
            raise TypeError(
                f"density={show(self.density)} is a {type(self.density).__name__}: give a made_np.MADEDensity, or "
                f"another estimator with {' and '.join(methods)}"
            )
        return unfitted(self.density)

    @property
    def n_features_in_(self) -> int:
        """D, the number of columns."""
        return int(self._answers.density.n_features_in_)

    @property
    def feature_names_in_(self) -> NDArray[np.object_]:
        """The names of the columns (D,); absent where fit saw none."""
        return np.asarray(self._answers.density.feature_names_in_, dtype=object)

    def __sklearn_tags__(self) -> Any:
        """Return the tags of the density."""
        from sklearn.utils import get_tags

        return get_tags(MADEDensity() if self.density is None else self.density)
