"""The fast backend: compiled kernels that follow the staircases of the masks.

Read `tables` for how a network looks from below, `tile` for the arithmetic, `forward`, `losses`, `backward` and
`weights` for one step in its order; `network` for what is asked of them.
"""

from __future__ import annotations

from made_np.backends._numba.forks import wait_for_compilers
from made_np.backends._numba.network import bind
from made_np.backends.memory import Host, Memory
from made_np.network.network import Network

__all__ = ["bind", "memory_of"]


def memory_of(network: Network) -> Memory:
    """Return where a run keeps what it learns with."""
    return Host()


wait_for_compilers()
