"""MADEDensity: a density over a table with scikit-learn's conventions, which needs no scikit-learn."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np

from made_np.estimator.checks import check_params, check_training
from made_np.estimator.conventions import as_seed
from made_np.estimator.fitting import Fitting, Known, hold_out
from made_np.estimator.remembering import check_checkpoint
from made_np.estimator.trials import best
from made_np.masks.found import find_order
from made_np.optim import Optimizer
from made_np.schedules import Schedule
from made_np.table.columns import Kind
from made_np.table.frames import check_columns, column_names
from made_np.table.one_hot import OneHot
from made_np.training.online import train_on

__all__ = ["MADEDensity"]


class MADEDensity(Fitting):
    """Density estimator for tables: p(x) = prod_d p(x_d | x before d), learned by a masked autoencoder.

    Germain, Gregor, Murray and Larochelle (2015), arXiv 1502.03509. Works in Pipeline, GridSearchCV, cross_val_score,
    clone and joblib.

    Parameters
    ----------
    hidden_layer_sizes : sequence of int, or "auto"
        Widths of the hidden layers; ``()`` leaves a linear model. "auto": one layer, of a unit for 16 rows, but 500
        (1,000 where mask sets share them) to 2,000 units, and above 500 no more than 1,600,000 wires from the columns.
    columns : str, Distribution, or a list with one of these per column; or OneHot
        "auto": columns of 0 and 1 are Bernoulli, of integers 0..max with max <= 31 Categorical, all others Gaussian.
        Neighbours that are one-hot in every row of `fit` (of 100 or more), as `made_np.OneHot.find` tells, are one
        feature of the model: they are one-hot in every sample, and rows where they are not are refused. `order` counts
        features, so they are not looked for where it is a permutation. A `made_np.OneHot` says which they are; the rest
        is then as for "auto".
        "bernoulli", "gaussian", "categorical", "discretized_logistic", ``made_np.Categorical(n)``,
        ``made_np.MixtureOfGaussians(n)`` for real columns with several peaks or long tails, .... Real columns are
        standardised for the network; densities and samples are in the column's own units. A discrete column has
        the values up to the largest one that fit met, and refuses others: give ``Categorical(n)`` if there are more.
    activation : str
        Of the hidden layers, as `MADE` takes it: "relu", "tanh", "gelu", ..., or one of your own.
    order : {"auto", "natural", "reverse", "random", "found"}, permutation (D,), or permutations (n_masks, D)
        The sequence in which columns are generated. "found": by `made_np.find_order`, in the rows of `fit`, or of the
        first `partial_fit`. "auto": the natural or the found one, whichever does better in a trial; found without
        held-out rows; random for several mask sets. ``made_.order`` tells. Where rows are to be filled from known
        columns by a model of one order, those have to lead in it: set it.
    n_masks : int, None or "auto"
        How many mask sets share the parameters. None: endlessly many random orders; such a model fills and scores rows
        with any gaps. "auto": one, or a mixture over 64 random orders if `order` is "auto" and that does better in a
        trial.
    direct : bool or "auto"
        Wires from input to output. "auto": True; but where most inputs are of categorical columns (or one-hot ones),
        and none is real, only if a hidden layer is too narrow to carry every dependency.
    residual : bool
    mask_weights : bool
        Further weights that tell the network its masks: they pay with many mask sets, above all ``n_masks=None``.
    optimizer : str or Optimizer
        "adam", "adamw", "adagrad", "adadelta" (wants ``learning_rate=1.0``), "sgd", or a rule of `made_np.optim`.
    learning_rate : float or "auto"
        "auto": 4e-3, but 2e-3 for a table with real columns; times ``sqrt(500 / width)`` for more than 500 units.
    schedule : str or function (step, total_steps) -> multiplier, optional
        Of the learning rate: "linear", "cosine", "plateau" (needs validation rows), or one of `made_np.schedules`.
        Like `averaging` it is for `fit` alone.
    batch_size : int
    max_epochs : int or "auto"
        At most so many passes over the rows. Reaching it is no reason for a warning; `stopped_by_` tells. "auto": as
        many as make 30,000 steps, fewer for more than 1.25 million parameters, but at least 10,000 steps, and 20.
    early_stopping : bool
        Hold out rows, stop when they get no better, and keep the parameters that were best for them.
    validation_fraction : float in (0, 1)
        Share of the rows that is held out, at least one row; of a single row none can be.
    n_iter_no_change : int or "auto"
        So many epochs without a better validation score end the fit. "auto": as many as make 1,500 steps, but at least
        20.
    weight_decay : float, dict of str to float, or "auto"
        "auto": 3e-4, or ``D / (64 n)`` for n rows of D columns if that is less; 1e-2 or 0.1 where that does better in a
        trial.
    dropout : float in [0, 1), or "auto"
        Share of hidden units that is switched off at each step; without hidden layers it is no matter. "auto": 0.5,
        from 30,000 rows on 0.3, but 0 for a table with real columns.
    input_dropout : float in [0, 1)
        Share of features that the network does not get to see at each step.
    averaging : float in [0, 1]
        Above 0, an average of the parameters over the steps is learned; see `made_np.fit`.
    warm_start : bool
        Let `fit` go on from the parameters that are there, with the columns learned before.
    random_state : int, RandomState, Generator or None
        Decides orders, start, held-out rows, batches and dropout. None is from chance; NumPy's global state is never
        touched. Also what `sample` and `impute` use when they are given none: with an integer they repeat themselves.
    verbose : int
        Above 0, show the progress of the fit.
    dtype : {"float32", "float64"}
        Of training and sampling. Scores are always computed in float64.
    backend : {"auto", "numba", "numpy"}
    binarize : float or None
        Every value becomes 1 where it is above this threshold, else 0, before anything else.

    Attributes
    ----------
    made_ : MADE
        The model; its rows are ``columns_.encode(X)``.
    theta_ : ndarray, shape (P,)
        Its parameters.
    columns_ : Columns
        What was learned of each column.
    n_features_in_ : int
    feature_names_in_ : ndarray of str
        Only after a fit on a data frame whose columns are named by strings.
    n_iter_ : int
        Epochs done.
    weight_decay_ : float or dict
        The one of the fit.
    trials_ : list of `estimator.trials.Trial`
        What was tried before the fit, where a parameter is "auto": `choice` and `valid`, its loss in nats per row.
    history_ : dict of str to list
        One entry per epoch: ``epoch``, ``train``, ``valid`` (nats per row, in the units of the model), and more.
    stopped_by_ : {"patience", "max_epochs", "interrupt", "diverged", "schedule"}

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> height = rng.normal(170, 10, size=500)
    >>> X = np.column_stack([height, height / 2 - 15 + rng.normal(0, 5, size=500), rng.random(500) < 0.3])
    >>> model = MADEDensity(hidden_layer_sizes=(20,), order="natural", max_epochs=30, random_state=0).fit(X)
    >>> model.score_samples(X).shape, model.sample(4, random_state=1).shape
    ((500,), (4, 3))
    >>> model.impute([[180.0, np.nan, np.nan]]).shape
    (1, 3)
    """

    def __init__(
        self,
        hidden_layer_sizes: Sequence[int] | str = "auto",
        *,
        columns: Kind | Sequence[Kind] | OneHot = "auto",
        activation: str = "relu",
        order: Any = "auto",
        n_masks: int | str | None = "auto",
        direct: bool | str = "auto",
        residual: bool = False,
        mask_weights: bool = False,
        optimizer: str | Optimizer = "adam",
        learning_rate: float | str = "auto",
        schedule: str | Schedule | None = "cosine",
        batch_size: int = 100,
        max_epochs: int | str = "auto",
        early_stopping: bool = True,
        validation_fraction: float = 0.1,
        n_iter_no_change: int | str = "auto",
        weight_decay: float | str | Mapping[str, float] = "auto",
        dropout: float | str = "auto",
        input_dropout: float = 0.0,
        averaging: float = 0.999,
        warm_start: bool = False,
        random_state: int | np.random.RandomState | np.random.Generator | None = None,
        verbose: int = 0,
        dtype: str = "float32",
        backend: str = "auto",
        binarize: float | None = None,
    ) -> None:
        self.hidden_layer_sizes = hidden_layer_sizes
        self.columns = columns
        self.activation = activation
        self.order = order
        self.n_masks = n_masks
        self.direct = direct
        self.residual = residual
        self.mask_weights = mask_weights
        self.optimizer = optimizer
        self.learning_rate = learning_rate
        self.schedule = schedule
        self.batch_size = batch_size
        self.max_epochs = max_epochs
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.weight_decay = weight_decay
        self.dropout = dropout
        self.input_dropout = input_dropout
        self.averaging = averaging
        self.warm_start = warm_start
        self.random_state = random_state
        self.verbose = verbose
        self.dtype = dtype
        self.backend = backend
        self.binarize = binarize

    # ------------------------------------------------------------------------------------------ learning

    def fit(
        self, X: Any, y: Any = None, X_val: Any = None, checkpoint: str | os.PathLike[str] | None = None
    ) -> MADEDensity:
        """Learn the density of the rows of `X`.

        Parameters
        ----------
        X : array or data frame (n, D)
            Real numbers without gaps.
        y : ignored
        X_val : array or data frame (m, D), optional
            Rows for early stopping, which is then on; by default some of `X` are held out.
        checkpoint : path, optional
            A file that the fit is written to every few seconds; what trials found stands beside it, in
            ``checkpoint.trials``. Killed and called again with the same arguments, it goes on from there, and ends with
            the bits of a fit that was never stopped; for that `random_state` cannot be None. Both files stay: remove
            them to begin anew.

        Returns
        -------
        self

        Raises
        ------
        ValueError, TypeError, OSError
            Input or a parameter that cannot be meant, or a checkpoint of another fit or where none can be written; what
            an earlier fit learned is then still there, and nothing has been drawn from `random_state`.

        Warns
        -----
        UserWarning
            Codes with -1 among them, which mostly stands for a gap, where `columns` is "auto"; or a first column that
            pandas calls "Unnamed: 0", which mostly holds row numbers.
        """
        check_params(self)
        if checkpoint is not None:
            check_checkpoint(checkpoint, self.random_state)
        first = not (self.warm_start and hasattr(self, "theta_"))
        x, names, look, columns = self._table(X, first)
        known = Known(len(x), cache(lambda: find_order(columns.one_hot.fold(x))))
        choice = self._choice(known if first else None, columns)
        made = self._draft(columns, choice, known) if first else self._continued()
        rows = self._rows(made, columns, x)
        valid = None
        if X_val is not None:
            x_val = self._read(X_val, name="X_val")
            check_columns(column_names(X_val), x_val.shape[1], names, x.shape[1], "X_val")
            valid = self._rows(made, columns, x_val, "X_val")
        holds_out = valid is None and self.early_stopping and len(rows) > 1
        check_training(self, made, rows if holds_out else valid)
        # All arguments have been looked at: from here on there is work, and numbers are drawn.
        seed = as_seed(self.random_state)
        rng = np.random.default_rng(seed)
        if holds_out:
            rows, valid = hold_out(rows, self.validation_fraction, rng)
        if first:
            made = self._model(columns, seed, choice, known)
        trials = self._trials(columns, seed, known, rows, valid, checkpoint) if first else self.trials_
        if first and trials:
            choice = best(trials)
            made = self._model(columns, seed, choice, known)
        start = None if first else self.theta_
        result = self._learn(made, rows, valid, choice, rng, theta=start, checkpoint=checkpoint)
        self._settle(made, result.theta, columns, names, result.history, result.stopped_by)
        self.weight_decay_ = choice.weight_decay
        self.trials_ = trials
        self._look = look
        return self

    def partial_fit(self, X: Any, y: Any = None) -> MADEDensity:
        """Go on learning from the rows of `X`: one pass over them, in batches of `batch_size`.

        The first call fixes the columns: how many, their distributions, means and scales. Where later rows may hold
        values that the first ones do not, say so in `columns`. There is no early stopping.

        Parameters
        ----------
        X : array or data frame (n, D)
        y : ignored

        Returns
        -------
        self
        """
        check_params(self)
        first = not hasattr(self, "theta_")
        x, names, look, columns = self._table(X, first, whole=False)
        known = Known(len(x), lambda: find_order(columns.one_hot.fold(x)))
        choice = self._choice(known if first else None, columns)
        made = self._draft(columns, choice, known) if first else self._continued()
        rows = self._rows(made, columns, x)
        check_training(self, made, rows)
        seed = as_seed(self.random_state)
        if first:
            made = self._model(columns, seed, choice, known)
        done = train_on(
            made,
            made.init(np.random.default_rng(seed), rows) if first else self.theta_,
            rows,
            None if first else self._memory,
            optimizer=self.optimizer,
            learning_rate=self._rate(made),
            batch_size=self.batch_size,
            weight_decay=choice.weight_decay,
            dropout=self._dropout(made, len(rows)),
            input_dropout=self.input_dropout,
            seed=seed,
            progress=bool(self.verbose),
        )
        history = {name: new if first else self.history_[name] + new for name, new in done.history.items()}
        history["epoch"] = list(range(1, len(history["epoch"]) + 1))
        self._settle(made, done.theta, columns, names, history, done.stopped_by, done.memory)
        self.weight_decay_ = choice.weight_decay
        self.trials_ = [] if first else self.trials_
        self._look = look
        return self
