"""A plain autoencoder, out of which a MADE grows by masks.

Its layers and the places of its parameters are those of `MADE`; all that differs are the masks, which are True
everywhere. So an output sees its own input, copying pays, and ``exp(-loss)`` is no probability: over all rows it adds
up to more than 1. The better the autoencoder, the more absurd the sum. Masks cost loss, and buy truth.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from made_np.distributions.noise import NoisyOutputs, as_noise, spoil
from made_np.distributions.together import Outputs
from made_np.layers import Buffer, masked_linear, masked_linear_backward
from made_np.lazy import lazy
from made_np.masks.open import open_sets
from made_np.masks.sets import MaskSets
from made_np.model.arguments import as_one_or_many
from made_np.model.made import MADE
from made_np.network.layout import Layout
from made_np.typing import Array
from made_np.validation import as_rows, undrawn
from made_np.values import as_generator

__all__ = ["Autoencoder"]

OPTIONS = (
    "valid", "theta", "optimizer", "learning_rate", "schedule", "batch_size", "max_epochs", "max_seconds", "patience",
    "validate_every", "weight_decay", "dropout", "input_dropout", "averaging", "progress", "callbacks",
    "sample_weight", "valid_weight",
)  # fmt: skip
"""The arguments of `made_np.fit` that `Autoencoder.fit` takes too."""


@dataclass(frozen=True)
class Autoencoder:
    """A network that learns to give back what it is shown, through a layer that may be too narrow for it.

    Immutable, as `MADE` is; theta is passed to every call. Wherever rows (n, D) are asked about, one row (D,) may stand
    alone.

    Parameters
    ----------
    n_features : int
        D.
    hidden : sequence of int
        Widths of the hidden layers. The narrowest one (the first of several) is the bottleneck: what leads to it is the
        encoder, what follows is the decoder.
    output, activation, dtype
        As those of `MADE`.

    Raises
    ------
    ValueError, TypeError
        An argument that cannot be meant; the message says which and why.

    Examples
    --------
    >>> ae = Autoencoder(4, hidden=(8,), dtype="float64")
    >>> x = (np.arange(16)[:, None] >> np.arange(4)) & 1  # all rows of four bits
    >>> theta = ae.fit(x, learning_rate=0.05, max_epochs=300)
    >>> float(np.exp(-ae.row_loss(theta, x)).sum().round(1))  # it copies each of the 16, and is sure of all
    16.0
    >>> float(np.exp(ae.masked().log_prob(theta, x)).sum().round(12))  # the MADE with the same theta
    1.0
    """

    n_features: int
    hidden: tuple[int, ...] = (16,)
    output: Any = "bernoulli"
    activation: str = field(default="relu", kw_only=True)
    dtype: Any = field(default="float32", kw_only=True)

    def __post_init__(self) -> None:
        made = self.masked()
        if not made.hidden:
            raise ValueError("hidden=() leaves no layer to pass through: give widths, such as hidden=(16,)")
        for name in ("n_features", "hidden", "output", "dtype"):
            object.__setattr__(self, name, getattr(made, name))

    def masked(
        self, order: Any = "natural", *, degrees: Any = "spread", n_masks: int | None = 1, seed: int = 0
    ) -> MADE:
        """Return the MADE with the same layers: the same theta runs in both.

        It has no direct wires, so with a bottleneck narrower than D - 1 some features cannot depend on others: widen
        `hidden` for a good density. Arguments as those of `MADE`.

        Examples
        --------
        >>> ae = Autoencoder(5, hidden=(8,))
        >>> ae.masked(order="reverse").layout == ae.layout
        True
        """
        return MADE(
            self.n_features, self.hidden, self.output, activation=self.activation, order=order, degrees=degrees,
            n_masks=n_masks, direct=False, gap_inputs=False, seed=seed, dtype=self.dtype)  # fmt: skip

    @lazy
    def _learner(self) -> _Learner:
        made = self.masked()
        given = (made.n_features, made.hidden, made.output)
        return _Learner(*given, activation=made.activation, direct=False, dtype=made.dtype, backend="numpy")

    @property
    def layout(self) -> Layout:
        """Names, shapes and places of all parameters in theta, those of `masked`."""
        return self._learner.layout

    @property
    def n_params(self) -> int:
        """P, the length of theta."""
        return self.layout.size

    @property
    def bottleneck(self) -> int:
        """The number of the narrowest hidden layer, 0 for the first; its width is ``hidden[bottleneck]``."""
        return self.hidden.index(min(self.hidden))

    def init(self, rng: int | np.random.Generator = 0, x: Any = None, *, scheme: str = "normal") -> Array:
        """Return a new theta (P,): random weights, biases 0; with data `x`, started from its columns (`MADE.init`)."""
        return self._learner.init(rng, x, scheme=scheme)

    def fit(self, x: Any, *, noise: float = 0.0, rng: int | np.random.Generator | None = 0, **options: Any) -> Array:
        """Return the theta (P,) with which the rows of `x` (n, D) are given back best.

        Parameters
        ----------
        noise : float
            What the network is shown is spoilt anew at every step, as `corrupt` does it; it has to give back the rows
            as they are. Validation rows are spoilt too, in the same way each time.
        rng : int, numpy.random.Generator or None
            Decides start, batches and noise.
        **options
            ``valid=``, ``optimizer=``, ``learning_rate=``, ``max_epochs=``, ``callbacks=`` and others, as
            `made_np.fit` takes them.

        Raises
        ------
        ValueError, TypeError
            An argument that cannot be meant.
        """
        from made_np.training.fit import fit

        for name in options:
            if name not in OPTIONS:
                raise TypeError(f"{name} is no argument of Autoencoder.fit: use some of {OPTIONS}")
        amount = as_noise(noise, self._learner.outputs)
        generator = as_generator(rng)
        with undrawn(generator):
            own = np.random.default_rng(generator.integers(1 << 63))
            return fit(replace(self._learner, noise=amount, noise_rng=own), x, rng=generator, **options).theta

    def corrupt(self, x: Any, noise: float, rng: int | np.random.Generator | None = 0) -> Array:
        """Return rows `x` with noise.

        Of features with a list of values, such as bits, `noise` is the share that is replaced by another one; to real
        numbers a normal one is added, with this standard deviation.
        """
        rows, is_row = self._rows(x)
        amount = as_noise(noise, self._learner.outputs)
        spoilt = spoil(self._learner.outputs, rows, amount, as_generator(rng))
        return spoilt[0] if is_row else spoilt

    # ------------------------------------------------------------------------------------------ forward

    def encode(self, theta: Array, x: Any) -> Array:
        """Return the activations of the bottleneck (n, H): rows, compressed. No parameter of the decoder is read."""
        rows, is_row = self._rows(x)
        units = self._learner.outputs.encode(rows)
        _, _, code = self._walk(self._views(theta), units, range(self.bottleneck + 1))
        return code[0] if is_row else code

    def decode(self, theta: Array, code: Any) -> Array:
        """Return the rows (n, D) that activations of the bottleneck (n, H) stand for. No encoder is needed."""
        given, is_row = as_one_or_many(code, self.hidden[self.bottleneck], "code")
        units = as_rows(given, self.hidden[self.bottleneck], self.dtype, "code")
        _, _, raw = self._walk(self._views(theta), units, range(self.bottleneck + 1, len(self.hidden) + 1))
        rows = self._learner.outputs.centre(raw)
        return rows[0] if is_row else rows

    def reconstruct(self, theta: Array, x: Any) -> Array:
        """Return what the network gives back for rows `x`, (n, D): means; for a categorical feature, a code."""
        rows, is_row = self._rows(x)
        _, _, raw = self._walk(self._views(theta), self._learner.outputs.encode(rows), self._layers)
        back = self._learner.outputs.centre(raw)
        return back[0] if is_row else back

    def row_loss(self, theta: Array, x: Any, target: Any = None) -> Array:
        """Return the loss of each row in nats, shape (n,): how badly `target`, by default x itself, is given back.

        It is computed as -log p of a MADE is, and is none: see the example of the class.
        """
        rows, is_row = self._rows(x)
        values = self._target(rows, target)
        _, _, raw = self._walk(self._views(theta), self._learner.outputs.encode(rows), self._layers)
        loss = self._learner.outputs.nll(raw, values).sum(axis=1, dtype=np.float64)
        return loss[0] if is_row else loss

    def loss(self, theta: Array, x: Any, target: Any = None) -> float:
        """Return the mean over rows of `row_loss`, in nats."""
        losses = np.atleast_1d(self.row_loss(theta, x, target))
        return float(losses.sum() / max(len(losses), 1))

    def _walk(self, views: dict[str, Array], h: Array, layers: Iterable[int]) -> tuple[list[Array], list[Array], Array]:
        """Return what each layer was given, what its activation needs on the way back, and what the last one gave."""
        inputs = []
        kept = []
        for layer in layers:
            inputs.append(h)
            h = masked_linear(h, views[f"W{layer}"], views[f"b{layer}"], self._masks[layer])
            if layer < len(self.hidden):
                h, needed = self._learner.network.act.run(h)
                kept.append(needed)
        return inputs, kept, h

    # ------------------------------------------------------------------------------------------ backward

    def loss_and_grad(self, theta: Array, x: Any, target: Any = None) -> tuple[float, Array]:
        """Return the `loss`, in nats, and its gradient (P,).

        Notes
        -----
        The page `layers` for a network of any depth, with masks that are True everywhere. For `masked`, put its masks
        in their place: not a line more.
        """
        rows, _ = self._rows(x)
        values = self._target(rows, target)
        views = self._views(theta)
        inputs, kept, raw = self._walk(views, self._learner.outputs.encode(rows), self._layers)
        nll, d_raw = self._learner.outputs.nll_and_grad(raw, values)
        B = max(len(rows), 1)
        grad = np.empty_like(theta)
        dviews = self.layout.views(grad)
        dy = d_raw / B
        for layer in reversed(self._layers):
            W = f"W{layer}"
            b = f"b{layer}"
            wanted: Buffer = None if layer else False  # nobody asks for the gradient of the data
            given = (inputs[layer], views[W], views[b], self._masks[layer])
            dh, _, _ = masked_linear_backward(dy, *given, dx=wanted, dW=dviews[W], db=dviews[b])
            if layer:
                dy = self._learner.network.act.run_backward(dh, kept[layer - 1])
        return float(nll.sum(dtype=np.float64) / B), grad

    # ------------------------------------------------------------------------------------------ inside

    @property
    def _masks(self) -> tuple[Array, ...]:
        return self._learner.mask_sets[0].masks

    @property
    def _layers(self) -> range:
        return range(len(self.hidden) + 1)

    def _views(self, theta: Array) -> dict[str, Array]:
        return self.layout.views(self._learner.check_theta(theta))

    def _rows(self, x: Any, name: str = "x") -> tuple[Array, bool]:
        table, is_row = as_one_or_many(x, self.n_features, name)
        return self._learner.check_rows(table, name), is_row

    def _target(self, rows: Array, target: Any) -> Array:
        if target is None:
            return rows
        values, _ = self._rows(target, "target")
        if len(values) != len(rows):
            raise ValueError(f"target has {len(values)} rows, x has {len(rows)}: give one target per row")
        return values


@dataclass(frozen=True)
class _Learner(MADE):
    """The autoencoder as `made_np.fit` sees it: a model whose masks are open, and whose inputs are spoilt."""

    noise: float = field(default=0.0, kw_only=True)
    noise_rng: np.random.Generator | None = field(default=None, kw_only=True, compare=False, repr=False)

    @lazy
    def mask_sets(self) -> MaskSets:
        """Those of the model, opened."""
        return open_sets(MADE.mask_sets.compute(self))

    @lazy
    def outputs(self) -> Outputs:
        """Those of the model, which spoil what they show."""
        each = Outputs.of(self.output, self.n_features).feature_outputs
        return NoisyOutputs(each, (), self.noise, self.noise_rng)

    def log_prob(self, theta: Array, x: Any, **more: Any) -> Array:
        """Return minus the loss of each row, with the same noise at every call: epochs are compared by it."""
        return MADE.log_prob(replace(self, noise_rng=np.random.default_rng(0)), theta, x, **more)
