// The value that a uniform number decides: `inverse_cdf` of each distribution for one row, in double precision.
//
// Beside it stands `centre`, the single value where one is wanted. Both are NaN where the network has overflowed, as no
// value would tell.

namespace draws {

// One row's raw outputs of a feature, of which every `stride`-th number is one.
struct Raws {
    const real* first;
    int stride;
    __device__ __forceinline__ double operator[](int k) const { return first[(long long)k * stride]; }
};

__device__ __forceinline__ bool all_finite(const Raws& raw, int n) {
    bool finite = true;
    for (int k = 0; k < n; ++k) finite = finite && raw[k] - raw[k] == 0;
    return finite;
}

// The polynomial whose coefficients stand highest power first.
template <int N>
__device__ __forceinline__ double polynomial(const double (&coefficients)[N], double x) {
    double value = coefficients[0];
    for (int k = 1; k < N; ++k) value = value * x + coefficients[k];
    return value;
}

// -------------------------------------------------------------------------------------------------- the normal

// The mass of the standard normal below z, as made_np.normal computes it.
__device__ __forceinline__ double normal_cdf(double z) {
    const double x = fabs(z) < FARTHEST ? fabs(z) : FARTHEST;
    const double tail = exp(-x * x / 2) * polynomial(MILLS, (x - 5) / (x + 5)) / (1 + x);
    return z < 0 ? tail : 1 - tail;
}

// The standard normal's quantile, as made_np.normal computes it.
__device__ __forceinline__ double inverse_normal_cdf(double u) {
    const double least = 1.0 / (1ll << 54);
    const double most = 1 - 2 * least;
    u = u < least ? least : u > most ? most : u;
    const double centred = u - 0.5;
    if (fabs(centred) <= 0.425) {
        const double r = 0.180625 - centred * centred;
        return centred * polynomial(CENTRE[0], r) / polynomial(CENTRE[1], r);
    }
    const double t = sqrt(-log(u < 1 - u ? u : 1 - u));
    const double tail = t <= 5 ? polynomial(TAIL[0], t - 1.6) / polynomial(TAIL[1], t - 1.6)
                               : polynomial(FAR_TAIL[0], t - 5) / polynomial(FAR_TAIL[1], t - 5);
    return centred < 0 ? -tail : tail;
}

// -------------------------------------------------------------------------------------------------- weights

// The softmax of n raw outputs. Top, the largest, stays apart from log sum e^(raw - top), which it might hide.
struct Softmax {
    Raws raw;
    double top, log_total;

    __device__ __forceinline__ Softmax(const Raws& raws, int n) : raw(raws), top(raws[0]), log_total(0) {
        for (int k = 1; k < n; ++k) top = raw[k] > top ? raw[k] : top;
        double total = 0;
        for (int k = 0; k < n; ++k) total += exp(raw[k] - top);
        log_total = log(total);
    }

    // Of a single raw output that is 1, whatever it is.
    __device__ __forceinline__ double operator[](int k) const { return exp(raw[k] - top - log_total); }
};

// A mixture's components. Raw outputs are n logits, which a single component has not, n means, n scales. What a search
// asks for again and again is kept, of so many components.
#define KEPT 8

struct Components {
    Softmax weights;
    Raws means, scales;
    double unit, least;
    double kept_weights[KEPT], kept_means[KEPT], kept_scales[KEPT];

    // Means and scales in levels, where there are some: (levels - 1) / 2 raw outputs. The former are counted from the
    // middle level.
    __device__ __forceinline__ Components(const Raws& raw, int n, const double* numbers, bool binned)
        : weights(raw, n), means(raw), scales(raw), unit(1), least(numbers[0]) {
        means.first += (long long)(n > 1 ? n : 0) * raw.stride;
        scales.first = means.first + (long long)n * raw.stride;
        if (binned) unit = (numbers[1] - 1) / 2;
        for (int k = 0; k < n && k < KEPT; ++k) {
            kept_weights[k] = weights[k];
            kept_means[k] = mean_of(k);
            kept_scales[k] = scale_of(k);
        }
    }

