"""One training run, step by step: what `made_np.fit` starts once all its arguments are checked."""

from __future__ import annotations

import logging
import math
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from made_np.backends.bound import Bound
from made_np.backends.memory import Feed, Memory, Tally
from made_np.layers import dropout_mask
from made_np.masks.paths import draw_told
from made_np.messages import tell
from made_np.model.made import MADE
from made_np.model.rows import Rows
from made_np.optim import Optimizer, State
from made_np.schedules import Schedule, ScheduleError, after, multiplier
from made_np.training.clock import Clock
from made_np.training.team import Batch, Step, Team
from made_np.typing import Array

_logger = logging.getLogger("made_np.training")

ETA = 8
"""How fast an average over the steps forgets the start: polynomially, with this exponent."""
ALL = 1_000
STRIDE = 8
"""So many steps are averaged, and from then on one in so many: neighbours hardly differ, and each costs its time."""

SECONDS = "{percentage:3.0f}%|{bar}| {elapsed}<{remaining}{postfix}"
"""What a bar shows of a run that ends by the clock."""


@dataclass(frozen=True, eq=False)
class EpochInfo:
    """What a callback is told after each epoch.

    Attributes
    ----------
    epoch : int
        1 after the first epoch.
    theta : ndarray, shape (P,)
        What would be validated and given back now. Read-only, and overwritten by the next step:
        copy it to keep it.
    train, valid, best_valid : float
        Nats per row, as in `FitResult`; without validation rows the last two are NaN, and `valid` is after an epoch
        that was not validated.
    seconds : float
        Since the call of `fit`.
    """

    epoch: int
    theta: Array = field(repr=False)
    train: float
    valid: float
    seconds: float
    best_valid: float


Callback = Callable[[EpochInfo], object]


@dataclass(frozen=True, eq=False)
class Options:
    """How to train: arguments of `made_np.fit` that have been checked."""

    optimizer: Optimizer
    learning_rate: float
    schedule: Schedule
    batch_size: int
    max_epochs: int
    patience: int
    validate_every: int
    decay: Array | None
    dropout: float
    input_dropout: float
    averaging: float
    callbacks: tuple[Callback, ...]
    max_seconds: float | None = None


class Record(NamedTuple):
    """One finished epoch: a line of the history."""

    epoch: int
    train: float
    valid: float
    learning_rate: float
    seconds: float


class Kept(NamedTuple):
    """The end of an epoch that is worth going back to."""

    epoch: int
    valid: float
    theta: Array


