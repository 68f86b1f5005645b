"""The name of each distribution: the only list of them."""

from __future__ import annotations

import re
from typing import Any

from made_np.distributions.atoms import WithAtoms
from made_np.distributions.distribution import Distribution
from made_np.distributions.levels import DiscretizedLogistic
from made_np.distributions.mixtures import MixtureOfGaussians, MixtureOfLogistics
from made_np.distributions.plain import Bernoulli, Categorical, Gaussian
from made_np.validation import Unregistered
from made_np.values import as_a, show

BUILT_IN: dict[str, type[Distribution]] = {
    "bernoulli": Bernoulli,
    "categorical": Categorical,
    "gaussian": Gaussian,
    "discretized_logistic": DiscretizedLogistic,
    "mixture_of_gaussians": MixtureOfGaussians,
    "mixture_of_logistics": MixtureOfLogistics,
    "with_atoms": WithAtoms,
}
"""Those that come with made_np, and cannot be replaced."""

KINDS = dict(BUILT_IN)
"""These, and what `registering.register` added."""

REGISTER = "made_np.distributions.register"


def names() -> tuple[str, ...]:
    """Return the names of all distributions, registered ones last.

    Examples
    --------
    >>> names()[:3]
    ('bernoulli', 'categorical', 'gaussian')
    """
    return tuple(KINDS)


def name_of(kind: type[Distribution]) -> str:
    """Return the name of a class of distributions, or raise `Unregistered`."""
    for name, known in KINDS.items():
        if known is kind:
            return name
    suggested = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", kind.__name__).lower()
    raise Unregistered(
        f"{kind.__name__} is not registered, so no file can name it: call {REGISTER}({suggested!r}, {kind.__name__}) "
        "before you save or write checkpoints"
    )


def kind_of(name: str) -> type[Distribution]:
    """Return the class of a name in a file, or raise `Unregistered`."""
    if name not in KINDS:
        raise Unregistered(
            f"the distribution {show(name)} is not registered here: call {REGISTER}({show(name)}, ...) with its class "
            "before you load"
        )
    return KINDS[name]


def make_distribution(output: str | Distribution) -> Distribution:
    """Return the distribution for a name, or `output` itself if it is one.

    Raises
    ------
    ValueError
        Unknown name, or one that needs a number ("categorical": use ``Categorical(n)``).
    TypeError
        Neither a name nor a distribution, or a distribution that cannot be hashed.
    """
    if isinstance(output, Distribution):
        try:
            hash(output)
        except TypeError as error:
            way_out = "decorate its class with @dataclass(frozen=True), and give its fields values that can be hashed"
            raise TypeError(f"output={show(output)} cannot be hashed ({error}): {way_out}") from None
        return output
    if not isinstance(output, str):
        raise TypeError(f"output={show(output)} is a {type(output).__name__}: give a name or a distribution")
    if output not in KINDS:
        raise ValueError(f"output={show(output)} is unknown: use one of {names()}")
    kind = KINDS[output]
    if kind.needed():
        raise ValueError(f"output={output!r} needs numbers: pass {kind.spelled()}")
    return kind()


def output_config(output: Distribution) -> dict[str, Any]:
    """Return a distribution as JSON-able values, its name and its arguments, or raise `Unregistered`."""
    return {"name": name_of(type(output)), **output.config()}


def output_from_config(config: Any) -> Distribution:
    """Return the distribution whose `output_config` this is, or raise a `ValueError`."""
    try:
        rest = dict(as_a(config, "a distribution", dict, "it has to be one"))
        kind = kind_of(as_a(rest.pop("name", None), "its name", str, "it has to be one"))
        return as_a(kind.from_config(rest), "from_config", kind, "it has to return one of its own")
    except (AttributeError, KeyError, TypeError) as error:
        raise ValueError(f"config lists no distributions as output ({show(error)}): give what config() wrote") from None
