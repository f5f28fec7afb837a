"""A row's features depend on that row alone, and on nothing after its end."""

from __future__ import annotations

import pytest
import torch

from recurra.nn.front_ends import (
    ColumnFrontEnd,
    ImageFrontEnd,
    NumberFrontEnd,
    SoundFrontEnd,
    StepConvolution,
    TokenFrontEnd,
    step_mask,
)


def test_the_mask_ends_where_the_row_ends():
    assert step_mask(torch.tensor([2, 0, 3]), 3).T.tolist() == [[True, True, False], [False] * 3, [True] * 3]


def test_unknown_tokens_are_read_as_token_zero():
    front = TokenFrontEnd(4, 3, replaced=0.5).eval()
    front.known[3] = False
    found = front(torch.tensor([[3, 0, 2]]))
    assert torch.equal(found[0, 0], found[0, 1])
    assert not torch.equal(found[0, 0], found[0, 2])


def test_a_share_of_the_tokens_is_unknown_in_training():
    torch.manual_seed(0)
    front = TokenFrontEnd(4, 3, replaced=0.25).train()
    found = front(torch.full((100, 100), 2))
    hidden = (found == front.table.weight[0]).all(-1)
    assert 0.23 < hidden.float().mean() < 0.27
    assert torch.equal(front.eval()(torch.tensor([2])), front.table.weight[[2]])


def test_vectors_are_taken_where_they_are_finite():
    vectors = torch.tensor([[torch.nan, torch.nan], [1.0, 2.0], [torch.nan, 3.0]])
    table = TokenFrontEnd(2, 2, 0.0, vectors).table.weight
    assert table[1].tolist() == [1.0, 2.0]
    assert bool(torch.isfinite(table).all())


def test_numbers_pass():
    x = torch.randn(3, 2, 4)
    assert NumberFrontEnd(4)(x) is x


def test_the_convolution_is_the_sum_over_neighbours():
    """y_t = b + sum_k W_k x_{t+k-K/2}, by hand at one step."""
    convolution = StepConvolution(2, 3, (3,))
    x = torch.randn(5, 1, 2)
    found = convolution(x, torch.ones(5, 1, dtype=torch.bool))
    assert torch.equal(found[..., :2], x)
    inner = convolution.convolutions[0]
    assert isinstance(inner, torch.nn.Conv1d)
    assert inner.bias is not None
    by_hand = inner.bias + torch.stack([inner.weight[:, :, k] @ x[2 + k - 1, 0] for k in range(3)]).sum(0)
    torch.testing.assert_close(found[2, 0, 2:], torch.nn.functional.gelu(by_hand))


@pytest.mark.parametrize("kernels", [(3,), (5, 9)])
def test_the_convolution_of_a_row_knows_nothing_else(kernels):
    torch.manual_seed(0)
    convolution, lengths = StepConvolution(4, 6, kernels), torch.tensor([9, 2, 5])
    x, alive = torch.randn(9, 3, 4), step_mask(lengths, 9)
    together = convolution(x, alive)
    assert together.shape[-1] == convolution.width
    for row, length in enumerate(lengths.tolist()):
        alone = convolution(x[:length, [row]], alive[:length, [row]])
        torch.testing.assert_close(together[:length, [row]], alone, atol=1e-6, rtol=1e-6)


@pytest.mark.parametrize("samples", [1, 63, 64, 65, 300])
def test_a_sound_s_steps_know_nothing_of_longer_ones(samples):
    torch.manual_seed(0)
    front = SoundFrontEnd(5)
    x = torch.randn(400, 2, 1)
    together, lengths = front(x, torch.tensor([samples, 400]))
    alone, own = front(x[:samples, :1], torch.tensor([samples]))
    assert int(own) == int(lengths[0]) == -(-samples // 64) == len(alone)
    torch.testing.assert_close(together[: len(alone), :1], alone, atol=1e-6, rtol=1e-6)


@pytest.mark.parametrize("size", [(1, 1), (1, 9), (8, 8), (7, 5)])
def test_images_of_every_size(size):
    front = ImageFrontEnd(3, 16)
    images = torch.randn(4, 3, *size)
    found = front(images)
    assert found.shape == (4, front.width)
    torch.testing.assert_close(found[[2]], front(images[[2]]), atol=1e-6, rtol=1e-6)


def test_columns_of_numbers_and_categories():
    front = ColumnFrontEnd(2, (3,), 5)
    numbers, codes = torch.randn(4, 2), torch.tensor([[0], [1], [3], [2]])
    found = front(numbers, codes)
    assert found.shape == (4, 5)
    torch.testing.assert_close(found[[1]], front(numbers[[1]], codes[[1]]))
    assert not torch.allclose(found[[1]], front(numbers[[1]], codes[[2]]))
