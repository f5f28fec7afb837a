"""The forecasts that are combined: those of the pretrained and the trained network, and the baselines.

Where they are compared before the test: at the validation origins of every series, near the end of what is known.
Baselines and the pretrained network learn nothing from the series beforehand and can be compared at all of them; the
trained network at those whose truths it has not learnt from.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from recurra.data.panel.calendar import event_codes
from recurra.data.panel.panel import Ints, Panel
from recurra.errors import InputError
from recurra.evaluation.forecast.baselines import PLAIN, forecast_baselines
from recurra.evaluation.forecast.columns import BASELINES, PRETRAINED, TUNED, quantile_column
from recurra.evaluation.forecast.combination import Combination, Tried, fit_weights, weighted_mean
from recurra.evaluation.forecast.events import rows_of_effects, without_events
from recurra.evaluation.forecast.intermittent import NAMES as INTERMITTENT
from recurra.evaluation.forecast.statistical import STATISTICAL, points_used
from recurra.evaluation.forecast.steps import Steps
from recurra.language import _, listing
from recurra.nn.pretrained import zero_shot
from recurra.nn.pretrained.network import Pretrained
from recurra.nn.quantiles import MEDIAN, QUANTILES
from recurra.tasks.forecast.frames import truth_after
from recurra.tasks.forecast.plan import held_out_span
from recurra.tasks.forecast.widths import Asked, fit_widths

Floats = npt.NDArray[np.floating]

# Before anything is known of a series, as chosen on the sets that chose the pretrained network (docs/log.md).
EXPECTED = {PRETRAINED: 10.0, TUNED: 3.0, **{name: 0.3 for name in PLAIN if name not in INTERMITTENT}}
METHODS = ("auto", "fast", "fine-tuned", "network", *BASELINES)
READ = 1024  # rows that the pretrained network reads
_WINDOWS, _MOST, _LEAST = 1200, 24, 3  # validation origins: of all series, of one, of each
_SERIES = _WINDOWS // _LEAST  # series that are enough
_CLIMATE_YEARS, _CLIMATE_ROWS = 10, 50_000
_RECENT = 0.5  # of a series: older windows tell little


def rows_read(used: Sequence[str], steps: Steps) -> int:
    """How many of the last rows the forecasts `used` read, about: of a climatology, ten years at most."""
    rows = [1]
    for name in used:
        if name in (PRETRAINED, TUNED):
            rows.append(READ)
        elif name == "climatology":
            rows.append(int(min(_CLIMATE_YEARS * steps.year, _CLIMATE_ROWS)))
        elif name in STATISTICAL:
            rows.append(STATISTICAL[name].points(steps))
        elif name in BASELINES:
            rows.append(points_used(steps))
    return max(rows)


def check_method(method: object) -> None:
    """Raise InputError for what is none of `METHODS`."""
    if method not in METHODS:
        raise InputError(_("method is {method!r}: expected one of {methods}", method=method, methods=listing(METHODS)))


def validation_origins(lengths: Ints, horizon: int, season: int) -> list[Ints]:
    """Origins [n_s] of each series at which forecasts are compared, increasing; a short series may have none.

    They lie horizons apart where there is room, the last one a horizon before the end; at most 24 of a series and
    1,200 in all, spread over what is held out of the networks' training; of more than 400 series, 400 are enough.
    """
    lengths = np.asarray(lengths, dtype=np.int64)
    spans = held_out_span(lengths, horizon)
    chosen = np.unique(np.linspace(0, len(lengths) - 1, min(len(lengths), _SERIES)).astype(np.int64))
    most = int(np.clip(_WINDOWS // max(len(chosen), 1), _LEAST, _MOST))
    found: list[Ints] = [np.zeros(0, dtype=np.int64) for _unused in lengths]
    for s in chosen:
        last = int(lengths[s]) - horizon
        first = max(min(2 * season, last), min(8, last), int(lengths[s] * (1.0 - _RECENT)) - horizon)
        room = last - first
        if last < 2 or first < 2:
            continue
        stride = horizon if room >= 3 * horizon else max(1, -(-room // 3))
        count = min(most, 1 + room // stride)
        apart = (min(int(spans[s]), room) // stride) / (count - 1) if count > 1 else 1.0
        if apart > 1 and min(apart % 7, -apart % 7) < 0.5:
            apart -= 0.75  # or most would be on the same day of the week
        steps = np.floor(max(apart, 1.0) * np.arange(count - 1, -1, -1)).astype(np.int64)
        found[s] = last - stride * steps
    return found


def pairs(origins: Sequence[Ints]) -> tuple[Ints, Ints]:
    """Series numbers and origins [n] of the origins of each series."""
    series = np.repeat(np.arange(len(origins)), [len(o) for o in origins])
    return series, np.concatenate([np.asarray(o, dtype=np.int64) for o in origins]) if len(origins) else series


def season_read(steps: Steps) -> int | None:
    """The season that the pretrained network is told of; None: it detects its own."""
    return next((s for s in steps.seasons if 2 * s <= READ), None)


def pretrained_quantiles(
    panel: Panel, series: Ints, origins: Ints, horizon: int, steps: Steps, network: Pretrained | None = None
) -> Floats:
    """Quantiles [n, H, Q] of the pretrained network; NaN where the rows it would read hold no value.

    `network` is one that went on learning from it; the one in the package unless given.
    """
    season = season_read(steps)
    found = np.full((len(series), horizon, len(QUANTILES)), np.nan)
    events, shifts = event_codes(panel, horizon), {}
    parts, rows = [], []
    for row, (s, end) in enumerate(zip(series, origins, strict=True)):
        first = max(0, int(end) - (READ if events is None else max(READ, rows_of_effects(steps))))
        part = np.asarray(panel.values(int(s))[first : int(end)], dtype=np.float64)
        if events is not None:
            part, shifts[row] = without_events(part, events[int(s)][first:], horizon, steps)
        part = part[-READ:]
        if np.isfinite(part).any():
            parts.append(part)
            rows.append(row)
    if rows:
        found[rows] = zero_shot(parts, horizon, season=season, network=network)
    for row, shift in shifts.items():
        found[row] = shift.apply(found[row])
    return found


def baseline_quantiles(
    panel: Panel,
    series: Ints,
    origins: Ints,
    horizon: int,
    steps: Steps,
    methods: Sequence[str],
    compute: Callable[..., pd.DataFrame] = forecast_baselines,
) -> dict[str, Floats]:
    """Quantiles [n, H, Q] of each of `methods`; the pairs of series and origin may stand in any order.

    `compute` is `forecast_baselines` or another way to the same.
    """
    if not methods:
        return {}
    numbers = np.unique(series)
    ends = [np.unique(origins[series == s]) for s in numbers]
    histories = [panel.values(int(s)) for s in numbers]
    events = event_codes(panel, horizon)
    events = None if events is None else [events[int(s)] for s in numbers]
    frame = compute(histories, ends, horizon, steps, levels=QUANTILES, methods=methods, events=events)
    return from_frame(frame, np.searchsorted(numbers, series), origins, horizon, methods)


def from_frame(
    frame: pd.DataFrame, series: Ints, origins: Ints, horizon: int, methods: Sequence[str] | None = None
) -> dict[str, Floats]:
    """Quantiles [n, H, Q] of each method in a frame of `forecast_baselines` at pairs of series and origin [n].

    The median there is the method's point forecast.
    """
    methods = [name for name in BASELINES if name in frame.columns] if methods is None else methods
    keys = pd.MultiIndex.from_arrays([frame["series"].to_numpy()[::horizon], frame["origin"].to_numpy()[::horizon]])
    rows = keys.get_indexer(pd.MultiIndex.from_arrays([series, origins]))
    found = {}
    for name in methods:
        columns = [quantile_column(level, name) for level in QUANTILES]
        values = frame[columns].to_numpy(dtype=np.float64).reshape(-1, horizon, len(QUANTILES))[rows]
        found[name] = values
    return found


def asked(quantiles: Floats, panel: Panel, series: Ints, origins: Ints) -> Asked:
    """Quantiles [n, H, Q] at pairs [n] of `panel` beside their truths."""
    truth = truth_after(panel, series, origins, quantiles.shape[1]).reshape(quantiles.shape[:2])
    return Asked(quantiles, truth, series, origins)


def moments_of(panel: Panel, series: Ints, origins: Ints) -> Ints:
    """Where `origins` [n] of `series` [n] lie in a time common to all series, which end together if they have none."""
    begin = -panel.lengths if panel.grid.freq is None else panel.start
    return np.asarray(origins) + begin[series]


def fit_combination(
    members: Mapping[str, Floats],
    panel: Panel,
    series: Ints,
    origins: Ints,
    scale: Floats,
    count: int,
    numbers: Ints,
    network: Asked | None = None,
    past: Asked | None = None,
) -> Combination:
    """What held-out origins say of `members`, quantiles [n, H, Q] each (NaN where they may not be evaluated).

    `scale` [n] is each pair's unit of scaled errors, `numbers` [n] the place of each pair's series among the `count`
    that weights are kept for; `network` is the pretrained network at the same pairs and `past` before (`fit_widths`).
    """
    truth = asked(next(iter(members.values())), panel, series, origins).truth
    scales = np.full(count, np.nan)
    scales[numbers] = scale
    points = {name: values[..., MEDIAN] for name, values in members.items()}
    names, weights = fit_weights(Tried(points, truth, numbers, moments_of(panel, series, origins), scales), EXPECTED)
    mixed = weighted_mean([members[name] for name in names], weights[numbers])
    stretch = fit_widths(Asked(mixed, truth, series, origins), network, past)
    return Combination(names, weights, stretch)


def single(name: str, count: int, stretch: Floats | None = None) -> Combination:
    """One forecast alone, for `count` series."""
    return Combination((name,), np.ones((count + 1, 1)), np.ones(len(QUANTILES) // 2) if stretch is None else stretch)


def member_quantiles(
    used: Sequence[str],
    panel: Panel,
    series: Ints,
    origins: Ints,
    horizon: int,
    steps: Steps,
    networks: Mapping[str, Callable[[], Floats]],
    known: Mapping[str, Floats] | None = None,
) -> dict[str, Floats]:
    """Quantiles [n, H, Q] of each of `used`; those in `known` are there already, `networks` make those of networks."""
    found = {name: known[name] for name in used if known is not None and name in known}
    found |= {name: make() for name, make in networks.items() if name in used and name not in found}
    missing = [name for name in used if name not in found]
    return found | baseline_quantiles(panel, series, origins, horizon, steps, missing)
