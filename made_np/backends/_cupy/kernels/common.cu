// What all kernels share: numbers that are none, dynamic shared memory, activations, sums of a warp or a block.
//
// `real` is the dtype of the program. The numbers of kinds, activations and update rules come before this file, from
// Python. Nothing is included: a compiler for a GPU knows the functions of mathematics by itself.

#define NAN_ ((real)__int_as_float(0x7fffffff))
#define INF_ ((real)__int_as_float(0x7f800000))
#define WARP 32
#define ALL_LANES 0xffffffffu

// `SHARED(type, name);` makes `name` a pointer to the dynamic shared memory of the block, aligned to 16 bytes.
// An emulator defines its own.
#ifndef SHARED
#define SHARED(type, name)                            \
    extern __shared__ __align__(16) double memory_[]; \
    type* name = (type*)memory_
#endif

// ------------------------------------------------------------------------------------------------ elementary functions

// 1 / (1 + e^-z), with all digits on both sides of 0.
template <class T>
__device__ __forceinline__ T sigmoid(T z) {
    T e = exp(-fabs(z));
    T r = (T)1 / ((T)1 + e);
    return z < (T)0 ? e * r : r;
}

// log(1 + e^z).
template <class T>
__device__ __forceinline__ T softplus(T z) {
    T tail = log1p(exp(-fabs(z)));
    return z < (T)0 ? tail : z + tail;
}

// The mass of the standard normal below z, with all digits of the lower tail.
template <class T>
__device__ __forceinline__ T normal_below(T z) {
    return (T)0.5 * erfc(z * (T)-0.70710678118654752440);
}

// ------------------------------------------------------------------------------------------------ activations

__device__ __forceinline__ real activate(int activation, real z) {
    const real zero = 0;
    switch (activation) {
        case RELU: return z < zero ? zero : z;
        case TANH: return tanh(z);
        case SIGMOID: return sigmoid(z);
        case SOFTPLUS: return softplus(z);
        case ELU: return z < zero ? expm1(z) : z;
        case LEAKY_RELU: return z < zero ? (real)LEAK * z : z;
        case SELU: return (real)SELU_SCALE * (z < zero ? (real)SELU_ALPHA * expm1(z) : z);
        case GELU: return z * normal_below(z);
        case SILU: return z * sigmoid(z);
        default: return z;  // IDENTITY
    }
}

// The slope of an activation, read off its result y; from FROM_Z on, off z.
__device__ __forceinline__ real activation_slope(int activation, real y) {
    const real zero = 0;
    const real one = 1;
    switch (activation) {
        case RELU: return y > zero ? one : zero;
        case TANH: return one - y * y;
        case SIGMOID: return y * (one - y);
        case SOFTPLUS: return -expm1(-y);
        case ELU: return y < zero ? one + y : one;
        case LEAKY_RELU: return y > zero ? one : (real)LEAK;
        case SELU: return y > zero ? (real)SELU_SCALE : y + (real)(SELU_SCALE * SELU_ALPHA);
        case GELU: return normal_below(y) + y * exp((real)-0.5 * y * y) * (real)0.39894228040143267794;
        case SILU: {
            real s = sigmoid(y);
            return s + y * s * (one - s);
        }
        default: return one;  // IDENTITY
    }
}

// ------------------------------------------------------------------------------------------------ sums

// The sum over the lanes of a warp, all of which must call this; each gets the same bits.
template <class T>
__device__ __forceinline__ T warp_sum(T value) {
    for (int step = WARP / 2; step > 0; step /= 2) value += __shfl_xor_sync(ALL_LANES, value, step);
    return value;
}

// The largest over the lanes of a warp; of NaN, anything.
template <class T>
__device__ __forceinline__ T warp_max(T value) {
    for (int step = WARP / 2; step > 0; step /= 2) {
        T other = __shfl_xor_sync(ALL_LANES, value, step);
        value = other > value ? other : value;
    }
    return value;
}

// The sum over the threads of a block, whole warps, all of which must call this; each gets the same bits.
// `memory` has room for one number of each warp, and may be used again after the next barrier.
template <class T>
__device__ __forceinline__ T block_sum(T value, T* memory) {
    int n_warps = blockDim.x / WARP;
    value = warp_sum(value);
    if (threadIdx.x % WARP == 0) memory[threadIdx.x / WARP] = value;
    __syncthreads();
    T sum = 0;
    for (int warp = 0; warp < n_warps; warp++) sum += memory[warp];
    return sum;
}
