"""The operations of a whole model as C99 functions: along the steps of a row, and from them to one vector."""

from __future__ import annotations

WHOLE: dict[str, str] = {
    "linear8": """\
/* As linear, with whole weights and a scale of each output. */
static void linear8(const int8_t *restrict weight, const float *restrict scale, const float *restrict bias,
                    const float *restrict x, float *restrict y, int inputs, int outputs)
{
    int j, k;
    for (j = 0; j < outputs; ++j) y[j] = 0.0f;
    for (k = 0; k < inputs; ++k) {
        const float a = x[k];
        const int8_t *restrict w = weight + (size_t)k * outputs;
        for (j = 0; j < outputs; ++j) y[j] += a * (float)w[j];
    }
    for (j = 0; j < outputs; ++j) y[j] = y[j] * scale[j] + (bias ? bias[j] : 0.0f);
}
""",
    "row8": """\
static void row8(const int8_t *weight, float scale, float *y, int n)
{
    int i;
    for (i = 0; i < n; ++i) y[i] = (float)weight[i] * scale;
}
""",
    "copy_whole": """\
static void copy_whole(const int32_t *x, int32_t *y, int n)
{
    int i;
    for (i = 0; i < n; ++i) y[i] = x[i];
}
""",
    "to_double": """\
static void to_double(const float *x, double *y, int n)
{
    int i;
    for (i = 0; i < n; ++i) y[i] = (double)x[i];
}
""",
    "to_float": """\
static void to_float(const double *x, float *y, int n)
{
    int i;
    for (i = 0; i < n; ++i) y[i] = (float)x[i];
}
""",
    "clip": """\
static void clip(float low, float high, const float *x, float *y, int n)
{
    int i;
    for (i = 0; i < n; ++i) y[i] = x[i] < low ? low : x[i] > high ? high : x[i];
}
""",
    "softmax": """\
static void softmax(const float *x, float *y, int n)
{
    int i;
    float largest = x[0], sum = 0.0f;
    for (i = 1; i < n; ++i) largest = x[i] > largest ? x[i] : largest;
    for (i = 0; i < n; ++i) sum += y[i] = expf(x[i] - largest);
    for (i = 0; i < n; ++i) y[i] /= sum;
}
""",
    "argmax": """\
static void argmax(const float *x, int32_t *y, int n)
{
    int i, best = 0;
    for (i = 1; i < n; ++i) best = x[i] > x[best] ? i : best;
    *y = (int32_t)best;
}
""",
    "last_known": """\
/* y[j] = number j of the latest season of x that is known; seasons end with x's last number. */
static void last_known(const float *x, const float *there, float *y, int n, int season)
{
    const int first = n % season;
    int i, j;
    for (j = 0; j < season; ++j) y[j] = 0.0f;
    for (i = first; i < n; ++i)
        if (there[i] != 0.0f) y[(i - first) % season] = x[i];
}
""",
    "pool_mean": """\
static void pool_mean(const float *x, float *y, int steps, int n)
{
    int i, t;
    for (i = 0; i < n; ++i) y[i] = 0.0f;
    for (t = 0; t < steps; ++t)
        for (i = 0; i < n; ++i) y[i] += x[t * n + i];
    for (i = 0; steps && i < n; ++i) y[i] /= (float)steps;
}
""",
    "pool_max": """\
static void pool_max(const float *x, float *y, int steps, int n)
{
    int i, t;
    for (i = 0; i < n; ++i) y[i] = steps ? x[i] : 0.0f;
    for (t = 1; t < steps; ++t)
        for (i = 0; i < n; ++i) y[i] = x[t * n + i] > y[i] ? x[t * n + i] : y[i];
}
""",
    "pool_attention": """\
static void pool_attention(const float *x, const float *score, float *y, int steps, int n)
{
    int i, t;
    float largest = steps ? score[0] : 0.0f, sum = 0.0f;
    for (i = 0; i < n; ++i) y[i] = 0.0f;
    for (t = 1; t < steps; ++t) largest = score[t] > largest ? score[t] : largest;
    for (t = 0; t < steps; ++t) {
        const float share = expf(score[t] - largest);
        sum += share;
        for (i = 0; i < n; ++i) y[i] += share * x[t * n + i];
    }
    for (i = 0; steps && i < n; ++i) y[i] /= sum;
}
""",
    "pool_at": """\
static void pool_at(const float *x, float *y, int steps, int n, int place)
{
    int i;
    for (i = 0; i < n; ++i) y[i] = steps ? x[place * n + i] : 0.0f;
}
""",
    "convolve": """\
/* weight [width][inputs][outputs]; zeros beyond the ends. */
static void convolve(const float *restrict weight, const float *restrict bias, const float *restrict x,
                     float *restrict y, int steps, int inputs, int outputs, int width)
{
    int t, k, i, j;
    for (t = 0; t < steps; ++t) {
        float *restrict to = y + (size_t)t * outputs;
        for (j = 0; j < outputs; ++j) to[j] = bias[j];
        for (k = 0; k < width; ++k) {
            const int from = t + k - width / 2;
            if (from < 0 || from >= steps) continue;
            for (i = 0; i < inputs; ++i) {
                const float a = x[from * inputs + i];
                const float *restrict w = weight + ((size_t)k * inputs + i) * outputs;
                for (j = 0; j < outputs; ++j) to[j] += a * w[j];
            }
        }
    }
}
""",
    "shrink": """\
static void shrink(const float *x, float *y, int steps, int n, int each)
{
    int i, t;
    for (t = 0; t < steps; ++t)
        for (i = 0; i < n; ++i)
            if (t % each == 0 || x[t * n + i] > y[t / each * n + i]) y[t / each * n + i] = x[t * n + i];
}
""",
    "repeat": """\
static void repeat(const float *x, float *y, int n)
{
    int i;
    for (i = 0; i < n; ++i) y[i] = x[0];
}
""",
    "largest": """\
static void largest(const float *x, float *y, int n)
{
    int i;
    float found = x[0];
    for (i = 1; i < n; ++i) found = x[i] > found ? x[i] : found;
    *y = found;
}
""",
    "running_sum": """\
static void running_sum(const float *x, float *y, int n)
{
    int i;
    float sum = 0.0f;
    for (i = 0; i < n; ++i) y[i] = sum += x[i];
}
""",
    "running_max": """\
static void running_max(const float *x, float *y, int n)
{
    int i;
    float found = x[0];
    for (i = 0; i < n; ++i) y[i] = found = x[i] > found ? x[i] : found;
}
""",
    "pick": """\
/* places[i] of x[n]; a place beyond an end is that end. */
static void pick(const float *x, int n, int32_t at, float *y)
{
    *y = x[at < 0 ? 0 : at < n ? at : n - 1];
}
""",
    "sort": """\
static void sort(const float *x, float *y, int n)
{
    int i, j, gap;
    for (i = 0; i < n; ++i) y[i] = x[i];
    for (gap = n / 2; gap > 0; gap /= 2)
        for (i = gap; i < n; ++i) {
            const float moved = y[i];
            for (j = i; j >= gap && y[j - gap] > moved; j -= gap) y[j] = y[j - gap];
            y[j] = moved;
        }
}
""",
    "correlate": """\
/* y[m] = the sum over t of a[t + m] b[t]. */
static void correlate(const float *restrict a, const float *restrict b, float *restrict y, int n, int lags)
{
    int m, t;
    for (m = 0; m < lags; ++m) {
        float sum = 0.0f;
        for (t = 0; t + m < n; ++t) sum += a[t + m] * b[t];
        y[m] = sum;
    }
}
""",
    "waves": """\
static void waves(const float *lengths, float *y, int steps, int n)
{
    int i, t;
    for (t = 0; t < steps; ++t)
        for (i = 0; i < n; ++i) {
            const float angle = 6.28318531f * (float)t / lengths[i];
            y[t * 2 * n + i] = sinf(angle);
            y[t * 2 * n + n + i] = cosf(angle);
        }
}
""",
    "count": """\
/* y = sum of the coefficients [grams][n] of the n-grams that are there: they are collected, sorted, and counted.
   values: 0 once however often, 1 as often as it is there, 2 by the logarithm of that, over the length of all. */
static void count(const uint64_t *keys, const float *coefficients, int grams, int longest, int values,
                  const int32_t *tokens, int32_t *found, float *y, int steps, int n)
{
    int i, j, k, t, many = 0, gap;
    float squares = 0.0f, shrink_ = 1.0f;
    for (j = 0; j < n; ++j) y[j] = 0.0f;
    for (t = 0; t < steps; ++t) {
        uint64_t key = 0;
        for (k = 0; k < longest && t + k < steps; ++k) {
            int low = 0, high = grams;
            key = (key + (uint64_t)tokens[t + k] + 1u) * UINT64_C(0x9E3779B97F4A7C15);
            while (low < high) {
                const int middle = low + (high - low) / 2;
                if (keys[middle] < key) low = middle + 1;
                else high = middle;
            }
            if (low < grams && keys[low] == key) found[many++] = (int32_t)low;
        }
    }
    for (gap = many / 2; gap > 0; gap /= 2)
        for (i = gap; i < many; ++i) {
            const int32_t moved = found[i];
            for (j = i; j >= gap && found[j - gap] > moved; j -= gap) found[j] = found[j - gap];
            found[j] = moved;
        }
    if (values == 2) {
        for (i = 0; i < many; i = k) {
            for (k = i; k < many && found[k] == found[i]; ++k) {}
            squares += (1.0f + logf((float)(k - i))) * (1.0f + logf((float)(k - i)));
        }
        shrink_ = squares > 0.0f ? 1.0f / sqrtf(squares) : 1.0f;
    }
    for (i = 0; i < many; i = k) {
        const float *row = coefficients + (size_t)found[i] * n;
        float worth;
        for (k = i; k < many && found[k] == found[i]; ++k) {}
        worth = values == 0 ? 1.0f : values == 1 ? (float)(k - i) : (1.0f + logf((float)(k - i))) * shrink_;
        for (j = 0; j < n; ++j) y[j] += worth * row[j];
    }
}
""",
}
WHOLE_OF_MATH = {"softmax", "pool_attention", "waves", "count", "exp_d", "log_d", "sqrt_d", "abs_d", "known_d"}
WHOLE_OF_MATH |= {"zeroed_d"}
