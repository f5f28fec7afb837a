// The best of many scores, as Python sees it.
#pragma once

#include <nanobind/nanobind.h>

namespace recurra {

// Adds `best` and `best_rows` to the module.
void add_best(nanobind::module_& m);

}  // namespace recurra
