// `Stepper` as Python sees it.
#pragma once

#include <nanobind/nanobind.h>

#include "args.h"

namespace recurra {

// Adds the class to the module; `args_of` gives what a `Call` holds, checked.
void add_stepper(nanobind::module_& m, Args (*args_of)(nanobind::handle call));

}  // namespace recurra
