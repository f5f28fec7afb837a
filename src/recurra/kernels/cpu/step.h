// One step of a stack of layers, a block of rows at a time: the forward pass of `loop.h` with one step, whose state stays.
//
//   a block's rows:  x -> layer 1 -> layer 2 ... -> head -> y       (over a residual layer, or several, the input is added)
//   a layer:         W x and U h, shared by a team where there is one; then the cell element by element
#pragma once

#include "denormals.h"
#include "loop.h"
#include "stack.h"

namespace recurra::RECURRA_ISA {

// Which rows of the state a block's are.
struct Rows {
    const int64_t* ids;
    int64_t first;

    int64_t at(int64_t r) const { return ids ? ids[first + r] : first + r; }
};

// What a block of rows has beside the working memory of each layer.
template <class S>
struct Between {
    using C = compute<S>;

    int64_t stride, head_stride, answer_stride;
    C* rows;             // [block, widest] the outputs of the layer before, the inputs of the next
    C* kept;             // [block, widest] the inputs of the layer that was the last to keep them
    S* outputs;          // [block, widest] what a cell writes for the sequence, of which there is none here
    element<S>* head;    // [block, features of the head]
    C* answers;          // [block, outputs of the head]
    int16_t* whole;      // rows as whole numbers, where weights have 8 bits

    void carve(const Stack& stack, Stretches& stretches) {
        int64_t widest = stack.features;
        for (int64_t k = 0; k < stack.layer_count; ++k)
            widest = stack.layers[k].args.width > widest ? stack.layers[k].args.width : widest;
        const int64_t block = round_up(stack.block, row_block);
        stride = round_up(widest, lanes<C>);
        rows = stretches.take<C>(block * stride);
        kept = stretches.take<C>(block * stride);
        outputs = stretches.take<S>(block * stride);
        head_stride = round_up(Packed<S>::padded_depth(stack.head.features), 64 / (int64_t)sizeof(element<S>));
        answer_stride = round_up(stack.head.outputs, lanes<C>);
        head = stack.head.outputs ? stretches.take<element<S>>(block * head_stride) : nullptr;
        answers = stack.head.outputs ? stretches.take<C>(block * answer_stride) : nullptr;
        whole = stack.int8 ? stretches.take<int16_t>(Bytes::room(widest, block)) : nullptr;
    }
};

// The head's weights as `prepare_head` lays them out.
template <class S>
struct HeadWeights {
    using C = compute<S>;

    C* bias;
    Packed<S> weight;
    Bytes bytes;  // instead, in 8 bits

