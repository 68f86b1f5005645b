"""MADE, the masked autoregressive density estimator, in plain NumPy with hand-written gradients.

A model describes, a flat vector holds its parameters, a function trains:

    made = made_np.MADE(n_features, hidden=(500,), output="bernoulli")
    result = made_np.fit(made, x_train, valid=x_valid)
    made.log_prob(result.theta, x_test)  # nats, one number per row

``MADEDensity`` offers the same with scikit-learn's conventions.

Every public name is imported when it is first used (PEP 562), so that ``import made_np`` costs
next to nothing and brings no optional dependency.

Source: Germain, Gregor, Murray, Larochelle (2015), arXiv 1502.03509.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from made_np._version import __version__

if TYPE_CHECKING:
    from made_np import datasets, distributions, draw, interop, layers, masks, optim, schedules, testing
    from made_np.autoencoder import Autoencoder
    from made_np.comparison import Comparison, compare
    from made_np.diagnostics import Calibration, Evaluation, calibration, compare_models, evaluate
    from made_np.distributions.atoms import WithAtoms
    from made_np.distributions.levels import DiscretizedLogistic
    from made_np.distributions.mixtures import MixtureOfGaussians, MixtureOfLogistics
    from made_np.distributions.plain import Bernoulli, Categorical, Gaussian
    from made_np.estimator import MADEDensity, MADEImputer, MADEOutlierDetector
    from made_np.masks.found import find_order
    from made_np.model.made import MADE
    from made_np.sequential import MaskedLinear, Sequential
    from made_np.storage.model_file import load, save
    from made_np.table.one_hot import OneHot
    from made_np.training.fit import FitResult, fit

__all__ = [
    "MADE",
    "Autoencoder",
    "Bernoulli",
    "Calibration",
    "Categorical",
    "Comparison",
    "DiscretizedLogistic",
    "Evaluation",
    "FitResult",
    "Gaussian",
    "MADEDensity",
    "MADEImputer",
    "MADEOutlierDetector",
    "MaskedLinear",
    "MixtureOfGaussians",
    "MixtureOfLogistics",
    "OneHot",
    "Sequential",
    "WithAtoms",
    "__version__",
    "calibration",
    "compare",
    "compare_models",
    "datasets",
    "distributions",
    "draw",
    "evaluate",
    "find_order",
    "fit",
    "interop",
    "layers",
    "load",
    "masks",
    "optim",
    "save",
    "schedules",
    "testing",
]

# The module that each public name lives in; a name that is missing here is a module itself.
_HOME = {
    "MADE": "model.made",
    "Autoencoder": "autoencoder",
    "Bernoulli": "distributions.plain",
    "Calibration": "diagnostics",
    "Categorical": "distributions.plain",
    "Comparison": "comparison",
    "DiscretizedLogistic": "distributions.levels",
    "Evaluation": "diagnostics",
    "FitResult": "training.fit",
    "Gaussian": "distributions.plain",
    "MADEDensity": "estimator",
    "MADEImputer": "estimator",
    "MADEOutlierDetector": "estimator",
    "MaskedLinear": "sequential",
    "MixtureOfGaussians": "distributions.mixtures",
    "MixtureOfLogistics": "distributions.mixtures",
    "OneHot": "table.one_hot",
    "Sequential": "sequential",
    "WithAtoms": "distributions.atoms",
    "calibration": "diagnostics",
    "compare": "comparison",
    "compare_models": "diagnostics",
    "evaluate": "diagnostics",
    "find_order": "masks.found",
    "fit": "training.fit",
    "load": "storage",
    "save": "storage",
}


def __getattr__(name: str) -> Any:
    """Import the public name at its first use and keep it."""
    if name not in __all__:
        raise AttributeError(f"module 'made_np' has no attribute {name!r}")
    module = import_module(f"made_np.{_HOME.get(name, name)}")
    value = getattr(module, name) if name in _HOME else module
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """List the names that are here already and those that would be imported on use."""
    return sorted({*globals(), *__all__})
