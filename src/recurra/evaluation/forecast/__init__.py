"""What a forecast is worth: metrics, baselines, origins, backtests, the verdict."""
