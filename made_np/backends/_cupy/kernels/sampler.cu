// Ancestral sampling: a block takes its rows through a stretch of the places in the order, all in one launch.
//
// The places of a stretch come in groups. Within a group each row has a warp of its own, which goes from place to place
// without waiting for another: what a place shows of its value is added to the hidden units of the group that see it,
// units whose degree has come are finished and added to those above, and the raw outputs of the next place decide its
// value. Between two groups all warps of the block add what the group has brought to the units of all later groups of
// the stretch. So there are two barriers in a group, and each weight is read once in a block.
//
// What the units of a stretch get from places before it is there already: `before`. A row's state is one number for
// each unit of the stretch: what has been added up so far, and its result once that is known.
//
// Copies to shared memory are under way while the warps add (`stage`), and the tables are one group ahead.

namespace sampling {

// Begin the units of the stretch with their biases, and what came before.
__device__ __forceinline__ void begin(const Block& b) {
    for (int t = 1; t <= b.depth + 1; t++) {
        const int* own = b.layer(t);
        const int n = own[N_UNITS];
        const real* before = b.before + (long long)b.n_rows * own[BASE];
        for (int r = 0; r < b.rows; r++) {
            const bool adds = own[HAS_BEFORE] && b.first + r < b.n_rows;
            const real* added = before + (long long)(b.first + r) * n;
            real* state = b.state + r * b.row_size + own[BASE];
            for (int i = threadIdx.x; i < n; i += blockDim.x)
                state[i] = b.biases[own[BIAS_AT] + i] + (adds ? added[i] : (real)0);
        }
    }
}

// Note the first place in the stretch that has a gap in a row, and the one behind the last.
__device__ __forceinline__ void find_gaps(const Block& b, int warp, int lane, int begin, int end) {
    int low = end;
    int high = begin;
    if (!b.given) {
        low = begin;
        high = end;
    } else if (b.first + warp < b.n_rows) {
        const real* given = b.given + (long long)(b.first + warp) * b.header[N_FEATURES];
        for (int place = begin + lane; place < end; place += WARP)
            if (isnan(given[b.steps[(long long)place * b.n_step + FEATURE]])) {
                low = min(low, place);
                high = place + 1;
            }
    }
    for (int step = WARP / 2; step > 0; step /= 2) {
        low = min(low, __shfl_xor_sync(ALL_LANES, low, step));
        high = max(high, __shfl_xor_sync(ALL_LANES, high, step));
    }
    if (lane == 0) {
        b.gaps[2 * warp] = low;
        b.gaps[2 * warp + 1] = high;
    }
}

// Of the raw outputs, those that places with a gap in some row of the block ask for: `high` is behind the last of them.
__device__ __forceinline__ void find_raw(const Block& b, int& low, int& high) {
    for (int r = 0; r < b.rows; r++) {
        low = r ? min(low, b.gaps[2 * r]) : b.gaps[0];
        high = r ? max(high, b.gaps[2 * r + 1]) : b.gaps[1];
    }
    const bool any = low < high;
    low = any ? b.steps[(long long)low * b.n_step + FIRST_RAW] : 0;
    high = any ? b.steps[(long long)high * b.n_step + FIRST_RAW] : 0;
}

// Take the rows of a block through a stretch.
template <bool IN_SHARED>
__device__ __forceinline__ void sample(const Block& b, const int* all_groups, int first_group, int last_group) {
    const int warp = threadIdx.x / WARP;
    const int lane = threadIdx.x % WARP;
    const bool walks = warp < b.rows && b.first + warp < b.n_rows;
    fetch_ints(b.group(first_group), all_groups + (long long)first_group * b.n_group, b.n_group);
    fetched();
    __syncthreads();
    begin(b);
    const int* last = all_groups + (long long)(last_group - 1) * b.n_group;
    if (warp < b.rows) find_gaps(b, warp, lane, b.group(first_group)[PLACE], last[PLACE] + last[COUNT]);
    __syncthreads();
    int low = 0;
    int high = 0;
    find_raw(b, low, high);
    for (int g = first_group; g < last_group; g++) {
        const int* group = b.group(g);
        Row row = {};
        stage(b, g, all_groups, last_group);
        if (walks) row = arrive(b, group, warp, lane);
        if (g > first_group) spread_any<IN_SHARED>(b, b.group(g - 1), group, low, high);
        if (walks) prepare(b, row);
        fetched();
        __syncthreads();
        if (walks) walk_any<IN_SHARED>(b, group, row, lane);
        __syncthreads();
    }
}

// Lay out the memory of a block, and bring the tables that it asks for again and again.
__device__ __forceinline__ void lay_out(Block& b, const int* header, const int* stretch, real* memory, real* state) {
    b.rows = stretch[ROWS];
    b.row_size = stretch[ROW_SIZE];
    b.first = blockIdx.x * b.rows;
    b.state = state;
    b.columns = state + stretch[COLUMNS_BEGIN];
    b.staged = memory + stretch[STAGED_BEGIN];
    b.depth = header[DEPTH];
    b.n_products = header[N_PRODUCTS];
    b.n_step = header[N_STEP];
    b.n_group = header[N_GROUP];
    b.header = (int*)(memory + stretch[TABLES_BEGIN]);
    b.stretch = b.header + header[SIZE];
    b.groups = b.stretch + STRETCH + (b.depth + 1) * LAYER;
    b.gaps = b.groups + 3 * b.n_group;
    b.shown = b.gaps + 2 * b.rows;
    b.own_steps = b.shown + WARP;
    fetch_ints(b.header, header, header[SIZE]);
    fetch_ints(b.stretch, stretch, STRETCH + (b.depth + 1) * LAYER);
}

}  // namespace sampling