@dataclass(eq=False)
class Run:
    """The state of one run: what changes from step to step, and the steps that change it.

    While it trains, `theta`, `grad`, `state`, `averaged` and what is kept lie where the backend computes: `memory`
    fetches what is looked at or written down. Before and after, they are arrays of NumPy.
    """

    made: MADE
    rows: Rows
    valid_rows: Rows | None
    options: Options
    theta: Array
    rng: np.random.Generator
    clock: Clock
    saver: Callable[[Run], object] | None = None
    """Called between epochs, when all of this can be written down."""
    team: Team = None  # type: ignore[assignment]  # by default this process alone
    """Who makes the steps."""
    n_steps: int = 0
    trouble: str = ""
    """What the schedule gave that is no multiplier, in words."""
    records: list[Record] = field(default_factory=list)
    grad: Array = field(init=False)
    state: State = field(init=False)
    averaged: Array = field(init=False)
    kept: Kept = field(init=False)

    def __post_init__(self) -> None:
        if self.team is None:
            self.team = Team(len(self.rows))
        self.grad = self.team.memory_for(self.theta)
        self.state = self.options.optimizer.init(self.theta)
        # Without averaging this is theta itself, so that everything else can look here.
        self.averaged = self.theta.copy() if self.options.averaging else self.theta
        self.kept = Kept(0, math.inf, self.theta.copy())

    @property
    def memory(self) -> Memory:
        """Where the backend of the model computes."""
        return self.made.bound.memory

    @property
    def epoch_steps(self) -> int:
        """Steps of an epoch."""
        return math.ceil(self.team.n_rows / self.options.batch_size)

    @property
    def total_steps(self) -> int:
        """How many steps there are if nothing ends the run early."""
        return self.options.max_epochs * self.epoch_steps

    def train(self, show: bool) -> str:
        """Run until something ends it, and return what did (see `FitResult.stopped_by`)."""
        self._move(self.memory.hold)
        done = len(self.records) * self.epoch_steps
        try:
            with (
                Progress(show and self.team.leads, self.clock, self.total_steps, done) as progress,
                self.team.listening(self.clock),
            ):
                return self._epochs(progress)
        except KeyboardInterrupt as interrupt:
            if not self.team.agrees(interrupt):
                raise
            return "interrupt"
        except ScheduleError as error:  # first asked for this step: too late to refuse it before any work
            self.trouble = str(error)
            return "schedule"
        finally:
            self._move(self.memory.fetch)
            self.memory.release()

    def _epochs(self, progress: Progress) -> str:
        """Make one epoch after the other until something ends the run, and return what did."""
        if not self.records:
            self._keep(0, self._validate())
        while not self._out_of_patience():
            if len(self.records) >= self.options.max_epochs:
                return "max_epochs"
            if self.clock.is_over():
                return "max_seconds"
            info = self._epoch(len(self.records) + 1, progress)
            if info is None:
                return "diverged"
            verdict = self.team.decide(partial(self._report, info, progress))
            if verdict:
                return verdict
        return "patience"

    def _report(self, info: EpochInfo, progress: Progress) -> str:
        """Tell everybody of a finished epoch; return "callback" if one of these ends the run."""
        progress.epoch(info)
        if self.saver is not None:
            self.saver(self)
        answers = [call(info) for call in self.options.callbacks]
        # what merely counts as true, such as a number of bytes written, is no answer
        return "callback" if any(isinstance(answer, bool | np.bool_) and answer for answer in answers) else ""

    def _move(self, to: Callable[[Array], Array]) -> None:
        """Bring what is learned where the backend computes, or back."""
        is_own = self.averaged is not self.theta
        self.theta = to(self.theta)
        self.averaged = to(self.averaged) if is_own else self.theta
        self.grad = to(self.grad)
        step = self.state["step"]  # a number: nothing to compute with
        self.state = {name: to(value) for name, value in self.state.items()} | {"step": step}
        self.kept = self.kept._replace(theta=to(self.kept.theta))

    def _moments(self) -> list[Array]:
        """Return what the optimizer remembers of each parameter."""
        return [value for name, value in self.state.items() if name != "step"]

    def _out_of_patience(self) -> bool:
        """Whether the last epoch was validated, and was one too many without a better loss."""
        just_validated = len(self.records) > 0 and not math.isnan(self.records[-1].valid)
        return just_validated and len(self.records) - self.kept.epoch >= self.options.patience

    def _epoch(self, epoch: int, progress: Progress) -> EpochInfo | None:
        """One pass over the rows in a fresh order; None if a loss or theta was not finite."""
        deal = self.team.deal(self.rng.permutation(self.team.n_rows), self.options.batch_size)
        feed = self.memory.feed(self.rows, deal.own, self.made.dtype)
        tally = self.memory.tally()
        rate = 0.0
        schedule = after(self.options.schedule, [r.valid for r in self.records if not math.isnan(r.valid)])
        for k in range(self.epoch_steps):
            batch = deal.batch(k)
            total_steps = self.clock.expected_steps(self.n_steps, self.total_steps)
            rate = self.options.learning_rate * multiplier(schedule, self.n_steps, total_steps)
            weights = None if self.rows.weights is None else self.rows.weights[deal.own[batch.first : batch.last]]
            self._step(feed, batch, weights, rate, tally)
            if not self.team.is_sound(tally):
                return None
            progress.step()
            if self.clock.is_over():
                break
        train = self.team.mean(*tally.totals())
        self.team.align([self.theta, self.averaged, *self._moments()], self.memory)
        is_due = self._is_due(epoch)
        valid = self._validate() if is_due else math.nan
        # without validation nothing has looked at theta yet
        if not (math.isfinite(train) and (math.isfinite(valid) if is_due else self.memory.is_finite(self.theta))):
            return None
        seconds = self.team.seconds(self.clock)
        self.records.append(Record(epoch, train, valid, rate, seconds))
        self._keep(epoch, valid)
        return EpochInfo(epoch, self._shown(), train, valid, seconds, self.kept.valid)

    def _shown(self) -> Array:
        """Return what callbacks may look at: nothing is fetched for nobody."""
        if not (self.options.callbacks and self.team.leads):
            return np.empty(0, self.made.dtype)
        theta = self.memory.fetch(self.averaged).view()
        theta.flags.writeable = False
        return theta

    def _step(self, feed: Feed, batch: Batch, weights: Array | None, learning_rate: float, tally: Tally) -> None:
        """One update from these rows; `tally` counts the loss that they had before it."""
        made = self.made
        options = self.options
        bound = made.bound[self.n_steps if made.n_masks is None else self.n_steps % made.n_masks]
        x, context = feed.batch(batch.first, batch.last)
        x = self._told(x, bound, batch)
        keeps = self._keeps(batch)
        shares = None if weights is None else (weights / batch.n).astype(made.dtype)
        update = options.optimizer, self.state, learning_rate, options.decay
        step = Step(self.theta, x, context, self.grad, update, keeps, shares, batch.n, made.n_masks == 1)
        with np.errstate(all="ignore"):  # the loop itself looks for inf and NaN
            nll = self.team.learn(bound, self.memory, tally, step)
            self.n_steps += 1
            self._average(bound)
            if batch.first < batch.last:
                tally.add(nll, weights)

    def _told(self, x: Array, bound: Bound, batch: Batch) -> Array:
        """Return the rows `x` with NaN for what a model with paths is not told of them in this step."""
        if not self.made.mask_sets.has_paths:
            return x
        return self.memory.hide(x, batch.own(draw_told(batch.n, bound.mask_set.known, self.rng)))

    def _keeps(self, batch: Batch) -> list[Array | None] | None:
        """Draw which features the rows show to the network, then which units of each hidden layer are on.

        All ranks draw the same for all rows.
        """
        options = self.options
        made = self.made
        if not (options.dropout or options.input_dropout):
            return None

        def draw(width: int, rate: float) -> Array:
            return batch.own(dropout_mask(self.rng, (batch.n, width), rate, made.dtype))

        keeps: list[Array | None] = [None] * (1 + len(made.hidden))
        if options.input_dropout:
            keep = draw(made.n_features, options.input_dropout)
            always = np.ones((len(keep), made.n_context), made.dtype)
            keeps[0] = np.concatenate([np.repeat(keep, made.outputs.input_sizes, axis=1), always], axis=1)
        if options.dropout:
            keeps[1:] = [draw(width, options.dropout) for width in made.hidden]
        return keeps

    def _average(self, bound: Bound) -> None:
        """Draw `averaged` towards theta: an average over the latest ninth of the steps, then exponential."""
        stride = 1 if self.n_steps <= ALL else STRIDE
        if self.averaged is self.theta or self.n_steps % stride:
            return
        weight = max(1.0 - self.options.averaging**stride, stride * (ETA + 1) / (self.n_steps + ETA))
        bound.average(self.averaged, self.theta, weight)

    def _is_due(self, epoch: int) -> bool:
        """Whether the end of this epoch is validated: now and then, and at the very end."""
        every = self.options.validate_every
        is_last = epoch == self.options.max_epochs or self.clock.is_over()
        return self.valid_rows is not None and (epoch % every == 0 or is_last)

    def _validate(self) -> float:
        """Mean loss of the validation rows (nats), weighted as they are, under the mixture of mask sets."""
        if self.valid_rows is None:
            return math.nan
        before = self.clock.seconds()
        total = 0.0
        rows = self.valid_rows
        if len(rows):  # a rank of many may have none
            with np.errstate(all="ignore"):
                log_prob = self.made.log_prob(self.memory.fetch(self.averaged), rows)
            total = float(log_prob.sum(dtype=np.float64) if rows.weights is None else (rows.weights * log_prob).sum())
        mean = self.team.mean(total, len(rows))
        self.clock.reserve = self.clock.seconds() - before
        return -mean

    def _keep(self, epoch: int, valid: float) -> None:
        """Keep theta if it is the best so far; without validation rows, always."""
        if self.valid_rows is None or valid < self.kept.valid:
            self.kept = Kept(epoch, valid, self.memory.copy(self.averaged))


