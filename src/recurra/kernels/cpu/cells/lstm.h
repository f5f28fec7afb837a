// The long short-term memory (Hochreiter & Schmidhuber, 1997; forget gate: Gers et al., 2000), element by element.
//
//   i, f, g, o = x + U h + b_U                                        (+ p_i c, p_f c, 0, p_o c~ with peepholes)
//   c~ = sigmoid(f) c + sigmoid(i) tanh(g),   m = sigmoid(o) tanh(c~)   (tanh(gain LN(c~) + bias) with layer norm)
//   c_t = c~,  h_t = m                                                  (W m with a projection; mixed with the old by zoneout)
#pragma once

#include "../carry.h"
#include "../layer_norm.h"

namespace recurra::RECURRA_ISA {

struct Lstm {
    static constexpr Traits traits = {"lstm", 4, true, false, false, false};

    template <bool extras, class S>
    static void forward(const Problem<S>& p, Chunk<S>& chunk, int64_t active, int64_t t) {
        for (int64_t r = 0; r < active; ++r) forward_row<extras>(p, chunk, r, t);
        if constexpr (extras) {
            if (!p.args.projection) return;
            chunk.product(active, chunk.hidden_operand, chunk.hidden_operand_stride, p.projection, chunk.g, chunk.g_stride);
            for (int64_t r = 0; r < active; ++r) {
                const HandOn<extras, S> hand_on(p, chunk, r, p.row(t, chunk.ids[r]));
                const compute<S>* h = chunk.g + r * chunk.g_stride;
                along<compute<S>>(p.width, [&](int64_t j, auto lane) { hand_on(j, lane, lane.load(h + j)); });
            }
        }
    }

    template <bool extras, class S>
    static RECURRA_INLINE void forward_row(const Problem<S>& p, Chunk<S>& chunk, int64_t r, int64_t t) {
        using C = compute<S>;
        const int64_t H = p.hidden, n = p.row(t, chunk.ids[r]);
        const C* x = chunk.x + r * chunk.a_stride;
        S* gates = p.args.gates ? static_cast<S*>(p.args.gates) + n * 4 * H : nullptr;
        C* a = chunk.a + r * chunk.a_stride;
        C* c = chunk.c + r * chunk.c_stride;
        C* cells = p.args.cells ? static_cast<C*>(p.args.cells) + n * H : nullptr;
        const S* peephole = static_cast<const S*>(p.args.peephole);
        const S* norm = static_cast<const S*>(p.args.norm_cell);
        const Keep<C> keep(p.args.zoneout_c, p.args.zoneout_rate_c, n, H);
        const HandOn<extras, S> hand_on(p, chunk, r, n);
        const auto finish = [&](int64_t j, auto lane, vec<C> m) {
            if (extras && p.args.projection)
                lane.store(chunk.hidden_operand + r * chunk.hidden_operand_stride + j, m);
            else
                hand_on(j, lane, m);
        };
        along<C>(H, [&](int64_t j, auto lane) {
            const auto gate = [&](int k) {
                return lane.load(x + k * H + j) + lane.load(a + k * H + j) + lane.load(p.bias + k * H + j);
            };
            const vec<C> old = lane.load(c + j);
            vec<C> i = gate(0), f = gate(1), g = tanh<C>(gate(2)), o = gate(3);
            if (extras && peephole) {
                i += lane.load(peephole + j) * old;
                f += lane.load(peephole + H + j) * old;
            }
            i = sigmoid<C>(i);
            f = sigmoid<C>(f);
            const vec<C> fresh = f * old + i * g;
            if (extras && peephole) o += lane.load(peephole + 2 * H + j) * fresh;
            o = sigmoid<C>(o);
            if (gates) {
                lane.store(gates + j, i);
                lane.store(gates + H + j, f);
                lane.store(gates + 2 * H + j, g);
                lane.store(gates + 3 * H + j, o);
            }
            vec<C> state = fresh;
            if constexpr (extras) {
                if (keep.on()) state = keep.mix(j, lane, old, fresh);
            }
            lane.store(c + j, state);
            if (cells) lane.store(cells + j, state);
            if (extras && norm) {
                lane.store(chunk.fresh + j, fresh);
                lane.store(a + 3 * H + j, o);
            } else {
                finish(j, lane, o * tanh<C>(fresh));
            }
        });
        if (extras && norm) {
            const Moments<C> moment = moments<C>(chunk.fresh, H);
            along<C>(H, [&](int64_t j, auto lane) {
                const vec<C> y = (lane.load(chunk.fresh + j) - moment.mean) * moment.scale;
                finish(j, lane, lane.load(a + 3 * H + j) * tanh<C>(y * lane.load(norm + j) + lane.load(norm + H + j)));
            });
        }
    }

