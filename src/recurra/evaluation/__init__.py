"""What a forecast is worth: metrics, baselines, origins, backtests, significance, the verdict."""
