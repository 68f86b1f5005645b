"""The processor that kernels are compiled for, which need not be the one they are compiled on.

NUMBA_CPU_NAME and NUMBA_CPU_FEATURES name another one, so that machines that differ may share what was compiled. What
kernels assume about it must come from here: then numba's key of what was compiled stands for it as well.
"""

from __future__ import annotations

import llvmlite.binding
from numba.core.registry import cpu_target

# Sixteen numbers, which the assembler code holds in one register, in two or in four.
_PROBE = """
define <16 x float> @probe(<16 x float> %a, <16 x float> %b) {
    %c = fadd <16 x float> %a, %b
    ret <16 x float> %c
}
"""


def register_bytes(triple: str, cpu: str, features: str) -> int:
    """Return how wide the registers of the tile are: sixteen of them must be there, for its twelve sums and the rest.

    64 bytes with AVX-512, 32 with AVX, 16 on an x86 that has SSE only. Elsewhere 32: the 32 registers of 16 bytes that
    ARM has do as well as 16 that are twice as wide.
    """
    target = llvmlite.binding.Target.from_triple(triple)
    machine = target.create_target_machine(cpu=cpu, features=features)
    code = machine.emit_assembly(llvmlite.binding.parse_assembly(_PROBE))
    widths = [width for name, width in (("zmm", 64), ("ymm", 32), ("xmm", 16)) if name in code]
    return max(widths, default=32)


_TRIPLE, _CPU, _FEATURES = cpu_target.target_context.codegen().magic_tuple()

REGISTER_BYTES = register_bytes(_TRIPLE, _CPU, _FEATURES)

# The compiler of numba 0.57 to 0.61 knows the instruction, but not the type: it ends the process.
HAS_BF16 = "+avx512bf16" in _FEATURES.split(",") and llvmlite.binding.llvm_version_info >= (20,)
"""Whether kernels may multiply pairs of bf16 by an instruction of the processor."""
