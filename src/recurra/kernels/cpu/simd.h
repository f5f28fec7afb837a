// Vectors as wide as the instruction set allows, by the compiler's vector extension: arithmetic, comparison and `?:` work on
// them as on numbers. Only what the extension lacks (part of a vector, a fast reciprocal) is written per instruction set.
#pragma once

#include <cstdint>

#if defined(__AVX2__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

#define RECURRA_INLINE inline __attribute__((always_inline))

namespace recurra::RECURRA_ISA {

#if defined(__AVX512F__)
constexpr int vector_bytes = 64;
#elif defined(__AVX2__)
constexpr int vector_bytes = 32;
#else
constexpr int vector_bytes = 16;
#endif

struct bfloat16 {
    uint16_t bits;
};

template <class C>
struct Vector;
template <>
struct Vector<float> {
    typedef float type __attribute__((vector_size(vector_bytes)));
    typedef int32_t integers __attribute__((vector_size(vector_bytes)));
};
template <>
struct Vector<double> {
    typedef double type __attribute__((vector_size(vector_bytes)));
    typedef int64_t integers __attribute__((vector_size(vector_bytes)));
};

template <class C>
using vec = typename Vector<C>::type;
template <class C>
using ivec = typename Vector<C>::integers;
template <class C>
constexpr int lanes = vector_bytes / sizeof(C);

// The type that a stored type is computed in.
template <class S>
struct Compute {
    using type = S;
};
template <>
struct Compute<bfloat16> {
    using type = float;
};
template <class S>
using compute = typename Compute<S>::type;

template <class C>
RECURRA_INLINE vec<C> all(C value) {
    return value - vec<C>{};
}

template <class To, class From>
RECURRA_INLINE To bits(From value) {
    return __builtin_bit_cast(To, value);
}

// ---- whole vectors

template <class C>
RECURRA_INLINE vec<C> load(const C* from) {
    vec<C> v;
    __builtin_memcpy(&v, from, sizeof v);
    return v;
}

template <class C>
RECURRA_INLINE void store(C* to, vec<C> v) {
    __builtin_memcpy(to, &v, sizeof v);
}

typedef uint16_t halves __attribute__((vector_size(vector_bytes / 2)));
typedef uint32_t words __attribute__((vector_size(vector_bytes)));

RECURRA_INLINE vec<float> widen(halves h) { return bits<vec<float>>(__builtin_convertvector(h, words) << 16); }

// To the nearest bfloat16, ties to even; NaN stays NaN. The instruction takes denormal numbers for zero, as the engine does
// wherever it computes.
RECURRA_INLINE halves narrow(vec<float> v) {
#if defined(__AVX512BF16__)
    return (halves)_mm512_cvtneps_pbh((__m512)v);
#else
    words w = bits<words>(v);
#if defined(RECURRA_AMX_EMULATED)
    w = (w & 0x7f800000u) == 0 ? w & 0x80000000u : w;
#endif
    words rounded = (w + 0x7fffu + ((w >> 16) & 1u)) >> 16;
    words quiet = (w >> 16) | 0x40u;
    return __builtin_convertvector(bits<words>(v != v ? bits<ivec<float>>(quiet) : bits<ivec<float>>(rounded)), halves);
#endif
}

RECURRA_INLINE vec<float> load(const bfloat16* from) {
    halves h;
    __builtin_memcpy(&h, from, sizeof h);
    return widen(h);
}

RECURRA_INLINE void store(bfloat16* to, vec<float> v) {
    halves h = narrow(v);
    __builtin_memcpy(to, &h, sizeof h);
}

// a * b + c, rounded once where the instruction set can. Written out: a compiler that contracts products and sums by itself
// does so in one copy of a loop and not in the next, and a row's bits would depend on the tile it falls into.
#if defined(__AVX512F__)
RECURRA_INLINE vec<float> fma(vec<float> a, vec<float> b, vec<float> c) {
    return (vec<float>)_mm512_fmadd_ps((__m512)a, (__m512)b, (__m512)c);
}
RECURRA_INLINE vec<double> fma(vec<double> a, vec<double> b, vec<double> c) {
    return (vec<double>)_mm512_fmadd_pd((__m512d)a, (__m512d)b, (__m512d)c);
}
#elif defined(__AVX2__)
RECURRA_INLINE vec<float> fma(vec<float> a, vec<float> b, vec<float> c) {
    return (vec<float>)_mm256_fmadd_ps((__m256)a, (__m256)b, (__m256)c);
}
RECURRA_INLINE vec<double> fma(vec<double> a, vec<double> b, vec<double> c) {
    return (vec<double>)_mm256_fmadd_pd((__m256d)a, (__m256d)b, (__m256d)c);
}
#elif defined(__aarch64__)
RECURRA_INLINE vec<float> fma(vec<float> a, vec<float> b, vec<float> c) {
    return (vec<float>)vfmaq_f32((float32x4_t)c, (float32x4_t)a, (float32x4_t)b);
}
RECURRA_INLINE vec<double> fma(vec<double> a, vec<double> b, vec<double> c) {
    return (vec<double>)vfmaq_f64((float64x2_t)c, (float64x2_t)a, (float64x2_t)b);
}
#else
RECURRA_INLINE vec<float> fma(vec<float> a, vec<float> b, vec<float> c) { return a * b + c; }
RECURRA_INLINE vec<double> fma(vec<double> a, vec<double> b, vec<double> c) { return a * b + c; }
#endif

// ---- the first n of a vector, 0 < n < lanes; the rest reads as zero and is not written

template <class S>
RECURRA_INLINE vec<compute<S>> load_part(const S* from, int n) {
    S buffer[lanes<compute<S>>] = {};
    for (int i = 0; i < n; ++i) buffer[i] = from[i];
    return load(buffer);
}

template <class S>
RECURRA_INLINE void store_part(S* to, vec<compute<S>> v, int n) {
    S buffer[lanes<compute<S>>];
    store(buffer, v);
    for (int i = 0; i < n; ++i) to[i] = buffer[i];
}

#if defined(__AVX512F__) && defined(__AVX512BW__) && defined(__AVX512VL__)
template <>
RECURRA_INLINE vec<float> load_part(const float* from, int n) {
    return (vec<float>)_mm512_maskz_loadu_ps((__mmask16)((1u << n) - 1), from);
}
template <>
RECURRA_INLINE void store_part(float* to, vec<float> v, int n) {
    _mm512_mask_storeu_ps(to, (__mmask16)((1u << n) - 1), (__m512)v);
}
template <>
RECURRA_INLINE vec<double> load_part(const double* from, int n) {
    return (vec<double>)_mm512_maskz_loadu_pd((__mmask8)((1u << n) - 1), from);
}
template <>
RECURRA_INLINE void store_part(double* to, vec<double> v, int n) {
    _mm512_mask_storeu_pd(to, (__mmask8)((1u << n) - 1), (__m512d)v);
}
template <>
RECURRA_INLINE vec<float> load_part(const bfloat16* from, int n) {
    return widen((halves)_mm256_maskz_loadu_epi16((__mmask16)((1u << n) - 1), from));
}
template <>
RECURRA_INLINE void store_part(bfloat16* to, vec<float> v, int n) {
    _mm256_mask_storeu_epi16(to, (__mmask16)((1u << n) - 1), (__m256i)narrow(v));
}
#endif

// A stretch of values, whole vectors first and then the part that is left: `body(j, lane)` for j = 0, lanes, 2 lanes, ...
struct Whole {
    template <class S>
    RECURRA_INLINE vec<compute<S>> load(const S* from) const {
        return RECURRA_ISA::load(from);
    }
    template <class S>
    RECURRA_INLINE void store(S* to, vec<compute<S>> v) const {
        RECURRA_ISA::store(to, v);
    }
};

struct Part {
    int n;
    template <class S>
    RECURRA_INLINE vec<compute<S>> load(const S* from) const {
        return load_part(from, n);
    }
    template <class S>
    RECURRA_INLINE void store(S* to, vec<compute<S>> v) const {
        store_part(to, v, n);
    }
};

template <class C, class Body>
RECURRA_INLINE void along(int64_t n, Body&& body) {
    int64_t j = 0;
    for (; j + lanes<C> <= n; j += lanes<C>) body(j, Whole{});
    if (j < n) body(j, Part{(int)(n - j)});
}

template <class C>
RECURRA_INLINE C sum(vec<C> v) {
    C parts[lanes<C>];
    store(parts, v);
    for (int half = lanes<C> / 2; half > 0; half /= 2)
        for (int i = 0; i < half; ++i) parts[i] += parts[i + half];
    return parts[0];
}

// The bytes of a mask, 1 or 0, as numbers.
template <class C>
RECURRA_INLINE vec<C> numbers(const uint8_t* mask, const Whole&) {
    typedef uint8_t bytes __attribute__((vector_size(lanes<C>)));
    bytes b;
    __builtin_memcpy(&b, mask, sizeof b);
    return __builtin_convertvector(__builtin_convertvector(b, ivec<C>), vec<C>);
}

template <class C>
RECURRA_INLINE vec<C> numbers(const uint8_t* mask, const Part& lane) {
    uint8_t buffer[lanes<C>] = {};
    for (int i = 0; i < lane.n; ++i) buffer[i] = mask[i];
    return numbers<C>(buffer, Whole{});
}

}  // namespace recurra::RECURRA_ISA
