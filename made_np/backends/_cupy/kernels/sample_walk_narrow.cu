// The same within a group whose weights are all staged: what a row adds up stands in the registers of its warp.
//
// Lane i has units i, i + 32, ..., of each layer of the group. Units that are finished are added to as well: their numbers
// are not read again, and may be anything.

namespace sampling {

// N_SLOTS units of each of DEPTH hidden layers and RAW_SLOTS raw outputs, and where weights that lead to them are staged.
template <int DEPTH, int N_SLOTS, int RAW_SLOTS>
struct Narrow {
    real z[DEPTH + 1][N_SLOTS];
    bool own[DEPTH + 1][N_SLOTS];  // whether there is such a unit
    int width[DEPTH + 1];
    const real* staged[DEPTH + 1];  // from the lane's first unit on
    real* column[DEPTH];            // where results stand among the group's columns
    int next[DEPTH];                // the first unit of the next degree

    static __device__ __forceinline__ constexpr int slots(int k) { return k == DEPTH ? RAW_SLOTS : N_SLOTS; }

    // Add h times a column: the weights stand at `w`, as `weights` has found them.
    __device__ __forceinline__ void add(int k, const real (&w)[N_SLOTS], real h) {
#pragma unroll
        for (int j = 0; j < slots(k); j++) z[k][j] += w[j] * h;
    }

    // The lane's weights of a column that leads to the k-th layer above the inputs.
    __device__ __forceinline__ void weights(int k, const real* from, int column, real (&w)[N_SLOTS]) const {
#pragma unroll
        for (int j = 0; j < slots(k); j++) w[j] = own[k][j] ? from[column * width[k] + j * WARP] : (real)0;
    }

