"""Parameters as views of one tensor: the same objects with the same values, whatever is done to the network."""

from __future__ import annotations

import copy
from itertools import pairwise

import pytest
import torch
from torch import nn

from recurra.errors import InputError
from recurra.training.flat import FlatGroup, flatten

needs_cuda = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")


class Tied(nn.Module):
    """An input and an output embedding that are one, a frozen layer, a scalar and an empty parameter."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(5, 3)
        self.recurrence = nn.LSTM(3, 3, 2)
        self.frozen = nn.Linear(3, 3).requires_grad_(False)
        self.output = nn.Linear(3, 5)
        self.output.weight = self.embedding.weight
        self.scale = nn.Parameter(torch.tensor(2.0))
        self.nothing = nn.Parameter(torch.zeros(0, 3))

    def forward(self, codes):
        return self.output(self.frozen(self.recurrence(self.embedding(codes))[0])) * self.scale


def trained(network):
    return [parameter for parameter in network.parameters() if parameter.requires_grad and parameter.numel()]


def is_flat(network, group):
    """Whether a change of the flat tensors shows in every parameter and gradient, and in all of them once."""
    values, gradients = torch.rand_like(group.values[0]), torch.rand_like(group.gradient)
    group.values[0].copy_(values)
    group.gradient.copy_(gradients)
    return all(
        set(p.detach().flatten().tolist()) <= set(values.tolist())
        and set(p.grad.flatten().tolist()) <= set(gradients.tolist())
        for p in trained(network)
    )


def test_parameters_stay_the_same_objects_with_the_same_values():
    network = Tied()
    before = copy.deepcopy(network)
    objects = list(network.parameters())
    frozen = network.frozen.weight.data_ptr()
    (group,) = flatten(network)
    assert all(one is other for one, other in zip(network.parameters(), objects, strict=True))
    for name, value in before.state_dict().items():
        assert torch.equal(network.state_dict()[name], value), name
    codes = torch.randint(5, (7, 2))
    assert torch.equal(network(codes), before(codes))
    assert network.frozen.weight.data_ptr() == frozen
    assert network.frozen.weight.grad is None
    assert is_flat(network, group)


def test_a_shared_parameter_has_one_place():
    network = Tied()
    (group,) = flatten(network)
    places = sorted({(p.data_ptr(), p.numel()) for p in trained(network)})
    assert len(places) == len(trained(network)) == len(list(network.named_parameters())) - 3
    assert all(at + 4 * size <= after for (at, size), (after, _) in pairwise(places))
    assert len(group.values[0]) >= sum(size for _, size in places)


def test_every_parameter_begins_a_cache_line():
    network = Tied()
    flatten(network)
    assert all(t.data_ptr() % 64 == 0 for p in trained(network) for t in (p, p.grad) if t is not None)


def test_each_dtype_has_its_own_tensor():
    network = nn.Sequential(nn.Linear(3, 2), nn.Linear(2, 3).double(), nn.Linear(3, 1).bfloat16())
    groups = flatten(network)
    assert [group.gradient.dtype for group in groups] == [torch.float32, torch.float64, torch.bfloat16]
    for group, layer in zip(groups, network, strict=True):
        assert is_flat(layer, group)


@pytest.mark.parametrize(
    "change",
    [
        lambda network, state: network.load_state_dict(state),
        lambda network, state: network.zero_grad(set_to_none=True),
        lambda network, state: network.double().float(),
        lambda network, state: setattr(network.scale, "data", torch.tensor(7.0)),
        lambda network, state: network.share_memory(),
    ],
    ids=["load", "zero_grad", "to and back", "data", "share_memory"],
)
def test_what_is_replaced_is_taken_back(change):
    network, other = Tied(), Tied()
    (group,) = flatten(network)
    change(network, other.state_dict())
    expected = copy.deepcopy(network.state_dict())
    group.hold()
    assert all(torch.equal(value, expected[name]) for name, value in network.state_dict().items())
    assert is_flat(network, group)


def test_a_copy_is_independent():
    network = Tied()
    (group,) = flatten(network)
    twin = copy.deepcopy(network)
    before = copy.deepcopy(twin.state_dict())
    group.values[0].fill_(3.0)
    assert all(torch.equal(value, before[name]) for name, value in twin.state_dict().items())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda network: network.double(), "scale has changed its dtype from torch.float32 to torch.float64"),
        (
            lambda network: setattr(network.scale, "data", torch.zeros(2)),
            r"scale has changed its shape from torch.Size\(\[\]\) to torch.Size\(\[2\]\)",
        ),
        pytest.param(
            lambda network: network.cuda(), "scale has changed its device from cpu to cuda:0", marks=needs_cuda
        ),
    ],
    ids=["dtype", "shape", "device"],
)
def test_a_network_of_another_kind_is_refused(change, message):
    network = nn.Module()
    network.scale = nn.Parameter(torch.tensor(2.0))
    (group,) = flatten(network)
    change(network)
    with pytest.raises(InputError, match=f"{message}.*make a new Stepper"):
        group.hold()


@pytest.mark.parametrize(
    ("network", "message"),
    [
        (nn.Tanh(), "network is a Tanh without a parameter that requires a gradient"),
        (nn.Linear(2, 2).requires_grad_(False), "network is a Linear without a parameter"),
        (nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2, device="meta")), "parameters on cpu and meta: move it to one"),
        (nn.Linear(2, 2, dtype=torch.complex64), "parameter weight is of torch.complex64: expected real"),
    ],
    ids=["nothing", "frozen", "devices", "complex"],
)
def test_what_cannot_be_flat_is_refused(network, message):
    with pytest.raises(InputError, match=message):
        flatten(network)


def test_where_parameters_stay_where_they_are_only_gradients_are_flat():
    network = Tied()
    addresses = [parameter.data_ptr() for parameter in trained(network)]
    group = FlatGroup({name: p for name, p in network.named_parameters() if p.requires_grad and p.numel()}, flat=False)
    assert [parameter.data_ptr() for parameter in trained(network)] == addresses
    assert [value.data_ptr() for value in group.values] == addresses
    group.gradient.fill_(3.0)
    assert all((p.grad == 3.0).all() for p in trained(network))
    network.scale.data = torch.tensor(9.0)
    network.zero_grad()
    group.hold()
    assert [value.data_ptr() for value in group.values] == [parameter.data_ptr() for parameter in trained(network)]
    assert all((p.grad == 3.0).all() for p in trained(network))
