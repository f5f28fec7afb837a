"""A verdict for every series, so that of those that are called better or worse no more than a share is so by chance.

With a thousand series, fifty would differ at 5 % where nothing does. p-values of all series together become q-values
(Benjamini and Yekutieli 2001, "The control of the false discovery rate in multiple testing under dependency"), which
hold whatever the series have in common; the rate is 5 %.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from recurra.evaluation.forecast.verdict import LEAST_GAIN, SIGNIFICANCE

Floats = npt.NDArray[np.floating]

BETTER, WORSE, UNDECIDED, UNTESTED = "better", "worse", "undecided", "too few windows"


def with_verdicts(by_series: pd.DataFrame) -> pd.DataFrame:
    """The frame with `q_value` (NaN without a test) and `verdict`, of `p_value` and `improvement`.

    >>> frame = pd.DataFrame({"p_value": [1e-6, 0.04, 1e-5, np.nan], "improvement": [0.2, 0.2, -0.3, 0.5]})
    >>> with_verdicts(frame)["verdict"].tolist()
    ['better', 'undecided', 'worse', 'too few windows']
    """
    p = by_series["p_value"].to_numpy(dtype=np.float64)
    gain = by_series["improvement"].to_numpy(dtype=np.float64)
    q, known = np.full(len(p), np.nan), np.isfinite(p)
    if known.any():
        q[known] = np.clip(p[known], 0.0, 1.0)
    if known.sum() > 1:
        from scipy.stats import false_discovery_control  # takes most of a second, and one series does not need it

        q[known] = false_discovery_control(q[known], method="by")
    with np.errstate(invalid="ignore"):
        found = q < SIGNIFICANCE
        verdict = np.select(
            [~known, found & (gain >= LEAST_GAIN), found & (gain <= -LEAST_GAIN)], [UNTESTED, BETTER, WORSE], UNDECIDED
        )
    return by_series.assign(q_value=q, verdict=verdict)
