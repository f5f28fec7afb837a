"""The operations of a graph as C99 functions. Plain loops over numbers beside each other, which compilers vectorise.

Nothing is allocated, nothing is called but sqrtf, expf and log1pf, each only by who needs it. exp is a polynomial
without branches, within two units in the last place (`kernels/cpu/math.h` has the same): a loop over it is vectorised
where a call of expf is not.
"""

from __future__ import annotations

import re

from recurra.deploy.c_source.whole_functions import WHOLE

_EXP = """\
/* 2^n and expm1(r) of x = n ln 2 + r; |x| at most 87. */
static void split_exp(float x, float *power, float *rest)
{
    const float shifted = x * 1.44269504f + 12582912.0f;
    const float n = shifted - 12582912.0f;
    const float r = (x - n * 0.693359375f) - n * -2.12194440e-4f;
    const float p = 0.499999981f + r * (0.166665412f + r * (0.0416672104f + r * (0.0083668466f + r * 0.00138824588f)));
    uint32_t bits;
    memcpy(&bits, &shifted, sizeof bits);
    bits = (bits + 127u) << 23;
    memcpy(power, &bits, sizeof bits);
    *rest = r + r * r * p;
}
"""
_EACH = """\
static void {name}(const float *x, float *y, int n)
{{
    int i;
    for (i = 0; i < n; ++i) {{
{body}
    }}
}}
"""
_TWO = """\
static void {name}(const float *a, const float *b, float *y, int n)
{{
    int i;
    for (i = 0; i < n; ++i) y[i] = {value};
}}
"""

