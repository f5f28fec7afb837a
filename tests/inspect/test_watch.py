"""Watching a training: the same bits, within its share of the time, in pictures and in TensorBoard."""

from __future__ import annotations

import math
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from tests.inspect.models import Last, last_sum
from torch import Tensor, nn

import recurra as rc
from recurra.errors import InputError
from recurra.inspect import Watch, draw_flow
from recurra.inspect.budget import Budget
from recurra.inspect.watched import from_bytes, to_bytes


def train(model: nn.Module, steps: int, watch: Watch | None) -> None:
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    for _ in range(steps):
        x, y = last_sum(8, 10)
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(model(x), y)
        loss.backward()
        optimizer.step()
        if watch is not None:
            watch.step(lambda x=x, y=y: nn.functional.mse_loss(model(x), y), loss=loss)


class Noisy(nn.Module):
    """Dropout, zoneout and running statistics: all that a forward pass could disturb."""

    def __init__(self) -> None:
        super().__init__()
        noise = rc.nn.Regularisation(recurrent_dropout=0.2, zoneout=0.1)
        self.norm = nn.BatchNorm1d(1)
        self.last = Last(rc.nn.LSTM(1, 8, 2, dropout=0.2, regularisation=noise))

    def forward(self, x: Tensor) -> Tensor:
        return self.last(self.norm(x.flatten(0, 1)).view_as(x))


def test_the_weights_are_the_same_to_the_bit() -> None:
    states = []
    for watched in (False, True):
        torch.manual_seed(0)
        model = Noisy()
        watch = Watch(model, share=0.9) if watched else None
        train(model, 100, watch)
        assert watch is None or len(watch.flows) > 1
        states.append(model.state_dict())
    assert all(torch.equal(states[0][name], states[1][name]) for name in states[0])


