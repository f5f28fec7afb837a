// The product of a few rows of bfloat16 with a packed matrix in the processor's tile registers (AMX).
//
// A tile of the result is 16 rows by 16 columns, and 32 values of k go into it at once. Two tiles of rows by one panel stay in
// registers; what is left of k below 32 is added by the vector code. Whole tiles of rows are read, but only the rows asked for
// are written: those beyond may belong to a sequence that is over, whose numbers are still wanted.
#pragma once

#include "gemm.h"

#if defined(RECURRA_AMX)

namespace recurra::RECURRA_ISA {

constexpr int64_t tile_height = 16, tile_depth = 32;

#if defined(RECURRA_AMX_EMULATED)
#define RECURRA_TILE_CONFIG(config) emulated_config(config)
#define RECURRA_TILE_RELEASE() emulated_release()
#define RECURRA_TILE_ZERO(i) emulated_zero(i)
#define RECURRA_TILE_LOAD(i, from, stride) emulated_load(i, from, stride)
#define RECURRA_TILE_STORE(i, to, stride) emulated_store(i, to, stride)
#define RECURRA_TILE_PRODUCT(c, a, b) emulated_product(c, a, b)
#else
#define RECURRA_TILE_CONFIG(config) _tile_loadconfig(config)
#define RECURRA_TILE_RELEASE() _tile_release()
#define RECURRA_TILE_ZERO(i) _tile_zero(i)
#define RECURRA_TILE_LOAD(i, from, stride) _tile_loadd(i, from, stride)
#define RECURRA_TILE_STORE(i, to, stride) _tile_stored(i, to, stride)
#define RECURRA_TILE_PRODUCT(c, a, b) _tile_dpbf16ps(c, a, b)
#endif

// GCC's own do not say which memory they read.
RECURRA_INLINE void before_tiles_read() { asm volatile("" ::: "memory"); }

// All eight registers as 16 rows of 64 bytes, for as long as this lives.
class Tiles {
    struct alignas(64) {
        uint8_t palette = 1, start = 0, reserved[14] = {};
        uint16_t row_bytes[16] = {64, 64, 64, 64, 64, 64, 64, 64};
        uint8_t rows[16] = {16, 16, 16, 16, 16, 16, 16, 16};
    } config_;

