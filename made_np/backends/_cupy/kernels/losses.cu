// -log p of every value, with its gradient by the raw outputs: a kernel for each distribution.
//
// The folder `distributions` derives the formulas. What is small in a tail, or cancels where levels are narrow, is
// computed as there; double precision is for binned densities alone. Matrices stand row by row, features by place in
// the order.

// What every kernel of a distribution is given.
//   raw, values        (B, O) raw outputs; (B, D) values, NaN where the network is not told one
//   features, numbers  the tables of made_np.backends.tables
//   places             the places whose features have this distribution
//   row_weights        (B,) what a row's nll counts in the loss; null: `share`, for every row
//   d_raw              (B, O) gets the gradient times that weight; null: none is wanted
//   nll                (B, D) gets -log p in nats
#define LOSS_PARAMETERS                                                                                          \
    const real *raw, const real *values, const int *features, const double *numbers, const int *places,          \
        int n_places, const real *row_weights, double share, real *d_raw, real *nll, int n_rows, int n_features, \
        int n_raw
#define LOSS_ARGUMENTS \
    raw, values, features, numbers, places, n_places, row_weights, share, d_raw, nll, n_rows, n_features, n_raw

namespace losses {

// What a distribution must know of its feature.
struct Feature {
    int n_raw;
    int n;  // components
    double least, levels, reserve;
};

// Where the results for one value go.
struct Results {
    real* nll;
    real* d_raw;  // null: no gradient is wanted
    real weight;  // of the row
};

// Let `Loss` answer for each value of each row. So many LANES of a warp share one; those of a warp have neighbouring
// places, as their numbers lie side by side. Each keeps its place, and goes on to a later row.
template <class Loss, int LANES>
__device__ __forceinline__ void for_each_value(LOSS_PARAMETERS) {
    const int unit = (blockIdx.x * blockDim.x + threadIdx.x) / LANES;
    const int rows_at_once = gridDim.x * blockDim.x / LANES / n_places;
    if (unit >= rows_at_once * n_places) return;
    const int lane = threadIdx.x % LANES;
    const int place = places[unit % n_places];
    const int* table = features + 8 * place;
    const double* own = numbers + 3 * place;
    const Feature feature = {table[3], table[6], own[0], own[1], own[2]};
    for (int row = unit / n_places; row < n_rows; row += rows_at_once) {
        const long long at = (long long)row * n_features + place;
        const long long first = (long long)row * n_raw + table[2];
        const real weight = row_weights ? row_weights[row] : (real)share;
        const Results results = {nll + at, d_raw ? d_raw + first : 0, weight};
        const real x = values[at];
        if (x == x) {
            Loss::answer(feature, raw + first, x, lane, results);
            continue;
        }
        if (lane == 0) *results.nll = 0;
        for (int k = lane; results.d_raw && k < feature.n_raw; k += LANES) results.d_raw[k] = 0;
    }
}

// Softplus of s z with s = 1 - 2x, and its slope s sigmoid(s z), from one exponential.
struct Bernoulli {
    static __device__ __forceinline__ void answer(const Feature&, const real* raw, real x, int, const Results& out) {
        const real s = (real)1 - (real)2 * x;
        const real t = s * raw[0];
        const real e = exp(-fabs(t));
        *out.nll = t < (real)0 ? log1p(e) : t + log1p(e);
        if (!out.d_raw) return;
        const real r = (real)1 / ((real)1 + e);
        out.d_raw[0] = out.weight * (s * (t < (real)0 ? e * r : r));
    }
};

// log sum e^raw - raw_x, and its slope p - onehot(x). The largest is taken from each before they meet other numbers, and
// the 1 that it leaves stays out of the sum of the rest: so what is small beside 1 keeps its digits.
struct Categorical {
    static __device__ __forceinline__ void answer(
        const Feature& feature, const real* raw, real x, int lane, const Results& out) {
        real top = -INF_;
        for (int k = lane; k < feature.n_raw; k += WARP) top = raw[k] > top ? raw[k] : top;
        top = warp_max(top);
        real rest = 0;
        real ones = 0;
        for (int k = lane; k < feature.n_raw; k += WARP) {
            const real e = exp(raw[k] - top);
            if (e == (real)1) {
                ones += (real)1;
            } else {
                rest += e;
            }
        }
        rest = warp_sum(rest) + (warp_sum(ones) - (real)1);
        const int code = (int)x;
        if (lane == 0) *out.nll = log1p(rest) - (raw[code] - top);
        if (!out.d_raw) return;
        const real inverse = (real)1 / ((real)1 + rest);
        for (int k = lane; k < feature.n_raw; k += WARP) {
            const real e = exp(raw[k] - top);
            out.d_raw[k] = out.weight * (k == code ? -(rest + ((real)1 - e)) * inverse : e * inverse);
        }
    }
};

// A number of scales, but no further from 0 than where its square is finite; NaN where the raw mean m is infinite.
template <class T>
__device__ __forceinline__ T held(T e, T m) {
    const T most = IS_DOUBLE ? (T)MOST_DOUBLE : (T)MOST_SINGLE;
    return (e > most ? most : e < -most ? -most : e) + (m - m);
}

// e^2 / 2 + log s + log(2 pi) / 2 with e = (x - m) / s, and its slopes; s is the least plus a softplus. In the slope the
// quotient comes first: over s alone the square might overflow.
struct Gaussian {
    static __device__ __forceinline__ void answer(
        const Feature& feature, const real* raw, real x, int, const Results& out) {
        const real z = raw[1];
        const real s = softplus(z) + (real)feature.least;
        const real e = held((x - raw[0]) / s, raw[0]);
        *out.nll = e * e * (real)0.5 + log(s) + HALF_LOG_2PI;
        if (!out.d_raw) return;
        out.d_raw[0] = out.weight * (-e / s);
        out.d_raw[1] = out.weight * (((real)1 - e * e) * (sigmoid(z) / s));
    }
};

// As before, with s = least + e^raw, whose exponent goes no further than the limit.
struct GaussianExp {
    static __device__ __forceinline__ void answer(
        const Feature& feature, const real* raw, real x, int, const Results& out) {
        const real limit = LOG_LIMIT;
        const real z = raw[1];
        const real g = exp(z > limit ? limit : z < -limit ? -limit : z);
        const real s = g + (real)feature.least;
        const real e = held((x - raw[0]) / s, raw[0]);
        *out.nll = e * e * (real)0.5 + log(s) + HALF_LOG_2PI;
        if (!out.d_raw) return;
        out.d_raw[0] = out.weight * (-e / s);
        out.d_raw[1] = out.weight * (((real)1 - e * e) * (fabs(z) > limit ? (real)0 : g / s));
    }
};

// -------------------------------------------------------------------------------------------------- mixtures

// What a component says of a value: its log p, and the slopes of -log p by its raw mean and its raw scale.
// `number` is the type in which it computes. `left` is 1 - p of a mass; of a density it is more than any.
template <class T>
struct Said {
    T log_p, d_mean, d_scale, left;
};

struct NormalComponent {
    typedef real number;
    static __device__ __forceinline__ Said<real> of(const Feature& feature, real m, real z, real x) {
        const real s = softplus(z) + (real)feature.least;
        const real e = held((x - m) / s, m);
        const real log_p = -(e * e * (real)0.5) - HALF_LOG_2PI - log(s);
        return {log_p, -e / s, ((real)1 - e * e) * (sigmoid(z) / s), (real)1};
    }
};

// With e = (x - m) / s, log p = -|e| - 2 log(1 + e^-|e|) - log s.
struct LogisticComponent {
    typedef real number;
    static __device__ __forceinline__ Said<real> of(const Feature& feature, real m, real z, real x) {
        const real s = softplus(z) + (real)feature.least;
        const real e = held((x - m) / s, m);
        const real slope = tanh((real)0.5 * e);
        const real log_p = -fabs(e) - (real)2 * log1p(exp(-fabs(e))) - log(s);
        return {log_p, -slope / s, ((real)1 - e * slope) * (sigmoid(z) / s), (real)1};
    }
};

// The mass of a logistic in the bin of x, whose edges are a and b in units of s, and d = 1/s apart. The outer bins are
// open outwards. x is counted from the middle level, as m is.
struct BinnedComponent {
    typedef double number;
    static __device__ __forceinline__ Said<double> of(const Feature& feature, double m, double z, double x) {
        const double half = (feature.levels - 1) / 2;
        const double s = half * softplus(z) + feature.least;
        const double d = 1 / (s < WIDEST ? s : WIDEST);
        const double a = held((x - half + 0.5 - half * m) * d, m) + (z - z);
        const double b = held((x - half - 0.5 - half * m) * d, m) + (z - z);
        const bool lower = x > 0;
        const bool upper = x < feature.levels - 1;
        const double above = upper ? sigmoid(-a) : 0.0;
        const double below = lower ? sigmoid(b) : 0.0;
        double log_p = -(upper ? softplus(-a) : 0.0) - (lower ? softplus(b) : 0.0);
        double gd = 0;
        if (lower && upper) {
            const double rest = -expm1(-d);
            log_p += log(rest);
            gd = d * exp(-d) / rest;
        }
        const double d_scale = (a * above - b * below + gd) * d * half * sigmoid(z);
        return {log_p, (above - below) * d * half, d_scale, above + below};
    }
};

// Raw outputs of a mixture: n logits, which a single component has not, n means, n scales.
template <class Component>
struct Mixture {
    typedef typename Component::number number;

