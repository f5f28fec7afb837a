// Over the classes of each row of logits z_n + b [rows, classes], `classes` of at least 1:
//
//   log sum_v exp z_nv, of which probabilities are made, b = 0;
//   L_n = log sum_v exp(z_nv + b_v) - k (z_ny + b_y) - s sum_v (z_nv + b_v)
//   dL_n / dz_nv = softmax(z_n + b)_v - k [v = y] - s,   k the share of the target y, s that of every class
#pragma once

#include "loss.h"
#include "math.h"

namespace recurra::RECURRA_ISA {

// `logits(j, lane)` is the vector of logits that begins with class j.
template <class Logits>
float largest_of(const Logits& logits, int64_t count) {
    constexpr int64_t width = lanes<float>;
    const auto bigger = [](vec<float> a, vec<float> b) { return b > a ? b : a; };
    const int64_t inside = count < width ? count : width;
    vec<float> most = count < width ? logits(0, Part{int(count)}) : logits(0, Whole{});
    for (int64_t j = width; j + width <= count; j += width) most = bigger(most, logits(j, Whole{}));
    if (count > width) most = bigger(most, logits(count - width, Whole{}));
    float parts[width];
    store(parts, most);
    float largest = parts[0];
    for (int64_t j = 1; j < inside; ++j) largest = parts[j] > largest ? parts[j] : largest;
    return largest;
}

// The lanes that a stretch has; zero beyond.
RECURRA_INLINE vec<float> only(vec<float> v, const Whole&) { return v; }
RECURRA_INLINE vec<float> only(vec<float> v, const Part& lane) {
    float buffer[lanes<float>];
    store(buffer, v);
    return load_part(buffer, lane.n);
}

struct Sums {
    float powers, logits;
};

// sum_v exp(z_v - largest) and sum_v z_v; with `powers`, each exponential.
template <class Logits>
Sums sums_of(const Logits& logits, int64_t count, float largest, float* powers) {
    vec<float> all_powers{}, all_logits{};
    along<float>(count, [&](int64_t j, auto lane) {
        const vec<float> z = logits(j, lane);
        vec<float> power, rest;
        split_exp<float>(clamp<float>(z - largest, Exponential<float>::limit), power, rest);
        const vec<float> value = only(fma(power, rest, power), lane);
        all_powers += value;
        all_logits += z;
        if (powers) lane.store(powers + j, value);
    });
    return {sum<float>(all_powers), sum<float>(all_logits)};
}

inline void log_sums(const float* z, int64_t rows, int64_t count, float* sums) {
    for (int64_t r = 0; r < rows; ++r, z += count) {
        const auto logits = [&](int64_t j, auto lane) { return lane.load(z + j); };
        const float largest = largest_of(logits, count);
        sums[r] = largest + __builtin_logf(sums_of(logits, count, largest, nullptr).powers);
    }
}

// The sum of L_n. With `powers`, room for a row, `scale` times the gradient takes the place of z, and its sum over rows is
// added to `d_bias` [classes].
template <class S>
double cross_entropy_of(S* z, const int64_t* targets, int64_t rows, const Loss& loss, float* powers, float* d_bias) {
    const int64_t count = loss.classes;
    const float of_target = loss.kept * loss.scale, of_all = loss.spread * loss.scale;
    double total = 0;
    for (int64_t r = 0; r < rows; ++r, z += count) {
        const int64_t y = targets[r];
        const auto logits = [&](int64_t j, auto lane) { return lane.load(z + j) + lane.load(loss.bias + j); };
        const float largest = largest_of(logits, count), target = logits(y, Part{1})[0];
        const Sums sums = sums_of(logits, count, largest, powers);
        total += double(largest) + double(__builtin_logf(sums.powers)) - double(loss.kept) * double(target) -
                 double(loss.spread) * double(sums.logits);
        if (!powers) continue;
        const float factor = loss.scale / sums.powers;
        along<float>(count, [&](int64_t j, auto lane) {
            const vec<float> d = fma(lane.load(powers + j), all<float>(factor), all<float>(-of_all));
            lane.store(z + j, d);
            lane.store(d_bias + j, lane.load(d_bias + j) + d);
        });
        store_part(z + y, all<float>(powers[y] * factor - of_all - of_target), 1);
        d_bias[y] -= of_target;
    }
    return total;
}

}  // namespace recurra::RECURRA_ISA
