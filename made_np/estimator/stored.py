"""An estimator in a file: its model, with the rest of it as JSON."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from numpy.typing import NDArray

from made_np.columns.columns import Columns
from made_np.estimator.fitted import Fitted
from made_np.estimator.params import from_json, to_json
from made_np.estimator.trials import Choice, Trial
from made_np.model.made import MADE
from made_np.storage.header import rebuilding
from made_np.storage.model_file import read, save
from made_np.table.look import Look
from made_np.values import as_a, as_number

__all__ = ["load", "write"]

Path = str | os.PathLike[str]
Estimator = TypeVar("Estimator")

UNNAMED: dict[str, Any] = {"averaging": 0.0, "schedule": None}
"""What parameters were in a file too old to name them, where their defaults are other ones now."""


def write(path: Path, params: Mapping[str, Any], fitted: Fitted) -> None:
    """Write an estimator to one file, completely or not at all; `params` are its parameters by name."""
    about = {
        "params": {name: to_json(value) for name, value in params.items()},
        "columns": fitted.columns.config(),
        "feature_names": None if fitted.names is None else list(fitted.names),
        "history": fitted.history,
        "stopped_by": fitted.stopped_by,
        "weight_decay": to_json(fitted.weight_decay),
        "trials": to_json([(*vars(trial.choice).values(), trial.valid) for trial in fitted.trials]),
        "look": None if fitted.look is None else fitted.look.config(),
    }
    save(path, fitted.made, fitted.theta, extra={"estimator": about})


def load(path: Path, backend: str | None, kind: Callable[..., Estimator]) -> tuple[Estimator, Fitted]:
    """Return the estimator, which `kind` makes of its parameters, and what was fitted; as `MADEDensity.load` says."""
    stored, header = read(path, backend)
    if "estimator" not in stored.extra:
        name = getattr(kind, "__name__", "estimator")
        raise ValueError(f"{os.fspath(path)} holds a model, but no {name}: read it with made_np.load")
    about = stored.extra["estimator"]
    with rebuilding(os.fspath(path), header.writer, "estimator"):
        params = {**UNNAMED, **{name: from_json(value) for name, value in about["params"].items()}}
        if backend is not None or params["backend"] == header.made["backend"]:
            params["backend"] = stored.made.backend
        return kind(**params), _fitted(about, stored.made, stored.theta)


def _fitted(about: dict[str, Any], made: MADE, theta: NDArray[Any]) -> Fitted:
    """Return what a file says was fitted; an exception of any type if it is not of the model."""
    columns = Columns.from_config(about["columns"])
    _check_columns(columns, made)
    names = _as_names(about["feature_names"], len(columns))
    return Fitted(
        made,
        theta,
        columns,
        names,
        _as_look(about.get("look"), names, len(columns)),
        _as_history(about["history"]),
        as_a(about["stopped_by"], "stopped_by", str, "it has to be a word"),
        from_json(about.get("weight_decay", about["params"]["weight_decay"])),
        [
            Trial(Choice(*choice), as_number(valid, "valid", "[-inf, inf]"))
            for *choice, valid in from_json(about.get("trials", []))
        ],
    )


def _check_columns(columns: Columns, made: MADE) -> None:
    """Raise if columns are none, or not those of the model."""
    if columns.outputs != made.outputs.feature_outputs:
        raise ValueError("its columns are not the features of its model")
    if columns.told.n_inputs != made.n_context:
        raise ValueError("its columns are not the context of its model")


def _as_names(names: Any, n_columns: int) -> tuple[str, ...] | None:
    if names is None:
        return None
    if len(names) != n_columns or not all(isinstance(name, str) for name in names):
        raise ValueError(f"feature_names has to hold {n_columns} names")
    return tuple(names)


def _as_look(config: Any, names: tuple[str, ...] | None, n_columns: int) -> Look | None:
    if config is None:  # as in a file from before looks were kept
        return None if names is None else Look("pandas", names)
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
