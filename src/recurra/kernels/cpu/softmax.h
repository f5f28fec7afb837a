// Over the classes of each row of logits z [rows, classes], `classes` of at least 1:
//
//   log sum_v exp z_nv, of which probabilities are made;
//   L_n = log sum_v exp z_nv - k z_ny  and  dL_n / dz_nv = softmax(z_n)_v - k [v = y],   k the share of the target y
#pragma once

#include "math.h"

namespace recurra::RECURRA_ISA {

template <class S>
float largest_of(const S* z, int64_t count) {
    constexpr int64_t width = lanes<float>;
    const auto bigger = [](vec<float> a, vec<float> b) { return b > a ? b : a; };
    if (count < width) {
        float values[width], largest;
        store(values, load_part(z, int(count)));
        largest = values[0];
        for (int64_t j = 1; j < count; ++j) largest = values[j] > largest ? values[j] : largest;
        return largest;
    }
    vec<float> most = load(z);
    for (int64_t j = width; j + width <= count; j += width) most = bigger(most, load(z + j));
    most = bigger(most, load(z + count - width));
    float parts[width], largest;
    store(parts, most);
    largest = parts[0];
    for (float part : parts) largest = part > largest ? part : largest;
    return largest;
}

// The lanes that a stretch has; zero beyond.
RECURRA_INLINE vec<float> only(vec<float> v, const Whole&) { return v; }
RECURRA_INLINE vec<float> only(vec<float> v, const Part& lane) {
    float buffer[lanes<float>];
    store(buffer, v);
    return load_part(buffer, lane.n);
}

// sum_v exp(z_v - largest); with `powers`, each of them.
template <class S>
float sum_of_powers(const S* z, int64_t count, float largest, float* powers) {
    vec<float> total{};
    along<float>(count, [&](int64_t j, auto lane) {
        vec<float> power, rest;
        split_exp<float>(clamp<float>(lane.load(z + j) - largest, Exponential<float>::limit), power, rest);
        const vec<float> value = only(fma(power, rest, power), lane);
        total += value;
        if (powers) lane.store(powers + j, value);
    });
    return sum<float>(total);
}

inline void log_sums(const float* z, int64_t rows, int64_t count, float* sums) {
    for (int64_t r = 0; r < rows; ++r, z += count) {
        const float largest = largest_of(z, count);
        sums[r] = largest + __builtin_logf(sum_of_powers(z, count, largest, nullptr));
    }
}

// The sum of L_n. With `powers`, room for a row, `scale` times the gradient takes the place of the logits, and its sum over
// rows is added to `d_bias` [classes].
template <class S>
double cross_entropy_of(S* z, const int64_t* targets, int64_t rows, int64_t count, float kept, float scale, float* powers,
                        float* d_bias) {
    double total = 0;
    for (int64_t r = 0; r < rows; ++r, z += count) {
        const int64_t y = targets[r];
        const float largest = largest_of(z, count), of_target = load_part(z + y, 1)[0];
        const float all_powers = sum_of_powers(z, count, largest, powers);
        total += double(largest) + double(__builtin_logf(all_powers)) - double(kept) * double(of_target);
        if (!powers) continue;
        const float factor = scale / all_powers;
        along<float>(count, [&](int64_t j, auto lane) {
            const vec<float> d = lane.load(powers + j) * factor;
            lane.store(z + j, d);
            lane.store(d_bias + j, lane.load(d_bias + j) + d);
        });
        store_part(z + y, all<float>(powers[y] * factor - kept * scale), 1);
        d_bias[y] -= kept * scale;
    }
    return total;
}

}  // namespace recurra::RECURRA_ISA