  public:
    Tiles() {
        before_tiles_read();
        RECURRA_TILE_CONFIG(&config_);
    }
    ~Tiles() { RECURRA_TILE_RELEASE(); }
};

// One panel of `vectors` by `heights` tiles of rows, of the last of which `last` rows are written; register 3 * m + v holds
// the sums, 6 a tile of A and 7 one of B.
template <int heights, int vectors>
static inline void tile_product(int64_t depth, const bfloat16* a, int64_t a_stride, const bfloat16* b, float* c,
                                int64_t c_stride, int64_t last) {
    before_tiles_read();
    alignas(64) float spare[tile_height * vectors * 16];
    const bool whole = last == tile_height;
    float* const end = whole ? c + (heights - 1) * tile_height * c_stride : spare;
    const int64_t end_stride = whole ? c_stride : vectors * 16;
    const int64_t a_bytes = a_stride * 2, b_bytes = vectors * 64;
#define RECURRA_SUMS(m, v, action)                      \
    if constexpr (m < heights && v < vectors) {         \
        [[maybe_unused]] constexpr bool at_end = m + 1 == heights; \
        [[maybe_unused]] constexpr int column = v * 16; \
        action;                                         \
    }
#define RECURRA_ALL_SUMS(zero_or_store)                                                                        \
    RECURRA_SUMS(0, 0, zero_or_store(0)) RECURRA_SUMS(0, 1, zero_or_store(1)) RECURRA_SUMS(0, 2, zero_or_store(2)) \
    RECURRA_SUMS(1, 0, zero_or_store(3)) RECURRA_SUMS(1, 1, zero_or_store(4)) RECURRA_SUMS(1, 2, zero_or_store(5))
#define RECURRA_END(i) RECURRA_TILE_STORE(i, (at_end ? end : c) + column, 4 * (at_end ? end_stride : c_stride))
    RECURRA_ALL_SUMS(RECURRA_TILE_ZERO)
    for (int64_t k = 0; k < depth; k += tile_depth, a += tile_depth, b += tile_depth * vectors * 16) {
#define RECURRA_COLUMN(v, first, second)                                              \
    if constexpr (v < vectors) {                                                      \
        RECURRA_TILE_LOAD(7, b + v * 32, b_bytes);                                    \
        RECURRA_TILE_LOAD(6, a, a_bytes);                                             \
        RECURRA_TILE_PRODUCT(first, 6, 7);                                            \
        if constexpr (heights == 2) {                                                 \
            RECURRA_TILE_LOAD(6, a + tile_height * a_stride, a_bytes);                \
            RECURRA_TILE_PRODUCT(second, 6, 7);                                       \
        }                                                                             \
    }
        RECURRA_COLUMN(0, 0, 3)
        RECURRA_COLUMN(1, 1, 4)
        RECURRA_COLUMN(2, 2, 5)
    }
    RECURRA_ALL_SUMS(RECURRA_END)
#undef RECURRA_COLUMN
#undef RECURRA_END
#undef RECURRA_ALL_SUMS
#undef RECURRA_SUMS
    if (whole) return;
    c += (heights - 1) * tile_height * c_stride;
    for (int64_t m = 0; m < last; ++m)
        for (int v = 0; v < vectors; ++v) store(c + m * c_stride + v * 16, load(spare + (m * vectors + v) * 16));
}

// What `multiply` does for bfloat16.
inline void multiply_tiles(int64_t rows, const bfloat16* a, int64_t a_stride, const Packed<bfloat16>& b, float* c,
                           int64_t c_stride) {
    const int64_t deep = Packed<bfloat16>::padded_depth(b.depth), whole = deep / tile_depth * tile_depth;
    const int64_t columns = Packed<bfloat16>::padded_columns(b.columns);
    for (int64_t n = 0; whole > 0 && n < columns; n += panel * 16) {
        const int64_t vectors = columns - n < panel * 16 ? (columns - n) / 16 : panel;
        const bfloat16* block = b.data + n * deep;
        for (int64_t m = 0; m < rows; m += 2 * tile_height) {
            const bfloat16* from = a + m * a_stride;
            float* to = c + m * c_stride + n;
            const int64_t left = rows - m, last = left >= 2 * tile_height ? tile_height : (left - 1) % tile_height + 1;
            const auto product = [&](auto heights, auto wide) {
                tile_product<heights(), wide()>(whole, from, a_stride, block, to, c_stride, last);
            };
            const auto one = [] { return 1; };
            const auto two = [] { return 2; };
            const auto three = [] { return 3; };
            const auto across = [&](auto heights) {
                vectors == 3 ? product(heights, three) : vectors == 2 ? product(heights, two) : product(heights, one);
            };
            left > tile_height ? across(two) : across(one);
        }
    }
    if (whole == deep) return;
    for (int64_t n = 0; n < columns; n += panel * 16) {
        const int64_t vectors = columns - n < panel * 16 ? (columns - n) / 16 : panel;
        const bfloat16* rest = b.data + n * deep + whole * vectors * 16;
        for (int64_t m = 0; m < rows; m += tile_rows) {
            const int64_t height = rows - m < tile_rows ? rows - m : tile_rows;
            const bfloat16* from = a + m * a_stride + whole;
            float* to = c + m * c_stride + n;
            using P = MultiplyPairs;
            const bool add = whole > 0;
            vectors == 3   ? tile_of<P, float, 3>(height, deep - whole, from, a_stride, rest, 0, to, c_stride, add)
            : vectors == 2 ? tile_of<P, float, 2>(height, deep - whole, from, a_stride, rest, 0, to, c_stride, add)
                           : tile_of<P, float, 1>(height, deep - whole, from, a_stride, rest, 0, to, c_stride, add);
        }
    }
}

}  // namespace recurra::RECURRA_ISA

#endif