def test_it_keeps_to_its_share(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0
    monkeypatch.setattr(time, "perf_counter", lambda: now)
    budget, spent = Budget(0.05), []
    for step in range(1, 6001):
        now += 1.0
        if budget.allows():
            with budget.spending():
                now += 8.0
            spent.append(step)
    assert budget.training == pytest.approx(5999)
    assert budget.spent <= 0.05 * budget.training
    assert len(spent) > 10
    assert spent[0] < 700


def test_many_looks_are_thinned_out() -> None:
    layer, x = nn.GRU(2, 3), torch.randn(3, 1, 2)
    watch = Watch(layer)
    for step in range(300):
        watch.steps = step
        watch.look(lambda: layer(x)[0].sum())
    assert 64 <= len(watch.flows) <= 128
    steps = [flow.step for flow in watch.flows]
    assert steps == sorted(steps)
    assert steps[0] < 10
    assert steps[-1] == 299


def test_what_was_recorded_survives_as_bytes() -> None:
    model = Last(nn.LSTM(1, 4))
    watch = Watch(model, share=0.5, clip_norm=2.0)
    train(model, 40, watch)
    watched = watch.watched()
    again = from_bytes(to_bytes(watched))
    assert again.frame().equals(watched.frame())
    assert again.signs.clip_norm == 2.0
    assert np.array_equal(again.signs.losses, watched.signs.losses)
    other = Watch(model)
    other.restore(watch.state())
    assert other.frame().equals(watch.frame())
    assert other.steps == watch.steps == 40


def test_frame_and_picture() -> None:
    model = Last(nn.LSTM(1, 4, 2))
    watch = Watch(model, share=0.9)
    assert watch.frame().empty
    assert watch.memory() == {}
    with pytest.raises(InputError, match="nothing was recorded yet"):
        watch.plot()
    train(model, 40, watch)
    watch.look(lambda: model(torch.randn(10, 2, 1)).sum())
    train(model, 10, watch)
    watch.look(lambda: model(torch.randn(10, 2, 1)).sum())
    frame = watch.frame()
    assert frame.columns.tolist() == ["step", "layer", "back", "gradient", "cell", "carried"]
    assert set(frame["layer"]) == {"layer.l0", "layer.l1"} == set(watch.memory())
    figure = watch.plot("carried")
    figure.canvas.draw()
    assert len(figure.axes) == 6  # a map with its scale, and curves, for each layer
    single = draw_flow(watch.flows[:1])
    single.canvas.draw()
    assert len(single.axes) == 4


def test_tensorboard(tmp_path: Path) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
    from torch.utils.tensorboard import SummaryWriter

    model = Last(nn.GRU(1, 4))
    watch = Watch(model, share=0.9)
    writer = SummaryWriter(str(tmp_path))
    for _ in range(2):
        train(model, 60, watch)
        watch.log(writer)
    writer.close()
    events = EventAccumulator(str(tmp_path))
    events.Reload()
    steps = [event.step for event in events.Scalars("effective memory/layer")]
    assert steps == [flow.step for flow in watch.flows]
    assert "gradient layer/4 steps back" in events.Tags()["scalars"]
    assert events.Tags()["images"] == ["gradient through time"]


@pytest.mark.parametrize("share", [0.0, 1.0, -1.0])
def test_a_share_that_is_none(share: float) -> None:
    with pytest.raises(InputError, match="share is"):
        Watch(nn.GRU(1, 1), share=share)


def test_a_model_without_recurrence() -> None:
    with pytest.raises(InputError, match="without a recurrent layer"):
        rc.inspect.watch(nn.Linear(1, 1))


def test_a_short_training_is_looked_at_once_at_its_end() -> None:
    model = Last(nn.LSTM(1, 4))
    with rc.inspect.watch(model) as watch:
        train(model, 20, watch)
        assert watch.flows == []
    assert [flow.step for flow in watch.flows] == [20]


def test_what_was_logged_and_how_often_it_looks_survive() -> None:
    model = Last(nn.LSTM(1, 4))
    watch = Watch(model)
    watch.steps, watch._every, watch._logged = 700, 4, 650
    watch.look(lambda: model(torch.randn(10, 2, 1)).sum())
    other = Watch(model)
    other.restore(watch.state())
    assert (other.steps, other._every, other._logged, other._losses) == (700, 4, 650, [])
    assert other.watched().signs.step(0) == 700


def test_a_state_of_many_steps_is_small_and_quick() -> None:
    model = Last(nn.LSTM(1, 4))
    watch = Watch(model)
    watch._losses, watch._norms = [0.1] * 100_000, [0.2] * 100_000
    begin = time.perf_counter()
    assert len(watch.state()) < 1_610_000
    assert time.perf_counter() - begin < 0.2


def test_no_picture_while_a_training_goes_on() -> None:
    class Counting:
        figures = 0

        def add_scalar(self, tag: str, scalar_value: float, global_step: int) -> None:
            pass

        def add_figure(self, tag: str, figure: object, global_step: int) -> None:
            self.figures += 1

    model, board = Last(nn.LSTM(1, 4)), Counting()
    watch = Watch(model)
    watch.look(lambda: model(torch.randn(10, 2, 1)).sum())
    watch.log(board, picture=False)
    assert board.figures == 0
    watch.log(board)
    assert board.figures == 1


class Words(nn.Module):
    """Sequences of the lengths that it is given."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding, self.gru = nn.Embedding(9, 4), rc.nn.GRU(4, 6)

    def forward(self, lengths: Tensor) -> Tensor:
        x = self.embedding(torch.arange(int(lengths.max())).remainder(9)).unsqueeze(1).expand(-1, len(lengths), -1)
        return self.gru(x, lengths=lengths)[1].square().mean()


@pytest.mark.parametrize(
    "failing",
    [
        lambda: Words()(torch.ones(4, dtype=torch.int64)),  # T = 1 in every row: no way through time
        lambda: (_ for _ in ()).throw(torch.cuda.OutOfMemoryError("CUDA out of memory")),
        lambda: (_ for _ in ()).throw(MemoryError()),
        lambda: torch.zeros(()),  # depends on nothing
        lambda: (torch.rand(3), np.random.rand(3), 1 / 0),  # noqa: NPY002
        lambda: "no tensor",
    ],
)
def test_a_look_that_fails_is_skipped(failing, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Budget, "allows", lambda self: True)
    model = Words()
    watch = Watch(model)
    good, bad = torch.tensor([5, 3]), torch.tensor([1, 1])
    before = torch.get_rng_state(), str(np.random.get_state())  # noqa: NPY002
    with watch:
        for step in range(6):
            watch.step((lambda: model(good)) if step in (2, 5) else (lambda: (model(bad), failing())[1]))
    assert torch.equal(torch.get_rng_state(), before[0])
    assert str(np.random.get_state()) == before[1]  # noqa: NPY002
    assert [flow.step for flow in watch.flows] == [3, 6]
    assert sum(watch.skipped.values()) == 4
    again = from_bytes(watch.state())
    assert again.skipped == watch.skipped
    assert again.why_nothing == ""


def test_why_nothing_was_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Budget, "allows", lambda self: True)
    model = Words()
    with Watch(model) as watch:
        for _ in range(3):
            watch.step(lambda: model(torch.ones(4, dtype=torch.int64)))
    assert watch.memory() == {}
    assert watch.diagnose() == []
    assert "over a single step" in watch.watched().why_nothing
    with pytest.raises(InputError, match=r"could not be followed at any step: .*over a single step"):
        watch.plot()
    with pytest.raises(InputError, match="over a single step"):
        watch.look(lambda: model(torch.ones(4, dtype=torch.int64)))


def test_looks_at_what_is_not_finite_are_kept_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Budget, "allows", lambda self: True)
    model = Words()
    watch = Watch(model)
    for scale in (math.nan, math.inf, 1.0, math.nan):
        watch.step(lambda scale=scale: model(torch.tensor([4, 2])) * scale, loss=scale)
    assert len(watch.flows) == 4
    watch.diagnose()
    watch.plot().canvas.draw()
    assert from_bytes(watch.state()).frame().equals(watch.frame())


def test_weights_that_are_frozen_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Budget, "allows", lambda self: True)
    model = Words()
    watch = Watch(model)
    watch.step(lambda: model(torch.tensor([4, 2])))
    model.gru.weight_hh_l0.requires_grad_(False)
    watch.step(lambda: model(torch.tensor([4, 2])))
    assert len(watch.flows) == 2
