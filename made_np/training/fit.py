"""Fitting: minibatches, early stopping, cycling of mask sets, averaging, progress, Ctrl-C.

This module holds `fit`; `training_arguments` looks at what it is given, `loop` holds what happens at each step.
"""

from __future__ import annotations

import math
import os
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from made_np.messages import warn
from made_np.model.arguments import REFUSE, as_gaps
from made_np.model.made import MADE, as_single
from made_np.model.rows import Rows
from made_np.optim import Optimizer
from made_np.ranks.comm import agree, as_comm, ending_all
from made_np.schedules import Schedule
from made_np.training.arguments import as_options, as_tables
from made_np.training.checkpoints import Checkpoint, prepare
from made_np.training.clock import Clock
from made_np.training.joining import set_off, team_of, weighed
from made_np.training.loop import Callback, EpochInfo, Options, Record, Run
from made_np.training.team import Team
from made_np.typing import Array, Ints
from made_np.validation import undrawn
from made_np.values import as_flag, as_generator, as_path

__all__ = ["Callback", "EpochInfo", "FitResult", "fit", "fit_rows"]


# Output biases are started from at most about this many numbers: a memory-mapped table may be larger than memory.
AT_ONCE = 1 << 24


@dataclass(frozen=True, eq=False)
class FitResult:
    """What `fit` gives back.

    Attributes
    ----------
    theta : ndarray, shape (P,)
        With validation rows the best that was validated, otherwise the last (after divergence:
        that of the last finite epoch).
    history : dict of str to list
        One entry per finished epoch: ``epoch`` (1, 2, ...); ``train``, nats per row, the mean of
        the losses met during the epoch, dropout included; ``valid``, nats per row, NaN without
        validation rows and after an epoch that was not validated; ``learning_rate`` of the epoch's
        last step; ``seconds`` since the start.
    best_epoch : int
        The epoch whose end `theta` is from; 0 is the start. (After Ctrl-C without validation
        rows, the steps of the unfinished epoch have gone into `theta` too.)
    best_valid : float
        Validation loss of `theta`, nats per row; NaN without validation rows.
    seconds : float
        Wall-clock time of the call; of a run that was resumed, of its earlier calls too.
    stopped_by : {"patience", "max_epochs", "max_seconds", "callback", "interrupt", "diverged", "schedule"}
        "schedule": what it gave for a step was no multiplier; a warning says what.
    """

    theta: Array
    history: dict[str, list[Any]]
    best_epoch: int
    best_valid: float
    seconds: float
    stopped_by: str

    def __str__(self) -> str:
        epochs = self.history.get("epoch", [])
        valid = "" if math.isnan(self.best_valid) else f", {self.best_valid:.4f} nats per row on validation rows"
        lines = [
            f"stopped by    {self.stopped_by}, after {len(epochs)} epochs and {self.seconds:.1f} s",
            f"theta         {self.theta.size} {self.theta.dtype}, of epoch {self.best_epoch}{valid}",
        ]
        if epochs:
            lines.append(f"last epoch    {self.history['train'][-1]:.4f} nats per row in training, dropout included")
        return "\n".join(lines)

    __repr__ = __str__


