// One call as the loop and the cells see it: typed pointers, packed weights, and the working memory of a chunk of rows.
#pragma once

#include "amx.h"
#include "args.h"
#include "bytes.h"
#include "gemm.h"
#include "math.h"
#include "denormals.h"
#include "stack.h"

namespace recurra::RECURRA_ISA {

// Hands out stretches of one block of memory, each on a line of its own and with a vector to spare behind it, so that whole
// vectors may be read past the end. Without a block it only measures.
struct Stretches {
    char* base;
    int64_t used = 0;

    template <class T>
    T* take(int64_t count) {
        T* at = base ? reinterpret_cast<T*>(base + used) : nullptr;
        used += round_up(count * (int64_t)sizeof(T) + vector_bytes, 64);
        return at;
    }
};

// A matrix of float32 [rows, columns] rounded to 8 bits, for v -> M v; where it is `ready` it is found.
inline Bytes in_bytes(Stretches& stretches, const void* matrix, int64_t rows, int64_t columns, bool ready) {
    Bytes bytes{columns, rows};
    bytes.data = stretches.take<int8_t>(bytes.size());
    bytes.scales = stretches.take<float>(bytes.across());
    if (bytes.data && !ready) bytes.round(static_cast<const float*>(matrix));
    return bytes;
}

template <class S>
struct Problem {
    using C = compute<S>;

    const Args& args;
    const Traits& traits;
    int64_t hidden, width, gates;  // H, R, G*H
    // Some option beyond the plain layer is on: the cells' code for it is compiled apart.
    bool extras;
    const S* zeros;       // as many as any row is long, to stand in for what is absent
    const C* bias;        // [G*H]: b + b_U; b alone for n of the GRU with the reset after the product
    const C* bias_inner;  // [H]: b_Un there
    Packed<S> input;      // W, where the product with it is ours
    Packed<S> recurrent;   // U, or its r and z blocks where the reset gate comes before the product
    Packed<S> candidate;   // U_n, where the reset gate comes before the product
    Packed<S> projection;
    Bytes input_bytes, recurrent_bytes;  // W and U instead, in 8 bits
    bool backward;

    Problem(const Args& a, const Traits& cell, bool back)
        : args(a),
          traits(cell),
          hidden(a.hidden),
          width(a.width),
          gates(cell.blocks * a.hidden),
          extras(a.dropout || a.zoneout_h || a.zoneout_c || a.zoneout_rate_h > 0 || a.zoneout_rate_c > 0 || a.projection ||
                 a.peephole || a.norm || a.norm_cell || a.norm_input),
          backward(back) {}

    // Lays the packed weights out in `memory` and packs them, or finds them there `ready`; returns the bytes they take.
    // Without memory it only measures.
    int64_t prepare(char* memory, bool ready) {
        Stretches stretches{memory};
        const int64_t before = traits.resets_before ? gates - hidden : gates;
        const int64_t longest = gates > width ? gates : width;
        S* blank = stretches.take<S>(longest);
        C* sums = stretches.take<C>(gates);
        C* inner = stretches.take<C>(hidden);
        if (memory && !ready) {
            __builtin_memset((void*)blank, 0, longest * sizeof(S) + vector_bytes);
            add_biases(sums, inner);
        }
        zeros = blank;
        bias = sums;
        bias_inner = inner;
        const S* matrix = static_cast<const S*>(args.recurrent);
        if (args.int8) {
            recurrent_bytes = in_bytes(stretches, args.recurrent, before, width, ready);
            input_bytes = in_bytes(stretches, args.input_weight, gates, args.features, ready);
        } else {
            recurrent = packed(stretches, matrix, before, width, ready);
        }
        if (before < gates) candidate = packed(stretches, matrix + before * width, gates - before, width, ready);
        if (args.projection) projection = packed(stretches, static_cast<const S*>(args.projection), width, hidden, ready);
        if (args.input_weight && !args.int8 && (!backward || args.d_x))
            input = packed(stretches, static_cast<const S*>(args.input_weight), gates, args.features, ready);
        return stretches.used;
    }

