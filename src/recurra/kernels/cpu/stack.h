// A stack of layers whose rows keep their state from call to call: what `Stepper` and the builds share.
#pragma once

#include "args.h"

namespace recurra {

// Runs body(data, k) for every slice k, each once, and returns when all are done: threads that share one product.
struct Team {
    int64_t slices;
    void (*run)(const Team& team, void (*body)(void* data, int64_t k), void* data);
};

struct StackLayer {
    Args args;            // sizes and weights; of these only the vectors are read at a step
    bool keeps;           // its input is remembered,
    bool adds;            // and what was remembered last is added to its output
    char* packed;         // what `prepare` left
    void *h, *c;          // the state, [rows, R] and [rows, H], computed; c null where the cell has none
};

// y = V h + b, at the end; `outputs` is 0 where there is none.
struct Head {
    int64_t features, outputs;
    const void *weight, *bias;  // [outputs, features], [outputs] or null, stored: read once, by `prepare_head`
    char* packed;
    bool int8;                  // V is multiplied in 8 bits
};

struct Stack {
    Type type;
    bool int8;         // matrices of weights are multiplied in 8 bits, all else is float32
    int64_t features;  // F of the first layer
    int64_t block;     // rows that go through all layers together
    int64_t layer_count;
    const StackLayer* layers;
    Head head;
    const int64_t* places;  // 0, 1, ..., block - 1
};

// One step of the rows from `begin` to `end` of a call. Row n of x and y is row ids[n] of the state, or row n without ids.
struct Step {
    const void* x;  // [n, F], computed
    void* y;        // [n, R] or [n, outputs], computed
    const int64_t* ids;
    int64_t begin, end;
    const Team* team;  // where one row's products are worth sharing; else null
};

}  // namespace recurra
