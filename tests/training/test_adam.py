"""Adam on flat parameters takes the steps of torch's Adam and AdamW on each of them."""

from __future__ import annotations

import copy
import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from recurra.errors import InputError, ModelFileError
from recurra.training import Adam
from recurra.training.adam import Moments
from recurra.training.flat import FlatGroup, flatten
from tests.drawing import examples

TOLERANCE = {torch.float32: 1e-5, torch.float64: 1e-12}


def layers(sizes, dtype):
    torch.manual_seed(sum(sizes))
    return nn.ModuleList(nn.Linear(size, 3, dtype=dtype) for size in sizes)


@pytest.mark.slow
@settings(max_examples=examples(30))
@given(
    sizes=st.lists(st.sampled_from([1, 3, 17, 63]), min_size=1, max_size=3),
    dtype=st.sampled_from(list(TOLERANCE)),
    decay=st.sampled_from([0.0, 0.1]),
    flat=st.booleans(),
)
def test_steps_are_those_of_torch(sizes, dtype, decay, flat):
    ours = layers(sizes, dtype)
    theirs = copy.deepcopy(ours)
    group = FlatGroup(dict(ours.named_parameters()), flat)
    adam, moments = Adam(0.01, (0.8, 0.99), 1e-6, decay), Moments(group)
    of_torch = torch.optim.AdamW if decay else torch.optim.Adam
    reference = of_torch(theirs.parameters(), lr=0.01, betas=(0.8, 0.99), eps=1e-6, weight_decay=decay, foreach=False)
    for step in range(5):
        for one, other in zip(ours.parameters(), theirs.parameters(), strict=True):
            assert one.grad is not None
            one.grad.copy_(torch.randn(one.shape, dtype=dtype))
            other.grad = one.grad.clone()
        rate = reference.param_groups[0]["lr"] = 0.01 / (1 + step)
        reference.step()
        moments.step(adam, rate)
        for one, other in zip(ours.parameters(), theirs.parameters(), strict=True):
            torch.testing.assert_close(one, other, rtol=TOLERANCE[dtype], atol=TOLERANCE[dtype])


def test_what_lies_between_parameters_stays_zero():
    network = nn.Linear(3, 1)
    (group,) = flatten(network)
    moments = Moments(group)
    group.gradient[:3].fill_(1.0)
    for _ in range(3):
        moments.step(Adam(weight_decay=0.1), 0.1)
    assert group.values[0].count_nonzero() == 4
    assert group.values[0].isfinite().all()


def test_the_state_of_another_network_is_refused():
    one, other = (Moments(flatten(nn.Linear(size, 8))[0]) for size in (3, 30))
    with pytest.raises(ModelFileError, match=r"state 'first/0' is \(\d+,\): expected \(\d+,\); it was saved"):
        one.restore(other.tensors())
    with pytest.raises(ModelFileError, match="state 'first/0' is missing"):
        one.restore({})


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"learning_rate": 0.0}, "learning_rate is 0.0: expected a number above 0"),
        ({"betas": (0.9, 1.0)}, r"betas is \(0.9, 1.0\): expected two numbers of at least 0 and below 1"),
        ({"eps": math.nan}, "eps is nan: expected a number of at least 0"),
        ({"weight_decay": -1.0}, "weight_decay is -1.0: expected a number of at least 0"),
    ],
)
def test_options_are_checked(options, message):
    with pytest.raises(InputError, match=message):
        Adam(**options)
