#include "threads.h"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <ctime>
#include <exception>
#include <mutex>
#include <system_error>
#include <thread>

#if defined(__unix__) || defined(__APPLE__)
#include <dlfcn.h>
#include <pthread.h>
#endif

namespace recurra {
namespace {

// Tasks that several threads take one after the other. What a task throws must not leave its thread: it waits here.
class Heap {
  public:
    Heap(int64_t tasks, const std::function<void(int64_t)>& task) : tasks_(tasks), task_(task) {}

    void work() noexcept {
        try {
            for (int64_t i; (i = next_.fetch_add(1, std::memory_order_relaxed)) < tasks_;) task_(i);
        } catch (...) {
            next_.store(tasks_, std::memory_order_relaxed);
            const std::lock_guard<std::mutex> lock(mutex_);
            thrown_ = std::current_exception();
        }
    }
    // Once all threads have come back.
    void finish() const {
        if (thrown_) std::rethrow_exception(thrown_);
    }

  private:
    const int64_t tasks_;
    const std::function<void(int64_t)>& task_;
    std::atomic<int64_t> next_{0};
    std::mutex mutex_;
    std::exception_ptr thrown_;
};

class Pool {
  public:
    void run(Heap& heap, int64_t helpers) {
        std::unique_lock<std::mutex> turn(turn_, std::try_to_lock);
        if (!turn.owns_lock()) return heap.work();  // another thread has the helpers
        helpers = hire(helpers);
        {
            const std::lock_guard<std::mutex> lock(mutex_);
            heap_ = &heap;
            wanted_ = helpers;
        }
        for (int64_t i = 0; i < helpers; ++i) wake_.notify_one();
        heap.work();
        std::unique_lock<std::mutex> lock(mutex_);
        wanted_ = 0;  // who has not woken by now need not come
        done_.wait(lock, [this] { return working_ == 0; });
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
            Heap& heap = *heap_;
            lock.unlock();
            heap.work();
            lock.lock();
            if (--working_ == 0) done_.notify_one();
        }
    }

    std::mutex turn_, mutex_;
    std::condition_variable wake_, done_;
    Heap* heap_ = nullptr;
    int64_t wanted_ = 0, working_ = 0, hired_ = 0;
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
    static const auto parallel = reinterpret_cast<Parallel>(dlsym(RTLD_DEFAULT, "GOMP_parallel"));
    return forked ? nullptr : parallel;
#else
    return nullptr;
#endif
}

// Whether torch's threads are worth asking. They meet at the end of a call, and where another program has the core of one, all
// wait until the system gives it back: milliseconds. After such a loss we go on without them for a while, a longer one each time.
class Patience {
  public:
    bool lost() const { return now() < until_.load(std::memory_order_relaxed); }
    // What a call took the caller, and for how much of that it had a processor and worked, in nanoseconds.
    void judge(int64_t took, int64_t worked) {
        const int64_t lost = took - worked;
        if (lost > much && lost > 2 * worked) {
            const int64_t pause = pause_.load(std::memory_order_relaxed);
            until_.store(now() + pause, std::memory_order_relaxed);
            pause_.store(pause < longest_pause ? 2 * pause : longest_pause, std::memory_order_relaxed);
        } else if (lost < much) {
            pause_.store(shortest_pause, std::memory_order_relaxed);
        }
    }
    static int64_t now() { return std::chrono::steady_clock::now().time_since_epoch().count(); }

  private:
    static constexpr int64_t much = 1'000'000, shortest_pause = 100'000'000, longest_pause = 3'200'000'000;
    std::atomic<int64_t> until_{0}, pause_{shortest_pause};
};

Patience patience;

// What this thread has had of a processor, in nanoseconds.
int64_t processor_time() {
#if defined(CLOCK_THREAD_CPUTIME_ID)
    timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return int64_t{t.tv_sec} * 1'000'000'000 + t.tv_nsec;
#else
    return Patience::now();
#endif
}

void with_torch_threads(Parallel parallel, Heap& heap, int64_t threads) {
    struct Shared {
        Heap& heap;
        std::thread::id caller;
        int64_t worked = 0;  // by the caller
    } shared{heap, std::this_thread::get_id()};
    const int64_t begun = Patience::now();
    parallel(
        [](void* data) {
            Shared& all = *static_cast<Shared*>(data);
            const int64_t before = processor_time();
            all.heap.work();
            if (std::this_thread::get_id() == all.caller) all.worked = processor_time() - before;
        },
        &shared, unsigned(threads), 0);
    patience.judge(Patience::now() - begun, shared.worked);
}

}  // namespace

void follow_forks() {
#if defined(__unix__) || defined(__APPLE__)
    pthread_atfork(nullptr, nullptr, [] {
        forked = true;
        pool() = new Pool;
    });
#endif
}

// torch's threads stay awake for some milliseconds after each of its operations. Threads of ours would find their cores taken,
// and theirs start at once: so they are the first choice. A pool that sleeps between calls, and waits for nobody who has not
// begun, is the second; with a single helper, who would have to share the busy core, the caller is better off alone.
void run_tasks(int64_t tasks, int64_t threads, const std::function<void(int64_t)>& task) {
    Heap heap(tasks, task);
    const int64_t useful = threads < tasks ? threads : tasks;
    const Parallel parallel = useful > 1 ? torch_threads() : nullptr;
    if (useful <= 1 || (parallel && patience.lost() && useful == 2))
        heap.work();
    else if (parallel && !patience.lost())
        with_torch_threads(parallel, heap, useful);
    else
        pool()->run(heap, useful - 1);
    heap.finish();
}

}  // namespace recurra
