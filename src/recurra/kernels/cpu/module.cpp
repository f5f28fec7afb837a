// The Python module `recurra.kernels.cpu._engine`. A call is one tuple of numbers, the members of `Args` in their order:
// addresses of tensors as integers, 0 for None. Whoever calls keeps the tensors alive and has checked them.
#include <nanobind/nanobind.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <cstring>
#include <new>
#include <stdexcept>

#include "dispatch.h"
#include "threads.h"

namespace nb = nanobind;
using namespace recurra;

namespace {

constexpr size_t members = sizeof(Args) / sizeof(int64_t);

Args read(nb::handle call) {
    PyObject* tuple = call.ptr();
    if (!PyTuple_Check(tuple) || size_t(PyTuple_GET_SIZE(tuple)) != members)
        throw std::invalid_argument("expected a tuple of " + std::to_string(members) + " numbers");
    Args args;
    char* to = reinterpret_cast<char*>(&args);
    for (size_t i = 0; i < members; ++i, to += sizeof(int64_t)) {
        PyObject* item = PyTuple_GET_ITEM(tuple, i);
        if (PyFloat_Check(item)) {
            const double value = PyFloat_AS_DOUBLE(item);
            std::memcpy(to, &value, sizeof value);
        } else {
            const int64_t value = PyLong_AsLongLong(item);
            if (value == -1 && PyErr_Occurred()) throw nb::python_error();
            std::memcpy(to, &value, sizeof value);
        }
    }
    return args;
}

template <void (*function)(const Args&)>
void call(nb::handle numbers) {
    const Args args = read(numbers);
    const nb::gil_scoped_release released;
    function(args);
}

}  // namespace

NB_MODULE(_engine, m) {
    follow_forks();
    m.doc() = "The recurrence in C++, forward and backward.";
    m.attr("MEMBERS") = members;
    m.def("forward", &call<&forward>, nb::arg("call"));
    m.def("backward", &call<&backward>, nb::arg("call"));
    m.def("supported_builds", &supported_builds);
    m.def("chosen_build", &chosen_build);
    m.def("choose_build", &choose_build, nb::arg("name"));
}
