// What the sampler does between two groups: all warps add what the group has brought to the units of later ones.

namespace sampling {

struct alignas(16) Four {
    real of[4];
};

// What a column holds in N rows that stand side by side.
template <int N>
__device__ __forceinline__ void load(const real* column, real (&values)[N]) {
    if constexpr (N % 4 == 0) {
#pragma unroll
        for (int r = 0; r < N; r += 4) {
            const Four four = *(const Four*)(column + r);
#pragma unroll
            for (int k = 0; k < 4; k++) values[r + k] = four.of[k];
        }
    } else {
#pragma unroll
        for (int r = 0; r < N; r++) values[r] = column[r];
    }
}

// Add the columns of a product to some units of N_ROWS rows: to every 32nd from this lane's on, `n` of them at most. The
// weights of N_AHEAD columns are on their way at once. `listed`, or null, are the columns that are not 0.
template <int N_ROWS, int N_UNITS, int N_AHEAD>
__device__ __forceinline__ void add_columns(
        real (&sums)[N_ROWS][N_UNITS], const real* weights, int n_out, const real* columns, int rows, int n_columns, int n,
        bool sparse, const int* listed) {
    for (int c = 0; c < n_columns; c += N_AHEAD) {
        real w[N_AHEAD][N_UNITS];
        int at[N_AHEAD];
#pragma unroll
        for (int k = 0; k < N_AHEAD; k++) {
            at[k] = c + k < n_columns ? c + k : -1;
            if (N_ROWS == 1 && listed && at[k] >= 0) at[k] = listed[at[k]];
            bool used = at[k] >= 0;
            if (used && (N_ROWS <= 2 || sparse)) {  // a column of zeros is not read
                real values[N_ROWS];
                load(columns + at[k] * rows, values);
                used = false;
#pragma unroll
                for (int r = 0; r < N_ROWS; r++) used = used || values[r] != 0;
            }
#pragma unroll
            for (int j = 0; j < N_UNITS; j++)
                w[k][j] = used && j * WARP < n ? weights[(long long)at[k] * n_out + j * WARP] : (real)0;
        }
#pragma unroll
        for (int k = 0; k < N_AHEAD; k++) {
            if (at[k] < 0) continue;
            real values[N_ROWS];
            load(columns + at[k] * rows, values);
#pragma unroll
            for (int r = 0; r < N_ROWS; r++)
#pragma unroll
                for (int j = 0; j < N_UNITS; j++) sums[r][j] += values[r] * w[k][j];
        }
    }
}

// Add what the group `done` has brought to units of one layer, `n` of them from this lane's on, in N_ROWS rows.
template <int N_ROWS, int N_UNITS, int N_AHEAD>
__device__ __forceinline__ void add_group(
        const Block& b, const int* done, int layer, int unit, int n, real* state, int first_row) {
    real sums[N_ROWS][N_UNITS];
#pragma unroll
    for (int r = 0; r < N_ROWS; r++)
#pragma unroll
        for (int j = 0; j < N_UNITS; j++) sums[r][j] = j * WARP < n ? state[r * b.row_size + j * WARP] : (real)0;
    for (int q = 0; q < b.n_products; q++) {
        const int* product = b.product(q);
        if (product[TARGET] != layer) continue;
        const int* from = b.in_product(done, q);
        const int n_out = product[N_OUT];
        const real* weights = b.weights + b.weights_at(q) + (long long)from[FIRST_COLUMN] * n_out + unit;
        const real* columns = b.columns + from[COLUMNS_AT] * b.rows + first_row;
        const bool listed = N_ROWS == 1 && b.rows == 1 && product[IS_SPARSE] && from[COLUMNS_AT] == 0;
        const int n_columns = listed ? done[COUNT] : from[N_COLUMNS];
        add_columns<N_ROWS, N_UNITS, N_AHEAD>(
            sums, weights, n_out, columns, b.rows, n_columns, n, product[IS_SPARSE], listed ? b.shown : 0);
    }
#pragma unroll
    for (int r = 0; r < N_ROWS; r++)
#pragma unroll
        for (int j = 0; j < N_UNITS; j++)
            if (j * WARP < n) state[r * b.row_size + j * WARP] = sums[r][j];
}

// Units of a layer from group `next` on; of raw outputs those from raw_begin to before raw_end.
__device__ __forceinline__ void find_units(
        const Block& b, const int* next, int layer, int raw_begin, int raw_end, int& first, int& last) {
    const int* to = b.in_layer(next, layer);
    first = to[FIRST_UNIT];
    last = first + to[OWN] + to[REST];
    if (layer <= b.depth) return;
    first = max(first, raw_begin);
    last = max(min(last, raw_end), first);
}

// Add what the group `done` has brought to all units from group `next` on; of raw outputs, to those that are asked for.
// A warp takes 32 N_UNITS units of N_ROWS rows at once.
template <int N_ROWS, int N_UNITS, int N_AHEAD>
__device__ __forceinline__ void spread(const Block& b, const int* done, const int* next, int raw_begin, int raw_end) {
    const int n_warps = blockDim.x / WARP;
    const int lane = threadIdx.x % WARP;
    const int here = min(b.rows, b.n_rows - b.first);
    const int n_tiles = (here + N_ROWS - 1) / N_ROWS;
    int task = threadIdx.x / WARP;
    for (int layer = 1; layer <= b.depth + 1; layer++) {
        int first, last;
        find_units(b, next, layer, raw_begin, raw_end, first, last);
        const int n_chunks = (last - first + N_UNITS * WARP - 1) / (N_UNITS * WARP);
        for (; task < n_chunks * n_tiles; task += n_warps) {
            const int tile = task / n_chunks;
            const int unit = first + (task - tile * n_chunks) * (N_UNITS * WARP) + lane;
            const int* to = b.in_layer(next, layer);
            real* state = b.state + tile * N_ROWS * b.row_size + to[AT] + unit - to[FIRST_UNIT];
            add_group<N_ROWS, N_UNITS, N_AHEAD>(b, done, layer, unit, last - unit, state, tile * N_ROWS);
        }
        task -= n_chunks * n_tiles;
    }
}

// Do so in large pieces, if each warp gets one, else in small ones.
template <int N_ROWS, int N_UNITS>
__device__ __forceinline__ void spread_rows(const Block& b, const int* done, const int* next, int raw_begin, int raw_end) {
    int n = 0;
    for (int layer = 1; layer <= b.depth + 1; layer++) {
        int first, last;
        find_units(b, next, layer, raw_begin, raw_end, first, last);
        n += last - first;
    }
    if (n * (b.rows > N_ROWS ? 2 : 1) >= (int)blockDim.x * N_UNITS)
        spread<N_ROWS, N_UNITS, N_ROWS <= 2 ? 16 : 4>(b, done, next, raw_begin, raw_end);
    else
        spread<N_ROWS, 1, N_ROWS <= 2 ? 16 : 8>(b, done, next, raw_begin, raw_end);
}

template <bool IN_SHARED>
__device__ __forceinline__ void spread_any(
        const Block& b, const int* done, const int* next, int raw_begin, int raw_end) {
    if (!IN_SHARED) return spread<1, 1, 8>(b, done, next, raw_begin, raw_end);
    switch (b.rows) {
        case 1: return spread_rows<1, 2>(b, done, next, raw_begin, raw_end);
        case 2: return spread_rows<2, 2>(b, done, next, raw_begin, raw_end);
        case 4: return spread_rows<4, 4>(b, done, next, raw_begin, raw_end);
        default: return spread_rows<8, 4>(b, done, next, raw_begin, raw_end);  // 8 or 16
    }
}

}  // namespace sampling
