// Sums of exponentials and the cross-entropy as Python sees them.
#pragma once

#include <nanobind/nanobind.h>

namespace recurra {

// Adds `log_sums` and `cross_entropy` to the module.
void add_softmax(nanobind::module_& m);

}  // namespace recurra
