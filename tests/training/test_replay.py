"""A record gives the bits of the plain step, or there is no record."""

from __future__ import annotations

import copy
import pickle
import random
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, cast

import pytest
import torch
from torch import nn

import recurra as rc
from recurra.errors import InputError
from recurra.kernels import chooser
from recurra.training import Adam, Stepper
from recurra.training.replay import SEEN, Replay

needs_engine = pytest.mark.skipif(bool(chooser.NO_ENGINE), reason="the C++ engine is not built here")
STEPS = SEEN + 4


class Last(nn.Module):
    """The last output of a recurrence through what follows."""

    def __init__(self, recurrence, *after):
        super().__init__()
        self.recurrence = recurrence
        self.after = nn.Sequential(*after, nn.LazyLinear(1))
        self.unreached = nn.Linear(2, 2)

    def forward(self, x):
        return self.after(self.recurrence(x)[0][-1])


def squared_error(network, x, y):
    return nn.functional.mse_loss(network(x), y)


def batches(count, rows=4):
    draw = torch.Generator().manual_seed(0)
    for _ in range(count):
        x = torch.randn(7, rows, 3, generator=draw)
        yield x, x.sum((0, 2)).unsqueeze(-1)


def twins(network, loss=squared_error, **options):
    network(next(batches(1))[0])  # a lazy layer learns its size
    return [Stepper(copy.deepcopy(network), loss, Adam(0.01), replay=on, **options) for on in (False, True)]


def records(stepper) -> Replay:
    assert stepper.replay is not None
    return stepper.replay


def network(stepper) -> Any:
    return stepper.network


def same_bits(plain, played, data):
    for batch in data:
        random_state = torch.get_rng_state()
        expected = plain.step(*batch)
        after = torch.get_rng_state()
        torch.set_rng_state(random_state)
        found = played.step(*batch)
        assert torch.equal(found, expected)
        assert torch.equal(torch.get_rng_state(), after)
        assert not found.requires_grad
    for (name, a), b in zip(plain.network.state_dict().items(), played.network.state_dict().values(), strict=True):
        assert torch.equal(a, b), name