    __device__ __forceinline__ double mean_of(int k) const { return unit * means[k]; }
    __device__ __forceinline__ double scale_of(int k) const {
        const double s = unit * softplus(scales[k]) + least;
        return s < WIDEST ? s : WIDEST;
    }

    __device__ __forceinline__ double weight(int k) const { return k < KEPT ? kept_weights[k] : weights[k]; }
    __device__ __forceinline__ double mean(int k) const { return k < KEPT ? kept_means[k] : mean_of(k); }
    __device__ __forceinline__ double scale(int k) const { return k < KEPT ? kept_scales[k] : scale_of(k); }

    // The mean of all n.
    __device__ __forceinline__ double centre(int n) const {
        double sum = 0;
        for (int k = 0; k < n; ++k) sum += weight(k) * mean(k);
        return sum;
    }
};

// -------------------------------------------------------------------------------------------------- draws

// The smallest k with u < p(x <= k).
__device__ __forceinline__ double categorical(const Raws& raw, int n, double u) {
    const Softmax p(raw, n);
    double below = 0;
    for (int k = 0; k < n - 1; ++k) {
        below += p[k];
        if (u < below) return k;
    }
    return n - 1;
}

// -------------------------------------------------------------------------------------------------- bisection

__device__ __forceinline__ real between(real low, real high) { return low / 2 + high / 2; }
__device__ __forceinline__ int between(int low, int high) { return low + (high - low) / 2; }

// Halve a bracket n times, to the side of each middle that `is_above` says what is sought does not exceed; return its
// upper end.
template <class T, class Test>
__device__ __forceinline__ T halve(T low, T high, int n, const Test& is_above) {
    for (int i = 0; i < n; ++i) {
        const T middle = between(low, high);
        if (is_above(middle)) {
            high = middle;
        } else {
            low = middle;
        }
    }
    return high;
}

// The same bits from the lanes of a warp, five halvings at a time: each of the 31 middles that may come is a lane's.
template <class T, class Test>
__device__ __forceinline__ T halve_by_warp(T low, T high, int n, const Test& is_above) {
    const int lane = threadIdx.x % WARP;
    for (; n > 0; n -= 5) {
        // Lane 1 has the first middle. After that of lane k comes that of 2k where it is above, of 2k + 1 where not:
        // read from its highest bit on, a lane's number is the way to it.
        T own_low = low;
        T own_high = high;
        for (int bits = lane ? 30 - __clz(lane) : -1; bits >= 0; --bits) {
            const T middle = between(own_low, own_high);
            if (lane >> bits & 1) {
                own_low = middle;
            } else {
                own_high = middle;
            }
        }
        const unsigned above = __ballot_sync(ALL_LANES, is_above(between(own_low, own_high)));
        int at = 1;
        for (int i = 0; i < 5 && i < n; ++i) {
            const T middle = between(low, high);
            const bool is_high = above >> at & 1;
            at = 2 * at + !is_high;
            if (is_high) {
                high = middle;
            } else {
                low = middle;
            }
        }
    }
    return high;
}

template <bool BY_WARP, class T, class Test>
__device__ __forceinline__ T search(T low, T high, int n, const Test& is_above) {
    return BY_WARP ? halve_by_warp(low, high, n, is_above) : halve(low, high, n, is_above);
}

// Whether u < P(value <= level). Right of the mean the mass above is looked at, as near 1 there are no digits left.
struct LevelIsAbove {
    const Components& parts;
    int n;
    double half, centre, u;

