// The engine for one instruction set: compiled once for each, with RECURRA_ISA naming the namespace it lives in. Nothing here
// may use a template of the standard library, which the linker would share between the builds.
#include "build.h"

#include "cells/gru.h"
#include "cells/lstm.h"
#include "cells/rnn.h"
#include "loop.h"
#include "gradients.h"
#include "matrix_product.h"
#include "softmax.h"
#include "step.h"

#define RECURRA_TEXT(name) #name
#define RECURRA_NAME(name) RECURRA_TEXT(name)

namespace recurra::RECURRA_ISA {
namespace {

template <class Element, class S>
void through_time(const Problem<S>& p, Chunk<S>& chunk) {
    if (p.backward)
        p.extras ? backward<Element, true>(p, chunk) : backward<Element, false>(p, chunk);
    else
        p.extras ? forward<Element, true>(p, chunk) : forward<Element, false>(p, chunk);
}

template <class Element, class S>
void one_step(const StackLayer& layer, const Problem<S>& p, Chunk<S>& chunk, const Between<S>& between, const Rows& rows) {
    p.extras ? step_layer<Element, true>(layer, p, chunk, between, rows)
             : step_layer<Element, false>(layer, p, chunk, between, rows);
}

// The cells of the engine. A new one is a header and a name here; it is the same table in every build.
template <class... Elements>
struct Cells {
    static constexpr Traits traits[] = {Elements::traits...};
    static constexpr int64_t count = sizeof...(Elements);

    template <class S>
    static void run(int64_t cell, const Problem<S>& p, Chunk<S>& chunk) {
        int64_t at = 0;
        (void)((at++ == cell && (through_time<Elements>(p, chunk), true)) || ...);
    }

    template <class S>
    static void step(const StackLayer& layer, const Problem<S>& p, Chunk<S>& chunk, const Between<S>& between,
                     const Rows& rows) {
        int64_t at = 0;
        (void)((at++ == layer.args.cell && (one_step<Elements>(layer, p, chunk, between, rows), true)) || ...);
    }
};
using All = Cells<Rnn<false>, Rnn<true>, Lstm, Gru, GruResetBefore>;

template <class S>
Problem<S> problem_of(const Args& args, bool back) {
    return {args, All::traits[args.cell], back};
}

template <class S>
void run_as(const Args& args, bool back, const int64_t* ids, int64_t count, char* packed, char* scratch) {
    Problem<S> p = problem_of<S>(args, back);
    p.prepare(packed, true);
    Chunk<S> chunk;
    chunk.ids = ids;
    chunk.count = count;
    chunk.carve(p, count, scratch);
    All::run(args.cell, p, chunk);
}

// Calls `body` with a value of the type that the call's tensors are stored in.
template <class Body>
auto with_type(Type type, Body&& body) {
    switch (type) {
        case Type::float64: return body(double{});
        case Type::bfloat16: return body(bfloat16{});
        default: return body(float{});
    }
}

int64_t prepare(const Args& args, bool back, char* memory) {
    return with_type(args.type, [&](auto zero) { return problem_of<decltype(zero)>(args, back).prepare(memory, false); });
}

int64_t scratch(const Args& args, bool back, int64_t rows) {
    return with_type(args.type, [&](auto zero) {
        using S = decltype(zero);
        Chunk<S> chunk;
        return chunk.carve(problem_of<S>(args, back), rows, nullptr);
    });
}

// Few enough that what a step touches stays in the nearest cache; more where the weights have to come from farther away
// and are worth sharing.
int64_t rows_at_once(const Args& args, bool back) {
    const int64_t weights = prepare(args, back, nullptr), row = scratch(args, back, 64) / 64;
    const int64_t room = weights > (1 << 20) ? (1 << 20) : (1 << 16), fit = room / row / tile_rows * tile_rows;
    const int64_t least = 2 * tile_rows, most = 16 * tile_rows;
    return fit < least ? least : fit > most ? most : fit;
}

void run(const Args& args, bool back, const int64_t* ids, int64_t count, char* packed, char* memory) {
    [[maybe_unused]] const Denormals denormals;
#if defined(RECURRA_AMX)
    if (args.type == Type::bfloat16) {
        [[maybe_unused]] const Tiles tiles;
        return run_as<bfloat16>(args, back, ids, count, packed, memory);
    }
#endif
    with_type(args.type, [&](auto zero) { run_as<decltype(zero)>(args, back, ids, count, packed, memory); });
}

int64_t gradients(const Args& args, int64_t begin, int64_t end, char* memory) {
    [[maybe_unused]] const Denormals denormals;
    return with_type(args.type, [&](auto zero) -> int64_t {
        using S = decltype(zero);
        const int64_t blocks = All::traits[args.cell].blocks;
        if (memory) bias_gradients<S>(args, blocks, begin, end);
        if constexpr (__is_same(S, bfloat16)) return 64;
        else return matrix_gradients<S>(args, All::traits[args.cell], begin, end, memory);
    });
}

int64_t prepare_head(const Head& head, Type type, char* memory) {
    return with_type(type, [&](auto zero) {
        HeadWeights<decltype(zero)> weights;
        return weights.prepare(head, memory, false);
    });
}

int64_t scratch_of_step(const Stack& stack, char* memory) {
    return with_type(stack.type, [&](auto zero) {
        using S = decltype(zero);
        return step_scratch<S>(stack, memory, [](const Args& args) { return problem_of<S>(args, false); });
    });
}

template <class S>
void step_as(const Stack& stack, const Step& step, char* memory) {
    step_rows<S>(
        stack, step, memory, [](const Args& args) { return problem_of<S>(args, false); },
        [](const auto& layer, const auto& problem, auto& chunk, const auto& between, const Rows& rows) {
            All::step(layer, problem, chunk, between, rows);
        });
}

void step(const Stack& stack, const Step& step, char* memory) {
    [[maybe_unused]] const Denormals denormals;
#if defined(RECURRA_AMX)
    if (stack.type == Type::bfloat16) {
        [[maybe_unused]] const Tiles tiles;
        return step_as<bfloat16>(stack, step, memory);
    }
#endif
    with_type(stack.type, [&](auto zero) { step_as<decltype(zero)>(stack, step, memory); });
}

double cross_entropy(void* z, Type type, const int64_t* targets, int64_t rows, const Loss& loss, float* powers,
                     float* d_bias) {
    [[maybe_unused]] const Denormals denormals;
    if (type == Type::bfloat16) return cross_entropy_of(static_cast<bfloat16*>(z), targets, rows, loss, powers, d_bias);
    return cross_entropy_of(static_cast<float*>(z), targets, rows, loss, powers, d_bias);
}

int64_t matrix_product([[maybe_unused]] const MatrixProduct& product, [[maybe_unused]] char* memory) {
#if defined(RECURRA_AMX)
    [[maybe_unused]] const Denormals denormals;
    return multiply_matrices(product, memory);
#else
    return 0;
#endif
}

}  // namespace

extern const Build build = {RECURRA_NAME(RECURRA_ISA), All::traits, All::count, prepare, scratch, rows_at_once, run, gradients,
                            prepare_head, scratch_of_step, step, answer_alone, log_sums, cross_entropy,
                            matrix_product};

}  // namespace recurra::RECURRA_ISA
