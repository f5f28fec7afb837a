// The gradients of W, U and the biases, once those of all steps are there: sums over all rows n of d_n^T x_n, d_n^T h_n, d_n.
//
// A task has some rows of d^T, that is of gate units, and goes through all n in blocks: a block of x is packed once and then
// multiplied by every tile of units. Each element is one sum in the order of n, however the units are shared out.
#pragma once

#include "problem.h"

namespace recurra::RECURRA_ISA {

constexpr int64_t block_rows = 256;

// C [units, columns] += d [rows, units]^T x [rows, columns].
template <class C>
struct Outer {
    const C* d;
    int64_t d_stride, units;
    const C* x;
    int64_t x_stride, rows;
    int64_t unit;  // where the units begin in C
};

// `rows` units by `vectors` vectors of columns; d is read across its rows.
template <class C, int rows, int vectors>
static inline void outer_tile(int64_t depth, const C* d, int64_t d_stride, const C* x, C* c, int64_t c_stride) {
    constexpr int64_t width = lanes<C>;
    vec<C> sums[rows][vectors];
#pragma GCC unroll 16
    for (int m = 0; m < rows; ++m)
#pragma GCC unroll 16
        for (int v = 0; v < vectors; ++v) sums[m][v] = load(c + m * c_stride + v * width);
    for (int64_t k = 0; k < depth; ++k, d += d_stride, x += vectors * width) {
#pragma GCC unroll 16
        for (int m = 0; m < rows; ++m)
#pragma GCC unroll 16
            for (int v = 0; v < vectors; ++v) sums[m][v] = fma(all<C>(d[m]), load(x + v * width), sums[m][v]);
    }
#pragma GCC unroll 16
    for (int m = 0; m < rows; ++m)
#pragma GCC unroll 16
        for (int v = 0; v < vectors; ++v) store(c + m * c_stride + v * width, sums[m][v]);
}

template <class C, int vectors>
static inline void outer_tiles(int64_t rows, int64_t depth, const C* d, int64_t d_stride, const C* x, C* c, int64_t c_stride) {
    for (int64_t left = (rows + tile_rows - 1) / tile_rows; left > 0; --left) {  // of nearly the same height
        const int64_t height = (rows + left - 1) / left;
        with_height(height, [&](auto n) { outer_tile<C, n.value, vectors>(depth, d, d_stride, x, c, c_stride); });
        rows -= height;
        d += height;
        c += height * c_stride;
    }
}

// At most so many columns are not worth a vector of their own: there the units make the vectors.
template <class C>
constexpr int few = lanes<C> / 4;

// The same for a few columns of x, read across its rows; C [units, columns] is written element by element.
template <class C, int columns, int vectors, class Lane>
static inline void narrow_tile(int64_t depth, const C* d, int64_t d_stride, const C* x, int64_t x_stride, C* c, int64_t c_stride,
                               const Lane& lane, int units) {
    constexpr int64_t width = lanes<C>;
    vec<C> sums[columns][vectors] = {};
    for (int64_t k = 0; k < depth; ++k, d += d_stride, x += x_stride) {
#pragma GCC unroll 16
        for (int v = 0; v < vectors; ++v) {
            const vec<C> value = lane.load(d + v * width);
#pragma GCC unroll 16
            for (int m = 0; m < columns; ++m) sums[m][v] = fma(value, all<C>(x[m]), sums[m][v]);
        }
    }
    C values[vectors * width];
    for (int m = 0; m < columns; ++m) {
        for (int v = 0; v < vectors; ++v) store(values + v * width, sums[m][v]);
        for (int u = 0; u < units; ++u) c[u * c_stride + m] += values[u];
    }
}

template <class C, int columns>
static inline void narrow_tiles(int64_t units, int64_t depth, const C* d, int64_t d_stride, const C* x, int64_t x_stride, C* c,
                                int64_t c_stride) {
    constexpr int width = lanes<C>, at_once = 3;
    int64_t u = 0;
    for (; u + at_once * width <= units; u += at_once * width)
        narrow_tile<C, columns, at_once>(depth, d + u, d_stride, x, x_stride, c + u * c_stride, c_stride, Whole{}, at_once * width);
    for (; u + width <= units; u += width)
        narrow_tile<C, columns, 1>(depth, d + u, d_stride, x, x_stride, c + u * c_stride, c_stride, Whole{}, width);
    const int rest = (int)(units - u);
    if (rest) narrow_tile<C, columns, 1>(depth, d + u, d_stride, x, x_stride, c + u * c_stride, c_stride, Part{rest}, rest);
}

// The units from `begin` to `end` of `products`, all with the same number of columns; into `to` [units, columns].
template <class C>
void outer(const Outer<C>* products, int count, int64_t columns, int64_t begin, int64_t end, C* to, Stretches memory) {
    constexpr int64_t width = lanes<C>, wide = panel * width;
    const int64_t left = columns % width <= few<C> ? columns % width : 0, whole = round_up(columns - left, width);
    const int64_t stride = whole + left;
    C* sums = memory.take<C>((end - begin) * stride);
    C* packed = memory.take<C>(block_rows * whole);
    __builtin_memset(sums, 0, (end - begin) * stride * sizeof(C));
    for (int i = 0; i < count; ++i) {
        const Outer<C>& p = products[i];
        const int64_t from = begin > p.unit ? begin : p.unit, until = end < p.unit + p.units ? end : p.unit + p.units;
        if (from >= until) continue;
        for (int64_t k = 0; k < p.rows; k += block_rows) {
            const int64_t depth = p.rows - k < block_rows ? p.rows - k : block_rows;
            for (int64_t n = 0; n < whole; n += wide) {
                const int64_t across = whole - n < wide ? whole - n : wide, inside = columns - n < across ? columns - n : across;
                for (int64_t r = 0; r < depth; ++r) {
                    const C* x = p.x + (k + r) * p.x_stride + n;
                    C* line = packed + n * depth + r * across;
                    along<C>(inside, [&](int64_t j, auto lane) { store(line + j, lane.load(x + j)); });
                }
            }
            const C* d = p.d + k * p.d_stride + (from - p.unit);
            for (int64_t n = 0; n < whole; n += wide) {
                const int64_t vectors = whole - n < wide ? (whole - n) / width : panel;
                C* c = sums + (from - begin) * stride + n;
                const C* x = packed + n * depth;
                if (vectors == 3)
                    outer_tiles<C, 3 <= panel ? 3 : panel>(until - from, depth, d, p.d_stride, x, c, stride);
                else if (vectors == 2)
                    outer_tiles<C, 2>(until - from, depth, d, p.d_stride, x, c, stride);
                else
                    outer_tiles<C, 1>(until - from, depth, d, p.d_stride, x, c, stride);
            }
            const C* x = p.x + k * p.x_stride + whole;
            C* c = sums + (from - begin) * stride + whole;
            switch (left) {
                case 1: narrow_tiles<C, 1>(until - from, depth, d, p.d_stride, x, p.x_stride, c, stride); break;
                case 2: narrow_tiles<C, 2>(until - from, depth, d, p.d_stride, x, p.x_stride, c, stride); break;
                case 3: narrow_tiles<C, 3>(until - from, depth, d, p.d_stride, x, p.x_stride, c, stride); break;
                case 4: narrow_tiles<C, 4>(until - from, depth, d, p.d_stride, x, p.x_stride, c, stride); break;
                default: break;
            }
        }
    }
    for (int64_t m = begin; m < end; ++m)
        along<C>(columns, [&](int64_t j, auto lane) { lane.store(to + m * columns + j, lane.load(sums + (m - begin) * stride + j)); });
}

// The gate units from `begin` to `end` of d_W and d_U; without memory only the bytes that it takes.
template <class C>
int64_t matrix_gradients(const Args& args, const Traits& traits, int64_t begin, int64_t end, char* memory) {
    const int64_t H = args.hidden, R = args.width, F = args.features, gates = traits.blocks * H;
    const int64_t widest = round_up(F > R ? F : R, lanes<C>);
    if (!memory) return ((end - begin) + block_rows) * widest * (int64_t)sizeof(C) + 2 * (64 + vector_bytes);
    const auto at = [](const void* tensor, int64_t offset) { return static_cast<const C*>(tensor) + offset; };
    const C* d = at(args.d_gates, 0);
    if (args.d_input_weight) {
        const Outer<C> product{d, gates, gates, at(args.x, 0), F, args.rows, 0};
        outer<C>(&product, 1, F, begin, end, static_cast<C*>(args.d_input_weight), {memory});
    }
    if (!args.d_recurrent_weight) return 0;
    Outer<C> products[4];
    int count = 0;
    // d^T times the h that entered U: a tensor of its own, or the outputs of the step before and the initial state.
    const auto times_h = [&](const C* grad, int64_t stride, int64_t units, int64_t unit) {
        const int64_t later = args.rows - args.batch;
        if (args.h_entering) {
            products[count++] = {grad, stride, units, at(args.h_entering, 0), R, args.rows, unit};
            return;
        }
        const int64_t first = args.reverse ? later : 0, from = args.reverse ? 0 : args.batch;
        if (later > 0) {
            const C* before = at(args.outputs, args.reverse ? args.batch * R : 0);
            products[count++] = {grad + from * stride, stride, units, before, R, later, unit};
        }
        if (args.h0 && later >= 0)
            products[count++] = {grad + first * stride, stride, units, at(args.h0, 0), R, args.batch, unit};
    };
    if (args.norm || args.norm_input) {
        times_h(at(args.d_recurrent, 0), gates, gates, 0);
    } else if (traits.sums_apart) {
        times_h(d, gates, gates - H, 0);
        times_h(at(args.d_recurrent, 0), H, H, gates - H);
    } else if (traits.resets_before) {
        times_h(d, gates, gates - H, 0);
        products[count++] = {d + gates - H, gates, H, at(args.reset_hidden, 0), H, args.rows, gates - H};
    } else {
        times_h(d, gates, gates, 0);
    }
    outer<C>(products, count, R, begin, end, static_cast<C*>(args.d_recurrent_weight), {memory});
    return 0;
}

// The gate units from `begin` to `end` of the gradients of the biases: the rows' sums, added up.
template <class S>
void bias_gradients(const Args& args, int64_t blocks, int64_t begin, int64_t end) {
    using C = compute<S>;
    const auto total = [&](void* to, int64_t at, const void* sums, int64_t from, int64_t wide, int64_t count) {
        if (!to || count <= 0) return;
        along<C>(count, [&](int64_t j, auto lane) {
            const C* row = static_cast<const C*>(sums) + from + j;
            vec<C> sum{};
            for (int64_t b = 0; b < args.batch; ++b, row += wide) sum += lane.load(row);
            lane.store(static_cast<S*>(to) + at + j, sum);
        });
    };
    const int64_t H = args.hidden, gates = blocks * H;
    // the last block of a cell whose sums are apart has one of its own
    const int64_t shared = args.d_bias_n ? gates - H : gates, middle = end < shared ? end : shared;
    const int64_t inner = begin > shared ? begin : shared;
    total(args.d_input_bias, begin, args.d_bias, begin, gates, end - begin);
    total(args.d_recurrent_bias, begin, args.d_bias, begin, gates, middle - begin);
    total(args.d_recurrent_bias, inner, args.d_bias_n, inner - shared, H, end - inner);
}

}  // namespace recurra::RECURRA_ISA