NETWORKS = {
    "RNN": lambda: Last(rc.nn.RNN(3, 5)),
    "RNN of torch": lambda: Last(nn.RNN(3, 5)),
    "GRU in two layers and directions": lambda: Last(rc.nn.GRU(3, 17, 2, bidirectional=True, dropout=0.2)),
    "LSTM with projection": lambda: Last(rc.nn.LSTM(3, 16, proj_size=5)),
    "LSTM with peepholes and layer norm": lambda: Last(rc.nn.LSTM(3, 5, peepholes=True, layer_norm=True)),
    "dropout": lambda: Last(rc.nn.LSTM(3, 5), nn.Dropout(0.3)),
    "batch norm": lambda: Last(rc.nn.GRU(3, 6), nn.BatchNorm1d(6), nn.GELU()),
    "layer norm": lambda: Last(rc.nn.RNN(3, 6, nonlinearity="relu"), nn.LayerNorm(6)),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", NETWORKS)
def test_a_record_gives_the_bits_of_the_plain_step(name):
    torch.manual_seed(0)
    plain, played = twins(NETWORKS[name]())
    same_bits(plain, played, batches(STEPS))
    assert records(played).refused == {}
    assert len(records(played)._records) == 1


@needs_engine
def test_a_record_runs_none_of_the_network_s_code():
    calls = []

    class Counting(Last):
        def forward(self, x):
            calls.append(len(x))
            return super().forward(x)

    plain, played = twins(Counting(rc.nn.GRU(3, 5)))
    same_bits(plain, played, batches(STEPS))
    seen = len(calls)
    same_bits(plain, played, batches(5))
    assert len(calls) == seen + 5  # those of the plain one


def test_each_shape_has_a_record_of_its_own_and_a_rare_one_none():
    plain, played = twins(Last(rc.nn.GRU(3, 5)))
    for rows in (4, 2, 4, 1):
        same_bits(plain, played, batches(STEPS if rows > 1 else 1, rows))
    assert len(records(played)._records) == 2


@pytest.mark.slow
def test_evaluation_mode_and_a_forced_backend_are_other_steps():
    plain, played = twins(Last(rc.nn.GRU(3, 5), nn.Dropout(0.5)))
    same_bits(plain, played, batches(STEPS))
    for stepper in (plain, played):
        stepper.network.eval()
    same_bits(plain, played, batches(STEPS))
    with rc.backend("reference"):
        same_bits(plain, played, batches(STEPS))
    assert len(records(played)._records) == 3


def test_hooks_see_every_step():
    plain, played = twins(Last(rc.nn.GRU(3, 5)))
    same_bits(plain, played, batches(STEPS))
    seen = []
    handle = network(played).recurrence.register_forward_hook(lambda *_: seen.append(1))
    same_bits(plain, played, batches(3))
    assert len(seen) == 3
    handle.remove()
    same_bits(plain, played, batches(3))
    assert len(seen) == 3


@dataclass(frozen=True)
class Batch:
    x: torch.Tensor
    y: torch.Tensor
    weight: float


@pytest.mark.slow
def test_batches_of_several_parts():
    def loss(network, batch, extra):
        return batch.weight * squared_error(network, batch.x, batch.y) + extra[0].mean()

    plain, played = twins(Last(rc.nn.RNN(3, 5)), loss)
    for weight in (1.0, 2.0):
        same_bits(plain, played, [(Batch(x, y, weight), (y, None)) for x, y in batches(STEPS)])
    assert len(records(played)._records) == 2


def test_what_depends_on_a_tensor_s_values_is_never_played():
    def loss(network, x, y):
        return squared_error(network, x, y) if y.sum() > 0 else network(x).abs().mean()

    plain, played = twins(Last(rc.nn.GRU(3, 5)), loss)
    same_bits(plain, played, batches(2 * STEPS))
    assert records(played)._records == {}
    assert len(records(played).refused) == 1


def test_lengths_and_drawn_masks_are_never_played():
    class Ended(Last):
        def forward(self, x):
            return self.after(self.recurrence(x, lengths=[7, 3, 1, 0])[1][0])

    rough = rc.nn.Regularisation(zoneout=0.2)
    for changing in (Ended(rc.nn.GRU(3, 5)), Last(rc.nn.GRU(3, 5, regularisation=rough))):
        plain, played = twins(changing)
        same_bits(plain, played, batches(STEPS))
        assert records(played)._records == {}
        assert len(records(played).refused) == 1


def test_a_step_that_is_another_one_each_time_is_found_out():
    times = iter(range(100))

    def loss(network, x, y):
        return squared_error(network, x, y) * next(times)

    _, played = twins(Last(rc.nn.GRU(3, 5)), loss)
    for batch in batches(STEPS):
        played.step(*batch)
    assert records(played)._records == {}
    assert list(records(played).refused.values()) == ["played again, the step has another result"]


def test_numbers_that_torch_does_not_draw():
    def loss(network, x, y):
        return squared_error(network, x, y) * random.choice([1.0, 1.0])

    _, played = twins(Last(rc.nn.GRU(3, 5)), loss)
    for batch in batches(STEPS):
        played.step(*batch)
    assert records(played)._records == {}
    assert "draws random numbers of Python" in next(iter(records(played).refused.values()))


def test_a_parameter_whose_memory_is_replaced_is_followed():
    plain, played = twins(Last(rc.nn.GRU(3, 5)))
    same_bits(plain, played, batches(STEPS))
    for stepper in (plain, played):
        weight = network(stepper).recurrence.weight_hh_l0
        weight.data = torch.full_like(weight, 0.1)
        stepper.network.zero_grad(set_to_none=True)
    same_bits(plain, played, batches(3))


def test_clipping_and_what_a_loss_must_be():
    plain, played = twins(Last(rc.nn.GRU(3, 5)), clip_norm=1e-3)
    same_bits(plain, played, batches(STEPS))
    with pytest.raises(InputError, match="loss gave a float"):
        Stepper(nn.Linear(3, 1), cast(Any, lambda *_: 1.0), replay=True).step(torch.zeros(4, 3))


@pytest.mark.slow
@pytest.mark.parametrize("way", [copy.deepcopy, lambda stepper: pickle.loads(pickle.dumps(stepper))])
def test_a_copy_has_records_of_its_own(way):
    plain, played = twins(Last(rc.nn.GRU(3, 5)))
    same_bits(plain, played, batches(STEPS))
    copies = [way(plain), way(played)]
    for stepper in copies:
        with torch.no_grad():
            for parameter in stepper.network.parameters():
                parameter.mul_(2)
    before = [parameter.clone() for parameter in played.network.parameters()]
    same_bits(copies[0], copies[1], batches(STEPS))
    assert all(map(torch.equal, before, played.network.parameters()))
    same_bits(plain, played, batches(3))


def test_one_tensor_in_two_places():
    def loss(network, x, y):
        return (network(x) - y.sum((0, 2)).unsqueeze(-1)).square().mean()

    plain, played = twins(Last(rc.nn.GRU(3, 5)), loss)
    data = [x for x, _ in batches(STEPS + 1)]
    same_bits(plain, played, [(x, x) for x in data])
    same_bits(plain, played, pairwise(data))
    assert len(records(played)._records) == 1


class Scaled(Last):
    def __init__(self):
        super().__init__(rc.nn.GRU(3, 5))
        self.register_buffer("scale", torch.ones(()))
        self.frozen = nn.Parameter(torch.ones(()), requires_grad=False)

    def forward(self, x):
        return super().forward(x) * self.scale * self.frozen


@pytest.mark.slow
@pytest.mark.parametrize("name", ["scale", "frozen"])
def test_other_memory_behind_a_buffer_is_followed(name):
    plain, played = twins(Scaled())
    same_bits(plain, played, batches(STEPS))
    for stepper in (plain, played):
        if name == "scale":
            network(stepper).scale = torch.tensor(3.0)
        else:
            network(stepper).frozen.data = torch.tensor(3.0)
    same_bits(plain, played, batches(3))


def test_hooks_on_gradients_see_every_step():
    plain, played = twins(Last(rc.nn.GRU(3, 5)))
    same_bits(plain, played, batches(STEPS))
    for stepper in (plain, played):
        network(stepper).recurrence.weight_hh_l0.register_hook(lambda gradient: gradient * 0)
    same_bits(plain, played, batches(3))
    assert not network(played).recurrence.weight_hh_l0.grad.any()


def test_what_writes_into_its_batch():
    def loss(network, x, y):
        x.mul_(0.5)
        return squared_error(network, x, y)

    _, played = twins(Last(rc.nn.GRU(3, 5)), loss)
    for x, y in batches(STEPS):
        played.step(given := x.clone(), y)
        assert torch.equal(given, x * 0.5)
    assert list(records(played).refused.values()) == ["the step writes into its batch"]


def test_a_number_that_changes_at_every_step_is_not_remembered_for_ever(monkeypatch):
    monkeypatch.setattr("recurra.training.replay.KINDS", 8)
    _, played = twins(Last(rc.nn.GRU(3, 5)), lambda network, x, y, weight: weight * squared_error(network, x, y))
    for k, (x, y) in enumerate(batches(30)):
        played.step(x, y, 1.0 + k)
    assert len(records(played)._seen) <= 8


def test_the_network_and_loss_are_not_changed_afterwards():
    _, played = twins(Last(rc.nn.GRU(3, 5)))
    with pytest.raises(AttributeError):
        setattr(played, "loss", squared_error)  # noqa: B010  # what a type checker refuses