def fit(
    made: MADE,
    x: Any,
    *,
    valid: Any = None,
    theta: Array | None = None,
    optimizer: str | Optimizer = "adam",
    learning_rate: float = 1e-3,
    schedule: str | Schedule | None = None,
    batch_size: int = 100,
    max_epochs: int = 1000,
    max_seconds: float | None = None,
    patience: int = 30,
    validate_every: int = 1,
    weight_decay: float | Mapping[str, float] = 0.0,
    dropout: float = 0.0,
    input_dropout: float = 0.0,
    averaging: float = 0.0,
    context: Any = None,
    valid_context: Any = None,
    rng: int | np.random.Generator | None = 0,
    checkpoint: str | os.PathLike[str] | None = None,
    resume: bool = True,
    progress: bool = False,
    callbacks: Iterable[Callback] = (),
    sample_weight: Any = None,
    valid_weight: Any = None,
    gaps: str = REFUSE,
    comm: Any = None,
) -> FitResult:
    """Fit theta to the rows of `x`: minibatch descent on the mean of -log p(x), in nats.

    Each epoch deals the rows into batches in a fresh random order; the last one may be smaller.
    Step s = 0, 1, ... uses mask set ``s % n_masks``; of an endless model mask set s, a fresh one
    every time (Germain et al. 2015, section 4.2).

    Parameters
    ----------
    made : MADE
    x : array (n, D)
        Training rows. A memory-mapped array is read batch by batch.
    valid : array (m, D), optional
        Validation rows. Before the first epoch and after each one their mean loss is taken, over
        the mixture of mask sets; the best theta is given back, and `patience` epochs without a
        better one end the run.
    theta : ndarray, shape (P,), optional
        Where to start; copied. By default ``made.init(rng, x)``; `MADE.init` has another scheme to offer.
    optimizer : str or Optimizer
        "adam", "adamw", "adagrad", "adadelta" (wants ``learning_rate=1.0``), "sgd", or a rule of
        `made_np.optim`.
    learning_rate : float
    schedule : str or function (step, total_steps) -> multiplier, optional
        "linear", "cosine", "plateau" (falls where the validation loss does not), or one of `made_np.schedules`;
        total_steps are those of `max_epochs`, or as many as `max_seconds` will allow, if these are fewer.
    batch_size, max_epochs, patience : int
    max_seconds : float, optional
        The run ends by the wall clock, in the midst of an epoch if need be, and is validated within that time. The
        schedule comes to its end by then: at each step total_steps is what the rate of the steps so far leads to.
        How far a run gets depends on the machine, so it does not repeat itself to the bit.
    validate_every : int
        Epochs from one validation to the next. Few rows and many mask sets are trained faster than validated: of n and
        m rows, an epoch costs about 3 n passes through the network, and a validation m for each mask set.
    weight_decay : float or dict of str to float
        L2 coefficient of all weights, or of those named (``{"W0": 1e-4}``); never of biases.
    dropout : float in [0, 1)
        Share of hidden units that is switched off, drawn anew for each row and step.
    input_dropout : float in [0, 1)
        Share of features that the network does not get to see, drawn anew for each row and step; those it sees count
        ``1 / (1 - input_dropout)``. All of them are still predicted. Context is always seen.
    averaging : float in [0, 1]
        Above 0, the mean of theta over roughly the last ninth of the steps is validated and given back (never over more
        than ``1 / (1 - averaging)`` steps; 1 means no such limit). From step 1000 on only every eighth step is added,
        to save time. The weights are those of Shamir and Zhang (2013), section 4, eta = 8.
    context, valid_context : array (n, C), array (m, C)
        For a model with ``n_context``.
    rng : int, numpy.random.Generator or None
        Decides start, batches and dropout: from the same `rng` the same bits. None: from chance.
    checkpoint : path, optional
        A file that the run is written to at the end, and between epochs every few seconds. Killed and called again
        with the same arguments, it goes on from there, and ends with the bits of a run that was never stopped. Tables
        are told apart by all their rows, functions by their code and what they find around them. `made_np.load` opens
        it as a model.
    resume : bool
        Whether to go on from a file that is there already; `max_epochs`, `max_seconds` (which counts the time of
        earlier calls) and `patience` may be others then. False: begin anew, and replace it.
    progress : bool
        A bar on stderr, or a line per epoch where tqdm is not installed.
    callbacks : iterable of callable
        Each gets an `EpochInfo` after each epoch; one that returns True ends the run.
    sample_weight, valid_weight : array (n,), array (m,), optional
        What each row counts, at least 0; the mean loss is ``sum_i w_i loss_i / sum_i w_i``, of all rows and, in
        expectation, of each batch. So a row of weight 2 counts as much as two rows, and only ratios matter.
    gaps : {"refuse", "skip"}
        What to do with NaN in rows: raise, or learn from what is known. A NaN is then never a value: it costs nothing,
        and the network is not told it. The loss of a row is the sum over the known d of
        ``-log p(x_d | what is known before d)``.
    comm : mpi4py.MPI.Comm or one of `made_np.ranks`, optional
        Many processes train one model: each calls `fit` with the same arguments, but for rows of its own (`x`, `valid`
        with context and weights; perhaps none, of shape (0, D)). The table is those of all ranks, rank 0's first, and
        `batch_size` counts rows of all ranks together. To rounding, it is the run of one process on the whole table,
        with the same result on all ranks. Rank 0's `rng`, `theta`, clock and checkpoint count; it alone shows progress
        and calls `callbacks`. A checkpoint can be gone on with on any number of ranks.

    Returns
    -------
    FitResult
        After Ctrl-C too, with what there is by then.

    Raises
    ------
    ValueError, TypeError, FileNotFoundError
        An argument that cannot be meant, or a checkpoint of another run (the message says what differs); nothing has
        been computed then. With `comm` it is raised on all ranks.
    made_np.ranks.comm.LostRank
        With `comm`: another rank has gone.

    Warns
    -----
    RuntimeWarning
        A loss was infinite or NaN; the run ends with the last good theta. Or the schedule gave what is no number of at
        least 0; the run ends as after Ctrl-C.

    Examples
    --------
    >>> from made_np.model.made import MADE, as_single
    >>> x = np.random.default_rng(0).random((500, 2)) < [0.2, 0.8]
    >>> result = fit(MADE(2, hidden=(4,)), x, max_epochs=20, learning_rate=0.01)
    >>> entropy = -sum(p * np.log(p) + (1 - p) * np.log(1 - p) for p in x.mean(axis=0))
    >>> bool(abs(result.history["train"][-1] - entropy) < 0.01)  # nats
    True
    """
    ranks = as_comm(comm)

    def look() -> tuple[Rows, Rows | None, Options]:
        tables = (x, context, sample_weight), (valid, valid_context, valid_weight)
        both = as_tables(as_single(made, "fit learns"), *tables, gaps=as_gaps(gaps), is_whole=ranks is None)
        return *both, as_options(
            made, has_valid=valid is not None, optimizer=optimizer, learning_rate=learning_rate, schedule=schedule,
            batch_size=batch_size, max_epochs=max_epochs, max_seconds=max_seconds, validate_every=validate_every,
            patience=patience, weight_decay=weight_decay, dropout=dropout, input_dropout=input_dropout,
            averaging=averaging, callbacks=callbacks)  # fmt: skip

    with ending_all(ranks):
        rows, valid_rows, options = agree(ranks, look)
        both = weighed(rows, valid_rows, ranks)
        return fit_rows(made, *both, options, rng, theta, checkpoint, resume, progress, ranks)


