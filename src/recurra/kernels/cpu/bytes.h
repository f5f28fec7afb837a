// The product of a row with a matrix in 8 bits, for single steps, whose time is that of reading the matrix.
//
//   B_kn ~ s_n q_kn,   q whole from -127 to 127,  s_n = max_k |B_kn| / 127
//   A_k  ~ r p_k,      p whole from -P to P,      r = max_k |A_k| / P,  P as large as sums of 32 bits allow
//   C_n  = r s_n sum_k p_k q_kn
//
// Sums are of whole numbers: the same in every build, whatever their order.
#pragma once

#include "simd.h"

namespace recurra::RECURRA_ISA {

typedef int8_t octets __attribute__((vector_size(vector_bytes / 2)));
typedef int16_t shorts __attribute__((vector_size(vector_bytes)));

// Of every two neighbours, the sum of their products.
RECURRA_INLINE ivec<float> add_pairs(ivec<float> sum, shorts a, shorts b) {
#if defined(__AVX512BW__)
    return sum + (ivec<float>)_mm512_madd_epi16((__m512i)a, (__m512i)b);
#elif defined(__AVX2__)
    return sum + (ivec<float>)_mm256_madd_epi16((__m256i)a, (__m256i)b);
#else
    const ivec<float> first = (bits<ivec<float>>(a) << 16 >> 16) * (bits<ivec<float>>(b) << 16 >> 16);
    return sum + first + (bits<ivec<float>>(a) >> 16) * (bits<ivec<float>>(b) >> 16);
#endif
}

RECURRA_INLINE shorts load_octets(const int8_t* from) {
    octets b;
    __builtin_memcpy(&b, from, sizeof b);
#if defined(__AVX512BW__)
    return (shorts)_mm512_cvtepi8_epi16((__m256i)b);
#else
    return __builtin_convertvector(b, shorts);
#endif
}

// B [K, N]: pairs of k next to each other, columns in panels of four vectors, both filled up with zeros.
struct Bytes {
    int64_t depth = 0, columns = 0;  // as given
    int8_t* data = nullptr;
    float* scales = nullptr;  // [N], and zeros up to whole panels

    static constexpr int64_t vectors = 4, wide = vectors * lanes<float>;
    static constexpr float least = 1e-30f;  // below it all counts as zero

    int64_t deep() const { return (depth + 1) / 2 * 2; }
    int64_t across() const { return (columns + wide - 1) / wide * wide; }
    int64_t size() const { return deep() * across(); }
    // The largest P: K products of P and 127 fit 31 bits.
    float reach() const {
        const int64_t fits = INT32_MAX / (127 * (depth ? depth : 1));
        return float(fits < INT16_MAX ? fits : INT16_MAX);
    }

    // Rounds B, whose element (k, n) is source[n * K + k].
    void round(const float* source) const {
        __builtin_memset(data, 0, size());
        __builtin_memset(scales, 0, across() * sizeof *scales);
        for (int64_t n = 0; n < columns; ++n) {
            const float* row = source + n * depth;
            float largest = 0, none = 0;
            for (int64_t k = 0; k < depth; ++k) {
                largest = __builtin_fmaxf(largest, __builtin_fabsf(row[k]));
                none += row[k] * 0.0f;
            }
            scales[n] = largest / 127 + none;
            if (none != 0 || !(largest > least)) continue;
            int8_t* block = data + n / wide * wide * deep() + n % wide * 2;
            for (int64_t k = 0; k < depth; ++k)
                block[k / 2 * 2 * wide + k % 2] = int8_t(__builtin_rintf(row[k] / scales[n]));
        }
    }

    // c [N, and up to a whole vector] = a [K] B; `whole` has room for K + 1 numbers and a vector.
    void multiply(const float* a, int16_t* whole, float* c) const {
        const float scale = round_row(a, whole);
        const int64_t filled = (columns + lanes<float> - 1) / lanes<float> * lanes<float>;
        const int8_t* b = data;
        for (int64_t n = 0; n < columns; n += wide) {
            ivec<float> sums[vectors] = {};
            for (int64_t k = 0; k < deep(); k += 2, b += 2 * wide) {
                int32_t pair;
                __builtin_memcpy(&pair, whole + k, sizeof pair);
                const shorts twice = bits<shorts>(pair - ivec<float>{});
#pragma GCC unroll 4
                for (int v = 0; v < vectors; ++v)
                    sums[v] = add_pairs(sums[v], twice, load_octets(b + v * 2 * lanes<float>));
            }
            for (int64_t v = 0; v < vectors && n + v * lanes<float> < filled; ++v) {
                const int64_t at = n + v * lanes<float>;
                store(c + at, __builtin_convertvector(sums[v], vec<float>) * load(scales + at) * all<float>(scale));
            }
        }
    }

    // The row as whole numbers, and r; NaN, and no number, where one of them is none.
    float round_row(const float* a, int16_t* whole) const {
        vec<float> most{}, none{};
        along<float>(depth, [&](int64_t j, auto lane) {
            const vec<float> v = lane.load(a + j), size = v < 0 ? -v : v;
            most = size > most ? size : most;
            none += v * 0.0f;
        });
        float parts[lanes<float>], largest = 0;
        store(parts, most);
        for (float part : parts) largest = part > largest ? part : largest;
        const float broken = sum<float>(none), up = broken == 0 && largest > least ? reach() / largest : 0;
        whole[deep() - 1] = 0;
        for (int64_t k = 0; k < depth; ++k) whole[k] = up > 0 ? int16_t(__builtin_rintf(a[k] * up)) : int16_t(0);
        return largest / reach() + broken;
    }
};

}  // namespace recurra::RECURRA_ISA
