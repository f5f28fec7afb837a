// The recurrence over time, for a chunk of rows: forward, and backward in the opposite order.
//
//   forward:   U h for all rows, then the cell element by element
//   backward:  the cell's gradient element by element, then U^T d for all rows
#pragma once

#include "carry.h"
#include "layer_norm.h"

namespace recurra::RECURRA_ISA {

// What a layer norm is of, W x or U h: its gain, and what is kept of every row for the way back.
template <class S>
struct Norm {
    const S* gain;
    S* normed;          // [N, G*H]
    compute<S>* scale;  // [N]
    compute<S>* d_gain;  // [B, G*H]

    static Norm recurrent(const Args& a) { return of(a.norm, a.normed, a.norm_scale, a.d_norm); }
    static Norm input(const Args& a) { return of(a.norm_input, a.input_normed, a.input_scale, a.d_norm_input); }

  private:
    static Norm of(const void* gain, void* normed, void* scale, void* d_gain) {
        using C = compute<S>;
        return {static_cast<const S*>(gain), static_cast<S*>(normed), static_cast<C*>(scale), static_cast<C*>(d_gain)};
    }
};

// a = gain * LN(a) for every row, the normalised values and their scale kept for the way back.
template <class S>
void normalise(const Problem<S>& p, const Chunk<S>& chunk, const Norm<S>& norm, compute<S>* rows, int64_t active, int64_t t) {
    using C = compute<S>;
    for (int64_t r = 0; r < active; ++r) {
        const int64_t n = p.row(t, chunk.ids[r]);
        C* a = rows + r * chunk.a_stride;
        S* normed = norm.normed ? norm.normed + n * p.gates : nullptr;
        const Moments<C> moment = moments<C>(a, p.gates);
        if (norm.scale) norm.scale[n] = moment.scale;
        along<C>(p.gates, [&](int64_t j, auto lane) {
            const vec<C> y = (lane.load(a + j) - moment.mean) * moment.scale;
            if (normed) lane.store(normed + j, y);
            lane.store(a + j, y * lane.load(norm.gain + j));
        });
    }
}

// The gradient of gain * LN(a) becomes that of a, in the operand of every row and in `to` [N, G*H]. Without a norm they are one.
template <class S>
void normalise_backward(const Problem<S>& p, const Chunk<S>& chunk, const Norm<S>& norm, element<S>* operands, int64_t stride,
                        void* to, int64_t active, int64_t t) {
    using C = compute<S>;
    for (int64_t r = 0; r < active; ++r) {
        const int64_t b = chunk.ids[r], n = p.row(t, b);
        element<S>* operand = operands + r * stride;
        S* d_a = static_cast<S*>(to) + n * p.gates;
        if (!norm.gain) {
            along<C>(p.gates, [&](int64_t j, auto lane) { lane.store(d_a + j, lane.load(operand + j)); });
            continue;
        }
        const S* y = norm.normed + n * p.gates;
        C* d_gain = norm.d_gain ? norm.d_gain + b * p.gates : nullptr;
        vec<C> total{}, along_y{};
        along<C>(p.gates, [&](int64_t j, auto lane) {
            const vec<C> d = lane.load(operand + j), unit = lane.load(y + j), scaled = d * lane.load(norm.gain + j);
            if (d_gain) accumulate<C>(d_gain + j, lane, d * unit);
            total += scaled;
            along_y += scaled * unit;
            lane.store(chunk.scaled + j, scaled);
        });
        const C mean = sum<C>(total) / p.gates, slope = sum<C>(along_y) / p.gates, scale = norm.scale[n];
        along<C>(p.gates, [&](int64_t j, auto lane) {
            const vec<C> d = (lane.load(chunk.scaled + j) - mean - lane.load(y + j) * slope) * scale;
            lane.store(operand + j, d);
            lane.store(d_a + j, d);
        });
    }
}

// The h that entered U at step t, for the gradient of U.
template <class S>
void enter(const Problem<S>& p, const Chunk<S>& chunk, int64_t active, int64_t t) {
    for (int64_t r = 0; r < active; ++r) {
        const int64_t b = chunk.ids[r];
        const S* h = p.before(p.args.outputs, p.args.h0, t, b, p.width, p.zeros);
        const S* mask = p.args.dropout ? static_cast<const S*>(p.args.dropout) + b * p.width : nullptr;
        S* to = static_cast<S*>(p.args.h_entering) + p.row(t, b) * p.width;
        along<compute<S>>(p.width, [&](int64_t j, auto lane) {
            lane.store(to + j, mask ? lane.load(h + j) * lane.load(mask + j) : lane.load(h + j));
        });
    }
}

// W x of step t, or the row of x itself where it has been multiplied already.
template <class S>
void project(const Problem<S>& p, const Chunk<S>& chunk, int64_t active, int64_t t) {
    using C = compute<S>;
    const bool ours = p.args.input_weight != nullptr;
    const int64_t wide = ours ? p.args.features : p.gates;
    for (int64_t r = 0; r < active; ++r) {
        const S* x = static_cast<const S*>(p.args.x) + p.row(t, chunk.ids[r]) * wide;
        if (ours) {
            element<S>* to = chunk.x_operand + r * chunk.x_stride;
            along<C>(wide, [&](int64_t j, auto lane) { lane.store(to + j, lane.load(x + j)); });
        } else {
            C* to = chunk.x + r * chunk.a_stride;
            along<C>(wide, [&](int64_t j, auto lane) { lane.store(to + j, lane.load(x + j)); });
        }
    }
    if (ours) multiply<S>(active, chunk.x_operand, chunk.x_stride, p.input, chunk.x, chunk.a_stride);
    if (p.args.norm_input) normalise(p, chunk, Norm<S>::input(p.args), chunk.x, active, t);
}

// The gradient of x at step t.
template <class S>
void project_backward(const Problem<S>& p, const Chunk<S>& chunk, int64_t active, int64_t t) {
    using C = compute<S>;
    multiply<S>(active, chunk.x_operand, chunk.x_stride, p.input, chunk.d_x, chunk.d_x_stride);
    for (int64_t r = 0; r < active; ++r) {
        const C* d = chunk.d_x + r * chunk.d_x_stride;
        S* to = static_cast<S*>(p.args.d_x) + p.row(t, chunk.ids[r]) * p.args.features;
        along<C>(p.args.features, [&](int64_t j, auto lane) { lane.store(to + j, lane.load(d + j)); });
    }
}

template <class Element, bool extras, class S>
void forward(const Problem<S>& p, Chunk<S>& chunk) {
    using C = compute<S>;
    const Args& args = p.args;
    for (int64_t r = 0; r < chunk.count; ++r) {
        const int64_t b = chunk.ids[r];
        const S* h0 = args.h0 ? static_cast<const S*>(args.h0) + b * p.width : p.zeros;
        const S* c0 = args.c0 ? static_cast<const S*>(args.c0) + b * p.hidden : p.zeros;
        const S* mask = args.dropout ? static_cast<const S*>(args.dropout) + b * p.width : nullptr;
        along<C>(p.width, [&](int64_t j, auto lane) {
            const vec<C> h = lane.load(h0 + j);
            lane.store(chunk.h + r * chunk.h_stride + j, h);
            lane.store(chunk.operand + r * chunk.operand_stride + j, mask ? h * lane.load(mask + j) : h);
        });
        if (chunk.c)
            along<C>(p.hidden, [&](int64_t j, auto lane) { lane.store(chunk.c + r * chunk.c_stride + j, lane.load(c0 + j)); });
    }
    int64_t active = args.reverse ? 0 : chunk.count;
    for (int64_t s = 0; s < args.steps; ++s) {
        const int64_t t = args.reverse ? args.steps - 1 - s : s;
        active = chunk.active(p, t, active);
        if (active > 0) {
            project(p, chunk, active, t);
            multiply<S>(active, chunk.operand, chunk.operand_stride, p.recurrent, chunk.a, chunk.a_stride);
            if (extras && args.norm) normalise(p, chunk, Norm<S>::recurrent(args), chunk.a, active, t);
            Element::template forward<extras>(p, chunk, active, t);
        }
    }
    for (int64_t r = 0; r < chunk.count; ++r) {
        const int64_t b = chunk.ids[r];
        S* h_last = static_cast<S*>(args.h_last) + b * p.width;
        along<C>(p.width, [&](int64_t j, auto lane) { lane.store(h_last + j, lane.load(chunk.h + r * chunk.h_stride + j)); });
        if (chunk.c) {
            S* c_last = static_cast<S*>(args.c_last) + b * p.hidden;
            along<C>(p.hidden, [&](int64_t j, auto lane) { lane.store(c_last + j, lane.load(chunk.c + r * chunk.c_stride + j)); });
        }
    }
}

template <class Element, bool extras, class S>
void backward(const Problem<S>& p, Chunk<S>& chunk) {
    using C = compute<S>;
    const Args& args = p.args;
    const bool reset_before = p.traits.resets_before;
    for (int64_t r = 0; r < chunk.count; ++r) {
        const int64_t b = chunk.ids[r];
        const S* d_h = args.d_h_last ? static_cast<const S*>(args.d_h_last) + b * p.width : p.zeros;
        const S* d_c = args.d_c_last ? static_cast<const S*>(args.d_c_last) + b * p.hidden : p.zeros;
        along<C>(p.width, [&](int64_t j, auto lane) { lane.store(chunk.h + r * chunk.h_stride + j, lane.load(d_h + j)); });
        if (chunk.c)
            along<C>(p.hidden, [&](int64_t j, auto lane) { lane.store(chunk.c + r * chunk.c_stride + j, lane.load(d_c + j)); });
    }
    int64_t active = args.reverse ? chunk.count : 0;
    for (int64_t s = 0; s < args.steps; ++s) {
        const int64_t t = args.reverse ? s : args.steps - 1 - s;
        active = chunk.active(p, t, active);
        if (active > 0) {
            Element::template backward<extras>(p, chunk, active, t);
            if (extras && (args.norm || args.norm_input))
                normalise_backward(p, chunk, Norm<S>::recurrent(args), chunk.operand, chunk.operand_stride, args.d_recurrent,
                                   active, t);
            if (extras && args.norm_input)
                normalise_backward(p, chunk, Norm<S>::input(args), chunk.x_operand, chunk.x_stride, args.d_gates, active, t);
            if (args.d_x) project_backward(p, chunk, active, t);
            if (args.h_entering) enter(p, chunk, active, t);
            multiply<S>(active, chunk.operand, chunk.operand_stride, p.recurrent, reset_before ? chunk.inner_g : chunk.g,
                        chunk.g_stride);
            if (reset_before)  // the cell has left in g what does not go through U_r and U_z
                for (int64_t r = 0; r < active; ++r)
                    along<C>(p.width, [&](int64_t j, auto lane) {
                        accumulate<C>(chunk.g + r * chunk.g_stride + j, lane, lane.load(chunk.inner_g + r * chunk.g_stride + j));
                    });
        }
    }
    for (int64_t r = 0; r < chunk.count; ++r) {
        const int64_t b = chunk.ids[r];
        const S* mask = args.dropout ? static_cast<const S*>(args.dropout) + b * p.width : nullptr;
        if (args.d_h0) {
            S* d_h0 = static_cast<S*>(args.d_h0) + b * p.width;
            const C* g = chunk.g + r * chunk.g_stride;
            along<C>(p.width, [&](int64_t j, auto lane) {
                const vec<C> through = mask ? lane.load(g + j) * lane.load(mask + j) : lane.load(g + j);
                lane.store(d_h0 + j, lane.load(chunk.h + r * chunk.h_stride + j) + through);
            });
        }
        if (args.d_c0) {
            S* d_c0 = static_cast<S*>(args.d_c0) + b * p.hidden;
            along<C>(p.hidden, [&](int64_t j, auto lane) { lane.store(d_c0 + j, lane.load(chunk.c + r * chunk.c_stride + j)); });
        }
    }
}

}  // namespace recurra::RECURRA_ISA
