// The product of rows with a matrix in 8 bits, for single steps, whose time is that of reading the matrix.
//
//   B_kn ~ s_n q_kn,   q whole from -127 to 127,  s_n = max_k |B_kn| / 127
//   A_k  ~ r p_k,      p whole from -P to P,      r = max_k |A_k| / P,  P as large as sums of 32 bits allow
//   C_n  = r s_n sum_k p_k q_kn
//
// Sums are of whole numbers: the same in every build, whatever their order and whichever rows are beside a row.
#pragma once

#include "gemm.h"

#if defined(__SSE2__) && !defined(__AVX2__)
#include <emmintrin.h>
#endif

namespace recurra::RECURRA_ISA {

typedef int8_t octets __attribute__((vector_size(vector_bytes / 2)));
typedef int16_t shorts __attribute__((vector_size(vector_bytes)));

// Of every two neighbours, the sum of their products.
RECURRA_INLINE ivec<float> add_pairs(ivec<float> sum, shorts a, shorts b) {
#if defined(__AVX512VNNI__)
    return (ivec<float>)_mm512_dpwssd_epi32((__m512i)sum, (__m512i)a, (__m512i)b);
#elif defined(__AVX512BW__)
    return sum + (ivec<float>)_mm512_madd_epi16((__m512i)a, (__m512i)b);
#elif defined(__AVX2__)
    return sum + (ivec<float>)_mm256_madd_epi16((__m256i)a, (__m256i)b);
#elif defined(__SSE2__)
    return sum + (ivec<float>)_mm_madd_epi16((__m128i)a, (__m128i)b);
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
#elif defined(__AVX2__) || !defined(__SSE2__)
    return __builtin_convertvector(b, shorts);
#else
    const __m128i twice = _mm_loadl_epi64((const __m128i*)&b);
    return (shorts)_mm_srai_epi16(_mm_unpacklo_epi8(twice, twice), 8);
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

    // Rows that a tile holds, so that what is read of B serves all of them: 24, 12 or 8 sums.
#if defined(__AVX512F__)
    static constexpr int tile_height = 6;
#elif defined(__AVX2__)
    static constexpr int tile_height = 3;
#else
    static constexpr int tile_height = 2;
#endif
    // Rows that go through B together, and the room that each takes as whole numbers.
    static constexpr int64_t at_once = 48;
    static int64_t room(int64_t depth) { return (depth + 1 + 31) / 32 * 32; }
    static int64_t room(int64_t depth, int64_t rows) { return room(depth) * (rows < at_once ? rows : at_once); }

    // C [rows, N] = A [rows, K] B (+ bias [N, and up to a whole vector]); `whole` has `room(K, rows)`.
    void multiply(int64_t rows, const float* a, int64_t a_stride, int16_t* whole, const float* bias, float* c,
                  int64_t c_stride) const {
        for (int64_t m = 0; m < rows; m += at_once) {
            const int64_t count = rows - m < at_once ? rows - m : at_once;
            multiply_some(count, a + m * a_stride, a_stride, whole, bias, c + m * c_stride, c_stride);
        }
    }

    void multiply_some(int64_t rows, const float* a, int64_t a_stride, int16_t* whole, const float* bias, float* c,
                       int64_t c_stride) const {
        float scale[at_once];
        for (int64_t r = 0; r < rows; ++r) scale[r] = round_row(a + r * a_stride, whole + r * room(depth));
        const int64_t groups = (rows + tile_height - 1) / tile_height;
        int64_t n = 0;
        if (rows == 1)  // too few sums to keep the processor busy: two panels at once
            for (; n + 2 * wide <= across(); n += 2 * wide) tile<1, 2>(n, whole, scale, bias, c, c_stride);
        for (; n < columns; n += wide) {
            int64_t m = 0;
            for (int64_t g = 0; g < groups; ++g) {
                const int64_t height = (rows - m + groups - g - 1) / (groups - g);
                with_height<tile_height>(height, [&](auto h) {
                    tile<h.value, 1>(n, whole + m * room(depth), scale + m, bias, c + m * c_stride, c_stride);
                });
                m += height;
            }
        }
    }

    // `rows` rows by `panels` panels of columns from n on.
    template <int rows, int panels>
    void tile(int64_t n, const int16_t* whole, const float* scale, const float* bias, float* c, int64_t c_stride) const {
        constexpr int across_tile = panels * vectors;
        const int8_t* b = data + n * deep();
        const int64_t next = wide * deep(), row = room(depth);
        ivec<float> sums[rows][across_tile] = {};
        for (int64_t k = 0; k < deep(); k += 2, b += 2 * wide) {
            shorts twice[rows];
#pragma GCC unroll 8
            for (int m = 0; m < rows; ++m) {
                int32_t pair;
                __builtin_memcpy(&pair, whole + m * row + k, sizeof pair);
                twice[m] = bits<shorts>(pair - ivec<float>{});
            }
#pragma GCC unroll 8
            for (int v = 0; v < across_tile; ++v) {
                const shorts column = load_octets(b + v / vectors * next + v % vectors * 2 * lanes<float>);
#pragma GCC unroll 8
                for (int m = 0; m < rows; ++m) sums[m][v] = add_pairs(sums[m][v], twice[m], column);
            }
        }
#pragma GCC unroll 8
        for (int m = 0; m < rows; ++m)
#pragma GCC unroll 8
            for (int v = 0; v < across_tile; ++v) {
                const int64_t at = n + v * lanes<float>;
                if (at >= columns) break;
                vec<float> value = __builtin_convertvector(sums[m][v], vec<float>) * load(scales + at) * all<float>(scale[m]);
                if (bias) value += load(bias + at);
                if (at + lanes<float> <= columns)
                    store(c + m * c_stride + at, value);
                else
                    store_part(c + m * c_stride + at, value, int(columns - at));
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
