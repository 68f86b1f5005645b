// Runs kernels that are written for a GPU on the processor: what CUDA has and C++ lacks.
//
// A launch is a loop over blocks. The threads of a block are fibers: each runs until it waits at a barrier or a shuffle,
// or has ended, and then the next one runs. A kernel without barriers stays on one stack and switches never. Warps have
// 32 lanes. Atomics and static shared memory do not exist here: kernels must do without.
//
// What a GPU would leave undefined is an error that names the kernel: a barrier that some threads never reach, or reach
// elsewhere; a shuffle from a lane that takes no part; a read or a write behind an array or the shared memory, or a write
// before it; an address that is nobody's. Shared memory begins each block as NaN.

#include "emulated/words.h"

#include "emulated/fibers.h"

#include "emulated/threads.h"

#include "emulated/blocks.h"

#include "emulated/launches.h"
