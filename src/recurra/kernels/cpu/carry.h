// What every cell does with h in the same way: hand it on to the next step, and collect its gradient.
//
//   zoneout (Krueger et al., 2016):             h_t = k h_{t-1} + (1 - k) h~_t, k a mask of 0 and 1, or its expectation
//   recurrent dropout (Gal & Ghahramani, 2016): U sees m h_{t-1}, one mask m for all steps
#pragma once

#include "problem.h"

namespace recurra::RECURRA_ISA {

// The k of zoneout.
template <class C>
struct Keep {
    const uint8_t* mask;
    C rate;

    Keep(const uint8_t* masks, double expected, int64_t n, int64_t wide)
        : mask(masks ? masks + n * wide : nullptr), rate((C)expected) {}
    bool on() const { return mask || rate > 0; }
    template <class Lane>
    RECURRA_INLINE vec<C> at(int64_t j, const Lane& lane) const {
        return mask ? numbers<C>(mask + j, lane) : all<C>(rate);
    }
    // k old + (1 - k) fresh; a mask chooses, so that a NaN in what is not kept is gone.
    template <class Lane>
    RECURRA_INLINE vec<C> mix(int64_t j, const Lane& lane, vec<C> old, vec<C> fresh) const {
        const vec<C> k = at(j, lane);
        return mask ? (k > 0 ? old : fresh) : k * old + (1 - k) * fresh;
    }
};

// h_t of row r at row n of the sequences: to the state, the outputs and the operand of the next product with U.
template <bool extras, class S>
struct HandOn {
    using C = compute<S>;

    C* h;
    S* outputs;
    element<S>* operand;
    bool apart;  // state and operand are two
    const S* dropout;
    Keep<C> keep;

    HandOn(const Problem<S>& p, const Chunk<S>& chunk, int64_t r, int64_t n)
        : h(chunk.h + r * chunk.h_stride),
          outputs(static_cast<S*>(p.args.outputs) + n * p.width),
          operand(chunk.operand + r * chunk.operand_stride),
          apart((const void*)chunk.h != (const void*)chunk.operand),
          dropout(p.args.dropout ? static_cast<const S*>(p.args.dropout) + chunk.ids[r] * p.width : nullptr),
          keep(p.args.zoneout_h, p.args.zoneout_rate_h, n, p.width) {}

    template <class Lane>
    RECURRA_INLINE void operator()(int64_t j, const Lane& lane, vec<C> fresh) const {
        if constexpr (extras) {
            if (keep.on()) fresh = keep.mix(j, lane, lane.load(h + j), fresh);
        }
        lane.store(outputs + j, fresh);
        const vec<C> state = stored<S>(fresh);
        lane.store(h + j, state);
        if (apart) lane.store(operand + j, extras && dropout ? state * lane.load(dropout + j) : state);
    }
};

// The gradient of h~_t of row r: from the outputs, from the step after through U, and from beside it.
template <bool extras, class S>
struct Collect {
    using C = compute<S>;

    const S* d_outputs;
    C* beside;
    const C* through;
    const S* dropout;
    S* whole;
    Keep<C> keep;

    Collect(const Problem<S>& p, const Chunk<S>& chunk, int64_t r, int64_t n)
        : d_outputs(p.args.d_outputs ? static_cast<const S*>(p.args.d_outputs) + n * p.width : p.zeros),
          beside(chunk.h + r * chunk.h_stride),
          through(chunk.g + r * chunk.g_stride),
          dropout(p.args.dropout ? static_cast<const S*>(p.args.dropout) + chunk.ids[r] * p.width : nullptr),
          whole(p.args.d_hidden ? static_cast<S*>(p.args.d_hidden) + n * p.width : nullptr),
          keep(p.args.zoneout_h, p.args.zoneout_rate_h, n, p.width) {}

    // Leaves in `beside` what passes by h~_t to h_{t-1}.
    template <class Lane>
    RECURRA_INLINE vec<C> operator()(int64_t j, const Lane& lane) const {
        vec<C> d = lane.load(through + j);
        if (extras && dropout) d *= lane.load(dropout + j);
        d += lane.load(beside + j) + lane.load(d_outputs + j);
        vec<C> past{};
        if constexpr (extras) {
            if (keep.on()) {
                past = keep.mix(j, lane, d, vec<C>{});
                d = keep.mix(j, lane, vec<C>{}, d);
            }
        }
        lane.store(beside + j, past);
        return d;
    }
};

// Adds to a sum over the steps of a row.
template <class C, class Lane>
RECURRA_INLINE void accumulate(C* to, const Lane& lane, vec<C> v) {
    lane.store(to, lane.load(to) + v);
}

// Row b of a tensor of sums [B, wide], or null.
template <class C>
RECURRA_INLINE C* sums_of(void* tensor, int64_t b, int64_t wide) {
    return tensor ? static_cast<C*>(tensor) + b * wide : nullptr;
}

}  // namespace recurra::RECURRA_ISA