    template <bool extras, class S>
    static void backward(const Problem<S>& p, Chunk<S>& chunk, int64_t active, int64_t t) {
        using C = compute<S>;
        if constexpr (extras) {
            if (p.args.projection) {
                for (int64_t r = 0; r < active; ++r) {
                    const Collect<extras, S> collect(p, chunk, r, p.row(t, chunk.ids[r]));
                    element<S>* operand = chunk.hidden_operand + r * chunk.hidden_operand_stride;
                    along<C>(p.width, [&](int64_t j, auto lane) {
                        const vec<C> d_h = collect(j, lane);
                        lane.store(operand + j, d_h);
                        if (collect.whole) lane.store(collect.whole + j, d_h);
                    });
                }
                multiply<S>(active, chunk.hidden_operand, chunk.hidden_operand_stride, p.projection, chunk.inner_g,
                            chunk.g_stride);
            }
        }
        for (int64_t r = 0; r < active; ++r) backward_row<extras>(p, chunk, r, t);
    }

    template <bool extras, class S>
    static RECURRA_INLINE void backward_row(const Problem<S>& p, Chunk<S>& chunk, int64_t r, int64_t t) {
        using C = compute<S>;
        const int64_t H = p.hidden, b = chunk.ids[r], n = p.row(t, b);
        const S* y = static_cast<const S*>(p.args.gates) + n * 4 * H;
        S* d_x = static_cast<S*>(p.args.d_gates) + n * 4 * H;
        element<S>* operand = chunk.operand + r * chunk.operand_stride;
        element<S>* x_operand = extras ? chunk.apart(r) : nullptr;
        C* d_c = chunk.c + r * chunk.c_stride;
        C* d_bias = sums_of<C>(p.args.d_bias, b, 4 * H);
        C* d_peephole = sums_of<C>(p.args.d_peephole, b, 3 * H);
        C* d_norm = sums_of<C>(p.args.d_norm_cell, b, 2 * H);
        S* unprojected = p.args.unprojected ? static_cast<S*>(p.args.unprojected) + n * H : nullptr;
        const C* d_m = chunk.inner_g ? chunk.inner_g + r * chunk.g_stride : nullptr;
        const S* peephole = static_cast<const S*>(p.args.peephole);
        const S* norm = static_cast<const S*>(p.args.norm_cell);
        // c_{t-1} lies among the saved cells, or is the initial state in the stored type, or zero.
        const int64_t past = p.previous(t, b);
        const C* c_past = past >= 0 ? static_cast<const C*>(p.args.cells) + past * H : nullptr;
        const S* c_first = p.args.c0 ? static_cast<const S*>(p.args.c0) + b * H : p.zeros;
        const Keep<C> keep(p.args.zoneout_c, p.args.zoneout_rate_c, n, H);
        const Collect<extras, S> collect(p, chunk, r, n);
        C* const normed = chunk.fresh;
        C* const d_tanh = chunk.fresh + chunk.c_stride;
        C* const d_inner = chunk.fresh + 2 * chunk.c_stride;
        const auto old_cell = [&](int64_t j, auto lane) { return c_past ? lane.load(c_past + j) : lane.load(c_first + j); };

        C scale = 0;
        if (extras && norm) {
            // d of what is inside the tanh, through the layer norm, before the gates' own gradients.
            along<C>(H, [&](int64_t j, auto lane) {
                lane.store(normed + j, lane.load(y + H + j) * old_cell(j, lane) + lane.load(y + j) * lane.load(y + 2 * H + j));
            });
            const Moments<C> moment = moments<C>(normed, H);
            scale = moment.scale;
            along<C>(H, [&](int64_t j, auto lane) {
                const vec<C> unit = (lane.load(normed + j) - moment.mean) * scale, gain = lane.load(norm + j);
                const vec<C> squashed = tanh<C>(unit * gain + lane.load(norm + H + j)), o = lane.load(y + 3 * H + j);
                const vec<C> d = d_m ? lane.load(d_m + j) : collect(j, lane);
                const vec<C> d_inside = d * o * (1 - squashed * squashed);
                lane.store(normed + j, unit);
                lane.store(d_tanh + j, d * squashed);
                lane.store(d_inner + j, d_inside * gain);
                if (unprojected) lane.store(unprojected + j, o * squashed);
                if (d_norm) {
                    accumulate<C>(d_norm + j, lane, d_inside * unit);
                    accumulate<C>(d_norm + H + j, lane, d_inside);
                }
            });
            unnormalise<C>(d_inner, normed, scale, H);
        }
        along<C>(H, [&](int64_t j, auto lane) {
            const vec<C> i = lane.load(y + j), f = lane.load(y + H + j), g = lane.load(y + 2 * H + j),
                         o = lane.load(y + 3 * H + j), old = old_cell(j, lane);
            vec<C> d_o, d_fresh;
            const vec<C> fresh = f * old + i * g;
            if (extras && norm) {
                d_o = lane.load(d_tanh + j);
                d_fresh = lane.load(d_inner + j);
            } else {
                const vec<C> squashed = tanh<C>(fresh);
                const vec<C> d = extras && d_m ? lane.load(d_m + j) : collect(j, lane);
                d_o = d * squashed;
                d_fresh = d * o * (1 - squashed * squashed);
                if (extras && unprojected) lane.store(unprojected + j, o * squashed);
            }
            d_o *= o * (1 - o);
            if (extras && peephole) d_fresh += d_o * lane.load(peephole + 2 * H + j);
            vec<C> carried = lane.load(d_c + j), beside{};
            if constexpr (extras) {
                if (keep.on()) {
                    beside = keep.mix(j, lane, carried, vec<C>{});
                    carried = keep.mix(j, lane, vec<C>{}, carried);
                }
            }
            d_fresh += carried;
            const vec<C> d_i = d_fresh * g * i * (1 - i), d_f = d_fresh * old * f * (1 - f), d_g = d_fresh * i * (1 - g * g);
            vec<C> d_old = d_fresh * f + beside;
            if (extras && peephole) {
                d_old += d_i * lane.load(peephole + j) + d_f * lane.load(peephole + H + j);
                if (d_peephole) {
                    accumulate<C>(d_peephole + j, lane, d_i * old);
                    accumulate<C>(d_peephole + H + j, lane, d_f * old);
                    accumulate<C>(d_peephole + 2 * H + j, lane, d_o * fresh);
                }
            }
            lane.store(d_c + j, d_old);
            const vec<C> d[4] = {d_i, d_f, d_g, d_o};
#pragma GCC unroll 4
            for (int k = 0; k < 4; ++k) {
                lane.store(d_x + k * H + j, d[k]);
                lane.store(operand + k * H + j, d[k]);
                if (x_operand) lane.store(x_operand + k * H + j, d[k]);
                if (d_bias) accumulate<C>(d_bias + k * H + j, lane, d[k]);
            }
        });
    }
};

}  // namespace recurra::RECURRA_ISA
