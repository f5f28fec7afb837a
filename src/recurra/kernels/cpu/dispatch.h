// Which build of the engine runs, and the way of a call through it.
#pragma once

#include <string>
#include <vector>

#include "args.h"

namespace recurra {

struct Build;

// The builds in this file that this processor can run, best first.
std::vector<std::string> supported_builds();
// The build in use.
std::string chosen_build();
const Build& build_in_use();
// Use this build from now on; false where it is not among the supported ones.
bool choose_build(const std::string& name);

// The cells that every build has, in the order of `Args::cell`.
std::vector<Traits> cells();

void forward(const Args& args);
void backward(const Args& args);

}  // namespace recurra
