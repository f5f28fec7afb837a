"""Forecasts of series: the estimator and its parts."""
