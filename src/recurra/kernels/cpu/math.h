// exp, sigmoid and tanh of a vector, within about two units in the last place, NaN to NaN.
//
//   x = n ln 2 + r, |r| <= ln 2 / 2;   expm1(r) by its polynomial;   exp(x) = 2^n (1 + expm1(r))
//   sigmoid(x) = 1 / (1 + exp(-x))
//   tanh(x) = e / (e + 2) with e = expm1(2x) = 2^n expm1(r) + (2^n - 1), which loses nothing near zero
#pragma once

#include "simd.h"

namespace recurra::RECURRA_ISA {

template <class C>
struct Exponential;

template <>
struct Exponential<float> {
    static constexpr float log2e = 1.44269504088896341f, ln2_high = 0.693359375f, ln2_low = -2.12194440e-4f;
    static constexpr float round = 12582912.0f;  // 1.5 * 2^23: adding it rounds to a whole number
    static constexpr int mantissa = 23, bias = 127;
    static constexpr float limit = 87.0f;
    // 1/2!, 1/3!, ...: fitted on |r| <= ln 2 / 2 for the smallest relative error of expm1
    static constexpr float terms[] = {0.499999981f, 0.166665412f, 0.0416672104f, 0.0083668466f, 0.00138824588f};
};

template <>
struct Exponential<double> {
    static constexpr double log2e = 1.44269504088896340736, ln2_high = 0.693145751953125, ln2_low = 1.42860682030941723212e-6;
    static constexpr double round = 6755399441055744.0;  // 1.5 * 2^52
    static constexpr int mantissa = 52, bias = 1023;
    static constexpr double limit = 708.0;
    static constexpr double terms[] = {1. / 2, 1. / 6, 1. / 24, 1. / 120, 1. / 720, 1. / 5040, 1. / 40320, 1. / 362880,
                                       1. / 3628800, 1. / 39916800, 1. / 479001600, 1. / 6227020800};
};

template <class C>
RECURRA_INLINE vec<C> clamp(vec<C> x, C limit) {
#if defined(__AVX512F__)
    // As below in half the instructions: where one is NaN, the second operand is the result.
    if constexpr (sizeof(C) == 4)
        return (vec<C>)_mm512_maskz_max_ps((__mmask16)-1, _mm512_set1_ps(-limit),
                                           _mm512_maskz_min_ps((__mmask16)-1, _mm512_set1_ps(limit), (__m512)x));
    else
        return (vec<C>)_mm512_maskz_max_pd((__mmask8)-1, _mm512_set1_pd(-limit),
                                           _mm512_maskz_min_pd((__mmask8)-1, _mm512_set1_pd(limit), (__m512d)x));
#else
    x = x > limit ? all<C>(limit) : x;
    return x < -limit ? all<C>(-limit) : x;
#endif
}

// 2^n and expm1(r) of x = n ln 2 + r.
template <class C>
RECURRA_INLINE void split_exp(vec<C> x, vec<C>& power, vec<C>& rest) {
    using E = Exponential<C>;
    vec<C> shifted = fma(x, all<C>(E::log2e), all<C>(E::round));
    vec<C> n = shifted - E::round;
    vec<C> r = fma(n, all<C>(-E::ln2_high), x);
    r = fma(n, all<C>(-E::ln2_low), r);
    constexpr int last = sizeof(E::terms) / sizeof(C) - 1;
    vec<C> polynomial = all<C>(E::terms[last]);
#pragma GCC unroll 16
    for (int k = last - 1; k >= 0; --k) polynomial = fma(polynomial, r, all<C>(E::terms[k]));
    rest = fma(r * r, polynomial, r);
    power = bits<vec<C>>((bits<ivec<C>>(shifted) + E::bias) << E::mantissa);
}

RECURRA_INLINE vec<double> divide(vec<double> a, vec<double> b) { return a / b; }

RECURRA_INLINE vec<float> divide(vec<float> a, vec<float> b) {
#if defined(__AVX512F__)
    // A reciprocal to 14 bits, one step of Newton, and the remainder put right: half a unit, at a third of a division's time.
    vec<float> r = (vec<float>)_mm512_maskz_rcp14_ps((__mmask16)-1, (__m512)b);
    r = fma(r, fma(-b, r, all<float>(1.0f)), r);
    vec<float> q = a * r;
    return fma(r, fma(-q, b, a), q);
#else
    return a / b;
#endif
}

template <class C>
RECURRA_INLINE vec<C> sigmoid(vec<C> x) {
    vec<C> power, rest;
    split_exp<C>(clamp<C>(-x, Exponential<C>::limit), power, rest);
    return divide(all<C>(1), fma(power, rest, power + 1));
}

template <class C>
RECURRA_INLINE vec<C> tanh(vec<C> x) {
    constexpr C saturated = sizeof(C) == 4 ? 20 : 40;  // tanh(x / 2) is 1 to the last place from here on
    vec<C> power, rest;
    split_exp<C>(clamp<C>(x + x, saturated), power, rest);
    vec<C> e = fma(power, rest, power - 1);
    return divide(e, e + 2);
}

}  // namespace recurra::RECURRA_ISA
