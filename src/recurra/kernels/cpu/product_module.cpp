// `_engine.multiply`: matrix_product.h, rows or columns shared out among threads.
#include "product_module.h"

#include <algorithm>

#include "build.h"
#include "dispatch.h"
#include "memory.h"
#include "threads.h"

namespace nb = nanobind;

namespace recurra {
namespace {

constexpr int64_t side = 32;

// Whether the build in use has such a product.
bool multiply(int64_t a, int64_t a_row, int64_t a_column, int64_t b, int64_t b_row, int64_t b_column, int64_t c,
              int64_t stride, bool wide, bool adds, int64_t rows, int64_t columns, int64_t depth, int64_t threads) {
    const Build& build = build_in_use();
    const MatrixProduct whole{{reinterpret_cast<const char*>(a), a_row, a_column},
                              {reinterpret_cast<const char*>(b), b_row, b_column},
                              reinterpret_cast<char*>(c), stride, wide, adds, rows, columns, depth};
    if (!build.matrix_product(whole, nullptr)) return false;
    const nb::gil_scoped_release released;
    const bool by_rows = rows >= columns;
    const int64_t squares = ((by_rows ? rows : columns) + side - 1) / side, tasks = std::clamp<int64_t>(threads, 1, squares);
    run_tasks(tasks, tasks, [&](int64_t k) {
        static thread_local Memory memory;
        const int64_t first = squares * k / tasks * side, end = squares * (k + 1) / tasks * side;
        MatrixProduct part = whole;
        part.c += (wide ? 4 : 2) * (by_rows ? first * stride : first);
        if (by_rows) {
            part.a = whole.a.from(first, 0);
            part.rows = std::min(end, rows) - first;
        } else {
            part.b = whole.b.from(0, first);
            part.columns = std::min(end, columns) - first;
        }
        build.matrix_product(part, memory.at_least(build.matrix_product(part, nullptr)));
        memory.settle();
    });
    return true;
}

}  // namespace

void add_product(nb::module_& m) {
    m.def("multiply", &multiply, nb::arg("a"), nb::arg("a_row"), nb::arg("a_column"), nb::arg("b"), nb::arg("b_row"),
          nb::arg("b_column"), nb::arg("c"), nb::arg("stride"), nb::arg("wide"), nb::arg("adds"), nb::arg("rows"),
          nb::arg("columns"), nb::arg("depth"), nb::arg("threads"));
}

}  // namespace recurra
