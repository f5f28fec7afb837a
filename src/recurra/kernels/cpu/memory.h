// Blocks of memory on a line of the cache.
#pragma once

#include <cstdint>
#include <memory>
#include <new>

namespace recurra {

// A block of memory that a thread keeps from call to call, so that the pages of every call are not made anew.
class Memory {
  public:
    char* at_least(int64_t bytes) {
        if (bytes > size_) {
            block_.reset();
            size_ = 0;
            block_.reset(static_cast<char*>(::operator new(bytes, std::align_val_t{64})));
            size_ = bytes;
        }
        return block_.get();
    }
    char* get() const { return block_.get(); }
    // Very large blocks are given back at once; a layer of 2,048 units keeps its weights.
    void settle() {
        if (size_ > most_) {
            block_.reset();
            size_ = 0;
        }
    }

  private:
    struct Delete {
        void operator()(char* block) const { ::operator delete(block, std::align_val_t{64}); }
    };
    static constexpr int64_t most_ = int64_t{128} << 20;
    std::unique_ptr<char, Delete> block_;
    int64_t size_ = 0;
};

}  // namespace recurra
