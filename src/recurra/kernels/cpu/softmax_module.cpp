// `_engine.log_sums` and `_engine.cross_entropy`: softmax.h on rows, shared out among threads.
#include "softmax_module.h"

#include <algorithm>
#include <vector>

#include "array.h"
#include "build.h"
#include "dispatch.h"
#include "memory.h"
#include "threads.h"

namespace nb = nanobind;

namespace recurra {
namespace {

constexpr int64_t block = 64;  // rows that are summed apart, whatever the threads: a result does not depend on their number

// Whether the arrays are float32 [rows, classes] and [rows].
bool log_sums(nb::handle x, nb::handle sums) {
    const Array out(sums.ptr(), true, "f", -1, -1);
    if (!out.fits()) return false;
    const Array in(x.ptr(), false, "f", out.count(), Array::any);
    if (!in.fits() || (in.count() && !in.columns())) return false;
    build_in_use().log_sums(static_cast<const float*>(in.data()), in.count(), in.columns(), static_cast<float*>(out.data()));
    return true;
}

// The sum over rows. With `d_bias` the gradients of the logits take their place, and their sum is added to it.
double cross_entropy(int64_t logits, int64_t type, int64_t bias, int64_t targets, int64_t rows, int64_t classes, double kept,
                     double spread, double scale, int64_t d_bias, int64_t threads) {
    const Build& build = build_in_use();
    const nb::gil_scoped_release released;
    const int64_t blocks = (rows + block - 1) / block, size = Type(type) == Type::bfloat16 ? 2 : 4;
    const Loss loss{classes, reinterpret_cast<const float*>(bias), float(kept), float(spread), float(scale)};
    std::vector<double> totals(blocks, 0.0);
    std::vector<float> sums(d_bias ? blocks * classes : 0, 0.0f);
    run_tasks(blocks, std::clamp<int64_t>(threads, 1, std::max<int64_t>(blocks, 1)), [&](int64_t k) {
        static thread_local Memory memory;
        const int64_t first = k * block, count = std::min(block, rows - first);
        auto* powers = d_bias ? reinterpret_cast<float*>(memory.at_least(4 * classes + 64)) : nullptr;
        totals[k] = build.cross_entropy(reinterpret_cast<char*>(logits) + first * classes * size, Type(type),
                                        reinterpret_cast<const int64_t*>(targets) + first, count, loss, powers,
                                        d_bias ? sums.data() + k * classes : nullptr);
    });
    double total = 0;
    auto* into = reinterpret_cast<float*>(d_bias);
    for (int64_t k = 0; k < blocks; ++k) {
        total += totals[k];
        for (int64_t j = 0; d_bias && j < classes; ++j) into[j] += sums[k * classes + j];
    }
    return total;
}

}  // namespace

void add_softmax(nb::module_& m) {
    m.def("log_sums", &log_sums, nb::arg("x"), nb::arg("sums"));
    m.def("cross_entropy", &cross_entropy, nb::arg("logits"), nb::arg("type"), nb::arg("bias"), nb::arg("targets"),
          nb::arg("rows"), nb::arg("classes"), nb::arg("kept"), nb::arg("spread"), nb::arg("scale"), nb::arg("d_bias"),
          nb::arg("threads"));
}

}  // namespace recurra
