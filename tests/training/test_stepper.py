"""A step is that of a plain loop in torch: zero_grad, backward, clip_grad_norm_, AdamW."""

from __future__ import annotations

import copy

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from recurra.errors import InputError
from recurra.training import Adam, Stepper
from tests.drawing import examples


class Sequence(nn.Module):
    """The last output of a recurrence through a linear layer; the mean of two dtypes where asked for."""

    def __init__(self, hidden: int = 5, mixed: bool = False) -> None:
        super().__init__()
        self.recurrence = nn.GRU(3, hidden)
        self.output = nn.Linear(hidden, 1, dtype=torch.float64 if mixed else None)
        self.unreached = nn.Linear(2, 2)

    def forward(self, x):
        return self.output(self.recurrence(x)[0][-1].to(self.output.weight.dtype))


def loss(network, x, y):
    return nn.functional.mse_loss(network(x).float(), y)


def batches(count):
    generator = torch.Generator().manual_seed(0)
    for _ in range(count):
        x = torch.randn(7, 4, 3, generator=generator)
        yield x, x.sum((0, 2)).unsqueeze(-1)


def values(network):
    return torch.cat([p.detach().double().flatten() for name, p in network.named_parameters() if "unr" not in name])


@pytest.mark.slow
@settings(max_examples=examples(25))
@given(
    hidden=st.sampled_from([1, 3, 17]),
    mixed=st.booleans(),
    clip=st.sampled_from([None, 1e-2, 1.0]),
    decay=st.sampled_from([0.0, 0.05]),
)
def test_steps_are_those_of_a_plain_loop(hidden, mixed, clip, decay):
    torch.manual_seed(hidden)
    ours = Sequence(hidden, mixed)
    theirs = copy.deepcopy(ours)
    stepper = Stepper(ours, loss, Adam(0.01, weight_decay=decay), clip_norm=clip)
    optimiser = torch.optim.AdamW(theirs.parameters(), lr=0.01, weight_decay=decay)
    for x, y in batches(5):
        expected = loss(theirs, x, y)
        optimiser.zero_grad()
        expected.backward()
        norm = nn.utils.clip_grad_norm_(theirs.parameters(), float("inf") if clip is None else clip)
        optimiser.step()
        found = stepper.differentiate(x, y)
        found_norm = stepper.update()
        assert not found.requires_grad
        torch.testing.assert_close(found, expected.detach(), rtol=1e-4, atol=1e-6)
        if clip is None:
            assert found_norm is None
        else:
            assert found_norm == pytest.approx(float(norm), rel=1e-4)
        torch.testing.assert_close(values(ours), values(theirs), rtol=1e-4, atol=1e-5)


@pytest.mark.slow
def test_it_learns():
    torch.manual_seed(0)
    stepper = Stepper(Sequence(17), loss, Adam(0.02))
    losses = [float(stepper.step(x, y)) for x, y in batches(400)]
    assert sum(losses[-20:]) < 0.2 * sum(losses[:20])


def test_a_parameter_that_the_loss_does_not_reach_only_decays():
    network = Sequence()
    before = network.unreached.weight.detach().clone()
    stepper = Stepper(network, loss, Adam(0.1))
    for x, y in batches(3):
        stepper.step(x, y)
    assert torch.equal(network.unreached.weight, before)
    stepper = Stepper(network, loss, Adam(0.1, weight_decay=0.5))
    stepper.step(*next(batches(1)))
    torch.testing.assert_close(network.unreached.weight.detach(), 0.95 * before)


def test_the_learning_rate_of_a_step_overrides_that_of_adam():
    torch.manual_seed(0)
    one = Sequence()
    other = copy.deepcopy(one)
    first, second = Stepper(one, loss, Adam(0.1)), Stepper(other, loss, Adam(0.7))
    for x, y in batches(3):
        first.step(x, y)
        second.step(x, y, learning_rate=0.1)
    assert torch.equal(values(one), values(other))


@pytest.mark.parametrize(
    "interfere",
    [
        lambda network: network.zero_grad(set_to_none=True),
        lambda network: network.load_state_dict(copy.deepcopy(network.state_dict())),
        lambda network: network.double().float(),
        lambda network: [setattr(p, "data", p.data.clone()) for p in network.parameters()],
        lambda network: [p.grad.fill_(3.0) for p in network.parameters() if p.grad is not None],
    ],
    ids=["zero_grad", "load_state_dict", "to", "data", "left-over gradients"],
)
def test_it_goes_on_after_what_users_do_between_steps(interfere):
    torch.manual_seed(0)
    left = Sequence()
    disturbed = copy.deepcopy(left)
    first, second = Stepper(left, loss, Adam(0.1)), Stepper(disturbed, loss, Adam(0.1))
    for x, y in batches(4):
        first.step(x, y)
        second.step(x, y)
        interfere(disturbed)
    assert torch.equal(values(left), values(disturbed))


def test_a_copy_and_a_restored_one_go_on_to_the_same_bits():
    torch.manual_seed(0)
    network = Sequence(17, mixed=True)
    stepper = Stepper(network, loss, Adam(0.1), clip_norm=1.0)
    data = list(batches(6))
    for x, y in data[:3]:
        stepper.step(x, y)
    twin = copy.deepcopy(stepper)
    again = Sequence(17, mixed=True)
    again.load_state_dict(network.state_dict())
    restored = Stepper(again, loss, Adam(0.1), clip_norm=1.0)
    restored.restore(copy.deepcopy(stepper.tensors()))
    for x, y in data[3:]:
        stepper.step(x, y)
    for other in (twin, restored):
        assert not torch.equal(values(other.network), values(network))
        for x, y in data[3:]:
            other.step(x, y)
        assert torch.equal(values(other.network), values(network))


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda network, x: network(x), r"loss gave a tensor of shape \(4, 1\): expected a scalar"),
        (lambda network, x: 3.0, "loss gave a float: expected a scalar tensor"),
        (lambda network, x: x.sum(), "loss gave a tensor without a gradient: expected .* depends on the parameters"),
    ],
)
def test_a_loss_of_another_kind_is_refused(wrong, message):
    stepper = Stepper(Sequence(), wrong)
    with pytest.raises(InputError, match=message):
        stepper.step(torch.zeros(7, 4, 3))


def test_a_clip_norm_that_forbids_everything_is_refused():
    with pytest.raises(InputError, match="clip_norm is 0: expected a number above 0, or None"):
        Stepper(Sequence(), loss, clip_norm=0)
