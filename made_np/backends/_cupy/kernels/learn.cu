// Parameters between theta's numbering and that by degree, with their masks; and what a step does to them.
//
// Vectors such as theta come as the part that the kernel is about: a product's weights (n_out, n_in), a layer's biases.
// `rows` and `columns` are theta's numbers of their units; row r sees the first reach[r] columns. `numbers` are those of
// `backends.rules`, in the device's memory: a recorded step finds new ones there each time.

// Weights that a thread moves: loads of several are on their way at once.
#define EACH 4

// Write a product's weights by degree, with 0 where there is no wire; behind stops[r] nobody looks.
extern "C" __global__ void sort_weights(
        const real* theta, const int* rows, const int* columns, const int* reach, const int* stops, int n_in,
        real* sorted) {
    const int r = blockIdx.x;
    const int stop = stops[r];
    const int end = reach[r];
    const int first = blockIdx.y * blockDim.x * EACH + threadIdx.x;
    if (first >= stop) return;
    const real* from = theta + (long long)rows[r] * n_in;
    real* to = sorted + (long long)r * n_in;
    real held[EACH];
#pragma unroll
    for (int k = 0; k < EACH; ++k) {
        const int c = first + k * blockDim.x;
        held[k] = c < end ? from[columns[c]] : (real)0;
    }
#pragma unroll
    for (int k = 0; k < EACH; ++k) {
        const int c = first + k * blockDim.x;
        if (c < stop) to[c] = held[k];
    }
}

extern "C" __global__ void sort_biases(const real* theta, const int* rows, int n_out, real* sorted) {
    const int r = blockIdx.x * blockDim.x + threadIdx.x;
    if (r < n_out) sorted[r] = theta[rows[r]];
}

// Add to each sorted bias the mask weights of the wires that its unit has: a warp per row.
extern "C" __global__ void add_mask_weights(
        const real* theta, const int* rows, const int* columns, const int* reach, int n_in, int n_out,
        real* sorted) {
    const int r = (blockIdx.x * blockDim.x + threadIdx.x) / 32;
    const int lane = threadIdx.x % 32;
    real sum = 0;
    if (r < n_out)
        for (int c = lane; c < reach[r]; c += 32) sum += theta[(long long)rows[r] * n_in + columns[c]];
    sum = warp_sum(sum);
    if (r < n_out && lane == 0) sorted[r] += sum;
}

// The coming step of a rule, as numbers of this dtype.
struct Rule {
    real rate, a, b, c, d, whole_rate;
    int decoupled;
};

__device__ __forceinline__ Rule rule_of(const double* numbers, int decoupled) {
    return {(real)numbers[0], (real)numbers[1], (real)numbers[2], (real)numbers[3],
            (real)numbers[4], (real)numbers[5], decoupled};
}

// A parameter on its way through a step.
struct Moved {
    real g, theta, first, second, decay;
};

// Where parameters, and what a rule remembers of them, lie.
struct Vectors {
    real *theta, *first, *second, *grad;
    const real* decay;
};

template <int KIND>
__device__ __forceinline__ constexpr bool has_second() {
    return KIND == ADAM || KIND == ADADELTA;
}

// Read what a rule must know of parameter i besides its gradient.
template <int KIND>
__device__ __forceinline__ Moved load(const Vectors& all, long long i) {
    Moved one = {};
    if (KIND == NONE) return one;
    one.theta = all.theta[i];
    one.first = all.first[i];
    if (has_second<KIND>()) one.second = all.second[i];
    one.decay = all.decay ? all.decay[i] : (real)0;
    return one;
}