    __device__ __forceinline__ bool operator()(int level) const {
        const double edge = level + 0.5 - half;
        const bool is_left = edge < centre;
        double mass = 0;
        for (int k = 0; k < n; ++k) {
            const double z = (is_left ? edge - parts.mean(k) : parts.mean(k) - edge) / parts.scale(k);
            mass += parts.weight(k) * sigmoid(z);
        }
        return level >= 0 && (is_left ? u < mass : mass < 1 - u);
    }
};

// The smallest level k with u < P(value <= k).
template <bool BY_WARP>
__device__ __forceinline__ real discretized(const Raws& raw, int n, const double* numbers, double u) {
    const Components parts(raw, n, numbers, true);
    const int levels = (int)numbers[1];
    const LevelIsAbove is_above = {parts, n, parts.unit, parts.centre(n), u};
    return search<BY_WARP>(-1, levels - 1, WARP - __clz(levels - 1), is_above);
}

// The mass of Student's t with 2 degrees of freedom below x, as the distributions compute it.
__device__ __forceinline__ double broad_mass_below(double x) {
    const double q = 1 / hypot(sqrt(2.0), x);
    const double tail = q * q / (1 + q * fabs(x));
    return x < 0 ? tail : 1 - tail;
}

// Whether more than `below` of a mixture's mass lies below x. Right of its mean the mass above is looked at, as near 1
// there are no digits left.
struct MoreIsBelow {
    const Components& parts;
    int n;
    bool normal;
    double reserve, centre, below;

    __device__ __forceinline__ bool operator()(double x) const {
        const bool is_left = x < centre;
        double mass = 0;
        for (int k = 0; k < n; ++k) {
            const double z = (is_left ? x - parts.mean(k) : parts.mean(k) - x) / parts.scale(k);
            mass += parts.weight(k) * (normal ? normal_cdf(z) : sigmoid(z));
        }
        if (reserve > 0) mass = (1 - reserve) * mass + reserve * broad_mass_below(is_left ? x : -x);
        return is_left ? mass > below : mass < 1 - below;
    }
};

// The value below which u of the mass lies. Bracket and middles are those of the distributions.
template <bool BY_WARP>
__device__ __forceinline__ real mixture(const Raws& raw, int n, const double* numbers, bool normal, double u) {
    const Components parts(raw, n, numbers, false);
    const double reserve = numbers[2];
    const double reach = normal ? GAUSSIAN_REACH : LOGISTIC_REACH;
    double low = reserve > 0 ? -BROADEST : (double)INF_;
    double high = -low;
    for (int k = 0; k < n; ++k) {
        const double m = parts.mean(k);
        const double r = reach * parts.scale(k);
        low = m - r < low ? m - r : low;
        high = m + r > high ? m + r : high;
    }
    const double most = IS_DOUBLE ? WIDEST : WIDEST_SINGLE;
    low = low < -most ? -most : low;
    high = high > most ? most : high;
    const double least = 1.0 / (1ll << 54);
    const MoreIsBelow is_above = {parts, n, normal, reserve, parts.centre(n), u < least ? least : u};
    const int n_halvings = (IS_DOUBLE ? 52 : 23) + SPARE_BITS + (reserve > 0 ? BROAD_BITS : 0);
    return search<BY_WARP>((real)low, (real)high, n_halvings, is_above);
}

// The scale of a normal feature.
__device__ __forceinline__ double scale_of(int kind, double z, double least) {
    if (kind == GAUSSIAN) return softplus(z) + least;
    const double limit = LOG_LIMIT;
    return exp(z > limit ? limit : z < -limit ? -limit : z) + least;
}

// -------------------------------------------------------------------------------------------------- centres

// The likeliest value.
__device__ __forceinline__ real likeliest(const Raws& raw, int n) {
    int best = 0;
    for (int k = 1; k < n; ++k) best = raw[k] > raw[best] ? k : best;
    return best;
}

__device__ __forceinline__ double mean_of(const Raws& raw, int n, const double* numbers) {
    const Components parts(raw, n, numbers, false);
    double mean = 0;
    for (int k = 0; k < n; ++k) mean += parts.weight(k) * parts.mean(k);
    return (1 - numbers[2]) * mean;
}

// The sum over k = 0..n-1 of sigmoid((m - k - 1/2) / s), as distributions.logistic_sum computes it.
__device__ __forceinline__ double logistic_sum(double m, double s, int n) {
    m = m < -CURVE_REACH * s ? -CURVE_REACH * s : m > n + CURVE_REACH * s ? n + CURVE_REACH * s : m;
    if (s < NARROW) {  // the terms near m, one by one
        const int widest = 2 * (int)(NARROW * CURVE_REACH) + 2;
        const int n_near = n < widest ? n : widest;
        double first = floor(m) - n_near / 2;
        first = first < 0 ? 0 : first > n - n_near ? n - n_near : first;
        double sum = 0;
        for (int k = 0; k < n_near; ++k) sum += sigmoid((m - (first + k + 0.5)) / s);
        return first + sum;
    }
    const double low = m / s;
    const double high = (m - n) / s;
    const double d = n / s;
    double total = s * (d < 1 ? log1p(sigmoid(high) * expm1(d)) : softplus(low) - softplus(high));
    double power = s;
    for (int j = 0; j < N_CORRECTIONS; ++j) {
        const double upper = polynomial(DERIVATIVES[j], tanh(high / 2));
        const double lower = polynomial(DERIVATIVES[j], tanh(low / 2));
        total -= MIDPOINT[j] * (upper - lower) / power;
        power *= s * s;
    }
    return total;
}

__device__ __forceinline__ double mean_level(const Raws& raw, int n, const double* numbers) {
    const Components parts(raw, n, numbers, true);
    const int n_steps = (int)numbers[1] - 1;
    double mean = 0;
    for (int k = 0; k < n; ++k) mean += parts.weight(k) * logistic_sum(parts.unit + parts.mean(k), parts.scale(k), n_steps);
    return mean;
}

}  // namespace draws

