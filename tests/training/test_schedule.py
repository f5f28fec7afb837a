"""Learning rates are those of torch's schedules, without their objects."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from recurra.training import TrainingOptions
from recurra.training.schedule import OneCycle, Plateau, schedule
from tests.drawing import examples


def optimiser(rate):
    return torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=rate)


@pytest.mark.slow
@settings(max_examples=examples(40))
@given(steps=st.integers(1, 300), peak=st.floats(1e-6, 10))
def test_one_cycle_is_that_of_torch(steps, peak):
    ours, theirs = OneCycle(peak, steps), optimiser(peak)
    cycle = torch.optim.lr_scheduler.OneCycleLR(
        theirs, peak, total_steps=steps + 1, pct_start=max(0.2, 2 / (steps + 1)), cycle_momentum=False
    )
    for step in range(steps + 1):
        assert ours.at(step) == pytest.approx(theirs.param_groups[0]["lr"], rel=1e-9, abs=1e-15 * peak)
        theirs.step()
        if step < steps:
            cycle.step()


@given(steps=st.integers(2, 1000), peak=st.floats(1e-6, 10))
def test_one_cycle_rises_to_its_peak_and_falls(steps, peak):
    rates = [OneCycle(peak, steps).at(step) for step in range(steps + 1)]
    top = rates.index(max(rates))
    assert rates[: top + 1] == sorted(rates[: top + 1])
    assert rates[top:] == sorted(rates[top:], reverse=True)
    assert min(rates) > 0
    assert max(rates) <= peak


@given(
    losses=st.lists(st.sampled_from([1.0, 0.99995, 0.9, 0.5, 2.0, 0.0, -1.0, math.nan, math.inf]), max_size=40),
    patience=st.integers(1, 4),
)
def test_plateau_is_that_of_torch(losses, patience):
    ours, theirs = Plateau(1.0, patience), optimiser(1.0)
    plateau = torch.optim.lr_scheduler.ReduceLROnPlateau(theirs, factor=0.5, patience=patience)
    for step, loss in enumerate(losses):
        ours = ours.after(loss)
        plateau.step(loss)
        assert ours.at(step) == theirs.param_groups[0]["lr"]


def test_options_choose():
    assert schedule(TrainingOptions(), 40) == OneCycle(3e-3, 40)
    assert schedule(TrainingOptions(schedule="plateau", patience=10), 40) == Plateau(3e-3, 3)
    assert schedule(TrainingOptions(schedule="plateau", patience=1), 40) == Plateau(3e-3, 1)
    assert OneCycle(1.0, 4).after(math.nan) == OneCycle(1.0, 4)