    // log of w_k p_k(x), but for a constant of all k, with the slopes of -log p_k.
    static __device__ __forceinline__ Said<number> joint(
        const Feature& feature, const real* raw, int k, real top, real x) {
        const int n = feature.n;
        const real* means = n > 1 ? raw + n : raw;
        Said<number> said = Component::of(feature, means[k], means[n + k], x);
        if (n > 1) said.log_p += (number)raw[k] - (number)top;
        return said;
    }

    static __device__ __forceinline__ void answer(
        const Feature& feature, const real* raw, real x, int, const Results& out) {
        const int n = feature.n;
        real top = raw[0];
        for (int k = 1; k < n; ++k) top = raw[k] > top ? raw[k] : top;
        real weights = 0;
        for (int k = 0; k < n; ++k) weights += exp(raw[k] - top);

        real highest = (real)joint(feature, raw, 0, top, x).log_p;
        for (int k = 1; k < n; ++k) {
            const real each = (real)joint(feature, raw, k, top, x).log_p;
            highest = each > highest ? each : highest;
        }
        real total = 0;
        number left = 0;  // where it is little, its logarithm has digits that those of weights would hide
        for (int k = 0; k < n; ++k) {
            const Said<number> said = joint(feature, raw, k, top, x);
            total += exp((real)said.log_p - highest);
            left += said.left * (number)(n > 1 ? exp(raw[k] - top) / weights : (real)1);
        }

        real nll = (n > 1 ? log(weights) : (real)0) - (highest + log(total));
        if (left < (number)0.5) nll = (real)-log1p(-left);
        const real own = feature.reserve > 0 ? beside_reserve(feature, x, nll) : (real)1;
        *out.nll = nll;
        if (!out.d_raw) return;
        real* d_means = n > 1 ? out.d_raw + n : out.d_raw;
        const real factor = out.weight * own;
        for (int k = 0; k < n; ++k) {
            const Said<number> said = joint(feature, raw, k, top, x);
            const real r = exp((real)said.log_p - highest) / total;
            // where nothing of the density is the mixture's own, its slopes do not count, whatever they are
            if (n > 1) out.d_raw[k] = own == (real)0 ? (real)0 : factor * (exp(raw[k] - top) / weights - r);
            const bool counts = own != (real)0 && r != (real)0;
            d_means[k] = counts ? factor * (r * (real)said.d_mean) : (real)0;
            d_means[n + k] = counts ? factor * (r * (real)said.d_scale) : (real)0;
        }
    }

