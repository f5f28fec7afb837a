"""Steps that become one behind the convolution: padding changes nothing, and one step of one stays."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional

from recurra.errors import InputError
from recurra.nn.front_ends import StepConvolution, step_mask
from recurra.nn.sequence import InputBatch, InputSpec, SequenceNetwork, SequenceOptions

LENGTHS = torch.tensor([13, 4, 1, 0, 9])


@pytest.mark.parametrize("shrink", [1, 2, 4, 20])
def test_padding_changes_nothing(shrink: int) -> None:
    torch.manual_seed(0)
    convolution = StepConvolution(3, 8, (5, 3), shrink)
    x = torch.randn(13, 5, 3)
    found = convolution(x, step_mask(LENGTHS, 13))
    longer = convolution(torch.cat([x, torch.randn(6, 5, 3)]), step_mask(LENGTHS, 19))
    assert len(found) == -(-13 // shrink)
    for row, length in enumerate((-(-LENGTHS // shrink)).tolist()):
        torch.testing.assert_close(longer[:length, row], found[:length, row])
        if length:
            alone = convolution(x[: LENGTHS[row], row : row + 1], step_mask(LENGTHS[row : row + 1], int(LENGTHS[row])))
            torch.testing.assert_close(alone[:, 0], found[:length, row])


def test_the_largest_of_so_many_steps_is_kept() -> None:
    torch.manual_seed(0)
    plain, shrunk = StepConvolution(2, 4, (3,)), StepConvolution(2, 4, (3,), 3)
    shrunk.load_state_dict(plain.state_dict())
    x, alive = torch.randn(7, 1, 2), torch.ones(7, 1, dtype=torch.bool)
    every = functional.pad(plain(x, alive), (0, 0, 0, 0, 0, 2), value=-torch.inf)
    torch.testing.assert_close(shrunk(x, alive), every.view(3, 3, 1, 6).amax(1))


def test_a_network_reads_a_row_as_if_it_were_alone() -> None:
    torch.manual_seed(0)
    options = SequenceOptions(hidden=5, embedding=4, convolution=(3,), channels=6, shrink=4, pooling="last+mean+max")
    network = SequenceNetwork({"dna": InputSpec("tokens", 4)}, 2, "gru", {"dna": options}).eval()
    lengths = LENGTHS.clamp(min=1)
    ids = torch.randint(1, 5, (13, 5)) * step_mask(lengths, 13)
    together = network({"dna": InputBatch(ids, lengths)})[0]
    for row, length in enumerate(lengths.tolist()):
        alone = network({"dna": InputBatch(ids[:length, row : row + 1], lengths[row : row + 1])})[0]
        torch.testing.assert_close(alone[0], together[row])


def test_where_it_means_nothing_it_is_refused() -> None:
    with pytest.raises(InputError, match="shrink is 2 without a convolution"):
        SequenceOptions(shrink=2)
    options = SequenceOptions(convolution=(3,), shrink=2)
    with pytest.raises(InputError, match="shrink is 2, and every step has a label"):
        SequenceNetwork({"dna": InputSpec("tokens", 4)}, 2, "gru", {"dna": options}, per_step=True)
