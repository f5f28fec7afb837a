// Threads that take tasks from a common heap and sleep in between.
#pragma once

#include <cstdint>
#include <functional>

namespace recurra {

// Runs task(0) ... task(tasks - 1), each once, on at most `threads` threads, of which the caller is one. Returns when all are
// done, or one has thrown: then what it threw arrives here, and tasks not begun are left. Called from several threads at
// once, or in a forked child, it works with what it has: the caller alone at worst.
void run_tasks(int64_t tasks, int64_t threads, const std::function<void(int64_t)>& task);

// To be called once, when the module is loaded: from then on a fork knows that it has no threads.
void follow_forks();

}  // namespace recurra
