"""What `suite` may know of a model: a bag of optional callables, NumPy in and NumPy out."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from numpy.typing import ArrayLike

from .compare import Floats, Names
from .points import Support


@dataclass(frozen=True)
class Layer:
    """A pair for `check_vjp`: ``forward(*inputs)`` and ``vjp(dy, *inputs)``, at these inputs."""

    name: str
    forward: Callable[..., Any]
    vjp: Callable[..., Any]
    inputs: Sequence[ArrayLike]
    frozen: Sequence[ArrayLike | None] | None = None


@dataclass(frozen=True, kw_only=True)
class Adapter:
    """A model as the checks see it. Only ``n_features`` is needed; what is missing is not checked.

    Callables take and return arrays. For torch begin with
    ``torch.as_tensor(np.ascontiguousarray(x, dtype=np.float64))`` on a model in float64, and end with
    ``.detach().numpy()``; for JAX enable 64 bits and end with ``np.asarray``.

    Parameters
    ----------
    n_features : int
        D.
    order : array_like, optional
        (D,) features in the sequence in which they are generated; None if unknown.
    n_params, layout
        Columns of ``params`` for each feature, see `check_autoregressive`.
    support : optional
        Values of the columns, see `check_normalised`; None: real numbers, too many to add up.
    params : callable, optional
        (B, D) -> (B, O): raw parameters of the conditionals.
    log_prob : callable, optional
        (B, D) -> (B,), in nats.
    sample : callable, optional
        Uniforms (n, D) -> (n, D).
    conditional, inverse : callable, optional
        See `check_sampler`: one of them is needed beside ``sample``.
    loss, grad, theta : optional
        (P,) -> float and (P,) -> (P,), at the float64 vector theta.
    names, frozen, rows : optional
        See `check_gradient`.
    masks, direct, skips, n_inputs, n_outputs : optional
        See `check_masks`; ``n_outputs`` is ``n_params`` if not given.
    n_context, params_given : optional
        Width of the context, and ((B, D), (B, C)) -> (B, O).
    layers : sequence of Layer
        Single layers with their backward passes.
    lost : {"note", "fail", "ignore"}
        What it is that no input is seen to change an output that it may change, see `check_autoregressive`.
        In ``masks`` such a loss, and a dead unit, always fail, unless this is "ignore".
    atol : float
        Of the sum of probabilities; 1e-5 with float32 inside.
    rtol : float, optional
        Of answers that may round otherwise in another batch, see `check_consistency`.
    name : str
        For the reports.

    Examples
    --------
    >>> coin = Adapter(n_features=1, log_prob=lambda x: np.full(len(x), np.log(0.5)))
    >>> coin.has("log_prob"), coin.has("sample")
    (True, False)
    """

    n_features: int
    order: ArrayLike | None = None
    n_params: int | Sequence[int] = 1
    layout: str = "interleaved"
    support: Support | None = (0, 1)
    params: Callable[[Floats], Any] | None = None
    log_prob: Callable[[Floats], Any] | None = None
    sample: Callable[[Floats], Any] | None = None
    conditional: Callable[[Floats], Any] | None = None
    inverse: Callable[[Floats, Floats], Any] | None = None
    loss: Callable[[Floats], Any] | None = None
    grad: Callable[[Floats], Any] | None = None
    theta: ArrayLike | None = None
    names: Names | None = None
    frozen: ArrayLike | None = None
    rows: int | None = None
    masks: Sequence[ArrayLike] | None = None
    direct: ArrayLike | None = None
    skips: Sequence[ArrayLike | None] | None = None
    n_inputs: int | Sequence[int] = 1
    n_outputs: int | Sequence[int] | None = None
    n_context: int = 0
    params_given: Callable[[Floats, Floats], Any] | None = None
    layers: Sequence[Layer] = ()
    lost: str = "note"
    atol: float = 1e-9
    rtol: float | None = None
    name: str = "model"

    def has(self, *fields: str) -> bool:
        """True if all of these were given."""
        return all(getattr(self, field) is not None for field in fields)


def load_adapter(target: str) -> Adapter:
    """The adapter behind ``"package.module:name"``; if the name is a callable, what it returns.

    Raises
    ------
    ValueError
        If there is no such module or name, or it is no `Adapter`.
    """
    module_name, colon, name = target.partition(":")
    if not colon or not name:
        raise ValueError(f"{target!r} must look like package.module:factory")
    try:
        found = importlib.import_module(module_name)
        for part in name.split("."):
            found = getattr(found, part)
    except (ImportError, AttributeError) as error:
        raise ValueError(f"{target!r} cannot be found: {error}") from error
    made = found if isinstance(found, Adapter) else found() if callable(found) else found
    if not isinstance(made, Adapter):
        raise ValueError(f"{target!r} gives a {type(made).__name__}; it must be, or return, an Adapter")
    return made
