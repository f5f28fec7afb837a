// The gated recurrent unit (Cho et al., 2014), element by element; m the mask of recurrent dropout, 1 without it.
//
//   r = sigmoid(x_r + U_r m h + b_r),   z = sigmoid(x_z + U_z m h + b_z)
//   n = tanh(x_n + r (U_n m h + b_n))       reset after the product (torch, cuDNN)
//   n = tanh(x_n + U_n (r m h) + b_n)       reset before it (the paper, ONNX's default)
//   h_t = (1 - z) n + z h
#pragma once

#include "../carry.h"

namespace recurra::RECURRA_ISA {

struct Gru {
    static constexpr Traits traits = {"gru", 3, false, false, true, false};

    template <bool extras, class S>
    static void forward(const Problem<S>& p, Chunk<S>& chunk, int64_t active, int64_t t) {
        using C = compute<S>;
        const int64_t H = p.hidden;
        for (int64_t row = 0; row < active; ++row) {
            const int64_t at = p.row(t, chunk.ids[row]);
            const C* x = chunk.x + row * chunk.a_stride;
            S* gates = p.args.gates ? static_cast<S*>(p.args.gates) + at * 3 * H : nullptr;
            S* product = p.args.reset_product ? static_cast<S*>(p.args.reset_product) + at * H : nullptr;
            const C* a = chunk.a + row * chunk.a_stride;
            const C* h = chunk.h + row * chunk.h_stride;
            const HandOn<extras, S> hand_on(p, chunk, row, at);
            along<C>(H, [&](int64_t j, auto lane) {
                const auto input = [&](int k) { return lane.load(x + k * H + j) + lane.load(p.bias + k * H + j); };
                const vec<C> r = sigmoid<C>(input(0) + lane.load(a + j));
                const vec<C> z = sigmoid<C>(input(1) + lane.load(a + H + j));
                const vec<C> u = lane.load(a + 2 * H + j) + lane.load(p.bias_inner + j);
                const vec<C> n = tanh<C>(input(2) + r * u);
                if (gates) {
                    lane.store(gates + j, r);
                    lane.store(gates + H + j, z);
                    lane.store(gates + 2 * H + j, n);
                    lane.store(product + j, u);
                }
                hand_on(j, lane, (1 - z) * n + z * lane.load(h + j));
            });
        }
    }

    template <bool extras, class S>
    static void backward(const Problem<S>& p, Chunk<S>& chunk, int64_t active, int64_t t) {
        using C = compute<S>;
        const int64_t H = p.hidden;
        for (int64_t row = 0; row < active; ++row) {
            const int64_t b = chunk.ids[row], at = p.row(t, b);
            const S* y = static_cast<const S*>(p.args.gates) + at * 3 * H;
            const S* product = static_cast<const S*>(p.args.reset_product) + at * H;
            S* d_x = static_cast<S*>(p.args.d_gates) + at * 3 * H;
            // With layer norm the whole gradient of U h is written once it has passed through the norm.
            S* d_u = p.args.norm || p.args.norm_input ? nullptr : static_cast<S*>(p.args.d_recurrent) + at * H;
            element<S>* operand = chunk.operand + row * chunk.operand_stride;
            element<S>* x_operand = chunk.apart(row);
            C* beside = chunk.h + row * chunk.h_stride;
            C* d_bias = sums_of<C>(p.args.d_bias, b, 3 * H);
            C* d_bias_n = sums_of<C>(p.args.d_bias_n, b, H);
            const S* old = p.before(p.args.outputs, p.args.h0, t, b, H, p.zeros);
            const Collect<extras, S> collect(p, chunk, row, at);
            along<C>(H, [&](int64_t j, auto lane) {
                const vec<C> r = lane.load(y + j), z = lane.load(y + H + j), n = lane.load(y + 2 * H + j);
                const vec<C> d_h = collect(j, lane);
                lane.store(beside + j, lane.load(beside + j) + d_h * z);
                const vec<C> d_n = d_h * (1 - z) * (1 - n * n);
                const vec<C> d_z = d_h * (lane.load(old + j) - n) * z * (1 - z);
                const vec<C> d_r = d_n * lane.load(product + j) * r * (1 - r);
                const vec<C> d_product = d_n * r;
                lane.store(d_x + j, d_r);
                lane.store(d_x + H + j, d_z);
                lane.store(d_x + 2 * H + j, d_n);
                lane.store(operand + j, d_r);
                lane.store(operand + H + j, d_z);
                lane.store(operand + 2 * H + j, d_product);
                if (x_operand) {
                    lane.store(x_operand + j, d_r);
                    lane.store(x_operand + H + j, d_z);
                    lane.store(x_operand + 2 * H + j, d_n);
                }
                if (d_u) lane.store(d_u + j, d_product);
                if (d_bias) {
                    accumulate<C>(d_bias + j, lane, d_r);
                    accumulate<C>(d_bias + H + j, lane, d_z);
                    accumulate<C>(d_bias + 2 * H + j, lane, d_n);
                    accumulate<C>(d_bias_n + j, lane, d_product);
                }
            });
        }
    }
};

struct GruResetBefore {
    static constexpr Traits traits = {R"(gru {"reset_after": false})", 3, false, false, false, true};

