"""Windows: each loses its own level and scale, reads nothing after its origin, and leaves missing values missing."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from tests.data.panels import make_panel

from recurra.data.panel.scaling import fit_scaling, inverse
from recurra.data.panel.windows import WindowReader, WindowShape, naive_forecasts, training_origins

SHAPE = WindowShape(window=24, horizon=6, block=12, seasons=(12,))


def wave(n=100, seed=0):
    rng = np.random.default_rng(seed)
    return 50 + 10 * np.sin(np.arange(n) * 2 * np.pi / 12) + rng.normal(size=n)


def read(panel, origins, season=12, log=False, shape=SHAPE, **keywords):
    reader = WindowReader(panel, shape, fit_scaling(panel, season, log=log))
    series = torch.zeros(len(origins), dtype=torch.int64)
    return reader, reader.read(series, torch.tensor(origins), **keywords)


def test_the_original_values_come_back():
    panel = make_panel([wave()])
    for log in (False, True):
        _, batch = read(panel, [40, 70], log=log)
        back = inverse(batch.restored(batch.truth).numpy(), log)
        np.testing.assert_allclose(back, [wave()[40:46], wave()[70:76]], rtol=1e-5)


@given(st.floats(1e-6, 1e6), st.floats(-1e6, 1e6))
def test_windows_do_not_know_the_unit_of_the_target(factor, shift):
    plain = read(make_panel([wave()]), [40, 70])[1]
    values = wave() * factor + shift
    if np.abs(shift) / factor > 1e6:  # the change would drown in the rounding of the values
        return
    moved = read(make_panel([values]), [40, 70])[1]
    torch.testing.assert_close(moved.target, plain.target, rtol=1e-3, atol=1e-3)
    torch.testing.assert_close(moved.truth, plain.truth, rtol=1e-3, atol=1e-3)
    torch.testing.assert_close(moved.naive, plain.naive, rtol=1e-3, atol=1e-3)


def test_nothing_after_the_origin_is_read_but_what_is_known_ahead():
    panel = make_panel([wave()], past=2, known=1)
    reader = WindowReader(panel, SHAPE, fit_scaling(panel.cut(np.array([60])), 12, log=False))
    at = torch.tensor([0]), torch.tensor([60])
    before = reader.read(*at, truth=False)
    panel.target[60:] = 1e9
    panel.past[60:] = 1e9
    panel.known[66:] = 1e9
    changed = WindowReader(panel, SHAPE, reader.scaling).read(*at, truth=False)
    for field in fields(before):
        after, first = getattr(changed, field.name), getattr(before, field.name)
        torch.testing.assert_close(after, first, rtol=0, atol=0, equal_nan=True)


def test_windows_do_not_reach_into_another_series():
    alone = make_panel([wave(seed=1)])
    both = make_panel([wave() * 100, wave(seed=1)])
    first = WindowReader(alone, SHAPE, fit_scaling(alone, 12, log=False)).read(torch.tensor([0]), torch.tensor([5]))
    second = WindowReader(both, SHAPE, fit_scaling(both, 12, log=False)).read(torch.tensor([1]), torch.tensor([5]))
    torch.testing.assert_close(second.target, first.target)
    assert second.observed.sum() == 5
    end = WindowReader(both, SHAPE, fit_scaling(both, 12, log=False)).read(torch.tensor([0]), torch.tensor([97]))
    assert torch.isfinite(end.truth).tolist() == [[True] * 3 + [False] * 3]


def test_missing_values_are_masked_and_do_not_spread():
    values = wave()
    values[[30, 35, 41]] = np.nan
    _, batch = read(make_panel([values]), [40])
    assert (batch.observed[0] == 0).nonzero().flatten().tolist() == [14, 19]
    assert (batch.target[0, [14, 19]] == 0).all()
    assert torch.isfinite(batch.target).all()
    assert torch.isnan(batch.truth[0]).tolist() == [False, True, False, False, False, False]


@pytest.mark.parametrize("values", [np.zeros(60), np.full(60, 7.0), np.r_[np.full(50, np.nan), np.arange(10.0)]])
def test_constant_and_empty_windows_give_finite_numbers(values):
    _, batch = read(make_panel([values]), [30, 55])
    for name in ("target", "naive", "level", "scale", "importance"):
        assert torch.isfinite(getattr(batch, name)).all()
    assert (batch.scale > 0).all()


def test_logarithms_take_only_positive_values():
    values = wave()
    values[30] = -1.0
    _, batch = read(make_panel([values]), [40], log=True)
    assert batch.observed[0, 14] == 0


def test_naive_forecasts_look_one_season_back_for_what_is_missing():
    z = torch.arange(12.0).view(1, 12)
    seen = torch.ones(1, 12, dtype=torch.bool)
    seen[0, [11, 9]] = False
    naive = naive_forecasts(z, seen, (4,), 6)[0]
    assert naive[:, 0].tolist() == [10.0] * 6
    assert naive[:, 1].tolist() == [8.0, 5.0, 10.0, 7.0, 8.0, 5.0]


def test_drift_carries_a_line_with_a_season_on_exactly():
    season = torch.tensor([3.0, -1.0, 0.0, 2.0])
    series = torch.arange(22.0) * 0.5 + season.repeat(6)[:22]
    naive = naive_forecasts(series[None, :12], torch.ones(1, 12, dtype=torch.bool), (4,), 10)[0]
    torch.testing.assert_close(naive[:, 2], series[12:])


def test_every_origin_has_one_number():
    lengths = np.array([30, 5, 17])
    origins = training_origins(lengths, horizon=6, least=4)
    series, ends = origins.locate(torch.arange(origins.total))
    expected = [(s, n) for s, length in enumerate(lengths) for n in range(4, length - 6 + 1)]
    assert list(zip(series.tolist(), ends.tolist(), strict=True)) == expected
