"""The network of a voice: frames for symbols, and what neither padding nor the batch changes."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from recurra import InputError
from recurra.nn.voice import Spoken, VoiceNetwork, VoiceOptions, spread_of

SMALL = VoiceOptions(embedding=6, encoder=5, melody=4, hidden=7, layers=2, dropout=0.0)


def network(cell: str = "gru") -> VoiceNetwork:
    torch.manual_seed(0)
    return VoiceNetwork(9, 3, 2, 11, cell, SMALL).eval()


def spoken(bases: Tensor, lengths: list[int]) -> Spoken:
    return Spoken(bases, bases % 3, torch.tensor(lengths), torch.arange(bases.shape[1]) % 2)


def test_every_symbol_is_there_for_as_long_as_it_lasts() -> None:
    spread = spread_of(torch.tensor([[2, 1], [0, 3], [3, 0]]))
    assert spread.lengths.tolist() == [5, 4]
    assert spread.owners.T.tolist() == [[0, 0, 2, 2, 2], [0, 1, 1, 1, 0]]
    assert spread.places[:2, 0, 0].tolist() == [0.25, 0.75]
    assert not spread.places[4, 1].any()


@pytest.mark.parametrize("cell", ["gru", "lstm", "rnn"])
def test_padding_and_neighbours_change_nothing(cell: str) -> None:
    made = network(cell)
    bases = torch.tensor([[1, 4], [2, 5], [3, 0]])
    durations = torch.tensor([[2, 1], [3, 2], [1, 0]])
    pitch, voiced = torch.randn(6, 2), (torch.rand(6, 2) > 0.5).float()
    both, _state = made(spoken(bases, [3, 2]), spread_of(durations), pitch, voiced)
    second = Spoken(bases[:2, 1:], bases[:2, 1:] % 3, torch.tensor([2]), torch.tensor([1]))
    alone, _state = made(second, spread_of(durations[:2, 1:]), pitch[:3, 1:], voiced[:3, 1:])
    torch.testing.assert_close(both.bands[:3, 1:], alone.bands)
    torch.testing.assert_close(both.durations[:2, 1:], alone.durations)
    torch.testing.assert_close(both.pitch[:3, 1:], alone.pitch)


def test_pitch_speaker_mark_and_voice_are_heard() -> None:
    made = network()
    bases = torch.tensor([[1], [2]])
    spread = spread_of(torch.tensor([[3], [3]]))
    usual: dict[str, Any] = {"pitch": torch.zeros(6, 1), "voiced": torch.ones(6, 1)}
    first = made(spoken(bases, [2]), spread, **usual)[0].bands
    for other in ({"pitch": torch.ones(6, 1)}, {"voiced": torch.zeros(6, 1)}):
        assert not torch.allclose(first, made(spoken(bases, [2]), spread, **(usual | other))[0].bands)
    marked = Spoken(bases, bases % 3 * 0, torch.tensor([2]), torch.tensor([0]))
    said = Spoken(bases, bases % 3, torch.tensor([2]), torch.tensor([1]))
    assert not torch.allclose(first, made(marked, spread, **usual)[0].bands)
    assert not torch.allclose(first, made(said, spread, **usual)[0].bands)
    # What has no voice has no pitch.
    quiet = {"voiced": torch.zeros(6, 1)}
    low = made(spoken(bases, [2]), spread, pitch=torch.zeros(6, 1), **quiet)[0].bands
    high = made(spoken(bases, [2]), spread, pitch=torch.ones(6, 1), **quiet)[0].bands
    torch.testing.assert_close(low, high)


def test_every_weight_is_learnt() -> None:
    made = network().train()
    said, _state = made(
        spoken(torch.tensor([[1, 4], [2, 5]]), [2, 2]),
        spread_of(torch.tensor([[2, 2], [3, 3]])),
        torch.zeros(5, 2),
        torch.ones(5, 2),
    )
    sum(part.square().sum() for part in said).backward()  # pyright: ignore[reportAttributeAccessIssue]
    assert not [name for name, weight in made.named_parameters() if weight.grad is None or not weight.grad.any()]


@pytest.mark.parametrize(("name", "value"), [("hidden", 0), ("layers", 1.5), ("dropout", 1.0), ("embedding", True)])
def test_sizes_that_are_none_are_refused(name: str, value: Any) -> None:
    with pytest.raises(InputError, match=name):
        VoiceOptions(**{name: value})