    template <bool extras, class S>
    static void forward(const Problem<S>& p, Chunk<S>& chunk, int64_t active, int64_t t) {
        using C = compute<S>;
        const int64_t H = p.hidden;
        for (int64_t row = 0; row < active; ++row) {
            const C* x = chunk.x + row * chunk.a_stride;
            S* gates = p.args.gates ? static_cast<S*>(p.args.gates) + p.row(t, chunk.ids[row]) * 3 * H : nullptr;
            C* a = chunk.a + row * chunk.a_stride;
            const C* h = chunk.h + row * chunk.h_stride;
            element<S>* reset = chunk.hidden_operand + row * chunk.hidden_operand_stride;
            const S* mask = p.args.dropout ? static_cast<const S*>(p.args.dropout) + chunk.ids[row] * H : nullptr;
            along<C>(H, [&](int64_t j, auto lane) {
                const auto gate = [&](int k) {
                    return sigmoid<C>(lane.load(x + k * H + j) + lane.load(a + k * H + j) + lane.load(p.bias + k * H + j));
                };
                const vec<C> r = gate(0), z = gate(1);
                if (gates) {
                    lane.store(gates + j, r);
                    lane.store(gates + H + j, z);
                }
                const vec<C> entering = mask ? lane.load(h + j) * lane.load(mask + j) : lane.load(h + j);
                lane.store(reset + j, r * entering);
                lane.store(a + j, z);  // the place of r, whose sum is not needed again
            });
        }
        C* const candidate = chunk.a + round_up(H, lanes<C>);
        chunk.product(active, chunk.hidden_operand, chunk.hidden_operand_stride, p.candidate, candidate, chunk.a_stride);
        for (int64_t row = 0; row < active; ++row) {
            const int64_t at = p.row(t, chunk.ids[row]);
            const C* x = chunk.x + row * chunk.a_stride + 2 * H;
            S* gates = p.args.gates ? static_cast<S*>(p.args.gates) + at * 3 * H + 2 * H : nullptr;
            const C* z = chunk.a + row * chunk.a_stride;
            const C* a = candidate + row * chunk.a_stride;
            const C* h = chunk.h + row * chunk.h_stride;
            const HandOn<extras, S> hand_on(p, chunk, row, at);
            along<C>(H, [&](int64_t j, auto lane) {
                const vec<C> n = tanh<C>(lane.load(x + j) + lane.load(a + j) + lane.load(p.bias + 2 * H + j));
                const vec<C> update = lane.load(z + j);
                if (gates) lane.store(gates + j, n);
                hand_on(j, lane, (1 - update) * n + update * lane.load(h + j));
            });
        }
    }

    template <bool extras, class S>
    static void backward(const Problem<S>& p, Chunk<S>& chunk, int64_t active, int64_t t) {
        using C = compute<S>;
        const int64_t H = p.hidden;
        for (int64_t row = 0; row < active; ++row) {
            const int64_t b = chunk.ids[row], at = p.row(t, b);
            const S* y = static_cast<const S*>(p.args.gates) + at * 3 * H;
            S* d_x = static_cast<S*>(p.args.d_gates) + at * 3 * H;
            element<S>* operand = chunk.operand + row * chunk.operand_stride;
            element<S>* d_candidate = chunk.hidden_operand + row * chunk.hidden_operand_stride;
            C* beside = chunk.h + row * chunk.h_stride;
            const S* old = p.before(p.args.outputs, p.args.h0, t, b, H, p.zeros);
            const Collect<extras, S> collect(p, chunk, row, at);
            along<C>(H, [&](int64_t j, auto lane) {
                const vec<C> z = lane.load(y + H + j), n = lane.load(y + 2 * H + j), d_h = collect(j, lane);
                lane.store(beside + j, lane.load(beside + j) + d_h * z);
                const vec<C> d_n = d_h * (1 - z) * (1 - n * n);
                const vec<C> d_z = d_h * (lane.load(old + j) - n) * z * (1 - z);
                lane.store(d_x + H + j, d_z);
                lane.store(d_x + 2 * H + j, d_n);
                lane.store(operand + H + j, d_z);
                lane.store(operand + 2 * H + j, d_n);  // not for U, whose r and z blocks end before it, but for W
                lane.store(d_candidate + j, d_n);
            });
        }
        multiply<S>(active, chunk.hidden_operand, chunk.hidden_operand_stride, p.candidate, chunk.inner_g, chunk.g_stride);
        for (int64_t row = 0; row < active; ++row) {
            const int64_t b = chunk.ids[row], at = p.row(t, b);
            const S* y = static_cast<const S*>(p.args.gates) + at * 3 * H;
            S* d_x = static_cast<S*>(p.args.d_gates) + at * 3 * H;
            element<S>* operand = chunk.operand + row * chunk.operand_stride;
            C* d_entering = chunk.g + row * chunk.g_stride;
            const C* d_reset = chunk.inner_g + row * chunk.g_stride;
            S* reset_hidden = p.args.reset_hidden ? static_cast<S*>(p.args.reset_hidden) + at * H : nullptr;
            C* d_bias = sums_of<C>(p.args.d_bias, b, 3 * H);
            const S* old = p.before(p.args.outputs, p.args.h0, t, b, H, p.zeros);
            const S* mask = p.args.dropout ? static_cast<const S*>(p.args.dropout) + b * H : nullptr;
            along<C>(H, [&](int64_t j, auto lane) {
                const vec<C> r = lane.load(y + j), d = lane.load(d_reset + j);
                const vec<C> entered = mask ? lane.load(old + j) * lane.load(mask + j) : lane.load(old + j);
                const vec<C> d_r = d * entered * r * (1 - r);
                lane.store(d_x + j, d_r);
                lane.store(operand + j, d_r);
                lane.store(d_entering + j, d * r);  // the product with U_r and U_z will be added to it
                if (reset_hidden) lane.store(reset_hidden + j, r * entered);
                if (d_bias) {
                    accumulate<C>(d_bias + j, lane, d_r);
                    accumulate<C>(d_bias + H + j, lane, lane.load(d_x + H + j));
                    accumulate<C>(d_bias + 2 * H + j, lane, lane.load(d_x + 2 * H + j));
                }
            });
        }
    }
};

}  // namespace recurra::RECURRA_ISA
