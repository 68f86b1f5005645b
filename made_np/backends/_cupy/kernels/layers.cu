// What a pass through the network does beside its products, forward and backward.
//
// Matrices (B, units) stand row by row, units by degree; one thread has one number.

// What the network sees of a value at the k-th input unit of its feature: of a NaN zeros, and that it is one.
__device__ __forceinline__ real encode(real value, int k, const int* feature, const double* numbers) {
    if (k == feature[5]) return isnan(value) ? (real)1 : (real)0;
    if (isnan(value)) return 0;
    if (feature[1] == CATEGORICAL) return value == (real)k ? (real)1 : (real)0;
    if (feature[1] == DISCRETIZED) return value * (real)(2 / (numbers[1] - 1)) - (real)1;
    return value;
}

// Put rows where the network sees them: `values` (B, D) by place in the order, and what it sees of them, `inputs`.
// `keeps` (B, n_units) are dropout masks of the inputs in theta's numbering, whose numbers `units` are, or null.
extern "C" __global__ void load_rows(
        const real* x, const real* context, const int* features, const double* numbers, const real* keeps,
        const int* units, int n_rows, int n_features, int n_context, int n_units, int width, real* values, real* inputs) {
    const int n = n_features + n_context;
    const long long at = (long long)blockIdx.x * blockDim.x + threadIdx.x;
    if (at >= (long long)n_rows * n) return;
    const int row = (int)(at / n);
    const int place = (int)(at % n);
    real* seen = inputs + (long long)row * width;
    const real* keep = keeps ? keeps + (long long)row * n_units : 0;
    if (place >= n_features) {
        const int k = place - n_features;
        seen[k] = context[(long long)row * n_context + k] * (keep ? keep[units[k]] : (real)1);
        return;
    }
    const int* feature = features + 8 * place;
    const real value = x[(long long)row * n_features + feature[0]];
    values[(long long)row * n_features + place] = value;
    const int first = feature[4];
    const int last = first + feature[5] + feature[7];
    for (int k = first; k < last; ++k) {
        const real told = encode(value, k - first, feature, numbers + 3 * place);
        seen[k] = keep ? told * keep[units[k]] : told;
    }
}

// Copy the inputs with direct wires behind the others, where not all inputs have them.
extern "C" __global__ void copy_direct(real* inputs, const int* direct_from, int n_rows, int n_copies, int width) {
    const long long at = (long long)blockIdx.x * blockDim.x + threadIdx.x;
    if (at >= (long long)n_rows * n_copies) return;
    real* row = inputs + at / n_copies * width;
    const int k = (int)(at % n_copies);
    row[width - n_copies + k] = row[direct_from[k]];
}

// Put NaN where a row's value is not told.
extern "C" __global__ void hide(real* x, const unsigned char* told, int n) {
    const int at = blockIdx.x * blockDim.x + threadIdx.x;
    if (at < n && !told[at]) x[at] = NAN_;
}

// Begin the raw outputs with their biases; products are added.
extern "C" __global__ void begin_raw(real* raw, const real* bias, int n_rows, int width) {
    const long long at = (long long)blockIdx.x * blockDim.x + threadIdx.x;
    if (at < (long long)n_rows * width) raw[at] = bias[at % width];
}

// Turn what a product left of a hidden layer into its result: bias, activation, dropout, the layer below.
// `plain`, or null, gets what the slope is computed from: the activation's result before the last two, or z.
extern "C" __global__ void finish_layer(
        real* h, const real* bias, real* plain, const real* keeps, const int* units, const real* below, const int* skips,
        int n_rows, int width, int below_width, int activation) {
    const long long at = (long long)blockIdx.x * blockDim.x + threadIdx.x;
    if (at >= (long long)n_rows * width) return;
    const long long row = at / width;
    const int unit = (int)(at % width);
    const real z = h[at] + bias[unit];
    real y = activate(activation, z);
    if (plain) plain[at] = activation >= FROM_Z ? z : y;
    if (keeps) y *= keeps[row * width + units[unit]];
    if (skips && skips[unit] >= 0) y += below[row * below_width + skips[unit]];
    h[at] = y;
}

// The gradient of z from that of a hidden layer's result, which may be the same memory.
extern "C" __global__ void finish_layer_backward(
        const real* dh, const real* plain, const real* keeps, const int* units, real* dz, int n_rows, int width,
        int activation) {
    const long long at = (long long)blockIdx.x * blockDim.x + threadIdx.x;
    if (at >= (long long)n_rows * width) return;
    real dy = dh[at];
    if (keeps) dy *= keeps[at / width * width + units[at % width]];
    dz[at] = dy * activation_slope(activation, plain[at]);
}

// Add the gradient of a layer's result to that of the units below that its skips added.
extern "C" __global__ void add_skips_backward(
        const real* dh, const int* skips, real* below, int n_rows, int width, int below_width) {
    const long long at = (long long)blockIdx.x * blockDim.x + threadIdx.x;
    if (at >= (long long)n_rows * width) return;
    const int skip = skips[at % width];
    if (skip >= 0) below[at / width * below_width + skip] += dh[at];
}

// Copy raw outputs from the sequence of the order to that of features.
extern "C" __global__ void spread_raw(const real* raw, const int* units, real* out, int n_rows, int width) {
    const long long at = (long long)blockIdx.x * blockDim.x + threadIdx.x;
    if (at < (long long)n_rows * width) out[at / width * width + units[at % width]] = raw[at];
}