    // What has been added up of a unit; all lanes get it.
    __device__ __forceinline__ real sum(int k, int unit) const {
        real value = z[k][0];
#pragma unroll
        for (int j = 1; j < slots(k); j++) value = unit >= j * WARP ? z[k][j] : value;
        return __shfl_sync(ALL_LANES, value, unit % WARP);
    }
};

template <int DEPTH, int N_SLOTS, int RAW_SLOTS>
__device__ __forceinline__ void enter(
        const Block& b, const int* group, const Row& row, int lane, Narrow<DEPTH, N_SLOTS, RAW_SLOTS>& own) {
#pragma unroll
    for (int k = 0; k <= DEPTH; k++) {
        const int* to = b.in_layer(group, k + 1);
        const real* state = b.state + row.own * b.row_size + to[AT] + lane;
        own.width[k] = to[OWN];
        own.staged[k] = b.staged + b.in_product(group, k)[STAGED] + lane;
#pragma unroll
        for (int j = 0; j < own.slots(k); j++) {
            own.own[k][j] = lane + j * WARP < to[OWN];
            own.z[k][j] = own.own[k][j] ? state[j * WARP] : (real)0;
        }
        if (k == DEPTH) continue;
        own.column[k] = b.columns + b.in_product(group, k + 1)[COLUMNS_AT] * b.rows + row.own;
        own.next[k] = 0;
    }
}

// Finish the units of the k-th hidden layer whose degree has come: those before the local one `end`.
template <int DEPTH, int N_SLOTS, int RAW_SLOTS>
__device__ __forceinline__ void finish_narrow(
        const Block& b, Narrow<DEPTH, N_SLOTS, RAW_SLOTS>& own, int k, int end, int activation, bool adds, int lane) {
#pragma unroll(N_SLOTS > 2 ? 4 : 1)
    for (int unit = own.next[k]; unit < end; unit++) {
        real w[N_SLOTS];
        own.weights(k + 1, own.staged[k + 1], unit, w);
        const real z = own.sum(k, unit);
        const real h = activate_any(activation, z);
        if (lane == 0) own.column[k][unit * b.rows] = h;
        if (adds) own.add(k + 1, w, h);
    }
    own.next[k] = end;
}

// Decide a place of any kind; `begin` is its first raw output in the group.
template <int DEPTH, int N_SLOTS, int RAW_SLOTS>
__device__ __forceinline__ real decide_narrow(
        const Block& b, const int* group, const Row& row, const Narrow<DEPTH, N_SLOTS, RAW_SLOTS>& own, const int* step, int p,
        int lane) {
    const int* to = b.in_layer(group, DEPTH + 1);
    real* raw = b.state + row.own * b.row_size + to[AT];
    const int begin = step[FIRST_RAW] - to[FIRST_UNIT];
#pragma unroll
    for (int j = 0; j < RAW_SLOTS; j++) {
        const int unit = lane + j * WARP;
        if (unit >= begin && unit < begin + step[N_RAW]) raw[unit] = own.z[DEPTH][j];
    }
    __syncwarp();
    return decide_place(b, group, row, raw + begin, step, p, lane);
}

// Copy what the group has brought to where later stretches find it.
__device__ __forceinline__ void leave(const Block& b, const int* group, const Row& row, int lane) {
    __syncwarp();
    for (int layer = 1; layer <= b.depth; layer++) {
        const int* own = b.in_layer(group, layer);
        const real* column = b.columns + b.in_product(group, layer)[COLUMNS_AT] * b.rows + row.own;
        real* below = b.below_row(layer, row.number) + own[FIRST_UNIT];
        for (int i = lane; i < own[OWN]; i += WARP) below[i] = column[i * b.rows];
    }
}

// Go through the places of a group of binary features without more inputs, each of which is one input unit and one raw
// output; of direct wires there are none, or those of all inputs.
template <int DEPTH, int N_SLOTS>
__device__ __forceinline__ void walk_binary(const Block& b, const int* group, const Row& row, int lane) {
    Narrow<DEPTH, N_SLOTS, 1> own;
    enter(b, group, row, lane, own);
    const int n_places = group[COUNT];
    const int activation = b.header[ACTIVATION];
    const int* step = b.own_steps + b.n_step + KNOWN + 1;
    int first[DEPTH];
#pragma unroll
    for (int k = 0; k < DEPTH; k++) first[k] = b.in_layer(group, k + 1)[FIRST_UNIT];
    const int direct = b.header[DIRECT];
    const real* direct_staged = direct >= 0 ? b.staged + b.in_product(group, direct)[STAGED] + lane : b.staged;
    real* column = b.columns + row.own;
    real drawn = 0;
    for (int p = 0; p < n_places; p++) {
        real w[N_SLOTS];  // of what this place will show
        real direct_w[N_SLOTS];
#pragma unroll
        for (int j = 0; j < N_SLOTS; j++) w[j] = direct_w[j] = 0;
        if (p + 1 < n_places) own.weights(0, own.staged[0], p, w);
        if (p + 1 < n_places && direct >= 0) own.weights(DEPTH, direct_staged, p, direct_w);
        const real quantile = __shfl_sync(ALL_LANES, row.quantile, p);
        real value = __shfl_sync(ALL_LANES, row.given, p);
        const bool needs_raw = row.gaps >> p != 0;
#pragma unroll
        for (int k = 0; k < DEPTH; k++)
            finish_narrow(b, own, k, step[k] - first[k], activation, k + 1 < DEPTH || needs_raw, lane);
        const real raw = __shfl_sync(ALL_LANES, own.z[DEPTH][0], p);
        if (isnan(value)) value = raw - raw == 0 ? (real)(raw > quantile) : NAN_;
        else if (isinf(value)) value = NAN_;
        if (lane == p) drawn = value;
        const real shown = isnan(value) ? (real)0 : value;
        own.add(0, w, shown);
        if (direct >= 0) own.add(DEPTH, direct_w, shown);
        if (lane == 0) column[p * b.rows] = shown;
        step += b.n_step;
    }
    write_values(b, group, row, drawn, lane);
    if (lane < n_places) note(b, lane, lane);
    if (!b.below) return;
    if (lane < n_places) b.below_row(0, row.number)[b.own_steps[FIRST_INPUT] + lane] = isnan(drawn) ? (real)0 : drawn;
    leave(b, group, row, lane);
}

// Go through the places of a group of any features.
template <int DEPTH, int N_SLOTS>
__device__ __forceinline__ void walk_narrow(const Block& b, const int* group, const Row& row, int lane) {
    Narrow<DEPTH, N_SLOTS, N_SLOTS> own;
    enter(b, group, row, lane, own);
    const int n_places = group[COUNT];
    const int activation = b.header[ACTIVATION];
    const int direct = b.header[DIRECT];
    const real* direct_staged = direct >= 0 ? b.staged + b.in_product(group, direct)[STAGED] + lane : b.staged;
    real drawn = 0;
    for (int p = 0; p < n_places; p++) {
        const int* step = b.own_steps + p * b.n_step;
        real value = __shfl_sync(ALL_LANES, row.given, p);
        const bool needs_raw = row.gaps >> p != 0;
#pragma unroll
        for (int k = 0; k < DEPTH; k++) {
            const int end = step[b.n_step + KNOWN + k + 1] - b.in_layer(group, k + 1)[FIRST_UNIT];
            finish_narrow(b, own, k, end, activation, k + 1 < DEPTH || needs_raw, lane);
        }
        if (isnan(value)) value = decide_narrow(b, group, row, own, step, p, lane);
        else if (isinf(value)) value = NAN_;
        if (lane == p) drawn = value;
        const int active = active_input(value, step);
        const real shown =
            active < 0 ? (real)0 : encode(value, active, step, b.numbers + 3 * (long long)(group[PLACE] + p));
        tell(b, group, row, step, active, shown, lane);
        const int column = active < 0 ? -1 : step[FIRST_INPUT] - b.own_steps[FIRST_INPUT] + active;
        if (lane == 0) note(b, p, column);
        if (column < 0 || p + 1 == n_places) continue;
        real w[N_SLOTS];
        own.weights(0, own.staged[0], column, w);
        own.add(0, w, shown);
        const int wired = direct >= 0 && needs_raw ? wired_column(b, group, column) : -1;
        if (wired < 0) continue;
        own.weights(DEPTH, direct_staged, wired, w);
        own.add(DEPTH, w, shown);
    }
    write_values(b, group, row, drawn, lane);
    if (b.below) leave(b, group, row, lane);
}

template <int DEPTH>
__device__ __forceinline__ void walk_deep(const Block& b, const int* group, const Row& row, int lane) {
    if (group[WALK] == BINARY_32 && !b.means) walk_binary<DEPTH, 1>(b, group, row, lane);
    else if (group[WALK] == BINARY_64 && !b.means) walk_binary<DEPTH, 2>(b, group, row, lane);
    else if (group[WALK] == BINARY_128 && !b.means) walk_binary<DEPTH, 4>(b, group, row, lane);
    else walk_narrow<DEPTH, 4>(b, group, row, lane);
}

// Take a row through a group, in the way that is quickest.
template <bool IN_SHARED>
__device__ __forceinline__ void walk_any(const Block& b, const int* group, const Row& row, int lane) {
    if (IN_SHARED && group[WALK] != ANY_WAY && b.depth == 1) walk_deep<1>(b, group, row, lane);
    else if (IN_SHARED && group[WALK] != ANY_WAY && b.depth == 2) walk_deep<2>(b, group, row, lane);
    else walk(b, group, row, lane);
}

}  // namespace sampling
