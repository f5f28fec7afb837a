"""One vector per row, whatever stands after its end and beside it; zeros for a row without a step."""

from __future__ import annotations

import pytest
import torch

from recurra.errors import InputError
from recurra.nn.front_ends import step_mask
from recurra.nn.pooling import POOLINGS, Pooling, parse_pooling

KINDS = [*POOLINGS, "last+mean", "mean+max+attention"]


def outputs(steps: int, lengths: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    torch.manual_seed(1)
    alive = step_mask(lengths, steps)
    return torch.randn(steps, len(lengths), 6) * alive.unsqueeze(-1), lengths, alive


def test_each_is_its_formula():
    y, lengths, alive = outputs(5, torch.tensor([5, 2, 1]))
    rows = [y[:n, k] for k, n in enumerate(lengths.tolist())]

    def pooled(kind: str, directions: int = 2) -> torch.Tensor:
        return Pooling(kind, 6, directions)(y, lengths, alive)

    torch.testing.assert_close(pooled("mean"), torch.stack([row.mean(0) for row in rows]))
    torch.testing.assert_close(pooled("max"), torch.stack([row.amax(0) for row in rows]))
    torch.testing.assert_close(pooled("last"), torch.stack([torch.cat([row[-1, :3], row[0, 3:]]) for row in rows]))
    torch.testing.assert_close(pooled("last", 1), torch.stack([row[-1] for row in rows]))
    attention = Pooling("attention", 6, 2)
    assert attention.score is not None
    expected = torch.stack([(attention.score(row).softmax(0) * row).sum(0) for row in rows])
    torch.testing.assert_close(attention(y, lengths, alive), expected)


@pytest.mark.parametrize("kind", KINDS)
def test_padding_and_neighbours_change_nothing(kind):
    y, lengths, alive = outputs(7, torch.tensor([7, 3, 1]))
    pooling = Pooling(kind, 6, 2)
    together = pooling(y, lengths, alive)
    assert together.shape == (3, pooling.width)
    for row, length in enumerate(lengths.tolist()):
        alone = pooling(y[:length, [row]], lengths[[row]], alive[:length, [row]])
        torch.testing.assert_close(together[[row]], alone, atol=1e-6, rtol=1e-6)


@pytest.mark.parametrize("kind", KINDS)
def test_a_row_without_a_step_gives_zeros(kind):
    y, lengths, alive = outputs(4, torch.tensor([0, 4]))
    found = Pooling(kind, 6, 2)(y, lengths, alive)
    assert not found[0].any()
    assert found[1].all()


@pytest.mark.parametrize("wrong", ["sum", "mean+mean", "", "mean+", 3, None])
def test_what_is_no_pooling_is_refused(wrong):
    with pytest.raises(InputError, match=r"pooling is .*: expected one of last, mean, max, attention"):
        parse_pooling(wrong)
