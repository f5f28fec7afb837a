// `_engine.Linear`. An array that is not just what is expected is not converted here: the answer is False.
#include "linear_module.h"

#include "array.h"
#include "linear.h"

namespace nb = nanobind;

namespace recurra {
namespace {

bool multiply(const Linear& linear, nb::handle x, nb::handle y, int64_t threads) {
    const Array in(x.ptr(), false, "f", -1, linear.features());
    if (!in.fits()) return false;
    const Array out(y.ptr(), true, "f", in.count(), linear.outputs());
    if (!out.fits()) return false;
    const auto* from = static_cast<const float*>(in.data());
    auto* to = static_cast<float*>(out.data());
    constexpr double long_work = 2e7;  // multiplications beyond which others may have the interpreter meanwhile
    if (double(in.count()) * double(linear.features()) * double(linear.outputs()) > long_work) {
        const nb::gil_scoped_release released;
        linear.multiply(from, to, in.count(), threads);
    } else {
        linear.multiply(from, to, in.count(), threads);
    }
    return true;
}

const float* pointer(int64_t address) { return reinterpret_cast<const float*>(address); }

}  // namespace

void add_linear(nb::module_& m) {
    nb::class_<Linear>(m, "Linear")
        .def(
            "__init__",
            [](Linear* at, int64_t weight, int64_t bias, int64_t outputs, int64_t features) {
                new (at) Linear(pointer(weight), pointer(bias), outputs, features);
            },
            nb::arg("weight"), nb::arg("bias"), nb::arg("outputs"), nb::arg("features"))
        .def("multiply", &multiply, nb::arg("x"), nb::arg("y"), nb::arg("threads"));
}

}  // namespace recurra
