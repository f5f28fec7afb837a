// `Linear` as Python sees it.
#pragma once

#include <nanobind/nanobind.h>

namespace recurra {

// Adds the class to the module.
void add_linear(nanobind::module_& m);

}  // namespace recurra
