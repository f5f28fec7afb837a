#include "threads.h"

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <system_error>
#include <thread>

#if defined(__unix__) || defined(__APPLE__)
#include <dlfcn.h>
#include <pthread.h>
#endif

namespace recurra {
namespace {

class Pool {
  public:
    void run(int64_t tasks, int64_t helpers, const std::function<void(int64_t)>& task) {
        std::unique_lock<std::mutex> turn(turn_, std::try_to_lock);
        if (!turn.owns_lock()) {  // another thread has the helpers
            for (int64_t i = 0; i < tasks; ++i) task(i);
            return;
        }
        helpers = hire(helpers);
        {
            const std::lock_guard<std::mutex> lock(mutex_);
            task_ = &task;
            tasks_ = tasks;
            next_.store(0, std::memory_order_relaxed);
            wanted_ = helpers;
        }
        for (int64_t i = 0; i < helpers; ++i) wake_.notify_one();
        work();
        std::unique_lock<std::mutex> lock(mutex_);
        wanted_ = 0;  // who has not woken by now need not come
        done_.wait(lock, [this] { return working_ == 0; });
        task_ = nullptr;
    }

  private:
    // Makes sure that there are so many helpers, if the system allows it; says how many there are.
    int64_t hire(int64_t helpers) {
        try {
            for (; hired_ < helpers; ++hired_) std::thread(&Pool::help, this).detach();
        } catch (const std::system_error&) {  // no more threads to be had
        }
        return helpers < hired_ ? helpers : hired_;
    }

    void help() {
        std::unique_lock<std::mutex> lock(mutex_);
        for (;;) {
            wake_.wait(lock, [this] { return wanted_ > 0; });
            --wanted_;
            ++working_;
            lock.unlock();
            work();
            lock.lock();
            if (--working_ == 0) done_.notify_one();
        }
    }

    void work() {
        for (int64_t i; (i = next_.fetch_add(1, std::memory_order_relaxed)) < tasks_;) (*task_)(i);
    }

    std::mutex turn_, mutex_;
    std::condition_variable wake_, done_;
    const std::function<void(int64_t)>* task_ = nullptr;
    int64_t tasks_ = 0, wanted_ = 0, working_ = 0, hired_ = 0;
    std::atomic<int64_t> next_{0};
};

// Whether this process is a fork of the one that loaded us; threads are not inherited.
bool forked = false;

// Never destroyed: its threads outlive the end of main. A forked child starts with a new one.
Pool*& pool() {
    static Pool* pool = new Pool;
    return pool;
}

// The threads of torch, if they are OpenMP's: what GCC calls where it compiles `#pragma omp parallel`.
using Parallel = void (*)(void (*)(void*), void*, unsigned, unsigned);

Parallel torch_threads() {
#if defined(__unix__) || defined(__APPLE__)
    static const auto parallel = [] {
        pthread_atfork(nullptr, nullptr, [] {
            forked = true;
            pool() = new Pool;
        });
        return reinterpret_cast<Parallel>(dlsym(RTLD_DEFAULT, "GOMP_parallel"));
    }();
    return forked ? nullptr : parallel;
#else
    return nullptr;
#endif
}

}  // namespace

// torch's threads wait for their next work awake for some milliseconds. Other threads beside them would find the cores taken, and
// these are awake already: so theirs are the first choice, and a pool of our own that sleeps the second.
void run_tasks(int64_t tasks, int64_t threads, const std::function<void(int64_t)>& task) {
    const int64_t useful = threads < tasks ? threads : tasks;
    if (useful <= 1) {
        for (int64_t i = 0; i < tasks; ++i) task(i);
    } else if (const Parallel parallel = torch_threads()) {
        struct Shared {
            const std::function<void(int64_t)>& task;
            int64_t tasks;
            std::atomic<int64_t> next{0};
        } shared{task, tasks};
        parallel(
            [](void* data) {
                Shared& all = *static_cast<Shared*>(data);
                for (int64_t i; (i = all.next.fetch_add(1, std::memory_order_relaxed)) < all.tasks;) all.task(i);
            },
            &shared, unsigned(useful), 0);
    } else {
        pool()->run(tasks, useful - 1, task);
    }
}

}  // namespace recurra