class Progress:
    """Show a person how far the run is: a bar where tqdm is installed, else a line per epoch.

    Where nothing is `wanted`, each epoch is a message of the logger "made_np.training".
    """

    def __init__(self, wanted: bool, clock: Clock, total_steps: int, done: int = 0) -> None:
        self._clock = clock
        self._end: float = total_steps if clock.limit is None else clock.limit
        self._done: float = done if clock.limit is None else min(clock.seconds(), clock.limit)
        self._bar: Any = None
        self._lines = False
        if wanted and sys.stderr is not None:  # a job without a terminal may have none
            try:
                from tqdm import tqdm
            except ImportError:
                self._lines = True
            else:
                shown = {"unit": "step"} if clock.limit is None else {"bar_format": SECONDS}
                self._bar = tqdm(total=self._end, initial=self._done, **shown)

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.close()

    def step(self) -> None:
        """Count one step, or the time that it has taken."""
        before = self._done
        self._done = before + 1 if self._clock.limit is None else min(self._clock.seconds(), self._clock.limit)
        if self._bar is not None:
            self._bar.update(self._done - before)

    def epoch(self, info: EpochInfo) -> None:
        """Report a finished epoch."""
        text = f"epoch {info.epoch}: train {info.train:.4f}"
        if not math.isnan(info.valid):
            text += f", valid {info.valid:.4f}, best {info.best_valid:.4f}"
        if self._bar is not None:
            self._bar.set_postfix_str(f"{text} nats", refresh=False)  # at its own pace
        else:
            left = info.seconds * (self._end / self._done - 1)
            tell(_logger, f"{text} nats, {info.seconds:.1f} s, at most {left:.1f} s left", shown=self._lines)
