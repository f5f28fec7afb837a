// The products of bfloat16 pairs and the tile registers in memory, for tests on a processor without them. To the bit what the
// instructions give (Intel SDM, VDPBF16PS and TDPBF16PS; compared on a processor that has both), and a trap where they raise
// an exception. Numbers too small to be normal are zero: by the flag that is set for the length of a call.
#pragma once

#include "simd.h"

namespace recurra::RECURRA_ISA {

RECURRA_INLINE __m512 first_of_pairs(__m512i pairs) { return bits<__m512>(bits<words>(pairs) << 16); }
RECURRA_INLINE __m512 second_of_pairs(__m512i pairs) { return bits<__m512>(bits<words>(pairs) & 0xffff0000u); }

// VDPBF16PS: the second of each pair first, every product rounded into the sum.
RECURRA_INLINE __m512 emulated_pairs(__m512 sum, __m512i a, __m512i b) {
    sum = _mm512_fmadd_ps(second_of_pairs(a), second_of_pairs(b), sum);
    return _mm512_fmadd_ps(first_of_pairs(a), first_of_pairs(b), sum);
}

// The state of LDTILECFG, and eight registers of at most 16 rows of 64 bytes.
struct TileRegisters {
    struct alignas(64) Register {
        char bytes[16][64];
        int rows, row_bytes;
    } registers[8];
    bool configured = false;

    Register& operator[](int i) {
        if (!configured || !registers[i].rows) __builtin_trap();
        return registers[i];
    }
};
inline thread_local TileRegisters tile_registers;

// LDTILECFG: palette, start row, 14 bytes reserved, bytes a row of 16 registers, rows of 16 registers. Zeros every register.
inline void emulated_config(const void* config) {
    const uint8_t* bytes = static_cast<const uint8_t*>(config);
    if (bytes[0] != 1 || bytes[1] != 0) __builtin_trap();
    __builtin_memset((void*)tile_registers.registers, 0, sizeof tile_registers.registers);
    for (int i = 0; i < 8; ++i) {
        auto& tile = tile_registers.registers[i];
        tile.row_bytes = bytes[16 + 2 * i] | bytes[17 + 2 * i] << 8;
        tile.rows = bytes[48 + i];
        if (tile.row_bytes > 64 || tile.row_bytes % 4 || tile.rows > 16 || !tile.rows != !tile.row_bytes) __builtin_trap();
    }
    tile_registers.configured = true;
}

inline void emulated_release() { tile_registers.configured = false; }

inline void emulated_zero(int i) { __builtin_memset(tile_registers[i].bytes, 0, sizeof tile_registers[i].bytes); }

// TILELOADD; what is beyond the register's own rows and bytes becomes zero.
inline void emulated_load(int i, const void* from, int64_t stride) {
    auto& tile = tile_registers[i];
    emulated_zero(i);
    for (int row = 0; row < tile.rows; ++row)
        __builtin_memcpy(tile.bytes[row], static_cast<const char*>(from) + row * stride, tile.row_bytes);
}

inline void emulated_store(int i, void* to, int64_t stride) {
    const auto& tile = tile_registers[i];
    for (int row = 0; row < tile.rows; ++row)
        __builtin_memcpy(static_cast<char*>(to) + row * stride, tile.bytes[row], tile.row_bytes);
}

// TDPBF16PS: the first and the second of the pairs are summed apart over the depth of the tiles, and then added to C together.
inline void emulated_product(int c, int a, int b) {
    auto &sums = tile_registers[c], &left = tile_registers[a], &right = tile_registers[b];
    if (sums.rows != left.rows || left.row_bytes != 4 * right.rows || sums.row_bytes != right.row_bytes) __builtin_trap();
    if (c == a || c == b || a == b) __builtin_trap();
    for (int m = 0; m < sums.rows; ++m) {
        __m512 first = _mm512_setzero_ps(), second = first;
        for (int k = 0; k < right.rows; ++k) {
            int32_t pair;
            __builtin_memcpy(&pair, left.bytes[m] + 4 * k, sizeof pair);
            const __m512i x = _mm512_set1_epi32(pair), y = _mm512_load_si512(right.bytes[k]);
            first = _mm512_fmadd_ps(first_of_pairs(x), first_of_pairs(y), first);
            second = _mm512_fmadd_ps(second_of_pairs(x), second_of_pairs(y), second);
        }
        const __m512 sum = _mm512_add_ps(_mm512_load_ps(sums.bytes[m]), _mm512_add_ps(first, second));
        const int lanes = sums.row_bytes / 4;
        _mm512_mask_store_ps(sums.bytes[m], (__mmask16)((1u << lanes) - 1), sum);
    }
}

}  // namespace recurra::RECURRA_ISA
