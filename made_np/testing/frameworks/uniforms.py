"""Given uniforms in the place of a model's own random numbers, so that its sampler can be checked as it is."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike

from ..arrays import MOST_FEATURES, MOST_NUMBERS, as_numbers
from ..compare import Floats
from ..wiring import as_order


class Feed:
    """Uniforms (n, D) that are handed out once: one column at a time, or all of them."""

    def __init__(self, u: Floats, order: Sequence[int]) -> None:
        self.u = u
        self.order = order
        self.used = 0
        self.by_key: dict[object, int] = {}

    def take(self, shape: tuple[int, ...], what: str, key: object = None) -> Floats:
        """Return uniforms of that shape: (n, D) is all of them, one number a row is the next column.

        Sizes of 1 do not count. Two requests with one key get the same numbers, as they do from JAX.

        Raises
        ------
        RuntimeError
            If it is another shape, or what is left is too little.
        """
        n, n_columns = self.u.shape
        sizes = [size for size in shape if size != 1]
        is_whole = sizes == [size for size in self.u.shape if size != 1]
        if not is_whole and sizes != [n]:
            raise RuntimeError(
                f"{what} asks for random numbers of shape {shape}: uniforms {self.u.shape} can be given as a whole, or "
                f"one to each of the {n} rows"
            )
        place = self.used if key is None else self.by_key.get(key, self.used)
        end = place + (n_columns if is_whole else 1)
        if end > n_columns:
            raise RuntimeError(
                f"{what} asks for a column of uniforms more: there are {n_columns}, each is given once (where numbers "
                "are drawn that do not count, give their column twice: uniforms(np.repeat(u, 2, axis=1)))"
            )
        if key is not None:
            self.by_key[key] = place
        self.used = max(self.used, end)
        return (self.u.copy() if is_whole else self.u[:, self.order[place]]).reshape(shape)

    def refuse(self, what: str) -> RuntimeError:
        """What is raised where random numbers of another kind are wanted."""
        return RuntimeError(
            f"{what} cannot be drawn with given uniforms: use check_sampler_counts, which leaves the model its own"
        )

    def look_back(self) -> None:
        """Raise a `RuntimeError` if uniforms are left: then the model's random numbers came from elsewhere."""
        if self.used < self.u.shape[1]:
            raise RuntimeError(
                f"{self.used} of {self.u.shape[1]} columns of uniforms were asked for: the other random numbers came "
                "from elsewhere (a generator that was made, or a function that was imported, before; or one key twice)"
            )


def normals(u: Floats) -> Floats:
    """Quantiles of the standard normal.

    >>> float(normals(np.array([0.5]))[0])
    0.0
    """
    quantile = NormalDist().inv_cdf
    return np.array([quantile(min(max(v, 2.0**-54), 1 - 2.0**-53)) for v in u.ravel().tolist()]).reshape(u.shape)


def categories(p: Floats, u: Floats) -> Floats:
    """(..., K) weights, (...) -> the first category whose cumulated share is above u.

    >>> categories(np.array([[1.0, 1.0, 2.0]]), np.array([0.3]))
    array([1])
    """
    shares = np.cumsum(p, axis=-1) / np.sum(p, axis=-1, keepdims=True)
    return np.minimum((u[..., None] >= shares).sum(axis=-1), p.shape[-1] - 1)


@contextmanager
def uniforms(u: ArrayLike, order: ArrayLike | None = None) -> Iterator[Feed]:
    """Let torch, NumPy and JAX draw with the uniforms u (n, D) until the block ends.

    Whoever asks for (n, D) numbers gets all of them; whoever asks for one number a row gets the next column: that of
    ``order[0]`` first. A draw of a uniform is u, of a coin with probability p it is ``u < p``, of a normal number the
    quantile at u, of a category the first one whose cumulated share is above u. What can be drawn in no such way
    raises, as do numbers of another shape, and more numbers than there are; if columns are left at the end, that
    raises, too. A sampler that draws numbers that do not count is given their column twice.

    torch is fed whoever asks: `torch.rand`, `Tensor.bernoulli_`, `torch.distributions`. Of NumPy the functions of
    `numpy.random` are fed, the global state, and generators that ``default_rng`` or ``RandomState`` makes within the
    block; such a ``RandomState`` keeps its own permutations and integers, of which networks make their masks. Of JAX
    the functions of `jax.random` are fed; within the block nothing is compiled, and two draws with one key get the same
    numbers. Python's own `random`, other threads, and NumPy's generators made before, are not.

    Parameters
    ----------
    u : array_like
        (n, D) in [0, 1), n at least 2.
    order : array_like, optional
        (D,) features in the sequence in which they are generated; 0, 1, 2, ... if not given.

    Yields
    ------
    Feed
        What hands them out.

    Raises
    ------
    TypeError, ValueError
        If u is no such array, or order no permutation.
    RuntimeError
        If the block draws otherwise.

    Examples
    --------
    >>> with uniforms([[0.25, 0.5], [0.75, 0.125]]):
    ...     np.random.default_rng(0).random((2, 2))
    array([[0.25 , 0.5  ],
           [0.75 , 0.125]])
    """
    given = as_numbers(u, "u")
    is_wide = given.ndim == 2 and len(given) > 1 and 1 <= given.shape[1] <= MOST_FEATURES
    if not is_wide or given.size > MOST_NUMBERS or not ((given >= 0) & (given < 1)).all():
        raise ValueError(f"u has shape {given.shape}: give uniforms (n, D) in [0, 1), n at least 2")
    known = as_order(order, given.shape[1])
    feed = Feed(given.astype(np.float64), range(given.shape[1]) if known is None else known.tolist())
    with ExitStack() as stack:
        from .numpy_random import numpy_fed

        stack.enter_context(numpy_fed(feed))
        if "torch" in sys.modules:
            from .torch_random import torch_fed

            stack.enter_context(torch_fed(feed))
        if "jax" in sys.modules:
            from .jax_random import jax_fed

            stack.enter_context(jax_fed(feed))
        yield feed
    feed.look_back()
