"""What a forecaster's arguments must be, said before anything is learnt."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from recurra.data.panel.panel import Panel
from recurra.data.panel.sums import parse_hierarchy
from recurra.errors import InputError
from recurra.evaluation.forecast.origins import LEAST_HISTORY
from recurra.language import _, counted
from recurra.nn.cell_layer import options_of
from recurra.nn.forecast import NetworkOptions
from recurra.nn.own import check_own
from recurra.options import option
from recurra.tasks.forecast.combining import check_method
from recurra.tasks.forecast.plan import LONGEST_BLOCK, rows_to_learn
from recurra.tasks.parameters import check_options, check_whole, is_whole
from recurra.training import TrainingOptions
from recurra.training.progress import check_verbose
from recurra.training.run import pick_device


def check_settings(forecaster: Any) -> None:
    """Raise InputError for the first argument of a Forecaster that is not as it should be."""
    check_whole(forecaster, horizon=1, members=1, seed=0)
    if forecaster.hierarchy is not None:
        parse_hierarchy(forecaster.hierarchy)
    options_of(forecaster.cell)
    check_method(forecaster.method)
    check_verbose(forecaster.verbose)
    check_own(forecaster.network, forecaster.loss)
    pick_device(forecaster.device)
    check_options("network", forecaster.network, NetworkOptions, factory=True)
    check_options("training", forecaster.training, TrainingOptions)
    if forecaster.block is not None and not is_whole(forecaster.block, 1):
        raise InputError(
            _("block is {block!r}: expected a whole number of at least 1, or None", block=forecaster.block)
        )
    if forecaster.season is not None and not all(is_whole(season, 1) for season in lengths(forecaster.season)):
        raise InputError(
            _(
                "season is {season!r}: expected a whole number of steps of at least 1, several of them, or None",
                season=forecaster.season,
            )
        )


def lengths(value: int | Sequence[int]) -> tuple[int, ...]:
    """The lengths of seasons, of which one may stand alone."""
    return tuple(value) if isinstance(value, Iterable) else (value,)


def refuse_short(
    panel: Panel, horizon: int, windows: int | None, seasons: Callable[[], tuple[int, ...]], block: int | None
) -> None:
    """Refuse series too short to be learnt from and tested on, with the one number that both together need."""
    longest = int(panel.lengths.max())
    tested = windows if isinstance(windows, int) and windows > 0 else 1
    if longest >= horizon * (tested + LEAST_HISTORY + 1) + 4 * LONGEST_BLOCK:
        return  # enough, whatever the season
    learnt = rows_to_learn(horizon, seasons(), block)
    need = horizon * tested + max(learnt, LEAST_HISTORY * horizon)
    if longest < need:
        fewer = "" if tested == 1 else _("fewer {windows_option}, ", windows_option=option("windows"))
        raise InputError(
            _(
                "the longest series has {longest} rows: a forecast of {horizon} steps needs at least "
                "{need} ({learnt} to learn from, {held} for {windows}); give more data, "
                "{fewer}or a shorter {horizon_option}",
                longest=longest,
                horizon=horizon,
                need=need,
                learnt=need - horizon * tested,
                held=horizon * tested,
                windows=counted(tested, "test window"),
                fewer=fewer,
                horizon_option=option("horizon"),
            )
        )
