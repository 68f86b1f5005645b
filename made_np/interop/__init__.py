"""Models that were trained elsewhere come in, ours go out.

`from_layers` takes arrays, `from_torch` a module. Nothing has to be said about orders or degrees: they follow from the
masks, a network that no order permits is refused, and what became of each parameter is told. `to_torch` makes a module
of a model of ours, `to_jax` functions of JAX, `to_onnx` a file of ONNX, `to_numpy_script` a Python file that
needs NumPy alone, `to_safetensors` a file of safetensors, which `from_safetensors` reads.
"""

from made_np.interop.importing import Imported, from_layers
from made_np.interop.jax_out import to_jax
from made_np.interop.onnx_out import to_onnx
from made_np.interop.safe_tensors import from_safetensors, to_safetensors
from made_np.interop.script import to_numpy_script
from made_np.interop.torch_in import from_torch
from made_np.interop.torch_out import to_torch

__all__ = [
    "Imported",
    "from_layers",
    "from_safetensors",
    "from_torch",
    "to_jax",
    "to_numpy_script",
    "to_onnx",
    "to_safetensors",
    "to_torch",
]
