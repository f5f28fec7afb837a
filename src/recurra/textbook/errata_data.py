"""The errors in how the article treats its data (5.2.2 and 5.2.4): old targets, and statistics that leak."""

from __future__ import annotations

from functools import cache

import numpy as np

from recurra.textbook.arrays import Array
from recurra.textbook.descent import train
from recurra.textbook.erratum import Evidence
from recurra.textbook.example import example
from recurra.textbook.network import forward

TRAIN, TEST, WINDOW = 60, 20, 10


def trending() -> Array:
    """A series of 81 values with a trend, a season of 12 and a little noise."""
    t = np.arange(TRAIN + TEST + 1)
    return 0.5 * t + 4 * np.sin(2 * np.pi * t / 12) + np.random.default_rng(3).normal(0, 0.5, len(t))


@cache
def old_targets() -> tuple[Evidence, ...]:
    """The mean squared error of two forecasts of new values, against the old targets and against the new ones."""
    series = trending()
    old, new = series[:40], series[40:80]
    return (
        Evidence("a perfect forecast", (_mse(new, old), _mse(new, new))),
        Evidence("the old values again", (_mse(old, old), _mse(old, new))),
    )


@cache
def leakage() -> tuple[Evidence, ...]:
    """The same network trained on the same 60 steps, scaled by a future that it may not know, and by its own past."""
    series = trending()
    past, future = series[:TRAIN], series[TRAIN:-1]
    together = series[:-1]
    windows = np.lib.stride_tricks.sliding_window_view(past, WINDOW)
    by_step = (windows - windows.mean(axis=0)) / windows.std(axis=0)
    by_feature = (windows - windows.mean()) / windows.std()
    return (
        Evidence("error reported for the test part", (_reported(series, together), _reported(series, past))),
        Evidence("mean of the test part, normalised", (_normalised(future, together), _normalised(future, past))),
        Evidence("rise within a window, normalised", (_rise(by_step), _rise(by_feature))),
    )


def _reported(series: Array, known: Array) -> float:
    """Root mean squared error over the test part of a network trained before it, scaled to 0..1 by `known`."""
    low, high = known.min(), known.max()
    scaled = (series - low) / (high - low)
    network, _, _ = example("rnn", units=3, seed=0)
    network = network.replaced({name: 0.5 * W for name, W in network.parameters.items()})
    trained = train(network, scaled[:TRAIN], scaled[1 : TRAIN + 1], learning_rate=0.1, steps=300).network
    forecast = forward(trained, scaled[:-1]).y[TRAIN:, 0] * (high - low) + low
    return _mse(forecast, series[TRAIN + 1 :]) ** 0.5


def _normalised(part: Array, known: Array) -> float:
    return float(((part - known.mean()) / known.std()).mean())


def _rise(windows: Array) -> float:
    """How much higher windows end than they begin, on average."""
    return round(float((windows[:, -1] - windows[:, 0]).mean()), 12)  # beyond that it is rounding


def _mse(a: Array, b: Array) -> float:
    return float(((a - b) ** 2).mean())
