// Layer normalisation of one row (Ba et al., 2016): y = (x - mean) / sqrt(variance + 1e-5).
#pragma once

#include "simd.h"

namespace recurra::RECURRA_ISA {

template <class C>
struct Moments {
    C mean, scale;  // scale = 1 / sqrt(variance + epsilon)
};

template <class C>
RECURRA_INLINE Moments<C> moments(const C* x, int64_t n) {
    vec<C> total{};
    along<C>(n, [&](int64_t j, auto lane) { total += lane.load(x + j); });
    const C mean = sum<C>(total) / n;
    vec<C> squares{};
    along<C>(n, [&](int64_t j, auto lane) {
        // The part that is left reads zeros, which are not the mean: it is counted by itself.
        if constexpr (__is_same(decltype(lane), Whole)) {
            const vec<C> d = lane.load(x + j) - mean;
            squares += d * d;
        }
    });
    C variance = sum<C>(squares);
    for (int64_t j = n / lanes<C> * lanes<C>; j < n; ++j) variance += (x[j] - mean) * (x[j] - mean);
    const C root = variance / n + C(1e-5);
    // Squares beyond the type's range would make every value the mean: better NaN than a wrong number.
    if (!(root < C(__builtin_inf()))) return {mean, C(__builtin_nan(""))};
    if constexpr (sizeof(C) == 4) return {mean, 1 / __builtin_sqrtf(root)};
    return {mean, C(1 / __builtin_sqrt(root))};
}

// dy -> dx, in place: dx = scale * (dy - mean(dy) - y * mean(dy * y)).
template <class C, class Y>
RECURRA_INLINE void unnormalise(C* d, const Y* y, C scale, int64_t n) {
    vec<C> total{}, along_y{};
    along<C>(n, [&](int64_t j, auto lane) {
        const vec<C> v = lane.load(d + j);
        total += v;
        along_y += v * lane.load(y + j);
    });
    const C mean = sum<C>(total) / n, slope = sum<C>(along_y) / n;
    along<C>(n, [&](int64_t j, auto lane) {
        lane.store(d + j, (lane.load(d + j) - mean - lane.load(y + j) * slope) * scale);
    });
}

}  // namespace recurra::RECURRA_ISA
