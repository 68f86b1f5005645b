// What the sampler does within a group: a row goes from place to place, with a warp of its own.

namespace sampling {

// Add m columns, times h, to the units from `first` to before `last`, those of N warps at a time. Unit i is always lane
// i % 32's: it adds to what it has written itself.
template <int N>
__device__ __forceinline__ void push_by(
        real* z, const real* w, int stride, const real* h, int m, int first, int last, int lane) {
#pragma unroll 1
    for (int i = (first & -WARP) + lane; i - lane < last; i += N * WARP) {
        real sums[N];
        bool own[N];
#pragma unroll
        for (int k = 0; k < N; k++) {
            own[k] = i + k * WARP >= first && i + k * WARP < last;
            sums[k] = own[k] ? z[i + k * WARP] : (real)0;
        }
        const real* column = w + i;
#pragma unroll(N > 2 ? 2 : 4)
        for (int j = 0; j < m; j++) {
            const real value = h[j];
#pragma unroll
            for (int k = 0; k < N; k++)
                if (own[k]) sums[k] += column[k * WARP] * value;
            column += stride;
        }
#pragma unroll
        for (int k = 0; k < N; k++)
            if (own[k]) z[i + k * WARP] = sums[k];
    }
}

__device__ __forceinline__ void push(
        real* z, const real* w, int stride, const real* h, int m, int first, int last, int lane) {
    if (last - (first & -WARP) <= WARP) push_by<1>(z, w, stride, h, m, first, last, lane);
    else push_by<4>(z, w, stride, h, m, first, last, lane);
}

// A row's units of one layer in a group, with the weights that lead to them from the group's units of the layer below.
// These are places, not pointers: so a compiler knows which memory is meant.
struct Rung {
    int z;           // in the state: what has been added up so far, and the result once that is known
    int column;      // where results stand among the group's columns
    int first, own;  // the number of the first unit, and how many there are
    int staged;      // the weights in shared memory, or -1
    int stride;      // of those in memory of the device
    long long weights;
};

// The rung of a layer; the weights are those of product q, if there is one.
__device__ __forceinline__ Rung rung_of(const Block& b, const int* group, int row, int layer, int q) {
    Rung rung;
    const int* to = b.in_layer(group, layer);
    rung.z = row * b.row_size + to[AT];
    rung.first = to[FIRST_UNIT];
    rung.own = to[OWN];
    rung.column = layer <= b.depth ? b.in_product(group, layer)[COLUMNS_AT] * b.rows + row : 0;
    rung.staged = -1;
    rung.stride = 0;
    rung.weights = 0;
    if (q >= b.n_products) return rung;
    const int* from = b.in_product(group, q);
    rung.staged = from[STAGED];
    rung.stride = b.product(q)[N_OUT];
    rung.weights = b.weights_at(q) + (long long)from[FIRST_COLUMN] * rung.stride + rung.first;
    return rung;
}

// Add m columns, from the local one `column` on, times h, to the units of a rung from the local one `begin` on.
__device__ __forceinline__ void push_to(
        const Block& b, const Rung& rung, const real* h, int column, int m, int begin, int lane) {
    real* z = b.state + rung.z;
    if (rung.staged >= 0) {
        push(z, b.staged + rung.staged + column * rung.own, rung.own, h, m, begin, rung.own, lane);
    } else {
        const real* w = b.weights + rung.weights + (long long)column * rung.stride;
        push(z, w, rung.stride, h, m, begin, rung.own, lane);
    }
}

// The column of the direct wires that an input unit of the group is, counted from its first one; -1 if it has none.
__device__ __forceinline__ int wired_column(const Block& b, const int* group, int column) {
    if (!b.direct_of || column < 0) return column;
    const int copy = b.direct_of[b.own_steps[FIRST_INPUT] + column];
    return copy < 0 ? -1 : copy - b.in_product(group, b.header[DIRECT])[FIRST_COLUMN];
}

// Finish units of a hidden layer, from the local one `begin` to before `end`.
__device__ __forceinline__ void finish(
        const Block& b, const Row& row, const Rung& rung, int layer, int begin, int end, int lane) {
#pragma unroll 1
    for (int i = begin + lane; i < end; i += WARP) {
        real h = activate_any(b.header[ACTIVATION], b.state[rung.z + i]);
        const int skip = b.skips ? b.skips[b.layer(layer)[BIAS_AT] - b.layer(layer)[FIRST] + rung.first + i] : -1;
        if (skip >= 0) {
            const int* under = b.layer(layer - 1);
            h += skip >= under[FIRST] ? b.state[row.own * b.row_size + under[BASE] + skip - under[FIRST]]
                                      : b.below_row(layer - 1, row.number)[skip];
        }
        b.state[rung.z + i] = h;
        b.columns[rung.column + i * b.rows] = h;
        if (b.below) b.below_row(layer, row.number)[rung.first + i] = h;
    }
}

// Finish the hidden units whose degree has come, layer by layer, and add them to those above; before them the input unit
// `column`, as the place before has shown it. Return where the raw outputs of the place stand in the state.
//
// Where a unit is read by another lane than has added to it, or finished it, stands a barrier.
__device__ __forceinline__ int climb(
        const Block& b, const int* group, const Row& row, const int* step, int column, bool needs_raw, int lane) {
    const int wired = b.header[DIRECT] >= 0 && needs_raw ? wired_column(b, group, column) : -1;
    const real* shown = b.columns + column * b.rows + row.own;
    const real* h = shown;  // of the layer below what is new, from the unit `from` on, `m` of them
    int from = column;
    int m = column >= 0;
    int raw = 0;
#pragma unroll 1
    for (int layer = 1; layer <= b.depth + 1; layer++) {
        const Rung rung = rung_of(b, group, row.own, layer, layer - 1);
        const int begin = step[KNOWN + layer] - rung.first;
        const int end = step[b.n_step + KNOWN + layer] - rung.first;
        __syncwarp();
        if (m > 0 && (layer <= b.depth || (needs_raw && b.depth > 0))) push_to(b, rung, h, from, m, begin, lane);
        raw = rung.z + begin;
        if (layer > b.depth) break;
        __syncwarp();
        if (end > begin) finish(b, row, rung, layer, begin, end, lane);
        h = b.state + raw;
        from = begin;
        m = end - begin;
    }
    if (wired >= 0) {
        const Rung direct = rung_of(b, group, row.own, b.depth + 1, b.header[DIRECT]);
        push_to(b, direct, shown, wired, 1, step[FIRST_RAW] - direct.first, lane);
    }
    return raw;
}

// Go through the places of a group, and write the values.
__device__ __forceinline__ void walk(const Block& b, const int* group, const Row& row, int lane) {
    const int n_places = group[COUNT];
    int column = -1;  // what the place before has shown
    real drawn = 0;
    for (int p = 0; p < n_places; p++) {
        const int* step = b.own_steps + p * b.n_step;
        const int raw = climb(b, group, row, step, column, row.gaps >> p != 0, lane);
        real value = __shfl_sync(ALL_LANES, row.given, p);
        if (isnan(value)) {
            __syncwarp();
            value = decide_place(b, group, row, b.state + raw, step, p, lane);
        } else if (isinf(value)) {
            value = NAN_;
        }
        if (lane == p) drawn = value;
        const int active = active_input(value, step);
        const double* numbers = b.numbers + 3 * (long long)(group[PLACE] + p);
        const real shown = active < 0 ? (real)0 : encode(value, active, step, numbers);
        column = active < 0 ? -1 : step[FIRST_INPUT] - b.own_steps[FIRST_INPUT] + active;
        tell(b, group, row, step, active, shown, lane);
        if (lane == 0) note(b, p, column);
    }
    write_values(b, group, row, drawn, lane);
}

}  // namespace sampling