namespace draws {

template <bool BY_WARP>
__device__ __forceinline__ real decide(const Raws& raw, const int* feature, const double* numbers, double u) {
    const int kind = feature[1];
    const int n = feature[6];
    if (!all_finite(raw, feature[3])) return NAN_;
    if (kind == BERNOULLI) return u < sigmoid(raw.first[0]);
    if (kind == CATEGORICAL) return (real)categorical(raw, feature[3], u);
    if (kind == DISCRETIZED) return discretized<BY_WARP>(raw, n, numbers, u);
    if (kind == GAUSSIANS || kind == LOGISTICS) return mixture<BY_WARP>(raw, n, numbers, kind == GAUSSIANS, u);
    return (real)(raw[0] + scale_of(kind, raw[1], numbers[0]) * inverse_normal_cdf(u));
}

}  // namespace draws

// The value that u decides for one row, whose raw outputs of the feature are every `stride`-th number from `raw` on.
// `feature` and `numbers` are its rows of the tables.
__device__ real draw(const real* raw, int stride, const int* feature, const double* numbers, double u) {
    const draws::Raws own = {raw, stride};
    return draws::decide<false>(own, feature, numbers, u);
}

// The same bits from a whole warp, all of whose lanes must call this with the same arguments: sooner, where bisection
// decides.
__device__ real draw_by_warp(const real* raw, int stride, const int* feature, const double* numbers, double u) {
    const draws::Raws own = {raw, stride};
    return draws::decide<true>(own, feature, numbers, u);
}

// The centre of the conditional: its mean; of a categorical feature, the likeliest value. Arguments as of `draw`.
__device__ real centre(const real* raw, int stride, const int* feature, const double* numbers) {
    const draws::Raws own = {raw, stride};
    const int kind = feature[1];
    if (!draws::all_finite(own, feature[3])) return NAN_;
    if (kind == BERNOULLI) return sigmoid(raw[0]);
    if (kind == CATEGORICAL) return draws::likeliest(own, feature[3]);
    if (kind == DISCRETIZED) return (real)draws::mean_level(own, feature[6], numbers);
    if (kind == GAUSSIANS || kind == LOGISTICS) return (real)draws::mean_of(own, feature[6], numbers);
    return raw[0];
}
