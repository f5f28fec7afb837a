// A stack of recurrent layers that goes on one step at a time: it owns packed weights, the state of every row, and all the
// memory that a step needs, so that a step allocates nothing.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "memory.h"
#include "stack.h"

namespace recurra {

struct Build;

class Stepper {
  public:
    // `rows` rows of the state; at most `threads` threads take part in a step. `int8`: matrices have 8 bits; of float32 alone.
    Stepper(int64_t rows, int64_t features, Type type, int64_t threads, bool int8);
    // The same layers and head once more, with a state of zeros of its own; the packed weights are shared.
    Stepper(const Stepper& other, int64_t rows, int64_t threads);

    // The layer whose weights a call has; they are copied. The state of all rows is zero. Where it `adds`, its output gets the
    // input of the layer that was the last to keep it, of the same width.
    void add_layer(const Args& call, bool keeps, bool adds);
    // y = V h + b at the end; the weights are copied.
    void add_head(const void* weight, const void* bias, int64_t outputs);
    // To be called once, after the last layer and the head.
    void finish();

    // State s of a layer: h [rows, R] for 0, c [rows, H] for 1, null where there is none; and its width.
    void* state(int64_t layer, int64_t s) const;
    int64_t state_width(int64_t layer, int64_t s) const;
    int64_t layers() const { return int64_t(layers_.size()); }

    // The next step of `count` rows: those that `ids` says, which are different ones, or all.
    void step(const void* x, void* y, const int64_t* ids, int64_t count);
    // Whether `ids` are different rows that there are.
    bool are_rows(const int64_t* ids, int64_t count);
    // Whether a step of so many rows takes so long that others may have the interpreter meanwhile.
    bool is_long(int64_t count) const { return double(count) * row_work_ > long_work_; }

    int64_t rows() const { return rows_; }
    int64_t features() const { return stack_.features; }
    int64_t outputs() const;
    Type type() const { return stack_.type; }
    // One call at a time.
    std::atomic_flag busy = ATOMIC_FLAG_INIT;

  private:
    static constexpr double long_work_ = 2e6;
    const void* copied(const void* vector, int64_t count);
    void begin(StackLayer& layer);
    int64_t stored_bytes() const { return stack_.type == Type::float64 ? 8 : stack_.type == Type::float32 ? 4 : 2; }
    int64_t computed_bytes() const { return stack_.type == Type::float64 ? 8 : 4; }
    static char* zeros(std::vector<Memory>& memory, int64_t bytes);

    const Build& build_;
    int64_t rows_, threads_;
    Stack stack_{};
    std::vector<StackLayer> layers_;
    std::shared_ptr<std::vector<Memory>> weights_;  // not written to after `finish`
    std::vector<Memory> memory_;           // of states
    std::vector<Memory> scratch_;          // one for each range of rows
    std::vector<int64_t> places_, called_;  // `called_`: by row, the last call of `are_rows` that named it
    int64_t calls_ = 0;
    double row_work_ = 0;
    int64_t weight_bytes_ = 0;
};

}  // namespace recurra
