// Numbers too small to be normal cost a hundred times more; they are zero inside a call, and the flag is put back after it.
#pragma once

#include <cstdint>

namespace recurra::RECURRA_ISA {

class Denormals {
#if defined(__SSE2__)
    unsigned before = __builtin_ia32_stmxcsr();

  public:
    Denormals() { __builtin_ia32_ldmxcsr(before | 0x8040u); }
    ~Denormals() { __builtin_ia32_ldmxcsr(before); }
#elif defined(__aarch64__)
    uint64_t before = 0;

  public:
    Denormals() {
        asm volatile("mrs %0, fpcr" : "=r"(before));
        asm volatile("msr fpcr, %0" ::"r"(before | (1ull << 24)));
    }
    ~Denormals() { asm volatile("msr fpcr, %0" ::"r"(before)); }
#else
  public:
    Denormals() {}
#endif
};

}  // namespace recurra::RECURRA_ISA
