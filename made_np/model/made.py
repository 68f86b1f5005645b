"""MADE: what a model does. It owns no parameters; ``theta`` is passed to every call."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from made_np.backends.bound import Bound
from made_np.distributions.together import outputs_from_config
from made_np.model.arguments import as_one_or_many
from made_np.model.description import Description
from made_np.model.gaps import choose, fill
from made_np.model.rows import Rows
from made_np.network.jacobian import jacobian
from made_np.network.starts import SCHEMES, draw_parameters
from made_np.typing import Array, Ints
from made_np.validation import Unregistered, as_dense, as_uniforms, undrawn
from made_np.values import as_a, as_choice, as_count, as_generator


@dataclass(frozen=True)
class MADE(Description):
    """A masked autoencoder for distribution estimation: ``p(x) = prod_d p(x_d | x before d)``.

    Germain, Gregor, Murray and Larochelle (2015), arXiv 1502.03509. Immutable, hashable, picklable.

    Wherever rows (n, D) are asked about, one row (D,) may stand alone: the answer is then that of the row, without the
    axis of rows. One row of context (C,) is the context of all rows.

    Parameters
    ----------
    n_features : int
        D.
    hidden : sequence of int
        Widths of the hidden layers; ``()`` leaves a linear model (logistic regressions; FVSBN in the literature).
    output : str, Distribution, or a list of them, one per feature
        "bernoulli", "gaussian", ``Categorical(n)``, ``Gaussian()``, ``MixtureOfGaussians(n)``,
        ``MixtureOfLogistics(n)``, ``DiscretizedLogistic(levels, n)``, or one of your own, by its name if it has been
        given one (`made_np.distributions.register`).
    activation : str
        "relu", "tanh", "sigmoid", "softplus", "elu", "leaky_relu", "selu", "gelu", "silu" or "identity" (see `layers`),
        or the name of one of your own (`layers.register_activation`).
    order : {"natural", "reverse", "random"}, permutation (D,), or permutations (n_masks, D)
        The sequence in which features are generated; "random" draws one per mask set.
    degrees : {"spread", "random"}, one integer array per hidden layer, or a list of such lists, one per mask set
        How far each hidden unit sees, counted from 1 along the order. "spread": every degree, evenly. "random": drawn,
        anew for each mask set. A list per mask set represents an ensemble of masks that were drawn elsewhere.
    n_masks : int or None
        How many mask sets share theta; None: endlessly many, a fresh one at every training step. With order="random"
        each has an order of its own, and the first 32 are mixed. With one order that is its *home*: rows without gaps
        are scored and drawn in it, every other training step takes it, and the steps between take *paths*, the orders
        for rows with gaps (`path`).
    direct : bool or "auto"
        Wires from input to output. "auto": if a hidden layer is too narrow to carry every dependency.
    residual : bool
        Hidden layers add the layer below them, where widths agree.
    mask_weights : bool
        Further weights that tell the network its masks: each W gets a U of its shape, and a layer adds ``(U * M) 1`` to
        its biases, where M is the mask and 1 a vector of ones (section 4.2 of the paper). So a unit can tell an input
        that is 0 from one that it does not see. It pays with many mask sets, above all endlessly many; with one mask
        set it is but another bias.
    n_context : int
        Extra inputs y of p(x | y), seen by every output.
    seed : int
        Decides orders and degrees.
    dtype : {"float32", "float64"}
        Of theta and of all arithmetic.
    backend : {"auto", "numba", "numpy"}
        "auto": as the environment variable MADE_NP_BACKEND says; else numba where it is installed.

    Raises
    ------
    ValueError, TypeError
        An argument that cannot be meant; the message says which and why.

    Examples
    --------
    >>> made = MADE(4, hidden=(8,), dtype="float64")
    >>> theta = made.init(rng=0)
    >>> x = (np.arange(16)[:, None] >> np.arange(4)) & 1  # all rows of four bits
    >>> float(np.exp(made.log_prob(theta, x)).sum().round(12))
    1.0
    """

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> MADE:
        """Return the model whose `config` this is."""
        way_out = "give what config() wrote"
        given = as_a(config, "config", dict, way_out)
        try:
            return cls(**{**given, "output": outputs_from_config(given.get("output"))})
        except Unregistered:
            raise
        except (TypeError, ValueError) as error:
            raise ValueError(f"config is none of a model ({error}): {way_out}") from error

    def init(self, rng: int | np.random.Generator = 0, x: Any = None, *, scheme: str = "normal") -> Array:
        """Return a new theta (P,): random weights, biases 0, direct and mask weights 0.

        With a single mask set, weights off its masks are 0 too (they have no influence, whatever they are).

        Parameters
        ----------
        rng : int or numpy.random.Generator
        x : array (n, D), optional
            Data: the start is then the independent model of its columns, whatever the scale of the hidden layers. The
            output biases are set to each column's own distribution, and the output weights to 0.
        scheme : {"normal", "orthogonal"}
            Of the weights: independent normal numbers, or matrices with orthonormal rows or columns, which keep signals
            in shape through many layers (Saxe, McClelland and Ganguli 2014), before the masks cut them. The variance is
            the same: 2 / fan-in below relu, else 1 / fan-in, where the fan-in counts live wires.
        """
        as_choice(scheme, "scheme", SCHEMES)
        generator = as_generator(rng)
        rows = None
        if x is not None:
            table, _ = as_one_or_many(x, self.n_features)
            rows = table if isinstance(table, Rows) else Rows(self.check_rows(table))
        if rows is not None and len(rows) == 0:
            raise ValueError("x has no rows: init needs some to set the output biases from")
        theta = draw_parameters(self.network, generator, self.mask_sets[0], self.dtype, scheme)
        views = self.layout.views(theta)
        if self.n_masks == 1:
            for name, mask in self.network.masks(self.mask_sets[0]).items():
                views[name][~mask] = 0
        if rows is not None:
            views[self.network.output_bias][:] = self.outputs.marginal(rows.x, self.dtype)
            if self.hidden:
                views[self.network.output_weights][:] = 0
        return theta

    def raw_outputs(self, theta: Array, x: Any, *, context: Any = None, mask_set: Any = 0) -> Array:
        """Return the raw outputs (B, O): those of feature d, such as its logits, are ``[:, output_slices[d]]``.

        `mask_set` is an index or a permutation; a mixture has no raw outputs of its own.
        """
        theta, rows, context, is_row = self._check(theta, x, context)
        raw = self._one(mask_set).raw_outputs(theta, rows, context)
        return raw[0] if is_row else raw

    def jacobian(self, theta: Array, x: Any, *, context: Any = None, mask_set: Any = 0) -> Array:
        """Return how raw outputs change with input units, ``J[b, o, i] = d raw[b, o] / d unit[b, i]``: (B, O, I + C).

        Input units are the columns of W0: those of feature d are ``input_slices[d]`` (one for most distributions, n for
        ``Categorical(n)``, whose values are one-hot there), and the last C are the context. So feature d depends on
        feature j if and only if something is not 0 in the block ``J[..., output_slices[d], input_slices[j]]``; a block
        that no path of wires leads to is exactly 0.

        It is computed by backpropagation from each raw output, whatever the backend.

        Parameters
        ----------
        mask_set : int or permutation
            A mixture has no raw outputs of its own.

        Examples
        --------
        >>> made = MADE(3, hidden=(8,), order=[2, 0, 1], activation="tanh")
        >>> J = made.jacobian(made.init(rng=0), [0, 1, 1])
        >>> (J != 0).astype(int)  # feature 2 comes first, then 0, then 1
        array([[0, 0, 1],
               [1, 0, 1],
               [0, 0, 0]])
        """
        theta, rows, context, is_row = self._check(theta, x, context)
        one = self._one(mask_set).mask_set
        result = jacobian(self.network, theta, self.outputs.encode(rows, context), one)
        return result[0] if is_row else result

    def feature_log_prob(self, theta: Array, x: Any, *, context: Any = None, mask_set: Any = 0) -> Array:
        """Return log p(x_d | x before d) of each value, in nats, shape (B, D), under one mask set."""
        theta, rows, context, is_row = self._check(theta, x, context)
        log_prob = -self._one(mask_set).nll(theta, rows, context)
        return log_prob[0] if is_row else log_prob

    def log_prob(self, theta: Array, x: Any, *, context: Any = None, mask_set: Any = None) -> Array:
        """Return log p(x) of each row, in nats, shape (B,).

        Over several mask sets, ``logsumexp_k log p_k(x) - log K``: the likelihood of their mixture, which sums to 1
        over all x. (Averaging logits over orders does not.)

        Parameters
        ----------
        mask_set : int, permutation, or None
            None: the mixture over all mask sets; of an endless model, over the first 32 (`mixture` for others); of
            one with paths, its home order.
        """
        theta = self.check_theta(theta)
        sets = self._several(mask_set)
        x, is_row = as_one_or_many(x, self.n_features)
        found = []
        for rows, y in self.check_blocks(x, context):
            each = [-one.row_nll(theta, rows, y) for one in sets]
            found.append(_log_mean_exp(np.stack(each)).astype(self.dtype))
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

        Notes
        -----
        For the mixture, ``d log sum_k p_k = sum_k r_k d log p_k`` with ``r_k = p_k / sum_j p_j``: a row's gradient is
        shared out by how likely each mask set finds it.
        """
        theta, rows, y, _ = self._check(theta, x, context)
        keeps = self.check_dropout(dropout, len(rows))
        sets = self._several(mask_set)
        n = max(len(rows), 1)
        if grad is None:
            grad = np.empty_like(theta)
        else:
            read = {f"dropout[{k}]": keep for k, keep in enumerate(keeps or ())}
            read["x"] = as_dense(x, "x")  # what the caller holds, of which rows of another dtype would be a copy
            read["context"] = None if y is None else as_dense(context, "context")
            self.check_grad(grad, theta=theta, **read)
        if len(sets) == 1:
            nll = sets[0].loss_and_grad(theta, rows, y, grad, keeps)
            return float(nll.sum() / n), grad
        log_probs = -np.stack([one.row_nll(theta, rows, y, keeps) for one in sets])
        mixture = _log_mean_exp(log_probs)
        shares = np.exp(log_probs - mixture) / (len(sets) * n)
        part = np.empty_like(grad)
        grad[:] = 0
        for one, share in zip(sets, shares.astype(self.dtype), strict=True):
            one.loss_and_grad(theta, rows, y, part, keeps, share)
            grad += part
        return float(-mixture.sum() / n), grad

    def sample(
        self,
        theta: Array,
        n: int,
        *,
        rng: int | np.random.Generator | None = None,
        given: Any = None,
        conditioning: str = "exact",
        context: Any = None,
        mask_set: Any = None,
        uniforms: Any = None,
    ) -> Array:
        """Draw n rows (n, D), for about the price of one forward pass (see `sampling`).

        Parameters
        ----------
        given : array (n, D) or (D,), optional
            Known values, NaN where to fill; one row (D,) serves all n draws.
        conditioning : {"exact", "clamp"}
            "exact": draws from p(rest | given), in an order that the given features lead; a model that has none
            raises. "clamp": given values are put in as they are reached; features drawn earlier do not hear of them.
        mask_set : int, permutation, or None
            None: each row draws its mask set (given some features, by how likely each set finds them).
        uniforms : array (n, D), optional
            The uniform in [0, 1) that decides feature i; drawn from `rng` by default. Which mask set a row draws is up
            to `rng`.

        Raises
        ------
        ValueError
            The given features lead in no order of this model, or `theta` holds NaN or infinity.
        """
        generator = as_generator(rng)
        n = as_count(n, "n", 0)
        u = None if uniforms is None else as_uniforms(uniforms, n, self.n_features)
        theta = self.check_theta(theta)
        x = self.check_given(given, n)
        with undrawn(generator):
            y = self.check_context(context, n, of="n is")
            sets = self._several(mask_set)
            chosen = choose(self, theta, x, y, mask_set, sets, conditioning, generator)
            if u is None:
                u = generator.random((n, self.n_features))

            def run(rows: Ints | slice, one: Bound, y: Array | None) -> Array:
                return one.sample(theta, u[rows], x[rows], y)

            return fill(self, theta, x, y, sets, chosen, run)

    def fill_means(
        self,
        theta: Array,
        given: Any,
        *,
        rng: int | np.random.Generator = 0,
        conditioning: str = "exact",
        context: Any = None,
        mask_set: Any = None,
    ) -> Array:
        """Return `given` (n, D) with each NaN filled by the centre of its conditional, fed back as if observed.

        For a linear Gaussian model that is E[rest | given]; in general, one central completion (an average of many
        draws of `sample` is the mean). Arguments as in `sample`.
        """
        generator = as_generator(rng)
        gappy, is_row = as_one_or_many(given, self.n_features, "given")
        theta = self.check_theta(theta)
        x = self.check_given(gappy, len(gappy) if gappy.ndim == 2 else 1)
        with undrawn(generator):
            y = self.check_context(context, len(x), of="given has")
            sets = self._several(mask_set)
            chosen = choose(self, theta, x, y, mask_set, sets, conditioning, generator)

            def run(rows: Ints | slice, one: Bound, y: Array | None) -> Array:
                return one.propagate_means(theta, x[rows], y)

            filled = fill(self, theta, x, y, sets, chosen, run)
        return filled[0] if is_row else filled

    # ------------------------------------------------------------------------------------------ inside

    def _check(self, theta: Any, x: Any, context: Any) -> tuple[Array, Array, Array | None, bool]:
        """Return theta, the rows of `x`, their context, and whether `x` was one row without an axis of rows."""
        table, is_row = as_one_or_many(x, self.n_features)
        rows = self.check_rows(table)
        return self.check_theta(theta), rows, self.check_context(context, len(rows)), is_row

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
        return [self.bound[k] for k in range(self.n_mixed)]


def as_model(made: Any) -> MADE:
    """Return `made` if it is a model, or raise a `TypeError`."""
    return as_a(made, "made", MADE, "give a made_np.MADE, such as the made_ of a MADEDensity")


def _log_mean_exp(log_probs: Array) -> Array:
    """Return ``log mean_k exp(log_probs[k])`` over the first axis, without overflow."""
    top = log_probs.max(axis=0)
    return np.asarray(top + np.log(np.exp(log_probs - top).mean(axis=0)))
