// The Python module `recurra.kernels.cpu._engine`. A call is an object whose attributes are the members of `Args`, set by their
// names in fields.def: numbers and tensors as they are; None is null. Whoever calls keeps the tensors alive and has checked them.
#include <nanobind/nanobind.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <cstddef>
#include <cstring>
#include <iterator>
#include <stdexcept>

#include "best_module.h"
#include "dispatch.h"
#include "linear_module.h"
#include "product_module.h"
#include "softmax_module.h"
#include "stepper_module.h"
#include "threads.h"

namespace nb = nanobind;
using namespace recurra;

namespace {

enum class Kind { number, real, array };

struct Field {
    const char* name;
    Kind kind;
    const char* element;
    const char* shape;
    size_t offset;
};

constexpr Field fields[] = {
#define RECURRA_NUMBER(type, name) {#name, Kind::number, "", "", offsetof(Args, name)},
#define RECURRA_REAL(name) {#name, Kind::real, "", "", offsetof(Args, name)},
#define RECURRA_ARRAY(type, name, element, shape) {#name, Kind::array, #element, shape, offsetof(Args, name)},
#include "fields.def"
};
static_assert(sizeof(Args) == 8 * std::size(fields));

PyObject* data_ptr;

// `Args` in Python: an object whose attributes are the fields, to be set by their names; what is not set is null.
struct CallObject {
    PyObject_HEAD
    Args args;
};
PyTypeObject* call_type;

int64_t address_of(PyObject* tensor) {
    if (tensor == Py_None) return 0;
    PyObject* found = PyObject_VectorcallMethod(data_ptr, &tensor, 1 | PY_VECTORCALL_ARGUMENTS_OFFSET, nullptr);
    if (!found) throw nb::python_error();
    const int64_t address = PyLong_AsLongLong(found);
    Py_DECREF(found);
    if (address == -1 && PyErr_Occurred()) throw nb::python_error();
    return address;
}

void set(Args& args, const Field& field, PyObject* value) {
    char* const to = reinterpret_cast<char*>(&args) + field.offset;
    if (field.kind == Kind::real) {
        const double number = PyFloat_AsDouble(value);
        if (number == -1 && PyErr_Occurred()) throw nb::python_error();
        std::memcpy(to, &number, sizeof number);
        return;
    }
    const int64_t number = field.kind == Kind::array ? address_of(value) : PyLong_AsLongLong(value);
    if (number == -1 && PyErr_Occurred()) throw nb::python_error();
    std::memcpy(to, &number, sizeof number);
}

int set_field(PyObject* self, PyObject* value, void* closure) {
    const Field& field = *static_cast<const Field*>(closure);
    if (!value) {
        PyErr_Format(PyExc_AttributeError, "the field %s can be set, not deleted", field.name);
        return -1;
    }
    try {
        set(reinterpret_cast<CallObject*>(self)->args, field, value);
    } catch (nb::python_error& error) {
        error.restore();
        return -1;
    }
    return 0;
}

PyObject* new_call(PyTypeObject* type, PyObject*, PyObject*) {
    PyObject* self = reinterpret_cast<allocfunc>(PyType_GetSlot(type, Py_tp_alloc))(type, 0);
    if (self) reinterpret_cast<CallObject*>(self)->args = Args{};
    return self;
}

PyTypeObject* make_call_type() {
    static PyGetSetDef members[std::size(fields) + 1] = {};
    for (size_t k = 0; k < std::size(fields); ++k)
        members[k] = {fields[k].name, nullptr, set_field, nullptr, const_cast<Field*>(&fields[k])};
    static PyType_Slot slots[] = {
        {Py_tp_new, reinterpret_cast<void*>(new_call)},
        {Py_tp_getset, members},
        {Py_tp_doc, const_cast<char*>("What a call of the engine is given: the fields of fields.def, to be set by name.")},
        {0, nullptr},
    };
    static PyType_Spec spec = {"recurra.kernels.cpu._engine.Call", int(sizeof(CallObject)), 0,
                               Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE, slots};
    PyObject* type = PyType_FromSpec(&spec);
    if (!type) throw nb::python_error();
    return reinterpret_cast<PyTypeObject*>(type);
}

// A subclass of `Call` has a method `check`, which is called before the engine reads any memory.
Args args_of(nb::handle call) {
    if (!PyObject_TypeCheck(call.ptr(), call_type)) throw nb::type_error("expected a Call");
    if (Py_TYPE(call.ptr()) != call_type) call.attr("check")();
    return reinterpret_cast<CallObject*>(call.ptr())->args;
}

template <void (*function)(const Args&)>
void run(nb::handle call) {
    const Args args = args_of(call);
    const nb::gil_scoped_release released;
    function(args);
}

nb::list described() {
    nb::list found;
    for (const Field& field : fields) found.append(nb::make_tuple(field.name, field.element, field.shape));
    return found;
}

nb::list known_cells() {
    nb::list found;
    for (const Traits& cell : cells())
        found.append(nb::make_tuple(cell.name, cell.blocks, cell.carries_c, cell.gate_is_h, cell.sums_apart, cell.resets_before));
    return found;
}

}  // namespace

NB_MODULE(_engine, m) {
    follow_forks();
    nb::set_leak_warnings(false);  // of our domain: a command does not take everything down before it ends
    data_ptr = PyUnicode_InternFromString("data_ptr");
    call_type = make_call_type();
    m.doc() = "The recurrence in C++, forward and backward.";
    m.attr("Call") = nb::handle(reinterpret_cast<PyObject*>(call_type));
    m.attr("FIELDS") = described();
    m.attr("CELLS") = known_cells();
    m.def("forward", &run<&forward>, nb::arg("call"));
    m.def("backward", &run<&backward>, nb::arg("call"));
    add_stepper(m, &args_of);
    add_best(m);
    add_linear(m);
    add_product(m);
    add_softmax(m);
    m.def("supported_builds", &supported_builds);
    m.def("chosen_build", &chosen_build);
    m.def("choose_build", &choose_build, nb::arg("name"));
}
