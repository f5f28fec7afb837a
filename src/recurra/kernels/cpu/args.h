// What one call computes and where its memory lies: the only thing that Python, the dispatcher and the builds for each
// instruction set share. Names and shapes are those of the kernel contract in docs/design.md, and stand in fields.def.
#pragma once

#include <cstdint>

namespace recurra {

enum class Type : int64_t { float32, float64, bfloat16 };

// Every member is eight bytes wide.
struct Args {
#define RECURRA_NUMBER(type, name) type name;
#define RECURRA_REAL(name) double name;
#define RECURRA_ARRAY(type, name, element, shape) type* name;
#include "fields.def"
};

static_assert(sizeof(Args) % 8 == 0);

// What the engine has to know of a cell outside its own header, which declares it.
struct Traits {
    const char* name;     // the cell's `variant` in Python
    int64_t blocks;       // G, of W x
    bool carries_c;       // a cell state beside h
    bool gate_is_h;       // its one gate is h itself, so that both may be one tensor
    bool sums_apart;      // in the last block U h + b_U is not simply added to W x, and has a gradient of its own
    bool resets_before;   // the last block of U is multiplied by what another gate makes of h, after that gate
};

}  // namespace recurra
