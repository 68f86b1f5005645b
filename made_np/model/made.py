"""MADE: what a model does. It owns no parameters; ``theta`` is passed to every call."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from made_np.backends.bound import Bound
from made_np.distributions.together import outputs_from_config
from made_np.model.arguments import REFUSE, as_gaps, as_one_or_many
from made_np.model.gaps import choose, fill
from made_np.model.members import ensemble_of, member_of
from made_np.model.rows import Rows
from made_np.model.scoring import Scoring
from made_np.network.starts import SCHEMES, draw_parameters
from made_np.typing import Array, Ints
from made_np.validation import Unregistered, as_uniforms, undrawn
from made_np.values import as_a, as_choice, as_count, as_generator, as_sequence

FILLED_AT_ONCE = 1 << 25
"""Numbers that all layers together hold for the rows that are filled together."""


@dataclass(frozen=True)
class MADE(Scoring):
    """A masked autoencoder for distribution estimation: ``p(x) = prod_d p(x_d | x before d)``.

    Germain, Gregor, Murray and Larochelle (2015), arXiv 1502.03509. Immutable, hashable, picklable.

    Wherever rows (n, D) are asked about, one row (D,) may stand alone: the answer is then that of the row, without the
    axis of rows. One row of context (C,) is the context of all rows.

    What scores rows refuses NaN, unless it is asked with ``gaps="skip"``. A NaN is then a value that the network is not
    told: its input units are 0, it costs nothing and has no gradient. So the score of a row is ``sum over the known d
    of log p(x_d | what is known before d)``. That is the marginal log p(known) where what is known comes before all
    gaps in the order; elsewhere it is what a network learns that is trained on rows with gaps (`made_np.fit` takes
    ``gaps="skip"`` too).

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
    order : {"natural", "reverse", "random"}, permutation (D,), or permutations (n_masks, D), (H, D)
        The sequence in which features are generated; "random" draws one per mask set.
    degrees : {"spread", "random"}, one integer array per hidden layer, or a list of such lists, one per mask set
        How far each hidden unit sees, counted from 1 along the order. "spread": every degree, evenly. "random": drawn,
        anew for each mask set. A list per mask set represents an ensemble of masks that were drawn elsewhere.
    n_masks : int or None
        How many mask sets share theta; None: endlessly many, a fresh one at every training step. With order="random"
        each has an order of its own, and the first 32 are mixed. With one order that is its *home*, by which rows are
        scored and drawn. In training such a model is told less of some rows, so that home scores rows with gaps too,
        and every third step takes a *path*, by which gaps are filled (`path`). Half as many hidden units again pay.
        With several orders, (H, D), each is a home, and their mixture scores and draws: it pays for real numbers.
    n_members : int
        So many networks have parameters of their own in theta, and the mask sets, or homes, are dealt out to them in
        turn: an ensemble, whose mixture is a density too. `MADE.ensemble` makes it of models that were learned apart.
    direct : bool or "auto"
        Wires from input to output. "auto": if a hidden layer is too narrow to carry every dependency.
    direct_limit : int or None
        A feature that the network sees through more input units than this, such as a ``Categorical(1000)``, has no
        direct wires: the hidden layers alone carry it. So the number of parameters is linear in the number of values.
        It is for models with hidden layers; None: no limit.
    residual : bool
        Hidden layers add the layer below them, where widths agree.
    mask_weights : bool
        Further weights that tell the network its masks: each W gets a U of its shape, and a layer adds ``(U * M) 1`` to
        its biases, where M is the mask and 1 a vector of ones (section 4.2 of the paper). So a unit can tell an input
        that is 0 from one that it does not see. It pays with many mask sets, above all endlessly many; with one mask
        set it is but another bias.
    n_context : int
        Extra inputs y of p(x | y), seen by every output.
    gap_inputs : bool, "auto", or a list of features
        Features that own one more input unit, behind those of their distribution: 1 where the value is NaN, else 0. So
        the network can tell a value that it is not told from a 0, which bits and real numbers may be. True: all.
        "auto": those two kinds, in a model with paths.
    seed : int
        Decides orders and degrees.
    dtype : {"float32", "float64"}
        Of theta and of all arithmetic.
    backend : {"auto", "numba", "bfloat16", "numpy", "cupy"}
        "auto": as the environment variable MADE_NP_BACKEND says; else numba where it is installed. "bfloat16": numba,
        but what training steps multiply is rounded to eight bits, which is faster on processors with AVX-512 BF16
        (by numba 0.62 or later).

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
            # a file from before there was a limit has the wires of all features
            return cls(**{"direct_limit": None, **given, "output": outputs_from_config(given.get("output"))})
        except Unregistered:
            raise
        except (TypeError, ValueError) as error:
            raise ValueError(f"config is none of a model ({error}): {way_out}") from error

    def mixture(self, n_masks: int) -> MADE:
        """Return the model of the first `n_masks` mask sets of this one; theta is the same.

        What was trained on fresh masks at every step (``n_masks=None``) can so be asked for as a mixture of any number
        of them: ``made.mixture(300).log_prob(theta, x)``. Germain et al. (2015) took 300 for validation and 1000 in the
        end. More are never worse on average over rows and draws, and cost as many passes.

        Raises
        ------
        ValueError, TypeError
            Not a number of at least 1, or more sets than were given, by `order` or by `degrees`, or of an ensemble a
            number that is not dealt out evenly.

        Examples
        --------
        >>> from made_np.model.made import MADE
        >>> made = MADE(4, hidden=(8,), order="random", n_masks=None)
        >>> bool((made.mixture(5).mask_sets[4].order == made.mask_sets[4].order).all())
        True
        """
        n_masks = as_count(n_masks, "n_masks")
        given = self.mask_sets.given
        if self.mask_sets.has_paths and n_masks > self.n_mixed:
            homes = "home order alone" if self.n_mixed == 1 else f"{self.n_mixed} home orders"
            raise ValueError(f"n_masks={n_masks}: a model with paths scores by its {homes}, mixture({self.n_mixed})")
        if given and n_masks > self.n_mixed:
            raise ValueError(f"n_masks={n_masks}: {given[0]} holds {self.n_mixed} mask sets")
        return replace(self, n_masks=n_masks, **{name: getattr(self, name)[:n_masks] for name in given})

    @classmethod
    def ensemble(cls, members: Sequence[MADE]) -> MADE:
        """Return the model that mixes several models, each with parameters of its own: ``p(x) = mean_k p_k(x)``.

        Its theta holds theirs one after the other, ``np.concatenate(thetas)``. It is learned member by member (`fit`
        takes no ensemble), and asked as any other model.

        Parameters
        ----------
        members : sequence of MADE
            They may differ in order, degrees and seed.

        Raises
        ------
        ValueError, TypeError
            None, no models, an ensemble among them, models that differ in something else, or endless ones of random
            orders.

        Examples
        --------
        >>> two = [MADE(3, hidden=(8,), order=order, dtype="float64") for order in ([0, 1, 2], [2, 0, 1])]
        >>> thetas = [made.init(rng=k) for k, made in enumerate(two)]
        >>> both = MADE.ensemble(two)
        >>> log_p = both.log_prob(np.concatenate(thetas), [0, 1, 1])
        >>> each = [np.exp(made.log_prob(theta, [0, 1, 1])) for made, theta in zip(two, thetas)]
        >>> bool(np.isclose(np.exp(log_p), np.mean(each)))
        True
        """
        each = [
            as_a(made, f"members[{k}]", MADE, "give models")
            for k, made in enumerate(as_sequence(members, "members", "models"))
        ]
        if not each:
            raise ValueError("members is empty: give one model at least")
        return ensemble_of(each)

    def member(self, k: int) -> MADE:
        """Return the k-th member of an ensemble; its parameters are ``theta.reshape(n_members, -1)[k]``.

        Its mask sets are k, k + K, k + 2 K, ... of the K members' together. A model of one member is its own.

        Raises
        ------
        ValueError, TypeError
            `k` is not in 0..K-1.
        """
        return member_of(self, k)

    def init(
        self,
        rng: int | np.random.Generator = 0,
        x: Any = None,
        *,
        scheme: str = "normal",
        gaps: str = REFUSE,
    ) -> Array:
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
        gaps : {"refuse", "skip"}
            What to do with NaN in `x`: "skip" starts each column from its known values.
        """
        as_choice(scheme, "scheme", SCHEMES)
        may_gap = as_gaps(gaps)
        generator = as_generator(rng)
        rows = None
        if x is not None:
            table, _ = as_one_or_many(x, self.n_features)
            rows = table if isinstance(table, Rows) else Rows(self.check_rows(table, gaps=may_gap))
        if rows is not None and len(rows) == 0:
            raise ValueError("x has no rows: init needs some to set the output biases from")
        if self.n_members > 1:
            each = [self.member(k).init(generator, rows, scheme=scheme, gaps=gaps) for k in range(self.n_members)]
            return np.concatenate(each)
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
        untold: Any = None,
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
        untold : array of bool, (n, D) or (D,), optional
            Features that are not filled: the network is not told them, as in rows that are scored with
            ``gaps="skip"``. They count as known where an order is looked for, and stay NaN.
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
        theta = self.hold(theta)
        x = self.check_untold(untold, self.check_given(given, n))
        with undrawn(generator):
            y = self.check_context(context, n, of="n is")
            sets = self._several(mask_set)
            chosen = choose(self, theta, x, y, mask_set, sets, conditioning, generator)
            if u is None:
                u = generator.random((n, self.n_features))

            def run(rows: Ints | slice, one: Bound, y: Array | None) -> Array:
                own = u[rows]
                return self._in_blocks(x[rows], y, lambda k, x, y: one.sample(theta, own[k], x, y))

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
        untold: Any = None,
    ) -> Array:
        """Return `given` (n, D) with each NaN filled by the centre of its conditional, fed back as if observed.

        For a linear Gaussian model that is E[rest | given]; in general, one central completion (an average of many
        draws of `sample` is the mean). Arguments as in `sample`.
        """
        generator = as_generator(rng)
        gappy, is_row = as_one_or_many(given, self.n_features, "given")
        theta = self.hold(theta)
        x = self.check_untold(untold, self.check_given(gappy, len(gappy) if gappy.ndim == 2 else 1))
        with undrawn(generator):
            y = self.check_context(context, len(x), of="given has")
            sets = self._several(mask_set)
            chosen = choose(self, theta, x, y, mask_set, sets, conditioning, generator)

            def run(rows: Ints | slice, one: Bound, y: Array | None) -> Array:
                return self._in_blocks(x[rows], y, lambda _, x, y: one.propagate_means(theta, x, y))

            filled = fill(self, theta, x, y, sets, chosen, run)
        return filled[0] if is_row else filled

    def _in_blocks(self, x: Array, context: Array | None, fill: Callable[[slice, Array, Array | None], Array]) -> Array:
        """Fill rows `x` (n, D) so many at a time that memory for their units does not grow with n."""
        network = self.network
        step = max(1, FILLED_AT_ONCE // (network.n_inputs + sum(network.hidden) + network.outputs.n_raw))
        blocks = (slice(first, first + step) for first in range(0, max(len(x), 1), step))
        return np.concatenate([fill(k, x[k], None if context is None else context[k]) for k in blocks])


def as_single(made: Any, who: str) -> MADE:
    """Return `made` if it is a model that is no ensemble, or raise an error that says what `who` takes instead."""
    if as_model(made).n_members > 1:
        raise ValueError(
            f"made is an ensemble of {made.n_members} members: {who} one of them, made.member(k), whose parameters are "
            f"theta.reshape({made.n_members}, -1)[k]"
        )
    return as_model(made)


def as_model(made: Any) -> MADE:
    """Return `made` if it is a model, or raise a `TypeError`."""
    return as_a(made, "made", MADE, "give a made_np.MADE, such as the made_ of a MADEDensity")
