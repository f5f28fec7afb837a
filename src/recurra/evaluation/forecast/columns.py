"""The names that a backtest's columns bear: baselines and quantiles."""

from __future__ import annotations

# From the simplest to the most elaborate.
BASELINES = (
    "naive",
    "seasonal naive",
    "drift",
    "seasonal naive with drift",
    "mean",
    "climatology",
    "seasonal profile",
    "Croston",
    "TSB",
    "ADIDA",
    "linear regression",
    "AutoTheta",
    "AutoETS",
    "AutoCES",
    "MSTL",
    "AutoARIMA",
)
# Members of a combination that are no baselines: the network trained on these series, the one trained on others, and
# the same after it went on learning from these.
NETWORK, PRETRAINED, TUNED = "trained network", "pretrained network", "fine-tuned network"
NETWORKS = (NETWORK, TUNED, PRETRAINED)
LEVELS = (0.025, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.975)


def quantile_column(level: float, method: str = "") -> str:
    """The column of a quantile: "q0.1" of the model, "AutoETS:q0.1" of a baseline.

    >>> quantile_column(0.025), quantile_column(0.9, "seasonal naive")
    ('q0.025', 'seasonal naive:q0.9')
    """
    return f"{method}:q{level:g}" if method else f"q{level:g}"
