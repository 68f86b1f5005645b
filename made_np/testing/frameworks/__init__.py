"""Models of torch, JAX or scikit-learn as an `Adapter`, in a few lines.

    torch_adapter    a module: tensors in, tensors out
    jax_adapter      functions of a tree of weights
    sklearn_adapter  a fitted estimator with score_samples
    uniforms         given uniforms in the place of a model's own random numbers

The framework is imported when one of these is called, not before.
"""

from __future__ import annotations

from .jax_models import jax_adapter
from .sklearn_models import sklearn_adapter
from .torch_models import torch_adapter
from .uniforms import uniforms

__all__ = ["jax_adapter", "sklearn_adapter", "torch_adapter", "uniforms"]
