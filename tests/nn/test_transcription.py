"""The network of transcription: padding changes nothing, steps equal the whole, and what does not go together."""

from __future__ import annotations

import pytest
import torch

from recurra import InputError
from recurra.nn.transcription import TranscriptionNetwork, TranscriptionOptions


def network(**options) -> TranscriptionNetwork:
    torch.manual_seed(0)
    return TranscriptionNetwork(5, 4, "gru", TranscriptionOptions(hidden=6, layers=2, **options)).eval()


@pytest.mark.parametrize("options", [{}, {"bidirectional": False}, {"bidirectional": False, "ahead": 3}])
def test_padding_changes_nothing(options: dict) -> None:
    net, x = network(**options), torch.randn(9, 2, 5)
    x[6:, 1] = 0
    both, _state = net(x, torch.tensor([9, 6]))
    alone, _state = net(x[:6, 1:], torch.tensor([6]))
    assert torch.allclose(both[:6, 1], alone[:, 0], atol=1e-6)
    assert torch.allclose(both.exp().sum(-1), torch.ones(9, 2))


def test_what_does_not_go_together_is_refused() -> None:
    with pytest.raises(InputError, match="runs in both directions"):
        network().step(torch.zeros(1, 5))
    with pytest.raises(InputError, match="ahead is 2 in a network"):
        TranscriptionOptions(ahead=2)
    with pytest.raises(InputError, match="hidden is 0"):
        TranscriptionOptions(hidden=0)
    with pytest.raises(InputError, match=r"dropout is 1\.0"):
        TranscriptionOptions(dropout=1.0)
