"""The container: a list of layers that it tells their masks, by which they are a MADE."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from made_np.masks.open import opened
from made_np.masks.sets import MaskSet
from made_np.model.arguments import as_one_or_many
from made_np.model.made import MADE
from made_np.proofs import made_adapter
from made_np.sequential.fitting import as_layer, linear_of, n_features_of
from made_np.sequential.linear import Elementwise, as_matrix
from made_np.sequential.seam import learner_of
from made_np.testing import Adapter
from made_np.training.fit import FitResult, fit
from made_np.typing import Array
from made_np.validation import as_doubles, as_uniforms

__all__ = ["Sequential"]


class Sequential:
    """Layers, one after the other, which together are a MADE.

    Parameters
    ----------
    *layers : MaskedLinear, str, or a layer of your own
        From the input to the output, `MaskedLinear` first and last, at least two of them. A string is an activation.
        Of your own is whatever has ``forward(x)`` and ``backward(dy)`` and works on each unit by itself: one that mixes
        units leaks, and `adapter` lets the property suite see it.
    output, order, degrees, seed
        As those of `MADE`. ``order=None`` leaves all wires: an autoencoder.
    rng : int or numpy.random.Generator
        Draws the weights that training starts from, as `MADE.init` does.

    Raises
    ------
    ValueError, TypeError
        Layers that do not fit together, or another argument that cannot be meant.

    Examples
    --------
    >>> from made_np import MaskedLinear
    >>> net = Sequential(MaskedLinear(3, 8), "elu", MaskedLinear(8, 3), order=[2, 0, 1])
    >>> net
    Sequential(
      MaskedLinear(3, 8), 12 of 24 wires
      Elementwise('elu')
      MaskedLinear(8, 3), 12 of 24 wires
    )
    >>> x = (np.arange(8)[:, None] >> np.arange(3)) & 1  # all rows of three bits
    >>> float(np.exp(net.log_prob(x)).sum().round(12))
    1.0
    >>> loss, grad = net.loss_and_grad(x)
    >>> net.layers[0].dW.shape, grad.shape
    ((8, 3), (59,))
    """

    def __init__(
        self,
        *layers: Any,
        output: Any = "bernoulli",
        order: Any = "natural",
        degrees: Any = "spread",
        seed: int = 0,
        rng: int | np.random.Generator = 0,
    ) -> None:
        self.layers: list[Any] = [as_layer(each, f"layers[{k}]") for k, each in enumerate(layers)]
        self._linear = linear_of(self.layers)
        self.is_open = order is None
        hidden = tuple(layer.n_outputs for layer in self._linear[:-1])
        n_features = n_features_of(output, self._linear[0].n_inputs)
        kinds = {each.activation for each in self.layers if isinstance(each, Elementwise)}
        self._shape = MADE(
            n_features, hidden, output, activation=min(kinds, default="identity"), degrees=degrees, seed=seed,
            order="natural" if order is None else order, direct=False, dtype="float64", backend="numpy")  # fmt: skip
        self._check_ends()
        own = self._shape.mask_sets[0]
        self.order = own.order.copy()
        self._set_masks(opened(own) if self.is_open else own)
        self.theta = self._shape.init(rng)

    def __repr__(self) -> str:
        return "\n".join(["Sequential(", *(f"  {each!r}" for each in self.layers), ")"])

    def _check_ends(self) -> None:
        first = self._linear[0].n_inputs
        last = self._linear[-1].n_outputs
        network = self._shape.network
        for name, got, want in (("first", first, network.n_inputs), ("last", last, network.outputs.n_raw)):
            if got != want:
                side = "inputs" if name == "first" else "outputs"
                raise ValueError(f"the {name} of layers has {got} {side}: this output needs {want} of them")

    def _set_masks(self, own: MaskSet) -> None:
        """Tell each linear layer its mask, and the degrees that it follows from."""
        for layer, mask, degrees in zip(self._linear, own.masks, (*own.degrees, own.output_degrees), strict=True):
            layer.mask = mask.copy()
            layer.degrees = degrees.copy()

    # ------------------------------------------------------------------------------------------ parameters

    @property
    def made(self) -> MADE:
        """The MADE with the same numbers: ``net.made.log_prob(net.theta, x)``; it draws rows in about one pass.

        Raises
        ------
        ValueError
            There is none: with all wires, with two activations, or with a layer of your own.
        """
        between = self.layers[1:-1]
        acts = {each.activation for each in between if isinstance(each, Elementwise)}
        n_linear = len(self._linear)
        alternate = [isinstance(each, Elementwise) for each in between] == [True, False] * (n_linear - 2) + [True]
        is_alike = (alternate and len(acts) == 1) or len(between) == n_linear - 2
        if self.is_open or not is_alike:
            raise ValueError("made: there is a MADE of layers with an order, and with one activation between any two")
        return replace(self._shape, backend="auto")

    @property
    def theta(self) -> Array:
        """A copy of all parameters (P,), laid out as in `MADE`; write to it to set them all."""
        return self._joined("W", "b")

    @theta.setter
    def theta(self, theta: Any) -> None:
        """Write all parameters into the layers."""
        vector = as_doubles(theta, "theta")
        size = self._shape.n_params
        if vector.shape != (size,):
            raise ValueError(f"theta has shape {vector.shape}: these layers need ({size},)")
        views = self._shape.layout.views(np.ascontiguousarray(vector))
        for k, layer in enumerate(self._linear):
            layer.W = views[f"W{k}"].copy()
            layer.b = views[f"b{k}"].copy()

    def _joined(self, *names: str) -> Array:
        """Return the arrays of these names, of one layer after the other, as a vector."""
        parts = [np.ravel(getattr(layer, name)) for layer in self._linear for name in names]
        joined = np.concatenate(parts)
        if joined.shape != (self._shape.n_params,):
            raise ValueError(f"the layers hold {joined.size} numbers in {names}, and need {self._shape.n_params}")
        return joined

    # ------------------------------------------------------------------------------------------ numbers

    def forward(self, x: Any) -> Array:
        """Return the raw outputs (n, O) for rows `x` (n, D)."""
        return self._up(self._rows(x))

    def backward(self, d_raw: Any) -> Array:
        """Return the gradient of the input units (n, I), given that of the raw outputs (n, O).

        Afterwards each `MaskedLinear` has its dW and db: overwritten, not added to.
        """
        dy = as_matrix(d_raw, self._shape.outputs.n_raw, "d_raw")
        for layer in reversed(self.layers):
            dy = layer.backward(dy)
        return dy

    def log_prob(self, x: Any) -> Array:
        """Return log p(x) of each row, in nats, shape (n,); with ``order=None`` minus a loss, and no probability."""
        rows = self._rows(x)
        return -np.asarray(self._shape.outputs.nll(self._up(rows), rows).sum(axis=1))

    def loss(self, x: Any) -> float:
        """Return the mean over rows of ``-log_prob``, in nats."""
        log_prob = self.log_prob(x)
        return float(-log_prob.sum() / max(len(log_prob), 1))

    def loss_and_grad(self, x: Any) -> tuple[float, Array]:
        """Return the `loss` and its gradient (P,), laid out as `theta`. The layers then have their parts of it."""
        rows = self._rows(x)
        B = max(len(rows), 1)
        nll = self._learn(rows, np.full(len(rows), 1 / B))
        return float(nll.sum() / B), self._joined("dW", "db")

    def sample(self, uniforms: Any) -> Array:
        """Draw a row per row of `uniforms` (n, D), feature by feature: a whole forward pass for each of the D.

        ``net.made.sample`` gives the same rows for about the price of one.
        """
        if self.is_open:
            raise ValueError("uniforms decide nothing here: with order=None no feature comes first, so give an order")
        given = as_doubles(uniforms, "uniforms")
        return self._draw(as_uniforms(given, len(given) if given.ndim else 0, self._shape.n_features))

    def _draw(self, u: Array) -> Array:
        x = np.zeros(u.shape)
        for d in self.order:
            raw = self._up(x)[:, self._shape.output_slices[d]]
            x[:, d] = self._shape.outputs.feature_outputs[d].inverse_cdf(raw, u[:, d])
        return x

    def _rows(self, x: Any) -> Array:
        table, _ = as_one_or_many(x, self._shape.n_features)
        return self._shape.check_rows(table)

    def _up(self, rows: Array) -> Array:
        h = self._shape.outputs.encode(rows)
        for layer in self.layers:
            h = layer.forward(h)
        return h

    def _learn(self, rows: Array, weights: Array) -> Array:
        """Return the nll of each row; the layers then have the gradient of its weighted sum."""
        nll, d_raw = self._shape.outputs.nll_and_grad(self._up(rows), rows)
        self.backward(d_raw * weights[:, None])
        return np.asarray(nll.sum(axis=1))

    # ------------------------------------------------------------------------------------------ with the rest

    def fit(self, x: Any, **options: Any) -> FitResult:
        """Train the layers on rows `x` (n, D), from where they stand; return the `FitResult` of `made_np.fit`.

        Arguments as there, but for dropout, context and gaps.
        """
        refused = {"dropout", "input_dropout", "context", "valid_context", "gaps", "theta", "comm", "checkpoint"}
        for name in sorted(refused & set(options)):
            raise TypeError(f"{name} is no argument of Sequential.fit: use made_np.fit with net.made")
        result = fit(learner_of(self), x, theta=self.theta, **options)
        self.theta = result.theta
        return result

    def adapter(self, *, rows: int = 5, rng: int = 0) -> Adapter:
        """Return the layers as `made_np.testing.suite` sees them: near where they stand, with the masks that they have.

        `rows` and `rng` as in `made_np.proofs.made_adapter`.
        """
        seen = made_adapter(learner_of(self), self.theta, rows=rows, rng=rng)
        named = replace(seen, name="Sequential", masks=[layer.mask for layer in self._linear])
        return replace(named, sample=None) if self.is_open else named
