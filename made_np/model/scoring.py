"""What a model says of rows: raw outputs, their log-probability, its gradient."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from made_np.backends.bound import Bound
from made_np.layers import dropout_mask
from made_np.model.arguments import REFUSE, as_gaps, as_one_or_many, as_weights
from made_np.model.description import Description
from made_np.network.jacobian import jacobian
from made_np.tracing.tape import Tape, record
from made_np.typing import Array
from made_np.validation import as_dense, undrawn
from made_np.values import as_count, as_generator, as_number

__all__ = ["Scoring", "log_mean_exp"]


@dataclass(frozen=True)
class Scoring(Description):
    """A described model that is asked about rows (explained at `MADE`)."""

    def hold(self, theta: Any) -> Array:
        """Return `theta` where the backend computes: on the GPU for ``backend="cupy"``, else as it is.

        Whatever takes theta moves it there. Where many questions are asked of one theta, hold it once, and ask them
        with what comes back; `fetch` brings it home.

        Raises
        ------
        TypeError, ValueError
            As `check_theta`.

        Examples
        --------
        >>> from made_np.model.made import MADE
        >>> made = MADE(3, hidden=(8,))
        >>> theta = made.hold(made.init(rng=0))
        >>> made.log_prob(theta, [[0, 1, 1]]).shape
        (1,)
        """
        memory = self.bound.memory
        if not memory.holds(theta):
            return memory.hold(self.check_theta(theta))
        if theta.shape != (self.n_params,):
            raise ValueError(f"theta has shape {theta.shape}: this model needs ({self.n_params},)")
        return theta

    def fetch(self, theta: Any) -> Array:
        """Return a theta that is held, or any other, as an array of NumPy."""
        return self.check_theta(self.bound.memory.fetch(theta))

    def raw_outputs(self, theta: Array, x: Any, *, context: Any = None, mask_set: Any = 0, gaps: str = REFUSE) -> Array:
        """Return the raw outputs (B, O): those of feature d, such as its logits, are ``[:, output_slices[d]]``.

        `mask_set` is an index or a permutation; a mixture has no raw outputs of its own. `gaps` as in `log_prob`.
        """
        theta, rows, context, is_row = self._check(theta, x, context, gaps)
        raw = self._one(mask_set).raw_outputs(theta, rows, context)
        return raw[0] if is_row else raw

    def jacobian(self, theta: Array, x: Any, *, context: Any = None, mask_set: Any = 0, gaps: str = REFUSE) -> Array:
        """Return how raw outputs change with input units, ``J[b, o, i] = d raw[b, o] / d unit[b, i]``: (B, O, I + C).

        Input units are the columns of W0: those of feature d are ``input_slices[d]`` (one for most distributions, n for
        ``Categorical(n)``, whose values are one-hot there; one more for each of `gap_inputs`), and the last C are the
        context. So feature d depends on feature j if and only if something is not 0 in the block
        ``J[..., output_slices[d], input_slices[j]]``; a block that no path of wires leads to is exactly 0.

        It is computed by backpropagation from each raw output, whatever the backend.

        Parameters
        ----------
        mask_set : int or permutation
            A mixture has no raw outputs of its own.
        gaps : {"refuse", "skip"}
            As in `log_prob`.

        Examples
        --------
        >>> from made_np.model.made import MADE
        >>> made = MADE(3, hidden=(8,), order=[2, 0, 1], activation="tanh")
        >>> J = made.jacobian(made.init(rng=0), [0, 1, 1])
        >>> (J != 0).astype(int)  # feature 2 comes first, then 0, then 1
        array([[0, 0, 1],
               [1, 0, 1],
               [0, 0, 0]])
        """
        theta, rows, context, is_row = self._check(theta, x, context, gaps)
        one = self._one(mask_set)
        own = one.own(self.bound.memory.fetch(theta))
        result = jacobian(self.network, own, self.outputs.encode(rows, context), one.mask_set)
        return result[0] if is_row else result

    def feature_log_prob(
        self, theta: Array, x: Any, *, context: Any = None, mask_set: Any = 0, gaps: str = REFUSE
    ) -> Array:
        """Return log p(x_d | x before d) of each value, in nats, shape (B, D), under one mask set.

        `gaps` as in `log_prob`: where `x` is NaN the answer is 0.
        """
        theta, rows, context, is_row = self._check(theta, x, context, gaps)
        log_prob = -self._one(mask_set).nll(theta, rows, context)
        return log_prob[0] if is_row else log_prob

    def log_prob(self, theta: Array, x: Any, *, context: Any = None, mask_set: Any = None, gaps: str = REFUSE) -> Array:
        """Return log p(x) of each row, in nats, shape (B,).

        Over several mask sets, ``logsumexp_k log p_k(x) - log K``: the likelihood of their mixture, which sums to 1
        over all x. (Averaging logits over orders does not.)

        Parameters
        ----------
        mask_set : int, permutation, or None
            None: the mixture over all mask sets; of an endless model, over the first 32 (`mixture` for others); of
            one with paths, over its home orders.
        gaps : {"refuse", "skip"}
            What to do with NaN in `x`: raise, or score each row by what is known in it, under each mask set the sum
            over the known d of ``log p(x_d | what is known before d)``.

        Examples
        --------
        >>> from made_np.model.made import MADE
        >>> made = MADE(2, hidden=(4,), dtype="float64")
        >>> theta = made.init(rng=0)
        >>> both = made.log_prob(theta, [[1, 0], [1, 1]])
        >>> bool(np.isclose(made.log_prob(theta, [1, np.nan], gaps="skip"), np.log(np.exp(both).sum())))
        True
        """
        may_gap = as_gaps(gaps)
        theta = self.hold(theta)
        sets = self._several(mask_set)
        x, is_row = as_one_or_many(x, self.n_features)
        found = []
        for rows, y in self.check_blocks(x, context, gaps=may_gap):
            each = [-one.row_nll(theta, rows, y) for one in sets]
            together = log_mean_exp(np.stack(each)) if len(each) > 1 else each[0]
            found.append(together.astype(self.dtype))
        return found[0][0] if is_row else np.concatenate(found)

    def loss_and_grad(
        self,
        theta: Array,
        x: Any,
        *,
        context: Any = None,
        mask_set: Any = 0,
        grad: Array | None = None,
        dropout: Sequence[Array | None] | None = None,
        weights: Any = None,
        gaps: str = REFUSE,
    ) -> tuple[float, Array]:
        """Return the mean over rows of -log p(x), in nats, and its gradient (P,).

        Parameters
        ----------
        mask_set : int, permutation, or None
            None: the loss of the mixture over all mask sets.
        grad : ndarray, shape (P,), optional
            Overwritten with the gradient, and returned; it may share memory with no other argument. Exactly 0 at
            weights off the mask.
        dropout : sequence of ndarray (B, H_l) or None, optional
            One array per hidden layer that multiplies its activations; see `layers.dropout_mask`. Before them there may
            be one for the input units, (B, I + C): what is predicted stays whole.
        weights : array (B,), optional
            What each row counts: the loss is ``mean_b weights_b (-log p(x_b))``, linear in the weights. Scale them to
            the mean 1 for a weighted mean.
        gaps : {"refuse", "skip"}
            As in `log_prob`.

        Notes
        -----
        For the mixture, ``d log sum_k p_k = sum_k r_k d log p_k`` with ``r_k = p_k / sum_j p_j``: a row's gradient is
        shared out by how likely each mask set finds it.
        """
        theta, rows, y, _ = self._check(theta, x, context, gaps)
        keeps = self.check_dropout(dropout, len(rows))
        sets = self._several(mask_set)
        n = max(len(rows), 1)
        counts = None if weights is None else as_weights(weights, len(rows))
        if grad is None:
            grad = np.empty(theta.shape, self.dtype)
        else:
            read = {f"dropout[{k}]": keep for k, keep in enumerate(keeps or ())}
            read["x"] = as_dense(x, "x")  # what the caller holds, of which rows of another dtype would be a copy
            read["context"] = None if y is None else as_dense(context, "context")
            read["theta"] = theta if isinstance(theta, np.ndarray) else None
            self.check_grad(grad, **read)
        if len(sets) == 1:
            each = None if counts is None else (counts / n).astype(self.dtype)
            nll = sets[0].loss_and_grad(theta, rows, y, grad, keeps, each)
            return float((nll if counts is None else counts * nll).sum() / n), grad
        log_probs = -np.stack([one.row_nll(theta, rows, y, keeps) for one in sets])
        mixture = log_mean_exp(log_probs)
        shares = np.exp(log_probs - mixture) / (len(sets) * n)
        if counts is not None:
            shares *= counts
            mixture *= counts
        part = np.empty_like(grad)
        grad[:] = 0
        for one, share in zip(sets, shares.astype(self.dtype), strict=True):
            one.loss_and_grad(theta, rows, y, part, keeps, share)
            grad += part
        return float(-mixture.sum() / n), grad

    def trace(
        self,
        theta: Array,
        x: Any,
        mask_set: Any = 0,
        *,
        context: Any = None,
        dropout: float | Sequence[Array | None] | None = None,
        rng: int | np.random.Generator = 0,
        gaps: str = REFUSE,
    ) -> Tape:
        """Return every value of one pass through the network, with its gradient: a tape to be looked at.

        The tape maps names to values in the sequence in which they are computed: ``x, W0, b0, z0, h0, W1, ..., raw,
        nll, loss``. ``print`` it, `Tape.follow` one number, `Tape.nudge` it, `Tape.compare` what you have computed.

        Parameters
        ----------
        mask_set : int or permutation
            A mixture has no network of its own.
        dropout : float, or sequence of ndarray, optional
            The share of hidden units to be switched off, drawn with `rng`; or which, as in `loss_and_grad`.
        rng : int or numpy.random.Generator
        gaps : {"refuse", "skip"}
            As in `log_prob`.

        Returns
        -------
        Tape
            It is computed by the NumPy reference, whatever the backend.

        Examples
        --------
        >>> from made_np.model.made import MADE
        >>> made = MADE(3, hidden=(4,), order=[2, 0, 1], activation="tanh", dtype="float64")
        >>> tape = made.trace(made.init(rng=0), [[0, 1, 1], [1, 1, 0]])
        >>> tape["h0"].op, tape["h0"].value.shape
        ('tanh(z0)', (2, 4))
        >>> loss, grad = made.loss_and_grad(made.init(rng=0), [[0, 1, 1], [1, 1, 0]])
        >>> bool(np.allclose(made.layout.views(grad)["W0"], tape["W0"].grad))
        True
        """
        generator = as_generator(rng)
        theta, rows, y, _ = self._check(theta, x, context, gaps)
        if isinstance(dropout, (int, float, np.number)):
            rate = as_number(dropout, "dropout", "[0, 1)")
            with undrawn(generator):
                dropout = [dropout_mask(generator, (len(rows), n), rate, self.dtype) for n in self.hidden]
        keeps = self.network.keeps(self.check_dropout(dropout, len(rows)))
        one = self._one(mask_set)
        return record(self.network, one.mask_set, one.own(self.bound.memory.fetch(theta)), rows, y, keeps)

    # ------------------------------------------------------------------------------------------ inside

    def _check(self, theta: Any, x: Any, context: Any, gaps: Any) -> tuple[Array, Array, Array | None, bool]:
        """Return theta, the rows of `x`, their context, and whether `x` was one row without an axis of rows."""
        may_gap = gaps is not REFUSE and as_gaps(gaps)  # it nearly always is: nothing to look at
        table, is_row = as_one_or_many(x, self.n_features)
        rows = self.check_rows(table, gaps=may_gap)
        return self.hold(theta), rows, self.check_context(context, len(rows)), is_row

    def _one(self, mask_set: Any) -> Bound:
        """Return what computes under the mask set of an index or a permutation."""
        if mask_set is None:
            raise ValueError("mask_set=None (the mixture) has no single network: give an index or a permutation")
        if isinstance(mask_set, (int, np.integer)) and not isinstance(mask_set, bool):
            last = None if self.n_masks is None else self.n_masks - 1
            return self.bound[as_count(mask_set, "mask_set", 0, last)]
        return self.bound.for_order(mask_set, "mask_set")

    def _several(self, mask_set: Any) -> list[Bound]:
        """Return what computes under the mask sets of a mixture (None), or under the one that is meant."""
        if mask_set is not None:
            return [self._one(mask_set)]
        return [self.bound[k] for k in self.mask_sets.mixed]


def log_mean_exp(log_probs: Array) -> Array:
    """Return ``log mean_k exp(log_probs[k])`` over the first axis, without overflow."""
    top = log_probs.max(axis=0)
    return np.asarray(top + np.log(np.exp(log_probs - top).mean(axis=0)))