    int64_t row(int64_t t, int64_t b) const {
        return args.offsets ? args.offsets[t] + b : t * args.step_stride + b * args.row_stride;
    }
    int64_t length(int64_t b) const { return args.lengths ? args.lengths[b] : args.steps; }
    // The row of the step before t in the order of the recurrence, or -1 where t is the first one.
    int64_t previous(int64_t t, int64_t b) const {
        if (args.reverse) return t + 1 < length(b) ? row(t + 1, b) : -1;
        return t > 0 ? row(t - 1, b) : -1;
    }
    // The state before step t: a row of `sequence`, or of `initial`, or zeros.
    template <class T>
    const T* before(const void* sequence, const void* initial, int64_t t, int64_t b, int64_t wide, const T* none) const {
        const int64_t n = previous(t, b);
        if (n >= 0) return static_cast<const T*>(sequence) + n * wide;
        return initial ? static_cast<const T*>(initial) + b * wide : none;
    }

  private:
    void add_biases(C* sums, C* inner) const {
        const S* b = static_cast<const S*>(args.input_bias);
        const S* b_u = static_cast<const S*>(args.bias);
        const int64_t together = traits.sums_apart ? gates - hidden : gates;
        along<C>(gates, [&](int64_t j, auto lane) { lane.store(sums + j, b ? lane.load(b + j) : vec<C>{}); });
        along<C>(hidden, [&](int64_t j, auto lane) {
            lane.store(inner + j, b_u && together < gates ? lane.load(b_u + together + j) : vec<C>{});
        });
        if (!b_u) return;
        along<C>(together, [&](int64_t j, auto lane) { lane.store(sums + j, lane.load(sums + j) + lane.load(b_u + j)); });
    }

    // The matrix M [rows, columns], for the forward product h -> M h or the backward one d -> M^T d.
    Packed<S> packed(Stretches& stretches, const S* matrix, int64_t rows, int64_t columns, bool ready) const {
        const int64_t depth = backward ? rows : columns, wide = backward ? columns : rows;
        element<S>* to = stretches.take<element<S>>(Packed<S>::size(depth, wide));
        if (!to || ready) return {depth, wide, to};
        return backward ? pack<S>(matrix, depth, wide, columns, 1, to) : pack<S>(matrix, depth, wide, 1, columns, to);
    }
};

// A chunk of rows on their way through all steps, longest first, and what they carry. Strides are per row.
template <class S>
struct Chunk {
    using C = compute<S>;

    const int64_t* ids;  // which rows of the batch
    int64_t count;

    int64_t h_stride, c_stride, a_stride, operand_stride, hidden_operand_stride, g_stride, x_stride, d_x_stride;
    C* h;                  // [R] hidden state; backward: what reaches h_{t-1} beside the product with U
    C* c;                  // [H] cell state; backward: its gradient
    C* a;                  // [G*H] U h
    C* x;                  // [G*H] W x
    element<S>* x_operand; // forward [F]: x; backward [G*H]: the gradient that leaves through W
    C* d_x;                // backward [F]: d W
    element<S>* operand;   // forward [R]: the h that enters U; backward [G*H]: the gradient that leaves through U
    element<S>* hidden_operand;  // [H] what enters the projection or U_n; backward [R] or [H]: its gradient
    C* g;                  // forward [R]: W m of the projection; backward [R]: d U
    C* inner_g;            // backward: the gradient of what entered the projection or U_n
    C* fresh;              // [H] per chunk: one row's values between two passes
    C* scaled;             // [G*H] per chunk
    const Team* team = nullptr;  // who shares the products of a single step; null: this thread does them alone

