#include "stepper.h"

#include <algorithm>
#include <cstring>
#include <functional>
#include <numeric>

#include "build.h"
#include "dispatch.h"
#include "threads.h"

namespace recurra {
namespace {

// Below so many multiplications another thread takes longer to wake than it saves.
constexpr double worth_a_thread = 4e5;
// Weights beyond this size are shared out by columns where rows are few: each core then keeps its own part in its cache.
constexpr int64_t worth_sharing = int64_t{1} << 20;
constexpr int64_t few_rows = 8;
constexpr int64_t most_threads = 64;

// Threads that share a product. Each takes the slice that it took the last time, which is still in its core's cache.
struct SharedProduct : Team {
    explicit SharedProduct(int64_t threads) : Team{threads, &run_slices} {}

    static void run_slices(const Team& team, void (*body)(void*, int64_t), void* data) {
        struct Call {
            int64_t slices;
            void (*body)(void*, int64_t);
            void* data;
            std::atomic<bool> taken[most_threads] = {};

            void one() {
                static thread_local int64_t mine = 0;
                int64_t k = mine % slices;  // the last team may have had more slices
                for (int64_t tried = 0; tried < slices; ++tried, k = (k + 1) % slices) {
                    if (taken[k].exchange(true, std::memory_order_relaxed)) continue;
                    mine = k;
                    return body(data, k);
                }
            }
        } call{team.slices, body, data};
        run_tasks(team.slices, team.slices, [&call](int64_t) { call.one(); });
    }
};

}  // namespace

Stepper::Stepper(int64_t rows, int64_t features, Type type, int64_t threads, bool int8)
    : build_(build_in_use()),
      rows_(rows),
      threads_(std::clamp<int64_t>(threads, 1, most_threads)),
      weights_(std::make_shared<std::vector<Memory>>()),
      called_(rows, 0) {
    stack_.type = type;
    stack_.int8 = int8;
    stack_.features = features;
}

Stepper::Stepper(const Stepper& other, int64_t rows, int64_t threads)
    : build_(other.build_),
      rows_(rows),
      threads_(std::clamp<int64_t>(threads, 1, most_threads)),
      stack_(other.stack_),
      layers_(other.layers_),
      weights_(other.weights_),
      called_(rows, 0),
      row_work_(other.row_work_),
      weight_bytes_(other.weight_bytes_) {
    for (StackLayer& layer : layers_) begin(layer);
    finish();
}

char* Stepper::zeros(std::vector<Memory>& memory, int64_t bytes) {
    char* block = memory.emplace_back().at_least(bytes + 64);  // whole vectors may be read beyond the end
    std::memset(block, 0, bytes + 64);
    return block;
}

const void* Stepper::copied(const void* vector, int64_t count) {
    if (!vector) return nullptr;
    return std::memcpy(zeros(*weights_, count * stored_bytes()), vector, count * stored_bytes());
}

void Stepper::add_layer(const Args& call, bool keeps, bool adds) {
    const Traits& traits = build_.cells[call.cell];
    const int64_t units = traits.blocks * call.hidden;
    StackLayer layer{};
    layer.args = call;
    layer.keeps = keeps;
    layer.adds = adds;
    Args& args = layer.args;
    args.type = stack_.type;
    args.threads = args.steps = args.row_stride = 1;
    args.reverse = 0;
    args.int8 = stack_.int8;
    args.step_stride = 0;
    args.offsets = args.lengths = nullptr;
    args.dropout = nullptr;
    args.gates = nullptr;
    layer.packed = zeros(*weights_, build_.prepare(args, false, nullptr));
    build_.prepare(args, false, layer.packed);
    args.peephole = copied(args.peephole, 3 * args.hidden);
    args.norm = copied(args.norm, units);
    args.norm_cell = copied(args.norm_cell, 2 * args.hidden);
    args.norm_input = copied(args.norm_input, units);
    begin(layer);
    const int64_t products = units * (args.features + args.width) + (args.projection ? args.hidden * args.width : 0);
    row_work_ += double(products + 16 * units);
    weight_bytes_ += products * stored_bytes();
    layers_.push_back(layer);
}

void Stepper::begin(StackLayer& layer) {
    const Args& args = layer.args;
    layer.h = zeros(memory_, rows_ * args.width * computed_bytes());
    layer.c = build_.cells[args.cell].carries_c ? zeros(memory_, rows_ * args.hidden * computed_bytes()) : nullptr;
}

void Stepper::add_head(const void* weight, const void* bias, int64_t outputs) {
    stack_.head = {layers_.back().args.width, outputs, weight, bias, nullptr, stack_.int8};
    stack_.head.packed = zeros(*weights_, build_.prepare_head(stack_.head, stack_.type, nullptr));
    build_.prepare_head(stack_.head, stack_.type, stack_.head.packed);
    row_work_ += double(outputs) * double(stack_.head.features);
}

void Stepper::finish() {
    stack_.layer_count = layers();
    stack_.layers = layers_.data();
    int64_t block = rows_;
    for (const StackLayer& layer : layers_) block = std::min(block, build_.rows_at_once(layer.args, false));
    stack_.block = std::max<int64_t>(block, 1);
    places_.resize(stack_.block);
    std::iota(places_.begin(), places_.end(), int64_t{0});
    stack_.places = places_.data();
    // Several ranges for a thread, so that one that starts late has less left to do.
    const int64_t blocks = (rows_ + stack_.block - 1) / stack_.block;
    const int64_t ranges = threads_ == 1 ? 1 : std::clamp<int64_t>(blocks, 1, 4 * threads_);
    scratch_.resize(ranges);
    for (Memory& memory : scratch_) build_.step_scratch(stack_, memory.at_least(build_.step_scratch(stack_, nullptr)));
}

void* Stepper::state(int64_t layer, int64_t s) const { return s ? layers_[layer].c : layers_[layer].h; }

int64_t Stepper::state_width(int64_t layer, int64_t s) const {
    return s ? layers_[layer].args.hidden : layers_[layer].args.width;
}

int64_t Stepper::outputs() const { return stack_.head.outputs ? stack_.head.outputs : layers_.back().args.width; }

bool Stepper::are_rows(const int64_t* ids, int64_t count) {
    ++calls_;
    for (int64_t k = 0; k < count; ++k) {
        if (ids[k] < 0 || ids[k] >= rows_ || called_[ids[k]] == calls_) return false;
        called_[ids[k]] = calls_;
    }
    return true;
}

void Stepper::step(const void* x, void* y, const int64_t* ids, int64_t count) {
    const bool shared = threads_ > 1 && count <= few_rows && weight_bytes_ > worth_sharing && stack_.type != Type::bfloat16 && !stack_.int8;
    if (shared) {
        const SharedProduct team(threads_);
        return build_.step(stack_, {x, y, ids, 0, count, &team}, scratch_.front().get());
    }
    const int64_t blocks = (count + stack_.block - 1) / stack_.block;
    const int64_t worthwhile = int64_t(double(count) * row_work_ / worth_a_thread);
    const int64_t threads = std::clamp<int64_t>(std::min(threads_, worthwhile), 1, std::max<int64_t>(blocks, 1));
    if (threads == 1) return build_.step(stack_, {x, y, ids, 0, count, nullptr}, scratch_.front().get());
    struct Call {
        Stepper& self;
        const void* x;
        void* y;
        const int64_t* ids;
        int64_t blocks, count, ranges;
    } call{*this, x, y, ids, blocks, count, std::min<int64_t>(int64_t(scratch_.size()), blocks)};
    run_tasks(call.ranges, threads, [&call](int64_t k) {
        const Stack& stack = call.self.stack_;
        const int64_t begin = call.blocks * k / call.ranges * stack.block;
        const int64_t end = std::min(call.blocks * (k + 1) / call.ranges * stack.block, call.count);
        call.self.build_.step(stack, {call.x, call.y, call.ids, begin, end, nullptr}, call.self.scratch_[k].get());
    });
}

}  // namespace recurra