// Draw rows, feature by feature in the order; `means`: put in the centre of each conditional instead.
//
// weights      of all products, each (columns, rows), with 0 where there is no wire; biases of all layers above the inputs
// header .. direct_of, numbers   tables; skips or null, and for each input unit the copy with a direct wire, or null
// uniforms     (B, D) by feature, or null for means
// given        (B, D) by feature, or null: NaN where a value is to be drawn, inf where it is not told
// before       for each layer above the inputs (B, units of the stretch): what they get from all before it
// below        null, or where later stretches find the inputs and the hidden layers, each (B, width)
// scratch      null, or memory for the states of the rows, where shared memory is too small
// x            (B, D) by feature: the result
extern "C" __global__ void __launch_bounds__(512) sample_rows(
        const real* weights, const real* biases, const int* header, const int* stretch, const int* groups,
        const int* steps, const int* skips, const int* direct_of, const double* numbers, const double* uniforms,
        const real* given, const real* before, real* below, real* scratch, real* x, int n_rows, int means) {
    SHARED(real, memory);
    sampling::Block block = {weights,  biases, steps,  skips, direct_of, numbers, uniforms,
                             given,    before, below,  x,     n_rows,    means};
    const int first_group = stretch[sampling::FIRST_GROUP];
    const int last_group = stretch[sampling::LAST_GROUP];
    if (scratch) {
        real* own = scratch + (long long)blockIdx.x * stretch[sampling::HELD];
        sampling::lay_out(block, header, stretch, memory, own);
        sampling::sample<false>(block, groups, first_group, last_group);
    } else {  // written twice, so that a compiler knows which memory it is
        sampling::lay_out(block, header, stretch, memory, memory);
        sampling::sample<true>(block, groups, first_group, last_group);
    }
}

// Put the context where the network sees it: first among the inputs, and among their copies with direct wires.
extern "C" __global__ void tell_context(
        const real* context, const int* direct_from, int n_rows, int n_context, int n_copies, int copies_at, int width,
        real* inputs) {
    const long long at = (long long)blockIdx.x * blockDim.x + threadIdx.x;
    if (at >= (long long)n_rows * (n_context + n_copies)) return;
    const int row = (int)(at / (n_context + n_copies));
    const int k = (int)(at % (n_context + n_copies));
    const int unit = k < n_context ? k : direct_from[k - n_context];
    inputs[(long long)row * width + (k < n_context ? k : copies_at + k - n_context)] =
        context[(long long)row * n_context + unit];
}
