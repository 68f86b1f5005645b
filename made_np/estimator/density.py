"""MADEDensity: a density over a table with scikit-learn's conventions, which needs no scikit-learn."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from made_np.columns.columns import Columns, Kind
from made_np.estimator import stored
from made_np.estimator.conventions import learned
from made_np.estimator.learning import Call, learn, learn_on
from made_np.estimator.questions import Questions
from made_np.estimator.together import learn_together
from made_np.estimator.trials import Trial
from made_np.model.made import MADE
from made_np.optim import Optimizer
from made_np.ranks.comm import as_comm
from made_np.schedules import Schedule
from made_np.table.one_hot import OneHot

__all__ = ["MADEDensity"]

Self = TypeVar("Self", bound="MADEDensity")
Path = str | os.PathLike[str]


class MADEDensity(Questions):
    """Density estimator for tables: p(x) = prod_d p(x_d | x before d), learned by a masked autoencoder.

    Germain, Gregor, Murray and Larochelle (2015), arXiv 1502.03509. Works in Pipeline, GridSearchCV, cross_val_score,
    clone and joblib.

    Parameters
    ----------
    hidden_layer_sizes : sequence of int, or "auto"
        Widths of the hidden layers; ``()`` leaves a linear model. "auto": one layer of n_rows / 16 units, at least 500
        (1000 with several mask sets) and at most 2000; for wide tables fewer, so that W0 has at most 1.6 million
        entries, but still 500.
    columns : str, dict, Distribution, or a list with one per column; or OneHot
        What each column is. "auto" decides by dtype, then by values; `columns_` prints what it found. A dict says it of
        some columns, by name or place: ``{"age": "count", "note": "drop"}``. The kinds are "binary", "categorical",
        "ordinal", "count", "integer", "real", "positive", "bounded", "date", "id", "constant", "index", "text", "drop";
        the last six but "date" are left out of the model, but for "constant", which comes back in samples. Instead of
        a kind may stand a distribution, such as ``made_np.MixtureOfGaussians(n)``, or the name of one:
        "bernoulli", "categorical", "gaussian", "discretized_logistic", or what `made_np.distributions.register` gave to
        one of your own.

        Probabilities are in the units of the columns: of integers, counts, dates and decimals on a lattice they are
        masses per value; of other numbers densities per unit.

        "auto" also looks for one-hot columns in `fit` on 100 rows or more (see `made_np.OneHot.find`), unless `order`
        is a permutation. They are one feature of the model, and `order` counts features. They are one-hot in every
        sample. A `made_np.OneHot` says which they are; the rest is then as for "auto".
    context : list of str or int, optional
        Columns that are given, by name or place: the density is p(other columns | these). They may be of any kind. They
        belong to each table that is asked about, and have no probability. A question without a table names their
        values in `given`. A gap in one is answered only if `fit` met some there. The network is not told a word or code
        that `fit` has not met; a number on a scale beyond those of `fit` counts as the nearest of them.
    missing : {"ignore", "level"}
        Of gaps in `fit`. "ignore": a gap costs nothing and teaches nothing, and the model says nothing of gaps.
        "level": that a value is missing is one more value of its column, which has a probability and is drawn.
    handle_unknown : {"other", "error"}
        Of a value that `fit` has not seen, in a column of codes or words. "other": a mass of 1 / (n + 1) is kept for
        all such values together. "error": it is refused.
    min_frequency : int, float or None
        Words in fewer rows than this, or below 1 in a smaller share of them, are learned as one value. Each of them
        keeps its share of the probability of that value, and is still drawn.
    activation : str
        Of the hidden layers, as `MADE` takes it: "relu", "tanh", "gelu", ..., or one of your own.
    order : {"auto", "natural", "reverse", "random", "found"}, permutation (D,), or permutations (n_masks, D)
        The sequence in which columns are generated. "found": `made_np.find_order` finds it in the rows of `fit`, or of
        the first `partial_fit`. "auto": trials decide between natural and found, and whether the reverse is mixed in;
        without held-out rows it is found; several mask sets get random orders; a table of real columns gets eight
        orders, as one mixture, but the natural one where straight lines tie the columns together: each is then learned
        less its linear regression on those before it. ``made_.order`` holds what was taken. With ``answers="order"``,
        one order only fills rows whose known columns lead in it: set the order if you need that.
    answers : {"auto", "any", "order"}
        Which questions the model answers. "any": it learns home orders, which score complete rows, with a path for
        each set of known columns, so that gaps and conditions may be anywhere; where no column is real, it learns home
        first, then the paths from rows that it draws. "order": one order or mixture alone,
        which is a little better for tables of bits; gaps are then only answered where what is known leads. "auto":
        "any", but "order" for a table of bits without gaps, and where `n_masks` or several orders are given.
    n_masks : int, None or "auto"
        How many mask sets share the parameters. None: endlessly many random orders; such a model fills and scores rows
        with any gaps. "auto": one; or, if `order` is "auto", two, of an order and its reverse, or a mixture over 64
        random orders, where a trial finds that better.
    direct : bool or "auto"
        Wires from input to output. "auto": True. But if most inputs are of categorical or one-hot columns and no column
        is real, then only if a hidden layer is too narrow to carry every dependency.
    residual : bool
        Hidden layers add the layer below them, where widths agree.
    mask_weights : bool
        Further weights that tell the network its masks. They pay with many mask sets, above all ``n_masks=None``.
    optimizer : str or Optimizer
        "adam", "adamw", "adagrad", "adadelta" (wants ``learning_rate=1.0``), "sgd", or a rule of `made_np.optim`.
    learning_rate : float or "auto"
        "auto": 4e-3, but 2e-3 for a table with real columns; times ``sqrt(500 / width)`` for more than 500 units.
    schedule : str or function (step, total_steps) -> multiplier, optional
        Of the learning rate: "linear", "cosine", "plateau" (needs validation rows), or one of `made_np.schedules`.
        `partial_fit` uses neither `schedule` nor `averaging`.
    batch_size : int
        Rows of a step.
    max_epochs : int or "auto"
        At most so many passes over the rows. It is no reason for a warning to reach it; `stopped_by_` says so. "auto":
        as many as make 30,000 steps; for more than 1.25 million parameters fewer, but at least 10,000 steps and 20
        passes. Of a table of real columns 4,000 to 20,000 steps, by the number of columns.
    early_stopping : bool
        Hold out rows, stop when they get no better, and keep the parameters that were best for them.
    validation_fraction : float in (0, 1)
        Share of the rows that is held out, at least one row. Of a single row none can be.
    n_iter_no_change : int or "auto"
        The fit ends after so many epochs without a better validation score. "auto": as many as make 1,500 steps, at
        least 20.
    weight_decay : float, dict of str to float, or "auto"
        "auto": 3e-4, or ``D / (64 n)`` for n rows of D columns if that is less; ten times as much, and again, up to
        0.1, then half such a step more, where trials find that better. ``1 / (3 D n)`` for a table of real columns.
    dropout : float in [0, 1), or "auto"
        Share of hidden units that is switched off at each step. "auto": 0.5, from 30,000 rows on 0.3, but 0 for a table
        with real columns; 0.3 for fewer of these that are learned less their regressions.
    input_dropout : float in [0, 1)
        Share of features that the network does not get to see at each step.
    averaging : float in [0, 1]
        Above 0, the mean of theta over roughly the last ninth of the steps is kept (never over more than
        ``1 / (1 - averaging)`` steps; 1 means no such limit). From step 1000 on only every eighth step is added, to
        save time.
    n_members : int
        So many networks learn the table apart, one after the other, and their mixture is the density: better on nearly
        every table, for so many times the time of one. Where you set no `order`, each has one of its own. The first is
        the network that is learned alone; `history_` is its own.
    warm_start : bool
        `fit` goes on from the parameters that are there, with the columns learned before.
    random_state : int, RandomState, Generator or None
        Decides orders, start, held-out rows, batches and dropout; None is from chance. `sample` and `impute` use it
        too, when they are given none: with an integer they repeat themselves. NumPy's global state is never touched.
    verbose : int
        Above 0, show the progress of the fit.
    dtype : {"float32", "float64"}
        Of training and sampling. Scores are always computed in float64.
    backend : {"auto", "numba", "bfloat16", "numpy", "cupy"}
    binarize : float or None
        Every value becomes 1 where it is above this threshold, else 0, before anything else.

    Attributes
    ----------
    made_ : MADE
        The model; its rows are ``columns_.encode(X)``, and their context ``columns_.told.inputs(X)``.
    theta_ : ndarray, shape (P,)
        Its parameters.
    columns_ : Columns
        What was learned of each column.
    n_features_in_ : int
        D, the number of columns.
    feature_names_in_ : ndarray of str
        Only after a fit on a data frame whose columns are named by strings.
    n_iter_ : int
        Epochs done.
    weight_decay_ : float or dict
        The one of the fit.
    trials_ : list of `estimator.trials.Trial`
        What was tried before the fit, where a parameter is "auto": `choice` and `valid`, its loss in nats per row.
    history_ : dict of str to list
        One entry per epoch: ``epoch``, ``train``, ``valid`` (nats per row, in the units of the columns), and more.
    stopped_by_ : {"patience", "max_epochs", "max_seconds", "interrupt", "diverged", "schedule"}

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
    >>> given = MADEDensity((20,), context=[2], order="natural", max_epochs=30, random_state=0).fit(X)
    >>> given.sample(3, given={2: 1}, random_state=1)[:, 2]
    array([1., 1., 1.])
    """

    def __init__(
        self,
        hidden_layer_sizes: Sequence[int] | str = "auto",
        *,
        columns: Kind | Mapping[str | int, Kind] | Sequence[Kind] | OneHot = "auto",
        context: Sequence[str | int] | None = None,
        missing: str = "ignore",
        handle_unknown: str = "other",
        min_frequency: int | float | None = None,
        activation: str = "relu",
        order: Any = "auto",
        n_masks: int | str | None = "auto",
        answers: str = "auto",
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
        n_members: int = 1,
        warm_start: bool = False,
        random_state: int | np.random.RandomState | np.random.Generator | None = None,
        verbose: int = 0,
        dtype: str = "float32",
        backend: str = "auto",
        binarize: float | None = None,
    ) -> None:
        self.hidden_layer_sizes = hidden_layer_sizes
        self.columns = columns
        self.context = context
        self.missing = missing
        self.handle_unknown = handle_unknown
        self.min_frequency = min_frequency
        self.activation = activation
        self.order = order
        self.n_masks = n_masks
        self.answers = answers
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
        self.n_members = n_members
        self.warm_start = warm_start
        self.random_state = random_state
        self.verbose = verbose
        self.dtype = dtype
        self.backend = backend
        self.binarize = binarize

    # ------------------------------------------------------------------------------------------ learning

    def fit(
        self: Self,
        X: Any,
        y: Any = None,
        X_val: Any = None,
        checkpoint: Path | None = None,
        *,
        sample_weight: Any = None,
        max_seconds: float | None = None,
        comm: Any = None,
    ) -> Self:
        """Learn the density of the rows of `X`.

        Parameters
        ----------
        X : table (n, D)
            A data frame (pandas, polars, pyarrow), an array, a structured array, a list of rows or of dicts, a sparse
            matrix. Its cells may be words, dates, booleans, gaps; `columns` says how they are read.
        y : ignored
        X_val : array or data frame (m, D), optional
            Rows for early stopping, which is then on; by default some of `X` are held out.
        checkpoint : path, optional
            A file that the fit is written to every few seconds; ``checkpoint.trials`` beside it holds what trials
            found, ``checkpoint.1`` the second member, and so on. If the fit is killed and called again with the same
            arguments, it goes on from there, and ends with the bits of a fit that was never stopped; for that
            `random_state` cannot be None. The files stay: remove them to begin anew.
        sample_weight : array (n,), optional
            What each row counts, such as a survey weight; in proportion, their size does not matter.
        max_seconds : float, optional
            The fit ends after about so many seconds, trials included; its learning rate falls until then.
        comm : mpi4py.MPI.Comm, optional
            The processes that fit together, called *ranks*: all of them call this, with the same parameters. Each gives
            its own rows as `X`, `X_val` and `sample_weight`, perhaps none (None); the table is all of them, those of
            rank 0 first. Each gets the same estimator: that of one process with the whole table but for rounding, if
            this has no more than about a million rows; of more rows, some are looked at to choose what is "auto". Rank
            0's `checkpoint` and `random_state` count.

        Returns
        -------
        self

        Raises
        ------
        ValueError, TypeError, OSError
            Input or a parameter that cannot be meant, or a checkpoint of another fit or where none can be written. What
            an earlier fit learned is then still there, and nothing has been drawn from `random_state`.

        Warns
        -----
        UserWarning
            Codes with -1 among them, which mostly stands for a gap, where `columns` is "auto"; or a first column that
            pandas calls "Unnamed: 0", which mostly holds row numbers.
        """
        call = Call(X, X_val, checkpoint, sample_weight, max_seconds)
        ranks = as_comm(comm)
        before = vars(self).get("_fitted")
        self._fitted = learn(self, before, call) if ranks is None else learn_together(self, before, call, ranks)
        return self

    def partial_fit(self: Self, X: Any, y: Any = None, *, sample_weight: Any = None) -> Self:
        """Go on learning from the rows of `X`: one pass over them, in batches of `batch_size`.

        The first call fixes the columns: how many, their distributions, means and scales. Where later rows may hold
        values that the first ones do not, say so in `columns`. There is no early stopping. It is for a single member.

        Arguments as in `fit`.
        """
        self._fitted = learn_on(self, vars(self).get("_fitted"), X, sample_weight)
        return self

    # ------------------------------------------------------------------------------------------ files

    def save(self, path: Path) -> None:
        """Write the estimator to one .npz file, as `made_np.save` does; a generator as `random_state` becomes None."""
        stored.write(path, self.get_params(), self._answers)

    @classmethod
    def load(cls: type[Self], path: Path, *, backend: str | None = None) -> Self:
        """Read an estimator that `save` wrote: the same parameters, and the same bits in all answers.

        Parameters
        ----------
        path : str or path-like
        backend : {None, "auto", "numba", "bfloat16", "numpy", "cupy"}
            Of the model, and of what it learns from now on. None: as saved, or "numpy" where that cannot be imported.

        Raises
        ------
        FileNotFoundError, TypeError
            There is no such file, or `path` is no path.
        ValueError
            The file is damaged, compressed, from a newer made_np, or holds a model without an estimator.

        Warns
        -----
        RuntimeWarning
            The backend that the model was saved with cannot be imported, and NumPy is taken.
        """
        estimator, fitted = stored.load(path, backend, cls)
        estimator._fitted = fitted
        return estimator

    # ------------------------------------------------------------------------------------------ what fit leaves

    made_: MADE = learned("made")
    theta_: NDArray[Any] = learned("theta")
    columns_: Columns = learned("columns")
    history_: dict[str, list[Any]] = learned("history")
    stopped_by_: str = learned("stopped_by")
    weight_decay_: Any = learned("weight_decay")
    trials_: list[Trial] = learned("trials")

    @property
    def n_iter_(self) -> int:
        """Epochs done."""
        return len(self.history_["epoch"])
