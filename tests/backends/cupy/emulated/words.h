// The words of CUDA that C++ lacks, but for those that make threads wait.

#include <math.h>
#include <string.h>

#define __global__
#define __device__
#define __host__
#define __constant__
#define __forceinline__ inline
#define __launch_bounds__(...)
#define __align__(n) alignas(n)
#define SHARED(type, name) type* name = (type*)emulated::shared_memory

struct Three {
    unsigned x, y, z;
};
static Three threadIdx, blockIdx, blockDim, gridDim;
static const int warpSize = 32;

#define VECTOR2(T, name)                                   \
    struct alignas(2 * sizeof(T)) name { T x, y; };        \
    static inline name make_##name(T x, T y) { return {x, y}; }
#define VECTOR4(T, name)                                                              \
    struct alignas(4 * sizeof(T) < 16 ? 4 * sizeof(T) : 16) name { T x, y, z, w; };   \
    static inline name make_##name(T x, T y, T z, T w) { return {x, y, z, w}; }
VECTOR2(int, int2) VECTOR2(float, float2) VECTOR2(double, double2)
VECTOR4(int, int4) VECTOR4(float, float4) VECTOR4(double, double4)

template <class To, class From>
static inline To bits_as(From value) {
    static_assert(sizeof(To) == sizeof(From), "as many bits");
    To result;
    memcpy(&result, &value, sizeof result);
    return result;
}
static inline float __int_as_float(int bits) { return bits_as<float>(bits); }
static inline int __float_as_int(float value) { return bits_as<int>(value); }
static inline double __longlong_as_double(long long bits) { return bits_as<double>(bits); }
static inline long long __double_as_longlong(double value) { return bits_as<long long>(value); }

template <class T>
static inline T __ldg(const T* at) { return *at; }
template <class T>
static inline T __ldcs(const T* at) { return *at; }
template <class T>
static inline void __stcs(T* at, T value) { *at = value; }

#define SMALLER_AND_LARGER(T)                                \
    static inline T min(T a, T b) { return b < a ? b : a; }  \
    static inline T max(T a, T b) { return a < b ? b : a; }
SMALLER_AND_LARGER(int) SMALLER_AND_LARGER(unsigned) SMALLER_AND_LARGER(long long)
// Of a number and NaN, the number.
static inline float min(float a, float b) { return fminf(a, b); }
static inline float max(float a, float b) { return fmaxf(a, b); }
static inline double min(double a, double b) { return fmin(a, b); }
static inline double max(double a, double b) { return fmax(a, b); }
static inline float rsqrt(float x) { return 1 / sqrtf(x); }
static inline double rsqrt(double x) { return 1 / sqrt(x); }
static inline int __clz(int bits) { return bits ? __builtin_clz((unsigned)bits) : 32; }
static inline int __ffs(int bits) { return __builtin_ffs(bits); }
static inline int __popc(unsigned bits) { return __builtin_popcount(bits); }
