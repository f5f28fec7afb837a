#include "linear.h"

#include <algorithm>

#include "build.h"
#include "dispatch.h"
#include "threads.h"

namespace recurra {
namespace {

constexpr int64_t block = 48;  // rows that a thread takes at once

}  // namespace

Linear::Linear(const float* weight, const float* bias, int64_t outputs, int64_t features)
    : build_(build_in_use()), head_{features, outputs, weight, bias, nullptr, true} {
    head_.packed = packed_.at_least(build_.prepare_head(head_, Type::float32, nullptr) + 64);
    build_.prepare_head(head_, Type::float32, head_.packed);
    head_.weight = head_.bias = nullptr;
}

void Linear::multiply(const float* x, float* y, int64_t rows, int64_t threads) const {
    const int64_t blocks = (rows + block - 1) / block;
    run_tasks(blocks, std::clamp<int64_t>(threads, 1, std::max<int64_t>(blocks, 1)), [&](int64_t k) {
        static thread_local Memory memory;
        const int64_t first = k * block, count = std::min(block, rows - first);
        char* scratch = memory.at_least(build_.answer(head_, nullptr, nullptr, count, nullptr));
        build_.answer(head_, x + first * head_.features, y + first * head_.outputs, count, scratch);
    });
}

}  // namespace recurra
