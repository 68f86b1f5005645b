"""A network as a list of layers, which own their weights, for those who think so.

`MADE` keeps all parameters in one vector and passes it to every call. Here each layer has its own ``W``, ``b`` and
``mask``, remembers what it was given, and after ``backward`` holds ``dW`` with ``db``. The container tells each layer
its mask, which follows from degrees. There is no arithmetic of its own: the formulas are those of `layers`, the masks
those of `MADE`.
"""

from made_np.sequential.container import Sequential
from made_np.sequential.linear import Elementwise, MaskedLinear

__all__ = ["Elementwise", "MaskedLinear", "Sequential"]
