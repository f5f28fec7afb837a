// The product of two large matrices of bfloat16 in the processor's tile registers (AMX): C [M, N] = A [M, K] B [K, N] (+ C).
//
// What is multiplied lies packed in squares of 32 by 32, two tiles each: 16 rows of A by 32 of k, and 32 of k, in pairs, by 16
// columns of B. A part of B that fits the second-level cache is packed once and then read for all rows of A. A square of C
// stays in registers over a stretch of k. Each element of C is one sum in the order of k, however rows and columns are shared
// out among threads, and what lies beyond a row is never read.
#pragma once

#include "amx.h"
#include "matrix.h"
#include "problem.h"

#if defined(RECURRA_AMX)

namespace recurra::RECURRA_ISA {

constexpr int64_t side = 32, tile_size = tile_height * tile_depth, square_size = 2 * tile_size;
constexpr int64_t deepest = 1024, packed_most = 1 << 19;  // of k, and elements of B, that are packed at once: 1 MB
constexpr int64_t tall = 128;                             // rows of A that are packed at once
constexpr int64_t near = 256;                             // of k over which 32 rows of A stay in the nearest cache

typedef uint16_t singles __attribute__((vector_size(64)));  // numbers of bfloat16
typedef int32_t pairs __attribute__((vector_size(64)));     // of them
typedef int64_t fours __attribute__((vector_size(64)));

// The first `count` of 32 numbers, zeros beyond.
RECURRA_INLINE pairs some(const uint16_t* from, int64_t count) {
    if (count >= 32) return (pairs)_mm512_loadu_si512(from);
    return count <= 0 ? pairs{} : (pairs)_mm512_maskz_loadu_epi16((1u << count) - 1, from);
}

// 16 by 16 pairs.
RECURRA_INLINE void transpose(pairs (&v)[16]) {
    fours t[16], u[16];
#pragma GCC unroll 8
    for (int i = 0; i < 16; i += 2) {
        t[i] = (fours)__builtin_shufflevector(v[i], v[i + 1], 0, 16, 1, 17, 4, 20, 5, 21, 8, 24, 9, 25, 12, 28, 13, 29);
        t[i + 1] = (fours)__builtin_shufflevector(v[i], v[i + 1], 2, 18, 3, 19, 6, 22, 7, 23, 10, 26, 11, 27, 14, 30, 15, 31);
    }
#pragma GCC unroll 4
    for (int i = 0; i < 16; i += 4)
#pragma GCC unroll 2
        for (int half = 0; half < 2; ++half) {
            const fours a = t[i + half], b = t[i + half + 2];
            u[i + 2 * half] = __builtin_shufflevector(a, b, 0, 8, 2, 10, 4, 12, 6, 14);
            u[i + 2 * half + 1] = __builtin_shufflevector(a, b, 1, 9, 3, 11, 5, 13, 7, 15);
        }
#pragma GCC unroll 4
    for (int i = 0; i < 4; ++i) {  // u[i + 4 n]: columns i, i + 4, i + 8 and i + 12
        const fours a = __builtin_shufflevector(u[i], u[i + 4], 0, 1, 4, 5, 8, 9, 12, 13);
        const fours b = __builtin_shufflevector(u[i + 8], u[i + 12], 0, 1, 4, 5, 8, 9, 12, 13);
        const fours c = __builtin_shufflevector(u[i], u[i + 4], 2, 3, 6, 7, 10, 11, 14, 15);
        const fours d = __builtin_shufflevector(u[i + 8], u[i + 12], 2, 3, 6, 7, 10, 11, 14, 15);
        v[i] = (pairs)__builtin_shufflevector(a, b, 0, 1, 4, 5, 8, 9, 12, 13);
        v[i + 4] = (pairs)__builtin_shufflevector(c, d, 0, 1, 4, 5, 8, 9, 12, 13);
        v[i + 8] = (pairs)__builtin_shufflevector(a, b, 2, 3, 6, 7, 10, 11, 14, 15);
        v[i + 12] = (pairs)__builtin_shufflevector(c, d, 2, 3, 6, 7, 10, 11, 14, 15);
    }
}

// The first 32 by 32 numbers of X [lines, along], whose lines lie `stride` apart, as two tiles; zeros beyond. k goes along the
// lines or `down`; a tile has pairs of k in a row as they stand in X, or `turned`.
template <bool down, bool turned>
RECURRA_INLINE void pack_square(const uint16_t* x, int64_t stride, int64_t lines, int64_t along, bfloat16* to) {
    if constexpr (down) {  // two lines are a pair of k: their numbers in turns
        pairs first[16], second[16];
#pragma GCC unroll 16
        for (int i = 0; i < 16; ++i) {
            const singles a = (singles)some(x + 2 * i * stride, 2 * i < lines ? along : 0);
            const singles b = (singles)some(x + (2 * i + 1) * stride, 2 * i + 1 < lines ? along : 0);
            first[i] = (pairs)__builtin_shufflevector(a, b, 0, 32, 1, 33, 2, 34, 3, 35, 4, 36, 5, 37, 6, 38, 7, 39, 8, 40, 9, 41,
                                                      10, 42, 11, 43, 12, 44, 13, 45, 14, 46, 15, 47);
            second[i] = (pairs)__builtin_shufflevector(a, b, 16, 48, 17, 49, 18, 50, 19, 51, 20, 52, 21, 53, 22, 54, 23, 55, 24,
                                                       56, 25, 57, 26, 58, 27, 59, 28, 60, 29, 61, 30, 62, 31, 63);
        }
        if constexpr (turned) {
            transpose(first);
            transpose(second);
        }
#pragma GCC unroll 16
        for (int i = 0; i < 16; ++i) {
            __builtin_memcpy(to + i * 32, &first[i], 64);
            __builtin_memcpy(to + tile_size + i * 32, &second[i], 64);
        }
    } else {
        for (int half = 0; half < 2; ++half, x += 16 * stride, lines -= 16, to += tile_size) {
            pairs v[16];
#pragma GCC unroll 16
            for (int i = 0; i < 16; ++i) v[i] = some(x + i * stride, i < lines ? along : 0);
            if constexpr (turned) transpose(v);
#pragma GCC unroll 16
            for (int i = 0; i < 16; ++i) __builtin_memcpy(to + i * 32, &v[i], 64);
        }
    }
}

// Up to `count` rows of A, or columns of B, over `depth` of k: 32 after 32 of them, `size` elements each. Numbers that lie
// side by side are read together, whichever way they go.
template <bool of_a>
void pack_stretch(const Matrix& matrix, int64_t count, int64_t depth, int64_t size, bfloat16* to) {
    const int64_t across = of_a ? matrix.row : matrix.column, down = of_a ? matrix.column : matrix.row;
    const uint16_t* const x = reinterpret_cast<const uint16_t*>(matrix.data);
    if (down == 1) {
        for (int64_t n = 0; n < count; n += side)
            for (int64_t k = 0; k < depth; k += side)
                pack_square<false, !of_a>(x + n * across + k, across, count - n, depth - k, to + n / side * size + k * side);
    } else {
        for (int64_t k = 0; k < depth; k += side)
            for (int64_t n = 0; n < count; n += side)
                pack_square<true, of_a>(x + k * down + n, down, depth - k, count - n, to + n / side * size + k * side);
    }
}

// A square of sums, `squares` of k deep; in registers 0 to 3.
inline void multiply_squares(int64_t squares, const bfloat16* a, const bfloat16* b, float* sums, bool add) {
    before_tiles_read();
    float* const below = sums + tile_height * side;
    constexpr int64_t bytes = 4 * side;
    if (add) {
        RECURRA_TILE_LOAD(0, sums, bytes);
        RECURRA_TILE_LOAD(1, sums + 16, bytes);
        RECURRA_TILE_LOAD(2, below, bytes);
        RECURRA_TILE_LOAD(3, below + 16, bytes);
    } else {
        RECURRA_TILE_ZERO(0);
        RECURRA_TILE_ZERO(1);
        RECURRA_TILE_ZERO(2);
        RECURRA_TILE_ZERO(3);
    }
    for (int64_t k = 0; k < squares; ++k, a += square_size, b += square_size) {
        RECURRA_TILE_LOAD(4, a, 64);
        RECURRA_TILE_LOAD(6, b, 64);
        RECURRA_TILE_PRODUCT(0, 4, 6);
        RECURRA_TILE_LOAD(7, b + tile_size, 64);
        RECURRA_TILE_PRODUCT(1, 4, 7);
        RECURRA_TILE_LOAD(5, a + tile_size, 64);
        RECURRA_TILE_PRODUCT(2, 5, 6);
        RECURRA_TILE_PRODUCT(3, 5, 7);
    }
    RECURRA_TILE_STORE(0, sums, bytes);
    RECURRA_TILE_STORE(1, sums + 16, bytes);
    RECURRA_TILE_STORE(2, below, bytes);
    RECURRA_TILE_STORE(3, below + 16, bytes);
    before_tiles_read();
}

// The square of C that begins with row m and column n.
inline void put(const MatrixProduct& p, const float* square, int64_t m, int64_t n) {
    const int64_t rows = p.rows - m < side ? p.rows - m : side, columns = p.columns - n < side ? p.columns - n : side;
    for (int64_t r = 0; r < rows; ++r, square += side) {
        const int64_t at = (m + r) * p.stride + n;
        float* const c = reinterpret_cast<float*>(p.c) + at;
        along<float>(columns, [&](int64_t j, auto lane) {
            const vec<float> sum = lane.load(square + j);
            if (!p.wide)
                lane.store(reinterpret_cast<bfloat16*>(p.c) + at + j, sum);
            else
                lane.store(c + j, p.adds ? lane.load(c + j) + sum : sum);
        });
    }
}

// Without memory only the bytes that it takes.
inline int64_t multiply_matrices(const MatrixProduct& p, char* memory) {
    const auto shared_out = [](int64_t whole, int64_t most) {  // into parts of nearly the same size
        const int64_t parts = (whole + most - 1) / most;
        return round_up((whole + parts - 1) / parts, side);
    };
    const int64_t deep = shared_out(p.depth, deepest), part = shared_out(deep, near);
    const int64_t fitting = packed_most / deep / side * side, wide = p.columns < fitting ? round_up(p.columns, side) : fitting;
    Stretches stretches{memory};
    bfloat16* const a = stretches.take<bfloat16>(tall * part);
    bfloat16* const b = stretches.take<bfloat16>(wide * deep);
    float* const sums = stretches.take<float>(round_up(deep < p.depth ? p.rows : tall, side) * wide);
    if (!memory) return stretches.used;
    const Tiles tiles;
    for (int64_t n = 0; n < p.columns; n += wide) {
        const int64_t across = p.columns - n < wide ? p.columns - n : wide;
        for (int64_t k = 0; k < p.depth; k += deep) {
            const int64_t end = p.depth - k < deep ? p.depth : k + deep;
            pack_stretch<false>(p.b.from(k, n), across, end - k, side * deep, b);
            for (int64_t m = 0; m < p.rows; m += tall) {
                const int64_t rows = p.rows - m < tall ? p.rows - m : tall;
                float* const block = deep < p.depth ? sums + m * wide : sums;
                for (int64_t i = k; i < end; i += part) {
                    const int64_t depth = end - i < part ? end - i : part, squares = (depth + side - 1) / side;
                    pack_stretch<true>(p.a.from(m, i), rows, depth, side * part, a);
                    for (int64_t r = 0; r < rows; r += side)
                        for (int64_t j = 0; j < across; j += side) {
                            float* const square = part < p.depth ? block + r * wide + j * side : sums;
                            multiply_squares(squares, a + r * part, b + j * deep + (i - k) * side, square, i > 0);
                            if (i + depth == p.depth) put(p, square, m + r, n + j);
                        }
                }
            }
        }
    }
    return stretches.used;
}

}  // namespace recurra::RECURRA_ISA

#endif
