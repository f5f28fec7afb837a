// `_engine.best`: the places of the highest scores, the highest first; of equal ones the first place. With `kernels/best.py`,
// its twin in NumPy.
#include "best_module.h"

#include <algorithm>
#include <functional>
#include <limits>
#include <vector>

#include "array.h"

namespace nb = nanobind;

namespace recurra {
namespace {

constexpr int64_t stretch = 16;  // scores that are compared at once

// A score that at least `top` of them reach: the scores are dealt out to four times as many columns, each of which has one
// that is its highest, and the best `top` columns reach the bound.
float bound_of(const float* scores, int64_t count, int64_t top) {
    const int64_t columns = 4 * top, rows = count / columns;
    constexpr float lowest = -std::numeric_limits<float>::infinity();
    if (rows < 2) return lowest;
    thread_local std::vector<float> highest;
    highest.resize(columns);  // NaN is above nothing, so that none gets in: it could not be ordered
    for (int64_t k = 0; k < columns; ++k) highest[k] = std::max(lowest, scores[k]);
    for (int64_t r = 1; r < rows; ++r)
        for (int64_t k = 0; k < columns; ++k) highest[k] = std::max(highest[k], scores[r * columns + k]);
    std::nth_element(highest.begin(), highest.begin() + (top - 1), highest.end(), std::greater<float>());
    return highest[top - 1];
}

// The number of places that were written to `found` [at most `top`].
int64_t best(const float* scores, int64_t count, int64_t top, int64_t* found) {
    top = std::min(top, count);
    if (top < 1) return 0;
    const float bound = bound_of(scores, count, top);
    thread_local std::vector<int64_t> places;
    places.clear();
    for (int64_t begin = 0; begin < count; begin += stretch) {
        const int64_t end = std::min(begin + stretch, count);
        int some = 0;
        for (int64_t i = begin; i < end; ++i) some |= scores[i] >= bound;
        if (!some) continue;
        for (int64_t i = begin; i < end; ++i)
            if (scores[i] >= bound) places.push_back(i);
    }
    top = std::min(top, int64_t(places.size()));  // fewer where some are NaN
    std::partial_sort(places.begin(), places.begin() + top, places.end(), [&](int64_t a, int64_t b) {
        return scores[a] > scores[b] || (scores[a] == scores[b] && a < b);
    });
    std::copy_n(places.begin(), top, found);
    return top;
}

// -1 where the arrays are not float32 [count] and int64 [top].
int64_t best_of(nb::handle scores, nb::handle found) {
    const Array in(scores.ptr(), false, "f", -1, -1), out(found.ptr(), true, whole_numbers, -1, -1);
    if (!in.fits() || !out.fits()) return -1;
    return best(static_cast<const float*>(in.data()), in.count(), out.count(), static_cast<int64_t*>(out.data()));
}

// The same of each row: float32 [rows, count] and int64 [rows, top]. Whether the arrays are so, and every row has `top` numbers.
bool best_of_rows(nb::handle scores, nb::handle found) {
    const Array in(scores.ptr(), false, "f", -1, Array::any), out(found.ptr(), true, whole_numbers, -1, Array::any);
    if (!in.fits() || !out.fits() || in.count() != out.count()) return false;
    const auto* from = static_cast<const float*>(in.data());
    auto* to = static_cast<int64_t*>(out.data());
    const int64_t count = in.columns(), top = out.columns();
    for (int64_t r = 0; r < in.count(); ++r)
        if (best(from + r * count, count, top, to + r * top) < top) return false;
    return true;
}

}  // namespace

void add_best(nb::module_& m) {
    m.def("best", &best_of, nb::arg("scores"), nb::arg("found"));
    m.def("best_rows", &best_of_rows, nb::arg("scores"), nb::arg("found"));
}

}  // namespace recurra
