"""What the values of a column can be: losses, gradients, draws.

distribution   what each answers for itself: derive your own from `Distribution`
plain          bits, codes, real numbers
mixtures       real numbers and levels, with components
atoms          real numbers some of which have a mass
registry       names, in arguments and in files
registering    `register` gives one of your own a name, after it has been checked
together       those of all features of a model
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from made_np.distributions.distribution import Distribution
    from made_np.distributions.registering import register, unregister
    from made_np.distributions.registry import names

__all__ = ["Distribution", "names", "register", "unregister"]

_HOME = {
    "Distribution": "distribution",
    "names": "registry",
    "register": "registering",
    "unregister": "registering",
}


def __getattr__(name: str) -> Any:
    """Import a public name at its first use: what proves a distribution is not needed to use one."""
    if name not in _HOME:
        raise AttributeError(f"module 'made_np.distributions' has no attribute {name!r}")
    value = getattr(import_module(f"made_np.distributions.{_HOME[name]}"), name)
    globals()[name] = value
    return value
