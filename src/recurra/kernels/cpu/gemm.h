// The product of a few rows with a matrix that is used at every step: C [M, N] = A [M, K] B [K, N] (+ C).
//
// B is packed once into panels of at most `panel` vectors of columns, each panel K deep and read from end to end. A tile of
// rows by one panel stays in registers over the whole of K. Every element of C is one sum in the order of k, whatever the
// tile it falls into: a row's result does not depend on the rows beside it, nor on the number of threads.
#pragma once

#if defined(RECURRA_AMX_EMULATED)
#include "emulated.h"
#endif
#include "simd.h"

namespace recurra::RECURRA_ISA {

#if defined(__AVX512F__)
constexpr int panel = 3, tile_rows = 8;  // 24 sums, 3 vectors of B and one of A in 32 registers
#elif defined(__AVX2__)
constexpr int panel = 3, tile_rows = 4;  // 12 sums, 3 and 1 in 16 registers
#else
constexpr int panel = 2, tile_rows = 4;
#endif

// How the elements of A and B are multiplied: `depth` values of k at a time, next to each other in A and in B.
template <class C>
struct Multiply {
    using element = C;
    static constexpr int depth = 1;
    static RECURRA_INLINE vec<C> broadcast(const C* a) { return all<C>(*a); }
    static RECURRA_INLINE vec<C> add(vec<C> sum, vec<C> a, const C* b) { return fma(a, load(b), sum); }
};

#if defined(RECURRA_BF16_DOT)
// Pairs of bfloat16, summed in float32 (AVX512-BF16).
struct MultiplyPairs {
    using element = bfloat16;
    static constexpr int depth = 2;
    static RECURRA_INLINE __m512i broadcast(const bfloat16* a) {
        int32_t pair;
        __builtin_memcpy(&pair, a, sizeof pair);
        return _mm512_set1_epi32(pair);
    }
    static RECURRA_INLINE vec<float> add(vec<float> sum, __m512i a, const bfloat16* b) {
        const __m512i pairs = _mm512_loadu_si512(b);
#if defined(RECURRA_AMX_EMULATED)
        return (vec<float>)emulated_pairs((__m512)sum, a, pairs);
#else
        return (vec<float>)_mm512_dpbf16_ps((__m512)sum, (__m512bh)a, (__m512bh)pairs);
#endif
    }
};
#endif

template <class S>
struct Product {
    using type = Multiply<compute<S>>;
};
#if defined(RECURRA_BF16_DOT)
template <>
struct Product<bfloat16> {
    using type = MultiplyPairs;
};
#endif
template <class S>
using product = typename Product<S>::type;
template <class S>
using element = typename product<S>::element;

constexpr int64_t round_up(int64_t n, int64_t to) { return (n + to - 1) / to * to; }

// B [K, N], packed: its columns rounded up to whole vectors, its depth to whole steps of the product, both with zeros.
template <class S>
struct Packed {
    int64_t depth = 0, columns = 0;  // as given
    const element<S>* data = nullptr;

    struct Part;
    // Slice k of `slices`, in whole panels, and its first column.
    Part part(int64_t k, int64_t slices) const;

