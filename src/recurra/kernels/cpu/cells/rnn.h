// The simple recurrent cell (Elman, 1990), element by element.
//
//   h_t = f(x + U h + b_U),  f = tanh or max(0, .)
//   d_a = d_h (1 - h_t^2),  or d_h where h_t > 0
#pragma once

#include "../carry.h"

namespace recurra::RECURRA_ISA {

template <bool rectified>
struct Rnn {
    static constexpr Traits traits = {rectified ? R"(rnn {"nonlinearity": "relu"})" : "rnn", 1, false, true, false, false};

    template <bool extras, class S>
    static void forward(const Problem<S>& p, Chunk<S>& chunk, int64_t active, int64_t t) {
        using C = compute<S>;
        for (int64_t r = 0; r < active; ++r) {
            const int64_t n = p.row(t, chunk.ids[r]);
            const C* x = chunk.x + r * chunk.a_stride;
            const C* a = chunk.a + r * chunk.a_stride;
            const HandOn<extras, S> hand_on(p, chunk, r, n);
            const bool save = p.args.gates && p.args.gates != p.args.outputs;
            S* gates = save ? static_cast<S*>(p.args.gates) + n * p.hidden : nullptr;
            along<C>(p.hidden, [&](int64_t j, auto lane) {
                const vec<C> sum = lane.load(x + j) + lane.load(a + j) + lane.load(p.bias + j);
                const vec<C> h = rectified ? (sum < 0 ? vec<C>{} : sum) : tanh<C>(sum);
                if (save) lane.store(gates + j, h);
                hand_on(j, lane, h);
            });
        }
    }

    template <bool extras, class S>
    static void backward(const Problem<S>& p, Chunk<S>& chunk, int64_t active, int64_t t) {
        using C = compute<S>;
        for (int64_t r = 0; r < active; ++r) {
            const int64_t n = p.row(t, chunk.ids[r]);
            const S* y = static_cast<const S*>(p.args.gates) + n * p.hidden;
            S* d_x = static_cast<S*>(p.args.d_gates) + n * p.hidden;
            C* d_bias = sums_of<C>(p.args.d_bias, chunk.ids[r], p.hidden);
            element<S>* operand = chunk.operand + r * chunk.operand_stride;
            element<S>* x_operand = extras ? chunk.apart(r) : nullptr;
            const Collect<extras, S> collect(p, chunk, r, n);
            along<C>(p.hidden, [&](int64_t j, auto lane) {
                const vec<C> h = lane.load(y + j), d_h = collect(j, lane);
                const vec<C> d_a = rectified ? (h <= 0 ? vec<C>{} : d_h) : d_h * (1 - h * h);
                lane.store(d_x + j, d_a);
                lane.store(operand + j, d_a);
                if (x_operand) lane.store(x_operand + j, d_a);
                if (d_bias) accumulate<C>(d_bias + j, lane, d_a);
            });
        }
    }
};

}  // namespace recurra::RECURRA_ISA
