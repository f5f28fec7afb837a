#include "dispatch.h"

#if defined(RECURRA_WITH_AMX)
#include <cpuid.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

#include <algorithm>
#include <atomic>
#include <bit>
#include <cmath>
#include <cstring>
#include <numeric>

#include "build.h"
#include "memory.h"
#include "threads.h"

namespace recurra {
namespace {

#if defined(RECURRA_WITH_AMX)
// Whether the processor has tiles of bfloat16 and the system lets this process use them.
bool tiles_allowed() {
#if defined(RECURRA_AMX_EMULATED)
    return true;
#else
    if (!__builtin_cpu_supports("avx512bf16") || !__builtin_cpu_supports("avx512vnni")) return false;
    unsigned a, b, c, d;
    if (!__get_cpuid_count(7, 0, &a, &b, &c, &d) || !(d >> 22 & 1) || !(d >> 24 & 1)) return false;
    constexpr long ask_for_state = 0x1023, tile_data = 18;  // ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA
    return syscall(SYS_arch_prctl, ask_for_state, tile_data) == 0;
#endif
}

// Whether two builds agree on a small layer of bfloat16: tiles that are not what we take them for must not go unnoticed.
bool agree(const Build& one, const Build& other) {
    constexpr int64_t steps = 3, batch = 19, features = 40, hidden = 35;
    const auto numbers = [](int64_t count, unsigned seed) {
        std::vector<uint16_t> values(count);
        for (uint16_t& value : values) {
            seed = seed * 1664525u + 1013904223u;
            value = uint16_t(0x3d80 | (seed >> 16 & 0x807f));  // +-0.06 to 0.12
        }
        return values;
    };
    const auto x = numbers(steps * batch * features, 1), w = numbers(hidden * features, 2), u = numbers(hidden * hidden, 3);
    const auto outputs = [&](const Build& build) {
        std::vector<uint16_t> h(steps * batch * hidden), last(batch * hidden);
        Args args{};
        args.cell = 0;  // the simple one
        args.type = Type::bfloat16;
        args.threads = 1;
        args.steps = steps;
        args.batch = args.step_stride = batch;
        args.row_stride = 1;
        args.features = features;
        args.hidden = args.width = hidden;
        args.x = x.data();
        args.input_weight = w.data();
        args.recurrent = u.data();
        args.outputs = h.data();
        args.h_last = last.data();
        Memory packed, scratch;
        char* weights = packed.at_least(build.prepare(args, false, nullptr));
        build.prepare(args, false, weights);
        std::vector<int64_t> rows(batch);
        std::iota(rows.begin(), rows.end(), int64_t{0});
        build.run(args, false, rows.data(), batch, weights, scratch.at_least(build.scratch(args, false, batch)));
        return h;
    };
    const auto a = outputs(one), b = outputs(other);
    const auto number = [](uint16_t half) { return std::bit_cast<float>(uint32_t{half} << 16); };
    return std::equal(a.begin(), a.end(), b.begin(),
                      [&](uint16_t p, uint16_t q) { return std::abs(number(p) - number(q)) <= 0.01f; });  // NaN is not
}
#endif

std::vector<const Build*> supported() {
    std::vector<const Build*> builds;
#if defined(RECURRA_WITH_X86)
    __builtin_cpu_init();
    const bool avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                        __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
    const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi2");
#if defined(RECURRA_WITH_AMX)
    if (avx512 && avx2) {
        static const bool tiles = tiles_allowed() && agree(avx512_amx::build, avx512::build);
        if (tiles) builds.push_back(&avx512_amx::build);
    }
#endif
#if defined(RECURRA_WITH_BF16)
    const bool pairs = avx512 && avx2 && __builtin_cpu_supports("avx512bf16") && __builtin_cpu_supports("avx512vnni");
    // Intel's products of bfloat16 pairs are slower than widening and multiplying in float32 (measured: by 1.3).
    const bool slow = __builtin_cpu_is("intel");
    if (pairs && !slow) builds.push_back(&avx512_bf16::build);
#endif
    if (avx512 && avx2) builds.push_back(&avx512::build);
#if defined(RECURRA_WITH_BF16)
    if (pairs && slow) builds.push_back(&avx512_bf16::build);
#endif
    if (avx2) builds.push_back(&avx2::build);
#endif
    builds.push_back(&generic::build);
    return builds;
}

std::atomic<const Build*>& chosen() {
    static std::atomic<const Build*> build = supported().front();
    return build;
}

// Below so many multiplications another thread takes longer to wake than it saves.
constexpr double worth_a_thread = 4e5;

void run(Args args, bool backward) {
    const Build& build = build_in_use();
    static thread_local Memory packed_memory;
    char* packed = packed_memory.at_least(build.prepare(args, backward, nullptr));
    build.prepare(args, backward, packed);

    const Traits& traits = build.cells[args.cell];
    const int64_t units = traits.blocks * args.hidden, number = args.type == Type::float64 ? 8 : 4;
    const double steps = args.lengths ? std::accumulate(args.lengths, args.lengths + args.batch, 0.0)
                                      : double(args.steps) * double(args.batch);
    const double work = steps * double(units) * double(args.width + 16 + (args.input_weight ? args.features : 0));
    const int64_t threads = std::max<int64_t>(1, std::min<int64_t>(args.threads, int64_t(work / worth_a_thread)));

    // As many chunks as threads, or a multiple.
    const int64_t most = build.rows_at_once(args, backward);
    int64_t chunks = (args.batch + most - 1) / most;
    chunks = std::max<int64_t>(1, std::min((chunks + threads - 1) / threads * threads, args.batch));
    // The rows in the order of the chunks. Lengths fall from row to row, so the rows are dealt out like cards.
    std::vector<int64_t> rows(args.batch), begins(chunks + 1);
    for (int64_t k = 0, at = 0; k < chunks; ++k) {
        begins[k] = at;
        if (args.lengths)
            for (int64_t b = k; b < args.batch; b += chunks) rows[at++] = b;
        else
            for (int64_t b = args.batch * k / chunks; b < args.batch * (k + 1) / chunks; ++b) rows[at++] = b;
    }
    begins[chunks] = args.batch;
    static thread_local Memory sums_memory;
    if (args.d_input_bias || args.d_recurrent_bias) {
        const bool inner = traits.sums_apart;
        const int64_t bytes = args.batch * units * number, inner_bytes = inner ? args.batch * args.hidden * number : 0;
        char* sums = sums_memory.at_least(bytes + inner_bytes + 64);
        std::memset(sums, 0, bytes + inner_bytes);
        args.d_bias = sums;
        if (inner) args.d_bias_n = sums + bytes;
    }
    run_tasks(chunks, threads, [&](int64_t k) {
        static thread_local Memory scratch_memory;
        const int64_t count = begins[k + 1] - begins[k];
        char* scratch = scratch_memory.at_least(build.scratch(args, backward, count));
        build.run(args, backward, rows.data() + begins[k], count, packed, scratch);
        scratch_memory.settle();
    });
    packed_memory.settle();

    if (!args.d_input_weight && !args.d_recurrent_weight && !args.d_bias) return;
    run_tasks(threads, threads, [&](int64_t k) {
        static thread_local Memory memory;
        const int64_t begin = units * k / threads, end = units * (k + 1) / threads;
        build.gradients(args, begin, end, memory.at_least(build.gradients(args, begin, end, nullptr)));
        memory.settle();
    });
    sums_memory.settle();
}

}  // namespace

std::vector<std::string> supported_builds() {
    std::vector<std::string> names;
    for (const Build* build : supported()) names.emplace_back(build->name);
    return names;
}

const Build& build_in_use() { return *chosen().load(std::memory_order_relaxed); }

std::string chosen_build() { return build_in_use().name; }

bool choose_build(const std::string& name) {
    for (const Build* build : supported())
        if (name == build->name) {
            chosen() = build;
            return true;
        }
    return false;
}

std::vector<Traits> cells() { return {generic::build.cells, generic::build.cells + generic::build.cell_count}; }

void forward(const Args& args) { run(args, false); }
void backward(const Args& args) { run(args, true); }

}  // namespace recurra