// Make a step.
template <int KIND>
__device__ __forceinline__ void move(const Rule& how, Moved& one) {
    if (KIND == NONE) return;
    if (how.decoupled) one.theta *= (real)1 - how.whole_rate * one.decay;
    else one.g += one.decay * one.theta;
    const real g = one.g;
    real& m = one.first;
    real& v = one.second;
    if (KIND == ADAM) {
        m += how.a * (g - m);
        v += how.b * (g * g - v);
        one.theta -= how.rate * m / (how.c * sqrt(v) + how.d);
    } else if (KIND == PLAIN) {
        m = how.a * m + g;
        one.theta -= how.rate * m;
    } else if (KIND == NESTEROV) {
        m = how.a * m + g;
        one.theta -= how.rate * (g + how.a * m);
    } else if (KIND == ADAGRAD) {
        m += g * g;
        one.theta -= how.rate * g / sqrt(m + how.a);
    } else {
        m += how.a * (g * g - m);
        const real delta = sqrt((v + how.b) / (m + how.b)) * g;
        v += how.a * (delta * delta - v);
        one.theta -= how.rate * delta;
    }
}

// Write what has come of a step; without a rule, the gradient itself.
template <int KIND>
__device__ __forceinline__ void store(const Vectors& all, long long i, const Moved& one) {
    if (KIND == NONE) {
        all.grad[i] = one.g;
        return;
    }
    all.theta[i] = one.theta;
    all.first[i] = one.first;
    if (has_second<KIND>()) all.second[i] = one.second;
}

// Choose what was compiled for a rule.
#define BY_RULE(kind, call)             \
    switch (kind) {                     \
        case NONE: call(NONE); break;   \
        case ADAM: call(ADAM); break;   \
        case PLAIN: call(PLAIN); break; \
        case NESTEROV: call(NESTEROV); break; \
        case ADAGRAD: call(ADAGRAD); break;   \
        default: call(ADADELTA);        \
    }

// A stretch of a product's row: EACH weights of a thread, of which all are read before any is written. Behind the end
// a thread reads the last one once more, so that nothing has to be asked on the way.
template <int KIND>
__device__ __forceinline__ void learn_stretch(
        const Rule& how, const Vectors& all, const real* slopes, real db, const int* columns, long long row, int first,
        int end, int stop, real* sorted) {
    long long at[EACH];
    real g[EACH];
    Moved moved[EACH];
#pragma unroll
    for (int k = 0; k < EACH; ++k) {
        const int c = min(first + k * (int)blockDim.x, stop - 1);
        at[k] = row + columns[c];
        g[k] = slopes ? slopes[min(c, max(end - 1, 0))] : db;
    }
#pragma unroll
    for (int k = 0; k < EACH; ++k) moved[k] = load<KIND>(all, at[k]);
#pragma unroll
    for (int k = 0; k < EACH; ++k) {
        const int c = first + k * blockDim.x;
        moved[k].g = c < end ? g[k] : (real)0;
        move<KIND>(how, moved[k]);
        if (c < stop) store<KIND>(all, at[k], moved[k]);
        if (sorted && c < end) sorted[c] = moved[k].theta;
    }
}

// Learn a product's weights from their gradient by degree, `dW`; or mask weights, from that of the biases, `db`.
// Off the mask the gradient is 0: those weights are left alone if `only_live`. `sorted`, or null, gets the new weights.
extern "C" __global__ void learn_weights(
        const real* dW, const real* db, real* theta, real* first, real* second, const real* decay, real* grad,
        const int* rows, const int* columns, const int* reach, int n_in, int rule, const double* numbers,
        int decoupled, int only_live, real* sorted) {
    const int r = blockIdx.x;
    const int end = reach[r];
    const int stop = only_live ? end : n_in;
    const int begin = blockIdx.y * blockDim.x * EACH + threadIdx.x;
    if (begin >= stop) return;
    const Rule how = rule_of(numbers, decoupled);
    const Vectors all = {theta, first, second, grad, decay};
    const long long own = (long long)r * n_in;
    const long long row = (long long)rows[r] * n_in;
    const real* slopes = dW ? dW + own : 0;
    const real slope = db ? db[r] : (real)0;
    real* written = sorted ? sorted + own : 0;
#define LEARN_STRETCH(KIND) learn_stretch<KIND>(how, all, slopes, slope, columns, row, begin, end, stop, written)
    BY_RULE(rule, LEARN_STRETCH)
}

