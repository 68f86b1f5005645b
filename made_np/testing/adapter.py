"""What `suite` may know of a model: a bag of optional callables on NumPy arrays."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from typing import Any

from numpy.typing import ArrayLike

from .arrays import MOST_FEATURES, MOST_NUMBERS, as_features, as_flags, as_frozen, as_inputs, as_list, as_point
from .autoregressive import LOST
from .compare import Floats, Names, namer
from .conditionals import Values
from .masks import as_mask, as_masks, as_skips
from .points import Support, columns_of
from .questions import Where
from .roundtrip import WAYS, as_pair, as_scores, as_ways
from .values import as_a, as_callable, as_choice, as_count, as_flag, as_number
from .wiring import LAYOUTS, as_allowed, as_order, feature_of_columns

CALLABLES = (
    "params",
    "log_prob",
    "sample",
    "conditional",
    "inverse",
    "draw",
    "cdf",
    "log_marginal",
    "log_conditional",
    "loss",
    "grad",
    "params_given",
    "probability",
    "clone",
)

ENTRIES = ("auto", "all")


@dataclass(frozen=True)
class Layer:
    """A pair for `check_vjp`: ``forward(*inputs)`` and ``vjp(dy, *inputs)``, at these inputs.

    Raises
    ------
    TypeError, ValueError
        If one of these is of another kind than `check_vjp` takes.
    """

    name: str
    forward: Callable[..., Any]
    vjp: Callable[..., Any]
    inputs: Sequence[ArrayLike]
    frozen: Sequence[ArrayLike | None] | None = None

    def __post_init__(self) -> None:
        as_a(self.name, "name", str, "give the layer a name")
        as_callable(self.forward, "forward", "(*inputs) -> array")
        as_callable(self.vjp, "vjp", "(dy, *inputs) -> gradients")
        arrays = as_inputs(self.inputs)
        as_frozen(self.frozen, arrays, [f"inputs[{i}]" for i in range(len(arrays))])


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
    draw : callable, optional
        n -> (n, D): the sampler, where it takes no uniforms, see `check_sampler_counts`.
    n_draws : int
        How many rows are drawn to be counted, at least 100; of wide ones fewer may fit into memory.
    cdf : callable, optional
        (n, D) -> two arrays (n, D): the conditional CDF below each value, and up to it, see `check_calibrated`,
        which needs ``draw`` or ``sample`` beside it.
    log_marginal, log_conditional, leading : optional
        ``{column: value}`` -> nats, and (asked, given) -> nats, see `check_conditionals`. ``leading=True``: they answer
        only about what leads in ``order``.
    loss, grad, theta : optional
        (P,) -> float and (P,) -> (P,), at the float64 vector theta.
    names, frozen, rows : optional
        See `check_gradient`.
    entries : {"auto", "all"} or int
        How many entries of the gradient are swept, by two calls of ``loss`` for each: all, or so many random ones;
        0: none, but random directions through each block of parameters. "auto": all up to 2000, else 64; where these
        would take more than 30 s (one call is timed), directions, and the report says so.
    masks, direct, skips, n_inputs, n_outputs : optional
        See `check_masks`; ``n_outputs`` is ``n_params`` if not given.
    allowed : array_like, optional
        (D, D): what the outputs of each feature may depend on, where that is less than an order permits, see
        `check_autoregressive`.
    n_context, params_given : optional
        Width of the context, and ((B, D), (B, C)) -> (B, O).
    probability : callable, optional
        ``{column: (low, high)}`` -> the probability of that range, see `check_measure`; columns are called 0..D-1.
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
    empty : bool
        Whether batches of 0 rows are promised, see `check_consistency`; torch.distributions has none.
    masks_layout : {"interleaved", "blocked"}, optional
        Of the output units in ``masks`` and ``direct``, where it is not that of ``params``.
    model, log_prob_of, save, load, clone, ways : optional
        The model itself, how it is asked (``log_prob`` of `check_roundtrip`), and how it is stored or copied.
    build, factory : callable, optional
        () -> the model, see `check_global_state`; () -> this adapter, which `load_adapter` fills in: where there is no
        ``build``, the constructors that it calls are looked at.

    Raises
    ------
    TypeError, ValueError
        If a field is of another kind than its check takes, or does not fit the others. What masks and callables hold
        or return is left to the checks.

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
    draw: Callable[[int], Any] | None = None
    n_draws: int = 10_000
    cdf: Callable[[Floats], Any] | None = None
    log_marginal: Callable[[Values], Any] | None = None
    log_conditional: Callable[[Values, Values], Any] | None = None
    leading: bool = False
    loss: Callable[[Floats], Any] | None = None
    grad: Callable[[Floats], Any] | None = None
    theta: ArrayLike | None = None
    names: Names | None = None
    frozen: ArrayLike | None = None
    rows: int | None = None
    entries: int | str = "auto"
    masks: Sequence[ArrayLike] | None = None
    direct: ArrayLike | None = None
    skips: Sequence[ArrayLike | None] | None = None
    n_inputs: int | Sequence[int] = 1
    n_outputs: int | Sequence[int] | None = None
    allowed: ArrayLike | None = None
    n_context: int = 0
    params_given: Callable[[Floats, Floats], Any] | None = None
    probability: Callable[[Where], Any] | None = None
    layers: Sequence[Layer] = ()
    lost: str = "note"
    atol: float = 1e-9
    rtol: float | None = None
    name: str = "model"
    empty: bool = True
    masks_layout: str | None = None
    model: Any = None
    log_prob_of: Callable[[Any, Floats], Any] | None = None
    save: Callable[[Any, str], Any] | None = None
    load: Callable[[str], Any] | None = None
    clone: Callable[[Any], Any] | None = None
    ways: Sequence[str] = WAYS
    build: Callable[[], Any] | None = None
    factory: Callable[[], Any] | None = None

    def __post_init__(self) -> None:
        for name in CALLABLES:
            if getattr(self, name) is not None:
                as_callable(getattr(self, name), name)
        if self.masks_layout is not None:
            as_choice(self.masks_layout, "masks_layout", LAYOUTS)
        self._look_at_columns(as_features(self.n_features))
        self._look_at_theta()
        as_masks(() if self.masks is None else self.masks)
        as_skips(self.skips)
        if self.direct is not None:
            as_mask(self.direct, "direct")
        for i, layer in enumerate(as_list(self.layers, "layers", "give a list of Layer")):
            as_a(layer, f"layers[{i}]", Layer, "give a Layer")
        as_choice(self.lost, "lost", LOST)
        as_number(self.atol, "atol", "[0, inf)")
        if self.rtol is not None:
            as_number(self.rtol, "rtol", "[0, inf)")
        as_a(self.name, "name", str, "give the model a name")
        as_pair(self.save, self.load)
        as_ways(self.ways)
        if self.log_prob_of is not None:
            as_callable(self.log_prob_of, "log_prob_of", "(model, x) -> nats")
        if self.model is not None:
            as_scores(self.model, self.log_prob_of)
        for name in ("build", "factory"):
            if getattr(self, name) is not None:
                as_callable(getattr(self, name), name, "() -> model")
        as_a(self.empty, "empty", bool, "say whether batches of 0 rows are promised")

    def _look_at_columns(self, n_features: int) -> None:
        """Order, support, units of each feature, context."""
        if as_flag(self.leading, "leading") and self.order is None:
            raise ValueError("leading=True, but order=None: say in which order these features lead")
        as_allowed(self.allowed, as_order(self.order, n_features), n_features)
        feature_of_columns(n_features, self.n_params, self.layout)
        feature_of_columns(n_features, self.n_inputs, name="n_inputs")
        if self.n_outputs is not None:
            feature_of_columns(n_features, self.n_outputs, self.masks_layout or self.layout, "n_outputs")
        columns_of(self.support, n_features)
        as_count(self.n_draws, "n_draws", 100, MOST_NUMBERS)
        as_count(self.n_context, "n_context", 0, MOST_FEATURES)
        if self.params_given is not None and not self.n_context:
            raise ValueError("n_context=0, but there is params_given: say how many columns its context has")

    def _look_at_theta(self) -> None:
        """The vector, and what goes with each of its entries."""
        if self.rows is not None:
            as_count(self.rows, "rows")
        if isinstance(self.entries, str):
            as_choice(self.entries, "entries", ENTRIES)
        else:
            as_count(self.entries, "entries", 0, MOST_NUMBERS)
        if self.theta is not None:
            point = as_point(self.theta, "theta")
            namer(self.names, point.size)
            if self.frozen is not None:
                as_flags(self.frozen, point, "frozen", "theta")

    def has(self, *fields: str) -> bool:
        """True if all of these were given.

        Raises
        ------
        ValueError
            If an adapter has no such field.
        """
        return all(getattr(self, as_choice(field, "field", FIELDS)) is not None for field in fields)


FIELDS = tuple(field.name for field in fields(Adapter))
