"""The backend that learns by products of bf16: the kernels of `_numba`, with float32 for everything else.

What training multiplies is rounded to bf16, which processors of the last years multiply twice as fast (AVX-512 BF16);
sums, parameters, moments, losses are of float32. What is asked of the model afterwards, scores and samples, is computed
in float32 throughout, just as by ``backend="numba"``.
"""

from __future__ import annotations

from made_np.backends._numba import memory_of
from made_np.backends._numba.bf16 import bind

__all__ = ["bind", "memory_of"]