    // Make of an nll that of (1 - r) p(x) + r (2 + x^2)^(-3/2); return the share of the first in it.
    static __device__ __forceinline__ real beside_reserve(const Feature& feature, real x, real& nll) {
        const real a = log1p(-(real)feature.reserve) - nll;
        const real size = fabs(x);
        const real broad = size > BROAD_FAR ? (real)3 * log(size) : (real)1.5 * log((real)2 + size * size);
        const real b = log((real)feature.reserve) - broad;
        const real top = a > b ? a : b;
        const real total = exp(a - top) + exp(b - top);
        nll = -top - log(total);
        return exp(a - top) / total;
    }
};

}  // namespace losses

// -------------------------------------------------------------------------------------------------- kernels

extern "C" __global__ void loss_bernoulli(LOSS_PARAMETERS) {
    losses::for_each_value<losses::Bernoulli, 1>(LOSS_ARGUMENTS);
}

extern "C" __global__ void loss_categorical(LOSS_PARAMETERS) {
    losses::for_each_value<losses::Categorical, WARP>(LOSS_ARGUMENTS);
}

extern "C" __global__ void loss_gaussian(LOSS_PARAMETERS) {
    losses::for_each_value<losses::Gaussian, 1>(LOSS_ARGUMENTS);
}

extern "C" __global__ void loss_gaussian_exp(LOSS_PARAMETERS) {
    losses::for_each_value<losses::GaussianExp, 1>(LOSS_ARGUMENTS);
}

extern "C" __global__ void loss_gaussians(LOSS_PARAMETERS) {
    losses::for_each_value<losses::Mixture<losses::NormalComponent>, 1>(LOSS_ARGUMENTS);
}

extern "C" __global__ void loss_logistics(LOSS_PARAMETERS) {
    losses::for_each_value<losses::Mixture<losses::LogisticComponent>, 1>(LOSS_ARGUMENTS);
}

extern "C" __global__ void loss_discretized(LOSS_PARAMETERS) {
    losses::for_each_value<losses::Mixture<losses::BinnedComponent>, 1>(LOSS_ARGUMENTS);
}

// Add up each row's nll (B, D), in double precision; a warp has a row.
extern "C" __global__ void row_sums(const real* nll, double* sums, int n_rows, int n_features) {
    const int row = (blockIdx.x * blockDim.x + threadIdx.x) / WARP;
    const int lane = threadIdx.x % WARP;
    if (row >= n_rows) return;
    double sum = 0;
    for (int place = lane; place < n_features; place += WARP) sum += nll[(long long)row * n_features + place];
    sum = warp_sum(sum);
    if (lane == 0) sums[row] = sum;
}

// Write each value's nll, by place in the order, where its feature stands.
extern "C" __global__ void spread_places(
    const real* nll, const int* features, real* by_feature, int n_rows, int n_features) {
    const long long at = (long long)blockIdx.x * blockDim.x + threadIdx.x;
    if (at >= (long long)n_rows * n_features) return;
    const int place = (int)(at % n_features);
    by_feature[at - place + features[8 * place]] = nll[at];
}