// The step of one parameter, whose gradient is g; return its new value.
template <int KIND>
__device__ __forceinline__ real learn_one(const Rule& how, const Vectors& all, long long i, real g) {
    Moved one = load<KIND>(all, i);
    one.g = g;
    move<KIND>(how, one);
    store<KIND>(all, i, one);
    return one.theta;
}

// Add up the gradient of a layer's z (B, n_out) over rows, write that of its biases by degree to `db`, and learn them.
// A block has 32 units, and as many threads as rows of 32 for each.
extern "C" __global__ void learn_biases(
        const real* dz, int n_rows, int n_out, real* db, real* theta, real* first, real* second, const real* decay,
        real* grad, const int* rows, int rule, const double* numbers, int decoupled, real* sorted) {
    SHARED(real, sums);
    const int lane = threadIdx.x % 32;
    const int part = threadIdx.x / 32;
    const int n_parts = blockDim.x / 32;
    const int r = blockIdx.x * 32 + lane;
    real sum = 0;
    if (r < n_out)
        for (int row = part; row < n_rows; row += n_parts) sum += dz[(long long)row * n_out + r];
    sums[threadIdx.x] = sum;
    __syncthreads();
    if (part > 0 || r >= n_out) return;
    for (int k = 1; k < n_parts; ++k) sum += sums[k * 32 + lane];
    db[r] = sum;
    const Rule how = rule_of(numbers, decoupled);
    const Vectors all = {theta, first, second, grad, decay};
    real value;
#define LEARN_BIAS(KIND) value = learn_one<KIND>(how, all, rows[r], sum)
    BY_RULE(rule, LEARN_BIAS)
    if (sorted) sorted[r] = value;
}

// Learn every parameter from a whole gradient in theta's numbering.
extern "C" __global__ void learn_all(
        real* theta, real* grad, real* first, real* second, const real* decay, int n, int rule,
        const double* numbers, int decoupled) {
    const long long i = (long long)blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= n) return;
    const Rule how = rule_of(numbers, decoupled);
    const Vectors all = {theta, first, second, 0, decay};
#define LEARN_ANY(KIND) learn_one<KIND>(how, all, i, grad[i])
    BY_RULE(rule, LEARN_ANY)
}

// Draw an average towards theta by `weight` of the way.
extern "C" __global__ void average(real* averaged, const real* theta, int n, double weight) {
    const long long i = (long long)blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) averaged[i] += (real)weight * (theta[i] - averaged[i]);
}

// Put the numbers of the coming step where recorded work finds them.
extern "C" __global__ void set_numbers(
        double* numbers, double a, double b, double c, double d, double e, double f) {
    numbers[0] = a;
    numbers[1] = b;
    numbers[2] = c;
    numbers[3] = d;
    numbers[4] = e;
    numbers[5] = f;
}

// Count the losses of a batch, each times its weight (null: 1): totals[0] is their sum, totals[1] how many. One block.
extern "C" __global__ void add_losses(double* totals, const double* nll, const double* weights, int n) {
    SHARED(double, sums);
    double sum = 0;
    for (int k = threadIdx.x; k < n; k += blockDim.x) sum += weights ? weights[k] * nll[k] : nll[k];
    sum = block_sum(sum, sums);
    if (threadIdx.x > 0) return;
    totals[0] += sum;
    totals[1] += n;
}

// Write whether a vector holds anything but finite numbers: not 0 if it does. One block.
extern "C" __global__ void find_odd(const real* vector, int n, double* found) {
    SHARED(double, counts);
    double count = 0;
    for (int k = threadIdx.x; k < n; k += blockDim.x) count += vector[k] - vector[k] == 0 ? 0 : 1;
    count = block_sum(count, counts);
    if (threadIdx.x == 0) found[0] = count;
}

// Copy rows of a table on the device: row k is the table's row index[k].
extern "C" __global__ void take_rows(const real* table, const int* index, int n_rows, int n_columns, real* out) {
    const long long at = (long long)blockIdx.x * blockDim.x + threadIdx.x;
    if (at >= (long long)n_rows * n_columns) return;
    out[at] = table[(long long)index[at / n_columns] * n_columns + at % n_columns];
}