FUNCTIONS: dict[str, str] = {
    "linear": """\
/* y = weight x + bias; weight [inputs][outputs], bias may be null. */
static void linear(const float *restrict weight, const float *restrict bias, const float *restrict x,
                   float *restrict y, int inputs, int outputs)
{
    int j, k;
    for (j = 0; j < outputs; ++j) y[j] = bias ? bias[j] : 0.0f;
    for (k = 0; k + 4 <= inputs; k += 4) {
        const float a = x[k], b = x[k + 1], c = x[k + 2], d = x[k + 3];
        const float *restrict w = weight + (size_t)k * outputs;
        for (j = 0; j < outputs; ++j)
            y[j] += (a * w[j] + b * w[outputs + j]) + (c * w[2 * outputs + j] + d * w[3 * outputs + j]);
    }
    for (; k < inputs; ++k)
        for (j = 0; j < outputs; ++j) y[j] += x[k] * weight[(size_t)k * outputs + j];
}
""",
    "scale": """\
static void scale(const float *factor, const float *offset, const float *x, float *y, int n)
{
    int i;
    for (i = 0; i < n; ++i) y[i] = factor[i] * x[i] + offset[i];
}
""",
    "normalise": """\
/* y = gain (x - mean) / sqrt(variance + epsilon) + bias; bias may be null. */
static void normalise(const float *gain, const float *bias, const float *x, float *y, int n, float epsilon)
{
    int i;
    float mean = 0.0f, variance = 0.0f, scale;
    for (i = 0; i < n; ++i) mean += x[i];
    mean /= (float)n;
    for (i = 0; i < n; ++i) variance += (x[i] - mean) * (x[i] - mean);
    scale = 1.0f / sqrtf(variance / (float)n + epsilon);
    for (i = 0; i < n; ++i) y[i] = gain[i] * ((x[i] - mean) * scale) + (bias ? bias[i] : 0.0f);
}
""",
    "choose": """\
static void choose(const float *condition, const float *a, const float *b, float *y, int n)
{
    int i;
    for (i = 0; i < n; ++i) y[i] = condition[i] == 0.0f ? a[i] : b[i];
}
""",
    "copy": """\
static void copy(const float *x, float *y, int n)
{
    int i;
    for (i = 0; i < n; ++i) y[i] = x[i];
}
""",
    "sigmoid": _EACH.format(
        name="sigmoid",
        body="""\
        float v = -x[i], power, rest;
        v = v > 87.0f ? 87.0f : v;
        v = v < -87.0f ? -87.0f : v;
        split_exp(v, &power, &rest);
        y[i] = 1.0f / (power * rest + (power + 1.0f));""",
    ),
    "tanh": _EACH.format(
        name="tanh_",
        body="""\
        float v = x[i] + x[i], power, rest, e;
        v = v > 20.0f ? 20.0f : v;
        v = v < -20.0f ? -20.0f : v;
        split_exp(v, &power, &rest);
        e = power * rest + (power - 1.0f);
        y[i] = e / (e + 2.0f);""",
    ),
    "exp": _EACH.format(
        name="exp_",
        body="""\
        float v = x[i], power, rest;
        v = v > 87.0f ? 87.0f : v;
        v = v < -87.0f ? -87.0f : v;
        split_exp(v, &power, &rest);
        y[i] = power * rest + power;""",
    ),
    "relu": _EACH.format(name="relu", body="        y[i] = x[i] < 0.0f ? 0.0f : x[i];"),
    "softplus": _EACH.format(
        name="softplus", body="        y[i] = (x[i] < 0.0f ? 0.0f : x[i]) + log1pf(expf(-fabsf(x[i])));"
    ),
    "log_sigmoid": _EACH.format(
        name="log_sigmoid", body="        y[i] = (x[i] > 0.0f ? 0.0f : x[i]) - log1pf(expf(-fabsf(x[i])));"
    ),
    "add": _TWO.format(name="add", value="a[i] + b[i]"),
    "subtract": _TWO.format(name="subtract", value="a[i] - b[i]"),
    "multiply": _TWO.format(name="multiply", value="a[i] * b[i]"),
    "divide": _TWO.format(name="divide", value="a[i] / b[i]"),
    "maximum": _TWO.format(name="maximum", value="a[i] < b[i] ? b[i] : a[i]"),
    "minimum": _TWO.format(name="minimum", value="b[i] < a[i] ? b[i] : a[i]"),
    "less": _TWO.format(name="less", value="a[i] < b[i] ? 1.0f : 0.0f"),
    "at_most": _TWO.format(name="at_most", value="a[i] <= b[i] ? 1.0f : 0.0f"),
    "asinh": _EACH.format(name="asinh_", body="        y[i] = asinhf(x[i]);"),
    "floor": _EACH.format(name="floor_", body="        y[i] = floorf(x[i]);"),
    "log": _EACH.format(name="log_", body="        y[i] = logf(x[i]);"),
    "sqrt": _EACH.format(name="sqrt_", body="        y[i] = sqrtf(x[i]);"),
    "abs": _EACH.format(name="abs_", body="        y[i] = fabsf(x[i]);"),
    "gelu": _EACH.format(name="gelu", body="        y[i] = 0.5f * x[i] * (1.0f + erff(x[i] * 0.70710678f));"),
    "known": _EACH.format(name="known_", body="        y[i] = isfinite(x[i]) ? 1.0f : 0.0f;"),
    "zeroed": _EACH.format(name="zeroed_", body="        y[i] = isfinite(x[i]) ? x[i] : 0.0f;"),
}
# What a function is called in C, where its name is one of the C library's.
CALLED = {
    "known": "known_",
    "zeroed": "zeroed_",
    "tanh": "tanh_",
    "exp": "exp_",
    "log": "log_",
    "sqrt": "sqrt_",
    "abs": "abs_",
    "asinh": "asinh_",
    "floor": "floor_",
}
OF_EXP = {"sigmoid", "tanh", "exp"}
OF_MATH = {"normalise", "softplus", "log_sigmoid", "log", "sqrt", "abs", "gelu", "known", "zeroed", "asinh", "floor"}


def functions_text(used: set[str]) -> str:
    """The functions that are used, and what they need; those in float64 are called NAME_d."""
    every = FUNCTIONS | WHOLE
    parts = [_EXP] if used & OF_EXP else []
    parts += [text for name, text in every.items() if name in used]
    return "\n".join([*parts, *(_in_double(name, text) for name, text in every.items() if f"{name}_d" in used)])


def _in_double(name: str, text: str) -> str:
    """The same function of float64."""
    if name == "exp":
        text = _EACH.format(name="exp_", body="        y[i] = expf(x[i]);")
    text = re.sub(r"\bfloat\b", "double", text)
    text = re.sub(r"\b(log|exp|sqrt|fabs|log1p|erf|asinh|floor)f\(", r"\1(", text)
    text = re.sub(r"(\d)f\b", r"\1", text)
    called = CALLED.get(name, name)
    return re.sub(rf"\b{called}\(", f"{called}_d(", text)