    int64_t prepare(const Head& head, char* memory, bool ready) {
        Stretches stretches{memory};
        bias = stretches.take<C>(head.outputs);
        if (head.int8) {
            bytes = in_bytes(stretches, head.weight, head.outputs, head.features, ready);
        } else {
            element<S>* to = stretches.take<element<S>>(Packed<S>::size(head.features, head.outputs));
            weight = {head.features, head.outputs, to};
            const S* matrix = static_cast<const S*>(head.weight);
            if (memory && !ready) pack<S>(matrix, head.features, head.outputs, 1, head.features, to);
        }
        if (!memory || ready) return stretches.used;
        const S* b = static_cast<const S*>(head.bias);
        along<C>(head.outputs, [&](int64_t j, auto lane) { lane.store(bias + j, b ? lane.load(b + j) : vec<C>{}); });
        return stretches.used;
    }
};

template <class C, class To>
RECURRA_INLINE void copy_row(const C* from, To* to, int64_t n) {
    along<C>(n, [&](int64_t j, auto lane) { lane.store(to + j, lane.load(from + j)); });
}

// W x and U h of all rows of the chunk.
template <class S>
void multiply_inputs(const Problem<S>& p, const Chunk<S>& chunk, int16_t* whole) {
    if constexpr (__is_same(S, float)) {
        if (p.args.int8) {
            p.input_bytes.multiply(chunk.count, chunk.x_operand, chunk.x_stride, whole, nullptr, chunk.x, chunk.a_stride);
            p.recurrent_bytes.multiply(chunk.count, chunk.operand, chunk.operand_stride, whole, nullptr, chunk.a,
                                       chunk.a_stride);
            return;
        }
    }
    chunk.share([&](int64_t k, int64_t slices) {
        const auto [input, at] = p.input.part(k, slices);
        multiply<S>(chunk.count, chunk.x_operand, chunk.x_stride, input, chunk.x + at, chunk.a_stride);
        const auto [recurrent, from] = p.recurrent.part(k, slices);
        multiply<S>(chunk.count, chunk.operand, chunk.operand_stride, recurrent, chunk.a + from, chunk.a_stride);
    });
}

// One layer: the rows of `between` become its outputs.
template <class Element, bool extras, class S>
void step_layer(const StackLayer& layer, const Problem<S>& p, Chunk<S>& chunk, const Between<S>& between, const Rows& rows) {
    using C = compute<S>;
    const int64_t F = p.args.features, H = p.hidden, R = p.width;
    C* const h = static_cast<C*>(layer.h);
    C* const c = static_cast<C*>(layer.c);
    const bool apart = (const void*)chunk.h != (const void*)chunk.operand;
    for (int64_t r = 0; r < chunk.count; ++r) {
        const int64_t row = rows.at(r);
        copy_row(between.rows + r * between.stride, chunk.x_operand + r * chunk.x_stride, F);
        if (layer.keeps) copy_row(between.rows + r * between.stride, between.kept + r * between.stride, F);
        copy_row(h + row * R, chunk.h + r * chunk.h_stride, R);
        if (apart) copy_row(h + row * R, chunk.operand + r * chunk.operand_stride, R);
        if (c) copy_row(c + row * H, chunk.c + r * chunk.c_stride, H);
    }
    multiply_inputs(p, chunk, between.whole);
    if (extras && p.args.norm_input) normalise(p, chunk, Norm<S>::input(p.args), chunk.x, chunk.count, 0);
    if (extras && p.args.norm) normalise(p, chunk, Norm<S>::recurrent(p.args), chunk.a, chunk.count, 0);
    Element::template forward<extras>(p, chunk, chunk.count, 0);
    for (int64_t r = 0; r < chunk.count; ++r) {
        const int64_t row = rows.at(r);
        const C* new_h = chunk.h + r * chunk.h_stride;
        C* out = between.rows + r * between.stride;
        copy_row(new_h, h + row * R, R);
        if (c) copy_row(chunk.c + r * chunk.c_stride, c + row * H, H);
        const C* kept = between.kept + r * between.stride;
        along<C>(R, [&](int64_t j, auto lane) {
            const vec<C> y = lane.load(new_h + j);
            lane.store(out + j, layer.adds ? stored<S>(y + lane.load(kept + j)) : y);
        });
    }
}

template <class S>
void answer(const Stack& stack, const Between<S>& between, int64_t count, compute<S>* y) {
    using C = compute<S>;
    HeadWeights<S> weights;
    weights.prepare(stack.head, stack.head.packed, true);
    if constexpr (__is_same(S, float)) {
        if (stack.int8)
            return weights.bytes.multiply(count, between.rows, between.stride, between.whole, weights.bias, y,
                                          stack.head.outputs);
    }
    for (int64_t r = 0; r < count; ++r)
        copy_row(between.rows + r * between.stride, between.head + r * between.head_stride, stack.head.features);
    multiply<S>(count, between.head, between.head_stride, weights.weight, between.answers, between.answer_stride);
    for (int64_t r = 0; r < count; ++r) {
        const C* sums = between.answers + r * between.answer_stride;
        C* to = y + r * stack.head.outputs;
        along<C>(stack.head.outputs,
                 [&](int64_t j, auto lane) { lane.store(to + j, stored<S>(lane.load(sums + j) + lane.load(weights.bias + j))); });
    }
}

// y [rows, outputs] = V x + b of a head in 8 bits; without memory the bytes that it takes.
inline int64_t answer_alone(const Head& head, const float* x, float* y, int64_t rows, char* memory) {
    Stretches stretches{memory};
    int16_t* whole = stretches.take<int16_t>(Bytes::room(head.features, rows));
    if (!memory) return stretches.used;
    HeadWeights<float> weights;
    weights.prepare(head, head.packed, true);
    weights.bytes.multiply(rows, x, head.features, whole, weights.bias, y, head.outputs);
    return stretches.used;
}

// Bytes of working memory for one block; zeros it where it is given.
template <class S, class ProblemOf>
int64_t step_scratch(const Stack& stack, char* memory, ProblemOf&& problem_of) {
    Stretches stretches{memory};
    Between<S> between;
    between.carve(stack, stretches);
    if (memory) __builtin_memset(memory, 0, stretches.used);
    for (int64_t k = 0; k < stack.layer_count; ++k) {
        Chunk<S> chunk;
        stretches.used += chunk.carve(problem_of(stack.layers[k].args), stack.block, memory ? memory + stretches.used : nullptr);
    }
    return stretches.used;
}

// All blocks of rows of a step, one after the other. `run_layer(layer, problem, chunk, between, rows)` finds the cell.
template <class S, class ProblemOf, class RunLayer>
void step_rows(const Stack& stack, const Step& step, char* memory, ProblemOf&& problem_of, RunLayer&& run_layer) {
    using C = compute<S>;
    const int64_t width = stack.layers[stack.layer_count - 1].args.width;
    const int64_t answered = stack.head.outputs ? stack.head.outputs : width;
    Stretches stretches{memory};
    Between<S> between;
    between.carve(stack, stretches);
    for (int64_t n = step.begin; n < step.end; n += stack.block) {
        const int64_t count = step.end - n < stack.block ? step.end - n : stack.block;
        const C* x = static_cast<const C*>(step.x) + n * stack.features;
        for (int64_t r = 0; r < count; ++r)
            along<C>(stack.features, [&](int64_t j, auto lane) {
                lane.store(between.rows + r * between.stride + j, stored<S>(lane.load(x + r * stack.features + j)));
            });
        int64_t used = stretches.used;
        for (int64_t k = 0; k < stack.layer_count; ++k) {
            const StackLayer& layer = stack.layers[k];
            Args args = layer.args;
            args.outputs = between.outputs;
            Problem<S> problem = problem_of(args);
            problem.prepare(layer.packed, true);
            Chunk<S> chunk;
            used += chunk.carve(problem, stack.block, memory + used, true);
            chunk.ids = stack.places;
            chunk.count = count;
            chunk.team = step.team;
            run_layer(layer, problem, chunk, between, Rows{step.ids, n});
        }
        C* y = static_cast<C*>(step.y) + n * answered;
        if (stack.head.outputs) {
            answer<S>(stack, between, count, y);
        } else {
            for (int64_t r = 0; r < count; ++r) copy_row(between.rows + r * between.stride, y + r * width, width);
        }
    }
}

}  // namespace recurra::RECURRA_ISA
