"""The backend of GPUs: products by cuBLAS, everything else by kernels of our own, through CuPy.

Read `device` for what it asks of a GPU, `wiring` for how a network lies there, `passes` for one step in its order,
`network` for what is asked of it, and the files of `kernels` for the arithmetic. Everything but `cuda` runs without a
GPU as well: the tests bring a device that runs the kernels on the processor.
"""

from __future__ import annotations

from made_np.backends import _numpy
from made_np.backends._cupy import cuda
from made_np.backends._cupy import network as on_device
from made_np.backends._cupy.device_memory import DeviceMemory
from made_np.backends.bound import Bound
from made_np.backends.memory import Memory
from made_np.backends.tables import has_atoms, has_kernels
from made_np.masks.sets import MaskSet
from made_np.network.network import Network

__all__ = ["bind", "memory_of"]


def bind(network: Network, mask_set: MaskSet) -> Bound:
    """Return the network under this mask set, computed by the GPU; by NumPy if it needs a kernel that is not there."""
    if not _has_kernels(network):
        return _numpy.bind(network, mask_set)
    return on_device.bind(network, mask_set, cuda.get_device())


def memory_of(network: Network) -> Memory:
    """Return where a run of this network keeps what it learns with."""
    return DeviceMemory(cuda.get_device()) if _has_kernels(network) else _numpy.memory_of(network)


def _has_kernels(network: Network) -> bool:
    """Return whether kernels of a device know all of a network: those of `_numba` know atoms as well."""
    return has_kernels(network) and not has_atoms(network)
