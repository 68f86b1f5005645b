// What a block of the sampler is given, and where it has its memory: tables, states, columns, staged weights.
//
// The tables are those of `layouts.py`: integers, which are read by the names below.

namespace sampling {

// The header, of `SIZE` numbers: these, then the products, then the width of each layer below the output, and where in
// a row of all of them it begins.
enum Header { DEPTH, N_FEATURES, N_PRODUCTS, ACTIVATION, N_STEP, N_GROUP, DIRECT, HAS_COPIES, COPIES_AT, SIZE, HEADER };
enum OfProduct { TARGET, N_OUT, AT_LOW, AT_HIGH, IS_SPARSE, PRODUCT };
// A step is a place's row of the features, and how many units of each layer and copies with direct wires come before.
enum OfStep { FEATURE, KIND, FIRST_RAW, N_RAW, FIRST_INPUT, N_INPUTS, COMPONENTS, TELLS, KNOWN };
// A stretch: its groups; the rows of a block, the size of a row's state, where the columns of a group begin behind the
// states, and where both end; in shared memory, where staged weights and tables begin, in numbers. Then for each layer
// above the inputs where it begins in a row's state, its first unit, how many units there are, where its biases begin,
// and whether something came before.
enum OfStretch { FIRST_GROUP, LAST_GROUP, ROWS, ROW_SIZE, COLUMNS_BEGIN, HELD, STAGED_BEGIN, TABLES_BEGIN, STRETCH };
enum OfLayer { BASE, FIRST, N_UNITS, BIAS_AT, HAS_BEFORE, LAYER };
// A group: its first place and how many, and the way through it. Then for each layer above the inputs where its units
// begin in the state, which is the first, how many there are, and how many come after. Then for each product the first
// column, how many there are, where they stand among the columns of the group, where their weights are staged (-1:
// nowhere), and how many of them are.
enum OfGroup { PLACE, COUNT, WALK, GROUP };
// The ways: any; with all weights staged and at most 128 units in a layer; and all features binary, without copies of
// inputs, with at most so many units.
enum Walk { ANY_WAY, IN_REGISTERS, BINARY_128, BINARY_64, BINARY_32 };
enum OfGroupLayer { AT, FIRST_UNIT, OWN, REST, GROUP_LAYER };
enum OfGroupProduct { FIRST_COLUMN, N_COLUMNS, COLUMNS_AT, STAGED, N_STAGED, GROUP_PRODUCT };

// What a launch is given, and where a block has its memory.
struct Block {
    const real *weights, *biases;
    const int *steps, *skips, *direct_of;
    const double *numbers, *uniforms;
    const real *given, *before;
    real *below, *x;
    int n_rows, means, rows, row_size, first;
    // In shared memory, or (the first two) in memory of the device.
    real *state, *columns, *staged;
    int *header, *stretch, *groups, *own_steps, *gaps, *shown;
    int depth, n_products, n_step, n_group;

    __device__ __forceinline__ const int* product(int q) const { return header + HEADER + q * PRODUCT; }
    __device__ __forceinline__ const int* widths() const { return product(n_products); }
    __device__ __forceinline__ const int* starts() const { return widths() + depth + 1; }
    __device__ __forceinline__ const int* layer(int t) const { return stretch + STRETCH + (t - 1) * LAYER; }
    __device__ __forceinline__ int* group(int g) const { return groups + g % 3 * n_group; }
    __device__ __forceinline__ const int* in_layer(const int* group, int t) const {
        return group + GROUP + (t - 1) * GROUP_LAYER;
    }
    __device__ __forceinline__ const int* in_product(const int* group, int q) const {
        return group + GROUP + (depth + 1) * GROUP_LAYER + q * GROUP_PRODUCT;
    }
    // Where the weights of product q begin, (columns, rows).
    __device__ __forceinline__ long long weights_at(int q) const {
        const int* own = product(q);
        return (long long)own[AT_HIGH] << 31 | own[AT_LOW];
    }
    // A row of a layer in `below`.
    __device__ __forceinline__ real* below_row(int layer, long long row) const {
        return below + (long long)n_rows * starts()[layer] + row * widths()[layer];
    }
};

// ------------------------------------------------------------------------------------------------ copies ahead of use

// Begin to copy a number to shared memory, which `fetched` waits for.
template <class T>
__device__ __forceinline__ void fetch(T* to, const T* from) {
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 800
    const unsigned at = (unsigned)__cvta_generic_to_shared(to);
    asm volatile("cp.async.ca.shared.global [%0], [%1], %2;" ::"r"(at), "l"(from), "n"((int)sizeof(T)) : "memory");
#else
    *to = *from;
#endif
}

__device__ __forceinline__ void fetched() {
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 800
    asm volatile("cp.async.wait_all;" ::: "memory");
#endif
}

__device__ __forceinline__ void fetch_ints(int* to, const int* from, int n) {
    for (int i = threadIdx.x; i < n; i += blockDim.x) fetch(to + i, from + i);
}

// Fetch what the warps of the rows will need of group g: its steps and weights, and the tables of the group after it.
__device__ __forceinline__ void stage(const Block& b, int g, const int* all_groups, int last_group) {
    const int* group = b.group(g);
    fetch_ints(b.own_steps, b.steps + (long long)group[PLACE] * b.n_step, (group[COUNT] + 1) * b.n_step);
    if (g + 1 < last_group) fetch_ints(b.group(g + 1), all_groups + (long long)(g + 1) * b.n_group, b.n_group);
    const int n_warps = blockDim.x / WARP;
    const int lane = threadIdx.x % WARP;
    for (int q = 0; q < b.n_products; q++) {
        const int* own = b.in_product(group, q);
        if (own[STAGED] < 0) continue;
        const int* to = b.in_layer(group, b.product(q)[TARGET]);
        const int n = to[OWN];
        const int n_out = b.product(q)[N_OUT];
        const real* from = b.weights + b.weights_at(q) + (long long)own[FIRST_COLUMN] * n_out + to[FIRST_UNIT];
        real* target = b.staged + own[STAGED];
        for (int c = threadIdx.x / WARP; c < own[N_STAGED]; c += n_warps)
            for (int i = lane; i < n; i += WARP) fetch(target + c * n + i, from + (long long)c * n_out + i);
    }
}

}  // namespace sampling
