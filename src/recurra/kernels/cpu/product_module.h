// Products of matrices as Python sees them.
#pragma once

#include <nanobind/nanobind.h>

namespace recurra {

// Adds `multiply` to the module.
void add_product(nanobind::module_& m);

}  // namespace recurra
