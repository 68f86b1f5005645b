// A row of the sampler at one place: what is known of it, what is decided there, and what the network sees of that.

#ifndef __CUDACC__
#define __noinline__
#endif

namespace sampling {

// A row on its way through a group; each lane keeps what concerns one place.
struct Row {
    int own;         // among those of the block
    int number;      // among all rows
    real given;      // the value of the lane's place: NaN where it is to be drawn
    double uniform;  // what decides it
    real quantile;   // what `uniform` says to a binary or a normal feature
    real least;      // its smallest scale
    int kind;        // that of the lane's place
    unsigned gaps;   // a bit for each place with a gap
};

// Begin to load what concerns a row in a group.
__device__ __forceinline__ Row arrive(const Block& b, const int* group, int warp, int lane) {
    Row row;
    row.own = warp;
    row.number = b.first + warp;
    row.given = 0;
    row.uniform = 0;
    row.least = 0;
    row.kind = -1;
    if (lane < group[COUNT]) {
        const long long place = group[PLACE] + lane;
        const int* step = b.steps + place * b.n_step;
        const long long at = (long long)row.number * b.header[N_FEATURES] + step[FEATURE];
        row.kind = step[KIND];
        row.given = b.given ? b.given[at] : NAN_;
        row.least = (real)b.numbers[3 * place];
        if (!b.means) row.uniform = b.uniforms[at];
    }
    return row;
}

// Find out what can be known before the walk.
__device__ __forceinline__ void prepare(const Block& b, Row& row) {
    const bool is_gap = isnan(row.given);
    row.gaps = __ballot_sync(ALL_LANES, is_gap);
    row.quantile = 0;
    if (b.means || !is_gap) return;
    if (row.kind == BERNOULLI) row.quantile = (real)(log(row.uniform) - log1p(-row.uniform));
    if (row.kind == GAUSSIAN || row.kind == GAUSSIAN_EXP) row.quantile = (real)draws::inverse_normal_cdf(row.uniform);
}

// Write the values of a group, a lane each.
__device__ __forceinline__ void write_values(const Block& b, const int* group, const Row& row, real value, int lane) {
    if (lane < group[COUNT])
        b.x[(long long)row.number * b.header[N_FEATURES] + b.own_steps[lane * b.n_step + FEATURE]] = value;
}

// The smallest k with u < p(x <= k), by all lanes of a warp.
__device__ __forceinline__ real decide_categorical(const real* raw, int n, double u, int lane) {
    bool is_finite = true;
    real top = -INF_;
    for (int k = lane; k < n; k += WARP) {
        is_finite = is_finite && raw[k] - raw[k] == 0;
        top = raw[k] > top ? raw[k] : top;
    }
    if (!__all_sync(ALL_LANES, is_finite)) return NAN_;
    top = warp_max(top);
    double total = 0;
    if (n > WARP) {
        for (int k = lane; k < n; k += WARP) total += exp(raw[k] - top);
        total = warp_sum(total);
    }
    double before = 0;
    for (int begin = 0;; begin += WARP) {
        const int k = begin + lane;
        double sum = k < n ? (double)exp(raw[k] - top) : 0.0;
        for (int step = 1; step < WARP; step *= 2) {
            const double other = __shfl_up_sync(ALL_LANES, sum, step);
            if (lane >= step) sum += other;
        }
        sum += before;
        before = __shfl_sync(ALL_LANES, sum, WARP - 1);
        if (n <= WARP) total = before;
        const int below = __popc(__ballot_sync(ALL_LANES, k < n - 1 && sum <= u * total));
        if (below < WARP || begin + WARP >= n) return begin + below;
    }
}

// The value that raw outputs and a uniform decide; all lanes of a warp call this, and get it. `quantile` and `least` are
// as in a row. It is called, not written into each walk: a program for one dtype is large as it is.
__device__ __noinline__ real decide(
        const real* raw, const int* step, const double* numbers, double uniform, real quantile, real least, int means,
        int lane) {
    const int kind = step[KIND];
    if (!means && kind == BERNOULLI) return raw[0] - raw[0] == 0 ? (real)(raw[0] > quantile) : NAN_;
    if (!means && (kind == GAUSSIAN || kind == GAUSSIAN_EXP)) {
        const real z = raw[1];
        const real within = z > LOG_LIMIT ? LOG_LIMIT : z < -LOG_LIMIT ? -LOG_LIMIT : z;
        const real scale = (kind == GAUSSIAN ? softplus(z) : exp(within)) + least;
        const bool is_finite = raw[0] - raw[0] == 0 && z - z == 0;
        return is_finite ? raw[0] + scale * quantile : NAN_;
    }
    if (!means && kind == CATEGORICAL) return decide_categorical(raw, step[N_RAW], uniform, lane);
    real value = 0;
    if (lane == 0) value = means ? centre(raw, 1, step, numbers) : draw(raw, 1, step, numbers, uniform);
    return __shfl_sync(ALL_LANES, value, 0);
}

// Decide the p-th place of a group.
__device__ __forceinline__ real decide_place(
        const Block& b, const int* group, const Row& row, const real* raw, const int* step, int p, int lane) {
    const double uniform = __shfl_sync(ALL_LANES, row.uniform, p);
    const real quantile = __shfl_sync(ALL_LANES, row.quantile, p);
    const real least = __shfl_sync(ALL_LANES, row.least, p);
    const double* numbers = b.numbers + 3 * (long long)(group[PLACE] + p);
    return decide(raw, step, numbers, uniform, quantile, least, b.means, lane);
}

// The one input unit of a feature that is not 0, as the network sees a value; -1 if all are.
__device__ __forceinline__ int active_input(real value, const int* step) {
    if (isnan(value)) return step[TELLS] ? step[N_INPUTS] : -1;
    if (step[KIND] != CATEGORICAL) return 0;
    const bool is_code = value >= 0 && value < (real)step[N_INPUTS];
    const int code = is_code ? (int)value : -1;
    return (real)code == value ? code : -1;
}

// Note which input unit of the group the p-th place shows, -1 for none; where a block has one row, it alone is read.
__device__ __forceinline__ void note(const Block& b, int p, int column) {
    if (b.rows == 1) b.shown[p] = column;
}

// Write what the network sees of a value: the k-th input unit of the feature holds `shown`, the others 0.
__device__ __forceinline__ void tell(
        const Block& b, const int* group, const Row& row, const int* step, int k, real shown, int lane) {
    const int first = step[FIRST_INPUT];
    const int n = step[N_INPUTS] + step[TELLS];
    real* column = b.columns + row.own + (first - b.own_steps[FIRST_INPUT]) * b.rows;
#pragma unroll 1
    for (int i = lane; i < n; i += WARP) {
        const real value = i == k ? shown : (real)0;
        column[i * b.rows] = value;
        if (b.below) b.below_row(0, row.number)[first + i] = value;
        if (!b.direct_of) continue;
        const int copy = b.direct_of[first + i];
        if (copy < 0) continue;
        const int* own = b.in_product(group, b.header[DIRECT]);
        b.columns[row.own + (own[COLUMNS_AT] + copy - own[FIRST_COLUMN]) * b.rows] = value;
        if (b.below) b.below_row(0, row.number)[b.header[COPIES_AT] + copy] = value;
    }
}

// Activations that are not worth the room at each place where they are asked for.
__device__ __noinline__ real activate_other(int activation, real z) { return activate(activation, z); }

__device__ __forceinline__ real activate_any(int activation, real z) {
    return activation == RELU ? (z < 0 ? (real)0 : z) : activate_other(activation, z);
}

}  // namespace sampling
