// `_engine.Stepper`. An array that is not just what is expected is not converted here: the answer says so, and Python finds
// out why.
#include "stepper_module.h"

#include <nanobind/ndarray.h>

#include "array.h"
#include "stepper.h"

namespace nb = nanobind;

namespace recurra {
namespace {

Args (*args_of_call)(nb::handle call);

// What a step answers: 0 done; else why not.
enum Answer : int { done, other_arrays, other_rows, in_use };

class Turn {
  public:
    explicit Turn(Stepper& stepper) : stepper_(stepper), got_(!stepper.busy.test_and_set(std::memory_order_acquire)) {}
    ~Turn() {
        if (got_) stepper_.busy.clear(std::memory_order_release);
    }
    bool got() const { return got_; }

  private:
    Stepper& stepper_;
    bool got_;
};

int run(Stepper& stepper, void* x, void* y, const int64_t* ids, int64_t count) {
    const Turn turn(stepper);
    if (!turn.got()) return in_use;
    if (ids && !stepper.are_rows(ids, count)) return other_rows;
    if (stepper.is_long(count)) {
        const nb::gil_scoped_release released;
        stepper.step(x, y, ids, count);
    } else {
        stepper.step(x, y, ids, count);
    }
    return done;
}

const char* format_of(const Stepper& stepper) { return stepper.type() == Type::float64 ? "d" : "f"; }

int step(Stepper& stepper, nb::handle x, nb::handle y) {
    const int64_t rows = stepper.rows();
    const Array in(x.ptr(), false, format_of(stepper), rows, stepper.features());
    const Array out(y.ptr(), true, format_of(stepper), rows, stepper.outputs());
    if (!in.fits() || !out.fits()) return other_arrays;
    return run(stepper, in.data(), out.data(), nullptr, rows);
}

int step_rows(Stepper& stepper, nb::handle rows, nb::handle x, nb::handle y) {
    const Array ids(rows.ptr(), false, whole_numbers, -1, -1);
    if (!ids.fits()) return other_arrays;
    const Array in(x.ptr(), false, format_of(stepper), ids.count(), stepper.features());
    const Array out(y.ptr(), true, format_of(stepper), ids.count(), stepper.outputs());
    if (!in.fits() || !out.fits()) return other_arrays;
    return run(stepper, in.data(), out.data(), static_cast<const int64_t*>(ids.data()), ids.count());
}

// State s of a layer, as it lies there: to be read and written between steps.
nb::object state(nb::handle self, int64_t layer, int64_t s) {
    const Stepper& stepper = nb::cast<const Stepper&>(self);
    if (layer < 0 || layer >= stepper.layers() || s < 0 || s > 1) throw nb::index_error("no such state");
    void* const data = stepper.state(layer, s);
    if (!data) return nb::none();
    const size_t shape[] = {size_t(stepper.rows()), size_t(stepper.state_width(layer, s))};
    if (stepper.type() == Type::float64) return nb::cast(nb::ndarray<nb::numpy, double>(data, 2, shape, self));
    return nb::cast(nb::ndarray<nb::numpy, float>(data, 2, shape, self));
}

const void* pointer(int64_t address) { return reinterpret_cast<const void*>(address); }

}  // namespace

void add_stepper(nb::module_& m, Args (*args_of)(nb::handle call)) {
    args_of_call = args_of;
    nb::class_<Stepper>(m, "Stepper")
        .def(
            "__init__",
            [](Stepper* at, int64_t rows, int64_t features, int64_t type, int64_t threads, bool int8) {
                if (int8 && Type(type) != Type::float32) throw nb::value_error("8 bits are of float32");
                new (at) Stepper(rows, features, Type(type), threads, int8);
            },
            nb::arg("rows"), nb::arg("features"), nb::arg("type"), nb::arg("threads"), nb::arg("int8"))
        .def(
            "add_layer",
            [](Stepper& stepper, nb::handle call, bool keeps, bool adds) { stepper.add_layer(args_of_call(call), keeps, adds); },
            nb::arg("call"), nb::arg("keeps"), nb::arg("adds"))
        .def(
            "add_head",
            [](Stepper& stepper, int64_t weight, int64_t bias, int64_t outputs) {
                stepper.add_head(pointer(weight), pointer(bias), outputs);
            },
            nb::arg("weight"), nb::arg("bias"), nb::arg("outputs"))
        .def("finish", &Stepper::finish)
        .def(
            "another", [](const Stepper& stepper, int64_t rows, int64_t threads) { return new Stepper(stepper, rows, threads); },
            nb::arg("rows"), nb::arg("threads"), nb::rv_policy::take_ownership)
        .def("step", &step, nb::arg("x"), nb::arg("y"))
        .def("step_rows", &step_rows, nb::arg("rows"), nb::arg("x"), nb::arg("y"))
        .def("state", [](nb::handle self, int64_t layer, int64_t s) { return state(self, layer, s); }, nb::arg("layer"), nb::arg("s"));
}

}  // namespace recurra
