// y = V x + b with a matrix in 8 bits, packed once: what single steps multiply by beside the layers of a `Stepper`.
#pragma once

#include <cstdint>

#include "memory.h"
#include "stack.h"

namespace recurra {

struct Build;

class Linear {
  public:
    // V [outputs, features] and b [outputs], which may be null, are copied.
    Linear(const float* weight, const float* bias, int64_t outputs, int64_t features);

    // y [rows, outputs] of x [rows, features]; at most `threads` threads take part.
    void multiply(const float* x, float* y, int64_t rows, int64_t threads) const;

    int64_t features() const { return head_.features; }
    int64_t outputs() const { return head_.outputs; }

  private:
    const Build& build_;
    Head head_;
    Memory packed_;
};

}  // namespace recurra
