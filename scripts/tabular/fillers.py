"""Peers that fill the gaps of a frame of mixed columns."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from tabular.data import Floats

Filler = Callable[[pd.DataFrame, pd.DataFrame], pd.DataFrame]
"""Learns from a frame, and returns another one with its gaps filled."""

NEIGHBOURS = 15


class Coding:
    """Numbers in units of their standard deviation; words as codes, or one-hot."""

    def __init__(self, train: pd.DataFrame) -> None:
        self.names = list(train)
        self.words = {
            name: sorted(train[name].dropna().unique())
            for name in train
            if not pd.api.types.is_numeric_dtype(train[name])
        }
        self.means = {name: train[name].mean() for name in train if name not in self.words}
        self.scales = {name: train[name].std() or 1.0 for name in self.means}

    def codes(self, frame: pd.DataFrame) -> Floats:
        """Return a column per column."""
        return np.column_stack([self._column(frame, name) for name in self.names])

    def one_hot(self, frame: pd.DataFrame) -> Floats:
        """Return a column per number and one per word; a gap leaves all of its own empty."""
        blocks = []
        for name in self.names:
            column = self._column(frame, name)
            if name in self.words:
                hot = (column[:, None] == np.arange(len(self.words[name]))).astype(float)
                hot[np.isnan(column)] = np.nan
                blocks.append(hot)
            else:
                blocks.append(column[:, None])
        return np.concatenate(blocks, axis=1)

    def from_codes(self, filled: Floats) -> pd.DataFrame:
        """Return the frame; a code that is none counts as the next one."""
        return pd.DataFrame({name: self._cells(name, filled[:, j]) for j, name in enumerate(self.names)})

    def from_one_hot(self, filled: Floats) -> pd.DataFrame:
        """Return the frame; the largest share of a word's columns decides."""
        columns = {}
        first = 0
        for name in self.names:
            width = len(self.words.get(name, (0,)))
            block = filled[:, first : first + width]
            columns[name] = self._cells(name, block.argmax(axis=1) if name in self.words else block[:, 0])
            first += width
        return pd.DataFrame(columns)

    def _column(self, frame: pd.DataFrame, name: str) -> Floats:
        if name not in self.words:
            return (frame[name].to_numpy(dtype=float) - self.means[name]) / self.scales[name]
        codes = pd.Categorical(frame[name], categories=self.words[name]).codes.astype(float)
        return np.where(codes < 0, np.nan, codes)

    def _cells(self, name: str, column: Floats) -> Any:
        if name not in self.words:
            return column * self.scales[name] + self.means[name]
        places = np.round(column).astype(int).clip(0, len(self.words[name]) - 1)
        return np.array(self.words[name], dtype=object)[places]


def most_frequent(train: pd.DataFrame, gappy: pd.DataFrame) -> pd.DataFrame:
    """Fill words with the most frequent one, numbers with the median."""
    found = {
        name: train[name].median() if pd.api.types.is_numeric_dtype(train[name]) else train[name].mode()[0]
        for name in train
    }
    return gappy.fillna(found)


def knn(train: pd.DataFrame, gappy: pd.DataFrame) -> pd.DataFrame:
    """Fill from the nearest rows, words one-hot."""
    from sklearn.impute import KNNImputer

    coding = Coding(train)
    imputer = KNNImputer(n_neighbors=NEIGHBOURS, keep_empty_features=True).fit(coding.one_hot(train))
    return coding.from_one_hot(imputer.transform(coding.one_hot(gappy)))


def iterative(train: pd.DataFrame, gappy: pd.DataFrame, **options: Any) -> pd.DataFrame:
    """Fill by regressions in turn, words as codes."""
    from sklearn.experimental import enable_iterative_imputer  # noqa: F401
    from sklearn.impute import IterativeImputer

    coding = Coding(train)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that ten rounds are few
        imputer = IterativeImputer(random_state=0, keep_empty_features=True, **options).fit(coding.codes(train))
        return coding.from_codes(imputer.transform(coding.codes(gappy)))


def iterative_trees(train: pd.DataFrame, gappy: pd.DataFrame) -> pd.DataFrame:
    """Fill by trees in turn, as MissForest does."""
    from sklearn.ensemble import ExtraTreesRegressor

    trees = ExtraTreesRegressor(30, min_samples_leaf=3, random_state=0)
    return iterative(train, gappy, estimator=trees, max_iter=3)


FILLERS: dict[str, Filler] = {
    "most frequent, median": most_frequent,
    "KNNImputer": knn,
    "IterativeImputer": iterative,
    "IterativeImputer, trees": iterative_trees,
}
