"""Learning curves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import cycle
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from made_np.draw.canvas import ACCENT, CALM, FAINT, GREY, INK, StrPath, as_picture, finish, new_figure, quiet, titled
from made_np.validation import as_numbers
from made_np.values import as_a, as_count, as_number, show

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def learning_curve(
    history: Mapping[str, Sequence[float]],
    *,
    best_epoch: int | None = None,
    dropout: float = 0.0,
    baselines: Mapping[str, float] | None = None,
    title: str = "learning curve",
    path: StrPath | None = None,
) -> Figure:
    """Draw training, validation and test loss (nats per row) over the epochs, and mark the best epoch.

    Parameters
    ----------
    history : dict of str to list
        ``FitResult.history``: "epoch", "train", and "valid", which may be all NaN where nothing was validated; and
        "test" too, where a callback of `fit` has scored test rows after each epoch.
    best_epoch : int, optional
        The epoch whose parameters were kept; by default the one with the least validation loss.
    dropout : float
        What was trained with. Above 0 the legend says that it is at work in the training loss, and in no other.
    baselines : mapping of str to float, optional
        Losses of simpler models on the same rows as "valid", in nats per row, by name: each is a horizontal line.
    title : str
    path : path, optional
        Where to save the picture.

    Raises
    ------
    TypeError, ValueError, OSError
        A series is missing, is none of numbers, or has another length; or no picture can be written at `path`.
    ImportError
        matplotlib is missing.
    """
    path = as_picture(path)
    as_a(title, "title", str, "give a str")
    if best_epoch is not None:
        best_epoch = as_count(best_epoch, "best_epoch", 0)
    dropout = as_number(dropout, "dropout", "[0, 1)")
    lines = _as_baselines(baselines)
    as_a(history, "history", dict, "give FitResult.history")
    epoch, train, valid = (_series(history, name) for name in ("epoch", "train", "valid"))
    if not (epoch.size and epoch.shape == train.shape == valid.shape):
        raise ValueError(
            f"history has {len(epoch)} epochs, {len(train)} training and {len(valid)} validation losses: give "
            "FitResult.history of a run with at least one finished epoch"
        )
    test = _series(history, "test") if "test" in history else np.full(epoch.shape, np.nan)
    if test.shape != epoch.shape:
        raise ValueError(f"history has {len(epoch)} epochs and {test.size} test losses: give one for each epoch")
    figure = new_figure(7.6, 3.6)
    axes = figure.add_subplot()
    marker = "o" if len(epoch) == 1 else None
    label = f"train, with dropout {dropout:g} at work" if dropout else "train"
    axes.plot(epoch, train, color=CALM, linewidth=1.6, marker=marker, label=label)
    if np.isfinite(valid).any():
        validated = np.isfinite(valid)
        axes.plot(epoch[validated], valid[validated], color=ACCENT, linewidth=1.6, marker=marker, label="validation")
        best = best_epoch if best_epoch is not None else int(epoch[np.nanargmin(valid)])
        _mark(axes, best, epoch, valid)
    if np.isfinite(test).any():
        axes.plot(epoch, test, color=INK, linewidth=1.2, linestyle="dashed", marker=marker, label="test")
    _settle(axes, lines)
    titled(axes, title, "epoch", "loss (nats per row)")
    return finish(figure, path)


def _settle(axes: Axes, baselines: Mapping[str, float]) -> None:
    """Draw the baselines, frame and grid, and a legend that covers no data."""
    for (name, loss), style in zip(baselines.items(), cycle(("dashdot", "dotted", (0, (5, 5)))), strict=False):
        axes.axhline(loss, color=GREY, linewidth=1.4, linestyle=style, label=f"{name}, {loss:.2f} nats")
    quiet(axes)
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="y", color=FAINT, linewidth=0.5)
    axes.figure.legend(loc="outside right upper", frameon=False, fontsize=9, labelcolor=INK)
    axes.xaxis.get_major_locator().set_params(integer=True)


def _as_baselines(baselines: Mapping[str, float] | None) -> dict[str, float]:
    """Return losses by name, or raise."""
    if baselines is None:
        return {}
    given = as_a(baselines, "baselines", dict, 'give a dict such as {"independent pixels": 24.5}')
    return {
        name if isinstance(name, str) else show(name): as_number(loss, f"baselines[{show(name)}]")
        for name, loss in given.items()
    }


def _series(history: Mapping[str, Sequence[float]], name: str) -> NDArray[np.float64]:
    """Return one series of a history as numbers; none at all if it is missing."""
    values = as_numbers(history.get(name, ()), f"history[{name!r}]")
    if values.ndim != 1:
        raise ValueError(f"history[{name!r}] has shape {values.shape}: give one number per epoch")
    return np.asarray(values, dtype=np.float64)


def _mark(axes: Axes, best: int, epoch: NDArray[Any], valid: NDArray[Any]) -> None:
    """Mark the best epoch on the validation curve; epoch 0 (the start) is not on it."""
    (place,) = np.nonzero(epoch == best)
    if len(place):
        loss = float(valid[place[0]])
        axes.axvline(best, color=INK, linewidth=0.8, linestyle="dotted", zorder=0)
        axes.plot([best], [loss], "o", color=ACCENT, markersize=6, label=f"best: epoch {best}, {loss:.2f} nats")