    static int64_t padded_depth(int64_t k) { return round_up(k, product<S>::depth); }
    static int64_t padded_columns(int64_t n) { return round_up(n, lanes<compute<S>>); }
    static int64_t size(int64_t k, int64_t n) { return padded_depth(k) * padded_columns(n); }
};

template <class S>
struct Packed<S>::Part {
    Packed matrix;
    int64_t first;
};

template <class S>
typename Packed<S>::Part Packed<S>::part(int64_t k, int64_t slices) const {
    constexpr int64_t wide = panel * lanes<compute<S>>;
    const int64_t panels = (columns + wide - 1) / wide;
    const int64_t first = panels * k / slices * wide, end = panels * (k + 1) / slices * wide;
    return {{depth, (end < columns ? end : columns) - first, data + first * padded_depth(depth)}, first};
}

template <class S>
RECURRA_INLINE element<S> to_element(S value) {
    if constexpr (__is_same(S, element<S>)) {
        return value;
    } else {
        return bits<float>((uint32_t)value.bits << 16);
    }
}

// Packs B, whose element (k, n) is source[k * k_stride + n * n_stride]; one of the strides is 1.
template <class S>
Packed<S> pack(const S* source, int64_t depth, int64_t columns, int64_t k_stride, int64_t n_stride, element<S>* to) {
    constexpr int64_t width = lanes<compute<S>>, step = product<S>::depth, square = 16;
    const int64_t deep = Packed<S>::padded_depth(depth), wide = Packed<S>::padded_columns(columns);
    for (int64_t n0 = 0; n0 < wide; n0 += panel * width) {
        const int64_t across = wide - n0 < panel * width ? wide - n0 : panel * width;
        const int64_t inside = columns - n0 < across ? columns - n0 : across;
        element<S>* block = to + n0 * deep;
        if (inside < across || depth < deep) __builtin_memset((void*)block, 0, across * deep * sizeof *block);
        // In squares, so that whichever of source and panel is walked across its lines finds them in cache.
        for (int64_t k0 = 0; k0 < depth; k0 += square) {
            const int64_t k1 = k0 + square < depth ? k0 + square : depth;
            for (int64_t n = 0; n < inside; ++n) {
                const S* from = source + (n0 + n) * n_stride + k0 * k_stride;
                element<S>* line = block + k0 * across + n * step;
                for (int64_t k = k0; k < k1; k += step, line += across * step)
                    for (int64_t s = 0; s < step && k + s < k1; ++s, from += k_stride) line[s] = to_element<S>(*from);
            }
        }
    }
    return {depth, columns, to};
}

// `rows` rows by `panels` panels of `vectors` vectors each.
template <class P, class C, int rows, int vectors, int panels>
static inline void tile(int64_t depth, const typename P::element* a, int64_t a_stride, const typename P::element* b,
                        int64_t b_stride, C* c, int64_t c_stride, bool add) {
    constexpr int64_t width = lanes<C>;
    vec<C> sums[rows][panels][vectors];
#pragma GCC unroll 16
    for (int m = 0; m < rows; ++m)
#pragma GCC unroll 16
        for (int p = 0; p < panels; ++p)
#pragma GCC unroll 16
            for (int v = 0; v < vectors; ++v)
                sums[m][p][v] = add ? load(c + m * c_stride + (p * vectors + v) * width) : vec<C>{};
    for (int64_t k = 0; k < depth; k += P::depth) {
#pragma GCC unroll 16
        for (int m = 0; m < rows; ++m) {
            auto value = P::broadcast(a + m * a_stride + k);
#pragma GCC unroll 16
            for (int p = 0; p < panels; ++p)
#pragma GCC unroll 16
                for (int v = 0; v < vectors; ++v)
                    sums[m][p][v] = P::add(sums[m][p][v], value, b + p * b_stride + v * width * P::depth);
        }
        b += vectors * width * P::depth;
    }
#pragma GCC unroll 16
    for (int m = 0; m < rows; ++m)
#pragma GCC unroll 16
        for (int p = 0; p < panels; ++p)
#pragma GCC unroll 16
            for (int v = 0; v < vectors; ++v)
                store(c + m * c_stride + (p * vectors + v) * width, sums[m][p][v]);
}

template <int n>
struct Height {
    static constexpr int value = n;
};

// Calls `body` with the number of rows, 1 to `most`, as a type.
template <int most = tile_rows, int n = 1, class Body>
RECURRA_INLINE void with_height(int64_t rows, Body&& body) {
    if (rows == n)
        body(Height<n>{});
    else if constexpr (n < most)
        with_height<most, n + 1>(rows, body);
}

template <class P, class C, int vectors, int panels = 1>
static inline void tile_of(int64_t rows, int64_t depth, const typename P::element* a, int64_t a_stride,
                           const typename P::element* b, int64_t b_stride, C* c, int64_t c_stride, bool add) {
    with_height(rows, [&](auto height) {
        tile<P, C, height.value, vectors, panels>(depth, a, a_stride, b, b_stride, c, c_stride, add);
    });
}

#if defined(RECURRA_AMX)
inline void multiply_tiles(int64_t rows, const bfloat16* a, int64_t a_stride, const Packed<bfloat16>& b, float* c,
                           int64_t c_stride);
constexpr int64_t row_block = 16;
#else
constexpr int64_t row_block = 1;
#endif

// C [rows, columns of B] = A [rows, depth of B] B. Rows of C hold whole vectors. A has a multiple of `row_block` rows, and what
// those beyond `rows` hold does not matter; rows of C beyond `rows` are left as they are.
template <class S>
void multiply(int64_t rows, const element<S>* a, int64_t a_stride, const Packed<S>& b, compute<S>* c, int64_t c_stride) {
#if defined(RECURRA_AMX)
    if constexpr (__is_same(S, bfloat16)) return multiply_tiles(rows, a, a_stride, b, c, c_stride);
#endif
    using P = product<S>;
    using C = compute<S>;
    constexpr int64_t width = lanes<C>, wide = panel * width;
    const int64_t deep = Packed<S>::padded_depth(b.depth), columns = Packed<S>::padded_columns(b.columns);
    const int64_t groups = (rows + tile_rows - 1) / tile_rows;
    int64_t n = 0;
    if (rows == 1) {
        // One row has too few sums to keep the processor busy: four panels at once.
        for (; n + 4 * wide <= columns; n += 4 * wide)
            tile<P, C, 1, panel, 4>(deep, a, a_stride, b.data + n * deep, wide * deep, c + n, c_stride, false);
    } else if (rows == 2) {
        for (; n + 2 * wide <= columns; n += 2 * wide)
            tile<P, C, 2, panel, 2>(deep, a, a_stride, b.data + n * deep, wide * deep, c + n, c_stride, false);
    }
    for (; n < columns; n += wide) {
        const int64_t vectors = columns - n < wide ? (columns - n) / width : panel;
        int64_t m = 0;
        for (int64_t g = 0; g < groups; ++g) {
            const int64_t height = (rows - m + groups - g - 1) / (groups - g);
            const element<S>* from = a + m * a_stride;
            C* to = c + m * c_stride + n;
            if (vectors == 3)
                tile_of<P, C, 3 <= panel ? 3 : panel>(height, deep, from, a_stride, b.data + n * deep, 0, to, c_stride, false);
            else if (vectors == 2)
                tile_of<P, C, 2>(height, deep, from, a_stride, b.data + n * deep, 0, to, c_stride, false);
            else
                tile_of<P, C, 1>(height, deep, from, a_stride, b.data + n * deep, 0, to, c_stride, false);
            m += height;
        }
    }
}

}  // namespace recurra::RECURRA_ISA
