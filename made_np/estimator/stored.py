"""What a file holds of an estimator beside its model: JSON values, and what was learned back from them."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from made_np.estimator.look import Look
from made_np.estimator.params import from_json, to_json
from made_np.estimator.trials import Choice, Trial
from made_np.model.made import MADE
from made_np.table.columns import Columns
from made_np.table.frames import Names
from made_np.values import as_a, as_number

__all__ = ["Learned"]

UNNAMED: dict[str, Any] = {"averaging": 0.0, "schedule": None}
"""What parameters were in a file too old to name them, where their defaults are other ones now."""


class Learned(NamedTuple):
    """A fitted estimator without its model.

    Attributes
    ----------
    params : dict of str to Any
        As `get_params` gives them.
    columns : Columns
    names : ndarray of str, shape (D,), or None
    history : dict of str to list
    stopped_by : str
    weight_decay : float or dict of str to float
    trials : list of Trial
    look : Look or None
    """

    params: dict[str, Any]
    columns: Columns
    names: Names | None
    history: dict[str, list[Any]]
    stopped_by: str
    weight_decay: Any
    trials: list[Trial]
    look: Look | None

    def config(self) -> dict[str, Any]:
        """Return all of it as JSON-able values, from which `from_config` builds an equal one."""
        return {
            "params": {name: to_json(value) for name, value in self.params.items()},
            "columns": self.columns.config(),
            "feature_names": None if self.names is None else self.names.tolist(),
            "history": self.history,
            "stopped_by": self.stopped_by,
            "weight_decay": to_json(self.weight_decay),
            "trials": to_json([(*vars(trial.choice).values(), trial.valid) for trial in self.trials]),
            "look": None if self.look is None else self.look.config(),
        }

    @classmethod
    def from_config(cls, config: dict[str, Any], made: MADE) -> Learned:
        """Return what belongs to `made`, whose `config` this is; an exception of any type if it is none."""
        params = {name: from_json(value) for name, value in config["params"].items()}
        columns = Columns.from_config(config["columns"])
        _check_columns(columns, made)
        names = _as_names(config["feature_names"], len(columns))
        trials = from_json(config.get("trials", []))
        return cls(
            {**UNNAMED, **params},
            columns,
            names,
            _as_history(config["history"]),
            as_a(config["stopped_by"], "stopped_by", str, "it has to be a word"),
            from_json(config.get("weight_decay", config["params"]["weight_decay"])),
            [Trial(Choice(*choice), as_number(valid, "valid", "[-inf, inf]")) for *choice, valid in trials],
            _as_look(config.get("look"), names, len(columns)),
        )


def _check_columns(columns: Columns, made: MADE) -> None:
    """Raise if columns are none, or not those of the model."""
    for column in columns.each:
        as_number(column.mean, "mean")
        as_number(column.scale, "scale", "(0, inf)")
        as_a(column.name, "name", str, "it has to be a name")
    if columns.outputs != made.outputs.feature_outputs:
        raise ValueError("its columns are not the features of its model")


def _as_names(names: Any, n_columns: int) -> Names | None:
    if names is None:
        return None
    if len(names) != n_columns or not all(isinstance(name, str) for name in names):
        raise ValueError(f"feature_names has to hold {n_columns} names")
    return np.array(names, dtype=object)


def _as_look(config: Any, names: Names | None, n_columns: int) -> Look | None:
    if config is None:  # as in a file from before looks were kept
        return None if names is None else Look("pandas", tuple(names))
    look = Look.from_config(config)
    if len(look.names) != n_columns or len(look.dtypes) not in (0, n_columns):
        raise ValueError(f"look has to hold {n_columns} names and dtypes")
    return look


def _as_history(history: Any) -> dict[str, list[Any]]:
    n_epochs = len(history["epoch"])
    for name, values in history.items():
        if len(as_a(values, name, list, "it has to be a list")) != n_epochs:
            raise ValueError(f"{name} has {len(values)} epochs, not {n_epochs}")
        for value in values:
            if not isinstance(value, (int, float)):
                raise TypeError(f"{name} holds a {type(value).__name__}")
    return dict(history)