def fit_rows(
    made: MADE,
    rows: Rows,
    valid_rows: Rows | None,
    options: Options,
    rng: int | np.random.Generator | None,
    theta: Array | None = None,
    checkpoint: str | os.PathLike[str] | None = None,
    resume: bool = True,
    progress: bool = False,
    comm: Any = None,
    places: tuple[Ints, Ints | None] | None = None,
) -> FitResult:
    """Fit as `fit` does, where rows and options have been checked already: neither is looked at again.

    NaN in rows is skipped. With `comm` the weights of rows are as those of the whole table, and `places` may say which
    rows of the whole table those of this rank are, and which of all validation rows; by default they stand in the
    sequence of the ranks.
    """
    start = time.perf_counter()
    ranks = as_comm(comm)

    def look() -> tuple[Start, bool]:
        path = None if checkpoint is None else as_path(checkpoint, "checkpoint")
        given = None if theta is None else made.fetch(theta).copy()
        return Start(given, rng, as_generator(rng), path, as_flag(resume, "resume")), as_flag(progress, "progress")

    with ending_all(ranks):
        begin, show = agree(ranks, look)
        n_valid = 0 if valid_rows is None else len(valid_rows)
        team = Team(len(rows), n_valid) if ranks is None else team_of(ranks, made, options, rows, valid_rows, places)
        with undrawn(begin.generator):
            run, saver = _begin(made, rows, valid_rows, options, begin, Clock(start, options.max_seconds), team)
        return _result(run, _train(run, saver, show))


class Start(NamedTuple):
    """How a run begins, but for its rows."""

    theta: Array | None
    rng: Any
    generator: np.random.Generator
    checkpoint: str | None
    resume: bool


def _begin(
    made: MADE, rows: Rows, valid_rows: Rows | None, options: Options, begin: Start, clock: Clock, team: Team
) -> tuple[Run, Checkpoint | None]:
    """Return the run at its start, or where its checkpoint left it; if that is refused, nothing has been drawn."""
    generator = team.generator(begin.generator)
    given = team.same(begin.theta)
    theta = given
    if theta is None:
        theta = made.init(generator, team.every(rows, 1 + team.n_rows * made.n_features // AT_ONCE))
    run = Run(made, rows, valid_rows, options, theta, generator, clock, team=team)
    saver = prepare(begin.checkpoint, run, begin.resume, given, begin.rng)
    if team.comm is not None:
        set_off(run, team.comm)
    return run, saver


def _train(run: Run, saver: Checkpoint | None, show: bool) -> str:
    """Run until something ends it, and return what did; the checkpoint then holds the end, unless it is no good."""
    run.saver = saver
    stopped_by = run.train(show=show)
    if not run.team.leads:
        return stopped_by
    if saver is not None and stopped_by not in ("interrupt", "diverged", "schedule"):  # in the middle of an epoch
        saver.finish(run)
    if stopped_by in ("diverged", "schedule"):
        warn(_way_out(run, stopped_by), RuntimeWarning)
    return stopped_by


def _way_out(run: Run, stopped_by: str) -> str:
    """What to say when the loss was not finite, or the schedule gave no multiplier."""
    epoch = len(run.records) + 1
    if stopped_by == "schedule":
        return f"{run.trouble}: training stopped in epoch {epoch}, and what was learned until then is given back"
    return (
        f"the loss was not finite in epoch {epoch}: training stopped, and theta of "
        f"epoch {run.kept.epoch} is given back. Try a learning_rate below {run.options.learning_rate:g}"
    )


def _result(run: Run, stopped_by: str) -> FitResult:
    """What is given back when `stopped_by` has ended the run."""
    last = run.valid_rows is None and stopped_by != "diverged"
    return FitResult(
        theta=run.averaged if last else run.kept.theta,
        history={name: [getattr(r, name) for r in run.records] for name in Record._fields},
        best_epoch=run.kept.epoch,
        best_valid=math.nan if run.valid_rows is None else run.kept.valid,
        seconds=run.team.seconds(run.clock),
        stopped_by=stopped_by,
    )