    // `ready`: the memory has been carved like this before, and its unused ends are zeros.
    int64_t carve(const Problem<S>& p, int64_t count, char* memory, bool ready = false) {
        Stretches stretches{memory};
        const int64_t rows = round_up(count, row_block);
        const int64_t H = p.hidden, R = p.width, gates = p.gates, wide = H > R ? H : R;
        h_stride = round_up(R, lanes<C>);
        c_stride = round_up(H, lanes<C>);
        a_stride = round_up(gates, lanes<C>) + lanes<C>;
        g_stride = round_up(wide, lanes<C>);
        operand_stride = round_up(Packed<S>::padded_depth(p.backward ? gates : R), 64 / (int64_t)sizeof(element<S>));
        hidden_operand_stride = round_up(Packed<S>::padded_depth(wide), 64 / (int64_t)sizeof(element<S>));
        operand = stretches.take<element<S>>(rows * operand_stride);
        // In the forward direction of a plain layer the state is what enters the product.
        const bool same = !p.backward && !p.args.dropout && sizeof(S) == sizeof(C) && sizeof(S) == sizeof(element<S>);
        if (same) {
            h_stride = operand_stride;
            h = reinterpret_cast<C*>(operand);
        } else {
            h = stretches.take<C>(rows * h_stride);
        }
        c = p.traits.carries_c ? stretches.take<C>(rows * c_stride) : nullptr;
        a = p.backward ? nullptr : stretches.take<C>(rows * a_stride);
        x = p.backward ? nullptr : stretches.take<C>(rows * a_stride);
        x_stride = operand_stride;
        x_operand = operand;
        d_x = nullptr;
        if (p.args.input_weight && !p.backward) {
            x_stride = round_up(Packed<S>::padded_depth(p.args.features), 64 / (int64_t)sizeof(element<S>));
            x_operand = stretches.take<element<S>>(rows * x_stride);
        } else if (p.backward) {
            if (p.args.d_x) {
                d_x_stride = round_up(p.args.features, lanes<C>);
                d_x = stretches.take<C>(rows * d_x_stride);
            }
            // What leaves through U leaves through W too, but for the GRU's n and for a layer norm of the one or the other.
            const bool two = p.traits.sums_apart || p.args.norm || p.args.norm_input;
            if (two) x_operand = stretches.take<element<S>>(rows * x_stride);
        }
        const bool inner = p.args.projection || p.traits.resets_before;
        hidden_operand = inner ? stretches.take<element<S>>(rows * hidden_operand_stride) : nullptr;
        const bool product = p.backward || p.args.projection;
        g = product ? stretches.take<C>(rows * g_stride) : nullptr;
        inner_g = p.backward && inner ? stretches.take<C>(rows * g_stride) : nullptr;
        fresh = stretches.take<C>(3 * c_stride);
        scaled = stretches.take<C>(a_stride);
        if (!memory || ready) return stretches.used;
        __builtin_memset(memory, 0, stretches.used);
#if defined(RECURRA_AMX_EMULATED)  // NaN where nothing may be read before it is written, and in rows that are only tiles' rests
        const auto poison = [](auto* at, int64_t number) { __builtin_memset((void*)at, 0xff, number * sizeof *at); };
        if (a) poison(a, rows * a_stride);
        if (x) poison(x, rows * a_stride);
        if (d_x) poison(d_x, rows * d_x_stride);
        if (inner_g) poison(inner_g, rows * g_stride);
        poison(fresh, 3 * c_stride);
        poison(scaled, a_stride);
        poison(operand + count * operand_stride, (rows - count) * operand_stride);
        if (x_operand != operand) poison(x_operand + count * x_stride, (rows - count) * x_stride);
        if (inner) poison(hidden_operand + count * hidden_operand_stride, (rows - count) * hidden_operand_stride);
#endif
        return stretches.used;
    }

    // Row r of the gradient that leaves through W, where it is another than the one through U; else null.
    element<S>* apart(int64_t r) const { return x_operand == operand ? nullptr : x_operand + r * x_stride; }

    // Calls body(k, slices) for every slice k of a product's columns: all on this thread, or each on its own.
    template <class Body>
    void share(Body&& body) const {
        if (!team) return body(int64_t{0}, int64_t{1});
        struct Task {
            Body& body;
            int64_t slices;
        } task{body, team->slices};
        team->run(
            *team,
            [](void* data, int64_t k) {
                [[maybe_unused]] const Denormals denormals;  // a flag of each thread's own
                const Task& given = *static_cast<Task*>(data);
                given.body(k, given.slices);
            },
            &task);
    }

    // to = rows times `matrix`, for the first `active` rows.
    void product(int64_t active, const element<S>* rows, int64_t stride, const Packed<S>& matrix, C* to, int64_t to_stride) const {
        share([&](int64_t k, int64_t slices) {
            const auto [columns, at] = matrix.part(k, slices);
            multiply<S>(active, rows, stride, columns, to + at, to_stride);
        });
    }

    // How many rows take part in step t: they are a beginning, because the longest come first.
    int64_t active(const Problem<S>& p, int64_t t, int64_t guess) const {
        if (!p.args.lengths) return count;
        while (guess > 0 && p.args.lengths[ids[guess - 1]] <= t) --guess;
        while (guess < count && p.args.lengths[ids[guess]] > t) ++guess;
        return guess;
    }
};

// What a stored value is after having been stored.
template <class S>
RECURRA_INLINE vec<compute<S>> stored(vec<compute<S>> v) {
    if constexpr (__is_same(S, bfloat16)) return widen(narrow(v));
    return v;
}

}  // namespace recurra::RECURRA_ISA
