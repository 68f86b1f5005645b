"""MADEImputer: gaps, filled by a density."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from made_np.estimator.containers import as_container, with_flags
from made_np.estimator.conventions import learned
from made_np.estimator.wrapping import Wrapping
from made_np.table.table import Table
from made_np.typing import Ints
from made_np.values import as_choice, as_flag, as_sequence

__all__ = ["MADEImputer"]

Self = TypeVar("Self", bound="MADEImputer")

STATISTICS = ("mean", "mode", "median", "draw")
CONTAINERS = (None, "default", "pandas", "polars")
FLAG = "missingindicator_"
"""What the names of columns that tell gaps begin with, as scikit-learn's do."""


@dataclass(frozen=True, eq=False)
class Filling:
    """What fit leaves: a fitted density, what the columns are called, and which of them had gaps."""

    density: Any
    names: tuple[str, ...]
    flagged: Ints


class MADEImputer(Wrapping):
    """Transformer that fills the gaps of a table with what a density expects there, given the rest of the row.

    Works as scikit-learn's imputers do (SimpleImputer, KNNImputer) in a Pipeline or a ColumnTransformer, with words
    too, and needs no scikit-learn. A data frame comes back as one of the same library.

    Parameters
    ----------
    density : estimator, optional
        What fills: a `MADEDensity` with the parameters that you want, or another estimator with ``impute``. It is
        copied, not changed. None: ``MADEDensity(random_state=random_state)``.
    statistic : {"mean", "mode", "median", "draw"}
        Of the values that a gap may have, given what is known of its row: see `MADEDensity.impute`. "draw": the gaps of
        a row are drawn together, so that they fit each other, and a column keeps its spread.
    add_indicator : bool
        Append a column ``missingindicator_...`` of booleans for each column that had gaps in `fit`: True where there
        was a gap.
    random_state : int, RandomState, Generator or None
        Of the draws, and of the density where none is given. With an integer, or None and an integer in the density,
        `transform` repeats itself.

    Attributes
    ----------
    density_ : estimator
        The fitted density.
    n_features_in_ : int
    feature_names_in_ : ndarray of str
        Only after a fit on a data frame.

    Examples
    --------
    >>> from made_np import MADEDensity
    >>> rng = np.random.default_rng(0)
    >>> X = rng.integers(0, 2, size=(400, 1)).repeat(2, axis=1)
    >>> density = MADEDensity((8,), order="natural", n_masks=1, max_epochs=50, random_state=0)
    >>> MADEImputer(density).fit(X).transform([[1.0, np.nan], [0.0, np.nan]]).astype(int).tolist()
    [[1, 1], [0, 0]]
    """

    def __init__(
        self,
        density: Any = None,
        *,
        statistic: str = "mean",
        add_indicator: bool = False,
        random_state: int | np.random.RandomState | np.random.Generator | None = None,
    ) -> None:
        self.density = density
        self.statistic = statistic
        self.add_indicator = add_indicator
        self.random_state = random_state

    density_: Any = learned("density")
    _weighted = ("fit",)

    def fit(self: Self, X: Any, y: Any = None, **fit_params: Any) -> Self:
        """Fit the density to rows, gaps included.

        Parameters
        ----------
        X : array or data frame (n, D)
        y : ignored
        **fit_params
            For the density's own `fit`, such as ``sample_weight``.

        Raises
        ------
        ValueError, TypeError
            As the density; or a parameter that cannot be meant.
        """
        self._options()
        flagged: Ints = np.zeros(0, dtype=np.int64)
        density = self._new_density("impute")
        table = Table.of(X)
        if as_flag(self.add_indicator, "add_indicator"):
            has_gaps = [table.cells(d).gaps.any() for d in range(table.n_columns)]
            flagged = np.flatnonzero(has_gaps)
        names = tuple(f"x{d}" for d in range(table.n_columns)) if table.names is None else table.names
        self._fitted = Filling(density.fit(X, **fit_params), names, flagged)
        return self

    def _options(self) -> dict[str, Any]:
        """Return the arguments of the density's `impute`: those that differ from its own defaults."""
        statistic = as_choice(self.statistic, "statistic", STATISTICS)
        options: dict[str, Any] = {"n_draws": 1} if statistic == "draw" else {}
        if statistic not in ("mean", "draw"):
            options["statistic"] = statistic
        if self.random_state is not None:
            options["random_state"] = self.random_state
        return options

    def transform(self, X: Any) -> Any:
        """Return the rows with their gaps filled; every other value stays.

        Parameters
        ----------
        X : array or data frame (n, D)

        Returns
        -------
        array or data frame (n, D), or (n, D + k) with `add_indicator`
            As `X` is, or as `set_output` says.
        """
        fitted = self._answers
        filled = fitted.density.impute(X, **self._options())
        if self.statistic == "draw":
            filled = filled[0]
        if len(fitted.flagged):
            table = Table.of(X)
            gaps = np.stack([table.cells(d).gaps for d in fitted.flagged.tolist()], axis=1)
            filled = with_flags(filled, gaps, self._flags())
        return as_container(filled, self._container(), self.get_feature_names_out().tolist(), X)

    def fit_transform(self, X: Any, y: Any = None, **fit_params: Any) -> Any:
        """Fit to rows, and return them with their gaps filled."""
        return self.fit(X, y, **fit_params).transform(X)

    def get_feature_names_out(self, input_features: Any = None) -> NDArray[np.object_]:
        """Return what the columns of `transform` are called: as those of `fit`, x0, x1, ... where these had no names.

        Parameters
        ----------
        input_features : sequence of str, optional
            The names of the columns, if `fit` saw none; else the same ones.

        Raises
        ------
        ValueError
            Others than those of `fit`.
        """
        names = self._answers.names
        if input_features is not None:
            given = tuple(as_sequence(input_features, "input_features", f"{len(names)} names"))
            if hasattr(self, "feature_names_in_") and given != names:
                raise ValueError("input_features is not equal to feature_names_in_: leave it out")
            if len(given) != len(names):
                raise ValueError(
                    f"input_features should have length equal to number of features ({len(names)}), got {len(given)}"
                )
            names = given
        return np.array([*names, *(f"{FLAG}{names[d]}" for d in self._answers.flagged.tolist())], dtype=object)

    def _flags(self) -> list[str]:
        return [str(name) for name in self.get_feature_names_out()[len(self._answers.names) :]]

    def set_output(self: Self, *, transform: str | None = None) -> Self:
        """Say what `transform` returns.

        Parameters
        ----------
        transform : {"default", "pandas", "polars"}, optional
            "default": what it is given. None: as it was.
        """
        if as_choice(transform, "transform", CONTAINERS) is not None:
            # By this name scikit-learn finds it, and hands it on when it clones.
            self._sklearn_output_config = {"transform": transform}
        return self

    def _container(self) -> str:
        """Return what was set here, or else for all of scikit-learn."""
        config = vars(self).get("_sklearn_output_config")
        if config is not None:
            return str(config["transform"])
        if "sklearn" in sys.modules:
            return str(sys.modules["sklearn"].get_config()["transform_output"])
        return "default"

    def __sklearn_tags__(self) -> Any:
        """Return the tags of the density, as a transformer."""
        from sklearn.utils import TransformerTags

        tags = super().__sklearn_tags__()
        tags.estimator_type = None
        tags.transformer_tags = TransformerTags(preserves_dtype=[])
        return tags
