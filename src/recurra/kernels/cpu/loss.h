// What a cross-entropy of logits is of: see softmax.h.
#pragma once

#include <cstdint>

namespace recurra {

struct Loss {
    int64_t classes;
    const float* bias;     // [classes]
    float kept, spread;    // the share of the target, and that of every class
    float scale;           // of the gradients
};

}  // namespace recurra
